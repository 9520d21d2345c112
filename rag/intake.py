"""What is done with a question before anything is searched: turned away, asked back, put
into a form that stands alone, or taken as it is.

Knows no passage and writes no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.evidence.compose import covered
from rag.index.generation import Generation
from rag.question.clarify import ambiguous
from rag.question.conversation import Wish, accept, bounded, standalone
from rag.question.courtesy import courtesy
from rag.question.glossary import Glossary
from rag.question.policy import judge
from rag.question.query import Question
from rag.types import Declined, Turn
from rag.wording import languages, say
from rag.words.hidden import visible
from rag.words.language import detect_question
from rag.words.sentences import split_sentences
from rag.words.text import fold, words

MOST_QUESTIONS = 3  # in one text, that are answered one by one
LEAST_WORDS = 3  # of each of them
Rewrite = Callable[[Sequence[Turn], str, str], str]  # history, question, language -> question


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is to be searched."""

    typed: str  # as the reader wrote it
    text: str  # what is searched
    language: str  # of the reply
    document: str = ""  # the one that "this report" points to
    preface: str = ""  # our own words that belong above the answer
    wish: Wish = ""  # for the answer before to be longer or shorter

    @property
    def searched(self) -> str:
        """What is searched where it is not what was typed; else empty."""
        return "" if self.text == self.typed else self.text


def receive(
    text: str,
    history: Sequence[Turn],
    generation: Generation,
    glossary: Glossary,
    longest: int,
    rewrite: Rewrite | None = None,
) -> Asked | Declined:
    """The question to search, or why none is. `longest` is in characters; `rewrite` is a
    model's way with follow-up questions, used where `rag.question.conversation.accept` lets it."""
    typed = plain(text).strip()
    language = reply_language(detect_question(typed[:200]))
    if len(typed) > longest:
        return Declined(typed[:200], language, "too_long")
    if not words(fold(typed)):
        return Declined(typed, language, "not_a_question")
    if polite := courtesy(typed):
        kind, spoken = polite
        covers = covered(generation) if kind == "greeting" else ()
        return Declined(typed, spoken, kind, covers=covers)
    ruling = judge(typed, language)
    asked = Asked(typed, typed, language)
    if ruling is None and history:
        asked = _standing_alone(asked, history, generation, glossary, rewrite)
        ruling = judge(asked.text, asked.language) if asked.searched else None
    if ruling is None:
        return asked
    if ruling.search_instead:
        preface = say(asked.language, ruling.note)
        return Asked(typed, ruling.search_instead, asked.language, preface=preface)
    covers = covered(generation) if ruling.reason == "out_of_scope" else ()
    return Declined(typed, asked.language, ruling.reason, covers=covers, searched=asked.searched)


def questions_in(text: str, generation: Generation, glossary: Glossary) -> list[Asked]:
    """The questions that a text asks one after the other, each so that it stands alone; none
    where it asks one, or many, or one is too short to be looked for."""
    language = detect_question(text)
    spans = split_sentences(text, language)
    typed = [text[start:end] for start, end in spans if text[start:end].endswith(("?", "؟"))]
    if not 2 <= len(typed) <= MOST_QUESTIONS or len(spans) > len(typed):
        return []
    if any(len(words(fold(one))) < LEAST_WORDS for one in typed):
        return []
    found: list[Asked] = []
    before: list[Turn] = []
    for one in typed:
        made = standalone(one, before, generation, glossary)
        found.append(Asked(one, made.question, language))
        before.append(Turn(made.question))
    return found


def _standing_alone(
    asked: Asked,
    history: Sequence[Turn],
    generation: Generation,
    glossary: Glossary,
    rewrite: Rewrite | None,
) -> Asked:
    """A follow-up question as one that stands alone; one that does stays as typed."""
    turns, typed, spoken = bounded(history), asked.typed, asked.language
    made = standalone(typed, turns, generation, glossary)
    language = reply_language(made.language) if made.language else spoken
    if made.changed and rewrite is not None:
        told = rewrite(turns, typed, language)
        if told and accept(told, typed, turns, glossary) and judge(told, language) is None:
            # A model's words may not get a reader refused.
            return Asked(typed, told, language, made.document, wish=made.wish)
    return Asked(typed, made.question, language, made.document, wish=made.wish)


def asked_back(asked: Asked, question: Question, generation: Generation) -> Declined | None:
    """A reply that asks what an ambiguous abbreviation means, where it may mean several
    things that the collection holds."""
    choices = ambiguous(question, generation)
    if not choices:
        return None
    return Declined(
        asked.typed, asked.language, "needs_clarification", choices=choices, searched=asked.searched
    )


def plain(text: str) -> str:
    """A question as its reader sees it: without hidden characters and lone surrogates."""
    return visible(text.encode("utf-8", "replace").decode("utf-8"))[0]


def reply_language(language: str) -> str:
    """The language our own sentences are in: the reader's where we have it."""
    return language if language in languages() else "en"
