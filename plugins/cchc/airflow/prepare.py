"""What must happen once before Airflow's services start on a server: run by docker-compose.yaml's job `init`.

    python -m cchc.airflow.prepare                  databases, users of the UI, Airflow's metadata and pools, the warehouse
    python -m cchc.airflow.prepare --databases      only the databases, empty: before a backup is restored
    python -m cchc.airflow.prepare --connections -  put connections (JSON, as `python -m demo connections` prints it) into Airflow

Raises NotConfigured if a variable or the file of a secret is missing; ends with Airflow's own exit code if one of its commands fails.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cchc.airflow.configuration import require_zone
from cchc.airflow.databases import ensure_databases
from cchc.airflow.lineage import require_collector
from cchc.airflow.pools import DESCRIPTIONS, configured_pools
from cchc.errors import CchcError, NotConfigured, sentence_of
from cchc.files import write_private
from cchc.settings import secret_variable

USERS = {"admin": "AIRFLOW_ADMIN_PASSWORD", "viewer": "AIRFLOW_VIEWER_PASSWORD"}
PASSWORDS_FILE = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
CONNECTION = "AIRFLOW_CONN_"


def main(arguments: list[str]) -> int:
    """Do what the arguments ask for; the exit code."""
    try:
        if arguments[:1] == ["--connections"] and len(arguments) == 2:
            text = sys.stdin.read() if arguments[1] == "-" else Path(arguments[1]).read_text()
            return import_connections(json.loads(text))
        if arguments not in ([], ["--databases"]):
            print(__doc__, file=sys.stderr)
            return 2
        require_secrets(os.environ)
        require_zone(os.environ)
        pools = {} if arguments else configured_pools(os.environ)
        require_collector(os.environ)
        made = ensure_databases()
        print(f"databases made: {', '.join(made) or 'none'}", flush=True)
        if arguments:
            return 0
        write_passwords()
        return _airflow("db", "migrate") or import_pools(pools) or prepare_warehouse()
    except CchcError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        return 1


def require_secrets(variables: Mapping[str, str]) -> None:
    """Raise NotConfigured, with a line for each, where secrets of the environment cannot be had: before anything of Airflow starts.

    They are the variables `…_FILE` of our own (cchc.settings.secret_variable) and the commands `…_CMD` that Airflow runs for its options.
    """
    found = []
    for name, value in sorted(variables.items()):
        if name.startswith("AIRFLOW__"):
            done = subprocess.run(shlex.split(value), capture_output=True, text=True, check=False) if name.endswith("_CMD") else None
            if done and done.returncode != 0:
                found.append(f"{name}: {done.stderr.strip()}")
        elif name.startswith(("CCHC_", "AIRFLOW_", "OPENLINEAGE_")) and name.endswith("_FILE"):
            try:
                secret_variable(name.removesuffix("_FILE"), variables)
            except NotConfigured as error:
                found.append(str(error))
    if found:
        raise NotConfigured("\n".join(found))


def write_passwords() -> None:
    """Write the file of users and passwords that Airflow's simple auth manager reads; only its owner may read it."""
    path = Path(_required(PASSWORDS_FILE))
    passwords = {user: _required(variable) for user, variable in USERS.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps(passwords))


def prepare_warehouse() -> int:
    """Bring the warehouse's tables and reference data up to date and print what was done, as `cchc init` does; the exit code."""
    from cchc.pipeline.initialise import initialise
    from cchc.settings import Settings

    print(initialise(Settings.load()).text, flush=True)
    return 0


def import_pools(pools: Mapping[str, int]) -> int:
    """Make Airflow's pools, or set their slots where they are there; the exit code of Airflow's command."""
    entries = {name: {"slots": slots, "description": DESCRIPTIONS[name]} for name, slots in pools.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pools.json"
        path.write_text(json.dumps(entries))
        return _airflow("pools", "import", str(path))


def import_connections(variables: dict[str, str]) -> int:
    """Store what the variables AIRFLOW_CONN_… describe in Airflow's metadata, in place of what is there."""
    connections = {name.removeprefix(CONNECTION).lower(): json.loads(value) for name, value in variables.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "connections.json"
        write_private(path, json.dumps(connections))
        return _airflow("connections", "import", "--overwrite", str(path))


def _airflow(*command: str) -> int:
    return subprocess.run([sys.executable, "-m", "airflow", *command], check=False).returncode


def _required(variable: str) -> str:
    value = secret_variable(variable)
    if not value:
        raise NotConfigured(f"{variable} is not set, and {variable}_FILE neither (docs/runbooks/server.md, Secrets).")
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
