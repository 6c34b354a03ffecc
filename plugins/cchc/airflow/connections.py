"""Connections of sources as Airflow keeps them: `src_<source>`, with their secrets."""

from __future__ import annotations

from cchc.errors import NotConfigured
from cchc.sources.connection import Connection


def source_connection(source: str) -> Connection:
    """The connection `src_<source>` from Airflow (its database, a secrets backend, or AIRFLOW_CONN_SRC_<SOURCE>).

    Raises NotConfigured where Airflow has none.
    """
    from airflow.sdk.bases.hook import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

    name = f"src_{source}"
    try:
        found = BaseHook.get_connection(name)
    except (AirflowNotFoundException, AirflowRuntimeError) as error:
        raise NotConfigured(
            f"Airflow has no connection {name}: add it under Admin, Connections, or set AIRFLOW_CONN_{name.upper()}"
        ) from error
    return Connection.from_parts(
        source,
        conn_type=found.conn_type,
        host=found.host,
        login=found.login,
        password=found.password,
        schema=found.schema,
        port=found.port,
        extra=found.extra_dejson,
    )
