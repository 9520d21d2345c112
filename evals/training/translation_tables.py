"""Learns the tables of `rag.translation.translate` from parallel text, lexicons and names.

    python -m evals.training.translation_tables --data DIR --out rag/models/sanad-tables

Some five minutes on one core. Stop words take part in the alignment, so that they find each other
and not the words of the topic; then they are dropped. Every word is the stem that
`rag.words.text` makes of it. Lexicon entries are short sentence pairs. The card in the output
folder names sources, licences and figures.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from babel import Locale

from evals.training.alignment import (
    AlignmentSettings,
    Counts,
    SentencePair,
    align,
    conditional,
)
from evals.training.cities import geonames, time_zone_cities
from evals.training.sources import Unit, read_units
from evals.training.transliteration import clean_names, learn_pieces
from rag.translation.translate import PIVOT, Table
from rag.words.affixes import cores
from rag.words.text import fold, stem, stopwords, words
from rag.words.vocabulary import Vocabulary

LOG = logging.getLogger(__name__)
OTHERS = ("ar", "fr", "es")
# Words. Alignment takes the product of two lengths, so a longer text is cut at like places of both
# versions, and of a very long one (a section of an act) only the beginning is read.
LONGEST = 80
PIECE = 30
PIECES = 3
FLOOR = 0.01  # smallest probability kept
BREADTH = 20  # renderings kept for one word
_STOP = "\0"  # marks a stop word, so that it differs from a word of the topic with the same stem

Row = dict[str, float]


# A rare Arabic form counts as seen so often more with the renderings of the word inside it.
SMOOTHING = 1.0


@dataclass(frozen=True, slots=True)
class Pruning:
    floor: float = FLOOR
    breadth: int = BREADTH


def marked_stems(text: str, language: str) -> list[str]:
    """Stems of all words of `text` in order, stop words marked."""
    found = words(fold(text))
    stop = stopwords(language)
    return [
        _STOP + stemmed if word in stop else stemmed
        for word, stemmed in zip(found, stem(found, language), strict=True)
    ]


def cldr_units() -> Iterator[Unit]:
    """Names of countries, languages, scripts, months and days (Unicode CLDR, as Babel holds it)."""
    locales = {language: Locale(language) for language in (PIVOT, *OTHERS)}
    for kind in ("territories", "languages", "scripts"):
        for code in getattr(locales[PIVOT], kind):
            names = {lang: getattr(locale, kind).get(code) for lang, locale in locales.items()}
            yield Unit("cldr", "", {lang: name for lang, name in names.items() if name})
    for kind, count in (("months", 12), ("days", 7)):
        for number in range(count):
            key = number + (kind == "months")
            yield Unit("cldr", "", {
                lang: getattr(locale, kind)["stand-alone"]["wide"][key]
                for lang, locale in locales.items()
            })  # fmt: skip


def text_pairs(units: Iterable[Unit], other: str) -> Iterator[tuple[list[str], list[str]]]:
    """Marked stems of every English text or title and its version in `other`."""
    for unit in units:
        for texts in (unit.texts, unit.titles):
            if PIVOT in texts and other in texts:
                yield from _cut(*(marked_stems(texts[code], code) for code in (PIVOT, other)))


def _cut(left: list[str], right: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    longest = max(len(left), len(right))
    pieces = 1 if longest <= LONGEST else ceil(longest / PIECE)
    for number in range(min(pieces, PIECES)):
        cut = tuple(
            side[len(side) * number // pieces : len(side) * (number + 1) // pieces]
            for side in (left, right)
        )
        if all(cut):
            yield cut[0], cut[1]


def learn(
    pairs: Iterable[tuple[Sequence[str], Sequence[str]]],
    settings: AlignmentSettings | None = None,
    pruning: Pruning | None = None,
) -> tuple[dict[str, Row], dict[str, Row]]:
    """p(right | left) and p(left | right), most probable first, without stop words.

    A row may sum to less than 1: the rest is stop words, and what pruning took.
    """
    left_ids: dict[str, int] = {}
    right_ids: dict[str, int] = {}
    numbered = [
        SentencePair(
            [left_ids.setdefault(word, len(left_ids)) for word in left],
            [right_ids.setdefault(word, len(right_ids)) for word in right],
        )
        for left, right in pairs
    ]
    counts = align(numbered, settings)
    return tuple(  # type: ignore[return-value]
        _rows(counts, list(left_ids), list(right_ids), pruning or Pruning(), given_left=given)
        for given in (True, False)
    )


def _rows(
    counts: Counts, left: list[str], right: list[str], pruning: Pruning, *, given_left: bool
) -> dict[str, Row]:
    probability = conditional(counts, given_left=given_left)
    if given_left:
        sources, targets, source_words, target_words = counts.left, counts.right, left, right
    else:
        sources, targets, source_words, target_words = counts.right, counts.left, right, left
    kept = np.flatnonzero(probability >= pruning.floor)
    kept = kept[np.lexsort((targets[kept], -probability[kept]))]
    rows: dict[str, Row] = {}
    for at in kept:
        source, target = source_words[sources[at]], target_words[targets[at]]
        if source.startswith(_STOP) or target.startswith(_STOP):
            continue
        row = rows.setdefault(source, {})
        if len(row) < pruning.breadth:
            row[target] = float(probability[at])
    return rows


def smoothed(rows: Mapping[str, Row], frequencies: Mapping[str, int]) -> dict[str, Row]:
    """Rows of Arabic words mixed with those of the longest, more frequent words inside them.

    p'(e | f) = (n p(e | f) + SMOOTHING p(e | core)) / (n + SMOOTHING), n times f was seen:
    Dirichlet smoothing (Zhai & Lafferty 2004) with the core's row as background.
    """
    mixed = {}
    for word, row in rows.items():
        seen = frequencies.get(word, 0)
        groups = ([c for c in group if c in rows and frequencies.get(c, 0) > seen]
                  for group in cores(word))  # fmt: skip
        known = next(filter(None, groups), [])
        total = {term: weight * seen / (seen + SMOOTHING) for term, weight in row.items()}
        for core in known:
            for term, weight in rows[core].items():
                share = weight * SMOOTHING / (seen + SMOOTHING) / len(known)
                total[term] = total.get(term, 0.0) + share
        best = sorted(total.items(), key=lambda item: (-item[1], item[0]))[:BREADTH]
        kept = {term: weight for term, weight in best if weight >= FLOOR}
        mixed[word] = kept if known else row
    return mixed


def write_tables(tables: Mapping[tuple[str, str], Mapping[str, Row]], folder: Path) -> int:
    """Write vocabularies and tables as `Translator.open` reads them; returns their bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.npy"):
        old.unlink()
    numbers: dict[str, dict[str, int]] = {}
    for language in sorted({language for pair in tables for language in pair}):
        known = sorted(_words_of(tables, language), key=str.encode)
        numbers[language] = {word: number for number, word in enumerate(known)}
        Vocabulary.build(known).save(folder, language)
    for (source, target), rows in tables.items():
        _table(rows, numbers[source], numbers[target]).save(folder, f"{source}-{target}")
    return sum(path.stat().st_size for path in folder.glob("*.npy"))


def _words_of(tables: Mapping[tuple[str, str], Mapping[str, Row]], language: str) -> set[str]:
    found: set[str] = set()
    for (source, target), rows in tables.items():
        if source == language:
            found.update(rows)
        if target == language:
            found.update(*rows.values())
    return found


def _table(rows: Mapping[str, Row], sources: Iterable[str], targets: Mapping[str, int]) -> Table:
    ordered = [rows.get(source, {}) for source in sources]
    numbers = [targets[target] for row in ordered for target in row]
    weights = [weight for row in ordered for weight in row.values()]
    return Table(
        starts=np.cumsum([0, *map(len, ordered)]).astype(np.uint32),
        targets=np.array(numbers, np.min_scalar_type(len(targets))),
        weights=np.array(weights, np.float16),
    )


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and scale/")
    parser.add_argument("--out", type=Path, default=Path("rag/models/sanad-tables"))
    parser.add_argument("--with-tatoeba", action="store_true", help="to measure its loss only")
    arguments = parser.parse_args()
    units = [
        *read_units(arguments.data, with_tatoeba=arguments.with_tatoeba),
        *cldr_units(), *time_zone_cities(), *geonames(),
    ]  # fmt: skip
    tables: dict[tuple[str, str], dict[str, Row]] = {}
    for other in OTHERS:
        pairs = list(text_pairs(units, other))
        forward, backward = learn(pairs)
        if other == "ar":
            backward = smoothed(backward, Counter(word for _, right in pairs for word in right))
        tables[PIVOT, other], tables[other, PIVOT] = forward, backward
        entries = [sum(map(len, rows.values())) for rows in (forward, backward)]
        LOG.info("%s: %d pairs, %d and %d renderings", other, len(pairs), *entries)
    LOG.info("%d bytes in %s", write_tables(tables, arguments.out), arguments.out)
    names = [(unit.texts["ar"], unit.texts[PIVOT]) for unit in units if unit.source == "names"]
    pieces = json.dumps(learn_pieces(clean_names(names)), ensure_ascii=False, indent=0)
    (arguments.out / "names.json").write_text(pieces + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
