"""Greetings and thanks: messages of which every word is one. They ask nothing and get a friendly
line, not a search. An exact list; anything beside it is a question."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from rag.words.text import fold, words

Courtesy = Literal["greeting", "thanks"]
LONGEST = 6  # words of a message that only greets or thanks
_GREETINGS = {
    "en": "hello hi hey greetings good morning afternoon evening day there everyone sanad",
    "fr": "bonjour bonsoir salut coucou bonne journée tous sanad",
    "es": "hola buenos buenas días tardes noches saludos qué tal sanad",
    "ar": "مرحبا أهلا وسهلا السلام عليكم ورحمة الله وبركاته صباح مساء الخير النور تحية سند",
}
_THANKS = {
    "en": "thanks thank you so very much many thx cheers great perfect ok okay sanad",
    "fr": "merci beaucoup bien infiniment parfait super d'accord sanad",
    "es": "gracias muchas muchísimas mil perfecto vale genial sanad",
    "ar": "شكرا جزيلا لك لكم مشكور تسلم يعطيك العافية ممتاز سند",
}
# Each message holds one of these: "good" or "you" alone are neither.
_KEYS = {
    "greeting": "hello hi hey greetings bonjour bonsoir salut coucou hola buenos buenas saludos "
    "مرحبا أهلا",
    "thanks": "thanks thank thx cheers merci gracias شكرا مشكور",
}
# Or one of these and another word: alone they may be searched for ("السلام" is peace).
_WITH_ANOTHER = {
    "greeting": "morning afternoon evening السلام صباح مساء تحية",
    "thanks": "يعطيك",
}


def courtesy(text: str) -> tuple[Courtesy, str] | None:
    """What a message is that only greets or thanks, and its language; None for any other."""
    said = words(fold(text))
    if not 0 < len(said) <= LONGEST:
        return None
    for kind, listed in _lists():
        for language, known in listed.items():
            if set(said) <= known and _keyed(said, kind):
                return kind, language
    return None


@lru_cache(maxsize=1)
def _lists() -> tuple[tuple[Courtesy, dict[str, frozenset[str]]], ...]:
    return (("greeting", _folded(_GREETINGS)), ("thanks", _folded(_THANKS)))


def _folded(listed: dict[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(words(fold(text))) for language, text in listed.items()}


def _keyed(said: list[str], kind: Courtesy) -> bool:
    weak = len(said) > 1 and bool(set(said) & _of(_WITH_ANOTHER[kind]))
    return weak or bool(set(said) & _of(_KEYS[kind]))


@lru_cache(maxsize=4)
def _of(listed: str) -> frozenset[str]:
    return frozenset(words(fold(listed)))
