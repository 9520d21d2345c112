"""A query adapter learns where answers lie, and only from what is not kept out."""

from __future__ import annotations

import numpy as np
import pytest

from evals.training import adapter
from evals.training.adapter import Example, Pool, measured, trained

DIM, COUNT = 16, 240


@pytest.fixture(scope="module")
def pool() -> Pool:
    """What answers lies a turn away from its question; every fourth question is kept out."""
    chance = np.random.default_rng(3)
    turn = np.linalg.qr(chance.normal(size=(DIM, DIM)))[0]
    questions = chance.normal(size=(COUNT, DIM))
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)
    kept = [number for number in range(COUNT) if number % 4 == 0]
    examples = [
        Example("reports", f"{number}", "en", (number,), (), bool(number % 3), number in kept,
                kept if number in kept else ())
        for number in range(COUNT)
    ]  # fmt: skip
    vectors = (questions @ turn.T).astype(np.float32)
    return Pool(examples, questions.astype(np.float32), vectors)


def test_what_is_kept_out_is_not_learned_from(pool):
    learned = set(pool.learned().tolist())
    assert len(learned) == COUNT * 3 // 4
    assert not any(place % 4 == 0 for place in learned)


def first_shares(pool, matrix):
    lines = list(measured(pool, matrix))
    assert len(lines) == 3 and lines[-1].startswith("by chance: cosine ")
    return [float(line.partition(" 1: ")[2].partition(",")[0]) for line in lines[:2]]


def test_questions_it_never_saw_are_turned_towards_what_answers_them(pool, monkeypatch):
    monkeypatch.setattr(adapter, "STEPS", 250)
    monkeypatch.setattr(adapter, "RATE", 2e-2)
    same = np.eye(DIM, dtype=np.float32)
    before = first_shares(pool, same)
    after = first_shares(pool, same + trained(pool, {"reports": 1.0}, 0.0))
    assert max(before) < 0.3 and min(after) > 0.7
