"""The containers on a real engine: the image is built, every service comes up healthy, and nothing of it is left (`make nightly`)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from cchc.airflow import secret_files
from cchc.settings import PROJECT
from tests.compose.services import EXAMPLE, LONG_RUNNING, SERVICES, offered

Compose = Callable[..., str]


def engine_is_missing() -> str | None:
    """Why containers cannot run here; None where they can."""
    docker = shutil.which("docker")
    if docker is None:
        return "there is no docker here"
    for command in (["compose", "version"], ["info"]):
        done = subprocess.run([docker, *command], capture_output=True, text=True, check=False)
        if done.returncode != 0 or "ERROR" in done.stderr:
            return f"`docker {' '.join(command)}` fails here: {done.stderr.strip().splitlines()[-1:]}"
    return None


@pytest.fixture(scope="module")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file .env of a new installation; its secrets are in the folder `secrets` beside it."""
    folder = tmp_path_factory.mktemp("compose")
    line = f"{secret_files.FOLDER}="
    (folder / ".env").write_text(EXAMPLE.replace(line, f"{line}{folder / 'secrets'}"), encoding="utf-8")
    secret_files.make(folder)
    return folder / ".env"


@pytest.fixture(scope="module")
def compose(env_file: Path) -> Iterator[Compose]:
    """A function: `docker compose …` on a project of its own, which is removed with its volumes afterwards."""
    if why := engine_is_missing():
        pytest.skip(f"the containers are not tried: {why}")
    project = f"cchc-nightly-{os.getpid()}"
    environment = {name: value for name, value in os.environ.items() if name not in offered(EXAMPLE)} | {
        "AIRFLOW_PORT": "18080",
        "ANALYSTS_PORT": "15432",
    }
    start = ["docker", "compose", "--project-name", project, "--project-directory", str(PROJECT), "--env-file", str(env_file)]

    def run(*arguments: str) -> str:
        done = subprocess.run([*start, *arguments], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"docker compose {' '.join(arguments)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    try:
        yield run
    finally:
        run("down", "--volumes", "--remove-orphans", "--timeout", "20")


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_every_service_comes_up_healthy(compose: Compose, env_file: Path) -> None:
    compose("build")
    compose("up", "--detach", "--wait", "--wait-timeout", "900")
    services = {each["Service"]: each for each in map(json.loads, compose("ps", "--format", "json").splitlines())}
    assert set(services) == {name for name in LONG_RUNNING if not SERVICES[name].get("profiles")}
    assert {each["Health"] for each in services.values()} == {"healthy"}
    assert "warehouse ready" in compose("logs", "init")
    compose("exec", "--no-TTY", "scheduler", "cchc", "status")
    for container in compose("ps", "--all", "--quiet").split():
        shown = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True).stdout
        assert [path.name for path in (env_file.parent / "secrets").iterdir() if path.read_text().strip() in shown] == []


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_an_analyst_comes_in_by_the_port_and_nobody_else(compose: Compose) -> None:
    compose("--profile", "analysts", "up", "--detach", "--wait", "--wait-timeout", "900")
    said = compose("exec", "--no-TTY", "scheduler", "cchc", "user", "add", "lan", "--role", "analyst")
    url = re.findall(r"postgresql://\S+", said)[0]
    assert ":15432/" in url
    with psycopg.connect(url) as connection:
        assert connection.execute("select current_user, count(*) from mart.unit").fetchone() == ("lan", 31)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from staging.model_dossier")
    for other in ("postgres", "cchc_owner", "airflow", "cchc_web", "cchc_reader"):
        with pytest.raises(psycopg.OperationalError, match="pg_hba.conf rejects|password authentication failed"):
            psycopg.connect(re.sub("//[^@]*@", f"//{other}:wrong@", url))


def test_a_missing_engine_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine_is_missing() == "there is no docker here"
