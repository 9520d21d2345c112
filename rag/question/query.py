"""A question as each language's index sees it: one term distribution a word.

In its own language a word stands for itself. In another it is spread over its
translations (`rag.translation.translate`), and a word without any (a name, a number, an
abbreviation) stands for itself. Knows no passage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rag.embed import MODELS, Embedder
from rag.index.lexical import TermDistribution
from rag.index.spellings import Spellings
from rag.question.glossary import Glossary
from rag.words.language import detect
from rag.words.text import index_terms, is_gram, terms

TABLES = "sanad-tables"


class Translates(Protocol):
    """Renders the words of a question in another language."""

    def distributions(
        self, question: str, source: str, target: str, spellings: Spellings | None = None
    ) -> list[dict[str, float]]:
        """One distribution or more over index terms of `target` for each content word of the
        question; `spellings` are the index's words, to match names with."""
        ...


class Identity:
    """Translates nothing: across languages only shared words match."""

    def distributions(
        self, question: str, source: str, target: str, spellings: Spellings | None = None
    ) -> list[dict[str, float]]:
        """Each word as itself."""
        return [{term: 1.0} for term in index_terms(question, target, source)]


@dataclass(frozen=True)
class Question:
    """A question as the retrievers see it."""

    text: str
    language: str
    vector: npt.NDArray[np.float32]  # (dim,) of length 1, zeros when nothing was known
    translator: Translates
    glossary: Glossary = field(default_factory=Glossary)
    spellings: Mapping[str, Spellings] = field(default_factory=dict)  # by language
    reply_in: str = ""  # where the reader wants another language than the question's

    @property
    def reader(self) -> str:
        """The language the reader prefers to read."""
        return self.reply_in or self.language

    @cached_property
    def _cache(self) -> dict[str, list[TermDistribution]]:
        return {}

    def index_terms(self, language: str) -> list[TermDistribution]:
        """One distribution over index terms of `language` for each content word and each
        glossary concept, and those over their 4-grams where the index holds 4-grams."""
        if language not in self._cache:
            found: Sequence[TermDistribution]
            if language == self.language:
                found = [{term: 1.0} for term in index_terms(self.text, language)]
            else:
                found = self._translated(self.text, language)
            self._cache[language] = [*found, *self.glossary.additions(self.text, language)]
        return self._cache[language]

    def renderings(self, word: str, language: str) -> frozenset[str]:
        """Stems of `language` that one folded word of the question may stand as."""
        if language == self.language:
            return frozenset(terms(word, language))
        found = self._translated(word, language)
        return frozenset(term for d in found for term in d if not is_gram(term)) | {word}

    def _translated(self, text: str, language: str) -> list[dict[str, float]]:
        spelt = self.spellings.get(language)
        return self.translator.distributions(text, self.language, language, spelt)

    def words(self, language: str) -> list[TermDistribution]:
        """`index_terms` without those over 4-grams."""
        return [word for word in self.index_terms(language) if not is_gram(next(iter(word)))]


def shipped_translator() -> Translates:
    """The translation tables that come with Sanad."""
    from rag.translation.translate import Translator

    return Translator.open(MODELS / TABLES)


def understand(
    text: str,
    embedder: Embedder,
    translator: Translates | None = None,
    glossary: Glossary | None = None,
    spellings: Mapping[str, Spellings] | None = None,
    reply_in: str = "",
) -> Question:
    """Detect the language of a question and embed it."""
    vector = embedder.encode_questions([text])[0]
    language = detect(text, default="en")
    return Question(
        text, language, vector, translator or Identity(), glossary or Glossary(), spellings or {},
        reply_in,
    )  # fmt: skip
