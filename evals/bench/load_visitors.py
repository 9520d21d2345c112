"""Visitors of a running server, as a program: `python -m evals.bench.load_visitors ADDRESS ...`

Each has an address of its own (as a proxy on this machine would report it), asks, waits
for the whole answer, reads for a while and asks again; told to come back later, does so.
A process of its own: locust replaces sockets, threads and `time.sleep` of the process it is
in by gevent's, so that all visitors share one thread.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from locust import FastHttpUser, task
from locust.env import Environment

from evals.bench.load_figures import Asked

FORMS = ("json", "sse", "gradio")
ASK = "/api/v1/ask"
GRADIO = "/en/gradio_api/queue"
BOX = "sanad-question"
LONGEST_WAIT_S = 15  # a visitor who is told to come back later than that gives up
FINISH_S = 60  # for questions under way when the time is over
SEED = 20261122


class Visitor(FastHttpUser):
    """One visitor; `Crowd` says what they have in common."""

    abstract = True
    network_timeout = 60.0
    crowd: Crowd

    def on_start(self) -> None:
        """Arrive at some moment of the first pause."""
        self.number = self.crowd.arrive()
        self.pause_s = 0.0
        self.random = random.Random(SEED + self.number)
        self.from_here = {"X-Forwarded-For": f"10.{self.number >> 16}.{self.number >> 8 & 255}."
                          f"{self.number & 255}"}  # fmt: skip
        time.sleep(self.random.uniform(0, self.crowd.pause_s))

    @task
    def visit(self) -> None:
        """Ask, and read the answer."""
        question = self.random.choice(self.crowd.questions)
        form = self.random.choice(self.crowd.forms)
        again = self._ask(form, question)
        soon = 0 < again <= LONGEST_WAIT_S
        self.pause_s = again if soon else self.random.uniform(0.5, 1.5) * self.crowd.pause_s

    def wait_time(self) -> float:
        """Seconds to read; locust ends who is reading at once, and lets who waits finish."""
        return self.pause_s

    def _ask(self, form: str, question: str) -> int:
        """Ask in one form; seconds after which to come back, 0: when it suits."""
        begun = time.perf_counter()
        asks = self._gradio if form == "gradio" else self._api
        code, again = asks(question, form)
        self.crowd.note(self.number, form, begun, code)
        return again

    def _api(self, question: str, form: str) -> tuple[str, int]:
        accept = "text/event-stream" if form == "sse" else "application/json"
        headers = {**self.from_here, "Accept": accept}
        with self.client.post(
            ASK, json={"question": question}, headers=headers, name=form, catch_response=True
        ) as reply:
            reply.success()  # `code` says what it was
            if reply.status_code != 200:
                return _refusal(reply)
            ended = (reply.text or "").rstrip()
            whole = "event: finished" in ended if form == "sse" else '"status":' in ended
            return ("" if whole else f"{form} without an end"), 0

    def _gradio(self, question: str, form: str) -> tuple[str, int]:
        session = f"{self.random.getrandbits(48):012x}"
        index, inputs = self.crowd.gradio
        data: list[Any] = [question, None, *([[]] * (inputs - 2))]
        body = {"data": data, "fn_index": index, "session_hash": session}
        with self.client.post(
            f"{GRADIO}/join", json=body, headers=self.from_here, name=form, catch_response=True
        ) as joined:
            joined.success()
            if joined.status_code != 200:
                return _refusal(joined)
        with self.client.get(
            f"{GRADIO}/data?session_hash={session}", headers=self.from_here, name=f"{form} data",
            catch_response=True,
        ) as reply:  # fmt: skip
            reply.success()
            return _gradio_end(reply.text or ""), 0


class Crowd:
    """What all visitors share, and what they report."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.forms: Sequence[str] = given.form
        self.pause_s: float = given.pause
        self.questions = Path(given.questions).read_text("utf-8").splitlines()
        self.gradio = gradio_event(given.address) if "gradio" in given.form else (0, 0)
        self.asked: list[Asked] = []
        self._begun = time.perf_counter()
        self._arrived = 0

    def arrive(self) -> int:
        """The number of a new visitor, from 0."""
        self._arrived += 1
        return self._arrived - 1

    def note(self, visitor: int, form: str, begun: float, code: str) -> None:
        """One request has ended."""
        ms = (time.perf_counter() - begun) * 1000
        self.asked.append(Asked(visitor, form, begun - self._begun, ms, code))


def gradio_event(address: str) -> tuple[int, int]:
    """The number of the event that a typed question is, and how many inputs it takes, from
    the page's own description."""
    from urllib.request import urlopen

    with urlopen(f"{address}/en/config", timeout=30) as reply:
        config = json.load(reply)
    boxes = {each["id"] for each in config["components"] if each["props"].get("elem_id") == BOX}
    for event in config["dependencies"]:
        if any(target[0] in boxes and target[1] == "submit" for target in event["targets"]):
            return int(event["id"]), len(event["inputs"])
    raise SystemExit(f"{address}/en/config has no event of {BOX}")


def _refusal(reply: Any) -> tuple[str, int]:
    """Why there is no answer, and when to come back."""
    again = str((reply.headers or {}).get("retry-after", ""))
    if reply.status_code == 429 and not again.isdigit():
        return "429 without Retry-After", 0
    return str(reply.status_code or reply.error or "no reply"), int(again or 0)


def _gradio_end(text: str) -> str:
    """ "" for an answer, else what came of it, from the events of Gradio's queue."""
    events = [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]
    said = {event.get("msg"): event for event in events}
    if "queue_full" in said:
        return "429"
    done = said.get("process_completed")
    if done is None:
        return "gradio without an end"
    return "" if done.get("success") else "gradio said that it failed"


def visit(given: argparse.Namespace) -> list[Asked]:
    """Let the visitors come, for as long as was asked."""
    crowd = Crowd(given)
    kind = type("OneVisitor", (Visitor,), {"crowd": crowd, "abstract": False})
    crowd_of = Environment(user_classes=[kind], host=given.address, stop_timeout=FINISH_S)
    runner = crowd_of.create_local_runner()
    runner.start(given.visitors, spawn_rate=given.visitors)
    time.sleep(given.seconds)
    runner.quit()
    return crowd.asked


def main() -> int:
    """Visit, and write one row a request as JSON."""
    parser = argparse.ArgumentParser(description="Visitors of a running Sanad server.")
    parser.add_argument("address")
    parser.add_argument("questions", help="a file, one question a line")
    parser.add_argument("out", type=Path)
    parser.add_argument("--visitors", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=30, help="seconds between questions")
    parser.add_argument("--form", action="append", choices=FORMS, required=True)
    given = parser.parse_args()
    rows = [asdict(each) for each in visit(given)]
    given.out.write_text(json.dumps(rows), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
