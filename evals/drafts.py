"""Drafts of cases, for a person to finish: each is marked "to review" and is not run until the
mark is taken away.

What can be drafted without a model is drafted: the gold quote of a document's sentence, the
question a reader typed, the turns of a conversation with what the program replied. A question
that only a person can write is a line that says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evals.cases import TO_REVIEW
from evals.places import read_jsonl, read_text
from rag.assistant import Assistant
from rag.errors import ConfigurationError
from rag.index.generation import Generation
from rag.question.conversation import standalone
from rag.types import Answer, Page, Reply, Turn
from rag.words.figures import names_and_figures
from rag.words.language import detect
from rag.words.sentences import split_sentences
from rag.words.text import words

FEWEST_WORDS = 8  # of a sentence that a case is drafted from
MOST_GOLD = 3  # quotes of a reply that are offered as gold
TO_WRITE = "TO WRITE: a question that this quote answers"
VERDICTS = {"good": True, "bad": False}  # as the HTTP API stores them


@dataclass(frozen=True, slots=True)
class Draft:
    """One case as plain values, in the order they are written."""

    values: dict[str, Any]


def from_document(document: str, generation: Generation, most: int) -> list[Draft]:
    """A draft for each of the sentences that say most: names and figures first, then length,
    in their order on the page."""
    found = generation.store.find_document(document)
    if found is None:
        known = ", ".join(sorted(one.id for one in generation.store.documents())[:5])
        raise ConfigurationError(
            f"document {document!r} is not in the collection; it holds {known} and others "
            "(sanad search shows ids)"
        )
    row, about = found
    sentences = list(dict.fromkeys(_sentences(row, about.language, generation)))
    best = sorted(sentences, key=lambda one: (-_weight(one[1]), one[0], one[1]))[:most]
    return [
        Draft(
            {
                "id": f"{_slug(document)}-{number:02}",
                "question": TO_WRITE,
                "language": about.language,
                "expect": "answered",
                "gold": [{"document": document, "page": page, "quote": quote}],
                "must_include": [],
                "tags": ["draft"],
                "review": TO_REVIEW,
            }
        )
        for number, (page, quote) in enumerate((o for o in sentences if o in best), start=1)
    ]


def _sentences(row: int, language: str, generation: Generation) -> Iterator[tuple[int, str]]:
    """(page, sentence) of the text that states something."""
    for page in _pages(row, generation):
        for start, end in split_sentences(page.text, language):
            aside = any(a < end and start < b for a, b in page.asides)
            sentence = " ".join(page.text[start:end].split())
            if not aside and len(words(sentence.lower())) >= FEWEST_WORDS:
                yield page.number, sentence


def _pages(row: int, generation: Generation) -> Iterator[Page]:
    rows = [at for at, document in enumerate(generation.document_rows.tolist()) if document == row]
    numbers = sorted({passage.page for passage in generation.store.passages(rows)})
    for number in numbers:
        yield generation.store.page(row, number)


def _weight(sentence: str) -> int:
    return 3 * len(names_and_figures(sentence)) + min(30, len(sentence.split()))


def from_feedback(path: Path) -> list[Draft]:
    """A draft for each question of readers' feedback, as the HTTP API stores it: {"question",
    "verdict": "good" or "bad", "comment", "status", "documents", "language"}.

    What a good reply cited is offered as gold; of a bad one only the question is kept.
    """
    drafts: dict[str, Draft] = {}
    for line, entry in read_jsonl(path):
        question = entry.get("question") if isinstance(entry, dict) else None
        if not isinstance(question, str) or not question.strip():
            raise ConfigurationError(
                f"{path} line {line}: feedback has a field 'question' with words in it"
            )
        if question.strip() not in drafts:
            drafts[question.strip()] = of_feedback(entry, f"feedback-{len(drafts) + 1:03}")
    return list(drafts.values())


def of_feedback(entry: Mapping[str, Any], identity: str) -> Draft:
    """A draft for one entry of `from_feedback`, or of the log of questions, which has no
    verdict and no documents."""
    question, status = entry["question"].strip(), str(entry.get("status") or "answered")
    helped = VERDICTS.get(str(entry.get("verdict")))
    tag = "unrated" if helped is None else "helped" if helped else "did-not-help"
    values: dict[str, Any] = {
        "id": identity,
        "question": question,
        "language": str(entry.get("language") or detect(question, default="en")),
        "expect": status if status in ("partial", "declined") else "answered",
    }
    if values["expect"] != "declined":
        values["gold"] = _gold(entry.get("documents")) if helped else []
    note = f"{entry.get('comment') or ''} (the reply was {status})"
    return Draft(
        {**values, "tags": ["feedback", tag], "review": TO_REVIEW, "note": " ".join(note.split())}
    )


def _gold(documents: object) -> list[dict[str, Any]]:
    listed = documents if isinstance(documents, list) else []
    return [{"document": str(one)} for one in listed[:MOST_GOLD] if str(one).strip()]


def from_conversation(path: Path, assistant: Assistant) -> list[Draft]:
    """A draft for each turn of a conversation: a text file with a question a line. What the
    program made of it today is written down as what a person must confirm."""
    turns = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    if not turns:
        raise ConfigurationError(f"{path} holds no question; write one a line")
    drafts: list[Draft] = []
    history: list[Turn] = []
    for number, question in enumerate(turns, start=1):
        made = standalone(question, history, assistant.generation, assistant.glossary.current())
        reply = assistant.answer(question, None, history).reply
        values: dict[str, Any] = {"id": f"{_slug(path.stem)}-{number:02}"}
        asked = {"turns": turns[:number]} if number > 1 else {"question": question}
        values |= {**asked, "language": reply.language}
        values |= _as_replied(reply)
        if number > 1:
            change = {"must_include": [[made.question]]} if made.changed else {"unchanged": True}
            values["standalone"] = change
        drafts.append(Draft({**values, "tags": ["conversation"], "review": TO_REVIEW}))
        cited = reply.evidence if isinstance(reply, Answer) else ()
        documents = dict.fromkeys(item.quote.document_id for item in cited)
        history.append(Turn(question, tuple(documents)))
    return drafts


def _as_replied(reply: Reply) -> dict[str, Any]:
    if not isinstance(reply, Answer):
        return {"expect": "declined", "reason": [reply.reason]}
    gold = [
        {"document": item.quote.document_id, "page": item.quote.page, "quote": item.quote.text}
        for item in reply.evidence[:MOST_GOLD]
    ]
    return {"expect": reply.status, "gold": gold}


def write_drafts(path: Path, drafts: Sequence[Draft]) -> None:
    """Write a new suite, YAML or JSON Lines by the name's ending. Raises ConfigurationError
    for a file that exists (a person's work is not written over) and where there is nothing."""
    if not drafts:
        raise ConfigurationError("nothing was found to draft cases from")
    values = [draft.values for draft in drafts]
    if path.suffix == ".jsonl":
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in values)
    elif path.suffix in (".yaml", ".yml"):
        whole = {"name": _slug(path.stem), "pass_marks": {"quote_fidelity": 1.0}, "cases": values}
        text = "# Drafts: read each case, finish it, and take `review` away.\n"
        text += yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=100)
    else:
        raise ConfigurationError(f"{path} is neither .yaml nor .jsonl; name the suite so")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigurationError(f"{path} exists; name a new file for the drafts") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error


def _slug(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "drafts"
