"""What the API takes in and gives out, as pydantic models: the source of /openapi.json.

Only the border uses them: requests become `ui.answering.Asked`, replies are the plain
objects of `ui.render`, which the models describe.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rag.types import Turn
from ui.answering import Asked
from ui.exchange import TURNS_KEPT

QUESTION = "How did Kenya structure its county action plans?"
FilterKey = Literal[
    "language", "country", "city", "year", "kind", "event", "document", "theme", "work"
]
FilterValue = Annotated[str, StringConstraints(min_length=1, max_length=300)]
FilterValues = Annotated[list[FilterValue], Field(min_length=1, max_length=50)]
Id = Annotated[str, StringConstraints(max_length=2000)]


class _Taken(BaseModel):
    """A body: unknown members are errors, for they are slips."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class EarlierTurn(_Taken):
    """One earlier exchange, oldest first."""

    question: str = Field(min_length=1, max_length=20_000)
    documents: list[Id] = Field(
        default=[], max_length=50, description="Ids of the documents its reply cited."
    )


class Question(_Taken):
    """A question to the collection."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": QUESTION},
                {"question": "and in Uganda?", "history": [{"question": QUESTION}]},
                {"question": QUESTION, "filters": {"country": ["KE"], "year": ["2023", "2024"]}},
            ]
        }
    )

    question: str = Field(min_length=1, max_length=20_000, description="In any language.")
    filters: dict[FilterKey, FilterValues] = Field(
        default={}, description="Documents must have, for each key, one of the values."
    )
    history: list[EarlierTurn] = Field(
        default=[], max_length=50, description="For follow-up questions; the last few are used."
    )

    def asked(self) -> Asked:
        """The question as the program knows it."""
        turns = tuple(Turn(each.question, tuple(each.documents)) for each in self.history)
        filters: dict[str, list[str]] = {str(key): value for key, value in self.filters.items()}
        return Asked(self.question, filters, turns[-TURNS_KEPT:])


class Citation(BaseModel):
    """A quotation; `quote` is the stored page text from `start` to `end` (code points)."""

    n: int = Field(ge=1)
    document_id: str
    work_id: str
    title: str
    language: str
    date: str = Field(description="ISO 8601, maybe cut to month or year; empty: unknown.")
    page: int = Field(ge=1)
    heading: str
    quote: str
    start: int
    end: int
    url: str
    machine_translated: bool
    answer: list[int] | None = Field(
        default=None, description="[start, end) of the words that answer, of the page text."
    )


class Sentence(BaseModel):
    """One sentence of an answer with the numbers of the citations that carry it."""

    text: str
    citations: list[int]
    beside: bool = Field(
        default=False, description="What the documents also say, not part of the answer."
    )
    gloss: list[str] = Field(
        default=[], description="Dates and names of a foreign quotation, in the reader's language."
    )


class Row(BaseModel):
    """One line of a layout; cells hold indices into `sentences`."""

    label: str
    cells: list[list[int]]
    document_id: str | None


class Layout(BaseModel):
    """How the sentences stand on a page."""

    kind: str
    lead: str
    columns: list[str]
    rows: list[Row]


class Nearest(BaseModel):
    """A document that comes close to a question that is not answered."""

    document_id: str
    title: str


class Reply(BaseModel):
    """An answer, or why there is none. The object that `sanad ask --json` prints."""

    status: Literal["answered", "partial", "declined"]
    reason: str | None = Field(description="Why it was declined; null for an answer.")
    question: str
    searched: str = Field(description="The question that was searched: a follow-up made whole.")
    language: str
    mode: str = Field(description="`extractive`, or the language model that wrote it.")
    text: str = Field(description="The whole reply as plain text with [n] markers.")
    sentences: list[Sentence]
    layout: Layout | None
    citations: list[Citation]
    nearest: list[Nearest]
    choices: list[str]
    notes: list[str]
    generation: str = Field(description="The state of the collection that was searched.")
    timings_ms: dict[str, float]
    usage: dict[str, Any] | None


class Hit(BaseModel):
    """A passage found."""

    rank: int = Field(ge=1)
    document_id: str
    page: int = Field(ge=1)
    start: int
    end: int
    text: str
    score: float
    language: str


class Hits(BaseModel):
    """Passages, best first."""

    hits: list[Hit]
    generation: str


class Document(BaseModel):
    """What is known of a document; empty where it is not known."""

    document_id: str
    work_id: str
    title: str
    language: str
    date: str
    kind: str
    event: str
    countries: list[str]
    cities: list[str]
    themes: list[str]
    publisher: str
    url: str
    machine_translated: bool
    superseded_by: str | None


class Documents(BaseModel):
    """The documents of the collection."""

    documents: list[Document]
    total: int = Field(description="How many match; `documents` may hold fewer.")
    generation: str


class Feedback(_Taken):
    """What a reader says of a reply. Kept in the data folder, without any address."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"question": QUESTION, "verdict": "bad", "comment": "The year is wrong."}]
        }
    )

    question: str = Field(min_length=1, max_length=2000)
    verdict: Literal["good", "bad"]
    comment: str = Field(default="", max_length=2000)
    status: Literal["answered", "partial", "declined", ""] = ""
    documents: list[Id] = Field(default=[], max_length=50, description="Ids the reply cited.")
    generation: str = Field(default="", max_length=200)
    language: str = Field(default="", max_length=10)
    reply: str = Field(
        default="", max_length=64, description="The X-Request-Id that the reply came with."
    )
    face: Literal["chat", "widget", "api"] = Field(
        default="api", description="Where the reply was read."
    )


class Stored(BaseModel):
    """Feedback was stored."""

    id: str


class FieldError(BaseModel):
    """One thing wrong with a body."""

    at: str
    message: str


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError] = []
    error: dict[str, Any] | None = Field(default=None, description="Under /v1 only.")


class Alive(BaseModel):
    """The process runs."""

    status: Literal["alive"]


class Ready(BaseModel):
    """What is being served."""

    status: Literal["ready", "no index", "closing"]
    generation: str
    documents: int
    passages: int
    vector_search: str
    notes: list[str]
