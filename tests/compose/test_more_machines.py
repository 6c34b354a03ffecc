"""Airflow on more than one machine: docker-compose.celery.yaml and the values for the official chart, as far as files alone can be judged."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from cchc.airflow.pools import configured_pools
from cchc.settings import PROJECT
from tests.compose import chart
from tests.compose.services import CELERY, EXAMPLE, SERVICES, offered

VALUES = chart.values()
DOCKERFILE = (PROJECT / "include" / "executors" / "Dockerfile").read_text(encoding="utf-8")
LOCK = (PROJECT / "include" / "executors" / "requirements.lock").read_text(encoding="utf-8")
OF_AIRFLOW = {name for name, service in SERVICES.items() if "AIRFLOW_HOME" in service.get("environment", {})}


def refused(given: dict[str, Any]) -> dict[str, str]:
    """What the kept part of the chart's schema refuses of values, by its place."""
    schema = json.loads(chart.KEPT.read_text(encoding="utf-8"))
    return {".".join(map(str, error.absolute_path)): error.message for error in Draft7Validator(schema).iter_errors(given)}


def merged(name: str) -> dict[str, Any]:
    """A service as Compose makes it of both files, as far as these tests look at it."""
    over = CELERY[name]
    base = SERVICES.get(over.get("extends", {}).get("service", name), {})
    environment = base.get("environment", {}) | over.get("environment", {})
    return base | {key: value for key, value in over.items() if key != "extends"} | {"environment": environment}


def test_every_service_of_airflow_gets_the_executor_and_its_broker_and_nobody_else() -> None:
    changed = set(CELERY) - {"redis", "worker", "sources"}
    assert changed == OF_AIRFLOW - {"sources-connections"}
    for name in changed | {"worker"}:
        environment = merged(name)["environment"]
        assert environment["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor", name
        assert environment["AIRFLOW__CELERY__BROKER_URL"] == "${CELERY_BROKER_URL:-redis://redis:6379/0}", name
        assert merged(name)["image"] == "cchc-executors:${CCHC_VERSION:-latest}", name


def test_a_worker_has_what_the_scheduler_has_that_runs_tasks() -> None:
    worker, scheduler = merged("worker"), SERVICES["scheduler"]
    for key in ("volumes", "networks", "secrets", "user", "read_only", "cap_drop", "security_opt", "tmpfs", "restart"):
        assert worker[key] == scheduler[key], key
    assert (worker["environment"] | {"COMPONENT": "scheduler"}).items() >= scheduler["environment"].items()
    assert worker["command"][:3] == ["airflow", "celery", "worker"]
    assert worker["healthcheck"]["test"][0] == "CMD-SHELL"
    assert CELERY["sources"]["network_mode"] == "service:worker", "the made-up sources listen where the tasks run"


def test_redis_is_as_closed_as_the_others() -> None:
    redis = CELERY["redis"]
    assert redis["read_only"] is True
    assert redis["cap_drop"] == ["ALL"]
    assert redis["security_opt"] == ["no-new-privileges:true"]
    assert int(redis["user"].split(":")[0]) > 0
    assert redis["mem_limit"] and redis["pids_limit"] and redis["logging"]["options"]["max-size"]
    assert redis["networks"] == ["inside"]
    assert "ports" not in redis
    # its protected mode refuses the workers, in an image that does not switch it off; nobody else is in its network
    assert redis["command"][redis["command"].index("--protected-mode") + 1] == "no"
    for name, service in CELERY.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES) | set(CELERY), name


def test_the_image_adds_the_providers_to_that_of_the_project() -> None:
    assert re.findall(r"^FROM (\S+)$", DOCKERFILE, re.MULTILINE) == ["${CCHC_IMAGE}"]
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[-1] == SERVICES["scheduler"]["user"]
    assert "--require-hashes --no-deps -r /opt/cchc/include/executors/requirements.lock" in DOCKERFILE
    assert CELERY["init"]["build"] == {
        "context": ".",
        "dockerfile": "include/executors/Dockerfile",
        "args": {"CCHC_IMAGE": SERVICES["init"]["image"]},
    }
    pins = dict(re.findall(r"^([a-z0-9][\w.-]*)==([^\s;]+)", LOCK, re.MULTILINE))
    assert {"apache-airflow-providers-celery", "redis", "apache-airflow-providers-cncf-kubernetes"} <= set(pins)
    assert tuple(int(part) for part in pins["celery"].split(".")[:2]) < (5, 7), "the provider imports a name that Celery 5.7 does not have"
    server = dict(re.findall(r"^([a-z0-9][\w.-]*)==([^\s;]+)", (PROJECT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: pins[name] for name in pins if name in server} == {name: server[name] for name in pins if name in server}


def test_compose_accepts_both_files_together(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("there is no `docker compose` here: the files are not judged by Compose itself")
    env_file = tmp_path / "env"
    env_file.write_text(re.sub(r"(?m)^([A-Z_]+)=$", r"\1=madeup", EXAMPLE))
    environment = {name: value for name, value in os.environ.items() if name not in offered(EXAMPLE)} | {"COMPOSE_PROFILES": "demo"}
    files = [f"--file={PROJECT / name}" for name in ("docker-compose.yaml", "docker-compose.celery.yaml")]
    command = [docker, "compose", *files, "--project-directory", str(PROJECT), "--env-file", str(env_file), "config", "--format", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert services["worker"]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert services["worker"]["environment"]["CCHC_HOME"] == services["scheduler"]["environment"]["CCHC_HOME"]


# --- the chart -------------------------------------------------------------------------------------------------------


def test_the_chart_knows_every_key_of_the_values() -> None:
    assert refused(VALUES) == {}
    assert VALUES["executor"] == "KubernetesExecutor"


def test_a_key_that_the_chart_does_not_know_is_named() -> None:
    found = refused(VALUES | {"postgres": {"enabled": False}, "dags": {"persistance": {}}, "uid": "10001"})
    assert set(found) == {"", "dags", "uid"}
    assert "'postgres' was unexpected" in found[""]
    assert "'persistance' was unexpected" in found["dags"]
    assert "not of type 'integer'" in found["uid"]


def test_the_settings_are_those_of_the_other_installations() -> None:
    shared = configparser.ConfigParser(interpolation=None)
    shared.read(PROJECT / "include" / "airflow" / "airflow.cfg", encoding="utf-8")
    ours = {(section, name): value for section, options in VALUES["config"].items() for name, value in options.items()}
    wanted = {(section, name): value for section in shared.sections() for name, value in shared[section].items() if name != "executor"}
    assert {key: ours.get(key) for key in wanted} == wanted
    assert set(ours) - set(wanted) == {
        ("kubernetes_executor", "namespace"),
        ("kubernetes_executor", "delete_worker_pods"),
        ("kubernetes_executor", "delete_worker_pods_on_failure"),
    }


def test_the_environment_is_that_of_compose_and_no_secret_stands_in_the_values() -> None:
    given = {entry["name"]: entry["value"] for entry in VALUES["env"]}
    environment = SERVICES["scheduler"]["environment"]
    assert given["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"http://{chart.RELEASE}-api-server:8080/execution/"
    for name in set(given) - {"AIRFLOW__CORE__PARALLELISM", "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"}:
        assert given[name] == environment[name], name
    assert VALUES["airflowHome"] == environment["AIRFLOW_HOME"]
    assert (VALUES["uid"], VALUES["gid"]) == tuple(int(part) for part in SERVICES["scheduler"]["user"].split(":"))
    assert configured_pools(given)["warehouse"] == int(given["AIRFLOW__CORE__PARALLELISM"]) - 2
    assert not any(re.search(r"PASSWORD|SECRET|_KEY$|URL$", name) and not name.endswith(("_FILE", "_API_SERVER_URL")) for name in given)


def test_the_owner_of_the_warehouse_is_known_to_the_job_that_prepares_it_alone() -> None:
    ours = {entry["envName"]: (entry["secretName"], entry["secretKey"]) for entry in VALUES["secret"]}
    assert ours == {
        "CCHC_WAREHOUSE_URL": ("cchc", "warehouse-loader-url"),
        "CCHC_PRIVACY_KEY": ("cchc", "privacy-key"),
        "CCHC_AIRFLOW_DATABASE_URL": ("cchc", "connection"),
    }
    job = {entry["name"]: entry["valueFrom"]["secretKeyRef"] for entry in VALUES["migrateDatabaseJob"]["env"]}
    assert {secret["name"] for secret in job.values()} == {"cchc-owner"}
    assert VALUES["migrateDatabaseJob"]["args"] == SERVICES["init"]["command"]
    of_init = {name.removesuffix("_FILE") for name in set(SERVICES["init"]["environment"]) - set(SERVICES["scheduler"]["environment"])}
    assert set(job) == of_init - {"CCHC_ADMIN_URL", "CCHC_ADMIN_PASSWORD"}, "the administrator of that server makes the databases"


def test_the_version_of_airflow_is_that_of_the_lock() -> None:
    assert f"\napache-airflow=={VALUES['airflowVersion']} " in (PROJECT / "requirements.lock").read_text(encoding="utf-8")
