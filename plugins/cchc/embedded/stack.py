"""Airflow on the embedded PostgreSQL: four processes on 127.0.0.1, and their keeper, which starts again what dies (keeper.py).

Their settings are in include/airflow/airflow.cfg, which docker-compose shares; paths, ports and secrets come as environment variables.

What is on disk, under `CCHC_HOME/airflow` (AIRFLOW_HOME):

    stack.json        the port, remembered for the next start, and whether the DAGs go by the clock
    processes.json    the running processes, while there are any
    restarts.json     which of them the keeper has started again, when, and when that was told
    passwords.json    users of Airflow's UI (mode 0600)
    migrated.json     which Airflow last migrated the metadata database, to which revision
    logs/             one log for each process; the logs of the tasks

The processes are those of `airflow standalone` without its extra log servers, which listen to the whole network.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc.airflow import configuration
from cchc.airflow.launch import COMPONENTS
from cchc.airflow.pools import OTHER_SLOTS, PARALLELISM, WAREHOUSE_POOL, configured_pools
from cchc.airflow.processes import ProcessFile
from cchc.embedded import airflow_keys
from cchc.embedded.airflow_api import AirflowApi
from cchc.embedded.keeper import KEEPER
from cchc.embedded.restarts import TOLD_FOR, Restart, RestartFile
from cchc.errors import CchcError, NotConfigured
from cchc.files import locked, tail, write_atomic, write_private
from cchc.period import ZONE, now
from cchc.settings import FERNET_KEY, KEYS_OF_AIRFLOW, PROJECT, Settings, is_unscheduled
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from cchc.warehouse.url import OWNER_URL, warehouse_url

FIRST_PORT = 8080
START_SECONDS = 300
# The triggerer needs ten seconds to end, and nothing depends on it. Running tasks report to the API server, so the API server ends last.
# The keeper ends first, because it starts again what it finds dead.
STOP_STAGES = (((KEEPER,), 2.0), (("triggerer",), 0.0), (("scheduler", "dag-processor"), 8.0), (("api-server",), 5.0))
ADMIN, VIEWER = "admin", "viewer"
ADMIN_PASSWORD, VIEWER_PASSWORD = "airflow_admin_password", "airflow_viewer_password"
_, SECRET_KEY, *JWT_SECRETS = KEYS_OF_AIRFLOW  # of the last, the two together are as long as the algorithm asks for
SECRETS = (ADMIN_PASSWORD, VIEWER_PASSWORD, FERNET_KEY, SECRET_KEY, *JWT_SECRETS)
METADATA_DATABASE = "airflow"
MOST_TASKS_AT_ONCE = 4  # that write to the warehouse
OK, NOTE, WRONG = "ok", "NOTE", "WRONG"  # as cchc.cli.examine writes them
REFRESH_DAG = "refresh_indicators"
HEALTH_NAMES = ("metadatabase", "scheduler", "dag_processor", "triggerer")


@dataclass(frozen=True)
class Stack:
    """A running stack: where the UI is and who may log in."""

    url: str
    user: str
    password: str
    started_now: bool

    def api(self) -> AirflowApi:
        """A client of its REST API, as the administrator; close it, or use it in a `with`."""
        return AirflowApi(self.url, self.user, self.password)


def up(
    settings: Settings,
    extra_env: Mapping[str, str] | None = None,
    prepare: Callable[[], Mapping[str, str]] = dict,
    say: Callable[[str], None] = lambda _: None,
) -> Stack:
    """Start PostgreSQL and Airflow and wait until every component is healthy; if they run already, only a missing pool is made.

    `extra_env` is added to the environment of all tasks: connections of sources, for instance. `prepare` is called between
    PostgreSQL and Airflow and may add more. Raises CchcError with the end of the log of the component that did not come up;
    Airflow's processes and those started beside them are stopped again then.
    """
    with _locked(settings):
        if _is_up_as_recorded(settings):
            stack = _stack(settings, started_now=False)
            with stack.api() as api:
                if WAREHOUSE_POOL not in api.pools():  # an older version started it; Airflow never starts the tasks of a missing pool
                    _ensure_pools(api, configured_pools({PARALLELISM: _parallelism(), **os.environ}))
            return stack
        _processes(settings).end(STOP_STAGES)  # a crash may have left some
        say("starting PostgreSQL")
        server = postgres.start(settings.home)
        server.ensure_databases(METADATA_DATABASE)
        warehouse = warehouse_url(settings)
        port = postgres.free_port(_last_port(settings) or FIRST_PORT)
        _must_be_files(settings)
        _prepare_secrets(settings, server, say)
        _remember(settings, port=port)
        try:
            environment = {**airflow_environment(settings, server, port, warehouse), **(extra_env or {}), **prepare()}
            _remember(settings, port=port, by_clock=not is_unscheduled(environment))
            pools = configured_pools(environment)
            say("starting Airflow")
            _launch(settings, environment, server)
            stack = _stack(settings, started_now=True)
            with stack.api() as api:
                _wait_until_healthy(settings, api)
                _ensure_pools(api, pools)
            keep = [sys.executable, "-m", "cchc.embedded.keeper", str(_folder(settings))]
            start_beside(settings, KEEPER, keep, environment)
            return stack
        except BaseException:
            _processes(settings).end(STOP_STAGES)
            raise


def down(settings: Settings) -> None:
    """Stop Airflow, the processes that were started beside it, and PostgreSQL. No process is left. Does nothing if nothing runs."""
    with _locked(settings):
        _processes(settings).end(STOP_STAGES)
        postgres.stop(settings.home)


def is_up(settings: Settings) -> bool:
    """Whether all of Airflow's processes, their keeper and the server with its metadata are alive."""
    return {*COMPONENTS, KEEPER} <= set(_processes(settings).alive()) and postgres.is_running(settings.home)


def _is_up_as_recorded(settings: Settings) -> bool:
    """As `is_up`; no where the record of the processes cannot be read: then they are ended, and started again."""
    try:
        return is_up(settings)
    except CchcError:
        return False


def status(settings: Settings) -> dict[str, str]:
    """The state of each part by name, for a person: PostgreSQL, Airflow's processes, anything started beside them. Writes nothing."""
    alive = _processes(settings).alive()
    server = postgres.running_server(settings.home)
    parts = {"postgresql": f"running on 127.0.0.1:{server.port}" if server else "not running"}
    healthy = _health(settings) if "api-server" in alive else {}
    for name in [*COMPONENTS, KEEPER, *(name for name in alive if name not in (*COMPONENTS, KEEPER))]:
        state = healthy.get(name.replace("-", "_"), "healthy" if healthy and name == "api-server" else None)
        parts[name] = f"running ({state or 'no sign of life yet'}), process {alive[name].pid}" if name in alive else "not running"
        if name in alive and name not in COMPONENTS:
            parts[name] = f"running, process {alive[name].pid}"
    return parts


def health(settings: Settings) -> list[tuple[str, str]]:
    """Whether PostgreSQL and Airflow of this CCHC_HOME run as they were started: (ok, NOTE or WRONG; a sentence). Starts nothing."""
    if not postgres.has_cluster(settings.home):
        words = f"{settings.home} has no PostgreSQL. Is CCHC_HOME right? `cchc init` makes the warehouse there, `cchc up` Airflow too"
        return [("WRONG", words)]
    server = postgres.running_server(settings.home)
    if server is None:
        return [("WRONG", "PostgreSQL of this installation is stopped; `cchc up` starts it and Airflow (or `cchc init`, PostgreSQL alone)")]
    found = [("ok", f"PostgreSQL runs on 127.0.0.1:{server.port}"), *_secrets_that_do_not_fit(settings, server)]
    try:
        return [*found, *_health_of_airflow(settings)]
    except CchcError as error:  # the rest of what doctor asks is asked all the same
        return [*found, (WRONG, str(error))]


def _health_of_airflow(settings: Settings) -> list[tuple[str, str]]:
    recorded, alive = _processes(settings).read(), _processes(settings).alive()
    if not recorded:
        strays = sorted(process.pid for process in _processes(settings).strays())
        if strays:
            words = (
                f"Airflow runs here without a record ({_processes(settings).path} is lost; processes {', '.join(map(str, strays))}), and "
                "nothing looks after it: `cchc down` ends it, then `cchc up`"
            )
            return [(WRONG, words)]
        return [("NOTE", "Airflow does not run here: nothing goes by the clock; `cchc up` starts it")]
    dead = sorted(set(recorded) - set(alive))
    if dead:
        logs = ", ".join(str(log_of(settings, name)) for name in dead)
        again = "its keeper starts it again within minutes, or `cchc up` does" if KEEPER in alive else "`cchc up` starts it again"
        return [("WRONG", f"Airflow was started here and has died: {', '.join(dead)}. See {logs}; {again}")]
    found = _restarted(settings)
    states = _health(settings)
    sick = sorted(f"{name} {state}" for name, state in states.items() if state not in ("healthy", None))
    if sick or not states:
        return [*found, ("WRONG", f"Airflow runs, but is not healthy: {', '.join(sick) or 'it does not answer'}; `cchc status` says more")]
    try:
        return [*found, *_asked_of_airflow(settings)]
    except NotConfigured as error:
        words = (
            f"{error}. `cchc down`, then `cchc up` gives Airflow the password of {settings.home / 'secrets' / ADMIN_PASSWORD} again"
            if "does not let user" in str(error)
            else str(error)
        )
        return [*found, (WRONG, words)]


def _asked_of_airflow(settings: Settings) -> list[tuple[str, str]]:
    """What the API of an Airflow that is healthy says: a pool that is missing, runs that wait, files that cannot be imported."""
    with _stack(settings, started_now=False).api() as api:
        if WAREHOUSE_POOL not in api.pools():
            words = f"Airflow has no pool {WAREHOUSE_POOL}: tasks that write to the warehouse never start; `cchc up` makes the pool again"
            return [("WRONG", words)]
        found = [(OK, "Airflow runs and is healthy")]
        for run in api.held_up():
            words = f"the run {run.run_id} of {run.dag_id} waits because its DAG is paused: switch the DAG on in Airflow, or delete the run"
            found.append((WRONG, words))
        for file, trace in api.import_errors().items():
            last = next(iter(trace.strip().splitlines()[-1:]), "no reason is given")
            words = f"Airflow cannot import {file}, so its DAGs do not run: {last}. Correct the file; Airflow reads it again by itself"
            found.append((WRONG, words))
        off = [dag_id for dag_id in api.paused() if dag_id == REFRESH_DAG or dag_id.startswith("ingest_")]
        if off and runs_by_clock(settings):
            words = f"these DAGs are paused, so nothing of them runs by itself: {', '.join(off)}. Switch on those that are wanted"
            found.append((NOTE, words))
    return found


def _restarted(settings: Settings) -> list[tuple[str, str]]:
    """What the keeper had to start again in the last week: a NOTE for each process, with whether people were told."""
    since = (now() - TOLD_FOR).isoformat()
    lately: dict[str, list[Restart]] = {}
    try:
        noted = RestartFile(_folder(settings)).read()
    except CchcError as error:
        return [(NOTE, str(error))]
    for entry in noted:
        if entry.at >= since:
            lately.setdefault(entry.name, []).append(entry)
    return [
        (
            NOTE,
            f"{name} had ended by itself, and the keeper started it again: {_how_often(entries)} in a week, last at {entries[-1].at[:16]}; "
            f"{_who_knows(settings, entries)}",
        )
        for name, entries in sorted(lately.items())
    ]


def _who_knows(settings: Settings, entries: list[Restart]) -> str:
    told = [entry.told for entry in entries if entry.told]
    untold = len(entries) - len(told)
    if not untold:
        return f"told at {max(told)[:16]}"
    log = log_of(settings, "restarts")
    return f"{untold} of them not told to anybody yet ({log}, docs/runbooks/alerts.md)" if told else f"nobody was told of it yet ({log})"


def _how_often(entries: list[Restart]) -> str:
    return "once" if len(entries) == 1 else f"{len(entries)} times"


def runs_by_clock(settings: Settings) -> bool:
    """Whether the DAGs of the last started stack follow their schedules. Those of the demo do not, because it has a time of its own.

    Yes where the file that says it is lost, of which `health` tells.
    """
    with suppress(NotConfigured):
        return bool(_remembered(settings).get("by_clock", True))
    return True


def running_stack(settings: Settings) -> Stack | None:
    """The stack if it is up, else None; starts nothing."""
    return _stack(settings, started_now=False) if is_up(settings) else None


def start_beside(settings: Settings, name: str, command: list[str], environment: Mapping[str, str]) -> int:
    """Start another process that `down` will stop, unless it runs already; its log is `logs/<name>.log`. Returns its number."""
    processes = _processes(settings)
    running = processes.alive().get(name)
    if running is not None:
        return int(running.pid)
    folder = _folder(settings)
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    with open(log_of(settings, name), "a") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    processes.add(name, process.pid)
    return process.pid


def runs_beside(settings: Settings, name: str) -> bool:
    """Whether the process that `start_beside` started under this name is alive."""
    return name in _processes(settings).alive()


def log_of(settings: Settings, name: str) -> Path:
    """The log of one component."""
    return _folder(settings) / "logs" / f"{name}.log"


def tasks_at_once() -> int:
    """How many tasks write to the warehouse at once: two to four, one more than the cores.

    One more, because a task often waits for a source or for PostgreSQL.
    """
    return min(MOST_TASKS_AT_ONCE, max(2, (os.cpu_count() or 1) + 1))


def make_secrets(settings: Settings) -> None:
    """Make the keys and passwords of this installation's Airflow, those that there are not yet."""
    for name in SECRETS:
        settings.make_secret(name)


def _prepare_secrets(settings: Settings, server: postgres.Server, say: Callable[[str], None]) -> None:
    """Make the secrets that there are not yet, and say so where there were some before.

    Raises NotConfigured where one cannot be read, and where the key of Airflow's connections is gone or is not the one that encrypted them:
    a new key would lock them out.
    """
    folder = settings.home / "secrets"
    there = [name for name in SECRETS if (folder / name).exists()]
    if FERNET_KEY not in there:
        kept = sorted(airflow_keys.encrypted(server, METADATA_DATABASE))
        if kept:
            raise NotConfigured(airflow_keys.lost(folder / FERNET_KEY, kept))
    make_secrets(settings)
    for _, words in _secrets_that_do_not_fit(settings, server):
        raise NotConfigured(words)
    for name in SECRETS if there else ():
        if name not in there:
            what = "log in with the new password" if name.endswith("_password") else "everybody logs in again"
            what = "nothing was encrypted with it" if name == FERNET_KEY else what
            say(f"the secret {folder / name} was missing, and another one was made: {what}")


def _secrets_that_do_not_fit(settings: Settings, server: postgres.Server) -> list[tuple[str, str]]:
    """Which secrets of Airflow cannot be used: a finding each. One that is not there is none, unless something was encrypted with it."""
    found = []
    for name in SECRETS:
        path = settings.home / "secrets" / name
        try:
            if path.is_symlink() or path.exists():
                settings.secret(name)
            if name == FERNET_KEY:
                key = settings.secret(name) + "=" if path.exists() else None
                asked = (server, METADATA_DATABASE)
                unreadable = sorted(airflow_keys.unreadable(*asked, key) if key else airflow_keys.encrypted(*asked))
                if unreadable:
                    found.append((WRONG, airflow_keys.lost(path, unreadable)))
        except CchcError as error:
            found.append((WRONG, str(error)))
    return found


def _must_be_files(settings: Settings) -> None:
    """Raises NotConfigured where a folder stands where `up` writes a file of its state."""
    for name in ("stack.json", "processes.json", "passwords.json", "migrated.json"):
        path = _folder(settings) / name
        if path.is_dir():
            raise NotConfigured(f"{path} is a folder, and a file of this name is written at each start: move it away, then `cchc up`.")


def _parallelism() -> str:
    return str(tasks_at_once() + OTHER_SLOTS)


def airflow_environment(settings: Settings, server: postgres.Server, port: int, warehouse: str) -> dict[str, str]:
    """The whole environment of Airflow's processes.

    It is the caller's own, less what would override include/airflow/airflow.cfg, with the paths, ports and secrets of this installation.
    The caller may set the number of tasks at once (AIRFLOW__CORE__PARALLELISM). Raises NotConfigured where the secrets were never made.
    """
    folder = _folder(settings)
    url = f"http://127.0.0.1:{port}"
    defaults = {PARALLELISM: _parallelism(), "GX_ANALYTICS_ENABLED": "false"}
    fixed = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW_CONFIG": str(configuration.FILE),
        configuration.ZONE_OPTION: ZONE.key,
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__FERNET_KEY": settings.secret(FERNET_KEY) + "=",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": server.url(METADATA_DATABASE),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__SECRET_KEY": settings.secret(SECRET_KEY),
        "AIRFLOW__API_AUTH__JWT_SECRET": "".join(settings.secret(name) for name in JWT_SECRETS),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(folder / "logs" / "dag_processor"),
        "CCHC_AIRFLOW_DATABASE_URL": server.url(METADATA_DATABASE),
        "CCHC_HOME": str(settings.home),
        "CCHC_WAREHOUSE_URL": warehouse,
        "CCHC_LANDING_URL": settings.landing_url,
        "CCHC_SOURCES_DIR": str(settings.sources_dir),
        "CCHC_AUTHORITY": str(settings.authority_dir),
        "CCHC_PLAN": settings.plan,
        "PYTHONPATH": _joined(os.pathsep, str(PROJECT / "plugins" / "cchc" / "airflow" / "config"), os.environ.get("PYTHONPATH")),
        "PATH": _joined(os.pathsep, str(Path(sys.executable).parent), os.environ.get("PATH")),
        "NO_PROXY": _joined(",", "127.0.0.1,localhost", os.environ.get("NO_PROXY") or os.environ.get("no_proxy")),
    }
    ours = {**fixed, "no_proxy": fixed["NO_PROXY"]}
    other_ways = {f"{name}_{way}" for name in ours for way in ("FILE", "CMD")}  # of saying what is said here
    other_ways |= {OWNER_URL, f"{OWNER_URL}_FILE"}  # no task needs the owner of the warehouse
    theirs = {name: value for name, value in configuration.without_options(os.environ).items() if name not in other_ways}
    return {**defaults, **theirs, **ours}


def metadata_url(settings: Settings) -> str | None:
    """The address of the metadata database of the embedded Airflow; None where there is none, or its PostgreSQL is stopped."""
    server = postgres.running_server(settings.home) if can_be_asked(settings) else None
    return server.url(METADATA_DATABASE) if server else None


def metadata_database(settings: Settings) -> str | None:
    """As `metadata_url`, but its PostgreSQL is started where it is stopped; None only where `cchc up` was never run here."""
    if _remembered_port(settings) is None:
        return None
    return postgres.start(settings.home).url(METADATA_DATABASE)


def can_be_asked(settings: Settings) -> bool:
    """Whether there is a metadata database of Airflow here and its PostgreSQL runs."""
    return _remembered_port(settings) is not None and postgres.is_running(settings.home)


def command_environment(settings: Settings) -> dict[str, str]:
    """The environment in which Airflow's own command works on this installation. Starts PostgreSQL where it is stopped, but not Airflow.

    Raises NotConfigured where `cchc up` was never run, because there is no metadata database then.
    """
    port = _remembered_port(settings)
    if port is None:
        raise NotConfigured(
            f"{settings.home} has no embedded Airflow yet: run `cchc up` first. On a server with docker-compose use "
            "`docker compose exec scheduler airflow …`."
        )
    environment = airflow_environment(settings, postgres.start(settings.home), port, warehouse_url(settings))
    return environment if runs_by_clock(settings) else {**environment, "CCHC_SCHEDULE": "off"}


# --- steps of up -----------------------------------------------------------------------------------------------------


def _launch(settings: Settings, environment: Mapping[str, str], server: postgres.Server) -> None:
    folder = _folder(settings)
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    passwords = {ADMIN: settings.secret(ADMIN_PASSWORD), VIEWER: settings.secret(VIEWER_PASSWORD)}
    write_private(folder / "passwords.json", json.dumps(passwords))
    migrate = not _is_migrated(folder, server)
    command = [sys.executable, "-m", "cchc.airflow.launch", str(folder), *(["--migrate"] if migrate else [])]
    with open(log_of(settings, "launch"), "w") as output:
        done = subprocess.run(
            command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode != 0:
        log = log_of(settings, "launch")
        if migrate and "Traceback" not in log.read_text():  # launch.py itself had no error, so the migration failed
            log = log_of(settings, "migrate")
        raise CchcError(f"Airflow does not start. The end of {log}:\n{tail(log)}")
    if migrate:
        write_atomic(folder / "migrated.json", json.dumps({"airflow": _airflow_version(), "revision": _revision(server)}))


def _wait_until_healthy(settings: Settings, api: AirflowApi) -> None:
    late = ["api-server"]

    def is_healthy() -> bool:
        nonlocal late
        health = api.health()
        late = [name for name in HEALTH_NAMES if health.get(name) != "healthy"] if health else ["api-server"]
        for name in set(COMPONENTS) - set(_processes(settings).alive()):
            log = log_of(settings, name)
            raise CchcError(f"Airflow's {name} ended while it started. The end of {log}:\n{tail(log)}")
        return not late

    if not wait_until(is_healthy, START_SECONDS, 0.25):
        raise CchcError(f"Airflow is not healthy after {START_SECONDS} s: {', '.join(late)}. Its logs are in {_folder(settings) / 'logs'}.")
    api.warm_up()


def _ensure_pools(api: AirflowApi, pools: Mapping[str, int]) -> None:
    for name, slots in pools.items():
        api.ensure_pool(name, slots)


def _is_migrated(folder: Path, server: postgres.Server) -> bool:
    """Whether this Airflow has migrated this database already. Airflow itself would need seconds to answer, because of its imports."""
    try:
        saved = json.loads((folder / "migrated.json").read_text())
    except (OSError, ValueError):
        return False
    return saved == {"airflow": _airflow_version(), "revision": _revision(server)} and saved["revision"] is not None


def _revision(server: postgres.Server) -> str | None:
    import psycopg

    with psycopg.connect(server.url(METADATA_DATABASE).replace("+psycopg", "", 1)) as connection:
        if connection.execute("select to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("select version_num from alembic_version").fetchone()
    return str(row[0]) if row else None


def _airflow_version() -> str:
    return importlib.metadata.version("apache-airflow")


# --- files -----------------------------------------------------------------------------------------------------------


def _folder(settings: Settings) -> Path:
    return settings.home.resolve() / "airflow"


def _processes(settings: Settings) -> ProcessFile:
    folder = _folder(settings)
    return ProcessFile(folder / "processes.json", folder)


def _locked(settings: Settings) -> AbstractContextManager[int]:
    return locked(_folder(settings) / "lock")


def _url(settings: Settings) -> str:
    return f"http://127.0.0.1:{_remembered_port(settings) or FIRST_PORT}"


def _stack(settings: Settings, started_now: bool) -> Stack:
    return Stack(_url(settings), ADMIN, settings.secret(ADMIN_PASSWORD), started_now)


def _health(settings: Settings) -> dict[str, str | None]:
    """The state of each component by name, which needs no login; empty while the API server does not answer."""
    with AirflowApi(_url(settings), ADMIN, "") as api:
        return api.health()


def _remembered_port(settings: Settings) -> int | None:
    """The port of Airflow; None where `cchc up` was never run here. Raises NotConfigured where the file that says it is lost or damaged."""
    found = _remembered(settings)
    return int(found["port"]) if found else None


def _last_port(settings: Settings) -> int | None:
    """As `_remembered_port`; None where the file is lost, too: `up` writes it anew."""
    with suppress(NotConfigured):
        return _remembered_port(settings)
    return None


def _remembered(settings: Settings) -> dict[str, Any]:
    """What stack.json says; empty where `cchc up` was never run here, which an installation that has logs of Airflow cannot claim."""
    path = _folder(settings) / "stack.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        int(found["port"])
        return dict(found)
    except FileNotFoundError:
        if not (_folder(settings) / "migrated.json").exists() and not log_of(settings, "api-server").exists():
            return {}
        why = "is lost"
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = f"cannot be read ({type(error).__name__})"
    raise NotConfigured(
        f"{path} {why}, so nobody can tell where the Airflow of this installation answers, nor what it keeps: `cchc down`, then `cchc up`, "
        "which writes it again. Nothing else is lost."
    )


def _remember(settings: Settings, **facts: Any) -> None:
    known: dict[str, Any] = {}
    with suppress(NotConfigured):
        known = _remembered(settings)
    write_atomic(_folder(settings) / "stack.json", json.dumps({**known, **facts}))


def _joined(separator: str, first: str, rest: str | None) -> str:
    return f"{first}{separator}{rest}" if rest else first
