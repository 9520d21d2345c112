"""Judges one observed reply against one case. Pure: no index, no model, no clock.

Text is compared after `rag.words.text.fold` with runs of white space as one space, so that
case, accents, tashkeel and line breaks do not decide. What a case does not ask for is
not judged (None), and never counts as right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from evals.cases import Case
from rag.words.text import fold, words

SHORTEST = 4  # words of a cited quote that may count as part of a longer gold quote
# Measure -> what its mean says. Means are over the cases it applies to.
MEASURES = {
    "passed": "everything a case asks for holds",
    "status": "answered where an answer is expected, declined where none is",
    "answered": "answerable cases that were answered",
    "declined": "unanswerable cases that were declined",
    "gold_document": "answerable cases that cite a gold document",
    "gold_quote": "answerable cases with a cited quote that overlaps a gold quote",
    "must_include": "share of the required statements found in the answer",
    "must_not_include": "answers free of what they must not say",
    "layout": "answers in the shape the case asks for",
    "labels": "share of the required rows that the answer has",
    "quote_fidelity": "share of citations that are the stored page text, letter by letter",
}


@dataclass(frozen=True, slots=True)
class Citation:
    """One citation of a reply; `holds` says whether the stored page has this text there."""

    document: str
    page: int
    start: int
    end: int
    quote: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """A reply as it was seen, from the assistant or from an earlier run's file."""

    status: str  # "answered", "partial", "declined"
    language: str
    text: str
    reason: str = ""  # of a decline
    citations: tuple[Citation, ...] = ()
    retrieved: tuple[str, ...] = ()  # document ids of the hits, best first
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    layout: str = ""  # kind of the answer's layout; empty for a decline
    labels: tuple[str, ...] = ()  # of its rows

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Observed:
        """Back from `as_dict`."""
        given = dict(values)
        given["citations"] = tuple(Citation(**citation) for citation in given["citations"])
        given["retrieved"] = tuple(given["retrieved"])
        given["labels"] = tuple(given.get("labels", ()))
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Values in 0..1 by measure; None where the case does not ask. `reasons` are plain
    words on what is wrong."""

    values: Mapping[str, float | None]
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the case holds."""
        return self.values["passed"] == 1.0


def judge(case: Case, seen: Observed) -> Verdict:
    """The verdict on one reply."""
    answered, expected = seen.status != "declined", case.expect == "answered"
    status = float(answered == expected)
    values: dict[str, float | None] = {
        "status": status,
        "answered": status if expected else None,
        "declined": None if expected else status,
        "gold_document": _cites_document(case, seen) if case.gold else None,
        "gold_quote": _cites_quote(case, seen) if any(g.quote for g in case.gold) else None,
        "must_include": _included(case, seen) if case.must_include else None,
        "must_not_include": _free_of(case, seen) if case.must_not_include else None,
        "layout": float(seen.layout == case.layout) if case.layout else None,
        "labels": _labelled(case, seen) if case.labels else None,
        "quote_fidelity": _fidelity(seen) if seen.citations else None,
    }
    wrong = [name for name, value in values.items() if value is not None and value < 1]
    values["passed"] = float(not wrong)
    return Verdict(
        {name: values[name] for name in MEASURES}, tuple(_reason(n, case, seen) for n in wrong)
    )


def _cites_document(case: Case, seen: Observed) -> float:
    gold = {item.document for item in case.gold}
    return float(any(citation.document in gold for citation in seen.citations))


def _cites_quote(case: Case, seen: Observed) -> float:
    return float(
        any(
            item.quote
            and citation.document == item.document
            and overlap(citation.quote, item.quote)
            for item in case.gold
            for citation in seen.citations
        )
    )


def overlap(quote: str, gold: str) -> bool:
    """Whether one of the two, folded, contains the other; a quote of fewer than SHORTEST
    words is no part of a longer one."""
    said, wanted = comparable(quote), comparable(gold)
    return wanted in said or (len(words(said)) >= SHORTEST and said in wanted)


def comparable(text: str) -> str:
    """Folded, with runs of white space as one space."""
    return " ".join(fold(text).split())


def _missing(case: Case, seen: Observed) -> list[Sequence[str]]:
    said = comparable(seen.text)
    return [
        alternatives
        for alternatives in case.must_include
        if not any(comparable(one) in said for one in alternatives)
    ]


def _included(case: Case, seen: Observed) -> float:
    if seen.status == "declined":
        return 0.0
    return 1 - len(_missing(case, seen)) / len(case.must_include)


def _forbidden(case: Case, seen: Observed) -> list[str]:
    said = comparable(seen.text)
    return [one for one in case.must_not_include if comparable(one) in said]


def _free_of(case: Case, seen: Observed) -> float:
    return float(not _forbidden(case, seen))


def _unlabelled(case: Case, seen: Observed) -> list[Sequence[str]]:
    shown = [comparable(label) for label in seen.labels]
    return [
        alternatives
        for alternatives in case.labels
        if not any(comparable(one) in label for one in alternatives for label in shown)
    ]


def _labelled(case: Case, seen: Observed) -> float:
    return 1 - len(_unlabelled(case, seen)) / len(case.labels)


def _fidelity(seen: Observed) -> float:
    return sum(citation.holds for citation in seen.citations) / len(seen.citations)


def _reason(measure: str, case: Case, seen: Observed) -> str:
    cited = ", ".join(sorted({citation.document for citation in seen.citations})) or "nothing"
    return {
        "status": f"{seen.status}, expected {case.expect}",
        "answered": "declined although the collection answers it",
        "declined": "answered although the collection does not",
        "gold_document": f"cites {cited}",
        "gold_quote": "no cited quote overlaps a gold quote",
        "must_include": f"lacks {[list(one) for one in _missing(case, seen)]}",
        "must_not_include": f"says {_forbidden(case, seen)}",
        "layout": f"has the layout {seen.layout or 'of a decline'}, expected {case.layout}",
        "labels": f"lacks the rows {[list(one) for one in _unlabelled(case, seen)]}",
        "quote_fidelity": "a citation is not the stored text",
    }[measure]
