"""Filters as chips: counted, kept in the address, suggested from the question, never markup."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.question.mentions import mentions
from rag.types import Declined
from tests.builders import build, document
from tests.test_ui_chat import HOSTILE, Parsed
from ui.chat import sent_along
from ui.chat_routes import chat_routes
from ui.chips import KEYS, Chip, chips, filters_from, pairs_of, suggested
from ui.chips_html import filters_html, narrower
from ui.live import LiveAssistant
from ui.suggest import Suggestions


@pytest.fixture
def generation(tmp_path):
    built = build(tmp_path, [
        document("a.md", "One.", title="Plans", date="2024-12-21", countries=("KE", "UG"),
                 cities=("Nansana",), kind="guide", event="Summit"),
        document("b.md", "Two.", title="Back", date="2023", countries=("KE",), themes=("youth",)),
        document("c.md", "ثلاثة", title="ج", language="ar"),
    ])  # fmt: skip
    yield built
    built.close()


@pytest.fixture
def store(generation):
    return generation.store


def options(shown, key):
    facet = next(each for each in shown.facets if each.key == key)
    return [(chip.label, chip.count) for chip in facet.options]


def test_values_are_counted_and_named_in_the_readers_language(store):
    shown = chips(store, {}, "fr")
    assert options(shown, "country") == [("Kenya", 2), ("Ouganda", 1)]
    assert options(shown, "year") == [("2024", 1), ("2023", 1)]
    assert options(shown, "kind") == [("guide", 1)]
    assert options(shown, "theme") == [("jeunesse", 1)]
    assert options(shown, "language") == [("anglais", 2), ("arabe", 1)]
    assert options(shown, "document") == [("Back", 1), ("Plans", 1), ("ج", 1)]
    assert options(shown, "city") == [("Nansana", 1)]
    assert options(shown, "event") == [("Summit", 1)]
    assert shown.documents == 3


def test_counts_follow_the_other_chips_and_not_their_own(store):
    shown = chips(store, {"year": ["2023"]}, "en")
    assert options(shown, "country") == [("Kenya", 1)]
    assert options(shown, "year") == [("2024", 1), ("2023", 1)]
    assert shown.documents == 1
    assert [(chip.label, chip.count) for chip in shown.chosen] == [("2023", 1)]


def test_a_value_that_is_not_there_is_a_chip_that_matches_nothing(store):
    shown = chips(store, {"country": ["KE"], "event": ["No such"]}, "en")
    assert [(chip.label, chip.count) for chip in shown.chosen] == [("Kenya", 0), ("No such", 0)]
    assert shown.documents == 0
    words = Parsed(filters_html(shown, "en"))
    assert ("aria-label", "Remove filter No such") in words.attributes
    assert "0 documents match" in words.text


def test_such_a_filter_is_declined_honestly(generation):
    reply = Assistant(generation, HashEmbedder()).answer("What are plans?", {"event": ["x"]}).reply
    assert isinstance(reply, Declined) and reply.reason == "no_match_for_filters"


def test_an_address_holds_filters_once_each_and_nothing_else():
    pairs = [("year", "2024"), ("country", "KE"), ("country", "ke"), ("__theme", "dark"),
             ("work", "x"), ("city", " "), ("kind", "x" * 500), ("country", "UG")]  # fmt: skip
    filters = filters_from(pairs)
    assert filters == {"country": ["KE", "UG"], "year": ["2024"]}
    assert filters_from(pairs_of(filters)) == filters
    many = filters_from([("city", str(n)) for n in range(1000)])
    assert len(many["city"]) == 12


def test_a_question_offers_what_it_names_and_applies_nothing(store):
    cities = ("Nansana",)
    named = mentions("What did Uganda and Nansana do in 2024, and Peru?", "en", cities)
    assert [(chip.key, chip.value) for chip in suggested(store, {}, named, "en")] == [
        ("country", "UG"), ("city", "Nansana"), ("year", "2024"),
    ]  # fmt: skip
    chosen = {"country": ["UG"]}
    assert suggested(store, chosen, mentions("In Uganda?", "en", cities), "en") == []
    # What would leave all of what is chosen narrows nothing.
    assert suggested(store, chosen, mentions("In Nansana?", "en", cities), "en") == []


def test_what_a_page_sends_along_is_read_and_never_trusted():
    told = '{"address": "country=KE&x=1", "earlier": [{"question": "Q?", "documents": ["a.md"]}]}'
    filters, earlier = sent_along(told)
    assert filters == {"country": ["KE"]}
    assert (earlier[0].question, earlier[0].documents) == ("Q?", ("a.md",))
    for broken in (
        "", "null", "[]", "{", '{"address": 1}', '{"address": "", "earlier": 3}', None,
        '{"address": "", "earlier": [{"documents": []}]}', '{"address": "", "earlier": {}}',
        '{"address": "", "earlier": [1]}', "[" * 30_000,
    ):  # fmt: skip
        assert sent_along(broken) == ({}, ())
    many = '{"address": "", "earlier": [' + ",".join(['{"question": "a"}'] * 50) + "]}"
    assert len(sent_along(many)[1]) == 6


@pytest.mark.parametrize("evil", HOSTILE)
def test_labels_and_values_never_become_markup(store, evil):
    shown = chips(store, {key: [evil] for key in KEYS}, "en")
    hostile = [replace(facet, options=(Chip(facet.key, evil, evil, 1),)) for facet in shown.facets]
    page = filters_html(replace(shown, facets=tuple(hostile)), "ar")
    page += narrower([Chip("country", evil, evil, 2)], "en")
    parsed = Parsed(page)
    assert set(parsed.tags) <= {
        "section", "div", "p", "button", "bdi", "span", "svg", "path", "details", "summary",
    }  # fmt: skip
    assert not {name for name, _ in parsed.attributes if name.startswith("on")}
    assert parsed.text.count(evil) >= 9


def client(tmp_path, generation=None):
    made = generation and Assistant(generation, HashEmbedder())

    def opened(before):
        if made is None:
            from rag.errors import CollectionError

            raise CollectionError("nothing was read")
        return made

    live = LiveAssistant(opened, lambda: "one")
    app = FastAPI()
    app.include_router(chat_routes(live, Suggestions(live), 1000))
    return TestClient(app)


def test_the_page_gets_its_chips_anew(tmp_path, generation):
    caller = client(tmp_path, generation)
    reply = caller.get("/fr/chips", params={"country": "KE"})
    assert reply.headers["cache-control"] == "no-store"
    assert "Retirer le filtre Kenya" in reply.text
    assert caller.get("/xx/chips").status_code == 404


def test_without_a_collection_there_are_no_chips_and_nothing_next(tmp_path):
    caller = client(tmp_path)
    assert caller.get("/en/chips").text == ""
    assert caller.post("/en/next", json={"question": "Q?", "language": "en"}).text == ""


def test_what_is_asked_of_next_is_checked(tmp_path, generation):
    caller = client(tmp_path, generation)
    assert caller.post("/en/next", json={"question": "", "language": "en"}).status_code == 422
    strange = {"question": "Q?", "language": "en", "quoted": [{"document_id": "x", "page": 0}]}
    assert caller.post("/en/next", json=strange).status_code == 422
    far = {"document_id": "a", "page": 1, "start": 10**19}  # no number of the store
    beyond = {"question": "Q?", "language": "en", "quoted": [far]}
    assert caller.post("/en/next", json=beyond).status_code == 422
    lost = {"question": "Q?", "language": "en",
            "quoted": [{"document_id": "no such", "page": 9, "start": 1}]}  # fmt: skip
    assert caller.post("/en/next", json=lost).text == ""
    assert caller.post("/en/next", json={"question": "Q" * 2000, "language": "en"}).text == ""
