"""Deltas: what is answered from a base with deltas is what one written anew answers."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace

import numpy as np
import pytest

from ingest.build import build_generation, complete, prune, rebuild, verify
from ingest.catalog import Catalog
from ingest.deltas import Policy, told_apart
from ingest.walk import ingest
from rag.embed import HashEmbedder
from rag.errors import IndexDamagedError
from rag.evidence.retrieve import retrieve
from rag.index.generation import (
    CHROMA,
    GENERATIONS,
    Generation,
    check_digests,
    current_name,
    open_current,
    read_manifest,
)
from rag.index.probe import check
from rag.question.query import understand
from rag.vectors import ChromaIndex
from tests.builders import document, store_documents

ALWAYS = Policy(smallest=1, deltas=3, changed=50.0)
WORDS = {
    "en": "council youth safety Nairobi plan county forum budget mayor school police women".split(),
    "ar": "مجلس شباب أمان نيروبي خطة مقاطعة منتدى ميزانية عمدة مدرسة شرطة نساء".split(),
    "fr": "conseil jeunesse sécurité Nairobi plan comté forum budget maire école police".split(),
}
QUESTIONS = [
    "youth council in Nairobi", "خطة المقاطعة للشباب", "budget du conseil", "school police",
    "Mombassa",
]  # fmt: skip
EMBEDDER = HashEmbedder()


def text(chance, language):
    return " ".join(chance.choices(WORDS[language], k=chance.randint(4, 14))) + "."


def written(chance, name):
    language = name.split("-")[0]
    paragraphs = [text(chance, language) for _ in range(chance.randint(1, 4))]
    return document(
        name, *paragraphs, language=language, countries=(chance.choice(["KE", "UG"]),),
        date=f"20{chance.randint(10, 24)}-01-01",
    )  # fmt: skip


class Twin:
    """A data folder that changes by deltas, and one written anew each time."""

    def __init__(self, tmp_path):
        self.folder, self.anew = tmp_path / "deltas", tmp_path / "anew"

    def change(self, put=(), delete=(), policy=ALWAYS):
        for folder, by in ((self.folder, policy), (self.anew, Policy())):
            with Catalog(folder) as catalog:
                store_documents(catalog, list(put), EMBEDDER)
                if delete:
                    with catalog.transaction():
                        catalog.delete(list(delete))
                build_generation(catalog, folder, EMBEDDER.id, EMBEDDER.dim, by)

    def manifest(self):
        return read_manifest(self.folder / GENERATIONS / current_name(self.folder))

    def assert_alike(self):
        joined, whole = open_current(self.folder), open_current(self.anew)
        try:
            assert joined.notes == whole.notes == []
            assert said(joined) == said(whole)
            for question in QUESTIONS:
                for filters in ({}, {"country": ["KE"]}, {"language": ["ar", "fr"]}):
                    ours, theirs = (found(one, question, filters) for one in (joined, whole))
                    assert ours.keys() == theirs.keys(), (question, filters)
                    for key, score in theirs.items():
                        assert ours[key] == pytest.approx(score, abs=1e-5), (question, key)
        finally:
            joined.close()
            whole.close()


def said(generation):
    """What the store and the manifest say of the collection, whatever the rows are."""
    store, manifest = generation.store, generation.manifest
    ids = sorted(one.id for one in store.documents())
    return {
        "documents": {one.id: one for one in store.documents()},
        "counts": (store.document_count, store.passage_count, manifest.documents),
        "languages": manifest.languages,
        "facets": {key: sorted(store.facet_counts(key)) for key in ("country", "year", "language")},
        "pages": {
            one: [store.page_of(one, n).text for n in store.page_numbers(one)] for one in ids
        },
        "headings": [store.headings_of(one) for one in ids],
        "found": {name: store.find_documents(ids)[name].date for name in ids},
        "kenyan": sorted(
            store.document(row).id for row in store.rows_matching({"country": ["KE"]})
        ),
        "frequencies": {
            language: [index.document_frequency(word) for word in ("nairobi", "council", "forum")]
            for language, index in generation.lexical.items()
        },
        "known": {
            language: [spelt.words.number(word) is not None for word in ("nairobi", "plan", "zzz")]
            for language, spelt in generation.spellings.items()
        },
    }


def found(generation, question, filters):
    asked = understand(question, EMBEDDER, None, None, generation.spellings)
    hits = retrieve(asked, generation, 1000, filters)
    return {(hit.passage.document_id, hit.passage.position): hit.score for hit in hits}


@pytest.mark.parametrize("seed", range(4))
def test_any_changes_answer_as_a_collection_written_anew(tmp_path, seed):
    chance = random.Random(seed)
    twin = Twin(tmp_path)
    names = [f"{language}-{n:02d}" for language in WORDS for n in range(8)]
    twin.change([written(chance, name) for name in names[:18]])
    most = 0
    for _ in range(8):
        held = open_current(twin.folder).store
        there = [one.id for one in held.documents()]
        held.close()
        put = [written(chance, name) for name in chance.sample(names, chance.randint(0, 4))]
        kept = {one.id for one in put}
        gone = [name for name in chance.sample(there, chance.randint(0, 2)) if name not in kept]
        twin.change(put, gone)
        twin.assert_alike()
        most = max(most, len(twin.manifest().deltas))
    assert most >= 2, "no deltas were made"
    assert len(twin.manifest().deltas) <= ALWAYS.deltas


def test_a_delta_costs_what_has_changed(tmp_path):
    chance = random.Random(0)
    twin = Twin(tmp_path)
    twin.change([written(chance, f"en-{n:02d}") for n in range(30)])
    before = twin.folder / GENERATIONS / current_name(twin.folder)
    files = {name: (before / name).stat().st_ino for name in ("text.sqlite", "vectors.npy")}
    twin.change([written(chance, "fr-00")])
    after = twin.folder / GENERATIONS / current_name(twin.folder)
    assert {name: (after / name).stat().st_ino for name in files} == files  # the same files
    assert len(np.load(after / twin.manifest().deltas[0] / "rows.npy")) <= 4
    shutil.rmtree(before)  # the older generation may go
    verify(after, chroma=True)
    check(after)
    twin.assert_alike()


def test_a_file_system_without_links_copies(tmp_path, monkeypatch):
    import errno
    import os

    def no_link(*_):
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr("os.link", no_link)
    chance = random.Random(0)
    twin = Twin(tmp_path)
    twin.change([written(chance, f"en-{n:02d}") for n in range(9)])
    twin.change([written(chance, "fr-00")], ["en-03"])
    twin.assert_alike()


def test_a_deletion_alone_writes_no_delta(tmp_path):
    chance = random.Random(1)
    twin = Twin(tmp_path)
    twin.change([written(chance, f"en-{n:02d}") for n in range(9)])
    twin.change(delete=["en-02", "en-05"])
    assert twin.manifest().deltas == ()
    twin.assert_alike()


@pytest.mark.parametrize(
    "policy", [Policy(), replace(ALWAYS, deltas=0), replace(ALWAYS, changed=0.001)]
)
def test_small_or_much_changed_collections_are_written_anew(tmp_path, policy):
    chance = random.Random(2)
    twin = Twin(tmp_path)
    twin.change([written(chance, f"en-{n:02d}") for n in range(9)])
    twin.change([written(chance, "en-00")], policy=policy)
    assert not twin.manifest().joined


def test_chroma_finds_what_the_scan_finds_beside_deltas(tmp_path):
    chance = random.Random(3)
    twin = Twin(tmp_path)
    twin.change([written(chance, f"en-{n:02d}") for n in range(30)])
    twin.change(
        [written(chance, "fr-00"), written(chance, "en-07")], [f"en-{n:02d}" for n in range(5)]
    )
    generation = open_current(twin.folder)
    exact = generation.dense
    generation.attach_chroma()
    assert isinstance(generation.dense, ChromaIndex)
    for question in QUESTIONS:
        vector = EMBEDDER.encode_questions([question])[0]
        ours, theirs = generation.dense.top(vector, 20), exact.top(vector, 20)
        assert [score for _, score in ours] == pytest.approx([s for _, s in theirs], abs=1e-3)
        assert all(generation.document_rows[row] >= 0 for row, _ in ours)
    generation.close()


def test_the_collection_of_a_large_base_comes_after_the_switch(tmp_path):
    chance = random.Random(4)
    late = replace(ALWAYS, chroma_at_once=0)
    twin = Twin(tmp_path)
    twin.change([written(chance, f"en-{n:02d}") for n in range(9)], policy=late)
    generation = open_current(twin.folder)
    assert not generation.has_chroma
    assert complete(twin.folder, late)
    assert not complete(twin.folder, late)  # once
    assert generation.has_chroma
    check(generation.folder)
    generation.close()
    twin.change([written(chance, "fr-00")], policy=late)  # a delta takes it along
    assert open_current(twin.folder).has_chroma
    assert not complete(tmp_path / "anew", replace(late, chroma_most=1))
    prune(twin.folder)


def test_an_unfinished_collection_is_none(tmp_path):
    chance = random.Random(5)
    late = replace(ALWAYS, chroma_at_once=0)
    twin = Twin(tmp_path)
    twin.change([written(chance, f"en-{n:02d}") for n in range(9)], policy=late)
    folder = twin.folder / GENERATIONS / current_name(twin.folder)
    (folder / f"{CHROMA}.tmp").mkdir()
    (folder / f"{CHROMA}.tmp" / "half").write_text("half")
    assert complete(twin.folder, late)
    assert not (folder / f"{CHROMA}.tmp").exists()
    check(folder)


def test_damage_to_a_delta_is_named_and_healed(tmp_path):
    chance = random.Random(6)
    twin = Twin(tmp_path)
    twin.change([written(chance, f"en-{n:02d}") for n in range(9)])
    twin.change([written(chance, "fr-00")], ["en-03"])
    folder = twin.folder / GENERATIONS / current_name(twin.folder)
    delta = read_manifest(folder).deltas[0]
    for name in (f"{delta}/text.sqlite", f"{delta}/vectors.npy", "withdrawn.npy"):
        path = folder / name
        before = path.read_bytes()
        path.write_bytes(before[:-7])
        with pytest.raises(IndexDamagedError, match=path.stem):
            check_digests(folder, read_manifest(folder))
        with pytest.raises(IndexDamagedError):
            Generation.open(folder).close()
        path.write_bytes(before)
    (folder / delta / "rows.npy").write_bytes(b"x")
    rebuild(twin.folder)
    assert not twin.manifest().joined
    twin.assert_alike()


def test_a_restored_or_new_catalog_is_not_taken_for_the_one_before(tmp_path):
    """Its revisions begin again: by them alone, what came since would never be found."""
    policy = ALWAYS
    chance = random.Random(7)
    twin = Twin(tmp_path)
    twin.change([written(chance, f"en-{n:02d}") for n in range(6)])
    older = (twin.folder / "catalog.sqlite").read_bytes()
    twin.change([written(chance, "fr-00"), written(chance, "fr-01"), written(chance, "fr-02")])
    for content in (older, None):
        path = twin.folder / "catalog.sqlite"
        path.unlink()
        if content:
            path.write_bytes(content)
        with Catalog(twin.folder) as catalog:
            told_apart(catalog, twin.folder)
            store_documents(catalog, [written(chance, f"ar-{n:02d}") for n in range(9)], EMBEDDER)
            build_generation(catalog, twin.folder, EMBEDDER.id, EMBEDDER.dim, policy)
            generation = open_current(twin.folder)
            assert sorted(d.id for d in generation.store.documents()) == catalog.ids()
            generation.close()


def test_a_damaged_base_is_not_built_upon(tmp_path):
    chance = random.Random(8)
    twin = Twin(tmp_path)
    twin.change([written(chance, f"en-{n:02d}") for n in range(9)])
    folder = twin.folder / GENERATIONS / current_name(twin.folder)
    (folder / CHROMA / "files.json").write_text("")
    twin.change([written(chance, "fr-00")])
    assert not twin.manifest().joined
    twin.assert_alike()


def test_a_language_that_comes_back_is_spelt_once(tmp_path):
    chance = random.Random(9)
    twin = Twin(tmp_path)
    french = written(chance, "fr-00")
    twin.change([*(written(chance, f"en-{n:02d}") for n in range(9)), french])
    twin.change(delete=["fr-00"])
    twin.change([replace(french, id="fr-01", work_id="fr-01", title="fr-01")])
    generation = open_current(twin.folder)
    words = generation.spellings["fr"].words
    known = [words.word(n) for n in range(len(words))]
    generation.close()
    assert len(known) == len(set(known)) > 0
    twin.assert_alike()


def test_a_collection_that_cannot_be_built_later_is_a_note(tmp_path, monkeypatch):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("# A\n\nThe council of Bern has a plan.\n")
    late = replace(Policy(), chroma_at_once=0)
    monkeypatch.setattr("ingest.build.Policy", lambda: late)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ingest.build.build_chroma", full)
    report = ingest([str(docs)], tmp_path / "data", EMBEDDER)
    assert [note for _, note in report.notes if "exact scan answers" in note]
    generation = open_current(tmp_path / "data")
    assert generation.store.document_count == 1
    generation.close()
