"""The officer's session: opened by the password, signed, ended by time, logout or restart.

A cookie names a session that this process holds. What is signed with the secret and the
password cannot be made elsewhere, and a new password ends what the old one opened.
Knows no request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ui.public.tokens import derived

HOURS = 8  # a working day, then the password again
IDLE_S = 3600.0
MOST = 50  # sessions at once; the oldest goes
MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Session:
    """One officer at one browser."""

    id: str
    form_token: str  # what every form of this session carries


class Sessions:
    """Opens, reads and ends sessions. Safe between threads."""

    def __init__(
        self, secret: bytes, password: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._password = hashlib.sha256(password.encode()).digest()
        self._key = derived(derived(secret, "office"), self._password.hex())
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, tuple[float, float]] = {}  # id -> (opened, last seen)

    def knows(self, password: str) -> bool:
        """Whether this is the password; takes as long for any wrong one."""
        given = hashlib.sha256(password.encode("utf-8", "surrogatepass")).digest()
        return hmac.compare_digest(given, self._password)

    def open(self) -> str:
        """The cookie of a new session."""
        identity, now = secrets.token_urlsafe(24), self._clock()
        with self._lock:
            while len(self._open) >= MOST:
                del self._open[min(self._open, key=lambda each: self._open[each][1])]
            self._open[identity] = (now, now)
        return f"{identity}.{self._signed('cookie', identity)}"

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie; None for one that is forged, over, or not ours."""
        identity, _, signature = cookie[:MOST_CHARACTERS].partition(".")
        expected = self._signed("cookie", identity)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            return None
        now = self._clock()
        with self._lock:
            opened, seen = self._open.get(identity, (float("-inf"), float("-inf")))
            if now - opened > HOURS * 3600 or now - seen > IDLE_S:
                self._open.pop(identity, None)
                return None
            self._open[identity] = (opened, now)
        return Session(identity, self._signed("form", identity))

    def close(self, session: Session) -> None:
        """End a session at once."""
        with self._lock:
            self._open.pop(session.id, None)

    def _signed(self, purpose: str, identity: str) -> str:
        message = f"{purpose} {identity}".encode("utf-8", "surrogatepass")
        digest = hmac.new(self._key, message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def fits(session: Session, token: str) -> bool:
    """Whether a form was made for this session."""
    return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), session.form_token.encode())
