"""Real Ray: the same collection to the byte, whatever is killed on the way."""

from __future__ import annotations

import ipaddress
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from ingest.catalog import FILE
from tests.conftest import ROOT
from tests.same_collection import assert_same, catalog_rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

DOCUMENTS = 240


def command(folder: Path, data_dir: Path, engine: str) -> list[str]:
    return [
        sys.executable, "-m", "ui.cli", "ingest", str(folder), "--data-dir", str(data_dir),
        "--engine", engine,
    ]  # fmt: skip


def start(folder: Path, data_dir: Path, engine: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(folder, data_dir, engine), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, **environment},
    )  # fmt: skip


def finish(folder: Path, data_dir: Path, engine: str, code: int = 0, **environment: str) -> str:
    process = start(folder, data_dir, engine, **environment)
    said, errors = process.communicate(timeout=240)
    assert process.returncode == code, errors
    return said


def write_document(folder: Path, number: int, version: int = 0) -> None:
    paragraphs = "\n\n".join(
        f"City {number} wrote version {version} of paragraph {i} on schools, youth councils and "
        f"its prevention plan, with {number * 7 + i} people of {i + 2} districts."
        for i in range(40)
    )
    (folder / f"city-{number:04}.md").write_text(f"# City {number}\n\n{paragraphs}\n")


@pytest.fixture
def many(tmp_path, monkeypatch):
    """Many documents, embedded by the small model: what is tested here is not its work."""
    monkeypatch.setenv("SANAD_EMBEDDING_MODEL", "sanad-static")
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(DOCUMENTS):
        write_document(folder, number)
    return folder


def stored(data_dir: Path) -> int:
    with suppress(sqlite3.Error):
        uri = f"file:{data_dir / FILE}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM documents").fetchone()[0])
    return 0


def when_stored(process: subprocess.Popen[str], data_dir: Path, least: int) -> int:
    """Wait until a run has committed some documents; how many."""
    end = time.monotonic() + 120
    while (found := stored(data_dir)) < least:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def left_of_ray() -> list[str]:
    """Folders that Ray's runs have left."""
    return [path.name for path in Path(tempfile.gettempdir()).glob("sanad-ray-*")]


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all have ended; one of Ray's helpers asks for its head for a minute."""
    return not psutil.wait_procs(processes, timeout=150)[1]


def spoil(folder: Path) -> None:
    """Files that cannot be read, each for its reason."""
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nno page at all")
    (folder / "empty.md").write_text("")
    (folder / "no-archive.docx").write_bytes(b"PK\x03\x04 cut short")
    (folder / "wrong.md").write_text("# Wrong\n\nIts sidecar does not read.\n")
    (folder / "wrong.md.meta.yaml").write_text("title: [never closed\n")


def test_both_engines_give_the_same_collection_to_the_byte(tmp_path):
    folder = tmp_path / "docs"
    shutil.copytree(ROOT / "docs_corpus", folder)
    spoil(folder)
    local, ray = tmp_path / "local", tmp_path / "ray"
    finish(folder, local, "local", 65)
    finish(folder, ray, "ray", 65)
    assert_same(local, ray)
    failed = [row for row in catalog_rows(ray)["ledger"] if "failed" in row]
    assert len(failed) == 4

    changed = next(folder.glob("*.en.md"))
    changed.write_text(changed.read_text("utf-8") + "\n\n## Later\n\nOne more part was written.\n")
    next(folder.glob("*.fr.md")).unlink()
    (folder / "broken.pdf").unlink()
    # Each goes on from where the other engine stopped.
    finish(folder, local, "ray", 65)
    finish(folder, ray, "local", 65)
    assert_same(local, ray)
    assert left_of_ray() == []


def test_a_killed_run_goes_on_with_either_engine(tmp_path, many):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish(many, whole, "local")
    process = start(many, killed, "ray")
    when_stored(process, killed, 32)
    helpers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = stored(killed)
    assert 32 <= kept < DOCUMENTS, "the run was over before it was killed"

    other = tmp_path / "other"
    shutil.copytree(killed, other)
    assert f"{kept} unchanged" in finish(many, other, "local")
    assert gone(helpers), "Ray outlived the run that started it"
    assert f"{kept} unchanged" in finish(many, killed, "ray")
    assert_same(whole, killed, revisions=False)
    assert_same(whole, other, revisions=False)
    assert left_of_ray() == []  # the folder of the killed run went with the next


def test_a_worker_that_is_killed_costs_its_task(tmp_path, many):
    whole, data_dir = tmp_path / "whole", tmp_path / "data"
    finish(many, whole, "local")
    process = start(many, data_dir, "ray")
    when_stored(process, data_dir, 8)
    workers = [
        child for child in psutil.Process(process.pid).children(recursive=True)
        if (child.cmdline() or [""])[0].startswith("ray::_each")
        or "MapBatches" in (child.cmdline() or [""])[0]
    ]  # fmt: skip
    assert workers, "no worker was at work"
    workers[0].kill()
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    assert_same(whole, data_dir)


def test_ray_listens_and_speaks_on_loopback_alone(tmp_path, many):
    process = start(many, tmp_path / "data", "ray")
    when_stored(process, tmp_path / "data", 1)
    family = [psutil.Process(process.pid)]
    family += family[0].children(recursive=True)
    seen = 0
    for each in family:
        with suppress(psutil.Error):
            for connection in each.net_connections("inet"):
                for end in filter(None, (connection.laddr, connection.raddr)):
                    address = ipaddress.ip_address(end.ip)
                    address = getattr(address, "ipv4_mapped", None) or address
                    assert address.is_loopback, (each.name(), connection)
                    seen += 1
    assert seen > 10
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    assert "ray" not in errors.lower(), "the log of Ray is no matter of the operator"


def test_a_cluster_that_is_there_is_used_and_left_running(tmp_path):
    port, folder = 6399, tmp_path / "docs"
    shutil.copytree(ROOT / "docs_corpus", folder)
    environment = {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "5" * 64,
    }  # fmt: skip
    temporary = Path(tempfile.mkdtemp(prefix="ray-head-"))  # sockets have short names
    head = subprocess.Popen(
        [
            sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block",
            f"--port={port}", "--num-cpus=2", "--include-dashboard=false",
            f"--object-store-memory={100 * 2**20}", f"--temp-dir={temporary}",
        ],
        env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        environment["SANAD_RAY_ADDRESS"] = f"127.0.0.1:{port}"
        local, data_dir = tmp_path / "local", tmp_path / "data"
        finish(folder, local, "local")
        time.sleep(5)
        finish(folder, data_dir, "ray", **environment)
        assert_same(local, data_dir)
        assert head.poll() is None
        refused = start(folder, tmp_path / "other", "ray", **{
            **environment, "RAY_AUTH_TOKEN": "6" * 64,
        })  # fmt: skip
        refused.communicate(timeout=240)
        assert refused.returncode != 0
        assert stored(tmp_path / "other") == 0
    finally:
        for each in [*psutil.Process(head.pid).children(recursive=True), psutil.Process(head.pid)]:
            with suppress(psutil.Error):
                each.kill()
        head.wait(30)
        shutil.rmtree(temporary, ignore_errors=True)
