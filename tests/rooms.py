"""Every page of the reading room in a real browser, for tests of what all of them share.

`address` serves the sample collection with the real program; `enter` opens a page in a
language as a reader finds it, with the question asked where the page is an answer.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from tests.browsing import BOX, FINISHED
from tests.questions import EXAMPLES
from tests.serving import PLENTY

PASSWORD = "a long pass phrase"
LANGUAGES = sorted(EXAMPLES)
MANGOES = "How much does a kilo of mangoes cost in Lima?"


@dataclass(frozen=True, slots=True)
class Place:
    """A page: its path below the language, what is asked on it, and what is done then."""

    path: str = ""
    asked: str = ""  # "first": the first example of the language
    ready: str = "main"
    pressed: tuple[str, ...] = ()  # one after the other
    after: str = "body"  # what comes then
    link: str = ""  # a script that says where to go from there
    then: str = ""  # what is there


KENYA = {"asked": "first", "ready": BOX}
READ = "document.querySelector('dialog.sanad-passage a[data-quote]').getAttribute('href')"
SHARED = f"'./shared?' + JSON.parse(document.querySelector('{FINISHED}').dataset.reply).link"
PLACES = {
    "start": Place(ready=BOX),
    "answer": Place(**KENYA),
    "passage": Place(**KENYA, pressed=(".sanad-cite",), after="dialog[open] mark"),
    "beside": Place(
        **KENYA, pressed=(".sanad-cite", "dialog[open] a[data-quote]"), after=".sanad-panel mark"
    ),
    "declined": Place(asked=MANGOES, ready=BOX),
    "reader": Place(**KENYA, link=READ, then="main mark"),
    "note": Place("note"),
    "kept": Place(**KENYA, pressed=("[data-act=keep]",), link="'./note'", then="main textarea"),
    "shared": Place(**KENYA, link=SHARED, then="main"),
    "library": Place("library"),
    "coverage": Place("library?view=coverage"),
    "office": Place("office"),
}


@pytest.fixture(scope="module", name="address")
def serve_rooms(collection) -> Iterator[str]:
    """Where the real program serves all pages of the sample collection."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    limits = {f"SANAD_{name.upper()}": str(amount) for name, amount in PLENTY.items()}
    own = {"SANAD_OFFICE_PASSWORD": PASSWORD, "SANAD_DATA_DIR": str(collection), **limits}
    server = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "serve", "--port", port],
        stdout=subprocess.PIPE, text=True, env={**os.environ, **own},
    )  # fmt: skip
    yield server.stdout.readline().split()[-1]
    server.terminate()
    server.wait(60)


@contextmanager
def enter_room(browser, address: str, name: str, language: str, width: int = 1280, **context):
    """A place as its reader finds it; afterwards no script may have failed, and nothing been
    asked elsewhere."""
    place, troubles = PLACES[name], []
    page = browser.new_page(viewport={"width": width, "height": 800}, **context)
    page.on("pageerror", lambda error: troubles.append(f"{name}: {error}"))
    page.on(
        "request",
        lambda asked: (
            asked.url.startswith((address, "data:", "blob:")) or troubles.append(asked.url)
        ),
    )
    told = page.goto(f"{address}/{language}/{place.path}")
    assert told.status == 200, (name, told.status)
    page.wait_for_selector(place.ready)
    if place.asked:
        page.wait_for_selector("#sanad-early", state="detached")
        page.fill(BOX, EXAMPLES[language][0] if place.asked == "first" else place.asked)
        page.press(BOX, "Enter")
        page.wait_for_selector(FINISHED)
    for button in place.pressed:
        page.locator(button).first.click()
    page.wait_for_selector(place.after)
    if place.link:
        page.wait_for_timeout(300)
        page.goto(f"{address}/{language}/{page.evaluate(place.link)}")
        page.wait_for_selector(place.then)
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(300)
    try:
        yield page
    finally:
        page.close()
    assert not troubles, troubles  # said, for this module's assertions are not rewritten


@pytest.fixture(name="enter")
def enter_rooms(browser, address):
    """Opens places, and closes them at the end."""
    with ExitStack() as opened:

        def enter(name: str, language: str, width: int = 1280, **context):
            made = enter_room(browser, address, name, language, width, **context)
            return opened.enter_context(made)

        yield enter
