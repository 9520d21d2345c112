"""The widget's files as they are sent: filled in, named by their hash, compressed once.

Old loaders are kept in the data folder, so that a page that names one by its hash
(subresource integrity) goes on working after an update. Knows no site and no request.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.resources
import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rag.wording import languages, say
from ui.markup import direction

log = logging.getLogger(__name__)

STATIC = importlib.resources.files("ui") / "widget" / "static"
SHARED = importlib.resources.files("ui") / "static"  # with the chat page
LOADER_WORDS = ("launcher", "name", "close", "blocked", "full_page")
HASH_CHARACTERS = 16
KEPT = "widget"  # folder of loaders in the data folder


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, plain and compressed."""

    name: str  # with the start of its hash: "frame.0123456789abcdef.css"
    media_type: str
    body: bytes
    packed: bytes  # gzip

    @property
    def integrity(self) -> str:
        """The value of an `integrity` attribute (W3C Subresource Integrity)."""
        return f"sha384-{base64.b64encode(hashlib.sha384(self.body).digest()).decode()}"


@dataclass(frozen=True, slots=True)
class Assets:
    """All files of the widget."""

    loader: Asset
    style: Asset
    script: Asset
    preview: Asset

    def static(self, name: str) -> Asset | None:
        """The file of a name under /widget/static/."""
        held = (self.style, self.script, self.preview)
        return next((asset for asset in held if asset.name == name), None)


@lru_cache(maxsize=1)
def assets() -> Assets:
    """The files that this version of Sanad sends."""
    # Without our fonts, which weigh three times the rest: type of the visitor's machine.
    tokens, answer = ((SHARED / name).read_text("utf-8") for name in ("tokens.css", "answer.css"))
    style = tokens + answer + _read("frame.css")
    script = (SHARED / "feedback.js").read_text("utf-8") + _read("frame.js")
    return Assets(
        loader=asset("widget", "js", _read("loader.js").replace('"__WORDS__"', _words())),
        style=asset("frame", "css", style),
        script=asset("frame", "js", script),
        preview=asset("preview", "css", tokens + _read("preview.css")),
    )


def asset(stem: str, kind: str, content: str) -> Asset:
    """A file under its name with a hash."""
    body = content.encode()
    digest = hashlib.sha256(body).hexdigest()[:HASH_CHARACTERS]
    media_type = {"js": "text/javascript", "css": "text/css"}[kind]
    packed = gzip.compress(body, 9, mtime=0)
    return Asset(f"{stem}.{digest}.{kind}", f"{media_type}; charset=utf-8", body, packed)


def _read(name: str) -> str:
    return (STATIC / name).read_text("utf-8")


def _words() -> str:
    """What the loader says before there is a frame, by language, as a JavaScript object."""
    told = {
        code: {key: say(code, f"widget.{key}") for key in LOADER_WORDS} | {"dir": direction(code)}
        for code in languages()
    }
    return json.dumps(told, ensure_ascii=False)


def keep_loader(data_dir: Path) -> None:
    """Put the loader of this version beside those of earlier ones."""
    loader = assets().loader
    path = data_dir / KEPT / loader.name
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".new")
        scratch.write_bytes(loader.body)
        scratch.replace(path)
    except OSError as error:
        log.warning("after an update, pages that name %s will not load it: %s", loader.name, error)


def loader_of(name: str, data_dir: Path) -> Asset | None:
    """The loader of a name such as "widget.0123456789abcdef.js", of this or an earlier
    version. None where its bytes are not those of the name."""
    loader = assets().loader
    if name == loader.name:
        return loader
    try:
        kept = (data_dir / KEPT / Path(name).name).read_text("utf-8")
    except (OSError, ValueError):
        return None
    found = asset("widget", "js", kept)
    return found if found.name == name else None
