"""The state of a warehouse and an Airflow that run elsewhere, as in docker-compose: asked over the network, nothing is started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
from sqlalchemy import text

from cchc.embedded.airflow_api import HEALTH, AirflowApi
from cchc.errors import CchcError
from cchc.settings import Settings

API = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"  # where tasks reach the API server; set in each container of Airflow
HEALTHY = "healthy"


def runs_elsewhere(settings: Settings, variables: Mapping[str, str] = os.environ) -> bool:
    """Whether warehouse and Airflow are those of a server: both addresses are given."""
    return settings.warehouse_url is not None and bool(variables.get(API))


def status(settings: Settings, variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The state of the warehouse, the API server and the other parts of Airflow by name: `healthy`, or what is wrong, for a person."""
    return {"warehouse": _warehouse(settings), **_airflow(variables[API])}


def _warehouse(settings: Settings) -> str:
    from cchc.warehouse import engine

    try:
        with engine(settings).connect() as connection:
            connection.execute(text("select 1"))
    except CchcError as error:
        return str(error)
    return HEALTHY


def _airflow(api: str) -> dict[str, str]:
    url = urlsplit(api)
    server = f"{url.scheme}://{url.netloc}"
    try:
        with AirflowApi(server, "", "") as asked:
            parts = asked.ask_health()
    except (requests.RequestException, ValueError) as error:
        return {"api-server": f"{server}{HEALTH} does not answer ({type(error).__name__})"}
    return {"api-server": HEALTHY} | {name.replace("_", "-"): state or "no sign of life" for name, state in sorted(parts.items())}
