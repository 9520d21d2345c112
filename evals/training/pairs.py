"""Training pairs drawn from units: something like a question, and a passage that answers it.

A question is a heading, a real question, or part of a text in any of its languages; the passage
is the text in any language, often with its neighbours around it. Works on token ids; the same seed
draws the same pairs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from evals.training.renderings import Renderings
from evals.training.sources import LANGUAGES, Unit

Ids = npt.NDArray[np.int32]
LEXICONS = frozenset({"wordnet", "names", "tico19_terms"})


@dataclass(frozen=True, slots=True)
class Mixture:
    """How pairs are drawn; `sources` and `languages` are relative weights."""

    sources: Mapping[str, float]
    languages: Mapping[str, float]
    heading: float = 0.75  # share of units with a heading that are asked by it
    same_language: float = 0.15  # share of the other pairs that stay in one language
    neighbours: float = 0.7  # share of passages that take in their neighbours
    whole: float = 0.4  # share of questions that are a whole text, not a stretch of it
    shortest: int = 15  # tokens of a passage with neighbours
    longest: int = 140
    rendered: float = 0.5  # share of texts in one language rendered into another
    rendered_again: float = 0.1  # the same share of texts in several


class Corpus:
    """Units as token ids. `texts[i]` and `titles[i]` map language to ids; `document[i]` is a number
    that is the same for all units of one document."""

    def __init__(self, units: Sequence[Unit], tokenizer: Tokenizer) -> None:
        self.sources = [unit.source for unit in units]
        self.texts = _encoded([unit.texts for unit in units], tokenizer)
        self.titles = _encoded([unit.titles for unit in units], tokenizer)
        numbers: dict[str, int] = {}
        self.document = [
            numbers.setdefault(unit.document or f"unit {place}", len(numbers))
            for place, unit in enumerate(units)
        ]

    def places(self) -> dict[str, list[int]]:
        """Units that can make a pair, by source."""
        found: dict[str, list[int]] = {}
        for place, source in enumerate(self.sources):
            if self.texts[place] and len(self.texts[place]) + len(self.titles[place]) > 1:
                found.setdefault(source, []).append(place)
        return found

    def bitext(self, limit: int) -> dict[tuple[str, str], list[tuple[Ids, Ids]]]:
        """Texts and titles of every two languages; a pair whose lengths multiply to more than
        `limit` is left out, for alignment takes that long."""
        found: dict[tuple[str, str], list[tuple[Ids, Ids]]] = {}
        for versions in (*self.texts, *self.titles):
            languages = sorted(versions)
            for number, left in enumerate(languages):
                for right in languages[number + 1 :]:
                    if len(versions[left]) * len(versions[right]) <= limit:
                        pair = versions[left], versions[right]
                        found.setdefault((left, right), []).append(pair)
        return found

    def prose(self) -> Iterator[Ids]:
        """Each unit that is not a lexicon entry, its languages joined."""
        for source, texts in zip(self.sources, self.texts, strict=True):
            if texts and source not in LEXICONS:
                yield np.concatenate(list(texts.values()))


def _encoded(rows: Sequence[Mapping[str, str]], tokenizer: Tokenizer) -> list[dict[str, Ids]]:
    flat = [text for row in rows for text in row.values()]
    encodings = iter(tokenizer.encode_batch(flat, add_special_tokens=False))
    read = [{language: np.array(next(encodings).ids, np.int32) for language in row} for row in rows]
    return [{language: ids for language, ids in row.items() if len(ids)} for row in read]


class Sampler:
    """Draws pairs without end; each source is gone through once before it repeats."""

    def __init__(self, corpus: Corpus, renderings: Renderings, mixture: Mixture, seed: int) -> None:
        self._corpus, self._renderings, self._mixture = corpus, renderings, mixture
        self._random, self._generator = random.Random(seed), np.random.default_rng(seed)
        self._places = corpus.places()
        self._names = [name for name in mixture.sources if name in self._places]
        self._weights = [mixture.sources[name] for name in self._names]
        self._left: dict[str, list[int]] = {name: [] for name in self._names}

    def draw(self, count: int) -> tuple[list[Ids], list[Ids], list[int]]:
        """Questions, passages and document numbers, `count` of each."""
        sources = self._random.choices(self._names, self._weights, k=count)
        places = [self._next(source) for source in sources]
        pairs = [self._pair(place) for place in places]
        documents = [self._corpus.document[place] for place in places]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs], documents

    def _next(self, source: str) -> int:
        left = self._left[source]
        if not left:
            left.extend(self._places[source])
            self._random.shuffle(left)
        return left.pop()

    def _pair(self, place: int) -> tuple[Ids, Ids]:
        texts, titles = self._corpus.texts[place], self._corpus.titles[place]
        answer = self._language(texts)
        others = [language for language in texts if language != answer]
        if self._corpus.sources[place] in LEXICONS:
            return texts[self._random.choice(others)], texts[answer]
        passage = texts[answer]
        if self._random.random() < self._mixture.neighbours:
            passage = self._with_neighbours(place, answer)
        if titles and self._random.random() < self._mixture.heading:
            asked = self._language(titles)
            question = titles[asked]
        else:
            stay = not others or self._random.random() < self._mixture.same_language
            asked = answer if stay else self._language(others)
            question = self._stretch(texts[asked])
        several = len(texts) > 1
        share = self._mixture.rendered_again if several else self._mixture.rendered
        return self._perhaps(question, asked, share), self._perhaps(passage, answer, share)

    def _perhaps(self, ids: Ids, language: str, share: float) -> Ids:
        """`ids`, or with probability `share` their rendering into another language."""
        if self._random.random() >= share:
            return ids
        target = self._language([name for name in LANGUAGES if name != language])
        return self._renderings.render(ids, language, target, self._generator)

    def _language(self, choices: Mapping[str, Ids] | Sequence[str]) -> str:
        names = list(choices)
        return self._random.choices(names, [self._mixture.languages[name] for name in names])[0]

    def _with_neighbours(self, place: int, language: str) -> Ids:
        corpus, mixture = self._corpus, self._mixture
        target = self._random.randint(mixture.shortest, mixture.longest)
        parts = [corpus.texts[place][language]]
        first = last = place
        while sum(map(len, parts)) < target:
            back = self._random.random() < 0.5
            at = first - 1 if back else last + 1
            inside = 0 <= at < len(corpus.texts) and corpus.document[at] == corpus.document[place]
            if not inside or language not in corpus.texts[at]:
                break
            parts.append(corpus.texts[at][language])
            first, last = (at, last) if back else (first, at)
        return np.concatenate(parts)

    def _stretch(self, ids: Ids) -> Ids:
        if len(ids) < 8 or self._random.random() < self._mixture.whole:
            return ids
        length = self._random.randint(5, len(ids))
        start = self._random.randint(0, len(ids) - length)
        return ids[start : start + length]
