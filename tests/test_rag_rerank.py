"""A cross-encoder reorders the best passages, and cannot spoil them."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from rag.assistant import AskSettings, Assistant
from rag.embed import HashEmbedder
from rag.errors import ConfigurationError
from rag.evidence.retrieve import RetrievalSettings, retrieve
from rag.evidence.search import GatherSettings
from rag.question.query import understand
from rag.rerank import CrossEncoderReranker, Reordering, load_reranker
from rag.settings import Settings
from tests.builders import build, document
from tests.tiny_models import cross_encoder

QUESTION = "How did the county structure its plans?"
PARAGRAPHS = [
    "The county plans were structured by the mayor.",
    "The county has plans.",
    "A county council for youth was structured in the city.",
    "The mayor opened a market.",
    "Plans of the city and its council.",
]


class ByLength:
    """A reranker that can be checked by eye: the shorter, the better."""

    def __init__(self):
        self.asked = []

    def scores(self, question, texts):
        self.asked.append((question, list(texts)))
        return np.array([-len(text) for text in texts], np.float32)


class Failing:
    def __init__(self, error):
        self.error = error

    def scores(self, question, texts):
        if isinstance(self.error, Exception):
            raise self.error
        return self.error


@pytest.fixture(scope="module")
def generation(tmp_path_factory):
    documents = [document(f"d{n}", text) for n, text in enumerate(PARAGRAPHS)]
    found = build(tmp_path_factory.mktemp("reranked"), documents)
    yield found
    found.close()


def hits(generation, reranker=None, **settings):
    question = understand(QUESTION, HashEmbedder())
    chosen = RetrievalSettings(reranker=reranker, **settings)
    return retrieve(question, generation, 5, None, chosen)


def texts_of(found):
    return [hit.passage.text for hit in found]


def test_the_best_passages_come_in_the_order_of_the_reranker(generation):
    before = hits(generation)
    after = hits(generation, Reordering(ByLength()))
    assert texts_of(after) == sorted(texts_of(before), key=len)
    assert texts_of(after) != texts_of(before)


def test_the_scores_stay_as_a_set_and_the_best_passage_gets_the_highest(generation):
    before = [hit.score for hit in hits(generation)]
    after = [hit.score for hit in hits(generation, Reordering(ByLength()))]
    assert after == before == sorted(before, reverse=True)


def test_passages_beyond_its_depth_keep_their_place(generation):
    before = texts_of(hits(generation))
    reranker = ByLength()
    after = texts_of(hits(generation, Reordering(reranker), rerank_depth=2))
    assert after == [*sorted(before[:2], key=len), *before[2:]]
    assert len(reranker.asked[0][1]) == 2


def test_it_can_bring_up_a_passage_that_would_not_have_been_kept(generation):
    question = understand(QUESTION, HashEmbedder())
    best = sorted(texts_of(hits(generation)), key=len)[0]
    assert best not in texts_of(retrieve(question, generation, 1))
    settings = RetrievalSettings(reranker=Reordering(ByLength()))
    assert texts_of(retrieve(question, generation, 1, None, settings)) == [best]


def test_a_hit_says_which_rank_the_reranker_gave(generation):
    found = hits(generation, Reordering(ByLength()))
    assert [hit.why[-1] for hit in found] == [f"rerank#{n}" for n in range(1, len(found) + 1)]
    assert not any("rerank" in why for hit in hits(generation) for why in hit.why)


def test_equal_scores_leave_the_order_as_it_was(generation):
    flat = Reordering(Failing(np.zeros(5, np.float32)))
    assert texts_of(hits(generation, flat)) == texts_of(hits(generation))


def test_a_passage_is_read_once_for_a_question(generation):
    reranker = ByLength()
    reordering = Reordering(reranker)
    first = texts_of(hits(generation, reordering))
    assert texts_of(hits(generation, reordering)) == first
    assert len(reranker.asked) == 1


def test_it_forgets_what_was_asked_long_ago():
    reranker = ByLength()
    reordering = Reordering(reranker)
    for n in range(3):
        reordering.order(f"question {n}", [f"text {m}" for m in range(500)])
    reordering.order("question 0", ["text 0"])
    assert len(reranker.asked) == 4


@pytest.mark.parametrize(
    "failure",
    [
        RuntimeError("CUDA error: device-side assert"),
        MemoryError(),
        np.full(5, np.nan, np.float32),
        np.zeros(3, np.float32),
    ],
    ids=["driver", "memory", "not a number", "too few"],
)
def test_a_reranker_that_fails_leaves_the_order_and_says_so_once(tmp_path, caplog, failure):
    documents = [document(f"d{n}", text) for n, text in enumerate(PARAGRAPHS)]
    generation = build(tmp_path, documents)
    reordering = Reordering(Failing(failure))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            found = hits(generation, reordering)
            assert texts_of(found) == texts_of(hits(generation))
    assert reordering.trouble.startswith("the reranker failed and the order is kept: ")
    assert [record.message for record in caplog.records] == [reordering.trouble]
    assert generation.notes == [reordering.trouble]
    generation.close()


def test_no_passage_is_not_asked_about(generation):
    reranker = ByLength()
    question = understand("zzz", HashEmbedder())
    settings = RetrievalSettings(reranker=Reordering(reranker), lexical_weight=1.0)
    retrieve(question, generation, 5, {"language": ["ar"]}, settings)
    assert reranker.asked == []


def test_answers_are_made_of_reranked_passages(generation):
    reranker = ByLength()
    limits = AskSettings(
        gather=GatherSettings(retrieval=RetrievalSettings(reranker=Reordering(reranker)))
    )
    Assistant(generation, HashEmbedder(), limits).answer(QUESTION)
    assert reranker.asked[0][0] == QUESTION


def test_a_cross_encoder_scores_each_text_on_its_own(tmp_path):
    reranker = CrossEncoderReranker(str(cross_encoder(tmp_path / "tiny")), batch_size=2)
    texts = ["kenya county plans", "the mayor", "youth council city", "a"]
    found = reranker.scores("kenya plans", texts)
    assert (found.shape, found.dtype) == ((4,), np.float32)
    alone = [float(reranker.scores("kenya plans", [text])[0]) for text in texts]
    np.testing.assert_allclose(found, alone, atol=1e-5)
    assert reranker.device == "cpu" or found.any()


def test_scores_are_those_of_the_library_before_its_sigmoid(tmp_path):
    from sentence_transformers import CrossEncoder

    folder = str(cross_encoder(tmp_path / "tiny"))
    pairs = [("kenya plans", "kenya county plans"), ("kenya plans", "the mayor")]
    usual = CrossEncoder(folder, device="cpu").predict(pairs, show_progress_bar=False)
    ours = CrossEncoderReranker(folder, device="cpu").scores("kenya plans", [b for _, b in pairs])
    np.testing.assert_allclose(1 / (1 + np.exp(-ours)), usual, atol=1e-5)


def test_a_real_cross_encoder_reorders_the_passages(tmp_path, generation):
    reranker = CrossEncoderReranker(str(cross_encoder(tmp_path / "tiny")), device="cpu")
    expected = texts_of(hits(generation))
    scores = dict(zip(expected, reranker.scores(QUESTION, expected), strict=True))
    found = texts_of(hits(generation, Reordering(reranker)))
    assert found == sorted(expected, key=lambda text: -scores[text])


def test_a_model_with_several_outputs_is_no_reranker(tmp_path):
    with pytest.raises(ConfigurationError, match=r"3 outputs.*SANAD_RERANKER"):
        CrossEncoderReranker(str(cross_encoder(tmp_path / "nli", outputs=3)))


def test_a_reranker_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"no-such.*no such folder.*SANAD_RERANKER"):
        load_reranker(str(tmp_path / "no-such"))


def test_it_is_loaded_once_a_process(tmp_path):
    folder = str(cross_encoder(tmp_path / "tiny"))
    assert load_reranker(folder, 32, "cpu") is load_reranker(folder, 32, "cpu")


def test_the_settings_reach_retrieval(collection, tmp_path):
    from ui.open import open_assistant

    folder = str(cross_encoder(tmp_path / "tiny"))
    opened = open_assistant(
        Settings(
            data_dir=collection, reranker=folder, rerank_depth=7, lexical_weight=0.4, device="cpu"
        ),
        chroma=False,
    )
    chosen = opened.settings.gather.retrieval
    assert (chosen.rerank_depth, chosen.lexical_weight) == (7, 0.4)
    question = understand("How did Kenya structure its county action plans?", opened.embedder)
    found = retrieve(question, opened.generation, 10, settings=chosen)
    assert sum("rerank#" in why for hit in found for why in hit.why) == 7


def test_words_alone_and_vectors_alone_are_the_ends_of_the_weight(generation):
    words = hits(generation, lexical_weight=1.0)
    vectors = hits(generation, lexical_weight=0.0)
    mixed = hits(generation, lexical_weight=0.5)
    by_text = {hit.passage.text: hit.score for hit in words}
    other = {hit.passage.text: hit.score for hit in vectors}
    for hit in mixed:
        mean = (by_text[hit.passage.text] + other[hit.passage.text]) / 2
        assert hit.score == pytest.approx(mean, abs=1e-5)
