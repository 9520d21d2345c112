"""The load benchmark's own workings: what it counts as an answer, as fair, as growth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from evals.bench.first_view import GRADIO, WIDGET, View
from evals.bench.first_view import table as view_table
from evals.bench.load import Crowd, judged, send
from evals.bench.load_figures import Asked, Sample, figures, jain, markdown, slope
from evals.bench.load_workers import KINDS, table

STILL = [Sample(at, 300.0, 40, cpu_s=at / 2, others=0.25) for at in range(11)]


def test_fairness_is_one_where_all_got_the_same_and_falls_to_one_in_n():
    assert jain([3, 3, 3]) == 1
    assert jain([4, 0, 0, 0]) == pytest.approx(0.25)
    assert jain([0, 0]) == 0


def test_a_visitor_who_got_nothing_counts():
    asked = [Asked(0, "json", 1, 50), Asked(1, "json", 2, 50), Asked(2, "json", 3, 9, "429")]
    found = figures(asked, STILL, visitors=4)
    assert (found.least, found.most) == (0, 1)
    assert found.fairness == pytest.approx(0.5)


def test_refusals_are_counted_apart_and_have_no_part_in_the_times():
    asked = [Asked(0, "json", 0, 100), Asked(0, "json", 1, 1, "429"), Asked(0, "sse", 2, 1, "500")]
    found = figures(asked, STILL, visitors=1)
    assert (found.answers, found.limited, dict(found.errors)) == (1, 1, {"500": 1})
    assert found.p95_ms == 100
    assert found.cpu_ms == pytest.approx(5000)  # 5 s of the server for one answer


def test_growth_is_measured_between_the_first_visitors_and_the_last():
    filling = [replace(each, rss_mb=100.0 * each.at_s) for each in STILL[:3]]
    leaving = [replace(STILL[-1], rss_mb=0.0, handles=0)]
    found = figures([Asked(0, "json", 0, 1)], [*filling, *STILL[3:-1], *leaving], 1)
    assert found.rss_mb_minute == pytest.approx(0)
    growing = [replace(each, rss_mb=300 + each.at_s) for each in STILL]
    assert figures([Asked(0, "json", 0, 1)], growing, 1).rss_mb_minute == pytest.approx(60)
    assert slope([(1.0, 5.0)]) == 0


def test_an_error_or_unfairness_of_the_api_fails_the_run_and_the_peer_does_not(capsys):
    good = figures([Asked(n, "json", n, 1) for n in range(4)], STILL, 4)
    assert judged([("API", good)]) == 0
    assert judged([("API", replace(good, errors={"500": 2}))]) == 1
    assert "500" in capsys.readouterr().err
    assert judged([("API", replace(good, fairness=0.5))]) == 1
    assert judged([("API", good), ("Gradio", replace(good, errors={"500": 2}))]) == 0
    assert judged([("API", figures([], STILL, 4))]) == 1  # nobody got anything


def test_tables_say_what_was_found():
    found = figures([Asked(n, "json", n, 1) for n in range(4)], STILL, 4)
    assert "| API | 4 |" in markdown([("API", replace(found, errors={"500": 2}))])
    assert "2 x 500" in markdown([("API", replace(found, errors={"500": 2}))])
    each = {kind.name: [replace(found, per_second=10.0 + kind.workers)] for kind in KINDS}
    assert "| 2 workers | 12.0 | 1.09 |" in table(each)


@pytest.mark.parametrize(("seconds", "said"), [(2.9, "no"), (3.1, "yes")])
def test_the_widget_is_held_to_three_times_sooner(seconds, said):
    seen = {WIDGET: [View(1.0, 5, 20)], GRADIO: [View(seconds, 60, 340)]}
    assert f"3 times sooner: {'**no**' if said == 'no' else said}" in view_table(seen)


@contextmanager
def answering(status: int, body: bytes, headers: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """A server that gives one reply to everything; its address, and who asked it."""
    callers: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            callers.append(self.headers["X-Forwarded-For"])
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", callers
    server.shutdown()
    server.server_close()


class Anybody:
    """A server that needs no process to be watched."""

    def __init__(self, address: str) -> None:
        self.address = address

    def sample(self) -> Sample:
        return STILL[0]


@pytest.mark.parametrize(
    ("form", "status", "body", "headers", "code"),
    [
        ("json", 200, b'{"status": "declined"}', {}, ""),
        ("json", 200, b"{}", {}, "json without an end"),
        ("sse", 200, b"event: sentence\ndata: {}\n\nevent: finished\ndata: {}\n\n", {}, ""),
        ("sse", 200, b"event: failed\ndata: {}\n\n", {}, "sse without an end"),
        ("json", 429, b"{}", {"Retry-After": "60"}, "429"),
        ("json", 429, b"{}", {}, "429 without Retry-After"),
        ("json", 503, b"{}", {}, "503"),
    ],
)
def test_visitors_know_an_answer_from_a_refusal(tmp_path, form, status, body, headers, code):
    with answering(status, body, headers) as (address, callers):
        asked, _ = send(Crowd("", (form,), 3, 1.0, 0.3), Anybody(address), tmp_path)  # type: ignore[arg-type]
    assert {each.code for each in asked} == {code}
    assert {each.visitor for each in asked} == {0, 1, 2}
    assert set(callers) == {"10.0.0.0", "10.0.0.1", "10.0.0.2"}
