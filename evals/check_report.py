"""How often the check rejects what is true and accepts what is not.

    python -m evals.check_report --flores FOLDER --belebele FOLDER [--each N] [--json FILE]

FOLDERs are the user's own copies (nothing is bundled): the FLORES-200 devtest sentences
(`<language>_<Script>.devtest`) and Belebele's `<language>_<Script>.jsonl`. Belebele's passages are
FLORES sentences in a row; they say which sentences make a passage. True sentences and lies
(`evals.lies`) are checked in one language against the passage in the same or another. FLORES is
never trained on.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evals.collection import CorpusPassage
from evals.lies import LIES, TRUTHS, Group, Sources, latin_names
from evals.public import NAMES
from evals.retrieval import indexed
from rag.check.checker import Checker, Verdict
from rag.check.rendering import SAME_SOUND, sound
from rag.embed import STATIC_MODEL, load_embedder
from rag.question.query import shipped_translator
from rag.types import Passage
from rag.words.text import fold
from rag.words.word_forms import arabic_forms

LANGUAGES = ("en", "ar", "fr", "es")
SEED = 20241221


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence and what came of it."""

    kind: str  # a key of TRUTHS or LIES
    true: bool
    sentence_language: str
    passage_language: str
    group: str
    sentence: str
    accepted: bool
    problems: tuple[tuple[str, str], ...]
    support: float
    milliseconds: float


def groups(flores: Path, belebele: Path) -> list[Group]:
    """Passages of two sentences or more that stand in the same Belebele passage."""
    lines = {
        language: next(flores.rglob(f"{NAMES[language]}.devtest")).read_text("utf-8").splitlines()
        for language in LANGUAGES
    }
    path = next(belebele.rglob(f"{NAMES['en']}.jsonl"))
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    passages = list(dict.fromkeys(_plain(row["flores_passage"]) for row in rows))
    at: dict[int, list[int]] = defaultdict(list)
    for number, text in enumerate(lines["en"]):
        home = next((i for i, p in enumerate(passages) if _plain(text) in p), None)
        if home is not None:
            at[home].append(number)
    return [
        _group(str(home), [{lang: lines[lang][n] for lang in LANGUAGES} for n in numbers])
        for home, numbers in sorted(at.items())
        if len(numbers) > 1
    ]


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()


def _group(identity: str, sentences: list[dict[str, str]]) -> Group:
    return Group(identity, tuple(sentences), tuple(names_of(texts) for texts in sentences))


def names_of(texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Names of a sentence by language: capitalised words, and the Arabic words that sound like
    one of the English ones."""
    found = {lang: latin_names(text) for lang, text in texts.items() if lang != "ar"}
    english = [fold(name) for name in found.get("en", ())]
    arabic = [
        word
        for word in dict.fromkeys(re.findall(r"[\u0620-\u06ff]+", texts.get("ar", "")))
        if any(
            sound(form, name) >= SAME_SOUND
            for form in arabic_forms(fold(word))
            for name in english
            if len(name) > 3
        )
    ]
    return {**found, "ar": tuple(arabic)}


def run(found: Sequence[Group], each: int) -> Iterator[Case]:
    """Check up to `each` sentences of every kind in every direction."""
    embedder, translator = load_embedder(STATIC_MODEL), shipped_translator()
    for passage_language in LANGUAGES:
        passages = [
            CorpusPassage(g.id, g.passage(passage_language), "", passage_language) for g in found
        ]
        with indexed(passages, embedder) as generation:
            checker = Checker(generation, translator)
            for language in LANGUAGES:
                for kind, true, group, sentence in sentences(found, language, each):
                    text = group.passage(passage_language)
                    cited = Passage(group.id, 1, 0, len(text), text)
                    checker.check(sentence, language, [cited])  # the passage is then known
                    started = time.perf_counter()
                    verdict = checker.check(sentence, language, [cited])
                    spent = 1000 * (time.perf_counter() - started)
                    yield _case(kind, true, (language, passage_language), group, sentence, verdict,
                                spent)  # fmt: skip


def _case(
    kind: str, true: bool, direction: tuple[str, str], group: Group, sentence: str,
    verdict: Verdict, milliseconds: float,
) -> Case:  # fmt: skip
    return Case(
        kind, true, *direction, group.id, sentence, verdict.holds,
        tuple((p.kind, p.what) for p in verdict.problems), round(verdict.support, 4),
        round(milliseconds, 2),
    )  # fmt: skip


def sentences(
    found: Sequence[Group], language: str, each: int
) -> Iterator[tuple[str, bool, Group, str]]:
    """(kind, whether it is true, group, sentence), the same on every run."""
    for table, true in ((TRUTHS, True), (LIES, False)):
        for kind, make in table.items():
            chance = random.Random(f"{SEED} {kind} {language}")
            places = [(g, at) for g in found for at in range(len(g.sentences))]
            chance.shuffle(places)
            made = 0
            for group, at in places:
                others = [g for g in chance.sample(list(found), 8) if g.id != group.id]
                sentence = make(Sources(group, at, others, language, chance))
                if sentence and (true or sentence != group.sentences[at][language]):
                    yield kind, true, group, sentence
                    made += 1
                if made == each:
                    break


def table(cases: Sequence[Case]) -> Iterator[str]:
    """Shares in per cent by kind: same language, across, and each direction."""
    directions = sorted({(c.sentence_language, c.passage_language) for c in cases})
    shown = [("same", [d for d in directions if d[0] == d[1]]),
             ("cross", [d for d in directions if d[0] != d[1]])]  # fmt: skip
    shown += [(f"{a}>{b}", [(a, b)]) for a, b in directions]
    yield f"{'':18}{'n':>6}" + "".join(f"{name:>7}" for name, _ in shown)
    for kind in (*TRUTHS, *LIES):
        mine = [c for c in cases if c.kind == kind]
        cells = []
        for _, among in shown:
            part = [c for c in mine if (c.sentence_language, c.passage_language) in among]
            wrong = sum(c.accepted != c.true for c in part)
            cells.append(f"{100 * wrong / len(part):7.1f}" if part else f"{'-':>7}")
        yield f"{kind:18}{len(mine):>6}" + "".join(cells)
    times = sorted(c.milliseconds for c in cases)
    yield (f"milliseconds a sentence: p50 {times[len(times) // 2]}, p95 "
           f"{times[int(0.95 * len(times))]}, most {times[-1]}")  # fmt: skip


def main() -> None:
    """Check, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flores", type=Path, required=True)
    parser.add_argument("--belebele", type=Path, required=True)
    parser.add_argument("--each", type=int, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cases = list(run(groups(options.flores, options.belebele), options.each))
    words_of = ["true rows: % rejected; rows of lies: % accepted (sentence language > passage's)"]
    sys.stdout.write("\n".join([*words_of, *table(cases)]) + "\n")
    if options.json:
        lines = (json.dumps(asdict(case), ensure_ascii=False) + "\n" for case in cases)
        options.json.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
