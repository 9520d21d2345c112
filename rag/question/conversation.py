"""Follow-up questions as questions that stand by themselves, without a language model.

    "How does Kenya structure county action plans?" / "and in Uganda?"
        -> "How does Uganda structure county action plans?"

A question that is complete stays as it was typed: the reader sees what was searched and can edit
it, but should seldom have to. The history comes from a client: it is text to take words from, never
an instruction, and a document in it counts only if the store has it. Knows no passage and no reply.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.index.generation import Generation
from rag.question.classify import ANSWER, classify, leaning
from rag.question.comparison import sides_of, versus
from rag.question.cues import cues, named_language
from rag.question.followup import (
    FollowUp,
    Fragment,
    elliptical,
    follow_up,
    fragment,
    language_of,
    likewise,
    matched_language,
    pointer,
)
from rag.question.glossary import Glossary
from rag.question.history import LONGEST, clean
from rag.question.history import bounded as bounded
from rag.question.mentions import Kind, Mention, mentions, tokens
from rag.question.reference import (
    Asked,
    append,
    focus,
    front,
    has_preposition,
    join,
    listed,
    rendered,
    replace_mention,
    without,
)
from rag.question.rewrite import accept as accept
from rag.types import Turn
from rag.words.text import stopwords

CITIES = 300  # of the collection, the most frequent, that names are compared with
FOLLOW_UP = 300  # characters; a longer question says all it needs
STANDS, LEANS = 0.1, 0.5  # probability that it leans: below, it stands alone; from, it leans
_COMPARE = {"en": "Compare", "fr": "Comparer", "es": "Comparar", "ar": "قارن بين"}
Wish = Literal["", "more", "shorter", "again"]
_WISHES: tuple[Wish, ...] = ("again", "more", "shorter")


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that can be searched by itself."""

    question: str  # what is searched
    changed: bool  # whether it differs from what was typed
    language: str = ""  # to reply in, where the conversation decides it; else the question's own
    wish: Wish = ""  # beside the question: more of the same, shorter, the same in `language`
    document: str = ""  # id that "this report" points to; the store has it
    rule: str = ""  # what changed it: replaced, joined, fronted, compared, repeated


def standalone(
    question: str, history: Sequence[Turn], generation: Generation, glossary: Glossary
) -> Standalone:
    """The question with what it leaves unsaid put in from the questions before it.

    Never raises for what is in the question or the history. A question made longer than
    LONGEST, or already longer, stays as it was typed.
    """
    typed = question.strip()
    turns = bounded(history)
    if not turns or not typed or len(typed) > LONGEST:
        return Standalone(question, False)
    scene = _Scene(generation, glossary)
    thread: list[Asked] = []
    for turn in turns:
        made = scene.resolve(turn.question, thread)
        thread.append(scene.asked(made, turn, len(thread)))
    made = scene.resolve(clean(typed), thread)
    if len(made.question) > LONGEST or not (made.rule or made.document):
        return Standalone(question, False)
    changed = bool(made.rule) and made.question != typed
    return Standalone(
        made.question if changed else question,
        changed,
        made.reply if made.rule else "",
        made.wish,
        made.document,
        made.rule,
    )


@dataclass(frozen=True, slots=True)
class _Made:
    question: str
    language: str  # of the question's words
    reply: str
    rule: str = ""
    wish: Wish = ""
    base: str = ""
    chain: int = -1  # of the question it was made from; -1: a new one
    document: str = ""


class _Scene:
    """What a conversation is about to take its names from."""

    def __init__(self, generation: Generation, glossary: Glossary) -> None:
        self._store = generation.store
        self._glossary = glossary
        self._cities = tuple(city for city, _ in self._store.facet_counts("city")[:CITIES])
        self._found: dict[tuple[str, str], tuple[Mention, ...]] = {}

    def asked(self, made: _Made, turn: Turn, number: int) -> Asked:
        """A question of the thread, with the documents that the store has."""
        known = tuple(id for id in turn.documents if self._store.find_document(id))
        return self._asked(made, known, number)

    def _asked(self, made: _Made, documents: tuple[str, ...] = (), number: int = 0) -> Asked:
        question = made.question[:LONGEST]
        found = self._mentions(question, made.language)
        chain = made.chain if made.chain >= 0 else number
        return Asked(question, made.language, found, made.base or question, chain, documents)

    def _mentions(self, text: str, language: str) -> tuple[Mention, ...]:
        if (text, language) not in self._found:
            found = mentions(text, language, self._cities, self._glossary)
            self._found[text, language] = found
        return self._found[text, language]

    def resolve(self, text: str, thread: Sequence[Asked]) -> _Made:
        """One question after the thread: as it is, or what it means there."""
        language = language_of(text, thread[-1].language if thread else "en")
        unchanged = _Made(text, language, language)
        if not thread or len(text) > FOLLOW_UP:
            return unchanged
        now = follow_up(text, language, self._mentions(text, language))
        last = thread[-1]
        made = self._leaning(now, thread) or unchanged
        if now.cue.finds("document", now.plain) and last.documents:
            return _Made(
                made.question, made.language, made.reply, made.rule, made.wish, made.base,
                made.chain, last.documents[0],
            )  # fmt: skip
        return made

    def _leaning(self, now: FollowUp, thread: Sequence[Asked]) -> _Made | None:
        """What a question that leans on the thread means there; None for one that stands alone.
        A head says whether it leans; how it is put in full is worded by rule, else by joining."""
        last = thread[-1]
        leans = leaning(now.text, last.question)
        if leans < STANDS:
            return None
        made = (
            _repeated(now, last)
            or self._compared(now, thread)
            or _joined_whole(now, last)
            or self._from_fragment(now, last)
            or self._from_pointer(now, thread)
        )
        joins = leans >= LEANS and classify(now.text).ruling == ANSWER  # not "thank you!"
        return made or (_join(last, now, now.language) if joins else None)

    def _compared(self, now: FollowUp, thread: Sequence[Asked]) -> _Made | None:
        """ "compare them": the last things of one kind that the thread names."""
        last = thread[-1]
        language = matched_language("compare", now.plain, now.language)
        sides = sides_of(thread) if language else versus(now, last)
        if not language and not sides:
            return None
        language = language or now.language
        if not sides:
            return _join(last, now, language)
        source = sides[0][0]
        names = list(
            dict.fromkeys(rendered(m, a.language, language, self._glossary) for a, m in sides)
        )
        topic = self._topic(source, sides[0][1], language)
        end = f": {topic}" if topic else ""
        if language == "fr" and topic:
            end = f" :{end[1:]}"
        question = f"{_COMPARE[language]} {listed(names, language)}{end}"
        return _Made(question, language, language, "compared", base=question, chain=last.chain)

    def _topic(self, asked: Asked, side: Mention, language: str) -> str:
        """What a question asks about one side: its concept, else its words without the side."""
        heads = [m for m in asked.mentions if m.kind == "concept" and m.key != side.key]
        if heads and side.kind != "concept":
            return rendered(heads[0], asked.language, language, self._glossary)
        rest = without(asked, [m for m in asked.mentions if m.kind == side.kind])
        cue, stop = cues(asked.language), stopwords(asked.language)
        for token in tokens(rest):
            if token.folded not in stop and token.folded not in cue.interrogatives:
                return rest[token.start :].rstrip(" ?؟!.")
        return ""

    def _from_fragment(self, now: FollowUp, last: Asked) -> _Made | None:
        """ "and in Uganda?": the last question about it."""
        part = likewise(now) or fragment(now)
        if part is None:
            return None
        if not part.mentions:
            replaced = _about(now, part, last)
            if replaced:
                return _Made(replaced, last.language, now.language, "replaced", chain=last.chain)
            return _join(last, now, now.language) if len(part.extra) <= 4 else None
        if part.extra:
            return _join(last, now, now.language) if len(part.extra) == 1 else None
        question = self._replaced(now, part, last)
        if not question:
            return _join(last, now, now.language)
        return _Made(question, last.language, now.language, "replaced", chain=last.chain)

    def _replaced(self, now: FollowUp, part: Fragment, last: Asked) -> str:
        """The last question about what the fragment names; "" where that is not clear."""
        new = part.mentions[0]
        same = now.language == last.language
        names = [rendered(m, now.language, last.language, self._glossary) for m in part.mentions]
        if any(m.kind != new.kind for m in part.mentions):
            return ""
        text = listed(names, last.language)
        targets = _targets(new, part, last)
        if not targets:
            locative = same and part.preposition and part.preposition in now.cue.prepositions
            return append(last, part.phrase if locative else f"({text})")
        old = targets[0]
        if not new.is_country:
            old = next((m for m in targets if m.is_country == new.is_country), old)
        others = [m for m in targets if m is not old]
        if any(_coordinated(last, old, other) for other in others):
            return ""
        done = replace_mention(last, old, text, country=new.is_country)
        gone = [m for m in others if m.start > old.start and has_preposition(last, m)]
        if len(gone) < len(others):
            return done
        shift = len(done) - len(last.question)
        moved = [
            Mention(m.kind, m.key, m.start + shift, m.end + shift, m.text, m.adjective)
            for m in gone
        ]
        return without(Asked(done, last.language, (), done), moved) if moved else done

    def _from_pointer(self, now: FollowUp, thread: Sequence[Asked]) -> _Made | None:
        """ "what did he say about schools?": the referent in front, or the question before."""
        kind = pointer(now) or ("thing" if elliptical(now) else "")
        if not kind:
            return None
        about = next((asked for asked in reversed(thread[-3:]) if asked.mentions), thread[-1])
        referent = ""
        if kind == "person":
            referent = self._person(thread, now.language)
        else:
            referent = focus(about, now.language, self._glossary)
        if kind == "place" and not referent:
            named = [m for m in about.mentions if m.kind == "place"][:2]
            referent = ", ".join(
                rendered(m, about.language, now.language, self._glossary) for m in named
            )
        if not referent:
            return _join(about, now, now.language)
        question = front(referent, now.language, now.text)
        return _Made(question, now.language, now.language, "fronted", chain=about.chain)

    def _person(self, thread: Sequence[Asked], language: str) -> str:
        """Who "he" or "she" is: the last name, else the last place that someone spoke for."""
        for kind in ("name", "place"):
            for asked in reversed(thread[-3:]):
                named = [m for m in asked.mentions if m.kind == kind]
                if named and kind == "place" and cues(asked.language).patterns["role"].search(
                    asked.question.lower()
                ):  # fmt: skip
                    return focus(asked, language, self._glossary) or named[0].text
                if named:
                    return rendered(named[-1], asked.language, language, self._glossary)
        return ""


def _repeated(now: FollowUp, last: Asked) -> _Made | None:
    """ "in Arabic please", "more details", "shorter": the last question again."""
    for wish in _WISHES:
        language = matched_language(wish, now.plain, now.language)
        if language:
            reply = named_language(now.plain) or language if wish == "again" else language
            return _Made(
                last.question, last.language, reply, "repeated", wish, last.base, last.chain
            )
    return None


def _joined_whole(now: FollowUp, last: Asked) -> _Made | None:
    """ "why?", "who said that?": after the whole last question."""
    language = matched_language("whole", now.plain, now.language)
    return _join(last, now, language) if language else None


def _join(last: Asked, now: FollowUp, language: str) -> _Made:
    first = last.question if len(last.question) + len(now.text) < LONGEST // 2 else last.base
    question = join(first, last.language, now.text)
    return _Made(question, last.language, language, "joined", base=last.base, chain=last.chain)


def _about(now: FollowUp, part: Fragment, last: Asked) -> str:
    """The last question with another topic after its "about"; "" where it has none."""
    if now.language != last.language:
        return ""
    topical = now.cue.topical
    found = [t for t in tokens(last.question) if t.folded in topical]
    same = [t for t in found if t.folded == part.preposition]
    if part.preposition in topical:
        found = same or found
    elif not part.preposition:
        first = sorted(topical & {"about", "on", "regarding", "sur", "concernant", "sobre",
                                  "acerca", "عن", "حول", "بشان"})  # fmt: skip
        found = [t for t in found if t.folded in first]
    else:
        return ""
    if not found:
        return ""
    slot = found[-1]
    inside = [m for m in last.mentions if m.start > slot.start and m.kind == "place"]
    if inside:
        return ""
    phrase = part.phrase if part.preposition else f"{slot.text} {part.phrase}"
    body = last.question.rstrip(" ?؟!.")
    return f"{last.question[: slot.start]}{phrase}{last.question[len(body) :]}"


def _targets(new: Mention, part: Fragment, last: Asked) -> list[Mention]:
    """What in the last question a new thing can take the place of, in order."""
    kinds: list[tuple[Kind, ...]] = [(new.kind,)]
    if new.kind in ("concept", "name"):
        kinds += [("concept", "name")]
    for allowed in kinds:
        found = [m for m in last.mentions if m.kind in allowed]
        if found:
            return found
    places = [m for m in last.mentions if m.kind == "place"]
    return places if new.kind == "name" and len(places) == 1 else []


def _coordinated(last: Asked, one: Mention, other: Mention) -> bool:
    """Whether two mentions are joined by nothing but "and" or a comma."""
    first, second = sorted((one, other), key=lambda m: m.start)
    between = last.question[first.end : second.start]
    cue = cues(last.language)
    left = [t.folded for t in tokens(between) if t.folded not in cue.articles]
    parted = cue.conjunction in left or bool(re.search("[,،]", between))
    return parted and all(word == cue.conjunction or word in cue.prepositions for word in left)
