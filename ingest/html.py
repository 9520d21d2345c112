"""Reads web pages: main content by trafilatura, or by a walk of our own where that is too little.

The only door to trafilatura and lxml. Knows nothing of any one site's chrome
(see `ingest.clean`) and never fetches anything. Text that a reader of the page
could not see is dropped and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ingest.html_meta import page_metadata
from ingest.html_visible import drop_hidden
from ingest.types import Block, BlockKind, RawDocument, RawPage
from rag.errors import ReadError

Element = Any  # lxml ships no types

KEEP_SHARE = 0.25  # of the visible text; below that the main content was missed (research notes)
MAX_DEPTH = 200  # nesting; libxml2 itself stops at 256

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BLANKED = bytes(32 if n < 32 and n not in (9, 10, 13) else n for n in range(256))
_CHROME = (
    "script",
    "style",
    "template",
    "noscript",
    "nav",
    "footer",
    "aside",
    "button",
    "select",
    "textarea",
    "label",
    "iframe",
    "svg",
    "dialog",
    "object",
    "canvas",
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ITEMS = {"li", "item", "dt", "dd"}
_ROWS = {"tr", "row"}
_CELLS = {"td", "th", "cell"}
_INLINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "cite",
    "code",
    "del",
    "dfn",
    "em",
    "font",
    "hi",
    "i",
    "ins",
    "kbd",
    "label",
    "mark",
    "q",
    "ref",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "time",
    "tt",
    "u",
    "var",
    "wbr",
}
_BREAKS = ("br", "lb")
_SPACE = re.compile(r"[ \t\r\n\f]+")


def read_html(data: bytes, name: str) -> RawDocument:
    """Headings, paragraphs, list items and table rows of the main content, as one page."""
    tree = parse_html(data)
    metadata = page_metadata(tree)
    hidden = drop_hidden(tree)
    notes = [f"hidden text dropped: {count} x {reason}" for reason, count in sorted(hidden.items())]
    own = main_blocks(tree)
    found = _trafilatura(tree)
    reader, blocks = "trafilatura", found
    share = _length(found) / max(1, _length(own))
    flattened = len(found) <= 2 and sum(block.kind != "paragraph" for block in own) >= 5
    if share < KEEP_SHARE or flattened:
        reader, blocks = "lxml", own
        notes.append(f"trafilatura kept {share:.0%} of the visible text; own walk used")
    return RawDocument((RawPage(1, tuple(blocks)),), metadata, reader, tuple(notes))


def parse_html(data: bytes) -> Element:
    """An lxml tree; `ReadError` where nothing can be made of the bytes."""
    from lxml import etree, html

    encoding = None
    if not _declares_encoding(data):  # Python knows more encodings than libxml2
        text = _CONTROL.sub(" ", _decoded(data))
        data, encoding = text.encode("utf-8", "replace"), "utf-8"
    elif not _is_wide(data):
        data = data.translate(_BLANKED)
    parser = html.HTMLParser(no_network=True, huge_tree=False, encoding=encoding)
    try:
        tree = html.document_fromstring(data, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as exc:
        raise ReadError(f"is damaged: {str(exc)[:200]}") from exc
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        raise ReadError("is damaged: its elements are nested too deeply")  # the rest would be lost
    _without_controls(tree)
    return tree


def _without_controls(tree: Element) -> None:
    """libxml2 lets control characters of HTML in (as `&#1;`), and refuses them when text is
    moved."""
    for element in tree.iter():
        for part in ("text", "tail"):
            if (text := getattr(element, part)) and _CONTROL.search(text):
                with suppress(ValueError):  # an entity that stayed has a text of its own
                    setattr(element, part, _CONTROL.sub(" ", text))
        for name, value in element.items() if isinstance(element.tag, str) else ():
            if _CONTROL.search(value):
                with suppress(ValueError):  # a name of such characters
                    element.set(name, _CONTROL.sub(" ", value))


def parse_xml(data: bytes) -> Element:
    """The root of a small XML part; entities and the network stay closed."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as exc:
        raise ReadError(f"is damaged: {str(exc)[:200]}") from exc


def read_blocks(fragment: str) -> tuple[Block, ...]:
    """The blocks of an HTML fragment that is all content (from Word, from Markdown)."""
    if not fragment.strip():
        return ()
    tree = parse_html(f'<html><meta charset="utf-8"><body>{fragment}</body></html>'.encode())
    drop_hidden(tree)
    _drop(tree, ("script", "style", "template"))
    return tuple(walk(tree))


def walk(root: Element) -> list[Block]:
    """Blocks of a tree of HTML, or of trafilatura's XML, in document order."""
    return [block for block in _blocks(root, "paragraph", 0, 0) if block.text]


def _blocks(element: Element, kind: BlockKind, level: int, depth: int) -> Iterator[Block]:
    """Depth-first: inline text gathers until the next block boundary."""
    gathered = [element.text or ""]

    def flush() -> Iterator[Block]:
        for part in re.split(r"\n\s*\n", "".join(gathered)):
            yield Block(kind, _SPACE.sub(" ", part).strip(), level)
        gathered.clear()

    for child in element:
        tag = child.tag if isinstance(child.tag, str) else ""
        if not tag:
            pass  # comments and processing instructions: only their tail is text
        elif tag in _BREAKS:
            gathered.append("\n")
        elif depth > MAX_DEPTH or (tag in _INLINE and not _holds_blocks(child)):
            gathered.append(_SPACE.sub(" ", _flat(child)))
        else:
            yield from flush()
            yield from _block(child, tag, kind, level, depth)
        gathered.append(_SPACE.sub(" ", child.tail or ""))
    yield from flush()


def _block(child: Element, tag: str, kind: BlockKind, level: int, depth: int) -> Iterator[Block]:
    if tag in _HEADINGS or (tag == "head" and child.get("rend")):
        own = _HEADINGS.get(tag) or _HEADINGS.get(child.get("rend", ""), 2)
        yield Block("heading", _SPACE.sub(" ", _flat(child)).strip(), own)
    elif tag in _ROWS and any(cell.tag in _CELLS for cell in child):
        yield _row(child)
    elif tag in _ITEMS:
        yield from _blocks(child, "list_item", 0, depth + 1)
    else:
        yield from _blocks(child, kind, level, depth + 1)


def _row(row: Element) -> Block:
    cells = [cell for cell in row if cell.tag in _CELLS]
    heads = [cell.tag == "th" or cell.get("role") == "head" for cell in cells]
    in_head = row.getparent() is not None and row.getparent().tag == "thead"
    texts = (_SPACE.sub(" ", _flat(cell)).strip() for cell in cells)
    text = " | ".join(texts)
    return Block("table_header" if all(heads) or in_head else "table_row", text.strip(" |"))


def _flat(element: Element) -> str:
    """All text below an element, with a space wherever a block or a line break stood between."""
    from lxml import etree

    parts: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        space = "" if node.tag in _INLINE or node is element else " "
        if event == "start":
            parts.append(space + (node.text or ""))
        else:
            parts.append(space + ("" if node is element else node.tail or ""))
    return "".join(parts)


def _holds_blocks(element: Element) -> bool:
    return any(
        isinstance(node.tag, str) and node.tag not in _INLINE and node.tag not in _BREAKS
        for node in element.iterdescendants()
    )


def main_blocks(tree: Element) -> list[Block]:
    """Blocks of <main>, <article> or <body>, without navigation and forms."""
    from copy import deepcopy

    root = tree.find(".//main")
    if root is None:
        articles = tree.findall(".//article")
        root = articles[0] if len(articles) == 1 else tree.find("body")
    if root is None:
        return []
    root = deepcopy(root)
    root.tail = None
    _drop(root, _CHROME)
    for header in root.findall(".//header"):
        if header.find(".//h1") is None:  # an article's own header holds its title
            _remove(header)
    return walk(root)


def _trafilatura(tree: Element) -> list[Block]:
    from copy import deepcopy

    import trafilatura

    found = trafilatura.bare_extraction(
        deepcopy(tree),
        include_tables=True,
        include_comments=False,
        favor_recall=True,
        with_metadata=False,
    )
    body = getattr(found, "body", None)
    return [] if body is None else walk(body)


def _drop(tree: Element, tags: tuple[str, ...]) -> None:
    for tag in tags:
        for element in tree.findall(f".//{tag}"):
            _remove(element)


def _remove(element: Element) -> None:
    """Remove an element and keep the text after it."""
    if element.getparent() is not None:
        element.drop_tree()


def _length(blocks: list[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _is_wide(data: bytes) -> bool:
    """Whether bytes below 32 may be parts of letters."""
    return data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"iso-2022" in data[:2048].lower()


def _declares_encoding(data: bytes) -> bool:
    head = data[:2048].lower()
    return (
        head.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))
        or b"charset" in head
        or b"encoding=" in head
    )


def _decoded(data: bytes) -> str:
    from ingest.plain import decode

    return decode(data)[0]
