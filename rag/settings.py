"""Settings: read once where a program starts, then passed on.

From the environment (`SANAD_*`), a `.env` file, and `sanad.toml` in the working
folder, in this order of strength. No other module reads the environment.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rag.embed import DEFAULT_MODEL
from rag.errors import ConfigurationError
from rag.writing.deadline import Deadlines
from rag.writing.providers import WriterSettings

_NEVER_SHOWN = ("llm_api_key", "llm_base_url")  # an address may hold credentials


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
    glossary: Path | None = Field(
        None, description="Glossary file; by default glossary.yaml of an ingested folder."
    )
    vector_search: Literal["auto", "exact", "chroma"] = Field(
        "auto",
        description="auto: Chroma in the server, an exact scan of the same vectors in one-shot "
        "commands (importing Chroma costs more than the question).",
    )
    question_characters: int = Field(1000, ge=1, le=20000, description="Longest question.")
    answer_sentences: int = Field(5, ge=1, le=20, description="Most sentences quoted.")
    passages: int = Field(12, ge=1, le=100, description="Passages read for one answer.")
    read_seconds: float = Field(30.0, gt=0, le=3600, description="Longest time to read a file.")
    read_memory_mb: int = Field(2048, ge=256, description="Memory a reading child may take.")
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

    @field_validator("llm_base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        """An http(s) address without credentials; the messages do not repeat it."""
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("it must be an http:// or https:// address")
        if "@" in parts.netloc:
            raise ValueError("it holds credentials; put the key in SANAD_LLM_API_KEY")
        return value

    @field_validator("llm_api_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr) -> SecretStr:
        bare = value.get_secret_value().strip()
        if not all("!" <= character <= "~" for character in bare):
            raise ValueError("a key has no spaces and only ASCII characters")
        return SecretStr(bare)

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
        return init_settings, env_settings, dotenv_settings, toml


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
        for name in os.environ
        if name.startswith("SANAD_")
    }
    for shown, name in named.items():
        if name not in known:
            raise ConfigurationError(f"{shown} is not a setting; known: {', '.join(sorted(known))}")
