"""Sentences as HTML: quoted under the name of their document, or written by a model, each
with the buttons that open its passages.

Knows no server and no layout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest

from rag.evidence.whole import Part, listed
from rag.types import AnswerSentence, Evidence, Page, SourceDocument
from rag.wording import attribution, gloss_text, say
from ui.markup import marked, text

EXTRACTIVE = "extractive"  # the mode of `rag.types.Answer` without a model
_HIT = ' class="sanad-hit"'
LONGEST_TAIL = 24  # characters; a longer last word may break before its number


@dataclass(frozen=True, slots=True)
class Cited:
    """A numbered quotation with the document and the page it points into."""

    evidence: Evidence
    document: SourceDocument
    page: Page

    @property
    def n(self) -> int:
        """The number the reader sees."""
        return self.evidence.n


def title(document: SourceDocument) -> str:
    """A document's title in its own language and direction."""
    return f"<cite{marked(document.language)}>{text(document.title)}</cite>"


def label(language: str, mode: str) -> str:
    """What stands over an answer: that it is quoted, or who wrote it."""
    if mode == EXTRACTIVE:
        words = say(language, "answer.quoted_from_documents")
    else:
        words = say(language, "answer.written_by", model=mode)
    return f'<p class="sanad-label">{text(words)}</p>'


def quotations(
    sentences: Sequence[AnswerSentence], cited: Mapping[int, Cited], language: str,
    mode: str = EXTRACTIVE,
) -> str:  # fmt: skip
    """Sentences under a label: quotations under their documents, a model's as paragraphs."""
    return label(language, mode) + grouped(sentences, cited, language, mode)


def grouped(
    sentences: Sequence[AnswerSentence], cited: Mapping[int, Cited], language: str, mode: str
) -> str:
    """`quotations` without the label."""
    if mode != EXTRACTIVE:
        return "".join(written(sentence, cited, language) for sentence in sentences)
    return "".join(
        _quoted(list(said), cited, language)
        for _, said in groupby(sentences, key=lambda s: (s.attribution, source(s, cited).id))
    )


def source(sentence: AnswerSentence, cited: Mapping[int, Cited]) -> SourceDocument:
    """The document a quotation stands in."""
    return cited[sentence.citations[0]].document


def _quoted(sentences: Sequence[AnswerSentence], cited: Mapping[int, Cited], language: str) -> str:
    document = source(sentences[0], cited)
    lines = "".join(quote_line(sentence, cited, language) for sentence in sentences)
    return (
        f'<section class="sanad-said"><p class="sanad-from">{source_words(document, language)}</p>'
        f"<blockquote{marked(document.language)}>{lines}</blockquote>"
        f"{glossed(sentences, language)}</section>"
    )


def glossed(sentences: Sequence[AnswerSentence], language: str) -> str:
    """Dates, numbers and names of foreign quotations, in the reader's language; empty for none."""
    if not any(sentence.gloss for sentence in sentences):
        return ""
    words = text(gloss_text(sentences, language))
    return f'<p class="sanad-gloss"{marked(language)}>{words}</p>'


def quote_line(sentence: AnswerSentence, cited: Mapping[int, Cited], language: str) -> str:
    """A quoted sentence, in quotation marks that the style sheet draws; rows of a table as a table
    under its header."""
    item = cited[sentence.citations[0]]
    parts = listed(item.evidence.quote, item.page, item.evidence.answer)
    if not any(part.rows for part in parts):
        return f'<p class="sanad-quote">{_with_markers(sentence, cited, language)}</p>'
    last = "".join(f"&nbsp;{marker(cited[n], language)}" for n in sentence.citations)
    numbers = [*[""] * (len(parts) - 1), last]
    return "".join(
        _rows(part, after)
        if part.rows
        else f'<p class="sanad-quote">{text(part.text)}<span class="sanad-end"></span>{after}</p>'
        for part, after in zip(parts, numbers, strict=True)
    )


def _rows(part: Part, after: str) -> str:
    """Rows of a document's table; roles as in `ui.layout_html`. `after` stands in the last cell."""
    head = "".join(f'<th scope="col" role="columnheader">{text(cell)}</th>' for cell in part.header)
    above = f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>' if head else ""
    rows = [
        "".join(
            f'<td role="cell" data-column="{text(column)}">{text(cell)}</td>'
            for cell, column in zip_longest(row, part.header[: len(row)], fillvalue="")
        )
        for row in part.rows
    ]
    rows[-1] = f"{rows[-1].removesuffix('</td>')}{after}</td>"
    body = "".join(
        f'<tr role="row"{_HIT if n in part.hits else ""}>{row}</tr>' for n, row in enumerate(rows)
    )
    return (
        '<div class="sanad-wide" tabindex="0"><table class="sanad-table sanad-quoted" '
        f'role="table">{above}<tbody role="rowgroup">{body}</tbody></table></div>'
    )


def written(sentence: AnswerSentence, cited: Mapping[int, Cited], language: str) -> str:
    """A sentence of a model, in the reader's language, without quotation marks."""
    return f'<p class="sanad-written">{_with_markers(sentence, cited, language)}</p>'


def _with_markers(sentence: AnswerSentence, cited: Mapping[int, Cited], language: str) -> str:
    """A sentence whose last word, closing mark and numbers stay on one line."""
    last = re.search(r"\S*\s*$", sentence.text)[0]  # type: ignore[index]  # matches any string
    before = sentence.text.removesuffix(last)
    kept = "sanad-tail" if len(last) <= LONGEST_TAIL else ""
    items = [cited[n] for n in sentence.citations]
    numbers = "".join(f"&nbsp;{marker(item, language)}" for item in items)
    hit = (0, 0)
    if items and items[0].evidence.quote.text == sentence.text:
        begun = items[0].evidence.quote.start
        hit = (items[0].evidence.answer[0] - begun, items[0].evidence.answer[1] - begun)
    return (
        f'{_hit(before, 0, hit)}<span class="{kept}">'
        f'<span class="sanad-end">{_hit(last, len(before), hit)}</span>{numbers}</span>'
    )


def _hit(piece: str, at: int, hit: tuple[int, int]) -> str:
    """A piece of a quotation that begins `at`, the part of it that answers in bold."""
    start, end = max(0, hit[0] - at), min(len(piece), hit[1] - at)
    if start >= end:
        return text(piece)
    said = f'<strong class="sanad-hit">{text(piece[start:end])}</strong>'
    return f"{text(piece[:start])}{said}{text(piece[end:])}"


def source_words(document: SourceDocument, language: str) -> str:
    """The attribution in words, its title marked as one."""
    return titled(attribution(document, language), document)


def titled(words: str, document: SourceDocument) -> str:
    """Words of ours with the title of a document in them, which is marked as one."""
    before, found, after = words.partition(document.title)
    return f"{text(before)}{title(document)}{text(after)}" if found else text(words)


def marker(item: Cited, language: str) -> str:
    """The button that opens a passage."""
    name = f"{say(language, 'chat.passage')} {item.n}: {item.document.title}"
    return (
        f'<button type="button" class="sanad-cite" data-n="{item.n}" aria-haspopup="dialog" '
        f'aria-label="{text(name)}">{item.n}</button>'
    )
