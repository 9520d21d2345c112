"""The things a question compares: countries, cities of the collection, glossary concepts.

Countries are known by their CLDR names, cities by the documents' metadata, concepts by
the glossary. Also tells which of them a sentence is about. Knows no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rag.index.generation import Generation
from rag.question.glossary import Concept, contains, stems
from rag.question.mentions import mentions as named_in
from rag.question.query import Question
from rag.types import SourceDocument
from rag.wording import languages
from rag.words.text import fold, terms, words

LEAST_SHARE = 0.3  # of a name's likeliest spelling, for another one to count as the name
_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "ZZ", "XA", "XB", "QO"})  # CLDR's groups and tests
_NOT_SAID = re.compile(r"[^\w\s'-]")
_ARABIC_PREFIX = "(?:[وف]?[بلك]?(?:ال)?)"  # written on to the next word
Kind = Literal["country", "city", "concept"]
_FIRST: tuple[Kind, ...] = ("country", "city", "concept")  # where a name may be either


@dataclass(frozen=True, slots=True)
class Mention:
    """Something named in a question, at a span of the folded text."""

    start: int
    end: int
    kind: Kind
    key: str  # ISO code, city as the metadata has it, or concept id
    label: str  # as the reader is to see it
    concept: Concept | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared: everything the question says it is."""

    label: str
    asked: str  # what the question asks of it, folded
    country: str = ""
    city: str = ""
    concept: Concept | None = None

    @property
    def filters(self) -> dict[str, list[str]]:
        """Documents that may speak of it; empty for a concept, which any may."""
        if self.city:
            return {"city": [self.city]}
        return {"country": [self.country]} if self.country else {}


def mentions(
    source: str, folded: str, origins: Sequence[int], question: Question, generation: Generation
) -> list[Mention]:
    """Everything named in a question, in its order; of overlapping names the longest."""
    countries = _countries(folded, question.language)
    found = [
        *countries,
        *_cities(source, folded, origins, question, generation, countries),
        *_concepts(source, folded, origins, question),
    ]
    kept: list[Mention] = []
    for one in sorted(found, key=lambda m: (m.start - m.end, _FIRST.index(m.kind), m.key)):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda mention: mention.start)


def countries_named(question: Question) -> list[str]:
    """ISO codes of the countries that a question names, in its order."""
    return [mention.key for mention in _countries(fold(question.text), question.language)]


def sides_of(
    named: Sequence[Mention], text: Sequence[str], connectors: re.Pattern[str], language: str
) -> list[Side]:
    """Mentions joined to sides: those with no connector between them belong together.

    `text` is the folded question, one character an item, those that are no part of any
    side (the words that ask for a comparison, its headings) given as "". Empty where two
    sides are one thing.
    """
    groups: list[list[Mention]] = []
    for mention in named:
        previous = groups[-1][-1] if groups else None
        between = "".join(text[previous.end : mention.start]) if previous else ""
        if previous is not None and not connectors.search(between):
            groups[-1].append(mention)
        else:
            groups.append([mention])
    asked = _asked(groups, text, connectors, language)
    sides = [_side(group, words) for group, words in zip(groups, asked, strict=True)]
    distinct = {(side.country, side.city, side.concept and side.concept.id) for side in sides}
    return sides if len(distinct) == len(sides) else []


def _asked(
    groups: Sequence[Sequence[Mention]], text: Sequence[str], connectors: re.Pattern[str],
    language: str,
) -> list[str]:  # fmt: skip
    """What is asked of each side. Words before the first name or after the last belong to
    every side, unless each side has words of its own there ("X's council and Y's centre")."""
    before, after = [""] * len(groups), [""] * len(groups)
    before[0] = "".join(text[: groups[0][0].start])
    after[-1] = "".join(text[groups[-1][-1].end :])
    for i in range(1, len(groups)):
        between = "".join(text[groups[i - 1][-1].end : groups[i][0].start])
        found = list(connectors.finditer(between))
        if found:
            after[i - 1] = between[: found[0].start()]
            before[i] = between[found[-1].end() :]
    shared = []
    if not all(terms(words, language) for words in before[1:]):
        shared.append(before[0])
        before[0] = ""
    if not all(terms(words, language) for words in after[:-1]):
        shared.append(after[-1])
        after[-1] = ""
    own = ("".join(text[group[0].start : group[-1].end]) for group in groups)
    return [
        " ".join(_NOT_SAID.sub(" ", " ".join((*shared, before[i], name + after[i]))).split())
        for i, name in enumerate(own)
    ]


def _side(group: Sequence[Mention], asked: str) -> Side:
    by_kind = {mention.kind: mention for mention in reversed(group)}
    city, country, concept = (by_kind.get(k) for k in ("city", "country", "concept"))
    label = next(mention for mention in (city, country, concept) if mention).label
    return Side(
        label, asked, country.key if country else "", city.key if city else "",
        concept.concept if concept else None,
    )  # fmt: skip


# What a question names


def _countries(folded: str, language: str) -> list[Mention]:
    found = []
    for code, names in country_names().items():
        for spoken, name in names.items():
            if spoken in (language, "en") and (match := _named(name, spoken).search(folded)):
                label = _shown(code, language)
                found.append(
                    Mention(match.start("name"), match.end("name"), "country", code, label)
                )
    return found


def _cities(
    source: str, folded: str, origins: Sequence[int], question: Question, generation: Generation,
    countries: Sequence[Mention],
) -> list[Mention]:  # fmt: skip
    """Cities of the collection; other spellings of them are matched by sound, but not where a
    country is named."""
    found = _spelt(source, origins, question, generation)
    spelt = {mention.key for mention in found}
    spoken = [(m.start(), m.end(), m[0]) for m in re.finditer(r"\w+", folded)]
    for city, _ in generation.store.facet_counts("city"):
        if match := _named(fold(city), "en").search(folded):
            start, end = match.span("name")
            if source[origins[start]].isupper():
                found.append(
                    Mention(start, end, "city", city, source[origins[start] : origins[end]])
                )
        elif question.language != "en" and city not in spelt:
            found += [
                m for m in _sounding(city, spoken, source, origins, question)
                if all(m.end <= c.start or c.end <= m.start for c in countries)
            ]  # fmt: skip
    return found


def _spelt(
    source: str, origins: Sequence[int], question: Question, generation: Generation
) -> list[Mention]:
    """Cities of the collection as Arabic, or another Latin language, spells them."""
    if question.language == "en":
        return []
    known = tuple(city for city, _ in generation.store.facet_counts("city"))
    at = {origin: i for i, origin in reversed(list(enumerate(origins)))}
    return [
        Mention(at[m.start], at[m.end], "city", m.key.removeprefix("city:"), m.text)
        for m in named_in(source, question.language, known)
        if m.key.startswith("city:") and m.start in at and m.end in at
    ]


def _sounding(
    city: str, spoken: Sequence[tuple[int, int, str]], source: str, origins: Sequence[int],
    question: Question,
) -> list[Mention]:  # fmt: skip
    parts = [_likely(word, "en", question, question.language) for word in words(fold(city))]
    for i in range(len(spoken) - len(parts) + 1):
        run = spoken[i : i + len(parts)]
        stemmed = [terms(word, question.language) for _, _, word in run]
        if all(set(found) & part for found, part in zip(stemmed, parts, strict=True)):
            start, end = run[0][0], run[-1][1]
            label = source[origins[start] : origins[end]]
            if not label[0].islower():
                return [Mention(start, end, "city", city, label)]
    return []


def _concepts(
    source: str, folded: str, origins: Sequence[int], question: Question
) -> list[Mention]:
    found = []
    for concept in question.glossary.concepts:
        short = [name for names in concept.abbreviations.values() for name in names]
        forms = [n for k in (question.language, "en") for n in concept.forms.get(k, ())]
        for name in sorted(set(short + forms), key=len, reverse=True):
            match = _named(fold(name), question.language).search(folded)
            if match is None:
                continue
            start, end = match.span("name")
            said = source[origins[start] : origins[end]]
            if name not in short or said.rstrip("s") == name.rstrip("s"):
                found.append(Mention(start, end, "concept", concept.id, said, concept))
                break
    return found


# What a sentence is about


def aboutness(
    side: Side, text: str, headings: Sequence[str], document: SourceDocument, question: Question
) -> int:
    """3 when a text names the side, 2 when its heading does, 1 when its document is about
    nothing else of the kind, 0 otherwise; 0 where the text names another country or city of its
    document."""
    language = document.language
    if names_side(side, text, language, question):
        return 3
    others = [c for c in document.countries if side.country and c != side.country]
    if any(names_country(code, fold(text), language) for code in others):
        return 0
    cities = [name for name in document.cities if side.city and name != side.city]
    if any(names_city(name, fold(text), language, question) for name in cities):
        return 0
    if any(names_side(side, heading, language, question) for heading in headings):
        return 2
    alone = (side.city and document.cities == (side.city,)) or (
        side.country and not side.city and document.countries == (side.country,)
    )
    return 1 if alone or names_side(side, document.title, language, question) else 0


def names_side(side: Side, text: str, language: str, question: Question) -> bool:
    """Whether a text of `language` names a side."""
    folded = fold(text)
    if side.city:
        return names_city(side.city, folded, language, question)
    if side.country:
        return names_country(side.country, folded, language)
    if side.concept is None:
        return False
    found = stems(text, language)
    return any(contains(found, stems(name, language)) for name in side.concept.names(language))


def names_country(code: str, folded: str, language: str) -> bool:
    """Whether folded text of `language` names a country, or its people after its name."""
    names = country_names().get(code, {})
    return any(
        _named(names[spoken], spoken).search(folded) for spoken in {language, "en"} & names.keys()
    )


def names_city(city: str, folded: str, language: str, question: Question) -> bool:
    """Whether folded text of `language` names a city of the metadata, in any spelling of it
    that the translation tables or the transliteration know."""
    if _named(fold(city), "en").search(folded):
        return True
    if language in ("en", question.language) and language != "ar":
        return False
    present = set(terms(folded, language))
    parts = [_likely(word, "en", question, language) for word in words(fold(city))]
    return bool(parts) and all(part & present for part in parts)


def _likely(word: str, source: str, question: Question, target: str) -> frozenset[str]:
    """Stems of `target` that a word of a name is likely to be written as."""
    spelt = question.spellings.get(target)
    found = question.translator.distributions(word, source, target, spelt)
    best = max((share for shares in found[:1] for share in shares.values()), default=0.0)
    return frozenset(
        term
        for shares in found[:1]
        for term, share in shares.items()
        if share >= LEAST_SHARE * best
    ) | frozenset(terms(word, target))


def keys_of(
    of: str, text: str, headings: Sequence[str], document: SourceDocument, question: Question
) -> list[str]:
    """What a sentence is a line for in a list of cities, countries or documents: keys of the
    metadata. Cities and countries are those the sentence names, else its nearest heading,
    else the title; none where nothing names one."""
    if of == "document":
        return [document.work_id]
    known = document.cities if of == "city" else document.countries
    for place in (text, *reversed(headings), document.title):
        folded = fold(place)
        named = [
            key for key in known
            if (names_city(key, folded, document.language, question) if of == "city"
                else names_country(key, folded, document.language))
        ]  # fmt: skip
        if named:
            return named
    return []


@lru_cache(maxsize=1)
def country_names() -> dict[str, dict[str, str]]:
    """ISO code -> language -> folded CLDR name."""
    from babel import Locale

    names: dict[str, dict[str, str]] = {}
    for language in languages():
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code not in _NO_COUNTRY:
                names.setdefault(code, {})[language] = fold(name)
    return names


def _shown(code: str, language: str) -> str:
    from rag.wording import country_name

    return country_name(code, language)


@lru_cache(maxsize=4096)
def _named(name: str, language: str) -> re.Pattern[str]:
    """Finds a folded name as a word of its own; an English one also as Kenya's, Kenyan."""
    before = rf"(?<!\w){_ARABIC_PREFIX}" if language == "ar" else r"(?<!\w)"
    after = {"en": r"(?:n|an|ian)?", "ar": r"(?:ي\w{0,2})?"}.get(language, "") + r"(?!\w)"
    return re.compile(f"{before}(?P<name>{re.escape(name)}){after}")
