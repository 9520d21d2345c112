"""A link to an answer: what it holds, what it is believed in, and what it says has changed."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from fastapi.testclient import TestClient

from rag.types import Answer, Declined, Finished
from rag.wording import say
from tests.noting import HOSTILE, KENYA, KENYA_AR, UGANDA, finished
from tests.serving import answering_with, settings_for
from ui.answering import Asked
from ui.api.application import api_app
from ui.api.edge import Edge
from ui.ending import Ending
from ui.guard import Guard
from ui.public.standing import standing
from ui.share.change import change, told
from ui.share.link import (
    Shared,
    Traces,
    query_of,
    shared_in,
    shared_of,
    traces_from,
    traces_json,
    traces_of,
)
from ui.share.routes import share_routes

NOW = Traces("20261123T101010.000Z-r000002", ("aaaaaaaa", "bbbbbbbb"), "cccccccc")


def read(query: str, limit: int = 1000) -> Shared | None:
    return shared_in(parse_qsl(query), limit)


# The link


@pytest.mark.parametrize("question", [KENYA, KENYA_AR, "a&b=c #%?+é <x>"])
def test_a_link_says_what_was_asked_and_what_was_answered(assistant, question):
    shared = shared_of(finished(assistant, question), {"country": ["KE"], "year": ["2024"]})
    assert read(query_of(shared)) == shared
    assert shared.question == question


def test_a_link_is_short_and_holds_no_word_of_the_answer(assistant):
    last = finished(assistant, KENYA)
    query = query_of(shared_of(last, {}))
    assert len(query) < 300
    assert isinstance(last.reply, Answer)
    assert not any(item.quote.text[:20] in query for item in last.reply.evidence)


def test_a_follow_up_is_shared_as_the_question_it_stood_for(assistant):
    last = finished(assistant, KENYA)
    reply = replace(last.reply, question="And there?", searched=KENYA)
    assert shared_of(replace(last, reply=reply), {}).question == KENYA


def test_traces_tell_documents_and_words_apart(assistant):
    last = finished(assistant, KENYA)
    assert isinstance(last.reply, Answer)
    traces = traces_of(last)
    assert len(set(traces.quotes)) == len(last.reply.evidence)
    assert traces_of(last) == traces == traces_from(traces_json(traces))
    other = replace(last.reply, sentences=last.reply.sentences[:1])
    assert traces_of(replace(last, reply=other)).said != traces.said
    declined = Finished(Declined("?", "en", "nothing_found"), last.generation)
    assert traces_of(declined).quotes == ()


@pytest.mark.parametrize(
    "query",
    ["", "q=", "q=%20", "x=1", "q=" + "x" * 1001, "q=%00%00", "%%%", "country=KE&g=a&c=b&t=c"],
)
def test_a_link_without_a_question_is_damaged(query):
    assert read(query) is None


@pytest.mark.parametrize(
    "damaged",
    [
        "q=x", "q=x&g=&c=&t=", "q=x&g=a b&c=aaaaaaaa&t=cccccccc", "q=x&g=a&c=aaaaaaa&t=cccccccc",
        "q=x&g=a&c=AAAAAAAA&t=cccccccc", "q=x&g=a&c=aaaaaaaa&t=ccc", "q=x&g=../../x&c=&t=cccccccc",
        f"q=x&g=a&c={'a' * 8 * 81}&t=cccccccc", "q=x&g=<b>&c=aaaaaaaa&t=cccccccc",
    ],
)  # fmt: skip
def test_traces_that_are_damaged_are_not_believed(damaged):
    found = read(damaged)
    assert found is not None and found.traces is None


def test_the_first_of_two_questions_counts():
    found = read("q=first&q=second")
    assert found is not None and found.question == "first"


def test_unknown_filters_and_too_many_values_are_left_out():
    values = "&".join(f"year={1900 + n}" for n in range(40))
    found = read(f"q=x&evil=1&country=KE&{values}")
    assert found is not None and set(found.filters) == {"country", "year"}
    assert len(found.filters["year"]) <= 12


# What has changed


@pytest.mark.parametrize(
    ("then", "key"),
    [
        (NOW, "same"),
        (replace(NOW, said="dddddddd"), "same_other_words"),
        (replace(NOW, quotes=("aaaaaaaa",), said="dddddddd"), "same_other"),
        (replace(NOW, generation="20251123T101010.000Z-r1"), "changed_same"),
        (replace(NOW, generation="x", said="dddddddd"), "changed_other_words"),
        (replace(NOW, generation="x", quotes=("eeeeeeee",)), "changed_other"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ar", "es", "fr"])
def test_what_has_changed_is_said_in_words(then, key, language):
    assert told(then, NOW, language)[0] == say(language, f"share.{key}")


def test_gone_and_new_quotations_are_counted_and_named_by_their_numbers():
    then = Traces("20251120T101010.000Z-r1", ("ffffffff", "aaaaaaaa", "eeeeeeee"), "dddddddd")
    found = change(then, NOW)
    assert (found.gone, found.new) == ((1, 3), (2,))
    words = " ".join(told(then, NOW, "en"))
    assert "2 quotations of the shared answer no longer stand in it." in words
    assert "Their numbers there: [1], [3]." in words
    assert "1 quotation is new." in words and "Their numbers here: [2]." in words
    assert "Shared from the collection of November 20, 2025" in words


def test_a_link_that_tells_nothing_of_the_answer_says_so():
    assert told(None, NOW, "en") == [say("en", "share.unknown")]


# The page


@pytest.fixture(name="client")
def open_client(assistant, tmp_path):
    return client_over(answering_with(assistant), settings_for(tmp_path))


def client_over(answering, settings):
    shared = standing(settings)
    app = api_app(settings, shared, answering, Ending(shared.gate, answering.under_way))
    app.include_router(share_routes(shared, answering, settings.question_characters))
    return TestClient(Edge(Guard(app, shared)), "https://room.example")


def press(client, query: str, **headers):
    """The button on the page of a link."""
    form = "application/x-www-form-urlencoded"
    headers = {"content-type": form, "sec-fetch-site": "same-origin", **headers}
    return client.post("/en/shared", content=query.encode(), headers=headers)


def test_opening_a_link_asks_nothing_until_the_button_is_pressed(assistant, client):
    query = query_of(shared_of(finished(assistant, KENYA), {"country": ["KE"]}))
    page = client.get(f"/en/shared?{query}")
    assert page.status_code == 200 and KENYA in page.text and "sanad-turn" not in page.text
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert page.headers["cache-control"] == "no-store"
    assert "Kenya" in page.text and say("en", "share.only") in page.text


@pytest.mark.parametrize("question", [KENYA, UGANDA, KENYA_AR])
def test_the_same_collection_gives_the_same_answer_and_says_so(assistant, client, question):
    page = press(client, query_of(shared_of(finished(assistant, question), {})))
    assert page.status_code == 200 and "sanad-turn" in page.text
    assert say("en", "share.same") in page.text


def test_an_answer_that_changed_says_what_is_gone(assistant, client):
    shared = shared_of(finished(assistant, KENYA), {})
    older = replace(
        shared,
        traces=replace(
            shared.traces,
            generation="20240101T000000.000Z-r000001",
            quotes=("12345678", *shared.traces.quotes[1:]),
            said="12345678",
        ),
    )
    page = press(client, query_of(older)).text
    assert say("en", "share.changed_other") in page
    assert "1 quotation of the shared answer no longer stands in it." in page
    assert "January 1, 2024" in page


def test_a_damaged_link_says_so_plainly(client):
    for answer in (client.get("/en/shared"), press(client, "q="), press(client, "\xff\xfe")):
        assert answer.status_code == 400 and say("en", "share.damaged") in answer.text
    assert client.get(f"/en/shared?q={'x' * 9000}").status_code == 400


@pytest.mark.parametrize("name", ["q", "country", "g", "c", "t", "document", "other"])
def test_hostile_values_stay_words_on_the_page(assistant, client, name):
    query = query_of(shared_of(finished(assistant, KENYA), {}))
    values = [pair for pair in parse_qsl(query) if pair[0] != name]
    hostile = urlencode([*values, (name, HOSTILE[:190])])
    for answer in (client.get(f"/en/shared?{hostile}"), press(client, hostile)):
        assert answer.status_code in (200, 400)
        assert "<script>window" not in answer.text and "<img" not in answer.text
        assert "\u202e" not in answer.text


def test_other_sites_pages_cannot_ask_in_their_visitors_names(assistant, client):
    query = query_of(shared_of(finished(assistant, KENYA), {}))
    for site in ("cross-site", "same-site"):
        answer = press(client, query, **{"sec-fetch-site": site})
        assert answer.status_code == 403 and "sanad-turn" not in answer.text
    assert press(client, query, **{"content-type": "text/plain"}).status_code == 415


def test_a_replay_counts_as_a_question(assistant, tmp_path):
    client = client_over(answering_with(assistant), settings_for(tmp_path, limit_address_minute=2))
    query = query_of(shared_of(finished(assistant, KENYA), {}))
    answers = [press(client, query) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "share-show" in answers[2].text and "sanad-turn" not in answers[2].text
    assert client.get(f"/en/shared?{query}").status_code == 200  # looking costs nothing


def test_pages_of_answers_carry_their_traces(assistant):
    answering = answering_with(assistant)
    *_, last = answering.ask(Asked(KENYA, form="page", room=True))
    assert traces_from(last["traces"]) == traces_of(finished(assistant, KENYA))
