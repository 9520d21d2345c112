"""One question asked in the chat: what stands on the page, step by step.

    searching n passages -> checking the quotes -> sentence by sentence -> the reply

Yields the HTML of the whole exchange each time. Knows no Gradio.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from rag.assistant import Assistant
from rag.errors import CollectionError
from rag.generation import Generation
from rag.language import detect
from rag.retrieve import Filters
from rag.types import (
    Answer,
    AnswerSentence,
    Evidence,
    Finished,
    Reply,
    Retrieved,
    Spoken,
)
from rag.wording import FALLBACK, languages, say
from ui import chat_html
from ui.chat_html import Cited
from ui.holdings import number
from ui.live import LiveAssistant
from ui.render import document_of

log = logging.getLogger(__name__)


class Chat:
    """Puts questions to the live assistant. `limit` is the longest question, in characters."""

    def __init__(self, live: LiveAssistant, ingest_command: str, limit: int) -> None:
        self.live = live
        self.ingest_command = ingest_command
        self.limit = limit

    def ask(self, question: str, filters: Filters, interface: str) -> Iterator[str]:
        """HTML of the exchange as it grows. Never raises: what went wrong is said on the
        page, and logged."""
        question = question.strip()
        if not question:
            return
        language = reply_language(question, interface)
        shown = question[: self.limit]
        try:
            with self.live.use() as assistant:
                yield from self._exchange(assistant, question, filters, language)
        except CollectionError:
            told = say(interface, "chat.no_index")
            body = chat_html.notice(told, self.ingest_command)
            yield chat_html.turn(shown, body, interface, running=False, announcement=told)
        except Exception:
            log.exception("a question was not answered")
            told = say(interface, "chat.error")
            body = chat_html.notice(told)
            yield chat_html.turn(shown, body, interface, running=False, announcement=told)

    def _exchange(
        self, assistant: Assistant, question: str, filters: Filters, language: str
    ) -> Iterator[str]:
        shown = question[: self.limit]
        generation = assistant.generation
        checking = chat_html.stage(say(language, "chat.checking"))
        sentences: list[AnswerSentence] = []
        cited: dict[int, Cited] = {}
        body = chat_html.stage(searching(generation, language))
        yield chat_html.turn(shown, body, language, running=True)
        for event in assistant.ask(question, filters):
            match event:
                case Retrieved():
                    yield chat_html.turn(shown, checking, language, running=True)
                case Spoken(sentence, evidence):
                    sentences.append(sentence)
                    cited |= {item.n: look_up(item, generation) for item in evidence}
                    body = chat_html.quotations(sentences, cited, language) + checking
                    yield chat_html.turn(shown, body, language, running=True)
                case Finished(reply):
                    yield self._finished(shown, reply, cited)

    def _finished(self, shown: str, reply: Reply, cited: dict[int, Cited]) -> str:
        language = reply.language
        if isinstance(reply, Answer):
            documents = {item.document.id for item in cited.values()}
            told = say(language, "chat.ready", quotes=len(cited), documents=len(documents))
            body = chat_html.answer(reply.sentences, cited, language, reply.notes)
        else:
            told = chat_html.reason(reply, self.limit)
            body = chat_html.declined(reply, self.limit)
        return chat_html.turn(shown, body, language, running=False, announcement=told)


def reply_language(question: str, interface: str) -> str:
    """The language the reply will be in, before there is one."""
    found = detect(question, default=interface)
    return found if found in languages() else FALLBACK


def searching(generation: Generation, language: str) -> str:
    """How much is being searched, in words."""
    manifest = generation.manifest
    return say(
        language,
        "chat.searching",
        passages=number(manifest.passages, language),
        documents=number(manifest.documents, language),
    )


def look_up(evidence: Evidence, generation: Generation) -> Cited:
    """Evidence with its document and the page its passage stands on."""
    document = document_of(evidence.passage.document_id, generation)
    page = generation.store.page_of(document.id, evidence.passage.page)
    return Cited(evidence, document, page)
