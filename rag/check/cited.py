"""A cited passage taken apart, once: its sentences by word and stem, its numbers, dates, names.

What a sentence is compared with (`rag.check.checker`). Beside the passage stands what the
catalogue says of its document: title, headings, event, places, date. Knows no sentence to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from rag.check.moments import Moment, find_moments, of_iso
from rag.check.number import Number
from rag.check.numbers import find_numbers
from rag.embed import SanadEncoder
from rag.evidence.candidates import sentence_quotes
from rag.evidence.orders import without_orders
from rag.index.generation import Generation
from rag.types import Passage, Quote, SourceDocument
from rag.words.countries import countries_at, country_words
from rag.words.polarity import any_negations, denials, poles, universals
from rag.words.sentences import split_sentences
from rag.words.text import fold, stopwords, words
from rag.words.word_forms import variants

_SPAN = re.compile(r"[^\W_][\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff]*")


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """One sentence of a passage. Places are positions in `words`."""

    quote: Quote
    words: tuple[str, ...]  # folded, function words too
    stems: dict[str, tuple[int, ...]]  # stem -> places
    numbers: tuple[Number, ...]
    moments: tuple[Moment, ...]
    number_places: tuple[int, ...]  # of the word at which each number begins
    denials: tuple[int, ...]  # firm negations and words that deny as firmly
    negations: tuple[int, ...]  # firm and soft ones
    poles: tuple[tuple[int, int, int], ...]
    universals: tuple[int, ...]
    content: tuple[int, ...]  # places of the words that carry the topic


@dataclass(frozen=True)
class CitedText:
    """One passage with its document."""

    passage: Passage
    document: SourceDocument
    sentences: tuple[CitedSentence, ...]
    vectors: npt.NDArray[np.float32]  # (sentences, dim)
    states: tuple[npt.NDArray[np.float16], ...]  # of each sentence (words, dim), in their place
    statements: tuple[Quote, ...]  # what may be shown as a quote
    capitals: frozenset[str]  # folded words that stand with a capital
    initials: frozenset[str]  # of runs of capitalised words: "ncic"
    context: frozenset[str]  # stems of title, headings, event and places
    context_text: str
    words: frozenset[str]  # every folded word of passage and context
    countries: frozenset[str]  # codes, of text, context and catalogue
    moments: tuple[Moment, ...]  # of text, title and headings, and the document's date
    shared: dict[str, bool] = field(default_factory=dict)  # names already looked for

    @property
    def language(self) -> str:
        return self.document.language

    @property
    def numbers(self) -> Iterable[Number]:
        return (number for sentence in self.sentences for number in sentence.numbers)


def take_apart(passage: Passage, generation: Generation, encoder: SanadEncoder) -> CitedText | None:
    """The passage with its document; None where the generation does not hold it."""
    found = generation.store.find_document(passage.document_id)
    if found is None:
        return None
    row, document = found
    page = generation.store.page(row, passage.page)
    if page.text[passage.start : passage.end] != passage.text:
        return None
    language = document.language
    passage = replace(passage, text=without_orders(passage.text, language))
    spans = split_sentences(passage.text, language)
    sentences = tuple(_sentence(passage, start, end, language) for start, end in spans)
    vectors, states = word_states([s.quote.text for s in sentences] or [""], encoder)
    context = without_orders(_context(document, passage), language)
    about = find_moments(" . ".join((document.title, *passage.headings)), language)
    named = countries_at(country_words(f"{passage.text}\n{context}"))
    dated = of_iso(document.date)
    return CitedText(
        passage=passage,
        document=document,
        sentences=sentences,
        vectors=vectors,
        states=tuple(found.astype(np.float16) for found in states[: len(sentences)]),
        statements=tuple(sentence_quotes(passage, page, language)),
        capitals=_capitals(f"{passage.text}\n{context}"),
        initials=_initials(f"{passage.text}\n{context}"),
        context=frozenset(_stems_of(context, language)),
        context_text=context,
        words=frozenset(words(fold(f"{passage.text}\n{context}"))),
        countries=frozenset(document.countries) | frozenset(named.values()),
        moments=(
            *(m for s in sentences for m in s.moments), *about, *((dated,) if dated else ()),
        ),
    )  # fmt: skip


def _sentence(passage: Passage, start: int, end: int, language: str) -> CitedSentence:
    text = passage.text[start:end]
    at = passage.start + start
    quote = Quote(passage.document_id, passage.page, at, passage.start + end, text)
    tokens = tuple(words(fold(text)))
    places: dict[str, list[int]] = {}
    for place, word in enumerate(tokens):
        for form in variants(word, language):
            places.setdefault(form, []).append(place)
    moments = find_moments(text, language)
    spans = [(m.start, m.end) for m in moments if m.month]
    numbers = find_numbers(text, language, spans)
    return CitedSentence(
        quote=quote,
        words=tokens,
        stems={form: tuple(found) for form, found in places.items()},
        numbers=numbers,
        moments=dated_by_neighbour(moments),
        number_places=places_of([n.start for n in numbers], text),
        denials=tuple(denials(tokens, language)),
        negations=tuple(any_negations(tokens, language)),
        poles=tuple(poles(tokens, language)),
        universals=tuple(universals(tokens, language)),
        content=tuple(at for at, word in enumerate(tokens) if word not in stopwords(language)),
    )


def word_states(
    texts: Sequence[str], encoder: SanadEncoder
) -> tuple[npt.NDArray[np.float32], list[npt.NDArray[np.float32]]]:
    """(texts, dim) unit rows, and for each text (words, dim) unit rows of its words as
    `words(fold(text))` counts them; zeros where folding makes other words of it."""
    spans = [[found.span() for found in _SPAN.finditer(text)] for text in texts]
    vectors, states = encoder.words(texts, spans)
    kept = []
    for text, places, found in zip(texts, spans, states, strict=True):
        counted = words(fold(text))
        same = [word for a, b in places for word in words(fold(text[a:b]))] == counted
        one_each = same and len(places) == len(counted)
        kept.append(found if one_each else np.zeros((len(counted), encoder.dim), np.float32))
    return vectors, kept


def dated_by_neighbour(moments: Sequence[Moment]) -> tuple[Moment, ...]:
    """Dates of one sentence, those without a year given the year that stands next ("from 24
    August to 5 September 2021"); as they are where the sentence names no year."""
    dated = [moment for moment in moments if moment.year]

    def distance(moment: Moment, other: Moment) -> tuple[bool, int]:
        return other.start < moment.start, abs(other.start - moment.start)

    return tuple(
        moment
        if moment.year or not dated
        else replace(moment, year=min(dated, key=lambda other: distance(moment, other)).year)
        for moment in moments
    )


def places_of(starts: Sequence[int], text: str) -> tuple[int, ...]:
    """For ascending text positions, how many words stand before each; linear."""
    found: list[int] = []
    count = before = 0
    for start in starts:
        count += len(words(fold(text[before:start])))
        before = start
        found.append(count)
    return tuple(found)


def _context(document: SourceDocument, passage: Passage) -> str:
    """What the catalogue says of a passage, but for dates; country names in four languages."""
    from rag.wording import country_name

    countries = [
        country_name(code, language)
        for code in document.countries
        for language in dict.fromkeys((document.language, "en", "fr", "es", "ar"))
    ]
    kind = document.kind.replace("-", " ")
    parts = (document.title, *passage.headings, document.event, document.publisher, kind,
             *document.cities, *countries)  # fmt: skip
    return "\n".join(part for part in parts if part)


def _stems_of(text: str, language: str) -> list[str]:
    return [form for word in words(fold(text)) for form in variants(word, language)]


def _capitals(text: str) -> frozenset[str]:
    return frozenset(
        word for part in text.split() for word in words(fold(part)) if any(map(str.isupper, part))
    )


def _initials(text: str) -> frozenset[str]:
    """First letters of runs of capitalised words, short lower-case words between them left out."""
    found: set[str] = set()
    run = ""
    for part in text.split():
        bare = part.strip("()[]«»“”\"'’,.;:")
        if bare[:1].isupper() and not (len(bare) > 1 and bare.isupper()):
            run += bare[0].casefold()
        elif len(bare) > 3 or not run:
            run = ""
        found.update(run[i:] for i in range(max(0, len(run) - 8), len(run) - 1))
    return frozenset(found)
