"""Questions that the collection answers: to begin with, and to go on with after an answer.

Each was asked before it is shown, of the documents and of no model, and answered with what it
is about; after an answer, with something that was not yet shown. Those to begin with are found
once a generation by a thread in the background, and kept in the data folder, so that they are
there when a page is opened; until then there are none. Knows no markup and no request.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag.assistant import Assistant
from rag.errors import SanadError
from rag.evidence.retrieve import Filters
from rag.question.mentions import mentions
from rag.types import Answer, Evidence, SourceDocument
from rag.wording import languages
from rag.words.text import fold, terms
from ui.chips import Chip, suggested
from ui.live import LiveAssistant
from ui.suggest_candidates import Answered, Candidate, onward, starters

log = logging.getLogger(__name__)

STARTERS = 4  # a language
NEXT = 3
TRIED = 24  # candidates of a language before it has too few
DELAY_S = 1.0  # after a page was opened: what it loads comes first
PAUSE_S = 0.05  # between two of them: visitors come first
MOST_OF_KIND = {"section": 2, "elsewhere": 1, "compare": 1}
BUDGET_S = 0.8  # of looking for what comes next
FILE = "starters.json"
FORM = 1  # of that file


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands on the page: the standalone question, its language and filters, and the
    places quoted from (document id, page, start)."""

    question: str
    language: str
    filters: Filters = field(default_factory=dict)
    quoted: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Next:
    """Where to go from an answer: questions, and filters that the question names."""

    questions: tuple[Candidate, ...] = ()
    filters: tuple[Chip, ...] = ()
    tried: int = 0
    milliseconds: float = 0.0


class Suggestions:
    """Over a live assistant. Safe between threads; looks for one answer's sequel at a time."""

    def __init__(self, live: LiveAssistant, folder: Path | None = None) -> None:
        """`folder`: where what was found is kept; None keeps it in memory."""
        self._live = live
        self._file = folder / FILE if folder else None
        self._lock = threading.Lock()
        self._found: dict[str, dict[str, list[str]]] = self._read()
        self._sought: set[str] = set(self._found)
        self._after = threading.Semaphore(1)

    # To begin with

    def starters(self, generation: str, language: str) -> tuple[str, ...]:
        """Those that are known; the first call for a generation begins to look for them."""
        with self._lock:
            if generation and generation not in self._sought:
                self._sought.add(generation)
                threading.Thread(target=self._seek, args=(generation,), daemon=True).start()
            return tuple(self._found.get(generation, {}).get(language, ()))

    def current(self, language: str) -> tuple[str, ...]:
        """Those that are known of the collection that is served now."""
        return self.starters(self._live.state().generation, language)

    def _seek(self, generation: str) -> None:
        """Find the starters of every language and keep them."""
        time.sleep(DELAY_S)
        try:
            for language in languages():
                found: list[str] = []
                with self._live.use() as assistant:
                    if assistant.generation.manifest.name != generation:
                        return
                    found = starting(assistant, language)
                with self._lock:
                    self._found.setdefault(generation, {})[language] = found
            self._write(generation)
        except SanadError as error:
            log.warning("no questions to begin with were looked for: %s", error)

    def _read(self) -> dict[str, dict[str, list[str]]]:
        if self._file is None:
            return {}
        try:
            held = json.loads(self._file.read_text("utf-8"))
            if held["form"] != FORM:
                return {}
            asked = {
                str(code): [str(one) for one in several]
                for code, several in held["questions"].items()
            }
            return {str(held["generation"]): asked}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}  # not there, or not ours: they are found again

    def _write(self, generation: str) -> None:
        if self._file is None:
            return
        told = {"form": FORM, "generation": generation, "questions": self._found[generation]}
        try:
            scratch = self._file.with_suffix(".new")
            scratch.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
            scratch.replace(self._file)
        except OSError as error:
            log.warning("questions to begin with are not kept: %s", error.strerror)

    # To go on with

    def after(self, seen: Seen) -> Next:
        """What to ask next; nothing while another is being looked for. Raises CollectionError."""
        if not self._after.acquire(blocking=False):
            return Next()
        try:
            with self._live.use() as assistant:
                return following(assistant, seen, BUDGET_S)
        finally:
            self._after.release()


def starting(assistant: Assistant, language: str, most: int = STARTERS) -> list[str]:
    """Verified questions to begin with."""
    quoting = _quoting(assistant)
    found: list[str] = []
    for tried, candidate in enumerate(starters(assistant.generation, language)):
        if len(found) == most or tried == TRIED:
            break
        if verified(quoting, candidate, language):
            found.append(candidate.question)
        time.sleep(PAUSE_S)
    return found


def following(assistant: Assistant, seen: Seen, budget_s: float) -> Next:
    """Verified questions to go on with, within about `budget_s` seconds."""
    begun = time.perf_counter()
    quoting, store = _quoting(assistant), assistant.generation.store
    cities = tuple(name for name, _ in store.facet_counts("city"))
    named = mentions(seen.question, seen.language, cities, assistant.glossary.current())
    ids = list(dict.fromkeys(document for document, _, _ in seen.quoted))
    held = store.find_documents(ids)
    documents = tuple(held[one] for one in ids if one in held)
    answered = Answered(seen.question, seen.language, named, documents)
    found: list[Candidate] = []
    shown = set(seen.quoted)
    tried = 0
    for candidate in onward(store, answered, _headings(assistant, seen)):
        if len(found) == NEXT or time.perf_counter() - begun > budget_s:
            break
        if sum(one.kind == candidate.kind for one in found) == MOST_OF_KIND[candidate.kind]:
            continue
        tried += 1
        evidence = verified(quoting, candidate, seen.language, seen.filters)
        new = {_place(item) for item in evidence} - shown
        if new:
            shown |= new
            found.append(candidate)
    took = round(1000 * (time.perf_counter() - begun), 1)
    chips = tuple(suggested(store, seen.filters, named, seen.language))
    return Next(tuple(found), chips, tried, took)


def verified(
    quoting: Assistant, candidate: Candidate, language: str, filters: Filters | None = None
) -> tuple[Evidence, ...]:
    """The evidence of a candidate's answer, where it is a whole answer in the language to the
    question as it stands; else none."""
    reply = quoting.answer(candidate.question, filters).reply
    if not isinstance(reply, Answer) or reply.status != "answered":
        return ()
    if reply.language != language or reply.searched or reply.preface:
        return ()
    evidence = reply.answering_evidence
    return evidence if _keeps_to(candidate, evidence, quoting, language) else ()


def _keeps_to(
    candidate: Candidate, evidence: Sequence[Evidence], quoting: Assistant, language: str
) -> bool:
    """Whether quotes are what a candidate asks for: its place or document, its section, its
    words. Words of another language say nothing, so there they are not in the quotes."""
    held = quoting.generation.store.find_documents({item.quote.document_id for item in evidence})
    about = [
        item
        for item in (evidence[:1] if candidate.lead else evidence)
        if not candidate.needs or _about(held[item.quote.document_id], *candidate.needs)
    ]
    if candidate.part:
        about = [item for item in evidence if item.passage.headings[-1:] == (candidate.part,)
                 and item.quote.document_id == (candidate.needs or ("", ""))[1]]  # fmt: skip
    if not about or not candidate.words:
        return bool(about)
    said = " ".join(
        " ".join((item.quote.text, *item.passage.headings, held[item.quote.document_id].title))
        for item in about
        if held[item.quote.document_id].language == language
    )
    return set(terms(candidate.words, language)) <= set(terms(said, language))


def _about(document: SourceDocument, key: str, value: str) -> bool:
    """Whether a document is about a value: a list of many places is about none of them."""
    of: Mapping[str, Iterable[str]] = {
        "country": document.countries[:3],
        "city": document.cities[:3],
        "theme": document.themes,
        "document": (document.id,),
    }
    return fold(value) in {fold(each) for each in of[key]}


def _quoting(assistant: Assistant) -> Assistant:
    """The assistant without its model: verifying must cost nothing."""
    if assistant.author is None:
        return assistant
    return Assistant(
        assistant.generation, assistant.embedder, assistant.settings, assistant.translator,
        assistant.glossary,
    )  # fmt: skip


def _place(item: Evidence) -> tuple[str, int, int]:
    return item.quote.document_id, item.quote.page, item.quote.start


def _headings(assistant: Assistant, seen: Seen) -> list[str]:
    """Headings over what is quoted already."""
    store = assistant.generation.store
    return [store.heading_at(document, page, start) for document, page, start in seen.quoted]
