"""The polite visitor: robots.txt, pauses, and when it stops."""

import pytest

from ingest.fetch import Fetched, Reach, Unreachable
from ingest.web.agent import MAX_TROUBLES, Agent, Forbidden
from ingest.web.options import WebOptions
from ingest.web.robots import parse_rules, rules_of
from rag.errors import ReadError
from tests.playing_site import Answer, Site, moved, playing


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
def site():
    with playing(Site()) as played:
        played.answers["/a"] = Answer(b"<p>a</p>")
        yield played


def agent_of(site, clock=None, **options):
    clock = clock or Clock()
    reach = Reach(allow=frozenset({site.place}))
    return Agent(WebOptions(reach=reach, **options), clock.sleep, clock)


def robots(site, text):
    site.answers["/robots.txt"] = Answer(text.encode(), "text/plain")


def test_requests_to_one_host_keep_their_distance(site):
    clock = Clock()
    agent = agent_of(site, clock, pause=2.0)
    for _ in range(3):
        agent.ask(f"{site.base}/a")
    assert clock.slept == [2.0, 2.0, 2.0]  # robots.txt was first


def test_a_crawl_delay_is_kept_up_to_a_limit(site):
    clock = Clock()
    robots(site, "User-agent: *\nCrawl-delay: 9\n")
    agent = agent_of(site, clock, pause=1.0)
    for _ in range(3):
        agent.ask(f"{site.base}/a")
    assert clock.slept == [1.0, 9.0, 9.0]
    assert parse_rules(b"User-agent: *\nCrawl-delay: 86400\n", "Sanad").delay == 30.0


def test_what_is_forbidden_is_not_asked_for(site):
    robots(site, "User-agent: *\nDisallow: /b\n")
    with pytest.raises(Forbidden):
        agent_of(site, pause=0).ask(f"{site.base}/b")
    assert site.paths() == ["/robots.txt"]


def test_a_redirect_to_what_is_forbidden_is_not_followed(site):
    robots(site, "User-agent: *\nDisallow: /b\n")
    site.answers["/c"] = moved("/b")
    with pytest.raises(Forbidden):
        agent_of(site, pause=0).ask(f"{site.base}/c")
    assert "/b" not in site.paths()


def test_a_busy_server_is_asked_again_when_it_says(site):
    clock = Clock()
    busy = Answer(status=503, headers=(("Retry-After", "7"),))
    site.answers["/b"] = [busy, Answer(b"<p>b</p>")]
    assert agent_of(site, clock, pause=0).ask(f"{site.base}/b").status == 200
    assert 7.0 in clock.slept


def test_a_server_that_asks_for_an_hour_is_left_for_another_day(site):
    clock = Clock()
    site.answers["/b"] = Answer(status=429, headers=(("Retry-After", "3600"),))
    assert agent_of(site, clock, pause=0).ask(f"{site.base}/b").status == 429
    assert clock.slept == []


def test_a_host_in_trouble_is_left_alone(site):
    site.answers["/b"] = Answer(status=500)
    agent = agent_of(site, pause=0)
    for _ in range(MAX_TROUBLES):
        agent.ask(f"{site.base}/b")
    asked = len(site.asked)
    with pytest.raises(Unreachable, match="in a row"):
        agent.ask(f"{site.base}/a")
    assert len(site.asked) == asked


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_robots_txt_that_cannot_be_had_refuses_everything(site, status):
    site.answers["/robots.txt"] = Answer(status=status)
    with pytest.raises(Unreachable, match=str(status)):
        agent_of(site, pause=0).ask(f"{site.base}/a")


def test_silence_refuses_everything():
    def ask(address):
        raise Unreachable("the server did not answer in time")

    assert "nothing is asked for" in rules_of("https://example.org", "Sanad", ask).refusal


@pytest.mark.parametrize("status", [404, 403, 401, 410])
def test_no_robots_txt_allows_everything(status):
    rules = rules_of("https://example.org", "Sanad", lambda url: Fetched(status, url))
    assert not rules.refusal
    assert rules.allows("https://example.org/a")


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [  # RFC 9309, sections 2.2 and 5
        ("User-agent: *\nDisallow: /a", "/a/b", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b", True),
        ("User-agent: *\nDisallow: /*.gif$", "/x.gif", False),
        ("User-agent: *\nDisallow: /*.gif$", "/x.gif?y", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Sanad\nAllow: /", "/a", True),
        ("User-agent: SANAD\nDisallow: /", "/a", False),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: other\nUser-agent: Sanad\nDisallow: /a", "/a", False),
        ("User-agent: Sanad\nDisallow: /a\n\nUser-agent: Sanad\nDisallow: /b", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /%7euser", "/~user", False),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("Disallow: /a", "/a", True),
        ("<html>Not found</html>", "/a", True),
        ("", "/a", True),
    ],
)
def test_rules_are_read_as_the_standard_has_it(text, path, allowed):
    assert parse_rules(text.encode(), "Sanad").allows(f"https://example.org{path}") is allowed


@pytest.mark.parametrize("data", [b"\0" * 1000, b"\xff\xfe" * 500, b"a" * 10**6, b":\n" * 9999])
def test_any_bytes_are_rules(data):
    assert parse_rules(data, "Sanad").allows("https://example.org/a")


def test_a_pattern_made_to_be_slow_is_not():
    slow = parse_rules(b"User-agent: *\nDisallow: /" + b"*a" * 200 + b"*b$", "Sanad")
    assert slow.allows("https://example.org/" + "a" * 1900)


def test_sitemaps_of_robots_txt_may_be_relative():
    rules = parse_rules(b"Sitemap: /s.xml\n", "Sanad", "https://example.org/robots.txt")
    assert rules.sitemaps == ("https://example.org/s.xml",)


def test_a_redirect_away_may_be_refused(site):
    site.answers["/c"] = moved("/a")

    def follow(url):
        raise ReadError("not there")

    with pytest.raises(ReadError, match="not there"):
        agent_of(site, pause=0).ask(f"{site.base}/c", {}, follow)
    assert "/a" not in site.paths()
