"""The routes of the note: what they take, refuse and forget."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from rag.types import Page
from tests.noting import HOSTILE, KENYA, SEALS, kept, written
from tests.serving import answering_with, settings_for
from ui.api.application import api_app
from ui.api.edge import Edge
from ui.ending import Ending
from ui.guard import Guard
from ui.live import LiveAssistant
from ui.note.bodies import LONGEST_QUOTE, CitationBody
from ui.note.checked import find
from ui.note.routes import note_routes
from ui.public.routes import NOTE, route_of
from ui.public.standing import standing


def client_over(live, settings, answering=None):
    """The note's pages, guarded, as another machine sees them."""
    shared = standing(settings)
    app = api_app(settings, shared, answering, Ending(shared.gate, answering.under_way))
    app.include_router(note_routes(shared, live, SEALS))
    return TestClient(Edge(Guard(app, shared)), "https://room.example")


@pytest.fixture(name="client")
def open_client(assistant, tmp_path):
    answering = answering_with(assistant)
    return client_over(answering.live, settings_for(tmp_path), answering)


def body_of(*replies, **given):
    return {"items": [{"id": str(n), "reply": reply} for n, reply in enumerate(replies)], **given}


@pytest.mark.parametrize("language", ["en", "ar", "es", "fr"])
def test_the_page_is_sent_without_a_note_and_runs_no_script_of_its_own(client, language):
    page = client.get(f"/{language}/note")
    assert page.status_code == 200
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "<script>" not in page.text and " onclick" not in page.text


def test_a_language_we_do_not_speak_has_no_note(client):
    assert client.get("/xx/note").status_code == 404
    assert client.post("/xx/note/cards", json=body_of()).status_code == 404


def test_cards_come_back_looked_up(client, assistant):
    answer = client.post("/en/note/cards", json=body_of(kept(assistant, KENYA)))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["html"].count('class="note-card"') == 1


@pytest.mark.parametrize(
    ("form", "begin", "media_type"),
    [
        ("docx", b"PK", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("pdf", b"%PDF", "application/pdf"),
        ("md", b"# Briefing note", "text/markdown; charset=utf-8"),
    ],
)
def test_a_note_is_exported_as_a_file_to_keep(client, assistant, form, begin, media_type):
    answer = client.post(f"/en/note/export/{form}", json=body_of(kept(assistant, KENYA)))
    assert answer.status_code == 200 and answer.content.startswith(begin)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"].startswith('attachment; filename="briefing-note-')
    assert answer.headers["cache-control"] == "no-store"


def test_links_of_an_exported_note_lead_to_our_pages_where_others_can_open_them(client, assistant):
    body = body_of(kept(assistant, KENYA))
    assert "https://room.example/en/read?" in client.post("/en/note/export/md", json=body).text
    client.base_url = "http://127.0.0.1:8000"
    assert "127.0.0.1" not in client.post("/en/note/export/md", json=body).text


def test_an_unsealed_sentence_is_never_exported_as_checked(client, assistant):
    reply = written(assistant)
    sealed = client.post("/en/note/export/md", json=body_of(reply)).text
    forged = client.post("/en/note/export/md", json=body_of({**reply, "seal": "x"})).text
    assert "tiny-writer" in sealed and "checked against the documents" in sealed
    assert "tiny-writer" not in forged and "checked against the documents" not in forged


def test_other_formats_bodies_and_methods_are_refused(client, assistant):
    reply = kept(assistant, KENYA)
    assert client.post("/en/note/export/exe", json=body_of(reply)).status_code == 404
    assert client.post("/en/note/export/pdf", content=b"{}").status_code == 415
    assert client.post("/en/note/export/pdf", json={"items": "x"}).status_code in (400, 422)
    assert client.get("/en/note/export/pdf").status_code == 405
    half = {"content": b'{"title": "\\ud800"}', "headers": {"content-type": "application/json"}}
    assert client.post("/en/note/cards", **half).status_code in (400, 422)


def test_a_note_that_is_too_large_is_refused_before_it_is_read(client):
    answer = client.post("/en/note/cards", json={"introduction": "x" * NOTE})
    assert answer.status_code == 413


def test_notes_are_counted_and_say_so_in_the_page_s_language(assistant, tmp_path):
    answering = answering_with(assistant)
    settings = settings_for(tmp_path, limit_light_minute=2)
    client = client_over(answering.live, settings, answering)
    said = [client.post("/ar/note/cards", json=body_of()) for _ in range(3)]
    assert [answer.status_code for answer in said] == [200, 200, 429]
    assert said[2].json()["code"] and said[2].json()["error"].isascii() is False


def test_a_note_takes_no_turn_from_those_who_ask(assistant, tmp_path, monkeypatch):
    from ui.public.gate import Gate

    answering = answering_with(assistant)
    client = client_over(answering.live, settings_for(tmp_path), answering)
    monkeypatch.setattr(Gate, "turn", None)
    assert client.post("/en/note/cards", json=body_of()).status_code == 200


def test_no_more_of_a_page_is_compared_than_a_quotation_is_long():
    class Held:
        def find_document(self, identity):
            return 0, None

        def page(self, row, number):
            return Page(number, "x" * 10**6)

    far = CitationBody(n=1, document_id="a", page=1, start=0, end=10**8, quote="x")
    assert find(far, Held()).end == 1
    ends = far.model_copy(update={"quote": "x" * 2 * LONGEST_QUOTE})  # all that was compared
    assert find(ends, Held()).end == 2 * LONGEST_QUOTE


def test_a_server_without_a_collection_says_so(tmp_path, assistant):
    from rag.errors import CollectionError

    def nothing(before):
        raise CollectionError("nothing is there")

    live = LiveAssistant(nothing, lambda: "")
    client = client_over(live, settings_for(tmp_path), answering_with(assistant))
    answer = client.post("/en/note/cards", json=body_of(kept(assistant, KENYA)))
    assert answer.status_code == 503 and answer.json()["message"]


def test_hostile_fields_come_back_as_words(client, assistant):
    reply = {**kept(assistant, KENYA), "question": HOSTILE, "generation": HOSTILE[:190]}
    answer = client.post("/en/note/cards", json=body_of(reply, title=HOSTILE[:190]))
    assert answer.status_code == 200 and "<script" not in answer.json()["html"]


def test_the_note_s_routes_are_the_chat_s_and_of_the_room():
    for path in ("/en/note", "/en/note/cards", "/ar/note/export/pdf", "/en/shared"):
        route = route_of(path)
        assert route is not None and (route.face, route.of) == ("chat", "room")
    assert route_of("/en/note/export/exe") is None and route_of("/en/note/") is None
