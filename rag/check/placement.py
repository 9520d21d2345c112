"""Names that the source has, but elsewhere: in another sentence, or joined to other names.

A name anywhere in a passage does not license it everywhere ("the strategy of Vilvoorde"
where the sentence is about Strasbourg), nor do two halves of two names make a third. Read
only where sentence and source are in one language: across languages the order of words and
the spelling of names say too little.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.check.coverage import Alignment
from rag.words.word_forms import variants

FORTH = 3  # words from one word of a name to the next one in the source, at most
BESIDE = 3  # words between a name and the word beside which it is looked for, at most
BACK = 2  # the same where they stand the other way round ("Kostadinov, Mayor of")


def placement_problems(alignment: Alignment, best: Sequence[int]) -> Iterator[str]:
    """Names that stand in none of the sentences that carry the claim, nor beside them or
    above them, and neighbours that are none in the source."""
    if alignment.crossed:
        return
    near = {column + step for column in best for step in (-1, 0, 1)}
    rows = [row for row, place in enumerate(alignment.claim.content) if _is_name(alignment, place)]
    for row in rows:
        columns = {column for column in alignment.columns if alignment.places.get((row, column))}
        if (columns and not columns & near and not _above(alignment, row)) or _substituted(
            alignment, row, best
        ):
            yield alignment.claim.words[alignment.claim.content[row]]
    for first, second in pairwise(rows):
        if _adjoin(alignment, first, second) and not _joined(alignment, first, second):
            yield alignment.claim.words[alignment.claim.content[second]]


def _is_name(alignment: Alignment, place: int) -> bool:
    return place in set(alignment.claim.name_places)


def _above(alignment: Alignment, row: int) -> bool:
    """Whether a title, a heading or the catalogue has a name."""
    word = alignment.claim.words[alignment.claim.content[row]]
    return any(
        form in text.context
        for text in alignment.cited
        for form in {word, *variants(word, alignment.claim.language)}
    )


def _substituted(alignment: Alignment, row: int, best: Sequence[int]) -> bool:
    """Whether the source has another name where the claim has this one: beside the same word,
    at the same distance, a capital that the claim lacks."""
    claim, content = alignment.claim, alignment.claim.content
    replaced = False
    for other in (row - 1, row + 1):
        if not 0 <= other < len(content) or abs(content[row] - content[other]) > BESIDE:
            continue
        offset = content[row] - content[other]
        for column in best:
            text, sentence = alignment.sentences[column]
            mine = alignment.places.get((row, column), ())
            for at in alignment.places.get((other, column), ()):
                if any(abs(at - place) <= BESIDE + 1 for place in mine):
                    return False
                stands = sentence.words[max(0, at + offset) : at + offset + 1]
                replaced = replaced or any(
                    word in text.capitals and word not in claim.words for word in stands
                )
    return replaced


def _adjoin(alignment: Alignment, first: int, second: int) -> bool:
    """Whether two names follow each other in the claim with nothing between."""
    content, claim = alignment.claim.content, alignment.claim
    return content[second] == content[first] + 1 and content[second] not in claim.breaks


def _joined(alignment: Alignment, first: int, second: int) -> bool:
    """Whether the source has two names close together in one sentence, or one of them only
    above its sentences, where no order is known."""
    seen = False
    for column in alignment.columns:
        for a in alignment.places.get((first, column), ()):
            for b in alignment.places.get((second, column), ()):
                if 0 < b - a <= FORTH or 0 < a - b <= BACK:
                    return True
                seen = True
    return not seen and (_above(alignment, first) or _above(alignment, second))
