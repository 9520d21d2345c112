"""A question as each language's index sees it: one term distribution a word.

In its own language a word stands for itself, and one with a typing error for what it may be meant
as (`rag.question.misspelt`). In another it is spread over its translations
(`rag.translation.translate`), and a word without any (a name, a number, an abbreviation) stands for
itself. Knows no passage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from rag.embed import MODELS, Embedder
from rag.index.lexical import TermDistribution
from rag.index.spellings import Spellings
from rag.question.glossary import Glossary
from rag.question.misspelt import meant, swapped
from rag.words.language import detect_question
from rag.words.text import (
    GRAM_LANGUAGES,
    fold,
    grams,
    index_terms,
    is_gram,
    stem,
    stopwords,
    terms,
    words,
)

TABLES = "sanad-tables"
# Share of the words near to one that the language's index lacks and a dictionary or another index
# has ("conty", a surname).
DOUBTED = 0.3
MEANT_GRAMS = 0.5  # expected frequency of a meant word's 4-grams, as in `rag.translation.translate`


class Translates(Protocol):
    """Renders the words of a question in another language."""

    def distributions(
        self, question: str, source: str, target: str, spellings: Spellings | None = None
    ) -> list[dict[str, float]]:
        """One distribution or more over index terms of `target` for each content word of the
        question; `spellings` are the index's words, to match names with."""
        ...


@runtime_checkable
class Knows(Protocol):
    """Tells a word from a slip: what a translator that has a vocabulary can do."""

    def knows(self, term: str, language: str) -> bool:
        """Whether an index term is a word of `language`."""
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
    cosines: tuple[float, float] | None = None  # of the vector with unrelated passages and with
    # the nearest; None: those of the index

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
                found = self._own_terms()
            else:
                found = self._translated(self.mended, language)
            self._cache[language] = [*found, *self.glossary.additions(self.text, language)]
        return self._cache[language]

    def renderings(self, word: str, language: str) -> frozenset[str]:
        """Stems of `language` that one folded word of the question may stand as."""
        if language == self.language:
            return frozenset(terms(word, language)).union(self._meant(word))
        found = self._translated(word, language)
        return frozenset(term for d in found for term in d if not is_gram(term)) | {word}

    @cached_property
    def _content(self) -> list[tuple[str, dict[str, float]]]:
        """The folded words that carry a topic, each with what it may be a slip of."""
        stop = stopwords(self.language)
        found = [word for word in words(fold(self.text)) if word not in stop]
        return [(word, self._meant(word)) for word in found if not self._slipped_stop(word)]

    def _own_terms(self) -> list[TermDistribution]:
        """Terms of the question's own language; the 4-grams, where there are any, come last."""
        found: list[TermDistribution] = []
        spelt: list[TermDistribution] = []
        for word, meant_as in self._content:
            itself = stem([word], self.language)
            found.append(meant_as or {itself[0]: 1.0})
            if self.language in GRAM_LANGUAGES:
                spelt += [{gram: 1.0} for gram in grams(itself)]
                if meant_as:
                    spelt.append(_expected_grams(meant_as))
        return [*found, *spelt]

    @cached_property
    def mended(self) -> str:
        """The text with the likeliest word in the place of each slip, where there is one."""
        best = {
            word: next(iter(meant_as))
            for word, meant_as in self._content
            if meant_as and not self._is_word(word)
        }
        if not best:
            return self.text
        return " ".join(_with(best, token) for token in self.text.split())

    def _meant(self, word: str) -> dict[str, float]:
        """What a word that nobody knows may be a slip of."""
        spelt = self.spellings.get(self.language)
        if spelt is None:
            return {}
        found = meant(word, self.language, spelt, named=word in self._named)
        if not found or not self._is_word(word):
            return found
        (term,) = stem([word], self.language)
        return {term: 1 - DOUBTED, **{near: DOUBTED * share for near, share in found.items()}}

    @cached_property
    def _named(self) -> frozenset[str]:
        """Folded words that are written as names: with a capital, and not at the beginning."""
        parts = re.findall(r"[\w'’-]+", self.text)[1:]
        return frozenset(w for part in parts if part[:1].isupper() for w in words(fold(part)))

    def _is_word(self, word: str) -> bool:
        """Whether a word that the language's index lacks is one of its language all the same, or
        one of another language of the collection ("comté" in an English question)."""
        (term,) = stem([word], self.language)
        if isinstance(self.translator, Knows) and self.translator.knows(term, self.language):
            return True
        return any(
            spelt.words.number(stem([word], language)[0]) is not None
            for language, spelt in self.spellings.items()
            if language != self.language
        )

    def _slipped_stop(self, word: str) -> bool:
        """Whether it is a function word with two letters swapped ("hwo", "waht")."""
        spelt = self.spellings.get(self.language)
        if (
            spelt is None
            or not word.isalpha()
            or stopwords(self.language).isdisjoint(swapped(word))
        ):
            return False
        (term,) = stem([word], self.language)
        return spelt.words.number(term) is None and not self._is_word(word)

    def _translated(self, text: str, language: str) -> list[dict[str, float]]:
        spelt = self.spellings.get(language)
        return self.translator.distributions(text, self.language, language, spelt)

    def words(self, language: str) -> list[TermDistribution]:
        """`index_terms` without those over 4-grams."""
        return [word for word in self.index_terms(language) if not is_gram(next(iter(word)))]


def _with(better: Mapping[str, str], token: str) -> str:
    """The words of a token with others in their place, without its quotes and brackets; the token
    itself where none is to be replaced."""
    found = words(fold(token))
    return " ".join(better.get(w, w) for w in found) if better.keys() & set(found) else token


def _expected_grams(meant_as: Mapping[str, float]) -> dict[str, float]:
    expected: dict[str, float] = {}
    for term, share in meant_as.items():
        for gram in grams([term]):
            expected[gram] = expected.get(gram, 0.0) + MEANT_GRAMS * share
    return expected


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
    language = detect_question(text)
    return Question(
        text, language, vector, translator or Identity(), glossary or Glossary(), spellings or {},
        reply_in, getattr(embedder, "cosines", None),
    )  # fmt: skip
