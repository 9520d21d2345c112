import os
import shutil

import pytest

from ingest.build import rebuild
from ingest.catalog import FILE, Catalog
from ingest.split import split
from ingest.walk import Options, ingest
from rag.embed import HashEmbedder
from rag.errors import ConfigurationError, EmbeddingError, ShrinkError
from rag.index.generation import current_name, open_current

TEXT = "# {0}\n\n{0} wrote a local prevention plan with schools, police and residents in 2024.\n"


class CountingEmbedder(HashEmbedder):
    """Counts the texts it is given."""

    def __init__(self, dim=64):
        super().__init__(dim)
        self.texts = 0

    def encode_passages(self, texts):
        self.texts += len(texts)
        return super().encode_passages(texts)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "docs"
    path.mkdir()
    for name in ("Aarhus", "Bern", "Cali", "Dakar", "Essen", "Fes"):
        (path / f"{name.lower()}.md").write_text(TEXT.format(name))
    return path


def run(folder, tmp_path, embedder=None, **options):
    return ingest([str(folder)], tmp_path / "data", embedder or HashEmbedder(), Options(**options))


def test_first_run_creates_second_skips(folder, tmp_path):
    first = run(folder, tmp_path)
    assert len(first.created) == 6
    assert first.failed == ()
    assert first.embedded == first.passages == 6
    embedder = CountingEmbedder()
    second = run(folder, tmp_path, embedder)
    assert (second.created, second.updated, len(second.skipped)) == ((), (), 6)
    assert second.generation == first.generation
    assert embedder.texts == 0


def test_only_what_changed_is_embedded(folder, tmp_path):
    run(folder, tmp_path)
    path = folder / "bern.md"
    path.write_text(path.read_text() + "\n\n## Later\n\n" + "Bern added a new part. " * 60)
    embedder = CountingEmbedder()
    report = run(folder, tmp_path, embedder)
    assert report.updated == ("bern.md",)
    assert 0 < embedder.texts < 6


def test_a_sidecar_change_is_an_update(folder, tmp_path):
    run(folder, tmp_path)
    (folder / "bern.md.meta.yaml").write_text("title: Bern's plan\ncountries: [CH]\n")
    assert run(folder, tmp_path).updated == ("bern.md",)
    generation = open_current(tmp_path / "data")
    found = generation.store.find_document("bern.md")
    assert found is not None
    assert (found[1].title, found[1].countries) == ("Bern's plan", ("CH",))


def test_what_is_gone_is_withdrawn(folder, tmp_path):
    run(folder, tmp_path)
    (folder / "bern.md").unlink()
    assert run(folder, tmp_path).deleted == ("bern.md",)
    assert open_current(tmp_path / "data").store.find_document("bern.md") is None


def test_a_run_that_would_withdraw_too_much_stops(folder, tmp_path):
    before = run(folder, tmp_path).generation
    for name in ("bern", "cali"):
        (folder / f"{name}.md").unlink()
    with pytest.raises(ShrinkError, match=r"2 of 6 documents.*--allow-shrink"):
        run(folder, tmp_path)
    assert current_name(tmp_path / "data") == before
    assert len(run(folder, tmp_path, allow_shrink=True).deleted) == 2


def test_dry_run_changes_nothing(folder, tmp_path):
    run(folder, tmp_path)
    (folder / "bern.md").write_text(TEXT.format("Bern and Basel"))
    (folder / "new.md").write_text(TEXT.format("Gent"))
    report = run(folder, tmp_path, dry_run=True)
    assert (report.created, report.updated, report.dry_run) == (("new.md",), ("bern.md",), True)
    assert len(run(folder, tmp_path).created) == 1


def test_bad_files_are_rows_with_reasons(folder, tmp_path):
    (folder / "empty.txt").write_bytes(b"")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing else")
    report = run(folder, tmp_path)
    assert len(report.created) == 6
    reasons = dict(report.failed)
    assert set(reasons) == {"empty.txt", "broken.pdf"}
    assert "empty" in reasons["empty.txt"]
    catalog = Catalog(tmp_path / "data")
    rows = {row.document: row for row in catalog.ledger()}
    catalog.close()
    assert rows["broken.pdf"].status == "failed"
    assert rows["broken.pdf"].reason == reasons["broken.pdf"]


def test_a_file_that_breaks_keeps_the_version_stored_before(folder, tmp_path):
    run(folder, tmp_path)
    (folder / "bern.md").write_bytes(b"")
    report = run(folder, tmp_path)
    assert "version stored before is kept" in dict(report.failed)["bern.md"]
    assert open_current(tmp_path / "data").store.find_document("bern.md") is not None


def test_another_model_embeds_anew(folder, tmp_path):
    run(folder, tmp_path)
    report = run(folder, tmp_path, HashEmbedder(32))
    assert report.embedded == 6
    assert open_current(tmp_path / "data").manifest.model == "hash-32"


def test_a_model_that_fails_leaves_the_old_index_serving(folder, tmp_path):
    before = run(folder, tmp_path).generation

    class Broken(HashEmbedder):
        def encode_passages(self, texts):
            raise EmbeddingError("the embedding model returned 1 vectors that are not finite")

    (folder / "bern.md").write_text(TEXT.format("Basel"))
    with pytest.raises(EmbeddingError):
        run(folder, tmp_path, Broken())
    assert current_name(tmp_path / "data") == before
    assert run(folder, tmp_path).embedded == 1  # the next run completes it


def test_without_arguments_all_known_sources_are_read(folder, tmp_path):
    run(folder, tmp_path)
    report = ingest([], tmp_path / "data", HashEmbedder())
    assert len(report.skipped) == 6
    with pytest.raises(ConfigurationError, match="nothing was ingested"):
        ingest([], tmp_path / "other", HashEmbedder())


def test_two_folders_do_not_withdraw_each_others_documents(folder, tmp_path):
    run(folder, tmp_path)
    other = tmp_path / "more"
    other.mkdir()
    (other / "bern.md").write_text(TEXT.format("Bern of the other folder"))
    report = run(other, tmp_path)
    assert (report.created, report.deleted) == (("more/bern.md",), ())


def test_language_versions_are_one_work(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "plan.en.md").write_text(TEXT.format("Strumica"))
    (docs / "plan.fr.md").write_text("# Strumica\n\nLa ville a un conseil local avec la police.\n")
    ingest([str(docs)], tmp_path / "data", HashEmbedder())
    works = {d.work_id for d in open_current(tmp_path / "data").store.documents()}
    assert len(works) == 1


def ledger(tmp_path):
    with Catalog(tmp_path / "data", read_only=True) as catalog:
        return {row.document: row for row in catalog.ledger()}


def everything(folder):
    return sorted((str(p), p.stat().st_mtime_ns) for p in folder.rglob("*"))


def test_two_folders_of_one_name_in_one_command_keep_all_documents(tmp_path):
    for parent in ("p", "q"):
        (tmp_path / parent / "docs").mkdir(parents=True)
        (tmp_path / parent / "docs" / "a.md").write_text(TEXT.format(parent))
    both = [str(tmp_path / parent / "docs") for parent in ("p", "q")]
    assert len(ingest(both, tmp_path / "data", HashEmbedder()).created) == 2
    again = ingest([], tmp_path / "data", HashEmbedder())
    assert (len(again.skipped), again.created, again.deleted) == (2, (), ())


def test_one_file_of_a_known_folder_is_updated_in_place(folder, tmp_path):
    run(folder, tmp_path)
    (folder / "bern.md").write_text(TEXT.format("Basel"))
    report = run(folder / "bern.md", tmp_path)
    assert (report.created, report.updated, report.deleted) == ((), ("bern.md",), ())


def test_a_root_that_is_gone_is_withdrawn_when_told_to(folder, tmp_path):
    run(folder, tmp_path)
    other = tmp_path / "more"
    other.mkdir()
    (other / "gent.md").write_text(TEXT.format("Gent"))
    run(other, tmp_path)
    shutil.rmtree(folder)
    with pytest.raises(ShrinkError, match="allow-shrink"):
        ingest([], tmp_path / "data", HashEmbedder())
    told = ingest([], tmp_path / "data", HashEmbedder(), Options(allow_shrink=True))
    assert len(told.deleted) == 6
    with Catalog(tmp_path / "data", read_only=True) as catalog:
        assert list(catalog.sources()) == ["more"]


@pytest.mark.parametrize("text", ["date: 2024-02-31", "a: " + "[" * 20_000])
def test_a_broken_sidecar_costs_its_document_only(folder, tmp_path, text):
    (folder / "bern.md.meta.yaml").write_text(text)
    report = run(folder, tmp_path)
    assert len(report.created) == 5
    assert "its sidecar bern.md.meta.yaml is not valid" in dict(report.failed)["bern.md"]
    dry = run(folder, tmp_path, dry_run=True)
    assert [name for name, _ in dry.failed] == ["bern.md"]


def test_a_file_name_that_is_not_utf_8_is_stored(folder, tmp_path):
    with open(os.fsencode(folder) + b"/caf\xe9.md", "w") as file:
        file.write(TEXT.format("Gent"))
    assert "caf\\xe9.md" in run(folder, tmp_path).created


def test_any_error_of_a_document_is_its_ledger_row(folder, tmp_path, monkeypatch, caplog):
    def broken(document, pages):
        if document.id == "bern.md":
            raise KeyError("surprise")
        return split(document, pages)

    monkeypatch.setattr("ingest.prepare.split", broken)
    report = run(folder, tmp_path)
    assert len(report.created) == 5
    assert dict(report.failed) == {"bern.md": "could not be processed (KeyError: 'surprise')"}
    assert ledger(tmp_path)["bern.md"].status == "failed"
    (logged,) = caplog.records
    assert logged.message == "bern.md could not be processed"
    assert logged.exc_info and logged.exc_info[0] is KeyError


def test_a_file_restored_with_the_same_bytes_is_stored_again(folder, tmp_path):
    run(folder, tmp_path)
    before = ledger(tmp_path)["bern.md"]
    good = (folder / "bern.md").read_bytes()
    (folder / "bern.md").write_bytes(b"")
    run(folder, tmp_path)
    assert ledger(tmp_path)["bern.md"].status == "failed"
    (folder / "bern.md").write_bytes(good)
    assert run(folder, tmp_path).failed == ()
    after = ledger(tmp_path)["bern.md"]
    assert (after.status, after.reason, after.passages) == ("stored", "", before.passages)


def test_a_folder_that_cannot_be_listed_withdraws_nothing(folder, tmp_path, monkeypatch):
    (folder / "sub").mkdir()
    (folder / "bern.md").rename(folder / "sub" / "bern.md")
    run(folder, tmp_path)
    listing = os.scandir

    def scandir(path):
        if str(path).endswith("docs/sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = run(folder, tmp_path)
    assert report.deleted == ()
    assert "Permission denied" in dict(report.failed)["sub/"]


def test_dry_run_creates_and_prunes_nothing(folder, tmp_path):
    report = run(folder, tmp_path, dry_run=True)
    assert len(report.created) == 6
    assert not (tmp_path / "data").exists()
    run(folder, tmp_path)
    (tmp_path / "data" / "generations" / "left.tmp").mkdir()
    before = everything(tmp_path / "data")
    assert len(run(folder, tmp_path, dry_run=True).skipped) == 6
    assert everything(tmp_path / "data") == before


def test_rebuilding_from_nothing_says_so_and_creates_nothing(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nothing was ingested into .* yet"):
        rebuild(tmp_path / "data")
    assert not (tmp_path / "data").exists()
    Catalog(tmp_path).close()
    with pytest.raises(ConfigurationError, match=r"nothing was ingested into .* yet"):
        rebuild(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE]


def test_a_catalog_that_is_not_sqlite_is_one_sentence(folder, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / FILE).write_bytes(b"not a database, " * 100)
    with pytest.raises(ConfigurationError, match="not a database"):
        run(folder, tmp_path)
    with pytest.raises(ConfigurationError, match="not a database"):
        rebuild(tmp_path / "data")
