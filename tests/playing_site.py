"""A site on loopback that plays a real one, with its faults. Pages can be changed while it
runs, and it remembers what it was asked for."""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.pdf_maker import Print, make_pdf

HTML = "text/html; charset=utf-8"
Handler = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Answer:
    """What one address answers. With `tagged`, an unchanged body is answered with 304."""

    body: bytes = b""
    media: str = HTML
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    tagged: bool = True


@dataclass
class Site:
    """The site: `answers` by path with query; a list is used up, its last one stays."""

    answers: dict[str, Answer | Handler | list[Answer]] = field(default_factory=dict)
    default: Answer = Answer(b"<h1>Not here</h1><p>There is no such page.</p>", status=404)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def page(self, path: str, title: str, text: str, head: str = "", links: str = "") -> None:
        """An article with a menu, a text and links."""
        self.answers[path] = Answer(page(title, text, head, links))

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


def page(title: str, text: str, head: str = "", links: str = "") -> bytes:
    anchors = "".join(f'<p><a href="{link}">more on {link}</a></p>' for link in links.split())
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body>"
        f"<nav><a href='/'>Home</a></nav><main><h1>{title}</h1><p>{text}</p>{anchors}</main>"
        "<footer>Imprint of the site</footer></body></html>"
    ).encode()


def prose(name: str) -> str:
    """Three sentences of their own for each name."""
    words = hashlib.sha256(name.encode()).hexdigest()
    made = " ".join(f"{name}{words[i : i + 3]}" for i in range(0, 60, 3))
    return (
        f"{name} wrote a local prevention plan with schools, police and residents. "
        f"The council of {name} spoke of {made}. The plan of {name} is read again each spring."
    )


def document(name: str) -> bytes:
    """A PDF of one page."""
    lines = prose(name).split(". ")
    return make_pdf([[Print(f"{line[:90]}.", 700 - 20 * i) for i, line in enumerate(lines)]])


def moved(target: str, status: int = 302) -> Answer:
    return Answer(status=status, headers=(("Location", target),))


def compressed(body: bytes, media: str = HTML) -> Answer:
    return Answer(gzip.compress(body), media, headers=(("Content-Encoding", "gzip"),))


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """One byte at a time, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Type", HTML)
    handler.end_headers()
    with suppress(OSError):
        while True:
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.05)


def slow_headers(handler: BaseHTTPRequestHandler) -> None:
    """Headers without end, each in good time."""
    with suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"X-Slow: 1\r\n")
            handler.wfile.flush()
            time.sleep(0.05)


def endless(handler: BaseHTTPRequestHandler) -> None:
    """As many bytes as are taken."""
    handler.send_response(200)
    handler.send_header("Content-Type", HTML)
    handler.end_headers()
    with suppress(OSError):
        while True:
            handler.wfile.write(b"<p>and so on</p>" * 4096)


@contextmanager
def playing(site: Site) -> Iterator[Site]:
    """The site, served on a free port of loopback."""

    class Played(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            found = site.answers.get(self.path, site.default)
            if isinstance(found, list):
                found = found.pop(0) if len(found) > 1 else found[0]
            if not isinstance(found, Answer):
                found(self)
                return
            tag = f'"{hashlib.sha256(found.body).hexdigest()[:16]}"'
            tagged = found.tagged and found.status == 200
            if tagged and self.headers.get("If-None-Match") == tag:
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(found.status)
            if tagged:
                self.send_header("ETag", tag)
            for name, value in found.headers:
                self.send_header(name, value)
            self.send_header("Content-Type", found.media)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(found.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", site.port), Played)
    server.daemon_threads = True
    site.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def sitemap(site: Site, *paths: str) -> bytes:
    lines = "".join(f"<url><loc>{site.base}{path}</loc></url>" for path in paths)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{lines}</urlset>'.encode()


def sitemap_index(*addresses: str) -> bytes:
    lines = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)
    return (
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{lines}</sitemapindex>'
    ).encode()


LANGUAGES = {
    "en": "The summit of the cities was held in Oslo. Mayors spoke of prevention, of schools and "
    "of trust between neighbours, and they agreed on a plan for the coming years together.",
    "fr": "Le sommet des villes s'est tenu à Oslo. Les maires ont parlé de prévention, des écoles "
    "et de la confiance entre voisins, et ils ont adopté un plan pour les années à venir.",
    "ar": "عقدت قمة المدن في أوسلو وتحدث رؤساء البلديات عن الوقاية وعن المدارس وعن الثقة بين "
    "الجيران واتفقوا على خطة للسنوات القادمة مع المدارس والشرطة والسكان.",
}


def furnish(site: Site) -> None:
    """The pages of an ordinary site: index of sitemaps (one compressed), three languages of one
    page, a copy with a canonical link, a document, and five articles."""
    alternates = "".join(
        f'<link rel="alternate" hreflang="{code}" href="/{code}/{name}">'
        for code, name in (("en", "summit"), ("fr", "sommet"), ("ar", "qimma"))
    )
    for code, name in (("en", "summit"), ("fr", "sommet"), ("ar", "qimma")):
        site.page(f"/{code}/{name}", f"{name} {code}", LANGUAGES[code], alternates)
    for name in ("Aarhus", "Bern", "Cali", "Dakar", "Essen"):
        site.page(f"/news/{name.lower()}", f"{name} plan", prose(name))
    copy = '<link rel="canonical" href="/news/aarhus">'
    site.page("/print/aarhus", "Aarhus plan", prose("Aarhus"), copy)
    site.page(
        "/", "The cities", prose("Cities"), links="/files/brief.pdf /news/aarhus?utm_source=x"
    )
    site.answers["/files/brief.pdf"] = Answer(document("Brief"), "application/pdf")
    site.answers["/robots.txt"] = Answer(
        f"User-agent: *\nDisallow: /private/\nSitemap: {site.base}/sitemap_index.xml\n".encode(),
        "text/plain",
    )
    site.answers["/sitemap_index.xml"] = Answer(
        sitemap_index(f"{site.base}/news.xml.gz", f"{site.base}/pages.xml"), "application/xml"
    )
    news = [f"/news/{name}" for name in ("aarhus", "bern", "cali", "dakar", "essen")]
    site.answers["/news.xml.gz"] = Answer(gzip.compress(sitemap(site, *news)), "application/gzip")
    site.answers["/pages.xml"] = Answer(
        sitemap(site, "/", "/en/summit", "/print/aarhus", "/private/plan"), "application/xml"
    )
