"""The four packages are the ones of this repository."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["ingest", "rag", "ui", "evals"])
def test_package_resolves_inside_this_repository(name):
    module = __import__(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().parent == ROOT / name
