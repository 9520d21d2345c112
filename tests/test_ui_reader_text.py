"""Places, addresses and the clean text: what is marked is the quote, or nothing is."""

import html
import re
from itertools import pairwise
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.types import Page, SourceDocument
from ui.reader.deep_link import deep_link, directive
from ui.reader.place import Asked, Place, address, asked_of, check_of, span_in
from ui.reader.text_html import LONGEST, page_html, part_at, parts

TEXT = (
    "Local councils\nThe council meets monthly. Its meetings are open.\nIt has three tasks:\n"
    "1. Safety\n2. Trust\nCity | Members\nStrumica | 12\nKumanovo | 9\n"
    "Sources: https://one.example https://two.example"
)


def page_of(text, asides=(), items=()):
    def span(words):
        return text.index(words), text.index(words) + len(words)

    return Page(1, text, "", tuple(map(span, asides)), tuple(map(span, items)))


PAGE = page_of(
    TEXT,
    asides=["Local councils", "City | Members", "Sources: https://one.example https://two.example"],
    items=["1. Safety", "2. Trust", "Strumica | 12", "Kumanovo | 9"],
)


def whole(page, mark=None):
    return page_html(page, (0, len(page.text)), mark, 2)


def marked(shown):
    return html.unescape("".join(re.findall(r"<mark[^>]*>(.*?)</mark>", shown)))


def bare(shown):
    return html.unescape(re.sub(r"<[^>]+>", "", shown))


@pytest.mark.parametrize("heading", ["What are local councils?", "ما هي المجالس المحلية؟"])
def test_a_heading_may_ask(heading):
    shown = whole(page_of(f"{heading}\nThey meet monthly.", asides=[heading]))
    assert shown == f"<h2>{heading}</h2><p>They meet monthly.</p>"


def test_headings_lists_and_tables_stand_as_such():
    shown = whole(PAGE)
    assert "<h2>Local councils</h2>" in shown
    assert shown.count("<li") == 2
    assert "<tr><th>City</th><th>Members</th></tr><tr><td>Strumica</td><td>12</td></tr>" in shown
    assert '<p class="sanad-aside">Sources' in shown
    assert "<p>The council meets monthly. Its meetings are open.</p>" in shown


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(TEXT)), st.integers(0, len(TEXT)))
def test_what_is_marked_is_exactly_the_span(a, b):
    start, end = sorted((a, b))
    span = PAGE.text[start:end]
    kept = span.replace("\n", "").replace(" | ", "")
    shown = whole(PAGE, (start, end) if start < end else None)
    # A cut between the cells of a row is no text.
    assert marked(shown).replace(" | ", "") in (kept, kept.strip(" |"), kept.rstrip(" |"),
                                                kept.lstrip(" |"))  # fmt: skip
    assert shown.count('id="quote"') <= 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_any_text_is_data_and_whole(text, a, b):
    start, end = sorted((min(a, len(text)), min(b, len(text))))
    shown = whole(Page(1, text), (start, end))
    assert re.sub(r"</?(p|mark)( id=\"quote\")?>", "", shown).count("<") == 0
    from ui.markup import UNSEEN

    kept = "".join(line for line in text.split("\n") if line.strip())
    assert bare(shown) == UNSEEN.sub("", kept)


def test_markup_in_a_document_is_only_text():
    shown = whole(Page(1, '<img src=x onerror="alert(1)">\n<script>alert(2)</script>'))
    assert "<img" not in shown and "<script" not in shown
    assert "&lt;script&gt;" in shown


def test_a_long_page_is_shown_in_parts_that_lose_nothing():
    text = "\n".join(f"Paragraph {n} " + "words and more " * 40 for n in range(120))
    spans = parts(text)
    assert len(spans) > 4
    assert spans[0][0] == 0 and spans[-1][1] == len(text)
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    assert all(end - start <= LONGEST for start, end in spans)
    assert "".join(text[a:b] for a, b in spans) == text
    quote = text.index("Paragraph 100")
    k = part_at(text, -1, (quote, quote + 20))
    assert spans[k][0] <= quote < spans[k][1]
    assert part_at(text, 0, (quote, quote + 20)) == 0  # the reader has turned back
    assert parts("x" * 30_000)[-1][1] == 30_000


def test_a_quote_across_the_end_of_a_part_is_shown_whole():
    text = "\n".join("Sentence number so and so of a long page." for _ in range(700))
    (_, cut), *_ = parts(text)
    mark = (cut - 42, cut + 41)
    shown = page_html(Page(1, text), parts(text)[0], mark, 2)
    assert marked(shown) == text[slice(*mark)].replace("\n", "")


# Places


QUOTE = "Its meetings are open."
START = TEXT.index(QUOTE)
GOOD = Place("d", 1, START, START + len(QUOTE), check_of(QUOTE))


def span(place, generation="", now="g1"):
    return span_in(TEXT, Asked(place, generation=generation), now)


def test_a_quote_that_is_there_is_marked():
    assert span(GOOD) == (START, START + len(QUOTE))
    unchecked = Place("d", 1, START, START + len(QUOTE))
    assert span(unchecked) == span(unchecked, "g1") == (START, START + len(QUOTE))


@pytest.mark.parametrize(
    "place",
    [
        Place("d", 1, START, START + len(QUOTE), check_of("Its meetings are closed.")),
        Place("d", 1, START + 1, START + len(QUOTE) + 1, check_of(QUOTE)),
        Place("d", 1, START + 1, START + len(QUOTE)),  # inside a word
        Place("d", 1, START - 1, START + len(QUOTE)),  # begins with a space
        Place("d", 1, START, START),
        Place("d", 1, START, len(TEXT) + 1),
        Place("d", 1, len(TEXT) + 5, len(TEXT) + 9),
        Place("d", 1, 0, 0),
    ],
)
def test_what_is_no_quote_marks_nothing(place):
    assert span(place) is None


def test_offsets_of_another_generation_mark_only_the_same_words():
    assert span(GOOD, "g0") == (START, START + len(QUOTE))
    assert span(Place("d", 1, START, START + len(QUOTE)), "g0") is None


ids = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=60
)
places = st.builds(
    Place, ids, st.integers(1, 999), st.integers(0, 9999), st.integers(1, 99999),
    st.sampled_from(["", "0123456789ab"]),
)  # fmt: skip


@given(places, st.lists(places, max_size=4), st.sampled_from(["", "page", "text"]), st.booleans())
def test_an_address_says_what_was_asked(place, quotes, view, beside):
    asked = Asked(place, tuple(quotes), "2026-g1", view, 12, beside)
    values = parse_qs(urlsplit(address(asked)).query, keep_blank_values=True)
    single = {key: found[0] for key, found in values.items()}
    assert asked_of(single, values.get("quotes", [])) == asked


@pytest.mark.parametrize("value", ["", "-1", "1e9", "٣", "9" * 40, "x", "1.5"])
def test_numbers_of_strangers_are_read_leniently(value):
    asked = asked_of({"document": "d", "page": value, "start": value, "end": value, "at": value},
                     [value, f"{value}.{value}"])  # fmt: skip
    assert asked.place == Place("d", 1)
    assert asked.quotes == ()


# At the source


def source(url, media_type="text/html"):
    return SourceDocument("d", "d", "T", "en", url=url, media_type=media_type)


def test_a_pdf_opens_at_its_page():
    assert deep_link(source("https://x.example/a.pdf", "application/pdf"), 7, "words") == (
        "https://x.example/a.pdf#page=7"
    )
    assert deep_link(source("https://x.example/a.pdf#top", "application/pdf"), 7).endswith(
        "f#page=7"
    )


def test_a_web_page_opens_at_the_quote():
    link = deep_link(source("https://x.example/a"), 1, "Open, free & multi-actor: yes")
    fragment = urlsplit(link).fragment
    assert fragment == ":~:text=Open%2C%20free%20%26%20multi%2Dactor%3A%20yes"
    assert unquote(fragment.removeprefix(":~:text=")) == "Open, free & multi-actor: yes"
    assert deep_link(source("https://x.example/a#s2"), 1, "words").endswith("#s2:~:text=words")
    arabic = directive("التعاون الوطني")
    assert arabic.isascii() and unquote(arabic) == "text=التعاون الوطني"


def test_a_long_quote_is_named_by_its_ends_and_lines_are_not_crossed():
    words = [f"w{n}" for n in range(60)]
    assert directive(" ".join(words)) == ("text=w0%20w1%20w2%20w3%20w4,w55%20w56%20w57%20w58%20w59")
    assert directive("The tasks are:\n1. Safety") == "text=The%20tasks%20are%3A"


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "file:///etc/passwd", "https://", "x"])
def test_only_addresses_of_the_web_are_linked(url):
    assert deep_link(source(url), 1, "words") == ""


def test_other_files_are_linked_as_they_are():
    assert deep_link(source("https://x.example/a.docx", "x/docx"), 3, "w") == (
        "https://x.example/a.docx"
    )
