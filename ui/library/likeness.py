"""Documents that say nearly the same: copies, and versions that share most of their paragraphs.

A document is compared by the hashes of its paragraphs; of a long one by its smallest
hashes alone, which is a sample that two copies share (Broder 1997). Knows no store.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

SHARED = 0.6  # share of the shorter document's paragraphs that stand in the other
LEAST_CHARACTERS = 40  # of a paragraph: shorter ones stand in every document
LEAST_PARAGRAPHS = 3
SKETCH = 128  # hashes kept of a document
COMMON = 20  # a paragraph that stands in more documents is everybody's: a notice, a sponsor


def sketch(texts: Sequence[str]) -> tuple[int, ...]:
    """The smallest hashes of the paragraphs of a document; valid in this process alone."""
    hashed = {
        hash(line.casefold())
        for text in texts
        for line in text.split("\n")
        if len(line) >= LEAST_CHARACTERS
    }
    return tuple(sorted(hashed)[:SKETCH])


def alike(sketches: Mapping[str, Sequence[int]]) -> dict[str, tuple[str, ...]]:
    """Name -> names of what is nearly the same, most alike first; others are left out."""
    holders: dict[int, list[str]] = defaultdict(list)
    for name, hashes in sketches.items():
        for value in hashes:
            holders[value].append(name)
    shared = Counter(
        pair
        for names in holders.values()
        if len(names) <= COMMON
        for pair in combinations(names, 2)
    )
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for (one, other), count in shared.items():
        fewest = min(len(sketches[one]), len(sketches[other]))
        if fewest >= LEAST_PARAGRAPHS and count >= SHARED * fewest:
            found[one].append((-count / fewest, other))
            found[other].append((-count / fewest, one))
    return {name: tuple(other for _, other in sorted(pairs)) for name, pairs in found.items()}
