"""A name of the question, which no table knows, in the script of the passages.

With the index's own words (`rag.index.spellings`) a name is matched against those that sound
alike, each with a score; without them its likeliest spellings stand for it.
"""

from __future__ import annotations

from rag.index.spellings import Spellings
from rag.translation.transliterate import Transliterator
from rag.words.text import stem

ARABIC_SPELLINGS = 10  # measured: 3 give 76.8, 10 give 77.1 nDCG@10 (Belebele en-ar)
LATIN_SPELLINGS = 50  # short vowels are not written, so many are needed
SHORTEST = 3  # letters
# Likelihood of a word beside that of the likeliest spelling, flattened: the model's pieces are
# independent, so that its ratios are too sure. Measured (Belebele ar-en): 1 gives 75.6, 0.5 76.4,
# 0.3 76.8.
FLATTENING = 0.3
LEAST_SCORE = 0.1
NEIGHBOURS = 10  # words of the index that share letters with the name: those that get a score
MATCHES = 5  # of them kept
_PREFIXES = "ولبكف"  # one-letter words that Arabic writes on to the next one


class Names:
    """Renders names between Arabic and Latin script."""

    def __init__(self, transliterator: Transliterator) -> None:
        self._transliterator = transliterator

    def render(self, word: str, target: str, spellings: Spellings | None) -> dict[str, float]:
        """Scores of index terms of `target` for a folded word of the question, at most 1 in sum;
        empty for a word that is no name in the other script."""
        if len(word) < SHORTEST:
            return {}
        if target == "ar":
            return _stemmed(self._transliterator.to_arabic(word, ARABIC_SPELLINGS), target)
        forms = [form for form in _forms(word) if self._transliterator.is_arabic(form)]
        scores: dict[str, float] = {}
        for form in forms:
            if spellings is None:
                found = _stemmed(self._transliterator.to_latin(form, LATIN_SPELLINGS), target)
                found = {term: share / len(forms) for term, share in found.items()}
            else:
                found = self._matched(form, spellings)
            for term, score in found.items():
                scores[term] = max(score, scores.get(term, 0.0))
        return _at_most_one(scores, LATIN_SPELLINGS if spellings is None else MATCHES)

    def _matched(self, form: str, spellings: Spellings) -> dict[str, float]:
        """Words of the index that `form` may be, with scores up to 1: how likely each is beside the
        likeliest spelling. The index holds stems, so endings a stemmer takes off are tried too."""
        candidates = self._transliterator.to_latin(form, ARABIC_SPELLINGS)
        if not candidates:
            return {}
        best = self._transliterator.likelihood(form, next(iter(candidates)))
        scores = {}
        for word in filter(Transliterator.is_latin, spellings.near(candidates, NEIGHBOURS)):
            endings = [word, word + "e", *([word[:-1] + "y"] if word.endswith("i") else [])]
            likelihood = max(self._transliterator.likelihood(form, ending) for ending in endings)
            score = min(1.0, (likelihood / best) ** FLATTENING)
            if score >= LEAST_SCORE:
                scores[word] = score
        return scores


def _forms(word: str) -> list[str]:
    """The Arabic word without its article, and both with and without a one-letter prefix."""
    if word.startswith("ال"):
        return [word[2:]]
    if len(word) > 5 and word[0] in _PREFIXES:
        return [word, word[1:]]
    return [word]


def _stemmed(spellings: dict[str, float], language: str) -> dict[str, float]:
    """Shares of the stems that an index holds for these spellings."""
    stems: dict[str, float] = {}
    for spelling, share in spellings.items():
        (term,) = stem([spelling], language)
        stems[term] = stems.get(term, 0.0) + share
    return stems


def _at_most_one(scores: dict[str, float], k: int) -> dict[str, float]:
    best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:k]
    total = max(1.0, sum(score for _, score in best))
    return {term: score / total for term, score in best}
