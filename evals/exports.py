"""A run in the forms other programs read: JUnit XML, CSV, Markdown. Written beside the rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from evals.aggregate import Judged
from evals.cases import Suite
from evals.judge import OF_A_CASE
from evals.summary import markdown

JUNIT, CSV, SUMMARY = "junit.xml", "cases.csv", "summary.md"
# What XML 1.0 cannot hold (production Char), and what some readers choke on.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out


def write_exports(
    folder: Path, suite: Suite, values: Mapping[str, Any], rows: Sequence[Judged]
) -> None:
    """All three, in a run folder."""
    (folder / JUNIT).write_text(junit(values, rows), "utf-8")
    (folder / CSV).write_text(as_csv(rows), "utf-8")
    (folder / SUMMARY).write_text(markdown(values, rows), "utf-8")


def junit(values: Mapping[str, Any], rows: Sequence[Judged]) -> str:
    """A test a reply and a test a pass mark. Times are seconds."""
    suite = ElementTree.Element("testsuite", name=str(values["suite"]))
    failed = errors = 0
    for row in rows:
        name = row.case.id if row.attempt == 1 else f"{row.case.id} ({row.attempt})"
        seconds = float(row.seen.timings_ms.get("total", 0.0)) / 1000
        test = _test(suite, str(values["suite"]), name, seconds)
        if row.seen.status == "error":
            errors += 1
            _problem(test, "error", row.verdict.reasons)
        elif not row.verdict.passed:
            failed += 1
            _problem(test, "failure", row.verdict.reasons)
    for name, mark in values["pass_marks"].items():
        test = _test(suite, f"{values['suite']}.pass_marks", name, 0.0)
        if not mark["reached"]:
            failed += 1
            _problem(test, "failure", [f"{mark['value']} is below {mark['mark']}"])
    suite.set("tests", str(len(rows) + len(values["pass_marks"])))
    suite.set("failures", str(failed))
    suite.set("errors", str(errors))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _test(suite: ElementTree.Element, group: str, name: str, seconds: float) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", classname=_plain(group), name=_plain(name), time=f"{seconds:.3f}"
    )


def _problem(test: ElementTree.Element, kind: str, reasons: Sequence[str]) -> None:
    text = _plain("; ".join(reasons))
    ElementTree.SubElement(test, kind, message=text).text = text


def _plain(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def as_csv(rows: Sequence[Judged]) -> str:
    """A line a reply: the case, the measures, what is wrong, the reply. A cell that a
    spreadsheet would take for a formula gets an apostrophe."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["id", "attempt", "language", "type", "tags", "expect", "status", "question", "reply",
         "reasons", "milliseconds", *OF_A_CASE]
    )  # fmt: skip
    for row in rows:
        case, seen = row.case, row.seen
        texts = [
            case.id, str(row.attempt), case.language, case.kind, " ".join(case.tags), case.expect,
            seen.status, case.question, seen.text or seen.reason, "; ".join(row.verdict.reasons),
        ]  # fmt: skip
        figures = [row.verdict.values[name] for name in OF_A_CASE]
        writer.writerow(
            [
                *map(_cell, texts),
                seen.timings_ms.get("total", ""),
                *("" if value is None else round(value, 4) for value in figures),
            ]
        )
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
