"""Pictures of PDF pages, drawn in a child process that may be killed, and kept for a while.

The files come from strangers: `ingest.sandbox` bounds memory, processor and wall time, and
`ui.reader.picture_child` the pixels. One page is drawn at a time; few may wait. Knows no
quote and no request.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ingest.sandbox import Limits, Sandbox
from rag.errors import ReadError
from ui.reader.letters import WHOLE, Box, Letter

DRAWER = "ui.reader.picture_child:draw"
LIMITS = Limits(
    memory_mb=1536, cpu_s=10, wall_s=15.0, input_mb=100, characters=1_000_000, files_per_child=200
)
WAITING = 4  # pages that may wait for the child
MOST_KEPT = 48 * 2**20  # bytes of pictures and letters
IDLE_S = 120.0  # after which the child goes
FAILED_S = 600.0  # how long a page that could not be drawn is not tried again
_WEBP = (b"RIFF", b"WEBP")


class Busy(Exception):
    """Too many pages wait to be drawn."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One page as it is printed."""

    image: bytes  # WebP
    width: int  # pixels
    height: int
    packed: bytes = b""  # letters, as compressed JSON: a page has thousands

    def letters(self) -> list[Letter]:
        """The page's text layer; empty where it has none, or too much of it."""
        if not self.packed:
            return []
        listed = json.loads(zlib.decompress(self.packed))
        return [Letter(c, Box(*sides), line, word) for c, *sides, line, word in listed]


@dataclass(slots=True)
class _Kept:
    """Pictures by (SHA-256 of the file, page), least lately used first, and failures."""

    pictures: OrderedDict[tuple[str, int], Picture] = field(default_factory=OrderedDict)
    failures: OrderedDict[tuple[str, int], tuple[float, str]] = field(default_factory=OrderedDict)
    size: int = 0


class Pictures:
    """Draws pages and keeps them. Safe between threads."""

    def __init__(
        self, limits: Limits = LIMITS, drawer: str = DRAWER, most_kept: int = MOST_KEPT
    ) -> None:
        self._sandbox = Sandbox(limits, drawer)
        self._most = most_kept
        self._kept = _Kept()
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(WAITING)
        self._idle: threading.Timer | None = None

    def kept(self, sha256: str, number: int) -> Picture | None:
        """A picture drawn before. Raises ReadError where drawing it failed lately."""
        key = (sha256, number)
        with self._lock:
            at, reason = self._kept.failures.get(key, (0.0, ""))
            if reason and time.monotonic() - at < FAILED_S:
                raise ReadError(reason)
            if key in self._kept.pictures:
                self._kept.pictures.move_to_end(key)
            return self._kept.pictures.get(key)

    def draw(self, sha256: str, number: int, fetch: Callable[[], bytes | None]) -> Picture:
        """The picture of a page, from 1; `fetch` gives the file's bytes.

        Raises ReadError where there is none, and Busy.
        """
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            return self.kept(sha256, number) or self._drawn((sha256, number), fetch)
        finally:
            self._places.release()

    def _drawn(self, key: tuple[str, int], fetch: Callable[[], bytes | None]) -> Picture:
        data = fetch()
        if data is None:
            raise ReadError("is not there any more")
        try:
            picture = _picture_of(self._sandbox.read(data, str(key[1])).metadata)
        except ReadError as error:
            with self._lock:
                self._kept.failures[key] = (time.monotonic(), str(error))
                while len(self._kept.failures) > 1000:
                    self._kept.failures.popitem(last=False)
            raise
        finally:
            self._rest()
        self._keep(key, picture)
        return picture

    def _keep(self, key: tuple[str, int], picture: Picture) -> None:
        with self._lock:
            kept = self._kept
            before = kept.pictures.pop(key, None)
            kept.pictures[key] = picture
            kept.size += _size(picture) - (_size(before) if before else 0)
            while kept.size > self._most and len(kept.pictures) > 1:
                kept.size -= _size(kept.pictures.popitem(last=False)[1])

    def _rest(self) -> None:
        """Let the child go when nobody has turned a page for a while."""
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            self._idle = threading.Timer(IDLE_S, self._sandbox.close)
            self._idle.daemon = True
            self._idle.start()

    def close(self) -> None:
        """Stop the child."""
        if self._idle is not None:
            self._idle.cancel()
        self._sandbox.close()


def _size(picture: Picture) -> int:
    return len(picture.image) + len(picture.packed)


def _picture_of(told: Mapping[str, object]) -> Picture:
    """The picture in a child's reply; ReadError for any other shape: it has handled hostile
    bytes."""
    try:
        image = base64.b64decode(str(told["picture"]), validate=True)
        width, height = told["width"], told["height"]
        letters = told["letters"]
        sound = (
            (image[:4], image[8:12]) == _WEBP
            and isinstance(width, int)
            and isinstance(height, int)
            and isinstance(letters, list)
            and all(_is_letter(each) for each in letters)
        )
        if not sound:
            raise ValueError("another shape")
    except (KeyError, ValueError, TypeError) as error:
        raise ReadError("could not be drawn: its drawer replied with nonsense") from error
    packed = zlib.compress(json.dumps(letters).encode(), 6) if letters else b""
    return Picture(image, int(str(width)), int(str(height)), packed)


def _is_letter(told: object) -> bool:
    if not isinstance(told, list) or len(told) != 7 or not isinstance(told[0], str):
        return False
    numbers = [n for n in told[1:] if type(n) is int]
    return len(numbers) == 6 and all(0 <= n <= WHOLE for n in numbers[:4])
