"""Decompresses what a server sends, never into more than was agreed."""

from __future__ import annotations

import zlib

from rag.errors import ReadError

_AUTOMATIC = 47  # zlib's window bits for gzip or zlib, whichever begins
_BARE = -15  # deflate without a header, which some servers send
_GZIP = b"\x1f\x8b"
_MAX_MEMBERS = 1_000  # of a gzip file; one is usual


class Inflater:
    """Takes a body chunk by chunk. Raises ReadError past `most` bytes, or for a coding that
    was not asked for: of those, some expand a million times at one call."""

    def __init__(self, coding: str, most: int) -> None:
        self._coding = coding.strip().lower()
        if self._coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise ReadError(f"comes in the coding {coding[:40]!r}, which was not asked for")
        self._plain = self._coding in ("", "identity")
        self._most = most
        self._body = bytearray()
        self._members = 0
        self._head = b""  # of a deflate body, until its kind can be told
        self._fed = False
        self._inner = zlib.decompressobj(_AUTOMATIC)

    def feed(self, chunk: bytes) -> None:
        """Take a chunk in."""
        self._fed = self._fed or bool(chunk)
        if self._plain:
            self._body += chunk
        else:
            self._inflate(self._told(chunk) if self._coding == "deflate" else chunk)
        if len(self._body) > self._most:
            raise ReadError(f"is larger than {self._most / 2**20:g} MB")

    def finish(self) -> bytes:
        """The whole body. Raises ReadError where its end is missing."""
        if not self._plain and self._fed and not self._inner.eof:
            raise ReadError("breaks off: its compressed body has no end")
        return bytes(self._body)

    def _inflate(self, chunk: bytes) -> None:
        while chunk and len(self._body) <= self._most:
            room = self._most + 1 - len(self._body)
            try:
                self._body += self._inner.decompress(chunk, room)
            except zlib.error as error:
                raise ReadError(f"is damaged: {error}") from error
            chunk = self._inner.unconsumed_tail
            if self._inner.eof:
                chunk = self._next_member()

    def _told(self, chunk: bytes) -> bytes:
        """What can be inflated: the first two bytes say whether there is a header (RFC 1950)."""
        if len(self._head) >= 2:
            return chunk
        self._head += chunk
        if len(self._head) < 2:
            return b""
        if self._head[0] & 0x0F != 8 or int.from_bytes(self._head[:2], "big") % 31:
            self._inner = zlib.decompressobj(_BARE)
        return self._head

    def _next_member(self) -> bytes:
        """What follows the end: another member of the same file, or nothing that counts."""
        rest = self._inner.unused_data
        self._members += 1
        if not rest.startswith(_GZIP) or self._members > _MAX_MEMBERS:
            return b""
        self._inner = zlib.decompressobj(_AUTOMATIC)
        return rest


def gunzipped(data: bytes, most: int) -> bytes:
    """A gzip file's content, such as of sitemap.xml.gz; other bytes as they are."""
    if not data.startswith(_GZIP):
        return data
    inflater = Inflater("gzip", most)
    inflater.feed(data)
    return inflater.finish()
