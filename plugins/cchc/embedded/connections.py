"""The connections of the sources for the command line: from the environment, from the demo that runs here, or as Airflow keeps them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping

from cchc.embedded import demo, stack
from cchc.errors import NotConfigured
from cchc.settings import Settings
from cchc.sources.connection import Connection, from_environment, variable

METADATA = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def source_connection(settings: Settings, source: str) -> Connection:
    """The connection of a source: the variable AIRFLOW_CONN_SRC_<SOURCE>, else src_<source> of the Airflow of this installation.

    Raises NotConfigured where neither is there, or Airflow's database cannot be read.
    """
    return from_environment(source, known(settings, [source]))


def known(settings: Settings, sources: Iterable[str]) -> dict[str, str]:
    """The connections of these sources by the names of their variables; a source without a connection is left out.

    Airflow's database is asked only for what the environment lacks, because that takes seconds, and only where PostgreSQL runs: nothing is
    started. Raises NotConfigured if it cannot be read.
    """
    wanted = {variable(source): source for source in sources}
    found = {name: os.environ[name] for name in wanted if os.environ.get(name)}
    if len(found) < len(wanted) and not _is_inside_airflow():
        found = {name: text for name, text in demo.variables(settings).items() if name in wanted} | found
    missing = [source for name, source in wanted.items() if name not in found]
    environment = _environment_of_airflow(settings) if missing else None
    return found | _kept(missing, environment) if environment else found


def _environment_of_airflow(settings: Settings) -> Mapping[str, str] | None:
    """The environment in which the Airflow of this installation can be asked; None where there is none, or its PostgreSQL is stopped."""
    if _is_inside_airflow():
        return os.environ
    return stack.command_environment(settings) if stack.can_be_asked(settings) else None


def _is_inside_airflow() -> bool:
    """Whether this process runs in docker-compose: its environment says where Airflow's database is, or by which command it is learnt."""
    return bool(os.environ.get(METADATA) or os.environ.get(f"{METADATA}_CMD"))


def _kept(sources: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    names = [f"src_{source}" for source in sources]
    command = [sys.executable, "-m", "cchc.airflow.read_connections", *names]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        why = next(iter(done.stderr.strip().splitlines()[-1:]), "it gave no reason")
        raise NotConfigured(f"Airflow's database could not be asked for {', '.join(names)}: {why}")
    return {str(name): str(text) for name, text in json.loads(done.stdout.strip().splitlines()[-1]).items()}
