"""Reads Markdown: markdown-it and the HTML walk make blocks, YAML front matter makes metadata.

Knows nothing of the meaning of a front-matter key; a front matter that does not
parse becomes a note, and its lines stay in the text.
"""

from __future__ import annotations

import datetime
import re

from ingest.html import read_blocks
from ingest.plain import decode
from ingest.types import RawDocument, RawPage
from rag.errors import NOT_READ

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)
_MAX_FRONT_MATTER = 50_000  # characters
_ANCHOR = re.compile(r"[:\-,\[{]\s*[&*]\w")
_MAX_DEPTH = 8


def read_markdown(data: bytes, name: str) -> RawDocument:
    """Headings, paragraphs, list items and table rows, as one page."""
    from markdown_it import MarkdownIt

    text, encoding = decode(data)
    metadata, body, notes = split_front_matter(text)
    html = MarkdownIt("commonmark").enable("table").render(body)
    if encoding != "utf-8":
        notes = (*notes, f"decoded as {encoding}")
    return RawDocument((RawPage(1, read_blocks(html)),), metadata, "markdown-it", notes)


def split_front_matter(text: str) -> tuple[dict[str, object], str, tuple[str, ...]]:
    """(metadata, body, notes). The body is the whole text where there is no front matter."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text, ()
    if len(match[1]) > _MAX_FRONT_MATTER:
        return {}, text, ("front matter of more than 50,000 characters, kept as text",)
    import yaml

    if _ANCHOR.search(match[1]):  # anchors let a few lines expand to gigabytes
        return {}, text, ("front matter with YAML anchors, kept as text",)
    try:
        loaded = yaml.safe_load(match[1])
    except (yaml.YAMLError, *NOT_READ) as exc:
        reason = " ".join(str(exc).split())[:200]
        return {}, text, (f"front matter not understood, kept as text: {reason}",)
    if loaded is None:
        return {}, text[match.end() :], ()
    if not isinstance(loaded, dict):
        return {}, text, ("front matter is not a list of keys, kept as text",)
    return {str(key): _plain(value) for key, value in loaded.items()}, text[match.end() :], ()


def _plain(value: object, depth: int = 0) -> object:
    """YAML values as JSON has them: dates become ISO strings."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth >= _MAX_DEPTH:
        return str(value)[:200]
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item, depth + 1) for item in value]
    return str(value)
