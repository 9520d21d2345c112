"""Reads YAML and JSON Lines and remembers on which line each value stands.

Knows no suite: paths are keys and list positions, lines count from 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rag.errors import NOT_READ, ConfigurationError

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """Plain values and the line of each path in them."""

    values: Any
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line(self, path: Sequence[str | int]) -> int:
        """The line of a path, or of the nearest thing around it; 0 where none is known."""
        for end in range(len(path), -1, -1):
            if tuple(path[:end]) in self.lines:
                return self.lines[tuple(path[:end])]
        return 0


def read_yaml(path: Path) -> Placed:
    """Values of a YAML file. Raises ConfigurationError for what is no YAML, and for a key that
    stands twice in one mapping (YAML would keep the last without a word)."""
    text = read_text(path)
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Placed(None)
        lines: dict[Place, int] = {}
        for place, line in _walk(node, (), path, set()):
            lines.setdefault(place, line)
        return Placed(loader.construct_document(node), lines)
    except (yaml.YAMLError, *NOT_READ) as error:
        mark = getattr(error, "problem_mark", None)
        line_of = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise ConfigurationError(
            f"{path}{line_of} is not YAML: {problem}; text with ? : # [ or {{ in it stands in "
            "double quotes"
        ) from error


def _walk(
    node: yaml.Node, place: Place, file: Path, walked: set[yaml.Node]
) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if node in walked:  # an alias: a few of them, each of several others, expand without end
        return
    walked.add(node)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                raise ConfigurationError(
                    f"{file} line {line}: field {name!r} stands twice; keep one of them"
                )
            seen.add(name)
            yield (*place, name), line
            yield from _walk(value, (*place, name), file, walked)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _walk(value, (*place, number), file, walked)


def read_jsonl(path: Path) -> list[tuple[int, Any]]:
    """(line, value) of each line that is not empty."""
    found = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            try:
                found.append((number, json.loads(line)))
            except NOT_READ as error:
                raise ConfigurationError(f"{path} line {number} is not JSON: {error}") from error
    return found


def read_text(path: Path) -> str:
    """The text of an operator's file, with or without a byte order mark."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text (byte {error.start})") from error
