"""Errors of the API, in one form: problem details (RFC 9457), with nothing internal.

Under /v1, where tools written for OpenAI's API call, the same object also has the
member `error` that those tools read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from rag.errors import CollectionError, ConfigurationError
from rag.wording import (
    knows,
    say,
)
from ui.public.journal import ENTRY
from ui.public.visit import Refused

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 20  # of one body; nobody reads more

DETAILS = {
    "no_index": "The server has no index yet; its operator has to run sanad ingest.",
    "error": "The request could not be answered. The server's log has the request_id.",
    "closing": "The server is stopping. Ask again in a moment.",
    "not_json": "Send JSON, with the header Content-Type: application/json.",
    "invalid": "The request does not have the form that is described in /openapi.json.",
    "not_found": "There is nothing at this address. /openapi.json lists what there is.",
    "method_not_allowed": "This address does not take this method; see the header Allow.",
}
CODES = {
    400: "invalid",
    404: "not_found",
    405: "method_not_allowed",
    415: "not_json",
    422: "invalid",
}
STATUSES = {"no_index": 503, "closing": 503, "error": 500}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, for a program (`code`) and for a person (`detail`)."""

    status: int
    code: str
    detail: str = ""
    retry_after: int | None = None  # seconds
    errors: tuple[Mapping[str, str], ...] = ()  # of a body: {"at", "message"}

    def body(self, path: str, request_id: str) -> dict[str, Any]:
        """The problem as it is sent."""
        detail = self.detail or DETAILS.get(self.code, "")
        told: dict[str, Any] = {
            "type": f"urn:sanad:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": detail,
            "code": self.code,
            "request_id": request_id,
        }
        if self.errors:
            told["errors"] = [dict(each) for each in self.errors]
        if path.startswith("/v1/"):
            kind = "invalid_request_error" if self.status < 500 else "server_error"
            kind = "rate_limit_error" if self.status == 429 else kind
            told["error"] = {"message": detail, "type": kind, "param": None, "code": self.code}
        return told


def problem_of(code: str) -> Problem:
    """The problem of a `failed` event."""
    return Problem(STATUSES.get(code, 500), code, retry_after=5 if code == "closing" else None)


def problem_of_refused(refused: Refused) -> Problem:
    """The problem of a request that is not admitted now."""
    key = f"limits.{refused.code}"
    detail = say("en", key) if knows(key) else ""
    return Problem(refused.status, refused.code, detail, refused.retry_after)


def respond(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A problem as a response."""
    extra = dict(headers or {})
    if problem.retry_after is not None:
        extra["Retry-After"] = str(problem.retry_after)
    body = problem.body(request.url.path, request_id_of(request))
    return JSONResponse(body, problem.status, extra, media_type=MEDIA_TYPE)


def request_id_of(request: Request) -> str:
    """The id of a request that came through `ui.api.edge`; empty for others."""
    entry = request.scope.get(ENTRY)
    return entry.request if entry else ""


def add_handlers(app: FastAPI) -> None:
    """Every error of an application as a problem."""

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        code = CODES.get(error.status_code, "refused")
        detail = "" if code in DETAILS else str(error.detail)
        return respond(request, Problem(error.status_code, code, detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return respond(request, Problem(422, "invalid", errors=told_errors(error.errors())))

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> JSONResponse:
        return respond(request, problem_of_refused(error))

    @app.exception_handler(CollectionError)
    async def no_index(request: Request, error: CollectionError) -> JSONResponse:
        return respond(request, problem_of("no_index"))

    @app.exception_handler(ConfigurationError)
    async def misused(request: Request, error: ConfigurationError) -> JSONResponse:
        return respond(request, problem_of("error"))

    @app.exception_handler(Exception)
    async def anything(request: Request, error: Exception) -> JSONResponse:
        return respond(request, problem_of("error"))


def told_errors(errors: Any) -> tuple[dict[str, str], ...]:
    """Where a body is wrong and how; what stands there is not repeated."""
    return tuple(
        {"at": ".".join(str(part) for part in each["loc"]), "message": str(each["msg"])}
        for each in list(errors)[:MOST_ERRORS]
    )
