"""How much a collection holds, in words."""

from __future__ import annotations

import pytest

from tests.builders import build, document
from ui.holdings import percentage, scope_line


@pytest.fixture
def store(tmp_path):
    generation = build(tmp_path, [
        document("a.md", "1", title="A", date="2024-12-21", countries=("KE", "UG"), kind="guide"),
        document("b.md", "Two.", title="B", date="2023", countries=("KE",), themes=("youth",)),
        document("c.md", "ثلاثة", title="ج", language="ar", machine_translated=True),
    ])  # fmt: skip
    yield generation.store
    generation.close()


def test_scope_line_counts_and_is_honest_about_translation(store):
    line = scope_line(store, "en")
    assert "3 documents in 2 languages" in line
    assert "2024" in line
    assert "33% machine-translated" in line


def test_a_small_share_is_not_rounded_to_none():
    assert percentage(0.001, "en") == "1%"
    assert percentage(0.0, "en") == "0%"
