"""Which of two things a short form means, or the questions to ask back.

"NLC" is national-local cooperation and the National League of Cities. The glossary says so: a
short form that several of its concepts have is ambiguous. What the question says besides it
decides, then what the collection holds; where neither does, the reader chooses between the
question rewritten for each sense. Knows no answer and no screen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rag.index.generation import Generation
from rag.question.glossary import Concept, Glossary, contains, stems
from rag.question.query import Question
from rag.words.sentences import split_sentences
from rag.words.text import fold, terms, words

PASSAGES = 60  # of one name and language that are read for its sentences
MARGIN = 0.25  # of the question's weight, by which one sense must be ahead to decide
# A question about the name itself wants both senses, and gets them.
_ABOUT_NAMES = frozenset({
    "acronym", "abbreviation", "abbreviations", "stand", "stands", "difference", "differ",
    "versus", "vs", "sigle", "abreviation", "acronyme", "distinguer", "sigla",
    "siglas", "abreviatura", "acronimo", "diferencia", "اختصار", "الاختصار", "مختصر", "الفرق",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sense:
    """One concept that a short form may mean, and the sentences that name it in full."""

    concept: Concept
    sentences: frozenset[tuple[str, str]]  # with the language of each


def ambiguous(question: Question, generation: Generation) -> tuple[str, ...]:
    """The question rewritten once for each thing it may mean; empty where it is clear.

    Clear is: no short form that two concepts of the question's glossary share; one of them named
    in full as well; the collection names only one of them; or the rest of the question is found
    with one of them and not with the others.
    """
    for short, concepts in shared_forms(question.glossary).items():
        place = _place(short, question.text)
        if place is None or set(words(fold(question.text))) & _ABOUT_NAMES:
            continue
        if any(_named_in_full(concept, question.text) for concept in concepts):
            continue
        senses = [Sense(one, frozenset(_sentences(one, generation))) for one in concepts]
        senses = [sense for sense in senses if sense.sentences]
        if len(senses) > 1 and not _decided(question, place, senses, generation):
            return tuple(_rewritten(question, place, sense.concept) for sense in senses)
    return ()


def shared_forms(glossary: Glossary) -> dict[str, list[Concept]]:
    """Short forms, as written, that several concepts have, with these concepts."""
    found: dict[str, list[Concept]] = {}
    for concept in glossary.concepts:
        for short in sorted(_short_forms(concept)):
            found.setdefault(short, []).append(concept)
    return {short: concepts for short, concepts in found.items() if len(concepts) > 1}


def _short_forms(concept: Concept) -> set[str]:
    """Its abbreviations, and wrong renderings that are one word in capitals."""
    right = {name for names in concept.abbreviations.values() for name in names}
    wrong = {name for names in concept.mistranslations.values() for name in names}
    return right | {name for name in wrong if name.isupper() and " " not in name}


def _place(short: str, text: str) -> re.Match[str] | None:
    """Where a question has a short form: as it is written, an Arabic preposition or article
    before it allowed, or in small letters where the question has no capitals but its first."""
    found = re.search(rf"(?<![A-Za-z/]){re.escape(short)}(?![A-Za-z/])", text)
    if found is None and text[1:].lower() == text[1:]:
        found = re.search(rf"(?<!\w){re.escape(short.lower())}(?!\w)", text)
    return found


def _named_in_full(concept: Concept, text: str) -> bool:
    return any(
        contains(stems(text, language), stems(form, language))
        for language, forms in concept.forms.items()
        for form in forms
    )


def _sentences(concept: Concept, generation: Generation) -> Iterator[tuple[str, str]]:
    """Sentences, cut at semicolons, that name the concept by a right name, word for word after
    stemming: in their own language, or in English, in which names of bodies are often left."""
    for language, index in generation.lexical.items():
        for form in {*concept.forms.get(language, ()), *concept.forms.get("en", ())}:
            wanted = stems(form, language)
            shared = [{int(at) for at in index.postings(term)[0]} for term in set(wanted)]
            places = sorted(set.intersection(*shared))[:PASSAGES] if shared else []
            for passage in generation.store.passages([int(index.members[at]) for at in places]):
                for start, end in split_sentences(passage.text, language):
                    for clause in re.split("[;؛]", passage.text[start:end]):
                        if contains(stems(clause, language), wanted):
                            yield clause, language


def _decided(
    question: Question, place: re.Match[str], senses: list[Sense], generation: Generation
) -> bool:
    """Whether one sense is ahead of the others by MARGIN in what its sentences, or its entry in
    the glossary, share with the rest of the question. A sentence that names several senses
    explains the short form, and speaks for none."""
    rest = question.text[: place.start()] + " " + question.text[place.end() :]
    bare = replace(question, text=rest, glossary=Glossary())
    named = Counter(sentence for sense in senses for sentence in sense.sentences)
    told_apart = [
        replace(sense, sentences=frozenset(s for s in sense.sentences if named[s] == 1))
        for sense in senses
    ]
    shared = (_shared(bare, sense, generation) for sense in told_apart)
    best, second = sorted(shared, reverse=True)[:2]
    return best - second >= MARGIN


def _shared(rest: Question, sense: Sense, generation: Generation) -> float:
    """The highest share of a question's words, by idf, that one sentence of the sense has."""
    entry = " ".join((*_plain_notes(sense.concept), *sense.concept.forms.get("en", ())))
    return max(
        _coverage(rest, text, language, generation)
        for text, language in {*sense.sentences, (entry, "en")}
        if language in generation.lexical
    )


def _plain_notes(concept: Concept) -> list[str]:
    """What the note says of the concept: not its parts about short forms and wrong names."""
    return [part for part in concept.note.split(";") if not re.search(r"\b[A-Z]{2,}\b", part)]


def _coverage(rest: Question, text: str, language: str, generation: Generation) -> float:
    index = generation.lexical[language]
    present = frozenset(terms(text, language))
    total = held = 0.0
    for word in rest.words(language):
        frequency = index.expected_frequency(word)
        if not frequency:
            continue  # a word that no passage has tells nothing apart
        weight = index.idf(frequency)
        total += weight
        likeliest = max((share for term, share in word.items() if term in present), default=0.0)
        held += weight * likeliest / max(word.values())
    return held / total if total else 0.0


def _rewritten(question: Question, place: re.Match[str], concept: Concept) -> str:
    """The question with the concept's right name behind the short form."""
    names = concept.forms.get(question.language) or concept.forms.get("en") or (concept.id,)
    text = question.text
    return f"{text[: place.start()]}{place.group().upper()} ({names[0]}){text[place.end() :]}"
