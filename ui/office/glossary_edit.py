"""Changing one concept of the glossary in its file: the other lines stay as a person wrote them.

A change is tried before it is kept: what would not read is refused, and the file is replaced
whole, after a copy of it was put away. Knows no request and no markup.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rag.errors import ConfigurationError
from rag.question.glossary import Concept, Glossary, read_glossary

BACKUPS = "glossary-backups"
KEPT = 50  # backups
MOST_BYTES = 2 * 2**20
GROUPS = ("forms", "abbreviations", "mistranslations")
MOST_NAMES = 50  # of a concept in a language
LONGEST_NAME = 200
ID = re.compile(r"\w[\w ./-]{0,59}")
LANGUAGE = re.compile(r"[a-z]{2,3}")

Names = Mapping[str, Mapping[str, Sequence[str]]]  # group -> language -> names


class Stale(Exception):
    """The file was changed by somebody else since it was shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One concept as an officer writes it."""

    id: str
    names: Names
    collides_with: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """The glossary as a page shows it."""

    path: Path | None
    version: str = ""  # of the file's bytes; a change names the one it was made on
    concepts: tuple[Concept, ...] = ()
    problem: str = ""  # why it cannot be read, in English
    by_id: Mapping[str, Concept] = field(default_factory=dict)


def shown(path: Path | None) -> Shown:
    """The glossary now; empty where there is no file yet."""
    if path is None or not path.is_file():
        return Shown(path)
    try:
        version = _version(path.read_bytes())
        concepts = read_glossary(path).concepts
    except (ConfigurationError, OSError) as error:
        return Shown(path, problem=str(error))
    return Shown(path, version, concepts, by_id={one.id: one for one in concepts})


def problem_with(entry: Entry, glossary: Glossary, *, new: bool) -> str:
    """The key of a message "office.glossary_*" that says what is wrong; empty when nothing is."""
    known = {concept.id for concept in glossary.concepts}
    if new and not ID.fullmatch(entry.id):
        return "bad_id"
    if new and entry.id in known:
        return "id_taken"
    languages = [code for by_language in entry.names.values() for code in by_language]
    if not all(LANGUAGE.fullmatch(code) for code in languages):
        return "bad_language"
    named = [n for group in entry.names.values() for names in group.values() for n in names]
    if any(len(name) > LONGEST_NAME for name in named):
        return "long_name"
    if not any(entry.names.get("forms", {}).values()):
        return "no_form"
    if any(other not in known or other == entry.id for other in entry.collides_with):
        return "unknown_other"
    return ""


def change(path: Path, version: str, entry: Entry | None, old_id: str, backups: Path) -> None:
    """Put `entry` in the place of the concept `old_id`; an empty one adds it at the end, and no
    entry takes the concept away.

    Raises Stale, and ConfigurationError when the file cannot be written or would not read.
    """
    before = path.read_bytes() if path.is_file() else b""
    if _version(before) != version and (before or version):
        raise Stale
    after = _changed(before.decode("utf-8-sig"), entry, old_id).encode()
    if len(after) > MOST_BYTES:
        raise ConfigurationError(f"the glossary would have more than {MOST_BYTES:,} bytes")
    scratch = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(scratch, after, path)
        _tried(scratch, entry, old_id)
        if before:
            _put_away(before, backups)
        os.replace(scratch, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(f"the glossary {path} cannot be written: {reason}") from error
    finally:
        scratch.unlink(missing_ok=True)


def _changed(text: str, entry: Entry | None, old_id: str) -> str:
    """The text of the file with one entry changed."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    root = yaml.compose(text, yaml.SafeLoader)
    inset = " " * root.start_mark.column if isinstance(root, yaml.SequenceNode) else ""
    written = textwrap.indent(_written(entry), inset) if entry else ""
    if not old_id:
        return "".join(lines) + ("\n" if lines else "") + written
    first, last = _span(root, lines, old_id)
    return "".join([*lines[:first], written, *lines[last:]])


def _span(root: Any, lines: Sequence[str], identity: str) -> tuple[int, int]:
    """First line of an entry, and the line after its last; comments below it are not its."""
    for node in root.value if isinstance(root, yaml.SequenceNode) else ():
        if isinstance(node, yaml.MappingNode) and _id_of(node) == identity:
            if root.flow_style or node.flow_style:
                raise ConfigurationError(
                    f"the glossary's entry {identity!r} stands in braces; write it on lines"
                )
            last = _end(node)
            while last > 0 and (not lines[last - 1].strip() or lines[last - 1].lstrip()[0] == "#"):
                last -= 1
            return node.start_mark.line, last
    raise ConfigurationError(f"the glossary has no concept {identity!r}")


def _end(node: Any) -> int:
    """The line after a node, as far as its marks tell: what is written on lines ends where the
    next thing begins, everything else on its own last line."""
    if isinstance(node, yaml.ScalarNode):
        return node.end_mark.line + (0 if node.style in ("|", ">") else 1)
    if node.flow_style:
        return int(node.end_mark.line) + 1
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _id_of(node: yaml.MappingNode) -> str:
    return next((str(v.value) for k, v in node.value if k.value == "id"), "")


def _written(entry: Entry) -> str:
    """An entry as the file's own entries are written."""
    values: dict[str, object] = {"id": entry.id}
    for group in GROUPS:
        by_language = {
            code: list(names) for code, names in entry.names.get(group, {}).items() if names
        }
        if by_language:
            values[group] = by_language
    if entry.collides_with:
        values["collides_with"] = list(entry.collides_with)
    if entry.note:
        values["note"] = entry.note
    return yaml.safe_dump(
        [values], allow_unicode=True, sort_keys=False, default_flow_style=None, width=10_000
    )


def _tried(path: Path, entry: Entry | None, old_id: str) -> None:
    """Raises ConfigurationError unless the file reads and holds what was meant."""
    read = {concept.id: concept for concept in read_glossary(path).concepts}
    if entry is None:
        if old_id in read:
            raise ConfigurationError(f"the concept {old_id!r} would still be in the glossary")
        return
    kept = read.get(entry.id)
    meant = {g: {c: tuple(n) for c, n in entry.names.get(g, {}).items() if n} for g in GROUPS}
    if kept is None or any(dict(getattr(kept, group)) != meant[group] for group in GROUPS):
        raise ConfigurationError(f"the concept {entry.id!r} would not read as it was written")


def _write(scratch: Path, data: bytes, path: Path) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _put_away(data: bytes, backups: Path) -> None:
    backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    (backups / f"glossary-{stamp}-{secrets.token_hex(2)}.yaml").write_bytes(data)
    for old in sorted(backups.glob("glossary-*.yaml"))[:-KEPT]:
        old.unlink(missing_ok=True)


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32] if data else ""
