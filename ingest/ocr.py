"""Reads the text of pictures with Tesseract, where it is installed: the only door to it.

Tesseract is a program of its own (Apache-2.0; Debian: tesseract-ocr and tesseract-ocr-ara, -fra,
-spa, ...), run once a picture with limits on memory and time. Knows no PDF and no catalog.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest.types import Block
from rag.errors import ConfigurationError, ReadError

USUAL = ("eng", "ara", "fra", "spa")  # the languages of the network; those that are installed
INSTALL = "apt-get install tesseract-ocr tesseract-ocr-ara tesseract-ocr-fra tesseract-ocr-spa"
MEMORY_MB = 1024  # address space, of 300 to 500 MB that five languages take
PAGE_S = 60  # for one picture, of the wall and of the processor
SURE = 75.0  # mean confidence of a reading that needs no other
CLEARLY = 1.25  # times as much that must be read by all languages, to be taken
LEAST = 40.0  # mean confidence, 0 to 100, below which a paragraph is taken for noise
_RIGHT_TO_LEFT = ("ara", "fas", "heb", "kur_ara", "pus", "snd", "syr", "uig", "urd", "yid")
_LANGUAGE = re.compile(r"[A-Za-z][A-Za-z_]{2,40}")
_LETTER = re.compile(r"[^\W\d_]")
# What the sandbox of files does with rlimits: `ulimit` counts in kilobytes and seconds.
_LIMITED = 'ulimit -v "$1" && ulimit -t "$2" && shift 2 && exec "$@"'


@dataclass(frozen=True, slots=True)
class Scanned:
    """The text of one picture: a block a paragraph, and how sure the reader is, 0 to 100."""

    blocks: tuple[Block, ...]
    confidence: float


class Ocr(Protocol):
    """Reads pictures. `id` changes when their text might."""

    @property
    def id(self) -> str: ...

    def read(self, picture: bytes) -> Scanned:
        """The text of a PNG. Raises ReadError with a predicate about the page."""
        ...


class Tesseract:
    """The installed program, in certain languages."""

    def __init__(self, program: str, version: str, languages: Sequence[str]) -> None:
        self._program = program
        self._languages = tuple(languages)
        self.id = f"tesseract {version}, {'+'.join(languages)}"

    def read(self, picture: bytes) -> Scanned:
        """See `Ocr.read`. A page is read in the languages of one script at a time, for together
        they take Arabic for Latin; in all of them where neither is sure, if that is more."""
        rtl = tuple(name for name in self._languages if name in _RIGHT_TO_LEFT)
        rest = tuple(name for name in self._languages if name not in rtl)
        found = [self._read(picture, group) for group in (rest, rtl) if group]
        best = max(found, key=_weight)
        if len(found) > 1 and best.confidence < SURE:
            together = self._read(picture, self._languages)
            return together if _weight(together) > CLEARLY * _weight(best) else best
        return best

    def _read(self, picture: bytes, languages: Sequence[str]) -> Scanned:
        how = ["-l", "+".join(languages), "--psm", "3", "tsv"]
        return paragraphs(_run(self._program, ["stdin", "stdout", *how], picture))


def tesseract(
    wanted: str = "", find: Callable[[str], str | None] = shutil.which
) -> Tesseract | None:
    """Tesseract in the languages `wanted` ("eng+ara"; empty: the usual ones, as far as they are
    installed); None where the program is not installed.

    Raises ConfigurationError for a language that is not installed.
    """
    program = find("tesseract")
    if program is None:
        return None
    lines = _run(program, ["--list-langs"]).splitlines()
    installed = [line.strip() for line in lines[1:] if _LANGUAGE.fullmatch(line.strip())]
    asked = [name for name in re.split(r"[+,\s]+", wanted) if name]
    missing = sorted(set(asked) - set(installed))
    if missing:
        packages = " ".join(f"tesseract-ocr-{name.replace('_', '-')}" for name in missing)
        raise ConfigurationError(
            f"SANAD_OCR_LANGUAGES names {', '.join(missing)}, which Tesseract does not have here "
            f"(it has {', '.join(installed) or 'none'}); apt-get install {packages}"
        )
    readable = [name for name in installed if name not in ("osd", "equ")]
    languages = asked or [name for name in USUAL if name in installed] or readable
    if not languages:
        raise ConfigurationError(f"Tesseract is installed without any language; {INSTALL}")
    version = _run(program, ["--version"]).split("\n")[0].removeprefix("tesseract").strip()
    return Tesseract(program, version, languages)


def _run(program: str, arguments: Sequence[str], given: bytes = b"") -> str:
    """What the program says on standard output. Raises ReadError."""
    limits = [str(MEMORY_MB * 1024), str(PAGE_S)]
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", _LIMITED, "sh", *limits, program, *arguments],
            input=given, capture_output=True, timeout=PAGE_S, env=environment, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ReadError(f"took longer than {PAGE_S} s to read with Tesseract") from None
    except OSError as error:
        raise ReadError(f"could not be read with Tesseract: {error}") from error
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no words"]
        raise ReadError(f"could not be read with Tesseract: {words[0][:160]}")
    return done.stdout.decode("utf-8", "replace")


def paragraphs(table: str) -> Scanned:
    """The paragraphs of Tesseract's table (TSV): a row a word, with its block, paragraph, line
    and confidence. Those without a letter, and those it is unsure of, are left out."""
    found: dict[tuple[str, ...], dict[str, list[tuple[str, float]]]] = {}
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip():
            lines = found.setdefault(tuple(cells[1:4]), {})
            lines.setdefault(cells[4], []).append((cells[11].strip(), _confidence(cells[10])))
    blocks, kept = [], []
    for lines in found.values():
        sure = [confidence for line in lines.values() for _, confidence in line]
        text = _joined([" ".join(word for word, _ in line) for line in lines.values()])
        if _LETTER.search(text) and sum(sure) / len(sure) >= LEAST:
            blocks.append(Block("paragraph", text))
            kept += sure
    return Scanned(tuple(blocks), sum(kept) / len(kept) if kept else 0.0)


def _weight(scanned: Scanned) -> float:
    """How much was read, by how sure that is."""
    letters = sum(len(_LETTER.findall(block.text)) for block in scanned.blocks)
    return letters * max(0.0, scanned.confidence - LEAST)


def _confidence(cell: str) -> float:
    try:
        return min(100.0, max(0.0, float(cell)))
    except ValueError:
        return 0.0


def _joined(lines: Sequence[str]) -> str:
    """Lines of a paragraph as one; a word that was cut at the end of a line is made whole."""
    text = ""
    for line in lines:
        if re.search(r"[^\W\d_]-$", text) and line[:1].islower():
            text = text[:-1] + line
        else:
            text = f"{text} {line}" if text else line
    return text
