"""The active generation into another data folder, for servers that only read.

    <target>/generations/<name>/...     whole and checked before it is named
    <target>/glossary.yaml sites.toml secret
    <target>/CURRENT                    last, by one rename

A server over the target moves to the new generation between questions, as it does over the
folder that was ingested into. The target holds no catalog: it cannot be ingested into, and
losing it loses nothing. The signing secret goes along, so that what one replica signed the
others know. Knows no network: a target is a folder of this machine, a mounted one as well.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.backup import DATABASES, generation_files
from ingest.build import prune
from ingest.lock import writer_lock
from ingest.schema import FILE, copied_database
from rag.errors import CollectionError, ConfigurationError, IndexDamagedError
from rag.index.generation import (
    GENERATIONS,
    SCRATCH,
    Manifest,
    check_digests,
    current_name,
    read_manifest,
    switch,
    sync,
)
from rag.question.glossary import FILE as GLOSSARY

BESIDE = ("sites.toml", "secret")  # of the data folder, where they are
TRIES = 3  # the generation may be replaced twice, and removed, while it is copied


@dataclass(frozen=True, slots=True)
class Published:
    """What a target holds now."""

    target: Path
    generation: str
    passages: int
    copied: bool  # False: it was there already


def publish(data_dir: Path, target: Path) -> Published:
    """Copy the active generation to a target and switch it; an ingestion may be at work.

    Raises CollectionError where there is none, ConfigurationError for a target that is a data
    folder of its own, IndexDamagedError where the copy is not what was written, LockedError
    where another process publishes to it.
    """
    _fit(data_dir, target)
    with writer_lock(target):
        for left in reversed(range(TRIES)):
            name = current_name(data_dir)
            if not name:
                raise CollectionError(f"there is no index in {data_dir}; nothing to publish")
            try:
                manifest, copied = _copied(data_dir, target, name)
                break
            except FileNotFoundError as error:
                if not left:
                    raise CollectionError(f"{data_dir} changes too fast: {error}") from error
        for source, place in _beside(data_dir, manifest):
            _placed(source, target / place)
        switch(target, name)
        prune(target)
    return Published(target, name, manifest.passages, copied)


def _fit(data_dir: Path, target: Path) -> None:
    if target.resolve() == data_dir.resolve() or (target / FILE).exists():
        raise ConfigurationError(
            f"{target} is a data folder with a catalog of its own; publish to another folder"
        )
    if data_dir.resolve() in target.resolve().parents:
        raise ConfigurationError(f"{target} lies in the data folder; name a place outside it")


def _copied(data_dir: Path, target: Path, name: str) -> tuple[Manifest, bool]:
    """The manifest of the generation, and whether it had to be copied."""
    manifest = read_manifest(data_dir / GENERATIONS / name)
    final = target / GENERATIONS / name
    if final.is_dir():
        try:
            check_digests(final, read_manifest(final))
            return manifest, False
        except IndexDamagedError:  # copied again
            shutil.rmtree(final)
    scratch = target / GENERATIONS / f"{name}{SCRATCH}"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        folder = data_dir / GENERATIONS / name
        for place, source in generation_files(data_dir, name):
            inner = scratch / (data_dir / place).relative_to(folder)
            inner.parent.mkdir(parents=True, exist_ok=True)
            listed = source.relative_to(folder).as_posix() in manifest.files
            if source.suffix in DATABASES and not listed:  # Chroma's: a reader may be writing
                copied_database(source, inner)
            else:
                shutil.copyfile(source, inner)
            sync(inner)
        check_digests(scratch, manifest)
        for inner in (*(path for path in scratch.rglob("*") if path.is_dir()), scratch):
            sync(inner)
        os.replace(scratch, final)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    sync(final.parent)
    return manifest, True


def _beside(data_dir: Path, manifest: Manifest) -> Iterator[tuple[Path, str]]:
    """(file, its name in the target) of what a server reads besides a generation."""
    glossary = Path(manifest.glossary) if manifest.glossary else data_dir / GLOSSARY
    for source, place in ((glossary, GLOSSARY), *((data_dir / name, name) for name in BESIDE)):
        if source.is_file():
            yield source, place


def _placed(source: Path, place: Path) -> None:
    """One file, readable by its owner alone, by one rename."""
    scratch = place.with_name(f"{place.name}{SCRATCH}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, place)
