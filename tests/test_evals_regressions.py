"""A fault planted in each stage is seen, and by the measure that is named after it.

Nothing of ours is patched: a fault is a setting, a fake behind a port, or an index built wrongly
from the same documents. The sound program is measured in the same way beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from evals.aggregate import Judged, of_run
from evals.cases import Case, load_suite
from evals.judge import judge
from evals.suite import NAMES, observe
from evals.systems import Asked, HttpSystem, LibrarySystem, System
from ingest.build import build_generation, indexed_text
from ingest.catalog import Catalog, LedgerRow
from rag.assistant import AskSettings, Assistant
from rag.evidence.compose import ComposeSettings
from rag.evidence.retrieve import RetrievalSettings
from rag.evidence.search import GatherSettings
from rag.index.generation import Generation, open_current
from rag.question.query import Identity
from rag.types import Passage, SourceDocument
from rag.words.sentences import split_sentences
from tests.conftest import ROOT
from ui.render import reply_json

Cut = Callable[[str, str], list[tuple[int, int]]]  # text, language -> spans


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    """Questions of the client's suite that have a gold quote, and some that have no answer."""
    client = load_suite(ROOT / "evals" / "suites" / "client.yaml", NAMES).cases
    wanted = [one for one in client if one.gold][:14]
    return (*wanted, *[one for one in client if one.expect == "declined"][:4])


@pytest.fixture(scope="module")
def english() -> tuple[Case, ...]:
    """All English questions of the client's suite with gold."""
    client = load_suite(ROOT / "evals" / "suites" / "client.yaml", NAMES).cases
    return tuple(one for one in client if one.gold and one.language == "en")


def measured(system: System, cases: tuple[Case, ...]) -> dict[str, float]:
    seen = [(case, observe(case, system)) for case in cases]
    return of_run([Judged(case, 1, reply, judge(case, reply)) for case, reply in seen])


def with_settings(sound: Assistant, **fields: object) -> LibrarySystem:
    gather = replace(sound.settings.gather, **fields)  # type: ignore[arg-type]
    settings = replace(sound.settings, gather=gather)
    return LibrarySystem(
        Assistant(sound.generation, sound.embedder, settings, sound.translator, sound.glossary)
    )


@pytest.fixture(scope="module")
def sound(assistant: Assistant, cases: tuple[Case, ...]) -> dict[str, float]:
    return measured(LibrarySystem(assistant), cases)


def test_the_sound_program_has_none_of_these_faults(sound: dict[str, float]) -> None:
    assert sound["quote_fidelity"] == 1.0
    assert sound["gold_quote"] >= 0.9
    assert sound["unreserved"] >= 0.9


def test_a_fusion_that_forgets_the_words_is_seen_in_retrieval(
    assistant: Assistant, cases: tuple[Case, ...], sound: dict[str, float]
) -> None:
    deaf = with_settings(assistant, retrieval=RetrievalSettings(lexical_weight=0.0))
    assert measured(deaf, cases)["quote_nDCG@10"] < sound["quote_nDCG@10"]


def test_a_threshold_set_too_high_is_seen_as_reservation(
    assistant: Assistant, cases: tuple[Case, ...], sound: dict[str, float]
) -> None:
    shy = with_settings(assistant, compose=ComposeSettings(answer_at=0.999, partial_at=0.99))
    assert measured(shy, cases)["unreserved"] < sound["unreserved"]


def test_a_translation_that_is_lost_is_seen_across_languages(assistant: Assistant) -> None:
    suite = load_suite(ROOT / "evals" / "suites" / "shapes.yaml", NAMES).cases
    crossing = tuple(one for one in suite if one.id in ("list-strategy-es", "reading-youth-ar"))
    deaf = LibrarySystem(
        Assistant(
            assistant.generation, assistant.embedder, assistant.settings, Identity(),
            assistant.glossary,
        )
    )  # fmt: skip
    good = measured(LibrarySystem(assistant), crossing)
    assert measured(deaf, crossing)["passed"] < good["passed"]


def test_a_verifier_that_lets_shifted_quotes_out_is_seen(
    assistant: Assistant, cases: tuple[Case, ...], sound: dict[str, float]
) -> None:
    def shifted(request: httpx.Request) -> httpx.Response:
        finished = assistant.answer(json.loads(request.content)["question"])
        reply = reply_json(finished, assistant.generation)
        for one in reply["citations"]:
            one["start"] += 1
        return httpx.Response(200, json=reply)

    client = httpx.Client(transport=httpx.MockTransport(shifted))
    found = measured(HttpSystem(client, "http://sanad.test", assistant.generation), cases[:4])
    assert found["quote_fidelity"] == 0.0 < sound["quote_fidelity"]


class Forgetful:
    """Answers follow-ups without the turns before them."""

    name = "forgetful"

    def __init__(self, system: System) -> None:
        self._system = system
        self.describe, self.holds = system.describe, system.holds

    def ask(self, asked: Asked) -> object:
        return self._system.ask(replace(asked, history=()))


def test_a_conversation_that_is_forgotten_is_seen_in_the_standalone_question(
    assistant: Assistant,
) -> None:
    values = {
        "id": "c", "language": "en", "expect": "partial",
        "turns": ["How did Kenya structure county action plans?", "and in Uganda?"],
        "standalone": {"must_include": [["action plans"], ["Uganda"]]},
    }  # fmt: skip
    case = (Case.model_validate(values),)
    library = LibrarySystem(assistant)
    assert measured(library, case)["standalone"] == 1.0
    assert measured(Forgetful(library), case)["standalone"] == 0.0  # type: ignore[arg-type]


def by_sentence(text: str, language: str) -> list[tuple[int, int]]:
    return split_sentences(text, language)


def by_forty_characters(text: str, language: str) -> list[tuple[int, int]]:
    return [(at, min(at + 40, len(text))) for at in range(0, len(text), 40) if text[at:].strip()]


@pytest.fixture
def rebuilt(assistant: Assistant, tmp_path: Path) -> Iterator[Callable[..., LibrarySystem]]:
    """The same documents, indexed by another way of cutting them or in another language."""
    opened: list[Generation] = []

    def build(cut: Cut, language: str = "") -> LibrarySystem:
        folder = tmp_path / str(len(opened))
        catalog = Catalog(folder)
        for source in _documents(assistant, language):
            _store(catalog, source, cut, assistant)
        embedder = assistant.embedder
        build_generation(catalog, folder, embedder.id, embedder.dim)
        catalog.close()
        opened.append(open_current(folder))
        settings = AskSettings(gather=GatherSettings(per_document=8))
        return LibrarySystem(
            Assistant(opened[-1], embedder, settings, assistant.translator, assistant.glossary)
        )

    yield build
    for generation in opened:
        generation.close()


def _documents(assistant: Assistant, language: str) -> Iterator[SourceDocument]:
    store = assistant.generation.store
    for document in store.documents():
        if document.language == "en":
            page = store.page_of(document.id, 1)
            yield replace(document, language=language or document.language, pages=(page,))


def _store(catalog: Catalog, source: SourceDocument, cut: Cut, assistant: Assistant) -> None:
    text = source.pages[0].text
    spans = cut(text, "en")
    passages = [
        Passage(source.id, 1, start, end, text[start:end], (), position)
        for position, (start, end) in enumerate(spans)
    ]
    entries = [(one, one.id) for one in passages]
    row = LedgerRow(source.id, "test", "stored", "", source.sha256, len(entries))
    vectors = assistant.embedder.encode_passages([indexed_text(source, one) for one in passages])
    with catalog.transaction():
        catalog.put("test", source.sha256, source, entries, row)
        catalog.put_vectors(assistant.embedder.id, [key for _, key in entries], vectors)


def test_a_splitter_that_cuts_sentences_is_seen_in_the_gold_quotes(
    rebuilt: Callable[..., LibrarySystem], english: tuple[Case, ...]
) -> None:
    whole, cut = (measured(rebuilt(way), english) for way in (by_sentence, by_forty_characters))
    assert cut["quote_R@10"] < whole["quote_R@10"]
    assert cut["gold_quote"] < whole["gold_quote"]


def test_a_tokeniser_of_the_wrong_language_is_seen_in_retrieval(
    rebuilt: Callable[..., LibrarySystem], english: tuple[Case, ...]
) -> None:
    right, wrong = (measured(rebuilt(by_sentence, code), english) for code in ("en", "fr"))
    assert wrong["quote_nDCG@10"] < right["quote_nDCG@10"]
