"""The sites that may embed the widget, from one TOML file that an operator can also edit.

A change of the file takes effect with the next request. A file that does not read
keeps the last sites that did, and `problem` says what is wrong. Knows no request.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tempfile
import threading
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rag.errors import ConfigurationError
from rag.settings import ORIGIN, Settings
from rag.wording import languages as interface_languages

FILE = "sites.toml"
KEY = re.compile(r"[a-z0-9-]{8,40}")
LONGEST_ORIGIN = 300  # characters: a host has at most 253
_DEFAULT_PORTS = {"https://": ":443", "http://": ":80"}
_HEAD = "# Sites that may embed Sanad. `sanad site` rewrites this file; comments are not kept.\n"
_EMPTY: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Site:
    """One place where the widget may stand."""

    key: str  # public: it stands in the page's HTML
    name: str
    origins: tuple[str, ...] = ()  # exact, "https://x.org"; empty: nobody may embed
    languages: tuple[str, ...] = ()  # of the interface; empty: all
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _EMPTY)
    starters: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _EMPTY)  # by language
    daily_questions: int | None = None  # None: the setting SANAD_LIMIT_SITE_DAY
    paused: bool = False


def sites_path(settings: Settings) -> Path:
    """The file of the sites."""
    return settings.sites or settings.data_dir / FILE


def new_key() -> str:
    """A key that names a site and cannot be guessed from its name."""
    return secrets.token_hex(8)


def exact_origin(text: str) -> str:
    """An origin as a browser sends it: lower case, without the scheme's own port.

    Raises ConfigurationError for anything that is not exactly one origin.
    """
    origin = text.strip().lower().removesuffix("/")
    for scheme, port in _DEFAULT_PORTS.items():
        if origin.startswith(scheme):
            origin = origin.removesuffix(port)
    if len(origin) > LONGEST_ORIGIN or not ORIGIN.fullmatch(origin):
        raise ConfigurationError(
            f"origin {text!r} is not scheme://host or scheme://host:port; write it as the browser "
            "shows it, such as https://www.example.org, without a path and without *"
        )
    return origin


class SiteFile:
    """The sites of a file, read again when it changes. Safe between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""  # why the file as it is now is not used
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._sites: dict[str, Site] = {}

    def get(self, key: str) -> Site | None:
        """The site of a key; None for a key nobody has."""
        return self._current().get(key)

    def all(self) -> tuple[Site, ...]:
        """All sites, in the order of the file."""
        return tuple(self._current().values())

    def origins(self) -> frozenset[str]:
        """Origins of every site that is not paused."""
        return frozenset(o for site in self.all() if not site.paused for o in site.origins)

    def _current(self) -> dict[str, Site]:
        with self._lock:
            try:
                stat = self.path.stat()
                seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            except FileNotFoundError:
                self._seen, self._sites, self.problem = None, {}, ""
                return self._sites
            except OSError as error:
                self.problem = f"{self.path} cannot be read: {error.strerror}"
                return self._sites
            if seen != self._seen:
                self._seen = seen
                try:
                    self._sites, self.problem = read_sites(self.path), ""
                except ConfigurationError as error:
                    self.problem = str(error)
            return self._sites


def read_sites(path: Path) -> dict[str, Site]:
    """Sites by key. Raises ConfigurationError that names the site and the value."""
    try:
        return _parsed(path, path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} does not read: {error}") from error


def _parsed(path: Path, text: str) -> dict[str, Site]:
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path} does not read: {error}") from error
    tables = told.get("site", {})
    if not isinstance(tables, dict):
        raise ConfigurationError(f"{path}: a site is a table such as [site.{new_key()}]")
    return {key: _site(path, key, table) for key, table in tables.items()}


def _site(path: Path, key: str, table: Any) -> Site:
    place = f"{path}: site {key!r}"
    if not KEY.fullmatch(key) or not isinstance(table, dict):
        raise ConfigurationError(f"{place}: a key has 8 to 40 of a-z, 0-9 and -")
    unknown = set(table) - set(Site.__dataclass_fields__)
    if unknown:
        raise ConfigurationError(f"{place} has {', '.join(sorted(unknown))}, which is no setting")
    daily = table.get("daily_questions")
    paused = table.get("paused", False)
    if not isinstance(paused, bool):
        raise ConfigurationError(f"{place}: paused is {paused!r}; it takes true or false")
    if daily is not None and (not isinstance(daily, int) or isinstance(daily, bool) or daily < 0):
        raise ConfigurationError(f"{place}: daily_questions is {daily!r}; it takes a number")
    return Site(
        key=key,
        name=str(table.get("name", key)),
        origins=_origins(place, _texts(place, "origins", table.get("origins", []))),
        languages=_known(place, _texts(place, "languages", table.get("languages", []))),
        filters=_lists(place, "filters", table),
        starters=_lists(place, "starters", table),
        daily_questions=daily,
        paused=paused,
    )


def _origins(place: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(exact_origin(text) for text in texts)
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}: {error}") from error


def _known(place: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    for code in codes:
        if code not in interface_languages():
            known = ", ".join(interface_languages())
            raise ConfigurationError(f"{place}: language {code!r} is not one of {known}")
    return codes


def _texts(place: str, name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigurationError(f"{place}: {name} is {value!r}; it takes a list of texts")
    return tuple(value)


def _lists(place: str, name: str, table: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    value = table.get(name, {})
    if not isinstance(value, dict):
        raise ConfigurationError(f"{place}: {name} is {value!r}; it takes a table of lists")
    return MappingProxyType({k: _texts(place, f"{name}.{k}", v) for k, v in value.items()})


def write_sites(path: Path, sites: Sequence[Site]) -> None:
    """Replace the file by one that holds `sites`; a reader sees the old or the new one.

    Raises ConfigurationError for a site that would not be read back, and writes nothing.
    """
    text = _HEAD + "".join(_as_toml(site) for site in sites)
    _parsed(path, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _as_toml(site: Site) -> str:
    lines = [f"\n[site.{site.key}]", f"name = {_quoted(site.name)}"]
    lines.append(f"origins = {_list(site.origins)}")
    if site.languages:
        lines.append(f"languages = {_list(site.languages)}")
    if site.daily_questions is not None:
        lines.append(f"daily_questions = {site.daily_questions}")
    lines.append(f"paused = {'true' if site.paused else 'false'}")
    for name in ("filters", "starters"):
        table: Mapping[str, tuple[str, ...]] = getattr(site, name)
        if table:
            lines.append(f"[site.{site.key}.{name}]")
            lines += [f"{_quoted(key)} = {_list(values)}" for key, values in table.items()]
    return "\n".join(lines) + "\n"


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(_quoted(value) for value in values)}]"


def _quoted(text: str) -> str:
    """A TOML basic string: as in JSON, with DEL escaped too (TOML 1.0, "String")."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
