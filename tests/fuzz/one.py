"""One harness under atheris, in a process of its own: `python -m tests.fuzz.one MODULE NAME ...`,
with libFuzzer's own arguments after the name. It ends with 77 at a finding."""

from __future__ import annotations

import importlib
import sys

import atheris

OURS = ["ingest", "rag", "ui", "evals"]


def main() -> None:
    """Run until libFuzzer ends it."""
    module, name, *arguments = sys.argv[1:]
    with atheris.instrument_imports(include=OURS):
        harness = importlib.import_module(module).HARNESSES[name]
        for seed in harness.seeds:
            harness.run(seed)  # what is imported late is imported here, and counted too
    atheris.Setup([sys.argv[0], *arguments], harness.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
