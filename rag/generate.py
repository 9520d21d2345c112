"""Text from a language model: the only door to LangChain.

A `Writer` takes a prompt and gives a `Draft`: pieces of text as they come, and
what they cost. No object of LangChain or of a provider crosses this line; every
failure is a `ModelTrouble`. Questions go to the provider and nowhere else:
LangSmith tracing is off whatever the environment says, its gateway is not used,
and no tokens are counted here (tiktoken would download its tables).
Knows no evidence, no markers and no checks.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rag.errors import ConfigurationError
from rag.types import Usage
from rag.writing.deadline import AbandonedError, Limit, OverdueError, paced
from rag.writing.providers import OPTIONS, WriterSettings, common_options
from rag.writing.trouble import FINISHES, Kind, ModelTrouble, trouble_of

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

log = logging.getLogger(__name__)

CHARACTERS = 20_000  # about ten times the longest answer that is of use
_UNDER_WAY = ("", "in_progress", "queued")
_OVERDUE: dict[Limit, tuple[Kind, str]] = {
    "first": ("silent", "nothing within {0.first:g} s, SANAD_LLM_FIRST_TOKEN_SECONDS"),
    "between": ("silent", "a gap of {0.between:g} s, SANAD_LLM_BETWEEN_TOKENS_SECONDS"),
    "total": ("slow", "after {0.total:g} s, SANAD_LLM_TOTAL_SECONDS"),
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is told."""

    system: str  # our own instructions
    user: str  # the question and the evidence


class Draft:
    """The text of one call, in pieces as they come; the call starts with the first.

    Iterate once. Leaving the loop early ends the call. `usage` is whole when the
    text is; after a ModelTrouble it holds what was known by then.
    """

    def __init__(self, pieces: Generator[str, None, None], usage: Callable[[], Usage]) -> None:
        self._pieces = pieces
        self._usage = usage

    def __iter__(self) -> Generator[str, None, None]:
        with closing(self._pieces):
            yield from self._pieces

    @property
    def usage(self) -> Usage:
        """Tokens and cost so far."""
        return self._usage()


def never() -> bool:
    """Nobody cancels."""
    return False


class Writer(Protocol):
    """Writes text to a prompt."""

    @property
    def name(self) -> str:
        """The model, as shown to readers."""
        ...

    def write(self, prompt: Prompt, cancelled: Callable[[], bool] = never) -> Draft:
        """A draft; iterating it raises ModelTrouble. `cancelled` is asked each 50 ms."""
        ...


Script = Iterable[str | ModelTrouble]


class ScriptedWriter:
    """The fake: says what it is given, a script a call, the last one again and again.

    A trouble in a script is raised where it stands. A function makes the script
    from the prompt. `prompts` keeps what was asked.
    """

    def __init__(
        self, *scripts: Script | Callable[[Prompt], Script], name: str = "scripted"
    ) -> None:
        self.name = name
        self.prompts: list[Prompt] = []
        self._scripts = scripts or ((),)

    def write(self, prompt: Prompt, cancelled: Callable[[], bool] = never) -> Draft:
        """A draft of the next script."""
        script = self._scripts[min(len(self.prompts), len(self._scripts) - 1)]
        self.prompts.append(prompt)
        said: list[str] = []
        pieces = self._pieces(script(prompt) if callable(script) else script, said, cancelled)
        return Draft(
            pieces, lambda: Usage(len(f"{prompt.system} {prompt.user}".split()), len(said))
        )

    def _pieces(
        self, script: Script, said: list[str], cancelled: Callable[[], bool]
    ) -> Generator[str, None, None]:
        for item in script:
            if cancelled():
                raise ModelTrouble("cancelled", self.name)
            if isinstance(item, ModelTrouble):
                raise item
            if item:
                said.append(item)
                yield item
        if not "".join(said).strip():
            raise ModelTrouble("empty", self.name)


def load_writer(settings: WriterSettings) -> Writer:
    """The writer of a setting. Raises ConfigurationError; sends nothing."""
    provider, _, name = settings.model.partition(":")
    if not provider or not name:
        raise ConfigurationError(
            f"SANAD_LLM is {settings.model!r}; it takes provider:model, such as {_known()} "
            "(openai: with SANAD_LLM_BASE_URL for any OpenAI-compatible server)"
        )
    from langchain.chat_models import init_chat_model

    options = OPTIONS.get(provider, common_options)
    try:
        model = init_chat_model(name, model_provider=provider, **options(settings))
    except ImportError as error:
        raise ConfigurationError(_missing(settings.model, provider, error)) from error
    except Exception as error:  # noqa: BLE001  # whatever a provider's constructor raises
        if isinstance(error, ValueError) and "Unsupported provider" in str(error):
            said = (
                f"the provider {provider!r} is unknown; known: {_known()}, and those of LangChain"
            )
            raise ConfigurationError(f"SANAD_LLM is {settings.model!r}: {said}") from None
        variable = f" or {provider.upper()}_API_KEY"
        raise ConfigurationError(
            f"SANAD_LLM is {settings.model!r}: it cannot be set up ({type(error).__name__}); "
            f"set SANAD_LLM_API_KEY{variable}, and check SANAD_LLM_BASE_URL"
        ) from None  # the cause may hold the key
    return LangChainWriter(model, settings)


def _known() -> str:
    return ", ".join(f"{provider}:..." for provider in OPTIONS)


def _missing(model: str, provider: str, error: ImportError) -> str:
    if provider in OPTIONS:
        return f'SANAD_LLM is {model!r}: install its package with pip install "sanad[{provider}]"'
    package = re.search(r"pip install ([\w-]+)", str(error))
    named = package.group(1) if package else f"langchain-{provider}"
    return f"SANAD_LLM is {model!r}: install its package with pip install {named}"


@dataclass(slots=True)
class _Tally:
    """What one call has told so far; written on the loop, read after it."""

    characters: int = 0
    finish: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None

    def note(self, chunk: Any) -> None:
        """Take the finish reason and the usage of a chunk, in any provider's words."""
        metadata = chunk.response_metadata
        for name in ("finish_reason", "stop_reason", "done_reason", "status"):
            told = metadata.get(name)
            if isinstance(told, str) and told not in _UNDER_WAY:
                self.finish = told.lower()
        # Some providers tell usage once, some tell the sum so far with each chunk.
        usage = chunk.usage_metadata or {}
        self.input_tokens = _larger(self.input_tokens, usage.get("input_tokens"))
        self.output_tokens = _larger(self.output_tokens, usage.get("output_tokens"))


def _larger(known: int | None, told: Any) -> int | None:
    return max(known or 0, told) if isinstance(told, int) else known


class LangChainWriter:
    """Any chat model of LangChain, with our deadlines, retries and limits."""

    def __init__(self, model: BaseChatModel, settings: WriterSettings) -> None:
        self.name = settings.model
        self._model = model
        self._settings = settings
        # Not every OpenAI-compatible server knows the option; see `_retried`.
        self._options = {"stream_usage": True} if self.name.startswith("openai:") else {}

    def write(self, prompt: Prompt, cancelled: Callable[[], bool] = never) -> Draft:
        """A draft from the model."""
        tally = _Tally()
        return Draft(self._pieces(prompt, tally, cancelled), lambda: self._usage(tally))

    def _pieces(
        self, prompt: Prompt, tally: _Tally, cancelled: Callable[[], bool]
    ) -> Generator[str, None, None]:
        deadlines = self._settings.deadlines
        messages = [("system", prompt.system), ("human", prompt.user)]
        said = False
        try:
            texts = paced(lambda: self._retried(messages, tally), deadlines, cancelled)
            with closing(texts):
                for text in texts:
                    said = said or bool(text.strip())
                    yield text
        except AbandonedError:
            raise ModelTrouble("cancelled", self.name) from None
        except OverdueError as error:
            if not tally.finish:  # else only the usage was still to come
                kind, detail = _OVERDUE[error.limit]
                raise ModelTrouble(kind, self.name, detail.format(deadlines)) from None
        self._judge(tally, said)

    def _judge(self, tally: _Tally, said: bool) -> None:
        """Raise ModelTrouble unless the text is there and whole."""
        if not tally.finish:
            raise ModelTrouble("cut_off" if said else "unreadable", self.name, "no end was told")
        kind = FINISHES.get(tally.finish)
        if kind:
            hint = "; raise SANAD_LLM_MAX_TOKENS" if kind == "cut_off" else ""
            raise ModelTrouble(kind, self.name, f"finish reason {tally.finish}{hint}")
        if not said:
            raise ModelTrouble("empty", self.name)

    async def _retried(
        self, messages: Sequence[tuple[str, str]], tally: _Tally
    ) -> AsyncGenerator[str, None]:
        """The texts of the first attempt that says something."""
        begun = time.monotonic()
        options, failed = self._options, 0
        while True:
            try:
                async with aclosing(self._attempt(messages, options, tally)) as texts:
                    async for text in texts:
                        yield text
                self._options = options
                return
            except Exception as error:  # noqa: BLE001  # a provider's, which `trouble_of` reads
                if tally.finish and not isinstance(error, ModelTrouble):
                    # The text is whole; only the usage was still to come.
                    log.warning("%s did not tell its usage: %s", self.name, type(error).__name__)
                    return
                trouble = self._trouble(error, tally)
            if tally.characters:
                raise trouble
            if trouble.status in (400, 422) and options:
                options = {}
                continue
            wait = max(self._settings.backoff_seconds * 2**failed, trouble.retry_after or 0.0)
            failed += 1
            spent = time.monotonic() - begun + wait
            if not trouble.passing or failed > self._settings.retries:
                raise trouble
            if spent >= min(self._settings.deadlines.first, self._settings.deadlines.total):
                raise trouble
            await asyncio.sleep(wait)

    def _trouble(self, error: Exception, tally: _Tally) -> ModelTrouble:
        if isinstance(error, ModelTrouble):
            return error
        trouble = trouble_of(error, self.name)
        if tally.characters and trouble.kind == "unreachable":
            return ModelTrouble("cut_off", self.name, "the connection was lost")
        return trouble

    async def _attempt(
        self, messages: Sequence[tuple[str, str]], options: dict[str, Any], tally: _Tally
    ) -> AsyncGenerator[str, None]:
        """Texts of one request; nothing empty."""
        from langsmith import tracing_context

        thoughts = Thoughts()
        with tracing_context(enabled=False):
            async with aclosing(self._model.astream(list(messages), **options)) as chunks:
                async for chunk in chunks:
                    tally.note(chunk)
                    text = _text(chunk.content)
                    tally.characters += len(text)
                    if tally.characters > CHARACTERS:
                        said = f"over {CHARACTERS:,} characters"
                        raise ModelTrouble("too_long", self.name, said)
                    text = thoughts.strip(text)
                    if text:
                        yield text
        rest = thoughts.rest()
        if rest:
            yield rest

    def _usage(self, tally: _Tally) -> Usage:
        cost = None
        prices = (self._settings.price_input, self._settings.price_output)
        if any(prices) and tally.input_tokens is not None and tally.output_tokens is not None:
            cost = (tally.input_tokens * prices[0] + tally.output_tokens * prices[1]) / 1e6
        return Usage(tally.input_tokens, tally.output_tokens, cost)


def _text(content: str | list[Any]) -> str:
    """The text of a chunk: reasoning, images and tool calls are not text."""
    if isinstance(content, str):
        return content
    blocks = (
        each if isinstance(each, dict) else {"type": "text", "text": each} for each in content
    )
    return "".join(str(block.get("text") or "") for block in blocks if block.get("type") == "text")


class Thoughts:
    """Takes a leading <think>...</think> away, which local models write into their text."""

    OPEN, CLOSE = "<think>", "</think>"

    def __init__(self) -> None:
        self._state = "start"  # then "thinking", then "text"
        self._held = ""

    def strip(self, text: str) -> str:
        """What of `text`, and of what was held back, is not thought."""
        if self._state == "text":
            return text
        self._held += text
        if self._state == "start":
            head = self._held.lstrip()
            if self.OPEN.startswith(head):
                return ""  # may become the tag
            if not head.startswith(self.OPEN):
                return self.rest()
            self._state, self._held = "thinking", head[len(self.OPEN) :]
        _, closed, after = self._held.partition(self.CLOSE)
        if closed:
            self._state, self._held = "text", ""
            return after
        self._held = self._held[-len(self.CLOSE) + 1 :]
        return ""

    def rest(self) -> str:
        """What was held back and turned out to be text."""
        held, self._held = self._held, ""
        thinking, self._state = self._state == "thinking", "text"
        return "" if thinking else held
