"""What the reader is trained on, and that what it learned is written and read back whole."""

from __future__ import annotations

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
    Claimed,
    Window,
    kept_out,
)
from evals.training.reader_rows import CLAIMS as CLAIMS_A_STEP
from evals.training.reader_rows import Batches, Pairs
from rag.embed import DEFAULT_MODEL, MODELS
from rag.encoder.reader import _least

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
    texts = tuple(dict.fromkeys(LANGUAGES, text) for text in SENTENCES)
    claims = [
        Claimed("", home, dict.fromkeys(LANGUAGES, f"Council {home}"), texts, (0,), true)
        for home in homes
        for true in (True, False)
    ]
    batches = Batches(questions, claims, pairs, Beside())
    drawn = [row for step in range(60) for row in batches.draw(step)]
    assert [row.ids for row in batches.draw(3)] == [row.ids for row in batches.draw(3)]
    spoken = {tuple(row.ids) for row in drawn}
    for home in homes:
        asked = pairs.encoded(f"query: how often does council {home} meet").ids
        seen = any(list(ids[1 : 1 + len(asked)]) == asked for ids in spoken)
        assert seen is not kept_out(home)
    told = [row for row in drawn if row.true is not None]
    assert len(told) == 60 * CLAIMS_A_STEP
    assert 0.3 < sum(row.true for row in told) / len(told) < 0.7


def test_an_answer_is_marked_by_its_tokens(pairs):
    row = pairs.row("query: when", Window("", SENTENCES, "h"), (0,), 0, (0, 18, 29))
    start, end = row.span
    words = pairs.encoded(SENTENCES[0])
    said = [SENTENCES[0][a:b] for a, b in words.offsets]
    first = row.sentences[0][0]
    assert "".join(said[start - first : end - first + 1]).strip() == "every month"


def test_a_claim_is_as_true_as_its_least_true_part():
    torch = pytest.importorskip("torch")
    from evals.training.reader import least_of

    values = np.array([3.0, 2.0, -4.0, 5.0], np.float32)
    assert _least(values) == pytest.approx(float(least_of(torch.tensor(values))), abs=1e-5)
    assert _least(values) < -2
    assert _least(np.array([1.5, 1.5], np.float32)) == pytest.approx(1.5, abs=1e-6)


def test_a_body_in_eight_bits_is_read_back():
    pytest.importorskip("onnx")
    from evals.training.graph import Body, read_body, reader_model

    chance = np.random.default_rng(5)
    hidden, inner, outputs = 8, 16, 4

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
