"""Questions whose answer is a span of one passage: Belebele turned extractive, and sets in
SQuAD's form. Asks nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.collection import CorpusPassage
from rag.errors import ConfigurationError

Direction = tuple[str, str]  # language of the question, language of the passages

# MultiChoice2ExtractiveQA (mbzuai-nlp): the 329 of Belebele's 900 questions (Bandarkar et al.
# 2024) whose right choice is a span of the passage, in either language over either.
_FILES: dict[Direction, str] = {
    ("en", "en"): "EN-P_EN-Q", ("ar", "en"): "EN-P_MSA-Q",
    ("en", "ar"): "MSA-P_EN-Q", ("ar", "ar"): "MSA-P_MSA-Q",
}  # fmt: skip
_PASSAGES = {"en": "eng_Latn", "ar": "arb_Arab"}


@dataclass(frozen=True, slots=True)
class SpanQuestion:
    """A question and where its answer stands: `passage.text[start:end]`."""

    text: str
    passage: str  # id
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SpanSet:
    """Passages of one language and questions of one."""

    direction: Direction
    passages: tuple[CorpusPassage, ...]
    questions: tuple[SpanQuestion, ...]


def belebele(folder: Path) -> list[SpanSet]:
    """The four directions, each over all 488 passages (no titles), from the folder that
    holds `Settings_Translated` and `Data`.

    Raises ConfigurationError when a file is missing or a context is no passage.
    """
    originals = {
        language: _lines(folder / f"Data/Belebele_original/{name}.jsonl")
        for language, name in _PASSAGES.items()
    }
    sets = []
    for direction, name in _FILES.items():
        texts = list(dict.fromkeys(row["flores_passage"] for row in originals[direction[1]]))
        known = {text: str(number) for number, text in enumerate(texts)}
        passages = tuple(CorpusPassage(i, text, "", direction[1]) for text, i in known.items())
        rows = _lines(folder / f"Settings_Translated/All/{name}.jsonl")
        missing = next((row for row in rows if row["context"] not in known), None)
        if missing is not None:
            raise ConfigurationError(
                f"{name}.jsonl: the context of question {missing['id']!r} is none of the passages; "
                "take both folders from one copy of MultiChoice2ExtractiveQA"
            )
        asked = tuple(
            SpanQuestion(row["question"], known[row["context"]], *_span(row["context"], answer))
            for row in rows
            for answer in [_first(row["answers"])]
        )
        sets.append(SpanSet(direction, passages, asked))
    return sets


def squad(path: Path, language: str) -> SpanSet:
    """The answerable questions of a file in SQuAD's form, over all its paragraphs."""
    try:
        articles = json.loads(path.read_text("utf-8"))["data"]
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"{path} is not a set in SQuAD's form: {error}") from error
    passages: list[CorpusPassage] = []
    questions: list[SpanQuestion] = []
    for paragraph in (p for article in articles for p in article["paragraphs"]):
        text = paragraph["context"]
        passages.append(CorpusPassage(str(len(passages)), text, "", language))
        for row in paragraph["qas"]:
            if row["answers"]:
                found = row["answers"][0]
                place = _span(text, (found["text"], found["answer_start"]))
                questions.append(SpanQuestion(row["question"], passages[-1].id, *place))
    return SpanSet((language, language), tuple(passages), tuple(questions))


def _first(answers: Mapping[str, Any]) -> tuple[str, int]:
    return answers["text"][0], answers["answer_start"][0]


def _span(context: str, answer: tuple[str, int]) -> tuple[int, int]:
    """Where the answer stands: the occurrence nearest to the offset given, which is some
    characters off in a quarter of the Arabic items; the offset itself where the text does
    not occur (its vowel signs differ)."""
    text, given = answer[0].strip(), answer[1]
    places = [match.start() for match in re.finditer(re.escape(text), context)]
    start = min(places, key=lambda place: abs(place - given), default=given)
    return start, start + len(text)


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
