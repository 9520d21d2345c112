"""The questions that lie beside the sample collection: answered from it, in each language."""

from __future__ import annotations

from pathlib import Path

import yaml

_FILE = Path(__file__).resolve().parents[1] / "docs_corpus" / "questions.yaml"
EXAMPLES: dict[str, list[str]] = yaml.safe_load(_FILE.read_text("utf-8"))
