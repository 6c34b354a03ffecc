"""The address of the warehouse: `CCHC_WAREHOUSE_URL`, or the embedded server, which is started if it is not running, but never made.

Everything is done by a login that loads and computes, and can neither change tables nor rights. What only the owner may do (`cchc init`,
logins, another privacy key, an erasure) asks for the owner by name: `as_owner`.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from pathlib import Path

from sqlalchemy import make_url

from cchc.errors import NotConfigured
from cchc.settings import Settings
from cchc.warehouse import embedded as postgres

DATABASE = "warehouse"
DRIVER = "psycopg"
LOADER_ROLE, LOADER_LOGIN = "cchc_loader", "cchc_loader_login"
URL, OWNER_URL = "CCHC_WAREHOUSE_URL", "CCHC_OWNER_WAREHOUSE_URL"


def warehouse_url(settings: Settings) -> str:
    """The SQLAlchemy URL of the warehouse, always with the driver psycopg: that of CCHC_WAREHOUSE_URL, whatever login it names.

    If no URL is set, the embedded server is started, its database `warehouse` is created, and the login is `cchc_loader_login`.
    Raises NotConfigured if the URL is not one of PostgreSQL or if CCHC_HOME has no embedded server (a mistyped CCHC_HOME must not make
    one), CchcError if the embedded server does not start.
    """
    if settings.warehouse_url:
        return normalised(settings.warehouse_url)
    server = _started(settings)
    return server.url(DATABASE, DRIVER, LOADER_LOGIN, follows_from(server.password, LOADER_LOGIN))


def owner_url(settings: Settings) -> str:
    """The SQLAlchemy URL of the warehouse with the login of its owner: CCHC_OWNER_WAREHOUSE_URL, else CCHC_WAREHOUSE_URL.

    The owner of the embedded one is its superuser. Raises as `warehouse_url`, and NotConfigured where only the owner's URL is set.
    """
    if settings.owner_url and not settings.warehouse_url:
        raise NotConfigured(f"{OWNER_URL} is set, and {URL} is not: name the login by which everything else is done, too.")
    if settings.owner_url:
        return normalised(settings.owner_url, OWNER_URL)
    return normalised(settings.warehouse_url) if settings.warehouse_url else _started(settings).url(DATABASE, DRIVER)


def as_owner(settings: Settings) -> Settings:
    """The settings with which everything is done by the owner of the warehouse. Raises as `owner_url`."""
    return replace(settings, warehouse_url=owner_url(settings))


def follows_from(password: str, purpose: str) -> str:
    """The password of a login of ours, which follows from another one and does not tell it: whoever knows the one need not be handed it."""
    return hmac.new(password.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def make_server(settings: Settings) -> None:
    """Make and start the embedded server if there is none and no URL is set: what `cchc init` does, and no command that reads."""
    if not settings.warehouse_url:
        postgres.start(settings.home)


def address(settings: Settings, *, with_password: bool) -> str:
    """The address of the warehouse for psql and other clients, which know no SQLAlchemy driver; starts nothing.

    That of the embedded one has the login of its superuser. Raises NotConfigured where there is no warehouse yet.
    """
    url = make_url(settings.warehouse_url or postgres.known_server(settings.home).url(DATABASE, DRIVER)).set(drivername="postgresql")
    return (url if with_password else url._replace(password=None)).render_as_string(hide_password=False)


def normalised(url: str, variable: str = URL) -> str:
    """`url` with the driver psycopg, because `postgresql://` alone means different drivers in different releases of SQLAlchemy."""
    scheme, separator, rest = url.strip().partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise NotConfigured(
            f"{variable} begins with {scheme[:20] if separator else 'no scheme'!r}: the warehouse is a PostgreSQL database. "
            "Write postgresql+psycopg://user:password@host:5432/database, or unset it for the embedded one."
        )
    return f"postgresql+{DRIVER}://{rest}"


# homes whose server this process has found with database and login, each with the server's process: as long as that one runs, they are
# there, and each call that asks for the warehouse would otherwise log in to find it out
_found: dict[Path, int | None] = {}


def _started(settings: Settings) -> postgres.Server:
    """The embedded server with its database and the login of the tasks. Raises NotConfigured where CCHC_HOME has none."""
    known, process = postgres.known_server(settings.home), postgres.postmaster_of(settings.home)
    if process is not None and _found.get(known.home) == process:
        return known
    server = postgres.start(settings.home)
    server.ensure_databases(DATABASE, login=postgres.Login(LOADER_LOGIN, follows_from(server.password, LOADER_LOGIN), LOADER_ROLE))
    _found[server.home] = postgres.postmaster_of(settings.home)
    return server
