"""Passages: exact spans, whole sentences, decent sizes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.split import TABLE, SplitLimits, split
from ingest.types import CleanPage
from rag.types import SourceDocument
from rag.words.sentences import split_sentences

DOCUMENT = SourceDocument(id="a.md", work_id="a", title="A", language="en")


def page(*blocks, number=1):
    """A page from (kind, level, text) blocks."""
    text, placed = "", []
    for kind, level, words in blocks:
        text += "\n" if placed else ""
        placed.append((kind, level, len(text), len(text) + len(words)))
        text += words
    return CleanPage(number, "", text, tuple(placed), tuple(range(len(text))))


def words(n, word="word"):
    """A sentence of n words."""
    return " ".join([word.capitalize(), *[word] * (n - 2), "end."])


def heading(text, level=1):
    return ("heading", level, text)


def paragraph(*sentences):
    return ("paragraph", 0, " ".join(sentences))


def sizes(passages):
    return [len(p.text.split()) for p in passages]


def test_a_section_is_packed_at_sentence_ends():
    one = page(heading("Title"), paragraph(*[words(30) for _ in range(15)]))
    passages = split(DOCUMENT, [one])
    assert [p.headings for p in passages] == [("Title",)] * len(passages)
    assert all(80 <= size <= 200 for size in sizes(passages))
    assert sum(sizes(passages)) == 450
    assert [p.position for p in passages] == list(range(len(passages)))


def test_paragraph_ends_are_preferred():
    blocks = [paragraph(words(50), words(50)) for _ in range(3)]
    assert sizes(split(DOCUMENT, [page(heading("T"), *blocks)])) == [200, 100]
    uneven = [paragraph(words(90), words(60)), paragraph(words(40), words(60))]
    assert sizes(split(DOCUMENT, [page(heading("T"), *uneven)])) == [150, 100]


def test_short_neighbours_share_a_passage_with_their_headings():
    one = page(
        heading("Title"),
        heading("Denmark", 2), paragraph(words(30)),
        heading("Finland", 2), paragraph(words(40)),
    )  # fmt: skip
    (passage,) = split(DOCUMENT, [one])
    assert passage.headings == ("Title",)
    assert "Denmark" in passage.text
    assert "Finland" in passage.text


def test_a_passage_that_is_long_enough_keeps_its_own_heading():
    one = page(
        heading("Title"),
        heading("Denmark", 2), paragraph(words(150)),
        heading("Finland", 2), paragraph(words(150)),
    )  # fmt: skip
    assert [p.headings for p in split(DOCUMENT, [one])] == [
        ("Title", "Denmark"),
        ("Title", "Finland"),
    ]


def test_headings_go_on_to_the_next_page_and_passages_do_not():
    first = page(heading("Title"), heading("Part", 2), paragraph(words(20)))
    second = page(paragraph(words(20)), number=2)
    passages = split(DOCUMENT, [first, second])
    assert [p.page for p in passages] == [1, 2]
    assert passages[1].headings == ("Title", "Part")


def test_a_line_that_introduces_a_list_stays_with_the_list():
    intro = ("paragraph", 0, "The plan has these steps:")
    items = [("list_item", 0, words(30)) for _ in range(3)]
    passages = split(
        DOCUMENT, [page(heading("T"), paragraph(words(100), words(80)), intro, *items)]
    )
    assert passages[1].text.startswith("The plan has these steps:\n")


def test_a_table_that_fits_stays_whole():
    rows = [("table_header", 0, "City | Year")] + [
        ("table_row", 0, f"c{i} | 20{i}") for i in range(9)
    ]
    (passage,) = split(DOCUMENT, [page(heading("T"), *rows)])
    assert passage.text.startswith("City | Year\nc0 | 200\n")


def test_rows_of_a_large_table_carry_its_header():
    rows = [("table_header", 0, "City | What")] + [("table_row", 0, words(50)) for _ in range(9)]
    passages = split(DOCUMENT, [page(heading("T"), *rows, paragraph(words(90)))])
    assert all(p.headings == ("T", TABLE + "City | What") for p in passages[:-1])
    assert passages[-1].headings == ("T",)
    assert max(sizes(passages)) <= 200


def test_a_sentence_longer_than_the_limit_is_its_own_passage():
    long = "Ab " + " ".join(["ab"] * 299) + "."
    passages = split(DOCUMENT, [page(paragraph(words(90), long, words(90)))])
    assert sizes(passages) == [90, 300, 90]


def test_text_without_punctuation_is_cut_all_the_same():
    passages = split(DOCUMENT, [page(paragraph(" ".join(["word"] * 5_000)))])
    assert max(sizes(passages)) <= 240
    assert sum(sizes(passages)) == 5_000


def test_a_heading_over_nothing_is_text():
    one = page(
        heading("Title"),
        heading("Opening hours 9-17", 2),
        heading("Contact", 2),
        paragraph(words(90)),
    )
    assert any("Opening hours" in p.text for p in split(DOCUMENT, [one]))


def test_a_page_of_headings_only_gives_a_passage():
    assert [p.text for p in split(DOCUMENT, [page(heading("A"), heading("B"))])] == ["A\nB"]
    assert split(DOCUMENT, [page()]) == []


SENTENCE = st.integers(2, 60).map(words)
BLOCK = st.one_of(
    st.tuples(
        st.just("heading"), st.integers(1, 4), st.sampled_from(["One", "Two words", "Three"])
    ),
    st.lists(SENTENCE, min_size=1, max_size=8).map(lambda s: paragraph(*s)),
    st.tuples(st.just("list_item"), st.just(0), SENTENCE),
    st.tuples(st.sampled_from(["table_row", "table_header"]), st.just(0), SENTENCE),
    st.tuples(
        st.just("paragraph"), st.just(0), st.text("ab .:\u00a0د؟", min_size=1).filter(str.strip)
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(BLOCK, max_size=12), min_size=1, max_size=3))
def test_every_passage_is_an_exact_span_and_nothing_is_lost(contents):
    pages = [page(*blocks, number=n) for n, blocks in enumerate(contents, 1)]
    passages = split(DOCUMENT, pages)
    assert len({p.id for p in passages}) == len(passages)
    for one in pages:
        own = [p for p in passages if p.page == one.number]
        assert all(one.text[p.start : p.end] == p.text for p in own)
        assert all(a.end <= b.start for a, b in pairwise(own))
        covered = {i for p in own for i in range(p.start, p.end)}
        for kind, _, start, end in one.blocks:
            if kind == "heading":
                continue
            assert all(i in covered or one.text[i].isspace() for i in range(start, end))
            for a, b in split_sentences(one.text[start:end], "en"):
                inside = [p for p in own if p.start < start + b and start + a < p.end]
                assert len(inside) == 1  # no sentence is cut
                assert inside[0].start <= start + a <= start + b <= inside[0].end


@given(st.lists(BLOCK, max_size=15))
@settings(deadline=None)
def test_only_what_cannot_be_cut_is_longer_than_the_limit(blocks):
    limits = SplitLimits(20, 70)
    for passage in split(DOCUMENT, [page(*blocks)], limits):
        if len(passage.text.split()) > 70:
            assert len(split_sentences(passage.text, "en")) == 1 or len(passage.text.split()) <= 73
