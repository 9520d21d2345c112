"""The routes of the widget: the loader, the frame page with its files, tokens, questions.

/widget.js                 the loader; /widget.<hash>.js a version of it, for ever
/widget/static/<name>      files of the frame, named by their hash
/widget/<site>/            the frame page; only the site's origins may frame it
/widget/<site>/token       a session, after a proof of work where one is asked
/widget/<site>/ask         a question; its answer as server-sent events
/widget/<site>/preview     what the webmaster looks at first
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from rag.settings import Settings
from rag.types import Turn
from rag.wording import say
from ui.answering import Answering, Asked
from ui.api.bodies import EarlierTurn
from ui.api.routes import json_only
from ui.exchange import TURNS_KEPT
from ui.public.journal import entry_of
from ui.public.notice import notice
from ui.public.sites import Site
from ui.public.standing import Standing
from ui.public.visit import Refused
from ui.widget.asking import Exchange, FromFrame, refusal
from ui.widget.assets import Asset, assets, keep_loader, loader_of
from ui.widget.frame_html import FramePage, frame_language, frame_page, notice_page
from ui.widget.preview_html import POLICY as PREVIEW_POLICY
from ui.widget.preview_html import preview_page
from ui.widget.snippet import preview_of

FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)
FOR_EVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=600"  # after an update, pages have the new loader in ten minutes


class Wanted(BaseModel):
    """A token is asked for."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    language: str = Field(default="", max_length=12)
    proof: str = Field(default="", max_length=4000)


Starters = Callable[[str], Sequence[str]]


def no_starters(language: str) -> Sequence[str]:
    """Where no questions to begin with are known."""
    return ()


class Put(BaseModel):
    """A question is put."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: str = Field(max_length=1000)
    question: str = Field(min_length=1, max_length=20_000)
    history: list[EarlierTurn] = Field(default=[], max_length=50)
    language: str = Field(default="", max_length=12)


def widget_routes(
    standing: Standing, answering: Answering, settings: Settings, starters: Starters = no_starters
) -> APIRouter:
    """All of them, to be included in the application. `starters`: what to begin with, by
    language."""
    routes = APIRouter(include_in_schema=False)
    keep_loader(settings.data_dir)
    _files(routes, settings)
    _pages(routes, standing, settings, starters)
    _talk(routes, standing, answering, settings)
    return routes


# Files


def _files(routes: APIRouter, settings: Settings) -> None:
    @routes.get("/widget.js")
    def loader(request: Request) -> Response:
        return _sent(request, assets().loader, A_WHILE)

    @routes.get("/widget.{digest}.js")
    def versioned(request: Request, digest: str) -> Response:
        found = loader_of(f"widget.{digest}.js", settings.data_dir)
        return _sent(request, found, FOR_EVER)

    @routes.get("/widget/static/{name}")
    def static(request: Request, name: str) -> Response:
        return _sent(request, assets().static(name), FOR_EVER)


def _sent(request: Request, asset: Asset | None, caching: str) -> Response:
    """A file, compressed for those who take it so."""
    if asset is None:
        raise HTTPException(404, "no such file")
    headers = {"cache-control": caching, "vary": "accept-encoding"}
    body = asset.body
    if _takes_gzip(request):
        body, headers["content-encoding"] = asset.packed, "gzip"
    return Response(body, headers=headers, media_type=asset.media_type)


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "").lower()


# Pages


def _pages(routes: APIRouter, standing: Standing, settings: Settings, starters: Starters) -> None:
    @routes.get("/widget/{key}/")
    def frame(request: Request, key: str, lang: str = "") -> Response:
        site = standing.sites.get(key)
        language = _language(request, site, lang, settings)
        if site is None:
            page = notice_page(None, language, say(language, "widget.unknown_site"))
            return _page(request, page, _policy(None), 404)
        entry = entry_of(request.scope)
        entry.face, entry.route, entry.site = "widget", "frame", site.key
        try:
            standing.gate.open_for(standing.visits.of("widget", request.scope, site=site))
        except Refused as why:
            entry.refused = why.code
            key = "widget.site_paused" if why.code == "paused" else f"limits.{why.code}"
            return _page(
                request, notice_page(site, language, say(language, key)), _policy(site), why.status
            )
        limit = settings.question_characters
        told = notice(settings, language, standing.switches.on("model"))
        page = frame_page(FramePage(site, language, limit, told, tuple(starters(language))))
        return _page(request, page, _policy(site))

    @routes.get("/widget/{key}/preview")
    @routes.get("/widget/{key}/preview/")
    def preview(request: Request, key: str, lang: str = "", token: str = "") -> Response:
        site = standing.sites.get(key)
        if site is None or not _may_preview(request, standing, site, token):
            raise HTTPException(404, "no such page")
        language = _language(request, site, lang, settings)
        host = str(request.base_url).rstrip("/")
        return _page(request, preview_page(site, language, host), PREVIEW_POLICY)


def _policy(site: Site | None) -> str:
    """The frame page's Content-Security-Policy: the site's origins may frame it, and our own
    preview; nobody may frame the page of a site that is not."""
    ancestors = " ".join(("'self'", *site.origins)) if site else "'none'"
    return FRAME_POLICY.format(ancestors=ancestors)


def _page(request: Request, page: str, policy: str, status: int = 200) -> Response:
    headers = {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "vary": "accept-encoding, accept-language",
    }
    body = page.encode()
    if _takes_gzip(request):
        body, headers["content-encoding"] = gzip.compress(body, 6), "gzip"
    return HTMLResponse(body, status, headers)


def _language(request: Request, site: Site | None, asked: str, settings: Settings) -> str:
    accepted = request.headers.get("accept-language", "")
    return frame_language(site or Site("", ""), asked, accepted, settings.language)


def _may_preview(request: Request, standing: Standing, site: Site, token: str) -> bool:
    """Whether a request comes from this machine, or brings the token of the preview."""
    if request.scope.get("sanad.local"):  # the guard's word for it
        return True
    try:
        standing.tokens.read(token, preview_of(site))
    except Refused:
        return False
    return True


# Tokens and questions


def _talk(routes: APIRouter, standing: Standing, answering: Answering, settings: Settings) -> None:
    @routes.post("/widget/{key}/token", dependencies=[Depends(json_only)])
    async def token(request: Request, key: str, wanted: Wanted) -> Response:
        site = standing.sites.get(key)
        language = _language(request, site, wanted.language, settings)
        entry = entry_of(request.scope)
        entry.face, entry.route, entry.site = "widget", "token", site.key if site else ""
        try:
            if site is None:
                raise Refused(404, "unknown_site")
            visit = standing.visits.of("widget", request.scope, site=site)
            await standing.gate.light(visit, "token")
            if standing.proof.asked and not wanted.proof:
                return _json({"challenge": standing.proof.challenge(site.key)})
            await standing.proof.check(wanted.proof, site.key)
        except Refused as why:
            return refusal(request.scope, why, language)
        return _json({"token": standing.tokens.issue(site.key), "seconds": standing.tokens.seconds})

    @routes.post("/widget/{key}/ask", dependencies=[Depends(json_only)])
    async def ask(request: Request, key: str, put: Put) -> Response:
        site = standing.sites.get(key)
        language = _language(request, site, put.language, settings)
        entry = entry_of(request.scope)
        entry.face, entry.route, entry.site = "widget", "ask", site.key if site else ""
        if site is None:
            return refusal(request.scope, Refused(404, "unknown_site"), language)
        filters = {name: list(values) for name, values in site.filters.items()}
        turns = tuple(Turn(each.question, tuple(each.documents)) for each in put.history)
        kept = turns[-TURNS_KEPT:]
        asked = Asked(put.question, filters, kept, language, "page", entry.request)
        return Exchange(standing, answering, FromFrame(site, put.token, asked))


def _json(body: dict[str, object]) -> JSONResponse:
    return JSONResponse(body, headers={"cache-control": "no-store"})
