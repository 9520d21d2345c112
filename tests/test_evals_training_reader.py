"""What the reader is trained on, and that what it learned is written and read back whole."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from evals.training.reader_data import (
    CLAIMS,
    LANGUAGES,
    NONE,
    PARALLEL,
    TRANSLATED,
    TRUE_KINDS,
    Asked,
    Window,
    kept_out,
)
from evals.training.reader_rows import Batches, Pairs, Row
from evals.training.reports import generation_of, placed, read_reports, windows_with_places
from rag.embed import DEFAULT_MODEL, MODELS

SENTENCES = ("The council meets every month.", "Its budget is set by the county.")


def rows_of(path):
    return [line.split("\t") for line in path.read_text("utf-8").splitlines()]


def test_questions_over_parallel_passages_are_in_four_languages_and_two_in_five_near_misses():
    rows = rows_of(PARALLEL)
    assert {len(row) for row in rows} == {3 + len(LANGUAGES)}
    assert all(all(row) for row in rows)
    near = sum(row[1] == NONE for row in rows) / len(rows)
    assert 0.35 < near < 0.45
    assert any("؟" in row[3 + LANGUAGES.index("ar")] for row in rows)


def test_claims_over_parallel_passages_are_half_true():
    rows = rows_of(CLAIMS)
    assert {len(row) for row in rows} == {3 + len(LANGUAGES)}
    kinds = Counter(row[1] for row in rows)
    true = sum(count for kind, count in kinds.items() if kind in TRUE_KINDS)
    assert true == len(rows) / 2
    assert min(kinds.values()) > 200


def test_translated_questions_name_what_they_translate():
    assert {len(row) for row in rows_of(TRANSLATED)} == {3}


def test_one_passage_in_eight_is_kept_to_fit_on():
    homes = {row[0] for row in rows_of(PARALLEL)}
    kept = sum(map(kept_out, homes)) / len(homes)
    assert 0.08 < kept < 0.17


def test_a_report_is_read_ingested_and_its_lines_found_again():
    reports = [report for report in read_reports() if report.kept_out][:3]
    with generation_of(reports) as generation:
        found = list(placed(reports, generation))
        assert len(found) == sum(len(report.asked) for report in reports)
        for one in found:
            page = generation.store.page_of(one.document, 1)
            cut = [place for _, spans in windows_with_places(generation, one.document)
                   for place in spans]  # fmt: skip
            for span, number in zip(
                (one.lead, *one.further), (one.asked.lead, *one.asked.further), strict=True
            ):
                if span is not None:
                    letters = re.sub(r"\W", "", one.report.lines[number])
                    assert re.sub(r"\W", "", page.text[slice(*span)]) == letters
                    assert any(start < span[1] and span[0] < end for start, end in cut)


def test_a_third_of_what_reports_are_asked_is_not_answered_in_each_language():
    reports = read_reports()
    assert 0.15 < sum(report.kept_out for report in reports) / len(reports) < 0.35
    for language in LANGUAGES:
        asked = [q for report in reports for q in report.asked if q.language == language]
        assert 0.3 < sum(not q.lead for q in asked) / len(asked) < 0.45


def test_a_sentence_to_be_shown_first_is_learned_to_stand_before_the_others():
    torch = pytest.importorskip("torch")
    from evals.training.reader import losses

    def row(leads):
        return Row([0] * 8, ((1, 3), (3, 5), (5, 7)), (1, 0), None, 0, leads)

    def listed(leads, first, second):
        odds = torch.zeros(1, 8, 3)
        odds[0, 3:5, 0], odds[0, 1:3, 0] = first, second
        return float(losses(odds, [row(leads)])["list"])

    assert listed(True, 4.0, 0.0) < listed(True, 0.0, 4.0)
    assert listed(False, 4.0, 0.0) == pytest.approx(listed(False, 0.0, 4.0))


class Beside:
    """A window that answers nothing, beside every question."""

    def other(self, example, chance):
        return Window("", ("A train left.",), "other")


@pytest.fixture(scope="module")
def pairs():
    return Pairs(MODELS / DEFAULT_MODEL)


def test_a_step_draws_the_same_and_nothing_that_is_kept_out(pairs):
    homes = [str(number) for number in range(40)]
    questions = [
        Asked("parallel", "en", f"how often does council {home} meet", Window("", SENTENCES, home),
              (0,), (0, 18, 29))
        for home in homes
    ]  # fmt: skip
    batches = Batches(questions, pairs, Beside())
    drawn = [row for step in range(60) for row in batches.draw(step)]
    assert [row.ids for row in batches.draw(3)] == [row.ids for row in batches.draw(3)]
    spoken = {tuple(row.ids) for row in drawn}
    for home in homes:
        asked = pairs.encoded(f"query: how often does council {home} meet").ids
        seen = any(list(ids[1 : 1 + len(asked)]) == asked for ids in spoken)
        assert seen is not kept_out(home)


def test_an_answer_is_marked_by_its_tokens(pairs):
    row = pairs.row("query: when", Window("", SENTENCES, "h"), (0,), 0, (0, 18, 29))
    start, end = row.span
    words = pairs.encoded(SENTENCES[0])
    said = [SENTENCES[0][a:b] for a, b in words.offsets]
    first = row.sentences[0][0]
    assert "".join(said[start - first : end - first + 1]).strip() == "every month"


def test_a_body_in_eight_bits_is_read_back():
    pytest.importorskip("onnx")
    from evals.training.graph import Body, read_body, reader_model

    chance = np.random.default_rng(5)
    hidden, inner, outputs = 8, 16, 3

    def made(*shape):
        return chance.normal(size=shape).astype(np.float32).reshape(-1)

    floats = {"emb.pos": made(6, hidden), "emb.type": made(2, hidden)}
    sizes = {"q": (hidden, hidden), "k": (hidden, hidden), "v": (hidden, hidden),
             "ao": (hidden, hidden), "fi": (inner, hidden), "fo": (hidden, inner)}  # fmt: skip
    norms = ["emb.ln", "l0.aln", "l0.oln"]
    for name in norms:
        floats |= {f"{name}.w": made(hidden), f"{name}.b": made(hidden)}
    for name, (rows, columns) in sizes.items():
        floats |= {f"l0.{name}.w": made(rows, columns), f"l0.{name}.b": made(rows)}
    floats |= {"head.w": made(outputs, hidden), "head.b": made(outputs)}
    body = Body(hidden, 2, 1, 1e-12, floats)
    reach = {
        f"l0.{name}": np.abs(chance.normal(size=columns)).astype(np.float32) + 0.1
        for name, (_, columns) in sizes.items()
    }
    fixed = ("head.w", "head.b", "emb.pos", "emb.type")  # taken as they are
    blank = {name: v if name in fixed else np.zeros_like(v) for name, v in floats.items()}
    found = read_body(
        reader_model(body, 8, reach, outputs), Body(hidden, 2, 1, 1e-12, blank), outputs
    )
    for name, values in floats.items():
        assert np.allclose(found.floats[name], values, atol=0.03), name
