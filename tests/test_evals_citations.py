"""Citation precision and recall."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from evals.citations import Cited, cite, gold_sentences, is_right, measure, of_run
from evals.collection import CorpusPassage
from evals.observed import Citation, Observed
from evals.spans import SpanQuestion, SpanSet, belebele, squad
from rag.embed import load_embedder
from rag.errors import ConfigurationError
from rag.question.query import Identity
from rag.types import Quote

TEXT = (
    "The council of Strumica meets once a month in the town hall. Residents may attend "
    "its meetings. The mayor chairs the council."
)
START = TEXT.index("once a month")
QUESTION = SpanQuestion(
    "How often does the council of Strumica meet?", "0", START, START + len("once a month")
)


def test_gold_sentence_is_the_one_the_answer_touches() -> None:
    (gold,) = gold_sentences(QUESTION, TEXT, "en")
    assert TEXT[slice(*gold)] == "The council of Strumica meets once a month in the town hall."


def test_same_place_of_another_passage_is_wrong() -> None:
    gold = gold_sentences(QUESTION, TEXT, "en")
    assert is_right(Quote("0", 1, 5, 9, ""), QUESTION, gold)
    assert not is_right(Quote("1", 1, 5, 9, ""), QUESTION, gold)
    assert not is_right(Quote("0", 1, gold[0][1], len(TEXT), ""), QUESTION, gold)


def test_declined_question_counts_for_recall_and_not_for_precision() -> None:
    found = measure([Cited((True, False), (True, True), 20), Cited((), (), 0)])
    assert found["precision"] == 0.5
    assert found["first"] == 1.0
    assert found["recall"] == found["recall@1"] == found["answered"] == 0.5
    assert (found["quotes"], found["words"], found["quote check"]) == (2.0, 20.0, 1.0)


def test_right_quote_that_is_not_the_likeliest_counts_for_recall_alone() -> None:
    found = measure([Cited((False, True), (True, False))])
    assert (found["recall"], found["recall@1"], found["first"]) == (1.0, 0.0, 0.0)
    assert found["quote check"] == 0.5


def test_nothing_asked_measures_nothing() -> None:
    assert set(measure([]).values()) == {0.0}


def test_real_answer_cites_the_gold_sentence_exactly() -> None:
    other = "Bees make honey from the nectar of flowers. They live in hives."
    passages = (CorpusPassage("0", TEXT, "", "en"), CorpusPassage("1", other, "", "en"))
    found = cite(SpanSet(("en", "en"), passages, (QUESTION,)), load_embedder(), Identity())
    assert found["Sanad"][0].right[:1] == (True,)
    assert found["Sanad"][0].intact == (True,) * len(found["Sanad"][0].right)
    assert found["first passage"][0].right == (True,)


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _belebele(folder: Path, context: str, start: int) -> None:
    for name in ("eng_Latn", "arb_Arab"):
        _write(folder / f"Data/Belebele_original/{name}.jsonl", [{"flores_passage": TEXT}])
    row: dict[str, object] = {
        "id": "0",
        "context": context,
        "question": "How often?",
        "answers": {"text": [" once a month"], "answer_start": [start]},
    }
    for name in ("EN-P_EN-Q", "EN-P_MSA-Q", "MSA-P_EN-Q", "MSA-P_MSA-Q"):
        _write(folder / f"Settings_Translated/All/{name}.jsonl", [row])


def test_answer_offset_that_is_off_is_put_right(tmp_path: Path) -> None:
    _belebele(tmp_path, TEXT, START - 7)
    sets = belebele(tmp_path)
    assert [s.direction for s in sets] == [("en", "en"), ("ar", "en"), ("en", "ar"), ("ar", "ar")]
    for spans in sets:
        (one,) = spans.questions
        assert TEXT[one.start : one.end] == "once a month"


def test_context_that_is_no_passage_is_a_mistake(tmp_path: Path) -> None:
    _belebele(tmp_path, TEXT + " More.", START)
    with pytest.raises(ConfigurationError, match="question '0'"):
        belebele(tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"eng_Latn\.jsonl cannot be read"):
        belebele(tmp_path)


def test_squad_set_leaves_out_what_has_no_answer(tmp_path: Path) -> None:
    rows = [
        {"question": "How often?", "answers": [{"text": "once a month", "answer_start": START}]},
        {"question": "Who pays?", "answers": []},
    ]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"data": [{"paragraphs": [{"context": TEXT, "qas": rows}]}]}))
    spans = squad(path, "en")
    assert [one.text for one in spans.questions] == ["How often?"]
    assert len(spans.passages) == 1


def test_quote_of_another_document_is_wrong_in_a_run(tmp_path: Path) -> None:
    gold = "the council meets once a month"
    case = {"id": "a", "question": "How often?", "language": "en", "expect": "answered"}
    suite = {"name": "s", "cases": [{**case, "gold": [{"document": "d.md", "quote": gold}]}]}
    (tmp_path / "suite.yaml").write_text(json.dumps(suite))
    cited = tuple(Citation(name, 1, 0, 9, gold, True) for name in ("d.md", "e.md"))
    reply = Observed("answered", "en", gold, citations=cited).as_dict()
    _write(tmp_path / "rows.jsonl", [{"id": "a", "reply": reply}, {"id": "gone", "reply": reply}])
    (one,) = of_run(tmp_path / "suite.yaml", tmp_path)
    assert one == Cited((True, False), (True, True), 12)
