import dataclasses

import pytest

from rag.check.checker import LONGEST, Checker
from rag.embed import STATIC_MODEL, load_embedder
from rag.question.glossary import GlossaryFile
from rag.question.query import shipped_translator
from tests.builders import build, document, passages

ENGLISH = (
    "The Fifth Global Summit was held in Cape Town from 3 to 5 December 2024. "
    "More than 140 participants came from 40 countries, among them 60 mayors. "
    "Kisumu opened 12 youth centres and Mombasa opened 7 youth centres. "
    "Reported attacks fell by 15 percent after the councils began to meet. "
    "The county did not publish the budget of its plan. "
    "Some members of the council supported the plan."
)
ARABIC = (
    "انعقدت القمة العالمية الخامسة في كيب تاون من 3 إلى 5 ديسمبر 2024. "
    "وتجاوز عدد المشاركين فيها 140 شخصا من 40 دولة، بينهم 60 رئيس بلدية."
)


@pytest.fixture(scope="module")
def sources():
    return {
        "en": document("en.md", ENGLISH, title="Session report", date="2024-12-21"),
        "ar": document("ar.md", ARABIC, title="تقرير الجلسة", language="ar", date="2024-12-21"),
    }


@pytest.fixture(scope="module")
def generation(tmp_path_factory, sources):
    embedder = load_embedder(STATIC_MODEL)
    opened = build(tmp_path_factory.mktemp("check"), list(sources.values()), embedder)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def check(generation, sources):
    checker = Checker(generation, shipped_translator())

    def checked(sentence, language="en", source="en"):
        return checker.check(sentence, language, passages(sources[source]))

    return checked


def kinds(verdict):
    return {problem.kind for problem in verdict.problems}


@pytest.mark.parametrize(
    "sentence",
    [
        "The Fifth Global Summit was held in Cape Town from 3 to 5 December 2024.",
        "The Fifth Global Summit was held in Cape Town in December 2024.",
        "More than 140 participants came from forty countries, among them sixty mayors.",
        "Kisumu opened twelve youth centres.",
        "The county didn't publish the budget of its plan.",
        "Reported attacks fell by 15 % after the councils began to meet.",
        "According to the session report of December 2024, some members supported the plan.",
    ],
)
def test_a_faithful_sentence_holds(sentence, check):
    verdict = check(sentence)
    assert verdict.holds, verdict.problems
    assert verdict.support > 0.5


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("More than 150 participants came from 40 countries, among them 60 mayors.", "number"),
        ("More than 140 participants came from 40 cities.", "unsupported"),
        ("Kisumu opened 7 youth centres and Mombasa opened 12 youth centres.", "number"),
        ("Reported attacks fell by 15 percentage points after the councils began.", "number"),
        ("The Fifth Global Summit was held in Cape Town in November 2024.", "date"),
        ("The Fifth Global Summit was held in Cape Town on 4 December 2024.", "date"),
        ("The Fourth Global Summit was held in Cape Town.", "number"),
        ("The Fifth Global Summit was held in Nairobi in December 2024.", "name"),
        ("The county did publish the budget of its plan.", "negation"),
        ("Some members of the council did not support the plan.", "negation"),
        ("Reported attacks rose by 15 percent after the councils began to meet.", "negation"),
        ("Reported attacks fell by 15 percent before the councils began to meet.", "negation"),
        ("All members of the council supported the plan.", "negation"),
        ("Mombasa opened 7 youth centres and hired new teachers for every village.", "unsupported"),
        ("Some members of the council published the budget of the youth centres.", "unsupported"),
    ],
)
def test_a_lie_is_caught_by_its_kind(sentence, kind, check):
    verdict = check(sentence)
    assert not verdict.holds
    assert (
        kind in kinds(verdict) | {"unsupported"}
        if kind == "unsupported"
        else kind in kinds(verdict)
    )


def test_the_offending_words_are_named(check):
    verdict = check("More than 150 participants came from 40 countries, among them 60 mayors.")
    assert [(p.kind, p.what) for p in verdict.problems if p.kind == "number"] == [("number", "150")]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The Fifth Global Summit was held in Cape Town from 3 to 5 December 2024."),
        ("fr", "Le cinquième sommet mondial a eu lieu du 3 au 5 décembre 2024."),
        ("es", "La quinta cumbre mundial se celebró del 3 al 5 de diciembre de 2024."),
    ],
)
def test_a_translation_of_an_arabic_source_holds(language, sentence, check):
    verdict = check(sentence, language, "ar")
    assert verdict.holds, verdict.problems


@pytest.mark.parametrize(
    ("language", "sentence", "kind"),
    [
        ("en", "The Fifth Global Summit was held in Nairobi from 3 to 5 December 2024.", "name"),
        ("fr", "Le cinquième sommet mondial a eu lieu du 3 au 5 novembre 2024.", "date"),
        ("es", "Participaron más de 150 personas de 40 países.", "number"),
    ],
)
def test_a_lie_about_an_arabic_source_is_caught(language, sentence, kind, check):
    assert kind in kinds(check(sentence, language, "ar"))


def test_the_quotes_are_the_stored_words_that_carry_it(check):
    verdict = check("Kisumu opened 12 youth centres.")
    assert ENGLISH[verdict.quotes[0].start : verdict.quotes[0].end] == verdict.quotes[0].text
    assert "Kisumu" in verdict.quotes[0].text


def test_the_date_of_the_document_bears_out_a_date_and_no_count(check):
    assert "date" not in kinds(check("According to the report of December 2024, mayors came."))
    assert "date" in kinds(check("According to the report, 2023 participants came."))


def test_a_sentence_that_cites_nothing_stored_has_a_citation_problem(generation, sources):
    checker = Checker(generation, shipped_translator())
    (passage,) = passages(sources["en"])
    assert kinds(checker.check("Kisumu opened 12 youth centres.", "en", [])) == {"citation"}
    unknown = dataclasses.replace(passage, document_id="other.md")
    changed = dataclasses.replace(passage, text=passage.text.replace("12", "13"))
    for cited in (unknown, changed):
        assert kinds(checker.check("Kisumu opened 13 youth centres.", "en", [cited])) == {
            "citation"
        }


@pytest.mark.parametrize("text", ["", "…", "?", "a " * LONGEST])
def test_what_is_no_sentence_is_not_supported(text, check):
    assert kinds(check(text)) == {"unsupported"}


@pytest.mark.parametrize("piece", ["ne ", "1,", "Aa ", "و", "all not ", "،", "3 December "])
@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_a_hostile_sentence_ends_in_a_verdict(piece, language, check):
    assert not check((piece * LONGEST)[:LONGEST], language).holds
    assert not check(piece * 10_000, language).holds


class Fixed:
    def __init__(self, value):
        self.value = value

    def probability(self, sentence, passage_text):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


TRUE = "Kisumu opened 12 youth centres."
FALSE = "Kisumu opened 13 youth centres."


@pytest.mark.parametrize(
    ("opinion", "holds"),
    [(0.9, True), (0.1, False), (None, True), (float("nan"), True), (RuntimeError("no"), True)],
)
def test_a_judge_can_object_and_one_that_fails_is_not_heard(generation, sources, opinion, holds):
    checker = Checker(generation, shipped_translator(), GlossaryFile(None), Fixed(opinion))
    assert checker.check(TRUE, "en", passages(sources["en"])).holds is holds


def test_a_judge_cannot_excuse_a_number(generation, sources):
    checker = Checker(generation, shipped_translator(), judge=Fixed(1.0))
    assert "number" in kinds(checker.check(FALSE, "en", passages(sources["en"])))


def test_without_translation_tables_meaning_is_read_and_names_are_not(generation, sources):
    from rag.question.query import Identity

    checker = Checker(generation, Identity())
    assert checker.check(TRUE, "en", passages(sources["en"])).holds
    french = "Le cinquième sommet mondial a eu lieu du 3 au 5 décembre 2024."
    assert checker.check(french, "fr", passages(sources["ar"])).holds
    other = "Les écoles ont reçu un nouveau budget pour réparer leurs toits et leurs fenêtres."
    assert not checker.check(other, "fr", passages(sources["ar"])).holds
    named = "Le cinquième sommet mondial de Cracovie a eu lieu du 3 au 5 décembre 2024."
    assert "name" in kinds(checker.check(named, "fr", passages(sources["ar"])))


def test_two_stretches_of_the_source_joined_by_and_hold(check):
    joined = (
        "More than 140 participants came from 40 countries and reported attacks fell by 15 percent."
    )
    assert check(joined).holds


def test_a_subject_with_the_predicate_of_another_sentence_does_not_hold(check):
    assert not check("More than 140 participants did not publish the budget of its plan.").holds


def test_words_that_folding_orders_otherwise_have_no_vector():
    from rag.check.cited import word_states
    from rag.embed import DEFAULT_MODEL, MODELS, shipped_encoder

    encoder = shipped_encoder(MODELS / DEFAULT_MODEL)
    _, (mixed, hindi) = word_states(["日本 ABC 東京", "भारत में विकास हुआ"], encoder)
    assert len(mixed) == 3 and not mixed.any()
    assert len(hindi) == 4 and hindi.any(axis=1).all()
