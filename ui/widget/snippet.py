"""What the webmaster of a site puts into a page, and what the page must allow."""

from __future__ import annotations

from rag.wording import FALLBACK, say
from ui.markup import text
from ui.public.sites import Site
from ui.public.tokens import Tokens
from ui.widget.assets import assets


def snippet(site: Site, host: str) -> str:
    """The snippet with its explanations, as HTML that can be pasted. `host` is our address
    as visitors reach it, such as "https://answers.example.org"."""
    host = host.rstrip("/")
    return "\n".join(
        (
            f"<!-- Sanad on {_commented(site.name)}: put this before the end of <body>. -->",
            tag(site, host),
            link(site, host),
            "",
            "<!-- Or, to have the browser check the script (this version of it, served on after",
            "     updates), in place of the first line above:",
            tag(site, host, versioned=True),
            "-->",
            "",
            "<!-- If the page has a Content-Security-Policy, add to it:",
            *(f"     {line}" for line in policy(host)),
            "-->",
        )
    )


def tag(site: Site, host: str, *, versioned: bool = False) -> str:
    """The script element. `versioned` names one version and its hash."""
    loader = assets().loader
    name, check = "widget.js", ""
    if versioned:
        name, check = loader.name, f' integrity="{loader.integrity}" crossorigin="anonymous"'
    source = f"{host}/{name}"
    return f'<script src="{text(source)}" data-site="{text(site.key)}"{check} async></script>'


def link(site: Site, host: str) -> str:
    """A link to the full reader, for a browser without JavaScript."""
    language = next(iter(site.languages), FALLBACK)
    words = text(say(language, "widget.launcher"))
    return f'<noscript><a href="{text(host)}/{language}/">{words}</a></noscript>'


def policy(host: str) -> tuple[str, str]:
    """What the Content-Security-Policy of the page must name."""
    return f"script-src {host}", f"frame-src {host}"


def preview_address(tokens: Tokens, site: Site, host: str) -> str:
    """Where the preview of a site is seen from another machine, as long as a token lives."""
    return f"{host.rstrip('/')}/widget/{site.key}/preview?token={tokens.issue(preview_of(site))}"


def preview_of(site: Site) -> str:
    """What the token of a preview is for. No key of a site has a colon, so that the token
    of a visitor opens no preview."""
    return f"preview:{site.key}"


def _commented(words: str) -> str:
    """Words that cannot end an HTML comment."""
    return " ".join(words.replace("--", "- -").replace("<", "").replace(">", "").split())
