"""`sanad site`: the sites that may embed the widget. Wired into `ui.cli`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import ConfigurationError

if TYPE_CHECKING:
    from ui.public.sites import Site

sites = typer.Typer(no_args_is_help=True, help="Sites that may embed the widget.")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of catalog and index [.sanad].")
]
Key = Annotated[str, typer.Argument(help="Key of the site; sanad site list shows it.")]


@sites.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the site, for you.")],
    origin: Annotated[
        list[str], typer.Option("--origin", help="Who may embed: https://x.org; repeatable.")
    ],
    language: Annotated[
        list[str] | None, typer.Option("--language", help="Interface languages; none: all.")
    ] = None,
    filters: Annotated[
        list[str] | None, typer.Option("--filter", help="key=value that every question gets.")
    ] = None,
    starter: Annotated[
        list[str] | None, typer.Option("--starter", help="Question offered at the start.")
    ] = None,
    starter_language: Annotated[
        str, typer.Option("--starter-language", help="Language of the starters.")
    ] = "en",
    daily: Annotated[
        int | None, typer.Option("--daily", min=0, help="Most questions a day.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Let a site embed the widget; prints its key."""
    from ui.cli import parse_filters
    from ui.public.sites import Site, exact_origin, new_key

    site = Site(
        key=new_key(),
        name=name,
        origins=tuple(dict.fromkeys(exact_origin(each) for each in origin)),
        languages=tuple(language or ()),
        filters={key: tuple(values) for key, values in parse_filters(filters or []).items()},
        starters={starter_language: tuple(starter)} if starter else {},
        daily_questions=daily,
    )
    path, known = _read(data_dir)
    _write(path, [*known.values(), site])
    typer.echo(site.key)


@sites.command("list")
def show(data_dir: DataDir = None) -> None:
    """List the sites."""
    from ui.cli import printable

    _, known = _read(data_dir)
    for site in known.values():
        state = "paused" if site.paused else "open"
        origins = " ".join(site.origins) or "nobody may embed"
        typer.echo(f"{site.key}  {state:<6}  {printable(site.name)}  {origins}")


@sites.command()
def pause(key: Key, data_dir: DataDir = None) -> None:
    """Stop answering on a site, at once."""
    _change(key, data_dir, paused=True)


@sites.command()
def resume(key: Key, data_dir: DataDir = None) -> None:
    """Answer on a site again."""
    _change(key, data_dir, paused=False)


@sites.command()
def remove(key: Key, data_dir: DataDir = None) -> None:
    """Forget a site."""
    path, known = _read(data_dir)
    _known(key, known, path)
    _write(path, [site for site in known.values() if site.key != key])
    typer.echo(f"{key} removed")


@sites.command()
def snippet(
    key: Key,
    host: Annotated[
        str, typer.Option("--host", help="Address of this server, as visitors reach it.")
    ] = "https://answers.example.org",
    data_dir: DataDir = None,
) -> None:
    """Print what the webmaster of a site puts into its pages, and where to see it before."""
    from rag.settings import load_settings
    from ui.public.sites import exact_origin
    from ui.public.tokens import Tokens, secret_of
    from ui.widget.snippet import preview_address
    from ui.widget.snippet import snippet as of

    path, known = _read(data_dir)
    site, address = _known(key, known, path), exact_origin(host)
    settings = load_settings(data_dir=data_dir)
    tokens = Tokens(secret_of(settings.data_dir), settings.token_minutes)
    typer.echo(of(site, address))
    # Not a part of what is pasted, and not of what is redirected into a file.
    preview = preview_address(tokens, site, address)
    typer.echo(f"\nPreview, for {settings.token_minutes} minutes: {preview}", err=True)


def _change(key: str, data_dir: Path | None, paused: bool) -> None:
    path, known = _read(data_dir)
    site = _known(key, known, path)
    _write(path, [*(known | {key: replace(site, paused=paused)}).values()])
    typer.echo(f"{key} {'paused' if paused else 'open'}")


def _read(data_dir: Path | None) -> tuple[Path, dict[str, Site]]:
    from rag.settings import load_settings
    from ui.public.sites import read_sites, sites_path

    path = sites_path(load_settings(data_dir=data_dir))
    return path, read_sites(path)


def _write(path: Path, known: list[Site]) -> None:
    from ui.public.sites import write_sites

    write_sites(path, known)


def _known(key: str, known: dict[str, Site], path: Path) -> Site:
    if key not in known:
        names = ", ".join(known) or "none; sanad site add makes one"
        raise ConfigurationError(f"{path} has no site {key!r}; known: {names}")
    return known[key]
