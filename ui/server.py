"""The web server: the chat, its files, and two health pages on one FastAPI application.

Answers at once with the exact vector scan; Chroma is attached when a child process
has found its collection sound. Ends cleanly on SIGTERM and SIGINT.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from rag.assistant import Assistant
from rag.errors import ConfigurationError
from rag.index.generation import current_name, open_current
from rag.index.probe import ChromaProbe
from rag.settings import Settings
from rag.wording import languages
from ui.guard import App, Guard, PageHead
from ui.live import LiveAssistant
from ui.open import assemble, open_assistant

LOOPBACK = ("127.0.0.1", "localhost")
CLOSING_S = 3  # for questions under way when the server is told to end


def serve(settings: Settings) -> None:
    """Serve until told to end. Raises ConfigurationError when the address is taken or
    the index needs another embedding model."""
    import uvicorn

    listening = listen(settings.host, settings.port)
    probe = ChromaProbe()
    live = live_assistant(settings, probe)
    config = uvicorn.Config(
        build_app(settings, live), log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=CLOSING_S,
    )  # fmt: skip
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: None)  # uvicorn raises them again when it has ended
    sys.stdout.write(f"Sanad answers at {address(listening)}\n")
    sys.stdout.flush()
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        probe.stop()
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
    """The assistant of a data folder, opened if there is one; the model is loaded once."""

    def open_next(before: Assistant | None) -> Assistant:
        if before is None:
            return open_assistant(settings, chroma=False)
        generation = open_current(settings.data_dir)
        writer = before.author.writer if before.author else None
        return assemble(settings, generation, before.embedder, before.translator, writer)

    live = LiveAssistant(
        open_next,
        lambda: current_name(settings.data_dir),
        None if settings.vector_search == "exact" else probe,
    )
    live.follow()
    if isinstance(live.problem, ConfigurationError):
        raise live.problem
    return live


def build_app(settings: Settings, live: LiveAssistant) -> App:
    """The whole application, guarded."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    from ui.chat import STATIC, head, mount_chat
    from ui.exchange import Chat

    app = FastAPI(openapi_url=None)
    # No other origin may read an answer. Gradio sets headers of its own, which let
    # everyone in, unless the application around it has this middleware.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    if settings.host in LOOPBACK:  # or a name that is rebound to loopback could
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK))
    _health(app, live)

    @app.get("/")
    def start(request: Request) -> RedirectResponse:
        return choose_page(request, settings.language)

    app.mount("/sanad", StaticFiles(directory=str(STATIC)))
    chat = Chat(live, ingest_command(settings.data_dir), settings.question_characters)
    mount_chat(app, chat)
    return Guard(PageHead(app, {f"/{code}/": head(code) for code in languages()}))


def _health(app: FastAPI, live: LiveAssistant) -> None:
    @app.get("/health/live")
    def alive() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/health/ready")
    def ready() -> JSONResponse:
        state = live.state()
        body = {
            "status": "ready" if state.generation else "no index",
            "generation": state.generation,
            "documents": state.documents,
            "passages": state.passages,
            "vector_search": state.vector_search,
            "notes": list(state.notes),
        }
        return JSONResponse(body, 200 if state.generation else 503)


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
