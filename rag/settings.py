"""Settings: read once where a program starts, then passed on.

From the environment (`SANAD_*`), a `.env` file, and `sanad.toml` in the working
folder, in this order of strength. No other module reads the environment.
"""

from __future__ import annotations

import os
import re
import tomllib
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rag.embed import DEFAULT_MODEL
from rag.errors import ConfigurationError
from rag.loading import Backend, Device
from rag.vectors_server import ChromaServer
from rag.writing.deadline import Deadlines
from rag.writing.providers import WriterSettings

# An address may hold credentials.
_NEVER_SHOWN = (
    "llm_api_key", "llm_base_url", "limits_store", "metrics_token", "office_password",
    "chroma_server", "chroma_token",
)  # fmt: skip
FEWEST_CHARACTERS = 12  # of a password; guesses are counted, but there may be years of them
# As a browser writes it: lower case, no path, no wildcard.
ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class Settings(BaseSettings):
    """Every setting of Sanad; each has a working default."""

    model_config = SettingsConfigDict(
        env_prefix="SANAD_",
        env_file=".env",
        env_ignore_empty=True,
        toml_file="sanad.toml",
        extra="ignore",
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(Path(".sanad"), description="Folder of the catalog and the index.")
    embedding_model: str = Field(
        DEFAULT_MODEL,
        description="Shipped model, folder, or sentence-transformers name. Another one re-embeds.",
    )
    embedding_revision: str = Field("", description="Revision of a hub model to pin.")
    embedding_batch_size: int = Field(32, ge=1, le=4096, description="Texts a model call.")
    embedding_backend: Backend = Field(
        "auto", description="torch, or onnx where optimum-onnx is installed. auto: torch."
    )
    device: Device = Field("auto", description="Where models run. auto: a GPU where there is one.")
    reranker: str = Field(
        "", description="Cross-encoder, name or folder, to reorder the best passages. Empty: none."
    )
    rerank_depth: int = Field(20, ge=2, le=200, description="Passages the reranker reads.")
    lexical_weight: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Weight of words against vectors in a passage's score. Unset: 0.5, with "
        "sanad-static 0.65.",
    )
    glossary: Path | None = Field(
        None, description="Glossary file; by default glossary.yaml of an ingested folder."
    )
    vector_search: Literal["auto", "exact", "chroma"] = Field(
        "auto",
        description="auto: Chroma in the server, an exact scan of the same vectors in one-shot "
        "commands (importing Chroma costs more than the question).",
    )
    chroma_server: str = Field(
        "",
        description="Address of a Chroma server (chroma run), http://HOST:PORT, that holds the "
        "vectors for several machines. Empty: none; each has its own copy.",
    )
    chroma_token: SecretStr = Field(
        SecretStr(""), description="Token that the proxy in front of it asks for. Empty: none."
    )
    chroma_token_header: Literal["Authorization", "X-Chroma-Token"] = Field(
        "Authorization", description="Header that carries it; Authorization as a bearer's."
    )
    chroma_seconds: float = Field(
        2.0, gt=0, le=60, description="Longest wait for it; then this machine scans its own copy."
    )
    question_characters: int = Field(1000, ge=1, le=20000, description="Longest question.")
    answer_sentences: int = Field(5, ge=1, le=20, description="Most sentences quoted.")
    passages: int = Field(12, ge=1, le=100, description="Passages read for one answer.")
    read_seconds: float = Field(30.0, gt=0, le=3600, description="Longest time to read a file.")
    read_memory_mb: int = Field(1024, ge=256, description="Memory a reading child may take.")
    ingest_engine: Literal["local", "ray"] = Field(
        "local", description="What reads and embeds: processes of this machine, or Ray."
    )
    ray_address: str = Field(
        "", description="Head of a Ray cluster, HOST:PORT. Empty: a Ray of the run's own."
    )
    ocr: Literal["auto", "off"] = Field(
        "auto", description="auto: pages that are pictures are read by Tesseract where installed."
    )
    ocr_languages: str = Field(
        "", description="Tesseract's languages, eng+ara. Empty: eng, ara, fra, spa if installed."
    )
    tables: Literal["off", "docling"] = Field(
        "off", description="docling: it finds the tables of PDFs, from an environment of its own."
    )
    tables_models: Path | None = Field(None, description="Folder of docling's models.")
    fetch_agent: str = Field(
        "Sanad", description="Name websites are asked under, and that robots.txt is read for."
    )
    fetch_contact: str = Field(
        "", description="Address or page of who runs this, told to the websites. Empty: none."
    )
    fetch_pause: float = Field(
        1.0, ge=0, le=600, description="Seconds between two requests to one website, at least."
    )
    fetch_pages: int = Field(2000, ge=1, description="Most addresses of a site, a run.")
    fetch_depth: int = Field(5, ge=0, le=100, description="Links from a site's first page.")
    fetch_seconds: float = Field(60.0, gt=0, le=3600, description="Longest time of a request.")
    fetch_mb: int = Field(20, ge=1, le=200, description="Largest page or file of the web, in MB.")
    fetch_allow: str = Field(
        "",
        description="Servers, HOST:PORT, that may be asked though their address is not public or "
        "their port no web port.",
    )
    llm: str = Field(
        "",
        description="Language model that writes answers, provider:model as LangChain names them "
        "(openai:, anthropic:, ollama:, ...). Empty: none; answers quote the documents.",
    )
    llm_base_url: str = Field(
        "",
        description="Address of the model's server, such as an OpenAI-compatible one with "
        "SANAD_LLM=openai:NAME. Empty: the provider's own.",
    )
    llm_api_key: SecretStr = Field(
        SecretStr(""),
        description="Key of the model. Empty: the provider's own variable (OPENAI_API_KEY, ...), "
        "which is not sent to a server named in SANAD_LLM_BASE_URL.",
    )
    llm_connect_seconds: float = Field(5.0, gt=0, le=600, description="To reach the model.")
    llm_first_token_seconds: float = Field(
        15.0, gt=0, le=600, description="To its first text, retries included."
    )
    llm_between_tokens_seconds: float = Field(
        8.0, gt=0, le=600, description="Longest silence after the first text."
    )
    llm_total_seconds: float = Field(30.0, gt=0, le=3600, description="To the end of its text.")
    llm_retries: int = Field(2, ge=0, le=10, description="Before the first text only.")
    llm_max_tokens: int = Field(1000, ge=1, le=100_000, description="Longest text it may write.")
    llm_temperature: float | None = Field(
        None, ge=0, le=2, description="Empty: the provider's default; some models take no other."
    )
    llm_price_input: float = Field(
        0.0, ge=0, description="Price of a million tokens read, in any currency. 0: unknown."
    )
    llm_price_output: float = Field(
        0.0, ge=0, description="Price of a million tokens written. 0: unknown."
    )
    judge: str = Field(
        "",
        description="A second check of written sentences: model (the language model itself) or "
        "the name of a sentence-transformers cross-encoder. Empty: the checks in code alone.",
    )
    language: str = Field("en", description="Interface language where the reader's is unknown.")
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(7860, ge=1, le=65535, description="Port the server listens on.")
    workers: int = Field(
        0, ge=0, le=64, description="Processes that answer. 0: the server's own process."
    )
    public_hosts: str = Field(
        "", description="Host names a reverse proxy passes on; loopback takes no others."
    )
    trusted_proxies: str = Field(
        "", description="Addresses or networks of proxies whose X-Forwarded-For is believed."
    )
    cors_origins: str = Field(
        "", description="Origins whose pages may call the API, besides those of the sites."
    )
    sites: Path | None = Field(
        None, description="File of the sites that may embed; by default sites.toml of the data."
    )
    limit_address_minute: int = Field(10, ge=1, description="Questions an address and minute.")
    limit_address_hour: int = Field(60, ge=1, description="Questions an address and hour.")
    limit_session_hour: int = Field(30, ge=1, description="Questions a session and hour.")
    limit_site_day: int = Field(2000, ge=0, description="Questions a site and day.")
    limit_light_minute: int = Field(
        60, ge=1, description="Cheap requests (tokens, feedback) an address and minute."
    )
    limit_at_once: int = Field(
        8, ge=1, le=1000, description="Questions answered at the same time, all faces together."
    )
    limit_address_at_once: int = Field(
        4, ge=1, description="Questions of one address that run or wait at the same time."
    )
    limit_queue: int = Field(32, ge=0, description="Questions that may wait for their turn.")
    limit_queue_seconds: float = Field(10.0, gt=0, le=600, description="Longest wait for it.")
    limits_store: SecretStr = Field(
        SecretStr(""),
        description="Where limits are counted: empty, this process; redis://HOST:PORT/N, "
        "processes that count together.",
    )
    budget_tokens_day: int = Field(
        0, ge=0, description="Tokens the model may read and write a day. 0: no limit."
    )
    budget_cost_day: float = Field(
        0.0, ge=0, description="What the model may cost a day, by the prices set. 0: no limit."
    )
    token_minutes: int = Field(30, ge=1, le=1440, description="Life of a visitor token.")
    proof_of_work: int = Field(
        0,
        ge=0,
        le=10_000_000,
        description="Most steps a browser counts before its first question (ALTCHA). 0: off.",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Token for /metrics from elsewhere than this machine."
    )
    log: Literal["off", "stderr"] = Field(
        "off", description="stderr: one line of JSON a request, without text or address."
    )
    log_questions: bool = Field(
        False, description="Keep questions, scrubbed, in the data folder. Say so to visitors."
    )
    log_questions_days: int = Field(30, ge=1, le=365, description="Age at which they go.")
    originals: bool = Field(
        True, description="Whether readers get original files, and pictures of their pages."
    )
    office_password: SecretStr = Field(
        SecretStr(""), description="Password of the knowledge officer's pages. Empty: none are."
    )
    library_folder: Path | None = Field(
        None, description="Where the officer's uploads lie; by default library of the data folder."
    )

    @field_validator("llm_base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        return _address(value, "SANAD_LLM_API_KEY")

    @field_validator("chroma_server")
    @classmethod
    def _server_address(cls, value: str) -> str:
        if urlsplit(value).path.strip("/") or urlsplit(value).query:
            raise ValueError("it takes a host and a port, without a path")
        return _address(value, "SANAD_CHROMA_TOKEN").rstrip("/")

    @field_validator("llm_api_key", "chroma_token")
    @classmethod
    def _fits_a_header(cls, value: SecretStr) -> SecretStr:
        bare = value.get_secret_value().strip()
        if not all("!" <= character <= "~" for character in bare):
            raise ValueError("a key has no spaces and only ASCII characters")
        return SecretStr(bare)

    @field_validator("office_password")
    @classmethod
    def _not_guessed(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < FEWEST_CHARACTERS:
            raise ValueError(f"a password has {FEWEST_CHARACTERS} characters or more")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for each in _listed(value):
            try:
                ip_network(each, strict=False)
            except ValueError:
                raise ValueError(f"{each!r} is neither an address nor a network") from None
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        return _each_is(value, ORIGIN, "an exact origin, such as https://x.org")

    @field_validator("fetch_agent")
    @classmethod
    def _token(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z_-]{1,40}", value):
            raise ValueError("robots.txt knows agents by letters, - and _, up to 40 of them")
        return value

    @field_validator("fetch_contact")
    @classmethod
    def _one_word(cls, value: str) -> str:
        if not re.fullmatch(r"[!-'*-~]{0,200}", value):
            raise ValueError("it takes an e-mail address or a URL, without spaces and brackets")
        return value

    @field_validator("fetch_allow")
    @classmethod
    def _places(cls, value: str) -> str:
        for each in _listed(value):
            if not re.fullmatch(r"(?:[A-Za-z0-9.-]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*):\d{1,5}", each):
                raise ValueError(f"{each!r} is not HOST:PORT")
        return value

    @field_validator("public_hosts")
    @classmethod
    def _names(cls, value: str) -> str:
        return _each_is(value, HOST, "a host name without port")

    @field_validator("limits_store")
    @classmethod
    def _store(cls, value: SecretStr) -> SecretStr:
        if not re.match(r"(?:$|rediss?://[^/])", value.get_secret_value()):
            raise ValueError("it takes redis://HOST:PORT/N, rediss://..., or nothing")
        return value

    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The trusted proxies."""
        return tuple(ip_network(each, strict=False) for each in _listed(self.trusted_proxies))

    def origins(self) -> frozenset[str]:
        """Origins whose pages may call the API, besides those of the sites."""
        return frozenset(_listed(self.cors_origins))

    def hosts(self) -> tuple[str, ...]:
        """Host names the server is reached by from elsewhere."""
        return tuple(_listed(self.public_hosts))

    def embedding(self) -> tuple[str, str, int, str, str]:
        """The arguments of `rag.embed.load_embedder`."""
        model, revision = self.embedding_model, self.embedding_revision
        return model, revision, self.embedding_batch_size, self.device, self.embedding_backend

    def fetching(self) -> dict[str, Any]:
        """How websites are asked: plain values for `ingest.web.options.web_options`."""
        return {
            "agent": self.fetch_agent,
            "contact": self.fetch_contact,
            "pause": self.fetch_pause,
            "pages": self.fetch_pages,
            "depth": self.fetch_depth,
            "seconds": self.fetch_seconds,
            "megabytes": self.fetch_mb,
            "allow": _listed(self.fetch_allow.lower()),
        }

    def server(self) -> ChromaServer | None:
        """The Chroma server that holds the vectors; None where there is none."""
        if not self.chroma_server:
            return None
        token = self.chroma_token.get_secret_value()
        header = self.chroma_token_header
        return ChromaServer(self.chroma_server, token, header, self.chroma_seconds)

    def writer(self) -> WriterSettings | None:
        """How the language model is reached; None where there is none."""
        if not self.llm:
            return None
        return WriterSettings(
            model=self.llm,
            base_url=self.llm_base_url,
            api_key=self.llm_api_key.get_secret_value(),
            connect_seconds=self.llm_connect_seconds,
            deadlines=Deadlines(
                self.llm_first_token_seconds,
                self.llm_between_tokens_seconds,
                self.llm_total_seconds,
            ),
            retries=self.llm_retries,
            max_tokens=self.llm_max_tokens,
            temperature=self.llm_temperature,
            price_input=self.llm_price_input,
            price_output=self.llm_price_output,
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments over environment over .env over sanad.toml."""
        toml = TomlConfigSettingsSource(settings_cls)
        if isinstance(env_settings, EnvSettingsSource):
            given = env_settings.env_vars.items()
            env_settings.env_vars = {k: v for k, v in given if not _is_of_a_service(k, v or "")}
        return init_settings, env_settings, dotenv_settings, toml


_SERVICE = re.compile(
    r"(?i)sanad_(?:.*_)?(?:service_(?:host|port)\w*|port(?:_\d+_(?:tcp|udp)\w*)?)"
)


def _is_of_a_service(name: str, value: str) -> bool:
    """Whether a variable is one that Kubernetes sets in every container beside a Service named
    "sanad" (SANAD_SERVICE_HOST, SANAD_PORT=tcp://...): no setting of ours."""
    if _SERVICE.fullmatch(name) is None:
        return False
    return name.lower() != "sanad_port" or "://" in value


def _address(value: str, key: str) -> str:
    """An http(s) address without credentials, for which `key` is the setting; the messages do
    not repeat it."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("it must be an http:// or https:// address")
    if "@" in parts.netloc:
        raise ValueError(f"it holds credentials; put the key in {key}")
    return value


def _each_is(value: str, pattern: re.Pattern[str], what: str) -> str:
    """A list as it was given. Raises ValueError for a part that is not `what`."""
    for each in _listed(value):
        if not pattern.fullmatch(each):
            raise ValueError(f"{each!r} is not {what}")
    return value


def _listed(value: str) -> list[str]:
    """The parts of a setting that takes several, with commas or spaces between them."""
    return value.replace(",", " ").split()


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` (None: not given) come from the command line.

    Raises ConfigurationError that names the setting, its value and what it takes.
    """
    _refuse_unknown()
    try:
        return Settings(**{k: v for k, v in overrides.items() if v is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        secret = name in _NEVER_SHOWN
        value = "a value that is not shown" if secret else f"value {first.get('input')!r}"
        raise ConfigurationError(
            f"setting {name!r} has {value}: {first['msg']}; correct it in "
            f"the environment (SANAD_{name.upper()}), .env or sanad.toml"
        ) from (None if secret else error)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f".env is not UTF-8: {error.reason}") from error


def _refuse_unknown() -> None:
    """Raise ConfigurationError for a name that is no setting: it is probably a slip. Its
    value is not shown, for it may be a secret. Other programs' names in .env are theirs."""
    known = set(Settings.model_fields)
    try:
        listed = tomllib.loads(Path("sanad.toml").read_text("utf-8"))
    except FileNotFoundError:
        listed = {}
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"sanad.toml does not read: {error}") from error
    named = {f"sanad.toml: {name}": name for name in listed}
    named |= {
        name: name.removeprefix("SANAD_").lower()
        for name, value in os.environ.items()
        if name.startswith("SANAD_") and not _is_of_a_service(name, value)
    }
    for shown, name in named.items():
        if name not in known:
            raise ConfigurationError(f"{shown} is not a setting; known: {', '.join(sorted(known))}")
