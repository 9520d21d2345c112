"""Proof of work in ALTCHA's protocol: what it costs a browser to get its first token.

The only door to altcha. The browser is given a salt and looks for the number whose
SHA-256 with it is the challenge; it takes no library and asks nobody else. It stops
nobody who means it; it makes a thousand tokens cost a thousand times as much.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import Any

from ui.public.counting import Counting, Window
from ui.public.tokens import derived
from ui.public.visit import Refused

SECONDS = 300  # life of a challenge
MAX_CHARACTERS = 2000


class Proof:
    """Sets challenges and checks what comes back."""

    def __init__(
        self,
        secret: bytes,
        most: int,
        counting: Counting | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`most` steps are counted at most, half of them on average; 0: no proof is asked."""
        self._key = derived(secret, "proof of work").hex()
        self._most = most
        self._used = counting or Counting()
        self._clock = clock

    @property
    def asked(self) -> bool:
        """Whether a proof is needed."""
        return self._most > 0

    def challenge(self, site: str) -> dict[str, Any]:
        """A challenge as ALTCHA writes it: algorithm, challenge, maxNumber, salt, signature."""
        from altcha.v1 import ChallengeOptions, create_challenge

        expires = datetime.datetime.fromtimestamp(self._clock() + SECONDS, datetime.UTC)
        options = ChallengeOptions(
            max_number=self._most, hmac_key=self._key, expires=expires, params={"site": site}
        )
        return dict(create_challenge(options).to_dict())

    async def check(self, payload: str, site: str) -> None:
        """Take a solution (base64 of JSON, as ALTCHA sends it), once.

        Raises Refused: 401 proof_needed for none, a wrong one, an old one, one of another
        site, and one that was used.
        """
        if not self.asked:
            return
        challenge = self._solved(payload, site) if len(payload) <= MAX_CHARACTERS else ""
        if not challenge or await self._used.hit([Window(1, SECONDS, ("proof", challenge))]):
            raise Refused(401, "proof_needed")

    def _solved(self, payload: str, site: str) -> str:
        """The challenge that a payload solves; empty when it solves none of ours."""
        from altcha.v1 import Payload, verify_solution

        try:
            solution = Payload.from_base64(payload)
            _, expires, params = solution.parse_salt()
            solved, _ = verify_solution(payload, self._key, check_expires=False)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return ""
        fresh = expires is not None and self._clock() < expires
        # An empty value does not come back from the salt's query.
        return solution.challenge if solved and fresh and params.get("site", [""]) == [site] else ""
