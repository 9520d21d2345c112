"""Unanswered questions and feedback in the office as HTML. All of it is strangers' words.

Pure functions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from rag.wording import format_date, number, say
from ui.markup import text
from ui.office.asked import Asked
from ui.office.frame_html import change, hidden, word


def asked_body(
    questions: Sequence[Asked],
    told: Sequence[dict[str, Any]],
    drafted: Collection[str],
    language: str,
    token: str,
    *,
    logged: bool,
) -> str:
    """`drafted`: ids of the draft cases there are; `logged`: whether questions are kept."""
    drafts = ""
    if drafted:
        count = number(len(drafted), language)
        named = word(language, "drafts", number=count)
        drafts = f'<p><a href="./office-drafts" download="drafts.jsonl">{named}</a></p>'
    return (
        f"<h1>{word(language, 'questions')}</h1>"
        f'<p class="sanad-told-once">{word(language, "drafts_told")}</p>{drafts}'
        f"<section><h2>{word(language, 'unanswered')}</h2>"
        f"{_questions(questions, drafted, language, token, logged)}</section>"
        f"<section><h2>{word(language, 'feedback')}</h2>{_feedback(told, drafted, language, token)}"
        "</section>"
    )


def _questions(
    questions: Sequence[Asked], drafted: Collection[str], language: str, token: str, logged: bool
) -> str:
    if not questions:
        return f"<p>{word(language, 'none_unanswered' if logged else 'not_logged')}</p>"
    off = "" if logged else f'<p class="sanad-note">{word(language, "not_logged")}</p>'
    rows = "".join(
        f'<li><p class="sanad-put" dir="auto">{text(each.question)}</p>'
        f'<p class="sanad-note">{_facts(each, language)}</p>'
        f"{_draft('question', each.key, drafted, language, token)}</li>"
        for each in questions
    )
    return f'{off}<ol class="sanad-asked">{rows}</ol>'


def _facts(asked: Asked, language: str) -> str:
    times = text(say(language, "office.times", n=asked.times))
    reply = word(language, "reply_partial" if asked.reply == "partial" else "reply_declined")
    return f"{reply} · {times} · {text(format_date(asked.day, language))}"


def _feedback(
    told: Sequence[dict[str, Any]], drafted: Collection[str], language: str, token: str
) -> str:
    if not told:
        return f"<p>{word(language, 'no_feedback')}</p>"
    rows = "".join(
        f'<li><p class="sanad-put" dir="auto">{text(str(each["question"]))}</p>'
        f"{_said(each, language)}"
        f"{_draft('feedback', str(each.get('id', '')), drafted, language, token)}</li>"
        for each in told
    )
    return f'<ol class="sanad-asked">{rows}</ol>'


def _said(told: dict[str, Any], language: str) -> str:
    good = told.get("verdict") == "good"
    verdict = text(say(language, "feedback.good" if good else "feedback.bad"))
    day = text(format_date(str(told.get("day", "")), language))
    comment = str(told.get("comment") or "").strip()
    quoted = f'<blockquote dir="auto">{text(comment)}</blockquote>' if comment else ""
    return f'<p class="sanad-note">{verdict} · {day}</p>{quoted}'


def _draft(kind: str, key: str, drafted: Collection[str], language: str, token: str) -> str:
    if f"{kind}-{key}" in drafted:
        return f'<p class="sanad-note">{word(language, "is_drafted")}</p>'
    inside = hidden("kind", kind) + hidden("key", key)
    return change(language, "office-draft", token, word(language, "draft"), inside, quiet=True)
