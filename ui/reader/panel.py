"""The empty panel beside the chat, which `reader.js` fills with the reader's article.

Its words stand in a template, so that the script holds none. Knows no document.
"""

from __future__ import annotations

from rag.wording import say
from ui.markup import marked, text


def panel(language: str) -> str:
    """A template for the head of a chat page in a language."""
    word = {key: text(say(language, f"reader.{key}")) for key in ("name", "opening", "failed")}
    again, whole = (text(say(language, f"reader.{key}")) for key in ("try_again", "as_page"))
    return (
        f'<template id="sanad-reader-panel"><dialog class="sanad-panel" id="sanad-reader" '
        f'aria-label="{word["name"]}"{marked(language)}>'
        f"<header><p>{word['name']}</p>"
        f'<button type="button" class="sanad-close">{text(say(language, "chat.close"))}</button>'
        '</header><div class="sanad-panel-scroll" tabindex="-1"></div>'
        '<p role="status" class="sanad-unseen"></p></dialog></template>'
        f'<template id="sanad-reader-opening"><div class="sanad-panel-told"><p tabindex="-1">'
        f"{word['opening']}</p></div></template>"
        f'<template id="sanad-reader-failed"><div class="sanad-panel-told"><p tabindex="-1">'
        f'{word["failed"]}</p><button type="button">{again}</button> '
        f'<p><a target="_blank" rel="noopener">{whole}</a></p></div></template>'
    )
