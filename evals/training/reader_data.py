"""Examples the reader learns from: questions with windows of sentences, claims with windows.

    python -m evals.training.reader_data --data FOLDER    counts by source and language

FOLDER holds `train/` and `eval/` of the training data. Read are what the licences allow: NQG's
SQuAD test half, SelQA, TyDi QA (Arabic), ARCD's training part, and of SQuAD 2's halves the
articles the near-miss figure is not measured on, without the paragraphs of its
EXCLUDE_FROM_TRAINING.txt. Questions that stand in `questions_translated.tsv` are also asked in
other languages (our own translations, made for this). `questions_parallel.tsv` holds questions
written for this in four languages each over passages of NTREX-128 and TICO-19, which exist in the
same four: each is asked of each. Two in five are near misses. `claims_parallel.tsv` holds
statements written over the same passages, half of them false in one way (for
`evals.training.check`). `reports/` holds whole reports with questions (`evals.training.reports`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals.training.reports import (
    FOLDER,
    Placed,
    generation_of,
    placed,
    read_reports,
    windows_with_places,
)
from evals.training.reports import LANGUAGES as LANGUAGES  # also the order of columns here
from evals.training.sources import ntrex, tico19
from rag.words.sentences import split_sentences

TRANSLATED = Path(__file__).with_name("questions_translated.tsv")
PARALLEL = Path(__file__).with_name("questions_parallel.tsv")  # passage, answers, words, questions
CLAIMS = Path(__file__).with_name("claims_parallel.tsv")  # passage, kind, sentences, statements
TRUE_KINDS = ("paraphrase", "joined", "part")
NONE = "-"
PASSAGE = 6  # sentences
MOST_SENTENCES = 7  # of a window
NQG_BEFORE, NQG_AFTER = 3, 3  # neighbouring sentences of the file that make a window
_FIXES = (
    (" n't", "n't"), (" 's", "'s"), (" ,", ","), (" .", "."), (" ?", "?"), (" ;", ";"), (" :", ":"),
    ("-lrb- ", "("), (" -rrb-", ")"), ("`` ", '"'), (" ''", '"'), ("$ ", "$"), (" %", "%"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences in a row under a title; `home` names what it was cut from."""

    title: str
    sentences: tuple[str, ...]
    home: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the window that answers it, and which of its sentences do.

    `answers` is empty where the window does not answer, which then comes close. `span` is
    (sentence, start, end) in characters, where it is known; `over` the window's language, where
    that is another than the question's. Where one sentence is to be shown before the others that
    answer, it is the first of `answers` and `leads` is true.
    """

    source: str
    language: str
    question: str
    window: Window
    answers: tuple[int, ...]
    span: tuple[int, int, int] | None = None
    over: str = ""
    leads: bool = False
    elsewhere: tuple[str, ...] = ()  # sentences of other windows that answer too


@dataclass(frozen=True, slots=True)
class Claimed:
    """A statement in four languages, the passage it was written over in the same four, the
    sentences that carry it or that it twists, and whether the passage says so."""

    kind: str
    home: str
    claim: Mapping[str, str]
    sentences: tuple[Mapping[str, str], ...]
    carried_by: tuple[int, ...]
    true: bool


def kept_out(home: str) -> bool:
    """Whether what was asked of a passage (or an article, by its title) is not learned from but
    kept to fit thresholds on: one in eight, by a hash."""
    return hashlib.sha256(home.encode()).digest()[0] % 8 == 0


def asked(data: Path) -> list[Asked]:
    """All questions of all sources."""
    return [*over_windows(data), *reported()]


def over_windows(data: Path, translated: Path = TRANSLATED) -> list[Asked]:
    """Those of public sources, with translations also in other languages, and ours over parallel
    passages."""
    found: dict[str, list[Asked]] = defaultdict(list)
    for key, example in _all(data):
        found[key].append(example)
    examples = [example for rows in found.values() for example in rows]
    if translated.is_file():
        for line in translated.read_text("utf-8").splitlines():
            key, language, question = line.split("\t")
            for example in found.get(key, ()):
                across = replace(example, source="translated", language=language, question=question)
                examples.append(across)
    return [*examples, *written_over(data)]


def _all(data: Path) -> Iterator[tuple[str, Asked]]:
    yield from _nqg(data / "train/nqg-squad-test/data/processed")
    for part in ("dev", "test"):
        yield from _selqa(data / f"train/selqa/ass/selqa-ass-{part}.json", part)
    squad_form = (
        ("tydi", data / "train/tydiqa-goldp-ar/tydiqa-goldp-dev-arabic.json", "ar"),
        ("arcd", data / "eval/arcd/data/arcd-train.json", "ar"),
    )
    for source, path, language in squad_form:
        yield from _squad(source, _json(path)["data"], language, frozenset())
    folder = data / "eval/squad2-dev-halves"
    lines = (folder / "EXCLUDE_FROM_TRAINING.txt").read_text("utf-8").splitlines()
    excluded = frozenset(line.strip() for line in lines if not line.startswith("#"))
    articles = _json(folder / "data/dev-v2.0.json")["data"][0::2]  # the others are measured on
    yield from _squad("squad2", articles, "en", excluded)


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _nqg(folder: Path) -> Iterator[tuple[str, Asked]]:
    """The file has sentences with questions alone: neighbours of it are taken as the window."""
    said = [_plain(line) for line in (folder / "src-test.txt").read_text("utf-8").splitlines()]
    asked_of = [_plain(line) for line in (folder / "tgt-test.txt").read_text("utf-8").splitlines()]
    row: list[int] = []
    distinct: list[str] = []
    for text in said:
        if not distinct or distinct[-1] != text:
            distinct.append(text)
        row.append(len(distinct) - 1)
    for number, question in enumerate(asked_of):
        at = row[number]
        start = max(0, at - NQG_BEFORE)
        window = Window("", tuple(distinct[start : at + NQG_AFTER + 1]), f"nqg-{at // 8}")
        yield f"nqg-{number}", Asked("nqg", "en", question, window, (at - start,))


def _plain(text: str) -> str:
    for old, new in _FIXES:
        text = text.replace(old, new)
    return " ".join(text.split())


def _selqa(path: Path, part: str) -> Iterator[tuple[str, Asked]]:
    for number, row in enumerate(_json(path)):
        title = " · ".join(filter(None, (row["article"], row["section"])))
        home = f"selqa-{row['article']}-{row['section']}"
        sentences, gold = row["candidates"], tuple(row["answers"])
        start = max(0, min(gold) - 3) if gold else 0
        part_of = tuple(sentences[start : start + MOST_SENTENCES])
        inside = tuple(g - start for g in gold if 0 <= g - start < len(part_of))
        window = Window(title, part_of, home)
        yield f"selqa-{part}-{number}", Asked("selqa", "en", row["question"], window, inside)


def _squad(
    source: str, articles: Sequence[Any], language: str, excluded: frozenset[str]
) -> Iterator[tuple[str, Asked]]:
    for article in articles:
        title = str(article.get("title", "")).replace("_", " ")
        for paragraph in article["paragraphs"]:
            context = paragraph["context"]
            digest = hashlib.sha256(context.encode()).hexdigest()
            if digest not in excluded:
                for row in paragraph["qas"]:
                    yield str(row["id"]), _spanned(source, language, title, context, digest, row)


def _spanned(source: str, language: str, title: str, context: str, home: str, row: Any) -> Asked:
    spans = split_sentences(context, language)
    answers = row.get("answers") or []
    near = bool(row.get("is_impossible")) or not answers
    at = -1
    span = None
    if not near:
        begin = int(answers[0]["answer_start"])
        end = begin + len(answers[0]["text"])
        at = next((i for i, (a, b) in enumerate(spans) if a <= begin < b), -1)
        if at >= 0 and end <= spans[at][1]:
            span = (at, begin - spans[at][0], end - spans[at][0])
    elif row.get("plausible_answers"):
        begin = int(row["plausible_answers"][0]["answer_start"])
        at = next((i for i, (a, b) in enumerate(spans) if a <= begin < b), -1)
    start = max(0, at - MOST_SENTENCES // 2) if len(spans) > MOST_SENTENCES else 0
    cut = spans[start : start + MOST_SENTENCES]
    texts = tuple(context[a:b] for a, b in cut)
    gold = () if near or at < 0 else (at - start,)
    if span is not None:
        span = (span[0] - start, span[1], span[2])
    window = Window(title, texts, home)
    return Asked(source, language, " ".join(row["question"].split()), window, gold, span)


def written_over(data: Path, path: Path = PARALLEL) -> Iterator[Asked]:
    """Every question in every language over its passage in every language."""
    if not path.is_file():
        return
    passages = dict(passages_of(data))
    for line in path.read_text("utf-8").splitlines():
        home, numbers, words, *questions = line.split("\t")
        answers = () if numbers == NONE else tuple(int(number) for number in numbers.split(","))
        for language, question in zip(LANGUAGES, questions, strict=True):
            for over in LANGUAGES:
                sentences = tuple(texts[over] for texts in passages[home])
                window = Window("", sentences, home)
                span = _span_of(words, sentences, answers)
                yield Asked("parallel", language, question, window, answers, span, over)


def reported(folder: Path = FOLDER) -> Iterator[Asked]:
    """The questions of the reports that are learned from, over the windows that answer them; those
    that none answers over each window of the report in turn."""
    reports = [report for report in read_reports(folder) if not report.kept_out]
    with generation_of(reports) as generation:
        cut = {
            document.id: [
                (Window(window.title, window.sentences, f"report {document.id}"), places)
                for window, places in windows_with_places(generation, document.id)
            ]
            for document in generation.store.documents()
        }
        for number, one in enumerate(placed(reports, generation)):
            yield from _reported(one, cut[one.document], number)


def _reported(
    one: Placed, cut: Sequence[tuple[Window, Sequence[tuple[int, int]]]], number: int
) -> Iterator[Asked]:
    language, over, text = one.asked.language, one.report.language, one.asked.text
    if one.lead is None:
        yield Asked("reports", language, text, cut[number % len(cut)][0], (), None, over)
        return
    wanted = (one.lead, *one.further)
    for window, places in cut:
        inside = [
            [n for n, (first, last) in enumerate(places) if start < last and first < end]
            for start, end in wanted
        ]
        if inside[0]:
            answers = tuple(dict.fromkeys(n for numbers in inside for n in numbers))
            told = {window.sentences[n] for n in answers}
            others = tuple(
                sentence
                for other, spans in cut
                for sentence, (first, last) in zip(other.sentences, spans, strict=True)
                if sentence not in told
                and any(start < last and first < end for start, end in one.further)
            )
            yield Asked("reports", language, text, window, answers, None, over, True, others)
            return


def claimed(data: Path, path: Path = CLAIMS) -> list[Claimed]:
    """All statements of the file."""
    passages = dict(passages_of(data))
    found = []
    for line in path.read_text("utf-8").splitlines():
        home, kind, numbers, *texts = line.split("\t")
        claim = dict(zip(LANGUAGES, texts, strict=True))
        carried = tuple(int(number) for number in numbers.split(","))
        true = kind in TRUE_KINDS
        found.append(Claimed(kind, home, claim, tuple(passages[home]), carried, true))
    return found


def _span_of(
    words: str, sentences: Sequence[str], answers: Sequence[int]
) -> tuple[int, int, int] | None:
    if words == NONE or not answers:
        return None
    at = sentences[answers[0]].find(words)
    return (answers[0], at, at + len(words)) if at >= 0 else None


def passages_of(data: Path) -> Iterator[tuple[str, list[Mapping[str, str]]]]:
    """Passages of six sentences (four at least) in four languages, and what each is called."""
    for source in (ntrex, tico19):
        runs: dict[str, list[Mapping[str, str]]] = defaultdict(list)
        for unit in source(data):
            if all(unit.texts.get(language) for language in LANGUAGES):
                runs[unit.document].append(unit.texts)
        for document, texts in runs.items():
            for start in range(0, len(texts) - 3, PASSAGE):
                yield f"{document}/{start}", texts[start : start + PASSAGE]


def main() -> None:
    """Print counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    rows = asked(options.data)
    counts = Counter((row.source, row.language, bool(row.answers)) for row in rows)
    sys.stdout.write(f"{counts}\n")


if __name__ == "__main__":
    main()
