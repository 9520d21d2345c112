"""What marks a follow-up question in each language: the data of `conversation.toml`, compiled.

Everything is folded. Knows no question and no history.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.words.text import fold, words

CUES = Path(__file__).parent / "conversation.toml"
LANGUAGES = ("en", "fr", "es", "ar")
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "‘": "'", "`": "'", "-": " ", "،": ","})
_NOISE = re.compile(r"[^\w\s',]+|_+")

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cues:
    """The cues of one language. Phrases are folded words; patterns are searched in
    `normal(question)`."""

    openings: tuple[Phrase, ...]  # "and"
    about: tuple[Phrase, ...]  # "what about"; the longest first
    interrogatives: frozenset[str]  # begin a whole question
    fillers: frozenset[str]  # words that name no topic
    prepositions: frozenset[str]
    topical: frozenset[str]  # prepositions of a topic: "about"
    articles: frozenset[str]
    boundaries: frozenset[str]  # words after which a pronoun can stand for one before
    own_nouns: frozenset[str]  # "report": what the collection consists of
    conjunction: str  # "and", as written
    patterns: Mapping[str, re.Pattern[str]]

    def matches(self, name: str, text: str) -> bool:
        """Whether the pattern fits the whole normal text."""
        return self.patterns[name].fullmatch(text) is not None

    def finds(self, name: str, text: str) -> re.Match[str] | None:
        """The pattern's first occurrence in a normal text."""
        return self.patterns[name].search(text)


def normal(text: str) -> str:
    """A question as the patterns see it: folded, punctuation but commas and apostrophes
    as spaces, no space or comma at the ends."""
    return " ".join(_NOISE.sub(" ", fold(text.translate(_APOSTROPHES))).split()).strip(" ,'")


@lru_cache(maxsize=1)
def data() -> Mapping[str, Any]:
    """The whole file."""
    return tomllib.loads(CUES.read_text("utf-8"))


@lru_cache(maxsize=8)
def cues(language: str) -> Cues:
    """The cues of a language; English where we have none."""
    entry = data()[language if language in LANGUAGES else "en"]

    def phrases(name: str) -> tuple[Phrase, ...]:
        found = (tuple(words(fold(part))) for part in str(entry[name]).split(";"))
        return tuple(sorted(filter(None, found), key=lambda phrase: -len(phrase)))

    def folded(name: str) -> frozenset[str]:
        return frozenset(fold(word) for word in str(entry[name]).split())

    return Cues(
        openings=phrases("openings"),
        about=phrases("about"),
        interrogatives=folded("interrogatives"),
        fillers=folded("fillers"),
        prepositions=folded("prepositions"),
        topical=folded("topical"),
        articles=folded("articles"),
        boundaries=folded("boundaries"),
        own_nouns=folded("own_nouns"),
        conjunction=str(entry["and"]),
        patterns={name: re.compile(fold(text)) for name, text in entry["patterns"].items()},
    )


def named_language(text: str) -> str:
    """Code of the language that a text names ("in Arabic please"); "" when it names none."""
    found = set(words(fold(text)))
    for code, names in data()["languages"].items():
        if found & {fold(name.strip()) for name in str(names).split(";")}:
            return str(code)
    return ""
