"""Sentences of our own, in the reader's language, and replies as plain text.

Every sentence comes from `messages/<language>.toml`; a language is added by adding
a file. Knows no markup.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.types import Answer, Declined, Reply, SourceDocument

MESSAGES = Path(__file__).parent / "messages"
FALLBACK = "en"
ISOLATE, POP = "\u2068", "\u2069"  # a title keeps its own direction inside another's line


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Languages the interface speaks, by code."""
    return tuple(sorted(path.stem for path in MESSAGES.glob("*.toml")))


@lru_cache(maxsize=16)
def messages(language: str) -> Mapping[str, Any]:
    """All messages of a language; English for one we do not have."""
    known = language if language in languages() else FALLBACK
    return tomllib.loads((MESSAGES / f"{known}.toml").read_text("utf-8"))


def say(language: str, key: str, /, **values: object) -> str:
    """One message, "section.name", filled in. Raises KeyError for an unknown key."""
    section, _, name = key.partition(".")
    return str(messages(language)[section][name]).format(**values)


def attribution(document: SourceDocument, language: str) -> str:
    """Who says so and when: "Fifth Global Summit session report, 21 December 2024",
    with the document's language where the reader's is another, and its marks."""
    if document.date:
        date = format_date(document.date, language)
        text = say(language, "answer.attribution", title=document.title, date=date)
    else:
        text = say(language, "answer.attribution_undated", title=document.title)
    marks = []
    if document.language not in (language, "und", ""):
        name = language_name(document.language, language)
        marks.append(say(language, "answer.in_language", language=name))
    if document.machine_translated:
        marks.append(say(language, "answer.machine_translated"))
    if document.superseded_by:
        marks.append(say(language, "answer.superseded"))
    comma = "، " if language == "ar" else ", "
    return f"{text} ({comma.join(marks)})" if marks else text


def format_date(date: str, language: str) -> str:
    """An ISO date, month or year as the reader writes it."""
    import datetime

    from babel.dates import format_date as babel_date
    from babel.dates import format_skeleton

    locale = language if language in languages() else FALLBACK
    try:
        if len(date) == 10:
            return str(babel_date(datetime.date.fromisoformat(date), "long", locale=locale))
        if len(date) == 7:
            first = datetime.date.fromisoformat(f"{date}-01")
            return str(format_skeleton("yMMMM", first, locale=locale))
    except ValueError:
        pass
    return date


def language_name(code: str, language: str) -> str:
    """Name of a language in another; the code when CLDR has none."""
    from babel import Locale

    names = Locale.parse(language if language in languages() else FALLBACK).languages
    return str(names.get(code, code))


def country_name(code: str, language: str) -> str:
    """Name of a country in a language; the code when CLDR has none."""
    from babel import Locale

    names = Locale.parse(language if language in languages() else FALLBACK).territories
    return str(names.get(code, code))


def declined_text(reply: Declined, **values: object) -> str:
    """A decline in words: the reason, the nearest documents, what is covered."""
    lines = [say(reply.language, f"decline.{reply.reason}", **values)]
    if reply.nearest:
        titles = "; ".join(f"{ISOLATE}{document.title}{POP}" for document in reply.nearest)
        lines.append(f"{say(reply.language, 'answer.nearest')}: {titles}.")
    if reply.covers:
        names = messages(reply.language)["themes"]
        comma = "، " if reply.language == "ar" else ", "
        themes = comma.join(str(names.get(theme, theme)) for theme in reply.covers)
        lines.append(say(reply.language, "answer.covers", themes=themes))
    return "\n".join([*lines, *reply.notes])


def answer_text(reply: Answer) -> str:
    """An answer in words: quotations under the name of the document they come from."""
    lines: list[str] = []
    attributed = ""
    for sentence in reply.sentences:
        if sentence.attribution != attributed:
            attributed = sentence.attribution
            lines.append(f"{ISOLATE}{attributed}{POP}:")
        markers = "".join(f" [{n}]" for n in sentence.citations)
        lines.append(f"  “{sentence.text}”{markers}")
    return "\n".join([*lines, *reply.notes])


def reply_text(reply: Reply, **values: object) -> str:
    """A reply as plain text in the reader's language."""
    return answer_text(reply) if isinstance(reply, Answer) else declined_text(reply, **values)
