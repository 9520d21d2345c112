"""Consistency of cases that ask the same thing."""

from __future__ import annotations

import pytest

from evals.cases import Case
from evals.groups import Member, consistency, numbers_agree
from evals.observed import Citation, Observed


def member(name: str, seen: Observed, **fields: object) -> Member:
    values = {"id": name, "question": "q", "language": name, "expect": "answered", "group": "g"}
    return Case.model_validate({**values, **fields}), seen


def said(text: str, work: str, document: str = "") -> Observed:
    cited = Citation(document or work, 1, 0, 1, "q", True, 1, work=work)
    return Observed("answered", "en", text, citations=(cited,))


NO = Observed("declined", "en", "")


def test_language_versions_of_one_work_agree() -> None:
    group = [member("en", said("yes", "w", "w.en.md")), member("fr", said("oui", "w", "w.fr.md"))]
    found = consistency(group)
    assert (found["same_status"], found["same_work"]) == (1.0, 1.0)


def test_every_pair_of_a_group_counts() -> None:
    group = [member("en", said("a", "w")), member("fr", said("a", "w")), member("ar", NO)]
    assert consistency(group)["same_status"] == pytest.approx(1 / 3)


def test_pairs_agree_on_the_statements_both_hold_or_both_lack() -> None:
    wanted = [["seven", "sept"], ["2024"], ["county", "comté"]]
    group = [
        member("en", said("seven in 2024", "w"), must_include=wanted),
        member("fr", said("sept", "w"), must_include=wanted),
    ]
    assert consistency(group)["same_statements"] == pytest.approx(2 / 3)


def test_numbers_of_one_unit_contradict_each_other() -> None:
    assert numbers_agree("It takes 3 years.", "Il faut 4 ans.") is False
    assert numbers_agree("It takes 3 years.", "Il faut trois ans.") is True
    assert numbers_agree("It takes 3 years.", "Il est grand.") is None


def test_cases_without_a_group_or_a_reply_are_left_out() -> None:
    alone = member("en", said("a", "w"), group="")
    failed = member("fr", Observed.failed("away"))
    assert consistency([alone, failed, member("ar", NO)]) == {}
