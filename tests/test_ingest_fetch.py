"""One request: where it may go, and what it may cost."""

import gzip
import time
import zlib

import pytest

from ingest.addresses import checked_addresses, is_public
from ingest.fetch import Reach, Unreachable, fetch
from ingest.inflate import Inflater, gunzipped
from rag.errors import ReadError
from tests.playing_site import (
    Answer,
    Site,
    compressed,
    dripping,
    endless,
    moved,
    playing,
    slow_headers,
)

PUBLIC = "93.184.216.34"


@pytest.fixture(scope="module")
def site():
    with playing(Site()) as played:
        played.answers |= {
            "/page": Answer(b"<p>hello</p>"),
            "/moved": moved("/page"),
            "/loop": moved("/loop"),
            "/long": [moved(f"/long?{n}") for n in range(9)],
            **{f"/long?{n}": moved(f"/long?{n + 1}") for n in range(9)},
            "/local": moved("http://localhost/"),
            "/metadata": moved("http://169.254.169.254/latest/"),
            "/mapped": moved("http://[::ffff:127.0.0.1]/"),
            "/decimal": moved("http://2130706433/"),
            "/file": moved("file:///etc/passwd"),
            "/user": moved("http://name:secret@example.org/"),
            "/gzip": compressed(b"<p>small</p>"),
            "/bomb": compressed(b"0" * (30 * 2**20)),
            "/brotli": Answer(b"x", headers=(("Content-Encoding", "br"),)),
            "/twice": Answer(b"x", headers=(("Content-Encoding", "gzip, gzip"),)),
            "/broken": Answer(b"no gzip", headers=(("Content-Encoding", "gzip"),)),
            "/endless": endless,
            "/drip": dripping,
            "/headers": slow_headers,
        }
        yield played


def get(site, path, **fields):
    return fetch(f"{site.base}{path}", Reach(allow=frozenset({site.place}), **fields))


def test_a_page_is_fetched_through_a_redirect(site):
    answer = get(site, "/moved")
    assert (answer.status, answer.body) == (200, b"<p>hello</p>")
    assert (answer.url, answer.hops) == (f"{site.base}/page", (f"{site.base}/moved",))


def test_a_compressed_body_is_inflated(site):
    assert get(site, "/gzip").body == b"<p>small</p>"


def test_any_status_is_an_answer(site):
    assert get(site, "/nowhere").status == 404


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/loop", "in a circle"),
        ("/long", "more than 5 times"),
        ("/bomb", "larger than 20 MB"),
        ("/endless", "larger than 20 MB"),
        ("/brotli", "not asked for"),
        ("/twice", "not asked for"),
        ("/broken", "damaged"),
        ("/local", "not a public address"),
        ("/metadata", "not a public address"),
        ("/mapped", "not a public address"),
        ("/decimal", "not a public address"),
        ("/file", "no http or https"),
        ("/user", "user name"),
    ],
)
def test_what_goes_wrong_has_a_reason(site, path, reason):
    with pytest.raises(ReadError, match=reason) as caught:
        get(site, path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("path", ["/drip", "/headers"])
def test_a_server_cannot_hold_a_request_open(site, path):
    began = time.monotonic()
    with pytest.raises(Unreachable):
        get(site, path, seconds=0.5)
    assert time.monotonic() - began < 10


def test_loopback_is_refused_by_default(site):
    before = len(site.asked)
    with pytest.raises(ReadError, match="not a web port"):
        fetch(f"{site.base}/page", Reach())
    assert len(site.asked) == before


def test_a_public_page_cannot_lead_to_an_allowed_local_server(site):
    """The operator allows a local server for the address that begins with it, for no other."""
    reach = Reach(allow=frozenset({site.place}), resolve=lambda host, port: ["127.0.0.1"])
    with pytest.raises(ReadError, match="not a web port"):
        fetch(f"http://public.example:{site.port}/moved", reach)
    with pytest.raises(ReadError, match="not a public address"):
        fetch("http://public.example/moved", reach)


def test_every_hop_asks_for_permission(site):
    asked = []
    fetch(f"{site.base}/moved", Reach(allow=frozenset({site.place})), {}, asked.append)
    assert asked == [f"{site.base}/moved", f"{site.base}/page"]


def test_validators_are_not_sent_to_another_address(site):
    site.asked.clear()
    fetch(f"{site.base}/moved", Reach(allow=frozenset({site.place})), {"If-None-Match": '"x"'})
    assert ["if-none-match" in headers for _, headers in site.asked] == [True, False]


class Rebinding:
    """A resolver that answers a public address first and a local one from then on."""

    def __init__(self, *later):
        self.answers = [[PUBLIC], *later]
        self.calls = 0

    def __call__(self, host, port):
        self.calls += 1
        return self.answers[min(self.calls, len(self.answers)) - 1]


def test_a_name_is_resolved_once_and_connected_to_as_checked(monkeypatch):
    import httpcore

    connected = []

    def connect(self, host, port, *args, **kwargs):
        connected.append((host, port))
        raise httpcore.ConnectError("not in a test")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    resolver = Rebinding(["127.0.0.1"])
    with pytest.raises(Unreachable):
        fetch("http://rebind.example/", Reach(resolve=resolver))
    assert (resolver.calls, connected) == (1, [(PUBLIC, 80)])
    with pytest.raises(ReadError, match=r"127\.0\.0\.1"):
        fetch("http://rebind.example/", Reach(resolve=resolver))
    assert connected == [(PUBLIC, 80)]


def test_the_host_header_keeps_the_name(site):
    port = site.port
    reach = Reach(
        allow=frozenset({f"intranet.example:{port}"}), resolve=lambda host, port: ["127.0.0.1"]
    )
    site.asked.clear()
    assert fetch(f"http://intranet.example:{port}/page", reach).status == 200
    assert site.asked[0][1]["host"] == f"intranet.example:{port}"


def test_proxies_of_the_environment_are_not_used(site, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert get(site, "/page").status == 200


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.100.100.200", "192.0.0.192", "168.63.129.16", "192.88.99.1", "198.18.0.1",
        "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "fe80::1", "fe80::1%eth0",
        "fc00::1", "fd00:ec2::254", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::ffff:0:7f00:1", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::",
        "2001:0:7f00:1::", "2001:db8::1", "3fff::1", "5f00::1", "ff02::1", "::",
    ],
)  # fmt: skip
def test_local_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_internet_addresses_are_public(address):
    assert is_public(address)


def test_one_private_answer_among_public_ones_refuses_the_name():
    with pytest.raises(ReadError, match=r"127\.0\.0\.1"):
        checked_addresses("x.example", 80, frozenset(), lambda *_: [PUBLIC, "127.0.0.1"])


@pytest.mark.parametrize("url", ["http://93.184.216.34:22/", "https://example.org:8443/"])
def test_odd_port_is_refused(url):
    with pytest.raises(ReadError, match="not a web port"):
        fetch(url, Reach(resolve=lambda *_: [PUBLIC]))


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "http://", "http://[bad/", "https://u@example.org/", "x", ""]
)
def test_what_is_no_address_of_the_web_is_refused(url):
    with pytest.raises(ReadError):
        fetch(url, Reach(resolve=lambda *_: [PUBLIC]))


# Decompression


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),  # without its header
        ("gzip", lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:])),
        ("", bytes),
    ],
)
def test_bodies_inflate_whatever_the_chunks(coding, pack, size):
    data, packed = b"prevention " * 500, pack(b"prevention " * 500)
    inflater = Inflater(coding, 10_000)
    for start in range(0, len(packed), size):
        inflater.feed(packed[start : start + size])
    assert inflater.finish() == data


def test_a_body_that_breaks_off_is_refused():
    inflater = Inflater("gzip", 10_000)
    inflater.feed(gzip.compress(b"prevention " * 50)[:-12])
    with pytest.raises(ReadError, match="breaks off"):
        inflater.finish()


def test_a_bomb_takes_no_more_memory_than_allowed():
    with pytest.raises(ReadError, match="larger"):
        gunzipped(gzip.compress(b"\0" * 2**24), 2**20)


# Encrypted


def certificate(folder, name):
    """A certificate of one's own for a host name, with its key, in one file."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(form)
    )
    return path


def test_a_certificate_is_checked_for_the_name_that_was_asked_for(tmp_path, monkeypatch):
    import ssl
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from ingest import fetch as module

    path = certificate(tmp_path, "host.example")
    names = []

    class Played(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<p>safe</p>")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Played)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.sni_callback = lambda sock, name, ctx: names.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    allow = frozenset({f"host.example:{port}", f"other.example:{port}"})
    reach = Reach(allow=allow, resolve=lambda host, port: ["127.0.0.1"])
    try:
        with pytest.raises(Unreachable, match=r"(?i)certificate"):
            fetch(f"https://host.example:{port}/", reach)
        trusting = ssl.create_default_context(cafile=path)
        monkeypatch.setattr(module, "_contexts", [trusting])
        assert fetch(f"https://host.example:{port}/", reach).body == b"<p>safe</p>"
        with pytest.raises(Unreachable, match=r"(?i)certificate"):
            fetch(f"https://other.example:{port}/", reach)
    finally:
        server.shutdown()
        server.server_close()
    assert names == ["host.example", "host.example", "other.example"]
