"""What a question names: places, concepts of the glossary, years, capitalised names.

Each mention is a span of the question with a key that is the same in every language: a country's
ISO code, a city of the collection, a concept's id, a year. Country names come from CLDR (Babel).
Cities are the collection's (`rag.translation.city_names`). Knows no conversation; does not tell a
person from an organisation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Literal

from rag.question.cues import cues, data
from rag.question.glossary import Glossary, stems
from rag.translation.city_names import by_letters, by_sound, exact_cities
from rag.words.text import fold, stem, stopwords

Kind = Literal["place", "concept", "year", "name"]
_TOKEN = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_ARABIC = re.compile("[\u0620-\u06ff]")
_ENDINGS = {
    "": ("", "e", "s", "es", "a", "o", "os", "as", "ne", "nes", "ais"),
    "ar": ("", "ه", "ون", "ين", "ات"),
}
_PREFIXES = "وفبلك"  # one-letter words that Arabic writes on to the next one
WORDS = 60  # of a question that are read: a history is not trusted to be short
NAMES = 8  # of a question that are looked up
LONGEST = 5  # words of a place's name


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a question with its place."""

    text: str
    folded: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A span of a question that names something: `question[start:end] == text`."""

    kind: Kind
    key: str  # "KE", "city:Strumica", a concept's id, "2023", a folded name
    start: int
    end: int
    text: str
    adjective: bool = False  # "Kenyan"

    @property
    def is_country(self) -> bool:
        return self.kind == "place" and not self.key.startswith("city:")


def tokens(text: str) -> list[Token]:
    """The words of a text in order; none of which nothing is left when folded."""
    found = ((m, fold(m[0])) for m in _TOKEN.finditer(text))
    return [Token(m[0], folded, m.start(), m.end()) for m, folded in found if folded]


def mentions(
    text: str, language: str, cities: tuple[str, ...] = (), glossary: Glossary | None = None
) -> tuple[Mention, ...]:
    """What `text` names, in order, without overlaps: the longer of two, and a concept before
    a place before a name."""
    found = tokens(text)[:WORDS]
    candidates = [
        *_concepts(text, found, language, glossary or Glossary()),
        *_places(text, found, cities),
        *_years(found),
        *islice(_names(text, found, language, cities), NAMES),
    ]
    chosen: list[Mention] = []
    for mention in candidates:
        if all(mention.end <= other.start or other.end <= mention.start for other in chosen):
            chosen.append(mention)
    return tuple(sorted(chosen, key=lambda mention: mention.start))


def _concepts(
    text: str, found: Sequence[Token], language: str, glossary: Glossary
) -> Iterator[Mention]:
    """Concepts by their right names in the question's language, or any abbreviation; a single
    word in lower case is no name."""
    stop = stopwords(language)
    kept = [token for token in found if token.folded not in stop]
    stemmed = stem([token.folded for token in kept], language)
    names, short = _concept_names(glossary, language)
    matches = [
        Mention("concept", short[token.text], token.start, token.end, token.text)
        for token in found
        if token.text in short
    ]
    for i, first in enumerate(stemmed):
        for parts, concept in names.get(first, ()):
            if tuple(stemmed[i : i + len(parts)]) == parts:
                start, end = kept[i].start, kept[i + len(parts) - 1].end
                start += _clitic(kept[i].text)
                matches.append(Mention("concept", concept, start, end, text[start:end]))
    yield from sorted(matches, key=lambda mention: mention.start - mention.end)


_Names = dict[str, list[tuple[tuple[str, ...], str]]]
_read: list[tuple[Glossary, dict[str, tuple[_Names, dict[str, str]]]]] = []


def _concept_names(glossary: Glossary, language: str) -> tuple[_Names, dict[str, str]]:
    """Names of more than one word by their first stem, and abbreviations, each with the id of
    its concept. Kept for the glossary in use: one is read again only when its file changes."""
    entry = next(iter(_read), None)
    if entry is None or entry[0] is not glossary:
        entry = (glossary, {})
        _read[:] = [entry]
    known = entry[1]
    if language not in known:
        names: _Names = {}
        short: dict[str, str] = {}
        for concept in glossary.concepts:
            for form in (
                *concept.forms.get(language, ()), *concept.mistranslations.get(language, ())
            ):  # fmt: skip
                parts = stems(form, language)
                if len(parts) > 1:
                    names.setdefault(parts[0], []).append((parts, concept.id))
            for abbreviations in concept.abbreviations.values():
                for name in abbreviations:
                    short.setdefault(name, concept.id)
        known[language] = names, short
    return known[language]


def _clitic(word: str) -> int:
    """Letters of an Arabic word before its article: "والمجلس" has one."""
    return int(len(word) > 4 and word[0] in _PREFIXES and word[1:3] == "ال")


def _places(text: str, found: Sequence[Token], cities: tuple[str, ...]) -> Iterator[Mention]:
    at = 0
    while at < len(found):
        match = _country_at(found, at) or _city_at(found, at, cities)
        if match:
            key, count, skip, adjective = match
            start, end = found[at].start + skip, found[at + count - 1].end
            yield Mention("place", key, start, end, text[start:end], adjective)
            at += count
        else:
            at += 1


def _country_at(found: Sequence[Token], at: int) -> tuple[str, int, int, bool] | None:
    """ISO code, words, letters of a prefix before it, and whether it is an adjective."""
    lexicon = _countries()
    for count in range(min(LONGEST, len(found) - at), 0, -1):
        rest = tuple(token.folded for token in found[at + 1 : at + count])
        for skip, first in _readings(found[at].folded):
            entry = lexicon.get((first, *rest))
            if entry and not (count == 1 and first in _doubtful() and not _sure(found, at)):
                return entry[0], count, skip, entry[1]
    return None


def _readings(word: str) -> Iterator[tuple[int, str]]:
    """A folded word, and what it is without an Arabic "and", then a prefix of one letter."""
    yield 0, word
    for skip in (0, 1):
        rest = word[skip:]
        if len(rest) > 3 and rest[0] in _PREFIXES and (not skip or word[0] == "و"):
            yield skip + 1, rest[1:]
            if rest[:2] == "لل":
                yield skip + 1, f"ا{rest[1:]}"


def _sure(found: Sequence[Token], at: int) -> bool:
    """Whether a doubtful word names a place here: a capital, in Arabic a preposition before."""
    if _ARABIC.match(found[at].text):
        return at > 0 and found[at - 1].folded in ("في", "وفي", "عن", "من", "الي")
    return found[at].text[0].isupper()


def _city_at(
    found: Sequence[Token], at: int, cities: tuple[str, ...]
) -> tuple[str, int, int, bool] | None:
    exact = exact_cities(cities)
    for count in range(min(LONGEST, len(found) - at), 0, -1):
        rest = tuple(token.folded for token in found[at + 1 : at + count])
        city = exact.get((found[at].folded, *rest))
        if city and (count > 1 or len(city) > 4 or found[at].text[0].isupper()):
            return f"city:{city}", count + _titled(found, at + count), 0, False
    if _ARABIC.match(found[at].text):
        following = found[at + 1].folded if at + 1 < len(found) else ""
        for skip, word in _readings(found[at].folded):
            match = by_sound(word, following, cities)
            if match:
                return f"city:{match[0]}", match[1], skip, False
    return None


def _titled(found: Sequence[Token], at: int) -> int:
    """1 where "County" or the like follows a city's name, which goes with it."""
    return int(at < len(found) and found[at].text in ("County", "City", "Municipality"))


def _years(found: Sequence[Token]) -> Iterator[Mention]:
    for token in found:
        if _YEAR.fullmatch(token.folded):
            yield Mention("year", token.folded, token.start, token.end, token.text)


def _names(
    text: str, found: Sequence[Token], language: str, cities: tuple[str, ...]
) -> Iterator[Mention]:
    """Runs of capitalised words; a question's first word only when it is no common one."""
    if text.upper() == text:
        return  # all capitals say nothing
    plain = stopwords(language) | cues(language).interrogatives | cues(language).fillers
    at = 0
    while at < len(found):
        last = at
        while last < len(found) and found[last].text[0].isupper() and (
            found[last].folded not in plain and (last == at or _near(text, found, last))
        ):  # fmt: skip
            last += 1
        if all(cues(language).finds("role", token.folded) for token in found[at:last]):
            last = at  # "the Mayor" is nobody's name
        if last > at and not (_starts(text, found[at]) and last == at + 1 and len(found) > 1):
            start, end = found[at].start, found[last - 1].end
            folded = " ".join(token.folded for token in found[at:last])
            city = by_letters(folded, cities)
            kind: Kind = "place" if city else "name"
            key = f"city:{city}" if city else folded
            yield Mention(kind, key, start, end, text[start:end])
        at = max(last, at + 1)


def _near(text: str, found: Sequence[Token], at: int) -> bool:
    return text[found[at - 1].end : found[at].start] in (" ", "-", ". ")


def _starts(text: str, token: Token) -> bool:
    """Whether a word begins a sentence, where a capital says nothing; an acronym may."""
    before = text[: token.start].rstrip(" \t¿¡«“\"'(")
    acronym = len(token.text) > 1 and token.text.isupper()
    return (not before or before[-1] in ".?!؟:") and not acronym


@lru_cache(maxsize=1)
def _countries() -> dict[tuple[str, ...], tuple[str, bool]]:
    """Folded words of a name in one of the four languages -> ISO code, whether an adjective."""
    from babel import Locale

    lexicon: dict[tuple[str, ...], tuple[str, bool]] = {}
    for language in ("en", "fr", "es", "ar"):
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY:
                lexicon.setdefault(tuple(_TOKEN.findall(fold(name))), (code, False))
    for code, names in data()["names"].items():
        for name in str(names).split(";"):
            for form, adjective in _written(name.strip()):
                lexicon.setdefault(tuple(_TOKEN.findall(fold(form))), (code, adjective))
    lexicon.pop((), None)
    return lexicon


_NO_COUNTRY = frozenset("EU EZ UN ZZ XA XB QO AQ AC CP DG EA IC TA BV HM TF GS UM IO".split())


def _written(name: str) -> Iterator[tuple[str, bool]]:
    """The forms of an entry and whether it is an adjective: "stem*" has the usual endings."""
    if not name.endswith("*"):
        yield name, bool(re.search(r"(an|ish|ese|ch|ian|ak|i)$", name)) and " " not in name
        return
    name = name[:-1]
    for ending in _ENDINGS["ar" if _ARABIC.match(name) else ""]:
        yield name + ending, True
        if _ARABIC.match(name):
            yield f"ال{name}{ending}", True


@lru_cache(maxsize=1)
def _doubtful() -> frozenset[str]:
    return frozenset(fold(word) for word in str(data()["doubtful"]["words"]).split())
