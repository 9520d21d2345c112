"""Whether a question leaves something out: "not in English", "outside Kenya", "other than". What it
names is then not what is asked for. Exact words only; knows no meaning."""

from __future__ import annotations

from functools import lru_cache

from rag.question.query import Question
from rag.words.polarity import any_negations
from rag.words.text import fold, words

_WORDS = {
    "en": "other than except excluding besides without outside unlike but",
    "fr": "autre autres sauf hors hormis excepté sans ailleurs contrairement",
    "es": "otro otra otros otras excepto salvo fuera sin menos diferencia",
    "ar": "غير سوى عدا ماعدا باستثناء دون بدون خارج بخلاف ليست ليس لا لم لن",
}


def excludes(question: Question) -> bool:
    """Whether the question holds a negation or a word that leaves out what it names."""
    said = tuple(words(fold(question.text)))
    if question.language != "ar" and any_negations(said, question.language):
        return True  # "ما" also asks
    return bool(_listed(question.language) & set(said))


@lru_cache(maxsize=8)
def _listed(language: str) -> frozenset[str]:
    return frozenset(words(fold(_WORDS.get(language, ""))))
