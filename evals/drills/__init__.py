"""Faults made on purpose, and what must hold afterwards (docs/faults.md).

    python -m evals.drills [ROW ...]        every row of the table, or those named

A drill breaks a real process or a real disk and looks at what is left with eyes of its own:
`state` reads a data folder, `faulty` fails the N-th operation on it, `disk` makes small disks.
"""
