"""What has changed since an answer was shared, in the reader's words. Knows no markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.wording import format_date, listed, number, say
from ui.share.link import Traces


@dataclass(frozen=True, slots=True)
class Change:
    """How an answer differs from the one that was shared."""

    collection: bool  # it is another generation
    words: bool  # the sentences differ
    gone: tuple[int, ...] = ()  # numbers, in the shared answer, of quotations that are not here
    new: tuple[int, ...] = ()  # numbers, in this answer, of quotations that were not there


def change(then: Traces, now: Traces) -> Change:
    """What is different."""
    return Change(
        collection=then.generation != now.generation,
        words=then.said != now.said,
        gone=_missing(then.quotes, now.quotes),
        new=_missing(now.quotes, then.quotes),
    )


def _missing(these: tuple[str, ...], those: tuple[str, ...]) -> tuple[int, ...]:
    """Numbers, from 1, of what is in the first and not in the second."""
    held = set(those)
    return tuple(n for n, trace in enumerate(these, start=1) if trace not in held)


def told(then: Traces | None, now: Traces, language: str) -> list[str]:
    """Sentences: whether it is the same, from when it was, what has gone and come."""
    if then is None:
        return [say(language, "share.unknown")]
    found = change(then, now)
    sentences = [say(language, f"share.{_verdict(found)}")]
    if found.collection:
        before, today = (_date(each.generation, language) for each in (then, now))
        if before and today and before != today:
            sentences.append(say(language, "share.then_now", then=before, now=today))
    for name, numbers in (("gone", found.gone), ("new", found.new)):
        if numbers:
            shown = listed([f"[{number(n, language)}]" for n in numbers], language)
            sentences.append(say(language, f"share.{name}", n=len(numbers)))
            sentences.append(say(language, f"share.{name}_numbers", numbers=shown))
    return sentences


def _verdict(found: Change) -> str:
    whose = "changed" if found.collection else "same"
    if found.gone or found.new:
        return f"{whose}_other"
    if found.words:
        return f"{whose}_other_words"
    return "changed_same" if found.collection else "same"


def _date(generation: str, language: str) -> str:
    """The day in a generation's name; empty where there is none."""
    day = re.match(r"(\d{4})(\d\d)(\d\d)T", generation)
    return format_date("-".join(day.groups()), language) if day else ""
