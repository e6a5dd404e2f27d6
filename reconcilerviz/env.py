"""Environment variables: each is declared here once, read once, and fails with a sentence.

`VARIABLES` is also the documented table (docs/settings.md), and a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from dashboard.cluster.kinds import KindFilter

T = TypeVar("T")

MIN_TOKEN = 8
"""Characters. A token guards a cluster: shorter ones are guessed."""
MIN_SECRET_KEY = 32
"""Characters. Django warns below 50; 32 random ones are 128 bits and more."""


@dataclass(frozen=True)
class Variable(Generic[T]):
    """One variable: `accepted` says in words what `parse` takes; `parse` raises ValueError on anything else.

    `secret` keeps the value out of error messages: its length is shown instead.
    """

    name: str
    default: str
    accepted: str
    meaning: str
    parse: Callable[[str], T]
    secret: bool = False

    def read(self, environ: Mapping[str, str]) -> T:
        """The parsed value. Raises ImproperlyConfigured naming the variable, the value and what is accepted."""
        raw = environ.get(self.name, self.default)
        try:
            return self.parse(raw)
        except ValueError as error:
            shown = f"a value of {len(raw)} characters" if self.secret else repr(raw[:200])
            detail = f" ({error})" if str(error) else ""
            raise ImproperlyConfigured(f"{self.name} is {shown}, but must be {self.accepted}{detail}") from error


def _mode(raw: str) -> str:
    if raw not in ("development", "production"):
        raise ValueError
    return raw


def _token(raw: str) -> str:
    if raw and (len(raw) < MIN_TOKEN or not raw.isascii() or not raw.isprintable() or " " in raw):
        raise ValueError
    return raw


def _secret_key(raw: str) -> str:
    if raw and len(raw) < MIN_SECRET_KEY:
        raise ValueError
    return raw


def _hosts(raw: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in raw.split(",") if host.strip())
    for host in hosts:
        bracketed = host.startswith("[") and host.endswith("]")
        if "*" in host or "/" in host or (":" in host and not bracketed):
            raise ValueError(f"{host!r} is not one")
    return hosts


def _public_url(raw: str) -> str:
    parts = urlsplit(raw)
    if raw and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/")):
        raise ValueError
    return f"{parts.scheme}://{parts.netloc}" if raw else ""


def _redis_url(raw: str) -> str:
    if raw and (
        urlsplit(raw).scheme not in ("redis", "rediss", "unix") or not (urlsplit(raw).netloc or urlsplit(raw).path)
    ):
        raise ValueError
    return raw


def _database_url(raw: str) -> str:
    if raw and urlsplit(raw).scheme not in ("sqlite", "postgres", "postgresql"):
        raise ValueError
    return raw


def _networks(raw: str) -> tuple[IPv4Network | IPv6Network | str, ...]:
    """Networks and host names; a host name is compared with what the hook's address names."""
    found: list[IPv4Network | IPv6Network | str] = []
    for item in (item.strip() for item in raw.split(",") if item.strip()):
        try:
            found.append(ip_network(item))
        except ValueError as error:
            if not re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", item):
                raise ValueError(f"{item!r} is not one") from error
            found.append(item.lower())
    return tuple(found)


def _days(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= 3650:
        raise ValueError
    return int(raw)


MODE = Variable(
    "RECONCILERVIZ_MODE",
    "development",
    "development or production",
    "In production a secret key must be given; in development one is made at every start.",
    _mode,
)
SECRET_KEY = Variable(
    "RECONCILERVIZ_SECRET_KEY",
    "",
    f"{MIN_SECRET_KEY} characters or more",
    "Signs cookies. Keep it out of version control.",
    _secret_key,
    secret=True,
)
TOKEN = Variable(
    "RECONCILERVIZ_TOKEN",
    "",
    f"{MIN_TOKEN} or more visible ASCII characters without spaces",
    "The access token. Unset, `up` makes a random one on loopback and refuses another address.",
    _token,
    secret=True,
)
VIEW_TOKEN = Variable(
    "RECONCILERVIZ_VIEW_TOKEN",
    "",
    f"{MIN_TOKEN} or more visible ASCII characters without spaces",
    "A second token that can only look: for team screens.",
    _token,
    secret=True,
)
ALLOWED_HOSTS = Variable(
    "RECONCILERVIZ_ALLOWED_HOSTS",
    "",
    "host names separated by commas, without ports and without *",
    "Names besides loopback and the bound address that a request's Host may carry.",
    _hosts,
)
PUBLIC_URL = Variable(
    "RECONCILERVIZ_PUBLIC_URL",
    "",
    "an http or https address without a path, such as https://viz.example.com",
    "Where browsers reach it when a proxy stands in front: its host and Origin are accepted, and cookies are "
    "Secure under https.",
    _public_url,
)
KINDS = Variable(
    "RECONCILERVIZ_KINDS",
    "",
    "patterns GROUP/KIND separated by commas, * as wildcard, a leading - to leave out",
    "Kinds to watch besides the defaults (`core/ConfigMap`), or not to (`-*.example.com/*`). Secrets never.",
    KindFilter.parse,
)
DATA = Variable(
    "RECONCILERVIZ_DATA",
    "",
    "a folder that can be written",
    "Where what is kept lies: the SQLite database, unless another is named, and the count of episodes told. "
    "Unset: `.var` beside manage.py.",
    str,
)
DATABASE_URL = Variable(
    "RECONCILERVIZ_DATABASE_URL",
    "",
    "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME",
    "Where episodes are kept. Unset: a SQLite file in the data folder.",
    _database_url,
    secret=True,
)
KEEP_DAYS = Variable(
    "RECONCILERVIZ_KEEP_DAYS",
    "30",
    "a number of days from 1 to 3650",
    "How long episodes and edits are kept after they ended.",
    _days,
)
REDIS_URL = Variable(
    "RECONCILERVIZ_REDIS_URL",
    "",
    "redis://, rediss:// or unix:// and an address",
    "What several processes share: rows for `web`, the election of one `watch`, and Celery's queue. Unset, one process "
    "does everything.",
    _redis_url,
    secret=True,
)
WEBHOOK_ALLOW = Variable(
    "RECONCILERVIZ_WEBHOOK_ALLOW",
    "",
    "host names and networks (10.0.0.0/8) separated by commas",
    "Addresses that webhooks may reach although they are not public ones.",
    _networks,
)
VARIABLES: tuple[Variable[Any], ...] = (
    MODE,
    SECRET_KEY,
    TOKEN,
    VIEW_TOKEN,
    ALLOWED_HOSTS,
    PUBLIC_URL,
    KINDS,
    DATA,
    DATABASE_URL,
    KEEP_DAYS,
    REDIS_URL,
    WEBHOOK_ALLOW,
)
