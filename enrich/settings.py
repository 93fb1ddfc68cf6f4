"""Settings from the environment or `.env`, read once by whoever starts the work and passed down; all faults at once.

A `.env` that another user may write is not read: it could name the server that gets our tokens, and the folder of the
programs we start.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from enrich.errors import SettingsError
from enrich.rules import ACCEPT_PRECISION

#: Every outside source, in the order the Label Hunter asks them.
SOURCES = ("beatport", "juno", "traxsource", "musicbrainz", "deezer", "discogs")

#: Bytes of a `.env`.
_LARGEST = 1 << 20
#: In a folder's name: what breaks a line or is no character at all, and what DuckDB takes for something else.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff?\\]")
#: A schema's name as Postgres reads it unchanged: lower case, or quoted.
_NAME = re.compile(r'(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")')


class Settings(BaseSettings):
    """All settings; construct with `load_settings()`."""

    model_config = SettingsConfigDict(env_prefix="ENRICH_", extra="ignore", frozen=True)

    database_url: SecretStr | None = None
    search_path: str = "musicdb, public"
    #: Tables and columns that stand elsewhere than sql/layouts.toml says: `artists=people, artists.id=person_no`.
    layout: str = ""
    #: So many snapshots are kept; older ones are removed when a new one is taken.
    keep_snapshots: int = Field(default=5, ge=1)
    data_dir: Path = Path("data")
    #: None: the open sources. Empty: none at all. Else these, in this order.
    sources: Annotated[tuple[str, ...] | None, NoDecode] = None
    contact: str = ""
    auto_accept: str = "default"
    #: What the lower bound of the precision of an accepted set must reach.
    accept_precision: float = Field(default=ACCEPT_PRECISION, gt=0, lt=1)

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

    #: Seconds a statement on Postgres may take, and a lock be waited for; None: as long as the server lets them.
    _bounds_s: tuple[float, float] | None = PrivateAttr(default=None)

    @property
    def bounds_s(self) -> tuple[float, float] | None:
        """Seconds a statement may take and a lock be waited for; see `bounded`."""
        return self._bounds_s

    def bounded(self, *, statement_s: float, lock_s: float) -> Settings:
        """The same settings for work whose caller waits: statements and waits for locks end in an error in time."""
        copy = self.model_copy()
        copy._bounds_s = (statement_s, lock_s)
        return copy

    @field_validator("database_url", "api_token", *(f"{name}_token" for name in SOURCES), mode="before")
    @classmethod
    def _blank_is_unset(cls, value: Any) -> Any:
        secret = value.get_secret_value() if isinstance(value, SecretStr) else value
        return None if isinstance(secret, str) and not secret.strip() else value

    @field_validator("api_token", *(f"{name}_token" for name in SOURCES if name != "beatport"))
    @classmethod
    def _can_be_sent(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        if not re.fullmatch(r"[!-~]+", value.get_secret_value().strip()):
            raise ValueError("a token is letters, digits and signs of ASCII without spaces; make one anew")
        return SecretStr(value.get_secret_value().strip())

    @field_validator("data_dir")
    @classmethod
    def _can_hold_files(cls, value: Path) -> Path:
        whole = os.path.abspath(value.expanduser())
        if found := _UNFIT.search(whole):
            raise ValueError(
                f"{whole!r}: DuckDB and Postgres keep no files under a name with {found[0]!r}; name another folder"
            )
        return value

    @property
    def schemas(self) -> tuple[str, ...]:
        """The names in `search_path`, without their quotes."""
        return tuple(
            name[1:-1].replace('""', '"') if name[0] == '"' else name for name in _NAME.findall(self.search_path)
        )

    @field_validator("search_path")
    @classmethod
    def _means_the_same_everywhere(cls, value: str) -> str:
        if not re.fullmatch(rf"\s*{_NAME.pattern}(\s*,\s*{_NAME.pattern})*\s*", value):
            raise ValueError(
                f"cannot read {value!r}: a comma list of schemas, lower case; any other name in double quotes, "
                'such as "MyData", public'
            )
        return value

    @field_validator("sources", mode="before")
    @classmethod
    def _known_sources(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = tuple(part.strip().lower() for part in value.split(",") if part.strip())
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
        return Settings(**{"_env_file": _trusted(Path(".env")), **overrides})
    except ValidationError as error:
        bad = "; ".join(
            f"ENRICH_{'_'.join(str(p) for p in e['loc']).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        )
        raise SettingsError(f"settings (environment or .env): {bad}") from None
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{Path('.env').absolute()}: cannot be read as settings ({error}); mend or remove it"
        ) from None


def _trusted(path: Path) -> Path | None:
    """The file, where only we and root may write it; else None, and a line says so."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
        reason = "it is no file of settings"
    elif found.st_uid not in (0, os.geteuid()):
        reason = "it belongs to another user"
    elif found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and not _is_ours_alone(found.st_gid)):
        reason = "other users may write it; `chmod go-w .env`"
    else:
        return path
    sys.stderr.write(f"enrich: {path.absolute()} is ignored: {reason}\n")
    return None


def _is_ours_alone(group: int) -> bool:
    """Whether a group is the one that many systems give every user, with nobody else in it."""
    try:
        found, user = grp.getgrgid(group), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return found.gr_gid == user.pw_gid and found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}
