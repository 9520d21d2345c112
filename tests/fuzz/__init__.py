"""Parsers of what strangers write, each behind a function of bytes that fails where a promise of
the parser is broken: an exception that is none of ours, or a result that cannot be right.

    make fuzz SECONDS=60                       every parser, guided by coverage (atheris)
    python -m tests.fuzz --seconds 600 markers one of them

`tests/test_faults_harnesses.py` runs the same functions over their seeds and what Hypothesis
makes of them, without atheris.
"""
