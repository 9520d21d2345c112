"""The routes of the reader.

/<language>/read            a document at a place, a page of its own; `part=1`: the article alone
/<language>/read/page       the picture of a PDF page
/<language>/read/original   the file the document was read from, if it still is that file

Drawing a page costs as much as a short answer: each is counted against its visitor.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import replace
from urllib.parse import quote as percent_encoded

import anyio
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from rag.errors import CollectionError, ReadError
from rag.settings import Settings
from rag.types import SourceDocument
from rag.wording import languages, say
from ui.live import LiveAssistant
from ui.public.standing import Standing
from ui.public.visit import Refused
from ui.reader import reader_html
from ui.reader.letters import Box
from ui.reader.opening import PDF, Opened, boxes_of, open_at, with_picture
from ui.reader.originals import Originals, chunks, file_name
from ui.reader.pictures import Busy, Picture, Pictures
from ui.reader.place import Asked, asked_of
from ui.room.shell import page

STYLES = ("reader.css",)
A_DAY = "private, max-age=86400"
NO_STORE = "no-store"
PLACED_AT_ONCE = 2  # quotes that are looked for on their pictures at the same time
MOST_PLACED = 500  # quotes whose boxes are kept


class Reader:
    """What the routes share."""

    def __init__(self, live: LiveAssistant, standing: Standing, settings: Settings) -> None:
        self.live = live
        self.standing = standing
        self.originals = Originals(settings.data_dir, allowed=settings.originals)
        self.pictures = Pictures()
        self._boxes: OrderedDict[tuple[str, int, int, int, int], tuple[Box, ...]] = OrderedDict()
        self._placing = anyio.CapacityLimiter(PLACED_AT_ONCE)

    def open(self, asked: Asked, language: str) -> Opened | None:
        """The document at its place, without a picture. Raises CollectionError."""
        with self.live.use() as assistant:
            return open_at(assistant, asked, self.originals, language)

    def document(self, identity: str) -> SourceDocument | None:
        """A document by its id. Raises CollectionError."""
        with self.live.use() as assistant:
            found = assistant.generation.store.find_document(identity)
        return found[1] if found else None

    async def picture(self, request: Request, document: SourceDocument, number: int) -> Picture:
        """The picture of a page. Raises ReadError, Busy, and Refused for a visitor who has had
        too many drawn."""
        kept = self.pictures.kept(document.sha256, number)
        if kept is not None:
            return kept
        visit = self.standing.visits.of("chat", request.scope)
        await self.standing.gate.light(visit, "picture")
        return await run_in_threadpool(
            self.pictures.draw, document.sha256, number, lambda: self.originals.read(document)
        )

    async def boxes(self, request: Request, opened: Opened, picture: Picture) -> tuple[Box, ...]:
        """Where the quote stands on the picture. Anybody can name any span, so what is not known
        yet is counted. Raises Refused."""
        if opened.mark is None:
            return ()
        key = (opened.document.sha256, opened.page.number, *opened.mark, hash(opened.page.text))
        known = self._boxes.get(key)
        if known is None:
            visit = self.standing.visits.of("chat", request.scope)
            await self.standing.gate.light(visit, "place")
            known = await anyio.to_thread.run_sync(boxes_of, opened, picture, limiter=self._placing)
            self._boxes[key] = known
            while len(self._boxes) > MOST_PLACED:
                self._boxes.popitem(last=False)
        return known

    async def drawn(self, request: Request, opened: Opened) -> Opened:
        """With the picture of its page, where that is how it is shown; else with the reason."""
        if not opened.may_be_drawn or opened.asked.view == "text":
            return opened
        try:
            picture = await self.picture(request, opened.document, opened.page.number)
            boxes = await self.boxes(request, opened, picture)
        except (Busy, Refused):
            return opened.noting("reader.busy")
        except ReadError:
            return opened.noting("reader.no_picture")
        return with_picture(opened, picture, boxes)


def reader_routes(live: LiveAssistant, standing: Standing, settings: Settings) -> APIRouter:
    """All of them, to be included in the application."""
    routes = APIRouter(include_in_schema=False)
    reader = Reader(live, standing, settings)

    @routes.get("/{language}/read")
    async def read(request: Request, language: str) -> HTMLResponse:
        known(language)
        params = request.query_params
        asked = suited(asked_of(params, params.getlist("quotes")), request)
        part = bool(params.get("part"))
        try:
            opened = await run_in_threadpool(reader.open, asked, language)
        except CollectionError:
            return _told(language, "chat.no_index", 503, part=part)
        if opened is None:
            return _told(language, "reader.unknown", 404, part=part)
        opened = await reader.drawn(request, opened)
        body = reader_html.article(opened, language, part=part)
        if not part:
            query = [(k, v) for k, v in params.multi_items() if k != "part"]
            title = opened.document.title
            body = page(language, "read", title, body, query=query, styles=STYLES)
        return HTMLResponse(body, headers={"cache-control": NO_STORE})

    @routes.get("/{language}/read/page")
    async def picture(request: Request, language: str) -> Response:
        place = asked_of(request.query_params).place
        document = await _document(reader, place.document, language)
        if document.media_type != PDF or not reader.originals.has(document):
            raise HTTPException(404, "no such page")
        try:
            drawn = await reader.picture(request, document, place.page)
        except ReadError as error:
            raise HTTPException(404, "no such page") from error
        except (Busy, Refused) as error:
            raise HTTPException(429, say(language, "reader.busy")) from error
        return Response(drawn.image, media_type="image/webp", headers={"cache-control": A_DAY})

    @routes.get("/{language}/read/original")
    async def original(request: Request, language: str) -> Response:
        place = asked_of(request.query_params).place
        document = await _document(reader, place.document, language)
        try:
            visit = standing.visits.of("chat", request.scope)
            await standing.gate.light(visit, "original")
        except Refused as error:
            return PlainTextResponse(say(language, f"limits.{error.code}"), error.status)
        file = await run_in_threadpool(reader.originals.opened, document)
        if file is None:
            return PlainTextResponse(say(language, "reader.no_original"), 404)
        length = {"content-length": str(os.fstat(file.fileno()).st_size)}
        return StreamingResponse(chunks(file), headers=original_headers(document) | length)

    return routes


def original_headers(document: SourceDocument) -> dict[str, str]:
    """A PDF is shown, by the browser's own viewer; everything else is saved: HTML of others
    must not run as a page of ours."""
    is_pdf = document.media_type == PDF
    name = percent_encoded(file_name(document), safe="")
    return {
        "content-type": PDF if is_pdf else "application/octet-stream",
        "content-disposition": f"{'inline' if is_pdf else 'attachment'}; filename*=UTF-8''{name}",
        "cache-control": NO_STORE,
    }


def suited(asked: Asked, request: Request) -> Asked:
    """The text where nothing was chosen on a phone: print is too small there; one tap shows it."""
    return replace(asked, view="text") if not asked.view and on_a_phone(request) else asked


def on_a_phone(request: Request) -> bool:
    """Whether the browser says that its screen is a phone's; where it has no header for it, its
    name tells."""
    told = request.headers.get("sec-ch-ua-mobile")
    if told is not None:
        return told == "?1"
    return "Mobile" in request.headers.get("user-agent", "")


def known(language: str) -> None:
    """Raise 404 for a language the interface does not speak."""
    if language not in languages():
        raise HTTPException(404, "not served here")


async def _document(reader: Reader, identity: str, language: str) -> SourceDocument:
    known(language)
    try:
        document = await run_in_threadpool(reader.document, identity)
    except CollectionError as error:
        raise HTTPException(503, say(language, "chat.no_index")) from error
    if document is None:
        raise HTTPException(404, say(language, "reader.unknown"))
    return document


def _told(language: str, key: str, status: int, *, part: bool) -> HTMLResponse:
    words = say(language, key)
    body = reader_html.notice(language, words)
    if not part:
        body = page(language, "read", say(language, "reader.name"), body, styles=STYLES)
    return HTMLResponse(body, status, headers={"cache-control": NO_STORE})
