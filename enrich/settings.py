"""Settings from the environment or `.env`, read once by whoever starts the work and passed down.

Nothing below the command line reads the environment. Names are a contract (`ENRICH_DATABASE_URL`, …).
Every bad setting is reported at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from enrich.errors import SettingsError

#: Every outside source, in the order the Label Hunter asks them.
SOURCES = ("beatport", "juno", "traxsource", "musicbrainz", "deezer", "discogs")

#: Sources that need no opt-in: open, documented interfaces. The others are switched on by naming them.
OPEN_SOURCES = ("musicbrainz", "deezer", "discogs")


class Settings(BaseSettings):
    """All settings; construct with `load_settings()`."""

    model_config = SettingsConfigDict(env_prefix="ENRICH_", env_file=".env", extra="ignore", frozen=True)

    database_url: SecretStr | None = None
    search_path: str = Field(default="musicdb, public", pattern=r"^\s*\w+(\s*,\s*\w+)*\s*$")
    data_dir: Path = Path("data")
    #: None: the open sources. Empty: none at all. Else these, in this order.
    sources: Annotated[tuple[str, ...] | None, NoDecode] = None
    contact: str = ""
    auto_accept: str = "default"

    beatport_url: str = "https://api.beatport.com/v4"
    beatport_token: SecretStr | None = None
    beatport_rate: float = Field(default=1.0, gt=0)
    juno_url: str = "https://www.junodownload.com"
    juno_token: SecretStr | None = None
    juno_rate: float = Field(default=1.0, gt=0)
    traxsource_url: str = "https://www.traxsource.com"
    traxsource_token: SecretStr | None = None
    traxsource_rate: float = Field(default=0.5, gt=0)
    musicbrainz_url: str = "https://musicbrainz.org/ws/2"
    musicbrainz_token: SecretStr | None = None
    musicbrainz_rate: float = Field(default=1.0, gt=0)
    deezer_url: str = "https://api.deezer.com"
    deezer_token: SecretStr | None = None
    deezer_rate: float = Field(default=8.0, gt=0)
    discogs_url: str = "https://api.discogs.com"
    discogs_token: SecretStr | None = None
    discogs_rate: float | None = Field(default=None, gt=0)

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8022, ge=0, le=65535)
    api_token: SecretStr | None = None

    @field_validator("sources", mode="before")
    @classmethod
    def _split_sources(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(part.strip().lower() for part in value.split(",") if part.strip())

    @field_validator("sources")
    @classmethod
    def _known_sources(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        unknown = [name for name in value or () if name not in SOURCES]
        if unknown:
            raise ValueError(f"unknown source {', '.join(unknown)}; known are {', '.join(SOURCES)}")
        return value


def load_settings(**overrides: Any) -> Settings:
    """Read the environment and `.env`; `overrides` win.

    Raises:
        SettingsError: names every bad setting and what is wrong with it.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        bad = "; ".join(
            f"ENRICH_{'_'.join(str(p) for p in e['loc']).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        )
        raise SettingsError(f"settings (environment or .env): {bad}") from None
