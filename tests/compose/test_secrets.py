"""The secrets of docker-compose are files: no environment holds one, each is read where it is mounted, and a missing one is named."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cchc.airflow import cleanup, prepare, secret_files
from cchc.airflow.databases import ADMIN, ADMIN_PASSWORD, ensure_databases
from cchc.airflow.secret_files import FOLDER, SECRETS
from cchc.dashboard.warehouse import dashboard_url
from cchc.embedded.stack import airflow_environment, make_secrets
from cchc.errors import NotConfigured
from cchc.settings import PROJECT, Settings, secret_variable
from cchc.warehouse import embedded as postgres
from cchc.warehouse.url import owner_url
from tests.compose.services import EXAMPLE, FILE, SERVICES
from tests.support.environment import environment

MOUNTED = "/run/secrets/"
URL = "postgresql+psycopg://somebody:hunter2@db.example:5432/warehouse"
OLD = {secret.line: f"old{number}" for number, secret in enumerate(SECRETS.values())}  # as .env held them before
OF_AIRFLOW = {
    "core.fernet_key": "airflow_fernet_key",
    "database.sql_alchemy_conn": "airflow_database_url",
    "api.secret_key": "airflow_secret_key",
    "api_auth.jwt_secret": "airflow_jwt_secret",
}
ASK_AIRFLOW = """if True:
    import json, sys
    from airflow.configuration import conf
    print(json.dumps({name: conf.get(*name.split(".")) for name in json.load(sys.stdin)}))
"""


# --- docker-compose.yaml ---------------------------------------------------------------------------------------------


def files_read(environment: dict[str, Any]) -> set[str]:
    """The names of the secrets that an environment reads by a variable …_FILE or a command of Airflow."""
    files = [str(value).split()[-1] for name, value in environment.items() if name.endswith(("_FILE", "_CMD")) and MOUNTED in str(value)]
    return {file.removeprefix(MOUNTED) for file in files}


def held(environment: dict[str, Any]) -> list[str]:
    """The variables of an environment that hold a secret themselves: by their name, by a password in a URL, or by a variable of .env."""
    sounds = re.compile(r"PASSWORD|SECRET|_KEY\b|FERNET|TOKEN|JWT")
    return [
        name
        for name, value in environment.items()
        if (sounds.search(name) and not name.endswith(("_FILE", "_CMD")))
        or re.search(r"://[^/@]*:[^/@]*@", str(value))
        or any(secret.line in str(value) for secret in SECRETS.values())
    ]


# the optional profile `bi`: its three secrets are of Superset alone, and stand in .env (docs/runbooks/server.md, Superset)
OF_SUPERSET = {
    "superset-init": {"SUPERSET_SECRET_KEY", "SUPERSET_ADMIN_PASSWORD", "SUPERSET_WAREHOUSE_URL"},
    "superset": {"SUPERSET_SECRET_KEY"},
}


@pytest.mark.parametrize("name", SERVICES)
def test_no_environment_holds_a_secret_and_what_is_mounted_is_read(name: str) -> None:
    service = SERVICES[name]
    given = service.get("environment", {})
    assert set(held(given)) == OF_SUPERSET.get(name, set())
    assert files_read(given) == set(service.get("secrets", []))


def test_a_secret_in_an_environment_is_found() -> None:
    planted = {
        "AIRFLOW__CORE__FERNET_KEY": "${X}",
        "A_URL": "postgresql://airflow:${PW}@postgres/airflow",
        "OTHER": "${WAREHOUSE_DB_PASSWORD:-}",
        "POSTGRES_PASSWORD_FILE": "/run/secrets/x",
        "ADDRESS": "http://api-server:8080/x",
    }
    assert held(planted) == ["AIRFLOW__CORE__FERNET_KEY", "A_URL", "OTHER"]


def test_every_secret_is_a_file_in_the_folder_that_env_must_name() -> None:
    assert set(FILE["secrets"]) == set(SECRETS)
    for name, secret in FILE["secrets"].items():
        assert re.fullmatch(rf"\$\{{{FOLDER}:\?{FOLDER} is missing in \.env[^}}]+\}}/{name}", secret["file"]), name
    assert f"\n{FOLDER}=\n" in EXAMPLE


def test_who_sees_which_secret() -> None:
    sees = {name: set(service.get("secrets", [])) for name, service in SERVICES.items()}
    assert sees["init"] == set(SECRETS)
    assert sees["postgres"] == {"postgres_password"}
    of_init = {"postgres_password", "warehouse_url", "airflow_admin_password", "airflow_viewer_password"}
    for name in ("api-server", "scheduler", "dag-processor", "triggerer", "sources-connections"):
        assert sees[name] == set(SECRETS) - of_init, name
    for name in ("proxy", "metrics", "analysts", "sources"):
        assert sees[name] == set(), name


# --- read in the containers ------------------------------------------------------------------------------------------


def variables_of(service: str, folder: Path) -> dict[str, str]:
    """The variables of a service that read secrets, with the folder in place of the one where they are mounted."""
    found = {name: str(value) for name, value in SERVICES[service]["environment"].items() if name.endswith(("_FILE", "_CMD"))}
    here = {name: value.replace(MOUNTED, f"{folder}/").replace("/opt/cchc", str(PROJECT)) for name, value in found.items()}
    return here | {"PATH": os.environ["PATH"]}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The folder of the secrets of a new installation."""
    (tmp_path / ".env").write_text(EXAMPLE, encoding="utf-8")
    secret_files.make(tmp_path)
    return tmp_path / "secrets"


def test_airflow_takes_its_options_from_the_files(made: Path, tmp_path: Path) -> None:
    given = variables_of("scheduler", made) | {"AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path)}
    asked = json.dumps(list(OF_AIRFLOW))
    done = subprocess.run([sys.executable, "-c", ASK_AIRFLOW], input=asked, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer == {option: (made / name).read_text().rstrip("\n") for option, name in OF_AIRFLOW.items()}


def empty(path: Path) -> None:
    path.write_text("\n")


def cut_off(path: Path) -> None:
    path.write_text(path.read_text()[:20])


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("spoil", [Path.unlink, empty])
def test_init_names_every_secret_that_cannot_be_had(made: Path, name: str, spoil: Callable[[Path], None]) -> None:
    given = variables_of("init", made)
    prepare.require_secrets(given)
    spoil(made / name)
    with pytest.raises(NotConfigured, match=rf"{made}/{name}") as failure:
        prepare.require_secrets(given)
    others = [other for other in SECRETS if other != name]
    assert [other for other in others if str(made / other) in str(failure.value)] == []


def test_our_settings_take_the_files(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with environment(**{name: value for name, value in variables_of("init", made).items() if name.startswith("CCHC_")}):
        settings = Settings.load()
        content = {name: (made / name).read_text().strip() for name in SECRETS}
        assert settings.warehouse_url == content["warehouse_loader_url"]
        assert settings.owner_url == owner_url(settings) == content["warehouse_url"]
        assert settings.privacy_key() == content["privacy_key"]
        assert secret_variable(cleanup.URL) == content["airflow_database_url"]
        assert "@postgres:5432/warehouse" in dashboard_url(settings)
        monkeypatch.setenv("CCHC_DASHBOARD_WAREHOUSE_URL_FILE", str(made / "warehouse_url"))
        assert dashboard_url(settings) == content["warehouse_url"]


def test_the_users_of_the_ui_get_the_passwords_of_the_files(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(prepare.PASSWORDS_FILE, str(tmp_path / "airflow" / "passwords.json"))
    for name, value in variables_of("init", made).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(prepare.PASSWORDS_FILE, str(tmp_path / "airflow" / "passwords.json"))
    prepare.write_passwords()
    given = {user: (made / f"airflow_{user}_password").read_text().strip() for user in ("admin", "viewer")}
    assert json.loads((tmp_path / "airflow" / "passwords.json").read_text()) == given


def test_databases_are_made_with_the_passwords_of_the_files(postgres_server: postgres.Server, tmp_path: Path) -> None:
    place = postgres_server.url("postgres").rpartition("@")[2].partition("/")[0]
    admin = postgres_server.url("postgres")
    urls = {name: f"postgresql+psycopg://files_{name}:first@{place}/files_{name}" for name in ("airflow", "warehouse")}
    for name, url in urls.items():
        (tmp_path / name).write_text(f"{url}\n")
    (tmp_path / "admin").write_text("the server of the tests asks for none\n")
    given = {ADMIN: admin, f"{ADMIN_PASSWORD}_FILE": str(tmp_path / "admin"), "CCHC_WAREHOUSE_URL_FILE": str(tmp_path / "warehouse")}
    given |= {f"{cleanup.URL}_FILE": str(tmp_path / "airflow")}
    password = re.findall(r"//[^:/@]+:([^@]+)@", admin)
    if password:  # a server that asks for one must get it from the file
        (tmp_path / "admin").write_text(f"{password[0]}\n")
        given[ADMIN] = admin.replace(f":{password[0]}@", "@")
    assert ensure_databases(given) == ["files_airflow", "files_warehouse"]
    for url in urls.values():
        psycopg.connect(url.replace("+psycopg", "")).close()


def test_the_embedded_installation_says_everything_in_one_way(postgres_server: postgres.Server, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(URL)
    other_ways = {"CCHC_WAREHOUSE_URL_FILE": str(tmp_path / "url"), "AIRFLOW__CORE__FERNET_KEY_CMD": "cat /nowhere"}
    with pytest.MonkeyPatch.context() as patch, environment(CCHC_HOME=str(tmp_path / "home")):
        for name, value in other_ways.items():
            patch.setenv(name, value)
        settings = Settings.load()
        make_secrets(settings)
        told = airflow_environment(settings, postgres_server, 1, str(settings.warehouse_url))
    assert told["CCHC_WAREHOUSE_URL"] == URL
    assert [name for name in other_ways if name in told] == []


# --- a variable or a file ---------------------------------------------------------------------------------------------


def test_a_secret_is_the_variable_or_the_content_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("  of the file\r\n\n")
    assert secret_variable("KEY", {}) is None
    assert secret_variable("KEY", {"KEY": "", "KEY_FILE": ""}) is None
    assert secret_variable("KEY", {"KEY": "itself"}) == "itself"
    assert secret_variable("KEY", {"KEY_FILE": str(tmp_path / "secret")}) == "of the file"
    assert secret_variable("KEY", {"KEY": "", "KEY_FILE": str(tmp_path / "secret")}) == "of the file"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "cannot be read: it is no text"),
    ],
)
def test_a_file_that_gives_no_secret_is_named(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "privacy_key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NotConfigured, match=f"CCHC_PRIVACY_KEY_FILE names {path}.*{words}"):
        secret_variable("CCHC_PRIVACY_KEY", {"CCHC_PRIVACY_KEY_FILE": str(path)})


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    """Docker makes a folder where a file is to be mounted that is not there, if it is told to make it."""
    with pytest.raises(NotConfigured, match="Is a directory"):
        secret_variable("KEY", {"KEY_FILE": str(tmp_path)})


def test_both_are_refused_without_the_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    with pytest.raises(NotConfigured, match="KEY and KEY_FILE are both set") as failure:
        secret_variable("KEY", {"KEY": "hunter3", "KEY_FILE": str(tmp_path / "secret")})
    assert "hunter" not in str(failure.value)


# --- the command that makes the files ---------------------------------------------------------------------------------


def env(project: Path, text: str) -> Path:
    path = project / ".env"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8").rstrip("\n") for path in sorted(folder.iterdir())} if folder.is_dir() else {}


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it on a server, without anything installed: -I leaves our packages out of its sight."""
    script = PROJECT / "plugins" / "cchc" / "airflow" / "secret_files.py"
    command = [sys.executable, "-I", "-S", str(script), *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_a_new_installation_gets_all_secrets_and_each_is_another(tmp_path: Path) -> None:
    path = env(tmp_path, EXAMPLE)
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    found = contents(tmp_path / "secrets")
    assert set(found) == set(SECRETS)
    assert len(set(found.values())) == len(SECRETS)
    assert not any(text in done.stdout + done.stderr for text in found.values())
    assert mode(tmp_path / "secrets") == "0o700"
    assert {mode(each) for each in (tmp_path / "secrets").iterdir()} == {"0o644"}
    assert path.read_text() == EXAMPLE.replace("\nCCHC_SECRETS=\n", "\nCCHC_SECRETS=./secrets\n")
    assert mode(path) == "0o600"
    assert len(found["airflow_fernet_key"]) == 44
    assert run(tmp_path, "--check").returncode == 0
    again = run(tmp_path)
    assert (again.returncode, contents(tmp_path / "secrets")) == (0, found)
    assert "nothing to do" in again.stdout
    assert sorted(each.name for each in tmp_path.iterdir()) == [".env", "secrets"]


def test_an_older_env_gives_its_own_secrets(tmp_path: Path) -> None:
    lines = [f"{name}={value}" for name, value in OLD.items()]
    lines[3] = lines[3].replace("=", ' = "') + '"'
    lines[4] += "   # not a part of it"
    path = env(tmp_path, "\n".join(["# ours", "AIRFLOW_PORT=8081", *lines, "COMPOSE_PROFILES=tls"]) + "\n")
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "secrets") == {name: secret.form.format(OLD[secret.line]) for name, secret in sorted(SECRETS.items())}
    assert path.read_text() == "# ours\nAIRFLOW_PORT=8081\nCOMPOSE_PROFILES=tls\nCCHC_SECRETS=./secrets\n"
    assert "moved from POSTGRES_PASSWORD" in done.stdout
    assert not any(value in done.stdout for value in OLD.values())


def test_a_folder_elsewhere_is_taken(tmp_path: Path) -> None:
    elsewhere = tmp_path / "srv" / "kept"
    env(tmp_path, EXAMPLE.replace("CCHC_SECRETS=", f"CCHC_SECRETS={elsewhere}"))
    assert run(tmp_path).returncode == 0
    assert set(contents(elsewhere)) == set(SECRETS)
    assert f"CCHC_SECRETS={elsewhere}\n" in (tmp_path / ".env").read_text()


def test_of_an_installation_nothing_is_made_anew_unless_it_is_asked_for(tmp_path: Path) -> None:
    old = env(tmp_path, "\n".join(f"{name}={value}" for name, value in OLD.items() if name != "CCHC_PRIVACY_KEY") + "\n").read_text()
    done = run(tmp_path)
    assert done.returncode == 1
    assert "privacy_key is missing, and .env has no CCHC_PRIVACY_KEY" in done.stderr
    assert (contents(tmp_path / "secrets"), (tmp_path / ".env").read_text()) == ({}, old)
    assert run(tmp_path, "--new", "privacy_key").returncode == 0
    made = contents(tmp_path / "secrets")
    assert list(made) == ["privacy_key"]
    assert run(tmp_path).returncode == 0
    assert contents(tmp_path / "secrets")["privacy_key"] == made["privacy_key"]
    assert set(contents(tmp_path / "secrets")) == set(SECRETS)
    assert run(tmp_path, "--new", "privacy_key").returncode == 1, "what is there stays"


def test_a_file_that_was_lost_is_named_and_not_made_anew(tmp_path: Path) -> None:
    env(tmp_path, EXAMPLE)
    assert run(tmp_path).returncode == 0
    (tmp_path / "secrets" / "airflow_fernet_key").unlink()
    done = run(tmp_path)
    assert done.returncode == 1
    assert "airflow_fernet_key is missing" in done.stderr
    assert not (tmp_path / "secrets" / "airflow_fernet_key").exists()


def test_a_login_that_an_older_version_did_not_have_is_made_where_its_owner_is(tmp_path: Path) -> None:
    """The job `init` gives it the new password, so nothing that is stored depends on it."""
    env(tmp_path, EXAMPLE)
    assert run(tmp_path).returncode == 0
    before = contents(tmp_path / "secrets")
    elsewhere = before["warehouse_url"].replace("@postgres:5432/", "@db.example:6432/")
    (tmp_path / "secrets" / "warehouse_url").write_text(elsewhere)
    (tmp_path / "secrets" / "warehouse_loader_url").unlink()
    checked = run(tmp_path, "--check")
    assert checked.returncode == 1 and "warehouse_loader_url is missing: make it with" in checked.stderr
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "warehouse_loader_url: made" in done.stdout
    after = contents(tmp_path / "secrets")
    assert re.fullmatch(r"postgresql\+psycopg://cchc_loader_login:[0-9a-f]{64}@db\.example:6432/warehouse", after["warehouse_loader_url"])
    assert {**after, "warehouse_loader_url": ""} == {**before, "warehouse_url": elsewhere, "warehouse_loader_url": ""}


def test_two_that_differ_are_refused(tmp_path: Path) -> None:
    env(tmp_path, EXAMPLE)
    assert run(tmp_path).returncode == 0
    with (tmp_path / ".env").open("a") as file:
        file.write("CCHC_PRIVACY_KEY=another\n")
    before = contents(tmp_path / "secrets")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "CCHC_PRIVACY_KEY in .env is another one than" in done.stderr
    assert contents(tmp_path / "secrets") == before


@pytest.mark.parametrize("value", ["a$b", "a\\b", "it's", '"open'])
def test_what_only_compose_can_read_is_refused(tmp_path: Path, value: str) -> None:
    env(tmp_path, "\n".join(f"{name}={value}" for name in OLD))
    done = run(tmp_path)
    assert done.returncode == 1
    assert "has a sign that Compose reads in its own way" in done.stderr
    assert value not in done.stderr
    assert not (tmp_path / "secrets").exists()


def test_without_env_and_with_other_arguments(tmp_path: Path) -> None:
    assert "cp .env.example .env" in run(tmp_path).stderr
    assert run(tmp_path, "--help").returncode == run(tmp_path, "--new", "nothing").returncode == 2


def test_one_that_is_broken_off_leaves_no_half_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = env(tmp_path, EXAMPLE)

    def no_room(*_: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_room)
        assert secret_files.main([], tmp_path) == 1
    assert [each.name for each in tmp_path.iterdir()] == [".env"]
    with monkeypatch.context() as patch:  # after the folder, before .env names it
        patch.setattr(secret_files, "_name_folder", no_room)
        with pytest.raises(OSError, match="no room"):
            secret_files.make(tmp_path)
    made = contents(tmp_path / "secrets")
    assert path.read_text() == EXAMPLE
    assert secret_files.main([], tmp_path) == 0
    assert contents(tmp_path / "secrets") == made
    assert "CCHC_SECRETS=./secrets" in path.read_text()


def test_a_file_that_is_no_text_is_named(made: Path) -> None:
    (made / "postgres_password").write_bytes(b"\xff\xfe\x81")
    done = run(made.parent)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{made / 'postgres_password'} is no text: restore it from your copy")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "warehouse_url").unlink(), "warehouse_url is missing"),
        (lambda folder: (folder / "warehouse_url").write_text("\n"), "warehouse_url is empty"),
        (lambda folder: (folder / "warehouse_url").chmod(0o600), "warehouse_url cannot be read by the user of the containers: chmod 644"),
        (lambda folder: (folder / "privacy_key").write_bytes(b"\xff\xfe\x81"), "privacy_key is no text: restore it from your copy"),
        (lambda folder: a_folder(folder / "privacy_key"), "privacy_key is a folder: remove it, and restore the file from your copy"),
        (lambda folder: cut_off(folder / "airflow_fernet_key"), "airflow_fernet_key is no key (20 characters"),
        (lambda folder: cut_off(folder / "warehouse_url"), "warehouse_url is no address of a database"),
        (lambda folder: folder.chmod(0o755), "is open to others: chmod 700"),
        (lambda folder: folder.rename(folder.with_name("moved")), "is missing: make it with"),
    ],
)
def test_check_names_what_is_wrong(made: Path, spoil: Callable[[Path], object], words: str) -> None:
    spoil(made)
    done = run(made.parent, "--check")
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
