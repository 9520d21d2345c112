"""The ask walk: a question to a verified reply.

question -> language, filters -> retrieve -> compose -> verify each sentence
         -> Answer | Declined
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.compose import ComposeSettings, compose, decline, partial, spoken
from rag.embed import Embedder
from rag.errors import ConfigurationError
from rag.generation import Generation
from rag.glossary import GlossaryFile
from rag.language import detect
from rag.query import Identity, Question, Translates, understand
from rag.retrieve import Filters, RetrievalSettings, retrieve
from rag.text import fold, words
from rag.types import Answer, Declined, Event, Finished, Hit, Reply, Retrieved, Spoken
from rag.wording import languages, say


@dataclass(frozen=True, slots=True)
class AskSettings:
    """Limits of one question."""

    passages: int = 12  # retrieved for composing
    per_document: int = 4  # of them, from one document
    question_characters: int = 1000
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    compose: ComposeSettings = field(default_factory=ComposeSettings)


class Assistant:
    """Answers questions from one open generation. Safe to share between threads."""

    def __init__(
        self,
        generation: Generation,
        embedder: Embedder,
        settings: AskSettings | None = None,
        translator: Translates | None = None,
        glossary: GlossaryFile | None = None,
    ) -> None:
        if generation.dense is not None and generation.manifest.model != embedder.id:
            raise ConfigurationError(
                f"the index was built with embedding model {generation.manifest.model}, the "
                f"setting names {embedder.id}; run sanad ingest to embed anew"
            )
        self.generation = generation
        self.embedder = embedder
        self.settings = settings or AskSettings()
        self.translator = translator or Identity()
        self.glossary = glossary or GlossaryFile(None)

    def search(self, text: str, k: int, filters: Filters | None = None) -> list[Hit]:
        """The k best passages for a question.

        Raises ConfigurationError for a question that is too long or an unknown filter key.
        """
        if len(text) > self.settings.question_characters:
            raise ConfigurationError(
                f"the question has {len(text)} characters; up to "
                f"{self.settings.question_characters} are searched (SANAD_QUESTION_CHARACTERS)"
            )
        question = self._understand(plain(text))
        return retrieve(question, self.generation, k, filters, self.settings.retrieval)

    def answer(self, text: str, filters: Filters | None = None) -> Finished:
        """The whole reply at once."""
        for event in self.ask(text, filters):
            if isinstance(event, Finished):
                return event
        raise AssertionError("ask always ends with Finished")

    def ask(self, text: str, filters: Filters | None = None) -> Iterator[Event]:
        """Events of one question; the last is always `Finished`.

        Raises ConfigurationError for an unknown filter key; anything about the
        question itself is a `Declined`.
        """
        clock = _Clock()
        text = plain(text).strip()
        unfit = self._unfit(text)
        if unfit:
            yield self._finished(unfit, clock)
            return
        filters = filters or {}
        generation = self.generation
        question = self._understand(text)
        settings = self.settings
        hits = retrieve(
            question, generation, settings.passages, filters, settings.retrieval,
            settings.per_document,
        )  # fmt: skip
        clock.stage("retrieve")
        yield Retrieved(tuple(hits))
        language = _reply_language(question.language)
        chosen = compose(question, hits, generation, self.embedder, filters, settings.compose)
        said: list[Spoken] = []
        for sentence, evidence in spoken(chosen, language, generation):
            said.append(Spoken(sentence, (evidence,)))
            yield said[-1]
        clock.stage("compose")
        if said:
            weak = partial(chosen, settings.compose)
            reply: Reply = Answer(
                question=text,
                language=language,
                sentences=tuple(event.sentence for event in said),
                evidence=tuple(item for event in said for item in event.evidence),
                status="partial" if weak else "answered",
                notes=self._notes(language, weak=weak),
            )
        else:
            reason = _reason(hits, filters)
            reply = replace(
                decline(text, language, reason, hits, generation, settings.compose.nearest),
                notes=self._notes(language, weak=False),
            )
        yield self._finished(reply, clock)

    def _understand(self, text: str) -> Question:
        return understand(
            text, self.embedder, self.translator, self.glossary.current(), self.generation.spellings
        )

    def _unfit(self, text: str) -> Declined | None:
        """A decline for what is not a question we can search."""
        language = _reply_language(detect(text[:200], default="en"))
        if len(text) > self.settings.question_characters:
            return Declined(text[:200], language, "too_long")
        if not words(fold(text)):
            return Declined(text, language, "not_a_question")
        return None

    def _notes(self, language: str, *, weak: bool) -> tuple[str, ...]:
        keys = []
        if weak:
            keys.append("answer.partial")
        if self.generation.dense is None:
            keys.append("answer.lexical_only")
        if self.generation.fallback:
            keys.append("answer.older_index")
        return tuple(say(language, key) for key in keys)

    def _finished(self, reply: Reply, clock: _Clock) -> Finished:
        return Finished(reply, self.generation.manifest.name, clock.timings())


def plain(text: str) -> str:
    """A question without lone surrogates, which no model and no file can take."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _reply_language(language: str) -> str:
    """The language our own sentences are in: the reader's where we have it."""
    return language if language in languages() else "en"


def _reason(hits: Sequence[Hit], filters: Mapping[str, Sequence[str]]) -> str:
    if hits:
        return "not_answered"
    return "no_match_for_filters" if filters else "nothing_found"


class _Clock:
    """Milliseconds by stage, monotonic."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._stages: dict[str, float] = {}

    def stage(self, name: str) -> None:
        now = time.perf_counter()
        self._stages[name] = round(1000 * (now - self._last), 3)
        self._last = now

    def timings(self) -> dict[str, float]:
        total = round(1000 * (time.perf_counter() - self._start), 3)
        return {**self._stages, "total": total}
