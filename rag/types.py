"""The vocabulary. Imports nothing of ours; every type is frozen.

Offsets are Python string indices (code points) into `Page.text`. Page numbers
are physical and start at 1. Scores: higher is better. Languages are ISO 639-1
codes ("und" where unknown). Dates are ISO 8601 and may be cut to a month or a
year ("2024-12-21", "2024-12", "2024"); the empty string means unknown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["answered", "partial", "declined"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document after cleaning: the text that quotes point into."""

    number: int  # physical, from 1
    text: str
    label: str = ""  # as printed ("iv", "12"); empty where the format has none
    asides: tuple[tuple[int, int], ...] = ()  # spans that state nothing: headings, source lists
    items: tuple[tuple[int, int], ...] = ()  # spans of list items and table rows


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One language version of one work, as it is stored."""

    id: str  # path or URL in the collection
    work_id: str  # joins the language versions of one work
    title: str
    language: str
    url: str = ""
    kind: str = ""
    event: str = ""
    date: str = ""
    countries: tuple[str, ...] = ()  # ISO 3166 alpha-2
    cities: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    publisher: str = ""
    machine_translated: bool = False
    superseded_by: str = ""  # id of the document that replaces this one
    has_lost_links: bool = False  # the page announces references that its text has lost
    media_type: str = ""
    sha256: str = ""  # of the source bytes
    scanned_pages: int = 0  # whose text a machine has read from a picture
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrievable span of one page. `page.text[start:end] == text`."""

    document_id: str
    page: int
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()  # outermost first
    position: int = 0  # order within the document, from 0

    @property
    def id(self) -> str:
        """Hash of place and text: the same on every run."""
        place = f"{self.document_id}\x1f{self.page}\x1f{self.start}\x1f{self.end}\x1f{self.text}"
        return hashlib.blake2b(place.encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question."""

    passage: Passage
    score: float
    why: tuple[str, ...] = ()  # the retrievers that found it, e.g. "lexical#1", "dense#4"


@dataclass(frozen=True, slots=True)
class Quote:
    """An exact span of a stored page. `page.text[start:end] == text`."""

    document_id: str
    page: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Mistranslation:
    """A name in a passage that the officer's glossary knows as a wrong translation."""

    found: str  # the wrong name
    meant: str  # the right one, in the reader's language where the glossary has it


@dataclass(frozen=True, slots=True)
class Evidence:
    """A numbered quotation shown to the reader; only what was shown as [n] may be cited."""

    n: int  # from 1
    passage: Passage
    quote: Quote
    mistranslations: tuple[Mistranslation, ...] = ()  # that stand in the passage
    answer: tuple[int, int] = (0, 0)  # of the page: the words that answer; empty: not known


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation, as a client tells it: untrusted input."""

    question: str
    documents: tuple[str, ...] = ()  # ids the reply cited, best first; unknown ones mean nothing


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One sentence of an answer with the evidence numbers that carry it.

    In an extractive answer `text` is the quote; in a written one it is a model's
    sentence that was checked against the quotes it cites.
    """

    text: str
    citations: tuple[int, ...]
    attribution: str = ""  # who says so and when, in the reader's language
    gloss: tuple[str, ...] = ()  # of a foreign quotation: dates, numbers, names as the reader says
    beside: bool = False  # what the documents also say: below the answer, not part of it


LayoutKind = Literal["quotes", "list", "steps", "table", "reading", "differ"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a layout: a city, a country, a document, a step."""

    label: str
    cells: tuple[tuple[int, ...], ...]  # indices into `Answer.sentences`; empty: not stated
    document_id: str = ""  # the document the line is about, where it is about one


@dataclass(frozen=True, slots=True)
class Layout:
    """How the sentences of an answer stand on the page. Holds no text of the documents."""

    kind: LayoutKind = "quotes"
    lead: str = ""  # our own words above, e.g. "Found in 4 of 36 documents."
    columns: tuple[str, ...] = ()  # headers of the cells; empty where there is one cell a row
    rows: tuple[Row, ...] = ()  # none: the sentences in their order


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that rests on evidence. Every citation is a verified span of the stored text."""

    question: str
    language: str
    sentences: tuple[AnswerSentence, ...]
    evidence: tuple[Evidence, ...]
    status: Literal["answered", "partial"] = "answered"
    mode: str = "extractive"  # or the name of the model that wrote it
    notes: tuple[str, ...] = ()  # plain words about how the answer was made
    layout: Layout = Layout()
    searched: str = ""  # the standalone question, where it is not `question`
    preface: str = ""  # our own words that must be read before the answer

    @property
    def answering(self) -> tuple[AnswerSentence, ...]:
        """The sentences without those that stand below the answer."""
        return tuple(sentence for sentence in self.sentences if not sentence.beside)

    @property
    def answering_evidence(self) -> tuple[Evidence, ...]:
        """What they cite."""
        cited = {n for sentence in self.answering for n in sentence.citations}
        return tuple(item for item in self.evidence if item.n in cited)


@dataclass(frozen=True, slots=True)
class Declined:
    """The collection does not answer the question. A value, not an error."""

    question: str
    language: str
    reason: str  # a key of `rag.wording`
    nearest: tuple[SourceDocument, ...] = ()  # without pages
    covers: tuple[str, ...] = ()  # what the collection does hold, most frequent first
    notes: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()  # questions to choose from, where the one asked is ambiguous
    searched: str = ""  # the standalone question, where it is not `question`


Reply = Answer | Declined


@dataclass(frozen=True, slots=True)
class Task:
    """What a language model is to write an answer from."""

    question: str
    language: str  # of the answer
    shape: LayoutKind
    passages: tuple[Passage, ...]  # best first; may repeat


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Event: passages were found; nothing has been said yet."""

    hits: tuple[Hit, ...]
    searched: str = ""  # the standalone question, where it is not the one typed
    author: str = ""  # the model that now writes, where one does


@dataclass(frozen=True, slots=True)
class Spoken:
    """Event: one verified sentence with the evidence it cites."""

    sentence: AnswerSentence
    evidence: tuple[Evidence, ...]
    mode: str = "extractive"  # or the model that wrote it


@dataclass(frozen=True, slots=True)
class Usage:
    """What a language model took; None where the provider did not say or no price is set."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None  # in the currency of the prices set

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            _sum(self.input_tokens, other.input_tokens),
            _sum(self.output_tokens, other.output_tokens),
            _sum(self.cost, other.cost),
        )


def _sum(a: float | None, b: float | None) -> Any:
    """The sum of what is known; None when neither is. Whole numbers stay whole."""
    return b if a is None else a if b is None else a + b


@dataclass(frozen=True, slots=True)
class Finished:
    """Event: the whole reply, always the last event."""

    reply: Reply
    generation: str
    timings_ms: dict[str, float] = field(default_factory=dict)
    usage: Usage | None = None  # of a language model, where one was asked


Event = Retrieved | Spoken | Finished
