"""Statements that disagree, found by rule: different figures for one thing, and sentences
that say themselves that sources differ.

Two figures disagree when a number was asked for and they count the same thing, in sentences
that both speak of what was asked, in one language or in two. It decides nothing: which
figure is right stays with the reader. Dates and years are no figures here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rag.index.generation import Generation
from rag.question.answer_types import asked_types
from rag.question.query import Question
from rag.question.shapes import cue_words, languages, pattern
from rag.question.subject import Statement, holds_names, on_subject
from rag.words.sentences import split_sentences
from rag.words.text import fold, stem, stopwords, words

MOST_APART = 3  # times, for two figures that may count one thing
LEADS = 1  # of the statements on the subject, likeliest first, that may say that sources differ
NEAR = 4  # content words after a figure among which its unit stands
ON_SUBJECT = 0.6  # share of the question's words that a statement holds with its headings
_FIGURE = re.compile(r"\d+(?:[.,\u202f\u00a0 ]\d{3})+(?!\d)|\d+(?:[.,]\d+)?")
_TOKEN = re.compile(rf"{_FIGURE.pattern}|[^\W\d_]+|[^\w\s]")
_ENDS = frozenset(".;:!?؟؛|()")
_YEAR = range(1900, 2101)
_SIZE = re.compile("large|big|size|taille|tamano|حجم")  # of the words that ask for a figure
_IN_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure and the stems among which the thing it counts is named; none: left out, as
    in "names five"."""

    figure: float
    units: frozenset[str]


def says_so(statement: Statement) -> bool:
    """Whether a sentence says that sources differ."""
    return _differs(statement.text, statement.document.language)


def _differs(text: str, language: str) -> bool:
    if language not in languages():
        return False
    return pattern(language, "differ").search(fold(text.replace("’", "'"))) is not None


def differs_on(statement: Statement, question: Question) -> bool:
    """Whether a statement says that sources differ, and on what was asked: for a time it gives
    a date there (one in brackets is that of a source), for a number a figure of what is
    counted, for a size any figure, or words that speak of number or size. Of another question
    only the first can be told."""
    if not says_so(statement):
        return False
    if "time" in asked_types(question.text):
        return _dates_differ(statement)
    asks = _asks_figure(question)
    if asks is None:
        return True
    language = statement.document.language
    if pattern(language, "size").search(fold(statement.text)):
        return True  # "do not agree on the number of ..."
    found = claims(statement.text, language)
    if not _counts(asks, question):
        return bool(found)
    return bool(_asked_figures(statement, question)) or any(not claim.units for claim in found)


def _dates_differ(statement: Statement) -> bool:
    """Whether a sentence that says that sources differ gives a date of its own."""
    language = statement.document.language
    for start, end in split_sentences(statement.text, language):
        sentence = statement.text[start:end]
        if _differs(sentence, language):
            plain = _IN_BRACKETS.sub(" ", sentence)
            tokens = _TOKEN.findall(fold(plain.replace("’", "'")))
            figures = ((i, _figure(token, language)) for i, token in enumerate(tokens))
            if any(f is not None and _dates(tokens, i, f, language) for i, f in figures):
                return True
    return False


def disagree(a: Statement, b: Statement, question: Question) -> bool:
    """Whether two statements give different figures for the one thing whose number was asked
    for; never for a question that asks for none."""
    first, second = _asked_figures(a, question), _asked_figures(b, question)
    return any(
        not figures & second.get(unit, figures)
        and any(_comparable(x, y) for x in figures for y in second[unit])
        for unit, figures in first.items()
    )


def _comparable(x: float, y: float) -> bool:
    """Whether two figures can be counts of one thing: neither is far from the other."""
    return max(x, y) <= MOST_APART * max(min(x, y), 1)


def about(statement: Statement, question: Question, generation: Generation) -> bool:
    """Whether a statement is about what was asked, and about every name in the question. One
    that announces a list or a table is read by its announcement."""
    head = replace(statement, text=statement.text.split("\n")[0])
    return on_subject(question, head, generation) >= ON_SUBJECT and holds_names(question, head)


def differing(
    statements: Sequence[Statement], question: Question, generation: Generation
) -> list[int]:
    """Indices of the statements that disagree with another one, or say that sources differ on
    what was asked; in the order given. Of one document that gives a figure twice only the first
    counts."""
    near = [i for i, one in enumerate(statements) if about(one, question, generation)]
    found = {i for i in near if differs_on(statements[i], question)}
    if _asks_figure(question) is None and "time" not in asked_types(question.text):
        found &= set(near[:LEADS])  # nothing else tells whether they differ on what was asked
    for i in near:
        for j in near:
            if i < j and disagree(statements[i], statements[j], question):
                found |= {i, j}
    kept: list[int] = []
    given: set[tuple[str, str]] = set()
    for i in sorted(found):
        figures = {
            (statements[i].document.id, f"{unit}={sorted(values)}")
            for unit, values in _asked_figures(statements[i], question).items()
        }
        if differs_on(statements[i], question) or not figures <= given:
            kept.append(i)
        given |= figures
    return kept


def _asked_figures(statement: Statement, question: Question) -> dict[str, set[float]]:
    """Figures of a statement by what they count, where that was asked for: the words after
    "how many" under one key, people, countries or members where a size is asked for."""
    asks = _asks_figure(question)
    if asks is None:
        return {}
    language = statement.document.language
    counted = _counted(question, asks.end(), language)
    found: dict[str, set[float]] = {}
    for claim in claims(statement.text, language):
        for unit in claim.units:
            group = _synonyms(language).get(unit)
            for key in {"asked" if unit in counted else None, group} - {None}:
                found.setdefault(str(key), set()).add(claim.figure)
    return found


def _asks_figure(question: Question) -> re.Match[str] | None:
    """The words of a question that ask for a number or a size."""
    if question.language not in languages():
        return None
    return pattern(question.language, "size").search(fold(question.text))


def _counts(asks: re.Match[str], question: Question) -> bool:
    """Whether a question asks the number of something, and not how large it is."""
    return not _SIZE.search(asks[0])


def _counted(question: Question, after: int, language: str) -> frozenset[str]:
    """Stems of what a question asks the number of, as `language` has them: the first content
    word after "how many", in English the first two ("Belgian municipalities")."""
    spoken = [
        w for w in words(fold(question.text)[after:]) if w not in stopwords(question.language)
    ]
    first = spoken[: 2 if question.language == "en" else 1]
    return frozenset(stem for word in first for stem in question.renderings(word, language))


def claims(text: str, language: str) -> list[Claim]:
    """The figures of a text and what each counts, in order; no dates, no ordinals."""
    tokens = _TOKEN.findall(fold(text.replace("’", "'")))
    found = []
    for i, token in enumerate(tokens):
        figure = _figure(token, language)
        if figure is not None and not _dates(tokens, i, figure, language):
            found.append(Claim(figure, frozenset(_units(tokens[i + 1 :], language))))
    return found


def _units(after: Iterable[str], language: str) -> Iterable[str]:
    """Stems of the next content words, up to the next figure or the end of the clause."""
    seen = 0
    for token in after:
        if token in _ENDS or _figure(token, language) is not None or seen == NEAR:
            return
        if token.isalpha() and token not in stopwords(language):
            seen += 1
            yield from stem([token], language)
        elif token in ",،" and seen:
            return


def _figure(token: str, language: str) -> float | None:
    if token[0].isdecimal():
        if _FIGURE.fullmatch(token) and re.search(r"[.,\s]\d{3}$", token):
            return float(re.sub(r"[.,\s]", "", token))
        return float(token.replace(",", "."))
    return _figure_words(language).get(token)


def _dates(tokens: Sequence[str], i: int, figure: float, language: str) -> bool:
    """Whether a figure is a year, or a day beside its month."""
    if not tokens[i][0].isdecimal():
        return False
    if figure in _YEAR:
        return True
    around = {*tokens[max(0, i - 2) : i], *tokens[i + 1 : i + 4]}
    return bool(around & _months(language))


@lru_cache(maxsize=8)
def _figure_words(language: str) -> Mapping[str, float]:
    pairs = (entry.split("=") for entry in cue_words()["figures"].get(language, "").split())
    return {fold(word): float(value) for word, value in pairs}


@lru_cache(maxsize=8)
def _months(language: str) -> frozenset[str]:
    return frozenset(words(fold(cue_words()["months"].get(language, ""))))


@lru_cache(maxsize=8)
def _synonyms(language: str) -> Mapping[str, str]:
    """Stem -> the first stem of the group of words that count the same things."""
    found: dict[str, str] = {}
    for group in cue_words()["units"].get(language, ()):
        stems = stem(words(fold(group)), language)
        found |= dict.fromkeys(stems, f"\x01{stems[0]}")
    return found
