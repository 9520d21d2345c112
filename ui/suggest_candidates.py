"""Questions that a collection may answer, to be verified before they are shown.

    to begin with    written by hand beside the documents, headings that ask, places, themes
    to go on with    the same question elsewhere, two places side by side, what the cited
                     documents have besides

Templates are messages ("suggest."), so that every language of the interface has them. A
collection on any other subject is served by its own headings, places and themes.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path

from rag.errors import NOT_READ
from rag.index.generation import Generation
from rag.index.store import Store
from rag.question.mentions import Mention
from rag.types import SourceDocument
from rag.wording import knows, name_of, say
from rag.words.text import fold
from ui.suggest_words import CITY, about_another, as_subject

log = logging.getLogger(__name__)

WRITTEN = "questions.yaml"  # beside the documents: {language: [question, ...]}
LONGEST = 110  # characters of a question that is suggested
MOST_PLACES = 8
_ASKS = re.compile(r"[?؟]\s*$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question to try. Where they are given, the answer must quote a document that has
    `needs` (a filter's key and value), as the first where it is the `lead`, and what stands
    under the heading `part`; and its quotes must have every content word of `words`."""

    question: str
    needs: tuple[str, str] | None = None
    part: str = ""
    lead: bool = True
    words: str = ""
    kind: str = ""  # "section", "elsewhere" or "compare", of those to go on with
    title: str = ""  # of the document of `part`


# To begin with


def starters(generation: Generation, language: str) -> Iterator[Candidate]:
    """Questions to begin with, best first."""
    store = generation.store
    yield from (Candidate(asked) for asked in written(generation, language))
    documents = store.documents()
    kinds = [
        _asking(store, documents, language),
        (_about_place(key, language) for key in _places(documents, language)),
        (_about_theme(theme, language) for theme, _ in store.facet_counts("theme")),
        _titles(documents, language),
    ]
    for several in zip_longest(*kinds):
        yield from filter(None, several)


def written(generation: Generation, language: str) -> list[str]:
    """The questions of a language in the file beside the documents; none where it has none or
    does not read."""
    glossary = generation.manifest.glossary  # the one file whose place a generation remembers
    if not glossary:
        return []
    path = Path(glossary).with_name(WRITTEN)
    if not path.is_file():
        return []
    import yaml

    try:
        held = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError, *NOT_READ) as error:
        log.warning("%s does not read: %s", path, " ".join(str(error).split()))
        return []
    asked = held.get(language) if isinstance(held, dict) else None
    return [str(each).strip() for each in asked] if isinstance(asked, list) else []


def _asking(
    store: Store, documents: Sequence[SourceDocument], language: str
) -> Iterator[Candidate]:
    """Headings that are questions, of documents in the language."""
    for document in documents:
        if document.language == language and not document.superseded_by:
            for heading in store.headings_of(document.id):
                if _ASKS.search(heading) and 12 <= len(heading) <= LONGEST:
                    yield Candidate(heading, ("document", document.id))


def _places(documents: Sequence[SourceDocument], language: str) -> list[str]:
    """Countries, then cities, most documents first; those of documents in the language count
    double."""
    countries: Counter[str] = Counter()
    cities: Counter[str] = Counter()
    for document in documents:
        weight = 2 if document.language == language else 1
        # One that names many places is about none of them.
        countries.update(dict.fromkeys(document.countries[:2], weight))
        cities.update(dict.fromkeys(document.cities[:2], weight))
    pairs = zip_longest(
        (code for code, _ in countries.most_common(MOST_PLACES)),
        (f"{CITY}{name}" for name, _ in cities.most_common(MOST_PLACES)),
    )
    return [key for key in chain.from_iterable(pairs) if key]


def _about_place(key: str, language: str) -> Candidate | None:
    if key.startswith(CITY) and language == "ar":
        return None  # the collection spells its cities in Latin letters
    words = say(language, "suggest.place", place=as_subject(key, language))
    return Candidate(_capital(words), _needs(key))


def _needs(key: str) -> tuple[str, str]:
    return ("city", key.removeprefix(CITY)) if key.startswith(CITY) else ("country", key)


def _about_theme(theme: str, language: str) -> Candidate | None:
    """None where we have no word for a theme in the language."""
    if not knows(f"themes.{theme}") and language != "en":
        return None
    named = name_of(language, "themes", theme)
    return Candidate(say(language, "suggest.theme", theme=named), ("theme", theme))


def _titles(documents: Sequence[SourceDocument], language: str) -> Iterator[Candidate]:
    for document in documents:
        if document.language == language and len(document.title) <= LONGEST - 30:
            words = say(language, "suggest.title", title=document.title)
            yield Candidate(words, ("document", document.id))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# To go on with


@dataclass(frozen=True, slots=True)
class Answered:
    """What was asked and shown: the standalone question, and the ids of the cited documents."""

    question: str
    language: str
    mentions: tuple[Mention, ...]
    documents: tuple[SourceDocument, ...]


def onward(store: Store, answered: Answered, shown: Sequence[str]) -> Iterator[Candidate]:
    """Questions to go on with, of each kind in turn. `shown`: headings already quoted from."""
    places = [mention for mention in answered.mentions if mention.kind == "place"]
    kinds: list[Iterable[Candidate]] = [
        _sections(store, answered, shown),
        _elsewhere(store, answered, places),
        _side_by_side(store, answered, places),
    ]
    for several in zip_longest(*kinds):
        yield from (one for one in several if one and _fits(one, answered))


def _fits(candidate: Candidate, answered: Answered) -> bool:
    same = fold(candidate.question) == fold(answered.question)
    return not same and len(candidate.question) <= LONGEST + 60


def _sections(store: Store, answered: Answered, shown: Sequence[str]) -> Iterator[Candidate]:
    """What else the cited documents in the reader's language have, section by section."""
    seen = {fold(heading) for heading in shown}
    for document in answered.documents:
        if document.language != answered.language:
            continue
        for heading in store.headings_of(document.id):
            if fold(heading) in seen or fold(heading) == fold(document.title):
                continue
            seen.add(fold(heading))
            if " " in heading and store.documents_under(heading) == 1:
                yield from _section(document, heading, answered.language)


def _section(document: SourceDocument, heading: str, language: str) -> Iterator[Candidate]:
    """What a section says; its heading where that asks. One that many documents have
    ("Summary", "Sources") was left out: it says nothing by itself."""
    needs = ("document", document.id)
    if _ASKS.search(heading) and len(heading) > 12:
        yield Candidate(heading, needs, heading, kind="section")
    elif len(heading) + len(document.title) <= LONGEST + 20:
        words = say(language, "suggest.section", title=document.title, part=heading)
        yield Candidate(words, needs, heading, kind="section", title=document.title)


def _elsewhere(store: Store, answered: Answered, places: Sequence[Mention]) -> Iterator[Candidate]:
    """The same question about another place, where it names one and nothing else that may be
    the first one's own, as "UNAR in Italy" does."""
    if len(places) != 1 or len(answered.mentions) != 1:
        return
    question = answered.question
    rest = f"{question[: places[0].start]} {question[places[0].end :]}"
    for key in islice(_near(store, answered, places[0]), MOST_PLACES):
        asked = about_another(answered.question, places[0], key, answered.language)
        if asked:
            yield Candidate(asked, _needs(key), words=rest, kind="elsewhere")


def _side_by_side(
    store: Store, answered: Answered, places: Sequence[Mention]
) -> Iterator[Candidate]:
    """A place of the question beside another country."""
    own = [place for place in places if place.is_country]
    if len(places) != 1 or not own:
        return
    language = answered.language
    for key in islice(_near(store, answered, own[0]), 4):
        one, other = as_subject(own[0].key, language), as_subject(key, language)
        words = say(language, "suggest.compare", one=one, other=other)
        yield Candidate(words, _needs(key), lead=False, kind="compare")


def _near(store: Store, answered: Answered, place: Mention) -> Iterator[str]:
    """Other places of the same sort, those with most documents on the cited themes first."""
    themes = {theme for document in answered.documents for theme in document.themes[:2]}
    found: Counter[str] = Counter()
    for document in store.documents():
        weight = 1 + len(themes & set(document.themes))
        names = document.countries[:2] if place.is_country else document.cities[:2]
        found.update(dict.fromkeys(names, weight))
    for name, _ in found.most_common():
        key = name if place.is_country else f"{CITY}{name}"
        if key != place.key:
            yield key
