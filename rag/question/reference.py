"""Putting one thing in the place of another, and what a pronoun stands for.

Works on questions whose mentions are known (`rag.question.mentions`). Grammar is kept where a
rule of thumb can keep it (articles and contractions of country names); a verb is never changed.
Knows no history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.question.cues import cues, data
from rag.question.glossary import Glossary
from rag.question.mentions import Mention, Token, tokens
from rag.wording import country_name
from rag.words.text import fold, stopwords

_VOWELS = frozenset("aeiouyéèêàâîïôûhAEIOUYÉÈÊÎÔH")
_END = " \t?؟!.…"
NOUN_PHRASE = 6  # words looked at before a place for the article of its noun phrase


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that stands by itself, with what it names."""

    question: str
    language: str  # of its words
    mentions: tuple[Mention, ...]
    base: str  # without the follow-ups that were joined on to it
    chain: int = 0  # questions made from one another by replacing have the same
    documents: tuple[str, ...] = ()  # ids its reply cited that the store has


def rendered(mention: Mention, source: str, target: str, glossary: Glossary) -> str:
    """A mention in the words of `target`: as typed in its own language, else the country's
    name of CLDR, the concept's preferred form, or the city as the collection has it."""
    elided = mention.text.startswith("ل") and not mention.text.startswith("لل")  # of "للسويد"
    if mention.is_country and (mention.adjective or source != target or elided):
        return country_name(mention.key, target)
    if source == target and not (mention.kind == "place" and mention.text.islower()):
        return mention.text  # a place typed in lower case gets its capitals
    if mention.is_country:
        return country_name(mention.key, target)
    if mention.kind == "place":
        return mention.key.removeprefix("city:")
    if mention.kind == "concept":
        forms = next((c.forms for c in glossary.concepts if c.id == mention.key), {})
        return forms.get(target, (mention.text,))[0]
    return mention.text


def replace_mention(asked: Asked, old: Mention, new: str, *, country: bool) -> str:
    """The question with `new` where `old` stood, with the articles the language wants."""
    text, language = asked.question, asked.language
    start, end = old.start, old.end
    if old.kind == "place":
        if language == "fr":
            start, new = _french(text, old, new, country=country)
        elif language == "es":
            start, new = _spanish(text, old, new)
        elif language == "en":
            start, new = _english(text, old, new)
        elif old.adjective:
            new = f"في {new}"
        elif start and text[start - 1] == "ل" and new.startswith("ال"):
            new = new[1:]  # "لكينيا" -> "للسويد"
    if not text[:start].strip(' ¿¡«“"'):
        new = new[:1].upper() + new[1:]
    return text[:start] + new + text[end:]


def _french(text: str, old: Mention, new: str, *, country: bool) -> tuple[int, str]:
    """Where the article before a place starts, and the new place with its own."""
    before = tokens(text[: old.start])[-2:]
    role, start = "bare", old.start
    for token in reversed(before):
        if not text[token.end : start].strip(" '’") and token.folded in _FRENCH_ROLES:
            role, start = _FRENCH_ROLES[token.folded], token.start
        else:
            break
    if old.adjective:
        role, start = "of", old.start
    if role == "bare":
        return old.start, new
    vowel = new[:1] in _VOWELS
    if not country or new in str(data()["french"]["bare"]).split():
        of = f"d'{new}" if vowel else f"de {new}"
        return start, {"subject": new, "of": of, "in": f"à {new}"}[role]
    rules = data()["french"]
    if any(fold(new).startswith(fold(word)) for word in rules["plural"].split()):
        return start, {"subject": "les ", "of": "des ", "in": "aux "}[role] + new
    feminine = new.endswith("e") and new not in rules["masculine"].split()
    if role == "subject":
        return start, (f"l'{new}" if vowel else f"la {new}" if feminine else f"le {new}")
    if role == "of":
        return start, (f"de l'{new}" if vowel else f"de la {new}" if feminine else f"du {new}")
    return start, f"en {new}" if feminine or vowel else f"au {new}"


_FRENCH_ROLES = {
    "le": "subject", "la": "subject", "les": "subject", "l": "subject",
    "du": "of", "des": "of", "de": "of", "d": "of", "en": "in", "au": "in", "aux": "in", "a": "in",
}  # fmt: skip


def _spanish(text: str, old: Mention, new: str) -> tuple[int, str]:
    if old.adjective:
        return old.start, f"de {new}"
    before = tokens(text[: old.start])[-1:]
    if before and not text[before[0].end : old.start].strip():
        contracted = {"del": f"de {new}", "al": f"a {new}", "el": new, "los": new, "las": new}
        if before[0].folded in contracted:
            return before[0].start, contracted[before[0].folded]
    return old.start, new


def _english(text: str, old: Mention, new: str) -> tuple[int, str]:
    before = tokens(text[: old.start])[-1:]
    start = old.start
    if before and before[0].folded == "the" and not old.adjective:
        start = before[0].start
    with_article = {name.strip() for name in str(data()["english"]["the"]).split(";")}
    return start, f"the {new}" if new in with_article and not old.adjective else new


def without(asked: Asked, mentions: Sequence[Mention]) -> str:
    """The question without these mentions, the prepositions and articles before them and
    the possessive after them."""
    text = asked.question
    cue = cues(asked.language)
    for mention in sorted(mentions, key=lambda m: -m.start):
        start, end = mention.start, mention.end
        for token in reversed(tokens(text[:start])):
            if text[token.end : start].strip(" '’") or (
                token.folded not in cue.prepositions and token.folded not in cue.articles
            ):
                break
            start = token.start
        for possessive in ("'s", "’s"):
            end += len(possessive) if text.startswith(possessive, end) else 0
        text = text[:start].rstrip() + " " + text[end:].lstrip()
    return text.strip()


def has_preposition(asked: Asked, mention: Mention) -> bool:
    """Whether a mention follows a preposition, so that it can go without harm."""
    cue = cues(asked.language)
    for token in reversed(tokens(asked.question[: mention.start])[-2:]):
        if token.folded in cue.prepositions:
            return True
        if token.folded not in cue.articles:
            return False
    return False


def append(asked: Asked, phrase: str) -> str:
    """The question with a phrase more, before its closing mark."""
    body = asked.question.rstrip(_END)
    return f"{body} {phrase}{asked.question[len(body) :].strip() or _mark(asked.language)}"


def join(first: str, language: str, follow_up: str) -> str:
    """Two questions one after the other."""
    body = first.rstrip()
    if body.endswith(follow_up):
        return body
    if body and body[-1] not in "?؟!.…":
        body += _mark(language)
    return f"{body} {capital(follow_up)}"


def front(referent: str, language: str, follow_up: str) -> str:
    """The follow-up after what it is about: "Local Prevention Council: how often does it meet?"."""
    words = tokens(follow_up)
    if words and language != "ar" and words[0].folded in stopwords(language):
        at = words[0].start
        follow_up = follow_up[:at] + follow_up[at].lower() + follow_up[at + 1 :]
    return f"{capital(referent)}{' :' if language == 'fr' else ':'} {follow_up}"


def capital(text: str) -> str:
    """The first letter in upper case, past an opening question mark."""
    at = next((i for i, letter in enumerate(text) if letter.isalpha()), 0)
    return text[:at] + text[at : at + 1].upper() + text[at + 1 :]


def _mark(language: str) -> str:
    return "؟" if language == "ar" else " ?" if language == "fr" else "?"


def listed(names: Sequence[str], language: str) -> str:
    """ "A, B and C" in a language."""
    word = cues(language).conjunction
    if len(names) == 1:
        return names[0]
    if language == "ar":
        return " و".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def focus(asked: Asked, target: str, glossary: Glossary) -> str:
    """What "it" and "they" stand for after this question, in the words of `target`; empty
    when that cannot be told: then the whole question goes along."""
    heads = [m for m in asked.mentions if m.kind in ("concept", "name")][:2]
    places = [m for m in asked.mentions if m.kind == "place"][:2]
    if heads and asked.language == target:
        together = _together(asked, heads[0], places)
        if together and len(heads) == 1:
            return together
    if heads:
        names = ", ".join(rendered(m, asked.language, target, glossary) for m in heads)
        where = ", ".join(rendered(m, asked.language, target, glossary) for m in places)
        return f"{names} ({where})" if where else names
    if places and asked.language == target:
        return noun_phrase(asked, places[0])
    return ""


def _together(asked: Asked, head: Mention, places: Sequence[Mention]) -> str:
    """Head and place as they stand, where only function words part them."""
    if len(places) != 1:
        return ""
    first, second = sorted((head, places[0]), key=lambda m: m.start)
    between = tokens(asked.question[first.end : second.start])
    stop = stopwords(asked.language) | {"s"}
    if any(token.folded not in stop for token in between):
        return ""
    if asked.language != "en" and (not between or first is places[0]):
        return ""  # next to each other they are no phrase
    if any(letter in ",;:(" for letter in asked.question[first.end : second.start]):
        return ""
    return asked.question[first.start : second.end]


def noun_phrase(asked: Asked, place: Mention) -> str:
    """The noun phrase a place stands in ("the centre in Sweden", "Sweden's centre"), else ""."""
    text, cue = asked.question, cues(asked.language)
    words = tokens(text)
    inside = next((i for i, t in enumerate(words) if t.end > place.start), len(words))
    after = [t for t in words if t.start >= place.end]
    end = place.end
    if text[place.end :].startswith(("'s ", "’s ")):
        return text[place.start : after[1].end] if len(after) > 1 else ""
    if place.adjective and asked.language == "en":
        if not after or after[0].folded in stopwords("en"):
            return ""
        end = after[0].end
    if asked.language == "ar":
        return _arabic_phrase(text, words[:inside], end)
    content = 0
    for token in reversed(words[max(0, inside - NOUN_PHRASE) : inside]):
        if token.folded in cue.articles:
            if content or place.adjective:
                return text[token.start : end] if content or asked.language == "en" else ""
            continue
        if token.folded in cue.interrogatives - cue.prepositions - cue.articles:
            return ""
        content += token.folded not in cue.prepositions
    return ""


def _arabic_phrase(text: str, before: Sequence[Token], end: int) -> str:
    """Up to two words before a place and its preposition, back to the verb."""
    stop, cue = stopwords("ar"), cues("ar")
    start = -1
    taken = 0
    for i, token in enumerate(reversed(before)):
        if token.folded in stop | cue.interrogatives | cue.fillers:
            if taken or i:
                break
            continue
        follows_interrogative = i + 1 < len(before) and (
            before[len(before) - 2 - i].folded in cue.interrogatives
        )
        if taken == 2 or (follows_interrogative and token.folded[0] in "يتن"):
            break
        start, taken = token.start, taken + 1
    return text[start:end] if taken else ""
