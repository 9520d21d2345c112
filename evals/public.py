"""Public test sets as the two files `sanad eval retrieval` reads.

    python -m evals.public NAME PATH OUT [--ask LANGUAGE] [--over LANGUAGE] [--limit N]

NAME and PATH, the user's own copy (nothing is bundled, nothing is downloaded):

    squad     a JSON file in SQuAD's form: SQuAD, XQuAD, MLQA, ARCD, COVID-QA
    xquad-r   a JSON file of LAReQA (XQuAD-R, MLQA-R): SQuAD's form with sentence_breaks;
              the passages are sentences
    belebele  the folder of <language>_<Script>.jsonl files
    flores    the folder of <language>_<Script>.<split> files
    beir      a folder that `sanad eval retrieval` reads as it is (MLQA-R, MIRACL
              exports); only checked and copied
    miracl    a folder with corpus.jsonl, topics *.tsv and qrels *.tsv in Anserini's form

OUT gets questions.jsonl and corpus.jsonl. `--ask` and `--over` choose the languages
of questions and passages where the set is parallel.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.collection import Record, read_passages, read_questions
from rag.errors import ConfigurationError, SanadError

# Languages of the parallel sets, as FLORES and Belebele name their files.
NAMES = {
    "ar": "arb_Arab", "de": "deu_Latn", "en": "eng_Latn", "es": "spa_Latn", "fa": "pes_Arab",
    "fr": "fra_Latn", "pt": "por_Latn", "ru": "rus_Cyrl", "tr": "tur_Latn", "ur": "urd_Arab",
    "zh": "zho_Hans",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user asked for."""

    path: Path
    ask: str = ""  # ISO 639-1, or a file's own name such as "arz_Arab"
    over: str = ""
    limit: int = 0  # questions; 0: all


Pair = tuple[list[dict[str, Any]], list[dict[str, Any]]]  # (questions, passages)


def squad(choice: Choice) -> Pair:
    """Every answerable question over the distinct paragraphs of one file."""
    data = _json(choice.path)
    passages: dict[str, dict[str, Any]] = {}
    questions: list[dict[str, Any]] = []
    for article in _field(data, "data", choice.path):
        for paragraph in _field(article, "paragraphs", choice.path):
            text = _field(paragraph, "context", choice.path)
            entry = {"id": f"p{len(passages) + 1}", "text": text}
            gold = passages.setdefault(text, entry)["id"]
            for asked in _field(paragraph, "qas", choice.path):
                if not asked.get("is_impossible"):
                    questions.append(_question(asked["id"], asked["question"], [gold], choice.ask))
    return questions, list(passages.values())


def xquad_r(choice: Choice) -> Pair:
    """Every question over all sentences of one file; gold is the sentence in which an answer
    begins (LAReQA: Roy et al. 2020)."""
    passages: list[dict[str, Any]] = []
    questions: list[dict[str, Any]] = []
    for article in _field(_json(choice.path), "data", choice.path):
        for paragraph in _field(article, "paragraphs", choice.path):
            text = _field(paragraph, "context", choice.path)
            breaks = _field(paragraph, "sentence_breaks", choice.path)
            first = len(passages) + 1
            passages += [
                {"id": f"s{first + n}", "text": text[start:end]}
                for n, (start, end) in enumerate(breaks)
            ]
            for asked in _field(paragraph, "qas", choice.path):
                places = [answer["answer_start"] for answer in asked["answers"]]
                gold = {
                    f"s{first + n}": 1.0
                    for n, (start, end) in enumerate(breaks)
                    if any(start <= place < end for place in places)
                }
                questions.append(_question(asked["id"], asked["question"], list(gold), choice.ask))
    return questions, passages


def belebele(choice: Choice) -> Pair:
    """Questions of one language over the passages of another (Bandarkar et al. 2024):
    900 questions, 488 passages, joined by link and question number."""
    asked = _belebele_rows(choice.path, choice.ask or "en")
    kept = _belebele_rows(choice.path, choice.over or choice.ask or "en")
    passages: dict[str, dict[str, Any]] = {}
    questions = []
    language = choice.over or choice.ask or "en"
    for key, row in asked.items():
        text = kept[key]["flores_passage"]
        entry = {"id": f"p{len(passages) + 1}", "text": text, "language": language[:2]}
        gold = passages.setdefault(text, entry)["id"]
        name = f"{key[0]}#{key[1]}"
        questions.append(_question(name, row["question"], [gold], choice.ask or "en"))
    return questions, list(passages.values())


def _belebele_rows(folder: Path, language: str) -> dict[tuple[str, int], dict[str, Any]]:
    path = folder / f"{NAMES.get(language, language)}.jsonl"
    rows = [json.loads(line) for line in _lines(path)]
    # Links are spelt alike in every language but for their punctuation.
    return {(re.sub(r"\W", "", row["link"]), int(row["question_number"])): row for row in rows}


def flores(choice: Choice) -> Pair:
    """Each sentence looked for among its translations (Goyal et al. 2022)."""
    ask, over = choice.ask or "en", choice.over or "ar"
    asked, kept = (_flores_lines(choice.path, language) for language in (ask, over))
    passages = [
        {"id": f"s{n}", "text": text, "language": over[:2]} for n, text in enumerate(kept, start=1)
    ]
    questions = [_question(f"q{n}", text, [f"s{n}"], ask) for n, text in enumerate(asked, start=1)]
    return questions, passages


def _flores_lines(folder: Path, language: str) -> list[str]:
    found = sorted(folder.rglob(f"{NAMES.get(language, language)}.*"))
    if not found:
        raise ConfigurationError(f"{folder} holds no {NAMES.get(language, language)}.* file")
    return list(_lines(found[0]))


def beir(choice: Choice) -> Pair:
    """A BEIR folder as two files."""
    questions = [
        {"id": q.id, "question": q.text, "gold": dict(q.gold), "language": q.language}
        for q in read_questions(choice.path)
    ]
    passages = [
        {"id": p.id, "title": p.title, "text": p.text, "language": p.language}
        for p in read_passages(choice.path)
    ]
    return questions, passages


def miracl(choice: Choice) -> Pair:
    """MIRACL and Mr. TyDi in Anserini's form: corpus.jsonl, topics*.tsv, qrels*.tsv
    (question, iteration, passage, grade)."""
    gold: dict[str, dict[str, float]] = {}
    for line in _lines(_only(choice.path, "qrels*.tsv")):
        question, _, passage, grade = line.split()
        gold.setdefault(question, {})[passage] = float(grade)
    topics = [line.split("\t") for line in _lines(_only(choice.path, "topics*.tsv"))]
    questions = [
        _question(name, text, gold[name], choice.ask) for name, text in topics if name in gold
    ]
    passages = read_passages(choice.path / "corpus.jsonl")
    return questions, [{"id": p.id, "title": p.title, "text": p.text} for p in passages]


LOADERS: dict[str, Callable[[Choice], Pair]] = {
    "squad": squad,
    "xquad-r": xquad_r,
    "belebele": belebele,
    "flores": flores,
    "beir": beir,
    "miracl": miracl,
}


def load(name: str, choice: Choice) -> Pair:
    """(questions, passages) of a set by its name."""
    if name not in LOADERS:
        raise ConfigurationError(f"unknown test set {name!r}; known: {', '.join(LOADERS)}")
    questions, passages = LOADERS[name](choice)
    return questions[: choice.limit or None], passages


def write(pair: Pair, out: Path) -> tuple[Path, Path]:
    """Write questions.jsonl and corpus.jsonl; returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    paths = out / "questions.jsonl", out / "corpus.jsonl"
    for path, rows in zip(paths, pair, strict=True):
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_text("".join(lines), "utf-8")
    return paths


def _question(
    identity: str, text: str, gold: Iterable[str] | Mapping[str, float], language: str
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": identity,
        "question": text.strip(),
        "gold": dict(gold) if isinstance(gold, Mapping) else list(gold),
    }
    return {**row, "language": language[:2]} if language else row


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON: {error}") from error


def _field(values: object, name: str, path: Path) -> Any:
    record = Record(str(path), values if isinstance(values, dict) else {})
    if record.values.get(name) is None:
        raise ConfigurationError(f"{path} is not in SQuAD's form: field {name!r} is missing")
    return record.values[name]


def _lines(path: Path) -> Iterator[str]:
    try:
        yield from (line for line in path.read_text("utf-8-sig").split("\n") if line.strip())
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise ConfigurationError(f"{folder} holds {len(found)} files {pattern}; expected one")
    return found[0]


def main() -> int:
    """Convert one set; returns the exit code."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(LOADERS))
    parser.add_argument("path", type=Path, help="your copy of the set")
    parser.add_argument("out", type=Path, help="folder for questions.jsonl and corpus.jsonl")
    parser.add_argument("--ask", default="", help="language of the questions, e.g. en")
    parser.add_argument("--over", default="", help="language of the passages, e.g. ar")
    parser.add_argument("--limit", type=int, default=0, help="first N questions only")
    given = parser.parse_args()
    try:
        pair = load(given.name, Choice(given.path, given.ask, given.over, given.limit))
        questions, corpus = write(pair, given.out)
    except SanadError as error:
        sys.stderr.write(f"evals.public: {error}\n")
        return 2
    sys.stdout.write(
        f"{len(pair[0])} questions, {len(pair[1])} passages; measure them with:\n"
        f"sanad eval retrieval {questions} --corpus {corpus}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
