"""The report page: one file, safe, and readable in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evals.observed import Citation, Observed, Statement
from evals.report import write_report
from evals.runs import Row, append_row, write_json
from tests.browsing import CHROMIUM, FLAGS, overflow
from ui.room.files import ROOT

EVIL = "</script><script>document.title='hit'</script><img src=x onerror=document.title='hit'>"
SUITE = f"""name: shown
pass_marks: {{status: 0.5}}
cases:
  - {{id: kenya, question: "How?", language: en, expect: answered, tags: [plain],
     gold: [{{document: a.md, quote: seven pillars}}], must_include: [[seven]]}}
  - {{id: arabic, question: "كيف؟", language: ar, expect: answered, tags: [plain]}}
  - {{id: evil, question: "{EVIL}", language: en, expect: declined, tags: ['" onclick="x']}}
"""
TOKENS = (ROOT / "tokens.css").read_text("utf-8")
ARABIC = "تقوم الخطة على سبع ركائز لكل منها جهتان."


def reply(text: str, language: str, title: str, url: str = "") -> Observed:
    cited = Citation("a.md", 1, 0, len(text), text, True, 1, "a", language, title, url)
    statement = Statement(text, (1,))
    return Observed(
        "answered", language, text, citations=(cited,), statements=(statement,),
        timings_ms={"total": 12.0}, confidence=0.8,
    )  # fmt: skip


@pytest.fixture
def report(tmp_path: Path) -> Path:
    (tmp_path / "suite.yaml").write_text(SUITE, "utf-8")
    write_json(tmp_path / "config.json", {"suite": "shown", "commit": EVIL})
    rows = {
        "kenya": reply("It has seven pillars.", "en", "Kenya", "https://example.org/k"),
        "arabic": reply(ARABIC, "ar", EVIL, "javascript:document.title='hit'"),
        "evil": Observed("declined", "en", "", reason=EVIL, confidence=0.1),
    }
    for name, seen in rows.items():
        append_row(tmp_path, Row(name, 1, seen))
    return write_report(tmp_path, TOKENS)


def test_the_page_asks_for_nothing(report: Path) -> None:
    text = report.read_text("utf-8")
    assert "default-src 'none'" in text
    loaded = re.findall(r'<(?:link|script|img|iframe)[^>]+(?:src|href)="', text)
    assert loaded == []
    assert "@import" not in text and "url(" not in text


def test_what_comes_from_outside_is_text(report: Path) -> None:
    text = report.read_text("utf-8")
    assert text.count("<script>") == 1
    assert "<img" not in text
    assert 'href="javascript:' not in text
    assert 'href="https://example.org/k"' in text


def test_texts_carry_their_language_and_find_their_direction(report: Path) -> None:
    assert f'<q lang="ar" dir="auto">{ARABIC}</q>' in report.read_text("utf-8")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path")
@pytest.mark.parametrize("width", [1280, 360])
def test_the_report_is_read_and_filtered_in_a_browser(report: Path, width: int) -> None:
    from playwright.sync_api import sync_playwright

    troubles: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda said: troubles.append(said.text))
        page.on("request", lambda asked: troubles.append(asked.url))
        page.goto(report.as_uri())
        assert troubles == [report.as_uri()]
        assert page.title() == "shown: evaluation"
        assert overflow(page) <= 0
        assert page.inner_text("#shown") == "3 of 3 replies are shown."
        page.select_option("select[name=language]", "ar")
        assert page.inner_text("#shown") == "1 of 3 replies are shown."
        page.select_option("select[name=language]", "")
        page.fill("input[name=words]", "SEVEN PILLARS")
        assert page.locator("details.case:visible").count() == 1
        page.click("details.case:visible > summary")
        assert page.locator(".evidence.gold q").inner_text() == "It has seven pillars."
        browser.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path")
def test_without_scripts_every_reply_is_shown(report: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(java_script_enabled=False)
        page.goto(report.as_uri())
        assert page.locator("details.case:visible").count() == 3
        assert page.locator("form:visible").count() == 0
        browser.close()


def test_an_address_that_is_none_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE, "utf-8")
    write_json(tmp_path / "config.json", {"suite": "shown"})
    append_row(tmp_path, Row("kenya", 1, reply("It has seven.", "en", "Kenya", "http://[broken")))
    assert "<a " not in write_report(tmp_path, TOKENS).read_text("utf-8")
