"""How each provider of language models is set up: addresses, keys, time-outs, limits.

Gives the keyword arguments of LangChain's `init_chat_model`, which `rag.generate`
calls. Whatever the environment says, questions to OpenAI and Anthropic go to the
provider's own address or to the one that is set. The packages differ in what they
let us hold: openai all of it; ollama the time to connect and redirects, but not
the bytes of a reply; anthropic and the others neither, so that for them the
deadlines of `rag.writing.deadline` and the limit on characters stand alone. Knows no
prompt and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rag.writing.deadline import Deadlines
from rag.writing.trouble import ModelTrouble

BYTES = 16 * 2**20  # of one HTTP reply; each token of a stream costs some 300 bytes
OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"
DEADLINES = Deadlines(first=15.0, between=8.0, total=30.0)  # the longest a reader waits

SLACK_SECONDS = 5.0  # the packages' own time-outs come after ours, which say what was late


@dataclass(frozen=True, slots=True)
class WriterSettings:
    """How a language model is reached; times in seconds, prices a million tokens."""

    model: str  # "provider:name"
    base_url: str = ""  # empty: the provider's own address
    api_key: str = field(default="", repr=False)
    connect_seconds: float = 5.0
    deadlines: Deadlines = DEADLINES
    retries: int = 2  # before the first text only
    backoff_seconds: float = 0.5  # doubled with each retry
    max_tokens: int = 1000
    temperature: float | None = None  # None: the provider's default; some models take no other
    price_input: float = 0.0  # 0: unknown
    price_output: float = 0.0


def common_options(settings: WriterSettings) -> dict[str, Any]:
    """The parameters that LangChain asks every provider's package to take."""
    options: dict[str, Any] = {
        "timeout": settings.deadlines.total + SLACK_SECONDS,
        "max_retries": 0,  # the retries are ours
        "max_tokens": settings.max_tokens,
        "temperature": settings.temperature,
        "base_url": settings.base_url,
        "api_key": settings.api_key,
    }
    return {name: value for name, value in options.items() if value not in ("", None)}


def _openai(settings: WriterSettings) -> dict[str, Any]:
    """An address is always given, else LANGSMITH_GATEWAY could name another. A server that is
    not OpenAI's gets no key but the one set for it."""
    options = common_options(settings) | {
        "base_url": settings.base_url or OPENAI_URL,
        "http_async_client": _guarded_client(settings),
        "stream_chunk_timeout": 0,  # the clock is ours
    }
    if settings.base_url:
        options["api_key"] = settings.api_key or "none"
        options["use_responses_api"] = False
    return options


def _anthropic(settings: WriterSettings) -> dict[str, Any]:
    options = common_options(settings) | {"base_url": settings.base_url or ANTHROPIC_URL}
    if settings.base_url:
        options["api_key"] = settings.api_key or "none"
    return options


def _ollama(settings: WriterSettings) -> dict[str, Any]:
    import httpx

    timeout = httpx.Timeout(
        settings.deadlines.total + SLACK_SECONDS, connect=settings.connect_seconds
    )
    client: dict[str, Any] = {"timeout": timeout, "follow_redirects": False}
    if settings.api_key:
        client["headers"] = {"Authorization": f"Bearer {settings.api_key}"}
    options = {
        "base_url": settings.base_url or None,
        "num_predict": settings.max_tokens,
        "temperature": settings.temperature,
        "client_kwargs": client,
    }
    return {name: value for name, value in options.items() if value is not None}


OPTIONS: dict[str, Callable[[WriterSettings], dict[str, Any]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "ollama": _ollama,
}


def _guarded_client(settings: WriterSettings) -> Any:
    """An HTTP client that gives up connecting in time, follows no redirect and reads so much."""
    import httpx2  # what openai is built on since its version 3
    import openai

    class Limited(httpx2.AsyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        async def __aiter__(self) -> Any:
            left = BYTES
            async for chunk in self._stream:
                left -= len(chunk)
                if left < 0:
                    raise ModelTrouble("too_long", settings.model, f"over {BYTES:,} bytes")
                yield chunk

        async def aclose(self) -> None:
            await self._stream.aclose()

    async def limit(response: Any) -> None:
        response.stream = Limited(response.stream)

    return openai.DefaultAsyncHttpxClient(
        timeout=openai.Timeout(
            settings.deadlines.total + SLACK_SECONDS, connect=settings.connect_seconds
        ),
        follow_redirects=False,
        event_hooks={"response": [limit]},
    )
