"""Whether a sentence turns its source round: negation, opposites, "all", and who goes with what.

Works on an alignment (`rag.check.coverage`), so it reads across languages. When in doubt it finds a
problem: a sentence that is not shown costs style, a false one costs trust. Knows no similarity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Literal

from rag.check.cited import CitedSentence
from rag.check.coverage import Alignment
from rag.check.moments import Moment
from rag.check.number import Number
from rag.words.polarity import REACH, any_negations, firm_negations, poles, universals

SCOPE = 8  # words of the source on either side of a negation that it may govern, across languages
SCOPE_SAME = 5  # and within one
SHIELD = 5  # words of the sentence within which its own negation answers for a denied word
ASKED = 2  # words beside a number, in its clause, that are asked for it
SLACK = 1  # words by which another number may be nearer
AT_ODDS = 12  # words of the sentence between two names whose order is compared
BESIDE = 9  # words of the source within which a number belongs to a word
TOUCHED = 0.5  # share of a negation's words in the source that the sentence must say


def negation_problems(alignment: Alignment, best: Sequence[int]) -> Iterator[str]:
    """Words of the sentence whose negation the source does not have, or the other way round."""
    claim = alignment.claim
    firm = firm_negations(claim.words, claim.language)
    for place in firm:
        if not _denied(alignment, place, best):
            yield claim.words[place]
    for column in best:
        sentence = alignment.sentences[column][1]
        for place in sentence.denials:
            said = _said_without(alignment, column, sentence, place)
            if said:
                yield said


def _denied(alignment: Alignment, place: int, best: Sequence[int]) -> bool:
    """Whether a word that the claim's negation governs stands near a negation of the source."""
    content = alignment.claim.content
    rows = [r for r, at in enumerate(content) if at > place][:REACH]
    rows += [r for r, at in enumerate(content) if at < place][-1:]
    aligned = [row for row in rows if any((row, column) in alignment.places for column in best)]
    if not aligned:  # the words are put otherwise: any negation of those sentences will do
        return any(alignment.sentences[column][1].negations for column in best)
    scope, least = (SCOPE, 1) if alignment.crossed else (SCOPE_SAME, min(2, len(aligned)))
    return any(
        sum(
            any(abs(at - negation) <= scope for at in alignment.places.get((row, column), ()))
            for row in aligned
        )
        >= least
        for column in best
        for negation in alignment.sentences[column][1].negations
    )


def _said_without(alignment: Alignment, column: int, sentence: CitedSentence, negation: int) -> str:
    """The first word that the source denies and the claim says; empty where it leaves the denied
    part out."""
    aligned = {
        at: row
        for row in range(len(alignment.claim.content))
        for at in alignment.places.get((row, column), ())
    }
    content = alignment.content_places(column)
    governed = [at for at in content if at > negation][:3]
    if alignment.crossed:
        governed = [at for at in content if at < negation][-1:] + governed
    said = [aligned[at] for at in governed if at in aligned]
    least = TOUCHED * len(governed)
    if not said or (not alignment.crossed and len(said) <= least):
        return ""
    claim = alignment.claim
    denied = any_negations(claim.words, claim.language)
    first = claim.content[said[0]]
    if any(abs(first - at) <= SHIELD for at in denied):
        return ""
    return claim.words[first]


def opposite_problems(alignment: Alignment, best: Sequence[int]) -> Iterator[str]:
    """Words of the sentence in whose place the source has their opposite."""
    claim = alignment.claim
    if firm_negations(claim.words, claim.language):
        return  # "did not rise" is not held against "fell"
    source = [(column, p) for column in best for p in alignment.sentences[column][1].poles]
    for place, pair, side in poles(claim.words, claim.language):
        same = [(c, at) for c, (at, other, s) in source if other == pair and s == side]
        opposite = [(c, at) for c, (at, other, s) in source if other == pair and s != side]
        if place in claim.name_places:
            continue  # "South Africa" is no direction
        if opposite and (not same or _nearer(alignment, place, opposite, same)):
            yield claim.words[place]


def _nearer(
    alignment: Alignment, place: int, these: Sequence[tuple[int, int]],
    those: Sequence[tuple[int, int]],
) -> bool:  # fmt: skip
    """Whether the neighbours of a word of the claim stand nearer to `these` than to `those`."""
    content = alignment.claim.content
    rows = sorted(range(len(content)), key=lambda row: abs(content[row] - place))
    rows = [row for row in rows if content[row] != place][:4]

    def distance(spots: Sequence[tuple[int, int]]) -> float:
        return min(
            sum(
                min((abs(at - spot) for at in alignment.places.get((row, column), ())), default=12)
                for row in rows
            )
            for column, spot in spots
        )

    return distance(these) + 2 < distance(those)


def universal_problems(alignment: Alignment, best: Sequence[int]) -> Iterator[str]:
    """ "All", "every" and the like where the source has none."""
    claim = alignment.claim
    found = universals(claim.words, claim.language, claimed=True)
    if found and not any(alignment.sentences[column][1].universals for column in best):
        yield claim.words[found[0]]


def role_problems(alignment: Alignment) -> Iterator[tuple[Literal["number", "name"], str]]:
    """Numbers that stand by another name than in the source, and names that have changed
    places."""
    yield from (("number", what) for what in _paired(alignment))
    yield from (("name", what) for what in _swapped(alignment))


def _paired(alignment: Alignment) -> Iterator[str]:
    """A number whose nearest name in the sentence is not the nearest to it in the source."""
    claim = alignment.claim
    rows = _name_rows(alignment)
    if len(rows) < 2 or not claim.numbers:
        return
    for number, place in zip(claim.numbers, claim.number_places, strict=True):
        if not number.claimed or number.kind == "ordinal":
            continue
        near = min(rows, key=lambda row: abs(claim.content[row] - place))
        verdicts = [
            _goes_with(alignment, column, spot, near, rows)
            for column, spot in _spots(alignment, number)
        ]
        if verdicts and not any(verdicts):
            yield claim.text[number.start : number.end]


def _spots(alignment: Alignment, number: Number) -> Iterator[tuple[int, int]]:
    """(column, place) of a number of the claim in the source."""
    for column, (_, sentence) in enumerate(alignment.sentences):
        for other, place in zip(sentence.numbers, sentence.number_places, strict=True):
            if other.bears_out(number):
                yield column, place


def _goes_with(
    alignment: Alignment, column: int, spot: int, near: int, rows: Sequence[int]
) -> bool:
    """Whether name `near` stands no farther from a number of the source than another name of
    the claim; true where the source sentence has fewer than two of the names."""
    distances = {
        row: min(abs(at - spot) for at in alignment.places[row, column])
        for row in rows
        if alignment.places.get((row, column))
    }
    if near not in distances:
        return len(distances) < 2
    return distances[near] <= min(distances.values()) + 1


def _swapped(alignment: Alignment) -> Iterator[str]:
    """Two names in the order opposite to the source's, where one sentence has both."""
    claim = alignment.claim
    rows = _name_rows(alignment)
    apart = 2 if alignment.crossed else 1  # adjectives and nouns change places in translation
    for a, b in combinations(rows, 2) if len(rows) < 12 else pairwise(rows):
        distance = claim.content[b] - claim.content[a]
        if claim.words[claim.content[a]] == claim.words[claim.content[b]] or distance > AT_ODDS:
            continue
        if b - a < apart:
            continue
        orders = set()
        for column in range(len(alignment.sentences)):
            first = alignment.places.get((a, column), ())
            second = alignment.places.get((b, column), ())
            orders |= {x < y for x in first for y in second if x != y}
        if orders == {False}:
            yield claim.words[claim.content[a]]


def number_stands_apart(alignment: Alignment, number: Number, place: int) -> bool:
    """Whether the source gives the words beside a number of the claim another number.

    Of the two nearest words that the source has, one must have the claim's number as its nearest.
    """
    content = alignment.claim.content
    rows = sorted(range(len(content)), key=lambda row: (abs(content[row] - place), -content[row]))
    spots = list(_spots(alignment, number))
    columns = {column for column, _ in spots}
    beside = [row for row in rows if any((row, c) in alignment.places for c in alignment.columns)]
    if not beside:
        return False
    clause = [row for row in beside if not _parted(alignment, place, content[row])]
    for row in (clause or beside)[:ASKED]:
        for column in columns:
            for at in alignment.places.get((row, column), ()):
                mine = min(abs(at - spot) for c, spot in spots if c == column)
                others = alignment.sentences[column][1].number_places
                if mine <= min(abs(at - other) for other in others) + SLACK and mine <= BESIDE:
                    return False
    return True


def _parted(alignment: Alignment, a: int, b: int) -> bool:
    """Whether a comma or "and" stands between two places of the claim."""
    first, last = sorted((a, b))
    return any(place in alignment.claim.breaks for place in range(first + 1, last + 1))


def is_dual(alignment: Alignment, place: int) -> bool:
    """Whether a word beside the claim's "two" stands in the Arabic dual in the source."""
    content = alignment.claim.content
    rows = sorted(range(len(content)), key=lambda row: abs(content[row] - place))[:3]
    return any(
        alignment.sentences[column][1].words[at].endswith(("ان", "ين"))
        for row in rows
        for column in alignment.columns
        if alignment.sentences[column][0].language == "ar"
        for at in alignment.places.get((row, column), ())
    )


def _name_rows(alignment: Alignment) -> list[int]:
    """Rows of the content words that are names."""
    named = set(alignment.claim.name_places)
    return [row for row, place in enumerate(alignment.claim.content) if place in named]


def moment_holds(claim: Moment, source: Sequence[Moment], years: frozenset[int]) -> bool:
    """Whether one of the source's dates bears a date of the sentence out."""
    return any(moment.says(claim, years) for moment in source)
