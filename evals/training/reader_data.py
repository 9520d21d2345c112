"""Examples the reader learns from: questions with windows of sentences, claims with windows.

    python -m evals.training.reader_data --data FOLDER    counts by source and language

FOLDER holds `train/` and `eval/` of the training data. Read are what the licences allow: NQG's
SQuAD test half, SelQA, TyDi QA (Arabic), ARCD's training part, and of SQuAD 2's halves the
articles the near-miss figure is not measured on, without the paragraphs of its
EXCLUDE_FROM_TRAINING.txt. Questions that stand in `questions_translated.tsv` are also asked in
other languages (our own translations, made for this). Claims come from parallel sentences of
NTREX-128 and TICO-19: true ones, and lies of `evals.lies`. Knows no model.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals.lies import LIES, TRUTHS, Group, Sources, latin_names
from evals.training.check import LENGTH, groups
from evals.training.sources import LANGUAGES
from rag.words.sentences import split_sentences

TRANSLATED = Path(__file__).with_name("questions_translated.tsv")
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
    (sentence, start, end) in characters, where it is known.
    """

    source: str
    language: str
    question: str
    window: Window
    answers: tuple[int, ...]
    span: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A sentence, what it is claimed of, and whether that says so."""

    language: str
    kind: str
    claim: str
    window: Window
    true: bool


def asked(data: Path, translated: Path = TRANSLATED) -> list[Asked]:
    """All questions of all sources, those with translations also in other languages."""
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
    return examples


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


def claimed(data: Path, most: int, seed: int = 4) -> list[Claimed]:
    """True sentences and lies over windows in the same and in other languages."""
    chance = random.Random(seed)
    found = [_named(group) for group in groups(data, most)]
    examples: list[Claimed] = []
    for group in found:
        shown = Group(group.id, group.sentences[:LENGTH], group.names[:LENGTH])
        for language in LANGUAGES:
            others = [g for g in chance.sample(found, 4) if g.id != group.id]
            sources = Sources(shown, chance.randrange(LENGTH), others, language, chance)
            made = [(k, True, make(sources)) for k, make in TRUTHS.items()]
            made.append(("neighbour", False, group.sentences[LENGTH][language]))
            made += [(k, False, make(sources)) for k, make in LIES.items()]
            for kind, true, claim in made:
                if claim:
                    over = chance.choice(LANGUAGES)
                    kept = tuple(s[over] for s in shown.sentences)
                    window = Window("", kept, group.id)
                    examples.append(Claimed(language, kind, claim, window, true))
    return examples


def _named(group: Group) -> Group:
    """The group with the names of its English sentences; they are looked for in the others."""
    names = []
    for texts in group.sentences:
        english = latin_names(texts["en"])
        names.append(
            {
                language: tuple(n for n in english if n in text)
                for language, text in texts.items()
                if language in ("en", "fr", "es")
            }
        )
    return Group(group.id, group.sentences, tuple(names))


def main() -> None:
    """Print counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    rows = asked(options.data)
    counts = Counter((row.source, row.language, bool(row.answers)) for row in rows)
    sys.stdout.write(f"{counts}\n")
    claims = claimed(options.data, 400)
    sys.stdout.write(f"{Counter((row.kind, row.true) for row in claims)}\n")


if __name__ == "__main__":
    main()
