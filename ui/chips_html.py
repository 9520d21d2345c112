"""The filters of the chat page as HTML: chips that are chosen, and a panel to choose from.

`chips.js` writes what is pressed into the address and asks for this piece again. Labels are
data and are escaped. Knows no server.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.wording import number, say
from ui.chips import Chip, Chips, Facet
from ui.markup import marked, text

CROSS = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 7l10 10M17 7L7 17"/></svg>'
LONG = 12  # options of a facet from which on a box to search them helps


def filters_html(shown: Chips, language: str) -> str:
    """The whole section; chosen chips stand above the closed panel."""
    name = text(say(language, "chat.filters"))
    facets = [facet for facet in shown.facets if facet.options]
    if not facets and not shown.chosen:
        return ""
    openers = "".join(_opener(each, language) for each in facets)
    return (
        f'<section class="sanad-filters" aria-label="{name}"{marked(language)}>'
        f"{_chosen(shown, language)}"
        f'<details class="sanad-choose"><summary>{name}</summary>'
        f'<div class="sanad-facet-names">{openers}</div>'
        f"{''.join(_options(each, language) for each in facets)}</details></section>"
    )


def _chosen(shown: Chips, language: str) -> str:
    if not shown.chosen:
        return ""
    clear = text(say(language, "chat.filters_clear"))
    left = text(say(language, "chat.filters_left", n=shown.documents))
    return (
        f'<div class="sanad-chosen">{"".join(_removable(chip, language) for chip in shown.chosen)}'
        f'<button type="button" class="sanad-clear" data-clear>{clear}</button>'
        f'<p class="sanad-left">{left}</p></div>'
    )


def _removable(chip: Chip, language: str) -> str:
    name = text(say(language, "chat.filter_remove", name=chip.label))
    return (
        f'<button type="button" class="sanad-chip" data-chip="{text(chip.key)}" data-value='
        f'"{text(chip.value)}" aria-label="{name}">{_label(chip, language)}{CROSS}</button>'
    )


def _label(chip: Chip, language: str) -> str:
    return f"<bdi>{text(chip.label)}</bdi> <span>{number(chip.count, language)}</span>"


def _opener(facet: Facet, language: str) -> str:
    name = text(say(language, f"chat.filter_{facet.key}"))
    return (
        f'<button type="button" data-facet="{text(facet.key)}" aria-expanded="false" '
        f'aria-controls="sanad-facet-{text(facet.key)}">{name}</button>'
    )


def _options(facet: Facet, language: str) -> str:
    key = text(facet.key)
    name = text(say(language, f"chat.filter_{facet.key}"))
    chips = "".join(option(chip, language) for chip in facet.options)
    search = ""
    if len(facet.options) > LONG:
        find = text(say(language, "chat.filter_find"))
        search = (
            f'<input type="search" data-find aria-label="{name}: {find}" placeholder="{find}" '
            'autocomplete="off" dir="auto">'
        )
    return (
        f'<div class="sanad-options" id="sanad-facet-{key}" role="group" aria-label="{name}" '
        f"hidden>"
        f'{search}<div class="sanad-list">{chips}</div></div>'
    )


def option(chip: Chip, language: str) -> str:
    """A chip to press: chosen, or one that could be."""
    state = "true" if chip.chosen else "false"
    return (
        f'<button type="button" class="sanad-chip" data-chip="{text(chip.key)}" '
        f'data-value="{text(chip.value)}" aria-pressed="{state}">{_label(chip, language)}</button>'
    )


def narrower(found: Sequence[Chip], language: str) -> str:
    """The filters that a question names, under its answer."""
    if not found:
        return ""
    name = text(say(language, "chat.narrow"))
    return (
        f'<div class="sanad-narrow" role="group" aria-label="{name}"><p class="sanad-label">{name}'
        f"</p>{''.join(option(chip, language) for chip in found)}</div>"
    )
