"""`python -m evals.drills [ROW ...]`: one line a row, and exit 1 when something did not hold."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evals.drills import reading
from evals.drills.table import ROWS, Row, table

LAST_WORDS = 300  # characters of what went wrong


def main() -> None:
    """Run the rows named, or all."""
    parser = argparse.ArgumentParser(prog="python -m evals.drills", description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, help="rows of the table; none: all")
    parser.add_argument("--few", action="store_true", help="a few moments of each drill")
    parser.add_argument("--no-tests", action="store_true", help="drills alone")
    parser.add_argument("--files", type=Path, action="append", default=[], metavar="FOLDER",
                        help="PDFs for row 10 to read, besides its own")  # fmt: skip
    parser.add_argument("--table", action="store_true", help="print the table and end")
    given = parser.parse_args()
    if given.table:
        print(table())  # noqa: T201
        return
    reading.FOLDERS.extend(given.files)
    chosen = [row for row in ROWS if not given.rows or row.number in given.rows]
    failed = False
    print("| # | Fault | | Seconds | Seen |\n|--:|---|---|--:|---|", flush=True)  # noqa: T201
    for row in chosen:
        begun = time.monotonic()
        held, said = _row(row, few=given.few, tests=not given.no_tests)
        failed |= not held
        verdict = "passed" if held else "FAILED"
        seconds = f"{time.monotonic() - begun:.0f}"
        line = " | ".join((str(row.number), row.fault, verdict, seconds, said))
        print(f"| {line} |", flush=True)  # noqa: T201
    sys.exit(failed)


def _row(row: Row, *, few: bool, tests: bool) -> tuple[bool, str]:
    """Whether the drill and the tests of a row hold, and what was seen."""
    said = []
    for drill in row.drills:
        with tempfile.TemporaryDirectory(prefix="sanad-drill-") as folder:
            try:
                said.append(drill(Path(folder), few))
            except Exception as error:  # noqa: BLE001  # whatever it is, the row has failed
                words = " ".join(f"{type(error).__name__}: {error}".split())
                return False, words[:LAST_WORDS].replace("|", "/")
    if row.tests and tests:
        held, words = _tested(row)
        said.append(words)
        return held, "; ".join(said)
    return True, "; ".join(said)


def _tested(row: Row) -> tuple[bool, str]:
    """Runs the tests of a row, slow ones too."""
    names = [f"tests/test_{name.replace('::', '.py::')}" for name in row.tests]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "--timeout", "900", *names],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    words = [line for line in done.stdout.splitlines() if line.strip()][-1:] or ["no words"]
    return done.returncode == 0, words[0].strip("= ").replace("|", "/")[:LAST_WORDS]


if __name__ == "__main__":
    main()
