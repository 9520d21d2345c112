"""A link to an answer: what was asked and short traces of what was answered, in an address.

    shared?q=QUESTION&country=KE&g=GENERATION&c=8 HEX A QUOTATION...&t=8 HEX OF THE WORDS

Nothing is stored for it: the answer is found again by asking again. What stands in an
address is anybody's, and is believed in nothing but the question. Knows no page.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from rag.evidence.retrieve import Filters
from rag.types import Answer, Finished
from ui.chips import filters_from, pairs_of
from ui.markup import UNSEEN

BYTES = 4  # of a trace: enough to tell a few quotations apart, too few to look one up
MOST_QUOTES = 80
LONGEST_ADDRESS = 8000  # characters
_GENERATION = re.compile(r"[0-9A-Za-z._-]{1,80}")
_TRACES = re.compile(rf"(?:[0-9a-f]{{{2 * BYTES}}}){{0,{MOST_QUOTES}}}")
_TRACE = re.compile(rf"[0-9a-f]{{{2 * BYTES}}}")


@dataclass(frozen=True, slots=True)
class Traces:
    """What an answer was, as far as a link can tell."""

    generation: str
    quotes: tuple[str, ...]  # of document and words, in the order of their numbers, from 1
    said: str  # of the sentences, whoever wrote them


@dataclass(frozen=True, slots=True)
class Shared:
    """What a link asks for. Without `traces` it does not tell what the answer was."""

    question: str
    filters: Filters = field(default_factory=dict)
    traces: Traces | None = None


def traces_of(finished: Finished) -> Traces:
    """The traces of a reply."""
    reply = finished.reply
    if not isinstance(reply, Answer):
        return Traces(finished.generation, (), _trace("declined", reply.reason))
    numbered = sorted(reply.evidence, key=lambda item: item.n)
    return Traces(
        finished.generation,
        tuple(_trace(item.quote.document_id, item.quote.text) for item in numbered),
        _trace(*(sentence.text for sentence in reply.sentences)),
    )


def _trace(*parts: str) -> str:
    whole = json.dumps(parts).encode()
    return hashlib.blake2b(whole, digest_size=BYTES).hexdigest()


def shared_of(finished: Finished, filters: Filters) -> Shared:
    """What a link to a reply asks for: a follow-up by the question it stood for."""
    reply = finished.reply
    return Shared(reply.searched or reply.question, filters, traces_of(finished))


def parameters(shared: Shared) -> list[tuple[str, str]]:
    """Names and values of an address that asks for it."""
    pairs = [("q", shared.question), *pairs_of(shared.filters)]
    if shared.traces:
        traces = shared.traces
        pairs += [("g", traces.generation), ("c", "".join(traces.quotes)), ("t", traces.said)]
    return pairs


def query_of(shared: Shared) -> str:
    """The part of the address after the question mark."""
    return urlencode(parameters(shared))


def shared_in(pairs: Iterable[tuple[str, str]], limit: int) -> Shared | None:
    """What an address asks for; None where no question can be read from it. `limit` is the
    longest question, in characters."""
    listed = list(pairs)
    values = dict(reversed(listed))  # the first of a name counts
    question = UNSEEN.sub("", values.get("q", "")).strip()
    if not question or len(question) > limit:
        return None
    return Shared(question, filters_from(listed), _traces_in(values))


def _traces_in(values: Mapping[str, str]) -> Traces | None:
    generation, quotes, said = (values.get(name, "") for name in "gct")
    whole = (
        _GENERATION.fullmatch(generation) and _TRACES.fullmatch(quotes) and _TRACE.fullmatch(said)
    )
    return Traces(generation, tuple(_TRACE.findall(quotes)), said) if whole else None


def traces_json(traces: Traces) -> dict[str, Any]:
    """Traces as they cross a process."""
    return {
        "generation": traces.generation, "quotes": list(traces.quotes), "said": traces.said,
    }  # fmt: skip


def traces_from(value: Mapping[str, Any]) -> Traces:
    """What `traces_json` made."""
    return Traces(value["generation"], tuple(value["quotes"]), value["said"])
