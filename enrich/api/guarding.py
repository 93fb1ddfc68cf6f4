"""Who may call: names of the server, pages of other sites, and the token. Pure but for what a request says.

On loopback the machine's own users may read, and a token, where one is set, guards what writes. On any other host
there is always a token, and it guards the data as well; `/health` alone answers everybody.
"""

import ipaddress
import re
import secrets
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request, Security
from fastapi.exceptions import HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from enrich.errors import SettingsError
from enrich.settings import Settings

#: Names under which a server on loopback is called.
LOCAL_NAMES = ("127.0.0.1", "localhost", "::1", "[::1]")
#: `scheme://host[:port]`, as a browser writes the page that sends a request.
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]\\]+)(:\d{1,5})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Guards:
    """Dependencies of endpoints that write, and of those that show data."""

    writing: list[Any]
    reading: list[Any]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def guards(settings: Settings) -> Guards:
    """What callers have to show. Raises SettingsError: a host other than loopback without a token."""
    is_open = not is_loopback(settings.api_host)
    if settings.api_token is None:
        if is_open:
            raise SettingsError(
                f"ENRICH_API_HOST={settings.api_host} is open to others: set ENRICH_API_TOKEN, or serve on 127.0.0.1"
            )
        return Guards([Depends(_same_site)], [])
    token = Depends(_token_check(settings.api_token.get_secret_value().encode()))
    return Guards([Depends(_same_site), token], [token] if is_open else [])


def _same_site(request: Request) -> None:
    # A browser names the page that sends a POST, or says whether it is one of ours; curl and cron name none.
    origins = request.headers.getlist("origin")
    if origins and origins != ["null"] and (len(origins) > 1 or not _ORIGIN.fullmatch(origins[0])):
        raise HTTPException(400, "the header Origin is no origin")
    is_ours = not origins or origins[0].partition("://")[1:] == ("://", request.headers.get("host"))
    if not is_ours or request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise HTTPException(403, "sent by a page of another site")


def _token_check(wanted: bytes) -> Any:
    bearer = HTTPBearer(auto_error=False, description="The value of ENRICH_API_TOKEN.")

    # Not Annotated: FastAPI reads that by name, and a name of this function it cannot see.
    def check(credentials: HTTPAuthorizationCredentials | None = Security(bearer)) -> None:  # noqa: B008
        given = credentials.credentials.encode() if credentials else b""
        if not secrets.compare_digest(wanted, given):
            raise HTTPException(401, "bearer token missing or wrong", headers={"WWW-Authenticate": "Bearer"})

    return check
