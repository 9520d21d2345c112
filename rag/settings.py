"""Settings: read once where a program starts, then passed on.

From the environment (`SANAD_*`), a `.env` file, and `sanad.toml` in the working
folder, in this order of strength. No other module reads the environment.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rag.embed import DEFAULT_MODEL
from rag.errors import ConfigurationError


class Settings(BaseSettings):
    """Every setting of Sanad; each has a working default."""

    model_config = SettingsConfigDict(
        env_prefix="SANAD_",
        env_file=".env",
        env_ignore_empty=True,
        toml_file="sanad.toml",
        extra="ignore",
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
    language: str = Field("en", description="Interface language where the reader's is unknown.")
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(7860, ge=1, le=65535, description="Port the server listens on.")

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
        raise ConfigurationError(
            f"setting {name!r} has value {first.get('input')!r}: {first['msg']}; correct it in "
            f"the environment (SANAD_{name.upper()}), .env or sanad.toml"
        ) from error
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
