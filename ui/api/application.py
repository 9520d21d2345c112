"""The FastAPI application of the API: routes, errors, and /openapi.json."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from rag.settings import Settings
from ui.answering import Answering
from ui.api.bodies import ProblemDetails
from ui.api.desk import Desk
from ui.api.feedback import FeedbackFile
from ui.api.health import health_routes
from ui.api.problems import add_handlers
from ui.api.routes import api_routes, openai_routes
from ui.ending import Ending
from ui.public.standing import Standing

ABOUT = (
    "Answers questions from a collection of session reports and policy briefs. Every citation is "
    "a document, a page, and the offsets of the quote in the stored page text."
)


def api_app(
    settings: Settings, standing: Standing, answering: Answering, ending: Ending
) -> FastAPI:
    """The application, to which other faces may be mounted."""
    app = FastAPI(docs_url=None, redoc_url=None, redirect_slashes=False)
    add_handlers(app)
    desk = Desk(standing, answering)
    feedback = FeedbackFile(settings.data_dir)
    app.include_router(health_routes(standing, answering, ending))
    app.include_router(api_routes(desk, feedback, settings.question_characters))
    app.include_router(openai_routes(desk))
    described: dict[str, Any] = {}

    def schema() -> dict[str, Any]:
        if not described:
            described.update(_schema(app))
        return described

    app.openapi = schema  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def _schema(app: FastAPI) -> dict[str, Any]:
    """OpenAPI, with the errors as they are sent instead of FastAPI's own."""
    made = get_openapi(
        title="Sanad", version=version("sanad"), description=ABOUT, routes=app.routes
    )
    schemas = made["components"]["schemas"]
    template = "#/components/schemas/{model}"
    problem = ProblemDetails.model_json_schema(ref_template=template)
    schemas.update(problem.pop("$defs", {}))
    schemas["ProblemDetails"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return made
