"""What speaks for a sentence, feature by feature."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag.embed import HashEmbedder, Vectors, load_embedder
from rag.evidence.nearness import Nearness, nearness
from rag.evidence.reading import Reader
from rag.evidence.support import FEATURES, Features, shipped_support
from rag.index.lexical import LexicalIndex
from rag.question.answer_types import asked_types, shows
from rag.question.query import understand
from rag.types import Hit, Passage, Quote
from rag.words.text import index_terms

TEXT = (
    "The council of Strumica meets every month in the town hall. Residents may attend. "
    "Citizens magnify their voice because the meetings are open."
)


def read(question: str, *sentences: str) -> list[Features]:
    asked = understand(question, HashEmbedder())
    index = LexicalIndex.build([(0, index_terms(TEXT, "en"))])
    passage = Passage("d", 1, 0, len(TEXT), TEXT)
    reader = Reader(asked, index, "en", nearness(HashEmbedder()), [TEXT, *sentences])
    quotes = [_quote(sentence) for sentence in sentences]
    return reader.features(Hit(passage, 0.5), "", quotes, [0.3] * len(quotes))


def _quote(sentence: str) -> Quote:
    start = TEXT.index(sentence)
    return Quote("d", 1, start, start + len(sentence), sentence)


FIRST, SECOND, THIRD = (
    "The council of Strumica meets every month in the town hall.",
    "Residents may attend.",
    "Citizens magnify their voice because the meetings are open.",
)


def test_best_sentence_of_a_passage_has_no_gap() -> None:
    first, second = read("Where does the council of Strumica meet?", FIRST, SECOND)
    assert first.gap == 0.0
    assert second.gap == pytest.approx(second.coverage - first.coverage)
    assert second.gap < 0


def test_related_word_is_near_without_a_shared_stem() -> None:
    first, second = read("Who are the inhabitants?", FIRST, SECOND)
    assert first.coverage == second.coverage == 0.0
    assert second.near > first.near


def test_words_that_stand_together_count_as_a_pair() -> None:
    together, apart = read("Who is in the town hall?", FIRST, THIRD)
    assert together.pairs > apart.pairs == 0.0


def test_reason_asked_for_and_given_fits() -> None:
    first, third = read("Why do citizens have a voice?", FIRST, THIRD)
    assert (first.fits, third.fits) == (-1.0, 1.0)


def test_features_are_in_the_order_of_their_names() -> None:
    (found,) = read("Where does the council meet?", FIRST)
    values = dict(zip(FEATURES, found.vector(), strict=True))
    assert values["bias"] == 1.0
    assert values["near_context"] == found.near_context
    assert values["fits"] == found.fits
    assert values["cross_context"] == 0.0


def test_question_of_stop_words_alone_has_no_coverage() -> None:
    (found,) = read("Who is it?", FIRST)
    assert found.coverage == found.near == 0.0


def test_no_weight_speaks_against_what_should_speak_for() -> None:
    weights = dict(zip(FEATURES, shipped_support().weights, strict=True))
    for name in ("coverage", "similarity", "retrieval", "near", "near_context", "gap", "fits"):
        assert weights[name] >= 0


def test_words_of_two_languages_are_near() -> None:
    near = nearness(load_embedder()).between(["city", "volcano"], ["مدينة"])
    assert near.shape == (1, 2)
    assert near[0, 0] > near[0, 1]


def test_each_word_is_embedded_once() -> None:
    class Counting(HashEmbedder):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[str] = []

        def encode_passages(self, texts: Sequence[str]) -> Vectors:
            self.seen += texts
            return super().encode_passages(texts)

    embedder = Counting()
    near = Nearness(embedder)
    near.between(["city"], ["town", "city"])
    near.between(["city"], ["town"])
    assert sorted(embedder.seen) == ["city", "town"]


def test_nothing_asked_or_said_is_near_nothing() -> None:
    assert Nearness(HashEmbedder()).between([], ["town"]).shape == (1, 0)
    assert Nearness(HashEmbedder()).between(["town"], []).shape == (0, 1)


@pytest.mark.parametrize(
    ("language", "question", "kind"),
    [
        ("en", "Who spoke for Strumica?", "person"),
        ("fr", "Où se trouve le bureau de Malaga ?", "place"),
        ("es", "¿Cuándo se aprobó la estrategia?", "time"),
        ("ar", "لماذا تأخرت الخطة؟", "reason"),
    ],
)
def test_kind_asked_for_is_told_in_four_languages(language: str, question: str, kind: str) -> None:
    assert kind in asked_types(question, language)


def test_name_in_the_question_is_not_the_person_asked_for() -> None:
    text = "The town of Strumica has a council."
    assert shows("person", text, "en", frozenset({"strumica"})) == -1.0
    assert shows("person", text, "en", frozenset()) == 1.0


def test_person_is_not_judged_where_names_have_no_capitals() -> None:
    assert shows("person", "تحدث العمدة عن المدينة.", "ar", frozenset()) == 0.0
