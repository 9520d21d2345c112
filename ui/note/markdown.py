"""A paper as Markdown (CommonMark with footnotes), in which no text can become markup.

Every character that could start a link, an image, HTML, a heading or a list is escaped,
so that a reader's program shows the words and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from ui.markup import UNSEEN
from ui.note.paper import Block, Paper, Run

# Everywhere: code, emphasis, links, images, HTML, entities, tables, mathematics, mentions.
_ALWAYS = re.compile(r"([\\`*_\[\]<>|~^$&#@{}])")
# Addresses that some programs turn into links by themselves.
_ADDRESS = re.compile(r"(?i)(:)(?=//)|(?<=www)(\.)|(?<=mailto)(:)|(?<=xmpp)(:)")
# At the start of a line: rules, lists, underlines of headings.
_START = re.compile(r"^(\s*)(?:([-+=:!])|(\d+)([.)]))", re.MULTILINE)
_ISOLATE, _POP = "\u2068", "\u2069"


def markdown(paper: Paper) -> bytes:
    """The file, UTF-8."""
    blocks = "\n\n".join(_block(block) for block in paper.blocks)
    notes = "\n".join(f"[^{n}]: {_line(runs)}" for n, runs in enumerate(paper.footnotes, start=1))
    return f"{blocks}\n\n{notes}\n".encode() if notes else f"{blocks}\n".encode()


def escaped(words: str) -> str:
    """Words of anybody as Markdown text. A line break is kept as one."""
    plain = UNSEEN.sub("", words).replace("\t", " ").replace("\xa0", " ").strip()
    plain = _ALWAYS.sub(r"\\\1", plain)
    plain = _ADDRESS.sub(lambda found: f"\\{found[0]}", plain)
    plain = _START.sub(_started, plain)
    plain = re.sub(r"!$", r"\\!", plain)  # or a footnote after it were an image
    return "  \n".join(line.strip() for line in plain.splitlines() if line.strip())


def _started(found: re.Match[str]) -> str:
    _, mark, number, after = found.groups()
    return f"\\{mark}" if mark else f"{number}\\{after}"


def _block(block: Block) -> str:
    line = _runs(block.runs) + "".join(f"[^{n}]" for n in block.notes)
    match block.kind:
        case "title":
            return f"# {_one_line(line)}"
        case "question" | "heading":
            return f"## {_one_line(line)}"
        case "quote":
            return _indented(line, "> ")
        case "from":
            return f"— {_one_line(line)}"
        case "label" | "date" | "gone":
            return f"*{_one_line(line)}*"
        case "source":
            return f"- {_one_line(line)}"
        case _:
            return line


def _indented(line: str, mark: str) -> str:
    return "\n".join(f"{mark}{part}" for part in line.split("\n"))


def _one_line(line: str) -> str:
    return " ".join(line.split())


def _line(runs: Iterable[Run]) -> str:
    return _one_line(_runs(runs))


def _runs(runs: Iterable[Run]) -> str:
    return "".join(_run(run) for run in runs)


def _run(run: Run) -> str:
    """One piece, with the spaces around it, which `escaped` takes away."""
    before, after = (run.text[: len(run.text) - len(run.text.lstrip(" "))],
                     run.text[len(run.text.rstrip(" ")) :])  # fmt: skip
    words = escaped(run.text)
    if not words:
        return before
    if run.href:
        words = f"[{words}](<{link_target(run.href)}>)"
    elif run.style == "title":
        words = f"*{_ISOLATE}{_one_line(words)}{_POP}*"
    return f"{before}{words}{after}"


def link_target(address: str) -> str:
    """An http or https address in which nothing can end the link it stands in."""
    return quote(address, safe="/:?#@!$&'*+,;=%~-._")
