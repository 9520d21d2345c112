"""Questions to begin with, in the languages of the interface.

Every one is answered from the sample collection; `tests/test_ui_holdings.py` asks them.
The first of each language is one and the same question.
"""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "en": (
        "How did Kenya structure its county action plans?",
        "How does Strumica's Local Prevention Council work?",
        "How does Sweden's centre support municipalities?",
        "What does UNAR do in Italy?",
    ),
    "ar": (
        "كيف نظّمت كينيا خطط عمل المقاطعات؟",
        "كيف يعمل مجلس الوقاية المحلي في ستروميكا؟",
        "ما هي شبكات الوقاية المحلية؟",
    ),
    "fr": (
        "Comment le Kenya a-t-il structuré ses plans d'action de comté ?",
        "Quelle est la stratégie de Strasbourg ?",
        "Qu'est-ce que la coopération nationale-locale ?",
    ),
    "es": (
        "¿Cómo estructuró Kenia sus planes de acción de condado?",
        "¿Qué prevé el plan de Málaga?",
        "¿Cómo trabaja Nansana con la comunidad?",
    ),
}


def examples(language: str) -> tuple[str, ...]:
    """Questions in the interface's language; the English ones where there are none."""
    return EXAMPLES.get(language, EXAMPLES["en"])


def elsewhere(language: str) -> tuple[tuple[str, str], ...]:
    """(language, the first question in it) of every other language."""
    return tuple((code, asked[0]) for code, asked in EXAMPLES.items() if code != language)
