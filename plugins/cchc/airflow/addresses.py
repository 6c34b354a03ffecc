"""Addresses and connections that Airflow knows: its own base URL, the pages of runs, connections of mail servers and webhooks."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any
from urllib.parse import quote

from cchc.errors import NotConfigured
from cchc.links import Links, dashboard_links
from cchc.settings import Settings
from cchc.sources.connection import Parts

log = logging.getLogger(__name__)


@cache
def base_url() -> str | None:
    """The address under which people reach Airflow ([api] base_url), without a slash at its end; None where it is not set."""
    from airflow.configuration import conf

    return (conf.get("api", "base_url", fallback="") or "").rstrip("/") or None


def dashboard() -> Links | None:
    """The addresses of the dashboard; None where none is known, or the setting is wrong: a message without a link is still a message."""
    try:
        return dashboard_links(Settings.load(), base_url())
    except NotConfigured as error:
        log.warning("messages have no link: %s", error)
        return None


def run_url(dag_id: str, run_id: str) -> str | None:
    """The page of a run in Airflow's UI."""
    base = base_url()
    return f"{base}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}" if base else None


def other_connection(connection_id: str) -> Parts | None:
    """A connection that is no source's, from Airflow (its database, a secrets backend, or its variable); None where there is none."""
    from airflow.sdk.bases.hook import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

    try:
        found = BaseHook.get_connection(connection_id)
    except (AirflowNotFoundException, AirflowRuntimeError):
        return None
    return _parts(found)


def connection_of_server(connection_id: str) -> Parts | None:
    """As `other_connection`, for a process of the installation that is no task of Airflow's.

    It asks the secrets backends and the database itself. Where the database is away, the variable is found all the same.
    """
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models.connection import Connection

    try:
        return _parts(Connection.get_connection_from_secrets(connection_id))
    except AirflowNotFoundException:
        return None


def _parts(found: Any) -> Parts:
    return Parts(
        conn_type=found.conn_type,
        host=found.host,
        login=found.login,
        password=found.password,
        schema=found.schema,
        port=found.port,
        extra=found.extra_dejson,
    )
