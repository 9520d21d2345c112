"""The child may do anything; the parent reports it in a sentence and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.sandbox import Limits, Sandbox, SandboxPool
from ingest.types import RawDocument
from ingest.wire import document_from_json, document_to_json
from rag.errors import ReadError

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(__file__).resolve().parents[2] / "shared"
READER = "tests.naughty_reader:read_bytes"
QUICK = Limits(memory_mb=512, cpu_s=1, wall_s=2.0, characters=1_000_000)


def reading(order: str, limits: Limits = QUICK) -> RawDocument:
    with Sandbox(limits, READER) as sandbox:
        return sandbox.read(order.encode(), "x.txt")


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("sleep", "took longer than 2 s to read"),
        ("spin", "took (more than 1 s of processor time|longer than 2 s) to read"),
        ("eat", "needs more than 512 MB of memory to read"),
        ("segfault", r"crashed its reader \(SIGSEGV\)"),
        ("exit", r"stopped its reader \(exit code 3\)"),
        ("recurse", "nested too deeply"),
        ("flood", "holds 50000000 characters, more than 1000000"),
        ("connect", "could not be read: PermissionError: a file's reader tried socket"),
        ("shell", "could not be read: PermissionError: a file's reader tried subprocess"),
        ("write:/tmp/sanad-never-written", "PermissionError: a file's reader tried open"),
        ("raise", "could not be read: KeyError"),
    ],
)
def test_naughty_file_is_a_sentence_and_the_next_file_is_read(order: str, reason: str) -> None:
    limits = replace(QUICK, cpu_s=60, wall_s=90.0) if order == "eat" else QUICK
    with Sandbox(limits, READER) as sandbox:
        with pytest.raises(ReadError, match=reason):  # pytest's own time limit catches a hang
            sandbox.read(order.encode(), "x.txt")
        assert sandbox.read(b"fine", "x.txt").metadata == {"order": "fine"}
    assert not Path("/tmp/sanad-never-written").exists()


def test_what_a_reader_prints_does_not_reach_the_protocol() -> None:
    assert reading("print").metadata == {"order": "print"}


def test_one_child_serves_many_files_and_is_replaced_in_time() -> None:
    with Sandbox(Limits(files_per_child=3), READER) as sandbox:
        pids = [sandbox.read(b"fine", "x.txt").pages[0].blocks[0].text for _ in range(5)]
    assert pids[0] == pids[1] == pids[2] != pids[3] == pids[4]


def test_closing_leaves_no_process_behind() -> None:
    with Sandbox(QUICK, READER) as sandbox:
        sandbox.read(b"fine", "x.txt")
        pid = sandbox.pid
        assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_child_killed_from_outside_between_files_is_replaced() -> None:
    with Sandbox(QUICK, READER) as sandbox:
        sandbox.read(b"fine", "x.txt")
        assert sandbox.pid is not None
        os.kill(sandbox.pid, signal.SIGKILL)
        time.sleep(0.2)
        assert sandbox.read(b"fine", "x.txt").reader == ""


@pytest.mark.parametrize("order", ["fine", "sleep", "spin"])
def test_killing_the_parent_kills_the_child(order: str) -> None:
    script = (
        "import threading, time\n"
        "from ingest.sandbox import Limits, Sandbox\n"
        f"box = Sandbox(Limits(), {READER!r})\n"
        "box.read(b'fine', 'x'); print(box.pid, flush=True)\n"
        f"threading.Thread(target=lambda: box.read({order.encode()!r}, 'x'), daemon=True).start()\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    time.sleep(0.3)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _gone(child, within=5.0)


def _gone(pid: int, within: float) -> bool:
    """Gone, or a zombie that waits for whoever adopted it."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.1)
    return False


def test_large_file_passes_in_both_directions() -> None:
    text = "كلمة " * 400_000
    with Sandbox() as sandbox:
        raw = sandbox.read(text.encode(), "long.txt")
    assert len(raw.pages[0].blocks[0].text) == len(text) - 1


def test_file_over_the_input_limit_is_not_sent() -> None:
    with Sandbox(Limits(input_mb=0)) as sandbox, pytest.raises(ReadError, match="larger than 0 MB"):
        sandbox.read(b"x", "x.txt")
    assert sandbox.pid is None


def test_pool_reads_from_threads() -> None:
    with SandboxPool(2) as pool, ThreadPoolExecutor(4) as threads:
        names = [f"paper-{n}.txt" for n in range(20)]
        read = list(threads.map(lambda name: pool.read(name.encode(), name), names))
    assert [raw.pages[0].blocks[0].text for raw in read] == names


@pytest.mark.parametrize(
    "reply",
    [
        b"[]",
        b"{}",
        b"null",
        b"[" * 100_000,
        b'{"pages": [[1, "", [["script", "x", 0]]]], "metadata": {}, "reader": "", "notes": []}',
        b'{"pages": [["1", "", []]], "metadata": {}, "reader": "", "notes": []}',
        b"\x80\x04K\x01.",
    ],
)
def test_reply_of_another_shape_is_refused(reply: bytes) -> None:
    with pytest.raises(ReadError, match="nonsense"):
        document_from_json(reply)


def test_document_survives_the_pipe() -> None:
    raw = reading("fine")
    assert document_from_json(document_to_json(raw)) == raw


HOSTILE = sorted(
    path
    for folder in ("pdf/hostile", "pdf/sample-files")
    for path in (SHARED / folder).rglob("*.pdf")
)


@pytest.mark.skipif(not HOSTILE, reason="the reference folder with hostile PDFs is not here")
def test_hostile_pdfs_are_documents_or_sentences() -> None:
    with SandboxPool(2) as pool, ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(lambda path: _outcome(pool, path), HOSTILE))
    assert len(outcomes) == len(HOSTILE)
    read = sum(isinstance(outcome, RawDocument) for outcome in outcomes)
    assert read > len(HOSTILE) / 2
    for outcome in outcomes:
        if isinstance(outcome, str):
            assert 5 < len(outcome) <= 500 and "\n" not in outcome


def _outcome(pool: SandboxPool, path: Path) -> RawDocument | str:
    try:
        return pool.read(path.read_bytes(), path.name)
    except ReadError as exc:
        return str(exc)
