"""The address of a source at the place of a quote, for the reader's browser.

A PDF takes `#page=N` (RFC 8118), a web page a text fragment (WICG, URL Fragment Text
Directives). Other files have no such thing.
"""

from __future__ import annotations

import re
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from rag.types import SourceDocument

WHOLE = 90  # characters of a quote that is named whole; a longer one by its ends
ENDS = 5  # words at either end
HTML = ("text/html", "application/xhtml+xml")


def deep_link(document: SourceDocument, page: int, quote: str = "") -> str:
    """The document's address at a page or quote; empty where it has none on the web."""
    url = document.url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return ""
    if document.media_type == "application/pdf":
        return f"{url.partition('#')[0]}#page={page}"
    if document.media_type in HTML and quote:
        return f"{url.partition(':~:')[0]}{'' if parts.fragment else '#'}:~:{directive(quote)}"
    return url


def directive(quote: str) -> str:
    """The text directive of a quote; a quote of several lines by its first alone, because a
    fragment that names whole text matches inside one block only."""
    lines = [" ".join(line.split()) for line in quote.splitlines()]
    words = next((line for line in lines if line), "")
    if len(words) <= WHOLE:
        return f"text={_encoded(words)}"
    listed = re.split(" ", words)
    if len(listed) < 2 * ENDS:
        return f"text={_encoded(words)}"
    return f"text={_encoded(' '.join(listed[:ENDS]))},{_encoded(' '.join(listed[-ENDS:]))}"


def _encoded(words: str) -> str:
    """Percent-encoded, and so are the hyphen, the comma and the ampersand of the syntax."""
    return percent_encoded(words, safe="").replace("-", "%2D")
