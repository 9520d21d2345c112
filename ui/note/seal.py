"""A seal on a reply that leaves the server, so that it is known again when it comes back.

A note comes from a browser, and anybody can write "checked against the documents" into
it. What a model wrote counts as written and checked only with the seal this server put
on it; quotations need none, since they are looked up. Knows no note.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.errors import ConfigurationError
from ui.markup import UNSEEN
from ui.public.tokens import SECRET_BYTES, derived, secret_of

BYTES = 16  # of the code: as many as nobody can try


class Seals:
    """Puts and reads seals. The same secret, the same seals."""

    def __init__(self, secret: bytes) -> None:
        self._key = derived(secret, "reply seal")

    def seal(self, reply: Mapping[str, Any]) -> str:
        """The seal of a reply in the form of `data-reply`."""
        code = hmac.new(self._key, _bound(reply).encode(), hashlib.sha256).digest()[:BYTES]
        return base64.urlsafe_b64encode(code).rstrip(b"=").decode()

    def holds(self, reply: Mapping[str, Any], seal: str) -> bool:
        """Whether a reply is the one that was sealed."""
        return hmac.compare_digest(self.seal(reply).encode(), seal.encode("utf-8", "replace"))


def _bound(reply: Mapping[str, Any]) -> str:
    """What a seal covers: the question, who speaks, every sentence and what it rests on."""
    return json.dumps(
        [
            _plain(reply["question"]),
            reply["language"],
            reply["mode"],
            [[_plain(said["text"]), list(said["citations"])] for said in reply["sentences"]],
            [
                [each["n"], each["document_id"], each["page"], _plain(each["quote"])]
                for each in reply["citations"]
            ],
        ],
        separators=(",", ":"),
    )


def _plain(value: str) -> str:
    """Without the characters that `markup.text` leaves out of a page."""
    return UNSEEN.sub("", value)


@lru_cache(maxsize=4)
def seals_of(data_dir: Path) -> Seals:
    """The seals of a data folder. Where nothing can be written they last as long as this
    process, and what others sealed counts as the author's own words."""
    try:
        return Seals(secret_of(data_dir))
    except ConfigurationError:
        return Seals(secrets.token_bytes(SECRET_BYTES))
