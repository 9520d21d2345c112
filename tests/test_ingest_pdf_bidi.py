"""From a printed row to the text it says. Rows are written here as they are printed, from the
left, with brackets as they look, and handed over from the right."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.pdf_bidi import as_read


def read(printed: str, right_to_left: bool = True) -> str:
    return as_read(printed[::-1], right_to_left)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("ةنيدملا يف ندملا", "المدن في المدينة"),
        ("ةنيدملا يف 2024 ماع", "عام 2024 في المدينة"),
        ("ةنيدملا يف ٢٠٢٤ ماع", "عام ٢٠٢٤ في المدينة"),
        ("فلأ 3,450.75 غلبم", "مبلغ 3,450.75 ألف"),
        ("نم 14/05/2023 موي", "يوم 14/05/2023 من"),
        (".2009 ماع يف", "في عام 2009."),
        ("نم %12.5 ةبسن", "نسبة 12.5% من"),
        ("نم 12.5% ةبسن", "نسبة 12.5% من"),
    ],
)
def test_figures_of_both_kinds_keep_their_order(printed: str, said: str) -> None:
    assert read(printed) == said


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("نيب 2019-2017 ةرتفلا", "الفترة 2017-2019 بين"),
        ("نيب ٢٠١٩-٢٠١٧ ةرتفلا", "الفترة ٢٠١٧-٢٠١٩ بين"),
        ("نم NIST 800-63 ريياعم", "معايير NIST 800-63 من"),
        ("2017-2019", "2017-2019"),
    ],
)
def test_ranges_are_printed_from_the_right_after_arabic_letters(printed: str, said: str) -> None:
    assert read(printed) == said


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("مث Strong Cities Network ةكبش", "شبكة Strong Cities Network ثم"),
        ("مث Mike, Jeff نم", "من Mike, Jeff ثم"),
        ("مث Jeff ,Mike نم", "من Mike, Jeff ثم"),
        ("مث CI / CD و", "و CI / CD ثم"),
        ("مث 4.0 ASVS رايعم", "معيار ASVS 4.0 ثم"),
        ("مث ASVS 4.0 رايعم", "معيار ASVS 4.0 ثم"),
        ("مث https://a.org/b-c عقوم", "موقع https://a.org/b-c ثم"),
        ("random- ريغتم", "متغير random-"),
        (".based key storage", "based key storage."),
    ],
)
def test_latin_words_are_read_from_the_left(printed: str, said: str) -> None:
    assert read(printed) == said


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("نم (ندملا ةكبش) ةصاخ", "خاصة (شبكة المدن) من"),
        ("نم )ندملا ةكبش( ةصاخ", "خاصة (شبكة المدن) من"),
        ("مث Module (TPM) ةدحو", "وحدة Module (TPM) ثم"),
        ("مث (TPM) Module ةدحو", "وحدة Module (TPM) ثم"),
        ("مث (Module (TPM ةدحو", "وحدة Module (TPM) ثم"),
        ("(C7) .alternative paths ريغ", "غير alternative paths. (C7)"),
        ("لاق «ندملا معدن» مث", "ثم «ندعم المدن» قال"),
        ("[فرصتب] فاضأ", "أضاف [بتصرف]"),
        ("(2023) ةثلاثلاو (2022) ةيناثلا", "الثانية (2022) والثالثة (2023)"),
    ],
)
def test_brackets_face_what_they_hold_however_the_file_names_them(printed: str, said: str) -> None:
    assert read(printed) == said


def test_cells_are_read_from_the_right() -> None:
    assert read("613\t✓\tنم ققحت\t1.8.2") == "1.8.2 تحقق من ✓ 613"
    assert read("CWE\tL3\tL2\tL1") == "L1 L2 L3 CWE"


def test_arabic_words_in_a_latin_row() -> None:
    assert read("The council (ندملا ةكبش) met", False) == "The council (شبكة المدن) met"
    assert read("In 2 ندملا 3 of them", False) == "In 2 المدن 3 of them"


def test_nothing_but_signs() -> None:
    assert read("") == "" and read("---") == "---" and read("a < b", False) == "a < b"


PIECES = [*"ابة٢3.5-+%/()[]<>«» \t\n", "ab", "x1", "ً", "￼", "2019-2017", "،", '"', "\u202e"]
FACING = str.maketrans(")]}>»", "([{<«")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.booleans())
def test_no_character_is_lost_or_added(row: str, right_to_left: bool) -> None:
    said = as_read(row, right_to_left)
    counts = [Counter(text.replace("\t", " ").translate(FACING)) for text in (row, said)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("piece", [".", "a.", "ا.", " (", ") a", "ا 1-", "\t", "- ", "ا(a) "])
def test_long_rows_take_no_longer_than_their_length(piece: str) -> None:
    row = "ا" + piece * 20_000 + "b"
    assert len(as_read(row)) == len(as_read(row, False)) == len(row)
