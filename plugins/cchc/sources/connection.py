"""The address and the login of a source: the Airflow connection `src_<source>`, read without Airflow.

The variable `AIRFLOW_CONN_SRC_<SOURCE>` has JSON or a URI in the form that Airflow uses. If the host is an http(s) address, the source is
asked over HTTP; if it is the address of a database (postgres, mysql, mariadb, mssql, oracle), its tables are read; otherwise it is a drop
folder (a path or an fsspec URL).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

import orjson

from cchc.errors import NotConfigured

# the kinds of connections of databases, each with the driver of SQLAlchemy that is taken where the connection names none
DATABASES = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mssql": "mssql+pymssql",
    "oracle": "oracle+oracledb",
}
# the other addresses that may have a login in them
WITH_LOGIN = ("http://", "https://", "sftp://", "ssh://", "dav://", "davs://", "webdav://", "webdavs://")


class Parts(TypedDict):
    """The parts of a connection as Airflow keeps them."""

    conn_type: str | None
    host: str | None
    login: str | None
    password: str | None
    schema: str | None
    port: int | None
    extra: dict[str, Any]


@dataclass(frozen=True)
class Connection:
    """The address and secrets of one source. `repr` shows no secrets.

    `host`: a base URL, the URL of a database without login and password, or the URL or path of a drop folder.
    """

    source: str
    host: str
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_http(self) -> bool:
        """Whether the source is asked over HTTP."""
        return self.host.lower().startswith(("http://", "https://"))

    @property
    def is_database(self) -> bool:
        """Whether the tables of a database are read."""
        scheme, separator, _ = self.host.partition("://")
        return bool(separator) and scheme.lower().partition("+")[0] in DATABASES

    @classmethod
    def from_parts(
        cls,
        source: str,
        *,
        conn_type: str | None = None,
        host: str | None = None,
        login: str | None = None,
        password: str | None = None,
        schema: str | None = None,
        port: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> Connection:
        """The connection from the parts of an Airflow connection. Raises NotConfigured if they have no address."""
        address = _address(source, conn_type or "", host or "", schema or "", port)
        is_database = cls(source, address).is_database
        if is_database or address.lower().startswith(WITH_LOGIN):
            parts = urlsplit(address)
            login = login or (unquote(parts.username) if parts.username else None)
            password = password or (unquote(parts.password) if parts.password else None)
            extra = {**(dict(parse_qsl(parts.query)) if is_database else {}), **(extra or {})}
            address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
        return cls(source, address, login or None, password or None, extra or {})


def variable(source: str) -> str:
    """The environment variable of a source's connection."""
    return f"AIRFLOW_CONN_SRC_{source.upper()}"


def from_environment(source: str, variables: Mapping[str, str] = os.environ) -> Connection:
    """The connection of `source` from the environment. Raises NotConfigured that names the variable and the Airflow connection."""
    parts = parts_from_environment(f"src_{source}", variables)
    if parts is None:
        raise NotConfigured(
            f"Source {source} has no connection. Set the environment variable {variable(source)} (JSON or URI), or in Airflow the "
            f"connection src_{source}: host = base URL, or the path or URL of the drop folder."
        )
    return Connection.from_parts(source, **parts)


def parts_from_environment(connection_id: str, variables: Mapping[str, str] = os.environ) -> Parts | None:
    """The parts of any connection of Airflow, as from_parts takes them, from AIRFLOW_CONN_<ID>; None where the variable is not set.

    Raises NotConfigured where the text of the variable is no connection.
    """
    name = f"AIRFLOW_CONN_{connection_id.upper()}"
    text = (variables.get(name) or "").strip()
    if not text:
        return None
    return _json_parts(name, text) if text.startswith("{") else _uri_parts(name, text)


def _json_parts(name: str, text: str) -> Parts:
    try:
        data = orjson.loads(text)
        extra = data.get("extra") or {}
        extra = orjson.loads(extra) if isinstance(extra, str) else extra
        port = int(data["port"]) if data.get("port") else None
    except (orjson.JSONDecodeError, ValueError, TypeError):
        raise NotConfigured(f"{name} begins with {{ but is not the JSON of a connection (check quotes, extra and port).") from None
    if not isinstance(extra, dict):
        raise NotConfigured(f"{name}: extra must be a JSON object.")
    texts: dict[str, str | None] = {}
    for key in ("conn_type", "host", "login", "password", "schema"):
        value = data.get(key)
        if value is not None and not isinstance(value, str):
            raise NotConfigured(f"{name}: {key} must be a text.")
        texts[key] = value
    return Parts(
        conn_type=texts["conn_type"],
        host=texts["host"],
        login=texts["login"],
        password=texts["password"],
        schema=texts["schema"],
        port=port,
        extra=extra,
    )


def _uri_parts(name: str, text: str) -> Parts:
    """Read a URI like airflow.models.Connection: scheme = type, path = schema, query = extra, and a second scheme may precede the host."""
    if "://" not in text:
        return Parts(conn_type=None, host=text, login=None, password=None, schema=None, port=None, extra={})
    try:
        scheme, _, rest = text.partition("://")
        protocol = ""
        if "://" in rest.partition("?")[0]:
            protocol, _, rest = rest.partition("://")
        parts = urlsplit("//" + rest)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        extra = orjson.loads(query["__extra__"]) if "__extra__" in query else query
        host = unquote(parts.netloc.rpartition("@")[2].partition(":")[0] if "[" not in parts.netloc else parts.netloc.rpartition("@")[2])
        port = parts.port
    except ValueError:
        raise NotConfigured(
            f"{name} is not a connection URI: write type://login:password@host:port/path, special characters as %XX."
        ) from None
    if "[" in host and port is not None:
        host = host.rpartition(":")[0]
    return Parts(
        conn_type=scheme,
        host=f"{protocol}://{host}" if protocol else host,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        schema=unquote(parts.path[1:]),
        port=port,
        extra=extra,
    )


def _address(source: str, conn_type: str, host: str, schema: str, port: int | None) -> str:
    """The base URL or folder that the parts of an Airflow connection name together."""
    kind = conn_type.lower()
    if "://" not in host and kind in ("http", "https"):
        # as in Airflow, the schema of an HTTP connection is http or https, but in a URI it is the path
        protocol, path = (schema, "") if schema in ("http", "https") else (kind, schema)
        if not host:
            raise NotConfigured(f"The connection of {source} has no host: give the base URL of the source.")
        host, schema = f"{protocol}://{host}", path
    elif "://" not in host and host and kind and kind not in ("fs", "file", "generic") and not host.startswith(("/", ".")):
        host = f"{kind}://{host}"  # s3://bucket/prefix written as a URI
    elif not host and schema:
        host, schema = f"/{schema.lstrip('/')}", ""
    if not host:
        raise NotConfigured(
            f"The connection of {source} has no host: give the base URL of the source, or the path or URL of its drop folder."
        )
    base = host.rstrip("/") if host != "/" else host
    if port is not None and "://" in base and not urlsplit(base).port:
        parts = urlsplit(base)
        base = urlunsplit((parts.scheme, f"{parts.netloc}:{port}", parts.path, "", ""))
    return f"{base}/{schema.strip('/')}" if schema.strip("/") and schema not in ("http", "https") else base
