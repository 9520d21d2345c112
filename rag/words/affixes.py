"""What an Arabic word may carry that the light stemmer of `rag.words.text` leaves on: clitics, the
prefixes of verbs, endings. A known word inside an unknown one is only a guess, so callers look the
cores up, the longest first."""

from __future__ import annotations

_PREFIXES = (
    "", "و", "ف", "ب", "ل", "ك", "س", "لل", "ال", "ي", "ت", "ن", "ا", "م", "سي", "ست", "وي", "وت",
)  # fmt: skip
_SUFFIXES = (
    "", "ا", "ت", "ن", "ي", "ه", "ها", "هم", "نا", "ات", "ون", "ين", "ان", "وا", "يا", "تا", "كم",
)  # fmt: skip
SHORTEST = 3  # letters left


def cores(term: str) -> list[list[str]]:
    """What is left of a folded Arabic word without a prefix, a suffix or both: groups by length,
    the longest first, `term` itself not among them."""
    found: dict[int, set[str]] = {}
    for prefix in _PREFIXES:
        for suffix in _SUFFIXES:
            core = term[len(prefix) : len(term) - len(suffix)]
            if SHORTEST <= len(core) < len(term) and term == prefix + core + suffix:
                found.setdefault(len(core), set()).add(core)
    return [sorted(found[length]) for length in sorted(found, reverse=True)]
