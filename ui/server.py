"""The web server: the chat, the API, the widget and their files on one FastAPI application.

Answers at once with the exact vector scan; Chroma is attached when a child process
has found its collection sound. Ends cleanly on SIGTERM and SIGINT.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import RedirectResponse

from rag.assistant import Assistant
from rag.errors import ConfigurationError
from rag.index.generation import current_name
from rag.index.probe import ChromaProbe
from rag.settings import Settings
from rag.wording import languages
from ui.answering import Answering, InProcess
from ui.api.application import api_app
from ui.api.edge import Edge
from ui.chat_asking import ChatDesk, Leaving
from ui.chat_routes import chat_routes
from ui.ending import Ending, OpenPages, server
from ui.exchange import Chat
from ui.guard import App, Guard, PageHead
from ui.library.routes import library_routes
from ui.live import LiveAssistant
from ui.note.routes import note_routes
from ui.note.seal import seals_of
from ui.office.routes import office_routes
from ui.open import assemble, open_assistant, open_generation
from ui.public.notice import notice
from ui.public.standing import Standing, standing
from ui.reader.routes import reader_routes
from ui.room.files import room_files
from ui.share.routes import share_routes
from ui.suggest import Suggestions
from ui.widget.routes import widget_routes

LOOPBACK = ("127.0.0.1", "localhost")
CLOSING_S = 3  # for questions under way when the server is told to end


def serve(settings: Settings) -> None:
    """Serve until told to end. Raises ConfigurationError when the address is taken or
    the index needs another embedding model."""
    import uvicorn

    listening = listen(settings.host, settings.port)
    probe = ChromaProbe()
    live = live_assistant(settings, probe)
    for note in live.state().notes:
        sys.stderr.write(f"sanad: {note}\n")
    answering = answering_of(settings, live)
    shared = standing(settings)
    ending = Ending(shared.gate, answering.under_way)
    config = uvicorn.Config(
        application(settings, live, Served(shared, answering, ending)), log_level="warning",
        access_log=False, server_header=False, proxy_headers=False,
        http="h11",  # the other implementation takes a head of any size into memory
        timeout_graceful_shutdown=CLOSING_S,
    )  # fmt: skip
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: None)  # uvicorn raises them again when it has ended
    sys.stdout.write(f"Sanad answers at {address(listening)}\n")
    sys.stdout.flush()
    try:
        server(config, ending).run(sockets=[listening])
    finally:
        probe.stop()
        answering.close()
        live.close()


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; connections wait in it until the application is ready."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {error.strerror or error}; choose another "
            "with --host and --port"
        ) from error


def address(listening: socket.socket) -> str:
    """Where to point a browser."""
    host, port = listening.getsockname()[:2]
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def live_assistant(settings: Settings, probe: ChromaProbe) -> LiveAssistant:
    """The assistant of a data folder, opened if there is one; the model is loaded once. One
    that does not load is tried again with each generation; until then words have to suffice. A
    Chroma server is asked from the first question on: it cannot take this process along."""
    exact = settings.vector_search == "exact"
    asked = settings.server() is not None and not exact

    def open_next(before: Assistant | None) -> Assistant:
        if before is None or before.generation.dense is None:
            return open_assistant(settings, chroma=asked, words_suffice=True)
        generation = open_generation(settings, chroma=asked)
        writer = before.author.writer if before.author else None
        return assemble(settings, generation, before.embedder, before.translator, writer)

    live = LiveAssistant(
        open_next,
        lambda: current_name(settings.data_dir),
        None if exact or asked else probe,
    )
    live.follow()
    if isinstance(live.problem, ConfigurationError):
        raise live.problem
    return live


@dataclass(frozen=True, slots=True)
class Served:
    """What the faces of one server share."""

    standing: Standing
    answering: Answering
    ending: Ending


def build_app(settings: Settings, live: LiveAssistant) -> App:
    """The whole application over a live assistant, answering in this process."""
    shared, answering = standing(settings), answering_here(settings, live)
    ending = Ending(shared.gate, answering.under_way)
    return application(settings, live, Served(shared, answering, ending))


def answering_of(settings: Settings, live: LiveAssistant) -> Answering:
    """Where the questions of the API and the widget are answered: here, or in workers."""
    if not settings.workers:
        return answering_here(settings, live)
    from ui.answering_pool import OpenFolder, Pool

    return Pool(OpenFolder(settings), settings.workers, live.state)


def answering_here(settings: Settings, live: LiveAssistant) -> Answering:
    """Answering in this process."""
    return InProcess(live, chat_of(settings, live))


def chat_of(settings: Settings, live: LiveAssistant) -> Chat:
    """The walk of a question on a page."""
    limit, seals = settings.question_characters, seals_of(settings.data_dir)
    return Chat(live, ingest_command(settings.data_dir), limit, seals.seal)


def application(settings: Settings, live: LiveAssistant, served: Served) -> App:
    """The whole application, guarded."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    from ui.chat import Room, head, mount_chat, opening

    app = api_app(settings, served.standing, served.answering, served.ending)
    # No other origin may read an answer of the chat. Gradio sets headers of its own, which
    # let everyone in, unless the application around it has this middleware.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    hosts = settings.hosts()
    if hosts or settings.host in LOOPBACK:  # or a name that is rebound to loopback could
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, *hosts])

    @app.get("/", include_in_schema=False)
    def start(request: Request) -> RedirectResponse:
        return choose_page(request, settings.language)

    suggestions = Suggestions(live, settings.data_dir)
    widget = widget_routes(served.standing, served.answering, settings, suggestions.current)
    app.include_router(widget)
    office = bool(settings.office_password.get_secret_value())
    app.include_router(library_routes(live, settings.data_dir, office=office))
    app.include_router(reader_routes(live, served.standing, settings))
    if office:
        app.include_router(office_routes(live, settings, served.standing))
    app.include_router(note_routes(served.standing, live, seals_of(settings.data_dir)))
    limit = settings.question_characters
    app.include_router(share_routes(served.standing, served.answering, limit))
    app.mount("/sanad", room_files)
    app.include_router(chat_routes(live, suggestions, settings.question_characters))
    desk = ChatDesk(served.standing, served.answering)
    room = Room(chat_of(settings, live), desk, suggestions)
    mount_chat(app, room)
    heads = {f"/{code}/": head(code) for code in languages()}
    around = partial(opening, room, partial(notice, settings))
    pages = PageHead(OpenPages(Leaving(app, desk), served.ending), heads, around)
    return Edge(Guard(pages, served.standing))


def choose_page(request: Request, fallback: str) -> RedirectResponse:
    """To the page in the language asked for: `?lang=`, the browser's, or the setting's."""
    asked = request.query_params.get("lang", "")
    accepted = request.headers.get("accept-language", "")
    language = preferred_language(asked, accepted, fallback)
    rest = request.query_params.multi_items()
    query = urlencode([(key, value) for key, value in rest if key != "lang"])
    return RedirectResponse(f"{language}/{f'?{query}' if query else ''}", 307)


def preferred_language(asked: str, accepted: str, fallback: str) -> str:
    """The first language we have of: the one asked for, those of an Accept-Language
    header by weight (RFC 9110, 12.5.4), the fallback, English."""
    weighted = []
    for position, part in enumerate(accepted.split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), position, tag))
        except ValueError:
            continue
    wanted = [asked, *(tag for _, _, tag in sorted(weighted)), fallback, "en"]
    known = languages()
    return next(code for tag in wanted if (code := tag.lower().partition("-")[0]) in known)


def ingest_command(data_dir: Path) -> str:
    """What to type to build the index this server looks for."""
    default = Settings.model_fields["data_dir"].default
    place = "" if data_dir == default else f" --data-dir {data_dir}"
    return f"sanad ingest FOLDER{place}"
