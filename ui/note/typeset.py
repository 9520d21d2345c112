"""A child process that sets one note: JSON of `ui.note.pdf` in, a PDF out.

It has a limit on memory, processor time and files, reads nothing but our template and
fonts, and knows nothing of the server. A note that our fonts lack letters for is set again
without the claim of PDF/UA, which forbids empty boxes.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
MEMORY_MB = 2048
CPU_S = 25
NICE = 5  # answers go first
Standard = Literal["ua-1"]  # tagged for screen readers, ISO 14289-1


def main() -> None:
    """Read a note from standard input and write its PDF."""
    _limit()
    import typst

    data = sys.stdin.buffer.read().decode()
    try:
        made = _set(data, ["ua-1"])
    except typst.TypstError:
        made = _set(data, [])
    sys.stdout.buffer.write(made)


def _set(data: str, standards: Sequence[Standard]) -> bytes:
    """The PDF. Its root holds fonts alone: the template could read nothing of ours if it
    tried. Raises typst.TypstError."""
    import typst

    fonts = str(HERE / "fonts")
    return typst.compile(  # type: ignore[no-any-return,call-overload]  # one type for all paths
        (HERE / "note.typ").read_bytes(), root=fonts, font_paths=[fonts],
        ignore_system_fonts=True, format="pdf", sys_inputs={"note": data},
        pdf_standards=list(standards), package_path=fonts, package_cache_path=fonts,
    )  # fmt: skip


def _limit() -> None:
    os.nice(NICE)
    megabyte = 1 << 20
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MB * megabyte, MEMORY_MB * megabyte))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
