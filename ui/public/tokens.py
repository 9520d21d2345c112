"""Visitor tokens: short-lived, bound to a site, signed with the secret of the data folder.

A token is no proof of who asks. It ties a session to a site for half an hour, so
that sessions can be counted and cannot be made up. Knows no request and no limit.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import stat
import time
from collections.abc import Callable
from pathlib import Path

from rag.errors import ConfigurationError
from ui.public.visit import Refused

SECRET_FILE = "secret"
SECRET_BYTES = 32
MAX_CHARACTERS = 400


class Tokens:
    """Issues and reads tokens."""

    def __init__(
        self, secret: bytes, minutes: int = 30, clock: Callable[[], float] = time.time
    ) -> None:
        # A key of its own: nothing else that is signed with the secret can pass for a token.
        self._key = derived(secret, "visitor token")
        self.seconds = minutes * 60
        self._clock = clock

    def issue(self, site: str) -> str:
        """A token for a new session on a site (its key; "" for our own pages)."""
        until = int(self._clock()) + self.seconds
        body = json.dumps([site, secrets.token_urlsafe(16), until], separators=(",", ":"))
        encoded = _encode(body.encode())
        return f"{encoded}.{self._signature(encoded)}"

    def read(self, token: str, site: str) -> str:
        """The session of a token. Raises Refused (401, bad_token) for one that is forged,
        too old, or of another site."""
        encoded, _, signature = token[:MAX_CHARACTERS].partition(".")
        expected = self._signature(encoded)
        given = signature.encode(errors="surrogatepass")
        if not hmac.compare_digest(given, expected.encode()):
            raise Refused(401, "bad_token")
        try:
            of, session, until = json.loads(base64.urlsafe_b64decode(encoded + "=="))
        except (ValueError, TypeError, binascii.Error) as error:
            raise Refused(401, "bad_token") from error
        if of != site or self._clock() >= until:
            raise Refused(401, "bad_token")
        return str(session)

    def _signature(self, encoded: str) -> str:
        said = encoded.encode(errors="surrogatepass")
        return _encode(hmac.new(self._key, said, hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def derived(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose."""
    return hmac.new(secret, f"sanad {purpose}".encode(), hashlib.sha256).digest()


def secret_of(data_dir: Path) -> bytes:
    """The secret of a data folder, made when there is none, readable by its owner alone.

    Raises ConfigurationError when others may read it, or when it cannot be made.
    """
    path = data_dir / SECRET_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        secret = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"the secret {path} can be neither read nor made: {error.strerror}; let the server "
            "write to its data folder"
        ) from error
    if mode & 0o077:
        raise ConfigurationError(f"others may read {path} (mode {mode:o}); run chmod 600 {path}")
    if len(secret) < SECRET_BYTES:
        raise ConfigurationError(f"{path} is shorter than {SECRET_BYTES} bytes; remove it")
    return secret


def _make(path: Path) -> None:
    """Written under another name and linked: two processes that start together get one."""
    scratch = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_bytes(SECRET_BYTES))
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(scratch, path)
    except FileExistsError:
        pass
    finally:
        scratch.unlink()
