"""The answer a language model writes: each sentence is held until the passages it cites
carry it, and no other sentence is let through.

    prompt -> stream -> markers -> sentence -> check -> repair once -> shown, or removed

Knows no provider and no wording. What went wrong is in the outcome; the caller decides
what is shown instead.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

from rag.check.checker import Verdict
from rag.evidence.verify import quote_holds
from rag.generate import Draft, Writer
from rag.index.generation import Generation
from rag.types import AnswerSentence, Evidence, Passage, Quote, Spoken, Task, Turn, Usage
from rag.words.language import detect
from rag.words.text import fold, words
from rag.writing.markers import Drafted, MarkerParser
from rag.writing.prompt import (
    NO_ANSWER,
    PromptSettings,
    Source,
    echoes_prompt,
    evidence_prompt,
    fitting,
    repair_prompt,
    standalone_prompt,
)
from rag.writing.trouble import ModelTrouble

log = logging.getLogger(__name__)

QUOTED_WORDS = 4  # from so many words in quotation marks on they must be the source's own
_QUOTED = re.compile(r'[“«"]([^“”«»"]{1,600})[”»"]')
LANGUAGE_WORDS = 6  # a shorter sentence does not show its language


class Checks(Protocol):
    """Whether passages say what a sentence says; `rag.check.checker.Checker` is one."""

    def check(self, sentence: str, language: str, cited: Sequence[Passage]) -> Verdict:
        """The verdict on one sentence."""
        ...


@dataclass(frozen=True, slots=True)
class WrittenSettings:
    """Limits of a written answer."""

    check: bool = True  # off only to measure what the check is worth
    prompt: PromptSettings = field(default_factory=PromptSettings)
    passages: int = 8  # shown to the model
    sentences: int = 24  # read from the model; the rest is not waited for
    repairs: int = 2  # calls that may repair a sentence, an answer
    least_share: float = 0.5  # of the sentences must be left, or the quotes are shown instead
    searched: int = 3  # passages tried for a sentence that cites none
    total_seconds: float = 30.0  # for the whole answer, repairs included


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it. `trouble` is empty when the answer may be shown."""

    sentences: tuple[AnswerSentence, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    removed: int = 0
    repaired: int = 0
    trouble: str = ""  # a kind of ModelTrouble, or "no_answer", "unsupported", "language", "copied"


class Sitting:
    """One question and its time: everything a model is asked for it shares both."""

    def __init__(self, cancelled: Callable[[], bool], seconds: float) -> None:
        self._cancelled = cancelled
        self._until = time.monotonic() + seconds
        self.usage = Usage()

    @property
    def late(self) -> bool:
        """Whether the time is spent."""
        return time.monotonic() > self._until

    def over(self) -> bool:
        """Whether nobody waits any longer."""
        return self._cancelled() or self.late

    def read(self, draft: Draft) -> Generator[str, None, None]:
        """The pieces of a draft; what it took is counted however it ends."""
        try:
            with closing(iter(draft)) as pieces:
                yield from pieces
        finally:
            self.usage += draft.usage


class Author:
    """Has a model write and lets through what its sources carry. Safe between threads."""

    def __init__(
        self,
        writer: Writer,
        checks: Checks,
        generation: Generation,
        settings: WrittenSettings | None = None,
    ) -> None:
        self.writer = writer
        self._checks = checks
        self._generation = generation
        self._settings = settings or WrittenSettings()

    @property
    def name(self) -> str:
        """The model, as the reader is told."""
        return self.writer.name

    def sitting(self, cancelled: Callable[[], bool]) -> Sitting:
        """The time for one question; it begins now."""
        return Sitting(cancelled, self._settings.total_seconds)

    def write(self, task: Task, sitting: Sitting) -> Generator[Spoken, None, Written]:
        """Verified sentences as they are finished; returns the outcome. Never raises for
        what a model or its provider does."""
        desk = _Desk(task, self._sources(task.passages), self._generation, self.name, sitting)
        try:
            yield from self._write(desk)
        except ModelTrouble as trouble:
            kind = "slow" if trouble.kind == "cancelled" and sitting.late else trouble.kind
            log.warning("an answer was not written (%s): %s", kind, trouble)
            return desk.outcome(kind)
        except Exception:  # a fault of ours must not take the quotations away
            log.exception("an answer was not written")
            return desk.outcome("unreadable")
        return desk.outcome(self._what_is_wrong(desk))

    def _write(self, desk: _Desk) -> Generator[Spoken]:
        task = desk.task
        prompt = evidence_prompt(
            task.question, task.language, desk.sources, task.shape, self._settings.prompt
        )
        parser = MarkerParser(desk.numbers, task.language)
        draft = self.writer.write(prompt, desk.sitting.over)
        with closing(desk.sitting.read(draft)) as chunks:
            for chunk in chunks:
                yield from self._let_through(parser.feed(chunk), desk, prompt.system)
                if desk.read >= self._settings.sentences or desk.declined:
                    return
        yield from self._let_through(parser.close(), desk, prompt.system)

    def standalone(
        self, history: Sequence[Turn], question: str, language: str, sitting: Sitting
    ) -> str:
        """A follow-up question as the model would put it, to be read with care; empty when
        it gives none."""
        prompt = standalone_prompt(history, question, language)
        try:
            draft = self.writer.write(prompt, sitting.over)
            return " ".join("".join(sitting.read(draft)).split())
        except ModelTrouble as trouble:
            log.warning("a follow-up question was not rewritten: %s", trouble)
            return ""

    def _sources(self, passages: Sequence[Passage]) -> tuple[Source, ...]:
        """The first distinct passages with their documents, numbered; as many as a prompt takes."""
        sources: list[Source] = []
        for passage in dict.fromkeys(passages):
            found = self._generation.store.find_document(passage.document_id)
            if found is not None:
                sources.append(Source(len(sources) + 1, passage, found[1]))
        return fitting(sources[: self._settings.passages])

    def _let_through(
        self, drafted: Sequence[Drafted], desk: _Desk, instructions: str
    ) -> Generator[Spoken]:
        for sentence in drafted:
            if sentence.heading:
                continue  # says nothing; the page has its own
            if NO_ANSWER in sentence.text:
                desk.declined = True
                return
            if desk.said(sentence.text):
                continue
            if desk.sitting.over():
                raise ModelTrouble("cancelled", self.name)
            desk.read += 1
            if self._settings.check and echoes_prompt(sentence.text, instructions):
                desk.copied += 1
            elif self._settings.check and not _in_language(sentence.text, desk.task.language):
                desk.foreign += 1
            else:
                spoken = self._checked(sentence, desk)
                if spoken is not None:
                    yield spoken

    def _checked(self, drafted: Drafted, desk: _Desk) -> Spoken | None:
        """The sentence with the quotes that carry it, if need be repaired; None: removed."""
        if not self._settings.check:
            return desk.unchecked(drafted)
        cited = desk.passages(drafted.citations) or self._likeliest(drafted.text, desk)
        verdict = self._checks.check(drafted.text, desk.task.language, cited)
        if verdict.holds:
            return desk.speak(_own_words(drafted.text, cited), verdict.quotes)
        if cited and desk.repairs < self._settings.repairs and not desk.sitting.over():
            desk.repairs += 1
            return self._repaired(drafted, verdict, cited, desk)
        return None

    def _likeliest(self, text: str, desk: _Desk) -> list[Passage]:
        """The passage that carries a sentence which names none, if one does."""
        for source in desk.sources[: self._settings.searched]:
            if self._checks.check(text, desk.task.language, [source.passage]).holds:
                return [source.passage]
        return []

    def _repaired(
        self, drafted: Drafted, verdict: Verdict, cited: Sequence[Passage], desk: _Desk
    ) -> Spoken | None:
        language = desk.task.language
        problems = [f"{problem.kind}: {problem.what}" for problem in verdict.problems]
        sources = [source for source in desk.sources if source.passage in cited]
        prompt = repair_prompt(drafted.text, problems, language, sources)
        try:
            draft = self.writer.write(prompt, desk.sitting.over)
            text = "".join(desk.sitting.read(draft))
        except ModelTrouble:
            return None
        parser = MarkerParser([source.n for source in sources], language)
        for repaired in [*parser.feed(text), *parser.close()][:1]:
            if NO_ANSWER in repaired.text or not _in_language(repaired.text, language):
                return None
            second = self._checks.check(repaired.text, language, cited)
            if second.holds:
                spoken = desk.speak(_own_words(repaired.text, cited), second.quotes)
                desk.repaired += spoken is not None
                return spoken
        return None

    def _what_is_wrong(self, desk: _Desk) -> str:
        """Why what is left is not shown; empty when it is."""
        if desk.declined:
            return "no_answer"
        if not desk.read:
            return "empty"
        if len(desk.sentences) >= max(1, self._settings.least_share * desk.read):
            return ""
        if desk.copied > desk.read / 2:
            return "copied"
        return "language" if desk.foreign > desk.read / 2 else "unsupported"


class _Desk:
    """One answer being written: what was read, what was let through."""

    def __init__(
        self,
        task: Task,
        sources: Sequence[Source],
        generation: Generation,
        author: str,
        sitting: Sitting,
    ) -> None:
        self.task = task
        self.author = author
        self.sources = sources
        self.sitting = sitting
        self._generation = generation
        self._by_number = {source.n: source.passage for source in sources}
        self._shown: dict[Quote, Evidence] = {}
        self.sentences: list[AnswerSentence] = []
        self.read = self.foreign = self.copied = self.repairs = self.repaired = 0
        self.declined = False

    @property
    def numbers(self) -> list[int]:
        """What a marker may name."""
        return list(self._by_number)

    def said(self, text: str) -> bool:
        """Whether a sentence was shown already."""
        return any(sentence.text == text for sentence in self.sentences)

    def passages(self, numbers: Sequence[int]) -> list[Passage]:
        return [self._by_number[n] for n in numbers if n in self._by_number]

    def speak(self, text: str, quotes: Sequence[Quote]) -> Spoken | None:
        """A sentence with its quotes as evidence; None when none is the stored text."""
        held = [quote for quote in quotes if quote_holds(quote, self._generation)]
        if not held or self.said(text):
            return None
        evidence = tuple(dict.fromkeys(self._evidence(quote) for quote in held))
        sentence = AnswerSentence(text, tuple(item.n for item in evidence))
        self.sentences.append(sentence)
        return Spoken(sentence, evidence, self.author)

    def _evidence(self, quote: Quote) -> Evidence:
        if quote not in self._shown:
            passage = next(p for p in self._by_number.values() if _holds(p, quote))
            self._shown[quote] = Evidence(len(self._shown) + 1, passage, quote)
        return self._shown[quote]

    def unchecked(self, drafted: Drafted) -> Spoken | None:
        """As other systems show it: whatever was written, citing whole passages."""
        cited = self.passages(drafted.citations) or [self.sources[0].passage]
        return self.speak(
            drafted.text, [Quote(p.document_id, p.page, p.start, p.end, p.text) for p in cited]
        )

    def outcome(self, trouble: str) -> Written:
        return Written(
            sentences=tuple(self.sentences),
            evidence=tuple(self._shown.values()),
            removed=self.read - len(self.sentences),
            repaired=self.repaired,
            trouble=trouble,
        )


def _own_words(text: str, cited: Sequence[Passage]) -> str:
    """A sentence with quotation marks only round words that a cited passage has: reported
    speech and paraphrase are no quotations."""
    stored = [" ".join(passage.text.split()) for passage in cited]

    def kept(match: re.Match[str]) -> str:
        inside = " ".join(match[1].split())
        short = len(inside.split()) < QUOTED_WORDS  # a term, not what somebody said
        return match[0] if short or any(inside in words for words in stored) else match[1]

    text = _QUOTED.sub(kept, text)
    halves = '"' if text.count('"') % 2 else ""
    halves += "".join(a + b for a, b in ("“”", "«»") if text.count(a) != text.count(b))
    return "".join(character for character in text if character not in halves).strip()


def _holds(passage: Passage, quote: Quote) -> bool:
    same_page = (passage.document_id, passage.page) == (quote.document_id, quote.page)
    return same_page and passage.start <= quote.start and quote.end <= passage.end


def _in_language(text: str, language: str) -> bool:
    """Whether a sentence is in the reader's language, or too short to tell."""
    return len(words(fold(text))) < LANGUAGE_WORDS or detect(text, default=language) == language
