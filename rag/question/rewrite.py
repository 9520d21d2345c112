"""Whether a question that a language model rewrote may be searched in place of the reader's.

A rewrite may only say what the question and its history say. Knows no model and no prompt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.question.cues import LANGUAGES
from rag.question.followup import language_of
from rag.question.glossary import Glossary
from rag.question.mentions import mentions
from rag.types import Turn
from rag.words.figures import names_and_figures
from rag.words.language import detect
from rag.words.text import fold, terms, words

LONGEST = 400  # characters of a rewrite; a typed question longer than this is not rewritten
NEW_SHARE = 0.4  # of a rewrite's content words in the language of the conversation
_MARKUP = re.compile(r"[<>{}\[\]`|\\^~=*#_@]|https?:|www\.|//|\n|\r|&\w+;")
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|oublie[rz]?|ignore[rz]?|ignora[r]?|olvida[r]?|تجاهل|انس)\b.{0,30}"
    r"\b(?:previous|above|instructions?|rules?|prompt|precedent\w*|consignes?|regles?|"
    r"anterior\w*|instrucci\w+|reglas?|التعليمات|السابقه|ما سبق|القواعد)"
    r"|system prompt|\byou are (?:now|a|an)\b"
    r"|\b(?:as an ai|assistant|rewritten|standalone question)\b"
)


def accept(
    rewritten: str, question: str, history: Sequence[Turn], glossary: Glossary | None = None
) -> bool:
    """Whether a rewrite is one short line in one of our languages that brings in no name,
    place, number, markup or instruction of its own.

    A concept or a country may be named in another language than the reader's; in the
    conversation's own language most content words must be known from it.
    """
    text = rewritten.strip()
    folded = fold(text)
    if not 3 <= len(text) <= LONGEST or _MARKUP.search(text) or _INSTRUCTION.search(folded):
        return False
    language = detect(text, default="und")
    if language not in LANGUAGES or not text.isprintable():
        return False
    sources = [question, *(turn.question for turn in history)]
    return _names_known(text, sources, glossary or Glossary()) and _words_known(
        text, language, sources
    )


def _names_known(text: str, sources: Sequence[str], glossary: Glossary) -> bool:
    """Whether every name, place and number of a text is in one of its sources."""
    known: set[str] = set()
    keys: set[str] = set()
    for source in sources:
        known.update(words(fold(source)))
        for mention in mentions(source, language_of(source, "en"), (), glossary):
            keys.add(mention.key)
    excused: set[str] = set()
    for mention in mentions(text, language_of(text, "en"), (), glossary):
        if mention.kind in ("place", "concept") and mention.key in keys:
            excused.update(words(fold(mention.text)))
        elif mention.kind == "place":
            return False
    return names_and_figures(text) <= known | excused


def _words_known(text: str, language: str, sources: Sequence[str]) -> bool:
    """Whether a rewrite in a language of the conversation mostly keeps to its words."""
    same = [source for source in sources if language_of(source, language) == language]
    content = set(terms(text, language))
    if not content or len(same) < len(sources):
        return bool(content)
    known = {term for source in same for term in terms(source, language)}
    return len(content - known) <= max(1, NEW_SHARE * len(content))
