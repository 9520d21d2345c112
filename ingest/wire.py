"""A `RawDocument` as JSON, for the pipe between the sandbox's child and its parent.

The child has handled hostile bytes and is not trusted: the parent accepts plain
values of the expected shape and nothing that could run.
"""

from __future__ import annotations

import json
from typing import cast, get_args

from ingest.types import Block, BlockKind, RawDocument, RawPage
from rag.errors import ReadError

_KINDS = frozenset(get_args(BlockKind))


def document_to_json(raw: RawDocument) -> bytes:
    """ASCII JSON. Metadata values that JSON does not have become strings."""
    pages = [
        [page.number, page.label, [[b.kind, b.text, b.level] for b in page.blocks]]
        for page in raw.pages
    ]
    value = {
        "pages": pages,
        "metadata": raw.metadata,
        "reader": raw.reader,
        "notes": list(raw.notes),
    }
    return json.dumps(value, default=str).encode("ascii")


def document_from_json(data: bytes) -> RawDocument:
    """The document in a child's reply; `ReadError` for its reason, or for any other shape."""
    try:
        value = json.loads(data)
        if "error" in value:
            raise ReadError(str(value["error"])[:500])
        return RawDocument(
            pages=tuple(_page(page) for page in value["pages"]),
            metadata={str(key): item for key, item in dict(value["metadata"]).items()},
            reader=_text(value["reader"]),
            notes=tuple(_text(note) for note in value["notes"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise ReadError(f"could not be read: its reader replied with nonsense ({exc})") from exc


def _page(value: object) -> RawPage:
    number, label, blocks = _list(value, 3)
    return RawPage(_number(number), tuple(_block(block) for block in _list(blocks)), _text(label))


def _block(value: object) -> Block:
    kind, text, level = _list(value, 3)
    if kind not in _KINDS:
        raise ValueError(f"no kind of block: {kind!r}")
    return Block(cast(BlockKind, kind), _text(text), _number(level))


def _list(value: object, length: int | None = None) -> list[object]:
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise TypeError(f"not a list of {length}: {str(value)[:40]!r}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {str(value)[:40]!r}")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"not a number: {str(value)[:40]!r}")
    return value
