import json
import subprocess
import sys

import numpy as np
import pytest

from rag.embed import (
    STATIC_MODEL,
    HashEmbedder,
    StaticEmbedder,
    checked,
    is_static,
    load_embedder,
    map_tensor,
)
from rag.errors import ConfigurationError, EmbeddingError

TEXTS = [
    "How did Kenya structure its county action plans?",
    "خطط عمل المقاطعات في كينيا",
    "la prévention à Strasbourg",
    "",
    "???",
]


@pytest.fixture(scope="session")
def static_folder(tmp_path_factory):
    """A tiny StaticEmbedding made by sentence-transformers itself."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace

    words = "[UNK] how did kenya structure its county action plans ? la prévention à".split()
    tokenizer = Tokenizer(WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    weights = np.random.default_rng(3).normal(size=(len(words), 8)).astype(np.float32)
    module = StaticEmbedding(tokenizer, embedding_weights=weights)
    folder = tmp_path_factory.mktemp("static")
    SentenceTransformer(modules=[module, Normalize()], device="cpu").save(str(folder))
    return folder


def vectors_of_sentence_transformers(folder, texts):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu").encode(texts, show_progress_bar=False)


def test_static_vectors_equal_those_of_sentence_transformers(static_folder):
    expected = vectors_of_sentence_transformers(static_folder, TEXTS)
    np.testing.assert_allclose(
        StaticEmbedder(static_folder).encode_passages(TEXTS), np.nan_to_num(expected), atol=1e-6
    )


def test_shipped_vectors_equal_those_of_sentence_transformers():
    from rag.embed import MODELS

    expected = vectors_of_sentence_transformers(MODELS / STATIC_MODEL, TEXTS)
    ours = load_embedder(STATIC_MODEL).encode_questions(TEXTS)
    np.testing.assert_allclose(ours, np.nan_to_num(expected), atol=2e-3)


def test_a_vector_does_not_depend_on_the_texts_encoded_with_it():
    texts = [*TEXTS, *(f"county {n} خطة {n % 7}\nla ville {n % 11}" for n in range(1500))]
    together = load_embedder(STATIC_MODEL).encode_passages(texts)
    embedder = load_embedder(STATIC_MODEL)
    alone = np.concatenate([embedder.encode_passages([text]) for text in texts])
    assert (together == alone).all()
    assert load_embedder(STATIC_MODEL).encode_passages([]).shape == (0, embedder.dim)


def test_default_model_needs_neither_torch_nor_sentence_transformers():
    code = (
        "import sys; from rag.embed import load_embedder; "
        "v = load_embedder().encode_passages(['Kenya', 'كينيا']); "
        "assert v.shape[0] == 2 and abs(float((v[0] ** 2).sum()) - 1) < 1e-4; "
        "bad = {'torch', 'sentence_transformers', 'transformers', 'chromadb'} & set(sys.modules); "
        "sys.exit(','.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_static_folder_is_recognised(static_folder):
    assert is_static(static_folder)
    assert isinstance(load_embedder(str(static_folder)), StaticEmbedder)


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"no-such-model.*SANAD_EMBEDDING_MODEL"):
        load_embedder(str(tmp_path / "no-such-model"))


def test_wrong_shape_and_not_a_number_are_refused():
    with pytest.raises(EmbeddingError, match=r"\(2, 3\).*2 texts of 4"):
        checked(np.ones((2, 3), np.float32), 2, 4)
    bad = np.ones((2, 4), np.float32)
    bad[1, 2] = np.nan
    with pytest.raises(EmbeddingError, match="1 vectors that are not finite"):
        checked(bad, 2, 4)


def test_tensor_that_is_missing_is_named(static_folder):
    path = next(static_folder.rglob("model.safetensors"))
    with pytest.raises(ConfigurationError, match=r"'other'.*embedding\.weight"):
        map_tensor(path, "other")


def test_hash_embedder_can_be_checked_by_eye():
    a, b = HashEmbedder(512).encode_passages(["mayor mayor", "mayor"])
    assert a @ b == pytest.approx(1)


def test_modules_of_another_kind_are_not_static(tmp_path):
    (tmp_path / "modules.json").write_text(json.dumps([{"type": "x.Transformer", "path": ""}]))
    assert not is_static(tmp_path)
