"""What kind of follow-up a question is: which pronoun points out of it, what a fragment names.

Looks at one question at a time; what it refers to is for `rag.question.conversation` to find.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.question.cues import LANGUAGES, Cues, Phrase, cues, normal
from rag.question.mentions import Mention, Token, tokens
from rag.words.text import fold, stopwords, words

Pointer = Literal["", "person", "thing", "place"]
LONGEST_FRAGMENT = 8  # words after "what about"; after a bare "and", 6
_SUFFIXED = re.compile(r"(?:ها|هم|هما|هن|[^ةه]ه)$")
_NO_SUFFIX = frozenset(
    "هذه فيه منه عليه وجه مياه تجاه اتجاه شبه انتباه فقه لديه به له إليه الله".split()
)
_READERS = frozenset(
    "you your yours i me my we us our vous votre vos tu te toi ton je moi mon nous notre usted "
    "ustedes te tu yo mi nosotros انت انتم انا نحن".split()
)
_DIACRITICS = re.compile("[\u064b-\u0652\u0640]")


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question as typed, with what is needed to read it."""

    text: str
    plain: str  # `rag.question.cues.normal`
    language: str
    words: tuple[Token, ...]
    mentions: tuple[Mention, ...]

    @property
    def cue(self) -> Cues:
        return cues(self.language)

    def content(self, among: Sequence[Token]) -> list[Token]:
        """The words that name a topic."""
        stop, cue = stopwords(self.language), self.cue
        return [
            token
            for token in among
            if token.folded not in stop
            and token.folded not in cue.fillers
            and token.folded not in cue.interrogatives
            and len(token.folded) > 1
        ]


@dataclass(frozen=True, slots=True)
class Fragment:
    """What follows "and" or "what about" where it is no whole question."""

    phrase: str  # with its preposition: "in Uganda"
    bare: str  # without: "Uganda"
    preposition: str  # folded; empty when there is none
    mentions: tuple[Mention, ...]
    extra: tuple[str, ...]  # words that name a topic beside the mentions


def language_of(text: str, default: str) -> str:
    """Which of our languages a short question is in, by its script and function words;
    `default` where those do not decide."""
    if re.search("[\u0620-\u064a]", text):
        latin = sum(letter.isascii() and letter.isalpha() for letter in text)
        return "ar" if latin < len(text) / 2 else default
    found = set(words(fold(text.replace("’", "'"))))
    votes = {
        code: len(found & (stopwords(code) | cues(code).interrogatives | _openings(cues(code))))
        for code in LANGUAGES
        if code != "ar"
    }
    votes["es"] += 2 * ("¿" in text or "¡" in text) + ("ñ" in text)
    votes["fr"] += "ç" in text or " ?" in text
    most = max(votes.values())
    best = [code for code, count in votes.items() if count == most]
    return best[0] if most and len(best) == 1 else default


def _openings(cue: Cues) -> frozenset[str]:
    return frozenset(phrase[0] for phrase in (*cue.openings, *cue.about))


def matched_language(name: str, plain: str, language: str) -> str:
    """The language whose pattern fits the whole question, its own first; "" when none does."""
    for code in (language, *LANGUAGES):
        if cues(code).matches(name, plain):
            return code
    return ""


def fragment(asked: FollowUp) -> Fragment | None:
    """The follow-up as a fragment, or None where it is a whole question."""
    found = list(asked.words)
    cue = asked.cue
    at, offset = _opening(asked, found)
    opened = at > 0 or offset > 0
    strong = 0
    for phrase in cue.about:
        if _at(found, at, offset, phrase):
            strong = len(phrase)
            break
    if strong:
        at, offset = at + strong, 0
    rest = found[at:]
    if not rest or len(rest) > (LONGEST_FRAGMENT if strong else LONGEST_FRAGMENT - 2):
        return None
    if offset:
        first = rest[0]
        rest = [Token(first.text[1:], first.folded[1:], first.start + 1, first.end), *rest[1:]]
    verbs = cue.interrogatives - cue.prepositions - cue.articles - {"y", "que", "a", "des"}
    if any(token.folded in verbs for token in (rest[:1] if strong else rest)):
        return None
    return _parts(asked, rest, opened=opened or strong > 0, strong=strong > 0)


def _opening(asked: FollowUp, found: Sequence[Token]) -> tuple[int, int]:
    """Words of the opening ("and"), and letters of it written on to the next word (Arabic)."""
    at = 0
    while at < len(found) - 1 and (found[at].folded,) in asked.cue.openings:
        at += 1
    first = found[at] if at < len(found) else None
    if asked.language != "ar" or first is None or first.folded[0] != "و" or len(first.folded) < 3:
        return at, 0
    rest, cue = first.folded[1:], asked.cue
    opens = (
        rest in cue.prepositions
        or rest in cue.interrogatives
        or rest in stopwords("ar")
        or rest.startswith("ال")
        or any(phrase[0] == rest for phrase in cue.about)
        or any(mention.start - first.start in (1, 2) for mention in asked.mentions)
    )
    return at, int(opens)


def _at(found: Sequence[Token], at: int, offset: int, phrase: Phrase) -> bool:
    here = [token.folded for token in found[at : at + len(phrase)]]
    if offset and here:
        here[0] = here[0][offset:]
    return tuple(here) == phrase


def _parts(
    asked: FollowUp, rest: Sequence[Token], *, opened: bool, strong: bool
) -> Fragment | None:
    cue, stop = asked.cue, stopwords(asked.language)
    named = tuple(m for m in asked.mentions if m.start >= rest[0].start)
    outside = [t for t in rest if all(t.end <= m.start or m.end <= t.start for m in named)]
    extra = tuple(token.folded for token in asked.content(outside))
    if not named and not extra:
        return None
    begins = min([m.start for m in named] + [t.start for t in outside if t.folded in extra])
    lead = [token for token in rest if token.end <= begins]
    preposition, start = "", begins
    for token in reversed(lead):
        if token.folded in cue.prepositions:
            preposition, start = token.folded, token.start
        elif token.folded in cue.articles and token.folded not in ("el",):
            start = token.start
        else:
            break
    if named and rest[0].start < named[0].start and asked.language == "ar" and not preposition:
        preposition = "" if strong else next(
            (t.folded for t in lead if t.folded in cue.prepositions), ""
        )  # fmt: skip
    whole = asked.text.rstrip(' \t?؟!.…»”"')
    pointed = asked.text.rstrip().endswith(("?", "؟"))
    if not opened and not (named and not extra and (pointed or preposition)):
        return None  # a bare name is a follow-up when it is asked as one
    if asked.language == "ar" and not named and not strong and not preposition:
        heads = [t for t in rest if t.folded in extra]
        if not heads[0].folded.startswith("ال"):
            return None
    if any(t.folded in _READERS for t in rest) or any(
        t.folded in stop and t.folded in cue.boundaries and t.folded != cue.conjunction
        for t in lead
    ):
        return None
    return Fragment(whole[start:], whole[begins:], preposition, named, extra)


def likewise(asked: FollowUp) -> Fragment | None:
    """What "is it the same in Uganda?" asks of, as a fragment."""
    found = asked.cue.finds("likewise", asked.plain)
    if not found or len(asked.mentions) != 1:
        return None
    named = asked.mentions[0]
    outside = [t for t in asked.words if t.end <= named.start or named.end <= t.start]
    said = {*found[0].split(), *(word for phrase in asked.cue.openings for word in phrase)}
    extra = [t for t in asked.content(outside) if t.folded not in said]
    if len(extra) > (asked.language == "ar"):  # "الأمر": the thing
        return None
    return Fragment(named.text, named.text, "", (named,), ())


def pointer(asked: FollowUp) -> Pointer:
    """Which kind of thing outside the question one of its pronouns stands for, "" for none."""
    cue = asked.cue
    if cue.finds("expletive", asked.plain) and asked.language != "en":
        return ""
    person = cue.finds("person", asked.plain)
    if person:
        before = asked.plain[: person.start()]
        names = any(m.kind == "name" and fold(m.text) in before for m in asked.mentions)
        if not names and not cue.finds("role", before):
            return "person"
    place = cue.finds("place", asked.plain)
    if place and not any(m.kind == "place" for m in asked.mentions):
        return "place"
    expletive = cue.finds("expletive", asked.plain)
    for match in cue.patterns["thing"].finditer(asked.plain):
        inside = expletive and expletive.start() <= match.start() < expletive.end()
        if not inside and not _bound(asked, asked.plain[: match.start()]):
            return "thing"
    possessive = cue.finds("possessive", asked.plain)
    if possessive and not _named_before(asked, asked.plain[: possessive.start()]):
        return "thing"
    return "thing" if asked.language == "ar" and _arabic_pointer(asked) else ""


def _bound(asked: FollowUp, before: str) -> bool:
    """Whether a pronoun can stand for something named before it in the same question.

    In French a determined noun before it is its subject ("le conseil ... est-il"); elsewhere a
    clause must end between the two ("which councils ... and what do they").
    """
    cue = asked.cue
    parts = [Token(word, word, 0, 0) for word in re.findall(r"\w+|,", before)]
    if asked.language == "fr":
        determined = any(part.folded in cue.articles for part in parts)
        return determined or _mention_in(asked, before)
    for i, part in enumerate(parts):
        if part.folded in cue.boundaries and i:
            head = " ".join(p.folded for p in parts[:i])
            if asked.content(parts[:i]) or _mention_in(asked, head):
                return True
    return False


def _named_before(asked: FollowUp, before: str) -> bool:
    parts = [Token(word, word, 0, 0) for word in re.findall(r"\w+", before)]
    return bool(asked.content(parts)) or _mention_in(asked, before)


def _mention_in(asked: FollowUp, before: str) -> bool:
    return any(normal(mention.text) in before for mention in asked.mentions)


def _arabic_pointer(asked: FollowUp) -> bool:
    """A pronoun written on to a word, or a verb whose subject is missing."""
    parts = asked.words[_opening(asked, asked.words)[0] :]
    content = asked.content(parts)
    if asked.mentions:
        return False  # a question that names something is left as it is
    for token in content[:1]:
        bare = _DIACRITICS.sub("", token.text)
        if len(bare) > 3 and _SUFFIXED.search(bare) and bare not in _NO_SUFFIX:
            return True
    if not parts or not _asks(asked, parts[0]):
        return False
    head: list[Token] = []
    for token in parts[1:]:
        if token.folded in ("عن", "حول", "بشان", "بخصوص", "في", "مع"):
            break
        head.append(token)
    verbs = [
        t for t in head if t.folded not in stopwords("ar") and t.folded not in asked.cue.fillers
    ]
    said = [t for t in head if t.folded in ("قال", "قالت", "ذكر", "ذكرت", "يقول", "تقول")]
    definite = any(token.folded.startswith("ال") for token in head)
    return (
        not definite
        and (bool(said) or (len(verbs) == 1 and verbs[0].folded[0] in "يتا"))
        and (len(verbs) <= 1)
    )


def _asks(asked: FollowUp, token: Token) -> bool:
    word = token.folded
    return word in asked.cue.interrogatives or word.removeprefix("و") in asked.cue.interrogatives


def elliptical(asked: FollowUp) -> bool:
    """Whether a question says too little to be searched by itself: "which counties?"."""
    cue = asked.cue
    if asked.mentions:
        return False
    if cue.matches("elliptical", asked.plain):
        return True
    at, offset = _opening(asked, asked.words)
    rest = asked.words[at:]
    if not rest or not (_asks(asked, rest[0]) or offset):
        return False
    own = any(token.folded in cue.own_nouns or token.folded in _READERS for token in rest)
    opened = asked.plain.split(" ", at)[-1] if at else asked.plain
    return not own and len(asked.content(rest)) <= 1 and not cue.matches("definition", opened)


def follow_up(text: str, language: str, mentions: Sequence[Mention]) -> FollowUp:
    """A question ready to be read."""
    return FollowUp(text, normal(text), language, tuple(tokens(text)), tuple(mentions))
