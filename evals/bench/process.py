"""Starts a program and measures it from outside. Knows nothing of what it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LAUNCHER = Path(__file__).with_name("launch.py")
# Neither side may look for updates or models on a network while it is timed.
QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
    "PYTHONWARNINGS": "ignore",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
}


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process cost; memory in megabytes of 10^6 bytes, its peak resident set."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: str


class ProgramFailed(Exception):
    """A measured program did not end well; its last words are in the message."""


def measure(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Usage:
    """Run a command in `folder`, from process start to its end."""
    with tempfile.NamedTemporaryFile(suffix=".json") as figures:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(LAUNCHER), figures.name, *command],
            cwd=folder,
            env={**os.environ, **QUIET, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        text = Path(figures.name).read_text()
    if done.returncode or not text:
        raise ProgramFailed(f"{' '.join(command[:4])}: {done.stderr[-800:]}")
    values: dict[str, Any] = json.loads(text)
    if values["code"]:
        raise ProgramFailed(
            f"{' '.join(command[:4])} ended with {values['code']}: {done.stderr[-800:]}"
        )
    return Usage(values["wall_s"], values["cpu_s"], values["peak_mb"], done.stdout)


def sanad(*arguments: str) -> list[str]:
    """The installed command."""
    script = Path(sys.executable).with_name("sanad")
    if script.exists():
        return [str(script), *arguments]
    return [sys.executable, "-m", "ui.cli", *arguments]


def module(name: str, *arguments: str) -> list[str]:
    """A module of ours as a program."""
    return [sys.executable, "-m", name, *arguments]
