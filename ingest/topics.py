"""What a document is (kind, event) and what it is about (themes), from words in `topics.toml`.

Knows four languages' words and no meaning: it counts. Values an author gave are
not its business; they win elsewhere.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import unquote, urlsplit

from rag.words.text import fold

MAX_THEMES = 4
_FEWEST, _SHARE = 2, 0.15  # measured on docs_corpus: F1 0.70; (3, 0.3) gave 0.56
_TITLE_WEIGHT = 4  # a word in the title or a heading says as much as four in the text
_PREFIX = "(?<!\\w)[وف]?[بلك]?(?:ال)?(?:لل)?"
_NAMES = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth",
          "Tenth")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Topics:
    """`topics.toml`, compiled."""

    themes: tuple[tuple[str, re.Pattern[str]], ...]
    titles: tuple[tuple[str, re.Pattern[str]], ...]
    news: tuple[tuple[str, re.Pattern[str]], ...]
    addresses: tuple[tuple[str, tuple[str, ...]], ...]
    summit: re.Pattern[str]
    ordinals: dict[str, str]
    publishers: dict[str, str]


def kind_of(url: str, title: str, opening: str) -> str:
    """Kind by the title, then by the address; "" where neither says.

    `opening` is the beginning of the text: it tells a report from other news.
    """
    topics = _topics()
    by_title = _first(topics.titles, fold(title))
    address = unquote(urlsplit(url).path).lower() + "/"
    by_address = next(
        (kind for kind, parts in topics.addresses if any(part in address for part in parts)), ""
    )
    if by_address in ("city-spotlight", "theme-page", "hub-page", "blog"):
        return by_address
    of_event = bool(topics.summit.search(fold(title))) and not by_address
    if (by_address == "news" or of_event) and by_title in ("", "event-report"):
        return _first(topics.news, fold(f"{title} {opening}")) or by_address
    return by_title or by_address


def event_of(title: str, opening: str) -> str:
    """The summit named in the title, or else at the beginning of the text, in English."""
    topics = _topics()
    for text in (fold(title), fold(opening)):
        for match in topics.summit.finditer(text):
            return f"{topics.ordinals[match['before'] or match['after']]} Global Summit"
    return ""


def themes_of(headings: str, text: str) -> tuple[str, ...]:
    """At most `MAX_THEMES` themes, the most present first."""
    folded, top = fold(text), fold(headings)
    scores = {
        theme: len(pattern.findall(folded)) + _TITLE_WEIGHT * len(pattern.findall(top))
        for theme, pattern in _topics().themes
    }
    best = max(scores.values(), default=0)
    enough = max(_FEWEST, _SHARE * best)
    ranked = sorted(scores, key=lambda theme: -scores[theme])
    return tuple(theme for theme in ranked if scores[theme] >= enough)[:MAX_THEMES]


def publisher_of(url: str) -> str:
    """The publisher whose site the address belongs to, or the site's name."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    for site, name in _topics().publishers.items():
        if host == site or host.endswith("." + site):
            return name
    return host


def _first(patterns: Iterable[tuple[str, re.Pattern[str]]], folded: str) -> str:
    return next((name for name, pattern in patterns if pattern.search(folded)), "")


@cache
def _topics() -> _Topics:
    data = tomllib.loads(files("ingest").joinpath("topics.toml").read_text("utf-8"))
    kinds = data["kinds"]
    ordinals = {
        fold(word): name
        for name, words in zip(_NAMES, data["summit"]["ordinals"].split(";"), strict=True)
        for word in words.split()
    }
    any_ordinal = "|".join(sorted(map(re.escape, ordinals), key=len, reverse=True))
    summits = _alternatives(data["summit"]["names"])
    return _Topics(
        themes=_compile(data["themes"]),
        titles=_compile(kinds["title"]),
        news=_compile(kinds["news"]),
        addresses=tuple((kind, tuple(_parts(words))) for kind, words in kinds["address"].items()),
        summit=re.compile(
            rf"\b(?P<before>{any_ordinal})\s+(?:{summits})\b"
            rf"|{_PREFIX}(?:{summits})\s+(?P<after>{any_ordinal})\b"
        ),
        ordinals=ordinals,
        publishers=dict(data["publishers"]),
    )


def _compile(words: dict[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (name, re.compile(f"{_PREFIX}(?:{_alternatives(value)})")) for name, value in words.items()
    )


def _alternatives(value: str) -> str:
    """Beginnings of folded words; a space also stands for a hyphen or dash between."""
    forms = (re.escape(fold(part).removeprefix("ال")) for part in _parts(value))
    return "|".join(form.replace(r"\ ", r"[\s–-]{1,3}") for form in forms)


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(";") if part.strip()]
