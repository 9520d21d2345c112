"""From a cleaned document to its description: the record that answers are cited by.

What an author or officer wrote (front matter, sidecar) wins over what the file
says of itself, and that over what the text suggests; only the language is
checked against the text, since pages often claim the wrong one. What cannot be
told stays empty. Dates of crawling and of translation are never used.

Knows no file format and no other document: language versions are joined by
`work_id` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from ingest.dates import find_dates, parse_date
from ingest.given import MAX_TITLE, checked, language_code, one_line
from ingest.places import choose, mentions
from ingest.topics import event_of, kind_of, publisher_of, themes_of
from ingest.types import CleanDocument, RawDocument
from ingest.works import work_id
from rag.evidence.orders import speaks_to_machine
from rag.types import Page, SourceDocument
from rag.words.hidden import visible
from rag.words.language import detect
from rag.words.stopwords import STOPWORDS

_SAMPLE = 6_000  # characters shown to the language detector
_OPENING = 1_500  # characters that tell kind and event
_PLACES = 400_000  # characters searched for places and themes
_ENOUGH_WORDS = 40  # a text this long overrules a claimed language
_FAMILIES = ({"nb", "nn", "no"}, {"hr", "bs", "sr"}, {"id", "ms"}, {"fil", "tl"})
# Kinds that are about more than one event: a date in their text is not theirs.
_TIMELESS = frozenset(
    "policy-brief guide toolkit theme-page hub-page city-spotlight mapping-report resource".split()
)
_MEDIA_TYPES = {
    "pypdf": "application/pdf",
    "pypdfium2": "application/pdf",
    "mammoth": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "markdown-it": "text/markdown",
    "plain": "text/plain",
}
_JUNK_TITLE = re.compile(
    r"microsoft (?:word|powerpoint) ?-.*|.*\.(?:docx?|pdf|indd|qxd|pptx?|rtf|tex|odt|html?|cdr)"
    r"|(?:untitled|document|sans titre|sin título|title|title page|slide|layout|print|home|index"
    r"|powerpoint presentation|présentation powerpoint|presentación de powerpoint)[\s\d-]*"
    r"|(?:resources|news|blog|home)\s*[,>»/|].*",
    re.I,
)
_SITE_SUFFIX = re.compile(r"\s+[|·•–—-]\s+")
_HELD = re.compile(
    r"\b(?:met|held|holds?|took place|takes place|gathered|convened|summit|workshop|conference"
    r"|réuni\w*|s'est tenu\w*|tenu|sommet|atelier|conférence|celebr\w+|reuni\w+|cumbre|taller"
    r"|conferencia)\b|عقد|انعقد|اجتمع|القمة|قمت|ورشة|مؤتمر",
    re.I,
)
_SENTENCE_END = re.compile(r"[.!؟?]\s*$")


@dataclass(frozen=True, slots=True)
class Described:
    """The record, and what an operator should know about how it was made."""

    document: SourceDocument
    notes: tuple[str, ...] = ()


def describe(
    source_id: str,
    raw: RawDocument,
    clean: CleanDocument,
    sidecar: Mapping[str, object],
    url: str,
) -> Described:
    """Describe one document; `sha256` is left empty for the caller. Never raises."""
    front = raw.metadata if raw.reader.startswith("markdown") else {}
    given, notes = checked({**front, **sidecar})
    text = _Text(clean)
    said = _address(url, given, raw)
    language, doubt = _language(given, raw, text)
    title = str(given.get("title", ""))
    if speaks_to_machine(title):
        title, notes = "", (*notes, "the given title speaks to a machine; not taken")
    title = visible(title)[0] or _title(raw, text, said, source_id)
    kind = str(given.get("kind", "")) or kind_of(said, title, text.opening)
    countries, cities = _places(given, title, text, language)
    document = SourceDocument(
        id=source_id,
        work_id=work_id(source_id, given, raw.metadata, said, language),
        title=title,
        language=language,
        url=said,
        kind=kind,
        event=str(given.get("event", "")) or event_of(title, text.opening[: _OPENING // 2]),
        date=str(given.get("date", "")) or _date(raw, clean, text, (title, kind, language)),
        countries=countries,
        cities=cities,
        themes=_tuple(given.get("themes")) or themes_of(text.headings(title), text.body[:_PLACES]),
        publisher=_publisher(given, raw, said),
        machine_translated=bool(given.get("machine_translated", clean.machine_translated)),
        superseded_by=str(given.get("superseded_by", "")),
        has_lost_links=clean.has_lost_links,
        media_type=_media_type(raw, source_id),
        pages=tuple(Page(page.number, page.text, page.label) for page in clean.pages),
    )
    return Described(document, (*notes, *doubt))


class _Text:
    """The parts of a cleaned document that descriptions are read from."""

    def __init__(self, clean: CleanDocument) -> None:
        self.blocks = [
            (kind, level, page.text[start:end])
            for page in clean.pages
            for kind, level, start, end in page.blocks
        ]

    @cached_property
    def body(self) -> str:
        """Paragraphs, lists and tables; headings too where there is nothing else."""
        body = "\n".join(text for kind, _, text in self.blocks if kind != "heading")
        return body or "\n".join(text for _, _, text in self.blocks)

    @cached_property
    def opening(self) -> str:
        return self.body[:_OPENING]

    def headings(self, title: str) -> str:
        headings = (text for kind, _, text in self.blocks if kind == "heading")
        return "\n".join([title, *headings])[:_PLACES]

    def paragraphs(self) -> Iterator[str]:
        return (text for kind, _, text in self.blocks if kind == "paragraph")


def _tuple(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _address(url: str, given: Mapping[str, object], raw: RawDocument) -> str:
    said = (url, given.get("url"), *(raw.metadata.get(k) for k in ("canonical", "og_url", "url")))
    lines = (one_line(value, 2_000) for value in said)
    return next((line for line in lines if re.match(r"https?://[^\s/]+", line, re.I)), "")


def _language(
    given: Mapping[str, object], raw: RawDocument, text: _Text
) -> tuple[str, tuple[str, ...]]:
    """The language, and a note where a claim was overruled."""
    found = detect(text.body[:_SAMPLE])
    meta = (raw.metadata.get(key) for key in ("language", "ld_language", "og_locale"))
    claims = [str(given.get("language", "")), *map(language_code, meta)]
    claimed = next((claim for claim in claims if claim), "")
    if not claimed or claimed == found or found == "und":
        return claimed or found, ()
    kin = any({claimed, found} <= family for family in _FAMILIES)
    long = len(text.body[:_SAMPLE].split()) >= _ENOUGH_WORDS
    if kin or not long or found not in STOPWORDS:
        return claimed, ()
    return found, (f"language: it claims {claimed}, the text is {found}",)


def _title(raw: RawDocument, text: _Text, url: str, source_id: str) -> str:
    """The page's or file's own title, else the first heading, line, or the address."""
    for candidate in (*_meta_titles(raw), *_first_lines(text)):
        title = one_line(candidate, MAX_TITLE)
        if title and not _is_junk(title, source_id):
            return title
    words = re.sub(r"[-_+.]+", " ", _last_part(url) or PurePosixPath(source_id).stem)
    return one_line(words[:1].upper() + words[1:], MAX_TITLE) or one_line(source_id, MAX_TITLE)


def _meta_titles(raw: RawDocument) -> Iterator[object]:
    meta = raw.metadata
    yield meta.get("og_title")
    yield meta.get("headline")
    title, site = one_line(meta.get("title"), MAX_TITLE), one_line(meta.get("site_name"))
    parts = _SITE_SUFFIX.split(title)
    if site and len(parts) > 1 and parts[-1].casefold() == site.casefold():
        title = title[: title.rindex(parts[-1])].rstrip(" |·•–—-")
    yield title


def _first_lines(text: _Text) -> Iterator[str]:
    """A top heading, a heading among the first blocks, a first line that is no sentence."""
    yield from (t for kind, level, t in text.blocks[:30] if kind == "heading" and level == 1)
    for kind, _, line in text.blocks[:5]:
        if kind == "paragraph" and (len(line) > 160 or _SENTENCE_END.search(line)):
            return  # the text has begun: what follows heads a part of it
        if kind in ("heading", "paragraph"):
            yield line


def _is_junk(title: str, source_id: str) -> bool:
    stem = PurePosixPath(unquote(source_id)).stem.casefold()
    plain = title.casefold()
    return (
        not re.search(r"[^\W\d_]{2}", title)
        or speaks_to_machine(title)
        or bool(_JUNK_TITLE.fullmatch(title))
        or plain == stem
        or (" " not in title and bool(re.search(r"[_\d]", title)))
    )


def _last_part(url: str) -> str:
    """The last part of the address that is made of words."""
    parts = unquote(urlsplit(url).path).rstrip("/").split("/")
    return next((part for part in reversed(parts) if re.search(r"[^\W\d_]{3}", part)), "")


def _date(raw: RawDocument, clean: CleanDocument, text: _Text, known: tuple[str, str, str]) -> str:
    """Publication date, else update, else the date of the event reported, else the file's."""
    title, kind, language = known
    labelled = {label: date for label, date in reversed(clean.labelled_dates)}
    meta = raw.metadata
    published = (parse_date(meta.get(key), language) for key in ("published", "date"))
    modified = "" if raw.reader in ("mammoth",) or _is_pdf(raw) else meta.get("modified")
    return (
        labelled.get("published", "")
        or next((date for date in published if date), "")
        or labelled.get("updated", "")
        or parse_date(modified, language)
        or _heading_date(text, title, language)
        or ("" if kind in _TIMELESS else _event_date(text, language))
        or (parse_date(meta.get("created"), language) if _is_pdf(raw) else "")
    )


def _is_pdf(raw: RawDocument) -> bool:
    return raw.reader.startswith("pypdf")


def _heading_date(text: _Text, title: str, language: str) -> str:
    """A date in the title or in one of the first short lines."""
    for line in (title, *(line for _, _, line in text.blocks[:4] if len(line) <= 120)):
        for date in find_dates(line, language):
            return date.iso
    return ""


def _event_date(text: _Text, language: str) -> str:
    """The date in the first paragraph of something that is said to have been held."""
    first = next((p for p in text.paragraphs() if len(p) > 80), "")[:1_000]
    for date in find_dates(first, language):
        if _HELD.search(first[max(0, date.start - 120) : date.end + 80]):
            return date.iso
    return ""


def _places(
    given: Mapping[str, object], title: str, text: _Text, language: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    top = mentions(text.headings(title), language)
    countries, cities = choose(top, mentions(text.body[:_PLACES], language))
    return _tuple(given.get("countries")) or countries, _tuple(given.get("cities")) or cities


def _publisher(given: Mapping[str, object], raw: RawDocument, url: str) -> str:
    site = one_line(raw.metadata.get("site_name"))
    return str(given.get("publisher", "")) or site or publisher_of(url)


def _media_type(raw: RawDocument, source_id: str) -> str:
    """By the reader; a reader we do not know is one of the HTML ones."""
    known = (kind for name, kind in _MEDIA_TYPES.items() if raw.reader.startswith(name))
    return next(known, "text/html" if raw.reader else "")
