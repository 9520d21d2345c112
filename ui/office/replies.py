"""Answers that the routes of the office share."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ui.office.frame_html import login_page, office_page
from ui.office.session import Session

PRIVATE = {"cache-control": "no-store"}  # nothing of the office stays in a cache


def moved(place: str, *query: tuple[str, str]) -> Response:
    """To another page of the office, with a message by its key, after a change."""
    rest = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(f"./{place}{rest}", 303, PRIVATE)


def shown(
    language: str,
    here: str,
    title: str,
    body: str,
    session: Session,
    *,
    said: str = "",
    query: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> Response:
    """A page of the office."""
    page = office_page(
        language, here, title, body, session.form_token, said=said, query=query
    )  # fmt: skip
    return HTMLResponse(page, status, PRIVATE)


def refused(language: str, said: str = "strange", status: int = 403) -> Response:
    """A change that is not made; says no more than that."""
    return HTMLResponse(login_page(language, said), status, PRIVATE)
