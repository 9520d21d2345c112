"""Runs an ONNX file: the only place that imports onnxruntime."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ConfigurationError


class Session:
    """One ONNX file. Safe to share between threads."""

    def __init__(self, file: Path, threads: int = 0) -> None:
        """`threads` 0: those of the machine, four at most.

        Raises ConfigurationError when the file is missing or damaged.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or min(4, len(os.sched_getaffinity(0)))
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that wait in a loop take the cores from other visitors: without it a question
        # takes half of the CPU and no longer (docs/models.md).
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(file), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has a class of exception for every code
            raise ConfigurationError(
                f"the model {file} cannot be read ({error}); reinstall Sanad"
            ) from error

    def run(
        self, outputs: Sequence[str], given: Mapping[str, npt.NDArray[Any]]
    ) -> list[npt.NDArray[np.float32]]:
        """Outputs, by their names, for named inputs."""
        return [np.asarray(o, np.float32) for o in self._session.run(list(outputs), dict(given))]


def described(file: Path) -> dict[str, Any]:
    """The facts that stand beside a model. Raises ConfigurationError where they cannot be read."""
    try:
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the model in {file.parent} cannot be read ({error}); reinstall Sanad"
        ) from error
    return found
