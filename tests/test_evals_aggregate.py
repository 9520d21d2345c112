"""The figures of a run: what is counted, and what is left out."""

from __future__ import annotations

from evals.aggregate import Judged, abstention
from evals.cases import Case
from evals.judge import judge
from evals.observed import Observed


def judged(name: str, expect: str, seen: Observed) -> Judged:
    case = Case.model_validate({"id": name, "question": "q", "language": "en", "expect": expect})
    return Judged(case, 1, seen, judge(case, seen))


def test_a_question_that_got_no_reply_was_not_answered_wrongly() -> None:
    """The server was away: it neither made something up nor refused."""
    away = Observed.failed("no reply")
    rows = [
        judged("a", "declined", Observed("declined", "en", "")),
        judged("b", "declined", away),
        judged("c", "answered", Observed("answered", "en", "x")),
        judged("d", "answered", away),
    ]
    told = abstention(rows)
    assert (told["hallucination_rate"], told["error_rate"]) == (0.0, 0.0)
    assert abstention(rows[1:2])["hallucination_rate"] is None
