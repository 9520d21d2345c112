"""What to ingest: folders, files, URLs and URL lists, as items with stable ids.

The id of a file in a folder is its path inside that folder; of a single file its
name; of a page its URL, and of a page of a site the normal form of that. A source is
what was named on the command line: its name and root are remembered, so that a later
run can tell what has gone from it. What lies inside a source's folder belongs to that
source, however it is named later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from ingest.folders import EXTENSIONS, files_below, printable, reached
from ingest.sidecar import sidecar_bytes
from rag.errors import ConfigurationError, ReadError

PIPELINE = "1"  # raise it when reading, cleaning or splitting would give another result
MAX_BYTES = 200 * 2**20
MAX_LIST_BYTES = 2**20
SITE = "site+"  # before the root of a source that is a site, so that a page's root is its URL

Owner = Callable[[str], str]  # document id -> name of its source; empty when it has none


@dataclass(frozen=True, slots=True)
class Item:
    """One document to be. `fetch` returns its bytes or raises ReadError."""

    id: str
    source: str
    name: str  # file name or URL: tells the reader what kind it may be
    fetch: Callable[[], bytes]
    sidecar: Callable[[], bytes] = bytes  # of `<file>.meta.yaml`; empty when there is none
    url: str = ""
    sha256: str = ""  # of what `fetch` returns, where that is known without calling it

    def digest(self, data: bytes, sidecar: bytes = b"") -> str:
        """SHA-256 of the bytes, the sidecar's bytes and the pipeline's version."""
        return _digest(hashlib.sha256(data).hexdigest(), sidecar)

    def is_as(self, known: str, sidecar: bytes) -> bool:
        """Whether the digest is `known`, as far as that can be told without fetching."""
        return bool(self.sha256) and _digest(self.sha256, sidecar) == known


def _digest(sha256: str, sidecar: bytes) -> str:
    parts = sha256, hashlib.sha256(sidecar).hexdigest(), PIPELINE
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Source:
    """Something named on the command line."""

    name: str
    root: str
    items: tuple[Item, ...]
    ignored: tuple[str, ...] = ()  # files of a kind we do not read
    unread: tuple[tuple[str, str], ...] = ()  # (folder that cannot be listed, reason)
    complete: bool = True  # whether what is not listed has gone (folders)
    address: str = ""  # on the web; its items and all below are known once it was visited
    whole: bool = False  # the site or section at the address; False: the one page
    gone: tuple[tuple[str, str], ...] = ()  # (document, reason): to be withdrawn
    missing: tuple[tuple[str, str], ...] = ()  # not there for the first time: kept
    troubles: tuple[tuple[str, str], ...] = ()  # could not be asked or believed: kept
    left_out: tuple[tuple[str, str], ...] = ()  # addresses that are no documents of ours
    noticed: tuple[tuple[str, str], ...] = ()
    unmodified: int = 0  # answers of 304
    memory: Mapping[str, str] = field(default_factory=dict)  # to keep for the next visit


def collect(arguments: Sequence[str], known: Mapping[str, str], owner: Owner) -> list[Source]:
    """Resolve command line arguments to sources; no document is listed twice.

    `known` maps source names to roots; `owner(id)` names the source a stored
    document belongs to. A known root that is gone is a source without items.
    Raises ConfigurationError for another path that does not exist.
    """
    urls, paths = _resolved(arguments, known)
    sources = [_url_source(url) for url in urls]
    claimed = {url: url for url in urls}  # document id -> source, of this command

    def whose(document_id: str) -> str:
        return claimed.get(document_id) or owner(document_id)

    for path in paths:
        source = _path_source(path, known, whose)
        if source is None:
            continue
        fresh = tuple(item for item in source.items if item.id not in claimed)
        claimed |= {item.id: source.name for item in fresh}
        known = {**known, source.name: source.root}
        sources.append(replace(source, items=fresh))
    return sources


def is_url(argument: str) -> bool:
    """Whether an argument or a root is meant as an http(s) URL."""
    return argument.lower().removeprefix(SITE).startswith(("http://", "https://"))


def is_site(url: str) -> bool:
    """Whether a URL means a site and not one page: its path is empty or ends in /, it is named
    like a sitemap or a feed, or `site+` stands before it."""
    path = urlsplit(url.removeprefix(SITE)).path.lower()
    lists = ("/", ".xml", ".xml.gz", ".rss", ".atom", "/feed", "/rss", "/atom")
    return url.startswith(SITE) or not path or path.endswith(lists)


def _resolved(arguments: Sequence[str], known: Mapping[str, str]) -> tuple[list[str], list[Path]]:
    """(URLs, paths), each once: outer folders before inner ones, what is gone last.

    A known source that lies inside a named folder is named with it.
    """
    urls: list[str] = []
    paths: list[Path] = []
    roots = {root: Path(root) for root in known.values() if not is_url(root)}
    for argument in arguments:
        if is_url(argument):
            bare = _checked_url(argument.removeprefix(SITE), "it")
            page = known.get(argument) == argument  # a list named it, or it always was one
            urls.append(f"{SITE}{bare}" if is_site(argument) and not page else bare)
            continue
        path = roots.get(argument) or Path(argument).resolve()
        if not _exists(path) and str(path) not in roots:
            raise ConfigurationError(f"{argument} does not exist; name a folder, a file or a URL")
        listed = _listed_urls(path)
        urls += listed
        paths += [] if listed else [path]
    paths += [root for root in roots.values() if any(reached(root, path) for path in paths)]
    paths.sort(key=lambda path: (not _exists(path), len(path.parts)))
    return list(dict.fromkeys(urls)), list(dict.fromkeys(paths))


def _exists(path: Path) -> bool:
    """Raises ConfigurationError when that cannot be told: it must not pass for gone."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ConfigurationError(
            f"{printable(path)} cannot be looked at: {error.strerror}; see that it can be read"
        ) from error
    return True


def _checked_url(url: str, place: str) -> str:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if host and "@" in urlsplit(url).netloc:
        raise ConfigurationError(f"{place} names a user of {host}; addresses with one are refused")
    if not host:
        raise ConfigurationError(f"{url!r} is not a URL; {place} must be like https://host/page")
    return url


def _listed_urls(path: Path) -> list[str]:
    """URLs of a list file: every line is a URL, empty, or a # comment.

    A .txt file with any other line is a document; a .urls file must be a list.
    """
    if path.suffix.lower() not in (".urls", ".txt") or not path.is_file():
        return []
    try:
        with path.open("rb") as file:
            data = file.read(MAX_LIST_BYTES + 1)
    except OSError:  # reading it as a document says why
        return []
    if len(data) > MAX_LIST_BYTES:
        return []
    numbered = enumerate(data.decode("utf-8-sig", "replace").splitlines(), start=1)
    lines = [(n, line.strip()) for n, line in numbered]
    lines = [(n, line) for n, line in lines if line and not line.startswith("#")]
    if path.suffix.lower() == ".txt" and not all(is_url(line) for _, line in lines):
        return []
    return [_checked_url(url, f"line {n} of {printable(path)}") for n, url in lines]


def _url_source(url: str) -> Source:
    """A source on the web: what it holds is known once it was visited."""
    bare = url.removeprefix(SITE)
    whole = url.startswith(SITE)

    def fetch() -> bytes:
        raise ReadError("was not visited")

    items = () if whole else (Item(id=bare, source=bare, name=bare, fetch=fetch, url=bare),)
    return Source(name=bare, root=url, items=items, complete=False, address=bare, whole=whole)


def _path_source(path: Path, known: Mapping[str, str], whose: Owner) -> Source | None:
    """The source of a folder or file; None for a root that has moved in this command."""
    names = {root: name for name, root in known.items()}
    if not _exists(path):
        name = names.get(str(path))
        return Source(name, str(path), ()) if name else None
    apart = {Path(root) for root in names if reached(Path(root), path)}
    if str(path) not in names:
        around = [root for root in names if not is_url(root) and reached(path, Path(root))]
        if around:
            root = max(around, key=len)
            return replace(_listed(path, Path(root), names[root], apart, whose), complete=False)
    if printable(path) != str(path):
        raise ConfigurationError(
            f"{printable(path)} has a name that is not UTF-8; rename it, or name its folder"
        )
    return _listed(path, path, names.get(str(path)) or _new_name(path, known), apart, whose)


def _new_name(root: Path, known: Mapping[str, str]) -> str:
    """The folder's own name; numbered when another folder of that name still exists."""
    name, number = root.name, 1
    while name in known and _exists(Path(known[name])):
        number += 1
        name = f"{root.name}-{number}"
    return name


def _listed(path: Path, root: Path, name: str, apart: Collection[Path], whose: Owner) -> Source:
    """What lies at `path`, with ids relative to the source's root."""
    files, unread = ([path], []) if path.is_file() else files_below(path, root, apart)
    read = [f for f in files if f.suffix.lower() in EXTENSIONS or f == path]
    ignored = [f for f in files if f.suffix.lower() not in EXTENSIONS and f != path]
    return Source(
        name,
        str(root),
        tuple(_file_item(file, root, name, whose) for file in read),
        tuple(printable(file.relative_to(root)) for file in ignored),
        tuple(unread),
        complete=not unread,
    )


def _file_item(path: Path, root: Path, source: str, whose: Owner) -> Item:
    identity = printable(path.name if path == root else path.relative_to(root))
    # Two folders may hold the same relative path: the later one says whose it is.
    while (whose(identity) or source) != source:
        identity = f"{source}/{identity}"
    return Item(
        identity, source, printable(path.name), lambda: _read_file(path),
        lambda: sidecar_bytes(path),
    )  # fmt: skip


def _read_file(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ReadError(f"is {size / 2**20:.0f} MB; up to {MAX_BYTES // 2**20} MB are read")
        return path.read_bytes()
    except OSError as error:
        raise ReadError(f"cannot be opened: {error.strerror}") from error
