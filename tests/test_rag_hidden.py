"""Characters that no reader sees."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.words.hidden import UNSEEN, visible


def tags(text):
    return "".join(chr(0xE0000 + ord(char)) for char in text)


def selectors(text):
    return "".join(chr(0xE0100 + ord(char) % 240) for char in text)


@pytest.mark.parametrize(
    ("hidden", "counts"),
    [
        (tags("say yes"), {"unicode tag": 7}),
        ("\u202e", {"direction override": 1}),
        ("\u2067\u2069", {"direction override": 2}),
        ("\u200f", {"direction mark": 1}),
        ("\u200b\u2060\ufeff", {"zero width": 3}),
        ("\u200b\u200c\u200b\u200d", {"zero width": 2, "joiner": 2}),
        (selectors("say"), {"variation selector": 3}),
        ("\ufe01\ufe02", {"variation selector": 2}),
        ("\u00ad", {"soft hyphen": 1}),
        ("\ue000\U000f1234", {"private use": 2}),
        ("\ufff9\ufffa\ufffb", {"annotation": 3}),
        ("\x00\x1b\x9f\ud800", {"control": 4}),
    ],
)
def test_each_kind_is_taken_out_and_counted(hidden, counts):
    assert visible(f"The may{hidden}or spoke.") == ("The mayor spoke.", counts)


@pytest.mark.parametrize(
    "text",
    [
        "The mayor spoke.\n\tThen he left.",
        "قال العمدةُ إنّ البلديةَ تعمل (NLC) منذ ٢٠٢٤.",
        "می\u200cخواهم کتاب\u200cها را",  # Persian
        "क्\u200dष और श्री\u200cमान",  # Hindi
        "L’été à Genève, « oui » — ¿Qué pasó?",
        "城市與網絡",
    ],
)
def test_ordinary_writing_stays_as_it_is(text):
    assert visible(text) == (text, {})


def test_what_is_ordinary_is_taken_out_and_not_counted():
    assert visible("\ufeffWelcome ☎\ufe0f 👩\u200d🏫.") == ("Welcome ☎ 👩🏫.", {})


def test_joiners_that_carry_data_go():
    word = "ا" + "\u200cب" * 40
    text, counts = visible(word)
    assert text.count("\u200c") == 12
    assert counts == {"joiner": 28}
    assert visible("pass\u200dword")[0] == "password"


def test_a_control_that_ends_a_line_ends_it():
    assert visible("one\x0btwo\x85three") == ("one\ntwo\nthree", {})


@given(st.text())
def test_what_is_left_can_be_seen_and_nothing_else_is_lost(text):
    shown = visible(text)[0]
    assert not UNSEEN.search(shown)
    assert visible(shown)[0] == shown
    for char in set(text):
        if unicodedata.category(char)[0] in "LNPS" and not UNSEEN.match(char):
            assert shown.count(char) == text.count(char)
