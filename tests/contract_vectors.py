"""What every VectorIndex must do; each backend's tests inherit it."""

from __future__ import annotations

import numpy as np
import pytest

from rag.embed import unit


class VectorIndexContract:
    """Subclasses provide `open_index(folder, vectors)`."""

    vectors = unit(np.random.default_rng(7).normal(size=(300, 16)).astype(np.float32))

    @pytest.fixture
    def index(self, tmp_path):
        np.save(tmp_path / "vectors.npy", self.vectors)
        opened = self.open_index(tmp_path, self.vectors)
        yield opened
        getattr(opened, "close", lambda: None)()

    def test_every_row_finds_itself(self, index):
        for row in range(0, 300, 17):
            found = index.top(self.vectors[row], 1)
            assert found[0][0] == row
            assert found[0][1] == pytest.approx(1.0, abs=1e-4)

    def test_scores_are_cosines_best_first(self, index):
        question = self.vectors[5]
        found = index.top(question, 20)
        assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)
        for row, score in found:
            assert score == pytest.approx(float(self.vectors[row] @ question), abs=1e-4)

    def test_nearest_are_those_of_the_exact_product(self, index):
        question = unit(self.vectors[3:4] + self.vectors[9:10])[0]
        expected = set(np.argsort(-(self.vectors @ question))[:10].tolist())
        assert {row for row, _ in index.top(question, 10)} == expected

    def test_masked_rows_are_not_found(self, index):
        allowed = np.zeros(300, bool)
        allowed[[4, 8]] = True
        assert {row for row, _ in index.top(self.vectors[0], 10, allowed)} == {4, 8}

    def test_a_vector_of_zeros_finds_nothing(self, index):
        assert index.top(np.zeros(16, np.float32), 5) == []

    def test_more_than_there_are_gives_all(self, index):
        assert len(index.top(self.vectors[0], 1000)) == 300
