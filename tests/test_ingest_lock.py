import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.lock import lock_owner, writer_lock
from rag.errors import ConfigurationError, LockedError


def test_second_writer_is_told_who_holds_the_lock(tmp_path):
    with writer_lock(tmp_path):
        with pytest.raises(LockedError, match=f"process {os.getpid()}"), writer_lock(tmp_path):
            pass
        assert lock_owner(tmp_path) == str(os.getpid())
    assert lock_owner(tmp_path) == ""


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from ingest.lock import writer_lock\n"
        "with writer_lock(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    with pytest.raises(LockedError, match=str(child.pid)), writer_lock(tmp_path):
        pass
    child.kill()
    child.wait()
    with writer_lock(tmp_path):
        pass


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("x")
    with pytest.raises(ConfigurationError, match="is a file"), writer_lock(tmp_path / "data"):
        pass
    with pytest.raises(ConfigurationError, match="is a file"):
        lock_owner(tmp_path / "data")


def test_a_folder_that_cannot_be_written_is_one_sentence():
    with pytest.raises(ConfigurationError, match="cannot be written to"):
        writer_lock(Path("/proc/sanad")).__enter__()


def test_asking_for_the_owner_writes_nothing(tmp_path):
    (tmp_path / "LOCK").write_text("1\n")
    (tmp_path / "LOCK").chmod(0o444)
    flags = []
    sys.addaudithook(lambda name, args: flags.append(args) if name == "open" else None)
    assert lock_owner(tmp_path) == ""
    assert [mode for path, mode, _ in flags if str(path).endswith("LOCK")] == ["r"]
