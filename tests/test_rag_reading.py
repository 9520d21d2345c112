"""What speaks for a sentence, feature by feature."""

from __future__ import annotations

import pytest

from rag.embed import HashEmbedder
from rag.evidence.reading import WordReader
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
    reader = WordReader(asked, index, "en")
    quotes = [_quote(sentence) for sentence in sentences]
    return reader.features(Hit(passage, 0.5), "", quotes)


def _quote(sentence: str) -> Quote:
    start = TEXT.index(sentence)
    return Quote("d", 1, start, start + len(sentence), sentence)


FIRST, SECOND, THIRD = (
    "The council of Strumica meets every month in the town hall.",
    "Residents may attend.",
    "Citizens magnify their voice because the meetings are open.",
)


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
    assert values["fits"] == found.fits
    assert values["cross_context"] == 0.0


def test_question_of_stop_words_alone_has_no_coverage() -> None:
    (found,) = read("Who is it?", FIRST)
    assert found.coverage == 0.0


def test_no_weight_speaks_against_what_should_speak_for() -> None:
    weights = dict(zip(FEATURES, shipped_support().weights, strict=True))
    for name in ("reader", "coverage", "retrieval", "fits"):
        assert weights[name] >= 0


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who spoke for Strumica?", "person"),
        ("Où se trouve le bureau de Malaga ?", "place"),
        ("¿Cuándo se aprobó la estrategia?", "time"),
        ("لماذا تأخرت الخطة؟", "reason"),
    ],
)
def test_kind_asked_for_is_told_in_four_languages(question: str, kind: str) -> None:
    assert kind in asked_types(question)


def test_name_in_the_question_is_not_the_person_asked_for() -> None:
    text = "The town of Strumica has a council."
    assert shows("person", text, "en", frozenset({"strumica"})) == -1.0
    assert shows("person", text, "en", frozenset()) == 1.0


def test_person_is_not_judged_where_names_have_no_capitals() -> None:
    assert shows("person", "تحدث العمدة عن المدينة.", "ar", frozenset()) == 0.0
