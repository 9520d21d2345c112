import errno
import os

import pytest

from ingest.sidecar import parse_sidecar
from ingest.sources import collect
from rag.errors import ConfigurationError, ReadError


def nobody(_):
    return ""


def ids(source):
    return [item.id for item in source.items]


def test_ids_are_paths_inside_the_folder(tmp_path):
    (tmp_path / "briefs").mkdir()
    (tmp_path / "briefs" / "kenya.md").write_text("x")
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    (source,) = collect([str(tmp_path)], {}, nobody)
    assert ids(source) == ["briefs/kenya.md", "report.pdf"]


def test_hidden_own_and_unknown_files_are_not_documents(tmp_path):
    for name in (".git", "_sources"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_text("x")
    for name in ("README.md", "glossary.yaml", "a.md", "a.md.meta.yaml", "photo.png"):
        (tmp_path / name).write_text("title: x")
    (source,) = collect([str(tmp_path)], {}, nobody)
    assert ids(source) == ["a.md"]
    assert source.ignored == ("photo.png",)
    assert source.items[0].sidecar() == b"title: x"


def test_same_path_in_two_folders_gets_two_ids(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.md").write_text(folder)
    (source,) = collect(
        [str(tmp_path / "two")], {"one": str(tmp_path / "one")}, {"a.md": "one"}.get
    )
    assert ids(source) == ["two/a.md"]


def test_a_folder_that_moved_keeps_its_name(tmp_path):
    (tmp_path / "docs").mkdir()
    (source,) = collect([str(tmp_path / "docs")], {"docs": "/gone/docs"}, nobody)
    assert source.name == "docs"


def test_another_folder_of_the_same_name_is_another_source(tmp_path):
    for parent in ("x", "y"):
        (tmp_path / parent / "docs").mkdir(parents=True)
    known = {"docs": str(tmp_path / "x" / "docs")}
    (source,) = collect([str(tmp_path / "y" / "docs")], known, nobody)
    assert source.name == "docs-2"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (source,) = collect([str(tmp_path / "docs")], {}, nobody)
    assert ids(source) == []


def test_a_list_of_urls_is_one_source_a_url(tmp_path):
    path = tmp_path / "pages.urls"
    path.write_text("# pages\nhttps://example.org/a\n\nhttps://example.org/b\n")
    sources = collect([str(path)], {}, nobody)
    assert [ids(source) for source in sources] == [
        ["https://example.org/a"], ["https://example.org/b"],
    ]  # fmt: skip


def test_a_text_that_begins_with_a_url_is_a_document(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text("https://example.org/a\nSome text.\n")
    (source,) = collect([str(path)], {}, nobody)
    assert ids(source) == ["page.txt"]


def test_missing_path_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="nowhere does not exist"):
        collect([str(tmp_path / "nowhere")], {}, nobody)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\ntitle: [*b, *b]"


@pytest.mark.parametrize(
    "text",
    ["title: [", "- a list", "date: 2024-02-31", "a: " + "[" * 20_000, BOMB, "x" * 60_000],
)  # fmt: skip
def test_broken_sidecar_is_the_documents_error(text):
    with pytest.raises(ReadError, match=r"^its sidecar a\.md\.meta\.yaml is not valid: \S"):
        parse_sidecar(text.encode(), "a.md")


def test_a_sidecar_that_is_not_utf_8_is_the_documents_error():
    with pytest.raises(ReadError, match="is not valid"):
        parse_sidecar(b"title: \xff", "a.md")


def test_digest_depends_on_bytes_and_sidecar(tmp_path):
    (tmp_path / "a.md").write_text("x")
    ((item,),) = (source.items for source in collect([str(tmp_path)], {}, nobody))
    bare = item.digest(b"x", item.sidecar())
    (tmp_path / "a.md.meta.yaml").write_text("title: y")
    assert len({bare, item.digest(b"x", item.sidecar()), item.digest(b"z", b"")}) == 3


@pytest.fixture
def twins(tmp_path):
    """Two folders of the same name, with a file of the same name in each."""
    for parent in ("p", "q"):
        (tmp_path / parent / "docs").mkdir(parents=True)
        (tmp_path / parent / "docs" / "a.md").write_text(parent)
    return [str(tmp_path / parent / "docs") for parent in ("p", "q")]


def test_two_folders_of_one_name_in_one_command_are_two_sources(twins):
    first, second = collect(twins, {}, nobody)
    assert (first.name, second.name) == ("docs", "docs-2")
    assert (ids(first), ids(second)) == (["a.md"], ["docs-2/a.md"])


def test_two_files_of_one_name_in_one_command_are_two_sources(twins):
    first, second = collect([f"{twin}/a.md" for twin in twins], {}, nobody)
    assert (first.name, second.name) == ("a.md", "a.md-2")
    assert ids(first) != ids(second)


def test_what_is_named_twice_is_one_source(twins, tmp_path):
    url = "https://example.org/a"
    web, source = collect([url, twins[0], f"{tmp_path}/q/../p/docs", url], {}, nobody)
    assert (ids(web), ids(source)) == ([url], ["a.md"])


@pytest.fixture
def nested(tmp_path):
    (tmp_path / "docs" / "sub").mkdir(parents=True)
    for name in ("a.md", "sub/b.md"):
        (tmp_path / "docs" / name).write_text(name)
    return tmp_path / "docs"


@pytest.mark.parametrize("inside", ["sub", "sub/b.md"])
def test_what_lies_in_a_known_folder_belongs_to_it(nested, inside):
    known = {"docs": str(nested)}
    (source,) = collect([str(nested / inside)], known, {"sub/b.md": "docs"}.get)
    assert (source.name, source.root, source.complete) == ("docs", str(nested), False)
    assert ids(source) == ["sub/b.md"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_folder_and_a_part_of_it_in_one_command_list_each_file_once(nested, order):
    sources = collect([str(nested), str(nested / "sub")][::order], {}, nobody)
    assert [i for source in sources for i in ids(source)] == ["a.md", "sub/b.md"]


def test_a_folder_leaves_what_lies_in_it_to_the_source_it_has(nested):
    outer, inner = collect([str(nested)], {"sub": str(nested / "sub")}, {"b.md": "sub"}.get)
    assert (outer.name, ids(outer)) == ("docs", ["a.md"])
    assert (inner.name, ids(inner)) == ("sub", ["b.md"])


def test_a_hidden_folder_named_is_a_source_of_its_own(nested):
    (nested / "_more").mkdir()
    (nested / "_more" / "c.md").write_text("c")
    (source,) = collect([str(nested / "_more")], {"docs": str(nested)}, nobody)
    assert (source.name, ids(source)) == ("_more", ["c.md"])


def test_a_known_root_that_is_gone_is_a_source_without_items(tmp_path):
    (source,) = collect([str(tmp_path / "gone")], {"docs": str(tmp_path / "gone")}, nobody)
    assert (source.name, source.items, source.complete) == ("docs", (), True)


def test_a_file_name_that_is_not_utf_8_is_written_out(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9.md"
    with open(path, "w") as file:
        file.write("x")
    (source,) = collect([str(tmp_path)], {}, nobody)
    assert ids(source) == ["caf\\xe9.md"]
    assert source.items[0].fetch() == b"x"
    with pytest.raises(ConfigurationError, match=r"caf\\xe9.md has a name that is not UTF-8"):
        collect([os.fsdecode(path)], {}, nobody)


def test_a_malformed_url_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"http://\[bad/x"):
        collect(["http://[bad/x"], {}, nobody)
    (tmp_path / "p.urls").write_text("# pages\nhttps://example.org/a\nhttp://[bad/x\n")
    with pytest.raises(ConfigurationError, match=r"http://\[bad/x.*line 3 of .*p\.urls"):
        collect([str(tmp_path / "p.urls")], {}, nobody)


def test_a_folder_that_cannot_be_listed_is_reported_and_nothing_is_gone(nested, monkeypatch):
    listing = os.scandir

    def scandir(path):
        if str(path).endswith("sub"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (source,) = collect([str(nested)], {}, nobody)
    assert (ids(source), source.complete) == (["a.md"], False)
    assert source.unread[0][0] == "sub/"
    assert "Permission denied" in source.unread[0][1]
