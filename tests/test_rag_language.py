"""Which language a text is in: short questions, mixed scripts, and real pages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.words.language import detect, direction

SHARED = Path(__file__).resolve().parents[2] / "shared"
FLORES = SHARED / "data/eval/flores200-devtest/datasets/facebook/flores/flores200_dataset/devtest"
OURS = ("en", "ar", "fr", "es")

QUESTIONS = [
    ("ما هو NLC؟", "ar"),
    ("What is مجلس الوقاية المحلي?", "en"),
    ("Who is متوفو?", "en"),
    ("من هو Kostadin Kostadinov mayor of Strumica North Macedonia", "ar"),
    ("قارن بين Homa Bay و Strumica", "ar"),
    ("خطط عمل المقاطعات", "ar"),
    ("Qui est le maire ?", "fr"),
    ("Où ?", "fr"),
    ("plans d'action comtés Kenya", "fr"),
    ("¿Quién es Kostadinov?", "es"),
    ("Qué es NLC", "es"),
    ("county action plans Kenya", "en"),
    ("What does Strumica do?", "en"),
]


@pytest.mark.parametrize(("question", "language"), QUESTIONS)
def test_a_short_question_is_told_by_its_function_words(question, language):
    assert detect(question, OURS, "en") == language


@pytest.mark.parametrize("text", ["", " ", "😀", "123", "NLC", "Strumica", "Kenya?", "؟", "\ud800"])
def test_nothing_to_go_by_gives_the_default(text):
    assert detect(text, OURS, "xx") == "xx"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("این گزارش درباره شهرهای قوی است و در آن از شهرداران نام برده شده است", "fa"),
        ("یہ رپورٹ مضبوط شہروں کے بارے میں ہے", "ur"),
        ("Градоначалникот на Струмица ќе зборува за искуствата на општината", "mk"),
        ("Мэр города рассказал о том, что было сделано в этом году", "ru"),
        ("Τι είναι το NLC;", "el"),
        ("מהי מועצה מקומית?", "he"),
        ("東京の市長は誰ですか", "ja"),
        ("市长是谁？", "zh"),
        ("시장은 누구입니까?", "ko"),
        ("Wie leidt de raad en wat doet de gemeente?", "nl"),
    ],
)
def test_script_and_letters_tell_other_languages(text, language):
    assert detect(text) == language


def test_a_script_no_candidate_uses_gives_the_default():
    assert detect("Кто мэр города?", OURS, "en") == "en"


def test_plain_questions_do_not_load_the_model():
    questions = [q for q, _ in QUESTIONS if len(q.split()) > 2 and "Kenya" not in q]
    code = (
        "import sys; from rag.words.language import detect\n"
        f"for q in {questions!r}: detect(q, ('en', 'ar', 'fr', 'es'), 'en')\n"
        "assert 'py3langid' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("language", "runs"), [("ar", "rtl"), ("fa-IR", "rtl"), ("en", "ltr"), ("und", "ltr")]
)
def test_direction(language, runs):
    assert direction(language) == runs


@given(st.text(), st.one_of(st.none(), st.lists(st.sampled_from(["en", "ar", "zz", ""]))))
def test_it_never_raises_and_keeps_to_the_candidates(text, candidates):
    found = detect(text, candidates, "und")
    assert found == "und" or candidates is None or found in candidates


@pytest.mark.skipif(not SHARED.exists(), reason="needs the reference folder shared/")
def test_every_real_page_gets_its_language():
    wrong = {}
    for path in sorted((SHARED / "real/pages").glob("*.txt")):
        found = detect(path.read_text(encoding="utf-8").split("\n", 1)[1])
        if found != path.name.split("_")[2]:
            wrong[path.name] = found
    assert not wrong


@pytest.mark.skipif(not FLORES.exists(), reason="needs FLORES-200 devtest in shared/")
@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "eng_Latn"), ("ar", "arb_Arab"), ("fr", "fra_Latn"), ("es", "spa_Latn")],
)
def test_flores_sentences_and_fragments(language, name):
    sentences = (FLORES / f"{name}.devtest").read_text(encoding="utf-8").splitlines()
    whole = sum(detect(s) == language for s in sentences) / len(sentences)
    fragments = [" ".join(s.split()[i % 7 :][:5]) for i, s in enumerate(sentences)]
    short = sum(detect(f, OURS, "und") == language for f in fragments) / len(fragments)
    assert whole >= 0.999  # measured: 1.000 for all four
    assert short >= 0.97  # measured, five words: en 0.994, ar 0.999, fr 0.985, es 0.995
