"""One question asked in the chat: what stands on the page, step by step.

    searching n passages -> checking the quotes, or a model writes -> sentence by sentence
    -> the reply

Yields the HTML of the whole exchange each time. Knows no Gradio.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from rag.errors import CollectionError
from rag.evidence.retrieve import Filters
from rag.index.generation import Generation
from rag.question.glossary import Glossary
from rag.types import (
    Answer,
    AnswerSentence,
    Event,
    Evidence,
    Finished,
    Reply,
    Retrieved,
    Spoken,
    Turn,
)
from rag.wording import FALLBACK, languages, say
from rag.words.language import detect_question
from ui import actions_html, asked_html, chat_html, feedback_html
from ui.chat_html import Cited
from ui.live import LiveAssistant
from ui.render import document_of
from ui.said_html import EXTRACTIVE

log = logging.getLogger(__name__)

TURNS_KEPT = 6  # exchanges that a follow-up question may refer to


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands on the page, and the conversation up to here."""

    html: str
    history: tuple[Turn, ...]
    done: bool = False  # nothing follows
    finished: Finished | None = None  # what came of it; None until the end, and without a reply


class Chat:
    """Puts questions to the live assistant. `limit` is the longest question, in characters;
    `seal` marks replies that leave for the reading room."""

    def __init__(
        self,
        live: LiveAssistant,
        ingest_command: str,
        limit: int,
        seal: actions_html.Seal | None = None,
    ) -> None:
        self.live = live
        self.seal = seal
        self.ingest_command = ingest_command
        self.limit = limit

    def ask(
        self,
        question: str,
        filters: Filters,
        interface: str,
        history: Sequence[Turn] = (),
        cancelled: Callable[[], bool] = lambda: False,
        identity: str = "",
        *,
        room: bool = False,
    ) -> Generator[Shown, None, None]:
        """The exchange as it grows. Never raises: what went wrong is said on the page, and
        logged. With an `identity` of the reply, the reader is asked whether it helped; in the
        reading `room`, what can be done with the reply stands under it."""
        question = question.strip()
        before = tuple(history)
        if not question:
            return
        shown = question[: self.limit]
        try:
            with self.live.use() as assistant:
                language = reply_language(question, interface)
                page = _Page(shown, language, assistant.generation, self.limit, identity)
                page.seal = self.seal
                if room:
                    page.filters, page.glossary = filters, assistant.glossary.current()
                yield Shown(page.begun(), before)
                with closing(assistant.ask(question, filters, before, cancelled)) as events:
                    for event in events:
                        last = event if isinstance(event, Finished) else None
                        for html in page.after(event):
                            turns = (*before, *page.turns)[-TURNS_KEPT:]
                            yield Shown(html, turns, last is not None, last)
        except CollectionError:
            html = told(shown, interface, "chat.no_index", self.ingest_command)
            yield Shown(html, before, done=True)
        except Exception:
            log.exception("a question was not answered")
            yield Shown(told(shown, interface, "chat.error"), before, done=True)


def waiting(question: str, language: str) -> str:
    """An exchange of which nothing is known yet."""
    body = chat_html.stage(say(language, "widget.working"))
    return chat_html.turn(question, body, language, running=True)


def told(question: str, language: str, key: str, command: str = "") -> str:
    """An exchange that is only a notice, and the command that helps."""
    told = say(language, key)
    body = chat_html.notice(told, command)
    return chat_html.turn(question, body, language, running=False, announcement=told)


class _Page:
    """One exchange on the page, as its events come in."""

    def __init__(
        self, question: str, language: str, generation: Generation, limit: int, identity: str
    ) -> None:
        self._question = question
        self._identity = identity
        self._language = language
        self._generation = generation
        self._limit = limit
        self._stage = say(language, "chat.checking")
        self._above = ""  # the question that was searched, where it is not the one typed
        self._mode = ""  # who speaks: the documents, or a model
        self._sentences: list[AnswerSentence] = []
        self._cited: dict[int, Cited] = {}
        self.turns: tuple[Turn, ...] = ()  # what this exchange adds to the conversation
        self.seal: actions_html.Seal | None = None
        self.filters: Filters | None = None  # of the question, in the reading room; else None
        self.glossary = Glossary()

    def begun(self) -> str:
        return self._turn(chat_html.stage(searching(self._generation, self._language)))

    def after(self, event: Event) -> Iterator[str]:
        match event:
            case Retrieved():
                self._above = asked_html.searched(event.searched, self._language)
                if event.author:
                    self._stage = say(self._language, "chat.writing", model=event.author)
                yield self._turn(chat_html.stage(self._stage))
            case Spoken(sentence, evidence, mode):
                self._begin_anew(mode)
                if sentence.beside:
                    return  # not part of the answer: folded away below it when it is whole
                self._sentences.append(sentence)
                self._cited |= {item.n: look_up(item, self._generation) for item in evidence}
                said = chat_html.quotations(self._sentences, self._cited, self._language, mode)
                yield self._turn(said + chat_html.stage(self._stage))
            case Finished(reply):
                self.turns = (turn_of(reply),)
                yield self._finished(event, reply)

    def _begin_anew(self, mode: str) -> None:
        """Where a model gave up, the documents speak; what it had said goes, its numbers too."""
        if mode != self._mode:
            self._mode, self._sentences, self._cited = mode, [], {}
            self._stage = (
                self._stage if mode != EXTRACTIVE else say(self._language, "chat.checking")
            )

    def _turn(self, body: str) -> str:
        return chat_html.turn(self._question, self._above + body, self._language, running=True)

    def _below(self, event: Finished, reply: Reply) -> str:
        """What can be done with a reply, and whether it helped."""
        row = ""
        if self.filters is not None:
            answered = isinstance(reply, Answer)
            row = actions_html.row(self._question, reply.language, answered=answered)
        if self._identity:
            row += feedback_html.asked(event, reply.language, self._identity)
        return row

    def _finished(self, event: Finished, reply: Reply) -> str:
        language = reply.language
        data = {}
        if self.filters is not None:
            data["reply"] = actions_html.reply_data(event, self.filters, self.seal)
            data["terms"] = actions_html.terms_data(reply, self.glossary)
        below = self._below(event, reply)
        above = asked_html.searched(reply.searched, language)
        if isinstance(reply, Answer):
            cited = {item.n: look_up(item, self._generation) for item in reply.evidence}
            documents = {item.document.id for item in cited.values()}
            told = say(language, "chat.ready", quotes=len(cited), documents=len(documents))
            body = chat_html.answer(reply, cited)
        else:
            told = chat_html.reason(reply, self._limit)
            body = chat_html.declined(reply, self._limit) + asked_html.choices(reply.choices)
        return chat_html.turn(
            self._question, above + body + below, language, running=False, announcement=told,
            data=data,
        )  # fmt: skip


def turn_of(reply: Reply) -> Turn:
    """A finished exchange as the conversation remembers it."""
    evidence = reply.evidence if isinstance(reply, Answer) else ()
    documents = dict.fromkeys(item.quote.document_id for item in evidence)
    return Turn(reply.searched or reply.question, tuple(documents))


def reply_language(question: str, interface: str) -> str:
    """The language the reply will be in, before there is one."""
    found = detect_question(question, default=interface)
    return found if found in languages() else FALLBACK


def searching(generation: Generation, language: str) -> str:
    """How much is being searched, in words."""
    manifest = generation.manifest
    return say(
        language,
        "chat.searching",
        passages=say(language, "count.passages", n=manifest.passages),
        documents=say(language, "count.documents", n=manifest.documents),
    )


def look_up(evidence: Evidence, generation: Generation) -> Cited:
    """Evidence with its document and the page its passage stands on."""
    document = document_of(evidence.passage.document_id, generation)
    page = generation.store.page_of(document.id, evidence.passage.page)
    return Cited(evidence, document, page)
