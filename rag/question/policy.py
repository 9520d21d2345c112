"""What Sanad does not look up: a ruling on a question before any search, or none.

A head on the encoder tells what is asked of Sanad (help to do harm, somebody's private data, a
verdict on a group or a person), never a topic: how groups recruit is what the collection is about.
Who says that they want to harm themselves, or are in danger now, is sent to help before all else;
there a short list of set phrases (`danger.toml`) is enough by itself, too. Knows no index, no
document and no conversation; a request that is spread over several questions is not seen.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.question.classify import ANSWER, Nature, classify
from rag.words.sentences import split_sentences
from rag.words.text import fold, words

FILE = Path(__file__).with_name("danger.toml")
REASONS = {  # label of the head -> reason, the gravest first; keys of [decline] in the messages
    "danger": "in_danger",
    "harm": "refused_harm",
    "personal": "refused_personal",
    "case": "individual_risk",
    "profiling": "refused_profiling",
    "out_of_scope": "out_of_scope",
}
ORDER = tuple(REASONS.values())
SURE_OF_A_WORD = 0.95  # probability from which a question of one word is ruled on
MOST_SENTENCES = 6  # of a long question that are also ruled on one by one
_GRAVE = ("danger", "harm")  # whatever is asked beside it
# A sentence of a longer question is grave by itself from the first probability on, where the whole
# is to be answered with less than the second. Of the examples with several sentences, which the
# head learned from, 98 % of the dangers are seen so and 1 % of the harmless refused; with 0.6 and
# without the second, 34 %.
PART_AT, WHOLE_BELOW = 0.8, 0.7
_SUM = re.compile(r"^\D{0,40}\d+(?:[.,]\d+)?\s*[x×*+/÷^]\s*\d+(?:[.,]\d+)?\s*=?\s*\W*$")


@dataclass(frozen=True, slots=True)
class Ruling:
    """Why a question is not answered as asked.

    `reason` is one of ORDER and a key of [decline] in the messages. Where `search_instead` is
    not empty the reply is an answer to that question, under the note `note` ("section.key").
    """

    reason: str
    search_instead: str = ""
    note: str = ""


def judge(question: str, language: str) -> Ruling | None:
    """The ruling on a question; None where it is to be searched as it stands.

    `language` (ISO 639-1) only chooses the words of what is searched instead.
    """
    reason = _reason(question)
    if not reason:
        return None
    if reason == "individual_risk":
        referral = referrals()
        instead = referral.get(language, referral["en"])
        return Ruling(reason, instead, "decline.individual_risk")
    return Ruling(reason)


def _reason(question: str) -> str:
    if not any(letter.isalpha() for letter in question):
        return "out_of_scope" if _SUM.match(fold(question)) else ""
    if says_danger(question):
        return "in_danger"
    if _SUM.match(fold(question)):
        return "out_of_scope"
    if (grave := _grave_part(question)) is not None:
        return grave
    nature = classify(question)
    if nature.ruling == ANSWER or (_is_word(question) and _doubted(nature)):
        return ""
    return REASONS[nature.ruling]


def _is_word(question: str) -> bool:
    return len(words(fold(question))) == 1


def _doubted(nature: Nature) -> bool:
    """Whether a single word may be a name or a subject that is looked for, and no greeting."""
    return nature.probabilities[nature.ruling] < SURE_OF_A_WORD


def _grave_part(question: str) -> str | None:
    """Danger or harm in one sentence of a longer question, whatever stands beside it."""
    spans = split_sentences(question, "en")
    if not 1 < len(spans) <= MOST_SENTENCES:
        return None
    if classify(question).probabilities[ANSWER] >= WHOLE_BELOW:
        return None
    parts = [classify(question[start:end]).probabilities for start, end in spans]
    grave = (label for label in _GRAVE if any(part[label] >= PART_AT for part in parts))
    return next((REASONS[label] for label in grave), None)


def says_danger(question: str) -> bool:
    """Whether a question holds one of the set phrases of danger."""
    said = f" {' '.join(words(fold(question.replace('’', ' ').replace(chr(39), ' '))))} "
    return any(phrase in said for phrase in _phrases())


@lru_cache(maxsize=1)
def _phrases() -> tuple[str, ...]:
    listed = [phrase for phrases in _data()["phrases"].values() for phrase in phrases]
    return tuple(f" {' '.join(words(fold(phrase.replace(chr(39), ' '))))} " for phrase in listed)


def referrals() -> Mapping[str, str]:
    """Language -> what is searched instead of judging a person."""
    found: Mapping[str, str] = _data()["referral"]
    return found


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))
