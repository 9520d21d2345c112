"""Runs harnesses for a while each, two at a time; one line each, and exit 1 at a finding, which
is kept as a file: `python -m tests.fuzz [NAME ...] --seconds 60`."""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.harness import Harness

MODULES = ("tests.fuzz.documents", "tests.fuzz.questions", "tests.fuzz.requests")
MEMORY_MB = 2048  # of one harness
INPUT_S = 10  # for one input: what takes longer is a finding
INPUT_BYTES = 4096
STARTING_S = 120  # imports, instrumented, on a busy machine
_FIGURES = re.compile(r"#(\d+)\s.*?cov: (\d+)")


@dataclass(frozen=True)
class Run:
    """What came of one harness."""

    name: str
    inputs: int
    covered: int
    seconds: float
    finding: str = ""  # the last words about it; empty: none


def harnesses() -> dict[str, tuple[str, Harness]]:
    """Name -> its module and itself."""
    found: dict[str, tuple[str, Harness]] = {}
    for module in MODULES:
        listed: dict[str, Harness] = importlib.import_module(module).HARNESSES
        found |= {name: (module, harness) for name, harness in listed.items()}
    return found


def main() -> None:
    """Run the harnesses named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", help="harnesses; none: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each harness")
    parser.add_argument("--findings", type=Path, default=Path(".fuzz"), help="where they are kept")
    parser.add_argument("--jobs", type=int, default=2, help="harnesses at a time")
    given = parser.parse_args()
    if find_spec("atheris") is None:
        sys.exit("atheris is not installed: pip install -c requirements.lock -e '.[fuzz]'")
    known = harnesses()
    unknown = set(given.names) - set(known)
    if unknown:
        sys.exit(f"no harness is named {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    given.findings.mkdir(parents=True, exist_ok=True)
    failed = False
    print("| Parser | Inputs | Places covered | Seconds | |\n|---|--:|--:|--:|---|")  # noqa: T201
    with ThreadPoolExecutor(given.jobs) as threads:
        chosen = given.names or list(known)
        for run in threads.map(
            lambda n: fuzzed(n, *known[n], given.seconds, given.findings), chosen
        ):
            said = f"FOUND {run.finding}" if run.finding else "nothing found"
            line = f"{run.name} | {run.inputs} | {run.covered} | {run.seconds:.0f} | {said}"
            print(f"| {line} |", flush=True)  # noqa: T201
            failed |= bool(run.finding)
    sys.exit(failed)


def fuzzed(name: str, module: str, harness: Harness, seconds: int, findings: Path) -> Run:
    """One harness in a child, from its own seeds, for so many seconds at most."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sanad-fuzz-") as folder:
        corpus, words = Path(folder) / "corpus", Path(folder) / "pieces"
        corpus.mkdir()
        for number, seed in enumerate(harness.seeds):
            (corpus / f"seed-{number}").write_bytes(seed)
        words.write_text("".join(f'"{_escaped(piece)}"\n' for piece in harness.pieces), "ascii")
        command = [
            sys.executable, "-m", "tests.fuzz.one", module, name, str(corpus),
            *([f"-dict={words}"] if harness.pieces else []),
            f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}", f"-timeout={INPUT_S}",
            f"-max_len={INPUT_BYTES}", f"-artifact_prefix={findings}/{name}-", "-seed=20261130",
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=seconds + STARTING_S, check=False
            )
            said, code = (done.stdout + done.stderr).decode("utf-8", "replace"), done.returncode
        except subprocess.TimeoutExpired as late:
            said, code = (late.stderr or b"").decode("utf-8", "replace") + "\nit did not end", 1
    figures = _FIGURES.findall(said)
    inputs, covered = map(int, figures[-1]) if figures else (0, 0)
    finding = _last_words(said) if code else "" if inputs else "it did not begin"
    return Run(name, inputs, covered, time.monotonic() - begun, finding)


def _escaped(piece: str) -> str:
    """As libFuzzer's dictionaries are written."""
    data = piece.encode("utf-8", "surrogatepass")
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else "" for byte in data)
    return "".join(char or f"\\x{byte:02X}" for char, byte in zip(plain, data, strict=True))


def _last_words(said: str) -> str:
    """What went wrong, and the file that makes it go wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    kept = [n for n in lines if re.match(r"(?:[\w.]+(?:Error|Exception)\b|==.*ERROR|ALARM)", n)]
    files = [line for line in lines if "Test unit written to" in line]
    return "; ".join([*kept[:2], *files[-1:], *([] if kept else lines[-1:])])[:400].replace(
        "|", "/"
    )


if __name__ == "__main__":
    main()
