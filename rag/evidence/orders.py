"""Texts that speak to a machine: planted instructions, which state nothing about the subject.

A paragraph, list item or table row that tells its reader's machine what to answer is, from
its first such sentence on, neither quoted nor taken for evidence. The rules are data
(`orders.toml`): they find what is worded like an order in four languages. A false statement
without an order is a document's statement like any other and is shown as such, under its
name and date.

Knows no page and no index.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from rag.words.sentences import Span, split_sentences
from rag.words.text import fold

FILE = Path(__file__).with_suffix(".toml")
_LONGEST = 4_000  # characters of a line that are read
_LINE = re.compile(r"[^\n]+")
_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]])*\]|.")  # of an expression: escaped, a class, a character


def speaks_to_machine(text: str, language: str = "en") -> bool:
    """Whether any line of a text gives an order to a machine that reads it."""
    return bool(order_spans(text, language))


@lru_cache(maxsize=4_096)  # ingestion asks of a block for its asides, its items and its notes
def order_spans(text: str, language: str = "en") -> tuple[Span, ...]:
    """Where lines give orders: each span is from the first sentence of the order to the end
    of its line."""
    found: list[Span] = []
    for line in _LINE.finditer(text):
        start = _order_in(line[0], language)
        if start >= 0:
            found.append((line.start() + start, line.end()))
    return tuple(found)


def without_orders(text: str, language: str = "en") -> str:
    """The text with its orders blanked out: spaces in their place, so that offsets hold."""
    for start, end in order_spans(text, language):
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _order_in(line: str, language: str) -> int:
    """Where the order of a line begins; -1 where it gives none."""
    if not _hits(line[:_LONGEST]):
        return -1
    hit: set[str] = set()
    begins = -1
    for start, end in split_sentences(line[:_LONGEST], language):
        here = _hits(line[start:end])
        if here and begins < 0:
            begins = start
        hit |= here
    return max(0, begins) if "strong" in hit or len(hit) > 1 else -1


def _hits(text: str) -> set[str]:
    """Names of the groups of signs that a text holds."""
    folded = " ".join(fold(text).split())
    return {name for name, signs in _groups().items() if signs.search(folded)}


@lru_cache(maxsize=1)
def _groups() -> dict[str, re.Pattern[str]]:
    tables = tomllib.loads(FILE.read_text("utf-8"))
    return {
        name: re.compile(any_of([rule for rules in table.values() for rule in rules]))
        for name, table in tables.items()
    }


def any_of(rules: Sequence[str]) -> str:
    """One expression that matches where one of the rules does. What begins alike is tried from
    one beginning: a third of the time, for most places in a text begin no word."""
    beginnings: dict[str, list[str]] = {"\\b": [], r"(?:^|\s)": [], "": []}
    for rule in rules:
        begins = next(b for b in beginnings if not b or (rule.startswith(b) and _is_one(rule)))
        beginnings[begins].append(rule.removeprefix(begins))
    return "|".join(f"{begins}(?:{'|'.join(rest)})" for begins, rest in beginnings.items() if rest)


def _is_one(rule: str) -> bool:
    """Whether an expression is no list of alternatives: its beginning belongs to all of it."""
    depth = 0
    for token in _TOKEN.findall(rule):
        depth += (token == "(") - (token == ")")
        if token == "|" and not depth:
            return False
    return True
