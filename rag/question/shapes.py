"""What shape of answer a question asks for.

A head on the encoder says which (`rag.question.classify`); the words of `shapes.toml` say where in
the question that stands. A shape that cannot be filled (a comparison of two things nobody can name)
gives way to plain quotations: a wrong shape is worse than none. Knows no passage.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from rag.index.generation import Generation
from rag.question.classify import Nature, classify
from rag.question.metadata import MetadataQuery, metadata_query
from rag.question.query import Question
from rag.question.sides import Mention, Side, mentions, sides_of
from rag.types import LayoutKind
from rag.words.text import fold

WORDS = Path(__file__).with_name("shapes.toml")
Archetype = Literal[
    "plain", "check", "compare", "near_names", "reading", "list", "steps", "latest", "who",
    "definition", "catalogue", "overview",
]  # fmt: skip
MAY_DIFFER: tuple[Archetype, ...] = ("plain", "check", "who")
ListOf = Literal["city", "country", "document"]
SURE = 0.6  # probability of a shape from which the head decides alone


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is to be answered."""

    question: Question
    archetype: Archetype = "plain"
    kind: LayoutKind = "quotes"
    topic: str = ""  # the question without the words that only ask for the shape
    sides: tuple[Side, ...] = ()  # of a comparison
    aspects: tuple[str, ...] = ()  # of a comparison, as asked; empty: whatever is said
    of: ListOf = "document"  # what a list has one line for
    works: int = 0  # in the collection after filters; set by `rag.evidence.shaped` and `listing`
    metadata: MetadataQuery | None = None  # what is asked of the catalogue
    matched: int = 0  # works that the catalogue says are asked for; set by `rag.evidence.listing`
    several: tuple[tuple[str, int], ...] = ()  # questions in one, with how many quotations each has
    bounded: bool = False  # not every document was looked at; set by `rag.evidence.gather`


@dataclass(frozen=True)
class Folded:
    """A text folded for matching, with the way back to its own characters."""

    source: str
    text: str = field(init=False)
    origins: tuple[int, ...] = field(init=False)  # of each folded character, and the end

    def __post_init__(self) -> None:
        pieces = [fold(character.replace("’", "'")) for character in self.source]
        object.__setattr__(self, "text", "".join(pieces))
        origins = [i for i, piece in enumerate(pieces) for _ in piece]
        object.__setattr__(self, "origins", (*origins, len(self.source)))

    def without(self, *spans: tuple[int, int]) -> str:
        """The source without these spans of the folded text."""
        kept, at = [], 0
        for start, end in sorted(spans):
            kept.append(self.source[at : self.origins[start]])
            at = max(at, self.origins[end])
        return " ".join(" ".join([*kept, self.source[at:]]).split())


def plan(question: Question, generation: Generation) -> Plan:
    """The plan of one question; "plain" where nothing speaks for a shape.

    A head says which shape is asked for; the words of the four languages say where in the question
    that stands, so that what is left is its topic. Where the head is in doubt, they decide.
    """
    nature = classify(question.text)
    if nature.catalogue and (listed := _of_catalogue(question, nature, generation)):
        return listed
    sure = nature.shape_share >= SURE
    folded = Folded(question.text.strip())
    if sure and nature.shape == "overview":
        return Plan(question, "overview", topic=question.text)
    for archetype, names in _ORDER:
        if sure and archetype not in _SHAPED.get(nature.shape, _unshaped(nature.asks)):
            continue
        found = _worded(names, question.language, folded)
        if found is None and not sure:
            continue
        name, match = found or (names[-1], None)
        planned = _planned(archetype, name, match, folded, question, generation)
        if planned is not None:
            return planned
    return Plan(question, topic=question.text)


def _of_catalogue(question: Question, nature: Nature, generation: Generation) -> Plan | None:
    """Documents by what the catalogue says of them, or where a topic is named, those on it; None
    where one thing is asked of one document."""
    asked = metadata_query(question, nature, generation)
    if asked is not None:
        return Plan(question, "catalogue", "reading", question.text, metadata=asked)
    if nature.shape in ("list", "reading"):
        return Plan(question, "reading", "reading", question.text)
    return None


_ORDER: tuple[tuple[Archetype, tuple[str, ...]], ...] = (
    ("check", ("check",)),
    ("compare", ("difference", "compare")),
    ("reading", ("reading",)),
    ("list", ("list_city", "list_country", "list_document")),
    ("steps", ("steps",)),
    ("latest", ("latest",)),
    ("who", ("who",)),
    ("definition", ("definition",)),
)
_SHAPED: Mapping[str, tuple[Archetype, ...]] = {  # label of the head -> what is tried
    "check": ("check",), "comparison": ("compare",), "difference": ("compare",),
    "reading": ("reading",), "list": ("list",), "steps": ("steps",), "latest": ("latest",),
    "definition": ("definition",), "overview": (),
}  # fmt: skip


def _unshaped(asks: str) -> tuple[Archetype, ...]:
    """What is tried where one fact is asked for."""
    return ("who",) if asks == "person" else ()


def _worded(
    names: Sequence[str], language: str, folded: Folded
) -> tuple[str, re.Match[str]] | None:
    """The first of some rules whose words the question holds, and where."""
    if language not in languages():
        return None
    found = ((name, _first(name, language, folded.text)) for name in names)
    return next(((name, match) for name, match in found if match is not None), None)


def _planned(
    archetype: Archetype, name: str, found: re.Match[str] | None, folded: Folded,
    question: Question, generation: Generation,
) -> Plan | None:  # fmt: skip
    if archetype == "compare":
        return _comparison(found, folded, question, generation)
    topic = folded.without(found.span()) if found else question.text
    if archetype == "list":
        of: ListOf = name.removeprefix("list_")  # type: ignore[assignment]  # the names above
        return Plan(question, archetype, "list", topic, of=of)
    if archetype == "reading":
        return Plan(question, archetype, "reading", topic)
    if archetype == "steps":
        return Plan(question, archetype, "steps", question.text)
    whole = archetype in ("who", "definition")
    return Plan(question, archetype, "quotes", question.text if whole else topic)


def _comparison(
    found: re.Match[str] | None, folded: Folded, question: Question, generation: Generation
) -> Plan | None:
    """A table of the things compared; None when fewer than two are known by name."""
    named = mentions(folded.source, folded.text, folded.origins, question, generation)
    if not named or question.language not in languages():
        return None
    aspects, cut = _aspects(named, folded, question.language)
    begin, end = found.span() if found else (0, 0)
    inside = [
        "" if i >= cut or begin < i < end else character for i, character in enumerate(folded.text)
    ]
    if found:
        inside[begin] = ","  # the words that ask for it part what stands around them
    connectors = pattern(question.language, "connectors")
    sides = sides_of(named, inside, connectors, question.language)
    if len(sides) < 2:
        return None
    places = any(mention.kind != "concept" for mention in named)
    archetype: Archetype = "compare" if places else "near_names"
    return Plan(question, archetype, "table", question.text, tuple(sides), aspects)


def _aspects(named: list[Mention], folded: Folded, language: str) -> tuple[tuple[str, ...], int]:
    """Headings asked for after the last thing compared, and where they begin."""
    after = max(mention.end for mention in named)
    found = pattern(language, "aspects").search(folded.text, after)
    if found is None:
        return (), len(folded.text)
    begin = folded.origins[found.end()]
    tail = Folded(folded.source[begin:].rstrip("?؟. "))
    at, pieces = 0, []
    for connector in pattern(language, "connectors").finditer(tail.text):
        pieces.append(tail.source[tail.origins[at] : tail.origins[connector.start()]])
        at = connector.end()
    pieces.append(tail.source[tail.origins[at] :])
    return tuple(piece.strip() for piece in pieces if len(piece.strip()) > 1), found.start()


# The words


@lru_cache(maxsize=1)
def cue_words() -> Mapping[str, Any]:
    """`shapes.toml`."""
    return tomllib.loads(WORDS.read_text("utf-8"))


def languages() -> tuple[str, ...]:
    """Languages in which shapes are recognised."""
    return tuple(key for key, value in cue_words().items() if "compare" in value)


@lru_cache(maxsize=256)
def pattern(language: str, name: str) -> re.Pattern[str]:
    """The compiled words of one rule, to be searched in folded text."""
    given = cue_words()[language][name]
    given = [given] if isinstance(given, str) else given
    plain = (one.replace("’", "'") for one in given)
    folded = ("".join(fold(c) if c > "\x7f" else c for c in one) for one in plain)
    return re.compile("|".join(f"(?:{one})" for one in folded))


def _first(name: str, language: str, text: str) -> re.Match[str] | None:
    return pattern(language, name).search(text)
