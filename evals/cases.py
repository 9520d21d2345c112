"""Suites as people write them: YAML, or JSON Lines with one case a line.

    name: client
    pass_marks: {status: 0.9, quote_fidelity: 1.0}
    cases:
      - id: kenya-en
        question: How did Kenya structure county action plans?
        language: en
        expect: answered
        gold: [{document: kenya.en.md, quote: two levels}]
        must_include: [[seven pillars, 7 pillars], [civil society]]
      - id: compare-en
        question: Compare Kenya and Uganda
        language: en
        expect: answered
        layout: table
        labels: [[Kenya], [Uganda]]

Gold entries are alternatives: citing one is right. Each entry of `must_include` is a
statement, given as the wordings that may carry it. `layout` is the shape the answer must
have; each entry of `labels` is a row it must hold, given as the wordings its label may have.
Every mistake is a ConfigurationError that names file, case and field.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag.errors import ConfigurationError

Checked = TypeVar("Checked", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        coerce_numbers_to_str=True,  # YAML reads 7 as a number
    )


class GoldQuote(_Strict):
    """Where the answer stands: a document id and, if given, words of its text."""

    document: str = Field(min_length=1)
    quote: str = ""


class Case(_Strict):
    """One question and what a right reply holds."""

    id: str = Field(min_length=1)
    question: str = Field(min_length=1)
    language: str = Field(min_length=2, max_length=3)
    expect: Literal["answered", "declined"]
    gold: tuple[GoldQuote, ...] = ()
    must_include: tuple[tuple[str, ...], ...] = ()
    must_not_include: tuple[str, ...] = ()
    layout: Literal["", "quotes", "list", "steps", "table", "reading", "differ"] = ""
    labels: tuple[tuple[str, ...], ...] = ()
    tags: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Case:
        if self.expect == "declined" and (self.gold or self.must_include):
            raise ValueError("a case that expects a decline has no gold and no must_include")
        if self.labels and not self.layout:
            raise ValueError("labels are rows of a layout; name the layout too")
        if any(not one.strip() for group in self.must_include for one in group) or not all(
            self.must_include
        ):
            raise ValueError("must_include holds an empty wording")
        return self


class Suite(_Strict):
    """Cases and the means they must reach."""

    name: str = Field(min_length=1, pattern=r"^[\w.-]+$")
    pass_marks: dict[str, float] = Field(default_factory=dict)
    cases: tuple[Case, ...] = Field(min_length=1)


def load_suite(path: Path, measures: frozenset[str]) -> Suite:
    """Read and check a suite. `measures` are the names a pass mark may have."""
    values = _jsonl(path) if path.suffix == ".jsonl" else _yaml(path)
    cases = values.get("cases")
    for number, case in enumerate(cases if isinstance(cases, list) else [], start=1):
        _check(Case, case, f"{path}: case {_name(case, number)}")
    suite = _check(Suite, values, str(path))
    seen: set[str] = set()
    for case in suite.cases:
        if case.id in seen:
            raise ConfigurationError(f"{path}: case id {case.id!r} occurs twice")
        seen.add(case.id)
    for measure, mark in suite.pass_marks.items():
        if measure not in measures or not 0 <= mark <= 1:
            raise ConfigurationError(
                f"{path}: field 'pass_marks.{measure}' is {mark}; it takes 0 to 1 for one of "
                f"{', '.join(sorted(measures))}"
            )
    return suite


def _check(kind: type[Checked], values: object, place: str) -> Checked:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        field = f", field {where!r}" if where else ""
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{place}{field}: {message}") from error


def _name(case: object, number: int) -> str:
    identity = case.get("id") if isinstance(case, dict) else None
    return f"{identity!r}" if identity else f"number {number}"


def _yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(_read(path))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise ConfigurationError(f"{path}{line} is not YAML: {problem}") from error
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path} is not a suite: expected fields name, pass_marks, cases")
    return values


def _jsonl(path: Path) -> dict[str, Any]:
    cases = []
    for number, line in enumerate(_read(path).split("\n"), start=1):
        if line.strip():
            try:
                cases.append(json.loads(line))
            except ValueError as error:
                raise ConfigurationError(f"{path} line {number} is not JSON: {error}") from error
    return {"name": path.stem, "cases": cases}


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text (byte {error.start})") from error
