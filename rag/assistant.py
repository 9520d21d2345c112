"""The ask walk: a question to a verified reply.

question, history -> what to search -> plan -> retrieve -> quotes
                  -> a model writes, each sentence checked? -> Answer | Declined
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from rag.check.gloss import gloss
from rag.embed import Embedder
from rag.errors import ConfigurationError
from rag.evidence.arrange import arrange
from rag.evidence.compose import decline, spoken
from rag.evidence.gather import find
from rag.evidence.retrieve import Filters, one_version, retrieve
from rag.evidence.search import Found, GatherSettings
from rag.index.generation import Generation
from rag.intake import Asked, asked_back, plain, questions_in, receive
from rag.question.conversation import Wish
from rag.question.glossary import GlossaryFile
from rag.question.query import Identity, Question, Translates, understand
from rag.question.shapes import plan
from rag.types import (
    Answer,
    AnswerSentence,
    Declined,
    Event,
    Evidence,
    Finished,
    Hit,
    Reply,
    Retrieved,
    Spoken,
    Task,
    Turn,
)
from rag.wording import say

if TYPE_CHECKING:  # importing a model's door is the business of those who have a model
    from rag.writing.written import Author, Sitting, Written

# How many times the passages asked for are searched where language versions of a work compete.
VERSIONS = 3


@dataclass(frozen=True, slots=True)
class AskSettings:
    """Limits of one question."""

    question_characters: int = 1000
    gather: GatherSettings = field(default_factory=GatherSettings)


class Assistant:
    """Answers questions from one open generation. Safe to share between threads."""

    def __init__(
        self,
        generation: Generation,
        embedder: Embedder,
        settings: AskSettings | None = None,
        translator: Translates | None = None,
        glossary: GlossaryFile | None = None,
        author: Author | None = None,
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
        self.author = author  # None: every answer is quoted

    def search(self, text: str, k: int, filters: Filters | None = None) -> list[Hit]:
        """The k best passages for a question, of one language version of each work.

        Raises ConfigurationError for a question that is too long or an unknown filter key.
        """
        longest = self.settings.question_characters
        if len(text) > longest:
            raise ConfigurationError(
                f"the question has {len(text)} characters; up to {longest} are searched "
                "(SANAD_QUESTION_CHARACTERS)"
            )
        question = self._understand(plain(text))
        search = partial(
            retrieve, question, self.generation,
            filters=filters, settings=self.settings.gather.retrieval,
        )  # fmt: skip
        hits = search(k=k)
        if len(kept := self._one_version(hits, question)) < len(hits):
            kept = self._one_version(search(k=VERSIONS * k), question)
        return kept[:k]

    def _one_version(self, hits: Sequence[Hit], question: Question) -> list[Hit]:
        documents = self.generation.store.find_documents({hit.passage.document_id for hit in hits})
        return one_version(hits, documents, question.reader)

    def answer(
        self, text: str, filters: Filters | None = None, history: Sequence[Turn] = ()
    ) -> Finished:
        """The whole reply at once."""
        for event in self.ask(text, filters, history):
            if isinstance(event, Finished):
                return event
        raise AssertionError("ask always ends with Finished")

    def ask(
        self,
        text: str,
        filters: Filters | None = None,
        history: Sequence[Turn] = (),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Generator[Event, None, None]:
        """Events of one question; the last is always `Finished`.

        `history` is what a client says was asked before: untrusted. Raises
        ConfigurationError for an unknown filter key; anything about the question itself
        is a `Declined`. Closing the iterator ends a model's call.
        """
        clock = _Clock()
        sitting = self.author.sitting(cancelled) if self.author else None
        asked = self._receive(text, history, sitting)
        if isinstance(asked, Declined):
            yield self._finished(asked, clock)
            return
        question = self._understand(asked.text, asked.language if asked.searched else "")
        unclear = asked_back(asked, question, self.generation)
        if unclear is not None:
            yield self._finished(unclear, clock)
            return
        pointed = {"document": [asked.document]} if asked.document else {}
        within = {**pointed, **(filters or {})}
        found = self._one_by_one(asked, within) or self._find(question, within, asked.wish)
        clock.stage("retrieve")
        quoted = [
            (self._glossed(sentence, item, asked.language), item)
            for sentence, item in spoken(
                found.chosen, asked.language, self.generation, found.beside
            )
        ]
        author = self.author if quoted and not found.plan.metadata else None
        yield Retrieved(found.hits, asked.searched, author.name if author else "")
        written = None
        if author is not None and sitting is not None:
            written = yield from author.write(self._task(asked, found), sitting)
            clock.stage("write")
        if written is not None and not written.trouble:
            yield self._finished(self._written(asked, found, written), clock, sitting)
            return
        for sentence, evidence in quoted:
            yield Spoken(sentence, (evidence,))
        clock.stage("compose")
        reply = self._quoted(asked, found, quoted, written)
        if not quoted:
            reply = self._declined(asked, found, filters or {})
        yield self._finished(reply, clock, sitting)

    def _receive(
        self, text: str, history: Sequence[Turn], sitting: Sitting | None
    ) -> Asked | Declined:
        rewrite = None
        if self.author is not None and sitting is not None:
            rewrite = partial(self.author.standalone, sitting=sitting)
        limits = self.settings.question_characters
        return receive(text, history, self.generation, self.glossary.current(), limits, rewrite)

    def _understand(self, text: str, reply_in: str = "") -> Question:
        return understand(
            text, self.embedder, self.translator, self.glossary.current(),
            self.generation.spellings, reply_in,
        )  # fmt: skip

    def _find(self, question: Question, filters: Filters, wish: Wish) -> Found:
        generation, settings = self.generation, self.settings.gather
        planned = plan(question, generation)
        found = find(question, planned, generation, self.embedder, filters, settings)
        if wish == "more":
            return replace(found, beside=0)
        if wish == "shorter" and found.plan.kind == "quotes":
            return replace(found, beside=max(0, len(found.chosen) - 1))
        return found

    def _one_by_one(self, asked: Asked, filters: Filters) -> Found | None:
        """What answers several questions in one, where one has an answer and none the other's."""
        if asked.searched or asked.document:
            return None  # put in full from the question before: it asks one thing
        parts = questions_in(asked.text, self.generation, self.glossary.current())
        found: list[Found] = []
        for part in parts:
            one = self._find(self._understand(part.text, asked.language), filters, "")
            if one.plan.kind != "quotes" or one.differs:
                return None
            found.append(replace(one, chosen=one.chosen[: 0 if one.weak else 1]))
        chosen = tuple(c for one in found for c in one.chosen)
        if not chosen or len({c.quote for c in chosen}) < len(chosen):
            return None
        several = tuple((p.typed, len(f.chosen)) for p, f in zip(parts, found, strict=True))
        hits = tuple(hit for one in found for hit in one.hits)
        return Found(hits, chosen, replace(found[0].plan, several=several))

    def _glossed(self, sentence: AnswerSentence, item: Evidence, reader: str) -> AnswerSentence:
        held = self.generation.store.find_document(item.quote.document_id)
        if held is None:
            return sentence
        told = gloss(item.quote.text, held[1], reader, self.glossary.current())
        return replace(sentence, gloss=told)

    def _task(self, asked: Asked, found: Found) -> Task:
        """What a model is to write: the passages of what would be quoted come first."""
        passages = [candidate.passage for candidate in found.chosen]
        passages += [hit.passage for hit in found.hits]
        return Task(asked.text, asked.language, found.plan.kind, tuple(passages))

    def _written(self, asked: Asked, found: Found, written: Written) -> Answer:
        """The answer a model wrote, of which every sentence was checked."""
        assert self.author is not None
        language = asked.language
        counts = {"removed": written.removed, "repaired": written.repaired}
        told = [say(language, f"answer.{key}", n=n) for key, n in counts.items() if n]
        return Answer(
            question=asked.typed,
            language=language,
            sentences=written.sentences,
            evidence=self._marked(written.evidence, language),
            status="partial" if found.weak else "answered",
            mode=self.author.name,
            notes=(*told, *self._notes(language)),
            layout=arrange(
                replace(found.plan, several=()),
                written.sentences,
                written.evidence,
                self.generation,
                language,
            ),
            searched=asked.searched,
            preface=_preface(asked, weak=found.weak),
        )

    def _quoted(
        self,
        asked: Asked,
        found: Found,
        quoted: Sequence[tuple[AnswerSentence, Evidence]],
        written: Written | None,
    ) -> Reply:
        """The extractive answer; after a model's attempt it says what became of that."""
        language = asked.language
        unwritten = written is not None and written.trouble == "no_answer"
        told = [say(language, f"model.{written.trouble}")] if written else []
        sentences = [sentence for sentence, _ in quoted]
        evidence = self._marked([item for _, item in quoted], language)
        layout = arrange(found.plan, sentences, evidence, self.generation, language)
        for i in (i for row in layout.rows for cell in row.cells for i in cell):
            sentences[i] = replace(sentences[i], beside=False)  # what has its row is no aside
        return Answer(
            question=asked.typed,
            language=language,
            sentences=tuple(sentences),
            evidence=evidence,
            status="partial" if found.weak or unwritten else "answered",
            notes=(*told, *self._notes(language)),
            layout=layout,
            searched=asked.searched,
            preface=_preface(asked, weak=found.weak),
        )

    def _declined(self, asked: Asked, found: Found, filters: Filters) -> Declined:
        nearest = self.settings.gather.compose.nearest
        reason = _reason(found, filters)
        reply = decline(asked.typed, asked.language, reason, found.hits, self.generation, nearest)
        notes = (asked.preface, *self._notes(asked.language))
        return replace(reply, notes=tuple(filter(None, notes)), searched=asked.searched)

    def _marked(self, evidence: Sequence[Evidence], reader: str) -> tuple[Evidence, ...]:
        """Evidence with the known wrong translations that stand in its passages."""
        glossary, store = self.glossary.current(), self.generation.store
        marked = []
        for item in evidence:
            held = store.find_document(item.passage.document_id)
            language = held[1].language if held else ""
            wrong = glossary.mistranslated(item.passage.text, language, reader)
            marked.append(replace(item, mistranslations=wrong))
        return tuple(marked)

    def _notes(self, language: str) -> tuple[str, ...]:
        keys = []
        if self.generation.dense is None:
            keys.append("answer.lexical_only")
        if self.generation.trouble:
            keys.append("answer.exact_scan")
        if self.generation.fallback:
            keys.append("answer.older_index")
        return tuple(say(language, key) for key in keys)

    def _finished(self, reply: Reply, clock: _Clock, sitting: Sitting | None = None) -> Finished:
        usage = sitting.usage if sitting else None
        return Finished(reply, self.generation.manifest.name, clock.timings(), usage)


def _preface(asked: Asked, *, weak: bool) -> str:
    """Our own words above an answer: what must be known before it is read."""
    told = [asked.preface, say(asked.language, "answer.partial") if weak else ""]
    return " ".join(filter(None, told))


def _reason(found: Found, filters: Filters) -> str:
    if found.hits:
        return "not_answered"
    if filters:
        return "no_match_for_filters"
    return "none_catalogued" if found.plan.metadata else "nothing_found"


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
