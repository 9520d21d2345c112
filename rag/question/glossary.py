"""The knowledge officer's glossary: concepts with their names in several languages.

A question that names a concept in one form also looks for its other forms, in
every language: right names, abbreviations, and the wrong renderings that machine
translation left in the documents. The file is read again when it changes, so an
edit reaches the next answer; nothing is embedded anew. Knows no index.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.errors import NOT_READ, ConfigurationError
from rag.types import Mistranslation
from rag.words.text import GRAM_LANGUAGES, fold, grams, stem, stopwords, words

FILE = "glossary.yaml"
# Weight of a glossary form beside the question's own words, shared by its words.
FORM_WEIGHT = 0.5
_KEYS = {"id", "forms", "abbreviations", "mistranslations", "collides_with", "note"}

Names = Mapping[str, tuple[str, ...]]  # language -> names


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing and what it is called; the first form of a language is the preferred one."""

    id: str
    forms: Names
    abbreviations: Names
    mistranslations: Names
    collides_with: tuple[str, ...] = ()
    note: str = ""

    def named_in(self, question: str) -> bool:
        """Whether a question names the concept: a form or wrong rendering word for word
        (after stemming), or an abbreviation as it is written."""
        tokens = question.replace("’", "'").split()
        plain = {token.strip("?!.,;:()[]«»“”\"'¿¡؟،") for token in tokens}
        if any(short in plain for names in self.abbreviations.values() for short in names):
            return True
        return any(
            contains(stems(question, language), stems(name, language))
            for named in (self.forms, self.mistranslations)
            for language, names in named.items()
            for name in names
        )

    def names(self, language: str) -> tuple[str, ...]:
        """Everything the concept is called in a language, right or wrong."""
        return (
            *self.forms.get(language, ()),
            *self.abbreviations.get(language, ()),
            *self.mistranslations.get(language, ()),
        )


@dataclass(frozen=True, slots=True)
class Glossary:
    """Concepts in the order of the file."""

    concepts: tuple[Concept, ...] = ()

    def named_in(self, question: str) -> list[Concept]:
        """The concepts a question names."""
        return [concept for concept in self.concepts if concept.named_in(question)]

    def mistranslated(self, text: str, language: str, reader: str) -> tuple[Mistranslation, ...]:
        """The wrong names that stand in a text of `language`, each with the preferred name of
        what it means, in the reader's language, else in the text's, else in English."""
        read = _stems(text, language)  # a passage is no name: it would fill the cache
        found = []
        for concept in self.concepts:
            meant = next(
                (names[0] for code in (reader, language, "en")
                 if (names := concept.forms.get(code))), concept.id,
            )  # fmt: skip
            wrong = concept.mistranslations.get(language, ())
            stand = [name for name in wrong if contains(read, stems(name, language))]
            if stand:  # the longest of names that lie in one another
                found.append(Mistranslation(max(stand, key=len), meant))
        return tuple(found)

    def additions(self, question: str, language: str) -> list[dict[str, float]]:
        """Term distributions of `language` to look for besides the question's own words: one
        for each concept named, over the words of all its names, an Arabic one followed by its
        4-grams."""
        added: list[dict[str, float]] = []
        for concept in self.named_in(question):
            weights: dict[str, float] = {}
            names = [stems(name, language) for name in concept.names(language)]
            for name in filter(None, names):
                for term in name:
                    weights[term] = max(weights.get(term, 0.0), FORM_WEIGHT / len(name))
            if weights:
                added.append(weights)
                if language in GRAM_LANGUAGES:
                    added.append({gram: w for t, w in weights.items() for gram in grams([t])})
        return added


@lru_cache(maxsize=8192)  # the same names are compared with every question
def stems(text: str, language: str) -> tuple[str, ...]:
    """Stems of the words of a name that are not function words."""
    return _stems(text, language)


def _stems(text: str, language: str) -> tuple[str, ...]:
    found = [word for word in words(fold(text)) if word not in stopwords(language)]
    return tuple(stem(found, language))


def contains(sequence: tuple[str, ...], part: tuple[str, ...]) -> bool:
    """Whether `part` occurs in `sequence` without gaps; an empty part does not."""
    n = len(part)
    return n > 0 and any(sequence[i : i + n] == part for i in range(len(sequence) - n + 1))


def read_glossary(path: Path) -> Glossary:
    """Read a glossary. Raises ConfigurationError that names file, entry and key."""
    import yaml

    try:
        entries = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError, *NOT_READ) as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(f"glossary {path} does not read: {reason}") from error
    if entries is None:
        return Glossary()
    if not isinstance(entries, list):
        raise ConfigurationError(f"glossary {path} is not a list of concepts (- id: ...)")
    concepts = tuple(_concept(entry, f"{path} entry {i}") for i, entry in enumerate(entries, 1))
    seen: set[str] = set()
    for concept in concepts:
        if concept.id in seen:
            raise ConfigurationError(f"glossary {path} has the id {concept.id!r} twice")
        seen.add(concept.id)
    return Glossary(concepts)


def _concept(entry: Any, place: str) -> Concept:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise ConfigurationError(f"glossary {place} has no id")
    unknown = sorted(str(key) for key in entry.keys() - _KEYS)
    if unknown:
        raise ConfigurationError(
            f"glossary {place} ({entry['id']}) has the unknown key {unknown[0]!r}; "
            f"known: {', '.join(sorted(_KEYS))}"
        )
    named = {
        key: dict(_names(entry.get(key), f"{place} ({entry['id']}) {key}"))
        for key in ("forms", "abbreviations", "mistranslations")
    }
    listed = entry.get("collides_with") or []
    if not isinstance(listed, list):
        raise ConfigurationError(f"glossary {place} ({entry['id']}) collides_with is not a list")
    collides = tuple(str(other) for other in listed)
    return Concept(entry["id"], **named, collides_with=collides, note=str(entry.get("note") or ""))


def _names(value: Any, place: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if value is None:
        return
    if not isinstance(value, dict):
        raise ConfigurationError(f"glossary {place} is not {{language: [names]}}")
    for language, names in value.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ConfigurationError(f"glossary {place}.{language} is not a list of names")
        yield str(language), tuple(names)


class GlossaryFile:
    """A glossary that follows its file: read again when the file's time or size changes.

    A file that is gone is an empty glossary; one that does not read leaves the last good
    one in use, and `problem` says why.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.problem = ""
        self._stamp: tuple[int, int] | None = None
        self._glossary = Glossary()
        self._lock = threading.Lock()

    def current(self) -> Glossary:
        """The glossary as the file is now."""
        if self.path is None:
            return self._glossary
        with self._lock:
            try:
                status = self.path.stat()
            except OSError:
                self._stamp, self._glossary, self.problem = None, Glossary(), ""
                return self._glossary
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._glossary, self.problem = read_glossary(self.path), ""
                except ConfigurationError as error:
                    self.problem = str(error)
            return self._glossary
