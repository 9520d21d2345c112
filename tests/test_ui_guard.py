"""The guard: which routes there are, what each response carries, who may read it."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace

import httpx
import pytest

from rag.settings import Settings
from ui.guard import Guard
from ui.public.headers import GRADIO_POLICY, ROOM_POLICY, STRICT_POLICY
from ui.public.journal import Journal
from ui.public.routes import ROUTES, route_of
from ui.public.sites import Site, write_sites
from ui.public.standing import standing
from ui.public.switches import throw

SITE = "abcd1234"
FRAME = "default-src 'none'; frame-ancestors https://x.org"
CANARY = "canary-7f3a"
# One path of each route, and the policy it must carry.
EXAMPLES = {
    "start": ("/", STRICT_POLICY),
    "health": ("/health/ready", STRICT_POLICY),
    "metrics": ("/metrics", STRICT_POLICY),
    "asset": ("/sanad/chat.css", STRICT_POLICY),
    "page": ("/ar/", GRADIO_POLICY),
    "chips": ("/ar/chips", STRICT_POLICY),
    "next": ("/ar/next", STRICT_POLICY),
    "note": ("/ar/note/export/pdf", ROOM_POLICY),
    "shared": ("/ar/shared", ROOM_POLICY),
    "library": ("/ar/library", ROOM_POLICY),
    "office": ("/ar/office-glossary", ROOM_POLICY),
    "office_upload": ("/ar/office-upload", ROOM_POLICY),
    "gradio_asset": ("/en/assets/index.js", GRADIO_POLICY),
    "read": ("/en/read", ROOM_POLICY),
    "read_file": ("/en/read/original", STRICT_POLICY),
    "gradio_ask": ("/en/gradio_api/queue/join", GRADIO_POLICY),
    "gradio_run": ("/en/gradio_api/run/predict", GRADIO_POLICY),
    "gradio": ("/en/gradio_api/queue/data", GRADIO_POLICY),
    "loader": ("/widget.js", STRICT_POLICY),
    "widget_asset": ("/widget/static/frame.js", FRAME),
    "widget_token": (f"/widget/{SITE}/token", FRAME),
    "widget_ask": (f"/widget/{SITE}/ask", FRAME),
    "widget_page": (f"/widget/{SITE}/", FRAME),
    "ask": ("/api/v1/ask", STRICT_POLICY),
    "search": ("/api/v1/search", STRICT_POLICY),
    "documents": ("/api/v1/documents", STRICT_POLICY),
    "feedback": ("/api/v1/feedback", STRICT_POLICY),
    "chat_completions": ("/v1/chat/completions", STRICT_POLICY),
    "models": ("/v1/models", STRICT_POLICY),
    "schema": ("/openapi.json", STRICT_POLICY),
}
API = ("ask", "search", "documents", "feedback", "chat_completions", "models", "schema")


class Application:
    """Stands for the application behind the guard: keeps what reached it, and sets headers
    a guard must not let through."""

    def __init__(self):
        self.scopes = []

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope)
        headers = [
            (b"content-type", b"text/plain"), (b"server", b"uvicorn"),
            (b"access-control-allow-origin", b"*"), (b"access-control-allow-credentials", b"true"),
            (b"Content-Security-Policy", FRAME.encode()), (b"x-kept", b"1"),
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})


class House:
    """A guarded application and somebody who calls it."""

    def __init__(self, tmp_path, **settings):
        self.app = Application()
        self.log = io.StringIO()
        built = standing(Settings(data_dir=tmp_path, **settings))
        self.standing = replace(built, journal=Journal(self.log))
        self.guard = Guard(self.app, self.standing)

    def call(self, method, path, client="203.0.113.9", host="answers.example.org", **options):
        async def once():
            transport = httpx.ASGITransport(self.guard, client=(client, 1234))
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as caller:
                return await caller.request(method, path, **options)

        return asyncio.run(once())

    def lines(self):
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def test_each_route_has_an_example_and_is_found_by_it():
    assert set(EXAMPLES) == {route.name for route in ROUTES}
    for name, (path, _) in EXAMPLES.items():
        assert route_of(path).name == name


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_route_carries_the_headers_of_its_class(house, name):
    path, policy = EXAMPLES[name]
    found = house.call("GET", path, client="127.0.0.1", host="localhost")
    assert found.status_code == 200
    headers = found.headers
    assert headers.get_list("content-security-policy") == [policy]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    elsewhere = route_of(path).of in ("widget", "script")
    wanted = "cross-origin" if elsewhere else "same-origin"
    assert headers["cross-origin-resource-policy"] == wanted
    assert "server" not in headers
    assert headers["x-kept"] == "1"
    assert "access-control-allow-credentials" not in headers
    assert headers.get("access-control-allow-origin") == ("*" if name == "loader" else None)
    if "unsafe" in policy:
        assert policy == GRADIO_POLICY


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/widget/", "/widget/../secret/", "/widget/short/", "/widget/abcd1234/x",
        "/api/v1/ask/x", "/api/v2/ask", "/api/v1", "/v1/completions", "/docs", "/redoc", "/eng/",
        "/en/gradio_api/upload", "/en/gradio_api/file=x", "/en//gradio_api/queue/join", "/en/login",
        "/en/gradio_api/call/ask", "/gradio_api/queue/join", "/sites.toml", "/secret", "/.env",
        "/en/gradio_api/api/predict", "/en/gradio_api/run/ask", "/en/monitoring/x", "/en/mcp",
    ],
)  # fmt: skip
def test_nothing_else_is_served_and_the_refusal_carries_the_headers(house, path):
    found = house.call("GET", path)
    assert found.status_code == 404
    assert found.headers["content-security-policy"] == STRICT_POLICY
    assert found.headers["x-content-type-options"] == "nosniff"
    assert house.app.scopes == []


def test_the_interactive_docs_are_for_this_machine(house):
    assert house.call("GET", "/docs", client="127.0.0.1", host="localhost:7860").status_code == 200
    assert house.call("GET", "/docs").status_code == 404


@pytest.mark.parametrize(
    "client, host, headers, status",
    [
        ("127.0.0.1", "127.0.0.1:7860", {}, 200),
        ("::1", "[::1]:7860", {}, 200),
        ("203.0.113.9", "localhost", {}, 404),
        # Past a proxy on this machine, or under a name that was made to mean 127.0.0.1.
        ("127.0.0.1", "localhost", {"X-Forwarded-For": "203.0.113.9"}, 404),
        ("127.0.0.1", "localhost", {"Forwarded": "for=203.0.113.9"}, 404),
        ("127.0.0.1", "evil.example", {}, 404),
        ("203.0.113.9", "answers.example.org", {"Authorization": f"Bearer {CANARY}"}, 200),
        ("203.0.113.9", "answers.example.org", {"Authorization": "Bearer x"}, 404),
    ],
)
def test_metrics_are_for_this_machine_or_the_token(tmp_path, client, host, headers, status):
    house = House(tmp_path, metrics_token=CANARY)
    found = house.call("GET", "/metrics", client, host, headers=headers)
    assert found.status_code == status


@pytest.mark.parametrize("name", API)
def test_the_api_is_read_by_exact_origins_without_credentials(tmp_path, name):
    sites = [
        Site(SITE, "x", ("https://x.org",)),
        Site("p" * 8, "y", ("https://y.org",), paused=True),
    ]
    write_sites(tmp_path / "sites.toml", sites)
    house = House(tmp_path, cors_origins="https://tool.example http://localhost:3000")
    path = EXAMPLES[name][0]
    for origin in ("https://x.org", "https://tool.example", "http://localhost:3000"):
        headers = house.call("GET", path, headers={"Origin": origin}).headers
        assert headers["access-control-allow-origin"] == origin
        assert "origin" in headers["vary"].lower()
        assert "access-control-allow-credentials" not in headers
        asking = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        allowed = house.call("OPTIONS", path, headers=asking)
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == origin
        assert "content-type" in allowed.headers["access-control-allow-headers"]
    for origin in (
        "https://y.org", "https://x.org.evil.test", "https://evil.test", "null", "http://x.org",
        "https://x.org:8443", "https://sub.x.org", "HTTPS://X.ORG", "https://tool.example,x", "",
    ):  # fmt: skip
        headers = house.call("GET", path, headers={"Origin": origin}).headers
        assert "access-control-allow-origin" not in headers, origin
        asking = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        refused = house.call("OPTIONS", path, headers=asking)
        assert refused.status_code == 403
        assert "access-control-allow-methods" not in refused.headers


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - set(API) - {"loader"}))
def test_everything_else_is_read_by_no_other_origin(tmp_path, name):
    house = House(tmp_path, cors_origins="https://tool.example")
    asking = {"Origin": "https://tool.example", "Access-Control-Request-Method": "POST"}
    for method in ("GET", "OPTIONS"):
        headers = house.call(method, EXAMPLES[name][0], headers=asking).headers
        assert not [each for each in headers if each.startswith("access-control-")]


@pytest.mark.parametrize(
    "path, size, status",
    [
        ("/api/v1/ask", 16 * 1024, 200),
        ("/api/v1/ask", 16 * 1024 + 1, 413),
        ("/v1/chat/completions", 16 * 1024 + 1, 413),
        (f"/widget/{SITE}/ask", 16 * 1024 + 1, 413),
        ("/en/gradio_api/queue/join", 16 * 1024 + 1, 200),
        ("/en/gradio_api/queue/join", 64 * 1024 + 1, 413),
    ],
)
def test_bodies_are_bounded_by_route(house, path, size, status):
    assert house.call("POST", path, content=b"x" * size).status_code == status


def test_a_body_of_unknown_length_is_not_read(house):
    def endless():
        yield b"x"

    async def parts():
        for part in endless():
            yield part

    assert house.call("POST", "/api/v1/ask", content=parts()).status_code == 411
    both = {"transfer-encoding": "chunked", "content-length": "5"}
    assert house.call("POST", "/api/v1/ask", headers=both, content=b"12345").status_code == 411
    assert house.app.scopes == []


def test_the_chat_is_counted_where_gradio_queues(tmp_path):
    house = House(tmp_path, limit_address_minute=2)
    path = "/ar/gradio_api/queue/join"
    assert [house.call("POST", path).status_code for _ in range(2)] == [200, 200]
    refused = house.call("POST", path)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert "أسئلة" in refused.json()["error"]
    assert refused.headers["content-security-policy"] == GRADIO_POLICY
    assert house.call("POST", path, client="203.0.113.10").status_code == 200
    assert house.call("GET", "/ar/").status_code == 200
    assert house.call("GET", "/ar/gradio_api/queue/data").status_code == 200


def test_opening_pages_is_counted_apart_from_asking(tmp_path):
    house = House(tmp_path, limit_address_minute=1, limit_light_minute=2)
    run, join = "/en/gradio_api/run/predict", "/en/gradio_api/queue/join"
    assert [house.call("POST", run).status_code for _ in range(3)] == [200, 200, 429]
    assert house.call("POST", join).status_code == 200


def test_what_comes_next_is_looked_for_no_more_often_than_questions_are_asked(tmp_path):
    house = House(tmp_path, limit_address_minute=2, limit_light_minute=9)
    onward, join = "/en/next", "/en/gradio_api/queue/join"
    assert [house.call("POST", onward).status_code for _ in range(3)] == [200, 200, 429]
    assert house.call("POST", join).status_code == 200


def test_visitors_behind_a_trusted_proxy_are_counted_apart(tmp_path):
    house = House(tmp_path, limit_address_minute=1, trusted_proxies="10.0.0.1")
    path = "/en/gradio_api/queue/join"

    def ask(client, forwarded):
        return house.call("POST", path, client, headers={"X-Forwarded-For": forwarded}).status_code

    assert ask("10.0.0.1", "203.0.113.1") == 200
    assert ask("10.0.0.1", "203.0.113.2") == 200
    assert ask("10.0.0.1", "203.0.113.99, 203.0.113.1") == 429
    assert ask("203.0.113.7", "198.51.100.1") == 200
    assert ask("203.0.113.7", "198.51.100.2") == 429


def test_what_an_untrusted_caller_says_of_its_connection_does_not_reach_the_application(tmp_path):
    house = House(tmp_path, trusted_proxies="10.0.0.1")
    told = {
        "X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.test",
        "X-Real-IP": "127.0.0.1", "X-Forwarded-For": "127.0.0.1",
    }  # fmt: skip
    found = house.call("GET", "/en/", headers=told)
    seen = house.app.scopes[-1]
    assert not [name for name, _ in seen["headers"] if b"forwarded" in name or b"real" in name]
    assert seen["scheme"] == "http"
    assert "strict-transport-security" not in found.headers
    found = house.call("GET", "/en/", client="10.0.0.1", headers=told)
    assert house.app.scopes[-1]["scheme"] == "https"
    assert found.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    "face, closed, opened",
    [
        ("chat", ["page", "gradio_ask", "gradio_run"], ["ask", "widget_ask", "gradio_asset"]),
        # These close themselves, in the visitor's language.
        ("widget", [], ["loader", "widget_asset", "widget_page", "widget_token", "widget_ask"]),
        ("api", ["ask", "search", "documents", "chat_completions"], ["feedback", "page"]),
    ],
)
def test_a_face_is_closed_and_opened_without_restart(tmp_path, face, closed, opened):
    house = House(tmp_path)

    def status(name):
        return house.call("POST", EXAMPLES[name][0]).status_code

    assert {status(name) for name in (*closed, *opened)} == {200}
    throw(tmp_path, face, on=False)
    assert {status(name) for name in closed} <= {503, 429}  # 429 to Gradio's client
    assert {status(name) for name in (*opened, "health", "asset")} == {200}
    throw(tmp_path, face, on=True)
    assert {status(name) for name in closed} <= {200}


def test_each_request_leaves_one_line_without_its_text(tmp_path):
    house = House(
        tmp_path, limit_address_minute=1, metrics_token=CANARY, trusted_proxies="10.0.0.1"
    )
    agent = {"User-Agent": CANARY, "Referer": f"https://x.org/{CANARY}", "Cookie": CANARY,
             "Authorization": f"Bearer {CANARY}", "Origin": f"https://{CANARY}.org",
             "X-Forwarded-For": "203.0.113.77"}  # fmt: skip
    body = json.dumps({"data": [CANARY]})
    for method, path in (
        ("POST", "/en/gradio_api/queue/join"), ("POST", "/en/gradio_api/queue/join"),
        ("GET", f"/{CANARY}"), ("GET", f"/api/v1/documents/{CANARY}?q={CANARY}"),
        ("GET", f"/widget/{CANARY}/"), ("GET", "/metrics"), (CANARY.upper(), "/"),
    ):  # fmt: skip
        house.call(method, path, "10.0.0.1", headers=agent, content=body)
    told = house.log.getvalue() + house.standing.metrics.text().decode()
    assert CANARY not in told
    assert CANARY.upper() not in told
    assert "203.0.113" not in told
    assert "10.0.0.1" not in told
    lines = house.lines()
    assert len(lines) == 7
    assert [line["route"] for line in lines] == [
        "gradio_ask", "gradio_ask", "none", "documents", "widget_page", "metrics", "start",
    ]  # fmt: skip
    assert [line["status"] for line in lines][:3] == ["2xx", "4xx", "4xx"]
    assert lines[1]["refused"] == "too_many"
    assert len({line["request"] for line in lines}) == 7


def test_a_request_that_breaks_the_application_is_counted_as_an_error(tmp_path):
    house = House(tmp_path)

    async def broken(scope, receive, send):
        raise ZeroDivisionError

    house.guard.app = broken
    with pytest.raises(ZeroDivisionError):
        house.call("GET", "/en/")
    assert house.lines()[0]["status"] == "5xx"


def test_secrets_are_in_no_view_of_the_standing(tmp_path):
    built = standing(Settings(data_dir=tmp_path, metrics_token=CANARY))
    assert CANARY not in repr(built)
    secret = (tmp_path / "secret").read_bytes()
    assert secret.hex() not in repr(built)


def test_websockets_are_closed(house):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(house.guard({"type": "websocket", "path": "/en/"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
