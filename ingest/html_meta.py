"""What a web page says about itself: title, dates, language, address, translations.

Knows nothing of which statement to believe; that is for whoever describes the document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Element = Any  # lxml ships no types

_META = {
    "og:title": "og_title",
    "og:locale": "og_locale",
    "og:site_name": "site_name",
    "og:url": "og_url",
    "article:published_time": "published",
    "article:modified_time": "modified",
    "date": "date",
    "dc.date": "date",
    "dcterms.date": "date",
    "dcterms.issued": "published",
    "dcterms.modified": "modified",
    "author": "author",
    "description": "description",
    "generator": "generator",
    "keywords": "keywords",
}
_LD = {
    "datePublished": "published",
    "dateModified": "modified",
    "headline": "headline",
    "inLanguage": "ld_language",
}
_MAX_VALUE = 1_000  # characters
_MAX_LD = 500_000


def page_metadata(tree: Element) -> dict[str, object]:
    """The page's statements by our own keys; `alternates` maps language to address."""
    found: dict[str, object] = {}
    _put(found, "title", " ".join((tree.findtext(".//head/title") or "").split()))
    _put(found, "language", tree.get("lang") or tree.get("xml:lang") or "")
    for meta in tree.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if name in _META:
            _put(found, _META[name], meta.get("content", ""))
        if meta.get("http-equiv", "").lower() == "content-language":
            _put(found, "language", meta.get("content", ""))
    alternates: dict[str, str] = {}
    for link in tree.iter("link"):
        relations = link.get("rel", "").lower().split()
        if "canonical" in relations:
            _put(found, "canonical", link.get("href", ""))
        if "alternate" in relations and link.get("hreflang"):
            alternates.setdefault(link.get("hreflang").lower(), link.get("href", "")[:_MAX_VALUE])
    if alternates:
        found["alternates"] = dict(list(alternates.items())[:100])
    for statement in _linked_data(tree):
        for key, name in _LD.items():
            _put(found, name, statement.get(key))
        _put(found, "author", _name_of(statement.get("author")))
    return found


def _put(found: dict[str, object], key: str, value: object) -> None:
    """The first statement wins."""
    if isinstance(value, str) and value.strip() and key not in found:
        found[key] = value.strip()[:_MAX_VALUE]


def _linked_data(tree: Element) -> Iterator[dict[str, Any]]:
    """Every JSON-LD object of the page that is about the page."""
    for script in tree.iter("script"):
        text = script.text or ""
        if script.get("type", "").lower() != "application/ld+json" or len(text) > _MAX_LD:
            continue
        try:
            loaded = json.loads(text)
        except (ValueError, RecursionError):
            continue
        items = loaded if isinstance(loaded, list) else [loaded]
        for item in items:
            if isinstance(item, dict):
                graph = item.get("@graph")
                yield from (
                    node
                    for node in (graph if isinstance(graph, list) else [item])
                    if isinstance(node, dict)
                )


def _name_of(author: object) -> object:
    if isinstance(author, list):
        author = author[0] if author else None
    return author.get("name") if isinstance(author, dict) else author
