"""Whether what was found is enough: to answer, to be shown as coming close, or for neither.

Three things speak: the best sentence's probability, that of the question as a whole, and
whether anything chosen is about the places and names that were asked about. Knows no wording.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.answerable import probability, shipped_answerable
from rag.candidates import Candidate
from rag.compose import ComposeSettings, partial
from rag.generation import Generation
from rag.query import Question
from rag.sides import Side, aboutness, countries_named
from rag.subject import headings_of

# Share of the question's words, by weight, that the best of the quoted passages must hold with
# its headings. Seen on our own suites (development, not held out): 8 of the 14 near misses that
# were still answered lie below, 2 of the 100 answerable questions.
LEAST_HELD = 0.5


def is_answered(question: Question, found: Sequence[Candidate], generation: Generation) -> bool:
    """Whether the candidates, best first, may answer at all."""
    return probability(question, found, generation) >= shipped_answerable().partial_at


def is_weak(
    question: Question,
    chosen: Sequence[Candidate],
    generation: Generation,
    settings: ComposeSettings,
) -> bool:
    """Whether what was chosen only comes close: unlikely to answer, or about other places or
    names than those asked about."""
    if not chosen or partial(chosen, settings):
        return True
    if max(candidate.features.passage for candidate in chosen) < LEAST_HELD:
        return True
    return _elsewhere(question, chosen, generation) or all(
        candidate.features.name_missing == 1.0 for candidate in chosen
    )


def _elsewhere(question: Question, chosen: Sequence[Candidate], generation: Generation) -> bool:
    """Whether the question names countries and nothing chosen is about any of them."""
    sides = [Side(code, "", country=code) for code in countries_named(question)]
    return bool(sides) and not any(
        aboutness(
            side,
            candidate.quote.text,
            headings_of(candidate.quote, candidate.passage, generation),
            candidate.document,
            question,
        )
        for side in sides
        for candidate in chosen
    )
