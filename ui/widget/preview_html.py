"""The page on which a webmaster sees the widget before it stands on the site.

It loads the widget as any other page does. Knows no request.
"""

from __future__ import annotations

from rag.wording import say
from ui.markup import direction, text
from ui.public.sites import Site
from ui.widget.assets import assets
from ui.widget.snippet import link, policy, tag

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def preview_page(site: Site, language: str, host: str) -> str:
    """The page: the widget in its corner, and what to put into a page of the site."""

    def word(key: str) -> str:
        return text(say(language, f"widget.{key}", name=site.name))

    rows = "".join(f'<li dir="ltr">{text(origin)}</li>' for origin in site.origins)
    allowed = f"<ul>{rows}</ul>" if rows else f"<p>{word('preview_nobody')}</p>"
    style = assets().preview.name
    return (
        f'<!doctype html><html lang="{language}" dir="{direction(language)}"><head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{word("preview")}</title>'
        f'<link rel="stylesheet" href="../static/{style}"></head><body><main>'
        f"<h1>{word('preview')}</h1><p>{word('preview_note')}</p>"
        f"<h2>{word('preview_snippet')}</h2>{_code(tag(site, host), link(site, host))}"
        f"<h2>{word('preview_versioned')}</h2>{_code(tag(site, host, versioned=True))}"
        f"<h2>{word('preview_policy')}</h2>{_code(*policy(host))}"
        f"<h2>{word('preview_origins')}</h2>{allowed}</main>"
        f'<script src="../../widget.js" data-site="{text(site.key)}" data-lang="{language}" async>'
        "</script></body></html>"
    )


def _code(*lines: str) -> str:
    words = "\n".join(lines)
    return f'<pre dir="ltr"><code>{text(words)}</code></pre>'
