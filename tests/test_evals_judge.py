"""One reply against one case: what is asked, what is graded, what is said to be wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evals.cases import Case
from evals.judge import judge, unsupported
from evals.observed import Citation, FoundPassage, Observed, Statement, overlap


def case(**fields: object) -> Case:
    values = {"id": "c", "question": "q", "language": "en", "expect": "answered", **fields}
    return Case.model_validate(values)


def reply(text: str = "", *citations: Citation, status: str = "answered") -> Observed:
    return Observed(status, "en", text, citations=citations)


def cite(document_id: str, quote: str, *, holds: bool = True) -> Citation:
    return Citation(document_id, 1, 0, len(quote), quote, holds)


def test_what_a_case_does_not_ask_is_not_judged() -> None:
    verdict = judge(case(expect="declined"), reply(status="declined"))
    assert verdict.passed
    asked = {name for name, value in verdict.values.items() if value is not None}
    assert asked == {"passed", "status", "declined", "answer_language"}


def test_a_decline_of_an_answerable_question_scores_zero_everywhere() -> None:
    gold = [{"document": "a", "quote": "seven pillars"}]
    asked = case(gold=gold, must_include=[["seven"]], must_not_include=["eight"])
    values = judge(asked, reply(status="declined")).values
    assert values["gold_document"] == values["gold_quote"] == values["must_include"] == 0.0
    assert values["answered"] == 0.0
    assert values["quote_fidelity"] is None


def test_a_citation_that_is_not_the_stored_text_fails_the_case() -> None:
    verdict = judge(case(), reply("x", cite("a", "b", holds=False), cite("a", "c")))
    assert verdict.values["quote_fidelity"] == 0.5
    assert not verdict.passed


def test_a_quote_counts_only_in_its_own_document() -> None:
    asked = case(gold=[{"document": "a", "quote": "seven pillars"}])
    assert judge(asked, reply("x", cite("b", "It has seven pillars."))).values["gold_quote"] == 0
    assert judge(asked, reply("x", cite("a", "It has seven pillars."))).values["gold_quote"] == 1


def test_must_include_takes_alternatives_and_counts_statements() -> None:
    asked = case(must_include=[["monthly", "every month"], ["public"]])
    assert judge(asked, reply("It meets EVERY\nmonth.")).values["must_include"] == 0.5


def test_what_must_not_be_said_is_named() -> None:
    verdict = judge(case(must_not_include=["eight pillars"]), reply("It has eight pillars."))
    assert verdict.reasons == ("says ['eight pillars']",)


def test_overlap_ignores_tashkeel_case_and_line_breaks() -> None:
    assert overlap("وتُنظِّم المقاطعةُ مشاورات عامة", "مشاورات عامة")
    assert overlap("Each PILLAR\nhas two leads", "pillar has two")
    assert overlap("pillar has two leads", "Each pillar has two leads in Kilifi")
    assert not overlap("two leads", "Each pillar has two leads in Kilifi")


def spoken(*pairs: tuple[str, Citation]) -> Observed:
    """An answer of statements that each cite one quote."""
    return Observed(
        "answered",
        "en",
        "\n".join(text for text, _ in pairs),
        citations=tuple(citation for _, citation in pairs),
        statements=tuple(Statement(text, (citation.n,)) for text, citation in pairs),
        mode="a model",
    )


def quoted(n: int, quote: str, document: str = "a", language: str = "en") -> Citation:
    return Citation(document, 1, 0, len(quote), quote, True, n, language=language)


def test_citation_precision_and_recall_are_counted_against_gold() -> None:
    asked = case(gold=[{"document": "a", "quote": "the plan has seven pillars"}])
    seen = Observed(
        "answered",
        "en",
        "x",
        citations=(quoted(1, "In 2024 the plan has seven pillars."), quoted(2, "It rains a lot.")),
        statements=(Statement("x", (1, 2)), Statement("y", (2,)), Statement("z", ())),
    )
    values = judge(asked, seen).values
    assert values["citation_precision"] == 0.5
    assert values["citation_recall"] == pytest.approx(1 / 3)


def test_each_part_of_the_gold_is_wanted_and_its_entries_are_alternatives() -> None:
    gold = [
        {"document": "a", "part": "size"},
        {"document": "b", "part": "size"},
        {"document": "c", "part": "date"},
    ]
    assert judge(case(gold=gold), reply("x", cite("b", "q"))).values["gold_parts"] == 0.5


def test_a_gold_page_is_part_of_the_place() -> None:
    asked = case(gold=[{"document": "a", "page": 2, "quote": "seven pillars"}])
    assert judge(asked, reply("x", cite("a", "It has seven pillars."))).values["gold_quote"] == 0


def test_numbers_dates_and_names_that_the_quote_lacks_are_counted() -> None:
    quote = quoted(1, "On 5 March 2024 the mayor of Nansana opened 12 schools.")
    good = spoken(("On 5 March 2024 the mayor opened 12 schools.", quote))
    values = judge(case(), good).values
    assert (values["numbers"], values["dates"]) == (1.0, 1.0)
    bad = spoken(("On 6 March 2024 the mayor of Kampala opened 13 schools.", quote))
    values = judge(case(), bad).values
    assert (values["numbers"], values["dates"], values["names"]) == (0.0, 0.0, 0.0)
    assert "numbers: 13" in " ".join(unsupported(bad))


def test_a_number_of_another_language_is_compared_by_value() -> None:
    seen = spoken(("The network has 230 members.", quoted(1, "يضم ٢٣٠ عضوا", language="ar")))
    assert judge(case(), seen).values["numbers"] == 1.0


def test_a_reply_in_another_language_fails_unless_it_is_allowed() -> None:
    seen = Observed("answered", "fr", "Bonjour")
    assert judge(case(), seen).reasons == ("replies in fr",)
    assert judge(case(allowed_languages=["fr"]), seen).passed


def test_a_written_answer_must_itself_be_in_the_language() -> None:
    text = "Le plan de la ville a été adopté par le conseil municipal au mois de mars."
    verdict = judge(case(), Observed("answered", "en", text, mode="a model"))
    assert verdict.values["answer_language"] == 0.0


@pytest.mark.parametrize(
    ("expect", "status", "right"),
    [
        ("answered", "partial", 1.0),
        ("partial", "partial", 1.0),
        ("partial", "declined", 1.0),
        ("partial", "answered", 0.0),
        ("declined", "partial", 0.0),
        ("answered", "error", 0.0),
        ("declined", "error", 0.0),
    ],
)
def test_a_status_fits_what_is_expected(expect: str, status: str, right: float) -> None:
    assert judge(case(expect=expect), reply(status=status)).values["status"] == right


def test_the_reason_of_a_decline_is_one_of_those_named() -> None:
    asked = case(expect="declined", reason="out_of_scope")
    seen = Observed("declined", "en", "", reason="nothing_found")
    assert judge(asked, seen).reasons == ("declined for nothing_found, expected ['out_of_scope']",)


def test_the_standalone_question_is_judged() -> None:
    wanted = {"must_include": [["Uganda"]], "must_not_include": ["Kenya"]}
    asked = case(standalone=wanted)
    good = Observed("answered", "en", "x", searched="How did Uganda do it?")
    assert judge(asked, good).values["standalone"] == 1.0
    bad = Observed("answered", "en", "x", searched="How did Kenya and Uganda do it?")
    assert "still has ['Kenya']" in judge(asked, bad).reasons[0]
    changed = case(standalone={"unchanged": True})
    assert judge(changed, good).values["standalone"] == 0.0


def test_what_is_over_a_limit_is_named() -> None:
    verdict = judge(case(limits={"citations": 1}), reply("x", cite("a", "b"), cite("a", "c")))
    assert verdict.reasons == ("citations 2 over 1",)


def test_retrieval_is_measured_by_document_and_by_quote() -> None:
    asked = case(gold=[{"document": "a", "quote": "seven pillars"}])
    passages = (FoundPassage("b", 1, "seven pillars"), FoundPassage("a", 1, "Seven\npillars."))
    seen = Observed("answered", "en", "x", retrieved=("b", "a"), found=passages)
    values = judge(asked, seen).values
    assert (values["RR"], values["quote_RR"]) == (0.5, 0.5)
    assert values["R@5"] == values["quote_R@5"] == 1.0


def test_a_system_that_does_not_tell_what_it_found_is_not_measured_on_retrieval() -> None:
    asked = case(gold=[{"document": "a"}])
    assert judge(asked, reply("x")).values["RR"] is None
    assert judge(asked, reply(status="declined")).values["RR"] is None
    nothing = Observed("declined", "en", "", tells_found=True)
    assert judge(asked, nothing).values["RR"] == 0.0


def test_a_quote_nobody_could_look_up_is_not_judged() -> None:
    seen = reply("x", Citation("a", 1, 0, 1, "b", None))
    assert judge(case(), seen).values["quote_fidelity"] is None


def test_a_reply_that_never_came_fails_with_its_reason() -> None:
    verdict = judge(case(expect="declined"), Observed.failed("the server is away"))
    assert verdict.reasons[0] == "no reply: the server is away"
    assert not verdict.passed


def test_figures_of_a_wording_are_whole_figures() -> None:
    asked = case(must_include=[["7 members"]], must_not_include=["5 pillars", "in 20"])
    values = judge(asked, reply("It has 17 members and 15 pillars, in 2024.")).values
    assert (values["must_include"], values["must_not_include"]) == (0.0, 1.0)
    assert judge(asked, reply("It has 7 members.")).values["must_include"] == 1.0


def test_gold_quotes_of_one_passage_are_found_together() -> None:
    gold = [{"document": "a", "quote": quote} for quote in ("two levels", "seven pillars", "lost")]
    found = (
        FoundPassage("b", 1, "two levels, elsewhere"),
        FoundPassage("a", 1, "Two levels and seven pillars."),
        FoundPassage("a", 1, "Seven pillars again."),
    )
    seen = Observed("answered", "en", "x", found=found, tells_found=True)
    both = judge(case(gold=gold[:2]), seen).values
    assert (both["quote_R@10"], both["quote_RR"]) == (1.0, 0.5)
    assert judge(case(gold=gold), seen).values["quote_R@10"] == 0.5


GOLD = [
    {"document": "kenya", "quote": "two levels", "leads": True},
    {"document": "kenya", "quote": "seven pillars"},
]


@pytest.mark.parametrize(
    ("quotes", "leads"), [(("two levels", "seven pillars"), 1.0), (("seven pillars",), 0.0)]
)
def test_a_case_may_ask_that_the_first_statement_answers(quotes, leads) -> None:
    cited = [replace(cite("kenya", quote), n=n) for n, quote in enumerate(quotes, start=1)]
    said = tuple(Statement(one.quote, (one.n,)) for one in cited)
    seen = replace(reply("x", *cited), statements=said)
    verdict = judge(case(gold=GOLD, must_lead=True), seen)
    assert verdict.values["must_lead"] == leads
    assert verdict.passed is bool(leads)


@pytest.mark.parametrize(("least", "holds"), [(0.5, 1.0), (0.6, 0.0)])
def test_a_case_may_ask_that_what_is_shown_is_on_the_point(least, holds) -> None:
    seen = reply("x", cite("kenya", "two levels"), cite("uganda", "another matter"))
    verdict = judge(case(gold=GOLD, on_point=least), seen)
    assert verdict.values["on_point"] == holds
    assert verdict.passed is bool(holds)


@pytest.mark.parametrize("asked", [{"must_lead": True}, {"on_point": 0.5}])
def test_what_leads_and_is_on_the_point_is_told_by_gold_quotes(asked) -> None:
    with pytest.raises(ValueError, match="gold quotes"):
        case(gold=["kenya"], **asked)
