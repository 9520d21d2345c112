"""How much of a sentence stands in the cited passages: words aligned, a few features, one model.

Every content word of the sentence is looked for in every sentence of the passages: by stem, by
translation, by name, and by what the encoder makes of it in its place. The features say how much of
the sentence is held, where it is held worst, and whether words that stand together there stand
together here. Weights come from `evals.training.check`. Knows no numbers, dates or negations.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.check.cited import CitedSentence, CitedText, places_of
from rag.check.facts import Name, find_names, is_named, places_named
from rag.check.moments import Moment, find_moments
from rag.check.number import Number
from rag.check.numbers import find_numbers
from rag.check.rendering import SYNONYM, Renderer
from rag.embed import MODELS
from rag.index.lexical import Bm25
from rag.words.number_words import JOINERS
from rag.words.text import fold, stopwords, words
from rag.words.word_forms import is_arabic

WEIGHTS = "sanad-check.json"
FEATURES = (
    "one",  # share of the sentence's words, by idf, in the best sentence of the source
    "passage",  # in all that is cited
    "weakest",  # in the best two sentences, of the worst four words in a row
    "lacking",  # weight of the heaviest word that the best two lack, as a share
    "together",  # share of neighbouring words that are near each other in the best two
    "torn",  # such words held but not near each other, up to 3, within a clause
    "similarity",  # cosine with the best sentence
    "short",  # 1 / words
    "meant",  # mean cosine of its words with the nearest ones of the source, in their places
)
HELD = 0.5  # degree from which a word counts as found
OPENING = 80  # characters
WINDOW = 4  # content words
NEAR = 7  # words apart at which two aligned words of the source stand together
NEAREST = 0.8  # cosine from which two words that are each other's nearest are one
# Cosines at which a word counts as not held at all and as held (docs/check.md).
FAR, NEAREST_SURE = 0.76, 0.9
CONTEXT_SHARE = 0.9  # what a word counts that only the catalogue has
_REPORTING = {
    "en": "according report reports reported document brief session source says said say states "
    "stated notes noted mentions mentioned describes described adds added also explains explained "
    "passage text summit page dated published",
    "fr": "selon rapport document note source séance session indique indiqué précise précisé "
    "mentionne décrit ajoute explique texte passage également daté publié déclare déclaré",
    "es": "según informe documento nota fuente sesión indica indicó señala señaló menciona "
    "describe añade explica texto pasaje además fechado publicado afirma afirmó",
    "ar": "تقرير وثيقة مصدر جلسة ذكر يذكر تذكر أشار يشير تشير قال يقول تقول أضاف يضيف أوضح يوضح "
    "وفقا بحسب حسب نص مقطع منشور مؤرخ التقرير الوثيقة المصدر الجلسة",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence to check, taken apart. Places are positions in `words`."""

    text: str
    language: str
    words: tuple[str, ...]  # folded, function words too
    content: tuple[int, ...]  # places of the words that carry the topic
    names: tuple[Name, ...]
    name_places: tuple[int, ...]
    numbers: tuple[Number, ...]  # those inside dates left out
    number_places: tuple[int, ...]
    moments: tuple[Moment, ...]
    breaks: frozenset[int]  # places before which a clause may end
    joints: frozenset[int]  # those of them at a comma or the like, or at "and"


@dataclass(frozen=True, slots=True)
class Features:
    """One sentence against what it cites; see FEATURES."""

    one: float
    passage: float
    weakest: float
    lacking: float
    together: float
    torn: float
    similarity: float
    short: float
    meant: float

    def vector(self) -> tuple[float, ...]:
        """In the order of FEATURES."""
        return (
            self.one, self.passage, self.weakest, self.lacking, self.together, self.torn,
            self.similarity, self.short, self.meant,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuadraticModel:
    """Log odds bias + w f + f Q f of features f in the order of FEATURES, each kept within what
    was seen in training, and the probability at which a sentence holds."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    bias: float
    weights: tuple[float, ...]
    products: tuple[tuple[float, ...], ...]  # upper triangle
    threshold: float

    def probability(self, features: Features) -> float:
        """Probability that the cited text says the sentence."""
        f = np.clip(features.vector(), self.low, self.high)
        x = self.bias + float(f @ np.array(self.weights) + f @ np.array(self.products) @ f)
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, x))))


@dataclass(frozen=True, slots=True)
class CheckModel:
    """One model within a language and one across."""

    same: QuadraticModel
    cross: QuadraticModel


@lru_cache(maxsize=1)
def shipped_check(path: Path = MODELS / WEIGHTS) -> CheckModel:
    """The weights that come with Sanad."""
    values = json.loads(path.read_text("utf-8"))
    models = {kind: _model_of(values[kind]) for kind in ("same", "cross")}
    return CheckModel(models["same"], models["cross"])


def _model_of(values: Mapping[str, Any]) -> QuadraticModel:
    """A model of its JSON form: rows by feature."""
    low, high, weights = (
        tuple(float(values[key][name]) for name in FEATURES) for key in ("low", "high", "weights")
    )
    named = values["products"]
    products = tuple(tuple(float(named.get(f"{a} {b}", 0.0)) for b in FEATURES) for a in FEATURES)
    bias, threshold = float(values["bias"]), float(values["threshold"])
    return QuadraticModel(low, high, bias, weights, products, threshold)


def read_claim(text: str, language: str, renderer: Renderer) -> Claim:
    """Take a sentence apart."""
    tokens = tuple(words(fold(text)))
    moments = find_moments(text, language)
    dated = [(m.start, m.end) for m in moments if m.month]
    numbers = find_numbers(text, language, dated)
    names = find_names(text, language, renderer)
    spans = sorted({*dated, *((n.start, n.end) for n in numbers)})
    inside: set[int] = set()
    edges = places_of([edge for span in spans for edge in span], text) if _apart(spans) else ()
    for first, last in zip(edges[::2], edges[1::2], strict=False):
        inside.update(range(first, last))
    stop = stopwords(language)
    content = tuple(
        at
        for at, word in enumerate(tokens)
        if word not in stop and at not in inside and not word.isdecimal() and len(word) > 1
    )
    return Claim(
        text, language, tokens, content, names, places_of([n.start for n in names], text),
        numbers, places_of([n.start for n in numbers], text), moments,
        _breaks(text, tokens, language, _CLAUSES), _breaks(text, tokens, language, JOINERS),
    )  # fmt: skip


_CLAUSES = {
    "en": "and or but which who that while", "fr": "et ou mais qui que dont", "ar": "و أو لكن ثم",
    "es": "y o pero que e u",
}  # fmt: skip


_MARKS = frozenset(',،;؛:.!?؟()–—«»“”"')


def _breaks(
    text: str, tokens: Sequence[str], language: str, joiners: Mapping[str, str]
) -> frozenset[int]:
    """Places of words that follow a comma or the like, or that are one of the joiners."""
    marks = [at + 1 for at, char in enumerate(text) if char in _MARKS]
    joined = {fold(word) for word in joiners.get(language, "").split()}
    found = set(places_of(marks, text))
    found |= {at for at, word in enumerate(tokens) if word in joined}
    if language == "ar":
        found |= {at for at, word in enumerate(tokens) if word[0] == "و" and len(word) > 3}
    return frozenset(found)


def _apart(spans: Sequence[tuple[int, int]]) -> bool:
    return all(a[1] <= b[0] for a, b in pairwise(spans))


class Alignment:
    """Where the content words of a claim stand in the sentences of the cited passages.

    `held` (words, sentences) in 0..1; `context` (words,) in 0..1; `weights` (words,).
    """

    def __init__(
        self, claim: Claim, cited: Sequence[CitedText], renderer: Renderer,
        indexes: Mapping[str, Bm25], states: npt.NDArray[np.float32],
    ) -> None:  # fmt: skip
        """`states` (words, dim) of the claim's words in their place."""
        self.claim = claim
        self.cited = cited
        self.sentences: list[tuple[CitedText, CitedSentence]] = [
            (text, sentence) for text in cited for sentence in text.sentences
        ]
        count = len(claim.content)
        self.held = np.zeros((count, len(self.sentences)), np.float32)
        self.context = np.zeros(count, np.float32)
        self.weights = np.ones(count, np.float32)
        self.places: dict[tuple[int, int], tuple[int, ...]] = {}
        names = dict(zip(claim.name_places, claim.names, strict=True))
        self.columns = range(len(self.sentences))
        self.crossed = all(text.language != claim.language for text in cited)
        reporting = _reporting(claim.language)
        for row, place in enumerate(claim.content):
            word = claim.words[place]
            self._align(row, word, names.get(place), renderer)
            self.weights[row] = self._weight(word, renderer, indexes)
            if word in reporting and (self.context[row] or not self.held[row].any()):
                self.weights[row] = 0.0
        self._nearest: dict[int, tuple[float, CitedText, str]] = {}  # of rows
        self.meant = np.zeros(self.held.shape, np.float32)
        self._align_meaning(states[list(claim.content)])

    def _align_meaning(self, states: npt.NDArray[np.float32]) -> None:
        """The nearest word of every sentence for every word of the claim, each in its place; where
        each is the other's nearest and nothing else tells where the word stands, it stands there
        (Jalili Sabet et al., SimAlign, Findings of EMNLP 2020). Not for names: Kenya stands where
        Uganda does."""
        named = {row for row, at in enumerate(self.claim.content) if at in self.claim.name_places}
        common = [row for row in range(len(self.claim.content)) if row not in named]
        column = 0
        for text in self.cited:
            most = SYNONYM if text.language == self.claim.language else 1.0
            for sentence, there in zip(text.sentences, text.states, strict=True):
                content = np.array(sentence.content, np.intp)
                if len(content) and len(states):
                    cosines = states @ there[content].astype(np.float32).T
                    near, back = cosines.argmax(axis=1), cosines.argmax(axis=0)
                    found = self.meant[:, column] = cosines.max(axis=1)
                    for row, at in enumerate(near):
                        best = (float(found[row]), text, sentence.words[content[at]])
                        self._nearest[row] = max(
                            best, self._nearest.get(row, best), key=lambda x: x[0]
                        )
                        if row not in named and back[at] == row and found[row] >= NEAREST:
                            self.places.setdefault((row, column), (int(content[at]),))
                    degrees = most * np.clip((found - FAR) / (NEAREST_SURE - FAR), 0, 1)
                    self.held[common, column] = np.maximum(
                        self.held[common, column], degrees[common]
                    )
                column += 1

    def _align(self, row: int, word: str, name: Name | None, renderer: Renderer) -> None:
        claim, column = self.claim, 0
        for text in self.cited:
            degrees = renderer.held_by(word, claim.language, text.language)
            for number, sentence in enumerate(text.sentences):
                found: list[int] = []
                for term, degree in degrees.items():
                    if term in sentence.stems:
                        found += sentence.stems[term]
                        self.held[row, column + number] = max(
                            degree, self.held[row, column + number]
                        )
                if found:
                    self.places[row, column + number] = tuple(found)
            if any(degrees.get(term, 0.0) > 0.5 for term in text.context & degrees.keys()):
                self.context[row] = CONTEXT_SHARE
            if name is not None and is_named(name, claim.language, text, renderer):
                self.context[row] = CONTEXT_SHARE
                for number, place in places_named(name, claim.language, text, renderer):
                    self.held[row, column + number] = 1.0
                    known = self.places.get((row, column + number), ())
                    self.places[row, column + number] = (*known, place)
            column += len(text.sentences)

    def _weight(self, word: str, renderer: Renderer, indexes: Mapping[str, Bm25]) -> float:
        """Inverse document frequency in the languages cited; 1 where there is no index."""
        found = []
        for language in dict.fromkeys(text.language for text in self.cited):
            if language in indexes:
                index = indexes[language]
                terms = renderer.renderings(word, self.claim.language, language)
                if language == self.claim.language or not terms:
                    terms = {form: 1.0 for form in renderer.own(word, language)}
                found.append(index.idf(index.expected_frequency(terms)) / (index.idf(0.0) or 1.0))
        return max(0.2, sum(found) / len(found)) if found else 1.0

    def is_ordinary(self, name: Name, place: int) -> bool:
        """Whether an Arabic word taken for a name stands where the source, in a script with
        capitals, has a word written small."""
        row = self.claim.content.index(place) if place in self.claim.content else -1
        if not is_arabic(name.word) or name.country or row not in self._nearest:
            return False
        cosine, text, word = self._nearest[row]
        return cosine >= NEAREST and not is_arabic(word) and word not in text.capitals

    @property
    def statement(self) -> str:
        """The text of the claim without an opening that only says where it stands ("According to
        the session report, ...")."""
        text = self.claim.text
        comma = next((at for at, char in enumerate(text[:OPENING]) if char in ",،"), 0)
        if not comma:
            return text
        (until,) = places_of([comma], text)
        opening = [row for row, place in enumerate(self.claim.content) if place < until]
        idle = opening and not any(self.weights[row] for row in opening)
        return text[comma + 1 :].strip() if idle else text

    def content_places(self, column: int) -> list[int]:
        """Places of the words of a cited sentence that carry its topic."""
        return list(self.sentences[column][1].content)

    def best(self, cosines: npt.NDArray[np.float32]) -> tuple[int, ...]:
        """Columns of the one or two sentences that carry the claim, best first."""
        if not self.sentences:
            return ()
        total = float(self.weights.sum()) or 1.0
        share = (self.weights @ self.held) / total + 0.3 * cosines
        first = int(np.argmax(share))
        joint = np.maximum(self.held, self.held[:, [first]])
        gains = (self.weights @ joint) / total + 0.1 * cosines
        gains[first] = -1.0
        second = int(np.argmax(gains))
        gain = float(self.weights @ (joint[:, second] - self.held[:, first])) / total
        return (first, second) if gain >= 0.08 else (first,)

    def features(self, best: Sequence[int], cosines: npt.NDArray[np.float32]) -> Features:
        """What speaks for and against; `best` columns as `best()` gives them."""
        weights = self.weights
        total = float(weights.sum()) or 1.0
        one = np.maximum(self.held[:, best[0]], self.context) if best else self.context
        two = np.maximum(self.held[:, list(best)].max(axis=1), self.context) if best else one
        everything = np.maximum(self.held.max(axis=1), self.context) if best else one
        missing = weights * (1 - two)
        together, torn = self._together(best)
        return Features(
            one=float(weights @ one) / total,
            passage=float(weights @ everything) / total,
            weakest=_weakest(weights, two),
            lacking=float(missing.max(initial=0.0)) / total,
            together=together,
            torn=torn,
            similarity=max(0.0, float(cosines[best[0]])) if best else 0.0,
            short=1.0 / max(1, len(weights)),
            meant=float(self.meant.max(axis=1, initial=0.0).mean()) if len(weights) else 1.0,
        )

    def _together(self, best: Sequence[int]) -> tuple[float, float]:
        """Share of neighbouring content words that stand within NEAR words in one sentence, and
        the number of those of one clause that are held and do not, over 3."""
        rows = [row for row in range(len(self.weights)) if self.weights[row] > 0]
        pairs = list(pairwise(rows))
        if not pairs:
            return 1.0, 0.0
        near, torn = 0.0, 0
        held = self.held[:, list(best)].max(axis=1, initial=0.0) if best else self.context
        for a, b in pairs:
            if any(self._near(a, b, column) for column in best):
                near += 1
            elif self.context[a] and self.context[b]:
                near += CONTEXT_SHARE
            elif held[a] > HELD and held[b] > HELD and not self._parted(a, b):
                torn += 1
        return near / len(pairs), min(torn, 3) / 3

    def _parted(self, a: int, b: int) -> bool:
        """Whether a comma or "and" stands between two content words of the claim."""
        first, last = self.claim.content[a], self.claim.content[b]
        return any(place in self.claim.breaks for place in range(first + 1, last + 1))

    def _near(self, a: int, b: int, column: int) -> bool:
        first, second = self.places.get((a, column), ()), self.places.get((b, column), ())
        return any(0 < abs(x - y) <= NEAR for x in first for y in second)


def _weakest(weights: npt.NDArray[np.float32], held: npt.NDArray[np.float32]) -> float:
    """Weighted share held in the worst WINDOW words in a row."""
    if len(held) <= WINDOW:
        return float(weights @ held) / (float(weights.sum()) or 1.0) if len(held) else 1.0
    kernel = np.ones(WINDOW, np.float32)
    mass = np.convolve(weights, kernel, "valid")
    kept = np.convolve(weights * held, kernel, "valid")
    return float((kept / np.maximum(mass, 1e-6)).min())


@lru_cache(maxsize=8)
def _reporting(language: str) -> frozenset[str]:
    return frozenset(fold(word) for word in _REPORTING.get(language, "").split())
