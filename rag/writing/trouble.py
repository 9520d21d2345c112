"""What can go wrong with a language model, in one table.

Maps any exception of any provider's library to a kind, by HTTP status or by the
names of its classes, and any finish reason by its name: no provider's package is
imported to recognise an error of another. Knows no provider and no prompt. What a
provider says in its error is never repeated: it may hold the key or the question.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Literal

from rag.errors import SanadError

Kind = Literal[
    "unreachable",
    "unauthorised",
    "rate_limited",
    "server_error",
    "rejected",
    "silent",
    "slow",
    "cut_off",
    "unreadable",
    "empty",
    "too_long",
    "refused",
    "cancelled",
    "over_budget",
    "switched_off",
]

SAID: dict[Kind, str] = {
    "unreachable": "cannot be reached; check SANAD_LLM_BASE_URL and the network",
    "unauthorised": "does not accept the key; check SANAD_LLM_API_KEY",
    "rate_limited": "takes no more requests for now; wait, or raise the provider's limit",
    "server_error": "failed on its side; try again later",
    "rejected": "did not accept the request; check SANAD_LLM, SANAD_LLM_BASE_URL and its limits",
    "silent": "said nothing for too long",
    "slow": "did not finish in time",
    "cut_off": "was cut off before the end",
    "unreadable": "sent something that cannot be read",
    "empty": "sent an empty answer",
    "too_long": "sent more than is read",
    "refused": "declined to write, or its filter did",
    "cancelled": "was stopped, for nobody is waiting",
    "over_budget": "was not asked, for the budget of the day is spent; see SANAD_BUDGET_TOKENS_DAY "
    "and SANAD_BUDGET_COST_DAY",
    "switched_off": "was not asked, for it is switched off; sanad switch model on",
}

_STATUSES: dict[int, Kind] = {
    401: "unauthorised",
    403: "unauthorised",
    408: "server_error",
    429: "rate_limited",
}
# Class names of the standard library, httpx, httpx2, httpcore, openai, anthropic, ollama.
_CAUSES: dict[str, Kind] = {
    "TimeoutException": "silent",
    "TimeoutError": "silent",
    "APITimeoutError": "silent",
    "NetworkError": "unreachable",
    "RemoteProtocolError": "unreachable",
    "ConnectionError": "unreachable",
    "gaierror": "unreachable",
    "APIConnectionError": "unreachable",
    "APIError": "server_error",  # an error event inside a stream that began with 200
}
# Why a stream ended, where that is not well; in the words of OpenAI, Anthropic,
# Ollama, Mistral and Google. Any other word means that the text is whole.
FINISHES: dict[str, Kind] = {
    "length": "cut_off",
    "max_tokens": "cut_off",
    "incomplete": "cut_off",
    "model_length": "cut_off",
    "model_context_window_exceeded": "cut_off",
    "failed": "cut_off",
    "error": "cut_off",
    "content_filter": "refused",
    "refusal": "refused",
    "safety": "refused",
    "prohibited_content": "refused",
}
_CONNECTING = {"ConnectTimeout"}  # is a time-out, but nobody was there to be silent
_PASSING: set[Kind] = {"unreachable", "rate_limited", "server_error"}


class ModelTrouble(SanadError):
    """A language model gave no usable text. The extractive answer stands.

    `kind` says what happened; `passing` whether the same request may succeed in a
    moment; `status` the HTTP status where there was one; `retry_after` the seconds the
    provider asked to wait, where it did.
    """

    def __init__(self, kind: Kind, model: str, detail: str = "") -> None:
        super().__init__(f"{model} {SAID[kind]}" + (f" ({detail})" if detail else ""))
        self.kind: Kind = kind
        self.passing = kind in _PASSING
        self.status = 0
        self.retry_after: float | None = None


def trouble_of(error: Exception, model: str) -> ModelTrouble:
    """The trouble that an exception of a provider's library stands for.

    An exception nobody foresaw is "unreadable": the library choked on the reply.
    """
    chain = list(_causes(error))
    for cause in chain:
        status = _status(cause)
        if status:
            trouble = ModelTrouble(_by_status(status), model, f"HTTP {status}{_code(cause)}")
            trouble.status = status
            trouble.retry_after = _retry_after(cause)
            return trouble
    for cause in reversed(chain):  # the innermost knows best
        names = [each.__name__ for each in type(cause).__mro__]
        if _CONNECTING.intersection(names):
            trouble = ModelTrouble("unreachable", model, "no connection in time")
            trouble.passing = False  # it has had its time
            return trouble
        for name in names:
            if name in _CAUSES:
                return ModelTrouble(_CAUSES[name], model)
    return ModelTrouble("unreadable", model, type(error).__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        quiet = following.__suppress_context__
        following = following.__cause__ or (None if quiet else following.__context__)


def _status(error: BaseException) -> int:
    response = getattr(error, "response", None)
    for holder in (error, response):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int) and status >= 300:
            return status
    return 0


def _by_status(status: int) -> Kind:
    if status >= 500:
        return "server_error"
    return _STATUSES.get(status, "rejected")


def _code(error: BaseException) -> str:
    """A provider's own word for the error, such as model_not_found; never its prose."""
    code = getattr(error, "code", None)
    return f", {code}" if isinstance(code, str) and re.fullmatch("[a-z_]{3,40}", code) else ""


def _retry_after(error: BaseException) -> float | None:
    """Seconds of the Retry-After header, which gives seconds or a date (RFC 9110, 10.2.3)."""
    from email.utils import parsedate_to_datetime

    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    said = str(headers.get("retry-after", "")).strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", said):
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
