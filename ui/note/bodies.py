"""A note as a browser sends it: untrusted, limited in number and length."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_ITEMS = 40
MOST_SENTENCES = 80
LONGEST_QUOTE = 8000  # characters
LONGEST_COMMENT = 5000
LONGEST_TITLE = 200
LONGEST_INTRODUCTION = 10_000
_FURTHEST = 10**8  # no page is as long


class _Body(BaseModel):
    # What a reply carries besides (filters, a link) is of no use here.
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class CitationBody(_Body):
    """A quotation and where it is said to stand."""

    n: int = Field(ge=0, le=10_000)
    document_id: str = Field(max_length=1000)
    page: int = Field(ge=1, le=1_000_000)
    start: int = Field(ge=0, le=_FURTHEST)
    end: int = Field(ge=0, le=_FURTHEST)
    quote: str = Field(max_length=LONGEST_QUOTE)


class SentenceBody(_Body):
    """A sentence with the numbers it cites."""

    text: str = Field(default="", max_length=LONGEST_QUOTE)
    citations: list[int] = Field(default=[], max_length=40)


class ReplyBody(_Body):
    """What `ui.actions_html.reply_data` put on the page."""

    question: str = Field(max_length=4000)
    language: str = Field(default="", max_length=12)
    mode: str = Field(default="extractive", max_length=200)
    generation: str = Field(default="", max_length=200)
    sentences: list[SentenceBody] = Field(default=[], max_length=MOST_SENTENCES)
    citations: list[CitationBody] = Field(default=[], max_length=MOST_SENTENCES)
    seal: str = Field(default="", max_length=100)


class ItemBody(_Body):
    """A kept answer, what its keeper left out of it, and wrote under it."""

    id: str = Field(default="", max_length=80)
    reply: ReplyBody
    out: list[Annotated[int, Field(ge=0, le=MOST_SENTENCES)]] = Field(
        default=[], max_length=MOST_SENTENCES
    )
    comment: str = Field(default="", max_length=LONGEST_COMMENT)


class NoteBody(_Body):
    """A whole note."""

    title: str = Field(default="", max_length=LONGEST_TITLE)
    introduction: str = Field(default="", max_length=LONGEST_INTRODUCTION)
    items: list[ItemBody] = Field(default=[], max_length=MOST_ITEMS)
