"""Right-to-left pages put in order from the places of their characters."""

from __future__ import annotations

from itertools import pairwise

import pytest

from evals.bench.pdf_made import INJECTED, typeset
from evals.bench.pdf_truth import cut, found, words
from ingest.pdf import read_pdf
from ingest.types import RawDocument
from tests.pdf_maker import Row, make_rtl_pdf

LINES = [
    "عقد المجلس جلساته في المدينة",
    "حضر ممثلون من ثلاث بلديات",
    "كتب المقرر محضر اللقاء",
]


def text(raw: RawDocument) -> str:
    return "\n".join(block.text for page in raw.pages for block in page.blocks)


def read(*rows: Row, spaces: bool = True) -> str:
    return text(read_pdf(make_rtl_pdf([list(rows)], spaces), "x.pdf"))


def printed(line: str, **latin: str) -> list[str]:
    """Glyphs from the right: Arabic as it is read, the words of `latin` as they look there."""
    for name, word in latin.items():
        line = line.replace(name, word[::-1])
    return list(line)


@pytest.mark.parametrize("pieces", ["visual", "logical"])
@pytest.mark.parametrize("spaces", [True, False])
def test_words_in_files_of_either_order_with_and_without_spaces(pieces: str, spaces: bool) -> None:
    rows = [Row(printed(line), 700 - 60 * i, pieces=pieces) for i, line in enumerate(LINES)]
    assert read(*rows, spaces=spaces).split("\n") == LINES


@pytest.mark.parametrize("pieces", ["visual", "logical"])
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("عقد سنة N في المدينة", "عقد سنة 2024 في المدينة"),
        ("عقد سنة I في المدينة", "عقد سنة ٢٠٢٤ في المدينة"),
        ("من R حتى اليوم", "من ٢٠١٧-٢٠١٩ حتى اليوم"),
        ("أطلقت شبكة L برنامجها", "أطلقت شبكة Strong Cities (SCN) برنامجها"),
        ("أطلقت خطة (S) ثم غيرها", "أطلقت خطة (HURIA) ثم غيرها"),
        ("أطلقت خطة )S( ثم غيرها", "أطلقت خطة (HURIA) ثم غيرها"),
    ],
)
def test_figures_and_latin_words_among_arabic_ones(pieces: str, line: str, said: str) -> None:
    inside = {
        "N": "2024",
        "I": "٢٠٢٤",
        "R": "٢٠١٩-٢٠١٧",
        "L": "Strong Cities (SCN)",
        "S": "HURIA",
    }
    name = next(name for name in inside if name in line)
    assert read(Row(printed(line, **{name: inside[name]}), 700, pieces=pieces)) == said


@pytest.mark.parametrize("pieces", ["visual", "logical"])
@pytest.mark.parametrize("ligature", ["لا", "ال"])
def test_ligatures_named_forwards_or_backwards(pieces: str, ligature: str) -> None:
    glyphs = [*"انتهى الس", ligature, *"م والك", ligature, "م"]
    assert read(Row(glyphs, 700, pieces=pieces)) == "انتهى السلام والكلام"


def test_presentation_forms_become_letters_in_their_order() -> None:
    glyphs = list("ﺍﻟﺴﻼﻡ ﻓﻲ ﺍﻟﻤﺪﻳﻨﺔ ﻭﻓﻲ ﺍﻟﻌﺎﻟﻢ")
    for pieces in ("visual", "logical"):
        assert read(Row(glyphs, 700, pieces=pieces)) == "السلام في المدينة وفي العالم"


def test_a_mark_on_a_line_of_its_own_comes_behind_its_letter() -> None:
    row = Row(list("شكرا لكم"), 700, pieces="logical")
    mark = Row(["ً"], 702, right=523 - 2.6 * 6, pieces="logical")
    assert read(row, mark) == "شكرًا لكم"


def test_two_columns_are_read_one_after_the_other() -> None:
    columns = [
        Row(printed(f"{line} {side}"), 700 - 14 * i, right=right, size=9)
        for side, right in (("يمينا", 523), ("يسارا", 280))
        for i, line in enumerate(LINES)
    ]
    said = read(*columns).replace("\n", " ")
    assert said == " ".join(f"{line} {side}" for side in ("يمينا", "يسارا") for line in LINES)


def test_cells_of_a_row_are_read_from_the_right() -> None:
    cells = [
        Row(list("✓"), 700, right=200),
        Row(printed("تحقق من المدينة"), 700, right=470),
        Row(list("2.8.1"), 700, right=523),
    ]
    assert read(*cells) == "1.8.2 تحقق من المدينة ✓"


def test_what_typst_sets_is_found_again() -> None:
    said = [*INJECTED, *LINES]
    read_again = text(read_pdf(typeset(said, 1), "x.pdf"))
    shares = found(words(read_again), words("\n".join(said)))
    assert min(shares.words) > 0.99 and min(shares.bigrams) > 0.98


def test_measure_of_order() -> None:
    one = words("ال*مدن* 2024, المُدُن")
    assert one == ["ال", "مدن", "2024", "المدن"]
    assert found(["a", "b", "b"], ["b", "a"]).words == (2 / 3, 1)
    assert found(["b", "a"], ["a", "b"]).bigrams == (0, 0)
    source = ["a", "b", "c", "d", "e", "f"]
    assert cut(["a", "b", "c"], ["d", "e", "f"], source) in (2, 3)
    assert len(list(pairwise(source))) == 5
