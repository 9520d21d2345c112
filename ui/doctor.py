"""What is configured, installed, locked, indexed and healthy, and what to do about the rest."""

from __future__ import annotations

import importlib.metadata
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.errors import SanadError
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.index.generation import Manifest
    from rag.vectors_server import ChromaServer

PACKAGES = (
    "chromadb", "gradio", "langchain", "pypdf", "pypdfium2", "sentence-transformers", "torch",
    "trafilatura", "mammoth", "onnxruntime", "tokenizers",
)  # fmt: skip
SAMPLE = 16  # passages embedded to see how fast this machine is
MIN_FREE_BYTES = 500 * 2**20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    area: str
    state: Literal["ok", "warning", "broken"]
    message: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return asdict(self)

    def as_line(self) -> str:
        """One line for a terminal."""
        remedy = f" -> {self.remedy}" if self.remedy else ""
        return f"{self.state:<8} {self.area:<10} {self.message}{remedy}"


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; never raises for what it finds."""
    data_dir = settings.data_dir
    found, model = _configured(settings)
    found += [*_installed(), _written(settings), _reranked(settings), _scanned(settings)]
    if data_dir.exists() and not data_dir.is_dir():
        return [*found, Finding("data", "broken", f"{data_dir} is a file", "name a folder")]
    looks = {  # generators: nothing is looked at before the loop
        "lock": _locked(data_dir),
        "catalog": _catalogued(data_dir),
        "index": _indexed(data_dir, model, settings),
        "public": _public(settings),
    }
    for area, look in looks.items():
        try:
            found += look
        except (SanadError, OSError) as error:
            found.append(Finding(area, "broken", str(error)))
    return found


def _configured(settings: Settings) -> tuple[list[Finding], str]:
    """(findings, id of the embedding model; empty when it does not load)."""
    changed = {
        name: value
        for name, value in settings.model_dump().items()
        if value != type(settings).model_fields[name].default
    }
    shown = ", ".join(f"{name}={value}" for name, value in changed.items()) or "all defaults"
    found = [Finding("settings", "ok", shown)]
    from rag.embed import load_embedder

    try:
        embedder = load_embedder(*settings.embedding())
    except SanadError as error:
        return [*found, Finding("model", "broken", str(error))], ""
    found.append(Finding("model", "ok", f"{embedder.id}, {embedder.dim} dimensions"))
    return found, embedder.id


def _installed() -> Iterator[Finding]:
    missing = []
    found = [f"Python {sys.version.split()[0]}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    yield Finding("packages", "ok", ", ".join(found))
    if missing:
        yield Finding("packages", "broken", f"missing: {', '.join(missing)}", "make install")


def _written(settings: Settings) -> Finding:
    """Who writes answers. Nothing is sent: whether a provider answers is seen when it is asked."""
    if not settings.llm:
        return Finding("answers", "ok", "quoted from the documents; no language model is set")
    from ui.open import writer_of

    try:
        writer_of(settings)
    except SanadError as error:
        return Finding("answers", "broken", str(error))
    where = settings.llm_base_url or "the provider's own address"
    judge = f", judged by {settings.judge}" if settings.judge else ""
    said = f"written by {settings.llm} at {where}, each sentence checked{judge}"
    return Finding("answers", "ok", said)


def _public(settings: Settings) -> Iterator[Finding]:
    """What visitors meet: sites, switches, and what is left of the day's budget."""
    from ui.public.sites import read_sites, sites_path
    from ui.public.switches import Switches

    sites = read_sites(sites_path(settings)).values()
    paused = sum(site.paused for site in sites)
    yield Finding("sites", "ok", f"{len(sites)} may embed the chat, {paused} of them paused")
    for site in sites:
        if not site.origins:
            said = f"{site.key} has no origin, so no page may show it"
            yield Finding("sites", "warning", said, "add one to its origins")
    switches = Switches(settings.data_dir)
    off = ", ".join(sorted(switches.off()))
    if switches.problem:
        yield Finding("switches", "broken", switches.problem)
    elif off:
        yield Finding("switches", "warning", f"off: {off}", "sanad switch NAME on")
    else:
        yield Finding("switches", "ok", "the model and all faces are on")
    if settings.budget_tokens_day or settings.budget_cost_day:
        yield _budgeted(settings)


def _budgeted(settings: Settings) -> Finding:
    from ui.public.budget import FILE, Budget, Spent

    limits = (settings.budget_tokens_day, settings.budget_cost_day)
    spent = Spent()
    if (settings.data_dir / FILE).exists():  # looking must not make one
        try:
            spent = Budget(settings.data_dir, *limits).today()
        except sqlite3.Error as error:
            said = f"{settings.data_dir / FILE} does not read ({error}), so no model is asked"
            return Finding("budget", "broken", said, "remove it; today's count begins anew")
    parts = []
    if limits[0]:
        parts.append(f"{spent.tokens} of {limits[0]} tokens")
    if limits[1]:
        parts.append(f"{spent.cost:.2f} of {limits[1]:g} in money")
    full = 0 < limits[0] <= spent.tokens or 0 < limits[1] <= spent.cost
    said = f"spent or reserved today: {', '.join(parts)}"
    if full:
        return Finding("budget", "warning", said, "answers quote the documents until midnight UTC")
    return Finding("budget", "ok", said)


def _reranked(settings: Settings) -> Finding:
    """Whether the cross-encoder of the settings loads."""
    if not settings.reranker:
        return Finding("reranker", "ok", "none is set")
    from rag.rerank import load_reranker

    try:
        load_reranker(settings.reranker, settings.embedding_batch_size, settings.device)
    except SanadError as error:
        return Finding("reranker", "broken", str(error))
    said = f"{settings.reranker} reads the best {settings.rerank_depth} passages"
    return Finding("reranker", "ok", said)


def _scanned(settings: Settings) -> Finding:
    """What becomes of pages that are pictures."""
    from ingest.ocr import INSTALL, tesseract

    if settings.ocr == "off":
        return Finding("ocr", "ok", "off: scanned pages are counted, not read")
    try:
        ocr = tesseract(settings.ocr_languages)
    except SanadError as error:
        return Finding("ocr", "broken", str(error))
    if ocr is None:
        return Finding("ocr", "ok", f"not installed: scanned pages are not read ({INSTALL})")
    return Finding("ocr", "ok", f"scanned pages are read by {ocr.id}")


def _locked(data_dir: Path) -> Iterator[Finding]:
    from ingest.lock import lock_owner

    owner = lock_owner(data_dir)
    if owner:
        yield Finding("lock", "warning", f"process {owner} is writing", "wait for it to finish")
    else:
        yield Finding("lock", "ok", "nobody is writing")
    where = data_dir if data_dir.exists() else Path()
    free = shutil.disk_usage(where).free
    state: Literal["ok", "warning"] = "ok" if free > MIN_FREE_BYTES else "warning"
    remedy = "" if state == "ok" else "make room before the next ingestion"
    yield Finding("disk", state, f"{free / 2**30:.1f} GB free at {data_dir}", remedy)


def _catalogued(data_dir: Path) -> Iterator[Finding]:
    from ingest.catalog import FILE, Catalog

    if not (data_dir / FILE).exists():
        yield Finding("catalog", "warning", f"none in {data_dir}", "sanad ingest FOLDER")
        return
    with Catalog(data_dir, read_only=True) as catalog:
        damage = catalog.check()
        if damage:
            yield Finding("catalog", "broken", damage, "restore it from a backup")
            return
        stored = len(catalog.digests())
        failed = [row for row in catalog.ledger() if row.status == "failed"]
    yield Finding("catalog", "ok", f"{stored} documents stored")
    for row in failed:
        yield Finding("document", "warning", f"{row.document}: {row.reason}", "mend or remove it")


def _indexed(data_dir: Path, model: str, settings: Settings) -> Iterator[Finding]:
    """What is served and kept, whole or not, and whether it is what would be made today."""
    server = settings.server()
    from rag.index.generation import (
        GENERATIONS,
        candidates,
        check_digests,
        current_name,
        read_manifest,
    )

    ingest = f"sanad ingest FOLDER --data-dir {data_dir}"
    remedy = f"sanad doctor --rebuild --data-dir {data_dir}"
    names = candidates(data_dir)
    current = current_name(data_dir)
    if current not in names and (current or names):
        said = f"CURRENT names {current or 'nothing'}, which is not among the generations"
        yield Finding("index", "warning", said, remedy)
    if not names:
        yield Finding("index", "warning", f"none in {data_dir}", ingest)
        return
    for name in names:
        folder = data_dir / GENERATIONS / name
        served = name == names[0]
        role = "active" if name == current else "kept"
        try:
            manifest = read_manifest(folder)
            check_digests(folder, manifest)
        except (SanadError, OSError) as error:
            yield Finding("index", "broken", f"{role} generation {name}: {error}", remedy)
            continue
        languages = ", ".join(f"{n} {code}" for code, n in manifest.languages.items())
        size = f"{manifest.documents} documents, {manifest.passages} passages ({languages})"
        yield Finding("index", "ok", f"{role} generation {name}: {size}, {manifest.model}")
        if served:
            yield from _outdated(data_dir, manifest, model, settings)
    newest = data_dir / GENERATIONS / names[0]
    if server is None:
        yield _probed(newest, remedy)
    else:
        yield _asked(server, newest, f"sanad ingest --data-dir {data_dir}")


def _anew(manifest: Manifest, settings: Settings) -> str:
    """What the next ingestion embeds anew, and for how long at the speed of this machine now."""
    from rag.embed import load_embedder

    embedder = load_embedder(*settings.embedding())
    started = time.perf_counter()
    embedder.encode_passages([" ".join(["municipality"] * 120)] * SAMPLE)
    seconds = manifest.passages * (time.perf_counter() - started) / SAMPLE
    took = f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{max(1, round(seconds))} seconds"
    return f"the next ingestion embeds {manifest.passages} passages anew, about {took}"


def _outdated(
    data_dir: Path, manifest: Manifest, model: str, settings: Settings
) -> Iterator[Finding]:
    """What the served generation was built from, against what is there now."""
    from ingest.catalog import FILE, Catalog

    remedy = f"sanad ingest --data-dir {data_dir}"
    if model and manifest.model != model:
        said = f"built with the model {manifest.model}, configured is {model}"
        yield Finding("index", "warning", f"{said}; {_anew(manifest, settings)}", remedy)
    if not (data_dir / FILE).exists():
        return
    try:
        with Catalog(data_dir, read_only=True) as catalog:
            revision = catalog.revision
    except SanadError:  # said of the catalog already
        return
    if revision != manifest.catalog_revision:
        said = f"built from revision {manifest.catalog_revision}, the catalog is at {revision}"
        yield Finding("index", "warning", f"stale: {said}", remedy)


def _asked(server: ChromaServer, folder: Path, remedy: str) -> Finding:
    """Whether the Chroma server of the settings holds a generation's vectors."""
    from rag.index.generation import Generation

    generation = Generation.open(folder, need_vectors=False)
    try:
        generation.attach_server(server)
        if generation.trouble:
            return Finding("chroma", "warning", generation.trouble, remedy)
        return Finding("chroma", "ok", f"{server.url} holds every vector of {folder.name}")
    finally:
        generation.close()


def _probed(folder: Path, remedy: str) -> Finding:
    """Open Chroma in a child: a damaged collection can kill the process that opens it."""
    from rag.index.generation import CHROMA
    from rag.index.probe import ChromaProbe

    if not (folder / CHROMA).is_dir():
        said = "this generation has no collection (yet); every vector is scanned instead"
        return Finding("chroma", "warning", said, "sanad ingest builds it, unless it is too large")
    said = ChromaProbe()(folder)
    if said:
        return Finding("chroma", "broken", said, remedy)
    return Finding("chroma", "ok", "the collection opens and finds its own vectors")
