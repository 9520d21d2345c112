"""A data folder as one archive, and back: consistent while ingestion writes, checked before use.

    backup.tar     catalog.sqlite, CURRENT, generations/<active>/..., what officers wrote;
                   backup.json last: sizes and SHA-256 of all of it

Vectors are in it, so nothing is embedded again and the restored folder gives the same answers.
What names the folder to a Chroma server, the signing secret and the questions that visitors asked
are left out: a copy must not remove the collections of the folder it was made of, a new secret is
made, and an archive must not outlive what `sanad questions delete` deletes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ingest.build import verify
from ingest.catalog import FILE, Catalog
from ingest.lock import LOCK
from ingest.schema import copied_database
from ingest.server_vectors import OWNER
from rag.errors import CollectionError, ConfigurationError, IndexDamagedError
from rag.index.generation import (
    CHROMA,
    CURRENT,
    GENERATIONS,
    SCRATCH,
    collection_files,
    current_name,
    file_digest,
    read_manifest,
    sync,
)
from rag.index.probe import ChromaProbe
from rag.question.glossary import FILE as GLOSSARY

CONTENTS = "backup.json"
LEFT_OUT = frozenset({LOCK, CURRENT, GENERATIONS, OWNER, "secret", "questions"})
DATABASES = frozenset({".sqlite", ".sqlite3"})  # copied by SQLite: others may be writing
FORMAT = 1
TRIES = 3  # an active generation may be replaced twice, and removed, while it is copied
MAX_CONTENTS = 64 * 2**20
_BLOCK = 1 << 20

Listed = dict[str, tuple[int, str]]  # path in the archive -> (bytes, SHA-256)


@dataclass(frozen=True, slots=True)
class Backup:
    """What an archive holds."""

    path: Path
    generation: str
    documents: int  # of the generation
    passages: int
    files: int
    bytes: int  # of the files


def backup(data_dir: Path, archive: Path) -> Backup:
    """Write a new archive of a data folder; an ingestion may be at work.

    Raises ConfigurationError where the archive cannot be made, CollectionError where the
    folder has no generation, IndexDamagedError where that is not as it was written.
    """
    if archive.exists():
        raise ConfigurationError(f"{archive} exists; name a file that does not")
    if data_dir.resolve() in archive.resolve().parents:
        raise ConfigurationError(f"{archive} lies in the data folder; name a place outside it")
    with tempfile.TemporaryDirectory(dir=_folder_of(archive), prefix=".sanad-backup-") as name:
        scratch = Path(name)
        for left in reversed(range(TRIES)):
            try:
                made = _written(data_dir, scratch / "backup.tar", scratch)
                break
            except FileNotFoundError as error:
                if not left:
                    raise CollectionError(f"{data_dir} changes too fast: {error}") from error
        os.replace(scratch / "backup.tar", archive)
        sync(archive.parent)
    return Backup(archive, *made)


def _folder_of(archive: Path) -> Path:
    """The folder an archive is to lie in."""
    if not archive.parent.is_dir():
        raise ConfigurationError(f"there is no folder {archive.parent}; make it first")
    return archive.parent


def _written(data_dir: Path, path: Path, scratch: Path) -> tuple[str, int, int, int, int]:
    name = current_name(data_dir)
    if not name:
        raise CollectionError(f"there is no index in {data_dir}; nothing to back up")
    manifest = read_manifest(data_dir / GENERATIONS / name)
    files = manifest.files | collection_files(data_dir / GENERATIONS / name, manifest)
    fixed = {f"{GENERATIONS}/{name}/{file}": entry for file, entry in files.items()}
    listed: Listed = {}
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for place, source in _sources(data_dir, name, Path(manifest.glossary)):
                copied = source
                if source.suffix in DATABASES and place not in fixed:
                    copied = copied_database(source, scratch / "copy.sqlite")
                listed[place] = _add(tar, place, copied)
            said = {"format": FORMAT, "generation": name, "files": listed}
            contents = scratch / CONTENTS
            contents.write_text(json.dumps(said, indent=1), "utf-8")
            _add(tar, CONTENTS, contents)
        file.flush()
        os.fsync(file.fileno())
    if changed := [place for place, entry in fixed.items() if listed.get(place) != entry]:
        raise IndexDamagedError(
            f"{changed[0]} is not as it was written; run: sanad doctor --rebuild "
            f"--data-dir {data_dir}"
        )
    size = sum(size for size, _ in listed.values())
    return name, manifest.documents, manifest.passages, len(listed), size


def _sources(data_dir: Path, name: str, glossary: Path) -> Iterator[tuple[str, Path]]:
    """(path in the archive, file). Links are left out, and whatever is neither file nor folder.

    The catalog comes before the generation is listed: it may be ahead of it, never behind.
    """
    for path in sorted(data_dir.iterdir()):
        if (
            path.name in LEFT_OUT
            or path.is_symlink()
            or path.name.endswith((SCRATCH, "-wal", "-shm"))
        ):
            continue
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and not file.is_symlink():
                yield file.relative_to(data_dir).as_posix(), file
    if glossary.is_file() and not (data_dir / GLOSSARY).exists():  # it lay beside the documents
        yield GLOSSARY, glossary
    yield from generation_files(data_dir, name)


def generation_files(data_dir: Path, name: str) -> Iterator[tuple[str, Path]]:
    """(path below the data folder, file) of everything that a generation consists of."""
    folder = data_dir / GENERATIONS / name
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield file.relative_to(data_dir).as_posix(), file
    read_manifest(folder)  # still there: not removed while it was listed


def _add(tar: tarfile.TarFile, place: str, source: Path) -> tuple[int, str]:
    """Size and digest of what went in. A file that grows while it is read goes in as it was."""
    with source.open("rb") as file:
        entry = tarfile.TarInfo(place)
        entry.size = os.fstat(file.fileno()).st_size
        entry.mode = 0o600
        counted = _Counted(file)
        tar.addfile(entry, counted)
    return entry.size, counted.digest.hexdigest()


class _Counted:
    """A file that digests what is read from it."""

    def __init__(self, file: object) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """See `io.BytesIO.read`."""
        data: bytes = self._file.read(size)  # type: ignore[attr-defined]
        self.digest.update(data)
        return data


def restore(archive: Path, data_dir: Path) -> Backup:
    """Unpack an archive into a folder that does not exist yet, or is empty.

    Everything is checked beside it first: the folder appears whole or not at all. Raises
    ConfigurationError for an archive or a place that will not do.
    """
    if data_dir.is_symlink() or (data_dir.exists() and not _empty(data_dir)):
        raise ConfigurationError(f"{data_dir} is in use; name a folder that does not exist yet")
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=data_dir.parent, prefix=f".{data_dir.name}-restore-"))
    try:
        found = _unpacked(archive, scratch)
        said = _contents(archive, scratch, found)
        restored = _checked(archive, scratch, said)
        with suppress(FileNotFoundError):
            data_dir.rmdir()
        os.replace(scratch, data_dir)
        sync(data_dir.parent)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    size = sum(size for size, _ in found.values())
    return Backup(data_dir, *restored, len(found), size)


def _empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _unpacked(archive: Path, folder: Path) -> Listed:
    """Every member as a plain file under `folder`, and what it is. Takes nothing else: no
    link, device, absolute path or "..", no file twice, no more than the disk has room for."""
    found: Listed = {}
    room = shutil.disk_usage(folder).free
    try:
        with tarfile.open(archive, "r:") as tar:
            for member in tar:
                room -= member.size
                if room < 0:
                    raise _unfit(archive, f"has no room on the disk of {folder.parent}")
                target = _target(archive, member, folder)
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                source = tar.extractfile(member)
                assert source is not None  # a plain file
                with source, target.open("xb") as file:
                    shutil.copyfileobj(source, file, _BLOCK)
                found[member.name] = (target.stat().st_size, file_digest(target))
                sync(target)
    except FileExistsError as error:
        raise _unfit(archive, "holds a file twice") from error
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _unfit(archive, f"does not read: {error}") from error
    except OSError as error:
        raise _unfit(archive, f"cannot be unpacked: {error.strerror or error}") from error
    return found


def _target(archive: Path, member: tarfile.TarInfo, folder: Path) -> Path:
    place = PurePosixPath(member.name)
    odd = member.name != place.as_posix() or any(c in member.name for c in "\\\0")
    if not member.isreg() or place.is_absolute() or ".." in place.parts or odd:
        raise _unfit(archive, f"holds {member.name[:80]!r}, which is no plain file of a backup")
    return folder / place


def _contents(archive: Path, folder: Path, found: Listed) -> str:
    """The generation named by the contents, when the contents are what was found."""
    path = folder / CONTENTS
    if found.pop(CONTENTS, (0, ""))[0] > MAX_CONTENTS or not path.is_file():
        raise _unfit(archive, "is cut short, or no backup: it has no backup.json")
    try:
        said = json.loads(path.read_text("utf-8"))
        listed = {str(place): (int(size), str(sha)) for place, (size, sha) in said["files"].items()}
        name, version = str(said["generation"]), said["format"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _unfit(archive, f"has contents that do not read: {error}") from error
    if version != FORMAT:
        raise _unfit(archive, f"has format {version}; this program reads {FORMAT}")
    if changed := sorted(
        place for place in listed.keys() | found if listed.get(place) != found.get(place)
    ):
        raise _unfit(archive, f"is damaged: {changed[0]} is not what was backed up")
    path.unlink()
    return name


def _checked(archive: Path, folder: Path, name: str) -> tuple[str, int, int]:
    """(generation, documents, passages) when catalog and generation pass their own checks."""
    if name in ("", "..") or name != PurePosixPath(name).name or not (folder / FILE).is_file():
        raise _unfit(archive, "holds no catalog, or names no generation")
    with Catalog(folder, read_only=True) as catalog:
        if damage := catalog.check():
            raise _unfit(archive, f"holds a damaged catalog: {damage}")
    try:
        verify(folder / GENERATIONS / name, chroma=False)
        built = (folder / GENERATIONS / name / CHROMA).is_dir()  # else a server has the vectors
        if built and (damage := ChromaProbe()(folder / GENERATIONS / name)):
            raise IndexDamagedError(damage)
    except IndexDamagedError as error:
        raise _unfit(archive, f"holds a damaged index: {error}") from error
    (folder / CURRENT).write_text(f"{name}\n", "utf-8")
    sync(folder / CURRENT)
    for inner in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        sync(inner)
    manifest = read_manifest(folder / GENERATIONS / name)
    return name, manifest.documents, manifest.passages


def _unfit(archive: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(f"the archive {archive} {reason}; nothing was restored")
