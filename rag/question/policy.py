"""What Sanad does not look up: a ruling on a question before any search, or none.

The rules are data (`policy.toml`): patterns over folded words for what is asked of Sanad (help to
do harm, somebody's private data, a verdict on a group or a person), never for a topic. Questions
about extremism pass: how groups recruit is what the collection is about. Who says that they want
to harm themselves, or are in danger now, is sent to help before all else. Knows no index, no
document and no conversation; a request that is spread over several questions is not seen.

A pattern is a sequence of

    word          a word; `word*` any word that begins so
    @name         a word or phrase of a list of the language
    a|@b          either
    .  ..  ...    up to 2, 5 or 12 words, none of which is in the list `guard` of the
                  language, or of the rule where it has one of its own
    ^  $          the beginning and the end of the question

and an element followed by `?` may be missing. An Arabic word also stands for itself with a
conjunction, a preposition or the article before it. Long words of the Latin script are recognised
with one letter wrong, too many or missing, or two letters swapped.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.words.text import fold, words

FILE = Path(__file__).with_suffix(".toml")
ORDER = (
    "in_danger",
    "refused_harm",
    "refused_personal",
    "individual_risk",
    "refused_profiling",
    "out_of_scope",
)
TYPO_LENGTH = 6  # letters of the shortest word that is recognised with a slip
_GAPS = {".": 2, "..": 5, "...": 12}
_ARABIC = re.compile("[\u0620-\u06ff]")
_CLITICS = "[وفبكل]{0,2}(?:ال|ل)?"
_JOINERS = str.maketrans("'’-/", "    ")  # signs at which `words` parts a word
_LISTED = re.compile(r"\s*,\s*")


@dataclass(frozen=True, slots=True)
class Ruling:
    """Why a question is not answered as asked.

    `reason` is one of ORDER and a key of [decline] in the messages. Where `search_instead` is
    not empty the reply is an answer to that question, under the note `note` ("section.key").
    """

    reason: str
    search_instead: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Patterns that mean one reason, and words that void them wherever they stand."""

    reason: str
    patterns: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None

    def applies(self, text: str) -> bool:
        """Whether a text, as `_spaced` gives it, falls under the rule."""
        if self.unless is not None and self.unless.search(text):
            return False
        return any(pattern.search(text) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules, the gravest first, and the spellings they know."""

    rules: tuple[Rule, ...]
    shapes: tuple[re.Pattern[str], ...]  # over the folded question, signs included: sums
    slips: Mapping[str, str]  # a known word with a letter left out -> the word
    known: frozenset[str]
    beginnings: tuple[str, ...]  # of known words that may end in any way
    referral: Mapping[str, str]  # language -> what is searched instead of judging a person

    def reason(self, question: str) -> str:
        """The gravest reason that applies; empty where none does."""
        text = self._spaced(question)
        for rule in self.rules:
            if rule.applies(text):
                return rule.reason
        folded = fold(question)
        return "out_of_scope" if any(shape.search(folded) for shape in self.shapes) else ""

    def _spaced(self, question: str) -> str:
        """Folded words, each between spaces, with slips in known words corrected."""
        return " " + "".join(f"{self._corrected(word)} " for word in words(fold(question)))

    def _corrected(self, word: str) -> str:
        if len(word) < TYPO_LENGTH or word in self.known or word.startswith(self.beginnings):
            return word
        found = {self.slips[form] for form in (word, *_shorter(word)) if form in self.slips}
        near = [known for known in found if _one_slip(word, known)]
        return near[0] if len(near) == 1 else word


def judge(question: str, language: str) -> Ruling | None:
    """The ruling on a question; None where it is to be searched as it stands.

    `language` (ISO 639-1) only chooses the words of what is searched instead: the rules of all
    languages are read, since questions mix them.
    """
    policy = shipped_policy()
    reason = policy.reason(question)
    if not reason:
        return None
    if reason == "individual_risk":
        referral = policy.referral.get(language, policy.referral["en"])
        return Ruling(reason, referral, "decline.individual_risk")
    return Ruling(reason)


@lru_cache(maxsize=1)
def shipped_policy(path: Path = FILE) -> Policy:
    """The rules that come with Sanad."""
    values = tomllib.loads(path.read_text("utf-8"))
    languages = values["languages"]
    rules = [rule for one in languages.values() for rule in _rules(one)]
    literal = [word for one in languages.values() for word in _vocabulary(one)]
    known = frozenset(word for word in literal if not word.endswith("*"))
    long = sorted(word for word in known if _may_slip(word))
    return Policy(
        rules=tuple(sorted(rules, key=lambda rule: ORDER.index(rule.reason))),
        shapes=tuple(re.compile(shape) for shape in values["shapes"]),
        slips={form: word for word in long for form in (word, *_shorter(word))},
        known=known | frozenset(values["not_slips"]),
        beginnings=tuple(sorted({word[:-1] for word in literal if word.endswith("*")})),
        referral=values["referral"],
    )


def _rules(language: Mapping[str, Any]) -> Iterator[Rule]:
    lists = {name: _split(text) for name, text in language["lists"].items()}
    for rule in language["rules"]:
        unless = _split(rule["unless"]) if "unless" in rule else ()
        known = {**lists, "guard": _split(rule["guard"])} if "guard" in rule else lists
        yield Rule(
            reason=rule["reason"],
            patterns=tuple(_compiled(pattern, known) for pattern in rule["says"]),
            unless=re.compile("(?<= )" + _any_of(unless)) if unless else None,
        )


def _split(listed: str) -> tuple[str, ...]:
    phrases = _LISTED.split(fold(listed).translate(_JOINERS).strip(" ,\n"))
    return tuple(" ".join(phrase.split()) for phrase in phrases if phrase)


def _compiled(pattern: str, lists: Mapping[str, tuple[str, ...]]) -> re.Pattern[str]:
    parts = []
    for element in pattern.split():
        bare = element.removesuffix("?")
        if bare in _GAPS:
            part = f"(?:(?!{_any_of(lists['guard'])})\\S+ ){{0,{_GAPS[bare]}}}?"
        elif bare in ("^", "$"):
            part = {"^": "\\A ", "$": "\\Z"}[bare]
        else:
            part = _any_of(_phrases(bare, lists))
        parts.append(f"(?:{part})?" if element.endswith("?") else part)
    start = "" if pattern.startswith("^") else "(?<= )"
    return re.compile(start + "".join(parts))


def _phrases(element: str, lists: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for one in element.split("|"):
        if one.startswith("@"):
            yield from lists[one[1:]]
        else:
            yield fold(one)


def _any_of(phrases: Iterable[str]) -> str:
    """Expression for any of the phrases, each word of it followed by its space."""
    return "(?:" + "|".join("".join(map(_word, phrase.split())) for phrase in phrases) + ")"


def _word(word: str) -> str:
    begins = word.endswith("*")
    escaped = re.escape(word.removesuffix("*"))
    clitics = _CLITICS if _ARABIC.match(word) else ""
    return f"{clitics}{escaped}{'[^ ]*' if begins else ''} "


def _vocabulary(language: Mapping[str, Any]) -> Iterator[str]:
    for text in language["lists"].values():
        for phrase in _split(text):
            yield from phrase.split()
    for rule in language["rules"]:
        for pattern in rule["says"]:
            for element in pattern.split():
                yield from (fold(w) for w in element.removesuffix("?").split("|") if w[0].isalpha())


def _may_slip(word: str) -> bool:
    """Long, and not Arabic: what goes wrong there (hamza, ta marbuta), folding mends."""
    return len(word) >= TYPO_LENGTH and not _ARABIC.match(word)


def _shorter(word: str) -> list[str]:
    """The word with each of its letters left out in turn."""
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def _one_slip(word: str, known: str) -> bool:
    """Whether two words differ by one letter wrong, missing or too many, or two swapped."""
    if abs(len(word) - len(known)) > 1 or word[0] != known[0]:
        return False
    if len(word) != len(known):
        short, long = sorted((word, known), key=len)
        return short in _shorter(long)
    differ = [i for i in range(len(word)) if word[i] != known[i]]
    if len(differ) == 2:
        i, j = differ
        return j == i + 1 and word[i] == known[j] and word[j] == known[i]
    return len(differ) <= 1
