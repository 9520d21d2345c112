"""What the files for deployment and the pages on security call: that all of it exists."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess

import pytest
import typer.main
import yaml

from rag.settings import Settings, load_settings
from rag.wording import languages
from tests.conftest import ROOT
from ui.public.notice import notice
from ui.public.routes import route_of

DEPLOY = ROOT / "docs" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
CADDY = (DEPLOY / "Caddyfile").read_text("utf-8")
UNIT_TEXT = (DEPLOY / "sanad.service").read_text("utf-8")
PAGES = [ROOT / "docs" / "security.md", ROOT / "docs" / "privacy.md", DEPLOY / "README.md"]
OUTSIDE = {"SANAD_NAME"}  # of the compose file and the Caddyfile, not ours


def instructions(text):
    """(instruction, rest) of a Dockerfile, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.M))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def unit():
    """The unit's sections; repeated keys as lists."""

    class Repeated(dict):
        def __setitem__(self, key, value):
            if key in self and isinstance(value, list):
                self[key].extend(value)
            else:
                super().__setitem__(key, value)

    parser = configparser.RawConfigParser(dict_type=Repeated, strict=False)
    parser.optionxform = str
    parser.read_string(UNIT_TEXT)
    return {name: dict(parser.items(name)) for name in parser.sections()}


@pytest.mark.parametrize(
    "path", [p for p in sorted(DEPLOY.iterdir()) if p.is_file()], ids=lambda path: path.name
)
def test_every_setting_that_is_named_exists(path):
    named = set(re.findall(r"\bSANAD_[A-Z_]+\b", path.read_text("utf-8"))) - OUTSIDE
    assert {name.removeprefix("SANAD_").lower() for name in named} <= set(Settings.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_command_and_test_of_a_page_exists(page):
    text = page.read_text("utf-8")
    for name in set(re.findall(r"\bSANAD_[A-Z_]+\b", text)):
        assert name.removeprefix("SANAD_").lower() in Settings.model_fields, name
    for words in re.findall(r"`sanad ([^`]+)`", text):
        assert is_command(shlex.split(words)), words
    for module, test in re.findall(r"`(test_\w+)::(test_\w+)`", text):
        source = (ROOT / "tests" / f"{module}.py").read_text("utf-8")
        assert f"def {test}(" in source, f"{module}::{test}"
    for named in re.findall(r"`(tests/\w+\.py)`", text):
        assert (ROOT / named).exists(), named
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / target).exists(), target


def is_command(words):
    """Whether the words are a command of ours with options it takes."""
    from ui.cli import app

    command = typer.main.get_command(app)
    for word in words:
        if not hasattr(command, "commands"):
            break
        if word not in command.commands:
            return False
        command = command.commands[word]
    known = {option for parameter in command.params for option in parameter.opts}
    return all(word in known for word in words if word.startswith("--"))


def test_a_command_that_is_not_ours_is_noticed():
    assert is_command(["site", "add", "x", "--origin", "y"])
    assert not is_command(["site", "pauze", "x"])
    assert not is_command(["questions", "delete", "--older", "7d"])


def test_the_image_copies_what_exists_and_serves_by_our_command():
    steps = instructions(DOCKERFILE)
    for name, rest in steps:
        if name == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
    last = {name: rest for name, rest in steps}
    assert yaml.safe_load(last["ENTRYPOINT"]) == ["sanad"]
    assert is_command(yaml.safe_load(last["CMD"]))
    extras = re.search(r'"\.\[([a-z,]+)\]"', DOCKERFILE).group(1).split(",")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert all(re.search(rf"^{extra} = \[", project, re.M) for extra in extras)


def test_the_image_gets_no_more_than_it_copies():
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    copied = {
        source.removeprefix("./")
        for name, rest in instructions(DOCKERFILE)
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert kept == copied


def test_the_container_is_not_root_and_cannot_write_its_image():
    users = [rest for name, rest in instructions(DOCKERFILE) if name == "USER"]
    assert users == ["10001:10001"]
    for name in ("app", "proxy"):
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
    assert COMPOSE["services"]["app"]["user"] == users[0]
    assert "ports" not in COMPOSE["services"]["app"]


def test_the_health_check_asks_a_route_that_is_served():
    check = re.search(r"http://127\.0\.0\.1:(\d+)(/[\w/]+)", DOCKERFILE)
    assert int(check.group(1)) == Settings.model_fields["port"].default
    assert route_of(check.group(2)).name == "health"
    code = yaml.safe_load(re.search(r"CMD (\[\"python\".*\])", DOCKERFILE).group(1))[2]
    compile(code, "healthcheck", "exec")


def test_the_composition_holds_together(monkeypatch, tmp_path):
    services, volumes = COMPOSE["services"], COMPOSE["volumes"]
    assert set(services) == {"app", "proxy", "chroma"}
    build = services["app"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).exists()
    for service in services.values():
        for each in service.get("volumes", []):
            source = each.partition(":")[0]
            assert source in volumes or (DEPLOY / source).exists(), source
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
        assert set(service.get("depends_on", {})) <= set(services)
        assert ":" in service["image"] or "build" in service
    told = services["app"]["environment"]
    monkeypatch.chdir(tmp_path)
    for name, value in told.items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value))
    settings = load_settings()
    trusted = [str(net) for net in settings.proxies()]
    assert trusted == [f"{services['proxy']['networks']['inside']['ipv4_address']}/32"]
    assert settings.hosts() == ("localhost",)
    installed = re.search(
        r"^chromadb==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.M
    )
    assert services["chroma"]["image"] == f"chromadb/chroma:{installed.group(1)}"


def test_the_proxy_reaches_the_app_and_closes_the_metrics():
    assert CADDY.count("{") == CADDY.count("}")
    name, port = re.search(r"reverse_proxy (\w+):(\d+)", CADDY).groups()
    assert port in COMPOSE["services"][name]["expose"]
    assert route_of(re.search(r"@measures path (\S+)", CADDY).group(1)).name == "metrics"
    assert "respond @measures 404" in CADDY
    assert "flush_interval -1" in CADDY


def test_the_unit_starts_our_command_with_settings_that_are_read(monkeypatch, tmp_path):
    service = unit()["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program.endswith("/bin/sanad")
    assert is_command(words)
    monkeypatch.chdir(tmp_path)
    for line in re.findall(r"^Environment=(SANAD_\w+=.*)$", UNIT_TEXT, re.M):
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert str(settings.data_dir) == f"/var/lib/{service['StateDirectory']}"
    assert [str(net) for net in settings.proxies()] == ["127.0.0.1/32"]
    page = re.search(r"Documentation=file:/usr/share/doc/sanad/(\S+)", UNIT_TEXT).group(1)
    assert (ROOT / page).exists()


def test_the_unit_takes_rights_away():
    service = unit()["Service"]
    assert service["User"] not in ("", "root")
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["UMask"] == "0077"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_reads_the_unit_without_a_word(tmp_path):
    """With a program and a user that exist here, which is all that is changed."""
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT_TEXT, flags=re.M)
    path = tmp_path / "sanad.service"
    path.write_text(re.sub(r"^(User|Group)=.*", r"\1=daemon", text, flags=re.M))
    command = ["systemd-analyze", "verify", "--man=no", str(path)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize("language", languages())
def test_visitors_are_told_what_is_kept_and_who_else_reads(language):
    silent = notice(Settings(), language)
    assert len(silent) == 1
    kept, sent = notice(Settings(llm="openai:m", log_questions=True), language)
    assert kept != silent[0]
    assert "30" in kept
    assert "OpenAI" in sent
    own = Settings(llm="openai:m", llm_base_url="https://models.example.org/v1")
    assert "models.example.org" in notice(own, language)[1]
    assert len(notice(own, language, model_on=False)) == 1
