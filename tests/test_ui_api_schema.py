"""The API against its own description: schemathesis calls every route with data of every kind."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection

from tests.serving import answering_with, api, settings_for

# A body above the limit is refused before anybody reads whether it fits the schema.
CHECKS = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "413"]},
    "negative_data_rejection": {"expected-statuses": ["400", "404", "405", "413", "415", "422"]},
}
EXAMPLES = 15  # a route; the long form is `schemathesis run` on a served address


@pytest.fixture(scope="module")
def described(assistant, tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("schema")
    app, _ = api(settings_for(data_dir, host="0.0.0.0"), answering_with(assistant))
    return schemathesis.openapi.from_asgi(
        "/openapi.json", app, config=SchemathesisConfig.from_dict({"checks": CHECKS})
    )


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_route_does_what_the_schema_says(described, mode):
    """With data that fits the schema, and with data that does not."""
    calls = {}
    for found in described.get_all_operations():
        operation = found.ok()
        takes = operation.definition.raw
        given = [each for each in takes.get("parameters", []) if each["in"] != "path"]
        if mode is GenerationMode.POSITIVE or given or "requestBody" in takes:
            # What takes nothing, or any text, cannot be given it wrong.
            calls[operation.label] = checked_calls(operation, mode)
    assert {"POST /api/v1/ask", "POST /v1/chat/completions"} <= set(calls)
    assert all(calls.values()), calls


def checked_calls(operation, mode):
    """How many calls of an operation fitted the schema; raises for one that does not."""
    calls = 0
    # In a query, false and the list of "false" are written the same.
    excluded = [negative_data_rejection] if operation.method == "get" else []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def each(case):
        nonlocal calls
        case.call_and_validate(headers={"Host": "127.0.0.1"}, excluded_checks=excluded)
        calls += 1

    each()
    return calls


def test_every_route_is_described_with_its_errors(described):
    paths = described.raw_schema["paths"]
    assert set(paths) == {
        "/health/live", "/health/ready", "/api/v1/ask", "/api/v1/search", "/api/v1/documents",
        "/api/v1/feedback", "/v1/chat/completions", "/v1/models", "/v1/models/{model}",
    }  # fmt: skip
    for path, methods in paths.items():
        for operation in methods.values():
            assert operation["summary"]
            if not path.startswith("/health"):
                assert "application/problem+json" in operation["responses"]["429"]["content"]
