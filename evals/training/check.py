"""Fit the two models that tell whether the cited text says a sentence.

    python -m evals.training.check --data FOLDER [--out rag/models] [--groups N]

FOLDER holds the training data (`evals.training.sources`). Passages are sentences in a row of
NTREX-128 and TICO-19, both in four languages. True: a sentence of the passage, whole, shortened or
joined with the next, in any of the languages. Not true: the sentence after the passage, one of
another passage, half a sentence with an invented half, the head of one with the tail of another.
Even passages fit the weights, odd ones choose the thresholds.

Tables and vectors were learned from the same text, so they know it too well. The share of words by
which the tables know less of text they never saw is measured on Tatoeba (not learned from; measured
on only), and that share of words, drawn by a hash, is not translated here. The model across
languages has no weight on the cosines, which are too good on this text to be trusted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evals.collection import CorpusPassage
from evals.lies import TRUTHS, Group, Sources, half_invented, other_passage, own_vocabulary
from evals.retrieval import indexed
from evals.training.sources import LANGUAGES, Unit, ntrex, tatoeba, tico19
from rag.check.checker import Checker
from rag.check.coverage import FEATURES, WEIGHTS
from rag.check.rendering import Renderer
from rag.embed import MODELS, STATIC_MODEL, load_embedder
from rag.question.query import shipped_translator
from rag.types import Passage
from rag.words.text import fold, stopwords, words
from rag.words.word_forms import variants

LENGTH = 4  # sentences of a passage
FALSE_SHARE = {"same": 0.05, "cross": 0.1}  # of what is not true that the threshold lets pass
SEED = 4
DROPPED, REPLACED, TURNED = 0.12, 0.25, 0.3  # shares of words, words, sentences (reworded)
TEXTS = 1500  # of each kind on which the tables' knowledge is measured
COSINES = ("similarity", "pair")
Rows = list[tuple[int, bool, str, tuple[float, ...]]]  # (group, true, kind, features)


class Forgetful(Renderer):
    """A renderer that does not know a share of words, always the same ones."""

    def __init__(self, translator: object, share: float) -> None:
        super().__init__(translator)
        known = self.held_by

        def held_by(word: str, source: str, target: str) -> Mapping[str, float]:
            if source != target and _drawn(f"{word} {source} {target}") < share:
                return {form: 1.0 for form in variants(word, target)}
            return known(word, source, target)

        self.held_by = held_by  # type: ignore[assignment]


def _drawn(key: str) -> float:
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 16**8


def groups(data: Path, limit: int) -> list[Group]:
    """Passages of LENGTH sentences that all have the four languages, with the sentence after."""
    found: list[Group] = []
    for reader in (ntrex, tico19):
        runs: dict[str, list[Unit]] = {}
        for unit in reader(data):
            if all(unit.texts.get(language) for language in LANGUAGES):
                runs.setdefault(unit.document, []).append(unit)
        for document, units in runs.items():
            for start in range(0, len(units) - LENGTH, LENGTH + 1):
                texts = tuple(unit.texts for unit in units[start : start + LENGTH + 1])
                found.append(Group(f"{document}/{start}", texts))
    random.Random(SEED).shuffle(found)
    return found[:limit]


def forgotten_share(data: Path, renderer: Renderer) -> float:
    """By how much less of text they never saw the tables know than of text they were learned
    from; mean over pairs of languages, in both directions."""
    shares = []
    for pair in permutations(LANGUAGES, 2):
        seen, unseen = (_known_share(source(data), pair, renderer) for source in (ntrex, tatoeba))
        if seen and unseen:
            shares.append(max(0.0, 1 - unseen / seen))
    return sum(shares) / max(1, len(shares))


def _known_share(units: Iterator[Unit], pair: tuple[str, str], renderer: Renderer) -> float:
    """Share of the words of one language with a rendering in the other beside them, each word
    once; 0 where the source lacks the pair."""
    source, target = pair
    known: dict[str, bool] = {}
    both = (unit.texts for unit in units if source in unit.texts and target in unit.texts)
    for texts in islice(both, TEXTS):
        there = {form for word in words(fold(texts[target])) for form in variants(word, target)}
        for word in words(fold(texts[source])):
            if word not in known and word.isalpha() and word not in stopwords(source):
                known[word] = bool(renderer.held_by(word, source, target).keys() & there)
    return sum(known.values()) / max(1, len(known))


def examples(found: Sequence[Group], renderer: Renderer) -> Iterator[tuple[str, Rows]]:
    """Rows of features by passage language: ("same" | "cross", rows)."""
    embedder = load_embedder(STATIC_MODEL)
    for target in LANGUAGES:
        passages = [CorpusPassage(g.id, _shown(g).passage(target), "", target) for g in found]
        with indexed(passages, embedder) as generation:
            checker = Checker(generation, embedder, renderer)
            for language in LANGUAGES:
                rows: Rows = []
                for number, group in enumerate(found):
                    text = passages[number].text
                    cited = [Passage(group.id, 1, 0, len(text), text)]
                    chance = random.Random(f"{SEED} {group.id} {language}")
                    for kind, true, sentence in _sentences(
                        found, number, language, chance, renderer
                    ):
                        features = checker.features(sentence, language, cited).vector()
                        rows.append((number, true, kind, features))
                yield ("same" if target == language else "cross"), rows


def reworded(sentence: str, language: str, renderer: Renderer, chance: random.Random) -> str:
    """The sentence put otherwise: some words left out, some replaced by words that translate
    alike, at times the last clause first. No function word, name, figure or negation is touched."""
    kept = []
    for word in sentence.split():
        bare = fold(word.strip(".,;:!?()«»“”\"'،؛؟"))
        plain = bare.isalpha() and len(bare) > 3 and word == word.lower()
        if not plain or bare in stopwords(language):
            kept.append(word)
        elif chance.random() > DROPPED:
            others = renderer.held_by(bare, language, language)
            alike = [term for term, degree in others.items() if 0 < degree < 1]
            if alike and chance.random() < REPLACED:
                word = max(alike, key=lambda term: (others[term], term))
            kept.append(word)
    head, comma, tail = " ".join(kept).rpartition(", ")
    if comma and chance.random() < TURNED:
        return f"{tail.rstrip('.')}, {head}."
    return " ".join(kept)


def _shown(group: Group) -> Group:
    return Group(group.id, group.sentences[:LENGTH])


def _sentences(
    found: Sequence[Group], number: int, language: str, chance: random.Random, renderer: Renderer
) -> Iterator[tuple[str, bool, str]]:
    shown = _shown(found[number])
    others = [g for g in chance.sample(list(found), 4) if g.id != shown.id]
    at = chance.randrange(LENGTH)
    sources = Sources(shown, at, others, language, chance)
    for kind, make in TRUTHS.items():
        sentence = make(sources)
        if sentence:
            yield kind, True, sentence
    yield "reworded", True, reworded(sources.sentence, language, renderer, chance)
    yield "neighbour", False, found[number].sentences[LENGTH][language]
    for make in (half_invented, own_vocabulary, other_passage):
        sentence = make(sources)
        if sentence:
            yield make.__name__, False, sentence


def fit(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], l2: float = 1.0, steps: int = 50
) -> npt.NDArray[np.float64]:
    """Weights of a logistic regression with an L2 penalty, by Newton's method; both classes
    weigh the same."""
    w = np.zeros(x.shape[1])
    ridge = l2 * np.eye(len(w))
    ridge[0, 0] = 0.0
    balance = np.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    for _ in range(steps):
        p = _probability(x, w)
        gradient = x.T @ (balance * (p - y)) + ridge @ w
        hessian = (x * (balance * p * (1 - p))[:, None]).T @ x + ridge
        w -= np.linalg.solve(hessian, gradient)
    return w


def _probability(x: npt.NDArray[np.float64], w: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    p: npt.NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
    return p


def fitted(
    rows: Rows, share: float, unused: Sequence[str] = ()
) -> tuple[dict[str, object], list[str]]:
    """Weights and threshold, and lines that say how well they do on the odd passages."""
    x = np.array([features for *_, features in rows])
    x[:, [FEATURES.index(name) for name in unused]] = 0.0
    y = np.array([float(true) for _, true, _, _ in rows])
    even = np.array([group % 2 == 0 for group, *_ in rows])
    w = fit(x[even], y[even])
    p = _probability(x[~even], w)
    truth = y[~even] > 0
    threshold = float(np.quantile(p[~truth], 1 - share))
    kinds = np.array([kind for _, _, kind, _ in rows])[~even]
    lines = []
    for kind in dict.fromkeys(kinds):
        mine = p[kinds == kind]
        lines.append(f"  {kind:16} {len(mine):6} accepted {np.mean(mine >= threshold):.3f}")
    for low in np.arange(0, 1, 0.2):
        part = (p >= low) & (p < low + 0.2 + 1e-9)
        if part.any():
            lines.append(
                f"  said {p[part].mean():.2f}, true {truth[part].mean():.2f} ({part.sum()})"
            )
    weights = {name: round(float(v), 4) for name, v in zip(FEATURES, w, strict=True)}
    return {"threshold": round(threshold, 4), "weights": weights}, lines


def main() -> None:
    """Fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--groups", type=int, default=500)
    options = parser.parse_args()
    translator = shipped_translator()
    forgotten = round(forgotten_share(options.data, Renderer(translator)), 3)
    sys.stdout.write(f"share of words not translated in training: {forgotten}\n")
    found = groups(options.data, options.groups)
    rows: dict[str, Rows] = {"same": [], "cross": []}
    for kind, some in examples(found, Forgetful(translator, forgotten)):
        rows[kind] += some
    values: dict[str, object] = {
        "made_by": f"python -m evals.training.check --data FOLDER --groups {options.groups}",
        "untranslated": forgotten,
    }
    for kind, some in rows.items():
        unused = COSINES if kind == "cross" else ()
        values[kind], lines = fitted(some, FALSE_SHARE[kind], unused)
        sys.stdout.write("\n".join([f"{kind}: {len(some)} sentences", *lines]) + "\n")
    (options.out / WEIGHTS).write_text(json.dumps(values, indent=1) + "\n", "utf-8")
    sys.stdout.write(json.dumps(values) + "\n")


if __name__ == "__main__":
    main()
