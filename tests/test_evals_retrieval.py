"""`sanad eval retrieval` on a tiny collection: the figures, the file forms, the mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.collection import CorpusPassage, read_passages, read_questions
from evals.public import Choice, load, write
from evals.retrieval import evaluate_files
from evals.retrieval_peers import peer_rankings
from evals.retrieval_variants import WithoutGrams
from rag.embed import HashEmbedder, load_embedder
from rag.errors import ConfigurationError
from rag.question.query import Identity, Knows, shipped_translator

PASSAGES = [
    {
        "id": "council",
        "text": "The prevention council of the town meets every month.",
        "lang": "en",
    },
    {"id": "plan", "text": "The county action plan has seven pillars.", "lang": "en"},
    {"id": "summit", "text": "The summit took place in Cape Town in December.", "lang": "en"},
    {"id": "majlis", "text": "يجتمع مجلس الوقاية في المدينة كل شهر", "lang": "ar"},
]
QUESTIONS: list[dict[str, Any]] = [
    {"id": "q1", "question": "How many pillars has the county action plan?", "gold": ["plan"]},
    {"id": "q2", "question": "Where did the summit take place?", "gold": "summit"},
    {"id": "q3", "question": "متى يجتمع مجلس الوقاية؟", "gold": {"majlis": 2}},
]


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def evaluate(tmp_path: Path, questions: list[dict[str, Any]] = QUESTIONS, **more: Any) -> Any:
    asked = lines(tmp_path / "questions.jsonl", questions)
    corpus = lines(tmp_path / "corpus.jsonl", PASSAGES)
    return evaluate_files(asked, corpus, HashEmbedder(), **more)


def test_the_right_passages_are_found_and_reported(tmp_path: Path) -> None:
    report = evaluate(tmp_path)
    assert report["questions"] == 3
    assert report["passages"] == 4
    assert report["measures"]["nDCG@10"] == report["measures"]["R@1"] == 1.0
    assert set(report["measures"]) == {"nDCG@10", "R@1", "R@5", "R@10", "R@100", "RR"}
    assert set(report["by_direction"]) == {"en->en", "ar->ar"}
    assert report["by_direction"]["en->en"]["questions"] == 2
    assert report["intervals"]["RR"] == [1.0, 1.0]
    assert "en->en" in report["table"]
    json.dumps(report)


def test_a_direction_is_question_language_to_gold_language(tmp_path: Path) -> None:
    asked = {"id": "q", "question": "When does the council meet?", "gold": ["majlis"]}
    assert list(evaluate(tmp_path, [asked])["by_direction"]) == ["en->ar"]


def test_gold_that_is_not_in_the_corpus_counts_as_missed(tmp_path: Path) -> None:
    asked = [*QUESTIONS[:1], {"id": "x", "question": "Who was elected?", "gold": ["lost"]}]
    report = evaluate(tmp_path, asked)
    assert report["measures"]["R@100"] == 0.5
    assert report["gold_not_in_corpus"] == 1
    assert "not in the corpus" in report["table"]


def test_questions_without_gold_are_counted_and_not_measured(tmp_path: Path) -> None:
    asked = [*QUESTIONS, {"id": "none", "question": "What is love?", "gold": []}]
    report = evaluate(tmp_path, asked)
    assert (report["questions"], report["without_gold"]) == (3, 1)
    assert report["measures"]["R@1"] == 1.0


def test_many_passages_of_one_title_are_not_capped(tmp_path: Path) -> None:
    rows = [{"id": str(n), "title": "Report", "text": f"pillar of plan {n}"} for n in range(30)]
    corpus = lines(tmp_path / "c.jsonl", rows)
    asked = {"id": "q", "question": "pillar of plan", "gold": [str(n) for n in range(30)]}
    report = evaluate_files(lines(tmp_path / "q.jsonl", [asked]), corpus, HashEmbedder())
    assert report["measures"]["R@100"] == 1.0


def test_the_run_file_is_in_the_form_of_trec(tmp_path: Path) -> None:
    evaluate(tmp_path, run=tmp_path / "run.txt")
    first = (tmp_path / "run.txt").read_text().splitlines()[0].split()
    assert first[:4] == ["q1", "Q0", "plan", "1"]
    assert len(first) == 6


@pytest.mark.parametrize("identity", ["id", "_id", "doc_id", "docid", "pid"])
@pytest.mark.parametrize("text", ["text", "contents", "passage", "context"])
def test_field_names_of_other_publishers_are_read(tmp_path: Path, identity: str, text: str) -> None:
    corpus = lines(tmp_path / "c.jsonl", [{identity: 7, text: "Some text in English."}])
    assert read_passages(corpus)[0].id == "7"
    assert read_passages(corpus)[0].language == "en"


def test_json_arrays_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "q.json"
    path.write_text("\ufeff" + json.dumps([{"qid": "a", "query": "What?", "positives": [1, 2]}]))
    assert read_questions(path)[0].gold == {"1": 1.0, "2": 1.0}


def test_languages_are_taken_as_iso_639_1(tmp_path: Path) -> None:
    corpus = lines(tmp_path / "c.jsonl", [{"id": 1, "text": "abc", "language": "arb_Arab"}])
    assert read_passages(corpus)[0].language == "ar"


def test_a_beir_folder_is_read(tmp_path: Path) -> None:
    lines(tmp_path / "corpus.jsonl", [{"_id": p["id"], "text": p["text"]} for p in PASSAGES])
    lines(tmp_path / "queries.jsonl", [{"_id": q["id"], "text": q["question"]} for q in QUESTIONS])
    (tmp_path / "qrels").mkdir()
    qrels = "query-id\tcorpus-id\tscore\nq1\tplan\t1\nq1\tcouncil\t0\nq2\tsummit\t2\n"
    (tmp_path / "qrels/test.tsv").write_text(qrels)
    report = evaluate_files(tmp_path, tmp_path, HashEmbedder())
    assert report["questions"] == 2  # only those with judgements
    assert report["measures"]["R@1"] == 1.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": "a", "text": "x"}\n{"id": "b"', r"corpus\.jsonl line 2 is not JSON"),
        ('{"text": "x"}', r"line 1: no passage id; expected one of id, _id"),
        ('{"id": "a"}', r"line 1: no passage text; expected one of text, contents"),
        ('{"id": "a", "text": "  "}', r"line 1: field 'text' \(passage text\) is empty"),
        ('{"id": "a", "text": ["x"]}', r"line 1: field 'text' .* is \[\"x\"\], not text"),
        ('{"id": "a", "text": "x"}\n\n{"id": "a", "text": "y"}', r"line 3: .*'a' occurs twice"),
        ("[1]", r"corpus\.jsonl element 1 is 1, not an object"),
        ("", r"corpus\.jsonl holds no passages"),
    ],
)
def test_a_mistake_in_the_corpus_names_file_line_and_field(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "corpus.jsonl").write_text(content)
    with pytest.raises(ConfigurationError, match=message):
        read_passages(tmp_path / "corpus.jsonl")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "a", "question": "x"}, r"line 1: no gold ids; expected one of gold, relevant"),
        ({"id": "a", "question": "x", "gold": [["p"]]}, r"line 1: field 'gold' is \[\[\"p\"\]\]"),
        ({"id": "a", "question": "x", "gold": {"p": "high"}}, r"field 'gold'"),
        ({"question": "x", "gold": ["p"]}, r"line 1: no question id"),
    ],
)
def test_a_mistake_in_the_questions_names_file_line_and_field(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_questions(lines(tmp_path / "q.jsonl", [row]))


def test_gold_of_another_corpus_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none of the 1 gold ids .* is in"):
        evaluate(tmp_path, [{"id": "q", "question": "x", "gold": ["elsewhere"]}])


def test_a_missing_file_and_broken_qrels_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.jsonl cannot be read"):
        read_passages(tmp_path / "none.jsonl")
    lines(tmp_path / "queries.jsonl", [{"_id": "q", "text": "x"}])
    with pytest.raises(ConfigurationError, match=r"qrels holds none of"):
        read_questions(tmp_path)
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels/dev.tsv").write_text("query-id\tcorpus-id\tscore\nq p 1\n")
    with pytest.raises(ConfigurationError, match=r"dev\.tsv line 2"):
        read_questions(tmp_path)


def test_squad_form_becomes_two_files(tmp_path: Path) -> None:
    paragraph = {
        "context": "Kwale launched its plan in 2017.",
        "qas": [
            {"id": "1", "question": "When did Kwale launch its plan?", "answers": []},
            {"id": "2", "question": "Who?", "answers": [], "is_impossible": True},
        ],
    }
    source = tmp_path / "squad.json"
    source.write_text(json.dumps({"data": [{"paragraphs": [paragraph, paragraph]}]}))
    pair = load("squad", Choice(source))
    assert [len(part) for part in pair] == [2, 1]
    (questions, corpus) = write((pair[0][:1], pair[1]), tmp_path / "out")
    assert evaluate_files(questions, corpus, HashEmbedder())["measures"]["R@1"] == 1.0
    source.write_text("{}")
    with pytest.raises(ConfigurationError, match=r"field 'data' is missing"):
        load("squad", Choice(source))


def test_belebele_questions_and_passages_are_joined_across_spellings_of_a_link(
    tmp_path: Path,
) -> None:
    for name, link, text in (("eng_Latn", "a/b,_c", "English."), ("arb_Arab", "a/b_c", "عربي")):
        row = {"link": link, "question_number": 1, "flores_passage": text, "question": text}
        lines(tmp_path / f"{name}.jsonl", [row])
    questions, passages = load("belebele", Choice(tmp_path, ask="en", over="ar"))
    assert questions[0]["question"] == "English."
    assert passages[0]["text"] == "عربي"
    assert questions[0]["gold"] == [passages[0]["id"]]


def test_an_unknown_test_set_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="known: squad, xquad-r, belebele, flores"):
        load("glue", Choice(tmp_path))


def test_signals_are_measured_beside_the_whole(tmp_path, capsys):
    corpus = tmp_path / "corpus.jsonl"
    questions = tmp_path / "questions.jsonl"
    texts = {"p1": "يشرب الأطفال الحليب كل صباح", "p2": "اجتمع مجلس المدينة لمكافحة التطرف"}
    rows = ({"id": name, "text": text, "language": "ar"} for name, text in texts.items())
    corpus.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    asked = {"id": "q", "question": "What did the city council do?", "gold": ["p2"]}
    questions.write_text(json.dumps({**asked, "language": "en"}), "utf-8")
    report = evaluate_files(
        questions, corpus, load_embedder(), translator=shipped_translator(), signals=True
    )
    assert report["measures"]["R@1"] == 1.0
    assert report["signals"]["tables alone"]["R@1"] == 1.0
    # No English word stands in an Arabic passage: what a signal did not find is not counted.
    assert report["signals"]["own words alone"]["R@100"] == 0.0
    assert report["signals"]["FTS5"]["R@100"] == 0.0
    assert "all but tables" in report["table"]


def test_peers_rank_passages_that_share_words_and_say_why_they_have_no_figure():
    passages = [
        CorpusPassage("p1", "The council met the mayor.", "", "en"),
        CorpusPassage("p2", "Children drink milk.", "", "en"),
        CorpusPassage("p3", "Milk prices rose.", "Market", "en"),
    ]
    found = peer_rankings(passages, ["Who met the council?", 'what "is" AND ( this', "؟"])
    assert found["FTS5"] == [["p1"], [], []]
    for name in ("bm25s", "rank_bm25"):
        assert isinstance(found[name], str) or found[name][0][0] == "p1"
    many = [CorpusPassage(str(n), "word", "", "en") for n in range(5_001)]
    slow = peer_rankings(many, ["word"])["rank_bm25"]
    assert slow == "too slow above 5,000 passages"


def test_xquad_r_asks_for_the_sentence_that_holds_the_answer(tmp_path):
    context = "Kenya has 47 counties. Each has a plan."
    paragraph = {
        "context": context,
        "sentences": ["Kenya has 47 counties.", "Each has a plan."],
        "sentence_breaks": [[0, 22], [23, 39]],
        "qas": [{"id": "q", "question": "What has each?",
                 "answers": [{"answer_start": 32, "text": "a plan"}]}],
    }  # fmt: skip
    path = tmp_path / "en.json"
    path.write_text(json.dumps({"data": [{"paragraphs": [paragraph]}]}), "utf-8")
    questions, passages = load("xquad-r", Choice(path, "en"))
    assert [p["text"] for p in passages] == ["Kenya has 47 counties.", "Each has a plan."]
    assert questions[0]["gold"] == [passages[1]["id"]]
    del paragraph["sentence_breaks"]
    path.write_text(json.dumps({"data": [{"paragraphs": [paragraph]}]}), "utf-8")
    with pytest.raises(ConfigurationError, match="sentence_breaks"):
        load("xquad-r", Choice(path, "en"))


def test_questions_taken_for_another_language_are_those_the_search_takes_so(tmp_path: Path) -> None:
    """ "Et en 2023 ?" is too short to tell; among the languages of questions it is French."""
    asked = {"id": "q", "question": "Et en 2023 ?", "gold": ["plan"], "language": "fr"}
    assert evaluate(tmp_path, [asked])["language_taken_otherwise"] == 0


def test_a_direction_is_told_by_the_relevant_passages(tmp_path: Path) -> None:
    gold = {"majlis": 1, "council": 0}  # judged, and found not to answer
    asked = {"id": "q", "question": "When does the council meet?", "gold": gold}
    assert list(evaluate(tmp_path, [asked])["by_direction"]) == ["en->ar"]


def test_without_4_grams_a_translator_knows_the_words_it_knew() -> None:
    whole = shipped_translator()
    assert isinstance(whole, Knows) and whole.knows("counsel", "en")
    assert WithoutGrams(whole).knows("counsel", "en")
    assert not WithoutGrams(Identity()).knows("counsel", "en")
