"""Markdown and its front matter as plain blocks: headings and paragraphs, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)\n(.*?)\n\1\n", re.DOTALL)
_TITLE = re.compile(r"""^title\s*[:=]\s*["']?(.*?)["']?\s*$""", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>|\{[%:{][^}]*\}+|^\s*\[[^\]]+\]: \S+.*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_DECORATION = re.compile(r"^\s*(?:[*+>-]|\d+[.)])\s+|[*_`|]|\{#[^}]*\}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    text: str
    is_heading: bool


def blocks_of(path: Path) -> list[Block]:
    """Blocks of a Markdown file; the title of the front matter comes first as a heading. Code
    blocks, tags, templates and link targets are left out."""
    text = path.read_text(encoding="utf-8")
    blocks: list[Block] = []
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        if title := _TITLE.search(front[2]):
            blocks.append(Block(title[1], is_heading=True))
    plain = _LINK.sub(r"\1", _TAG.sub(" ", _FENCE.sub("", text)))
    plain = re.sub(r"^(#+ .*)$", r"\n\1\n", plain, flags=re.MULTILINE)
    for part in re.split(r"\n\s*\n", plain):
        is_heading = part.lstrip().startswith("#")
        words = " ".join(_DECORATION.sub(" ", part).lstrip("# \n").split())
        if words:
            blocks.append(Block(words.strip("# "), is_heading))
    return blocks
