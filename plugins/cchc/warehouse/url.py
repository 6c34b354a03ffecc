"""The address of the warehouse: `CCHC_WAREHOUSE_URL`, or the embedded server, which is started if it is not running, but never made."""

from __future__ import annotations

from sqlalchemy import make_url

from cchc.errors import NotConfigured
from cchc.settings import Settings
from cchc.warehouse import embedded as postgres

DATABASE = "warehouse"
DRIVER = "psycopg"


def warehouse_url(settings: Settings) -> str:
    """The SQLAlchemy URL of the warehouse, always with the driver psycopg.

    If no URL is set, the embedded server is started and its database `warehouse` is created.
    Raises NotConfigured if the URL is not one of PostgreSQL or if CCHC_HOME has no embedded server (a mistyped CCHC_HOME must not make
    one), CchcError if the embedded server does not start.
    """
    if settings.warehouse_url:
        return normalised(settings.warehouse_url)
    postgres.known_server(settings.home)
    server = postgres.start(settings.home)
    server.ensure_databases(DATABASE)
    return server.url(DATABASE, DRIVER)


def make_server(settings: Settings) -> None:
    """Make and start the embedded server if there is none and no URL is set: what `cchc init` does, and no command that reads."""
    if not settings.warehouse_url:
        postgres.start(settings.home)


def address(settings: Settings, *, with_password: bool) -> str:
    """The address of the warehouse for psql and other clients, which know no SQLAlchemy driver; starts nothing.

    Raises NotConfigured where there is no warehouse yet.
    """
    url = make_url(settings.warehouse_url or postgres.known_server(settings.home).url(DATABASE, DRIVER)).set(drivername="postgresql")
    return (url if with_password else url._replace(password=None)).render_as_string(hide_password=False)


def normalised(url: str) -> str:
    """`url` with the driver psycopg, because `postgresql://` alone means different drivers in different releases of SQLAlchemy."""
    scheme, separator, rest = url.strip().partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise NotConfigured(
            f"CCHC_WAREHOUSE_URL begins with {scheme[:20] if separator else 'no scheme'!r}: the warehouse is a PostgreSQL database. "
            "Write postgresql+psycopg://user:password@host:5432/database, or unset it for the embedded one."
        )
    return f"postgresql+{DRIVER}://{rest}"
