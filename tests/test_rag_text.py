import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.words.text import fold, grams, index_terms, stem_arabic, terms, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Prévention", "prevention"),
        ("الأُمَّة", "الامه"),
        ("مـــدينة", "مدينه"),
        ("٢٠٢٤", "2024"),
        ("۱۹", "19"),
        ("ﻼ", "لا"),
        ("Maroš Chmelík", "maros chmelik"),
        ("ﬁnance", "finance"),
    ],
)
def test_spellings_of_one_word_fold_alike(one, other):
    assert fold(one) == fold(other)


def test_question_words_carry_no_topic():
    assert terms("How did Kenya structure its county action plans?", "en") == [
        "kenya", "structur", "counti", "action", "plan",
    ]  # fmt: skip


def test_french_elision_leaves_the_noun():
    assert terms("L'État a-t-il structuré les plans d'action ?", "fr") == [
        "etat", "structur", "plan", "action",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "stem"),
    [("والحكومات", "حكوم"), ("المقاطعات", "مقاطع"), ("للوقايه", "وقا"), ("بلدياتها", "بلديا")],
)
def test_arabic_light_stem(word, stem):
    assert stem_arabic(word) == stem


def test_foreign_names_in_arabic_text_stay_whole():
    assert "nlc" in terms("ما هو التعاون (NLC)؟", "ar")


def test_a_gram_never_equals_a_word():
    assert not set(grams(["plan"])) & {"plan", "_plan_"}


def test_arabic_index_terms_hold_stems_and_grams():
    found = index_terms("البلديات", "ar")
    assert found[0] == "بلد" or found[0] in terms("البلديات", "ar")
    assert any(term.startswith("\x01") for term in found)


def test_scripts_without_spaces_give_bigrams():
    assert words(fold("城市网络")) == ["城市", "市网", "网络"]


@given(st.text(max_size=200), st.sampled_from(["en", "ar", "fr", "es", "ru", "hi", "und", "xx"]))
def test_any_text_has_terms_or_none(text, language):
    assert all(isinstance(term, str) and term for term in index_terms(text, language))


@given(st.text(max_size=100))
def test_folding_twice_changes_nothing_more(text):
    once = fold(text)
    assert words(fold(once)) == words(once)
