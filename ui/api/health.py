"""Whether the server lives, whether it can answer, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from ui.answering import Answering
from ui.api.bodies import Alive, Ready
from ui.ending import Ending
from ui.public.metrics import CONTENT_TYPE
from ui.public.standing import Standing


def health_routes(standing: Standing, answering: Answering, ending: Ending) -> APIRouter:
    """/health and /metrics."""
    routes = APIRouter(tags=["Operation"])

    @routes.get("/health/live", name="live", response_model=Alive)
    async def alive() -> Response:
        """The process runs."""
        return JSONResponse({"status": "alive"})

    @routes.get(
        "/health/ready", name="ready", response_model=Ready,
        responses={503: {"model": Ready, "description": "It cannot answer now."}},
    )  # fmt: skip
    async def ready(request: Request) -> Response:
        """Whether questions can be answered now, and from what. What is degraded is told
        only to this machine (`ui.guard` says who that is)."""
        state = await run_in_threadpool(answering.state)
        status = "ready" if state.generation else "no index"
        status = "closing" if ending.begun else status
        body = {
            "status": status,
            "generation": state.generation,
            "documents": state.documents,
            "passages": state.passages,
            "vector_search": state.vector_search,
            "notes": list(state.notes) if request.scope.get("sanad.local") else [],
        }
        return JSONResponse(body, 200 if status == "ready" else 503)

    @routes.get("/metrics", name="metrics", include_in_schema=False)
    async def metrics() -> Response:
        """Figures for Prometheus; `ui.guard` lets only this machine and a token come here."""
        return Response(standing.metrics.text(), media_type=CONTENT_TYPE)

    return routes
