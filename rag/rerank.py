"""A second reading of the best passages by a cross-encoder, asked by setting.

A cross-encoder reads question and passage together: slower and surer than vectors. It may only
change the order. Its scores have another scale with every model, and the thresholds of
`rag.evidence` were fitted on the scores of `rag.evidence.retrieve`; so those scores stay as a set,
and the passage it finds best gets the highest of them. Knows no index.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rag.errors import ConfigurationError, EmbeddingError
from rag.loading import arguments, choose_device, devices, in_half, load_model

Scores = npt.NDArray[np.float32]
REMEMBERED = 1_000  # scores of (question, passage): one question is retrieved for several times
_log = logging.getLogger(__name__)


class Reranker(Protocol):
    """Says how well texts answer a question."""

    def scores(self, question: str, texts: Sequence[str]) -> Scores:
        """(texts,) float32, higher is better; comparable for one question only."""
        ...


class CrossEncoderReranker:
    """A sentence-transformers CrossEncoder with one output. Safe to share between threads."""

    def __init__(
        self, model: str, revision: str = "", batch_size: int = 32, device: str = "auto"
    ) -> None:
        """Raises ConfigurationError for a model that does not load or is no reranker."""
        self.device = choose_device(device, devices())
        given = arguments(self.device, "torch", revision)
        self._model = _opened(model, given)
        if self._model.num_labels != 1:
            raise ConfigurationError(
                f"reranker {model!r} has {self._model.num_labels} outputs, a reranker has one; "
                "set SANAD_RERANKER to another cross-encoder, or to nothing"
            )
        if in_half(self._model, self.device, "torch"):
            self._model.half()
        self._batch_size = batch_size
        self._lock = threading.Lock()  # a tokenizer of transformers serves one thread at a time

    def scores(self, question: str, texts: Sequence[str]) -> Scores:
        """(texts,) float32 logits: a sigmoid would make the best ones equal."""
        from torch.nn import Identity

        with self._lock:
            found = self._model.predict(
                [(question, text) for text in texts],
                batch_size=self._batch_size,
                activation_fn=Identity(),
                show_progress_bar=False,
            )
        return np.asarray(found, np.float32).reshape(-1)


class Reordering:
    """A reranker that cannot spoil an answer: where it fails, the order stays as it was."""

    def __init__(self, reranker: Reranker, name: str = "") -> None:
        self.name = name  # the setting that chose it
        self._reranker = reranker
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()
        self.trouble = ""  # what went wrong, in plain words; empty when nothing did

    def order(self, question: str, texts: Sequence[str]) -> list[int] | None:
        """Positions of the texts, best first, equals in their given order; None where the
        reranker failed, which is logged once."""
        try:
            scores = self._scores(question, texts)
        # Any failure of a model at run time, memory and driver included, must leave the answer.
        except Exception as error:  # noqa: BLE001
            if not self.trouble:
                self.trouble = f"the reranker failed and the order is kept: {_first_line(error)}"
                _log.warning(self.trouble, exc_info=True)
            return None
        return sorted(range(len(texts)), key=lambda at: -scores[texts[at]])

    def _scores(self, question: str, texts: Sequence[str]) -> Mapping[str, float]:
        """{text: score}; those of texts that were asked before are remembered."""
        with self._lock:
            scores = {t: self._known[question, t] for t in texts if (question, t) in self._known}
        new = [text for text in dict.fromkeys(texts) if text not in scores]
        if new:
            found = self._reranker.scores(question, new)
            if found.shape != (len(new),) or not np.isfinite(found).all():
                raise EmbeddingError(
                    f"it gave shape {found.shape} or numbers that are not finite for {len(new)} "
                    "passages"
                )
            scores |= dict(zip(new, found.tolist(), strict=True))
            with self._lock:
                self._known.update({(question, text): scores[text] for text in new})
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return scores


@lru_cache(maxsize=1)  # a server assembles anew with every generation, of the same settings
def load_reranker(model: str, batch_size: int = 32, device: str = "auto") -> Reordering:
    """The reranker of a setting, loaded once a process.

    Raises ConfigurationError when it cannot be loaded.
    """
    return Reordering(CrossEncoderReranker(model, "", batch_size, device), model)


def _opened(model: str, given: Mapping[str, Any]) -> Any:
    from sentence_transformers import CrossEncoder

    return load_model(
        lambda local: CrossEncoder(model, local_files_only=local, **given),
        "reranker",
        model,
        str(given["revision"] or ""),
        "set SANAD_RERANKER to a folder, a model on this machine, or nothing",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
