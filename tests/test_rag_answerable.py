import dataclasses

import numpy as np
import pytest

from evals.abstention import auroc, rejected, risk_coverage_area
from evals.posed import Item, Posed, Trial, pose
from evals.training.answerable import as_json, fit
from rag.embed import HashEmbedder
from rag.evidence.answerable import (
    FEATURES,
    AnswerableModel,
    denies,
    evidence,
    is_negated,
    probability,
    shipped_answerable,
)
from rag.evidence.candidates import candidates
from rag.evidence.retrieve import retrieve
from rag.question.query import Identity, understand
from tests.builders import build, document

TEXTS = (
    "The council of Strumica meets every month with the police and the schools.",
    "The academy in Brooklyn runs ten modules over ten months for city teams.",
    "County plans in Kilifi rest on seven pillars with two leads for each pillar.",
)
NONE = np.zeros(len(FEATURES))
FLAT = AnswerableModel(0.0, NONE, NONE + 1, NONE, 0.6, 0.4)


@pytest.fixture
def seen(tmp_path):
    generation = build(
        tmp_path / "data", [document(f"{n}.md", text) for n, text in enumerate(TEXTS)]
    )

    def asked(text):
        question = understand(text, HashEmbedder())
        hits = retrieve(question, generation, 3)
        found = candidates(question, hits, generation)
        return dict(zip(FEATURES, evidence(question, found, generation), strict=True))

    return asked


def test_more_of_a_question_matched_is_more_evidence(seen):
    short = seen("When does the council meet?")
    long = seen("When does the council of Strumica meet with the police and the schools?")
    assert long["matched"] > short["matched"] > 0


def test_a_name_that_the_passage_lacks_is_seen(seen):
    assert seen("When does the council of Strumica meet?")["name_missing"] == 0
    assert seen("When does the council of Kumanovo meet?")["name_missing"] == 1


def test_a_negated_question_needs_a_sentence_that_denies(seen):
    assert seen("Which city council does not meet every month?")["negation"] == 1
    assert seen("Which city council does meet every month?")["negation"] == 0


@pytest.mark.parametrize(
    "question",
    [
        "Which cities did not join?",
        "Quelles villes n'ont pas adhéré ?",
        "¿Qué ciudades nunca se unieron?",
        "ما المدن التي لم تنضم؟",
    ],
)
def test_negation_is_seen_in_four_languages(question):
    assert is_negated(question)


@pytest.mark.parametrize(
    "question",
    [
        "Which of the following is not a pillar?",  # a choice from a list that is not there
        "أي مما يلي ليس من الركائز؟",
        "Which cities joined?",
        "What does the note say?",
    ],
)
def test_what_is_not_a_negation_of_the_fact(question):
    assert not is_negated(question)


@pytest.mark.parametrize("sentence", ["No city joined.", "Ninguna se unió.", "لم تنضم أي مدينة."])
def test_a_sentence_that_denies_answers_a_negated_question(sentence):
    assert denies(sentence)


def test_without_a_candidate_nothing_is_answered(tmp_path):
    generation = build(tmp_path / "data", [document("a.md", TEXTS[0])])
    question = understand("Who?", HashEmbedder())
    assert probability(question, [], generation, FLAT) == 0.0


def test_thresholds_are_in_order_and_the_file_has_every_feature():
    model = shipped_answerable()
    assert 0 < model.partial_at < model.answer_at < 1
    assert len(model.weights) == len(FEATURES)
    signs = dict(zip(FEATURES, np.sign(model.weights), strict=True))
    assert (signs["support"], signs["reader"]) == (1, 1)
    assert signs["name_missing"] <= 0


def test_evidence_far_beyond_what_was_seen_in_training_does_not_run_away():
    model = dataclasses.replace(FLAT, weights=NONE + 1)
    assert model.probability(NONE + 1e9) == model.probability(NONE + 4.0) < 1.0


def test_posing_asks_an_answerable_question_again_without_its_passage():
    trial = Trial("t", "en", TEXTS, (Item("When does the council of Strumica meet?", "yes", 0),))
    whole, removed = pose(trial, HashEmbedder(), Identity())
    assert (whole.kind, removed.kind) == ("yes", "removed")
    assert whole.coverage > removed.coverage
    assert whole.bm25 == removed.bm25  # the peers see the whole collection


def test_fitting_finds_what_tells_and_keeps_the_shares():
    rng = np.random.default_rng(1)
    posed = [
        Posed(kind, "t", "en", np.array([x, x, 0.0, 0.0, 0.0, x]), 0.0, 0.0, 0.0, 0.0)
        for kind, mean in (("yes", 2.0), ("near", 0.0), ("removed", -1.0), ("out", -2.0))
        for x in rng.normal(mean, 1.0, 200)
    ]
    model = fit(posed)
    answered = [model.probability(one.evidence) for one in posed if one.kind == "yes"]
    assert np.mean(np.array(answered) >= model.partial_at) > 0.9
    assert model.partial_at < model.answer_at
    assert '"support"' in as_json(model)


def test_measures_of_a_perfect_a_reversed_and_a_blind_score():
    high, low, same = np.full(20, 0.9), np.full(20, 0.1), np.full(20, 0.5)
    assert (auroc(high, low), auroc(low, high), auroc(same, same)) == (1.0, 0.0, 0.5)
    assert (rejected(high, low, 0.95), rejected(low, high, 0.95)) == (1.0, 0.0)
    assert risk_coverage_area(high, low) < 0.2 < 0.8 < risk_coverage_area(low, high)
