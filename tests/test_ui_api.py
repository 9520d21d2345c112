"""The API by its routes: replies, streams, problems, limits, feedback, figures."""

from __future__ import annotations

import json

import pytest

from rag.types import Answer
from tests.serving import KENYA, STREAM, answering_with, client_of, settings_for
from ui.api.feedback import FeedbackFile, FeedbackFullError
from ui.public.switches import throw
from ui.render import reply_json


@pytest.fixture(scope="module")
def client(assistant, tmp_path_factory):
    settings = settings_for(tmp_path_factory.mktemp("api"))
    with client_of(settings, answering_with(assistant)) as found:
        yield found


def untimed(reply: dict) -> dict:
    return {key: value for key, value in reply.items() if key != "timings_ms"}


def events_of(text: str) -> list[tuple[str, dict]]:
    """(event, data) of server-sent events."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], json.loads(fields["data"])))
    return found


# Answers


def test_a_reply_is_the_object_of_the_command_line(client, assistant):
    found = client.post("/api/v1/ask", json={"question": KENYA})
    expected = reply_json(assistant.answer(KENYA), assistant.generation, limit=1000)
    assert found.status_code == 200
    assert untimed(found.json()) == untimed(expected)
    assert found.json()["citations"]


def test_a_stream_has_typed_events_and_ends_with_the_whole_reply(client, assistant):
    asked = {"question": KENYA}
    found = client.post("/api/v1/ask", json=asked, headers=STREAM)
    assert found.headers["content-type"].startswith("text/event-stream")
    events = events_of(found.text)
    kinds = [kind for kind, _ in events]
    reply = assistant.answer(KENYA).reply
    assert isinstance(reply, Answer)
    assert kinds == ["retrieved", *["sentence"] * len(reply.sentences), "finished"]
    assert all(data["type"] == kind for kind, data in events)
    said = [data["text"] for kind, data in events if kind == "sentence"]
    assert said == [sentence["text"] for sentence in events[-1][1]["reply"]["sentences"]]
    assert events[1][1]["evidence"][0] in events[-1][1]["reply"]["citations"]


def test_history_makes_a_follow_up_whole(client):
    follow_up = {"question": "and in Uganda?", "history": [{"question": KENYA}]}
    found = client.post("/api/v1/ask", json=follow_up).json()
    assert found["question"] == "and in Uganda?"
    assert "Uganda" in found["searched"] and "county action plans" in found["searched"]


def test_filters_hold_the_documents_that_may_be_cited(client):
    asked = {"question": "What do local prevention councils do?", "filters": {"country": ["MK"]}}
    found = client.post("/api/v1/ask", json=asked).json()
    ids = {item["document_id"] for item in found["citations"]}
    held = client.get("/api/v1/documents", params={"country": "MK"}).json()["documents"]
    assert ids and ids <= {item["document_id"] for item in held}


def test_a_question_that_is_not_answered_is_a_reply_and_no_error(client):
    found = client.post("/api/v1/ask", json={"question": "x" * 1500})
    assert found.status_code == 200
    assert (found.json()["status"], found.json()["reason"]) == ("declined", "too_long")


def test_search_gives_passages_with_their_place(client, assistant):
    found = client.get("/api/v1/search", params={"q": "local prevention council", "k": 3}).json()
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    for hit in found["hits"]:
        page = assistant.generation.store.page_of(hit["document_id"], hit["page"])
        assert page.text[hit["start"] : hit["end"]] == hit["text"]


def test_documents_are_listed_by_pages(client, assistant):
    every = client.get("/api/v1/documents").json()
    some = client.get("/api/v1/documents", params={"offset": 3, "limit": 2}).json()
    assert every["total"] == assistant.generation.store.document_count
    assert some["documents"] == every["documents"][3:5]
    assert some["total"] == every["total"]


def test_repeated_filter_keys_mean_any_of_their_values(client):
    def count(**params):
        return client.get("/api/v1/documents", params=params).json()["total"]

    assert count(language=["ar", "fr"]) == count(language="ar") + count(language="fr") > 0


# Problems


@pytest.mark.parametrize(
    "method, path, given, status, code",
    [
        ("POST", "/api/v1/ask", {"json": {}}, 422, "invalid"),
        ("POST", "/api/v1/ask", {"json": {"question": "a", "prompt": "b"}}, 422, "invalid"),
        ("POST", "/api/v1/ask", {"json": {"question": "a", "filters": {"x": ["y"]}}}, 422,
         "invalid"),
        ("POST", "/api/v1/ask", {"data": {"question": "a"}}, 415, "not_json"),
        (
            "POST", "/api/v1/ask",
            {"content": "{", "headers": {"Content-Type": "application/json"}}, 422, "invalid",
        ),
        (
            "POST", "/api/v1/ask",
            {"content": '{"question": "\\ud800"}', "headers": {"Content-Type": "application/json"}},
            422, "invalid",
        ),
        ("GET", "/api/v1/ask", {}, 405, "method_not_allowed"),
        ("GET", "/api/v1/nothing", {}, 404, "not_found"),
        ("GET", "/api/v1/search", {"params": {"q": "a", "k": 0}}, 422, "invalid"),
        ("GET", "/api/v1/search", {"params": {"q": "a" * 1001}}, 422, "invalid"),
        ("POST", "/v1/chat/completions", {"json": {"model": "sanad", "messages": []}}, 422,
         "invalid"),
    ],
)  # fmt: skip
def test_every_error_is_a_problem(client, method, path, given, status, code):
    found = client.request(method, path, **given)
    assert (found.status_code, found.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    problem = found.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"] == found.headers["x-request-id"]
    assert problem["detail"] and problem["title"] and problem["type"]


def test_a_problem_does_not_repeat_what_was_sent(client):
    sent = {"question": ["<script>canary</script>"], "canary": 1}
    errors = client.post("/api/v1/ask", json=sent).json()["errors"]
    assert {error["at"] for error in errors} == {"body.question", "body.canary"}
    assert "<script>" not in json.dumps(errors)


def test_a_method_that_is_not_taken_names_those_that_are(client):
    assert client.get("/api/v1/ask").headers["allow"] == "POST"


def test_a_fault_shows_nothing_internal(assistant, tmp_path, caplog):
    class Faulty(type(answering_with(assistant))):
        def documents(self, filters):
            raise RuntimeError("secret of the house")

    given = answering_with(assistant)
    faulty = Faulty(given.live, given.chat)
    with client_of(settings_for(tmp_path), faulty) as client:
        found = client.get("/api/v1/documents", headers={"X-Request-Id": 4 * "abc1"})
    assert (found.status_code, found.json()["code"]) == (500, "error")
    assert "secret" not in found.text
    assert 4 * "abc1" in caplog.text and "secret of the house" in caplog.text


def test_request_ids_are_kept_where_they_are_ids(client):
    def given(value):
        return client.get("/health/live", headers={"X-Request-Id": value}).headers["x-request-id"]

    for identity in ("4bf92f3577b34da6a3ce929d0e0e4736", "9F1C3F7E-8f5b-4a53-9d1b-1d2c3b4a5f60"):
        assert given(identity) == identity
    # What a visitor could write something with never reaches the log.
    assert given("my.name_is-Ann") not in ("my.name_is-Ann", "")
    assert given("0041791234567") != "0041791234567"
    assert given("x" * 65) != "x" * 65


def test_over_the_limit_is_429_with_the_time_to_wait(assistant, tmp_path):
    settings = settings_for(tmp_path, limit_address_minute=2)
    with client_of(settings, answering_with(assistant)) as client:
        asked = [client.post("/api/v1/ask", json={"question": KENYA}) for _ in range(3)]
    assert [found.status_code for found in asked] == [200, 200, 429]
    assert int(asked[2].headers["retry-after"]) > 0
    assert asked[2].json()["code"] == "too_many"


def test_without_an_index_a_question_is_503(tmp_path):
    from rag.errors import CollectionError
    from ui.answering import InProcess
    from ui.exchange import Chat
    from ui.live import LiveAssistant

    def nothing(before):
        raise CollectionError("there is no index")

    live = LiveAssistant(nothing, lambda: "")
    with client_of(settings_for(tmp_path), InProcess(live, Chat(live, "", 1000))) as client:
        for found in (
            client.post("/api/v1/ask", json={"question": "a"}),
            client.post("/api/v1/ask", json={"question": "a"}, headers=STREAM),
            client.get("/api/v1/documents"),
        ):  # fmt: skip
            assert (found.status_code, found.json()["code"]) == (503, "no_index")


# Feedback


def test_feedback_is_stored_without_an_address(client, assistant, tmp_path):
    with client_of(settings_for(tmp_path), answering_with(assistant)) as client:
        told = {"question": KENYA, "verdict": "bad", "comment": "The year is wrong."}
        found = client.post("/api/v1/feedback", json=told)
    assert found.status_code == 201
    path = tmp_path / "feedback.jsonl"
    line = json.loads(path.read_text())
    assert (line["id"], line["verdict"]) == (found.json()["id"], "bad")
    assert set(line) == {
        "id", "day", "question", "verdict", "comment", "status", "documents", "generation",
        "language", "reply", "face",
    }  # fmt: skip
    assert "127.0.0.1" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_feedback_of_the_chat_comes_in_while_the_api_is_off(assistant, tmp_path):
    told = {"question": KENYA, "verdict": "good", "reply": "00c0ffee00c0ffee"}
    with client_of(settings_for(tmp_path), answering_with(assistant)) as client:
        throw(tmp_path, "api", on=False)
        faces = ("api", "chat", "widget")
        found = [client.post("/api/v1/feedback", json={**told, "face": face}) for face in faces]
    assert [each.status_code for each in found] == [503, 201, 201]
    line = json.loads((tmp_path / "feedback.jsonl").read_text().splitlines()[0])
    assert (line["reply"], line["face"]) == ("00c0ffee00c0ffee", "chat")


def test_feedback_stops_growing(tmp_path):
    kept = FeedbackFile(tmp_path, max_bytes=400)
    with pytest.raises(FeedbackFullError):
        for _ in range(10):
            kept.keep({"comment": "x" * 100})
    assert kept.path.stat().st_size <= 400


# Health and figures


def test_figures_are_for_this_machine_or_a_token(assistant, tmp_path):
    settings = settings_for(tmp_path, metrics_token="word")
    with client_of(settings, answering_with(assistant)) as client:
        assert "sanad_questions_running" in client.get("/metrics").text
        forwarded = {"X-Forwarded-For": "203.0.113.5"}
        assert client.get("/metrics", headers=forwarded).status_code == 404
        with_token = {**forwarded, "Authorization": "Bearer word"}
        assert client.get("/metrics", headers=with_token).status_code == 200


def test_what_is_degraded_is_not_told_to_strangers(tmp_path):
    from rag.errors import CollectionError
    from ui.answering import InProcess
    from ui.exchange import Chat
    from ui.live import LiveAssistant

    def nothing(before):
        raise CollectionError("there is no index in /secret/folder")

    live = LiveAssistant(nothing, lambda: "")
    with client_of(settings_for(tmp_path), InProcess(live, Chat(live, "", 1000))) as client:
        assert "/secret/folder" in client.get("/health/ready").text
        found = client.get("/health/ready", headers={"X-Forwarded-For": "203.0.113.5"})
    assert found.status_code == 503
    assert "/secret/folder" not in found.text
