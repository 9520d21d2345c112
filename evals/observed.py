"""A reply as it was seen, whatever system gave it: plain values that go into a run's rows.

Reads the object that `sanad ask --json` and the HTTP API give. Judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rag.words.text import fold, words

SHORTEST = 4  # words of a cited quote that may count as part of a longer gold quote


@dataclass(frozen=True, slots=True)
class Citation:
    """One citation of a reply. `holds` says whether the stored page has this text there; None
    where nobody could look."""

    document: str
    page: int
    start: int
    end: int
    quote: str
    holds: bool | None
    n: int = 0  # the number shown, from 1
    work: str = ""  # joins the language versions of one work
    language: str = ""  # of the document
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer and the numbers of the citations that carry it."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that was retrieved, whether or not the answer cites it."""

    document: str
    page: int
    text: str


@dataclass(frozen=True, slots=True)
class Observed:
    """One reply, from a system or from an earlier run's file."""

    status: str  # "answered", "partial", "declined"; "error": the system failed
    language: str
    text: str
    reason: str = ""  # of a decline; what went wrong, for an error
    citations: tuple[Citation, ...] = ()
    retrieved: tuple[str, ...] = ()  # document ids of the hits, best first, each once
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    layout: str = ""  # kind of the answer's layout; empty for a decline
    labels: tuple[str, ...] = ()  # of its rows
    statements: tuple[Statement, ...] = ()
    found: tuple[FoundPassage, ...] = ()  # best first
    tells_found: bool = False  # whether nothing in `retrieved` and `found` means nothing found
    mode: str = "extractive"  # or the model that wrote it
    searched: str = ""  # the standalone question
    notes: tuple[str, ...] = ()
    confidence: float | None = None  # 0..1 that the collection answers; None: not told
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Observed:
        """Back from `as_dict`."""
        given = dict(values)
        given["citations"] = tuple(Citation(**one) for one in given["citations"])
        given["statements"] = tuple(
            Statement(one["text"], tuple(one["citations"])) for one in given.get("statements", ())
        )
        given["found"] = tuple(FoundPassage(**one) for one in given.get("found", ()))
        for name in ("retrieved", "labels", "notes"):
            given[name] = tuple(given.get(name, ()))
        return cls(**given)

    @classmethod
    def failed(cls, why: str) -> Observed:
        """What stands for a reply where the system gave none."""
        return cls("error", "", "", reason=why)

    @property
    def answers(self) -> bool:
        """Whether something was said, if only as coming close."""
        return self.status in ("answered", "partial")


def said(lead: str, statements: Sequence[Statement]) -> str:
    """What an answer says: our own words above it, and its statements."""
    return "\n".join(filter(None, (lead, *(one.text for one in statements))))


def from_reply(reply: Mapping[str, Any], holds: Sequence[bool | None] = ()) -> Observed:
    """The object of `sanad ask --json`. `holds` says of each citation whether its quote is the
    stored text; none given: nobody looked."""
    usage, layout = reply.get("usage") or {}, reply.get("layout") or {}
    below = {n for one in reply.get("sentences", []) if one.get("beside") for n in one["citations"]}
    checked = holds or [None] * len(reply.get("citations", []))
    citations = [
        (one, sound)
        for one, sound in zip(reply.get("citations", []), checked, strict=True)
        if one["n"] not in below
    ]
    statements = tuple(
        Statement(one["text"], tuple(one["citations"]))
        for one in reply.get("sentences", [])
        if not one.get("beside")
    )
    return Observed(
        status=str(reply["status"]),
        language=str(reply["language"]),
        text=said(layout.get("lead") or "", statements),
        reason=reply.get("reason") or "",
        citations=tuple(
            Citation(
                one["document_id"], one["page"], one["start"], one["end"], one["quote"], sound,
                one["n"], one.get("work_id") or "", one.get("language") or "",
                one.get("title") or "", one.get("url") or "",
            )
            for one, sound in citations
        ),
        timings_ms=reply.get("timings_ms") or {},
        layout=layout.get("kind", ""),
        labels=tuple(row["label"] for row in layout.get("rows", [])),
        statements=statements,
        mode=reply.get("mode") or "extractive",
        searched=reply.get("searched") or "",
        notes=tuple(reply.get("notes") or ()),
        input_tokens=usage.get("input_tokens"),
        output_tokens=usage.get("output_tokens"),
        cost=usage.get("cost"),
    )  # fmt: skip


def overlap(quote: str, gold: str) -> bool:
    """Whether one of the two, folded, contains the other; a quote of fewer than SHORTEST
    words is no part of a longer one."""
    said, wanted = comparable(quote), comparable(gold)
    return wanted in said or (len(words(said)) >= SHORTEST and said in wanted)


def stands(wording: str, said: str) -> bool:
    """Whether a wording stands in a text that is `comparable`, its figures as whole ones: "7
    members" is not in "17 members"."""
    wanted = comparable(wording)
    before = r"(?<!\d)" if wanted[:1].isdigit() else ""
    after = r"(?!\d)" if wanted[-1:].isdigit() else ""
    return re.search(f"{before}{re.escape(wanted)}{after}", said) is not None


def comparable(text: str) -> str:
    """Folded, with runs of white space as one space: case, accents, tashkeel and line breaks
    do not decide."""
    return " ".join(fold(text).split())
