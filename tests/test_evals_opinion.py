"""A judge of answers against people: correlations by hand, and what a judge may say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from evals.opinion import (
    ASPECTS,
    OverlapJudge,
    SupportJudge,
    agreement,
    main,
    pearson,
    people,
    read_pairs,
    spearman,
)
from rag.errors import ConfigurationError

GOLD = "The plan has seven pillars."


def written(folder: Path, *labels: Sequence[int]) -> Path:
    """One question a label pair: the second answer is the reference, the first is not."""
    rows = [
        {
            "gt_answer": GOLD,
            "model1": {"response": f"Bread is baked, {number}."},
            "model2": {"response": GOLD},
            **{f"{aspect}_label": label for aspect in ASPECTS},
        }
        for number, pair in enumerate(labels)
        for label in pair
    ]
    (folder / "human_labeled_data.json").write_text(json.dumps(rows))
    return folder


def test_correlations_by_hand() -> None:
    a, b = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])
    assert pearson(a, b) == pytest.approx(0.8)
    assert spearman(a, 10.0**b) == pytest.approx(0.8)
    assert spearman(np.array([1.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0])) == pytest.approx(1.0)
    assert pearson(a, np.ones(4)) == 0.0


def test_two_labels_of_one_pair_are_two_people(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, (2, 1), (0, 0), (-1, -2)))
    assert [pair.labels["overall"] for pair in pairs] == [(2.0, 1.0), (0.0, 0.0), (-1.0, -2.0)]
    assert people(pairs)["overall"]["pearson"] == pytest.approx(13 / 14, abs=1e-4)


def test_a_side_is_right_where_people_are_not_of_one_mind_that_both_are_equal(
    tmp_path: Path,
) -> None:
    pairs = read_pairs(written(tmp_path, (2, 1), (0, 0), (-1, -2)))
    found = agreement(pairs, OverlapJudge())  # takes the second answer's side each time
    assert found["overall"]["sides"] == 0.5


def test_a_model_that_gives_no_number_has_no_opinion(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, (2, 1)))
    assert SupportJudge(lambda system, user: "fine, I think").score(GOLD, GOLD) is None
    assert agreement(pairs, SupportJudge(lambda system, user: "no"))["no_opinion"] == 1
    assert SupportJudge(lambda system, user: "80").score(GOLD, "x") == pytest.approx(0.8)


def test_words_shared_with_the_reference_are_counted_once_each() -> None:
    assert OverlapJudge().score("a b b", "b b b c") == pytest.approx(2 * 0.5 * (2 / 3) / (7 / 6))
    assert OverlapJudge().score("a", "b") == 0.0


def test_what_is_not_the_data_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no human_labeled_data\.json"):
        read_pairs(tmp_path)
    assert main([str(tmp_path)]) == 2
    assert "evals.opinion:" in capsys.readouterr().err
    (tmp_path / "human_labeled_data.json").write_text("[{}]")
    with pytest.raises(ConfigurationError, match="not RAGChecker's form"):
        read_pairs(tmp_path)
