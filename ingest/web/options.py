"""How websites are asked: by whom, how often, how much at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ingest.fetch import Reach


@dataclass(frozen=True, slots=True)
class WebOptions:
    """The operator's choices. Times in seconds."""

    agent: str = "Sanad"  # the name that robots.txt is asked about
    pause: float = 1.0  # least time between two requests to one host
    pages: int = 2_000  # most addresses asked for, of one site in one run
    depth: int = 5  # links from the first page
    megabytes: int = 1_000  # of one site in one run
    seconds: float = 3 * 3600.0  # of one site in one run
    reach: Reach = field(default_factory=Reach)


def web_options(values: Mapping[str, Any]) -> WebOptions:
    """The options in `rag.settings.Settings.fetching()`."""
    reach = Reach(
        agent=user_agent(values["agent"], values["contact"]),
        allow=frozenset(values["allow"]),
        max_bytes=values["megabytes"] * 2**20,
        seconds=values["seconds"],
    )
    return WebOptions(
        agent=values["agent"],
        pause=values["pause"],
        pages=values["pages"],
        depth=values["depth"],
        reach=reach,
    )


def user_agent(name: str, contact: str = "") -> str:
    """Sanad/0.1.0 (+https://example.org/about)."""
    try:
        number = version("sanad")
    except PackageNotFoundError:
        number = "0"
    return f"{name}/{number} (+{contact})" if contact else f"{name}/{number}"
