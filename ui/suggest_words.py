"""Places inside questions: their names as a sentence of each language needs them, and the same
question about another place.

French names of countries take an article, and an article or preposition before a name may be
written into it; where another name would need other words around it, none is put in.
"""

from __future__ import annotations

import re

from rag.question.mentions import Mention
from rag.wording import country_name
from rag.words.text import fold

# French countries that take no article, that take "le" in spite of their e, and plurals that
# do not end on s or do. From the usage of the Commission nationale de toponymie.
_BARE = frozenset("AD BB BH CU CY DJ HT IL MC MG MT MU OM PR SG SM TL TW VU".split())
_LE = frozenset("BZ GB KH MX MZ SR ZW".split())
_PLURAL = frozenset("AE BS FJ KI KM MH MV NL PH PW SB SC US".split())
_VOWEL = re.compile("^[aeiouyhAEIOUYHÀÂÉÈÊÎÔ]")
CITY = "city:"


def name_of_place(key: str, language: str) -> str:
    """The name of a place by its key ("KE", "city:Strumica"): a city's as the collection has it."""
    return key.removeprefix(CITY) if key.startswith(CITY) else country_name(key, language)


def as_subject(key: str, language: str) -> str:
    """The name with the article that a sentence needs before it: "le Kenya"."""
    name = name_of_place(key, language)
    return f"{_article(key, name)}{name}" if language == "fr" else name


def _article(key: str, name: str) -> str:
    if key.startswith(CITY) or key in _BARE:
        return ""
    if key in _PLURAL:
        return "les "
    if _VOWEL.match(name):
        return "l’"
    parts = re.split("[ -]", name)  # "Corée du Sud", "Sierra Leone"
    feminine = parts[0].endswith("e") or parts[-1].endswith("e")
    return "la " if feminine and key not in _LE else "le "


def about_another(question: str, place: Mention, key: str, language: str) -> str:
    """The question about another place of the same sort; empty where the words around the
    name would no longer fit it."""
    if place.adjective or place.is_country == key.startswith(CITY):
        return ""
    if question[place.end :].lower().startswith(("'s", "’s")):
        return ""  # "Sweden's centre": the other may have none
    name = name_of_place(key, language)
    if not name or fold(name) in fold(question):
        return ""
    if language == "fr" and _article(place.key, place.text) != _article(key, name):
        return ""
    if language == "ar":
        own = place.text.startswith("ال")
        joined = place.start > 0 and not question[place.start - 1].isspace()
        if own != name.startswith("ال") or (joined and own):
            return ""
        if not re.match("[\u0620-\u064a]", name):
            return ""  # a name in Latin letters would stand after an Arabic prefix
    return f"{question[: place.start]}{name}{question[place.end :]}"
