"""The harnesses of `tests.fuzz` without atheris: their seeds, and what Hypothesis makes of their
pieces. Each parser of untrusted input that docs/faults.md names has one."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.fuzz.__main__ import harnesses

KNOWN = {name: harness for name, (_, harness) in harnesses().items()}
FUZZ = settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip


def mutated(seed, rng):
    """A seed with some of its bytes gone, doubled, or others."""
    data = bytearray(seed)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) or 1)
        change = rng.randrange(3)
        if change == 0:
            del data[at : at + rng.randint(1, 9)]
        elif change == 1:
            data[at:at] = data[at : at + rng.randint(1, 30)]
        elif data:
            data[min(at, len(data) - 1)] = rng.randrange(256)
    return bytes(data)


@pytest.mark.parametrize("name", KNOWN)
def test_seeds_and_what_is_near_them_keep_the_promises(name):
    harness, rng = KNOWN[name], random.Random(20261130)
    for seed in harness.seeds:
        harness.run(seed)
        for _ in range(40):
            harness.run(mutated(seed, rng))


@pytest.mark.parametrize("name", KNOWN)
@FUZZ
@given(st.data())
def test_any_pieces_keep_the_promises(name, data):
    harness = KNOWN[name]
    pieces = [piece.encode("utf-8", "surrogatepass") for piece in harness.pieces]
    part = st.sampled_from([*pieces, *harness.seeds]) | st.binary(max_size=20)
    harness.run(b"".join(data.draw(st.lists(part, max_size=12))))


def test_the_page_names_each_parser():
    text = (ROOT / "docs" / "faults.md").read_text("utf-8").partition("## Fuzzing")[2]
    for name in KNOWN:
        assert f"`{name}`" in text.partition("\n## ")[0], name
