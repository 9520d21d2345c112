"""Reads plain text: encoding, paragraphs, list items and what looks like a heading.

Knows nothing of site chrome (see `ingest.clean`). Text copied from a page often
begins with the page's address: that line becomes `metadata["url"]`. Every heading
has level 2, since nothing says which is the title; the first that survives
cleaning usually is.
"""

from __future__ import annotations

import codecs
import re
from itertools import islice, pairwise

from ingest.types import Block, RawDocument, RawPage
from rag.errors import ReadError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_URL = re.compile(r"https?://\S+")
_LIST_MARK = re.compile(r"\s*(?:[•●▪◦‣*·]\s+|[-–]\s+(?=\S)|\(?[0-9٠-٩]{1,3}[.)]\s+)")
_BULLET = re.compile(r"\s*[•●▪◦‣*·–-]\s+")
_OPEN_END = re.compile(r"[.!;,،؛:…\"”»]\s*$")
_WRITING = re.compile(r"[^\W\d_]{2}")
MAX_HEADING = 170  # characters: titles of translated pages run to 160


def read_plain(data: bytes, name: str) -> RawDocument:
    """Paragraphs, list items and probable headings, as one page."""
    text, encoding = decode(data)
    lines = text.splitlines()
    metadata: dict[str, object] = {}
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    if lines and _URL.fullmatch(lines[first].strip()):
        metadata["url"] = lines[first].strip()
        lines[first] = ""
    blocks = _blocks(_unwrap(lines))
    notes = () if encoding.startswith("utf-8") else (f"decoded as {encoding}",)
    return RawDocument((RawPage(1, tuple(blocks)),), metadata, "plain", notes)


def decode(data: bytes) -> tuple[str, str]:
    """(text, encoding name). `ReadError` where the bytes are not text."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError:
                return data.decode(encoding, "replace"), encoding
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)
    if text.count("\x00") > len(text) // 100:
        raise ReadError("is not text: it holds binary data")
    return text, "utf-8"


def _decode_legacy(data: bytes) -> tuple[str, str]:
    """Windows code pages and the like; the two of our languages are tried where in doubt."""
    if data[:65536].count(0) > 8:
        raise ReadError("is not text: it holds binary data")
    from charset_normalizer import from_bytes

    best = from_bytes(data[:65536]).best()
    guess = best.encoding if best is not None else "cp1252"
    for encoding in (guess, "cp1256", "cp1252"):
        try:
            return data.decode(encoding), encoding
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", "replace"), "cp1252 (with losses)"


def _unwrap(lines: list[str]) -> list[str]:
    """Join hard-wrapped lines; leave text alone that has one paragraph to a line.

    Wrapped text has many lines that follow another without a blank between, all
    of them short, most of them nearly as long as the longest.
    """
    follows = [a for a, b in pairwise(lines) if a.strip() and b.strip()]
    lengths = sorted(len(line) for line in follows)
    longest = max((len(line) for line in lines), default=0)
    if len(follows) < 5 or longest > 120 or lengths[len(lengths) // 2] < 0.75 * longest:
        return lines
    joined: list[str] = []
    for line in lines:
        fresh = not joined or not joined[-1].strip() or not line.strip() or _LIST_MARK.match(line)
        if fresh:
            joined.append(line.rstrip())
        else:
            joined[-1] += " " + line.strip()
    return joined


def _blocks(lines: list[str]) -> list[Block]:
    blocks: list[Block] = []
    for index, line in enumerate(lines):
        text = line.strip()
        if not text:
            continue
        if _LIST_MARK.match(line):
            blocks.append(Block("list_item", _BULLET.sub("", text, count=1)))
        elif _is_heading(lines, index):
            blocks.append(Block("heading", text, 2))
        else:
            blocks.append(Block("paragraph", text))
    return blocks


def _is_heading(lines: list[str], index: int) -> bool:
    """A short line on its own, without a full stop, with something longer soon after."""
    text = lines[index].strip()
    blank_below = index + 1 < len(lines) and not lines[index + 1].strip()
    alone = index == 0 or not lines[index - 1].strip() or (index < 3 and blank_below)
    if not alone or len(text) > MAX_HEADING or _OPEN_END.search(text) or not _WRITING.search(text):
        return False
    below = islice((line.strip() for line in lines[index + 1 :] if line.strip()), 8)
    return any(len(line) > len(text) for line in below) and not _URL.match(text)
