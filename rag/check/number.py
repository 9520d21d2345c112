"""A number as it stands in a text, and when one of a source carries one of a sentence: value, kind
and unit agree. Reads no text.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Kind = Literal["plain", "percent", "points", "ordinal", "vague", "label"]
_VAGUE_SPAN = 1000  # "thousands" may stand for less than a thousand times a thousand


@dataclass(frozen=True, slots=True)
class Number:
    """A number at text[start:end]."""

    start: int
    end: int
    values: tuple[Fraction, ...]  # more than one where marks are ambiguous, likeliest first
    kind: Kind = "plain"
    unit: str = ""  # canonical, e.g. "year"; empty: none that is known
    claimed: bool = True  # a sentence with it states a number ("one" and "both" do not)

    def bears_out(self, claim: Number) -> bool:
        """Whether this number of a source carries a sentence's `claim`."""
        if self.unit and claim.unit and self.unit != claim.unit:
            return False
        if claim.kind == "vague":
            low = claim.values[0]
            if self.kind == "vague":
                return self.values[0] == low
            return self.kind == "plain" and any(
                low <= value < low * _VAGUE_SPAN for value in self.values
            )
        wanted = claim.values[0]
        if self.kind == claim.kind or (self.kind, claim.kind) == ("plain", "label"):
            return wanted in self.values
        shares = {self.kind, claim.kind} == {"plain", "percent"}
        if shares and self.kind == "percent":
            return wanted < 1 and any(wanted * 100 == value for value in self.values)
        return shares and any(value < 1 and value * 100 == wanted for value in self.values)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a run of digits or a sign, at text[start:end]."""

    start: int
    end: int
    text: str  # folded
    spaced: bool  # nothing but one space or a hyphen stands before
    joined: bool = False  # an Arabic word that carries "and"
