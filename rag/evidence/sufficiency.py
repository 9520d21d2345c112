"""Whether what was found is enough: to answer, to be shown as coming close, or for neither.

The probability that the question is answered speaks first (`rag.evidence.answerable`); then
whether anything chosen is about the places, names and years that were asked about, and for the
holder of an office of a place whether a sentence speaks of that office there. Knows no wording.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from rag.evidence.answerable import probability, shipped_answerable
from rag.evidence.candidates import Candidate
from rag.index.generation import Generation
from rag.question.mentions import Mention, mentions
from rag.question.query import Question
from rag.question.sides import Side, aboutness, countries_named, names_city, names_country
from rag.question.subject import headings_of
from rag.words.text import fold, stopwords, terms, words

_YEAR = re.compile(r"(?<!\d)(?:19|20|21)\d\d(?!\d)")

# Offices that a place has one holder of, in the singular: "some 20 mayors" names nobody.
_OFFICE = {
    "en": r"\b(?:lord )?mayor(?:ess)?\b|\bgovernor\b",
    "fr": r"\b(?:maire|mairesse|bourgmestre|gouverneure?)\b",
    "es": r"\b(?:alcalde|alcaldesa|gobernadora?)\b",
    "ar": r"(?<!\w)[وفبلك]?(?:ال)?(?:عمده|محافظ|حاكم|(?:رييس|رييسه|رئيس|رئيسه) (?:ال)?بلديه)(?!\w)",
}
_WHO = {"en": r"\bwho\b|\bname of\b", "fr": r"\bqui\b|\bnom d", "es": r"\bquien\b|\bnombre d",
        "ar": r"(?<!\w)(?:من|ما اسم)(?!\w)"}  # fmt: skip
_GENERAL = {  # words between an office and its place
    "en": "city town municipality county current new",
    "fr": "ville commune municipalité comté actuel actuelle",
    "es": "ciudad municipio municipalidad condado actual",
    "ar": "مدينة بلدية مقاطعة الحالي الحالية",
}


Verdict = Literal["answered", "close", "declined"]


def verdict(question: Question, found: Sequence[Candidate], generation: Generation) -> Verdict:
    """What the candidates, best first, are worth together: an answer, something that comes close,
    or neither."""
    if not any(map(str.isalpha, question.text)) and all(c.features.name_missing for c in found):
        return "declined"  # nothing but figures, of which no passage holds all
    model = shipped_answerable()
    likely = probability(question, found, generation)
    if likely < model.partial_at:
        return "declined"
    known = question.language in generation.lexical  # nothing was fitted on other languages
    return "answered" if known and likely >= model.answer_at else "close"


def is_elsewhere(question: Question, chosen: Sequence[Candidate], generation: Generation) -> bool:
    """Whether what was chosen is about other places, offices, years or names than those asked
    about."""
    if _elsewhere(question, chosen, generation) or _another_office(question, chosen, generation):
        return True
    if _another_year(question, chosen):
        return True
    return all(candidate.features.name_missing == 1.0 for candidate in chosen)


def _another_year(question: Question, chosen: Sequence[Candidate]) -> bool:
    """Whether the question names years, and none of them stands in a passage chosen, above it or
    in the date of its document."""
    asked = set(_YEAR.findall(fold(question.text)))
    spoken = (
        (c.passage.text, *c.passage.headings, c.document.title, c.document.date) for c in chosen
    )
    return bool(asked) and not any(
        asked & set(_YEAR.findall(fold(text))) for texts in spoken for text in texts
    )


def places_asked(question: Question, generation: Generation) -> list[Side]:
    """Places that a question names: cities of the collection, where it names none countries."""
    cities = [_city(mention) for mention in cities_named(question, generation)]
    return cities or [Side(code, "", country=code) for code in countries_named(question)]


def is_about(
    places: Sequence[Side], candidate: Candidate, question: Question, generation: Generation
) -> bool:
    """Whether a sentence is about one of these places: it, its heading or its document."""
    return any(_about(side, candidate, question, generation) for side in places)


def is_of_another(
    places: Sequence[Side], candidate: Candidate, question: Question, generation: Generation
) -> bool:
    """Whether a sentence is plainly about other places than these: its document is about others
    alone, or it names another of its document's and none of these."""
    if is_about(places, candidate, question, generation):
        return False
    document, text = candidate.document, fold(candidate.quote.text)
    countries = {side.country for side in places if not side.city}
    cities = {side.city for side in places if side.city}
    about = set(document.cities) if cities else set(document.countries)
    if about and not about & (cities or countries):
        return True
    if cities:
        return any(names_city(name, text, document.language, question) for name in about - cities)
    return any(names_country(code, text, document.language) for code in about - countries)


def _elsewhere(question: Question, chosen: Sequence[Candidate], generation: Generation) -> bool:
    """Whether the question names countries, or cities of the collection, and nothing chosen is
    about any of them."""
    countries = [Side(code, "", country=code) for code in countries_named(question)]
    if countries and not any(
        _about(side, candidate, question, generation) for side in countries for candidate in chosen
    ):
        return True
    cities = cities_named(question, generation)
    return bool(cities) and not any(
        _about(_city(mention), candidate, question, generation)
        or _holds(words(fold(mention.text)), _around(candidate, generation), candidate, question)
        for mention in cities
        for candidate in chosen
    )


def cities_named(question: Question, generation: Generation) -> list[Mention]:
    """The collection's cities that a question names, in any spelling; keys "city:Name"."""
    known = tuple(city for city, _ in generation.store.facet_counts("city"))
    named = mentions(question.text, question.language, known, question.glossary)
    return [mention for mention in named if mention.key.startswith("city:")]


def _city(mention: Mention) -> Side:
    return Side(mention.text, "", city=mention.key.removeprefix("city:"))


def _about(side: Side, candidate: Candidate, question: Question, generation: Generation) -> int:
    headings = headings_of(candidate.quote, candidate.passage, generation)
    return aboutness(side, candidate.quote.text, headings, candidate.document, question)


def _another_office(
    question: Question, chosen: Sequence[Candidate], generation: Generation
) -> bool:
    """Whether the question asks who holds an office of a place, and no sentence chosen names
    that office with the place in itself, its headings or its title."""
    place = _place_of_office(question)
    cities = [_city(mention) for mention in cities_named(question, generation)]
    return bool(place) and not any(
        _names_office(candidate)
        and (
            _holds(place, _around(candidate, generation), candidate, question)
            or any(_about(side, candidate, question, generation) for side in cities)
        )
        for candidate in chosen
    )


def _place_of_office(question: Question) -> list[str]:
    """Folded words of the place whose office-holder is asked for; none in another question."""
    language = question.language
    if language not in _OFFICE:
        return []
    folded = fold(question.text.replace("’", "'"))
    office = re.search(_OFFICE[language], folded)
    if office is None or not re.search(_WHO[language], folded):
        return []
    general = stopwords(language) | set(words(fold(_GENERAL[language])))
    around = words(folded[office.end() :])
    if not around and "'s " in folded[: office.start()]:  # "who is Nairobi's mayor"
        around = words(folded[: office.start()].rpartition("'s ")[0])[-1:]
    return [word for word in around if word not in general]


def _names_office(candidate: Candidate) -> bool:
    pattern = _OFFICE.get(candidate.document.language)
    return pattern is not None and re.search(pattern, fold(candidate.quote.text)) is not None


def _around(candidate: Candidate, generation: Generation) -> tuple[str, ...]:
    headings = headings_of(candidate.quote, candidate.passage, generation)
    return (candidate.quote.text, *headings, candidate.document.title)


def _holds(
    spoken: Sequence[str], texts: Sequence[str], candidate: Candidate, question: Question
) -> bool:
    """Whether texts of a candidate's language hold every one of some folded words."""
    language = candidate.document.language
    present = {term for text in texts for term in terms(text, language)}
    return all(question.renderings(word, language) & present for word in spoken)
