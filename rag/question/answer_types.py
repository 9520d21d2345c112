"""What kind of thing a question asks for (a head says), and whether a sentence shows one.

The latter by cues: words and word shapes in four languages. A kind a language has no cue for is
not judged there (Arabic writes no capitals, so no person is looked for).
"""

from __future__ import annotations

import re

from rag.question.classify import classify
from rag.words.text import fold, words

_SHOWABLE = ("person", "place", "time", "reason")
_NAMED = r"(?<![.!?:\"“«(]\s)(?<!^)\b[A-ZÀ-ÖØ-Þ][\w'’-]+"
_SHOWN = {
    "en": {
        "place": r"\b(?:in|at|near|from|to|on|of) (?:the )?[A-Z]",
        "time": r"\b\d{3,4}\b|(?i:\b(january|february|march|april|may|june|july|august|september|"
        r"october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
        r"century|years?|morning|evening|night|day|after|before|during|since|season|spring|summer|"
        r"winter|autumn|today|yesterday)\b)",
        "reason": r"(?i:\b(because|due to|since|as a result|caused?|causes|reasons?|in order to|"
        r"so that|to (?:ensure|make|avoid|prevent|allow|help|keep|protect)|therefore|thus|"
        r"led to|owing)\b)",
    },
    "fr": {
        "place": r"\b(?:à|au|aux|en|dans|de|près de) (?:la |le |les |l[’'])?[A-ZÀ-ÖØ-Þ]",
        "time": r"\b\d{3,4}\b|(?i:\b(janvier|février|mars|avril|mai|juin|juillet|août|septembre|"
        r"octobre|novembre|décembre|siècle|ans?|années?|mois|jours?|après|avant|pendant|depuis|"
        r"printemps|été|hiver|automne)\b)",
        "reason": r"(?i:\b(parce que|parce qu|car|grâce à|en raison|à cause|afin|pour|raisons?|"
        r"donc|ainsi|puisque|causé)\b)",
    },
    "es": {
        "place": r"\b(?:en|a|de|desde|cerca de) (?:el |la |los |las )?[A-ZÀ-ÖØ-Þ]",
        "time": r"\b\d{3,4}\b|(?i:\b(enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|"
        r"octubre|noviembre|diciembre|siglo|años?|mes|meses|días?|después|antes|durante|desde|"
        r"primavera|verano|invierno|otoño)\b)",
        "reason": r"(?i:\b(porque|debido|a causa|gracias a|para|razón|razones|motivos?|"
        r"por (?:eso|tanto|ello)|ya que|puesto que)\b)",
    },
    "ar": {
        "place": r"(?:^|\s)(?:في|إلى|من|على|عند|قرب) ",
        "time": r"[\d٠-٩]{3,4}|\b(عام|سنة|يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|"
        r"أكتوبر|نوفمبر|ديسمبر|قرن|القرن|يوم|أمس|بعد|قبل|خلال|عندما|صباح|مساء|ليلة|منذ|الصيف|"
        r"الشتاء)\b",
        "reason": r"لأن|بسبب|نتيجة|نظرا|لكي|من أجل|حتى|مما|لذلك|يعود|سبب|لضمان|لتجنب|لمنع|أدى|"
        r"بهدف|بغية",
    },
}


def asked_types(question: str) -> tuple[str, ...]:
    """Kinds of thing a question asks for: "person", "place", "time", "reason"; often none."""
    kind = classify(question).asks
    return (kind,) if kind in _SHOWABLE else ()


def asks_figure(question: str) -> bool:
    """Whether a question asks for a number or a date."""
    return classify(question).asks in ("number", "time")


def shows(kind: str, text: str, language: str, known: frozenset[str]) -> float:
    """1 when a sentence shows a thing of that kind, -1 when it shows none, 0 when the
    language has no cue.

    `known` are the question's own names, folded: a person or a place asked for is another.
    """
    if kind in ("person", "place") and language in ("en", "fr", "es"):
        found = {word for name in re.findall(_NAMED, text) for word in words(fold(name))}
        if not found - known:
            return -1.0
    if kind == "person":
        return 0.0 if language not in ("en", "fr", "es") else 1.0
    pattern = _SHOWN.get(language, {}).get(kind)
    if pattern is None:
        return 0.0
    return 1.0 if re.search(pattern, text) else -1.0
