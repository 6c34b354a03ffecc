"""The embedded installation and docker-compose take their settings of Airflow and PostgreSQL from the same two files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from cchc.airflow import configuration
from cchc.airflow.configuration import FILE, options
from cchc.airflow.pools import OTHER_SLOTS, PARALLELISM
from cchc.embedded.stack import ADMIN, VIEWER, airflow_environment, make_secrets
from cchc.period import ZONE
from cchc.settings import PROJECT, VINH_CUU, Settings
from cchc.warehouse import embedded as postgres

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# What a machine, a network or a secret decides. Everything else stands in include/airflow/airflow.cfg.
OF_THE_MACHINE = {
    PARALLELISM,
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__API__BASE_URL",
    "AIRFLOW__API__HOST",
    "AIRFLOW__API__PORT",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
    "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY",
}
OF_THE_AUTHORITY = {configuration.ZONE_OPTION}  # the file has Vietnam's
SWITCHES = {"AIRFLOW__METRICS__OTEL_ON", *configuration.SWITCHES}  # what somebody may switch on in .env
# What Airflow itself reads, and which options it has: a misspelt one would be ignored without a word.
READ = """if True:
    import json, os, sys
    from airflow.configuration import conf, retrieve_configuration_description
    known = {f"AIRFLOW__{section}__{name}".upper()
        for section, described in retrieve_configuration_description().items() for name in described["options"]}
    asked = json.load(sys.stdin)
    values = {name: conf.get(*name.removeprefix("AIRFLOW__").split("__", 1)) for name in asked}
    print(json.dumps({"unknown": sorted(set(asked) - known), "values": values}))
"""
# What the embedded installation gives Airflow and PostgreSQL, and what the job `init` says of a zone that is not the authority's.
ZONES = """if True:
    import json, os, re
    from cchc.airflow import configuration
    from cchc.embedded.stack import airflow_environment, make_secrets
    from cchc.errors import NotConfigured
    from cchc.settings import Settings
    from cchc.warehouse import embedded
    make_secrets(Settings.load())
    server = embedded.Server(Settings.load().home, 1, "made up")
    given = airflow_environment(Settings.load(), server, 1, server.url("warehouse"))[configuration.ZONE_OPTION]
    configuration.require_zone({configuration.ZONE_OPTION: given})
    settings = embedded.in_zone(embedded.SETTINGS_FILE.read_text(encoding="utf-8"), given)
    try:
        refused = configuration.require_zone({})
    except NotConfigured as error:
        refused = str(error)
    print(json.dumps({"airflow": given, "refused": refused, "postgres": re.findall(r"(?m)^(\\w*timezone) = '(.+)'$", settings)}))
"""
TYPED = re.compile(r"^(\w+) = '?(.+?)'?$", re.MULTILINE)


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_server: postgres.Server) -> dict[str, str]:
    """The environment of the embedded Airflow; its caller has set two options of the file and the tasks at once."""
    monkeypatch.setenv("CCHC_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "SequentialExecutor")
    monkeypatch.setenv("AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME", "9")
    monkeypatch.setenv(PARALLELISM, "5")
    make_secrets(Settings.load())
    return airflow_environment(Settings.load(), postgres_server, 1, postgres_server.url("warehouse"))


def test_only_the_machine_is_in_the_environment(embedded: dict[str, str]) -> None:
    assert options().keys() & OF_THE_MACHINE == set()
    assert {name for name in embedded if name.startswith("AIRFLOW__")} == OF_THE_MACHINE | OF_THE_AUTHORITY
    assert embedded[PARALLELISM] == "5"
    for name, service in SERVICES.items():
        asked = {key.removesuffix("_CMD") for key in service.get("environment", {}) if key.startswith("AIRFLOW__")}
        assert asked <= OF_THE_MACHINE | OF_THE_AUTHORITY | SWITCHES, name


def test_both_read_one_file(embedded: dict[str, str]) -> None:
    assert Path(embedded["AIRFLOW_CONFIG"]) == FILE
    of_airflow = [service["environment"] for service in SERVICES.values() if "AIRFLOW_HOME" in service.get("environment", {})]
    assert len(of_airflow) == 6
    inside = f"/opt/cchc/{FILE.relative_to(PROJECT)}"
    assert [environment["AIRFLOW_CONFIG"] for environment in of_airflow] == [inside] * 6
    assert "COPY include ./include" in (PROJECT / "Dockerfile").read_text(encoding="utf-8")


def test_airflow_takes_each_option_of_the_file(embedded: dict[str, str], tmp_path: Path) -> None:
    environment = embedded | {"AIRFLOW_HOME": str(tmp_path / "airflow")}
    done = subprocess.run(
        [sys.executable, "-c", READ], input=json.dumps(list(options())), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer == {"unknown": [], "values": options()}
    assert not (tmp_path / "airflow" / "airflow.cfg").exists()


def test_the_file_says_what_the_code_says() -> None:
    ours = options()
    assert ours["AIRFLOW__CORE__DEFAULT_TIMEZONE"] == ZONE.key
    assert ours["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == f"{ADMIN}:admin,{VIEWER}:viewer"
    assert ours["AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT"] == str(OTHER_SLOTS)


def test_the_postgresql_of_compose_reads_the_file_and_nothing_beside_it() -> None:
    service = SERVICES["postgres"]
    mounted = {entry["source"]: entry["target"] for entry in service["configs"]}
    assert mounted == {"postgres": "/etc/postgresql/cchc.conf"}
    assert (PROJECT / COMPOSE["configs"]["postgres"]["file"]).resolve() == postgres.SETTINGS_FILE
    assert service["command"][:2] == ["sh", "-c"]
    assert service["command"][2] == (
        "printf '%s' \"$$PG_HBA\" >/run/postgresql/pg_hba.conf && exec docker-entrypoint.sh postgres "
        "-c config_file=/etc/postgresql/cchc.conf -c hba_file=/run/postgresql/pg_hba.conf -c 'listen_addresses=*' "
        '-c timezone="$$CCHC_ZONE" -c log_timezone="$$CCHC_ZONE"'
    )


def test_each_installation_shows_the_times_of_the_authority(tmp_path: Path) -> None:
    zone = f"${{CCHC_ZONE:-{options()[configuration.ZONE_OPTION]}}}"
    of_airflow = [service["environment"] for service in SERVICES.values() if "AIRFLOW_HOME" in service.get("environment", {})]
    assert (
        {environment[configuration.ZONE_OPTION] for environment in of_airflow}
        == {SERVICES["postgres"]["environment"]["CCHC_ZONE"]}
        == {zone}
    )
    authority = Path(shutil.copytree(VINH_CUU, tmp_path / "authority"))
    path = authority / "authority.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("Asia/Ho_Chi_Minh", "Europe/Amsterdam"), encoding="utf-8")
    home = {"CCHC_HOME": str(tmp_path / "home"), "CCHC_AUTHORITY": str(authority)}
    done = subprocess.run([sys.executable, "-c", ZONES], env={**os.environ, **home}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["airflow"] == "Europe/Amsterdam"
    assert found["postgres"] == [["timezone", "Europe/Amsterdam"], ["log_timezone", "Europe/Amsterdam"]]
    assert found["refused"].startswith(
        "Airflow and PostgreSQL are given the zone Asia/Ho_Chi_Minh, and authority.yaml says Europe/Amsterdam: set CCHC_ZONE"
    )


def test_the_embedded_postgresql_takes_each_setting_of_the_file(postgres_server: postgres.Server) -> None:
    wanted = dict(TYPED.findall(postgres.SETTINGS_FILE.read_text(encoding="utf-8")))
    assert {"shared_buffers", "timezone"} <= set(wanted)
    assert wanted["timezone"] == wanted["log_timezone"] == ZONE.key
    with psycopg.connect(postgres_server.url("postgres").replace("+psycopg", "")) as connection:
        rows = connection.execute(
            "select name, setting, applied, error from pg_file_settings where sourcefile like '%/cchc.conf'"
        ).fetchall()
    read = {name.lower(): (setting, applied, error) for name, setting, applied, error in rows}
    beside = {"listen_addresses", "unix_socket_directories", "fsync", "full_page_writes", "synchronous_commit"}
    assert set(read) == set(wanted) | beside
    assert {name: read[name] for name in wanted} == {name: (value, True, None) for name, value in wanted.items()}


def test_a_server_that_is_given_the_file_as_its_own_takes_it(tmp_path: Path) -> None:
    """As in docker-compose: `config_file` in place of the one that initdb wrote; the file is complete."""
    home = tmp_path / "home"
    postgres.start(home, durable=False)
    postgres.stop(home)
    data = home / "postgres" / "data"
    program = [
        *postgres._prefix(data),
        str(postgres.binaries() / "postgres"),
        "-D",
        str(data),
        "-c",
        f"config_file={postgres.SETTINGS_FILE}",
    ]
    for name, value in TYPED.findall(postgres.SETTINGS_FILE.read_text(encoding="utf-8")):
        done = subprocess.run([*program, "-C", name], env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == _plain(value), name


def _plain(value: str) -> str:
    """A setting as `postgres -C` prints it: in the unit of the setting, which is 8 kB, 1 kB, 1 MB or seconds here."""
    known = {"512MB": "65536", "64MB": "65536", "256MB": "262144", "1GB": "131072", "2GB": "2048", "15min": "900", "on": "pglz"}
    return known.get(value, value)
