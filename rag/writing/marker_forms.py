"""What counts as a citation marker: the inside of a bracket, read as evidence numbers.

Digits of any script, lists, ranges, footnote carets, words for "source" in four
languages. Knows no text around the bracket and not which numbers were shown.
"""

from __future__ import annotations

import re

_LABEL = (
    r"(?:sources?|src|docs?|documents?|documentos?|refs?|references?|références?|referencias?"
    r"|fuentes?|evidence|passages?|pasajes?|extraits?|quotes?|blocks?|citations?|citas?|notes?"
    r"|(?:ال)?(?:مصدر|مصادر|مرجع|مراجع|وثيقة|مستند|مقطع|دليل|فقرة))\s*[:#°]*\s*(?:n[°o]\.?\s*)?"
)
_NUMBER = r"\d{1,3}(?![\d.٫])"
_RANGE = rf"{_NUMBER}(?:\s*[-–—‑]\s*{_NUMBER})?"
_JOIN = rf"(?:\s*[,،;؛&+/]\s*|\s+(?:and|et|y|e|و)\s*)(?:[\^#]|{_LABEL})?"
_LIST = rf"(?P<list>{_RANGE}(?:{_JOIN}{_RANGE})*)"
_PLACE = r"(?:(?::\d{1,4})?†.*|\s*[,:]\s*(?:pp?\.?|pages?|páginas?|ص)\s*[\d–-]+)?"
_MARKER = re.compile(rf"\s*(?:[\^#]|{_LABEL})?{_LIST}{_PLACE}\s*", re.IGNORECASE)
_LABELLED = re.compile(rf"\s*{_LABEL}{_LIST}(?:\s*[,:–—-]\s.*)?\s*", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d[,،]\d{3}(?!\d)")  # "[3,500]" is a number, not two markers
_BEGUN = re.compile(rf"\s*(?:{_LABEL})?\s*", re.IGNORECASE)
_EACH = re.compile(rf"({_NUMBER})(?:\s*[-–—‑]\s*({_NUMBER}))?")
_WIDEST = 40  # numbers of one range; a wider one counts as its two ends


def marker_numbers(inside: str, *, labelled: bool = False) -> tuple[int, ...]:
    """Numbers that the inside of a bracket cites ("1, 3-4", "Source 2", "^1", "١"), in
    order; empty where it is text ("2024", "3,500", "sic"). With `labelled` only "Source 2"
    and its like count. `inside` is short: a look at the whole of it is taken several times.
    """
    match = _LABELLED.fullmatch(inside) or (None if labelled else _MARKER.fullmatch(inside))
    if match is None or _THOUSANDS.search(inside):
        return ()
    found: dict[int, None] = {}
    for part in _EACH.finditer(match["list"]):
        low, high = int(part[1]), int(part[2] or part[1])
        wide = high < low or high - low > _WIDEST
        found.update(dict.fromkeys((low, high) if wide else range(low, high + 1)))
    return tuple(found)


def may_become_marker(inside: str) -> bool:
    """Whether a bracket that the end of the text cut off had said nothing yet."""
    return _BEGUN.fullmatch(inside) is not None
