"""The reader: a question and sentences in their place, read together by one network.

For each sentence how much speaks for its answering the question (log odds), and where in it the
answer stands. Shares the encoder's vocabulary. Knows no document, no threshold and no index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.encoder.session import Session, described
from rag.encoder.vocabulary import BEGIN, END, vocabulary

DESCRIPTION = "reader.json"
TITLE_TOKENS = 32
NATURE_TOKENS = 126  # of a question by itself
LONGEST_SPAN = 24  # tokens of the words that answer
BATCH_TOKENS = 1024  # of one pass: 16 MB of states

Marks = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences in a row, as they stand, and the title or headings above them."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentenceRead:
    """What the reader makes of one sentence."""

    odds: float  # log odds that it answers
    start: int  # of the words that answer, in characters of the sentence
    end: int
    span: float  # how much speaks for those words; comparable between questions, not a probability


@dataclass(frozen=True, slots=True)
class _Pair:
    ids: list[int]
    places: tuple[tuple[int, int], ...]  # tokens of each sentence; empty where it was cut off
    offsets: tuple[Any, ...]  # characters of each token of each sentence


class SentenceReader:
    """The reader of a folder. Safe to share between threads."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Raises ConfigurationError when a file is missing or damaged."""
        facts = described(folder / DESCRIPTION)
        self._vocabulary = vocabulary(folder.parent / str(facts["vocabulary"]))
        self._session = Session(folder / "body.onnx", threads)
        self._question = str(facts["question"])
        self._question_tokens = int(facts["question_tokens"])
        self._sentence_tokens = int(facts["sentence_tokens"])
        self.window_tokens = int(facts["window_tokens"])
        self._of = {name: at for at, name in enumerate(facts["outputs"])}

    def lengths(self, sentences: Sequence[str]) -> list[int]:
        """Tokens that each sentence takes in a window."""
        return [min(len(ids), self._sentence_tokens) for ids in self._vocabulary.ids(sentences)]

    def read(self, question: str, windows: Sequence[Window]) -> list[list[SentenceRead]]:
        """One entry for each sentence of each window that fits; cut-off ones are left out."""
        pairs = [self._pair(self._question + question, window) for window in windows]
        return [
            [self._sentence(marks, pair, number) for number in range(len(pair.places))]
            for pair, marks in zip(pairs, self._marks(pairs), strict=True)
        ]

    def means(self, questions: Sequence[str]) -> Marks:
        """(n, 384): what the reader holds of questions by themselves, for heads."""
        ids = self._vocabulary.ids([self._question + question for question in questions])
        whole = [[BEGIN, *row[:NATURE_TOKENS], END] for row in ids]
        found: Marks = np.zeros((len(whole), self._vocabulary.hidden), np.float32)
        for batch in _batches([len(row) for row in whole]):
            rows, mask = self._vocabulary.batch([whole[number] for number in batch])
            (found[batch],) = self._session.run(("means",), {"rows": rows, "mask": mask})
        return found

    def _pair(self, asked: str, window: Window) -> _Pair:
        """Of a long question the end, where what is asked mostly stands."""
        encoded = self._vocabulary.encoded((asked, window.title, *window.sentences))
        first = encoded[0].ids[-self._question_tokens :]
        ids = [BEGIN, *first, END, END]
        limit = len(ids) + self.window_tokens
        ids += encoded[1].ids[:TITLE_TOKENS]
        places, offsets = [], []
        for sentence in encoded[2:]:
            tokens = sentence.ids[: min(self._sentence_tokens, max(0, limit - len(ids)))]
            if not tokens:
                break
            places.append((len(ids), len(ids) + len(tokens)))
            offsets.append(sentence.offsets)
            ids += tokens
        return _Pair([*ids, END], tuple(places), tuple(offsets))

    def _marks(self, pairs: Sequence[_Pair]) -> list[Marks]:
        """(tokens, outputs) of each pair."""
        found: list[Marks] = [np.zeros((0, 0), np.float32)] * len(pairs)
        for batch in _batches([len(pair.ids) for pair in pairs]):
            rows, mask = self._vocabulary.batch([pairs[number].ids for number in batch])
            (outputs,) = self._session.run(("marks",), {"rows": rows, "mask": mask})
            for number, marks in zip(batch, outputs, strict=True):
                found[number] = marks
        return found

    def _sentence(self, marks: Marks, pair: _Pair, number: int) -> SentenceRead:
        start, end = pair.places[number]
        inside = marks[start:end]
        begins, ends = inside[:, self._of["begins"]], inside[:, self._of["ends"]]
        first, last = _best_span(begins, ends)
        offsets = pair.offsets[number]
        odds = float(inside[:, self._of["answers"]].mean())
        worth = float(begins[first] + ends[last])
        return SentenceRead(odds, int(offsets[first][0]), int(offsets[last][1]), worth)


def _best_span(begins: Marks, ends: Marks) -> tuple[int, int]:
    """First and last token with the highest sum, LONGEST_SPAN tokens apart at most."""
    sums = begins[:, None] + ends[None, :]
    apart = np.arange(len(ends))[None, :] - np.arange(len(begins))[:, None]
    sums = np.where((apart >= 0) & (apart < LONGEST_SPAN), sums, -np.inf)
    first, last = np.unravel_index(int(sums.argmax()), sums.shape)
    return int(first), int(last)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of pairs that pass together: of like length, BATCH_TOKENS of them at most."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda n: lengths[n]):
        if batch and (len(batch) + 1) * lengths[number] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def windows_of(
    spans: Iterable[tuple[int, int]], lengths: Sequence[int], most: int
) -> list[list[tuple[int, int]]]:
    """Spans in a row cut into as few windows of at most `most` tokens as they fit in, about as
    long as each other: the last sentence of a passage keeps those before it. `lengths` are the
    spans'; one that is longer by itself has a window of its own."""
    fewest = _greedy(lengths, most)
    share = sum(lengths) / max(1, fewest)
    windows: list[list[tuple[int, int]]] = []
    held = passed = 0  # tokens of the last window, and of all
    for at, (span, length) in enumerate(zip(spans, lengths, strict=True)):
        left = fewest - len(windows)  # windows that may still be begun
        even = passed + length / 2 > share * len(windows) and _greedy(lengths[at:], most) <= left
        if not windows or held + length > most or (left > 0 and even):
            windows.append([])
            held = 0
        windows[-1].append(span)
        held += length
        passed += length
    return windows


def _greedy(lengths: Sequence[int], most: int) -> int:
    """How many windows it takes where each is filled before the next is begun."""
    count = room = 0
    for length in lengths:
        if not count or length > room:
            count += 1
            room = most
        room -= length
    return count


@lru_cache(maxsize=2)
def reader(folder: Path) -> SentenceReader:
    """The reader of a folder, loaded once a process."""
    return SentenceReader(folder)
