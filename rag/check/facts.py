"""Names in a sentence, and whether a cited passage names the same.

In Latin script a name is a capitalised word; in Arabic, which has no capitals, a word that no table
knows, or whose translation is its own transliteration, or a country. Two names are the same by
stem, by country, by the glossary, by the translation tables or by sound across scripts. Does not
know who did what.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.check.cited import CitedText
from rag.check.moments import find_moments
from rag.check.numbers import find_numbers
from rag.check.rendering import SAME_SOUND, Renderer, sound
from rag.question.glossary import Glossary
from rag.words.countries import countries_at, country_codes
from rag.words.text import fold, stopwords, words
from rag.words.word_forms import arabic_forms, is_arabic, variants

SAME_SPELLING = 0.8  # ratio of two Latin spellings of one name across languages
NEAR_SOUND = -4.0  # the same as SAME_SOUND for a rendering that the tables give
BACK = 0.3  # share of the likeliest at which a rendering is rendered back
RENDERED = 0.15  # share of the likeliest rendering at which a rendering stands for a name
_TOKEN = re.compile(r"(?:[^\W\d_]|(?<=\w)[\u0300-\u036f\u064b-\u065f\u0670])+")
_ARABIC_ENDINGS = ("وه", "وها", "وا", "ها", "هم", "ات", "ون", "ين", "يه", "تها", "ته", "هما")
_OPENS = '.!?؟:…“"«(¿¡'
_ELISIONS = frozenset("l d qu n s j m t c jusqu lorsqu puisqu".split())


@dataclass(frozen=True, slots=True)
class Name:
    """One word of a name at text[start:end]; `written` as it stands, `word` folded."""

    start: int
    end: int
    written: str
    word: str
    country: str = ""  # ISO 3166 alpha-2


def find_names(text: str, language: str, renderer: Renderer) -> tuple[Name, ...]:
    """Words of `text` that name somebody, somewhere or something, in order."""
    tokens = list(_TOKEN.finditer(text))
    dated = [(m.start, m.end) for m in find_moments(text, language) if m.month]
    counted = [(n.start, n.end) for n in find_numbers(text, language)]
    countries = countries_at([fold(t[0]) for t in tokens])
    found: list[Name] = []
    longer = [t[0] for t in tokens if len(t[0]) > 3]
    capitals = len(longer) > 2 and all(word[0].isupper() for word in longer)  # a headline
    taken = _Taken([*dated, *counted])
    for at, token in enumerate(tokens):
        word = fold(token[0])
        if not word or taken.holds(token.start()):
            continue
        country = countries.get(at, "")
        if is_arabic(word):
            named = bool(country) or _arabic_name(word, language, renderer)
        else:
            named = bool(country and token[0][0].isupper()) or _latin_name(
                text, tokens, at, language, renderer, capitals
            )
        if named:
            found.append(Name(token.start(), token.end(), token[0], word, country))
    return tuple(found)


class _Taken:
    """Spans in order, asked for positions in order."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._spans, self._at = sorted(spans), 0

    def holds(self, position: int) -> bool:
        while self._at < len(self._spans) and self._spans[self._at][1] <= position:
            self._at += 1
        return self._at < len(self._spans) and self._spans[self._at][0] <= position


def _latin_name(
    text: str, tokens: Sequence[re.Match[str]], at: int, language: str, renderer: Renderer,
    capitals: bool,
) -> bool:  # fmt: skip
    """Whether a Latin word is a name: a capital inside the sentence; at its start, or where
    everything has capitals, only what is no word of the language."""
    written = tokens[at][0]
    word = fold(written)
    if not any(map(str.isupper, written)) or word in stopwords(language):
        return False
    if len(written) < 2 or (language in ("fr", "es", "it") and word in _ELISIONS):
        return False
    before = text[: tokens[at].start()].rstrip()
    opens = not before or before[-1] in _OPENS
    if not opens and not capitals:
        return True
    if written.isupper() and not capitals:
        return True
    following = at + 1 < len(tokens) and tokens[at + 1][0]
    if (
        following
        and not capitals
        and following[0].isupper()
        and (
            fold(following) not in stopwords(language)
            and not text[tokens[at].end() : tokens[at + 1].start()].strip()
        )
    ):
        return True
    return not renderer.knows(word, language) or renderer.sounds_like_itself(word, language)


def _arabic_name(word: str, language: str, renderer: Renderer) -> bool:
    """Whether an Arabic word is a name, or not known well enough to be sure that it is none."""
    forms = arabic_forms(word)
    if len(word) < 3 or any(form in stopwords(language) for form in forms):
        return False
    return not renderer.knows(word, language) or renderer.sounds_like_itself(word, language)


def is_named(name: Name, language: str, cited: CitedText, renderer: Renderer) -> bool:
    """Whether the passage, or what the catalogue says of it, names the same."""
    key = f"{language}:{name.written}"
    if key not in cited.shared:
        cited.shared[key] = _is_named(name, language, cited, renderer)
    return cited.shared[key]


def places_named(
    name: Name, language: str, cited: CitedText, renderer: Renderer
) -> list[tuple[int, int]]:
    """(sentence, place) of every word of the passage that is this name."""
    alike = _alike(name, language, cited, renderer)
    return [
        (number, place)
        for number, sentence in enumerate(cited.sentences)
        for place, word in enumerate(sentence.words)
        if word in alike
    ]


def _is_named(name: Name, language: str, cited: CitedText, renderer: Renderer) -> bool:
    if name.country and name.country in cited.countries:
        return True
    if name.written.isupper() and len(name.word) > 1 and name.word in cited.initials:
        return True
    return bool(_alike(name, language, cited, renderer))


def named_beside(
    name: Name, neighbours: Sequence[Name], language: str, cited: CitedText, renderer: Renderer
) -> bool:
    """Whether the name stands beside a neighbour's counterpart in the source and sounds nearly
    alike: "Cape" where "Town" is "تاون" in "كيب تاون"."""
    for other in neighbours:
        for column, place in places_named(other, language, cited, renderer):
            tokens = cited.sentences[column].words
            for word in (*tokens[max(0, place - 1) : place], *tokens[place + 1 : place + 2]):
                if is_arabic(word) != is_arabic(name.word):
                    arabic, latin = (word, name.word) if is_arabic(word) else (name.word, word)
                    if any(sound(form, latin) >= NEAR_SOUND for form in arabic_forms(arabic)):
                        return True
    return False


def is_word(name: Name, language: str, cited: Sequence[CitedText], renderer: Renderer) -> bool:
    """Whether an Arabic word taken for a name is a word with a meaning after all, to be left to
    the support of the sentence. Latin names never are: a capital claims a name."""
    return is_arabic(name.word) and not any(
        text.language == language or _untranslated(name, language, renderer) for text in cited
    )


def _untranslated(name: Name, language: str, renderer: Renderer) -> bool:
    """Whether an Arabic name is one beyond doubt: a country, a word that translates to its own
    sound, or one that no table knows and that is not shaped like a verb, an adjective or a word
    with an ending."""
    word = name.word
    if name.country or renderer.sounds_like_itself(word, language):
        return True
    verb = len(word) > 3 and word[0] in "يت" and word[1] not in "اوي"
    joined = word.endswith(_ARABIC_ENDINGS) or word.startswith(("ال", "وال", "است"))
    return not (renderer.guesses(word, language) or verb or joined)


def _alike(name: Name, language: str, cited: CitedText, renderer: Renderer) -> frozenset[str]:
    """Words of the passage and its context that are this name."""
    found: set[str] = set()
    target = cited.language
    own = set(variants(name.word, language)) | {name.word}
    renderings = renderer.renderings(name.word, language, target) if target != language else {}
    most = max(renderings.values(), default=0.0)
    likely = {
        term
        for term, weight in renderings.items()
        if weight >= RENDERED * most and _means_back(name.word, term, language, target, renderer)
    }
    codes = {name.country} if name.country else set()
    for word in cited.words:
        forms = set(variants(word, target))
        if (
            (forms & likely and country_codes(word) <= codes)
            or (target == language and forms & own)
            or word == name.word
            or (codes and codes & country_codes(word))
            or (not name.country and _same_name(name.word, word, target != language, cited))
            or (name.country and _demonym(name.word, word, target == language))
        ):
            found.add(word)
    return frozenset(found)


def _means_back(word: str, term: str, language: str, target: str, renderer: Renderer) -> bool:
    """Whether a rendering of a name is one of it and not of what it stands beside ("Nairobi",
    "كينيا"): it sounds alike, or is rendered back by the name."""
    if not renderer.sounds_like_itself(word, language):
        return True  # a word with a meaning ("Global")
    if is_arabic(word) != is_arabic(term):
        arabic, latin = (word, term) if is_arabic(word) else (term, word)
        if any(sound(form, latin) >= NEAR_SOUND for form in arabic_forms(arabic)):
            return True
    back = renderer.renderings(term, target, language)
    most = max(back.values(), default=0.0)
    own = set(variants(word, language))
    return any(back.get(form, 0.0) >= BACK * most > 0 for form in own)


def _same_name(a: str, b: str, crossed: bool, cited: CitedText) -> bool:
    """Whether two spellings are of one name: by sound across scripts, nearly alike within."""
    first, second = is_arabic(a), is_arabic(b)
    if first != second:
        arabic, latin = (a, b) if first else (b, a)
        if first and latin not in cited.capitals:
            return False
        return len(latin) > 2 and any(
            sound(form, latin) >= SAME_SOUND for form in arabic_forms(arabic)
        )
    if first:
        return bool(set(arabic_forms(a)) & set(arabic_forms(b)))
    if country_codes(a) or country_codes(b) or not crossed or b not in cited.capitals:
        return False
    if a[:1] != b[:1] or min(len(a), len(b)) < 5:
        return False
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= SAME_SPELLING


def _demonym(name: str, word: str, same_language: bool) -> bool:
    """Kenya, Kenyan: one is the other and an ending."""
    shared = 0
    for x, y in zip(name, word, strict=False):
        if x != y:
            break
        shared += 1
    return same_language and shared >= max(4, len(name) - 2) and len(word) <= len(name) + 3


def licensed(sentence: str, cited: Iterable[CitedText], glossary: Glossary) -> frozenset[str]:
    """Folded words of the names of concepts that both the sentence and a passage name."""
    named = glossary.named_in(sentence)
    if not named:
        return frozenset()
    texts = [f"{text.context_text}\n{text.passage.text}" for text in cited]
    return frozenset(
        word
        for concept in named
        if any(concept.named_in(text) for text in texts)
        for by_language in (concept.forms, concept.abbreviations)
        for names in by_language.values()
        for name in names
        for word in words(fold(name))
    )
