"""Containers on a real engine: an installation by docker-compose in a project of its own, which is removed with its volumes afterwards."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cchc.airflow import secret_files
from cchc.embedded.airflow_api import AirflowApi
from cchc.files import locked
from cchc.settings import PROJECT
from cchc.waiting import wait_until
from cchc.warehouse.embedded import free_port
from tests.compose.services import EXAMPLE, offered

BASE, CELERY = "docker-compose.yaml", "docker-compose.celery.yaml"
READY_SECONDS = 900


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


@dataclass(frozen=True)
class Containers:
    """An installation: the folder of its .env and secrets, the Compose files it is made of, the ports that it has on this machine."""

    folder: Path
    files: tuple[str, ...]
    project: str
    ports: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> str:
        """`docker compose …`: what it printed. Fails with the end of its output where it fails."""
        done = self._run(*arguments)
        assert done.returncode == 0, f"docker compose {' '.join(arguments)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def inside(self, service: str, *command: str) -> str:
        """What a command prints in the running container of a service."""
        return self("exec", "--no-TTY", service, *command)

    def query(self, statement: str, database: str = "warehouse") -> str:
        """What the administrator of PostgreSQL is answered, one line a row, without titles."""
        return self.inside("postgres", "psql", "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-Atc", statement).strip()

    def api(self) -> AirflowApi:
        """A client of Airflow's API, as its administrator; to be closed."""
        password = (self.folder / "secrets" / "airflow_admin_password").read_text(encoding="utf-8").strip()
        return AirflowApi(f"http://127.0.0.1:{self.ports['AIRFLOW_PORT']}", "admin", password)

    def listed(self, *options: str) -> list[dict[str, Any]]:
        """The containers as `docker compose ps` knows them: those that run, with `--all` the jobs that have ended, too."""
        return [json.loads(line) for line in self("ps", *options, "--format", "json").splitlines()]

    def wait_until_healthy(self) -> None:
        """Wait for every container that runs. For a start without `--wait`, which takes a job that has ended for a failure."""

        def ready() -> bool:
            ended = [each["Service"] for each in self.listed("--all") if each["State"] == "exited" and each["ExitCode"] != 0]
            assert ended == [], [self("logs", "--tail", "20", service) for service in ended]
            return {each["Health"] for each in self.listed()} == {"healthy"}

        assert wait_until(ready, READY_SECONDS, 2), self("ps", "--all")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        named = [part for name in self.files for part in ("--file", str(PROJECT / name))]
        start = ["docker", "compose", *named, "--project-name", self.project, "--project-directory", str(PROJECT)]
        environment = {name: value for name, value in os.environ.items() if name not in offered(EXAMPLE)} | self.ports
        command = [*start, "--env-file", str(self.folder / ".env"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@contextmanager
def containers(folder: Path, *files: str, **lines: str) -> Iterator[Containers]:
    """A new installation with new secrets, not built and not started; afterwards nothing of it is left.

    `folder`: an empty one of the test; `lines`: variables of .env. One installation at a time, whatever worker asks: they share the names
    of images, the network of the analysts, and this machine's memory.
    """
    line = f"{secret_files.FOLDER}="
    text = EXAMPLE.replace(line, f"{line}{folder / 'secrets'}") + "".join(f"{name}={value}\n" for name, value in lines.items())
    (folder / ".env").write_text(text, encoding="utf-8")
    secret_files.make(folder)
    with locked(folder.parent.parent / "containers.lock"):
        ports = {"AIRFLOW_PORT": str(free_port(18080)), "ANALYSTS_PORT": str(free_port(15432))}
        made = Containers(folder, files, f"cchc-nightly-{os.getpid()}-{secrets.token_hex(3)}", ports)
        try:
            yield made
        finally:
            made("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "20")
