import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import IndexDamagedError
from rag.index.lexical import K1, B, LexicalIndex

TEXTS = [(0, ["county", "plan"]), (3, ["county", "county", "police"]), (7, ["school"])]


def test_bm25_by_hand():
    index = LexicalIndex.build(TEXTS)
    found = dict(index.top([{"county": 1.0}], 10))
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    average = (2 + 3 + 1) / 3
    for row, tf, length in ((0, 1, 2), (3, 2, 3)):
        expected = idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / average))
        assert found[row] == pytest.approx(expected, rel=1e-5)
    assert 7 not in found


def test_a_word_with_two_renderings_is_scored_as_one_term():
    index = LexicalIndex.build([(0, ["a"]), (1, ["b"]), (2, ["a", "b"]), (3, ["c"])])
    found = dict(index.top([{"a": 0.5, "b": 0.5}], 10))
    # expected tf: 0.5, 0.5, 1.0; expected df: 0.5 * 2 + 0.5 * 2 = 2
    assert found[2] > found[0] == pytest.approx(found[1])
    norm = K1 * (1 - B + B * 1 / 1.25)
    assert found[0] == pytest.approx(math.log(1 + 2.5 / 2.5) * 0.5 * 2.2 / (0.5 + norm), rel=1e-5)


def test_rows_that_are_not_allowed_are_not_found():
    allowed = np.zeros(8, bool)
    allowed[3] = True
    assert [row for row, _ in LexicalIndex.build(TEXTS).top([{"county": 1.0}], 5, allowed)] == [3]


def test_saved_index_answers_alike(tmp_path):
    index = LexicalIndex.build(TEXTS)
    index.save(tmp_path / "en")
    question = [{"county": 1.0}, {"school": 1.0}]
    assert LexicalIndex.open(tmp_path / "en").top(question, 5) == index.top(question, 5)


def test_empty_index_finds_nothing(tmp_path):
    LexicalIndex.build([]).save(tmp_path / "en")
    assert LexicalIndex.open(tmp_path / "en").top([{"county": 1.0}], 5) == []


def test_truncated_file_is_reported(tmp_path):
    LexicalIndex.build(TEXTS).save(tmp_path / "en")
    path = tmp_path / "en" / "terms.npy"
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(IndexDamagedError, match="doctor --rebuild"):
        LexicalIndex.open(tmp_path / "en")


@given(
    st.lists(st.lists(st.sampled_from("abcdef"), max_size=6), max_size=12),
    st.sampled_from("abcdef"),
)
def test_exactly_the_texts_with_the_term_are_found(texts, term):
    index = LexicalIndex.build(enumerate(texts))
    found = {row for row, _ in index.top([{term: 1.0}], len(texts) + 1)}
    assert found == {row for row, text in enumerate(texts) if term in text}
