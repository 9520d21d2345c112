"""A writer for a server of ours, a prompt, and what came of asking."""

from __future__ import annotations

import time
from dataclasses import replace

from rag.generate import Draft, Prompt, Writer, load_writer
from rag.writing.deadline import Deadlines
from rag.writing.providers import WriterSettings
from rag.writing.trouble import ModelTrouble
from tests.openai_server import misbehaving_server

SECRET = "sk-never-to-be-shown"
PROMPT = Prompt("Answer from the evidence.", "What did {Kyiv} do? [1] It has a plan.")
PATIENT = Deadlines(first=20.0, between=20.0, total=30.0)  # where no deadline is meant to pass
QUICK = Deadlines(first=0.3, between=0.3, total=20.0)
SAYINGS = [
    "The city of Kyiv has a plan against hate speech [1].",
    "لدى مدينة كييف خطة لمواجهة خطاب الكراهية [١].",
    "La ville de Kyiv a un plan contre les discours de haine [1].",
    "La ciudad de Kiev tiene un plan contra el discurso de odio [1].",
]


def writer_of(url: str, *, model="openai:gpt-test", **changes) -> Writer:
    settings = WriterSettings(
        model, url, SECRET, deadlines=PATIENT, retries=0, backoff_seconds=0.01
    )
    return load_writer(replace(settings, **changes))


def read(draft: Draft) -> tuple[str, ModelTrouble | None]:
    """(the text that came, the trouble it ended in)."""
    said = []
    try:
        for piece in draft:
            said.append(piece)
    except ModelTrouble as trouble:
        return "".join(said), trouble
    return "".join(said), None


def trouble_with(behaviour: str, **changes) -> tuple[str, ModelTrouble]:
    """What comes of a server that misbehaves; the connection does not outlive it."""
    with misbehaving_server(behaviour) as server:
        begun = time.monotonic()
        said, trouble = read(writer_of(server.url, **changes).write(PROMPT))
        assert time.monotonic() - begun < 10
    assert trouble is not None, said
    assert SECRET not in str(trouble)
    return said, trouble
