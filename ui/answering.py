"""How a face of the server puts a question: as a value, answered by JSON-able events.

Events are plain dicts with a "type", so that they can cross a connection or a process:

    form "json"   retrieved, sentence..., finished (the whole reply)
    form "page"   page... (the whole exchange so far, as escaped HTML; the last has done, and
                  what came of the question where there is a reply)
    either        failed (a code; nothing internal)

Knows no protocol and no screen.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

import anyio

from rag.errors import CollectionError
from rag.evidence.retrieve import Filters
from rag.index.generation import Generation
from rag.types import Answer, Finished, Retrieved, Spoken, Turn
from rag.types import Event as Step
from ui.exchange import Chat
from ui.live import LiveAssistant, LiveState
from ui.render import citation_json, document_json, hits_json, reply_json
from ui.share.link import traces_json, traces_of

log = logging.getLogger(__name__)

Event = dict[str, Any]
Events = Generator[Event, None, None]
PING: Event = {"type": "ping"}
ENDING_S = 5.0  # how long a visitor who left keeps a place while the work ends


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with all that belongs to it. `history` is untrusted, oldest first."""

    question: str
    filters: Filters = field(default_factory=dict)
    history: tuple[Turn, ...] = ()
    interface: str = "en"  # language of our own words where the question's is not known
    form: Literal["json", "page"] = "json"
    identity: str = ""  # of the reply, for feedback; empty: none is asked for
    room: bool = False  # for the reading room, where a reply can be acted on


def not_cancelled() -> bool:
    """The `cancelled` of a question that nobody takes back."""
    return False


class UnderWay:
    """The questions whose listeners are still here, for a server that has to end.

    Lives on the event loop.
    """

    def __init__(self) -> None:
        self._tells: set[Callable[[], None]] = set()

    def __len__(self) -> int:
        return len(self._tells)

    @contextmanager
    def one(self, tell: Callable[[], None]) -> Iterator[None]:
        """A question for as long as the block runs; `tell` says that the server ends."""
        self._tells.add(tell)
        try:
            yield
        finally:
            self._tells.discard(tell)

    def tell_all(self) -> None:
        """Give every listener a last event."""
        for tell in tuple(self._tells):
            tell()


class Answering(Protocol):
    """Answers questions from the collection, here or in other processes."""

    def ask(self, asked: Asked, cancelled: Callable[[], bool] = not_cancelled) -> Events:
        """The events of one question. Never raises: trouble is a `failed` event, or stands on
        the page. Closing the iterator ends the work; `cancelled` ends it from another thread."""
        ...

    def search(self, question: str, k: int, filters: Filters) -> Event:
        """{"hits": [...], "generation"}. Raises CollectionError, ConfigurationError."""
        ...

    def documents(self, filters: Filters) -> Event:
        """{"documents": [...], "generation"}, by id. Raises CollectionError."""
        ...

    def state(self) -> LiveState:
        """What is being served."""
        ...

    @property
    def under_way(self) -> UnderWay:
        """The questions that `streamed` is answering."""
        ...

    def close(self) -> None:
        """End what was started; questions after this fail."""
        ...


class InProcess:
    """Answers in this process, from a live assistant."""

    def __init__(self, live: LiveAssistant, chat: Chat) -> None:
        self.live = live
        self.chat = chat
        self.under_way = UnderWay()

    def ask(self, asked: Asked, cancelled: Callable[[], bool] = not_cancelled) -> Events:
        """See `Answering.ask`."""
        if asked.form == "page":
            yield from self._pages(asked, cancelled)
            return
        try:
            yield from self._steps(asked, cancelled)
        except CollectionError:
            yield failed("no_index")
        except Exception:
            log.exception("a question was not answered")
            yield failed("error")

    def _steps(self, asked: Asked, cancelled: Callable[[], bool]) -> Events:
        with self.live.use() as assistant:
            steps = assistant.ask(asked.question, asked.filters, asked.history, cancelled)
            with closing(steps):
                for step in steps:
                    yield event_json(step, assistant.generation, self.chat.limit)

    def _pages(self, asked: Asked, cancelled: Callable[[], bool]) -> Events:
        shown = self.chat.ask(
            asked.question, asked.filters, asked.interface, asked.history, cancelled,
            asked.identity, room=asked.room,
        )  # fmt: skip
        with closing(shown):
            for page in shown:
                turns = [turn_json(turn) for turn in page.history]
                event = {"type": "page", "html": page.html, "history": turns, "done": page.done}
                if page.finished:
                    event["reply"] = outcome(page.finished)
                    event["traces"] = traces_json(traces_of(page.finished))
                yield event

    def search(self, question: str, k: int, filters: Filters) -> Event:
        """See `Answering.search`."""
        with self.live.use() as assistant:
            hits = hits_json(assistant.search(question, k, filters), assistant.generation)
            return {"hits": hits, "generation": assistant.generation.manifest.name}

    def documents(self, filters: Filters) -> Event:
        """See `Answering.documents`. A document is in where every key has one of its values."""
        with self.live.use() as assistant:
            generation = assistant.generation
            rows = generation.store.rows_matching(filters) if filters else None
            held = generation.store.placed_documents()
            shown = [
                document_json(document) for row, document in held if rows is None or row in rows
            ]
            return {
                "documents": sorted(shown, key=lambda item: str(item["document_id"])),
                "generation": generation.manifest.name,
            }

    def state(self) -> LiveState:
        """See `Answering.state`."""
        return self.live.state()

    def close(self) -> None:
        """Nothing to end: whoever opened the live assistant closes it."""


def failed(code: str) -> Event:
    """The event of a question that got no reply: "no_index", "error" or "closing"."""
    return {"type": "failed", "code": code}


def outcome(finished: Finished) -> Event:
    """What came of a question, without a word of it: names and numbers of `reply_json`."""
    reply = finished.reply
    answer = reply if isinstance(reply, Answer) else None
    return {
        "status": answer.status if answer else "declined",
        "language": reply.language,
        "mode": answer.mode if answer else "extractive",
        "timings_ms": finished.timings_ms,
        "usage": asdict(finished.usage) if finished.usage else None,
    }


def turn_json(turn: Turn) -> Event:
    """One earlier exchange, as a client keeps it and sends it back."""
    return {"question": turn.question, "documents": list(turn.documents)}


def turn_of_json(value: Mapping[str, Any]) -> Turn:
    """What `turn_json` made, checked by whoever took it in."""
    return Turn(str(value["question"]), tuple(str(each) for each in value.get("documents", ())))


def event_json(step: Step, generation: Generation, limit: int) -> Event:
    """A step of the walk as a typed event."""
    match step:
        case Retrieved(hits, searched, author):
            found = {"passages": len(hits), "searched": searched, "author": author}
            return {"type": "retrieved", **found}
        case Spoken(sentence, evidence, mode):
            return {
                "type": "sentence",
                "text": sentence.text,
                "citations": list(sentence.citations),
                "attribution": sentence.attribution,
                "beside": sentence.beside,
                "gloss": list(sentence.gloss),
                "mode": mode,
                "evidence": [citation_json(item, generation) for item in evidence],
            }
        case Finished():
            return {"type": "finished", "reply": reply_json(step, generation, limit=limit)}


async def streamed(
    answering: Answering, asked: Asked, ping_s: float | None = None
) -> AsyncGenerator[Event, None]:
    """The events of `answering.ask`, awaited: it runs in a thread of its own.

    With `ping_s`, an event of type "ping" comes whenever nothing else has for that long.
    When whoever listens goes (cancelled, or the generator closed) the work is told to end,
    and is waited for, up to ENDING_S: a place in the queue is free when its work is over.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Event | None] = asyncio.Queue()
    gone = threading.Event()

    def put(event: Event | None) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody listens any more
            loop.call_soon_threadsafe(arrived.put_nowait, event)

    def work() -> None:
        try:
            with closing(answering.ask(asked, gone.is_set)) as events:
                for event in events:
                    if gone.is_set():
                        return
                    put(event)
        except Exception:
            log.exception("a question was not answered")
            put(failed("error"))
        finally:
            put(None)

    def tell() -> None:
        arrived.put_nowait(failed("closing"))
        arrived.put_nowait(None)

    threading.Thread(target=work, name="answer", daemon=True).start()
    over = False
    try:
        with answering.under_way.one(tell):
            while True:
                event: Event | None = PING
                with suppress(TimeoutError):
                    async with asyncio.timeout(ping_s):
                        event = await arrived.get()
                if event is None:
                    break
                yield event
        over = True
    finally:
        gone.set()
        if not over:
            with anyio.move_on_after(ENDING_S, shield=True):
                while await arrived.get() is not None:
                    pass
