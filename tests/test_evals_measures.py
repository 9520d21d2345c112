"""Measures against values worked out by hand, and against ir-measures where it is installed."""

from __future__ import annotations

import math
import random

import pytest

from evals.measures import bootstrap, measure, ndcg, precision, recall, reciprocal_rank
from rag.errors import ConfigurationError


def test_ndcg_of_one_relevant_passage_is_its_discount() -> None:
    assert ndcg(["a", "b", "c"], ["a"], 10) == 1.0
    assert ndcg(["b", "a", "c"], ["a"], 10) == pytest.approx(1 / math.log2(3))
    assert ndcg(["b", "c", "a"], ["a"], 2) == 0.0


def test_ndcg_by_hand_with_grades() -> None:
    # Found grades 1, 0, 3; the best order is 3, 2, 1.
    got = 1 + 3 / math.log2(4)
    best = 3 + 2 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(["x", "y", "z"], {"x": 1, "z": 3, "w": 2}, 3) == pytest.approx(got / best)


def test_ndcg_ideal_order_is_cut_at_k_too() -> None:
    assert ndcg(["a"], ["a", "b", "c"], 1) == 1.0


def test_recall_precision_and_reciprocal_rank_by_hand() -> None:
    ranking, gold = ["n", "a", "m", "b"], {"a": 1, "b": 2, "c": 1, "n": 0}
    assert recall(ranking, gold, 2) == pytest.approx(1 / 3)
    assert recall(ranking, gold, 4) == pytest.approx(2 / 3)
    assert precision(ranking, gold, 4) == 0.5
    assert precision(ranking, gold, 10) == 0.2
    assert reciprocal_rank(ranking, gold) == 0.5
    assert reciprocal_rank(ranking, gold, 1) == 0.0


@pytest.mark.parametrize("name", ["nDCG@10", "R@5", "P@1", "RR", "RR@10"])
def test_a_missed_question_scores_zero(name: str) -> None:
    assert measure(name, [], ["a"]) == 0.0
    assert measure(name, ["b", "c"], ["a"]) == 0.0
    assert measure(name, ["b"], {"a": 0}) == 0.0


def test_negative_grades_are_not_relevant() -> None:
    assert measure("nDCG@10", ["bad", "good"], {"bad": -1, "good": 1}) == pytest.approx(
        1 / math.log2(3)
    )
    assert measure("R@1", ["bad"], {"bad": -1, "good": 1}) == 0.0


@pytest.mark.parametrize("name", ["ndcg", "nDCG@0", "MAP@10", "RR@", ""])
def test_an_unknown_measure_is_named_with_the_known_ones(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"known: nDCG@k, R@k, P@k, RR@k, RR"):
        measure(name, ["a"], ["a"])


def test_bootstrap_is_the_same_on_every_run_and_holds_the_mean() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0]
    first = bootstrap(values)
    assert first == bootstrap(values)
    assert first.low <= first.mean == pytest.approx(4 / 6)
    assert first.mean <= first.high
    assert bootstrap([0.5] * 20).low == bootstrap([0.5] * 20).high == 0.5


def test_bootstrap_of_nothing_is_zero() -> None:
    assert bootstrap([]).mean == 0.0


def test_measures_agree_with_ir_measures() -> None:
    import ir_measures as ir

    draw = random.Random(7)
    names = ["nDCG@10", "nDCG@3", "R@1", "R@5", "P@5", "RR"]
    for _ in range(50):
        ids = [f"d{n}" for n in range(30)]
        ranking = draw.sample(ids, draw.randint(1, 20))
        gold = {name: draw.randint(0, 3) for name in draw.sample(ids, 5)}
        if not any(gold.values()):
            continue
        run = [ir.ScoredDoc("q", name, float(-rank)) for rank, name in enumerate(ranking)]
        qrels = [ir.Qrel("q", name, grade) for name, grade in gold.items()]
        measures = [ir.parse_measure(name) for name in names]
        for value in ir.iter_calc(measures, qrels, run):
            assert measure(str(value.measure), ranking, gold) == pytest.approx(value.value)
