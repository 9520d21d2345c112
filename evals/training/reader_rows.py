"""What the reader learns from, step by step: pairs of question and window as token ids.

Draws the same examples for a step each time. Knows no network.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evals.training.encoder import OUT as ENCODER
from evals.training.heads import EXAMPLES, read
from evals.training.heads import kept_out as kept_out_of_heads
from evals.training.reader_data import LANGUAGES, Asked, Claimed, Window, kept_out

QUESTIONS, CLAIMS, NATURES = 8, 4, 12  # examples of one step
QUESTION_TOKENS, CLAIM_TOKENS, SENTENCE_TOKENS, WINDOW_TOKENS = 56, 96, 80, 176
# How often a question of a source is drawn.
SHARES = {
    "squad2": 0.22, "selqa": 0.13, "nqg": 0.08, "tydi": 0.07, "arcd": 0.05, "translated": 0.15,
    "parallel": 0.3,
}  # fmt: skip
NATURE_HEADS = ("ruling", "shape", "asks")  # what is asked, learned beside (`evals.training.heads`)
# Of claims: true ones whose sentences are taken out of the window, which makes them false;
# sentences of the passage in another language, true; and those of other passages, false.
TAKEN_OUT, RENDERED, ELSEWHERE = 0.12, 0.12, 0.06
LOWERED = 0.15  # of questions without capitals, as many are typed
UNTITLED = 0.3  # of windows without their title
Ids = list[int]


@dataclass(frozen=True, slots=True)
class Row:
    """One pair as the model sees it."""

    ids: Ids
    sentences: tuple[tuple[int, int], ...]  # their tokens, [start, end)
    answers: tuple[int, ...]  # sentences that answer
    span: tuple[int, int] | None  # first and last token of the answer
    group: int  # rows of one question
    asked: tuple[int, int] = (0, 0)  # the tokens of a claim
    true: float | None = None  # of a claim


class Pairs:
    """Texts to rows of token ids."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._kept: dict[str, Any] = {}

    def encoded(self, text: str) -> Any:
        """Ids and offsets of a text without special tokens."""
        if text not in self._kept:
            self._kept[text] = self._tokenizer.encode(text, add_special_tokens=False)
        return self._kept[text]

    def row(
        self, question: str, window: Window, answers: Sequence[int], group: int,
        span: tuple[int, int, int] | None = None, true: float | None = None,
    ) -> Row:  # fmt: skip
        """<s> question </s></s> title sentence sentence ... </s>, cut to WINDOW_TOKENS."""
        most = QUESTION_TOKENS if true is None else CLAIM_TOKENS
        first = self._tokenizer.encode(question, add_special_tokens=False).ids[:most]
        ids = [0, *first, 2, 2]
        limit = len(ids) + WINDOW_TOKENS
        if window.title:
            ids += self.encoded(window.title).ids[:32]
        places: list[tuple[int, int]] = []
        marked = None
        for number, sentence in enumerate(window.sentences):
            encoding = self.encoded(sentence)
            tokens = encoding.ids[: min(SENTENCE_TOKENS, max(0, limit - len(ids)))]
            if span is not None and span[0] == number:
                inside = [
                    i for i, (a, b) in enumerate(encoding.offsets[: len(tokens)])
                    if a < span[2] and b > span[1]
                ]  # fmt: skip
                if inside:
                    marked = (len(ids) + inside[0], len(ids) + inside[-1])
            places.append((len(ids), len(ids) + len(tokens)))
            ids += tokens
        seen = tuple(place for place in places if place[1] > place[0])
        kept = tuple(a for a in answers if a < len(seen))
        return Row([*ids, 2], seen, kept, marked, group, (1, 1 + len(first)), true)


@dataclass(frozen=True, slots=True)
class Told:
    """A question and its labels by head, as numbers; heads it says nothing of are missing."""

    ids: Ids
    labels: Mapping[str, int]


class Natures:
    """Questions of the heads' file of examples, without those kept to fit thresholds on."""

    def __init__(self, pairs: Pairs) -> None:
        rows = [row for row in read(EXAMPLES) if not kept_out_of_heads(row)]
        self.labels = {
            head: sorted({row[head] for row in rows if row[head]}) for head in NATURE_HEADS
        }
        self._told = [
            Told(
                [0, *pairs.encoded(f"query: {row['question']}").ids[:126], 2],
                {h: self.labels[h].index(row[h]) for h in NATURE_HEADS if row[h]},
            )
            for row in rows
            if any(row[head] for head in NATURE_HEADS)
        ]
        self._shaped = [told for told in self._told if "shape" in told.labels]

    def draw(self, step: int) -> list[Told]:
        """The questions of one step, half of them with a shape."""
        chance = random.Random(f"natures {step}")
        half = NATURES // 2
        return [*chance.choices(self._told, k=half), *chance.choices(self._shaped, k=half)]


class Near:
    """Windows that are near to questions by the encoder's vectors, as those of a retriever are."""

    NEAREST = 12
    # What is told in many documents at once stands in the nearest ones too: taken are farther ones.
    FARTHER = 150
    LEFT_OUT = ("nqg",)  # its windows overlap, and would be two of three

    def __init__(self, questions: Sequence[Asked], work: Path) -> None:
        taken = (e.window for e in questions if e.source not in self.LEFT_OUT)
        self._windows = list({(w.home, w.sentences): w for w in taken}.values())
        self._texts = list(dict.fromkeys(e.question for e in questions))
        self._at = {text: i for i, text in enumerate(self._texts)}
        texts = [" ".join((w.title, *w.sentences)) for w in self._windows]
        self._nearest = _nearest(self._texts, texts, work / "nearest.npy", self.FARTHER)

    def other(self, example: Asked, chance: random.Random) -> Window | None:
        """A window that does not answer: mostly a near one."""
        gold = {example.window.sentences[a] for a in example.answers}
        near = self._nearest[self._at[example.question]]
        near = near[self.NEAREST :] if _is_repeated(example) else near[: self.NEAREST]
        for _ in range(4):
            number = (
                int(chance.choice(near))
                if chance.random() < 0.85
                else chance.randrange(len(self._windows))
            )
            window = self._windows[number]
            if window.home != example.window.home and not gold & set(window.sentences):
                return window
        return None


def _is_repeated(example: Asked) -> bool:
    """Whether many windows say the same: most of TICO-19 is of one disease in one spring."""
    return example.source == "parallel" and not example.window.home.startswith("ntrex")


class Batches:
    """Draws the examples of each step; the same for a seed and a step."""

    def __init__(
        self, questions: Sequence[Asked], claims: Sequence[Claimed], pairs: Pairs, near: Near
    ) -> None:
        self._by_source: dict[str, list[Asked]] = {}
        for example in questions:
            if not kept_out(example.window.title or example.window.home):
                self._by_source.setdefault(example.source, []).append(example)
        learned = [claim for claim in claims if not kept_out(claim.home)]
        self._claims = {true: [c for c in learned if c.true is true] for true in (True, False)}
        self._pairs, self._near = pairs, near

    def draw(self, step: int) -> list[Row]:
        """The rows of one step."""
        chance = random.Random(f"rows {step}")
        sources = [s for s in SHARES if s in self._by_source]
        weights = [SHARES[s] for s in sources]
        rows: list[Row] = []
        for group, source in enumerate(chance.choices(sources, weights, k=QUESTIONS)):
            example = chance.choice(self._by_source[source])
            question = example.question
            if chance.random() < LOWERED:
                question = question.lower()
            question = f"query: {question}"
            window = self._bare(example.window, chance)
            rows.append(self._pairs.row(question, window, example.answers, group, example.span))
            other = self._near.other(example, chance)
            if other is not None:
                rows.append(self._pairs.row(question, self._bare(other, chance), (), group))
        return [*rows, *(self._claim(number, chance) for number in range(CLAIMS))]

    def _claim(self, number: int, chance: random.Random) -> Row:
        """One claim over its passage, each in some language."""
        said = chance.choice(self._claims[chance.random() < 0.5 + TAKEN_OUT / 2])
        language, over = chance.choice(LANGUAGES), chance.choice(LANGUAGES)
        claim, sentences, true = said.claim[language], said.sentences, said.true
        drawn = chance.random()
        if true and drawn < 2 * TAKEN_OUT:
            sentences = tuple(s for n, s in enumerate(sentences) if n not in said.carried_by)
            true = False
        elif drawn > 1 - RENDERED:
            claim, true = chance.choice(sentences)[language], True
        elif drawn > 1 - RENDERED - ELSEWHERE:
            other = chance.choice(self._claims[True])
            claim, true = chance.choice(other.sentences)[language], other.home == said.home
        window = Window("", tuple(s[over] for s in sentences), said.home)
        return self._pairs.row(f"passage: {claim}", window, (), -1 - number, None, float(true))

    def _bare(self, window: Window, chance: random.Random) -> Window:
        if chance.random() < UNTITLED:
            return Window("", window.sentences, window.home)
        return window


def _nearest(
    questions: Sequence[str], windows: Sequence[str], path: Path, most: int
) -> npt.NDArray[np.int32]:
    """(questions, most): windows nearest to each question, the nearest first; kept at `path`."""
    if path.is_file():
        kept = np.load(path)
        if len(kept) == len(questions):
            return np.asarray(kept, np.int32)
    from rag.encoder.encoder import SanadEncoder

    encoder = SanadEncoder(ENCODER)
    vectors = encoder.encode_passages(windows)
    found = np.empty((len(questions), most), np.int32)
    for start in range(0, len(questions), 512):
        cosines = encoder.encode_questions(questions[start : start + 512]) @ vectors.T
        best = np.argpartition(-cosines, most, axis=1)[:, :most]
        order = np.argsort(-np.take_along_axis(cosines, best, axis=1), axis=1)
        found[start : start + 512] = np.take_along_axis(best, order, axis=1)
    np.save(path, found)
    return found
