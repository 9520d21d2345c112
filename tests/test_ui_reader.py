"""The reader's pages over HTTP: marked or honest, safe with any document, and counted."""

import hashlib
import html
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from ingest.catalog import Catalog
from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.types import Page
from rag.wording import languages, messages, say
from tests.builders import build, document
from tests.pdf_maker import Print, make_pdf
from tests.serving import settings_for
from ui.answering import InProcess
from ui.api.application import api_app
from ui.api.edge import Edge
from ui.ending import Ending
from ui.exchange import Chat
from ui.guard import Guard
from ui.live import LiveAssistant
from ui.public.standing import standing
from ui.public.switches import throw
from ui.reader.place import Asked, Place, address, check_of
from ui.reader.routes import reader_routes

EN = messages("en")
PDF = make_pdf([[Print("The council meets every month.", 700), Print("It is open.", 680)],
                [Print("A second page.", 700)]])  # fmt: skip
HOSTILE = '\u202e<img src=x onerror=alert(1)> "quoted" & <script>'
PAGE = "The council meets every month.\nIt is open."


def quoted(identity, text, quote, page=1, **more):
    start = text.index(quote)
    place = Place(identity, page, start, start + len(quote), check_of(quote))
    return Asked(place, **more)


def documents():
    printed = document(
        "plan.pdf", "x", title="Plan", media_type="application/pdf", work_id="plan",
        sha256=hashlib.sha256(PDF).hexdigest(), url="https://x.example/plan.pdf",
        publisher="City of X", date="2024-12-21",
    )  # fmt: skip
    pages = (Page(1, PAGE, "i"), Page(2, "A second page.", "ii"))
    printed = type(printed)(
        **{f: getattr(printed, f) for f in printed.__slots__} | {"pages": pages}
    )
    return [
        printed,
        document("plan.ar.md", "يجتمع المجلس كل شهر.", title="خطة", language="ar", work_id="plan",
                 machine_translated=True),
        document("old.md", "Old words.", title="Old", superseded_by="plan.pdf"),
        document(HOSTILE, HOSTILE, title=HOSTILE, publisher=HOSTILE, date=HOSTILE,
                 url='javascript:alert(1)//"><script>', superseded_by=HOSTILE),
        document("long.html", *(f"Paragraph {n} " + f"of words{n} " * 60 for n in range(100))),
    ]  # fmt: skip


class Room:
    """A client of the reader over these documents."""

    def __init__(self, data_dir, root, **given):
        (root / "docs").mkdir(parents=True)
        (root / "docs" / "plan.pdf").write_bytes(PDF)
        self.generation = build(data_dir, documents())
        with Catalog(data_dir) as catalog, catalog.transaction():
            catalog.set_source("test", str(root / "docs"))
        assistant = Assistant(self.generation, HashEmbedder())
        settings = settings_for(data_dir, **given)
        live = LiveAssistant(lambda before: assistant, lambda: "one")
        self.standing = standing(settings)
        answering = InProcess(live, Chat(live, "sanad ingest", 1000))
        ending = Ending(self.standing.gate, answering.under_way)
        app = api_app(settings, self.standing, answering, ending)
        app.include_router(reader_routes(live, self.standing, settings))
        self.client = TestClient(Edge(Guard(app, self.standing)), "http://127.0.0.1",
                                 client=("127.0.0.1", 50000))  # fmt: skip

    def get(self, asked, language="en", **more):
        path = (address(asked) if isinstance(asked, Asked) else asked).partition("#")[0]
        extra = "".join(f"&{key}={value}" for key, value in more.items())
        return self.client.get(f"/{language}/{path}{extra}")


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    base = tmp_path_factory.mktemp("reader")
    return Room(base / "data", base)


QUOTED = quoted("plan.pdf", PAGE, "It is open.")


def test_a_quote_of_a_pdf_is_boxed_on_its_page_and_marked_in_its_text(room):
    page = room.get(QUOTED)
    assert page.status_code == 200
    assert 'data-view="page"' in page.text
    (y,) = re.findall(r'<rect id="quote" x="\d+" y="(\d+)"', page.text)
    assert int(y) == pytest.approx((842 - 680 - 10) / 842 * 10_000, abs=200)
    image = re.search(r'<img src="([^"]+)"', page.text)[1]
    picture = room.client.get(f"/en/{html.unescape(image)}")
    assert picture.headers["content-type"] == "image/webp"
    assert picture.content[8:12] == b"WEBP"
    text = room.get(QUOTED, view="text")
    assert '<mark id="quote">It is open.</mark>' in text.text
    assert "<svg" not in text.text


@pytest.mark.parametrize(
    ("headers", "view"),
    [
        ({"sec-ch-ua-mobile": "?1"}, "text"),
        ({"sec-ch-ua-mobile": "?0", "user-agent": "A Mobile of some kind"}, "page"),
        ({"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile"}, "text"),
        ({"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"}, "page"),
    ],
)
def test_on_a_phone_the_text_comes_first_and_the_page_is_one_press_away(room, headers, view):
    def opened(**more):
        where = address(replace(QUOTED, **more)).split("#")[0]
        return room.client.get(f"/en/{where}", headers=headers).text

    assert f'data-view="{view}"' in opened()
    assert 'data-view="page"' in opened(view="page")


@pytest.mark.parametrize("language", languages())
def test_the_page_says_what_the_document_is(room, language):
    page = room.get(QUOTED, language)
    assert f'<html class="sanad-room sanad-page" data-language="{language}" lang="{language}"' in (
        page.text
    )
    for fact in ("City of X", "2024", "Plan"):
        assert fact in page.text
    assert '<h1 class="sanad-reader-title"' in page.text
    assert html.escape(say(language, "answer.page", page="i")) in page.text
    assert 'href="https://x.example/plan.pdf#page=1"' in page.text
    part = room.get(QUOTED, language, part=1).text
    assert part.startswith("<article") and part.endswith("</article>")
    assert "<h2 class=" in part


def test_a_page_of_ours_runs_no_script_or_style_of_a_document(room):
    for view in ("page", "text"):
        page = room.get(QUOTED, view=view)
        policy = page.headers["content-security-policy"]
        assert "script-src 'self';" in policy and "style-src 'self';" in policy
        assert " style=" not in page.text.partition("<main")[2]
        assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        (Asked(Place("plan.pdf", 1, 4, 9, check_of("other"))), "reader.not_marked"),
        (Asked(Place("plan.pdf", 1, 3, 9)), "reader.not_marked"),
        (Asked(Place("plan.pdf", 1, 0, 9999)), "reader.not_marked"),
        (Asked(Place("plan.pdf", 1, 4, 11), generation="gone"), "reader.changed"),
        (Asked(Place("plan.pdf", 7)), "reader.no_page"),
        (Asked(Place("plan.pdf", 2), beside=True), "reader.beside"),
    ],
)
def test_what_cannot_be_marked_is_said(room, asked, key):
    for view in ("text", "page"):
        page = room.get(asked, view=view).text
        assert html.escape(EN[key]) in page
        assert "<mark" not in page and "<rect" not in page


def test_a_passage_that_is_the_same_in_a_new_collection_is_marked(room):
    page = room.get(quoted("plan.pdf", PAGE, "It is open.", generation="before"), view="text").text
    assert EN["reader.changed_same"] in page
    assert '<mark id="quote">It is open.</mark>' in page


def test_quotes_of_the_answer_lead_to_each_other(room):
    first = Place("plan.pdf", 1, 0, 30, check_of("The council meets every month."))
    quotes = (first, QUOTED.place, Place("plan.ar.md", 1, 0, 12))
    page = room.get(Asked(QUOTED.place, quotes)).text
    assert html.escape(say("en", "reader.quote_of", k=2, of=3)) in page
    found = re.findall(r'href="([^"]+)" data-way="((?:next|previous)-quote)"', page)
    ways = {name: way for way, name in found}
    before = room.get(html.unescape(ways["previous-quote"]), view="text")
    assert '<mark id="quote">The council meets every month.</mark>' in before.text
    after = room.get(html.unescape(ways["next-quote"]))
    assert "خطة" in after.text
    assert '<span class="sanad-off" data-way="next-quote">' in after.text
    assert "sanad-quotes" not in room.get(QUOTED).text


def test_other_versions_of_the_work_open_at_the_same_page(room):
    page = room.get(QUOTED).text
    way = html.unescape(
        re.search(r'href="([^"]+)" data-way="version-0" lang="ar" dir="rtl"', page)[1]
    )
    other = room.client.get(f"/en/{way}").text
    assert '<h1 class="sanad-reader-title" tabindex="-1"><cite lang="ar" dir="rtl">خطة' in other
    assert html.escape(EN["reader.beside"]) in other
    assert html.escape(EN["chat.machine_translation_note"]) in other
    assert "<mark" not in other


def test_an_old_version_leads_to_the_new_one(room):
    page = room.get(Asked(Place("old.md"))).text
    assert EN["chat.superseded_note"] in page
    way = html.unescape(re.search(r'href="([^"]+)" data-way="newer"', page)[1])
    assert way.startswith("read?document=plan.pdf&")


def test_a_hostile_document_is_only_text(room):
    for part in ("", "1"):
        shown = room.get(Asked(Place(HOSTILE, 1, 1, 4)), part=part).text
        assert "<img" not in shown and "<script>" not in shown.replace("<script src", "")
        assert "onerror=alert(1)&gt;" in shown
        assert "\u202e" not in shown
        assert "javascript:" not in shown


@pytest.mark.parametrize("value", ["", "nothing.md", "../../etc/passwd", "a\0b", "x" * 3000])
def test_an_unknown_document_is_said_to_be_unknown(room, value):
    page = room.client.get("/en/read", params={"document": value})
    assert page.status_code == 404
    assert html.escape(EN["reader.unknown"]) in page.text
    part = room.client.get("/ar/read", params={"document": value, "part": "1"})
    assert part.text.startswith("<article") and messages("ar")["reader.unknown"] in part.text
    for what in ("page", "original"):
        assert room.client.get(f"/en/read/{what}", params={"document": value}).status_code == 404


def test_a_language_we_do_not_speak_has_no_reader(room):
    for path in ("read", "read/page", "read/original"):
        assert room.client.get(f"/xx/{path}?document=plan.pdf").status_code == 404


def test_a_long_document_comes_in_parts(room):
    first = room.get(Asked(Place("long.html"))).text
    assert len(first) < 40_000
    assert re.search(r"Part 1 of [5-9]<", first)
    way = html.unescape(re.search(r'href="([^"]+)" data-way="next-page"', first)[1])
    second = room.client.get(f"/en/{way}").text
    assert re.search(r"Part 2 of [5-9]<", second)
    assert "Paragraph 0 " in first and "Paragraph 0 " not in second
    assert "sanad-ways" not in room.get(Asked(Place("old.md"))).text


def test_a_page_leads_to_the_next_page(room):
    page = room.get(QUOTED).text
    way = html.unescape(re.search(r'href="([^"]+)" data-way="next-page"', page)[1])
    second = room.client.get(f"/en/{way}&view=text").text
    assert "A second page." in second
    assert say("en", "reader.page_of", page="2", pages="2") in second
    assert EN["reader.not_marked"] not in second


def test_a_pdf_is_shown_and_anything_else_is_saved(room, tmp_path):
    reply = room.client.get("/en/read/original?document=plan.pdf")
    assert reply.content == PDF
    assert reply.headers["content-type"] == "application/pdf"
    assert reply.headers["content-disposition"] == "inline; filename*=UTF-8''plan.pdf"
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    from ui.reader.routes import original_headers

    page = original_headers(document("a/b.html", "x", media_type="text/html"))
    assert page["content-type"] == "application/octet-stream"
    assert page["content-disposition"].startswith("attachment;")
    odd = original_headers(document('a/"\r\n;é.md', "x", media_type="text/markdown"))
    assert odd["content-disposition"] == "attachment; filename*=UTF-8''%22%0D%0A%3B%C3%A9.md"


def test_an_installation_may_keep_its_originals(tmp_path):
    room = Room(tmp_path / "data", tmp_path, originals=False)
    page = room.get(QUOTED).text
    assert '<mark id="quote">It is open.</mark>' in page
    assert "read/original" not in page and "<img" not in page and 'class="sanad-views"' not in page
    for what in ("original", "page"):
        assert room.client.get(f"/en/read/{what}?document=plan.pdf&page=1").status_code == 404
    assert 'href="https://x.example/plan.pdf#page=1"' in page  # where it is on the web stays


def test_a_changed_file_is_neither_shown_nor_given_out(tmp_path):
    room = Room(tmp_path / "data", tmp_path)
    (tmp_path / "docs" / "plan.pdf").write_bytes(PDF + b" ")
    page = room.get(QUOTED).text
    assert html.escape(EN["reader.no_picture"]) in page
    assert '<mark id="quote">It is open.</mark>' in page
    gone = room.client.get("/en/read/original?document=plan.pdf")
    assert gone.status_code == 404
    assert html.escape(EN["reader.no_original"]) in gone.text
    assert b"%PDF" not in gone.content


def test_one_visitor_cannot_have_pages_drawn_for_ever(tmp_path):
    room = Room(tmp_path / "data", tmp_path, limit_light_minute=1)
    assert 'data-view="page"' in room.get(QUOTED).text
    assert 'data-view="page"' in room.get(QUOTED).text  # kept, and not counted again
    second = room.get(Asked(Place("plan.pdf", 2))).text
    assert 'data-view="text"' in second and html.escape(EN["reader.busy"]) in second
    assert room.client.get("/en/read/page?document=plan.pdf&page=2").status_code == 429
    assert room.client.get("/en/read/original?document=plan.pdf").status_code == 200
    assert room.client.get("/en/read/original?document=plan.pdf").status_code == 429


def test_looking_for_quotes_on_a_picture_is_counted(tmp_path):
    room = Room(tmp_path / "data", tmp_path, limit_light_minute=1)
    for _ in range(2):  # what was found is kept, and not counted again
        assert 'data-view="page"' in room.get(QUOTED).text
    other = room.get(quoted("plan.pdf", PAGE, "The council meets")).text
    assert 'data-view="text"' in other and html.escape(EN["reader.busy"]) in other


def test_the_switch_of_the_chat_closes_the_reader(tmp_path):
    room = Room(tmp_path / "data", tmp_path)
    throw(tmp_path / "data", "chat", False)
    for path in ("read", "read/page", "read/original"):
        assert room.client.get(f"/en/{path}?document=plan.pdf").status_code == 503


def test_without_a_collection_the_reader_says_so(tmp_path):
    from rag.errors import CollectionError

    def nothing(before):
        raise CollectionError("nothing here")

    settings = settings_for(tmp_path)
    live = LiveAssistant(nothing, lambda: "")
    shared = standing(settings)
    answering = InProcess(live, Chat(live, "sanad ingest", 1000))
    app = api_app(settings, shared, answering, Ending(shared.gate, answering.under_way))
    app.include_router(reader_routes(live, shared, settings))
    reply = TestClient(app).get("/fr/read?document=a&part=1")
    assert reply.status_code == 503
    assert html.escape(messages("fr")["chat.no_index"]) in reply.text
