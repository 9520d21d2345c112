"""Whatever is put into a parser of untrusted text: a value, or an error of ours in a sentence.

Each parser gets text that Hypothesis makes of the pieces that have a meaning for it, and long
repetitions of them, which a pattern or a loop that goes back over its input would not survive.
"""

from __future__ import annotations

import base64
import json
import string
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from evals.cases import load_suite
from ingest.clean import clean
from ingest.markdown import read_markdown, split_front_matter
from ingest.sidecar import MAX_BYTES, parse_sidecar
from ingest.types import Block, RawDocument, RawPage
from rag.errors import ConfigurationError, ReadError
from rag.question.glossary import GlossaryFile, read_glossary
from rag.writing.markers import MarkerParser
from ui.cli import parse_filters
from ui.public.sites import SiteFile, exact_origin, read_sites, write_sites
from ui.public.tokens import Tokens
from ui.public.visit import Refused, parse_address
from ui.server import preferred_language
from ui.widget.frame_html import frame_language

FUZZ = settings(
    max_examples=120, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
LONG = 20_000  # repetitions of a piece
ANY = st.text(max_size=60)
HIDDEN = ["\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\ud800", "\u0301", "\u2028"]


def made_of(*pieces: str, most: int = 40) -> st.SearchStrategy[str]:
    """Texts of pieces that mean something, and anything between them."""
    return st.lists(st.sampled_from([*pieces, *HIDDEN]) | ANY, max_size=most).map("".join)


YAML = made_of(
    "- id: a\n", "id: ", "forms:\n", "  en: [x, y]\n", "  - ", "a: b\n", "? [x]\n", ": ", "&a ",
    "*a", "!!bool ", "!!int ", "!!timestamp ", "!!float ", "!!binary ", "!!set ",
    "!!python/object:os.x ",
    "2024-99-99", "2024-01-01T99:00:00Z", "<<: ", "|\n", "'", '"', "[", "]", "{", "}", "---\n",
    "...\n", "%YAML 9\n", "\t", "\n", "collides_with: 3\n", "note: ", "0o9", "1e999", ".nan",
)  # fmt: skip
TRAPS = [
    "a: !!bool perhaps", 'a: !!int ""', "a: !!timestamp x", "a: 2024-99-99", "a: !!float x",
    "[" * 900, "{a: " * 900, "&a [*a]", "a: &a {b: *a}", "? {a: b}\n: c", "<<: 3", "a: \x00",
    "a: &a [x]\n" + "".join(
        f"{key}: &{key} [*{before}, *{before}, *{before}]\n"
        for before, key in pairwise("abcdefghijklmnopqrstu")
    ),
]  # fmt: skip


# The markers of a written answer

MARKED = made_of(
    "[1]", "[2", "]", "[1, 2]", "[1][2]", "[٣]", "[99999999999]", "【1】", "(1)", "¹", "**",
    "`", "```\n", "- ", "1. ", "# ", "| ", "|---|", "\n", "\n\n", ". ", "؟ ", "![x](http://y)",
    "<b>", "https://x.y",
    "A sentence.", "جملة.",
)  # fmt: skip


@FUZZ
@given(st.lists(MARKED, max_size=12), st.sampled_from(["en", "ar", "fr", "zz"]))
def test_an_answer_cites_only_what_was_shown_however_it_is_cut(chunks, language):
    parser = MarkerParser([1, 2, 3], language)
    drafted = [each for chunk in chunks for each in parser.feed(chunk)]
    drafted += parser.close()
    for each in drafted:
        assert set(each.citations) <= {1, 2, 3}
        assert not {1, 2, 3} & set(each.invented)
        assert each.text.strip()
    shown = sum(len(each.text) for each in drafted)
    assert shown <= 2 * sum(map(len, chunks)) + 10  # nothing is made up


@pytest.mark.parametrize(
    "piece", ["[1", "[1]", "**", "`", "| ", "[", "- ", "a.", "<", "![x](", "\n"]
)
def test_a_long_answer_of_one_piece_ends(piece):
    parser = MarkerParser([1], "en")
    for _ in range(LONG // 100):
        parser.feed(piece * 100)
    assert all(set(each.citations) <= {1} for each in parser.close())


# Front matter, sidecars, glossaries, suites


@FUZZ
@given(YAML)
@example("a: !!bool perhaps\n")
def test_front_matter_is_read_or_stays_in_the_text(yaml):
    text = f"---\n{yaml}\n---\nThe body.\n"
    metadata, body, notes = split_front_matter(text)
    assert body == text or text.endswith(body)
    assert metadata == {} or body != text
    json.dumps(metadata, allow_nan=True)  # it has to cross a pipe
    assert all(isinstance(note, str) for note in notes)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap[:12])
def test_a_trap_in_front_matter_costs_the_front_matter_only(trap):
    try:
        raw = read_markdown(f"---\n{trap}\n---\nThe body of it.\n".encode(), "a.md")
    except ReadError as error:
        assert "binary" in str(error)
        return
    assert any("The body of it." in block.text for block in raw.pages[0].blocks)


@FUZZ
@given(YAML | st.binary(max_size=200))
def test_a_sidecar_is_read_or_is_the_documents_error(given_):
    data = given_ if isinstance(given_, bytes) else given_.encode(errors="surrogatepass")
    with suppress(ReadError):
        values = parse_sidecar(data, "a.md")
        assert all(isinstance(key, str) for key in values)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap[:12])
def test_a_trap_in_a_sidecar_is_the_documents_error_or_a_value(trap):
    with suppress(ReadError):
        assert len(repr(parse_sidecar(trap.encode(), "a.md"))) < 10 * MAX_BYTES


@FUZZ
@given(YAML)
def test_a_glossary_is_read_or_named_and_the_last_good_one_stays(tmp_path, yaml):
    path = tmp_path / "glossary.yaml"
    path.write_text("- id: gctf\n  forms: {en: [forum]}\n", "utf-8")
    kept = GlossaryFile(path)
    good = kept.current()
    path.write_text(f"# longer than before {'.' * 60}\n{yaml}", "utf-8", errors="surrogatepass")
    try:
        read_glossary(path)
    except ConfigurationError as error:
        assert str(path) in str(error)
        assert kept.current() == good
        assert kept.problem
    else:
        assert kept.current() == read_glossary(path)
        kept.current().named_in("What is the forum?")


@pytest.mark.parametrize(
    "trap", [*TRAPS, "- id: a\n  collides_with: 3"], ids=lambda trap: trap[:12]
)
def test_a_trap_in_a_glossary_is_named(tmp_path, trap):
    path = tmp_path / "glossary.yaml"
    path.write_text(trap, "utf-8")
    with pytest.raises(ConfigurationError, match="glossary"):
        read_glossary(path)


SUITES = made_of(
    "name: x\n", "cases:\n", "- id: a\n", "  question: q\n", "  language: en\n", "pass_marks:\n",
    "  recall@5: 0.5\n", "  expect: decline\n", "  gold: [{document: d, quote: q}]\n", "&a ", "*a",
    "{", "[", "!!bool ", "2024-99-99", '"', "\n", "  turns: [a, b]\n",
    "  questions: {en: q, ar: س}\n",
)  # fmt: skip


@FUZZ
@given(SUITES | YAML, st.sampled_from([".yaml", ".jsonl"]))
def test_a_suite_loads_or_its_mistake_is_named(tmp_path, text, suffix):
    path = tmp_path / f"suite{suffix}"
    path.write_text(text, "utf-8", errors="surrogatepass")
    try:
        loaded = load_suite(path, frozenset({"recall@5"}))
    except ConfigurationError as error:
        assert path.name in str(error)
    else:
        assert len({case.id for case in loaded.cases}) == len(loaded.cases) > 0


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap[:12])
def test_a_trap_in_a_suite_is_named(tmp_path, trap):
    for name, text in (("s.yaml", trap), ("c.yaml", f"cases: [{trap}]"), ("s.jsonl", trap)):
        (tmp_path / name).write_text(text, "utf-8")
        with pytest.raises(ConfigurationError, match=name):
            load_suite(tmp_path / name, frozenset({"recall@5"}))


# The cleaner

CLEANED = made_of(
    "Published: ", "Date: 3 March 2024", "Read more", "Share", "12", "Page 3 of 9", "http://a.b/c",
    "me@example.org", "- ", "ﬁ", "ﷺ", "e\u0301", "\u00ad", "\u200f", "Sponsors", "•", "  ", "\t",
    "Speakers:", "السلامة", "한", "\U0001f600", "Ǆ", "½", "…",
)  # fmt: skip


@FUZZ
@given(st.lists(st.lists(CLEANED, max_size=5), min_size=1, max_size=3), st.data())
def test_each_quote_of_a_cleaned_page_maps_into_the_raw_page(pages, data):
    raw = RawDocument(
        tuple(
            RawPage(n, tuple(Block("paragraph", t.replace("\n", " ")) for t in texts))
            for n, texts in enumerate(pages, 1)
        ),
        reader=data.draw(st.sampled_from(["", "trafilatura", "pypdf"])),
    )
    for page, before in zip(clean(raw).pages, raw.pages, strict=True):
        joined = "\n".join(block.text for block in before.blocks)
        assert len(page.offsets) == len(page.text)
        assert list(page.offsets) == sorted(page.offsets)
        assert all(0 <= offset < len(joined) for offset in page.offsets)
        for _, _, start, end in page.blocks:
            assert 0 <= start <= end <= len(page.text)
            assert "\n" not in page.text[start:end]
        if page.text:
            start = data.draw(st.integers(0, len(page.text) - 1))
            end = data.draw(st.integers(start + 1, len(page.text)))
            assert page.offsets[start] <= page.offsets[end - 1]


@pytest.mark.parametrize(
    "piece", ["e\u0301", "ﷺ", "\u200b", "a ", "http://a.", "Date: ", "12 ", "((("]
)
def test_a_long_page_of_one_piece_is_cleaned(piece):
    raw = RawDocument((RawPage(1, (Block("paragraph", piece * LONG),)),))
    (page,) = clean(raw).pages
    assert len(page.offsets) == len(page.text)


# What requests bring


@FUZZ
@given(
    made_of("en", "ar", "fr", "zz", "-KE", ";q=", "0.5", "nan", "inf", "-1", "1e999", ",", "*"),
    made_of("en", "AR", "es-MX"), st.sampled_from(["en", "ar", "", "zz"]),
)  # fmt: skip
def test_any_accept_language_gives_a_language_we_have(accepted, asked, fallback):
    from rag.wording import languages
    from ui.public.sites import Site

    assert preferred_language(asked, accepted, fallback) in languages()
    site = Site("k", "n", languages=("ar", "fr"))
    assert frame_language(site, asked, accepted, fallback or "en") in site.languages


@FUZZ
@given(
    made_of(".", "==", "W10", "bnVsbA", "eyJhIjoxfQ", "-", "_", "\u00ff") | st.text(max_size=500)
)
def test_a_token_that_is_not_ours_is_refused(token):
    tokens = Tokens(b"s" * 32, clock=lambda: 1000.0)
    with pytest.raises(Refused):
        tokens.read(token, "site")


@FUZZ
@given(st.data())
def test_a_token_with_anything_changed_is_refused(data):
    tokens = Tokens(b"s" * 32, clock=lambda: 1000.0)
    good = tokens.issue("site")
    assert tokens.read(good, "site")
    at = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_.= \u0660\ud800"))
    if other != good[at]:
        with pytest.raises(Refused):
            tokens.read(good[:at] + other + good[at + 1 :], "site")


@FUZZ
@given(st.recursive(st.none() | st.integers() | ANY, lambda inner: st.lists(inner, max_size=4)))
def test_a_signed_token_of_another_shape_is_refused(value):
    tokens = Tokens(b"s" * 32, clock=lambda: 1000.0)
    encoded = base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    with pytest.raises(Refused):
        tokens.read(f"{encoded}.{tokens._signature(encoded)}", "site")


@FUZZ
@given(st.lists(made_of("country", "=", "KE", "year", " ", ","), max_size=4))
def test_filters_are_keys_with_values_or_a_sentence(pairs):
    with suppress(ConfigurationError):
        found = parse_filters(pairs)
        assert all(key.strip() and all(v.strip() for v in vs) for key, vs in found.items())
        assert sum(map(len, found.values())) == len(pairs)


@FUZZ
@given(made_of("1.2.3.4", "::1", "[", "]", ":80", "%eth0", "::ffff:", "unix:", "256", ".", "0x7f"))
def test_an_address_is_an_address_or_none(text):
    found = parse_address(text)
    assert found is None or found.version in (4, 6)


@pytest.mark.parametrize("piece", ["a.", "-", "https://", "a:", "[", "@"])
def test_a_long_origin_is_refused(piece):
    with pytest.raises(ConfigurationError):
        exact_origin("https://" + piece * LONG)


TOML = made_of(
    "[site.abcdefgh]\n", "[site]\n", "site = 3\n", 'name = "x"\n', 'origins = ["https://a.org"]\n',
    "origins = 3\n", 'languages = ["en"]\n', "paused = true\n", "daily_questions = 5\n", "[[", "{",
    'filters = {country = ["KE"]}\n', 'starters = {en = ["q"]}\n', "=", '"', "1979-05-27", "\n",
    "'''",
)  # fmt: skip


@FUZZ
@given(TOML)
def test_a_sites_file_is_read_and_written_back_or_named(tmp_path, toml):
    path = tmp_path / "sites.toml"
    path.write_text(toml, "utf-8", errors="surrogatepass")
    try:
        found = read_sites(path)
    except ConfigurationError as error:
        assert str(path) in str(error)
        file = SiteFile(path)
        assert file.all() == ()
        assert file.problem
    else:
        write_sites(path, tuple(found.values()))
        assert read_sites(path) == found


@pytest.mark.parametrize("trap", ["a=" + "[" * 3000, "a=" + "{a=" * 3000, "a." * 3000 + "b=1"])
def test_a_trap_in_a_sites_file_is_named(tmp_path, trap):
    path = tmp_path / "sites.toml"
    path.write_text(trap)
    with suppress(ConfigurationError):
        assert read_sites(path) == {}
