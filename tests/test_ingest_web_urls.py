"""The normal form of addresses, and the traps."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources import is_site
from ingest.web.urls import below, is_asset, is_document, is_trap, normal, normal_or_empty, shape
from ingest.web.urls import site as site_of

PARTS = st.text(string.ascii_letters + string.digits + "-._~%/é سلام+;=:@!$'()*,", max_size=40)
QUERIES = st.text(string.ascii_letters + string.digits + "&=%é+;/?", max_size=40)
URLS = st.builds(
    lambda scheme, host, port, path, query, mark: f"{scheme}://{host}{port}/{path}{query}{mark}",
    st.sampled_from(["http", "https", "HTTP", "Https"]),
    st.sampled_from(["example.org", "Example.ORG.", "münchen.de", "127.0.0.1", "[::1]", "a.b.c"]),
    st.sampled_from(["", ":80", ":443", ":8080"]),
    PARTS,
    QUERIES.map(lambda query: f"?{query}" if query else ""),
    st.sampled_from(["", "#part", "#"]),
)


@given(URLS)
def test_the_normal_form_is_its_own_normal_form(url):
    once = normal(url)
    assert normal(once) == once


@given(URLS)
def test_the_normal_form_is_plain_and_names_the_same_site(url):
    once = normal(url)
    assert once.isascii()
    assert not set(once) & set(' <>"\\^`{|}\n\t#')
    assert "/../" not in once
    assert "/./" not in once
    assert site_of(once)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_none(text):
    found = normal_or_empty(text, "https://example.org/a/b")
    assert found == "" or normal(found) == found


@given(URLS, st.sampled_from(["utm_source=x", "PHPSESSID=1", "fbclid=2", "sid=3"]))
def test_marks_of_a_visit_do_not_count(url, mark):
    bare = url.split("#")[0]
    joined = f"{bare}{'&' if '?' in bare else '?'}{mark}"
    assert normal(joined) == normal(bare)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Example.org:80", "http://example.org/"),
        ("https://example.org:443/a/../b/./c", "https://example.org/b/c"),
        ("https://example.org/a;jsessionid=9F?x=1#y", "https://example.org/a?x=1"),
        ("https://example.org/?", "https://example.org/"),
        ("https://example.org/%7euser/%2f", "https://example.org/~user/%2F"),
        ("https://example.org/ü?q=ü", "https://example.org/%C3%BC?q=%C3%BC"),
        ("https://münchen.de/", "https://xn--mnchen-3ya.de/"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("  https://example.org/\n a ", "https://example.org/a"),
        ("https://example.org/../../x", "https://example.org/x"),
    ],
)
def test_normal_forms(url, expected):
    assert normal(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "mailto:a@example.org", "file:///etc/passwd", "http://u:p@x.org/",
        "http://", "http://[x", "http://x.org:port/", f"http://x.org/{'a' * 2001}", "", "//",
    ],
)  # fmt: skip
def test_what_is_no_address(url):
    assert normal_or_empty(url) == ""


def test_one_site_is_one_host_with_or_without_www():
    assert site_of("https://www.example.org/a") == site_of("http://example.org/b")
    assert site_of("https://files.example.org/") != site_of("https://example.org/")
    assert site_of("http://example.org:8080/") != site_of("http://example.org/")


def test_a_section_is_its_folder():
    assert below("https://example.org/docs/a/b", "https://example.org/docs/")
    assert below("https://example.org/docs/b", "https://example.org/docs/a")
    assert not below("https://example.org/document", "https://example.org/docs/")
    assert not below("https://other.org/docs/a", "https://example.org/docs/")


def test_kinds_by_name():
    assert is_document("https://example.org/a.PDF?x=1")
    assert is_asset("https://example.org/a.b/c.jpeg")
    assert not is_asset("https://example.org/a.jpeg/b")


def test_traps():
    assert is_trap("https://example.org/a/b/a/b/a/b")
    assert is_trap("https://example.org/?" + "&".join(f"f{n}=1" for n in range(12)))
    assert not is_trap("https://example.org/2024/05/05/report")
    assert shape("https://e.org/cal/2024/5?d=1") == shape("https://e.org/cal/2031/12?d=7")


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("https://example.org", True),
        ("https://example.org/docs/", True),
        ("https://example.org/sitemap.xml", True),
        ("https://example.org/news/feed", True),
        ("site+https://example.org/start.html", True),
        ("https://example.org/page", False),
        ("https://example.org/a.pdf", False),
        ("https://example.org/page?next=/", False),
    ],
)
def test_which_addresses_mean_a_site(url, whole):
    assert is_site(url) is whole
