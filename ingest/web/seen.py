"""What one run saw at one address."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ingest.fetch import Fetched
from ingest.web.urls import normal_or_empty, site
from ingest.web.visits import Visit

State = Literal["new", "same", "missing", "failed", "ignored"]
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.I)
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Seen:
    """An address and what it answered.

    new      content, in `path`
    same     304: the content that is remembered
    missing  404, 410, or what amounts to it
    failed   something that another day may be over
    ignored  what is not for us: another site, a kind that is not read, not allowed
    """

    asked: str
    state: State
    reason: str = ""
    visit: Visit | None = None  # of content that is there
    path: Path | None = None
    links: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    refresh: str = ""

    @property
    def there(self) -> bool:
        """Whether it answered with content."""
        return self.visit is not None and self.state in ("new", "same")


def content_of(answer: Fetched) -> bytes:
    """The body, a page's or text's in UTF-8 where its encoding can be told for sure.

    What decodes as UTF-8 is UTF-8, whatever header and page claim; else the page's own
    word is left to its reader, and without one the header's is taken where the body fits it.
    """
    body, media = answer.body, answer.headers.get("content-type", "")
    if not re.match(r"\s*(?:text/|application/xhtml)", media, re.I) or body.startswith(_BOM):
        return body
    claimed = _CHARSET.search(media)
    own = b"charset" in body[:2048].lower()
    for name in ("utf-8", claimed[1] if claimed and not own else ""):
        try:
            text = body.decode(name) if name else ""
        except (UnicodeError, LookupError):
            continue
        if text and not text.isascii() and "\0" not in text:
            return _BOM + text.encode()
    return body


def remembered(
    answer: Fetched, content: bytes, found: Mapping[str, Any], source: str, now: float
) -> Visit:
    """The visit to keep of an answer with its outline."""
    url = normal_or_empty(answer.url)
    base = normal_or_empty(found.get("base"), url) or url
    alternates = found.get("alternates")
    pairs = alternates.items() if isinstance(alternates, dict) else ()
    near = {str(k)[:20]: _near(v, base) for k, v in pairs}
    asked_out = "noindex" in answer.headers.get("x-robots-tag", "").lower()
    return Visit(
        source=source,
        etag=answer.headers.get("etag", ""),
        modified=answer.headers.get("last-modified", ""),
        sha256=hashlib.sha256(content).hexdigest(),
        read=now,
        url=url,
        media_type=answer.headers.get("content-type", "").split(";")[0].strip().lower()[:100],
        kind=str(found.get("kind", "file")),
        text=str(found.get("text", "")),
        loose=str(found.get("loose", "")),
        sketch=tuple(n for n in found.get("sketch", ()) if isinstance(n, int)),
        canonical=_near(found.get("canonical"), base),
        alternates={k: v for k, v in near.items() if v},
        noindex=bool(found.get("noindex")) or asked_out,
    )


def _near(value: object, base: str) -> str:
    """An address of the same site; empty for any other."""
    url = normal_or_empty(value, base)
    return url if url and site(url) == site(base) else ""


def addresses(values: object, base: str, wanted: Callable[[str], bool]) -> tuple[str, ...]:
    """Normal addresses of what a page names, each once, in its order."""
    listed = values if isinstance(values, list) else []
    normals = (normal_or_empty(value, base) for value in listed)
    return tuple(dict.fromkeys(url for url in normals if url and wanted(url)))
