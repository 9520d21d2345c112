"""The catalog's file: its tables, its versions, and opening it.

The door to SQLite: what it reports of a file becomes one sentence for the operator.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from ingest.lock import folder_error
from rag.errors import ConfigurationError

FILE = "catalog.sqlite"
VERSION = 2
MIGRATIONS = {
    1: """
    CREATE TABLE sources (name TEXT PRIMARY KEY, root TEXT NOT NULL);
    CREATE TABLE documents (id TEXT PRIMARY KEY, source TEXT NOT NULL, digest TEXT NOT NULL,
                            record TEXT NOT NULL);
    CREATE INDEX documents_by_source ON documents (source);
    CREATE TABLE pages (document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
                        number INTEGER NOT NULL, label TEXT NOT NULL, text TEXT NOT NULL,
                        spans TEXT NOT NULL, PRIMARY KEY (document, number));
    CREATE TABLE passages (id TEXT PRIMARY KEY,
                           document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
                           position INTEGER NOT NULL, page INTEGER NOT NULL,
                           start INTEGER NOT NULL, "end" INTEGER NOT NULL,
                           headings TEXT NOT NULL, embedded TEXT NOT NULL);
    CREATE INDEX passages_by_document ON passages (document, position);
    CREATE TABLE vectors (text TEXT NOT NULL, model TEXT NOT NULL, vector BLOB NOT NULL,
                          PRIMARY KEY (text, model)) WITHOUT ROWID;
    CREATE TABLE ledger (document TEXT PRIMARY KEY, source TEXT NOT NULL, status TEXT NOT NULL,
                         reason TEXT NOT NULL, digest TEXT NOT NULL, passages INTEGER NOT NULL,
                         removed TEXT NOT NULL, notes TEXT NOT NULL, time REAL NOT NULL);
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    INSERT INTO state VALUES ('revision', '0');
    """,
    # The catalog's revision at which a document was stored last: what is newer than a generation.
    2: """
    ALTER TABLE documents ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX documents_by_revision ON documents (revision);
    INSERT OR IGNORE INTO state VALUES ('id', lower(hex(randomblob(16))));
    """,
}

LedgerStatus = Literal["stored", "failed"]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What happened to one document when it was last read."""

    document: str
    source: str
    status: LedgerStatus
    reason: str  # why it failed; empty when stored
    digest: str  # of the stored version: source bytes, sidecar, pipeline; empty when none
    passages: int
    removed: tuple[tuple[str, int], ...] = ()  # (reason, how many lines), from cleaning
    notes: tuple[str, ...] = ()
    time: float = 0.0  # seconds since the epoch, UTC


def connect(data_dir: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the catalog of a data folder at the newest version.

    `read_only` creates and changes nothing: an older version stays as it is, and where there is
    no catalog yet it gives an empty one in memory. Raises ConfigurationError.
    """
    path = data_dir / FILE
    try:
        if read_only:
            target = read_only_uri(path)
        else:
            data_dir.mkdir(parents=True, exist_ok=True)
            target = f"file:{quote(str(path.absolute()))}"
    except OSError as error:
        raise folder_error(data_dir, "read" if read_only else "written to", error) from error
    try:
        db = sqlite3.connect(target, isolation_level=None, uri=True)
        try:
            if not read_only:
                db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
            db.execute("PRAGMA foreign_keys=ON")
            _migrate(db, path, read_only=read_only and path.exists())
        except BaseException:
            db.close()
            raise
    except sqlite3.Error as error:
        raise catalog_error(data_dir, error) from error
    return db


def read_only_uri(path: Path) -> str:
    """Without a write-ahead log nobody is writing: the file is opened as immutable, as
    SQLite would otherwise create one even to read."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        size = 0
    if not size:
        return "file::memory:"
    log = path.with_name(f"{path.name}-wal")
    mode = "mode=ro" if log.exists() else "immutable=1"
    return f"file:{quote(str(path.absolute()))}?{mode}"


def _migrate(db: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise ConfigurationError(
            f"{path} was written by a newer Sanad (catalog version {found}, this one reads up to "
            f"{VERSION}); upgrade Sanad"
        )
    if read_only and found:
        return
    for version in range(found + 1, VERSION + 1):
        script = MIGRATIONS[version]
        db.executescript(f"BEGIN; {script}; PRAGMA user_version={version}; COMMIT;")


def catalog_error(data_dir: Path, error: sqlite3.Error) -> ConfigurationError:
    """The one sentence for what SQLite says of a catalog."""
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        remedy = "another program has it open; close that and run the command again"
    elif isinstance(error, sqlite3.OperationalError):
        remedy = "see that its folder can be written to and has room"
    else:
        remedy = "restore it from a backup, or move it away and ingest again"
    return ConfigurationError(f"catalog {data_dir / FILE} cannot be used: {error}; {remedy}")


def copied_database(source: Path, target: Path) -> Path:
    """A consistent copy of a database that others may be writing to."""
    target.unlink(missing_ok=True)
    if not source.exists():
        raise FileNotFoundError(source)
    try:
        with (
            closing(sqlite3.connect(read_only_uri(source), uri=True)) as db,
            closing(sqlite3.connect(target)) as copy,
        ):
            db.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise ConfigurationError(f"{source} cannot be copied: {error}") from error
    return target
