"""Harnesses over `ui`: what requests bring, and the operator's own file of sites."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from urllib.parse import parse_qs, parse_qsl, urlsplit

from pydantic import ValidationError

from rag.errors import ConfigurationError
from rag.wording import languages
from tests.builders import build, document
from tests.fuzz.harness import Harness, file_of, scratch, text_of
from ui.api.bodies import Question
from ui.chips import KEYS, MOST_CHARACTERS, MOST_CHOSEN, filters_from, pairs_of
from ui.cli import parse_filters
from ui.note.bodies import NoteBody
from ui.note.checked import Checking
from ui.note.docx import docx
from ui.note.markdown import markdown
from ui.note.paper import paper_of
from ui.note.seal import Seals
from ui.office.uploads import safe_name
from ui.public.sites import SiteFile, exact_origin, read_sites, write_sites
from ui.public.tokens import Tokens
from ui.public.visit import Refused, parse_address
from ui.reader.place import Asked, asked_of
from ui.reader.place import address as reader_address
from ui.server import preferred_language
from ui.share.link import parameters, query_of, shared_in

LIMIT = 1000


def _pairs(data: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text_of(data), keep_blank_values=True)
    except ValueError:  # too many fields: a server answers that before us
        return []


def filters(data: bytes) -> None:
    """Filters of a command line and of an address: an address of them says the same."""
    pairs = text_of(data).split("\n")[:20]
    with suppress(ConfigurationError):
        found = parse_filters(pairs)
        assert all(key.strip() and all(v.strip() for v in vs) for key, vs in found.items())
        assert sum(map(len, found.values())) == len(pairs)
    chosen = filters_from(_pairs(data))
    assert set(chosen) <= set(KEYS)
    assert all(0 < len(vs) <= MOST_CHOSEN for vs in chosen.values())
    assert all(0 < len(v) <= MOST_CHARACTERS for vs in chosen.values() for v in vs)
    assert filters_from(pairs_of(chosen)) == chosen


def shared_link(data: bytes) -> None:
    """A link to an answer: what is read from it makes a link that says the same."""
    found = shared_in(_pairs(data), LIMIT)
    if found is not None:
        assert 0 < len(found.question) <= LIMIT
        assert shared_in(parameters(found), LIMIT) == found
        with suppress(UnicodeEncodeError):  # a lone surrogate cannot come in an address
            found.question.encode()
            query_of(found)


def reader_place(data: bytes) -> None:
    """An address of the reader: what is read from it makes an address that says the same."""
    values = {key: value for key, value in reversed(_pairs(data))}
    quotes = [value for key, value in _pairs(data) if key == "quote"]
    asked = asked_of(values, quotes)
    assert asked.place.page >= 1 and asked.place.start >= 0
    with suppress(UnicodeEncodeError):
        again = parse_qs(urlsplit(reader_address(asked)).query, keep_blank_values=True)
        single = {key: found[0] for key, found in again.items()}
        listed = next((found for key, found in again.items() if key not in single), [])
        _same(asked, asked_of(single, listed))


def _same(asked: Asked, again: Asked) -> None:
    assert again.place.document == asked.place.document
    assert again.place.page == asked.place.page
    assert again.view == asked.view


def api_question(data: bytes) -> None:
    """The body of a question: a question within its limits, or a list of mistakes."""
    with suppress(ValidationError):
        asked = Question.model_validate_json(data).asked()
        assert 0 < len(asked.question) <= 20_000
        assert set(asked.filters) <= {*KEYS, "work"}


@lru_cache(maxsize=1)
def _checking() -> Checking:
    text = "Kenya has county action plans. Uganda has a national strategy."
    generation = build(scratch() / "collection", [document("kenya.md", text)])
    return Checking(generation, Seals(b"s" * 32))


def note(data: bytes) -> None:
    """A note from a browser: only stored words are quoted in it, whatever was sent."""
    with suppress(ValidationError):
        body = NoteBody.model_validate_json(data)
        checked = _checking().note(body, "ar" if len(data) % 2 else "en", "2026-11-30")
        resting = [q for item in checked.items for said in item.said for q in said.rests_on]
        for quotation in resting:
            assert quotation.page.text[quotation.start : quotation.end] == quotation.text
        paper = paper_of(checked)
        markdown(paper)
        docx(paper)


def token(data: bytes) -> None:
    """A visitor's token that we did not make is refused."""
    with suppress(Refused):
        Tokens(b"s" * 32, clock=lambda: 1000.0).read(text_of(data), "site")
        raise AssertionError("it was taken")


def header(data: bytes) -> None:
    """Headers: a language that we have, an address or none, an origin or a refusal."""
    text = text_of(data)
    assert preferred_language(text[:8], text, "en") in languages()
    found = parse_address(text)
    assert found is None or found.version in (4, 6)
    with suppress(ConfigurationError):
        origin = exact_origin(text)
        assert exact_origin(origin) == origin


def upload_name(data: bytes) -> None:
    """A name of a file becomes one that leads nowhere else, once and for all."""
    name = safe_name(data.decode("utf-8", "replace"))
    if name:
        assert "/" not in name and "\\" not in name and not name.startswith((".", "-"))
        assert len(name.encode()) <= 255
        assert safe_name(name) == name


def sites(data: bytes) -> None:
    """The file of sites is read and written back, or its mistake is named."""
    path = file_of("sites.toml", data)
    try:
        found = read_sites(path)
    except ConfigurationError as error:
        assert str(path) in str(error)
        assert SiteFile(path).all() == ()
    else:
        write_sites(path, tuple(found.values()))
        assert read_sites(path) == found


NOTE = (
    b'{"title": "T", "introduction": "I", "items": [{"id": "1", "reply": {"question": "q", '
    b'"language": "en", "sentences": [{"text": "Kenya has county action plans.", "citations": '
    b'[1]}], "citations": [{"n": 1, "document_id": "kenya.md", "page": 1, "start": 0, "end": 30, '
    b'"quote": "Kenya has county action plans."}]}, "out": [], "comment": "c"}]}'
)
ASK = b'{"question": "q", "filters": {"country": ["KE"]}, "history": [{"question": "p"}]}'
SITE = b'[site.abcdefgh]\nname = "x"\norigins = ["https://a.org"]\nlanguages = ["en"]\n'
SHARED = b"q=What%3F&country=KE&g=2026-g1&c=0123abcd89ab0123&t=0123abcd"

HARNESSES = {
    "filters": Harness(filters, (b"country=KE\nyear=2024", b"country=KE&country=ke&year=2024"),
                       ("country=", "year=", "document=", "&", "%00", "%ED%A0%80", "+", "\n", "İ")),
    "shared_link": Harness(shared_link, (SHARED,), ("q=", "&g=", "&c=", "&t=", "%E2%80%AE", "%20")),
    "reader_place": Harness(reader_place, (b"document=d&page=2&start=1&end=9&quote=1.0.5.ab.d",),
                            ("document=", "&page=", "&start=", "&end=", "&quote=", "1.2.3.x.d")),
    "api_question": Harness(api_question, (ASK,), ('"question"', '"filters"', '"history"', '"work"',
                                                   '"\\ud800"', "null", "[", "{", "1e999")),
    "note": Harness(note, (NOTE,), ('"items"', '"reply"', '"citations"', '"quote"', '"start": ',
                                    '"end": ', '"\\ud800"', '"\\u0000"', "[1]", "{", "null")),
    "token": Harness(token, (b"eyJhIjoxfQ.x", b"bnVsbA.bnVsbA"), (".", "==", "W10", "-", "_")),
    "header": Harness(header, (b"fr-CH, fr;q=0.9", b"192.0.2.1:80", b"https://example.org:8443"),
                      (";q=", "nan", "inf", "*", "[::1]", "%eth0", "::ffff:", "https://", "xn--")),
    "upload_name": Harness(upload_name, ("../a b/تقرير.pdf".encode(), b"README.md", b"c:\\x.docx"),
                           ("/", "\\", "..", ".pdf", ".md", "\u202e", "e\u0301", "-", "README")),
    "sites": Harness(sites, (SITE,), ("[site.", "]\n", "name = ", "origins = ", "languages = ",
                                      "paused = true\n", "daily_questions = 5\n", "[[", "'''")),
}  # fmt: skip
