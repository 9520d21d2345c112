"""The routes of the API. Each says what it takes and gives; answering is `ui.api.desk`'s."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from ui.api.bodies import (
    Documents,
    Feedback,
    FilterKey,
    FilterValues,
    Hits,
    Question,
    Reply,
    Stored,
)
from ui.api.desk import Desk
from ui.api.feedback import FeedbackFile, FeedbackFullError
from ui.api.openai_form import ChatForm, ChatRequest, Completion, Model, Models, models
from ui.api.problems import MEDIA_TYPE, Problem, respond
from ui.api.sse import Plain

MOST_HITS = 50
MOST_DOCUMENTS = 1000
STREAM = "text/event-stream"


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for /openapi.json."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    said = {
        400: "A body that is not text.",
        403: "The site is paused.",
        404: "There is nothing here.",
        411: "A body without its length.",
        413: "A body too large.",
        415: "A body that is not JSON.",
        422: "Not in the form described here.",
        429: "Too many questions for now; see Retry-After.",
        500: "A fault of the server.",
        503: "No index, no room, or switched off; see Retry-After.",
        507: "No more feedback is stored.",
    }
    return {status: {"description": said[status], "content": content} for status in statuses}


def _streaming(*events: str) -> dict[int | str, dict[str, Any]]:
    """The stream of a route; `itemSchema` describes one event, as in OpenAPI 3.2."""
    data = {"type": "string", "contentMediaType": "application/json"}
    properties = {"event": {"enum": list(events)}, "data": data}
    one = {"type": "object", "properties": properties, "required": ["data"]}
    return {200: {"content": {STREAM: {"itemSchema": one}}}}


async def json_only(request: Request) -> None:
    """Raise 415 for a body of another type: a browser sends JSON across origins only where
    CORS lets it, and other types always."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "not JSON")


def filters(
    language: Annotated[FilterValues | None, Query()] = None,
    country: Annotated[FilterValues | None, Query(description="ISO 3166, e.g. KE")] = None,
    city: Annotated[FilterValues | None, Query()] = None,
    year: Annotated[FilterValues | None, Query()] = None,
    kind: Annotated[FilterValues | None, Query()] = None,
    event: Annotated[FilterValues | None, Query()] = None,
    document: Annotated[FilterValues | None, Query()] = None,
    theme: Annotated[FilterValues | None, Query()] = None,
    work: Annotated[FilterValues | None, Query()] = None,
) -> dict[str, list[str]]:
    """The filters of a query string; a key may stand several times."""
    given: dict[FilterKey, list[str] | None] = {
        "language": language, "country": country, "city": city, "year": year, "kind": kind,
        "event": event, "document": document, "theme": theme, "work": work,
    }  # fmt: skip
    return {str(key): values for key, values in given.items() if values}


Filters = Annotated[dict[str, list[str]], Depends(filters)]
BODY = _problems(400, 403, 411, 413, 415, 422, 429, 500, 503)


def api_routes(desk: Desk, feedback: FeedbackFile, longest: int) -> APIRouter:
    """/api/v1. `longest`: characters of a question that is searched."""
    routes = APIRouter(prefix="/api/v1", tags=["Sanad"])

    @routes.post(
        "/ask",
        name="ask",
        response_model=Reply,
        responses={**_streaming("retrieved", "sentence", "finished", "failed"), **BODY},
        dependencies=[Depends(json_only)],
    )
    async def ask(
        request: Request,
        question: Question,
        accept: Annotated[str, Header(description=f"`{STREAM}` for a stream.")] = "*/*",
    ) -> Response:
        """Answer a question with citations, or say why not.

        As one JSON object, or as server-sent events: `retrieved`, one `sentence` after the
        other, and last `finished` with the whole reply under `reply`. Where `mode` changes from
        one sentence to the next, a model has given up, and what it had said is withdrawn.
        """
        return desk.reply(request, question.asked(), Plain(), stream=wants_stream(accept))

    @routes.get("/search", name="search", response_model=Hits, responses=_problems(422, 429, 503))
    async def search(
        request: Request,
        q: Annotated[str, Query(min_length=1, max_length=20_000, examples=["prevention council"])],
        chosen: Filters,
        k: Annotated[int, Query(ge=1, le=MOST_HITS)] = 10,
    ) -> Response:
        """The passages that come closest to a question, best first."""
        if len(q) > longest:
            told = {"at": "query.q", "message": f"Up to {longest} characters are searched."}
            return respond(request, Problem(422, "invalid", errors=(told,)))
        async with desk.reading(request, "search"):
            return JSONResponse(await run_in_threadpool(desk.answering.search, q, k, chosen))

    @routes.get(
        "/documents", name="documents", response_model=Documents, responses=_problems(422, 429, 503)
    )
    async def documents(
        request: Request,
        chosen: Filters,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_DOCUMENTS)] = 100,
    ) -> Response:
        """The documents of the collection, by id."""
        async with desk.reading(request, "documents"):
            held = await run_in_threadpool(desk.answering.documents, chosen)
        every = held["documents"]
        shown = {**held, "documents": every[offset : offset + limit], "total": len(every)}
        return JSONResponse(shown)

    @routes.post(
        "/feedback",
        name="feedback",
        status_code=201,
        response_model=Stored,
        responses={**BODY, **_problems(507)},
        dependencies=[Depends(json_only)],
    )
    async def tell(request: Request, told: Feedback) -> Response:
        """Say that a reply was good or bad, and why."""
        await desk.light(request, "feedback", told.face)
        try:
            identity = await run_in_threadpool(feedback.keep, told.model_dump())
        except FeedbackFullError:
            return respond(request, Problem(507, "full", "No more feedback is stored for now."))
        return JSONResponse({"id": identity}, 201)

    return routes


def openai_routes(desk: Desk) -> APIRouter:
    """/v1, in OpenAI's form."""
    routes = APIRouter(prefix="/v1", tags=["OpenAI's form"])

    @routes.post(
        "/chat/completions",
        name="completions",
        response_model=Completion,
        responses={**_streaming("message"), **BODY},
        dependencies=[Depends(json_only)],
    )
    async def completions(request: Request, chat: ChatRequest) -> Response:
        """Answer the last user message; user messages before it are the conversation."""
        usage = bool(chat.stream_options and chat.stream_options.include_usage)
        return desk.reply(
            request, chat.asked(), ChatForm(include_usage=usage), stream=bool(chat.stream)
        )

    @routes.get("/models", name="models", response_model=Models, responses=_problems(429, 503))
    async def listed(request: Request) -> Response:
        """The one model."""
        await desk.light(request, "models")
        return JSONResponse(models())

    @routes.get(
        "/models/{model}",
        name="model",
        response_model=Model,
        responses=_problems(404, 422, 429, 503),
    )
    async def one(request: Request, model: str) -> Response:
        """A model by its id."""
        await desk.light(request, "models")
        found = next((each for each in models()["data"] if each["id"] == model), None)
        if found is None:
            raise HTTPException(404)
        return JSONResponse(found)

    return routes


def wants_stream(accept: str) -> bool:
    """Whether an Accept header asks for events rather than for one object."""
    return any(part.partition(";")[0].strip().lower() == STREAM for part in accept.split(","))
