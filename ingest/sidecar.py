"""`<file>.meta.yaml`: what an officer wrote about a document beside it.

It wins over what the document says of itself. A sidecar is taken for hostile:
aliases let a few lines expand to gigabytes, and deep nesting ends the parser.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from rag.errors import NOT_READ, ReadError

SUFFIX = ".meta.yaml"
MAX_BYTES = 50_000
MAX_DEPTH = 8


def sidecar_bytes(path: Path) -> bytes:
    """Bytes of a document's sidecar; empty when it has none. Raises ReadError."""
    sidecar = path.with_name(path.name + SUFFIX)
    try:
        if not sidecar.is_file():
            return b""
        with sidecar.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _invalid(path.name, f"it cannot be opened: {error.strerror}") from error


def parse_sidecar(data: bytes, name: str) -> dict[str, object]:
    """Its values by key, for the document file `name`. Raises ReadError."""
    if len(data) > MAX_BYTES:
        raise _invalid(name, f"it has more than {MAX_BYTES:,} bytes")
    try:
        text = data.decode("utf-8-sig")
        _check_shape(text, name)
        values = yaml.safe_load(text)
    except (yaml.YAMLError, *NOT_READ) as error:
        raise _invalid(name, " ".join(str(error).split())[:200]) from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise _invalid(name, f"it holds {type(values).__name__}; write `key: value` lines")
    return {str(key): value for key, value in values.items()}


def _check_shape(text: str, name: str) -> None:
    """Stops at the first event that is too much, before anything is built of it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _invalid(name, "it has YAML aliases (*name); write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _invalid(name, f"it is nested more than {MAX_DEPTH} deep")


def _invalid(name: str, reason: str) -> ReadError:
    return ReadError(f"its sidecar {name}{SUFFIX} is not valid: {reason}")
