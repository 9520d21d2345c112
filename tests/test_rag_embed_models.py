"""Embedding models by setting, on models that the tests make."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from rag.embed import SentenceTransformerEmbedder, known_prompts, load_embedder
from rag.errors import ConfigurationError
from rag.loading import choose_backend, choose_device, folder_digest, in_half, load_model
from tests.tiny_models import WIDTH, encoder

TEXTS = ["kenya county action plans", "the mayor", "youth council"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def plain(models):
    """A model whose name tells nothing and that has no prompts."""
    return encoder(models / "plain")


def raw(folder, texts, **settings):
    """Vectors as sentence-transformers gives them, of length 1."""
    from sentence_transformers import SentenceTransformer

    vectors = SentenceTransformer(str(folder), device="cpu").encode(texts, **settings)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def same(a, b):
    return np.allclose(a, b, atol=1e-5)


def test_a_known_model_without_prompts_gets_those_of_its_card(models):
    folder = encoder(models / "multilingual-e5-small")
    embedder = load_embedder(str(folder))
    questions, passages = embedder.encode_questions(TEXTS), embedder.encode_passages(TEXTS)
    assert same(questions, raw(folder, [f"query: {text}" for text in TEXTS]))
    assert same(passages, raw(folder, [f"passage: {text}" for text in TEXTS]))
    assert not same(questions, passages)


def test_a_models_own_prompts_win_over_the_table(models):
    own = {"query": "how did the ", "document": "city text "}
    folder = encoder(models / "multilingual-e5-base", own)
    embedder = load_embedder(str(folder))
    assert same(embedder.encode_questions(TEXTS), raw(folder, [f"how did the {t}" for t in TEXTS]))
    assert same(embedder.encode_passages(TEXTS), raw(folder, [f"city text {t}" for t in TEXTS]))


def test_a_prompt_named_passage_is_used_for_passages(models):
    folder = encoder(models / "named", {"query": "query: ", "passage": "passage: "})
    found = load_embedder(str(folder)).encode_passages(TEXTS)
    assert same(found, raw(folder, [f"passage: {text}" for text in TEXTS]))


def test_a_model_that_nobody_knows_gets_no_prompt(plain):
    embedder = load_embedder(str(plain))
    assert same(embedder.encode_questions(TEXTS), raw(plain, TEXTS))
    assert same(embedder.encode_passages(TEXTS), raw(plain, TEXTS))


@pytest.mark.parametrize(
    ("model", "question"),
    [
        ("intfloat/multilingual-e5-small", "query: "),
        ("/models/multilingual-e5-large", "query: "),
        ("intfloat/multilingual-e5-large-instruct", "Instruct: "),
        ("google/embeddinggemma-300m", "task: search result | query: "),
        ("BAAI/bge-m3", ""),
        ("ibm-granite/granite-embedding-107m-multilingual", ""),
        ("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", ""),
    ],
)
def test_prompts_are_known_by_the_models_name(model, question):
    found = known_prompts(model).get("query", "")
    assert found.startswith(question)
    assert bool(found) == bool(question)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_pooling_is_the_models(models, pooling):
    folder = encoder(models / f"pooled-{pooling}", pooling=pooling)
    found = load_embedder(str(folder)).encode_passages(TEXTS)
    tokens = raw_tokens(folder, TEXTS)
    expected = np.stack([t[0] if pooling == "cls" else t.mean(axis=0) for t in tokens])
    assert same(found, expected / np.linalg.norm(expected, axis=1, keepdims=True))


def raw_tokens(folder, texts):
    """Vectors of the tokens of each text, [CLS] first, no padding."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    return [model.encode(text, output_value="token_embeddings").cpu().numpy() for text in texts]


@pytest.mark.parametrize("normalised", [True, False])
def test_vectors_have_length_1_whether_the_model_normalises_or_not(models, normalised):
    folder = encoder(models / f"length-{normalised}", normalised=normalised)
    found = load_embedder(str(folder)).encode_passages(TEXTS)
    assert found.shape == (len(TEXTS), WIDTH)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_the_order_and_number_of_texts_survive_batches(plain):
    whole = load_embedder(str(plain)).encode_passages(TEXTS * 5)
    small = load_embedder(str(plain), batch_size=2).encode_passages(TEXTS * 5)
    assert same(whole, small)


class OutOfMemory(SentenceTransformerEmbedder):
    """A model that has room for so many texts at once."""

    def __init__(self, folder, room):
        super().__init__(str(folder), batch_size=8)
        self.asked = []
        encode = self._model.encode

        def limited(inputs, *, batch_size, **settings):
            self.asked.append(batch_size)
            if batch_size > room:
                raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return encode(inputs, batch_size=batch_size, **settings)

        self._model.encode = limited


def test_a_model_out_of_memory_gets_smaller_batches(plain):
    embedder = OutOfMemory(plain, room=2)
    found = embedder.encode_passages(TEXTS * 2)
    assert embedder.asked == [8, 4, 2]
    assert same(found, raw(plain, TEXTS * 2))


def test_a_model_without_room_for_one_text_says_so(plain):
    with pytest.raises(RuntimeError, match="out of memory"):
        OutOfMemory(plain, room=0).encode_passages(TEXTS)


def test_one_model_serves_several_threads(plain):
    embedder = load_embedder(str(plain))
    expected = embedder.encode_questions(TEXTS)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(embedder.encode_questions(TEXTS)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(same(vectors, expected) for vectors in found)


def test_the_id_of_a_folder_changes_with_its_weights_and_not_with_its_place(models):
    one = load_embedder(str(encoder(models / "a" / "model", seed=1)))
    copy = load_embedder(str(encoder(models / "b" / "model", seed=1)))
    retrained = load_embedder(str(encoder(models / "c" / "model", seed=2)))
    assert one.id == copy.id
    assert one.id != retrained.id


def test_the_digest_of_a_big_file_sees_its_end(tmp_path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(bytes(3 << 20))
    before = folder_digest(tmp_path)
    weights.write_bytes(bytes((3 << 20) - 1) + b"\1")
    assert folder_digest(tmp_path) != before


def test_a_passage_prompt_of_the_table_is_part_of_the_id(models):
    named, unnamed = encoder(models / "x" / "e5-base-v2"), encoder(models / "x" / "other")
    assert "+" in load_embedder(str(named)).id
    assert "+" not in load_embedder(str(unnamed)).id


def test_it_runs_where_it_is_told(plain):
    embedder = SentenceTransformerEmbedder(str(plain), device="cpu")
    assert embedder.device == "cpu"
    assert embedder._model.device.type == "cpu"


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [
        ("auto", {"cpu"}, "cpu"),
        ("auto", {"cpu", "cuda"}, "cuda"),
        ("auto", {"cpu", "mps"}, "mps"),
        ("cpu", {"cpu", "cuda"}, "cpu"),
    ],
)
def test_auto_takes_a_gpu_where_there_is_one(wanted, available, chosen):
    assert choose_device(wanted, available) == chosen


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(ConfigurationError, match=r"SANAD_DEVICE.*'cuda'.*cpu.*auto"):
        choose_device("cuda", {"cpu"})


def test_half_precision_is_for_cuda_and_for_models_that_bear_it():
    class Config:
        model_type = "bert"

    class Model:
        config = Config()

    assert in_half(Model(), "cuda", "torch")
    assert not in_half(Model(), "cpu", "torch")
    assert not in_half(Model(), "cuda", "onnx")
    Model.config.model_type = "gemma3_text"
    assert not in_half(Model(), "cuda", "torch")


def test_vectors_of_a_model_in_half_precision_are_the_same_but_for_rounding(plain):
    full, half = load_embedder(str(plain)), SentenceTransformerEmbedder(str(plain))
    half._model.half()
    found = half.encode_passages(TEXTS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found, full.encode_passages(TEXTS), atol=5e-3)


def test_auto_and_torch_are_torch_whatever_is_installed():
    assert choose_backend("auto", lambda name: name) == "torch"
    assert choose_backend("torch", lambda name: None) == "torch"


def test_onnx_without_its_packages_says_which_is_missing(plain):
    with pytest.raises(ConfigurationError, match=r"SANAD_EMBEDDING_BACKEND.*optimum cannot"):
        choose_backend("onnx", lambda name: None if name == "optimum" else name)
    assert choose_backend("onnx", lambda name: name) == "onnx"


def test_a_model_that_is_neither_here_nor_on_a_hub_is_one_sentence(tmp_path):
    """Against a cache that is empty; the network is not asked."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    tried = []

    def load(local):
        tried.append(local)
        raise LocalEntryNotFoundError("Cannot find the requested files.\nMore lines.")

    with pytest.raises(ConfigurationError) as caught:
        load_model(load, "embedding model", "nobody/no-such-model", "", "set another")
    assert tried == [False]
    assert str(caught.value) == (
        "embedding model 'nobody/no-such-model' is not on this machine and could not be "
        "downloaded (hf download nobody/no-such-model); set another"
    )


def test_a_folder_that_holds_no_model_is_one_sentence(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigurationError, match=r"does not load: .*SANAD_EMBEDDING_MODEL") as told:
        load_embedder(str(tmp_path))
    assert "\n" not in str(told.value)


def test_damaged_weights_are_one_sentence(models):
    folder = encoder(models / "damaged")
    for weights in folder.rglob("*.safetensors"):
        weights.write_bytes(b"not weights")
    with pytest.raises(ConfigurationError, match=r"does not load: .*SANAD_EMBEDDING_MODEL"):
        load_embedder(str(folder))


def test_the_pinned_revision_is_the_one_that_is_asked_for():
    from rag.loading import arguments

    given = arguments("cpu", "torch", "a1b2c3")
    assert given["revision"] == "a1b2c3"
    assert given["trust_remote_code"] is False
    assert arguments("cpu", "torch", "")["revision"] is None
    assert arguments("cpu", "onnx", "")["model_kwargs"] == {"provider": "CPUExecutionProvider"}
