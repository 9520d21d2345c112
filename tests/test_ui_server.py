"""The web server without a browser: health, headers, what is not served, starting and ending."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from rag.errors import ConfigurationError
from rag.index.probe import ChromaProbe
from rag.settings import Settings
from tests.builders import build, document
from ui.guard import MAX_BODY, refused, with_head
from ui.public.routes import route_of
from ui.server import build_app, ingest_command, listen, live_assistant, preferred_language


@pytest.fixture(scope="module")
def client(collection):
    settings = Settings(data_dir=collection, vector_search="exact")
    live = live_assistant(settings, ChromaProbe())
    with TestClient(build_app(settings, live), "http://127.0.0.1", follow_redirects=False) as found:
        yield found
    live.close()


@pytest.fixture(scope="module")
def public(collection):
    """The same, listening to the network under a public name."""
    settings = Settings(data_dir=collection, vector_search="exact", host="0.0.0.0")
    live = live_assistant(settings, ChromaProbe())
    with TestClient(build_app(settings, live), follow_redirects=False) as found:
        yield found
    live.close()


def test_health_says_what_is_served(client, assistant):
    assert client.get("/health/live").json() == {"status": "alive"}
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "generation": assistant.generation.manifest.name,
        "documents": assistant.generation.manifest.documents,
        "passages": assistant.generation.manifest.passages,
        "vector_search": "exact",
        "notes": [],
    }


@pytest.mark.parametrize("query", ["page=2", "page=%00", "deep_link=x", "__theme=dark"])
def test_no_parameter_of_an_address_breaks_a_page(client, query):
    page = client.get(f"/en/?country=KE&{query}")
    assert page.status_code == 200 and 'data-value="KE"' in page.text
    assert client.head(f"/en/?{query}").status_code < 500


def test_without_an_index_the_server_is_alive_but_not_ready(tmp_path):
    settings = Settings(data_dir=tmp_path / "none", vector_search="exact")
    live = live_assistant(settings, ChromaProbe())
    app = build_app(settings, live)
    with TestClient(app, "http://127.0.0.1", client=("127.0.0.1", 50000)) as client:
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert "sanad ingest" in ready.json()["notes"][0]


def test_an_index_of_another_model_is_a_configuration_error(tmp_path):
    build(tmp_path, [document("a.md", "Text of another model.")]).close()
    with pytest.raises(ConfigurationError, match="run sanad ingest"):
        live_assistant(Settings(data_dir=tmp_path), ChromaProbe())


def test_pages_say_their_language_before_any_script_runs(client):
    for language, direction in (("en", "ltr"), ("ar", "rtl"), ("fr", "ltr"), ("es", "ltr")):
        page = client.get(f"/{language}/").text
        assert f'<html lang="{language}" dir="{direction}"' in page
        assert "../sanad/chat.css" in page.partition("</head>")[0]


def test_pages_name_no_other_site(client):
    page = client.get("/en/").text
    for host in ("googleapis", "gstatic", "huggingface", "cloudflare", "githubusercontent"):
        assert host not in page


@pytest.mark.parametrize(
    "asked, accepted, chosen",
    [
        ("ar", "fr", "ar"),
        ("", "fr-CH, fr;q=0.9, en;q=0.8", "fr"),
        ("", "de, es;q=0.3, ar;q=0.7", "ar"),
        ("xx", "", "es"),
        ("", "en;q=x, ;;, *", "es"),
        ("../../evil", "", "es"),
    ],
)
def test_language_is_the_one_asked_for_then_the_browsers_then_the_settings(asked, accepted, chosen):
    assert preferred_language(asked, accepted, "es") == chosen


def test_start_page_keeps_the_rest_of_the_address(client):
    found = client.get("/?lang=ar&__theme=dark", headers={"Accept-Language": "fr"})
    assert found.status_code == 307
    assert found.headers["location"] == "ar/?__theme=dark"


@pytest.mark.parametrize("path", ["/", "/en/", "/health/live", "/sanad/chat.css", "/nothing/here"])
def test_every_response_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors '" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/en/", "/en/config", "/health/ready"])
def test_no_other_origin_may_read(public, path):
    client = public
    origin = {"Origin": "https://evil.test", "Host": "sanad.example.org"}
    found = client.get(path, headers=origin)
    assert found.status_code == 200
    assert not [name for name in found.headers if name.startswith("access-control-allow")]
    asking = {**origin, "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in client.options(path, headers=asking).headers


@pytest.mark.parametrize(
    "method, route",
    [
        ("POST", "upload"), ("GET", "file=/etc/passwd"), ("GET", "proxy=https://evil.test"),
        ("GET", "runs"), ("GET", "info"), ("POST", "vibe-edit"), ("POST", "component_server"),
        ("POST", "call/ask"), ("POST", "api/ask"), ("GET", "deep_link"), ("GET", "openapi.json"),
    ],
)  # fmt: skip
def test_gradio_routes_a_chat_does_not_need_are_not_served(client, method, route):
    assert client.request(method, f"/en/gradio_api/{route}").status_code == 404
    assert client.request(method, f"/en//gradio_api/{route}").status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/en/monitoring", "/en/login", "/en/x"])
def test_nothing_else_is_served(client, path):
    assert client.get(path).status_code in (404, 307)
    assert client.get(path, follow_redirects=True).status_code == 404


def test_bodies_are_bounded():
    path = "/en/gradio_api/queue/join"
    route = route_of(path)
    assert refused("POST", route, {b"content-length": b"100"}) is None
    assert refused("POST", route, {b"content-length": str(MAX_BODY + 1).encode()})[0] == 413
    assert refused("POST", route, {})[0] == 411


def test_page_without_the_expected_head_is_left_alone():
    assert with_head("<p>other</p>", 'lang="ar"', "<link>") == "<p>other</p>"


def test_a_taken_port_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port}"):
            listen("127.0.0.1", port)


def test_ingest_command_names_the_folder_that_is_served():
    assert ingest_command(Path(".sanad")) == "sanad ingest FOLDER"
    assert ingest_command(Path("there")) == "sanad ingest FOLDER --data-dir there"


@contextlib.contextmanager
def started(collection, **environment):
    """A server of its own process, ready, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ui.cli", "serve", "--data-dir", str(collection)]
    server = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    try:
        assert server.stdout.readline() == f"Sanad answers at http://127.0.0.1:{port}\n"
        end = time.monotonic() + 60
        status = 0
        while status != 200 and time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                status = httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code
        assert status == 200
        yield server, port
    finally:
        server.kill()
        server.communicate()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_server_prints_its_address_and_ends_cleanly(collection, ending):
    with started(collection) as (server, port):
        open_page = f"http://127.0.0.1:{port}/en/gradio_api/heartbeat/a-page"
        with httpx.stream("GET", open_page):
            server.send_signal(ending)
            out, errors = server.communicate(timeout=20)
        assert (server.returncode, out, errors) == (0, "", "")


def test_what_strangers_send_fills_neither_the_memory_nor_the_log(collection):
    with started(collection) as (server, port):
        address = f"http://127.0.0.1:{port}"
        head = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        assert refused_before_its_end(port, head + b"X: ", b"a" * 4096)
        assert refused_before_its_end(port, b"GET /", b"a" * 4096)
        assert refused_before_its_end(port, head, b"X: a\r\n" * 512)
        nobody = httpx.get(f"{address}/en/gradio_api/queue/data?session_hash=nobody")
        assert "session_not_found" in nobody.text
        assert httpx.get(f"{address}/health/live").status_code == 200
        server.send_signal(signal.SIGTERM)
        assert "Traceback" not in server.communicate(timeout=20)[1]


def refused_before_its_end(port: int, begun: bytes, more: bytes) -> bool:
    """Whether the server hangs up on a request whose head goes on and on."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(begun)
            for _ in range(10_000):
                connection.sendall(more)
        except (ConnectionError, TimeoutError):
            return True
    return False


def test_a_name_rebound_to_loopback_gets_nothing(client):
    assert client.get("/health/ready", headers={"Host": "evil.example"}).status_code == 400


def test_the_whole_server_answers_over_the_api_and_shows_the_widgets_loader(client):
    found = client.post("/api/v1/ask", json={"question": "What do prevention councils do?"})
    assert found.status_code == 200
    assert found.json()["status"] in ("answered", "partial", "declined")
    assert found.headers["content-security-policy"].startswith("default-src 'none'")
    assert client.get("/widget.js").status_code == 200
    assert client.get("/api/v1/nothing").json()["code"] == "not_found"
