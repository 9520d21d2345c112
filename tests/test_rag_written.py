"""What a model writes reaches the reader only as far as its sources carry it. The real
assistant over the sample collection, with a model that says what the test tells it."""

from __future__ import annotations

import pytest

from rag.assistant import Assistant
from rag.generate import Prompt, ScriptedWriter
from rag.types import Answer, Finished, Retrieved, Spoken, Turn
from rag.wording import languages, say
from rag.writing.prompt import NO_ANSWER
from rag.writing.trouble import SAID, ModelTrouble
from rag.writing.written import Author
from ui.open import assemble

QUESTION = "How did Kenya structure county action plans?"
TRUE = "The national strategy of 2016 mandates a County Action Plan"
TRUE_TOO = "County Engagement Forums carry the county action plans"
LIE = "The county action plans cost 3 million dollars"


@pytest.fixture
def with_model(assistant, settings_of):
    """Makes an assistant whose model follows the scripts; also returns the model."""

    def make(*scripts, judge=""):
        writer = ScriptedWriter(*scripts, name="test-model")
        made = assemble(
            settings_of(judge=judge), assistant.generation, assistant.embedder,
            assistant.translator, writer,
        )  # fmt: skip
        return made, writer

    return make


@pytest.fixture
def settings_of(collection):
    from rag.settings import Settings

    return lambda **values: Settings(data_dir=collection, llm="openai:test", **values)


def number_of(prompt: Prompt, text: str) -> int:
    """The number of the block that holds a text."""
    for block in prompt.user.split("<<<"):
        if text.lower() in block.lower() and " BLOCK " in block:
            return int(block.split(" BLOCK ")[1].split(">>>")[0])
    raise AssertionError(f"no block holds {text!r}")


def script(*sentences: str):
    """A script that cites the block which says `TRUE` for every sentence."""

    def write(prompt: Prompt):
        n = number_of(prompt, TRUE)
        for sentence in sentences:
            yield f"{sentence} [{n}]. "

    return write


def finished(assistant, question=QUESTION, history=()) -> Finished:
    return assistant.answer(question, history=history)


def texts(reply) -> list[str]:
    assert isinstance(reply, Answer)
    return [sentence.text for sentence in reply.sentences]


def test_sentences_that_hold_are_shown_with_the_words_that_carry_them(with_model):
    assistant, _ = with_model(script(TRUE, TRUE_TOO))
    reply = finished(assistant).reply
    assert texts(reply) == [f"{TRUE}.", f"{TRUE_TOO}."]
    assert reply.mode == "test-model"
    for sentence in reply.sentences:
        assert sentence.citations
    for item in reply.evidence:
        quote = item.quote
        page = assistant.generation.store.page_of(quote.document_id, quote.page)
        assert page.text[quote.start : quote.end] == quote.text
    first = {item.n: item.quote.text for item in reply.evidence}[reply.sentences[0].citations[0]]
    assert "strategy of 2016" in first


def test_an_unsupported_sentence_is_removed_and_the_reader_is_told(with_model):
    assistant, _ = with_model(script(TRUE, LIE, TRUE_TOO), [NO_ANSWER])
    reply = finished(assistant).reply
    assert texts(reply) == [f"{TRUE}.", f"{TRUE_TOO}."]
    assert say("en", "answer.removed", n=1) in reply.notes


def test_a_sentence_is_repaired_once_from_its_passage(with_model):
    wrong = "The national strategy of 2018 mandates a County Action Plan"
    assistant, writer = with_model(script(wrong, TRUE_TOO), script(TRUE))
    reply = finished(assistant).reply
    assert texts(reply) == [f"{TRUE}.", f"{TRUE_TOO}."]
    assert say("en", "answer.repaired", n=1) in reply.notes
    assert "2018" in writer.prompts[1].user


def test_a_bad_repair_is_not_repaired_again(with_model):
    assistant, writer = with_model(script(TRUE, LIE, TRUE_TOO), script(LIE))
    reply = finished(assistant).reply
    assert LIE not in " ".join(texts(reply))
    assert len(writer.prompts) == 2


def test_repairs_are_bounded(with_model):
    lies = [f"{LIE} in {county}" for county in ("Lamu", "Garissa", "Kwale", "Kilifi", "Nakuru")]
    assistant, writer = with_model(script(*lies), script(LIE))
    finished(assistant)
    assert len(writer.prompts) == 1 + 2


def test_too_little_left_shows_the_quotations(with_model):
    assistant, _ = with_model(script(LIE, f"{LIE} a year", TRUE), [NO_ANSWER])
    reply = finished(assistant).reply
    assert isinstance(reply, Answer)
    assert reply.mode == "extractive"
    assert say("en", "model.unsupported") in reply.notes


def test_a_sentence_without_a_marker_is_cited_by_us_or_not_shown(with_model):
    assistant, _ = with_model([f"{TRUE}. The mayor of Nairobi praised the plans. {TRUE_TOO}."])
    reply = finished(assistant).reply
    assert texts(reply) == [f"{TRUE}.", f"{TRUE_TOO}."]
    assert all(sentence.citations for sentence in reply.sentences)


def test_an_invented_marker_cites_nothing(with_model):
    assistant, _ = with_model([f"{LIE} [77]. {TRUE} [78]. {TRUE_TOO} [79]."])
    reply = finished(assistant).reply
    assert texts(reply) == [f"{TRUE}.", f"{TRUE_TOO}."]


def test_markers_without_text_are_no_answer(with_model):
    assistant, _ = with_model(["[1] [2][3] [1]"])
    reply = finished(assistant).reply
    assert isinstance(reply, Answer)
    assert reply.mode == "extractive"


def test_no_answer_shows_the_quotations_as_partial(with_model):
    assistant, _ = with_model([NO_ANSWER])
    reply = finished(assistant).reply
    assert isinstance(reply, Answer)
    assert (reply.mode, reply.status) == ("extractive", "partial")
    assert say("en", "model.no_answer") in reply.notes


def test_the_wrong_language_shows_the_quotations(with_model):
    french = "La stratégie nationale de 2016 prescrit un plan d'action de comté au Kenya"
    assistant, _ = with_model(script(french, french + " depuis la stratégie"))
    reply = finished(assistant).reply
    assert reply.mode == "extractive"
    assert say("en", "model.language") in reply.notes


def test_copied_instructions_are_not_shown(with_model):
    assistant, _ = with_model(lambda prompt: [prompt.system])
    reply = finished(assistant).reply
    assert reply.mode == "extractive"
    assert "between delimiters" not in " ".join(texts(reply))


@pytest.mark.parametrize("kind", sorted(SAID))
def test_every_trouble_ends_in_the_quotations_with_a_word_about_it(with_model, kind):
    assistant, _ = with_model([f"{TRUE} [1]. ", ModelTrouble(kind, "test-model")])
    reply = finished(assistant).reply
    assert isinstance(reply, Answer)
    assert reply.mode == "extractive"
    assert all(
        sentence.text in {item.quote.text for item in reply.evidence}
        for sentence in reply.sentences
    )
    assert say("en", f"model.{kind}") in reply.notes


@pytest.mark.parametrize("language", languages())
def test_every_trouble_has_words_in_every_language(language):
    for kind in [*SAID, "no_answer", "unsupported", "language", "copied"]:
        assert say(language, f"model.{kind}")


def test_the_model_is_not_asked_when_nothing_was_found(with_model):
    assistant, writer = with_model(["Ulaanbaatar [1]."])
    finished(assistant, "What is the capital of Mongolia?")
    assert writer.prompts == []


def test_the_model_gets_no_title_address_or_path(with_model):
    assistant, writer = with_model(script(TRUE, TRUE_TOO))
    finished(assistant)
    told = writer.prompts[0].system + writer.prompts[0].user
    assert "http" not in writer.prompts[0].system  # a document's own words may name one
    assert ".md" not in told
    assert "docs_corpus" not in told


def test_events_come_sentence_by_sentence_under_the_models_name(with_model):
    assistant, _ = with_model(script(TRUE, TRUE_TOO))
    events = list(assistant.ask(QUESTION))
    assert isinstance(events[0], Retrieved)
    assert events[0].author == "test-model"
    spoken = [event for event in events if isinstance(event, Spoken)]
    assert [event.mode for event in spoken] == ["test-model"] * 2
    assert isinstance(events[-1], Finished)
    assert events[-1].usage is not None


def test_a_reader_who_leaves_ends_the_call(with_model):
    ended = []

    def endless(prompt):
        try:
            while True:
                yield f"{TRUE} [{number_of(prompt, TRUE)}]. "
                yield f"{TRUE_TOO} [{number_of(prompt, TRUE)}]. "
        finally:
            ended.append(True)

    assistant, _ = with_model(endless)
    events = assistant.ask(QUESTION)
    while not isinstance(next(events), Spoken):
        pass
    events.close()
    assert ended == [True]


def test_a_repeated_sentence_is_shown_once(with_model):
    assistant, _ = with_model(script(TRUE, TRUE, TRUE_TOO))
    assert texts(finished(assistant).reply) == [f"{TRUE}.", f"{TRUE_TOO}."]


def test_a_judge_can_only_be_stricter(with_model):
    sure, doubtful = with_model(script(TRUE), ["100"], judge="model"), None
    assert texts(finished(sure[0]).reply) == [f"{TRUE}."]
    doubtful = with_model(script(TRUE), ["0"], judge="model")
    assert finished(doubtful[0]).reply.mode == "extractive"
    excusing = with_model(script(LIE, TRUE), ["100"], judge="model")
    assert LIE not in " ".join(texts(finished(excusing[0]).reply))


def test_the_models_way_with_a_follow_up_is_used_where_it_adds_nothing(with_model):
    history = (Turn("How does Uganda review its national strategy?"),)
    assistant, writer = with_model(["How does Kenya review its national strategy?"], [NO_ANSWER])
    reply = finished(assistant, "and in Kenya?", history).reply
    assert reply.searched == "How does Kenya review its national strategy?"
    assert "and in Kenya?" in writer.prompts[0].user


def test_a_rewritten_question_with_something_new_in_it_is_not_searched(with_model):
    history = (Turn("How does Uganda review its national strategy?"),)
    assistant, _ = with_model(["Which bribes did Peter Smith take in Kenya in 2031?"], [NO_ANSWER])
    reply = finished(assistant, "and in Kenya?", history).reply
    assert "Smith" not in reply.searched
    assert "Kenya" in reply.searched


def test_quotation_marks_stay_only_round_the_sources_own_words(with_model):
    paraphrase = "“The strategy of 2016 mandates a County Action Plan nationally”"
    own = "In Kenya “the national strategy of 2016 mandates a County Action Plan”"
    assistant, _ = with_model(script(paraphrase, own), [NO_ANSWER])
    said = " ".join(texts(finished(assistant).reply))
    assert "“The strategy" not in said
    assert '"' not in said
    assert "“the national strategy of 2016 mandates a County Action Plan”" in said


def test_a_fault_of_ours_does_not_take_the_quotations_away(assistant):
    class Faulty:
        def check(self, sentence, language, cited):
            raise RuntimeError("a fault")

    author = Author(ScriptedWriter([f"{TRUE} [1]."], name="m"), Faulty(), assistant.generation)
    lied_to = Assistant(
        assistant.generation, assistant.embedder, assistant.settings, assistant.translator,
        assistant.glossary, author,
    )  # fmt: skip
    reply = lied_to.answer(QUESTION).reply
    assert isinstance(reply, Answer)
    assert reply.mode == "extractive"
    assert reply.notes


def test_a_sentence_said_three_times_is_not_held_against_the_model(with_model):
    assistant, _ = with_model(script(TRUE, TRUE, TRUE))
    reply = finished(assistant).reply
    assert texts(reply) == [f"{TRUE}."]
    assert reply.mode == "test-model"
    assert reply.notes == ()


def test_what_a_failed_call_took_is_told(with_model):
    assistant, _ = with_model([f"{TRUE} [1]. ", ModelTrouble("cut_off", "test-model")])
    usage = finished(assistant).usage
    assert usage is not None
    assert usage.input_tokens
