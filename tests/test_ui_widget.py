"""The widget without a browser: what is sent, to whom, how large, and what is refused."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re

import pytest
from fastapi.testclient import TestClient

from rag.wording import languages, messages
from tests.hosting import KEY, widget_app
from tests.serving import answering_with, settings_for
from ui.public.sites import Site, sites_path, write_sites
from ui.public.switches import throw
from ui.widget.assets import assets, keep_loader, loader_of
from ui.widget.frame_html import frame_language
from ui.widget.snippet import policy, preview_address, snippet, tag

ORIGIN = "https://www.example.org"
KENYA = "How did Kenya structure its county action plans?"


def client(tmp_path, assistant, site: dict | None = None, at: str = "127.0.0.1", **settings):
    given = settings_for(tmp_path, **settings)
    app, shared, _ = widget_app(given, answering_with(assistant))
    told = {"key": KEY, "name": "A site", "origins": (ORIGIN,), **(site or {})}
    write_sites(sites_path(given), [Site(**told)])
    made = TestClient(app, "http://127.0.0.1", client=(at, 50000))
    made.standing = shared
    return made


def token_of(visitor: TestClient) -> str:
    return visitor.post(f"/widget/{KEY}/token", json={}).json()["token"]


def asked(visitor: TestClient, question: str, **more) -> list[dict]:
    body = {"token": token_of(visitor), "question": question, **more}
    reply = visitor.post(f"/widget/{KEY}/ask", json=body)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/event-stream")
    parts = [part for part in reply.text.split("\n\n") if part.startswith("data: ")]
    return [json.loads(part.removeprefix("data: ")) for part in parts]


# Size


def test_loader_has_at_most_six_kilobytes_and_the_chat_thirty(tmp_path, assistant):
    visitor = client(tmp_path, assistant)
    page = visitor.get(f"/widget/{KEY}/?lang=ar").text
    named = re.findall(r'(?:href|src)="(\.\./static/[^"]+)"', page)
    assert len(named) == 2  # with the loader and the page itself: four requests
    held = assets()
    sent = [held.loader.packed, gzip.compress(page.encode())]
    sent += [held.static(name.rpartition("/")[2]).packed for name in named]
    assert len(sent[0]) <= 6 * 1024
    assert sum(map(len, sent)) <= 30 * 1024


def test_files_are_sent_compressed_to_those_who_take_it(tmp_path, assistant):
    visitor = client(tmp_path, assistant)
    style = assets().style
    for encoding, body in (("gzip", style.packed), ("identity", style.body)):
        with visitor.stream(
            "GET", f"/widget/static/{style.name}", headers={"accept-encoding": encoding}
        ) as reply:
            assert b"".join(reply.iter_raw()) == body
            assert "immutable" in reply.headers["cache-control"]


# The page in the frame


@pytest.mark.parametrize("language", languages())
def test_frame_page_is_in_its_language_before_any_script(tmp_path, assistant, language):
    page = html.unescape(client(tmp_path, assistant).get(f"/widget/{KEY}/?lang={language}").text)
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert messages(language)["widget.greeting"] in page
    assert messages(language)["widget.noscript"] in page


def test_only_the_origins_of_the_site_may_frame_its_page(tmp_path, assistant):
    reply = client(tmp_path, assistant).get(f"/widget/{KEY}/")
    rules = dict(
        rule.split(" ", 1) for rule in reply.headers["content-security-policy"].split("; ")
    )
    assert rules["frame-ancestors"] == f"'self' {ORIGIN}"
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert "unsafe" not in reply.headers["content-security-policy"]


def test_empty_list_of_origins_lets_nobody_else_frame_it(tmp_path, assistant):
    reply = client(tmp_path, assistant, {"origins": ()}).get(f"/widget/{KEY}/")
    assert reply.headers["content-security-policy"].endswith("frame-ancestors 'self'")


def test_page_of_no_site_is_not_framed_by_anybody(tmp_path, assistant):
    reply = client(tmp_path, assistant).get("/widget/another-site/?lang=fr")
    assert reply.status_code == 404
    assert reply.headers["content-security-policy"].endswith("frame-ancestors 'none'")
    assert messages("fr")["widget.unknown_site"] in html.unescape(reply.text)


def test_page_has_no_inline_script_or_style_and_sets_no_cookie(tmp_path, assistant):
    reply = client(tmp_path, assistant).get(f"/widget/{KEY}/")
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", reply.text) == []
    assert "set-cookie" not in reply.headers


def test_paused_site_says_so_from_the_next_request(tmp_path, assistant):
    visitor = client(tmp_path, assistant)
    token = token_of(visitor)
    write_sites(
        visitor.standing.sites.path,
        [Site(KEY, "A site, paused for now", (ORIGIN,), paused=True)],
    )
    page = visitor.get(f"/widget/{KEY}/?lang=en")
    assert page.status_code == 403
    assert messages("en")["widget.site_paused"] in page.text
    reply = visitor.post(f"/widget/{KEY}/ask", json={"token": token, "question": KENYA})
    assert (reply.status_code, reply.json()["code"]) == (403, "paused")


def test_starters_are_the_site_s_and_escaped(tmp_path, assistant):
    site = {"starters": {"en": ('What <b>"works"</b>?',)}}
    page = client(tmp_path, assistant, site).get(f"/widget/{KEY}/?lang=en").text
    assert "What &lt;b&gt;&quot;works&quot;&lt;/b&gt;?" in page
    assert KENYA not in page


def test_language_is_one_the_site_has():
    site = Site(KEY, "A site", languages=("fr", "ar"))
    assert frame_language(site, "ar", "", "en") == "ar"
    assert frame_language(site, "en", "es, ar;q=0.8", "en") == "ar"
    assert frame_language(site, "en", "es", "en") == "fr"


def test_page_says_whether_questions_are_kept_and_who_is_sent_them(tmp_path, assistant):
    page = client(tmp_path, assistant).get(f"/widget/{KEY}/?lang=en").text
    assert messages("en")["limits.not_logged"] in page
    kept = client(tmp_path, assistant, log_questions=True).get(f"/widget/{KEY}/?lang=en").text
    assert "for up to 30 days" in kept


def test_provider_is_named_as_in_the_chat_and_not_where_the_model_is_off(tmp_path, assistant):
    model = {"llm": "openai:m", "llm_base_url": "https://models.example.org/v1"}
    visitor = client(tmp_path, assistant, **model)
    assert "sent to models.example.org" in visitor.get(f"/widget/{KEY}/?lang=en").text
    throw(tmp_path, "model", on=False)
    assert "models.example.org" not in visitor.get(f"/widget/{KEY}/?lang=en").text


@pytest.mark.parametrize("language", languages())
def test_widget_that_is_switched_off_says_so_in_its_language(tmp_path, assistant, language):
    visitor = client(tmp_path, assistant)
    token = token_of(visitor)
    throw(tmp_path, "widget", on=False)
    words = messages(language)["limits.face_off"]
    page = visitor.get(f"/widget/{KEY}/?lang={language}")
    assert page.status_code == 503
    assert words in html.unescape(page.text)
    assert f"frame-ancestors 'self' {ORIGIN}" in page.headers["content-security-policy"]
    for what, body in (("token", {}), ("ask", {"token": token, "question": KENYA})):
        told = {**body, "language": language}
        reply = visitor.post(f"/widget/{KEY}/{what}", json=told)
        assert (reply.status_code, reply.json()["message"]) == (503, words)


# Questions


def test_what_came_of_a_question_is_written_down_without_its_text(tmp_path, assistant, capsys):
    visitor = client(tmp_path, assistant, log="stderr", log_questions=True)
    last = asked(visitor, KENYA)[-1]
    journal = capsys.readouterr().err
    line = json.loads(journal.splitlines()[-1])
    assert (line["face"], line["route"], line["site"]) == ("widget", "widget_ask", KEY)
    assert (line["reply"], line["language"], line["mode"]) == ("answered", "en", "extractive")
    assert line["timings_ms"]["total"] > 0
    assert "Kenya" not in journal
    assert line["request"] in html.unescape(last["html"])
    figures = visitor.standing.metrics.text().decode()
    assert 'face="widget",language="en",mode="extractive",reply="answered"' in figures
    (kept,) = (tmp_path / "questions").iterdir()
    told = json.loads(kept.read_text("utf-8"))
    assert (told["face"], told["reply"], told["question"]) == ("widget", "answered", KENYA)


def test_answer_comes_as_pages_and_the_conversation_goes_on(tmp_path, assistant):
    visitor = client(tmp_path, assistant)
    pages = asked(visitor, KENYA, language="en")
    assert [page["done"] for page in pages] == [False] * (len(pages) - 1) + [True]
    assert 'class="sanad-cite"' in pages[-1]["html"]
    history = pages[-1]["history"]
    assert history[0]["question"] == KENYA
    assert history[0]["documents"]
    following = asked(visitor, "And in Uganda?", history=history, language="en")
    assert "Uganda" in following[-1]["history"][-1]["question"]
    assert len(following[-1]["history"]) == 2


def test_site_s_filters_hold(tmp_path, assistant):
    visitor = client(tmp_path, assistant, {"filters": {"language": ("ar",)}})
    last = asked(visitor, "Kenya NCTC County Engagement Forums CAP")[-1]
    assert set(re.findall(r'<cite lang="(\w+)"', last["html"])) == {"ar"}


@pytest.mark.parametrize("token", ["", "made.up", "x" * 900])
def test_question_without_a_token_of_ours_is_not_answered(tmp_path, assistant, token):
    visitor = client(tmp_path, assistant)
    body = {"token": token, "question": KENYA, "language": "fr"}
    reply = visitor.post(f"/widget/{KEY}/ask", json=body)
    assert reply.status_code == 401
    assert reply.json()["message"] == messages("fr")["limits.bad_token"]


def test_too_many_questions_are_told_when_to_come_back(tmp_path, assistant):
    visitor = client(tmp_path, assistant, limit_address_minute=1)
    asked(visitor, KENYA)
    body = {"token": token_of(visitor), "question": KENYA, "language": "ar"}
    reply = visitor.post(f"/widget/{KEY}/ask", json=body)
    assert reply.status_code == 429
    assert reply.json()["message"] == messages("ar")["limits.too_many"]
    assert int(reply.headers["retry-after"]) == reply.json()["retry_after"] > 0


def test_token_waits_for_the_proof_of_work_where_one_is_asked(tmp_path, assistant):
    visitor = client(tmp_path, assistant, proof_of_work=50)
    challenge = visitor.post(f"/widget/{KEY}/token", json={}).json()["challenge"]
    number = next(
        n
        for n in range(51)
        if hashlib.sha256(f"{challenge['salt']}{n}".encode()).hexdigest() == challenge["challenge"]
    )
    solved = {k: challenge[k] for k in ("algorithm", "challenge", "salt", "signature")}
    proof = base64.b64encode(json.dumps({**solved, "number": number}).encode()).decode()
    wrong = base64.b64encode(json.dumps({**solved, "number": number + 1}).encode()).decode()
    assert visitor.post(f"/widget/{KEY}/token", json={"proof": wrong}).status_code == 401
    assert visitor.post(f"/widget/{KEY}/token", json={"proof": proof}).json()["token"]
    assert visitor.post(f"/widget/{KEY}/token", json={"proof": proof}).status_code == 401


@pytest.mark.parametrize("body", [{}, {"question": KENYA}, {"token": "t", "question": ""}])
def test_body_of_another_form_is_refused(tmp_path, assistant, body):
    assert client(tmp_path, assistant).post(f"/widget/{KEY}/ask", json=body).status_code == 422


def test_form_of_another_site_cannot_ask(tmp_path, assistant):
    visitor = client(tmp_path, assistant)
    kind = {"content-type": "text/plain", "origin": "https://evil.test"}
    body = json.dumps({"token": token_of(visitor), "question": KENYA})
    reply = visitor.post(f"/widget/{KEY}/ask", content=body, headers=kind)
    assert reply.status_code == 415


# What the webmaster gets


def test_snippet_is_one_line_and_names_version_and_policy():
    site = Site(KEY, "A -- site --> <script>", (ORIGIN,))
    told = snippet(site, "https://answers.example.org/")
    assert told.splitlines()[1] == (
        f'<script src="https://answers.example.org/widget.js" data-site="{KEY}" async></script>'
    )
    assert assets().loader.integrity in told
    for line in policy("https://answers.example.org"):
        assert line in told
    assert "<script>" not in told
    assert told.count("<!--") == told.count("-->") == 3


@pytest.mark.parametrize("name", ["--> <img>", "-\n->", "--!>", "x\n-->\n<script>", "-- - -->"])
def test_name_of_a_site_cannot_end_the_comment_it_stands_in(name):
    plain = snippet(Site(KEY, "x", (ORIGIN,)), "https://answers.example.org")
    told = snippet(Site(KEY, name, (ORIGIN,)), "https://answers.example.org")
    assert told.splitlines()[1:] == plain.splitlines()[1:]
    first = told.splitlines()[0]
    assert first.startswith("<!-- ") and first.endswith(" -->")
    assert not re.search("--!?>", first[:-3])


def test_integrity_is_that_of_the_versioned_file(tmp_path, assistant):
    visitor = client(tmp_path, assistant)
    line = tag(Site(KEY, "A site"), "http://127.0.0.1", versioned=True)
    source = re.search(r'src="http://127\.0\.0\.1(/[^"]+)"', line)[1]
    reply = visitor.get(source, headers={"origin": ORIGIN})
    digest = base64.b64encode(hashlib.sha384(reply.content).digest()).decode()
    assert f'integrity="sha384-{digest}"' in line
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["cross-origin-resource-policy"] == "cross-origin"


def test_loader_of_an_earlier_version_is_still_served(tmp_path):
    folder = tmp_path / "widget"
    folder.mkdir()
    earlier = b"// an earlier version"
    name = f"widget.{hashlib.sha256(earlier).hexdigest()[:16]}.js"
    (folder / name).write_bytes(earlier)
    (folder / "widget.0123456789abcdef.js").write_text("// put there by somebody else")
    assert loader_of(name, tmp_path).body == earlier
    assert loader_of("widget.0123456789abcdef.js", tmp_path) is None
    assert loader_of("widget.../../secret.js", tmp_path) is None
    keep_loader(tmp_path)
    assert (folder / assets().loader.name).read_bytes() == assets().loader.body


def test_preview_is_for_this_machine_or_with_its_token(tmp_path, assistant):
    here = client(tmp_path, assistant)
    assert ORIGIN in here.get(f"/widget/{KEY}/preview").text
    away = client(tmp_path, assistant, at="198.51.100.7")
    assert away.get(f"/widget/{KEY}/preview").status_code == 404
    assert away.get(f"/widget/{KEY}/preview?token={token_of(away)}").status_code == 404
    site = away.standing.sites.get(KEY)
    address = preview_address(away.standing.tokens, site, "http://127.0.0.1")
    assert away.get(address).status_code == 200
