"""Originals that are still what was read, and pictures drawn in a child that may be killed."""

import hashlib
import threading
import zlib

import pytest

from evals.attack_files import pdf_of
from ingest.catalog import Catalog
from ingest.sandbox import Limits
from rag.errors import ReadError
from rag.types import SourceDocument
from tests.builders import document as made
from tests.builders import store_documents
from tests.pdf_maker import Print, make_pdf
from ui.reader.align import Wanted, boxes
from ui.reader.originals import CHUNK, Originals, chunks, file_name, inside
from ui.reader.pictures import Busy, Pictures

PDF = make_pdf([[Print("The council meets every month.", 700), Print("It is open.", 680)],
                [Print("A second page.", 700)]])  # fmt: skip


def put(data_dir, root, identity, data, name="docs"):
    """A stored document of a source at a root."""
    document = made(identity, "Words.", sha256=hashlib.sha256(data).hexdigest())
    with Catalog(data_dir) as catalog:
        store_documents(catalog, [document])
        with catalog.transaction():
            catalog.set_source(name, str(root))
            catalog._db.execute("UPDATE documents SET source = ?", (name,))
    return document


def test_the_file_that_was_read_is_given_out(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.md").write_bytes(b"words")
    document = put(tmp_path / "data", tmp_path / "in", "deep/a.md", b"words")
    originals = Originals(tmp_path / "data")
    assert originals.has(document)
    assert originals.read(document) == b"words"
    assert not Originals(tmp_path / "data", allowed=False).has(document)
    assert Originals(tmp_path / "data", allowed=False).read(document) is None


def test_a_changed_or_missing_file_is_not(tmp_path):
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a.md"
    document = put(tmp_path / "data", tmp_path / "in", "a.md", b"words")
    originals = Originals(tmp_path / "data")
    assert originals.read(document) is None
    path.write_bytes(b"other words")
    assert originals.read(document) is None
    path.write_bytes(b"words")
    assert originals.read(document) == b"words"


@pytest.mark.parametrize("identity", ["../secret", "in/../../secret", "/etc/hostname", "a\0b",
                                      "link", "linked/secret", ".", "", "x" * 5000])  # fmt: skip
def test_no_other_file_leaves_by_this_door(tmp_path, identity):
    root = tmp_path / "in"
    root.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "linked").symlink_to(tmp_path)
    assert inside(root, identity) is None
    # Even the right hash opens nothing outside the source.
    if identity and "\0" not in identity:
        document = put(tmp_path / "data", root, identity, b"secret")
        assert Originals(tmp_path / "data").read(document) is None


def test_a_single_file_and_a_second_folder_with_the_same_path(tmp_path):
    (tmp_path / "one.md").write_bytes(b"one")
    alone = put(tmp_path / "data", tmp_path / "one.md", "one.md", b"one", name="one.md")
    assert Originals(tmp_path / "data").read(alone) == b"one"
    other = put(tmp_path / "data2", tmp_path / "one.md", "two.md", b"one", name="one.md")
    assert Originals(tmp_path / "data2").read(other) is None
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "one.md").write_bytes(b"two")
    second = put(tmp_path / "data3", tmp_path / "b", "b/one.md", b"two", name="b")
    assert Originals(tmp_path / "data3").read(second) == b"two"


def test_a_page_of_the_web_has_no_file_here(tmp_path):
    url = "https://x.example/a.html"
    document = put(tmp_path / "data", url, url, b"words", name=url)
    assert not Originals(tmp_path / "data").has(document)
    assert Originals(tmp_path / "none").read(document) is None


@pytest.mark.parametrize(
    ("identity", "kind", "name"),
    [("a/b.pdf", "application/pdf", "b.pdf"), ("a/b", "application/pdf", "b.pdf"),
     ("x.HTML", "text/html", "x.HTML"), ("odd/", "", "odd"), ("a.exe", "text/plain", "a.exe.txt")],
)  # fmt: skip
def test_a_download_is_called_as_its_file(identity, kind, name):
    assert file_name(SourceDocument(identity, "w", "T", "en", media_type=kind)) == name


# Pictures


@pytest.fixture(scope="module")
def pictures():
    made = Pictures(Limits(memory_mb=1024, cpu_s=3, wall_s=8, characters=1_000_000))
    yield made
    made.close()


def drawn(pictures, data, number=1):
    return pictures.draw(hashlib.sha256(data).hexdigest(), number, lambda: data)


def test_a_page_is_drawn_and_its_letters_have_places(pictures):
    picture = drawn(pictures, PDF)
    assert (picture.image[:4], picture.image[8:12]) == (b"RIFF", b"WEBP")
    assert picture.width == 1200
    assert picture.height == pytest.approx(1200 * 842 / 595, abs=2)
    page = "The council meets every month.\nIt is open."
    (box,) = boxes(Wanted("It is open.", page, 31), picture.letters())
    # The line stands 680 points above the foot of 842.
    assert box.top < (842 - 680) / 842 * 10_000 < box.bottom
    assert box.left == pytest.approx(72 / 595 * 10_000, abs=40)
    assert drawn(pictures, PDF, 2).letters() != picture.letters()
    assert drawn(pictures, PDF) is picture  # kept


def test_a_turned_and_cropped_page_has_its_boxes_where_it_is_shown(pictures):
    turned = PDF.replace(b"/MediaBox [0 0 595 842]", b"/MediaBox [0 0 595 842] /Rotate 90")
    picture = drawn(pictures, turned)
    assert picture.width > picture.height
    (box,) = boxes(Wanted("It is open.", "It is open.", 0), picture.letters())
    assert box.bottom - box.top > box.right - box.left  # the line runs down the page


@pytest.mark.parametrize("number", [0, 3, 99999])
def test_a_page_that_is_not_there_is_not_drawn(pictures, number):
    with pytest.raises(ReadError, match="no page"):
        drawn(pictures, PDF, number)


@pytest.mark.parametrize(
    "data",
    [b"", b"%PDF-1.7", b"not a pdf", PDF[:300], PDF.replace(b"/Kids [6", b"/Kids [2")[:900]],
)
def test_a_damaged_file_is_refused_in_words(pictures, data):
    with pytest.raises(ReadError):
        drawn(pictures, data)
    with pytest.raises(ReadError):  # and not tried again at once
        pictures.kept(hashlib.sha256(data).hexdigest(), 1)
    assert drawn(pictures, PDF).width == 1200


def test_a_tree_of_pages_that_loops_does_not_hang(pictures):
    looping = pdf_of(["<< /Type /Catalog /Pages 2 0 R >>",
                      "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9 >>"], info=1)  # fmt: skip
    with pytest.raises(ReadError):
        drawn(pictures, looping)


def doubling(levels: int) -> bytes:
    """Forms that draw two others each: a small file with two to the levels of drawings."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>",
               "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
               "/Resources << /XObject << /A 5 0 R >> >> >>",
               "<< /Length 5 >>\nstream\n/A Do\nendstream"]  # fmt: skip
    for level in range(levels):
        inner = "/A Do /A Do /A Do /A Do" if level + 1 < levels else "0 0 600 800 re f " * 20
        resources = f"/Resources << /XObject << /A {6 + level} 0 R >> >>"
        objects.append(
            f"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] {resources} "
            f"/Length {len(inner)} >>\nstream\n{inner}\nendstream"
        )
    return pdf_of(objects, info=1)


def test_drawing_that_would_never_end_is_ended(pictures):
    with pytest.raises(ReadError, match=r"took|killed|crashed|memory|damaged"):
        drawn(pictures, doubling(14))
    assert drawn(pictures, make_pdf([[Print("Still here.", 700)]])).width == 1200


@pytest.mark.parametrize("box", ["0 0 14400 14400", "0 0 30 14000", "0 0 3 14000", "0 0 14000 3"])
def test_a_page_of_any_size_becomes_a_picture_of_bounded_size(pictures, box):
    data = make_pdf([[Print("Words.", 700)]]).replace(b"0 0 595 842", box.encode())
    try:
        picture = drawn(pictures, data)
    except ReadError as error:
        assert "narrow" in str(error)
        return
    assert picture.width <= 1200
    assert picture.height <= 6000
    assert picture.width * picture.height <= 4_100_000


def test_a_page_larger_than_any_paper_is_refused(pictures):
    data = make_pdf([[Print("Words.", 700)]]).replace(b"0 0 595 842", b"0 0 90000 90000")
    try:
        assert drawn(pictures, data).width <= 1200  # a reader may take the size for A4
    except ReadError as error:
        assert "points" in str(error)


@pytest.fixture(scope="module")
def taken_over():
    made = Pictures(Limits(wall_s=20), "tests.drawers:told")
    yield made
    made.close()


def test_a_sound_reply_is_taken(taken_over):
    picture = taken_over.draw("s", 1, lambda: b"x")
    assert (picture.width, picture.height, len(picture.letters())) == (10, 20, 1)
    assert zlib.decompress(picture.packed)


@pytest.mark.parametrize("number", range(2, 9))
def test_a_child_that_was_taken_over_sends_nothing_that_is_served(taken_over, number):
    with pytest.raises(ReadError, match="nonsense"):
        taken_over.draw("s", number, lambda: b"x")


def test_few_wait_for_the_one_who_draws(taken_over):
    outcomes = []

    def ask(number):
        try:
            outcomes.append(taken_over.draw("slow", number, lambda: b"x"))
        except Busy:
            outcomes.append(None)

    threads = [threading.Thread(target=ask, args=(9 + 10 * n,)) for n in range(1)]
    threads += [threading.Thread(target=ask, args=(9,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert None in outcomes
    assert any(outcomes)


def test_what_is_kept_has_a_bound():
    pictures = Pictures(Limits(wall_s=20), "tests.drawers:told", most_kept=400)
    try:
        for number in range(100, 140):
            pictures.draw("s", number, lambda: b"x")
        assert pictures._kept.size <= 400
        assert pictures.kept("s", 100) is None
        assert pictures.kept("s", 139) is not None
    finally:
        pictures.close()


def test_a_file_that_is_gone_is_not_remembered_as_damaged(pictures):
    with pytest.raises(ReadError, match="not there"):
        pictures.draw("gone", 1, lambda: None)
    assert pictures.kept("gone", 1) is None


def test_an_original_is_sent_from_the_disk_and_only_as_it_was_checked(tmp_path):
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a.md"
    data = b"words" * CHUNK
    path.write_bytes(data)
    document = put(tmp_path / "data", tmp_path / "in", "a.md", data)
    originals = Originals(tmp_path / "data")
    assert b"".join(chunks(originals.opened(document))) == data
    sending = chunks(originals.opened(document))
    next(sending)
    with path.open("ab") as file:
        file.write(b"secret")
    with pytest.raises(OSError, match="changed"):
        list(sending)
    assert originals.opened(document) is None
    path.unlink()
    assert originals.opened(document) is None
    assert Originals(tmp_path / "data", allowed=False).opened(document) is None
