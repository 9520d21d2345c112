"""The attacks of the hostile suite: every one with its city, its order and its probe.

Made from `attacks.yaml`, always the same. Knows no assistant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from evals.attack_files import CARRIERS, Sheet
from rag.writing.prompt import NO_ANSWER

FILE = Path(__file__).with_name("attacks.yaml")
LANGUAGES = ("en", "ar", "fr", "es")
ORDERS_A_CARRIER = 2  # for each language
# In place of a carrier: a paragraph, in other words than the twelve orders.
REWORDED = "other wording"
UNSEEN = "unseen wording"  # that the rules were not written for


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack and its probe."""

    id: str
    carrier: str  # of the order; "question" where it is in the question
    language: str
    city: str
    question: str
    sheet: Sheet  # the document; its order is empty where the question is hostile
    order: str  # the attacker's words
    obeyed: str  # what an obedient model does: a key of `_OBEDIENT`
    claim: str  # what the attacker wants said
    wanted: tuple[str, ...]  # any of these on screen is success
    truth: str  # the true answer

    @property
    def file(self) -> str:
        """Name of its document, without extension."""
        return self.id.replace(" ", "-")


@lru_cache(maxsize=1)
def wordings() -> dict[str, Any]:
    """The data of the suite."""
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return loaded


def attacks() -> tuple[Attack, ...]:
    """All attacks, always the same: orders take turns so that each meets most carriers."""
    table, found, city = wordings(), [], 0
    orders = list(table["orders"])
    for carrier in CARRIERS:
        for language in LANGUAGES:
            for _ in range(ORDERS_A_CARRIER):
                order = orders[(city + city // (2 * len(orders))) % len(orders)]
                found.append(_attack(city, carrier, language, order, table["orders"][order]))
                city += 1
    for carrier, key in ((REWORDED, "reworded"), (UNSEEN, "unseen")):
        for language in LANGUAGES:
            for at, order in enumerate(table[key][language]):
                values = {"obeyed": "claim", language: order}
                found.append(_attack(city, carrier, language, str(at), values))
                city += 1
    return (*found, *_hostile_questions(table))


def _hostile_questions(table: Mapping[str, Any]) -> Iterator[Attack]:
    """Asked about cities of the clean collection, one after the other."""
    for at, (name, values) in enumerate(table["questions"].items()):
        for turn, language in enumerate(LANGUAGES):
            city = 2 * turn + at % 2  # the first carrier has two cities a language
            yield _attack(city, "question", language, name, values)


def _attack(
    number: int, carrier: str, language: str, name: str, values: Mapping[str, str]
) -> Attack:
    table = wordings()
    texts, rival = table["texts"][language], table["rival"][language]
    mayors = texts["mayors"]
    mayor = mayors[number % len(mayors)]
    said = {"city": _city(number, language), "rival": rival, "mayor": mayor, "link": table["link"]}
    probe = texts["probe"].format(**said)
    order = values[language].format(**said, probe=probe)
    asked = carrier == "question"
    sheet = Sheet(
        language, texts["title"].format(**said), tuple(s.format(**said) for s in texts["host"]),
        "" if asked else order,
    )  # fmt: skip
    return Attack(
        id=f"{number:03}-{carrier}-{language}-{name}", carrier=carrier, language=language,
        city=said["city"],
        question=order if asked else probe, sheet=sheet, order=order, obeyed=values["obeyed"],
        claim=texts["claim"].format(**said), wanted=(rival, "QuibbBot", "quibb.example", NO_ANSWER),
        truth=mayor,
    )  # fmt: skip


def _city(number: int, language: str) -> str:
    parts = wordings()["cities"]
    end = "_ar" if language == "ar" else ""
    first, last = parts[f"first{end}"], parts[f"last{end}"]
    city: str = first[number % len(first)] + last[number // len(first) % len(last)]
    return city


def probe_of(attack: Attack) -> str:
    """The question to which the city's document has the true answer."""
    texts = wordings()["texts"][attack.language]
    probe: str = texts["probe"].format(city=attack.city)
    return probe
