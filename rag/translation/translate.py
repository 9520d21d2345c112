"""Words of a question as terms of another language: the lexical side of cross-lingual search.

A question word becomes a distribution over index terms, p(term | word), learned by word alignment
(`evals.training.translation_tables`, whose card lists sources and licences). `rag.index.lexical`
scores such a distribution as one word with expected frequencies: probabilistic structured queries
(Darwish & Oard, SIGIR 2003). Tables pair English with each other language; two others meet in
English. A word that no table knows is taken for a name (`rag.translation.names`), or stays
itself. Knows no passage.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ConfigurationError
from rag.index.spellings import Spellings
from rag.translation.names import Names
from rag.translation.transliterate import Transliterator
from rag.words.affixes import cores
from rag.words.text import GRAM_LANGUAGES, fold, grams, index_terms, stem, stopwords, words
from rag.words.vocabulary import Vocabulary, mapped

PIVOT = "en"
FLOOR = 0.01  # renderings through English below this probability are dropped
BREADTH = 20  # renderings of one word through English
# Expected frequency of a rendering's 4-grams beside the rendering itself. Measured (nDCG@10,
# Belebele en-ar): without 4-grams 70.6, at 0.5 73.5, at 1.0 73.4.
GRAM_WEIGHT = 0.5
# Weight of a capitalised word's transliteration beside its translation ("Homa Bay"). Measured
# (Belebele en-ar): 0 gives 77.4, 0.3 77.6, 1 77.6.
NAME_WEIGHT = 0.3

Distribution = dict[str, float]
Numbers = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """p(target | source) of the words of two vocabularies.

    Renderings of source word i are `targets[starts[i]:starts[i+1]]` (positions in the target
    vocabulary) with `weights` (float16), most probable first; none where the slice is empty.
    """

    starts: npt.NDArray[np.uint32]
    targets: npt.NDArray[np.unsignedinteger[Any]]
    weights: npt.NDArray[np.float16]

    @classmethod
    def open(cls, folder: Path, name: str) -> Table:
        """Map the three files. Raises OSError, EOFError or ValueError."""
        parts = ("starts", "targets", "weights")
        return cls(*(mapped(folder / f"{name}.{part}.npy") for part in parts))

    def save(self, folder: Path, name: str) -> None:
        """Write the three files."""
        for part in ("starts", "targets", "weights"):
            np.save(folder / f"{name}.{part}.npy", getattr(self, part))

    def row(self, number: int) -> tuple[Numbers, Weights]:
        """Numbers and probabilities of the renderings of one word."""
        span = slice(int(self.starts[number]), int(self.starts[number + 1]))
        return self.targets[span].astype(np.int64), self.weights[span].astype(np.float64)


class Translator:
    """Renders questions from one language's index terms into another's."""

    def __init__(
        self,
        vocabularies: dict[str, Vocabulary],
        tables: dict[tuple[str, str], Table],
        names: Names | None,
    ) -> None:
        self._vocabularies = vocabularies
        self._tables = tables
        self._names = names

    @classmethod
    def open(cls, folder: Path) -> Translator:
        """Map the files of `folder`; no table is read until a question needs it.

        Raises ConfigurationError when the folder holds no tables or a file is damaged.
        """
        pairs = [tuple(path.name.split(".")[0].split("-")) for path in folder.glob("*.targets.npy")]
        if not pairs:
            raise ConfigurationError(f"{folder} holds no translation tables")
        try:
            tables = {(left, right): Table.open(folder, f"{left}-{right}") for left, right in pairs}
            vocabularies = {left: Vocabulary.open(folder, left) for left, _ in pairs}
        except (OSError, EOFError, ValueError) as error:
            raise ConfigurationError(f"translation tables {folder} do not open: {error}") from error
        names = Names(Transliterator.open(folder / "names.json"))
        return cls(vocabularies, tables, names)

    def without_names(self) -> Translator:
        """The same tables, and no guess at words they do not know: to measure what names bring."""
        return Translator(self._vocabularies, self._tables, None)

    def without_tables(self) -> Translator:
        """Names alone, for the same languages: to measure what tables bring."""
        nothing = Vocabulary.build([])
        return Translator(dict.fromkeys(self._vocabularies, nothing), {}, self._names)

    @property
    def languages(self) -> frozenset[str]:
        """Languages that questions and passages may be in; between any two of them."""
        return frozenset(self._vocabularies)

    def distributions(
        self, question: str, source: str, target: str, spellings: Spellings | None = None
    ) -> list[Distribution]:
        """Each word of `question` that carries a topic as one distribution or more over index terms
        of `target`, in order; Arabic renderings are followed by one over their 4-grams.

        `spellings` are the words of the index, to match names with. A word without a rendering, and
        every word when the two languages are the same or one of them is unknown, gives what
        `rag.words.text.index_terms` makes of it.
        """
        if source == target or not {source, target} <= self.languages:
            return [{term: 1.0} for term in index_terms(question, target, source)]
        found: list[Distribution] = []
        titled = _capitalised(question) if target == "ar" else frozenset[str]()
        for word in words(fold(question)):
            if word not in stopwords(source):
                rendered = self._word(word, source, target, spellings, titled)
                found += rendered or [{term: 1.0} for term in index_terms(word, target)]
        return found

    def _word(
        self,
        word: str,
        source: str,
        target: str,
        spellings: Spellings | None,
        titled: frozenset[str],
    ) -> list[Distribution]:
        """What a word means, and what it may be as a name; the word itself beside the name, unless
        it has a meaning. Empty when nothing is known."""
        term = stem([word], source)[0]
        meant = known = self._known(term, source, target)
        name: Distribution = {}
        itself: list[Distribution] = []
        if not known:
            meant = self.renderings(term, source, target)
        absent = source == "ar" and _best_is_absent(known, spellings)
        if self._names and "ar" in (source, target) and (not known or absent or word in titled):
            name = self._names.render(word, target, spellings)
        if name and known and not absent:
            name = {spelling: NAME_WEIGHT * share for spelling, share in name.items()}
        if name and not meant:
            itself = [{same: 1.0} for same in index_terms(word, target)]
        result: list[Distribution] = []
        for rendered in filter(None, (meant, name)):
            result.append(rendered)
            if target in GRAM_LANGUAGES and (expected := _gram_frequencies(rendered)):
                result.append(expected)
        return result + itself

    def knows(self, term: str, language: str) -> bool:
        """Whether an index term is a word of a vocabulary, and so no typing error."""
        vocabulary = self._vocabularies.get(language)
        return vocabulary is not None and vocabulary.number(term) is not None

    def _known(self, term: str, source: str, target: str) -> Distribution:
        number = self._vocabularies[source].number(term)
        return {} if number is None else self._rendered([number], source, target)

    def renderings(self, term: str, source: str, target: str) -> Distribution:
        """p(target term | source term), most probable first; empty when nothing is known. An Arabic
        term that is not known is looked for without its prefix and suffix."""
        found = self._known(term, source, target)
        if found or source != "ar":
            return found
        return self._rendered(self._cores(term, target), source, target)

    def _rendered(self, numbers: list[int], source: str, target: str) -> Distribution:
        """Mean of the renderings of source words by number, through English if need be."""
        first = target if PIVOT in (source, target) else PIVOT
        rows = [self._tables[source, first].row(number) for number in numbers]
        if not rows:
            return {}
        at = np.concatenate([targets for targets, _ in rows])
        weights = np.concatenate([probabilities for _, probabilities in rows]) / len(rows)
        if first == target:
            return self._summed(at, weights, target)
        onward = [self._tables[PIVOT, target].row(int(number)) for number in at]
        joint = [weight * p for weight, (_, p) in zip(weights, onward, strict=True)]
        at = np.concatenate([np.zeros(0, np.int64), *(targets for targets, _ in onward)])
        through = self._summed(at, np.concatenate([np.zeros(0), *joint]), target)
        return {term: weight for term, weight in through.items() if weight >= FLOOR}

    def _summed(self, at: Numbers, weights: Weights, language: str) -> Distribution:
        """The BREADTH most probable words after adding up what occurs twice."""
        unique, inverse = np.unique(at, return_inverse=True)
        total = np.bincount(inverse, weights, len(unique))
        best = np.lexsort((unique, -total))[:BREADTH]
        vocabulary = self._vocabularies[language]
        return {vocabulary.word(int(unique[i])): float(total[i]) for i in best}

    def _cores(self, term: str, target: str) -> list[int]:
        """Numbers of the longest known Arabic words that lie in `term`."""
        vocabulary = self._vocabularies["ar"]
        for group in cores(term):
            numbers = [vocabulary.number(core) for core in group]
            known = [n for n in numbers if n is not None and self._rendered([n], "ar", target)]
            if known:
                return known
        return []


def _best_is_absent(known: Distribution, spellings: Spellings | None) -> bool:
    """Whether the likeliest rendering does not occur in the index: "هوما" is Houma in a list of
    cities, and Homa in a collection about Homa Bay."""
    if not known or spellings is None:
        return False
    best = max(known, key=known.__getitem__)
    return best.isalpha() and spellings.words.number(best) is None


def _capitalised(question: str) -> frozenset[str]:
    """Folded words that start with a capital, the first one left out: names, as a rule. None when
    the whole question is in capitals."""
    if question.isupper():
        return frozenset()
    return frozenset(words(fold(" ".join(w for w in question.split()[1:] if w[:1].isupper()))))


def _gram_frequencies(renderings: Distribution) -> Distribution:
    """Expected frequency of every 4-gram of the renderings, times GRAM_WEIGHT; those below FLOOR
    are left out: a third of the look-ups, for 0.1 nDCG@10."""
    expected: Distribution = {}
    for term, weight in renderings.items():
        for gram in grams([term]):
            expected[gram] = expected.get(gram, 0.0) + GRAM_WEIGHT * weight
    return {gram: weight for gram, weight in expected.items() if weight >= FLOOR}
