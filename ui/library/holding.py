"""The shelf of the generation that is served: built when it is first asked for, and kept.

Likeness is computed in a thread of its own: it reads every page once. Safe between threads.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from rag.errors import SanadError
from rag.index.store import Store
from ui.library.likeness import alike, sketch
from ui.library.shelf import Shelf, shelf_of
from ui.live import LiveAssistant

log = logging.getLogger(__name__)
BATCH = 64  # documents whose pages are read at once
PATIENCE_S = 0.5  # a page waits so long for what is alike, and else goes without


@dataclass(slots=True)
class Held:
    """One generation's shelf, and what is alike in it once that is known."""

    generation: str
    created: str  # ISO 8601, UTC
    shelf: Shelf
    _alike: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _known: threading.Event = field(default_factory=threading.Event)
    _begun: threading.Lock = field(default_factory=threading.Lock)  # taken by who compares

    def alike(self, live: LiveAssistant) -> Mapping[str, tuple[str, ...]] | None:
        """Document id -> ids of near-duplicates; None while they are being looked for."""
        if self._begun.acquire(blocking=False):
            threading.Thread(target=self._compare, args=(live,), daemon=True).start()
        return self._alike if self._known.wait(PATIENCE_S) else None

    def _compare(self, live: LiveAssistant) -> None:
        """Look for what is alike, while this generation is the one that is served."""
        try:
            with live.use() as assistant:
                if assistant.generation.manifest.name == self.generation:
                    self._alike.update(near_duplicates(assistant.generation.store))
        except SanadError as error:
            log.warning("near-duplicates were not looked for: %s", error)
        finally:
            self._known.set()


class Holding:
    """Gives the shelf of what is served."""

    def __init__(self, live: LiveAssistant) -> None:
        self._live = live
        self._lock = threading.Lock()
        self._held: Held | None = None

    def current(self) -> Held:
        """The shelf now. Raises CollectionError when there is no index."""
        with self._live.use() as assistant:
            generation = assistant.generation
            with self._lock:
                held = self._held
                if held is not None and held.generation == generation.manifest.name:
                    return held
                shelf = shelf_of(generation.store.documents())
                manifest = generation.manifest
                self._held = held = Held(manifest.name, manifest.created, shelf)
        return held


def near_duplicates(store: Store) -> dict[str, tuple[str, ...]]:
    """Document id -> ids of other documents of its language that say nearly the same."""
    documents = dict(store.placed_documents())
    by_language: dict[str, dict[str, tuple[int, ...]]] = {}
    for first in range(0, max(documents, default=-1) + 1, BATCH):
        pages: dict[int, list[str]] = {}
        for row, text in store.page_texts(first, first + BATCH - 1):
            pages.setdefault(row, []).append(text)
        for row, texts in pages.items():
            one = documents[row]
            by_language.setdefault(one.language, {})[one.id] = sketch(texts)
    found: dict[str, tuple[str, ...]] = {}
    for sketches in by_language.values():
        found |= alike(sketches)
    return found
