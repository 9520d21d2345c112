"""What released versions wrote, kept so that later ones go on to read it.

    python -m tests.releases     keeps what today's version writes: run it before a release

tests/data/releases/catalog-<version>.sql   the catalog, as SQL
tests/data/releases/data-<version>.tar.gz   the whole data folder, indexes and all
A file that is there is never written again.
"""

from __future__ import annotations

import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from ingest.schema import FILE, VERSION
from ingest.walk import Options, ingest
from rag.embed import HashEmbedder

FOLDER = Path(__file__).parent / "data" / "releases"
ROOT = "/srv/docs"  # where the documents lay
DOCUMENTS = {
    "kenya.md": (
        "---\ntitle: County action plans\ndate: 2023-05-04\ncountries: [KE]\nlanguage: en\n---\n"
        "# County action plans\n\nKenya asked every county for an action plan of its own.\n\n"
        "Mombasa wrote the first one in 2018, with its schools and its police.\n"
    ),
    "bern.md": (
        "---\ntitle: Bern\nlanguage: en\n---\n# Bern\n\n| Year | Patrols |\n|---|---|\n"
        "| 2021 | 14 |\n| 2022 | 9 |\n\nThe city of Bern replaced patrols by youth workers.\n"
    ),
    "sommet.md": (
        "---\ntitle: Le sommet\nlanguage: fr\n---\n# Le sommet\n\n"
        "Les maires ont adopté un plan de prévention avec les écoles de la ville.\n"
    ),
    "qimma.md": (
        "---\ntitle: القمة\nlanguage: ar\n---\n# القمة\n\n"
        "اتفق رؤساء البلديات على خطة للوقاية مع المدارس والشرطة.\n"
    ),
}
QUESTION = "Which city wrote the first action plan?"
QUOTE = "Mombasa wrote the first one in 2018, with its schools and its police."


def catalogs() -> dict[int, Path]:
    """Version -> SQL of what it wrote."""
    return {int(path.stem.partition("-")[2]): path for path in FOLDER.glob("catalog-*.sql")}


def folders() -> dict[int, Path]:
    """Version -> archive of a data folder that it wrote."""
    return {int(path.name[5:].partition(".")[0]): path for path in FOLDER.glob("data-*.tar.gz")}


def catalog_into(data_dir: Path, version: int) -> None:
    """The catalog that a version wrote, in a folder of its own."""
    data_dir.mkdir(parents=True)
    with closing(sqlite3.connect(data_dir / FILE)) as db:
        db.executescript(catalogs()[version].read_text("utf-8"))


def folder_into(data_dir: Path, version: int) -> None:
    """The data folder that a version wrote."""
    with tarfile.open(folders()[version]) as archive:
        archive.extractall(data_dir, filter="data")


def keep(folder: Path) -> None:
    """Writes both files for today's version."""
    with tempfile.TemporaryDirectory() as scratch:
        docs, data = Path(scratch) / "docs", Path(scratch) / "data"
        docs.mkdir()
        for name, text in DOCUMENTS.items():
            (docs / name).write_text(text, "utf-8")
        report = ingest([str(docs)], data, HashEmbedder(), Options(workers=1))
        assert len(report.created) == len(DOCUMENTS) and not report.failed
        with closing(sqlite3.connect(data / FILE)) as db:
            db.execute("UPDATE sources SET root = ?", (ROOT,))
            db.commit()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            lines = [*db.iterdump(), f"PRAGMA user_version = {VERSION};"]
        (folder / f"catalog-{VERSION}.sql").write_text("\n".join(lines) + "\n", "utf-8")
        with tarfile.open(folder / f"data-{VERSION}.tar.gz", "w:gz") as archive:
            for path in sorted(data.iterdir()):
                if path.name not in ("LOCK", "history") and not path.name.startswith(FILE + "-"):
                    archive.add(path, path.name, filter=_nobodys)


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    if VERSION in catalogs() or VERSION in folders():
        sys.exit(f"version {VERSION} is kept already; what a release wrote is never changed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    keep(FOLDER)
