"""Questions as people type them, over the sample collection: a sensible result or a plain
decline, never an error."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.question.mentions import tokens
from rag.types import Answer, Declined

KENYA = "kenya-county-action-plans"
ABOUT_KENYA = (KENYA, "kenya-47-counties-deadline")
STRUMICA = "strumica-local-prevention-council"
ASKED = "How did Kenya structure its county action plans?"


def works(assistant, documents):
    """The works that documents are versions of, in order."""
    found = [assistant.generation.store.find_document(name) for name in documents]
    return [entry[1].work_id for entry in found if entry is not None]


def quoted(assistant, question):
    """(reply, works it quotes)."""
    reply = assistant.answer(question).reply
    evidence = reply.evidence if isinstance(reply, Answer) else ()
    return reply, works(assistant, [item.quote.document_id for item in evidence])


def found(assistant, question, k=3):
    """Works of the first passages."""
    hits = assistant.search(question, k)
    return works(assistant, [hit.passage.document_id for hit in hits])


@pytest.mark.parametrize(
    ("question", "work"),
    [
        (ASKED.upper(), KENYA),
        ("WHAT DOES THE STRUMICA LOCAL PREVENTION COUNCIL DO?", STRUMICA),
        ("COMMENT LE KENYA A-T-IL STRUCTURÉ SES PLANS D'ACTION DE COMTÉ ?", KENYA),
        ("¿CÓMO ESTRUCTURÓ KENIA LOS PLANES DE ACCIÓN DE LOS CONDADOS?", KENYA),
        (ASKED.lower().rstrip("?"), KENYA),
    ],
)
def test_capitals_and_their_absence_change_nothing(assistant, question, work):
    reply, cited = quoted(assistant, question)
    assert isinstance(reply, Answer)
    assert work in cited


@pytest.mark.parametrize(
    ("question", "work"),
    [
        ("How did Kenia struture its conty acton plans?", KENYA),
        ("how did kenya strcuture its conuty action palns", KENYA),
        ("Hwo did Keyna strutcure its cuonty atcion plasn?", KENYA),
        ("what does the strumcia local preventoin council do?", STRUMICA),
        ("What does the Strumica locl prevetion councl do?", STRUMICA),
        ("Comment le Kenya a-t-il strcturé ses plans d'acton de comté ?", KENYA),
        ("¿Cómo estructruó Kenia los planes de acción de los condaos?", KENYA),
    ],
)
def test_typing_mistakes_still_find_and_quote_the_document(assistant, question, work):
    assert found(assistant, question)[0] == work
    reply, cited = quoted(assistant, question)
    assert isinstance(reply, Answer)
    assert work in cited


@pytest.mark.parametrize(
    "question",
    ["كيف نظمت كنيا خطط عمل المقاطعت", "كيف نظمت كينيا خطط عمل المقطعات؟"],
)
def test_arabic_typing_mistakes_still_find_the_document(assistant, question):
    assert KENYA in found(assistant, question)
    reply, cited = quoted(assistant, question)
    assert isinstance(reply, Answer)
    assert set(cited) <= set(ABOUT_KENYA)
    assert KENYA in cited


@pytest.mark.parametrize(
    "question",
    [
        "ازاي كينيا عملت خطط عمل المقاطعات؟",  # Egypt
        "شو عملت كينيا بخطط المقاطعات؟",  # the Levant
        "كيفاش كينيا دارت خطط العمل ديال المقاطعات؟",  # Morocco
        "شلون سوت كينيا خطط عمل المقاطعات؟",  # the Gulf
    ],
)
def test_a_question_in_dialect_is_answered(assistant, question):
    reply, cited = quoted(assistant, question)
    assert isinstance(reply, Answer)
    assert reply.language == "ar"
    assert set(cited) <= set(ABOUT_KENYA)
    assert KENYA in cited


@pytest.mark.parametrize(
    "question",
    [
        "How did كينيا structure its خطط عمل المقاطعات?",
        "كيف نظمت Kenya خطط county action plans؟",
        "How did Kenya structure its plans d'action de comté?",
    ],
)
def test_mixed_scripts_and_languages_are_answered(assistant, question):
    reply, cited = quoted(assistant, question)
    assert isinstance(reply, Answer)
    assert cited[0] in ABOUT_KENYA


@pytest.mark.parametrize(
    "question",
    [
        "kif nazzamat kenya khotat 3amal al mo9ata3at?",
        "ezay kenya 3amalet 5otat el mo2at3at?",
    ],
)
def test_arabizi_is_not_answered(assistant, question):
    """Arabic in Latin letters is read by nobody here."""
    assert isinstance(assistant.answer(question).reply, Declined)


@pytest.mark.parametrize(
    "question",
    [
        "Kenya ilçe eylem planlarını nasıl yapılandırdı?",
        "Jinsi Kenya ilivyopanga mipango ya utekelezaji ya kaunti?",
        "Wie hat Kenia die Aktionspläne der Bezirke strukturiert?",
    ],
)
def test_a_language_without_an_index_finds_and_is_marked(assistant, question):
    """The encoder knows it; the words of no index do, so the answer is marked or declined."""
    assert "kenya" in found(assistant, question)[0] or "kenia" in found(assistant, question)[0]
    reply = assistant.answer(question).reply
    assert isinstance(reply, Declined) or reply.status == "partial"


@pytest.mark.parametrize(
    "question",
    [
        "ケニアは郡の行動計画をどのように構成しましたか？",
        "肯尼亚如何制定县行动计划？",
        "Как Кения структурировала планы действий округов?",
        "เคนยาจัดโครงสร้างแผนปฏิบัติการอย่างไร",
        "ኬንያ የካውንቲ የድርጊት መርሃ ግብሮቿን እንዴት አዋቀረች?",
        "ꙮꙮꙮ ᚠᚢᚦ",
    ],
)
def test_a_script_that_no_document_is_in_is_never_taken_for_answered(assistant, question):
    """The encoder may know the language and find what comes close; words cannot bear it out."""
    reply = assistant.answer(question).reply
    assert isinstance(reply, Declined) or reply.status == "partial"


@pytest.mark.parametrize(
    ("question", "work"),
    [("Strumica", STRUMICA), ("كينيا", KENYA), ("Nansana", "nansana"), ("kenya", "kenya")],
)
def test_one_word_is_answered_from_what_is_about_it(assistant, question, work):
    reply, cited = quoted(assistant, question)
    assert isinstance(reply, Answer)
    assert work in cited[0]


@pytest.mark.parametrize("question", ["12345", "0", "٣٤٥٦٧", "3.14159", "+1 555 0100"])
def test_digits_that_no_document_holds_are_declined(assistant, question):
    assert isinstance(assistant.answer(question).reply, Declined)


@pytest.mark.parametrize("question", ["47", "٤٧"])
def test_digits_that_documents_hold_are_quoted_with_them(assistant, question):
    reply = assistant.answer(question).reply
    assert isinstance(reply, Answer)
    assert all(re.search("47|٤٧|forty-seven", s.text.lower()) for s in reply.sentences)


@pytest.mark.parametrize(
    "question",
    [
        "", " ", "\n\t", "😀🎉", "🇰🇪", "👩‍👩‍👧‍👦", "???!!!", "...", "؟؟؟", "«»", "-" * 1000,
        "\u200b\u200d\ufeff", "\u202e\u202c", "\x00", "\x00\x01\x02",
    ],
)  # fmt: skip
def test_what_holds_no_word_is_said_to_be_no_question(assistant, question):
    reply = assistant.answer(question).reply
    assert isinstance(reply, Declined)
    assert reply.reason == "not_a_question"


def spread(text, mark):
    return mark.join(text)


@pytest.mark.parametrize(
    "question",
    [
        f"🇰🇪 {ASKED} 😀",
        f"\u202e{ASKED}\u202c",
        f"\u200f{ASKED}\u200e",
        spread(ASKED, "\u200b"),
        f"\ufeff{ASKED}\x00",
        ASKED.replace(" ", "\u00a0"),
        ASKED.replace(" ", "   \n\t"),
        unicodedata.normalize("NFD", ASKED),
        "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in ASKED),  # full width
        f"???!!! {ASKED} ...",
    ],
    ids=[
        "emoji", "order overridden", "direction marks", "zero-width spaces", "BOM and NUL",
        "no-break spaces", "spaces and lines", "decomposed", "full width", "punctuation",
    ],
)  # fmt: skip
def test_what_a_reader_does_not_see_changes_nothing(assistant, question):
    reply, cited = quoted(assistant, question)
    assert isinstance(reply, Answer)
    assert cited[0] == KENYA


def test_a_thousand_characters_are_answered(assistant):
    question = f"{ASKED} {'Please tell me what the counties of Kenya planned. ' * 30}"[:1000]
    reply, cited = quoted(assistant, question)
    assert isinstance(reply, Answer)
    assert set(cited) <= set(ABOUT_KENYA)


def test_one_character_more_is_declined(assistant):
    reply = assistant.answer("a" * 1001).reply
    assert isinstance(reply, Declined)
    assert reply.reason == "too_long"


@pytest.mark.parametrize("question", ["a" * 1000, "x " * 500, "كينيا" * 200, "zzz qqq xxx"])
def test_noise_is_declined(assistant, question):
    assert isinstance(assistant.answer(question).reply, Declined)


ODD = st.one_of(
    st.text(max_size=200),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn", "So", "Nd"]), max_size=60),
    st.text(st.sampled_from("أبتثجحخد ؟،٠١٢٣\u0640\u064b\u200f"), max_size=80),
    st.lists(
        st.sampled_from(["kenya", "كينيا", "3amal", "47", "😀", "\x00", "\u202e", "?", "ÇA"]),
        max_size=12,
    ).map(" ".join),
)  # fmt: skip


@given(question=ODD)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_text_is_an_error(assistant, question):
    assert isinstance(assistant.answer(question).reply, Answer | Declined)
    assistant.search(question[:1000], 3)


@pytest.mark.parametrize("mark", ["\u0640", "\u064b\u0651", "ʹ", "\u02b9 Kenya", "ـ في كينيا"])
def test_marks_of_which_nothing_is_left_are_no_words(mark):
    assert all(token.folded for token in tokens(f"who {mark} ?"))
