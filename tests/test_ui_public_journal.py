"""What is written down: the journal, the metrics, and the log of questions."""

from __future__ import annotations

import io
import json
import stat

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ui.public.journal import Entry, Journal
from ui.public.metrics import Metrics, may_read
from ui.public.questions import FOLDER, QuestionLog, scrubbed

REPLY = {
    "status": "answered", "language": "ar", "mode": "openai:secret-model", "text": "canary text",
    "question": "canary question", "timings_ms": {"retrieve": 8.1, "total": 11.5},
    "usage": {"input_tokens": 100, "output_tokens": 20},
}  # fmt: skip


def entry():
    found = Entry(request="r1", face="api", route="ask", site="abcd1234")
    found.take_reply(REPLY)
    return found


def test_a_line_holds_numbers_and_names_from_short_lists_and_no_text():
    stream = io.StringIO()
    Journal(stream, lambda: 1_750_000_000.0).write(entry(), 200, 0.0123)
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "time": "2025-06-15T15:06:40Z", "request": "r1", "face": "api", "route": "ask",
        "status": "2xx", "ms": 12.3, "site": "abcd1234", "reply": "answered", "language": "ar",
        "mode": "written", "timings_ms": {"retrieve": 8.1, "total": 11.5},
        "input_tokens": 100, "output_tokens": 20,
    }  # fmt: skip


def test_without_a_stream_nothing_is_written(capfd):
    assert Journal().write(entry(), 200, 0.1) is None
    assert capfd.readouterr() == ("", "")


def samples(metrics):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def test_metrics_count_by_face_status_language_and_stage():
    metrics = Metrics()
    metrics.note(entry(), 200, 0.02)
    metrics.note(Entry(face="chat", route="gradio_ask", refused="too_many"), 429, 0.001)
    found = samples(metrics)
    assert found["sanad_requests_total", "2xx", "api", "ask"] == 1
    assert found["sanad_refused_total", "chat", "too_many"] == 1
    assert found["sanad_replies_total", "answered", "api", "ar", "written"] == 1
    assert found["sanad_stage_seconds_sum", "retrieve"] == pytest.approx(0.0081)
    assert found["sanad_model_tokens_total", "read"] == 100
    assert found["sanad_model_tokens_total", "written"] == 20
    assert "canary" not in metrics.text().decode()


def test_two_servers_in_one_process_count_apart():
    first, second = Metrics(), Metrics()
    first.note(entry(), 200, 0.02)
    assert ("sanad_requests_total", "2xx", "api", "ask") not in samples(second)


@pytest.mark.parametrize(
    "local, authorization, token, may",
    [
        (True, "", "", True),
        (False, "", "", False),
        (False, "Bearer ", "", False),
        (False, "Bearer t0k", "t0k", True),
        (False, "bearer t0k", "t0k", True),
        (False, "Bearer other", "t0k", False),
        (False, "Basic t0k", "t0k", False),
        (False, "Bearer \xff", "t0k", False),
    ],
)
def test_metrics_are_for_this_machine_or_the_token(local, authorization, token, may):
    assert may_read(local, authorization, token) is may


@pytest.mark.parametrize(
    "text, kept",
    [
        ("Write to a.b+c@example.org please", "Write to [e-mail] please"),
        ("اتصل على ٠٥٠١٢٣٤٥٦٧ من فضلك", "اتصل على [number] من فضلك"),
        ("call +33 (0)6 12-34-56-78 now", "call [number] now"),
        ("my id AB1234567 and DE89 3704 0044 0532 0130 00", "my id [number] and DE89 [number]"),
        ("see https://x.org/?token=abc and www.y.org/me", "see [link] and [link]"),
        ("ask @somebody", "ask [name]"),
        ("What did 12 cities do in 2019-2024?", "What did 12 cities do in 2019-2024?"),
        ("Goal 11.3 since 2015, 50 000 people", "Goal 11.3 since 2015, 50 000 people"),
        ("two\nlines, a @ b", "two lines, a @ b"),
    ],
)
def test_addresses_and_numbers_are_scrubbed_and_years_are_kept(text, kept):
    assert scrubbed(text) == kept


@pytest.mark.parametrize(
    "text, kept",
    [
        ("1" * 20000, "[number]"),
        ("a1" * 10000, "[number]"),
        ("a@" * 10000, "a@" * 10000),
        ("(- " * 7000, ("(- " * 7000).strip()),
        ("@" * 20000, "@" * 20000),
    ],
    ids=["digits", "letters and digits", "half addresses", "separators", "at signs"],
)
def test_scrubbing_ends_on_hostile_text(text, kept):
    assert scrubbed(text) == kept


def test_questions_are_not_kept_by_default(tmp_path):
    QuestionLog(tmp_path).keep("canary", "chat", "en", "answered")
    assert list(tmp_path.iterdir()) == []


def test_kept_questions_are_scrubbed_private_and_without_time_of_day(tmp_path):
    questions = QuestionLog(tmp_path, enabled=True, clock=lambda: 1_750_000_000.0)
    questions.keep("Who is a@b.org?\nx", "chat", "en", "declined")
    path = tmp_path / FOLDER / "2025-06-15.jsonl"
    told = {"face": "chat", "language": "en", "reply": "declined", "question": "Who is [e-mail] x"}
    assert json.loads(path.read_text()) == told
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_old_questions_go_when_a_new_day_begins(tmp_path):
    now = [1_750_000_000.0]
    questions = QuestionLog(tmp_path, 30, enabled=True, clock=lambda: now[0])
    questions.keep("one", "chat", "en", "answered")
    now[0] += 30 * 86400
    questions.keep("two", "chat", "en", "answered")
    assert len(list((tmp_path / FOLDER).iterdir())) == 2
    now[0] += 86400
    questions.keep("three", "chat", "en", "answered")
    kept = sorted(path.stem for path in (tmp_path / FOLDER).iterdir())
    assert kept == ["2025-07-15", "2025-07-16"]


def test_deleting_takes_the_days_of_the_log_and_nothing_else(tmp_path):
    questions = QuestionLog(tmp_path, enabled=True)
    questions.keep("one", "chat", "en", "answered")
    (tmp_path / FOLDER / "notes.txt").touch()
    assert questions.delete() == 1
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["notes.txt"]
    assert QuestionLog(tmp_path / "none").delete() == 0
