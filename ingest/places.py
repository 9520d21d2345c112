"""Countries and cities a text mentions, in any of its languages.

Country names come from CLDR (Babel), with `countries.toml` for short forms,
adjectives and what is ambiguous, and `cities.toml` for the cities of the field.

It knows only listed cities, does not place a street or a region, and leaves a
name uncounted rather than guess which of two places it means.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from rag.words.text import fold

Kind = Literal["country", "city", "nothing"]
Counts = tuple[tuple[str, int], ...]

# Members and observers of the United Nations, with Kosovo, Taiwan and Hong Kong.
COUNTRIES = frozenset(
    """AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF
    CG CH CI CL CM CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR GA GB GD GE
    GH GM GN GQ GR GT GW GY HK HN HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR
    KW KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM MN MR MT MU MV MW MX MY MZ NA
    NE NG NI NL NO NP NR NZ OM PA PE PG PH PK PL PS PT PW PY QA RO RS RU RW SA SB SC SD SE SG SI SK
    SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VN
    VU WS XK YE ZA ZM ZW""".split()
)
_LATIN_ENDINGS = ("", "e", "s", "es", "a", "o", "os", "as", "ne", "nes")
_ARABIC_ENDINGS = ("", "ه", "ون", "ين", "ات")
_TOKEN = re.compile(r"[^\W\d_]+")
_JOIN = re.compile(r"[\s\-–'’.,&]{1,3}")
_SOFT = re.compile("[\u0640\u064b-\u065f\u0670\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069]")
_ARABIC = re.compile("[\u0620-\u064a]")
_COMPASS = frozenset("north south east west northern southern eastern western".split())


@dataclass(frozen=True, slots=True)
class Places:
    """Counts by ISO code and by English city name, most frequent first."""

    countries: Counts = ()
    cities: Counts = ()


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to write a place."""

    words: tuple[str, ...]  # folded, without the Arabic article
    capitals: tuple[str, ...]  # per word: "" any case, "A" initial capital, "AA" all capitals
    kind: Kind
    place: str
    country: str = ""
    support: frozenset[str] = frozenset()  # folded words or country codes, one of them needed
    personal: bool = False  # support is needed only beside another capitalised word


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    folded: str
    joined: bool  # to the word before: nothing but a space, hyphen or the like between
    spaced: bool  # to the word before by one space


def mentions(text: str, language: str) -> Places:
    """Countries and cities named in `text`, with how often.

    A city counts for itself, not for its country.
    """
    words = list(_words(text))
    sure, doubtful = _matches(words, _lexicon(language))
    context = {word.folded for word in words} | {f.country for f in sure if f.country}
    for candidates in doubtful:
        sure += [form for form in candidates if form.support & context][:1]
    return Places(_count(sure, "country"), _count(sure, "city"))


def choose(title: Places, body: Places) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Countries and cities a document is about: in the title or headings, named twice, or
    at least 15 % of the mentions. A chosen city brings its country along."""
    cities = _main(title.cities, body.cities)
    countries = [*_main(title.countries, body.countries)]
    home = _city_countries()
    countries += [home[city] for city in cities if city in home and home[city] not in countries]
    return tuple(dict.fromkeys(countries)), cities


def _main(title: Counts, body: Counts) -> tuple[str, ...]:
    total = sum(n for _, n in body)
    enough = [place for place, n in body if n >= 2 or n >= 0.15 * total]
    return tuple(dict.fromkeys([*(place for place, _ in title), *enough]))


def _count(forms: Sequence[_Form], kind: Kind) -> Counts:
    return tuple(Counter(form.place for form in forms if form.kind == kind).most_common())


def _words(text: str) -> Iterator[_Word]:
    text = _SOFT.sub("", text)
    folded: dict[str, str] = {}
    end = 0
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word not in folded:
            folded[word] = fold(word)
        between = text[end : match.start()]
        yield _Word(word, folded[word], bool(_JOIN.fullmatch(between)), between == " ")
        end = match.end()


def _matches(
    words: Sequence[_Word], lexicon: dict[str, list[_Form]]
) -> tuple[list[_Form], list[list[_Form]]]:
    """Forms found beyond doubt, and for each doubtful place in the text its candidates."""
    sure: list[_Form] = []
    doubtful: list[list[_Form]] = []
    at = 0
    while at < len(words):
        found = _at(words, at, lexicon)
        if found:
            plain = [f for f in found if not f.support or (f.personal and not _named(words, at, f))]
            if plain:
                sure.append(plain[0])
            else:
                doubtful.append(found)
        at += len(found[0].words) if found else 1
    return sure, doubtful


def _at(words: Sequence[_Word], at: int, lexicon: dict[str, list[_Form]]) -> list[_Form]:
    """The longest forms that begin at word `at`; all those of equal length."""
    found: list[_Form] = []
    for first in _readings(words[at].folded):
        found += [form for form in lexicon.get(first, ()) if _fits(words, at, form)]
    longest = max((len(form.words) for form in found), default=0)
    return [form for form in found if len(form.words) == longest]


def _fits(words: Sequence[_Word], at: int, form: _Form) -> bool:
    if at + len(form.words) > len(words):
        return False
    for i, (wanted, capital) in enumerate(zip(form.words, form.capitals, strict=True)):
        word = words[at + i]
        if i and (not word.joined or _bare(word.folded) != wanted):
            return False
        if (capital == "A" and not word.text[0].isupper()) or (
            capital == "AA" and not word.text.isupper()
        ):
            return False
    return True


def _named(words: Sequence[_Word], at: int, form: _Form) -> bool:
    """Whether the word looks like part of a person's name ("Michael Jordan")."""
    after = at + len(form.words)
    before = at > 0 and words[at].spaced and words[at - 1]
    following = after < len(words) and words[after].spaced and words[after]
    return any(
        word and word.text[0].isupper() and len(word.text) > 1 and word.folded not in _COMPASS
        for word in (before, following)
    )


@lru_cache(maxsize=65536)
def _readings(word: str) -> tuple[str, ...]:
    """The word without its article; in Arabic also without a conjunction or preposition."""
    readings = [_bare(word)]
    if _ARABIC.match(word):
        if word[0] in "وف" and len(word) > 3:
            word = word[1:]
            readings.append(_bare(word))
        if word.startswith("لل") and len(word) > 4:
            readings.append(word[2:])
        elif word[0] in "بلك" and len(word) > 3:
            readings.append(_bare(word[1:]))
    return tuple(dict.fromkeys(readings))


def _bare(word: str) -> str:
    return word[2:] if len(word) > 4 and word.startswith("ال") else word


@lru_cache(maxsize=16)
def _lexicon(language: str) -> dict[str, list[_Form]]:
    """Forms by their first word: CLDR in en, ar, fr, es and `language`, and our own files."""
    data = tomllib.loads(files("ingest").joinpath("countries.toml").read_text("utf-8"))
    support = {_key(form): (needs, False) for form, needs in data["ambiguous"].items()}
    support |= {_key(form): (needs, True) for form, needs in data["personal"].items()}
    lexicon: dict[str, dict[_Form, None]] = {}

    def add(written: str, kind: Kind, place: str, country: str, needs: str = "") -> None:
        words, capitals = _key(written), _capitals(written)
        personal = False
        if kind == "country" and words in support:
            needs, personal = support[words]
        folded = frozenset(
            n.strip() if n.strip() in COUNTRIES else fold(n.strip()) for n in needs.split(";") if n
        )
        form = _Form(words, capitals, kind, place, country, folded, personal)
        lexicon.setdefault(words[0], {})[form] = None

    for code, written in _country_names(data["names"], language):
        add(written, "country", code, code)
    for city, code, written, doubtful in _city_names():
        add(written, "city", city, "" if doubtful else code, code if doubtful else "")
    for phrase in data["not"]["phrases"].split(";"):
        add(phrase, "nothing", "", "")
    return {first: list(forms) for first, forms in lexicon.items()}


def _country_names(own: dict[str, str], language: str) -> Iterator[tuple[str, str]]:
    from babel import Locale, UnknownLocaleError

    for locale in dict.fromkeys(("en", "ar", "fr", "es", language)):
        try:
            territories = Locale.parse(locale).territories
        except (UnknownLocaleError, ValueError, TypeError):
            continue
        for code in COUNTRIES & territories.keys():
            for name in re.split(r"[()]", territories[code]):
                if len(name.strip()) > 2:
                    yield code, name
    for code, names in own.items():
        for name in names.split(";"):
            stem = name.strip().removesuffix("*")
            endings = _ARABIC_ENDINGS if _ARABIC.search(stem) else _LATIN_ENDINGS
            for ending in endings if name.strip().endswith("*") else ("",):
                yield code, stem + ending


def _city_names() -> Iterator[tuple[str, str, str, bool]]:
    """(English name, country, a form, whether the country must be mentioned too)."""
    data = tomllib.loads(files("ingest").joinpath("cities.toml").read_text("utf-8"))
    for city, value in data.items():
        code, *forms = (part.strip() for part in value.split(";"))
        for form in dict.fromkeys((city, *forms)):
            doubtful = code.endswith("?") or form.endswith("?")
            yield city, code.removesuffix("?"), form.removesuffix("?"), doubtful


@lru_cache(maxsize=1)
def _city_countries() -> dict[str, str]:
    return {city: code for city, code, _, _ in _city_names()}


def _key(written: str) -> tuple[str, ...]:
    return tuple(_bare(fold(word)) for word in _TOKEN.findall(_SOFT.sub("", written)))


def _capitals(written: str) -> tuple[str, ...]:
    words = _TOKEN.findall(_SOFT.sub("", written))
    return tuple(
        "" if not word[0].isupper() else "AA" if word.isupper() and 1 < len(word) < 5 else "A"
        for word in words
    )
