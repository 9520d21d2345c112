"""Sites: what the file takes, and how soon a change is seen."""

from __future__ import annotations

import pytest

from rag.errors import ConfigurationError
from rag.settings import Settings
from ui.public.sites import Site, SiteFile, exact_origin, read_sites, sites_path, write_sites

SITE = Site(
    key="abcd1234",
    name='A "quoted" name\nالاسم \x7f',
    origins=("https://x.org", "http://127.0.0.1:8000"),
    languages=("ar", "en"),
    filters={"country": ("KE", "TN"), "odd key": ("a = b",)},
    starters={"ar": ("ما هي؟",), "en": ("What?", 'Why "so"?')},
    daily_questions=7,
    paused=True,
)


def test_a_site_is_read_back_as_it_was_written(tmp_path):
    path = tmp_path / "sites.toml"
    write_sites(path, [SITE, Site("efgh5678", "plain")])
    assert read_sites(path) == {"abcd1234": SITE, "efgh5678": Site("efgh5678", "plain")}


@pytest.mark.parametrize(
    "told, origin",
    [
        ("https://X.org/", "https://x.org"),
        ("https://x.org:443", "https://x.org"),
        ("http://x.org:80", "http://x.org"),
        ("https://x.org:8443", "https://x.org:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_kept_as_a_browser_sends_it(told, origin):
    assert exact_origin(told) == origin


@pytest.mark.parametrize(
    "told",
    [
        "x.org", "https://*.x.org", "*", "null", "https://x.org/path",
        "https://x.org; script-src *",
        "https://x.org https://y.org", "https://x.org,https://y.org", "https://u:p@x.org",
        "javascript:alert(1)", "file:///", "https://x.org\nX: y", "https://é.org", "",
    ],
)  # fmt: skip
def test_what_is_not_exactly_one_origin_is_refused(told):
    with pytest.raises(ConfigurationError, match="origin"):
        exact_origin(told)


def test_pausing_is_seen_with_the_next_look(tmp_path):
    path = tmp_path / "sites.toml"
    sites = SiteFile(path)
    assert sites.get("abcd1234") is None
    write_sites(path, [Site("abcd1234", "x", ("https://x.org",))])
    assert sites.get("abcd1234").paused is False
    assert sites.origins() == {"https://x.org"}
    write_sites(path, [Site("abcd1234", "x", ("https://x.org",), paused=True)])
    assert sites.get("abcd1234").paused is True
    assert sites.origins() == frozenset()
    path.unlink()
    assert sites.all() == ()


@pytest.mark.parametrize(
    "text, named",
    [
        ("[site", "does not read"),
        ("site = 3", "a site is a table"),
        ("[site.x]", "8 to 40"),
        ("[site.'../../etc']", "8 to 40"),
        ("[site.abcd1234]\norigin = ['https://x.org']", "origin, which is no setting"),
        ("[site.abcd1234]\norigins = 'https://x.org'", "takes a list"),
        ("[site.abcd1234]\norigins = ['*']", "not scheme"),
        ("[site.abcd1234]\nlanguages = ['xx']", "not one of"),
        ("[site.abcd1234]\ndaily_questions = -1", "daily_questions"),
        ("[site.abcd1234]\npaused = 'no'", "paused"),
    ],
)
def test_a_wrong_file_is_named_and_the_last_good_sites_stay(tmp_path, text, named):
    path = tmp_path / "sites.toml"
    write_sites(path, [SITE])
    sites = SiteFile(path)
    assert sites.get("abcd1234") == SITE
    path.write_text(text)
    assert sites.get("abcd1234") == SITE
    assert named in sites.problem
    write_sites(path, [])
    assert sites.all() == ()
    assert sites.problem == ""


def test_a_site_that_would_not_be_read_back_is_not_written(tmp_path):
    path = tmp_path / "sites.toml"
    write_sites(path, [SITE])
    before = path.read_text()
    with pytest.raises(ConfigurationError, match="xx"):
        write_sites(path, [Site("efgh5678", "y", languages=("xx",))])
    assert path.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == ["sites.toml"]


def test_the_file_lies_in_the_data_folder_unless_set(tmp_path):
    assert sites_path(Settings(data_dir=tmp_path)) == tmp_path / "sites.toml"
    assert sites_path(Settings(sites=tmp_path / "s.toml")) == tmp_path / "s.toml"
