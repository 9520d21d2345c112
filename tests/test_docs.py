"""What the documents claim is true of the program."""

import re

import pytest

from rag.settings import Settings
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def makefile_targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))


def test_every_make_target_named_in_the_readme_exists():
    assert set(re.findall(r"\bmake ([a-z][a-z-]+)", README)) <= makefile_targets()


def commands():
    return sorted(set(re.findall(r"\bsanad ([a-z]+)\b", README)))


@pytest.mark.parametrize("name", commands())
def test_every_command_named_in_the_readme_exists(name):
    import typer.main

    from ui.cli import app

    assert name in typer.main.get_command(app).commands  # type: ignore[attr-defined]


def all_commands():
    """Every command and command of a command of `sanad`."""
    import typer.main

    from ui.cli import app

    waiting = [typer.main.get_command(app)]
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        yield command


def test_every_option_named_in_the_readme_exists():
    known = {option for command in all_commands() for p in command.params for option in p.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= known


def test_env_example_lists_every_setting_with_its_default():
    text = (ROOT / ".env.example").read_text("utf-8")
    listed = dict(re.findall(r"^SANAD_([A-Z_]+)=(.*)$", text, re.M))
    fields = Settings.model_fields
    assert {name.lower() for name in listed} == set(fields)
    for name, value in listed.items():
        default = fields[name.lower()].default
        if isinstance(default, int | float):
            assert float(value) == default
        else:
            assert value == ("" if default is None else str(default))


def test_settings_named_in_the_readme_exist_with_these_defaults():
    named = re.findall(r"^\| `SANAD_([A-Z_]+)` \| `([^`]*)`", README, re.M)
    assert named
    for name, default in named:
        assert str(Settings.model_fields[name.lower()].default) == default


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_the_readme_counts_the_collection_right():
    documents = [
        path for path in (ROOT / "docs_corpus").iterdir()
        if path.suffix in {".md", ".pdf", ".docx", ".html", ".txt"} and path.name != "README.md"
    ]  # fmt: skip
    claimed = re.search(r"holds (\d+) briefs", README)
    assert claimed is not None
    assert int(claimed.group(1)) == len(documents)


def test_the_collection_lists_all_its_documents():
    listed = (ROOT / "docs_corpus" / "README.md").read_text("utf-8")
    for path in (ROOT / "docs_corpus").iterdir():
        if path.is_file() and path.name not in ("README.md",) and ".meta." not in path.name:
            assert path.name in listed, path.name


def test_nothing_names_this_machine_or_a_package_host():
    forbidden = [
        "/" + "work/", "/" + "root/", "pypi" + ".org", "files.python" + "hosted",
        "download.py" + "torch", "registry.npm" + "js", "deb.deb" + "ian",
    ]  # fmt: skip
    suffixes = {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".json", ".css", ".js", ".lock", ""}
    for folder in ("ingest", "rag", "ui", "evals", "tests", "docs", "docs_corpus", ".ci"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts:
                text = path.read_text("utf-8", errors="replace")
                assert not [word for word in forbidden if word in text], path
    for name in ("README.md", "Makefile", "pyproject.toml", "requirements.lock", ".env.example"):
        text = (ROOT / name).read_text("utf-8")
        assert not [word for word in forbidden if word in text], name
