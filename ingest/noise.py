"""The noise table (`noise.toml`), compiled: what an officer extends without reading code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_ICON_ATOMS = 3  # fewer could be an ordinary short line ("Search")


@dataclass(frozen=True, slots=True)
class Noise:
    """Compiled patterns; each matches a whole block."""

    lines: tuple[tuple[str, re.Pattern[str]], ...]  # (reason, pattern), in any document
    web_lines: tuple[tuple[str, re.Pattern[str]], ...]  # in web pages only
    icon: re.Pattern[str]
    lost_links: re.Pattern[str]
    lost_links_length: int
    lists: re.Pattern[str]
    translation: re.Pattern[str]
    translation_length: int
    dates: tuple[tuple[str, re.Pattern[str]], ...]  # ("published" | "updated", label)

    def reason(self, line: str, from_web: bool) -> str:
        """Why the whole line is noise, or the empty string."""
        if len(line) > 400:
            return ""
        for reason, pattern in self.lines + (self.web_lines if from_web else ()):
            if pattern.fullmatch(line):
                return reason
        return "icon-font line" if self._is_icons(line) else ""

    def _is_icons(self, line: str) -> bool:
        """Every token is one or more icon names, and there are at least three names."""
        tokens, atoms = line.split(), 0
        for token in tokens:
            names = self._split(token)
            if not names:
                return False
            atoms += names
        return atoms >= _ICON_ATOMS

    def _split(self, token: str) -> int:
        """How many icon names a token is made of; 0 where a part of it is none."""
        position = count = 0
        while position < len(token):
            match = self.icon.match(token, position)
            if match is None or match.end() == position:
                return 0
            position, count = match.end(), count + 1
        return count


@cache
def noise() -> Noise:
    """The table, read once."""
    table = tomllib.loads((files("ingest") / "noise.toml").read_text(encoding="utf-8"))
    return Noise(
        lines=tuple((reason, _any(patterns)) for reason, patterns in table["lines"].items()),
        web_lines=tuple(
            (reason, _any(patterns)) for reason, patterns in table["web_lines"].items()
        ),
        icon=re.compile(f"(?:{'|'.join(table['icons']['names'])})(?:-icon|-small)?-?", re.I),
        lost_links=_any(table["lost_links"]["known"]),
        lost_links_length=table["lost_links"]["max_length"],
        lists=_any(table["headings_without_list"]["known"]),
        translation=_any(table["machine_translation"]["known"]),
        translation_length=table["machine_translation"]["max_length"],
        dates=tuple((kind, _any(labels)) for kind, labels in table["dates"].items()),
    )


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)
