"""Whole runs over a site on loopback: what is found, what changes, what is never believed."""

import gzip

import pytest

from ingest.catalog import Catalog
from ingest.fetch import Reach
from ingest.history import runs
from ingest.walk import Options, ingest
from ingest.web.options import WebOptions
from rag.embed import HashEmbedder
from rag.index.generation import open_current
from tests.playing_site import (
    LANGUAGES,
    Answer,
    Site,
    compressed,
    document,
    dripping,
    endless,
    furnish,
    moved,
    page,
    playing,
    prose,
    sitemap,
)

pytestmark = pytest.mark.slow

NAMES = ("aarhus", "bern", "cali", "dakar", "essen")


@pytest.fixture
def site():
    with playing(Site()) as played:
        yield played


@pytest.fixture
def furnished(site):
    furnish(site)
    return site


@pytest.fixture
def run(site, tmp_path):
    def runs_once(*arguments, allow_shrink=False, dry_run=False, seconds=20.0, **web):
        reach = Reach(allow=frozenset({site.place}), seconds=seconds, max_bytes=2**20)
        options = WebOptions(pause=0, reach=reach, **web)
        site.asked.clear()
        return ingest(
            arguments or [f"{site.base}/"],
            tmp_path / "data",
            HashEmbedder(),
            Options(dry_run, allow_shrink, options, workers=1),
        )

    return runs_once


def ids(site, *paths):
    return tuple(sorted(site.base + path for path in paths))


def links(site, *paths):
    site.page("/", "The cities", prose("Cities"), links=" ".join(paths))


def stored(tmp_path, address):
    found = open_current(tmp_path / "data").store.find_document(address)
    assert found is not None
    return found[1]


def text(tmp_path, address):
    with Catalog(tmp_path / "data") as catalog:
        found = {document.id: document.pages[0].text for document, _ in catalog.documents()}
    return found[address]


def reasons(report):
    return dict(report.failed)


# What is found


def test_a_site_is_found_by_its_sitemaps_with_translations_and_documents(furnished, run):
    report = run()
    articles = [f"/news/{name}" for name in NAMES]
    assert report.created == ids(
        furnished, "/", "/en/summit", "/fr/sommet", "/ar/qimma", "/files/brief.pdf", *articles
    )
    assert report.failed == ()


def test_what_robots_txt_forbids_is_not_asked_for(furnished, run):
    report = run()
    assert "/private/plan" not in furnished.paths()
    assert dict(report.left_out)[f"{furnished.base}/private/plan"].startswith("robots.txt")


def test_we_say_who_asks(furnished, run):
    run()
    assert {headers["user-agent"].split("/")[0] for _, headers in furnished.asked} == {"Sanad"}


def test_a_copy_by_canonical_link_is_one_document(furnished, run):
    report = run()
    copy, original = f"{furnished.base}/print/aarhus", f"{furnished.base}/news/aarhus"
    assert copy not in report.created
    assert dict(report.left_out)[copy] == f"is a copy of {original}"


def test_translations_share_a_work(furnished, run, tmp_path):
    run()
    works = {
        stored(tmp_path, f"{furnished.base}{path}").work_id
        for path in ("/en/summit", "/fr/sommet", "/ar/qimma")
    }
    assert len(works) == 1
    assert stored(tmp_path, f"{furnished.base}/ar/qimma").language == "ar"


def test_an_address_is_asked_for_once_a_run(furnished, run):
    run()
    pages = [path for path in furnished.paths() if "not-a-page" not in path]
    assert len(pages) == len(set(pages))


def test_without_a_sitemap_links_are_followed(site, run):
    links(site, "/a?utm_source=x", "/b#part", "/a?PHPSESSID=1234", "/style.css", "/b/c.pdf")
    site.page("/a", "Aarhus", prose("Aarhus"), links="/c")
    site.page("/b", "Bern", prose("Bern"), links="/")
    site.page("/c", "Cali", prose("Cali"))
    site.answers["/b/c.pdf"] = Answer(document("Brief"), "application/pdf")
    assert run().created == ids(site, "/", "/a", "/b", "/c", "/b/c.pdf")


def test_a_feed_is_a_source(site, run):
    entries = "".join(f"<item><link>{site.base}/{n}</link></item>" for n in ("bern", "cali"))
    site.answers["/feed.xml"] = Answer(
        f"<rss version='2.0'><channel>{entries}</channel></rss>".encode(), "application/rss+xml"
    )
    for name in ("bern", "cali"):
        site.page(f"/{name}", name, prose(name))
    assert run(f"{site.base}/feed.xml").created == ids(site, "/bern", "/cali")


def test_an_atom_feed_that_the_first_page_names_is_read(site, run):
    head = '<link rel="alternate" type="application/atom+xml" href="/atom">'
    site.page("/", "The cities", prose("Cities"), head)
    site.answers["/atom"] = Answer(
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><link href='/bern'/>"
        b"<link rel='edit' href='/edit'/></entry></feed>",
        "application/atom+xml",
    )
    site.page("/bern", "Bern", prose("Bern"))
    assert run().created == ids(site, "/", "/bern")
    assert "/edit" not in site.paths()


def test_a_section_does_not_lead_out_of_its_folder(site, run):
    site.page("/docs/", "Documents", prose("Docs"), links="/docs/a /other /files/x.pdf")
    site.page("/docs/a", "Aarhus", prose("Aarhus"))
    site.page("/other", "Other", prose("Other"))
    site.answers["/files/x.pdf"] = Answer(document("Brief"), "application/pdf")
    assert run(f"{site.base}/docs/").created == ids(site, "/docs/", "/docs/a", "/files/x.pdf")


def test_depth_and_number_are_bounded(site, run):
    links(site, "/1")
    for n in range(1, 9):
        site.page(f"/{n}", f"City {n}", prose(f"City{n}"), links=f"/{n + 1}")
    assert run(depth=3).created == ids(site, "/", "/1", "/2", "/3")
    report = run(pages=2)
    assert len(site.paths()) <= 5  # with robots.txt, sitemap.xml, and the address that is not there
    assert any("not walked to its end" in note for _, note in report.notes)


def test_a_calendar_does_not_run_away(site, run):
    links(site, "/calendar/1")

    def day(handler):
        number = int(handler.path.rsplit("/", 1)[1].split("?")[0])
        body = page("Day", prose(f"Day{number}"), "", f"/calendar/{number + 1} /calendar/{-number}")
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        handler.wfile.write(body)

    for number in range(-300, 300):
        site.answers[f"/calendar/{number}"] = day
    run(depth=4)
    assert sum(path.startswith("/calendar") for path in site.paths()) <= 10


def test_a_link_that_grows_at_each_step_is_not_followed(site, run):
    links(site, "/a/")
    for depth in range(1, 6):
        path = "/" + "a/" * depth
        site.page(path, f"Depth {depth}", prose(f"Depth{depth}"), links="a/")
    assert max(path.count("a/") for path in run().created) <= 2


def test_a_page_that_leads_on_is_left_for_where_it_leads(site, run):
    refresh = '<meta http-equiv="refresh" content="0; url=/new">'
    links(site, "/old")
    site.page("/old", "Moved", "This page has moved to another place.", refresh)
    site.page("/new", "New", prose("New"))
    report = run()
    assert report.created == ids(site, "/", "/new")
    assert "leads on" in dict(report.left_out)[f"{site.base}/old"]


def test_pages_that_refresh_to_each_other_end(site, run):
    links(site, "/x")
    site.page("/x", "X", "One.", '<meta http-equiv="refresh" content="0; url=/y">')
    site.page("/y", "Y", "Two.", '<meta http-equiv="refresh" content="0; url=/x">')
    assert run().created == ids(site, "/")


def test_a_page_that_asks_not_to_be_listed_is_not_stored(site, run):
    links(site, "/a", "/b")
    site.page("/a", "Aarhus", prose("Aarhus"), '<meta name="robots" content="noindex">')
    site.answers["/b"] = Answer(page("B", prose("B")), headers=(("X-Robots-Tag", "noindex"),))
    assert run().created == ids(site, "/")


def test_redirects_are_followed_to_the_page_they_lead_to(site, run):
    links(site, "/1")
    site.answers |= {"/1": moved("/2", 301), "/2": moved("/3", 308)}
    site.page("/3", "Three", prose("Three"))
    report = run()
    assert report.created == ids(site, "/", "/3")


def test_all_pages_named_canonical_to_the_first_page_are_still_documents(site, run):
    home = '<link rel="canonical" href="/">'
    links(site, "/a", "/b")
    for name in ("a", "b"):
        site.page(f"/{name}", name, prose(name * 5), home)
    assert run().created == ids(site, "/", "/a", "/b")


def test_a_wrong_charset_does_not_spoil_the_words(site, run, tmp_path):
    links(site, "/ar", "/fr")
    site.answers["/ar"] = Answer(page("قمة", LANGUAGES["ar"]), "text/html; charset=iso-8859-1")
    latin = page("Sommet", LANGUAGES["fr"]).decode().encode("cp1252")
    site.answers["/fr"] = Answer(latin, "text/html; charset=windows-1252")
    run()
    assert "المدن" in text(tmp_path, f"{site.base}/ar")
    assert "prévention" in text(tmp_path, f"{site.base}/fr")


# What goes wrong


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (moved("/bad"), "in a circle"),
        (moved("http://169.254.169.254/latest/meta-data/"), "another site"),
        (moved("http://localhost/"), "another site"),
        (moved("file:///etc/passwd"), "no http or https address"),
        (compressed(b"0" * (30 * 2**20)), "larger than 1 MB"),
        (Answer(b"x", headers=(("Content-Encoding", "br"),)), "not asked for"),
        (endless, "larger than 1 MB"),
        (Answer(status=500), "answered 500"),
        (Answer(status=403), "answered 403"),
        (Answer(b"<html><p>" + b"<div>" * 5000 + b"deep", "text/html"), "nested too deep"),
    ],
)
def test_a_bad_page_costs_itself_alone(site, run, answer, reason):
    links(site, "/bad", "/a")
    site.answers["/bad"] = answer
    site.page("/a", "Aarhus", prose("Aarhus"))
    report = run()
    assert report.created == ids(site, "/", "/a")
    assert reason in reasons(report)[f"{site.base}/bad"]


def test_a_slow_page_has_a_deadline(site, run):
    links(site, "/slow", "/a")
    site.answers["/slow"] = dripping
    site.page("/a", "Aarhus", prose("Aarhus"))
    report = run(seconds=1.0)
    assert f"{site.base}/slow" in reasons(report)
    assert report.created == ids(site, "/", "/a")


def test_sitemap_lines_lead_nowhere_else(site, run):
    site.page("/a", "Aarhus", prose("Aarhus"))
    site.answers["/sitemap.xml"] = Answer(
        sitemap(site, "/a").replace(
            b"</urlset>",
            b"<url><loc>http://169.254.169.254/x</loc></url><url><loc>http://localhost:22/</loc>"
            b"</url><url><loc>file:///etc/passwd</loc></url><url><loc>http://[::1]/</loc></url>"
            b"<url><loc>http://user:pw@127.0.0.1/</loc></url></urlset>",
        ),
        "application/xml",
    )
    report = run(f"{site.base}/sitemap.xml")
    assert report.created == ids(site, "/a")
    assert report.failed == ()


def test_a_sitemap_bomb_is_a_reason(site, run):
    site.answers["/sitemap.xml.gz"] = Answer(
        gzip.compress(b"<urlset>" + b" " * (60 * 2**20)), "application/gzip"
    )
    report = run(f"{site.base}/sitemap.xml.gz")
    assert report.created == ()
    assert report.failed


def test_an_unreadable_robots_txt_stops_everything_and_keeps_everything(furnished, run, tmp_path):
    created = run().created
    furnished.answers["/robots.txt"] = Answer(status=503)
    report = run()
    assert furnished.paths() == ["/robots.txt"]
    assert not report.deleted
    assert not report.missing
    assert all("robots.txt" in reason for reason in reasons(report).values())
    with Catalog(tmp_path / "data") as catalog:
        assert set(catalog.digests()) == set(created)


def test_a_site_that_is_down_is_left_alone_after_a_few_tries(furnished, run):
    run()
    ordinary = dict(furnished.answers)
    robots = ordinary["/robots.txt"]
    furnished.answers.clear()
    furnished.answers["/robots.txt"] = robots
    furnished.default = Answer(status=500)
    report = run()
    assert len(furnished.paths()) < 10
    assert len(report.failed) >= 10
    assert not report.deleted
    furnished.answers |= ordinary
    again = run()
    assert (again.created, again.updated, again.failed) == ((), (), ())


# Again


def test_nothing_changed_is_all_unchanged_and_nothing_is_sent_twice(furnished, run):
    first = run()
    second = run()
    assert (second.created, second.updated, second.deleted, second.failed) == ((), (), (), ())
    assert second.skipped == first.created
    assert second.unmodified >= len(first.created)
    assert second.generation == first.generation


def test_one_changed_page_is_one_update(furnished, run):
    run()
    furnished.page("/news/bern", "Bern plan", prose("Bern") + " A new part was added.")
    report = run()
    assert report.updated == ids(furnished, "/news/bern")
    assert len(report.skipped) == 9


def test_other_bytes_with_the_same_words_are_no_update(furnished, run):
    first = run()
    token = '<meta name="csrf" content="another each time">'
    furnished.page("/news/bern", "Bern plan", prose("Bern"), token)
    report = run()
    assert report.updated == ()
    assert report.skipped == first.created
    assert report.generation == first.generation


def test_a_304_does_not_hide_a_new_correction(furnished, run, tmp_path):
    from ingest.corrections import correction_path, written

    run()
    address = f"{furnished.base}/news/bern"
    path = correction_path(tmp_path / "data", address)
    path.parent.mkdir()
    path.write_bytes(written({"title": "The plan of Bern"}))
    assert run().updated == (address,)
    assert stored(tmp_path, address).title == "The plan of Bern"


def test_a_new_page_is_found_later(furnished, run):
    run()
    furnished.answers["/pages.xml"] = Answer(
        sitemap(furnished, "/", "/en/summit", "/new"), "application/xml"
    )
    furnished.page("/new", "New", prose("New"))
    assert run().created == ids(furnished, "/new")


def test_without_arguments_known_sites_are_visited_again(furnished, run, tmp_path):
    run()
    furnished.page("/news/bern", "Bern plan", prose("Bern") + " More was added.")
    reach = Reach(allow=frozenset({furnished.place}))
    options = Options(web=WebOptions(pause=0, reach=reach))
    assert ingest([], tmp_path / "data", HashEmbedder(), options).updated == ids(
        furnished, "/news/bern"
    )


def test_a_page_that_fails_once_keeps_its_version_with_the_reason(furnished, run, tmp_path):
    run()
    good = furnished.answers["/news/bern"]
    furnished.answers["/news/bern"] = Answer(status=500)
    report = run()
    address = f"{furnished.base}/news/bern"
    assert reasons(report) == {
        address: "the server answered 500; the version stored before is kept"
    }
    assert stored(tmp_path, address)
    with Catalog(tmp_path / "data") as catalog:
        assert [row.document for row in catalog.ledger("failed")] == [address]
    furnished.answers["/news/bern"] = good
    assert run().failed == ()
    with Catalog(tmp_path / "data") as catalog:
        assert catalog.ledger("failed") == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_goes_when_it_was_gone_twice(furnished, run, tmp_path, status):
    run()
    furnished.answers["/news/bern"] = Answer(status=status)
    address = f"{furnished.base}/news/bern"
    first = run()
    assert first.deleted == ()
    assert first.failed == ()
    assert str(status) in dict(first.missing)[address]
    assert stored(tmp_path, address)
    second = run()
    assert second.deleted == (address,)
    assert (address, f"withdrawn: the server answered {status}") in second.notes
    run()
    assert run().deleted == ()


def test_a_page_that_is_back_in_time_stays(furnished, run):
    run()
    good = furnished.answers["/news/bern"]
    for _ in range(3):
        furnished.answers["/news/bern"] = Answer(status=404)
        assert len(run().missing) == 1
        furnished.answers["/news/bern"] = good
        report = run()
        assert (report.missing, report.deleted, report.failed) == ((), (), ())


def test_a_failure_between_two_absences_is_neither(furnished, run):
    run()
    for status, missing, deleted in ((404, 1, 0), (503, 0, 0), (404, 0, 1)):
        furnished.answers["/news/bern"] = Answer(status=status)
        report = run()
        assert (len(report.missing), len(report.deleted)) == (missing, deleted)


def test_a_site_that_answers_404_for_everything_withdraws_nothing(furnished, run, tmp_path):
    created = run().created
    robots = furnished.answers["/robots.txt"]
    furnished.answers.clear()
    furnished.answers["/robots.txt"] = robots
    for _ in range(3):
        report = run()
        assert report.deleted == ()
    assert all("--allow-shrink" in reason for reason in reasons(report).values())
    with Catalog(tmp_path / "data") as catalog:
        assert set(catalog.digests()) == set(created)
    assert set(run(allow_shrink=True).deleted) == set(created)


def test_most_of_a_site_missing_or_failing_withdraws_nothing(furnished, run, tmp_path):
    """Seven of ten pages: four are gone, three do not answer."""
    created = run().created
    whole = dict(furnished.answers)
    gone = [f"/news/{name}" for name in NAMES[1:]]
    failing = ["/en/summit", "/fr/sommet", "/ar/qimma"]
    furnished.answers |= dict.fromkeys(gone, Answer(status=404))
    furnished.answers |= dict.fromkeys(failing, Answer(status=503))
    for again in (False, True, True):
        report = run()
        assert report.deleted == ()
        said = reasons(report)
        absent = said if again else dict(report.missing)
        word = "--allow-shrink" if again else "answered 404"
        assert all(word in absent[address] for address in ids(furnished, *gone))
        assert all("answered 503" in said[address] for address in ids(furnished, *failing))
        with Catalog(tmp_path / "data") as catalog:
            assert set(catalog.digests()) == set(created)
    deleted = set(run(allow_shrink=True).deleted)
    assert deleted == set(ids(furnished, *gone))  # 503 is not gone, whatever is allowed
    furnished.answers = whole
    report = run()
    assert (report.created, report.failed) == (ids(furnished, *gone), ())


def test_a_page_to_sign_in_for_everything_replaces_nothing(furnished, run, tmp_path):
    created = run().created
    kept = dict(furnished.answers)
    signin = page("Sign in", "Please sign in with your name and your password to go on.")
    for path in list(furnished.answers):
        if path not in ("/robots.txt", "/sitemap_index.xml", "/news.xml.gz", "/pages.xml"):
            furnished.answers[path] = Answer(signin)
    for _ in range(3):
        report = run()
        assert (report.updated, report.deleted, report.created) == ((), (), ())
        assert set(reasons(report)) == set(created)
    assert "sign in or an error" in reasons(report)[f"{furnished.base}/news/bern"]
    furnished.answers.update(kept)
    assert run().skipped == created


def test_a_redirect_to_the_sign_in_page_withdraws_nothing(furnished, run):
    created = run().created
    for path in list(furnished.answers):
        if path not in ("/robots.txt", "/sitemap_index.xml", "/news.xml.gz", "/pages.xml"):
            furnished.answers[path] = moved("/signin")
    furnished.page("/signin", "Sign in", "Please sign in with your name and password.")
    for _ in range(3):
        report = run()
        assert (report.updated, report.deleted) == ((), ())
    assert set(created) <= set(reasons(report))


def test_a_soft_404_is_a_page_that_is_gone(furnished, run):
    run()
    sorry = page("Sorry", "We could not find the page you asked for. Try the search instead.")
    furnished.default = Answer(sorry, tagged=False)
    del furnished.answers["/news/bern"]
    first = run()
    assert first.updated == ()
    assert "do not exist" in dict(first.missing)[f"{furnished.base}/news/bern"]
    assert run().deleted == ids(furnished, "/news/bern")


def test_a_page_that_moved_is_replaced_by_where_it_went(furnished, run):
    run()
    furnished.answers["/news/bern-2"] = furnished.answers["/news/bern"]
    furnished.answers["/news/bern"] = moved("/news/bern-2", 301)
    assert run().created == ids(furnished, "/news/bern-2")
    assert run().deleted == ids(furnished, "/news/bern")


def test_a_page_without_text_asks_again_next_time(site, run):
    links(site, "/empty")
    site.answers["/empty"] = Answer(b"<html><body></body></html>")
    first = run()
    assert "no text" in reasons(first)[f"{site.base}/empty"]
    site.page("/empty", "Bern", prose("Bern"))
    assert run().created == ids(site, "/empty")


def test_one_page_by_its_address_is_one_page(site, run):
    links(site, "/a")
    site.page("/page", "Bern", prose("Bern"), links="/a")
    site.page("/a", "Aarhus", prose("Aarhus"))
    assert run(f"{site.base}/page").created == ids(site, "/page")
    assert run(f"{site.base}/page").unmodified == 1
    site.answers["/page"] = Answer(status=410)
    assert len(run(f"{site.base}/page").missing) == 1
    assert run(f"{site.base}/page").deleted == ids(site, "/page")


def test_two_sources_do_not_fight_over_a_page(furnished, run):
    run(f"{furnished.base}/news/bern")
    report = run()
    assert f"{furnished.base}/news/bern" not in report.created
    again = run(f"{furnished.base}/", f"{furnished.base}/news/bern")
    assert (again.created, again.updated) == ((), ())


def test_a_dry_run_says_what_would_come_and_stores_nothing(furnished, run, tmp_path):
    assert len(run(dry_run=True).created) == 10
    assert not (tmp_path / "data").exists()


def test_every_run_leaves_its_account(furnished, run, tmp_path):
    run()
    furnished.answers["/news/bern"] = Answer(status=410)
    run()
    last, first = runs(tmp_path / "data")
    assert last.named == (f"{furnished.base}/",)
    assert len(first.report["created"]) == 10
    assert [row[0] for row in last.report["missing"]] == [f"{furnished.base}/news/bern"]
    assert last.at >= first.at


def test_a_fault_of_ours_costs_one_site_alone(furnished, run, tmp_path, monkeypatch):
    from ingest.web import site as module

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text(f"# A\n\n{prose('Oslo')}\n")
    monkeypatch.setattr(module, "judge", lambda *_: 1 // 0)
    report = run(f"{furnished.base}/", str(tmp_path / "docs"))
    assert report.created == ("a.md",)
    assert "ZeroDivisionError" in reasons(report)[f"{furnished.base}/"]


def test_a_site_that_never_answered_is_not_asked_for_ever(site, run, tmp_path):
    site.answers["/robots.txt"] = Answer(status=503)
    assert "503" in reasons(run())[f"{site.base}/"]
    with Catalog(tmp_path / "data") as catalog:
        assert catalog.sources() == {}
        assert catalog.ledger() == []
