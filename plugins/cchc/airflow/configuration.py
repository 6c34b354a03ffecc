"""Airflow's settings in include/airflow/airflow.cfg, which the embedded installation and docker-compose share."""

from __future__ import annotations

from collections.abc import Mapping
from configparser import ConfigParser

from cchc.errors import NotConfigured
from cchc.period import ZONE
from cchc.settings import PROJECT

FILE = PROJECT / "include" / "airflow" / "airflow.cfg"
SWITCHES = frozenset({"AIRFLOW__OPENLINEAGE__DISABLED"})  # options of the file that somebody may set otherwise in the environment

ZONE_OPTION = "AIRFLOW__CORE__DEFAULT_TIMEZONE"
"""The zone of Airflow's own pages and logs. The file has Vietnam's; the environment has that of the authority."""


def require_zone(variables: Mapping[str, str]) -> None:
    """Raise NotConfigured where Airflow is given another zone than the authority's: its pages would show times of another place."""
    given = variables.get(ZONE_OPTION, options()[ZONE_OPTION])
    if given != ZONE.key:
        told = f"Airflow and PostgreSQL are given the zone {given}, and authority.yaml says {ZONE.key}"
        raise NotConfigured(f"{told}: set CCHC_ZONE={ZONE.key} in .env (with the Helm chart {ZONE_OPTION} among its variables)")


def options() -> dict[str, str]:
    """The settings of the file by the name of the variable that would override each: AIRFLOW__CORE__EXECUTOR → LocalExecutor."""
    parser = ConfigParser(interpolation=None)
    with open(FILE, encoding="utf-8") as file:
        parser.read_file(file)
    return {f"AIRFLOW__{section}__{name}".upper(): value for section in parser.sections() for name, value in parser.items(section)}


def without_options(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables but those that would override the file; its switches may be overridden."""
    fixed = options().keys() - SWITCHES
    return {name: value for name, value in variables.items() if name not in fixed}
