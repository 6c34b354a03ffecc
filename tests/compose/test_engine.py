"""The containers on a real engine: the image is built, every service comes up healthy, and nothing of it is left (`make nightly`)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.compose.engine import BASE, Containers, containers, engine_is_missing
from tests.compose.services import LONG_RUNNING, SERVICES


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """A new installation, as .env.example describes it."""
    if why := engine_is_missing():
        pytest.skip(f"the containers are not tried: {why}")
    with containers(tmp_path_factory.mktemp("compose"), BASE) as made:
        yield made


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_every_service_comes_up_healthy(compose: Containers) -> None:
    compose("build")
    compose("up", "--detach", "--wait", "--wait-timeout", "900")
    services = {each["Service"]: each for each in compose.listed()}
    assert set(services) == {name for name in LONG_RUNNING if not SERVICES[name].get("profiles")}
    assert {each["Health"] for each in services.values()} == {"healthy"}
    assert "warehouse ready" in compose("logs", "init")
    compose.inside("scheduler", "cchc", "status")
    for container in compose("ps", "--all", "--quiet").split():
        shown = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True).stdout
        assert [path.name for path in (compose.folder / "secrets").iterdir() if path.read_text().strip() in shown] == []


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_an_analyst_comes_in_by_the_port_and_nobody_else(compose: Containers) -> None:
    compose("--profile", "analysts", "up", "--detach", "--wait", "--wait-timeout", "900")
    said = compose("run", "--rm", "--no-TTY", "init", "cchc", "user", "add", "lan", "--role", "analyst")
    url = re.findall(r"postgresql://\S+", said)[0]
    assert f":{compose.ports['ANALYSTS_PORT']}/" in url
    with psycopg.connect(url) as connection:
        assert connection.execute("select current_user, count(*) from mart.unit").fetchone() == ("lan", 31)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from staging.model_dossier")
    for other in ("postgres", "cchc_owner", "cchc_loader_login", "airflow", "cchc_web", "cchc_reader"):
        with pytest.raises(psycopg.OperationalError, match="pg_hba.conf rejects|password authentication failed"):
            psycopg.connect(re.sub("//[^@]*@", f"//{other}:wrong@", url))


def test_a_missing_engine_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine_is_missing() == "there is no docker here"
