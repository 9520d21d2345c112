"""The API in OpenAI's form, so that tools written for it can ask: bodies and rendering.

The last user message is the question, those before it are the conversation. Text of
the system and the assistant is not used: nothing a client writes instructs the answer.
Citations stay: [n] in the text, their list under it, and whole in `citations`.
"""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.types import Turn
from rag.wording import say
from ui.answering import Asked, Event
from ui.api.bodies import QUESTION, Citation, FilterKey, FilterValues
from ui.api.sse import server_sent
from ui.exchange import TURNS_KEPT

MODEL = "sanad"
DONE = "data: [DONE]\n\n"


class TextPart(BaseModel):
    """A part of a message. Parts that are no text are refused: they would be ignored."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text"]
    text: str = Field(max_length=20_000)


class Message(BaseModel):
    """A message of a conversation."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Annotated[str, Field(max_length=20_000)] | list[TextPart] | None = None

    def text(self) -> str:
        """The text of all its parts."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream holds besides text."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A chat completion request. What Sanad has no use for (temperature, ...) is ignored."""

    model_config = ConfigDict(
        extra="ignore",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [{"model": MODEL, "messages": [{"role": "user", "content": QUESTION}]}]
        },
    )

    model: str = Field(max_length=200, description="Any name; there is one, `sanad`.")
    messages: list[Message] = Field(min_length=1, max_length=200)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    filters: dict[FilterKey, FilterValues] = Field(
        default={}, description="Sanad's own: see /api/v1/ask."
    )

    def asked(self) -> Asked:
        """The question: the last message of the user's; nothing where there is none, which is
        declined as any empty question."""
        said = [text for each in self.messages if each.role == "user" and (text := each.text())]
        turns = tuple(Turn(text) for text in said[:-1])
        filters: dict[str, list[str]] = {str(key): value for key, value in self.filters.items()}
        return Asked(said[-1] if said else "", filters, turns[-TURNS_KEPT:])


class AssistantMessage(BaseModel):
    """The reply."""

    role: Literal["assistant"]
    content: str


class Choice(BaseModel):
    """The one choice."""

    index: int
    message: AssistantMessage
    finish_reason: Literal["stop"]
    logprobs: None


class Usage(BaseModel):
    """Tokens of the language model; zeros where none was asked."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(BaseModel):
    """A chat completion, with the whole reply in `citations` and `sanad`."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    citations: list[Citation]
    sanad: dict[str, Any] = Field(description="The object of /api/v1/ask.")


class Model(BaseModel):
    """A model."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class Models(BaseModel):
    """The list of the one model."""

    object: Literal["list"]
    data: list[Model]


def models() -> dict[str, Any]:
    """The body of /v1/models."""
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "sanad"}
    return {"object": "list", "data": [model]}


class ChatForm:
    """Renders one reply, at once or in chunks.

    What a model writes is sent sentence by sentence, as each has passed its check. Quoted
    sentences are ready together, and are sent as one text with what must be read before
    them; so are they where a model gave up on the way, after what it had said.
    """

    def __init__(self, *, include_usage: bool = False) -> None:
        self._id = f"chatcmpl-{secrets.token_hex(12)}"
        self._created = int(time.time())
        self._include_usage = include_usage
        self._written = ""  # the model whose sentences have been sent

    def whole(self, event: Event) -> dict[str, Any] | None:
        """The completion."""
        if event["type"] != "finished":
            return None
        reply = event["reply"]
        message = {"role": "assistant", "content": text_of(reply)}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {
            **self._head("chat.completion"),
            "choices": [choice],
            "usage": usage_of(reply),
            "citations": reply["citations"],
            "sanad": reply,
        }

    def parts(self, event: Event) -> list[str]:
        """Chunks."""
        match event["type"]:
            case "retrieved":
                return [self._chunk({"role": "assistant", "content": ""})]
            case "sentence" if event["mode"] != "extractive":
                before = " " if self._written else ""
                self._written = event["mode"]
                markers = "".join(f" [{n}]" for n in event["citations"])
                return [self._chunk({"content": f"{before}{event['text']}{markers}"})]
            case "finished":
                return self._last(event["reply"])
            case "failed":
                message = "The answer broke off before its end."
                told = {"message": message, "type": "server_error", "code": event["code"]}
                return [server_sent({"error": told}), DONE]
        return []

    def _last(self, reply: Event) -> list[str]:
        text = text_of(reply)
        if self._written and reply["mode"] == self._written:
            text = "".join(f"\n\n{note}" for note in [*reply["notes"], sources_of(reply)] if note)
        elif self._written:
            text = f"\n\n{text}"
        end = self._chunk({}, "stop", {"citations": reply["citations"], "sanad": reply})
        chunks = [self._chunk({"content": text}), end] if text else [end]
        if self._include_usage:
            head = self._head("chat.completion.chunk")
            chunks.append(server_sent({**head, "choices": [], "usage": usage_of(reply)}))
        return [*chunks, DONE]

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": MODEL}

    def _chunk(
        self, delta: dict[str, str], finish: str | None = None, more: dict[str, Any] | None = None
    ) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return server_sent(
            {**self._head("chat.completion.chunk"), "choices": [choice], **(more or {})}
        )


def text_of(reply: Event) -> str:
    """The reply as text with its markers, and what they stand for."""
    return "\n\n".join(filter(None, (reply["text"], sources_of(reply))))


def sources_of(reply: Event) -> str:
    """The list of the citations, a line each; empty where there are none."""
    if not reply["citations"]:
        return ""
    lines = [say(reply["language"], "answer.sources")]
    for cited in reply["citations"]:
        page = say(reply["language"], "answer.page", page=cited["page"])
        where = ", ".join(filter(None, (cited["title"], cited["date"], page, cited["url"])))
        lines.append(f"[{cited['n']}] {where}")
    return "\n".join(lines)


def usage_of(reply: Event) -> dict[str, int]:
    """Tokens a language model took for the reply."""
    told = reply["usage"] or {}
    read, written = told.get("input_tokens") or 0, told.get("output_tokens") or 0
    return {
        "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written
    }  # fmt: skip
