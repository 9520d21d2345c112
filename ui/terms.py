"""Short forms in an answer that the officer's glossary explains, in the reader's language.

Only what the glossary says: the name in the reader's language, or in English where it has none,
and its note, which is English. `terms.js` offers them; the answer's text is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.question.glossary import Concept, Glossary

MOST = 12  # of one answer
MOST_MEANINGS = 3  # of one short form
_NOTED = "en"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a short form stands for: a name with its language, and a note in English."""

    name: str
    language: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A short form as it is written, and what it may stand for."""

    short: str
    meanings: tuple[Meaning, ...]


def explained(texts: Iterable[str], glossary: Glossary, language: str) -> list[Term]:
    """The abbreviations of the glossary that stand in texts, each once, in the order of the
    glossary."""
    said = "\n".join(texts)
    found: dict[str, list[Meaning]] = {}
    for concept in glossary.concepts:
        for short in dict.fromkeys(one for some in concept.abbreviations.values() for one in some):
            if re.search(rf"(?<!\w){re.escape(short)}(?!\w)", said):
                meanings = found.setdefault(short, [])
                if len(meanings) < MOST_MEANINGS:
                    meanings.append(_meaning(concept, language))
    kept = [(short, meanings) for short, meanings in found.items() if any(m.name for m in meanings)]
    return [Term(short, tuple(meanings)) for short, meanings in kept[:MOST]]


def _meaning(concept: Concept, language: str) -> Meaning:
    code = next((one for one in (language, _NOTED) if concept.forms.get(one)), "")
    name = concept.forms[code][0] if code else ""
    return Meaning(name, code, concept.note if language == _NOTED else "")


def terms_json(terms: Iterable[Term]) -> list[dict[str, object]]:
    """For `data-terms`."""
    return [
        {
            "short": term.short,
            "meanings": [
                {"name": one.name, "lang": one.language, "note": one.note} for one in term.meanings
            ],
        }
        for term in terms
    ]
