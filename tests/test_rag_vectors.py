import numpy as np
import pytest

from rag.errors import IndexDamagedError
from rag.vectors import ChromaIndex, ExactIndex, build_chroma
from tests.contract_vectors import VectorIndexContract


class TestExactIndex(VectorIndexContract):
    def open_index(self, folder, vectors):
        return ExactIndex(folder / "vectors.npy")


class TestChromaIndex(VectorIndexContract):
    def open_index(self, folder, vectors):
        build_chroma(folder / "chroma", vectors)
        return ChromaIndex(folder / "chroma", ExactIndex(folder / "vectors.npy"))


def test_missing_vectors_are_reported(tmp_path):
    with pytest.raises(IndexDamagedError, match="doctor --rebuild"):
        ExactIndex(tmp_path / "vectors.npy")


def test_missing_collection_is_reported_in_our_words(tmp_path):
    np.save(tmp_path / "vectors.npy", np.eye(3, dtype=np.float32))
    with pytest.raises(IndexDamagedError, match="Chroma collection"):
        ChromaIndex(tmp_path / "chroma", ExactIndex(tmp_path / "vectors.npy"))
