"""Strings of others as HTML: escaped text, directions, links that can be trusted.

The one place that decides what may enter a page. Knows no type of ours.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "syr", "ug", "ur", "yi"}
# Characters that turn or hide the text around them (Unicode UAX #9, explicit formatting),
# and control characters other than line break and tab. Joiners stay: words need them.
UNSEEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]"
)


def text(value: str) -> str:
    """A string as HTML text or attribute value: escaped, without direction overrides."""
    return html.escape(UNSEEN.sub("", value), quote=True)


def direction(language: str) -> str:
    """Value of `dir` for a language; "auto" where it is unknown."""
    if language in ("", "und"):
        return "auto"
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def marked(language: str) -> str:
    """The `lang` and `dir` attributes of a language."""
    known = "" if language in ("", "und") else f' lang="{text(language)}"'
    return f'{known} dir="{direction(language)}"'


def address_of(url: str) -> str:
    """An http or https address; empty for any other, and for none."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return ""
    return UNSEEN.sub("", url.strip())


def link(url: str, label: str, note: str) -> str:
    """A link that opens in a new tab; empty unless the address is http or https.

    `note` says so to those who cannot see the new tab.
    """
    address = address_of(url)
    if not address:
        return ""
    return (
        f'<a href="{text(address)}" target="_blank" rel="noopener noreferrer nofollow">'
        f'{text(label)}<span class="sanad-unseen"> ({text(note)})</span></a>'
    )
