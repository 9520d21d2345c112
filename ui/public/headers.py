"""Headers of every response, by class of route, and which origins may read one.

Knows routes and origins; sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from ui.public.routes import Class, Route

Header = tuple[bytes, bytes]

# Gradio's page compiles its templates (gr.HTML) and starts from inline scripts, so its scripts
# need both exceptions; nothing may come from, or go to, another host.
GRADIO_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
# The other pages of the reading room are our own markup: no script or style stands in them.
ROOM_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
STRICT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
POLICY = b"content-security-policy"
COMMON: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    ),
    (b"x-permitted-cross-domain-policies", b"none"),
)
# A page elsewhere loads the widget's script and frame, and nothing else of ours.
_RESOURCE: dict[Class, bytes] = {
    "gradio": b"same-origin",
    "room": b"same-origin",
    "widget": b"cross-origin",
    "script": b"cross-origin",
    "data": b"same-origin",
}
_POLICIES: dict[Class, str] = {"gradio": GRADIO_POLICY, "room": ROOM_POLICY}
HSTS: Header = (b"strict-transport-security", b"max-age=31536000")
API_ROUTES = frozenset(
    "ask search documents feedback chat_completions models schema".split()
)  # read by pages of allowed origins
_OURS = {name for name, _ in (*COMMON, HSTS)} | {b"cross-origin-resource-policy", b"server"}


def with_headers(
    given: Iterable[Header], route: Route | None, secure: bool, origin: str, allowed: bool
) -> list[Header]:
    """The headers of an application's response with ours in place of its own.

    The widget's pages keep the policy they set, which names the sites that may frame them;
    a page that sets none gets the strict one. `origin` is the caller's, `allowed` whether
    it may read the API.
    """
    of: Class = route.of if route else "data"
    kept: list[Header] = []
    policy = _POLICIES.get(of, STRICT_POLICY)
    for name, value in given:
        name = name.lower()
        if name == POLICY:
            policy = value.decode("latin-1") if of == "widget" else policy
        elif name not in _OURS and not name.startswith(b"access-control-"):
            kept.append((name, value))
    kept += COMMON
    kept += [(POLICY, policy.encode("latin-1")), (b"cross-origin-resource-policy", _RESOURCE[of])]
    if secure:
        kept.append(HSTS)
    return kept + cors(route, origin, allowed)


def cors(route: Route | None, origin: str, allowed: bool) -> list[Header]:
    """Who may read a response: an exact origin, without credentials, and only the API;
    anybody the loader script, which a page checks by its hash (SRI needs CORS)."""
    if route is not None and route.of == "script":
        return [(b"access-control-allow-origin", b"*")]
    if route is None or route.name not in API_ROUTES:
        return []
    if not (origin and allowed):
        return [(b"vary", b"origin")]
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"retry-after, x-request-id"),
        (b"vary", b"origin"),
    ]


PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, x-request-id"),
    (b"access-control-max-age", b"600"),
)
