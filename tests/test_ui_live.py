"""The assistant of a running server: new generations, none mixed, none closed too early."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.build import build_generation, complete
from ingest.catalog import Catalog
from ingest.deltas import Policy
from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import CollectionError, ConfigurationError, IndexDamagedError
from rag.index.generation import current_name, open_current
from rag.index.probe import ChromaProbe
from tests.builders import build, document, store_documents
from ui.live import LiveAssistant

OLD = document("old.md", "Kenya has county action plans with seven pillars.")
NEW = document("new.md", "Sweden has a centre that supports municipalities.")


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Served:
    """A live assistant over a folder, with a clock and an account of what was opened."""

    def __init__(self, data_dir: Path, **options: object) -> None:
        self.clock = Clock()
        self.opened: list[Assistant] = []
        self.data_dir = data_dir
        self.live = LiveAssistant(
            self.open, lambda: current_name(data_dir), clock=self.clock, **options
        )

    def open(self, before: Assistant | None) -> Assistant:
        embedder = before.embedder if before else HashEmbedder()
        self.opened.append(Assistant(open_current(self.data_dir), embedder))
        return self.opened[-1]

    def later(self) -> None:
        self.clock.now += 2


@pytest.fixture
def served(tmp_path):
    build(tmp_path, [OLD]).close()
    return Served(tmp_path)


def titles(assistant: Assistant) -> list[str]:
    return sorted(found.title for found in assistant.generation.store.documents())


def is_closed(assistant: Assistant) -> bool:
    try:
        assistant.generation.store.documents()
    except IndexDamagedError as error:
        assert "closed database" in str(error)
        return True
    return False


def until(condition, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(condition())


def test_moves_to_a_new_generation_between_questions(served):
    with served.live.use() as assistant:
        assert titles(assistant) == ["old.md"]
    build(served.data_dir, [NEW]).close()
    with served.live.use() as assistant:
        assert titles(assistant) == ["old.md"]  # looked less than a second ago
    served.later()
    with served.live.use() as assistant:
        assert titles(assistant) == ["new.md", "old.md"]
    assert is_closed(served.opened[0])


def test_a_question_under_way_keeps_its_generation_open(served):
    with served.live.use() as before:
        build(served.data_dir, [NEW]).close()
        served.later()
        with served.live.use() as after:
            assert titles(after) == ["new.md", "old.md"]
        assert titles(before) == ["old.md"]
        assert not is_closed(before)
    assert is_closed(before)


def test_an_abandoned_answer_gives_its_generation_back(served):
    def answer():
        with served.live.use() as assistant:
            yield from assistant.ask("What plans does Kenya have?")

    running = answer()
    next(running)
    build(served.data_dir, [NEW]).close()
    served.later()
    served.live.follow()
    assert not is_closed(served.opened[0])
    running.close()  # what Stop does
    assert is_closed(served.opened[0])


def test_no_index_says_what_to_do_and_the_first_one_is_noticed(tmp_path):
    served = Served(tmp_path)
    with pytest.raises(CollectionError, match="sanad ingest"), served.live.use():
        pass
    assert served.live.state().generation == ""
    build(tmp_path, [OLD]).close()
    served.later()
    with served.live.use() as assistant:
        assert titles(assistant) == ["old.md"]


def test_a_generation_that_does_not_open_leaves_the_old_one(served):
    with served.live.use():
        pass
    served.open = served.live._open = lambda before: (_ for _ in ()).throw(
        ConfigurationError("built with another model")
    )
    build(served.data_dir, [NEW]).close()
    served.later()
    with served.live.use() as assistant:
        assert titles(assistant) == ["old.md"]
    assert "built with another model" in served.live.state().notes


def test_answers_at_once_and_moves_to_chroma_when_the_probe_has_passed(tmp_path):
    build(tmp_path, [OLD, NEW]).close()
    passed = threading.Event()

    def probe(folder: Path) -> str:
        passed.wait(20)
        return ""

    served = Served(tmp_path, probe=probe)
    with served.live.use() as assistant:
        exact = [hit.passage.id for hit in assistant.search("county action plans", 5)]
    assert served.live.state().vector_search == "exact"
    passed.set()
    assert until(lambda: served.live.state().vector_search == "chroma")
    with served.live.use() as assistant:
        assert [hit.passage.id for hit in assistant.search("county action plans", 5)] == exact
    served.live.close()
    assert until(lambda: is_closed(served.opened[0]))


def test_a_collection_that_comes_after_the_switch_is_moved_to(tmp_path):
    late = replace(Policy(), chroma_at_once=0)
    with Catalog(tmp_path) as catalog:
        store_documents(catalog, [OLD])
        build_generation(catalog, tmp_path, HashEmbedder().id, HashEmbedder().dim, late)
    served = Served(tmp_path, probe=lambda folder: "")
    with served.live.use():
        pass
    assert served.live.state().vector_search == "exact"
    assert served.live.state().notes == ()
    complete(tmp_path, late)
    served.later()
    assert until(lambda: served.live.state().vector_search == "chroma")
    served.live.close()


def test_a_failed_probe_keeps_the_exact_scan_and_says_so(tmp_path):
    build(tmp_path, [OLD]).close()
    served = Served(tmp_path, probe=lambda folder: "it killed the child")
    with served.live.use():
        pass
    assert until(lambda: bool(served.live.state().notes))
    assert served.live.state().vector_search == "exact"
    assert "it killed the child" in served.live.state().notes[0]


def test_chroma_that_fails_while_serving_is_left_for_the_exact_scan(tmp_path):
    build(tmp_path, [OLD]).close()
    served = Served(tmp_path, probe=lambda folder: "")
    with served.live.use():
        pass
    assert until(lambda: served.live.state().vector_search == "chroma")
    with pytest.raises(IndexDamagedError), served.live.use():
        raise IndexDamagedError("Chroma collection does not answer")
    assert served.live.state().vector_search == "exact"
    served.live.close()


def test_many_threads_over_many_generations_never_meet_a_closed_one(served):
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            with served.live.use() as assistant:
                served.later()
                assert "old.md" in titles(assistant)

    with ThreadPoolExecutor(6) as threads:
        asking = [threads.submit(keep_asking) for _ in range(6)]
        for number in range(4):
            build(served.data_dir, [document(f"more{number}.md", "Some more text.")]).close()
        stop.set()
    for one in asking:
        one.result()  # raises what went wrong there
    assert len(served.opened) > 2  # it did move
    assert all(is_closed(assistant) for assistant in served.opened[:-1])


def test_after_closing_nothing_is_lent(served):
    with served.live.use() as assistant:
        served.live.close()
        assert not is_closed(assistant)
    assert is_closed(assistant)
    with pytest.raises(CollectionError, match="closing"), served.live.use():
        pass


def test_probe_passes_a_sound_collection_and_names_what_is_wrong_with_others(tmp_path):
    generation = build(tmp_path, [OLD, NEW])
    folder = generation.folder
    generation.close()
    probe = ChromaProbe()
    assert probe(folder) == ""
    for file in (folder / "chroma").rglob("*"):
        if file.is_file():
            file.write_bytes(b"\x00" * 100)
    assert probe(folder) != ""


def test_probe_that_does_not_end_is_ended(tmp_path):
    generation = build(tmp_path, [OLD])
    folder = generation.folder
    generation.close()
    assert "did not end" in ChromaProbe(timeout_s=0.01)(folder)


def test_a_stopped_probe_starts_no_child(tmp_path):
    probe = ChromaProbe()
    probe.stop()
    assert probe(tmp_path) != ""
