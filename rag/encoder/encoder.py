"""Text to unit vectors with the shipped encoder: multilingual-e5-small in 8 bits.

Reads `encoder.json` and `body.onnx` of its folder; texts of like length pass together. Knows no
passage and no index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from rag.encoder.session import Session, described
from rag.encoder.vocabulary import BEGIN, END, vocabulary
from rag.errors import ConfigurationError

Vectors = npt.NDArray[np.float32]
BATCH_TOKENS = 2048  # of one pass: more costs memory and is no faster (docs/models.md)
REMEMBERED = 256  # questions, 6 kB each
DESCRIPTION = "encoder.json"
TOWARDS = ("passages", "sentences")
ADAPTERS = "query_adapters.npz"  # by `evals.training.adapter`


class SanadEncoder:
    """The encoder of a folder. Safe to share between threads."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Raises ConfigurationError when a file is missing or damaged."""
        facts = described(folder / DESCRIPTION)
        self._vocabulary = vocabulary(folder)
        self._session = Session(folder / "body.onnx", threads)
        self._tokens = int(facts["tokens"])
        self.question_prompt, self._passage = str(facts["question"]), str(facts["passage"])
        self.dim = int(facts["hidden"])
        adapters = _adapters(folder / ADAPTERS, self.dim)
        self._to_passages = adapters[0] if adapters else None
        self._to_sentences = adapters[1] if adapters else None
        self.cosines = adapters[2] if adapters else None  # of turned questions: `_adapters`
        self._recent: dict[str, tuple[Vectors, Vectors]] = {}
        self.id = f"{folder.name}@{_fingerprint(folder)}"

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32 unit rows, of texts that may answer."""
        return self.encode([self._passage + text for text in texts])

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32 unit rows, of texts that ask, turned towards passages that answer."""
        return self.towards_passages(self.raw_questions(texts))

    def raw_questions(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32 unit rows, of texts that ask, as the encoder has them: to be compared
        with each other."""
        return self._questions(texts)[0]

    def towards_passages(self, questions: Vectors) -> Vectors:
        """(n, dim) float32 unit rows: raw questions as they are compared with passages."""
        return _turned(questions, self._to_passages)

    def towards_sentences(self, questions: Vectors) -> Vectors:
        """(n, dim) float32 unit rows: raw questions as they are compared with sentences."""
        return _turned(questions, self._to_sentences)

    def depths(self, questions: Sequence[str]) -> Vectors:
        """(n, 3 dim) float32: what the encoder holds of questions at three depths, for heads."""
        return self._questions(questions)[1]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32 unit rows of texts as they stand; the end of a long one is not read."""
        return self._outputs(("vectors",), texts)[0]

    def words(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[Vectors, list[Vectors]]:
        """(n, dim) unit rows of texts, and for each text (spans, dim) unit rows of the words at
        its spans of characters, in their place; zeros for a word that was cut off."""
        encoded = self._vocabulary.encoded([self._passage + text for text in texts])
        most = self._tokens - 2
        ids = [[BEGIN, *one.ids[:most], END] for one in encoded]
        vectors = np.empty((len(texts), self.dim), np.float32)
        words: list[Vectors] = [np.empty((0, self.dim), np.float32)] * len(texts)
        for batch in _batches(ids):
            rows, mask = self._vocabulary.batch([ids[number] for number in batch])
            whole, states = self._session.run(("vectors", "states"), {"rows": rows, "mask": mask})
            vectors[batch] = whole
            for number, state in zip(batch, states, strict=True):
                offsets = [
                    (start - len(self._passage), end - len(self._passage))
                    for start, end in encoded[number].offsets[:most]
                ]
                words[number] = _means(state[1 : 1 + len(offsets)], offsets, spans[number])
        return vectors, words

    def _questions(self, texts: Sequence[str]) -> tuple[Vectors, Vectors]:
        """Vectors and depths of questions; one alone is read once, whoever asks for it."""
        if len(texts) == 1 and (kept := self._recent.get(texts[0])) is not None:
            return kept
        asked = [self.question_prompt + text for text in texts]
        vectors, depths = self._outputs(("vectors", "depths"), asked)
        if len(texts) == 1:
            if len(self._recent) >= REMEMBERED:
                self._recent = {}
            self._recent[texts[0]] = (vectors, depths)
        return vectors, depths

    def _outputs(self, names: Sequence[str], texts: Sequence[str]) -> list[Vectors]:
        ids = [[BEGIN, *row[: self._tokens - 2], END] for row in self._vocabulary.ids(texts)]
        widths = {"vectors": self.dim, "depths": 3 * self.dim}
        found = [np.empty((len(texts), widths[name]), np.float32) for name in names]
        for batch in _batches(ids):
            rows, mask = self._vocabulary.batch([ids[number] for number in batch])
            outputs = self._session.run(names, {"rows": rows, "mask": mask})
            for values, output in zip(found, outputs, strict=True):
                values[batch] = output
        return found


def _adapters(path: Path, dim: int) -> tuple[Vectors, Vectors, tuple[float, float]] | None:
    """The matrices (dim, dim) that turn questions towards passages and towards sentences, and the
    cosines of a turned question with unrelated passages and with the nearest; None where the
    folder has none."""
    if not path.is_file():
        return None
    try:
        with np.load(path) as held:
            passages, sentences = (held[name].astype(np.float32) for name in TOWARDS)
            unrelated, nearest = map(float, held["cosines"])
    except (OSError, EOFError, ValueError, TypeError, KeyError, BadZipFile) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}); reinstall Sanad") from error
    shapes = (passages.shape, sentences.shape)
    if shapes != ((dim, dim), (dim, dim)) or not unrelated < nearest:
        raise ConfigurationError(
            f"{path} has matrices of {shapes[0]} and {shapes[1]} for vectors of {dim}, and "
            f"cosines {unrelated:g} and {nearest:g}; reinstall Sanad"
        )
    return passages, sentences, (unrelated, nearest)


def _turned(rows: Vectors, matrix: Vectors | None) -> Vectors:
    if matrix is None:
        return rows
    turned = rows @ matrix.T
    return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True), np.float32)


def _means(
    states: Vectors, offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
) -> Vectors:
    """(spans, dim) unit rows: the mean of the tokens that end within each span, both ascending."""
    sums = np.zeros((len(spans), states.shape[1]), np.float32)
    at = 0
    for state, (start, end) in zip(states, offsets, strict=True):
        while at < len(spans) and spans[at][1] < end:
            at += 1
        if at < len(spans) and end > start and spans[at][0] < end:
            sums[at] += state
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.where(lengths > 0, lengths, 1), np.float32)


def _batches(ids: Sequence[Sequence[int]]) -> list[list[int]]:
    """Places of texts that pass together: of like length, BATCH_TOKENS of them at most."""
    batches: list[list[int]] = []
    for number in sorted(range(len(ids)), key=lambda n: len(ids[n])):
        if batches and (len(batches[-1]) + 1) * len(ids[number]) <= BATCH_TOKENS:
            batches[-1].append(number)
        else:
            batches.append([number])
    return batches


def is_encoder(folder: Path) -> bool:
    """Whether `folder` holds an encoder that this module reads."""
    return (folder / DESCRIPTION).is_file()


def _fingerprint(folder: Path) -> str:
    """Short digest of the weights: another model embeds anew."""
    digest = hashlib.blake2b()
    for name in ("body.onnx", "words.scales.npy"):
        with (folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()[:12]
