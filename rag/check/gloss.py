"""What of a quotation in another language needs no translation: dates, countries and the officer's
terms, said in the reader's language.

Nothing is translated: dates are written as the reader writes them, countries by their CLDR names,
terms by the glossary. Numbers in words are left out: "half a million" read as a million would be
ours, and nobody could check it. Knows no passage and no answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from rag.check.moments import find_moments
from rag.question.glossary import Glossary, contains, stems
from rag.question.sides import names_country
from rag.types import SourceDocument
from rag.wording import country_name, format_date
from rag.words.text import fold

MOST = 6


def gloss(text: str, document: SourceDocument, reader: str, glossary: Glossary) -> tuple[str, ...]:
    """What stands in a quotation, in the reader's language, each once; empty for a quotation in
    that language."""
    if document.language == reader:
        return ()
    places = [
        country_name(code, reader) for code in document.countries
        if names_country(code, fold(text), document.language)
    ]  # fmt: skip
    terms = _terms(text, document.language, reader, glossary)
    return tuple(dict.fromkeys([*_dates(text, document, reader), *places, *terms]))[:MOST]


def _dates(text: str, document: SourceDocument, reader: str) -> Iterator[str]:
    """Dates with a month; a bare year needs no words. An ambiguous one, or one that no calendar
    has, is left as it is."""
    found = [moment for moment in find_moments(text, document.language) if moment.month]
    for moment in found:
        readings = [other for other in found if other.start == moment.start]
        if moment.year and len(readings) == 1:
            day = f"-{moment.day:02}" if moment.day else ""
            written = f"{moment.year}-{moment.month:02}{day}"
            if (said := format_date(written, reader)) != written:
                yield said


def _terms(text: str, language: str, reader: str, glossary: Glossary) -> Iterator[str]:
    """Preferred names of the glossary's concepts that a text names."""
    said = stems(text, language)
    for concept in glossary.concepts:
        if any(contains(said, stems(name, language)) for name in concept.forms.get(language, ())):
            yield from concept.forms.get(reader, ())[:1]
