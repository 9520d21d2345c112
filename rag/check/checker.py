"""The check: whether the passages that a sentence cites say what it says.

In code, for every sentence a language model wrote: its numbers, dates and names must stand in the
cited text, its negations and opposites must agree with it, and the rest must be supported. The
sentence may be in another language and script than the passages. Writes and shows nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from rag.check.cited import CitedSentence, CitedText, take_apart, word_states
from rag.check.contradiction import (
    is_dual,
    moment_holds,
    negation_problems,
    number_stands_apart,
    opposite_problems,
    role_problems,
    universal_problems,
)
from rag.check.coverage import Alignment, CheckModel, Claim, Features, read_claim, shipped_check
from rag.check.facts import is_named, is_word, licensed, named_beside
from rag.check.judge import Judge
from rag.check.moments import Moment, years_of
from rag.check.number import Number
from rag.check.numbers import find_numbers
from rag.check.placement import placement_problems
from rag.check.rendering import Renderer
from rag.embed import DEFAULT_MODEL, MODELS, shipped_encoder
from rag.errors import ConfigurationError
from rag.index.generation import Generation
from rag.question.glossary import GlossaryFile
from rag.question.query import Translates
from rag.types import Passage, Quote
from rag.words.sentences import split_sentences
from rag.words.text import fold, words

ProblemKind = Literal["citation", "number", "date", "name", "negation", "unsupported"]
LONGEST = 4_000  # characters of a sentence that are read; a longer one is not supported
KEPT = 256  # passages, some 80 kB each, taken apart that are remembered
MOST_LACKING = 0.4  # of a sentence's weight, one word that its source lacks, within a language
COPIED = 0.99  # support of words that stand in the passage as they are
RUN = 4  # words of the shortest stretch that is a copy
LEAST_REPEATED, REPEATED = 12, 0.4  # content words, and the share of different ones
MOST_QUOTES = 3
UNRELATED = 0.75  # cosine of unrelated texts by the shipped encoder
JUDGE_AT = 0.5  # a judge who is less sure objects
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a sentence, and the words of it that are wrong (empty: all of it)."""

    kind: ProblemKind
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found. `support` is the probability, 0..1, that the cited text says the
    sentence; `quotes` are the stored sentences that carry it, best first."""

    problems: tuple[Problem, ...]
    support: float
    quotes: tuple[Quote, ...]

    @property
    def holds(self) -> bool:
        """Whether the sentence may be shown."""
        return not self.problems


def _similar(cosines: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Cosines with unrelated texts at 0."""
    return np.asarray((cosines - UNRELATED) / (1 - UNRELATED), np.float32)


class Checker:
    """Checks sentences against the passages of one generation. Safe to share between threads."""

    def __init__(
        self,
        generation: Generation,
        translator: Translates | Renderer,
        glossary: GlossaryFile | None = None,
        judge: Judge | None = None,
        model: CheckModel | None = None,
    ) -> None:
        self.generation = generation
        self._encoder = shipped_encoder(MODELS / DEFAULT_MODEL)  # that the weights were fitted with
        self._renderer = translator if isinstance(translator, Renderer) else Renderer(translator)
        self._glossary = glossary or GlossaryFile(None)
        self._judge = judge
        self._model = model or shipped_check()
        self._kept: OrderedDict[str, CitedText] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, sentence: str, language: str, cited: Sequence[Passage]) -> Verdict:
        """The verdict on one sentence in `language` that cites `cited`. Never raises for what a
        model wrote."""
        texts = [self._taken_apart(passage) for passage in cited]
        known = [text for text in texts if text is not None]
        if not cited or len(known) < len(texts):
            return Verdict((Problem("citation", ""),), 0.0, ())
        if len(sentence) > LONGEST or not words(fold(sentence)):
            return Verdict((Problem("unsupported", ""),), 0.0, ())
        parts = [sentence[start:end] for start, end in split_sentences(sentence, language)]
        return _joined([self._check(part, language, known) for part in parts])

    def _check(self, sentence: str, language: str, known: Sequence[CitedText]) -> Verdict:
        """The verdict on a text that is one sentence."""
        claim = read_claim(sentence, language, self._renderer)
        aligned, best, features = self._weigh(claim, known)
        model = self._model.cross if aligned.crossed else self._model.same
        copied = _copied(claim, known)
        support = max(model.probability(features), COPIED if copied else 0.0)
        if copied == "whole":
            return Verdict((), support, _quotes(aligned, best))
        problems = [*self._facts(claim, known, aligned, best), *_turned_round(aligned, best)]
        heaviest = 1.0 if aligned.crossed or copied else MOST_LACKING
        if support < model.threshold or features.lacking > heaviest or _repeats(claim):
            problems.append(Problem("unsupported", ""))
        if not problems and self._judge is not None:
            support, problems = self._judged(claim, known, support)
        return Verdict(tuple(dict.fromkeys(problems)), support, _quotes(aligned, best))

    def _taken_apart(self, passage: Passage) -> CitedText | None:
        key = passage.id
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        text = take_apart(passage, self.generation, self._encoder)
        if text is not None:
            with self._lock:
                self._kept[key] = text
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return text

    def features(self, sentence: str, language: str, cited: Sequence[Passage]) -> Features:
        """What the model of support sees of a sentence; for training. Raises
        ConfigurationError for a passage that the generation does not hold."""
        known = [text for text in map(self._taken_apart, cited) if text is not None]
        if not known or len(known) < len(cited):
            raise ConfigurationError("a cited passage is not in the generation; build it first")
        return self._weigh(read_claim(sentence, language, self._renderer), known)[2]

    def _weigh(
        self, claim: Claim, cited: Sequence[CitedText]
    ) -> tuple[Alignment, tuple[int, ...], Features]:
        """The alignment, the best one or two sentences of the source, and the features."""
        whole, states = word_states([claim.text], self._encoder)
        aligned = Alignment(claim, cited, self._renderer, self.generation.lexical, states[0])
        statement, vector = aligned.statement, whole[0]
        if statement != claim.text:
            vector = self._encoder.encode_passages([statement])[0]
        vectors = np.concatenate([t.vectors[: len(t.sentences)] for t in cited])
        cosines = _similar(vectors @ vector)
        best = aligned.best(cosines)
        return aligned, best, aligned.features(best, cosines)

    def _facts(
        self, claim: Claim, cited: Sequence[CitedText], aligned: Alignment, best: Sequence[int]
    ) -> Iterator[Problem]:
        """Numbers, dates and names that are not in the cited text."""
        yield from self._numbers(claim, cited, aligned, best)
        moments = _moments_near(aligned, best)
        years = years_of([moment for text in cited for moment in text.moments])
        for moment in claim.moments:
            if moment.month and not _dated(claim, moment, moments, years):
                yield Problem("date", claim.text[moment.start : moment.end])
        allowed = licensed(claim.text, cited, self._glossary.current())
        for at, name in enumerate(claim.names):
            beside = [n for n in claim.names[max(0, at - 1) : at + 2] if n != name]
            beside = [n for n in beside if n.end + 1 == name.start or name.end + 1 == n.start]
            named = name.word in allowed or any(
                is_named(name, claim.language, text, self._renderer)
                or named_beside(name, beside, claim.language, text, self._renderer)
                for text in cited
            )
            if named or is_word(name, claim.language, cited, self._renderer):
                continue
            if not aligned.is_ordinary(name, claim.name_places[at]):
                yield Problem("name", name.written)

    def _numbers(
        self, claim: Claim, cited: Sequence[CitedText], aligned: Alignment, best: Sequence[int]
    ) -> Iterator[Problem]:
        beside = _sentences_near(aligned, best)
        years = {(m.start, m.end): m for m in claim.moments if not m.month}
        moments = [moment for text in cited for moment in text.moments]
        for number, place in zip(claim.numbers, claim.number_places, strict=True):
            year = years.get((number.start, number.end))
            if not number.claimed:
                continue
            if year and any(n.bears_out(number) for sentence in beside for n in sentence.numbers):
                continue  # where the claim is carried, or a sentence before or after
            if not year and _stated(claim, (number, place), cited, aligned):
                continue
            if year and number.kind == "plain" and _dates_only(claim, year, moments):
                continue
            days = {moment.day for moment in moments}
            if number.kind == "ordinal" and number.values[0] in days:
                continue
            if _in_title(claim, number, cited):
                continue
            kind: ProblemKind = "date" if year else "number"
            yield Problem(kind, claim.text[number.start : number.end])

    def _judged(
        self, claim: Claim, cited: Sequence[CitedText], support: float
    ) -> tuple[float, list[Problem]]:
        """The judge's objection, if any; a judge that fails has none."""
        assert self._judge is not None
        try:
            text = "\n".join(part.passage.text for part in cited)
            found = self._judge.probability(claim.text, text)
        except Exception:  # whatever a model's library raises, the coded check stands
            log.exception("the judge failed and was not heard")
            return support, []
        if found is None or not 0 <= found <= 1:
            return support, []
        problems = [Problem("unsupported", "")] if found < JUDGE_AT else []
        return min(support, found), problems


def _sentences_near(aligned: Alignment, best: Sequence[int]) -> list[CitedSentence]:
    """The sentences that carry a claim, with those before and after."""
    near = {column + step for column in best for step in (-1, 0, 1)}
    return [sentence for column, (_, sentence) in enumerate(aligned.sentences) if column in near]


def _moments_near(aligned: Alignment, best: Sequence[int]) -> list[Moment]:
    """Dates where a claim is carried, in titles and headings, and of the documents."""
    inside = {m for text in aligned.cited for s in text.sentences for m in s.moments}
    about = [m for text in aligned.cited for m in text.moments if m not in inside]
    return [m for s in _sentences_near(aligned, best) for m in s.moments] + about


def _joined(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict on several sentences: it holds where all do."""
    problems = [problem for verdict in verdicts for problem in verdict.problems]
    quotes = dict.fromkeys(quote for verdict in verdicts for quote in verdict.quotes)
    support = min(verdict.support for verdict in verdicts)
    return Verdict(tuple(dict.fromkeys(problems)), support, tuple(quotes)[:MOST_QUOTES])


def _copied(claim: Claim, cited: Sequence[CitedText]) -> Literal["whole", "part", ""]:
    """Whether the claim is a sentence of a passage word for word, or is made of stretches of
    passages that are joined where a clause may end."""
    if len(claim.words) < RUN:
        return ""
    sentences = [sentence.words for text in cited for sentence in text.sentences]
    if claim.words in sentences:
        return "whole"
    known = {words[at : at + RUN] for words in sentences for at in range(len(words) - RUN + 1)}
    covered = 0  # words up to here are copied, or joined to what is
    at = 0
    while at <= len(claim.words) - RUN:
        if claim.words[at : at + RUN] not in known:
            at += 1
            continue
        joined = at == 0 or bool({at, at - 1} & claim.joints)
        if at > covered + 1 or not joined:
            return ""
        while claim.words[at : at + RUN] in known and at <= len(claim.words) - RUN:
            at += 1
        covered = at = at + RUN - 1
    return "part" if covered >= len(claim.words) else ""


def _repeats(claim: Claim) -> bool:
    """Whether a claim says few words over and over, as a stuck model does."""
    content = [claim.words[place] for place in claim.content]
    return len(content) > LEAST_REPEATED and len(set(content)) < REPEATED * len(content)


def _states(text: CitedText, number: Number) -> bool:
    """Whether the passage has the number anywhere."""
    return any(other.bears_out(number) for other in text.numbers)


def _stated(
    claim: Claim, at: tuple[Number, int], cited: Sequence[CitedText], aligned: Alignment
) -> bool:
    """Whether the passages have a number, beside the words of its place in the claim."""
    number, place = at
    if any(_states(text, number) for text in cited):
        return not number_stands_apart(aligned, number, place)
    if aligned.crossed and number.kind in ("ordinal", "plain"):
        # "11th" may be "the rank 11" in another language, beside the same words.
        other = replace(number, kind="plain" if number.kind == "ordinal" else "ordinal")
        figure = any(map(str.isdecimal, claim.text[number.start : number.end]))
        if figure and any(n.bears_out(other) for text in cited for n in text.numbers):
            return not number_stands_apart(aligned, other, place)
    return number.kind == "plain" and number.values[0] == 2 and is_dual(aligned, place)


def _dated(claim: Claim, moment: Moment, source: Sequence[Moment], years: frozenset[int]) -> bool:
    """Whether a date holds; of an ambiguous one, either reading."""
    readings = [m for m in claim.moments if (m.start, m.end) == (moment.start, moment.end)]
    ranges = len({(m.year, m.month) for m in readings}) == 1
    return moment_holds(moment, source, years) or (
        not ranges and any(moment_holds(m, source, years) for m in readings)
    )


_BEFORE_YEAR = frozenset(
    fold(word)
    for word in "in since by until from of early late en depuis de jusqu fin début desde hasta año "
    "année del في عام سنة منذ حتى لعام للعام".split()
)


def _dates_only(claim: Claim, year: Moment, source: Sequence[Moment]) -> bool:
    """Whether a year that only a date of the source has is used as a year: after "in", "since" or
    in brackets, not as a count."""
    before = claim.text[max(0, year.start - 12) : year.start]
    last = words(fold(before))[-1:]
    cue = before.rstrip().endswith("(") or bool(last and last[0] in _BEFORE_YEAR)
    return cue and moment_holds(year, source, frozenset())


def _in_title(claim: Claim, number: Number, cited: Sequence[CitedText]) -> bool:
    """Whether a number stands in a title or heading beside the same word ("Fifth Summit")."""
    near = words(fold(claim.text[max(0, number.start - 20) : number.start]))[-1:]
    near += words(fold(claim.text[number.end : number.end + 30]))[:2]
    for text in cited:
        title = text.context_text
        for other in find_numbers(title, text.language):
            around = words(fold(title[max(0, other.start - 24) : other.end + 40]))
            if other.bears_out(number) and set(near) & set(around):
                return True
            if other.bears_out(number) and number.kind == "ordinal":
                return True
    return False


def _turned_round(aligned: Alignment, best: Sequence[int]) -> Iterator[Problem]:
    """Where the sentence says the opposite, or of another than the source."""
    for what in (
        *negation_problems(aligned, best),
        *opposite_problems(aligned, best),
        *universal_problems(aligned, best),
    ):
        yield Problem("negation", what)
    for kind, what in role_problems(aligned):
        yield Problem(kind, what)
    for what in placement_problems(aligned, best):
        yield Problem("name", what)


def _quotes(aligned: Alignment, best: Sequence[int]) -> tuple[Quote, ...]:
    """The statements that hold the best sentences, else those sentences themselves."""
    found: list[Quote] = []
    for column in best:
        text, sentence = aligned.sentences[column]
        inner = sentence.quote
        around = [q for q in text.statements if q.start <= inner.start and inner.end <= q.end]
        found.append(min(around, key=lambda q: q.end - q.start) if around else inner)
    return tuple(dict.fromkeys(found))
