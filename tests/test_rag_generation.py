import json
import shutil

import pytest

from ingest.build import prune, rebuild, verify
from ingest.catalog import Catalog
from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import CollectionError, ConfigurationError, IndexDamagedError
from rag.index.generation import GENERATIONS, Generation, candidates, current_name, open_current
from rag.wording import say
from tests.builders import build, document, store_documents

DOCUMENTS = [
    document("kenya.md", "Kenya has county action plans.", "They join schools and police.",
             countries=("KE",), date="2024-12-21"),
    document("suecia.es.md", "Suecia tiene un centro nacional.", language="es", date="2018"),
]  # fmt: skip


def test_generation_holds_what_was_put_in(tmp_path):
    generation = build(tmp_path, DOCUMENTS)
    assert generation.manifest.passages == 3
    assert generation.manifest.languages == {"en": 2, "es": 1}
    first = generation.store.passages([0])[0]
    assert first.text == "Kenya has county action plans."
    assert generation.store.page_of("kenya.md", 1).text[first.start : first.end] == first.text


def test_filters_mask_passages(tmp_path):
    generation = build(tmp_path, DOCUMENTS)
    mask = generation.mask({"country": ["ke"]})
    assert mask is not None
    assert mask.tolist() == [True, True, False]
    assert generation.mask({}) is None
    both = generation.mask({"year": ["2018"], "language": ["es", "fr"]})
    assert both is not None
    assert both.tolist() == [False, False, True]


def test_unknown_filter_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"'colour'.*country"):
        build(tmp_path, DOCUMENTS).mask({"colour": ["red"]})


def test_no_index_says_what_to_do(tmp_path):
    with pytest.raises(CollectionError, match="sanad ingest"):
        open_current(tmp_path)


def second_generation(tmp_path):
    build(tmp_path, DOCUMENTS).close()
    first = current_name(tmp_path)
    catalog = Catalog(tmp_path)
    store_documents(catalog, [document("more.md", "One more document about youth councils.")])
    catalog.close()
    rebuild(tmp_path)
    return first, current_name(tmp_path)


@pytest.mark.parametrize(
    "name", ["manifest.json", "text.sqlite", "vectors.npy", "lexical/en/rows.npy"]
)
def test_damaged_generation_falls_back_to_the_one_before(tmp_path, name):
    first, second = second_generation(tmp_path)
    path = tmp_path / GENERATIONS / second / name
    path.write_bytes(path.read_bytes()[:-7])
    generation = open_current(tmp_path)
    assert generation.manifest.name == first
    assert generation.fallback
    assert f"opened {first} because" in generation.notes[0]
    reply = Assistant(generation, HashEmbedder()).answer("Kenya county action plans").reply
    assert say("en", "answer.older_index") in reply.notes


def test_a_pointer_to_nothing_is_said(tmp_path):
    build(tmp_path, DOCUMENTS).close()
    (tmp_path / "CURRENT").write_bytes(b"\xff\xfenothing")
    generation = open_current(tmp_path)
    assert generation.fallback
    assert "CURRENT names" in generation.notes[0]


def test_without_vectors_the_words_still_answer(tmp_path):
    build(tmp_path, DOCUMENTS).close()
    (tmp_path / GENERATIONS / current_name(tmp_path) / "vectors.npy").unlink()
    generation = open_current(tmp_path)
    assert generation.dense is None
    assert "vectors unavailable" in generation.notes[0]


def test_rebuild_heals_without_a_model(tmp_path):
    build(tmp_path, DOCUMENTS).close()
    damaged = tmp_path / GENERATIONS / current_name(tmp_path) / "text.sqlite"
    damaged.write_bytes(b"not a database")
    with pytest.raises(CollectionError, match="doctor --rebuild"):
        open_current(tmp_path)
    rebuild(tmp_path)
    assert open_current(tmp_path).store.passage_count == 3


def test_changed_text_is_never_quoted(tmp_path, monkeypatch):
    """Also where a generation is too big to be read whole when it is opened."""
    generation = build(tmp_path, DOCUMENTS)
    generation.close()
    monkeypatch.setattr("rag.index.generation.SMALL_BYTES", 0)
    path = tmp_path / GENERATIONS / generation.manifest.name / "text.sqlite"
    data = path.read_bytes()
    path.write_bytes(data.replace(b"county action", b"county actiom"))
    opened = Generation.open(path.parent)
    with pytest.raises(IndexDamagedError, match="has changed"):
        opened.store.passages([0])
    with pytest.raises(IndexDamagedError, match="has changed"):
        verify(path.parent, chroma=False)


def test_two_generations_are_kept(tmp_path):
    second_generation(tmp_path)
    catalog = Catalog(tmp_path)
    store_documents(catalog, [document("third.md", "A third document about monitoring.")])
    catalog.close()
    rebuild(tmp_path)
    (tmp_path / GENERATIONS / "20200101T000000Z-r000001.tmp").mkdir()
    prune(tmp_path)
    left = [entry.name for entry in (tmp_path / GENERATIONS).iterdir()]
    assert len(left) == 2
    assert candidates(tmp_path)[0] == current_name(tmp_path)


def test_a_scratch_folder_is_no_generation(tmp_path):
    """A run killed while it verifies leaves one with everything in it, manifest included."""
    build(tmp_path, DOCUMENTS).close()
    active = current_name(tmp_path)
    scratch = tmp_path / GENERATIONS / "99990101T000000.000Z-r000099.tmp"
    shutil.copytree(tmp_path / GENERATIONS / active, scratch)
    assert candidates(tmp_path) == [active]
    prune(tmp_path)
    assert not scratch.exists()
    assert (tmp_path / GENERATIONS / active).is_dir()


def test_another_format_is_refused(tmp_path):
    generation = build(tmp_path, DOCUMENTS)
    path = generation.folder / "manifest.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "format": 99}))
    with pytest.raises(IndexDamagedError, match="format 99"):
        Generation.open(generation.folder)
