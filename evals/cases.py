"""Suites as people write them: YAML, or JSON Lines with one case a line.

    name: client
    pass_marks: {status: 0.9, quote_fidelity: 1.0, answered@ar: 0.8}
    cases:
      - id: kenya-en
        question: How did Kenya structure county action plans?
        language: en
        expect: answered
        gold: [{document: kenya.en.md, quote: two levels}]
        must_include: [[seven pillars, 7 pillars], [civil society]]
      - id: members
        questions: {en: "How many members has it?", fr: "Combien de membres ?"}
        expect: answered
        must_include: {any: [["230"]], fr: [[plus de 230]]}
      - id: then-uganda
        turns: ["How did Kenya structure county action plans?", "and in Uganda?"]
        language: en
        expect: partial
        standalone: {must_include: [[Uganda]], must_not_include: [Kenya]}

`docs/evaluation.md` says what every field means. Every mistake is a ConfigurationError that
names file, line, case and field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from evals.places import Placed, read_jsonl, read_yaml
from rag.errors import ConfigurationError

Checked = TypeVar("Checked", bound=BaseModel)
Groups = tuple[tuple[str, ...], ...]  # each a statement, given as the wordings that carry it
ANY = "any"  # the key of what holds for every language
TO_REVIEW = "to review"


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        coerce_numbers_to_str=True,  # YAML reads 7 as a number
    )


class GoldQuote(_Strict):
    """Where the answer stands: a document id and, if given, its page and words of its text.

    Entries without `part`, or of one part, are alternatives; each part is wanted. One that
    `leads` would be right as the first sentence of the reply.
    """

    document: str = Field(min_length=1)
    page: int | None = Field(default=None, ge=1)
    quote: str = ""
    part: str = ""
    leads: bool = False


class Standalone(_Strict):
    """What the question that is searched must be, after a conversation."""

    unchanged: bool = False
    must_include: Groups = ()
    must_not_include: tuple[str, ...] = ()


class Limits(_Strict):
    """What one reply may take at most."""

    ms: float | None = Field(default=None, gt=0)
    characters: int | None = Field(default=None, gt=0)
    citations: int | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, gt=0)
    cost: float | None = Field(default=None, gt=0)


class Case(_Strict):
    """One question, or turns of which the last is judged, and what a right reply holds."""

    id: str = Field(min_length=1)
    question: str = Field(min_length=1)
    language: str = Field(min_length=2, max_length=3)
    expect: Literal["answered", "partial", "declined"]
    reason: tuple[str, ...] = ()  # of a decline: one of these
    turns: tuple[str, ...] = ()  # the last is `question`
    filters: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    gold: tuple[GoldQuote, ...] = ()
    must_include: Groups = ()
    must_not_include: tuple[str, ...] = ()
    must_lead: bool = False  # the first statement has to cite a gold quote that may lead
    on_point: float = Field(default=0.0, ge=0, le=1)  # least share of citations that are gold
    allowed_languages: tuple[str, ...] = ()  # of the reply; none: the question's
    standalone: Standalone | None = None
    layout: Literal["", "quotes", "list", "steps", "table", "reading", "differ"] = ""
    labels: Groups = ()
    limits: Limits = Limits()
    group: str = ""  # cases of one group ask the same thing
    type: str = ""  # kind of question; none: the first tag
    tags: tuple[str, ...] = ()
    review: Literal["", "to review"] = ""  # a draft is not run
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, values: Any) -> Any:
        """Shorthands: turns for the question, one reason as a word, a document's id for a place
        in it, statements by language."""
        if not isinstance(values, dict):
            return values
        values = dict(values)
        turns = values.get("turns")
        if isinstance(turns, list) and turns:
            if "question" in values:
                raise ValueError("give question or turns, not both; the last turn is the question")
            values["question"] = turns[-1]
        if isinstance(values.get("reason"), str):
            values["reason"] = [values["reason"]]
        if isinstance(values.get("gold"), list):
            values["gold"] = [{"document": o} if isinstance(o, str) else o for o in values["gold"]]
        for name in ("must_include", "must_not_include"):
            if isinstance(values.get(name), dict):
                values[name] = _by_language(values[name], str(values.get("language", "")), name)
        return values

    @model_validator(mode="after")
    def _consistent(self) -> Case:
        if self.expect == "declined" and (self.gold or self.must_include):
            raise ValueError("a case that expects a decline has no gold and no must_include")
        if self.expect == "answered" and self.reason:
            raise ValueError("reason is the reason of a decline; this case expects an answer")
        if self.labels and not self.layout:
            raise ValueError("labels are rows of a layout; name the layout too")
        if any(not one.strip() for group in self.must_include for one in group) or not all(
            self.must_include
        ):
            raise ValueError("must_include holds an empty wording")
        if self.must_lead and not any(gold.leads for gold in self.gold):
            raise ValueError("must_lead asks for gold quotes with `leads: true`")
        if self.on_point and not any(gold.quote for gold in self.gold):
            raise ValueError("on_point asks for gold quotes")
        if not all(one.strip() for one in self.must_not_include):
            raise ValueError("must_not_include holds an empty wording")
        return self

    @property
    def history(self) -> tuple[str, ...]:
        """The turns before the question."""
        return self.turns[:-1]

    @property
    def kind(self) -> str:
        """The type of question; "other" for a case without type and tags."""
        return self.type or (self.tags[0] if self.tags else "other")


def _by_language(values: Mapping[Any, Any], language: str, name: str) -> list[Any]:
    """What holds for any language, and for this one."""
    strange = [key for key in values if not isinstance(key, str) or len(key) not in (2, 3)]
    if strange or not all(isinstance(one, list) for one in values.values()):
        raise ValueError(f"{name} by language has language codes or 'any' as keys, lists as values")
    return [*values.get(ANY, []), *values.get(language, [])]


class Suite(_Strict):
    """Cases and the means they must reach."""

    name: str = Field(min_length=1, pattern=r"^[\w.-]+$")
    description: str = ""
    pass_marks: dict[str, float] = Field(default_factory=dict)
    cases: tuple[Case, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of a suite file, before what it stands for is spelled out."""

    values: Any
    path: Path
    placed: Placed
    number: int  # from 1

    @property
    def name(self) -> str:
        identity = self.values.get("id") if isinstance(self.values, dict) else None
        return f"{identity!r}" if identity else f"number {self.number}"

    def place(self, location: tuple[str | int, ...] = ()) -> str:
        """ "suite.yaml line 12: case 'a'", for a message."""
        line = self.placed.line(("cases", self.number - 1, *location))
        return f"{self.path}{f' line {line}' if line else ''}: case {self.name}"

    def mistake(self, message: str) -> ConfigurationError:
        return ConfigurationError(f"{self.place()}: {message}")


def load_suite(path: Path, measures: frozenset[str]) -> Suite:
    """Read and check a suite. `measures` are the names a pass mark may have."""
    placed = _jsonl(path) if path.suffix == ".jsonl" else read_yaml(path)
    if not isinstance(placed.values, dict):
        raise ConfigurationError(f"{path} is not a suite: expected fields name, pass_marks, cases")
    listed = placed.values.get("cases")
    spread: list[Any] = []
    seen: dict[str, str] = {}
    for number, values in enumerate(listed if isinstance(listed, list) else [], start=1):
        entry = _Entry(values, path, placed, number)
        for one in _spread(entry):
            case = _checked_case(one, entry)
            if case.id in seen:
                raise entry.mistake(
                    f"case id {case.id!r} occurs twice; the first is {seen[case.id]}"
                )
            seen[case.id] = entry.place()
            spread.append(one)
    whole = {**placed.values, "cases": spread} if isinstance(listed, list) else placed.values
    suite = _checked_suite(whole, path, placed)
    _check_marks(suite, measures, path, placed)
    return suite


def _spread(entry: _Entry) -> Iterator[Any]:
    """The cases an entry stands for: one for each language of `questions`, and one more for
    each of the `paraphrases`; all of one group."""
    values = entry.values
    if not isinstance(values, dict):
        yield values
        return
    rest = {k: v for k, v in values.items() if k not in ("questions", "paraphrases")}
    identity = values.get("id")
    grouped = {"group": values.get("group", identity)}
    if "questions" in values:
        questions = values["questions"]
        if not identity:
            raise entry.mistake("field 'id' is missing: the cases of the languages are named by it")
        if not isinstance(questions, dict) or not questions:
            raise entry.mistake("field 'questions' is a mapping from language to question")
        if "question" in values or "turns" in values or "language" in values:
            raise entry.mistake("give questions, or question (or turns) with language; not both")
        for language, question in questions.items():
            yield {
                **rest, **grouped, "id": f"{identity}-{language}", "language": language,
                "question": question,
            }  # fmt: skip
        return
    others = values.get("paraphrases", [])
    if not isinstance(others, list):
        raise entry.mistake("field 'paraphrases' is a list of questions")
    yield {**rest, **grouped} if others else rest
    for number, question in enumerate(others, start=1):
        yield {**rest, **grouped, "id": f"{identity}-p{number}", "question": question}


def _checked_case(values: Any, entry: _Entry) -> Case:
    try:
        return Case.model_validate(values)
    except ValidationError as error:
        location, message = _first(error)
        if location == ("language",) and "questions" in entry.values:
            location = ("questions",)
        raise ConfigurationError(f"{entry.place(location)}{_field(location)}: {message}") from error


def _checked_suite(values: Any, path: Path, placed: Placed) -> Suite:
    try:
        return Suite.model_validate(values)
    except ValidationError as error:
        location, message = _first(error)
        line = placed.line(location)
        place = f"{path}{f' line {line}' if line else ''}"
        raise ConfigurationError(f"{place}{_field(location)}: {message}") from error


def _first(error: ValidationError) -> tuple[tuple[str | int, ...], str]:
    first = error.errors()[0]
    return tuple(first["loc"]), first["msg"].removeprefix("Value error, ")


def _field(location: tuple[str | int, ...]) -> str:
    return f", field {'.'.join(map(str, location))!r}" if location else ""


def _check_marks(suite: Suite, measures: frozenset[str], path: Path, placed: Placed) -> None:
    """A mark is of a measure, or of its slice: "answered@ar", "gold_quote@compare"."""
    slices = {one for case in suite.cases for one in slices_of(case)}
    for name, mark in suite.pass_marks.items():
        sliced = "@" in name and name not in measures  # "nDCG@10" is no slice
        measure, at, part = name.rpartition("@") if sliced else (name, "", "")
        line = placed.line(("pass_marks", name))
        place = f"{path}{f' line {line}' if line else ''}: field 'pass_marks.{name}'"
        if measure not in measures or not 0 <= mark <= 1:
            raise ConfigurationError(
                f"{place} is {mark}; it takes 0 to 1 for one of {', '.join(sorted(measures))}"
            )
        if at and part not in slices:
            raise ConfigurationError(
                f"{place}: no case has the language, type or tag {part!r}; there are "
                f"{', '.join(sorted(slices))}"
            )


def slices_of(case: Case) -> frozenset[str]:
    """The parts of a suite that a case belongs to, by name: language, type, tags."""
    return frozenset({case.language, case.kind, *case.tags})


def _jsonl(path: Path) -> Placed:
    """Cases one a line; a first line without an id may hold name and pass_marks."""
    rows = read_jsonl(path)
    values: dict[str, Any] = {"name": path.stem}
    if (
        rows
        and isinstance(rows[0][1], dict)
        and "id" not in rows[0][1]
        and "pass_marks" in rows[0][1]
    ):
        values |= rows.pop(0)[1]
    lines: dict[tuple[str | int, ...], int] = {
        ("cases", number): line for number, (line, _) in enumerate(rows)
    }
    return Placed({**values, "cases": [row for _, row in rows]}, lines)
