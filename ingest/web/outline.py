"""What an answer of a site leads to: links, sitemap lines, feed entries, and its sketch.

Runs inside the sandbox's child process, since it parses what strangers wrote. It
gives plain values in the `metadata` of a `RawDocument` without pages.

    kind        "page", "sitemap", "sitemapindex", "feed" or "file"
    links       addresses as written, `<a href>`, <loc>, or entries' links
    base, canonical, refresh, feeds, sitemap  as written; refresh with its seconds
    alternates  language -> address, of hreflang
    noindex, nofollow  whether the page asks for it
    text, loose hash of the words of the main text, and of those that are not in the page's own
                address and hold no digit; "" where there are no words
    sketch      the smallest hashes of its word sequences, to tell likeness (Broder 1997)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from ingest.inflate import gunzipped
from ingest.types import RawDocument
from rag.errors import ReadError

MAX_LINKS = 5_000
MAX_LINES = 50_000  # of a sitemap, by its protocol
MAX_SITEMAP = 50 * 2**20
SKETCH = 64
_RUN = 4  # words in a sequence
_REFRESH = re.compile(r"\s*(\d{1,6})(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"]+)", re.I)
_WORD = re.compile(r"[^\W_]+")
_XML_ROOT = re.compile(rb"<(?:[\w.-]+:)?(urlset|sitemapindex|rss|feed|RDF)[\s>]")


def outline(data: bytes, name: str) -> RawDocument:
    """The outline of one answer. Raises ReadError for XML that does not parse."""
    data = gunzipped(data, MAX_SITEMAP)
    found = _XML_ROOT.search(data[:4096])
    if found and b"<html" not in data[:4096].lower():
        return RawDocument((), _xml(data, found[1].decode()))
    if data[:5] == b"%PDF-" or data[:2] == b"PK":
        return RawDocument((), _file(data))
    lines = data[: MAX_LINKS * 200].split()
    if lines and all(line.startswith((b"http://", b"https://")) for line in lines):
        urls = [line.decode("utf-8", "replace") for line in lines[:MAX_LINES]]
        return RawDocument((), {"kind": "sitemap", "links": urls})
    return RawDocument((), _page(data, name))


def _file(data: bytes) -> dict[str, object]:
    same = hashlib.blake2b(data, digest_size=16).hexdigest()
    return {"kind": "file", "text": same, "loose": same}


def _xml(data: bytes, root: str) -> dict[str, object]:
    from ingest.html import parse_xml

    try:
        tree = parse_xml(data)
    except ReadError as error:
        raise ReadError(f"is no valid {root}: {error}") from error
    if root in ("urlset", "sitemapindex"):
        kind = "sitemap" if root == "urlset" else root
        return {"kind": kind, "links": list(_texts(tree, "loc"))[:MAX_LINES]}
    return {"kind": "feed", "links": list(_entries(tree))[:MAX_LINKS]}


def _local(element: Any) -> str:
    tag = element.tag if isinstance(element.tag, str) else ""
    return str(tag.rpartition("}")[2])


def _texts(tree: Any, name: str) -> Iterator[str]:
    """The addresses of a sitemap: <loc> of its entries, not of pictures in them."""
    for entry in tree:
        for child in entry:
            if _local(child) == name and child.text and child.text.strip():
                yield child.text.strip()


def _entries(tree: Any) -> Iterator[str]:
    """Links of the entries of RSS (text) and Atom (href)."""
    for entry in tree.iter():
        if _local(entry) not in ("item", "entry"):
            continue
        for child in entry:
            if _local(child) != "link" or child.get("rel", "alternate") != "alternate":
                continue
            target = (child.get("href") or child.text or "").strip()
            if target:
                yield target


def _page(data: bytes, url: str) -> dict[str, object]:
    from ingest.html import parse_html

    tree = parse_html(data)
    found: dict[str, object] = {"kind": "page"}
    links = (element.get("href") or "" for element in tree.iter("a", "area"))
    frames = (element.get("src") or "" for element in tree.iter("iframe", "frame", "embed"))
    found["links"] = [link for link in (*links, *frames) if link][:MAX_LINKS]
    base = next((element.get("href") for element in tree.iter("base") if element.get("href")), "")
    found["base"] = base
    found |= _head(tree)
    words = _words(tree)
    loose = _without_address(words, url)
    found["text"] = _digest(" ".join(words)) if words else ""
    found["loose"] = _digest(" ".join(loose)) if loose else ""
    found["sketch"] = _sketch(loose)
    return found


def _head(tree: Any) -> dict[str, object]:
    """What <link> and <meta> say."""
    found: dict[str, object] = {"noindex": False, "nofollow": False}
    feeds: list[str] = []
    alternates: dict[str, str] = {}
    for link in tree.iter("link"):
        relations = (link.get("rel") or "").lower().split()
        target = link.get("href") or ""
        if not target:
            continue
        if "canonical" in relations:
            found.setdefault("canonical", target)
        if "sitemap" in relations:
            found.setdefault("sitemap", target)
        if "alternate" in relations and link.get("hreflang"):
            alternates.setdefault(link.get("hreflang").lower(), target)
        elif "alternate" in relations and "xml" in (link.get("type") or ""):
            feeds.append(target)
    for meta in tree.iter("meta"):
        content = meta.get("content") or ""
        if (meta.get("http-equiv") or "").lower() == "refresh":
            match = _REFRESH.match(content)
            if match:
                found.setdefault("refresh", [int(match[1]), match[2].strip()])
        if (meta.get("name") or "").lower() == "robots":
            asked = re.split(r"[\s,]+", content.lower())
            found["noindex"] |= bool({"noindex", "none"} & set(asked))  # type: ignore[operator]
            found["nofollow"] |= bool({"nofollow", "none"} & set(asked))  # type: ignore[operator]
    found["feeds"] = feeds[:20]
    found["alternates"] = dict(list(alternates.items())[:100])
    return found


def _words(tree: Any) -> list[str]:
    """Words and numbers of the main text."""
    from ingest.html import main_blocks

    return [word for block in main_blocks(tree) for word in _WORD.findall(block.text.casefold())]


def _without_address(words: list[str], url: str) -> list[str]:
    """Words that neither come in the page's own address nor hold a digit: what is left of a
    page that says "/reports/2024 was not found" is the same for every address."""
    own = set(_WORD.findall(unquote(url).casefold()))
    return [word for word in words if word not in own and not any(map(str.isdigit, word))]


def _sketch(words: list[str]) -> list[int]:
    runs = {" ".join(words[i : i + _RUN]) for i in range(max(1, len(words) - _RUN + 1))}
    return sorted(int(_digest(run)[:12], 16) for run in runs if run)[:SKETCH]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimated share of word sequences that two sketches have in common, 0 to 1."""
    if not one or not other:
        return 0.0
    smallest = sorted(set(one) | set(other))[:SKETCH]
    both = set(one) & set(other)
    return sum(value in both for value in smallest) / len(smallest)
