"""Which documents are language versions of one work.

Knows only names: a translated address whose words differ joins its original
through what the page or the author says, never by guessing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote

from ingest.given import one_line

_LANGUAGE_PART = re.compile(r"(?P<stem>.+?)(?P<sep>[._-])(?P<code>[a-z]{2})", re.I)


def work_id(
    source_id: str,
    given: Mapping[str, object],
    found: Mapping[str, object],
    url: str,
    language: str,
) -> str:
    """What the language versions of one work have in common.

    Said by the author, else the address that all versions name as their original,
    else the address or file name without its language.
    """
    if "work_id" in given:
        return str(given["work_id"])
    if "translation_of" in given:
        return without_language(str(given["translation_of"]), "")
    alternates = found.get("alternates")
    if isinstance(alternates, Mapping) and len(alternates) > 1:
        versions = {str(key).lower(): str(value) for key, value in alternates.items()}
        original = versions.get("en") or versions.get("x-default") or min(versions.values())
        return without_language(original, "")
    return without_language(url or source_id, language)


def without_language(name: str, language: str) -> str:
    """An address or path without scheme, extension and the mark of its language.

    ".../fr/page/" and "page.fr.md" lose it always; "page-fr.pdf", "page_fr.pdf"
    and a folder "fr/" only where it is the document's own language.
    """
    name = one_line(unquote(name), 2_000)
    is_url = bool(re.match(r"https?://", name, re.I))
    path = re.sub(r"^https?://(?:www\.)?", "", name, flags=re.I).split("#")[0].rstrip("/")
    parts = path.split("/")
    if not is_url:
        stem = PurePosixPath(parts[-1]).stem or parts[-1]
        parts[-1] = stem
    match = _LANGUAGE_PART.fullmatch(parts[-1])
    if match and (match["code"].lower() == language or (match["sep"] == "." and not is_url)):
        parts[-1] = match["stem"]
    middle = [p for p in parts[1 if is_url else 0 : -1] if not _marks(p, language, is_url)]
    return "/".join([*(parts[:1] if is_url and len(parts) > 1 else []), *middle, parts[-1]])


def _marks(part: str, language: str, is_url: bool) -> bool:
    return part.lower() == language or (is_url and part.lower() in ("en", "ar", "fr", "es"))
