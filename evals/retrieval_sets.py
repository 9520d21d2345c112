"""Large test sets, read from the user's own copies into the types of `evals.collection`.

Canada's consolidated acts (Open Government Licence - Canada): a section is looked for by its
heading, in the language of the question or in the other; only the half of the acts that no shipped
model was trained on. Arabic Wikipedia (CC BY-SA 4.0): passages without questions, as distractors.
"""

from __future__ import annotations

import itertools
import random
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evals.collection import CorpusPassage, TestQuestion
from evals.public import Choice, Pair, load
from evals.training.sources import Unit as Section
from evals.training.sources import canada_acts

ACTS = "canada-laws/acts-eng-fra.tar.gz"
ARTICLES = "arwiki-2017/arwiki-10197docs.tar.gz"
QUESTIONS = 1000  # sampled of the headings that occur once
LONGEST = 120  # words of a passage of Wikipedia
_ARTICLE = re.compile(r"<doc [^>]*title=\"([^\"]*)\"[^>]*>(.*?)</doc>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TestSet:
    """Questions of one direction and the passages they are asked over."""

    name: str
    questions: tuple[TestQuestion, ...]
    passages: tuple[CorpusPassage, ...]


def public(name: str, path: Path, ask: str, over: str = "") -> TestSet:
    """A set of `evals.public` in one direction."""
    pair: Pair = load(name, Choice(path, ask, over))
    over = over or ask
    questions = tuple(
        TestQuestion(str(row["id"]), row["question"], ask, dict.fromkeys(row["gold"], 1.0))
        for row in pair[0]
    )
    passages = tuple(
        CorpusPassage(str(row["id"]), row["text"], row.get("title", ""), over) for row in pair[1]
    )
    return TestSet(f"{name} {ask}-{over}", questions, passages)


def acts(data: Path, ask: str, over: str, count: int = QUESTIONS) -> TestSet:
    """Headings asked over the sections of the held-out acts; `data` is the folder that holds
    `scale/`. The sample is the same in every process and for both languages."""
    sections = held_out_sections(data)
    found: dict[str, list[int]] = {}
    for place, section in enumerate(sections):
        found.setdefault(section.titles["en"], []).append(place)
    single = sorted(places[0] for places in found.values() if len(places) == 1)
    gold = sorted(random.Random(0).sample(single, min(count, len(single))))
    questions = tuple(
        TestQuestion(str(place), sections[place].titles[ask], ask, {str(place): 1.0})
        for place in gold
    )
    passages = tuple(
        CorpusPassage(str(place), section.texts[over], "", over)
        for place, section in enumerate(sections)
    )
    return TestSet(f"acts {ask}-{over}", questions, passages)


def held_out_sections(data: Path) -> list[Section]:
    """Sections of the acts that nothing was trained on, in a fixed order."""
    return list(canada_acts(data, held_out=True))


def wikipedia(data: Path) -> Iterator[CorpusPassage]:
    """Passages of at most LONGEST words, paragraphs kept whole where they fit."""
    numbers = itertools.count()
    with tarfile.open(data / "scale" / ARTICLES) as archive:
        for title, body in article_texts(archive):
            for passage in passages_of(body):
                yield CorpusPassage(f"wiki-{next(numbers)}", passage, title, "ar")


def article_texts(archive: tarfile.TarFile) -> Iterator[tuple[str, str]]:
    """(title, text) of every article, in the archive's order."""
    for member in archive:
        if not member.name.endswith(".txt") or "doc_" not in member.name:
            continue
        stream = archive.extractfile(member)
        text = stream.read().decode("utf-8", "replace") if stream else ""
        yield from _ARTICLE.findall(text)


def passages_of(body: str) -> Iterator[str]:
    """Runs of paragraphs of at most LONGEST words; longer paragraphs are cut."""
    run: list[str] = []
    for paragraph in body.split("\n"):
        words = paragraph.split()
        if len(run) + len(words) > LONGEST and run:
            yield " ".join(run)
            run = []
        run += words
        while len(run) > LONGEST:
            yield " ".join(run[:LONGEST])
            run = run[LONGEST:]
    if run:
        yield " ".join(run)
