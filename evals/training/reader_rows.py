"""What the reader learns from, step by step: pairs of question and window as token ids.

Draws the same examples for a step each time. Knows no network.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evals.training.encoder import OUT as ENCODER
from evals.training.heads import EXAMPLES, read
from evals.training.heads import kept_out as kept_out_of_heads
from evals.training.reader_data import Asked, Window, kept_out
from evals.training.reports import SENTENCE_TOKENS, WINDOW_TOKENS

QUESTIONS, NATURES = 8, 12  # examples of one step
QUESTION_TOKENS = 96
# How often a question of a source is drawn.
SHARES = {
    "reports": 0.5, "squad2": 0.16, "parallel": 0.12, "selqa": 0.07, "translated": 0.06,
    "tydi": 0.04, "arcd": 0.03, "nqg": 0.02,
}  # fmt: skip
WITHIN = 0.75  # of second windows over a report, those of the same report
WITHIN_NEAREST = 4
NATURE_HEADS = ("ruling", "shape", "asks")  # what is asked, learned beside (`evals.training.heads`)
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
    leads: bool = False  # whether the first that answers is to stand before the others


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
        span: tuple[int, int, int] | None = None, leads: bool = False,
    ) -> Row:  # fmt: skip
        """<s> question </s></s> title sentence sentence ... </s>, cut to WINDOW_TOKENS; of a long
        question the end."""
        first = self._tokenizer.encode(question, add_special_tokens=False).ids
        first = first[-QUESTION_TOKENS:]
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
        return Row([*ids, 2], seen, kept, marked, group, leads and kept[:1] == answers[:1])


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
        self._nearest = _nearest(self._texts, texts, work, self.FARTHER)

    def other(self, example: Asked, chance: random.Random) -> Window | None:
        """A window that does not answer: mostly a near one; over a report mostly its own."""
        if example.source == "reports" and chance.random() < WITHIN:
            inside = self.within(example)
            return chance.choice(inside) if inside else None
        gold = _told(example)
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

    def within(self, example: Asked) -> list[Window]:
        """The windows of the question's own document that are nearest to it and do not answer."""
        gold = _told(example)
        near = (self._windows[number] for number in self._nearest[self._at[example.question]])
        own = (w for w in near if w.home == example.window.home and not gold & set(w.sentences))
        return list(islice(own, WITHIN_NEAREST))


def _told(example: Asked) -> set[str]:
    return {*(example.window.sentences[a] for a in example.answers), *example.elsewhere}


def _is_repeated(example: Asked) -> bool:
    """Whether many windows say the same: most of TICO-19 is of one disease in one spring."""
    home = example.window.home
    return example.source == "reports" or (
        example.source == "parallel" and not home.startswith("ntrex")
    )


class Batches:
    """Draws the examples of each step; the same for a seed and a step."""

    def __init__(self, questions: Sequence[Asked], pairs: Pairs, near: Near) -> None:
        self._by_source: dict[str, list[Asked]] = {}
        for example in questions:
            if example.source == "reports" or not kept_out(
                example.window.title or example.window.home
            ):
                self._by_source.setdefault(example.source, []).append(example)
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
            window, other = example.window, self._near.other(example, chance)
            if source == "reports" and not example.answers:
                inside = self._near.within(example)
                window = chance.choice(inside) if inside else window
            own = self._bare(window, chance)
            answers, span, leads = example.answers, example.span, example.leads
            rows.append(self._pairs.row(question, own, answers, group, span, leads))
            if other is not None and other is not window:
                rows.append(self._pairs.row(question, self._bare(other, chance), (), group))
        return rows

    def _bare(self, window: Window, chance: random.Random) -> Window:
        if chance.random() < UNTITLED:
            return Window("", window.sentences, window.home)
        return window


def _nearest(
    questions: Sequence[str], windows: Sequence[str], work: Path, most: int
) -> npt.NDArray[np.int32]:
    """(questions, most): windows nearest to each question, the nearest first."""
    from rag.encoder.encoder import SanadEncoder

    encoder = SanadEncoder(ENCODER)
    vectors = _embedded(windows, encoder.encode_passages, work / "windows.npz")
    asked = _embedded(questions, encoder.raw_questions, work / "questions.npz")
    found = np.empty((len(questions), most), np.int32)
    for start in range(0, len(questions), 512):
        cosines = asked[start : start + 512] @ vectors.T
        best = np.argpartition(-cosines, most, axis=1)[:, :most]
        order = np.argsort(-np.take_along_axis(cosines, best, axis=1), axis=1)
        found[start : start + 512] = np.take_along_axis(best, order, axis=1)
    return found


def _embedded(
    texts: Sequence[str], encode: Callable[[Sequence[str]], Any], path: Path
) -> npt.NDArray[np.float32]:
    """(texts, hidden); those embedded before are kept at `path` by a digest of their text."""
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    known: dict[str, npt.NDArray[np.float32]] = {}
    if path.is_file():
        kept = np.load(path)
        known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        known |= dict(zip(new, encode(list(new.values())), strict=True))
        np.savez(path, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
    return np.stack([known[key] for key in keys])
