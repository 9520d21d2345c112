"""Models that lie, asked through the whole assistant: how much of it reaches a reader.

    python -m evals.liars --data-dir DIR [--suite evals/suites/client.yaml]

For each answerable question of a suite a scripted model reads the evidence it is given and
writes true sentences of it among lies of one kind (`evals.lies`), each with a valid marker;
asked to repair a sentence it lies again. A lie has reached the reader when it stands in the
reply as it was written. Exit 1 when more wrong numbers, dates or names did than the marks allow.

These models copy and falsify; they do not paraphrase, so the share of true sentences that
is kept says little about a real model's (see `evals.check_report` for shortened, merged
and translated ones).
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from evals.cases import load_suite
from evals.judge import MEASURES
from evals.lies import LIES, Group, Sources, latin_names
from rag.assistant import Assistant
from rag.check.checker import Checker
from rag.embed import load_embedder
from rag.generate import Prompt, ScriptedWriter
from rag.index.generation import open_current
from rag.question.glossary import GlossaryFile
from rag.question.query import shipped_translator
from rag.types import Answer
from rag.words.sentences import split_sentences
from rag.writing.written import Author

# Lies that may be shown before the run fails: what was measured on 22 November 2026, and on 1
# December after other passages were given to the check: nought for figures and months; of names
# exchanged inside one passage it lets 11 to 14 % through (docs/check.md), which is 9 or 10 of 78.
FACTS = ("wrong number", "wrong year", "wrong month", "wrong name", "swapped names", "magnitude",
         "percent")  # fmt: skip
MOST_SHOWN = {"wrong year": 2, "wrong name": 6, "swapped names": 10}
SEED = 20261122
SUITE = Path(__file__).parent / "suites" / "client.yaml"
EACH = 3  # lies an answer
_BLOCK = re.compile(r"<<<\w+ BLOCK (\d+)>>>\n\(language: (\w+)[^\n]*\)\n(.*?)\n<<<", re.DOTALL)
_NAMES = {"English": "en", "Arabic": "ar", "French": "fr", "Spanish": "es"}


class Liar:
    """A model that writes lies of one kind among true sentences; knows only its prompt."""

    def __init__(self, kind: str, language: str) -> None:
        self._lie = LIES[kind]
        self._language = language
        self._random = random.Random(f"{SEED} {kind} {language}")
        self.lies: list[str] = []
        self.truths: list[str] = []

    def write(self, prompt: Prompt) -> Iterator[str]:
        """The answer, or for a repair the same lies again."""
        if "QUESTION>>>" not in prompt.user:
            yield f"{self.lies[-1] if self.lies else 'NO_ANSWER'} [1]"
            return
        blocks = list(self._blocks(prompt.user))
        for n, group in blocks:
            truth = self._random.choice(group.sentences)[self._language]
            if truth[-1:] in ".!؟":
                self.truths.append(truth)
                yield f"{_marked(truth, n)} "
            lie = self._made(group, [other for _, other in blocks if other is not group])
            if lie is not None:
                self.lies.append(lie)
                yield f"{_marked(lie, n)} "
        if not self.lies and not self.truths:
            yield "NO_ANSWER"

    def _made(self, group: Group, others: Sequence[Group]) -> str | None:
        """A lie about one of the sentences, if one can be told."""
        places = list(range(len(group.sentences)))
        self._random.shuffle(places)
        for at in places if len(self.lies) < EACH and others else ():
            made = self._lie(Sources(group, at, others, self._language, self._random))
            told = {sentence[self._language] for _, sentence in enumerate(group.sentences)}
            if made and made not in told:
                return made
        return None

    def _blocks(self, user: str) -> Iterator[tuple[int, Group]]:
        """The evidence in the reader's language, as sentences."""
        for number, language, text in _BLOCK.findall(user):
            if _NAMES.get(language) != self._language:
                continue
            lines = [line for line in text.split("\n") if line]
            found = [
                line[start:end]
                for line in lines
                for start, end in split_sentences(line, self._language)
                if len(line[start:end].split()) >= 6
            ]
            if len(found) > 1:
                names = tuple({self._language: latin_names(sentence)} for sentence in found)
                sentences = tuple({self._language: sentence} for sentence in found)
                yield int(number), Group(number, sentences, names)


def _marked(sentence: str, n: int) -> str:
    """A sentence with its marker before the full stop."""
    return (
        f"{sentence[:-1]} [{n}]{sentence[-1]}" if sentence[-1] in ".!?؟" else f"{sentence} [{n}]."
    )


def measure(
    suite: Path, assistant: Assistant, told: TextIO | None = None
) -> dict[str, Counter[str]]:
    """By kind of lie: how many were told and shown, how many truths told and shown. The lies
    that were shown are written to `told`."""
    generation = assistant.generation
    checker = Checker(generation, assistant.translator, assistant.glossary)
    cases = [
        case for case in load_suite(suite, frozenset(MEASURES)).cases if case.expect == "answered"
    ]
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in LIES}
    for kind, count in counts.items():
        for case in cases:
            liar = Liar(kind, case.language)
            writer = ScriptedWriter(liar.write, name="liar")
            lied_to = Assistant(
                generation, assistant.embedder, assistant.settings, assistant.translator,
                assistant.glossary, Author(writer, checker, generation),
            )  # fmt: skip
            reply = lied_to.answer(case.question).reply
            assert isinstance(reply, Answer), case.id
            shown = {sentence.text for sentence in reply.sentences}
            count["told"] += len(liar.lies)
            passed = [lie for lie in liar.lies if lie in shown]
            count["shown"] += len(passed)
            if told is not None:
                told.writelines(f"{kind}\t{case.id}\t{lie}\n" for lie in passed)
            if reply.mode == "liar":
                count["written"] += 1
                count["truths told"] += len(liar.truths)
                count["truths shown"] += sum(truth in shown for truth in liar.truths)
    return counts


def table(counts: dict[str, Counter[str]]) -> Iterator[str]:
    """One line a kind of lie."""
    yield f"{'lie':18}{'told':>6}{'shown':>7}{'answers written':>17}{'true sentences kept':>21}"
    for kind, count in counts.items():
        kept = count["truths shown"] / count["truths told"] if count["truths told"] else 0.0
        yield (f"{kind:18}{count['told']:>6}{count['shown']:>7}{count['written']:>17}{kept:>21.1%}")


def main() -> None:
    """Measure and print; exit 1 when a wrong fact was shown or nothing was told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--suite", type=Path, default=SUITE)
    parser.add_argument("--show", action="store_true", help="print the lies that were shown")
    asked = parser.parse_args()
    generation = open_current(asked.data_dir)
    beside = generation.manifest.glossary
    glossary = GlossaryFile(Path(beside) if beside else None)
    assistant = Assistant(generation, load_embedder(), None, shipped_translator(), glossary)
    counts = measure(asked.suite, assistant, sys.stdout if asked.show else None)
    sys.stdout.write("\n".join(table(counts)) + "\n")
    silent = [kind for kind, count in counts.items() if not count["told"]]
    if silent:
        sys.stdout.write(f"no such lie could be told: {', '.join(silent)}" + "\n")
    shown = sum(counts[kind]["shown"] for kind in FACTS)
    sys.stdout.write(f"wrong numbers, dates and names shown to a reader: {shown}" + "\n")
    failed = [kind for kind in FACTS if counts[kind]["shown"] > MOST_SHOWN.get(kind, 0)]
    if failed:
        sys.stdout.write(f"above the pass mark: {', '.join(failed)}\n")
    sys.exit(1 if failed or silent else 0)


if __name__ == "__main__":
    main()
