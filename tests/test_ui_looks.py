"""Colours, fonts and files of the pages: what can be known without a browser."""

from __future__ import annotations

import gzip
import hashlib
import re
from itertools import chain
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from rag.wording import languages, messages
from ui.room.files import ROOT, room_file, room_files, versioned
from ui.room.shell import font, page

HERE = Path(__file__).resolve().parents[1]
TOKENS = (ROOT / "tokens.css").read_text("utf-8")
FONTS = (ROOT / "fonts.css").read_text("utf-8")
SHEETS = [
    *ROOT.glob("*.css"),
    *(HERE / "ui" / "widget" / "static").glob("*.css"),
    *(HERE / "evals" / "static").glob("*.css"),
]
# Words are 4.5 to 1 on what they stand on (WCAG 2.2, 1.4.3).
WORDS = [
    *((words, ground) for words in ("ink", "muted", "accent", "bad")
      for ground in ("page", "paper", "soft")),
    ("on-accent", "accent"), ("ink", "mark"),
]  # fmt: skip
# Outlines of what can be used, and of what has the focus, are 3 to 1 (1.4.11, 2.4.13).
PARTS = [(part, ground) for part in ("edge", "accent") for ground in ("page", "paper", "soft")]


def bare(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.S)


def colours(selector: str) -> dict[str, str]:
    """The colours a block of tokens.css gives; the first block with this selector."""
    block = re.search(rf"(?m)^\s*{re.escape(selector)} {{(.*?)}}", bare(TOKENS), re.S)
    return dict(re.findall(r"--sanad-([a-z-]+): (#[0-9a-f]+)", block[1]))


LIGHT = colours(":root")
DARK = colours(':root[data-theme="dark"]')
DARK_BY_SYSTEM = colours(':root:not([data-theme="light"])')


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of #rgb or #rrggbb."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_colours_that_meets_is_legible(theme):
    given = LIGHT if theme == "light" else DARK
    for pairs, least in ((WORDS, 4.5), (PARTS, 3.0)):
        for one, other in pairs:
            found = contrast(given[one], given[other])
            assert found >= least, f"{one} on {other}: {found:.2f}"


def test_dark_is_the_same_by_wish_of_the_system_and_of_the_reader():
    assert DARK == DARK_BY_SYSTEM
    # A printed page is white in every light, and so is its mark.
    assert LIGHT.keys() - DARK.keys() == {"print-mark"}


def test_dark_is_not_light_turned_round():
    assert all(luminance(DARK[name]) < 0.02 for name in ("page", "paper"))
    assert luminance(DARK["ink"]) < luminance(LIGHT["page"])  # paper white glares in the dark


def test_paper_gets_ink_on_white_whatever_the_screen_wears():
    printed = TOKENS[TOKENS.index("@media print") :]
    found = dict(re.findall(r"--sanad-([a-z-]+): (#[0-9a-f]+)", printed))
    for words in ("ink", "muted", "accent", "bad"):
        assert contrast(found[words], found["page"]) >= 7


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_colours_stand_in_the_tokens_alone(sheet):
    if sheet.name == "tokens.css":
        return
    values = re.findall(r":([^:;{}]+)[;}]", bare(sheet.read_text("utf-8")))
    named = r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|oklch|lab)\(|\b(?:black|white|red|green|grey)\b"
    found = [value for value in values if re.search(named, value)]
    assert found == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_every_token_that_is_used_is_defined(sheet):
    defined = set(re.findall(r"(--sanad-[a-z0-9-]+):", TOKENS))
    used = set(re.findall(r"var\((--sanad-[a-z0-9-]+)", sheet.read_text("utf-8")))
    own = set(re.findall(r"(--sanad-[a-z0-9-]+):", sheet.read_text("utf-8")))
    assert used - defined - own == set()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_arabic_mirrors_because_no_side_is_called_left_or_right(sheet):
    sided = r"\b(?:margin|padding|border|inset)-(?:left|right)\b|(?:^|[;{\s])(?:left|right)\s*:"
    assert re.findall(sided, bare(sheet.read_text("utf-8"))) == []


# Fonts


def ranges(rule: str) -> set[int]:
    """The code points an @font-face rule is for."""
    parts = re.search(r"unicode-range: ([^;]+);", rule)[1].replace("U+", "").split(", ")
    pairs = (part.partition("-") for part in parts)
    return set(chain(*(range(int(a, 16), int(b or a, 16) + 1) for a, _, b in pairs)))


FACES = [rule for rule in FONTS.split("@font-face")[1:] if "url(" in rule]


def test_fonts_are_named_by_their_content_and_all_are_used():
    there = {path.name for path in (ROOT / "fonts").glob("*.woff2")}
    for name in there:
        digest = hashlib.sha256((ROOT / "fonts" / name).read_bytes()).hexdigest()
        assert name.split(".")[1] == digest[:10]
    assert set(re.findall(r'url\("fonts/([^"]+)"\)', FONTS)) == there


def test_a_licence_lies_beside_each_family_and_no_reserved_name_is_carried():
    from fontTools.ttLib import TTFont

    licences = list((ROOT / "fonts").glob("LICENSE-*.txt"))
    assert len(licences) == 4
    assert all("SIL Open Font License, Version 1.1" in path.read_text("utf-8") for path in licences)
    for path in (ROOT / "fonts").glob("*.woff2"):
        names = TTFont(path)["name"]
        assert names.getDebugName(1).startswith("Sanad ")
        assert "Source" not in (names.getDebugName(4) or "") + (names.getDebugName(6) or "")


def test_fonts_of_a_page_are_light():
    def weight(*stems: str) -> int:
        return sum((ROOT / "fonts" / font(stem)).stat().st_size for stem in stems)

    latin = ("serif-latin", "serif-italic", "sans-latin")
    assert weight(*latin) <= 120_000
    assert weight(*latin, "naskh", "kufi", "kufi-bold", "names") <= 250_000


@pytest.mark.parametrize("family", ["Sanad Serif", "Sanad Sans"])
@pytest.mark.parametrize("style", ["400", "500 700", "400 700"])
def test_faces_that_make_one_line_are_declared_for_the_same_weights(family, style):
    """A browser picks by weight and style before it looks for a letter."""
    at = [rule for rule in FACES if f'"{family}"; font-weight: {style}; font-style: normal' in rule]
    if at:
        assert {ord("A"), ord("ş"), ord("ع")} <= set.union(*map(ranges, at))


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_letter_of_the_interface_is_in_our_fonts(language):
    from fontTools.ttLib import TTFont

    held = set()
    for rule in FACES:
        if "Sanad Sans" in rule:
            file = re.search(r"fonts/([^\"]+)", rule)[1]
            held |= set(TTFont(ROOT / "fonts" / file).getBestCmap()) & ranges(rule)
    letters = {ord(letter) for words in messages(language).values() for letter in words}
    unseen = {0x2066, 0x2067, 0x2068, 0x2069, 0x0A}  # isolates and line ends draw nothing
    assert {chr(code) for code in letters - held - unseen} == set()


# Files as they are sent


@pytest.fixture(name="files")
def serve_files():
    from starlette.applications import Starlette

    app = Starlette()
    app.mount("/sanad", room_files)
    return TestClient(app)


def test_a_file_named_with_its_hash_is_kept_for_ever_and_another_is_asked_about(files):
    assert "immutable" in files.get(f"/sanad/{versioned('page.css')}").headers["cache-control"]
    for name in ("page.css", "page.css?v=000000000000"):
        assert files.get(f"/sanad/{name}").headers["cache-control"] == "no-cache"
    named = files.get(f"/sanad/fonts/{font('naskh')}")
    assert "immutable" in named.headers["cache-control"]
    assert named.headers["content-type"] == "font/woff2"


def test_what_a_browser_has_is_not_sent_again(files):
    first = files.get("/sanad/page.css")
    again = files.get("/sanad/page.css", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["%00.js", "a" * 300 + ".css", "..%2fnote%2fnote.typ"])
def test_a_name_that_no_file_has_is_no_error_of_ours(files, name):
    assert files.get(f"/sanad/{name}").status_code == 404


def test_styles_and_scripts_are_sent_compressed_to_those_who_take_it(files):
    plain = files.get("/sanad/answer.css", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = files.get("/sanad/answer.css", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert gzip.decompress(room_file("answer.css").packed) == plain.content
    assert "content-encoding" not in files.get(f"/sanad/fonts/{font('kufi')}").headers


@pytest.mark.parametrize(
    "path", ["../chat.py", "%2e%2e/chat.py", "fonts", "", "nothing.css", "fonts/../../chat.py"]
)
def test_nothing_else_is_served(files, path):
    assert files.get(f"/sanad/{path}").status_code == 404


def test_a_page_draws_its_theme_before_its_styles_and_holds_no_script_or_style():
    made = page("ar", "library", "عنوان", "<p>نص</p>")
    head = made.partition("</head>")[0]
    assert head.index("theme.js") < head.index("tokens.css")
    assert "<style" not in made and "style=" not in made
    assert re.findall(r"<script[^>]*>[^<]", made) == []
    assert 'class="sanad-theme" hidden' in made  # without a script it would do nothing


def test_pictures_that_documents_show_exist_and_all_are_shown():
    there = {path.name for path in (HERE / "docs" / "images").glob("*.png")}
    texts = [HERE / "README.md", *(HERE / "docs").rglob("*.md")]
    shown = set()
    for path in texts:
        shown |= set(re.findall(r"images/([\w-]+\.png)", path.read_text("utf-8")))
    assert shown <= there
    assert there <= shown
