"""Runs one command and writes what it cost: `python -I -S launch.py OUT.json COMMAND...`

A process of its own, with no import but these: the kernel counts the memory of the
parent that forks into a child's peak, so the parent must be small.
"""

import json
import os
import sys
import time


def main() -> None:
    """Wall and CPU seconds, peak resident memory and exit code, as JSON."""
    out, command = sys.argv[1], sys.argv[2:]
    started = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    factor = 1 if sys.platform == "darwin" else 1024  # Linux counts kilobytes
    with open(out, "w") as file:
        json.dump(
            {
                "wall_s": wall,
                "cpu_s": usage.ru_utime + usage.ru_stime,
                "peak_mb": usage.ru_maxrss * factor / 1e6,
                "code": os.waitstatus_to_exitcode(status),
            },
            file,
        )


main()
