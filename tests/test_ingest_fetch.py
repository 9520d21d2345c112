import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ingest import fetch
from ingest.fetch import checked_address, fetch_url, is_public
from rag.errors import ReadError


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/page":
            self.answer(b"<p>hello</p>")
        elif self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/page")
            self.end_headers()
        elif self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
        elif self.path == "/bomb":
            self.answer(gzip.compress(b"0" * (30 * 2**20)), ("Content-Encoding", "gzip"))
        else:
            self.send_error(404)

    def answer(self, body, *headers):
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_page_is_fetched_through_a_redirect(site):
    assert fetch_url(f"{site}/moved", allow_private=True) == b"<p>hello</p>"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/gone", "404"), ("/loop", "redirect"), ("/bomb", "larger than 20 MB")],
)
def test_what_goes_wrong_has_a_reason(site, path, reason):
    with pytest.raises(ReadError, match=reason):
        fetch_url(f"{site}{path}", allow_private=True)


def test_loopback_is_refused_by_default(site):
    with pytest.raises(ReadError, match="not a"):
        fetch_url(f"{site}/page")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fe80::1%eth0", "fc00::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "::",
    ],
)  # fmt: skip
def test_local_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_internet_addresses_are_public(address):
    assert is_public(address)


def test_one_private_answer_among_public_ones_refuses_the_name(monkeypatch):
    answers = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("127.0.0.1", 80))]
    monkeypatch.setattr(fetch.socket, "getaddrinfo", lambda *a, **k: answers)
    with pytest.raises(ReadError, match=r"127\.0\.0\.1"):
        checked_address("rebind.example", 80, allow_private=False)


def test_odd_port_is_refused():
    with pytest.raises(ReadError, match="not a web port"):
        fetch_url("http://93.184.216.34:22/")
