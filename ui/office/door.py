"""Who may come in: the cookie, where a request comes from, and how often a password is tried.

Every page of the office asks here first; nothing is read of a body before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from rag.settings import Settings
from ui.office.session import HOURS, Session, Sessions, fits
from ui.public.counting import HOUR, MINUTE, Counting, Full, Window, store_of
from ui.public.standing import Standing
from ui.public.tokens import secret_of

COOKIE = "sanad_office"
TRIES, TRIES_S = 5, 15 * MINUTE  # of one address
ALL_TRIES = 60  # of all addresses an hour, so that many addresses do not help much
MOST_FIELDS = 400
LONGEST_FIELD = 512 * 1024


class Strange(Exception):
    """A change that does not come from a page of ours. Says nothing of why."""


@dataclass(slots=True)
class Door:
    """One server's way into the office."""

    sessions: Sessions
    standing: Standing
    counting: Counting
    trying: asyncio.Lock = dataclass_field(default_factory=asyncio.Lock)

    def session(self, request: Request) -> Session | None:
        """Whose request this is; None for everybody else."""
        return self.sessions.read(request.cookies.get(COOKIE, ""))

    async def tried(self, request: Request, password: str) -> Full | bool:
        """Whether this is the password; the window that is full, where it was tried too often.
        Only what is wrong is counted, one after the other."""
        visit = self.standing.visits.of("chat", request.scope)
        windows = [
            Window(TRIES, TRIES_S, ("office", visit.address)),
            Window(ALL_TRIES, HOUR, ("office", "all")),
        ]
        async with self.trying:
            if full := await self.counting.look(windows):
                return full
            known = self.sessions.knows(password)
            if not known:
                await self.counting.hit(windows)
            return known

    async def form(self, request: Request, session: Session, files: int = 0) -> FormData:
        """What a form of ours holds. Raises Strange for one that is not ours."""
        if not same_origin(request.headers, request.url.scheme):
            raise Strange
        given = await request.form(
            max_files=files, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD
        )
        if not fits(session, field(given, "token")):
            await given.close()
            raise Strange
        return given


def door_of(settings: Settings, standing: Standing) -> Door:
    """Raises ConfigurationError where the data folder has no secret and cannot be given one:
    an office that cannot write has no work."""
    password = settings.office_password.get_secret_value()
    sessions = Sessions(secret_of(settings.data_dir), password)
    store = store_of(settings.limits_store.get_secret_value())
    return Door(sessions, standing, Counting(store))


def field(form: FormData, name: str) -> str:
    """A field's text; empty when it is missing or a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def same_origin(headers: Mapping[str, str], scheme: str) -> bool:
    """Whether a browser says that a page of ours sends this.

    Our pages send no referrer, so the Origin of their forms is "null": the browser's own
    Sec-Fetch-Site is what counts. A browser too old for it has to name our origin.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return headers.get("origin") == f"{scheme}://{headers.get('host', '')}"


def let_in(response: Response, cookie: str, *, secure: bool) -> Response:
    """Give the cookie of a session: for this site's own requests alone, unseen by scripts."""
    response.set_cookie(
        COOKIE, cookie, max_age=HOURS * 3600, path="/", secure=secure, httponly=True,
        samesite="strict",
    )  # fmt: skip
    return response


def let_out(response: Response, *, secure: bool) -> Response:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="strict")
    return response
