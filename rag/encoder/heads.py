"""Small heads on the encoder: what a question is, as probabilities over labels.

A head is a linear layer and a softmax over what the encoder holds of a question at three depths
(`SanadEncoder.depths`). Made by `evals/training/heads.py` from one file of examples. Knows no
label's meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.errors import ConfigurationError

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """One question about a text: a probability for each label."""

    labels: tuple[str, ...]
    weights: Floats  # (labels, width)
    bias: Floats  # (labels,)

    def probabilities(self, seen: Floats) -> dict[str, float]:
        """Label -> probability; `seen` is (width,)."""
        scores = self.weights @ seen + self.bias
        shares = np.exp(scores - scores.max())
        return dict(zip(self.labels, (shares / shares.sum()).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Heads:
    """All heads by name, and the thresholds that were fitted with them."""

    by_name: Mapping[str, Head]
    thresholds: Mapping[str, float]


@lru_cache(maxsize=2)
def load_heads(file: Path) -> Heads:
    """The heads of a file. Raises ConfigurationError when it is missing or damaged."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            names = [str(name) for name in stored["names"]]
            by_name = {
                name: Head(
                    tuple(map(str, stored[f"{name}.labels"])),
                    stored[f"{name}.weights"],
                    stored[f"{name}.bias"],
                )
                for name in names
            }
            keys, values = stored["thresholds.names"], stored["thresholds"]
            thresholds = dict(zip(map(str, keys), map(float, values), strict=True))
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"{file} cannot be read ({error}); reinstall Sanad") from error
    return Heads(by_name, thresholds)
