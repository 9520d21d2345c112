"""Removes from a page what its reader cannot see: where instructions to machines are planted.

Works on the page's own markup and inline styles; an external style sheet is not
fetched, so text hidden by one stays. Removed text is counted by reason.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

Element = Any  # lxml ships no types

_STYLES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("display: none", re.compile(r"display\s*:\s*none")),
    ("visibility: hidden", re.compile(r"visibility\s*:\s*(?:hidden|collapse)")),
    (
        "font size 0",
        re.compile(
            r"font(?:-size)?\s*:(?:[^;]*\s)?\s*(?:(?:0+(?:\.0*)?|\.0+)"
            r"(?:px|pt|em|rem|%)?|[01]?(?:\.\d+)?p[xt])(?:\s|!|;|/|$)"
        ),
    ),
    ("opacity 0", re.compile(r"(?<![\w-])opacity\s*:\s*0*(?:\.0+)?0*\s*(?:!important\s*)?(?:;|$)")),
    ("outside the page", re.compile(r"(?:left|top|text-indent)\s*:\s*-\d{3,}")),
    (
        "clipped away",
        re.compile(
            r"clip(?:-path)?\s*:\s*(?:rect\(\s*0[^)]*\)"
            r"|inset\(\s*(?:50|100)%)"
        ),
    ),
)
_WHITE = r"(?:#fff(?:fff)?\b|white\b|rgba?\(\s*255\s*,\s*255\s*,\s*255)"
_WHITE_TEXT = re.compile(rf"(?<![\w-])color\s*:\s*{_WHITE}")
_BACKGROUND = re.compile(r"background(?:-color|-image)?\s*:\s*([^;]+)")
_HIDING_RULE = re.compile(r"(?:^|[}\s,])\.([\w-]+)\s*\{[^{}]*display\s*:\s*none", re.S)
_MEDIA = re.compile(r"@[\w-]+[^{;]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.S)


def drop_hidden(tree: Element) -> Counter[str]:
    """Remove comments and invisible elements in place; how many of each, those with text only."""
    from lxml import etree

    dropped: Counter[str] = Counter()
    for comment in list(tree.iter(etree.Comment, etree.ProcessingInstruction)):
        if comment.getparent() is not None:
            dropped["comment"] += bool((comment.text or "").strip())
            _drop(comment)
    rules = _hiding_classes(tree)
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.tag in ("html", "body", "head"):
            continue
        reason = _hidden_by(element, rules)
        if reason and element.getparent() is not None:
            dropped[reason] += bool("".join(element.itertext()).strip())
            _drop(element)
    return Counter({reason: count for reason, count in dropped.items() if count})


def _hidden_by(element: Element, rules: frozenset[str]) -> str:
    """The reason why nobody sees this element, or the empty string."""
    if element.get("hidden") is not None and element.get("hidden") != "until-found":
        return "hidden attribute"
    if element.get("aria-hidden", "").lower() == "true":
        return "aria-hidden"
    if rules and not rules.isdisjoint(element.get("class", "").split()):
        return "display: none by class"
    style = element.get("style", "").lower()
    if style:
        for reason, pattern in _STYLES:
            if pattern.search(style):
                return reason
    white = _WHITE_TEXT.search(style) or re.fullmatch(_WHITE, element.get("color", "").lower())
    if white and _on_white(element):
        return "white on white"
    return ""


def _on_white(element: Element) -> bool:
    """The nearest background said inline is white; with none said, no class could say one."""
    node = element
    while node is not None:
        said = _BACKGROUND.search(node.get("style", "").lower())
        colour = said[1] if said else node.get("bgcolor", "").lower()
        if colour:
            return re.match(rf"\s*{_WHITE}", colour) is not None
        if node.get("class") or node.get("id"):
            return False
        node = node.getparent()
    return True


def _hiding_classes(tree: Element) -> frozenset[str]:
    """Classes that an unconditional rule of the page's own <style> hides."""
    css = " ".join(style.text or "" for style in tree.iter("style"))[:200_000].lower()
    return frozenset(_HIDING_RULE.findall(_MEDIA.sub("", css)))


def _drop(element: Element) -> None:
    """Remove an element and keep the text after it."""
    parent, previous = element.getparent(), element.getprevious()
    if element.tail:
        if previous is not None:
            previous.tail = (previous.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)
