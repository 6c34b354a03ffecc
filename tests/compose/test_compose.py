"""docker-compose.yaml, .env.example, Dockerfile: what can be checked without a container engine. docs/runbooks/server.md describes the rest."""

from __future__ import annotations

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
from matplotlib import get_data_path
from matplotlib.ft2font import FT2Font

from cchc.airflow.cleanup import METADATA
from cchc.airflow.configuration import options
from cchc.airflow.databases import ADMIN, WAREHOUSE, ensure_databases
from cchc.airflow.pools import PARALLELISM, configured_pools
from cchc.airflow.secret_files import SECRETS
from cchc.errors import NotConfigured
from cchc.settings import PROJECT, Settings, is_unscheduled
from cchc.sources.profile import list_profiles
from cchc.warehouse import embedded as postgres
from cchc.warehouse.accounts import MEMBER_OF
from demo.state import StateFolder
from tests.compose.services import CELERY_TEXT, EXAMPLE, FILE, LONG_RUNNING, SERVICES, TEXT, offered

SECRET = re.compile(r"PASSWORD|SECRET|_KEY\b|FERNET|TOKEN")
OF_THE_PROFILE_BI = {"SUPERSET_SECRET_KEY", "SUPERSET_ADMIN_PASSWORD", "SUPERSET_WAREHOUSE_PASSWORD"}
SUPERSET = (PROJECT / "include" / "superset" / "Dockerfile").read_text(encoding="utf-8")
VIETNAMESE = "ăâđêôơưĂÂĐÊÔƠƯàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ₫"


def variables(text: str) -> set[str]:
    """The variables that a compose file reads; `$$` is a dollar sign for the container's own shell."""
    return set(re.findall(r"\$\{([A-Z_]+)", text.replace("$$", "")))


def literal_secrets(environment: dict[str, Any]) -> list[str]:
    """Names in an environment that sound like a secret, or are URLs with a password, and whose value does not come from a variable."""
    found = []
    for name, value in environment.items():
        text = str(value)
        in_url = re.search(r"://[^:/@]+:(?P<password>[^@]+)@", text)
        if (
            in_url
            and not in_url["password"].startswith("${")
            or SECRET.search(name)
            and not name.endswith(("_FILE", "_CMD"))
            and not text.startswith("${")
        ):
            found.append(name)
    return found


def test_services_are_there() -> None:
    assert set(LONG_RUNNING) == {
        "postgres",
        "api-server",
        "scheduler",
        "dag-processor",
        "triggerer",
        "sources",
        "proxy",
        "analysts",
        "metrics",
        "superset",
    }
    assert set(SERVICES) - set(LONG_RUNNING) == {"init", "sources-connections", "superset-init"}
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {
        "sources": ["demo"],
        "sources-connections": ["demo"],
        "proxy": ["tls"],
        "analysts": ["analysts"],
        "metrics": ["metrics"],
        "superset-init": ["bi"],
        "superset": ["bi"],
    }


def test_every_variable_is_in_the_example_and_the_other_way_round() -> None:
    assert variables(TEXT) | variables(CELERY_TEXT) == set(offered(EXAMPLE))


def test_what_is_demanded_has_no_value_in_the_example_and_defaults_agree() -> None:
    demanded = set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))
    filled_in = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert set(filled_in) == demanded
    assert set(filled_in.values()) == {""}
    for name, default in re.findall(r"\$\{([A-Z_]+):-([^}]+)\}", TEXT):
        assert offered(EXAMPLE)[name] == default


def test_every_secret_is_demanded() -> None:
    for name in variables(TEXT):
        if SECRET.search(name) and name not in OF_THE_PROFILE_BI:
            assert re.search(rf"\$\{{{name}:\?{name} is missing in \.env", TEXT), f"{name} may be empty"


@pytest.mark.parametrize("missing", sorted(OF_THE_PROFILE_BI))
def test_what_the_profile_bi_needs_is_demanded_by_its_job_and_by_nobody_else(missing: str) -> None:
    """Compose would demand a `:?` of every profile, so the job refuses to run, and the server does not start without its end."""
    environment = {
        name: re.sub(r"\$\{([A-Z_]+):-\}", lambda match: "" if match[1] == missing else "madeup", value)
        for name, value in SERVICES["superset-init"]["environment"].items()
    }
    assert OF_THE_PROFILE_BI == variables(str(SERVICES["superset-init"]["environment"]))
    script = str(PROJECT / "include" / "superset" / "prepare.py")
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{missing} is missing in .env")
    assert {name for name, service in SERVICES.items() if OF_THE_PROFILE_BI & variables(str(service))} == {"superset-init", "superset"}
    assert SERVICES["superset"]["depends_on"]["superset-init"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", SERVICES)
def test_no_literal_secret(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    assert literal_secrets(environment) == []


def test_a_literal_secret_is_found() -> None:
    planted = {
        "A_PASSWORD": "hunter2",
        "URL": "postgresql://airflow:airflow@postgres/airflow",
        "B_PASSWORD": "${B_PASSWORD:?}",
        "PASSWORDS_FILE": "/x",
    }
    assert literal_secrets(planted) == ["A_PASSWORD", "URL"]


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_health_check(name: str) -> None:
    check = LONG_RUNNING[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@pytest.mark.parametrize("name", SERVICES)
def test_an_ordinary_user_on_a_read_only_root(name: str) -> None:
    service = SERVICES[name]
    user, group = service["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert any(place.startswith("/tmp") for place in service["tmpfs"])
    assert service["logging"]["options"]["max-size"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_takes_the_memory_of_the_others(name: str) -> None:
    assert SERVICES[name]["mem_limit"]
    assert SERVICES[name]["pids_limit"] <= 1024


def test_ports_are_on_loopback_or_the_proxys_and_that_of_analysts_opens_by_its_profile_alone() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "api-server": ["127.0.0.1:${AIRFLOW_PORT:-8080}:8080"],
        "proxy": ["${TLS_PORT:-443}:8443"],
        "analysts": ["${ANALYSTS_BIND:-127.0.0.1}:${ANALYSTS_PORT:-5432}:5432"],
        "metrics": ["127.0.0.1:${METRICS_PORT:-9090}:9090"],
        "superset": ["127.0.0.1:${SUPERSET_PORT:-8088}:8088"],
    }
    assert FILE["networks"]["inside"]["internal"] is FILE["networks"]["analysts"]["internal"] is True
    assert SERVICES["postgres"]["networks"] == ["inside", "analysts"]
    of_persons = {name for name, service in SERVICES.items() if "analysts" in service.get("networks", [])}
    assert of_persons == {"postgres", "analysts", "superset", "superset-init"}
    assert all("inside" not in SERVICES[name]["networks"] for name in of_persons - {"postgres"})


def test_the_port_for_analysts_lets_logins_of_persons_in_and_nobody_else() -> None:
    """PostgreSQL takes the first line that fits: owners and administrators are refused before the roles of persons are let in."""
    subnet = "${ANALYSTS_SUBNET:-172.31.251.0/28}"
    assert FILE["networks"]["analysts"]["ipam"]["config"] == [{"subnet": subnet}]
    lines = [line.split() for line in SERVICES["postgres"]["environment"]["PG_HBA"].splitlines() if not line.startswith("#")]
    assert [line[1:] for line in lines if line[0] == "host" and line[3] in (subnet, "all")] == [
        ["all", "postgres,airflow,cchc_owner", subnet, "reject"],
        ["warehouse", ",".join(f"+{role}" for role in MEMBER_OF.values()), subnet, "scram-sha-256"],
        ["all", "all", subnet, "reject"],
        ["all", "all", "all", "scram-sha-256"],
    ]
    urls = [SERVICES["init"]["environment"][ADMIN], *(SECRETS[name].form for name in ("airflow_database_url", "warehouse_url"))]
    owners = {re.findall(r"//(\w+)[:@]", url)[0] for url in urls}
    assert owners == set(lines[3][2].split(","))
    assert all(service.get("network_mode") != "host" for service in SERVICES.values())


def test_every_config_is_a_file_of_the_project() -> None:
    """Text in the file itself is copied into the container, which a read-only root refuses: such a container never starts."""
    assert {name for name, config in FILE["configs"].items() if set(config) != {"file"}} == set()
    assert [config["file"] for config in FILE["configs"].values() if not (PROJECT / config["file"]).is_file()] == []


def test_nothing_of_the_server_is_mounted_but_the_delivered_files() -> None:
    volumes = {volume for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert volumes == {
        "warehouse:/var/lib/postgresql/data",
        "state:/var/lib/cchc",
        "${CCHC_DROPS:-drops}:/var/lib/drops:ro",
        "${CCHC_BACKUPS:-backups}:/var/lib/backups",
        "backups:/var/lib/backups",
        "proxy:/var/lib/caddy",
        "metrics:/prometheus",
        "superset:/var/lib/superset",
        "${TLS_FOLDER:-certificates}:/certificates:ro",
    }
    assert set(FILE["volumes"]) == {"warehouse", "state", "drops", "backups", "proxy", "metrics", "certificates", "superset"}


def test_new_volumes_belong_to_who_writes_them() -> None:
    """Docker gives a new volume the owner that its folder has in the image of the first container that mounts it."""
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    (made,) = re.findall(r"install -d -o cchc -g cchc -m 700 (.+)$", dockerfile, re.MULTILINE)
    assert {*made.split(), "/var/lib/cchc"} == {volume.split(":")[1] for volume in SERVICES["init"]["volumes"]}
    assert "install -d -o 1000 -g 1000 -m 700 /var/lib/superset\n" in SUPERSET
    assert SERVICES["superset"]["user"] == "1000:1000" == re.findall(r"^USER (\S+)$", SUPERSET, re.MULTILINE)[-1]


def test_the_administrator_of_the_server_is_known_to_init_alone() -> None:
    assert [name for name, service in SERVICES.items() if ADMIN in service.get("environment", {})] == ["init"]
    assert [name for name, service in SERVICES.items() if "postgres_password" in str(service)] == ["postgres", "init"]


def test_the_pools_are_as_large_as_the_executor() -> None:
    environment = SERVICES["init"]["environment"]
    (tasks,) = re.findall(r"^\$\{AIRFLOW_PARALLELISM:-(\d+)\}$", environment[PARALLELISM])
    assert configured_pools({PARALLELISM: tasks}) == {"warehouse": int(tasks) - 2, "default_pool": 2}
    assert options()["AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT"] == "2"


def test_who_tells_reaches_the_webhook() -> None:
    for name in ("scheduler", "dag-processor"):
        assert "outside" in SERVICES[name]["networks"], name
    assert 'AIRFLOW_CONN_CCHC_NOTIFY={"conn_type": "http"' in EXAMPLE


def test_the_demo_switches_the_clock_off() -> None:
    for name in ("scheduler", "dag-processor", "api-server", "triggerer", "sources"):
        assert SERVICES[name]["environment"]["CCHC_SCHEDULE"] == "${CCHC_SCHEDULE-profiles:${COMPOSE_PROFILES:-}}"


@pytest.mark.parametrize(
    ("schedule", "is_off"),
    [
        ("off", True), ("profiles:demo", True), ("profiles:tls,demo", True), ("profiles:demo,bi", True),
        ("", False), ("profiles:", False), ("profiles:tls", False), ("profiles:tls,bi", False), ("profiles:demonstration", False),
    ],
)  # fmt: skip
def test_only_the_demo_switches_the_clock_off_and_it_refuses_to_run_beside_schedules(tmp_path: Path, schedule: str, is_off: bool) -> None:
    assert is_unscheduled({"CCHC_SCHEDULE": schedule}) == is_off
    command = [argument.replace("$$", "$").replace("exec python", "exec true") for argument in SERVICES["sources"]["command"]]
    environment = {"PATH": os.environ["PATH"], "CCHC_SCHEDULE": schedule, "DEMO_SCALE": "1"}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == (0 if is_off else 2)
    assert ("COMPOSE_PROFILES=demo" in done.stderr) != is_off


def test_every_source_has_a_connection_in_the_demo_and_in_the_example(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.open(scale=0.01)
    wanted = {f"AIRFLOW_CONN_SRC_{source.upper()}" for source in list_profiles(PROJECT / "include" / "sources")}
    assert set(state.connections(8765)) == wanted
    assert set(re.findall(r"AIRFLOW_CONN_SRC_[A-Z_]+", EXAMPLE)) == wanted


def test_the_image_has_what_the_package_reads() -> None:
    settings = Settings.load()
    read = {settings.sql_dir, settings.expectations_dir, settings.reference_dir, settings.plans_dir, settings.reports_dir}
    needed = {path.relative_to(PROJECT).parts[0] for path in read} | {"dags", "plugins", "demo"}
    final = (PROJECT / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    copied = {target.removeprefix("./").rstrip("/") for target in re.findall(r"^COPY (?!--from)\S+ (\./\S+)$", final, re.MULTILINE)}
    assert needed <= copied
    ignored = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*"
    assert copied <= {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert not any(word in line for line in ignored for word in (".env", "connections.env", ".git") if line.startswith("!"))


def test_the_image_of_superset_is_pinned_and_has_what_its_services_name() -> None:
    (image,) = re.findall(r"^ARG SUPERSET_IMAGE=(\S+)$", SUPERSET, re.MULTILINE)
    assert re.fullmatch(r"apache/superset:\d+\.\d+\.\d+", image)
    assert offered(EXAMPLE)["SUPERSET_IMAGE"] == image
    folder = PROJECT / "include" / "superset"
    copied = set(re.findall(r"include/superset/([\w.]+)", SUPERSET))
    assert copied | {"Dockerfile"} == {path.name for path in folder.iterdir() if not path.name.startswith(("_", "."))}
    driver = (folder / "requirements.txt").read_text(encoding="utf-8").partition("\n")[2]
    assert driver in (PROJECT / "requirements.lock").read_text(encoding="utf-8"), "the driver of the image is that of requirements.lock"
    command = SERVICES["superset-init"]["command"]
    assert command == ["/app/.venv/bin/python", "/opt/cchc/superset/prepare.py"]


def test_the_image_runs_as_an_ordinary_user_from_the_lock_file() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE)[-1] == SERVICES["scheduler"]["user"]
    assert "pip install --require-hashes --no-deps -r /opt/cchc/requirements.lock" in dockerfile


def test_charts_bring_a_font_with_vietnamese_letters() -> None:
    """The image has no fonts of a system: the one that charts name comes with matplotlib."""
    # `findfont` would take that of a system where there is one
    font = FT2Font(str(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")))
    assert font.family_name == "DejaVu Sans"
    assert [letter for letter in VIETNAMESE if font.get_char_index(ord(letter)) == 0] == []


def test_git_ignores_what_holds_secrets() -> None:
    ignored = (PROJECT / ".gitignore").read_text(encoding="utf-8").split()
    assert {".env", "connections.env", "/secrets/"} <= set(ignored)


def _docker() -> str | None:
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        return docker
    return None


@pytest.mark.skipif(_docker() is None, reason="there is no `docker compose` here: the file is not judged by Compose itself")
@pytest.mark.parametrize("profile", ["", "demo", "tls", "analysts", "metrics", "tls,demo", "bi"])
def test_compose_accepts_the_file(profile: str, tmp_path: Path) -> None:
    docker = _docker()
    assert docker is not None
    env_file = tmp_path / "env"
    env_file.write_text(re.sub(r"(?m)^([A-Z_]+)=$", r"\1=madeup", EXAMPLE))
    environment = {name: value for name, value in os.environ.items() if name not in offered(EXAMPLE)} | {"COMPOSE_PROFILES": profile}
    command = [docker, "compose", "--project-directory", str(PROJECT), "--env-file", str(env_file), "config", "--format", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert ("sources" in services) == ("demo" in profile)
    assert ("proxy" in services) == ("tls" in profile)
    assert ("analysts" in services) == ("analysts" in profile)
    assert ("metrics" in services) == ("metrics" in profile)
    assert ("superset" in services) == (profile == "bi")
    assert services["scheduler"]["environment"]["CCHC_SCHEDULE"] == f"profiles:{profile}"


@pytest.mark.skipif(shutil.which("caddy") is None, reason="there is no caddy here: the proxy's file is not judged by Caddy itself")
@pytest.mark.parametrize("certificate", ["internal", "somebody@example.vn"])
def test_caddy_accepts_the_file_of_the_proxy(certificate: str, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "TLS_HOST": "cchc.example.vn", "TLS_CERTIFICATE": certificate, "UPSTREAM": "api-server:8080"}
    environment |= {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    command = ["caddy", "validate", "--config", str(PROJECT / "include" / "caddy" / "Caddyfile"), "--adapter", "caddyfile"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- the two databases -----------------------------------------------------------------------------------------------


def _login(server: postgres.Server, user: str, password: str, database: str) -> str:
    url = server.url("postgres").replace("+psycopg", "")
    place = url.rpartition("@")[2].partition("/")[0]
    return f"postgresql+psycopg://{user}:{password}@{place}/{database}"


def test_databases_are_made_once_and_passwords_follow_the_file(postgres_server: postgres.Server) -> None:
    def given(password: str) -> dict[str, str]:
        return {
            ADMIN: postgres_server.url("postgres"),
            METADATA: _login(postgres_server, "compose_airflow", password, "compose_metadata"),
            WAREHOUSE: _login(postgres_server, "compose_owner", password, "compose_warehouse"),
        }

    assert ensure_databases(given("first")) == ["compose_metadata", "compose_warehouse"]
    with psycopg.connect(given("first")[WAREHOUSE].replace("+psycopg", "")) as connection:
        connection.execute("create table kept (id int)")
        assert connection.execute("select rolcreaterole, rolsuper from pg_roles where rolname = current_user").fetchone() == (True, False)
    assert ensure_databases(given("second")) == []
    with psycopg.connect(given("second")[WAREHOUSE].replace("+psycopg", "")) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):  # taken from everybody by the administrator (roles/everybody.sql)
            connection.execute("select lo_creat(-1)")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(given("first")[METADATA].replace("+psycopg", ""))
    with pytest.raises(psycopg.OperationalError):  # each owner is let into its own database alone
        psycopg.connect(_login(postgres_server, "compose_airflow", "second", "compose_warehouse").replace("+psycopg", ""))


def test_a_url_without_a_password_is_named(postgres_server: postgres.Server) -> None:
    with pytest.raises(NotConfigured, match=METADATA):
        ensure_databases({ADMIN: postgres_server.url("postgres"), METADATA: "postgresql+psycopg://airflow@postgres/airflow"})


def test_a_wrong_administrator_is_named_without_the_password(postgres_server: postgres.Server) -> None:
    with pytest.raises(NotConfigured, match=ADMIN) as failure:
        ensure_databases({ADMIN: _login(postgres_server, "postgres", "hunter2", "postgres")})
    assert "hunter2" not in str(failure.value)


def test_without_an_administrator_nothing_is_made() -> None:
    assert ensure_databases({}) == []


def test_the_proxy_that_is_trusted_is_that_of_the_profile_tls_alone() -> None:
    """It reaches Airflow by one network, in which it alone has the name that CCHC_TRUSTED_PROXIES has by default."""
    trusted = re.search(r"CCHC_TRUSTED_PROXIES: \$\{CCHC_TRUSTED_PROXIES:-([\w-]+)\}", TEXT)
    assert trusted is not None
    named = {
        (name, alias): network
        for name, service in SERVICES.items()
        if isinstance(service.get("networks"), dict)
        for network, more in service["networks"].items()
        for alias in (more or {}).get("aliases", [])
    }
    upstream = SERVICES["proxy"]["environment"]["UPSTREAM"].partition(":")[0]
    assert named == {("proxy", trusted[1]): "inside", ("api-server", upstream): "inside"}
    assert trusted[1] not in SERVICES
    assert [name for name, service in SERVICES.items() if "CCHC_TRUSTED_PROXIES" in service.get("environment", {})] == ["api-server"]
