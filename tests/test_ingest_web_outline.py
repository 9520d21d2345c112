"""What strangers write is outlined, or is a reason; never anything else."""

import gzip
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.fetch import Fetched
from ingest.web.outline import likeness, outline
from ingest.web.seen import content_of, remembered
from ingest.web.visits import FULL_AGAIN, Visit, from_json, to_json
from rag.errors import ReadError
from tests.playing_site import page, prose

ADDRESS = "https://example.org/a/b"
TAGS = st.sampled_from(
    "<a href='x'> </a> <link rel=canonical href=/x> <base href='//y'> <meta http-equiv=refresh "
    "content='0;url=z'> <urlset> <url><loc>x</loc></url> <rss> <item> <!-- --> <![CDATA[ ]]> "
    "<!DOCTYPE x [<!ENTITY a 'b'>]> &a; <script> </script> \x00 \ud7ff \ufeff".split(" ")
)


def found(data, url=ADDRESS):
    return outline(data, url).metadata


@given(st.one_of(st.binary(max_size=300), st.lists(TAGS).map(lambda t: " ".join(t).encode())))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_an_outline_or_a_reason(data):
    try:
        value = found(data)
    except ReadError:
        return
    visit = remembered(Fetched(200, ADDRESS, {}, data), data, value, "s", 0.0)
    assert visit.canonical == "" or visit.canonical.startswith("https://example.org/")


def test_a_page_names_what_it_leads_to():
    head = (
        '<base href="https://example.org/c/"><link rel="canonical" href="x">'
        '<link rel="alternate" hreflang="FR" href="y"><meta name="robots" content="NoFollow">'
        '<link rel="alternate" type="application/rss+xml" href="/feed">'
        '<meta http-equiv="Refresh" content="3; URL=\'/next\'">'
    )
    value = found(page("T", prose("T"), head, "one two"))
    assert value["links"] == ["/", "one", "two"]
    assert value["refresh"] == [3, "/next"]
    assert (value["nofollow"], value["noindex"]) == (True, False)
    assert value["feeds"] == ["/feed"]
    visit = remembered(Fetched(200, ADDRESS), b"", value, "s", 0.0)
    assert visit.canonical == "https://example.org/c/x"
    assert visit.alternates == {"fr": "https://example.org/c/y"}


def test_a_canonical_link_to_another_site_is_not_taken():
    value = found(page("T", prose("T"), '<link rel="canonical" href="https://other.org/">'))
    assert remembered(Fetched(200, ADDRESS), b"", value, "s", 0.0).canonical == ""


def test_a_sitemap_may_be_lines_of_text():
    assert found(b"https://example.org/1\nhttps://example.org/2\n")["links"] == [
        "https://example.org/1",
        "https://example.org/2",
    ]


def test_entities_of_a_sitemap_stay_closed():
    data = (
        b'<?xml version="1.0"?><!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b"<urlset><url><loc>https://e.org/&x;</loc></url></urlset>"
    )
    with suppress(ReadError):
        assert not any("root:" in link for link in found(data)["links"])


def test_a_sitemap_that_does_not_parse_is_a_reason():
    with pytest.raises(ReadError, match="urlset"):
        found(b"<urlset><url><loc>https://e.org/</url>")


def test_a_compressed_sitemap_is_inflated():
    data = gzip.compress(b"<urlset><url><loc> https://e.org/ </loc></url></urlset>")
    assert found(data)["links"] == ["https://e.org/"]


def test_an_error_that_repeats_the_address_is_the_same_error():
    one, other = (
        found(page("Sorry", f"The page {name} of 2024 was not found."), f"https://e.org/{name}")
        for name in ("oslo/plan", "bergen/report")
    )
    assert one["loose"] == other["loose"]
    assert one["text"] != other["text"]


def test_pages_that_differ_in_a_number_differ():
    one, other = (found(page("Minutes", f"Minutes of meeting {n}.")) for n in (3, 4))
    assert one["text"] != other["text"]


def test_likeness_is_of_the_main_text():
    oslo, again, bern = (found(page("T", prose(name))) for name in ("Oslo", "Oslo", "Bern"))
    assert likeness(oslo["sketch"], again["sketch"]) == 1.0
    assert likeness(oslo["sketch"], bern["sketch"]) < 0.5
    assert likeness([], oslo["sketch"]) == 0.0


@pytest.mark.parametrize(
    ("body", "media", "expected"),
    [
        ("é".encode(), "text/html; charset=iso-8859-1", "é"),
        ("é".encode("cp1252"), "text/html; charset=windows-1252", "é"),
        ("سلام".encode("cp1256"), 'text/html; charset="windows-1256"', "سلام"),
    ],
)
def test_what_can_be_told_for_sure_becomes_utf_8(body, media, expected):
    content = content_of(Fetched(200, ADDRESS, {"content-type": media}, body))
    assert content.decode("utf-8-sig") == expected


@pytest.mark.parametrize("media", ["text/html; charset=none", "text/html", "application/pdf"])
def test_other_bytes_stay_as_they_are(media):
    body = "é".encode("cp1252")
    assert content_of(Fetched(200, ADDRESS, {"content-type": media}, body)) == body


def test_the_pages_own_word_is_left_to_its_reader():
    body = '<meta charset="windows-1256">سلام'.encode("cp1256")
    media = {"content-type": "text/html; charset=iso-8859-1"}
    assert content_of(Fetched(200, ADDRESS, media, body)) == body


def test_a_visit_is_remembered_as_it_was():
    visit = Visit("s", '"e"', "Mon", "00", 1.0, ADDRESS, sketch=(1, 2), alternates={"en": ADDRESS})
    assert from_json(to_json(visit)) == visit
    assert from_json('{"source": "s", "of_a_newer_version": 1}') == Visit("s")


def test_validators_are_sent_for_a_week_and_only_where_they_fit_a_header():
    visit = Visit("s", '"e"', "Mon", "00", read=1_000.0)
    assert visit.validators(1_001.0) == {"If-None-Match": '"e"', "If-Modified-Since": "Mon"}
    assert visit.validators(1_000.0 + FULL_AGAIN) == {}
    assert visit.validators(999.0) == {}  # a clock that went back
    assert Visit("s", "a\r\nX: y", sha256="00", read=1.0).validators(2.0) == {}
    assert Visit("s", '"e"', read=1.0).validators(2.0) == {}
