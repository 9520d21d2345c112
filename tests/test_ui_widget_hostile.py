"""Nothing that others wrote is run in the widget."""

from __future__ import annotations

import pytest

from tests.browsing import KENYA, MARKS, open_browser  # noqa: F401  # fixtures
from tests.builders import build, document
from tests.framing import ask, open_host, opened, serve_widget, visitor_of_sites  # noqa: F401  # fixtures
from tests.hosting import embedded
from tests.serving import answering_with, settings_for

pytestmark = [*MARKS, pytest.mark.slow]


XSS = [
    '"><img src=x onerror=pwned()>',
    "<script>pwned()</script>",
    "<svg onload=pwned()>",
    "javascript:pwned()",
    "'-pwned()-'",
    "</template></dialog><iframe srcdoc='<script>parent.pwned()</script>'>",
    "<details open ontoggle=pwned()>",
    "${pwned()}{{pwned()}}",
]
CANARY = "window.pwned = () => { window.canary = true; };"


def silent(page) -> bool:
    """Whether the canary of every frame kept still."""
    return not any(frame.evaluate("window.canary ?? false") for frame in page.frames)


# Elements that text must not become; the thumbs of our feedback are drawings of ours.
FOREIGN = "#log :is(img, script, iframe, svg:not(.sanad-thumbs svg))"


def test_hostile_question_is_only_text(visit, sanad):
    page = visit(sanad.host.put(sanad.tag()))
    page.add_init_script(CANARY)
    page.reload()
    frame = opened(page)
    for attack in XSS[:3]:
        turn = ask(frame, f"{attack} {KENYA}")
        assert attack in turn.locator("h2").inner_text()
    page.wait_for_timeout(300)
    assert frame.locator(FOREIGN).count() == 0
    assert silent(page)


def test_hostile_document_is_only_text(visit, tmp_path, host):
    from rag.assistant import Assistant
    from rag.embed import HashEmbedder

    hostile = [
        document(
            f"hostile-{n}.md",
            f"The council of Nowhere {attack} met each month in the town hall.",
            title=f"{attack} report {n}", url=attack if n % 2 else f"https://x.org/{attack}",
            publisher=attack, date=attack, language="en",
        )
        for n, attack in enumerate(XSS)
    ]  # fmt: skip
    settings = settings_for(tmp_path)
    assistant = Assistant(build(tmp_path, hostile), HashEmbedder())
    with embedded(settings, answering_with(assistant), host) as served:
        page = visit(host.put(served.tag()))
        page.add_init_script(CANARY)
        page.reload()
        frame = opened(page)
        turn = ask(frame, "When did the council of Nowhere meet in the town hall?")
        assert turn.locator(".sanad-cite").count() > 0
        turn.locator(".sanad-cite").first.click()
        page.wait_for_timeout(300)
        assert frame.locator(FOREIGN).count() == 0
        links = frame.locator("#log a").evaluate_all("all => all.map(a => a.protocol)")
        assert set(links) <= {"http:", "https:"}
        assert silent(page)


@pytest.mark.parametrize("attack", XSS)
def test_hostile_attributes_are_only_text(visit, sanad, attack):
    value = attack.replace("&", "&amp;").replace('"', "&quot;")
    names = ("lang", "color", "position", "greeting", "starters", "theme")
    wishes = " ".join(f'data-{name}="{value}"' for name in names)
    page = visit(sanad.host.put(sanad.tag(wishes)))
    page.add_init_script(CANARY)
    page.reload()
    frame = opened(page)
    page.wait_for_timeout(100)
    assert frame.locator(".greeting").inner_text() == attack
    assert frame.locator("body :is(img, script, iframe)").count() == 0
    assert silent(page)


def test_hostile_name_of_a_site_opens_no_other_page(visit, sanad):
    page = visit(sanad.host.put(sanad.tag(key="../../../en")))
    page.click(".launcher")
    page.locator(".wait a").wait_for()
    framed = [url for url in page.asked if "/widget/" in url]
    assert framed == [f"{sanad.address}/widget/..%2F..%2F..%2Fen/?lang=en"]
