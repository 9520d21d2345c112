"""Judges one observed reply against one case. Pure: no index, no model, no clock.

What a case does not ask for is not judged (None), and never counts as right. `passed` looks at
what a case asks for; the graded measures beside it say how good a reply is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evals.attribution import (
    RETRIEVAL,
    citation_precision,
    citation_recall,
    document_cited,
    fidelity,
    led,
    parts_cited,
    quote_cited,
    retrieval,
)
from evals.cases import Case, Limits, Standalone
from evals.observed import Observed, comparable, stands
from evals.stated import KINDS, carried, uncarried
from rag.words.language import detect

# Measure -> what its mean says. Means are over the cases it applies to.
ASKED = {
    "status": "answered where an answer is expected, declined where none is",
    "answered": "answerable cases that were answered (the rest is over-refusal)",
    "declined": "cases that must not be answered that were not (the rest is hallucination)",
    "reason": "declines for the reason the case names",
    "gold_document": "answerable cases that cite a gold document",
    "gold_quote": "answerable cases with a cited quote that overlaps a gold quote",
    "gold_parts": "share of the parts of the gold of which one alternative is cited",
    "must_include": "share of the required statements found in the answer",
    "must_not_include": "answers free of what they must not say",
    "must_lead": "cases that ask for it whose first statement cites a gold quote that may lead",
    "on_point": "cases that ask for it of whose citations so large a share are gold quotes",
    "answer_language": "replies in a language the case allows",
    "standalone": "follow-ups whose standalone question is right",
    "layout": "answers in the shape the case asks for",
    "labels": "share of the required rows that the answer has",
    "limits": "replies within the limits of the case",
    "quote_fidelity": "share of citations that are the stored page text, letter by letter",
}
GRADED = {
    "unreserved": "answerable cases answered without the mark of only coming close",
    "leads": "answerable cases whose first statement cites a gold quote that may lead",
    "citation_precision": "share of citations that overlap a gold quote",
    "citation_recall": "share of statements with a citation that overlaps a gold quote",
    "numbers": "share of the numbers stated that the cited quotes carry",
    "dates": "share of the dates stated that the cited quotes carry",
    "names": "share of the names stated that the cited quotes carry",
    **{name: "of the documents retrieved, gold documents relevant" for name in RETRIEVAL[:4]},
    **{name: "of the passages retrieved, gold quotes relevant" for name in RETRIEVAL[4:]},
}
OF_A_CASE = {"passed": "everything a case asks for holds", **ASKED, **GRADED}
OF_A_RUN = {
    "auroc": "an answerable case has a higher confidence than one that must not be answered",
    "stable": "cases with the same verdict each time they were asked",
    "same_status": "pairs of a group that are both answered, or both not",
    "same_work": "answered pairs of a group that cite a common work",
    "same_statements": "share of the required statements on which answered pairs agree",
    "same_numbers": "answered pairs of a group whose numbers do not contradict each other",
}
MEASURES = {**OF_A_CASE, **OF_A_RUN}


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
    """The verdict on one reply; a reply that never came fails all that the case asks for."""
    values = {name: _JUDGES[name](case, seen) for name in ASKED}
    wrong = [name for name, value in values.items() if value is not None and value < 1]
    values |= _graded(case, seen)
    values["passed"] = float(not wrong and seen.status != "error")
    if seen.status == "error":
        reasons = [f"no reply: {seen.reason}"]
    else:
        reasons = [_reason(name, case, seen) for name in wrong]
    return Verdict({name: values[name] for name in OF_A_CASE}, tuple(reasons))


def _graded(case: Case, seen: Observed) -> dict[str, float | None]:
    quoted = any(gold.quote for gold in case.gold)
    expected = case.expect == "answered"
    return {
        "unreserved": float(seen.status == "answered") if expected else None,
        "leads": led(case, seen) if any(gold.leads for gold in case.gold) else None,
        "citation_precision": citation_precision(case, seen) if quoted else None,
        "citation_recall": citation_recall(case, seen) if quoted else None,
        **{kind: carried(kind, seen) for kind in KINDS},
        **{name: retrieval(name, case, seen) for name in RETRIEVAL},
    }


def fits(expect: str, status: str) -> bool:
    """Whether a status is what was expected: "partial" takes an answer that is marked as only
    coming close, and a decline, but none that claims to answer."""
    allowed = {"answered": ("answered", "partial"), "partial": ("partial", "declined")}
    return status in allowed.get(expect, (expect,))


def _status(case: Case, seen: Observed) -> float:
    return float(fits(case.expect, seen.status))


def missing(groups: Sequence[Sequence[str]], text: str) -> list[list[str]]:
    """The statements of which no wording stands in a text."""
    said = comparable(text)
    return [list(group) for group in groups if not any(stands(one, said) for one in group)]


def included(case: Case, seen: Observed) -> tuple[bool, ...]:
    """Of each required statement, whether the answer holds it."""
    said = comparable(seen.text)
    return tuple(
        seen.answers and any(stands(one, said) for one in group) for group in case.must_include
    )


def _must_include(case: Case, seen: Observed) -> float | None:
    held = included(case, seen)
    return sum(held) / len(held) if held else None


def _forbidden(wordings: Sequence[str], text: str) -> list[str]:
    said = comparable(text)
    return [one for one in wordings if stands(one, said)]


def _languages(case: Case, seen: Observed) -> list[str]:
    """Languages of the reply that the case does not allow: the reader's, and that of the
    text itself where a model wrote it (quotes keep their own)."""
    allowed = case.allowed_languages or (case.language,)
    spoken = {seen.language}
    if seen.mode != "extractive" and seen.text:
        spoken.add(detect(seen.text, default=seen.language))
    return sorted(spoken - set(allowed))


def standalone_problem(wanted: Standalone, question: str, made: str) -> str:
    """Why what is searched is not what a question means in its conversation; empty when it is."""
    if wanted.unchanged and comparable(made) != comparable(question):
        return f"searched {made!r} in place of the question as it stands"
    lacking = missing(wanted.must_include, made)
    extra = _forbidden(wanted.must_not_include, made)
    if lacking:
        return f"searched {made!r}, which lacks {lacking}"
    return f"searched {made!r}, which still has {extra}" if extra else ""


def _standalone(wanted: Standalone, case: Case, seen: Observed) -> str:
    return standalone_problem(wanted, case.question, seen.searched or case.question)


def _over(limits: Limits, seen: Observed) -> list[str]:
    """What is over its limit; what the system does not tell is not."""
    tokens = (seen.input_tokens or 0) + (seen.output_tokens or 0)
    taken = {
        "ms": seen.timings_ms.get("total", 0.0),
        "characters": len(seen.text),
        "citations": len(seen.citations),
        "tokens": tokens,
        "cost": seen.cost or 0.0,
    }
    given = {name: getattr(limits, name) for name in taken}
    return [
        f"{name} {taken[name]:g} over {most:g}"
        for name, most in given.items()
        if most is not None and taken[name] > most
    ]


def _unlabelled(case: Case, seen: Observed) -> list[list[str]]:
    shown = [comparable(label) for label in seen.labels]
    return [
        list(group)
        for group in case.labels
        if not any(comparable(one) in label for one in group for label in shown)
    ]


_JUDGES: dict[str, Callable[[Case, Observed], float | None]] = {
    "status": _status,
    "answered": lambda c, s: _status(c, s) if c.expect == "answered" else None,
    "declined": lambda c, s: _status(c, s) if c.expect != "answered" else None,
    "reason": lambda c, s: (
        float(s.reason in c.reason or (s.answers and c.expect == "partial")) if c.reason else None
    ),
    "gold_document": lambda c, s: document_cited(c, s) if c.gold else None,
    "gold_quote": lambda c, s: quote_cited(c, s) if any(g.quote for g in c.gold) else None,
    "gold_parts": lambda c, s: parts_cited(c, s) if any(g.part for g in c.gold) else None,
    "must_include": _must_include,
    "must_not_include": lambda c, s: (
        float(not _forbidden(c.must_not_include, s.text)) if c.must_not_include else None
    ),
    "must_lead": lambda c, s: led(c, s) if c.must_lead else None,
    "on_point": lambda c, s: (
        float((citation_precision(c, s) or 0.0) >= c.on_point) if c.on_point else None
    ),
    "answer_language": lambda c, s: float(not _languages(c, s)),
    "standalone": lambda c, s: float(not _standalone(c.standalone, c, s)) if c.standalone else None,
    "layout": lambda c, s: float(s.layout == c.layout) if c.layout else None,
    "labels": lambda c, s: 1 - len(_unlabelled(c, s)) / len(c.labels) if c.labels else None,
    "limits": lambda c, s: float(not _over(c.limits, s)) if c.limits != Limits() else None,
    "quote_fidelity": lambda c, s: fidelity(s),
}


def _reason(measure: str, case: Case, seen: Observed) -> str:
    cited = ", ".join(sorted({citation.document for citation in seen.citations})) or "nothing"
    match measure:
        case "gold_document":
            return f"cites {cited}"
        case "must_include":
            return f"lacks {missing(case.must_include, seen.text if seen.answers else '')}"
        case "must_not_include":
            return f"says {_forbidden(case.must_not_include, seen.text)}"
        case "standalone":
            assert case.standalone is not None
            return _standalone(case.standalone, case, seen)
        case "labels":
            return f"lacks the rows {_unlabelled(case, seen)}"
        case "limits":
            return "; ".join(_over(case.limits, seen))
        case _:
            return _SAID[measure](case, seen)


_SAID: dict[str, Callable[[Case, Observed], str]] = {
    "status": lambda c, s: f"{s.status}, expected {c.expect}",
    "answered": lambda c, s: "declined although the collection answers it",
    "declined": lambda c, s: "answered although the collection does not",
    "reason": lambda c, s: f"declined for {s.reason or 'no reason'}, expected {list(c.reason)}",
    "gold_quote": lambda c, s: "no cited quote overlaps a gold quote",
    "gold_parts": lambda c, s: "a part of the gold is not cited",
    "must_lead": lambda c, s: "the first statement does not answer",
    "on_point": lambda c, s: f"fewer than {c.on_point:.0%} of the citations are gold",
    "answer_language": lambda c, s: f"replies in {', '.join(_languages(c, s))}",
    "layout": lambda c, s: f"has the layout {s.layout or 'of a decline'}, expected {c.layout}",
    "quote_fidelity": lambda c, s: "a citation is not the stored text",
}


def unsupported(seen: Observed) -> list[str]:
    """Numbers, dates and names of the answer that what it cites does not carry."""
    return [f"{kind}: {thing}" for kind in KINDS for thing in uncarried(kind, seen)]
