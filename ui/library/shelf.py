"""The works of a collection as they stand on the shelf: found by words and by what they are.

A work has one entry, with its language versions under it. Built once a generation.
Knows no markup and no request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.types import SourceDocument
from rag.wording import country_name, languages, name_of
from rag.words.text import fold, stem, stem_arabic, words

FACETS = ("language", "country", "year", "theme", "kind")
LEAST_STEM = 3  # letters; a shorter stem stands in too many words


@dataclass(frozen=True, slots=True)
class Work:
    """One work in its language versions."""

    id: str
    versions: tuple[SourceDocument, ...]  # by language, then newest first
    values: Mapping[str, frozenset[str]]  # facet -> values of any version
    title_words: str  # folded, each word after a blank
    words: str  # the same of title, place, theme, kind, event and publisher

    @property
    def newest(self) -> str:
        """The newest date of its versions; empty where none has one."""
        return max(version.date for version in self.versions)

    def shown(self, language: str) -> SourceDocument:
        """The version a reader of a language is shown first: in it, else in English, else
        one that no machine translated."""
        return min(
            self.versions,
            key=lambda v: (
                bool(v.superseded_by), v.language != language, v.machine_translated,
                v.language != "en",
            ),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every work, newest first."""

    works: tuple[Work, ...]
    by_document: Mapping[str, Work]
    counted: Mapping[str, Sequence[tuple[str, int]]]  # facet -> what `counts` gives

    def find(self, query: str, chosen: Mapping[str, Sequence[str]]) -> list[Work]:
        """The works that have every word of the query and, of each facet, a chosen value.

        Those with all words in their title come first, else newest first.
        """
        wanted = {facet: frozenset(values) for facet, values in chosen.items() if values}
        asked = [_forms(word) for word in words(fold(query))]
        found = [
            work
            for work in self.works
            if all(values & work.values[facet] for facet, values in wanted.items())
            and all(_holds(work.words, forms) for forms in asked)
        ]
        if asked:
            found.sort(key=lambda w: not all(_holds(w.title_words, forms) for forms in asked))
        return found

    def counts(self, facet: str) -> list[tuple[str, int]]:
        """(value, works) of a facet, most frequent first."""
        return list(self.counted[facet])

    def documents(self) -> Iterator[SourceDocument]:
        """Every language version."""
        return (version for work in self.works for version in work.versions)


def shelf_of(documents: Iterable[SourceDocument]) -> Shelf:
    """The shelf of a collection."""
    grouped: dict[str, list[SourceDocument]] = {}
    for document in documents:
        grouped.setdefault(document.work_id or document.id, []).append(document)
    works = [_work(identity, versions) for identity, versions in grouped.items()]
    works.sort(key=lambda work: (work.title_words, work.id))
    works.sort(key=lambda work: work.newest, reverse=True)
    by_document = {version.id: work for work in works for version in work.versions}
    counted = {facet: _counted(works, facet) for facet in FACETS}
    return Shelf(tuple(works), by_document, counted)


def _counted(works: Sequence[Work], facet: str) -> list[tuple[str, int]]:
    counts = Counter(value for work in works for value in work.values[facet])
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _work(identity: str, documents: list[SourceDocument]) -> Work:
    versions = sorted(documents, key=lambda d: d.date, reverse=True)
    versions.sort(key=lambda d: (d.language, bool(d.superseded_by)))
    titles = _spaced(" ".join(version.title for version in versions))
    values = {
        "language": frozenset(v.language for v in versions),
        "country": frozenset(code for v in versions for code in v.countries),
        "year": frozenset(v.date[:4] for v in versions if v.date),
        "theme": frozenset(theme for v in versions for theme in v.themes),
        "kind": frozenset(v.kind for v in versions if v.kind),
    }
    said = [titles]
    said += [_country_words(code) for code in sorted(values["country"])]
    said += [_named_words("themes", theme) for theme in sorted(values["theme"])]
    said += [_named_words("kinds", kind) for kind in sorted(values["kind"])]
    other = {text for v in versions for text in (*v.cities, v.event, v.publisher, v.id, v.date)}
    said.append(_spaced(" ".join(sorted(other))))
    return Work(identity, tuple(versions), values, titles, "".join(said))


def _spaced(text: str) -> str:
    return "".join(f" {word}" for word in words(fold(text)))


@lru_cache(maxsize=1024)
def _country_words(code: str) -> str:
    """A country in every language of the interface."""
    return _spaced(" ".join((code, *(country_name(code, each) for each in languages()))))


@lru_cache(maxsize=1024)
def _named_words(group: str, value: str) -> str:
    return _spaced(" ".join((value, *(name_of(each, group, value) for each in languages()))))


@lru_cache(maxsize=4096)
def _forms(word: str) -> tuple[str, ...]:
    """What a word of a query may begin with; an Arabic one may stand behind its article."""
    if "\u0620" <= word[0] <= "\u06ff":
        return tuple({word, stem_arabic(word)})
    stems = {stem([word], language)[0] for language in ("en", "fr", "es")}
    return tuple({f" {each}" for each in (word, *stems) if len(each) >= LEAST_STEM or each == word})


def _holds(text: str, forms: Sequence[str]) -> bool:
    return any(form in text for form in forms)
