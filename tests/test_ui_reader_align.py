"""Boxes around a quote on a printed page: around its letters, or nowhere."""

import os
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from ui.reader.align import Wanted, boxes
from ui.reader.letters import Box, Letter, plain
from ui.reader.measure import measure

SAMPLE = "uganda-strategy-review-and-dialogues.en.pdf"
ARABIC_PDF = os.environ.get("ARABIC_PDF", "")

WORDS = (
    "county action plans were written with elders youth officers and the police of every "
    "village because prevention needs trust between councils ministries schools before money"
).split()
ARABIC = (
    "تعمل المجالس المحلية مع الشرطة والمدارس في كل مدينة لأن الوقاية تحتاج إلى الثقة بين البلديات "
    "والوزارات قبل المال وتجتمع اللجنة كل شهر لبحث شكاوى السكان وخطط الشباب"
).split()
WIDE, TALL = 120, 300  # of a letter, and of a row, in ten-thousandths


def printed(lines, rtl=False, pieces=None):
    """Letters of lines set one under the other; a right-to-left line from its right edge.

    `pieces` cuts each line as some files do: the pieces come in another order, and a ligature
    of lam and alef is written backwards."""
    letters, line, word = [], 0, 0
    for row, words in enumerate(lines):
        placed = []
        for at, character in enumerate(words):
            left = 9000 - WIDE * (at + 1) if rtl else 500 + WIDE * at
            placed.append((character, Box(left, TALL * row, left + WIDE, TALL * row + 250)))
        cuts = [placed]
        if pieces:
            spaces = [i for i, (character, _) in enumerate(placed) if character == " "]
            cut = pieces.choice(spaces) if spaces else 0
            cuts = [placed[cut:], placed[:cut]]
        for piece in cuts:
            line, word = line + 1, word + 1
            for character, box in piece:
                if character == " ":
                    word += 1
                else:
                    letters.append(Letter(character, box, line, word))
    return letters


def under(found, letters):
    return "".join(each.character for each in letters if any(b.holds(each.box) for b in found))


def set_in_lines(words, width):
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


@settings(max_examples=80, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(20, 70))
def test_what_is_boxed_is_the_quote_and_nothing_else(random, width):
    words = random.choices(WORDS, k=120)
    first = random.randrange(100)
    last = first + random.randrange(4, 20)
    page, quote = " ".join(words), " ".join(words[first:last])
    letters = printed(set_in_lines(words, width))
    start = len(" ".join(words[:first])) + (first > 0)
    found = boxes(Wanted(quote, page, start), letters)
    assert under(found, letters) == quote.replace(" ", "")


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(24, 70))
def test_arabic_rows_written_in_pieces_are_boxed_right_or_not_at_all(random, width):
    words = random.sample(ARABIC, len(ARABIC))
    first = random.randrange(len(words) - 8)
    last = first + random.randrange(5, 9)
    page, quote = " ".join(words), " ".join(words[first:last])
    letters = printed(set_in_lines(words, width), rtl=True, pieces=random)
    start = len(" ".join(words[:first])) + (first > 0)
    found = boxes(Wanted(quote, page, start), letters)
    if found:
        assert sorted(under(found, letters)) == sorted(quote.replace(" ", ""))


def test_arabic_rows_written_in_pieces_are_found():
    order = random.Random(3)
    found = 0
    for first in range(len(ARABIC) - 8):
        quote = " ".join(ARABIC[first : first + 8])
        letters = printed(set_in_lines(ARABIC, 40), rtl=True, pieces=order)
        found += bool(boxes(Wanted(quote, " ".join(ARABIC), 0), letters))
    assert found == len(ARABIC) - 8


def test_a_ligature_written_backwards_and_presentation_forms_are_the_same_letters():
    quote = "تعمل المجالس المحلية مع الأهالي والبلاد"
    shown = quote.replace("لأ", "أل").replace("لا", "ال")
    letters = printed([shown], rtl=True)
    assert under(boxes(Wanted(quote, quote, 0), letters), letters) == shown.replace(" ", "")
    initial = {c: unicodedata.lookup(f"ARABIC LETTER {n} ISOLATED FORM") for c, n in
               {"م": "MEEM", "ع": "AIN", "ت": "TEH"}.items()}  # fmt: skip
    shaped = "".join(initial.get(c, c) for c in quote)
    assert boxes(Wanted(quote, quote, 0), printed([shaped], rtl=True))


def test_latin_words_in_an_arabic_row_are_boxed_with_it():
    quote = "تحقق من إعدادات Content Security Policy في كل صفحة من التطبيق"
    row = "تحقق من إعدادات yciloP ytiruceS tnetnoC في كل صفحة من التطبيق"
    letters = printed([row, "سطر آخر لا علاقة له بما سبق من كلام"], rtl=True)
    found = boxes(Wanted(quote, quote, 0), letters)
    assert sorted(under(found, letters)) == sorted(quote.replace(" ", ""))


def test_hyphens_ligatures_and_note_numbers_do_not_hide_a_quote():
    quote = "The office of municipal affairs gave its first grants."
    letters = printed(["The oﬃce of munici", "pal affairs gave its ﬁrst grants.12 More"])
    found = boxes(Wanted(quote, quote, 0), letters)
    assert plain(under(found, letters)).rstrip("12") == plain(quote)


def test_a_quote_that_is_not_there_is_not_boxed():
    page = " ".join(WORDS)
    letters = printed(set_in_lines(WORDS, 50))
    other = "The mayor spoke of roads, bridges and harbours for an hour."
    assert boxes(Wanted(other, page, 0), letters) == ()
    assert boxes(Wanted("", page, 0), letters) == ()
    assert boxes(Wanted(page, page, 0), []) == ()


def test_a_sentence_that_differs_in_a_figure_is_another_sentence():
    lines = ["The council spent 4 million on schools in 2023.",
             "The council spent 9 million on schools in 2024."]  # fmt: skip
    letters, page = printed(lines), "\n".join(lines)
    for line in lines:
        found = boxes(Wanted(line, page, page.index(line)), letters)
        assert under(found, letters) in line.replace(" ", "")
        assert plain(under(found, letters)) == plain(line)
    third = "The council spent 7 million on schools in 2025."
    assert boxes(Wanted(third, page, 0), letters) == ()


def test_a_repeated_sentence_is_boxed_where_it_is_quoted():
    said = "Plans are public."
    lines = [said, "Budgets are not.", said]
    letters, page = printed(lines), "\n".join(lines)
    first = boxes(Wanted(said, page, 0), letters)
    second = boxes(Wanted(said, page, page.rindex(said)), letters)
    assert first[0].top == 0
    assert second[0].top == 2 * TALL


def test_a_sentence_printed_twice_and_stored_once_is_not_boxed():
    said = "Plans are public."
    letters = printed([said, "Budgets are not.", said])
    assert boxes(Wanted(said, f"{said}\nBudgets are not.", 0), letters) == ()


def test_a_word_is_not_found_inside_another():
    assert boxes(Wanted("plan", "plan", 0), printed(["planning", "explanation"])) == ()


def test_two_columns_are_not_joined_by_a_box():
    left = ["alpha beta gamma", "delta epsilon zeta"]
    letters = printed(left)
    for row, words in enumerate(["one two three", "four five six"]):
        for at, character in enumerate(words):
            box = Box(6000 + WIDE * at, TALL * row, 6000 + WIDE * (at + 1), TALL * row + 250)
            if character != " ":
                letters.append(Letter(character, box, 50 + row, 500 + row * 10 + at))
    page = "alpha beta gamma delta epsilon zeta one two three four five six"
    found = boxes(Wanted("gamma delta epsilon zeta", page, 11), letters)
    assert under(found, letters) == "gammadeltaepsilonzeta"


@pytest.mark.parametrize("hostile", ["\u202e", "\ufffe", "\u0000", "𝒳" * 50, "ﷺ" * 30])
def test_odd_characters_are_no_trouble(hostile):
    letters = printed([f"words {hostile} words"])
    assert isinstance(boxes(Wanted(f"words {hostile}", "words", 0), letters), tuple)


# Real files


def test_every_sentence_of_the_sample_pdf_is_boxed_right():
    tally = measure((ROOT / "docs_corpus" / SAMPLE).read_bytes(), SAMPLE)
    assert tally.sentences > 40
    assert tally.boxed == tally.right == tally.sentences
    assert (tally.missing, tally.strange) == (0, 0)


@pytest.mark.slow
@pytest.mark.skipif(not ARABIC_PDF, reason="ARABIC_PDF names no file")
def test_sentences_of_an_arabic_pdf_are_boxed_right_or_not_at_all():
    tally = measure(Path(ARABIC_PDF).read_bytes(), "arabic.pdf")
    assert tally.boxed > 0.9 * tally.sentences
    assert tally.wrong == []
