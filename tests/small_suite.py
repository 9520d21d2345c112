"""A suite of two questions over a collection of two documents, as a person writes it."""

from __future__ import annotations

from pathlib import Path

PLAN = "The county action plan of Kilifi has seven pillars with two leads each."

CASES = f"""
name: small
pass_marks: {{quote_fidelity: 1.0, gold_document: 1.0, declined: 1.0}}
cases:
  - id: pillars
    question: How many pillars has the county action plan of Kilifi?
    language: en
    expect: answered
    gold: [{{document: kilifi.md, quote: "{PLAN}"}}]
    must_include: [[seven, 7], [pillars]]
  - id: bread
    question: Quantum chromodynamics lattice gauge coupling?
    language: en
    expect: declined
"""


def suite(tmp_path: Path, text: str, name: str = "suite.yaml") -> Path:
    """The text as a file."""
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path
