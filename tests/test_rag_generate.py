"""The door to language models, through the real langchain-openai package."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.generate import Prompt, ScriptedWriter, Thoughts, Writer
from rag.types import Usage
from rag.writing.trouble import ModelTrouble
from tests.asked_models import PROMPT, SAYINGS, read, writer_of
from tests.openai_server import misbehaving_server

# One contract for the fake and the real one


@pytest.fixture(params=["scripted", "real"])
def make(request):
    """A function from pieces of text to a writer that says them."""
    with misbehaving_server(text=lambda body: saying[0], piece=5) as server:
        saying = [""]

        def make_writer(text: str) -> Writer:
            saying[0] = text
            if request.param == "real":
                return writer_of(server.url)
            return ScriptedWriter([text[i : i + 5] for i in range(0, len(text), 5)])

        yield make_writer


@pytest.mark.parametrize("saying", SAYINGS, ids=["en", "ar", "fr", "es"])
def test_pieces_join_to_what_the_model_said(make, saying):
    draft = make(saying).write(PROMPT)
    pieces = list(draft)
    assert "".join(pieces) == saying
    assert len(pieces) > 1
    assert all(pieces)
    assert draft.usage.output_tokens == len(pieces)


def test_nothing_said_is_trouble(make):
    for text in ("", "  \n"):
        said, trouble = read(make(text).write(PROMPT))
        assert not said.strip()
        assert trouble is not None
        assert trouble.kind == "empty"


def test_a_reader_who_left_ends_the_draft(make):
    writer = make("One sentence, and another one, and a third one.")
    left: list[str] = []
    with pytest.raises(ModelTrouble) as caught:
        for piece in writer.write(PROMPT, cancelled=lambda: len(left) >= 2):
            left.append(piece)
    assert caught.value.kind == "cancelled"
    assert len(left) == 2


def test_the_loop_may_be_left_early(make):
    draft = make("One sentence, and another one.").write(PROMPT)
    for _ in draft:
        break
    assert isinstance(draft.usage, Usage)


def test_a_writer_has_a_name(make):
    assert make("x").name in ("scripted", "openai:gpt-test")


# The fake


def test_scripts_are_said_in_turn_and_the_last_one_again():
    writer = ScriptedWriter(["a"], ["b", ModelTrouble("cut_off", "it")], lambda asked: [asked.user])
    assert read(writer.write(PROMPT)) == ("a", None)
    said, trouble = read(writer.write(PROMPT))
    assert said == "b"
    assert trouble is not None
    assert trouble.kind == "cut_off"
    assert [read(writer.write(Prompt("", word)))[0] for word in ("c", "d")] == ["c", "d"]
    assert [prompt.user for prompt in writer.prompts] == [PROMPT.user, PROMPT.user, "c", "d"]


# Accounting, and text that is not text


def test_usage_and_cost_are_the_providers_figures_at_our_prices():
    with misbehaving_server(text="x" * 70, piece=7) as server:
        draft = writer_of(server.url, price_input=2.5, price_output=10.0).write(PROMPT)
        read(draft)
    told = len(f"{PROMPT.system} {PROMPT.user}".split())
    assert draft.usage == Usage(told, 10, pytest.approx((told * 2.5 + 10 * 10.0) / 1e6))


@pytest.mark.parametrize(("usage", "price"), [(False, 2.5), (True, 0.0)])
def test_a_cost_nobody_can_know_is_none(usage, price):
    with misbehaving_server(usage=usage) as server:
        draft = writer_of(server.url, price_input=price).write(PROMPT)
        assert read(draft)[1] is None
    assert draft.usage.cost is None
    assert (draft.usage.input_tokens is None) is not usage


def test_a_server_that_does_not_know_the_usage_option_is_asked_without_it():
    with misbehaving_server("strict") as server:
        writer = writer_of(server.url)
        for _ in range(2):
            assert read(writer.write(PROMPT))[1] is None
    asked = ["stream_options" in request.body for request in server.requests]
    assert asked == [True, False, False]


def test_reasoning_is_not_text():
    with misbehaving_server("thinking", text=SAYINGS[2], piece=3) as server:
        assert read(writer_of(server.url).write(PROMPT)) == (SAYINGS[2], None)


@given(
    st.text("a<think>/ \n", max_size=20),
    st.text("b<think>/ \n", max_size=20),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_only_a_leading_thought_is_taken_away_however_it_is_cut(thought, text, sizes):
    thought = thought.replace("</think>", "")
    for whole, left in ((f"<think>{thought}</think>{text}", None), (f"b{text}", f"b{text}")):
        expected = whole.partition("</think>")[2] if left is None else left
        pieces, start, turn = [], 0, 0
        while start < len(whole):
            size = sizes[turn % len(sizes)]
            pieces.append(whole[start : start + size])
            start, turn = start + size, turn + 1
        thoughts = Thoughts()
        assert "".join(map(thoughts.strip, pieces)) + thoughts.rest() == expected


def test_content_in_blocks_is_joined_and_other_blocks_are_dropped():
    from rag.generate import _text

    blocks = [
        {"type": "thinking", "thinking": "42?"},
        {"type": "text", "text": "Kyiv "},
        "has ",
        {"type": "text", "text": "a plan"},
        {"type": "tool_use", "input": {}},
        {"type": "text", "text": None},
    ]
    assert _text(blocks) == "Kyiv has a plan"
