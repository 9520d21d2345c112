"""XML of office documents, written by hand: elements from escaped strings. Knows no document."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from ui.markup import UNSEEN

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# What XML 1.0 cannot hold, beside the control characters in UNSEEN.
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def element(name: str, *children: str, **attributes: str) -> str:
    """An element. In names of attributes `_` stands for the colon of `w:val`; children are
    XML already."""
    given = "".join(
        f" {key.replace('_', ':')}={quoteattr(words(value))}" for key, value in attributes.items()
    )
    inside = "".join(children)
    return f"<{name}{given}>{inside}</{name}>" if inside else f"<{name}{given}/>"


def words(value: str) -> str:
    """A string without what no XML file may hold, not escaped."""
    return _NOT_XML.sub("", UNSEEN.sub("", value))


def text(value: str) -> str:
    """A string as XML text."""
    return escape(words(value))
