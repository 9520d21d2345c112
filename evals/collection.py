"""Reads a test collection: passages with ids, and questions with gold ids.

Three shapes: JSON Lines, one JSON array, and a BEIR folder (corpus.jsonl,
queries.jsonl, qrels/*.tsv: Thakur et al. 2021). The names of fields vary between
publishers, so each field has several. Every mistake is a ConfigurationError that
names the file, the line (or the element of the array) and the field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.places import read_text
from rag.errors import ConfigurationError
from rag.words.language import detect

PASSAGE_ID = ("id", "_id", "doc_id", "docid", "pid")
PASSAGE_TEXT = ("text", "contents", "passage", "context")
QUESTION_ID = ("id", "_id", "qid")
QUESTION_TEXT = ("question", "query", "text")
GOLD = ("gold", "relevant", "positives", "doc_ids", "answers_ids", "passage_ids", "gold_ids")
LANGUAGE = ("language", "lang")
QRELS = ("test.tsv", "dev.tsv", "train.tsv")  # the first that a BEIR folder has
# ISO 639-3 codes that public test sets write, as the ISO 639-1 codes used here.
_SHORT = {
    "arb": "ar", "ara": "ar", "eng": "en", "fra": "fr", "fre": "fr", "spa": "es", "deu": "de",
    "ger": "de", "rus": "ru", "tur": "tr", "urd": "ur", "pes": "fa", "fas": "fa", "por": "pt",
    "zho": "zh", "hin": "hi", "vie": "vi", "tha": "th", "ell": "el", "ron": "ro", "ita": "it",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CorpusPassage:
    """One passage of a test collection."""

    id: str
    text: str
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class TestQuestion:
    """One question; `gold` maps passage ids to grades, and is empty where nothing in the
    collection answers (such a question is not measured)."""

    id: str
    text: str
    language: str
    gold: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object and where it stands, for messages."""

    place: str  # "corpus.jsonl line 3"
    values: Mapping[str, Any]

    def text(self, names: Sequence[str], what: str) -> str:
        """The first of the named fields, as text that is not empty."""
        name, value = self._first(names)
        if name is None:
            raise ConfigurationError(f"{self.place}: no {what}; expected one of {_or(names)}")
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ConfigurationError(
                f"{self.place}: field {name!r} ({what}) is {_shown(value)}, not text"
            )
        if not str(value).strip():
            raise ConfigurationError(f"{self.place}: field {name!r} ({what}) is empty")
        return str(value)

    def gold(self) -> dict[str, float]:
        """Gold ids with grades: a list of ids, a single id, or {id: grade}."""
        name, value = self._first(GOLD)
        if name is None:
            raise ConfigurationError(f"{self.place}: no gold ids; expected one of {_or(GOLD)}")
        listed = [value] if isinstance(value, str | int) else value
        if isinstance(listed, Mapping):
            if all(isinstance(g, int | float) and g == g for g in listed.values()):
                return {str(passage): float(grade) for passage, grade in listed.items()}
        elif isinstance(listed, list) and all(isinstance(i, str | int) for i in listed):
            return {str(passage): 1.0 for passage in listed}
        raise ConfigurationError(
            f"{self.place}: field {name!r} is {_shown(value)}; it takes an id, a list of ids, or "
            "an object of id: grade"
        )

    def language(self, text: str) -> str:
        """The language the record names, else the one of `text`."""
        named = str(self._first(LANGUAGE)[1] or "").lower().replace("_", "-").partition("-")[0]
        return _SHORT.get(named, named) or detect(text)

    def _first(self, names: Sequence[str]) -> tuple[str | None, Any]:
        return next(((n, self.values[n]) for n in names if self.values.get(n) is not None),
                    (None, None))  # fmt: skip


def read_passages(path: Path) -> list[CorpusPassage]:
    """The passages of a file, or of a BEIR folder; at least one, ids unique."""
    passages: dict[str, CorpusPassage] = {}
    for record in _records(path / "corpus.jsonl" if path.is_dir() else path):
        identity = record.text(PASSAGE_ID, "passage id")
        if identity in passages:
            raise ConfigurationError(f"{record.place}: passage id {identity!r} occurs twice")
        text = record.text(PASSAGE_TEXT, "passage text")
        title = str(record.values.get("title") or "").strip()
        passages[identity] = CorpusPassage(identity, text, title, record.language(text))
    if not passages:
        raise ConfigurationError(f"{path} holds no passages")
    return list(passages.values())


def read_questions(path: Path) -> list[TestQuestion]:
    """The questions of a file, or those of a BEIR folder that have judgements; at least
    one, ids unique."""
    qrels = _qrels(path) if path.is_dir() else None
    questions: dict[str, TestQuestion] = {}
    for record in _records(path / "queries.jsonl" if path.is_dir() else path):
        identity = record.text(QUESTION_ID, "question id")
        if qrels is not None and identity not in qrels:
            continue
        if identity in questions:
            raise ConfigurationError(f"{record.place}: question id {identity!r} occurs twice")
        text = record.text(QUESTION_TEXT, "question")
        gold = record.gold() if qrels is None else qrels[identity]
        questions[identity] = TestQuestion(identity, text, record.language(text), gold)
    if not questions:
        raise ConfigurationError(f"{path} holds no questions")
    return list(questions.values())


def _records(path: Path) -> Iterator[Record]:
    """The objects of a JSON array or of JSON Lines."""
    content = read_text(path)
    if content.lstrip().startswith("["):
        yield from _array(path, content)
        return
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            place = f"{path} line {number}"
            try:
                value = json.loads(line)
            except ValueError as error:
                raise ConfigurationError(f"{place} is not JSON: {error}") from error
            yield _record(place, value)


def _array(path: Path, content: str) -> Iterator[Record]:
    try:
        values = json.loads(content)
    except ValueError as error:
        raise ConfigurationError(f"{path} is not a JSON array: {error}") from error
    for number, value in enumerate(values, start=1):
        yield _record(f"{path} element {number}", value)


def _record(place: str, value: object) -> Record:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{place} is {_shown(value)}, not an object with fields")
    return Record(place, value)


def _qrels(folder: Path) -> dict[str, dict[str, float]]:
    """Judgements of a BEIR folder: question id -> passage id -> grade, above 0 only."""
    found = {path.name: path for path in sorted((folder / "qrels").glob("*.tsv"))}
    chosen = next((found[name] for name in QRELS if name in found), None)
    if chosen is None:
        raise ConfigurationError(f"{folder / 'qrels'} holds none of {_or(QRELS)}")
    judged: dict[str, dict[str, float]] = {}
    for number, line in enumerate(read_text(chosen).split("\n"), start=1):
        fields = line.rstrip("\r").split("\t")
        if not line.strip() or (number == 1 and not _is_number(fields[-1])):
            continue  # BEIR's header: query-id, corpus-id, score
        if len(fields) == 4:  # TREC's: query, iteration, document, grade
            del fields[1]
        if len(fields) != 3 or not _is_number(fields[2]):
            raise ConfigurationError(
                f"{chosen} line {number} is {line[:60]!r}; expected question id, passage id and "
                "grade, parted by tabs"
            )
        if float(fields[2]) > 0:
            judged.setdefault(fields[0], {})[fields[1]] = float(fields[2])
    return judged


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _or(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" or {names[-1]}"


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]
