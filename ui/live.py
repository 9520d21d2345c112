"""The open assistant of a running server, which follows the data folder.

`use()` lends the assistant of one generation for one question. A new generation
is noticed between questions; the old one is closed when its last question ends.
A fresh generation answers at once with the exact scan, and moves to Chroma when a
child process has found the collection sound. Knows no screen and no protocol.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rag.assistant import Assistant
from rag.errors import CollectionError, IndexDamagedError, SanadError
from rag.vectors import ChromaIndex, ExactIndex, VectorIndex

Open = Callable[[Assistant | None], Assistant]  # given the assistant before, to reuse its model
Probe = Callable[[Path], str]  # generation folder -> what is wrong with its Chroma, or ""
CHECK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class LiveState:
    """What is being served, for a health page."""

    generation: str = ""  # empty: nothing is open
    documents: int = 0
    passages: int = 0
    vector_search: str = "none"  # "exact" | "chroma" | "none"
    notes: tuple[str, ...] = ()  # what is degraded, in plain words


@dataclass(slots=True)
class _Slot:
    """One open assistant and how many questions are using it."""

    assistant: Assistant
    users: int = 0
    retired: bool = False
    exact: VectorIndex | None = None  # the scan to go back to from Chroma
    left: ChromaIndex | None = None  # a collection that failed, still open for its readers
    awaited: bool = False  # its collection was not there yet when it was opened
    notes: list[str] = field(default_factory=list)

    def attach_chroma(self) -> None:
        generation = self.assistant.generation
        if isinstance(generation.dense, ExactIndex):
            self.exact = generation.dense
            generation.attach_chroma()

    def leave_chroma(self, reason: str) -> None:
        """Back to the exact scan, from now on."""
        generation = self.assistant.generation
        if self.exact is not None and isinstance(generation.dense, ChromaIndex):
            self.left, generation.dense = generation.dense, self.exact
            self.notes.append(f"Chroma is not used, the exact scan is: {reason}")

    def close(self) -> None:
        """Release the generation's files; no question uses them any more."""
        self.assistant.generation.close()
        if self.left is not None:
            self.left.close()


class LiveAssistant:
    """Lends the newest assistant, one generation a question. Safe between threads."""

    def __init__(
        self,
        open_assistant: Open,
        current: Callable[[], str],
        probe: Probe | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`current` names the active generation cheaply (empty: none); without a
        `probe` Chroma is never used."""
        self._open = open_assistant
        self._current = current
        self._probe = probe
        self._clock = clock
        self._lock = threading.Lock()  # guards the slot and its counts
        self._moving = threading.Lock()  # held by the thread that opens a generation
        self._slot: _Slot | None = None
        self._seen = ""
        self._next_check = clock()
        self.problem: SanadError | None = None  # why nothing newer is open

    @contextmanager
    def use(self) -> Iterator[Assistant]:
        """The assistant for one question; its generation stays open until the block ends.

        Raises CollectionError, with what to do, when there is no index, and
        ConfigurationError when the one there is needs another model.
        """
        self.follow()
        slot = self._take()
        try:
            yield slot.assistant
        except IndexDamagedError as error:
            slot.leave_chroma(str(error))
            raise
        finally:
            self._give_back(slot)

    def follow(self) -> None:
        """Move to a new generation if there is one; looks at most once a second."""
        if not self._moving.acquire(blocking=self._slot is None):
            return  # another thread is moving; this question is answered by what is open
        try:
            if self._clock() < self._next_check:
                return
            self._next_check = self._clock() + CHECK_EVERY_S
            name, slot = self._current(), self._slot
            if slot is None or name != self._seen:
                self._seen = name
                self._move()
            elif slot.awaited and slot.assistant.generation.has_chroma:
                self._look(slot)  # that of a large collection comes after the switch
        finally:
            self._moving.release()

    def _move(self) -> None:
        before = self._slot
        try:
            assistant = self._open(before.assistant if before else None)
        except SanadError as error:
            self.problem = error
            return
        slot = _Slot(assistant)
        with self._lock:
            self._slot, self.problem = slot, None
        if before is not None:
            self._retire(before)
        self._look(slot)

    def _look(self, slot: _Slot) -> None:
        """Have its collection looked at, if it is there."""
        slot.awaited = not slot.assistant.generation.has_chroma
        if self._probe is not None and not slot.awaited:
            threading.Thread(target=self._probed, args=(slot, self._probe), daemon=True).start()

    def _probed(self, slot: _Slot, probe: Probe) -> None:
        problem = probe(slot.assistant.generation.folder)
        with self._lock:
            if slot.retired:
                return
            slot.users += 1
        try:
            if problem:
                slot.notes.append(f"Chroma is not used, the exact scan is: {problem}")
            else:
                slot.attach_chroma()
        except IndexDamagedError as error:
            slot.notes.append(f"Chroma is not used, the exact scan is: {error}")
        finally:
            self._give_back(slot)

    def _take(self) -> _Slot:
        with self._lock:
            if self._slot is None:
                raise self.problem or CollectionError("the server is closing")
            self._slot.users += 1
            return self._slot

    def _give_back(self, slot: _Slot) -> None:
        with self._lock:
            slot.users -= 1
            done = slot.retired and slot.users == 0
        if done:
            slot.close()

    def _retire(self, slot: _Slot) -> None:
        with self._lock:
            slot.retired = True
            done = slot.users == 0
        if done:
            slot.close()

    def state(self) -> LiveState:
        """What is being served now; moves to a new generation first if there is one."""
        self.follow()
        slot, problem = self._slot, self.problem
        problems = (str(problem),) if problem else ()
        if slot is None:
            return LiveState(notes=problems)
        generation = slot.assistant.generation
        return LiveState(
            generation=generation.manifest.name,
            documents=generation.store.document_count,
            passages=generation.store.passage_count,
            vector_search=generation.dense.name if generation.dense is not None else "none",
            notes=(*filter(None, (*generation.notes, generation.trouble)), *slot.notes, *problems),
        )

    def close(self) -> None:
        """Close what is open as soon as no question uses it."""
        with self._lock:
            slot, self._slot = self._slot, None
            self._next_check = float("inf")
        if slot is not None:
            self._retire(slot)
