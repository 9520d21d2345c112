"""Addresses of a site: one spelling for each, and which of them are traps.

The normal form is for comparing and for naming documents (RFC 3986, section 6). It
drops what names a visit and not a page: fragments, session ids, campaign marks.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import idna

MAX_LENGTH = 2_000
MAX_PARAMETERS = 8
MAX_REPEATS = 2  # times one part may come in a path; a link that grows comes again and again
_PORTS = {"http": 80, "https": 443}
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;?]*", re.I)
_DROPPED = re.compile(
    r"utm_\w+|mc_[ce]id|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid|_ga|_gl|_hs\w+"
    r"|phpsessid|jsessionid|aspsessionid\w*|session_?id|sessid|sid|cfid|cftoken",
    re.I,
)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_IPV6 = re.compile(r"[0-9a-f:.]+")
_IGNORED = re.compile("[\x00-\x20\x7f\\s]")  # as browsers do, inside an address too
_ASSETS = frozenset(
    ".avi .bmp .bz2 .css .csv .dmg .eot .exe .gif .gz .ico .ics .jpeg .jpg .js .json .m4a .m4v "
    ".mjs .mov .mp3 .mp4 .mpeg .ods .odp .ogg .otf .png .pps .ppt .pptx .rar .rss .svg .tar .tgz "
    ".tif .tiff .ttf .wav .webm .webp .woff .woff2 .xls .xlsx .xml .zip".split()
)
DOCUMENTS = frozenset({".pdf", ".docx"})


def normal(url: str, base: str = "") -> str:
    """The one spelling of an http(s) address; `base` is the page it stands on.

    Raises ValueError for what is no such address, holds a user name, or is longer
    than MAX_LENGTH.
    """
    joined = urljoin(base, _IGNORED.sub("", url)) if base else _IGNORED.sub("", url)
    parts = urlsplit(joined)
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        raise ValueError("no http or https address")
    if "@" in parts.netloc:
        raise ValueError("an address with a user name")
    host = _host(parts.hostname)
    port = parts.port
    place = host if port in (None, _PORTS[scheme]) else f"{host}:{port}"
    path = _without_dots(_SESSION.sub("", _escaped(parts.path, "/:@!$&'()*+,;="))) or "/"
    whole = urlunsplit((scheme, place, path, _query(parts.query), ""))
    if len(whole) > MAX_LENGTH:
        raise ValueError(f"an address of more than {MAX_LENGTH} characters")
    return whole


def normal_or_empty(url: object, base: str = "") -> str:
    """As `normal`; empty for what is no address."""
    try:
        return normal(url, base) if isinstance(url, str) else ""
    except ValueError:
        return ""


def _host(name: str) -> str:
    name = name.rstrip(".").lower()
    if ":" in name:
        if not _IPV6.fullmatch(name):
            raise ValueError("no host name")
        return f"[{name}]"
    try:
        plain = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"no host name: {error}") from error
    if not _HOST.fullmatch(plain):
        raise ValueError("no host name")
    return plain


def _escaped(text: str, also: str) -> str:
    """Percent-encoded where it must be and nowhere else, hexadecimals in capitals."""
    text = _STRAY_PERCENT.sub("%25", text)
    text = quote(text, safe=f"%{also}~", errors="replace")
    return _PERCENT.sub(_unreserved, text)


def _unreserved(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986, section 5.2.4."""
    kept: list[str] = []
    parts = path.split("/")
    for part in parts[1:]:
        if part == "..":
            kept = kept[:-1]
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _query(query: str) -> str:
    pairs = (pair for pair in query.split("&") if pair)
    kept = (pair for pair in pairs if not _DROPPED.fullmatch(pair.partition("=")[0]))
    return "&".join(_escaped(pair, "/:@!$'()*+,;=?") for pair in kept)


def site(url: str) -> str:
    """What two addresses of one site share: the host without www., and an odd port.

    Raises ValueError for what is no address.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    return host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"


def host(url: str) -> str:
    """Scheme, host and port, such as robots.txt is for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def below(url: str, start: str) -> bool:
    """Whether an address lies in the part of the site that `start` names: its folder."""
    folder = urlsplit(start).path.rpartition("/")[0] + "/"
    return site(url) == site(start) and urlsplit(url).path.startswith(folder)


def ending(url: str) -> str:
    """The extension of the path, lower case, with its dot; empty when it has none."""
    last = urlsplit(url).path.rpartition("/")[2]
    dot = last.rpartition(".")[1]
    return f".{last.rpartition('.')[2].lower()}" if dot else ""


def is_document(url: str) -> bool:
    """Whether an address is named like a PDF or a Word document."""
    return ending(url) in DOCUMENTS


def is_asset(url: str) -> bool:
    """Whether an address is named like something that is never read: a picture, a script."""
    return ending(url) in _ASSETS


def is_trap(url: str) -> bool:
    """Whether an address looks like one that a site makes without end."""
    parts = urlsplit(url)
    named = [part for part in parts.path.split("/") if part]
    repeats = max((named.count(part) for part in named), default=0)
    return repeats > MAX_REPEATS or parts.query.count("&") >= MAX_PARAMETERS


def shape(url: str) -> str:
    """What addresses of one generator share: digits are 0, values of parameters are gone."""
    parts = urlsplit(url)
    keys = sorted({pair.partition("=")[0] for pair in parts.query.split("&") if pair})
    return re.sub(r"\d+", "0", parts.path) + ("?" + "&".join(keys) if keys else "")
