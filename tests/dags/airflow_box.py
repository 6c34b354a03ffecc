"""Airflow in a process of its own, for tests: it reads one JSON request a line and answers with one JSON line.

A process of its own, because Airflow reads its configuration once, at import, and changes warnings, logging and signal handlers of
whoever imports it. The environment that the tests give is that of the embedded stack (cchc.embedded.stack.airflow_environment).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any
from unittest import mock

from tests.support.environment import added

PROJECT = Path(__file__).resolve().parents[2]
DAGS = PROJECT / "dags"
REPLIES = os.fdopen(os.dup(1), "w", encoding="utf-8")  # what Airflow prints goes to standard error: it must not mix with our answers


def parsed() -> Any:
    """A DagBag of the project's DAG files as the environment now makes them."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(DAGS, bundle_path=DAGS, bundle_name="dags-folder")


def structure(environment: dict[str, str]) -> dict[str, Any]:
    """Everything that the tests ask about the DAGs, as plain values; with these variables added to the environment."""
    with added(environment):
        bag = parsed()
    return {"errors": bag.import_errors, "dags": {name: _dag(dag) for name, dag in bag.dags.items()}}


def _dag(dag: Any) -> dict[str, Any]:
    timetable = dag.timetable
    return {
        "schedule": getattr(timetable, "expression", None) or getattr(timetable, "_expression", None),
        "zone": str(getattr(timetable, "timezone", getattr(timetable, "_timezone", ""))),
        "timetable": type(timetable).__name__,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tags": sorted(dag.tags),
        "doc": dag.doc_md,
        "display": dag.dag_display_name,
        "description": dag.description,
        "params": {name: dag.params.get_param(name).schema | {"default": dag.params[name]} for name in dag.params},
        "tasks": {task.task_id: _task(task) for task in dag.tasks},
        "on_failure": [f"{each.__module__}.{each.__qualname__}" for each in _as_list(dag.on_failure_callback)],
        "deadlines": [_deadline(alert) for alert in dag.deadline or []],
        "partitioned_by": getattr(getattr(timetable, "asset_condition", None), "name", None),
        "partition_of": _partitions(timetable),
    }


def _partitions(timetable: Any) -> dict[str, str]:
    """The partition of the run that Airflow's scheduler makes for some partitions of the asset."""
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable

    if not hasattr(timetable, "default_partition_mapper"):
        return {}
    mapper = decode_timetable(encode_timetable(timetable)).default_partition_mapper
    return {month: mapper.to_downstream(month) for month in ("2023-05", "2022-12")}


def _deadline(alert: Any) -> dict[str, Any]:
    return {
        "from": alert.reference.reference_name,
        "hours": alert.interval.total_seconds() / 3600,
        "callback": alert.callback.path,
        "kind": type(alert.callback).__name__,
        "facts": alert.callback.kwargs,
    }


def _task(task: Any) -> dict[str, Any]:
    get = task.partial_kwargs.get if task.is_mapped else lambda name: getattr(task, name)
    python = (
        get("python_callable") if task.is_mapped and "python_callable" in task.partial_kwargs else getattr(task, "python_callable", None)
    )
    timeout, delay, most = get("execution_timeout"), get("retry_delay"), get("max_retry_delay")
    return {
        "owner": task.owner,
        "retries": get("retries"),
        "delay": delay.total_seconds() if delay else None,
        "backoff": get("retry_exponential_backoff"),
        "most": most.total_seconds() if most else None,
        "timeout": timeout.total_seconds() if timeout else None,
        "policy": [rule.exception for rule in get("retry_policy").rules] if get("retry_policy") else [],
        "downstream": sorted(task.downstream_task_ids),
        "outlets": [asset.name for asset in (get("outlets") or [])],
        "doc": (python.__doc__ or "").strip() if python else (task.doc_md or ""),
        "operator": task.task_type,
        "pool": get("pool") or "default_pool",
        "on_failure": [f"{each.__module__}.{each.__qualname__}" for each in _as_list(get("on_failure_callback"))],
        "on_success": [f"{each.__module__}.{each.__qualname__}" for each in _as_list(get("on_success_callback"))],
        "most_at_once": get("max_active_tis_per_dagrun"),
    }


def _as_list(callbacks: Any) -> list[Any]:
    return callbacks if isinstance(callbacks, list) else [callbacks] if callbacks else []


@contextmanager
def answered(dag_id: str, answer: dict[str, Any] | None) -> Iterator[list[dict[str, str]]]:
    """Inside, an approval that the DAG asks for is answered as the UI answers it; gives what was asked. None: the approval fails.

    The function is that of Airflow's API, because this process serves no API.
    """
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
    from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState

    asked: list[dict[str, str]] = []
    has_ended = Event()

    def say(session: Any, ti: Any) -> None:
        detail = session.get(HITLDetail, ti.id)
        asked.append({"subject": detail.subject, "body": detail.body})
        if answer is None:
            raise LookupError(f"{ti.task_id} asks, and nobody was expected to be asked")
        payload = UpdateHITLDetailPayload(chosen_options=[answer["chosen"]], params_input={"note": answer.get("note")})
        user = SimpleAuthManagerUser(username="thu", role="admin")
        update_hitl_detail(dag_id, ti.run_id, ti.task_id, payload, user, session)

    def say_to_each() -> None:
        while not has_ended.wait(0.2):
            with create_session() as session:
                for ti in session.query(TaskInstance).filter_by(dag_id=dag_id, state=TaskInstanceState.AWAITING_INPUT).all():
                    try:
                        say(session, ti)
                    except Exception:  # without an answer the run would wait for ever
                        traceback.print_exc()
                        ti.state = TaskInstanceState.FAILED

    thread = Thread(target=say_to_each, daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        has_ended.set()
        thread.join()


@contextmanager
def another_reference(folder: str | None) -> Iterator[None]:
    """Inside, settings name another folder of reference data: it has no variable in the environment."""
    from cchc.settings import Settings

    load = Settings.load
    with mock.patch.object(Settings, "load", lambda: replace(load(), authority_dir=Path(folder)) if folder else load()):
        yield


def run(
    dag_id: str,
    conf: dict[str, Any],
    environment: dict[str, str],
    skip: str | None,
    answer: dict[str, Any] | None = None,
    reference: str | None = None,
) -> dict[str, Any]:
    """One run of a DAG to its end: its state, each task's state, error and result, and what a person was asked.

    `skip` marks tasks as done without running. `answer`: what the person says whom an approval asks, `chosen` and `note`.
    `reference`: another folder of reference data.
    """
    with added(environment):
        return _run(dag_id, conf, skip, answer, reference)


def _run(dag_id: str, conf: dict[str, Any], skip: str | None, answer: dict[str, Any] | None, reference: str | None) -> dict[str, Any]:
    """`run`, in its environment."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    from cchc.airflow import defaults

    errors: dict[str, str] = {}

    def remember(context: Any) -> None:
        error = context["exception"]
        errors[context["ti"].task_id] = f"{type(error).__name__}: {error}"

    dag = parsed().dags[dag_id]
    dag.deadline = None  # `dag.test` of Airflow 3.3.2 breaks at the end of a green run with one; the end-to-end test has the real scheduler
    retries = defaults.DEFAULT_ARGS["retries"]
    defaults.DEFAULT_ARGS["retries"] = 0  # a test has no time to wait for a source that may come back; `dag.test` parses again
    for task in dag.tasks:
        if task.is_mapped:
            own = _as_list(task.partial_kwargs.get("on_failure_callback"))
            task.partial_kwargs |= {"on_failure_callback": [*own, remember], "retries": 0}
        else:
            task.on_failure_callback, task.retries = [*_as_list(task.on_failure_callback), remember], 0
    with answered(dag_id, answer) as asked, another_reference(reference):
        done = dag.test(run_conf=conf, mark_success_pattern=skip)
    defaults.DEFAULT_ARGS["retries"] = retries
    with create_session() as session:
        pushed = session.query(XComModel).filter(XComModel.dag_id == dag_id, XComModel.run_id == done.run_id).all()
        results = {(value.task_id, value.map_index, value.key): XComModel.deserialize_value(value) for value in pushed}
    return {
        "state": str(done.state),
        "tasks": {f"{ti.task_id}[{ti.map_index}]" if ti.map_index >= 0 else ti.task_id: str(ti.state) for ti in done.get_task_instances()},
        "errors": errors,
        "asked": asked,
        "results": {task: value for (task, index, key), value in results.items() if index < 0 and key == "return_value"},
        "mapped": [value for (_, index, key), value in sorted(results.items()) if index >= 0 and key == "return_value"],
    }


def log_in(name: str, password: str, then: str | None = None, put: list[str] | None = None) -> dict[str, Any]:
    """What Airflow's own login answers, with the auth manager that is configured: the user of the token, or why there is none.

    Before the token is used, `then` is the name of an account that is removed, and `put` has one that is put (name, role, password).
    """
    import asyncio

    from airflow.api_fastapi.app import get_auth_manager, init_auth_manager
    from airflow.api_fastapi.auth.managers.simple.datamodels.login import LoginBody
    from airflow.api_fastapi.auth.managers.simple.services.login import SimpleAuthManagerLogin
    from fastapi import HTTPException

    init_auth_manager()
    try:
        token = SimpleAuthManagerLogin.create_token(body=LoginBody(username=name, password=password))
        if then:
            get_auth_manager().accounts().remove(then)
        if put:
            get_auth_manager().accounts().put(*put)
        user = asyncio.run(get_auth_manager().get_user_from_token(token))
    except HTTPException as error:
        return {"refused": error.status_code}
    except Exception as error:
        return {"refused": type(error).__name__}
    return {"name": user.get_name(), "role": user.role, "manager": type(get_auth_manager()).__name__}


def ask_api(name: str, password: str, asked: list[list[Any]]) -> list[int]:
    """What Airflow's API answers a person who logs in with a password: the status of each request (method, path, body)."""
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    with TestClient(create_app(apps="core")) as client:
        answer = client.post("/auth/token", json={"username": name, "password": password})
        headers = {"Authorization": f"Bearer {answer.json().get('access_token')}"}
        return [answer.status_code, *(client.request(method, path, json=body, headers=headers).status_code for method, path, body in asked)]


def clear(name: str, password: str, dag_id: str, file: str) -> dict[str, Any]:
    """What Airflow's API answers a person who clears a run, and the hours from its queueing to its deadline, before and after.

    `airflow alone`: the answer with Airflow's own way to move the deadline, in place of ours. `command`: the exit code of `airflow tasks
    clear`, which is given then; the last of the hours are those after it.
    """
    from airflow.api_fastapi.app import create_app
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from airflow.models import taskinstance
    from airflow.models.dagrun import DagRun
    from airflow.models.deadline import Deadline
    from airflow.utils.session import create_session
    from fastapi.testclient import TestClient

    from cchc.airflow.clearing import FUNCTION, OWN_WAY

    def hours() -> tuple[float, Any]:
        with create_session() as session:
            run = session.query(DagRun).filter_by(dag_id=dag_id, run_id=run_id).one()
            (deadline,) = session.query(Deadline).filter_by(dagrun_id=run.id).all()
            return round((deadline.deadline_time - run.queued_at).total_seconds() / 3600, 3), run.queued_at

    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    (bundle,) = manager.get_all_dag_bundles()
    bundle.initialize()
    sync_bag_to_db(BundleDagBag(bundle.path / file, bundle_path=bundle.path, bundle_name=bundle.name), bundle.name, bundle.version)
    with TestClient(create_app(apps="core"), raise_server_exceptions=False) as client:
        token = client.post("/auth/token", json={"username": name, "password": password}).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        run_id = client.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None}, headers=headers).json()["dag_run_id"]
        before, queued = hours()
        body = {"dry_run": False, "dag_run_id": run_id, "only_failed": False, "reset_dag_runs": True}
        path = f"/api/v2/dags/{dag_id}/clearTaskInstances"
        with mock.patch.object(taskinstance, FUNCTION, OWN_WAY[FUNCTION]):
            alone = client.post(path, json=body, headers=headers).status_code
        answer = client.post(path, json=body, headers=headers)
    after, again = hours()
    command = subprocess.run(
        [sys.executable, "-m", "airflow", "tasks", "clear", dag_id, "--yes"], stdout=sys.stderr, check=False
    ).returncode
    last, once_more = hours()
    is_queued_again = queued < again < once_more
    return {
        "airflow alone": alone, "status": answer.status_code, "command": command, "hours": [before, after, last],
        "is_queued_again": is_queued_again,
    }  # fmt: skip


def ask_with_tokens(name: str, password: str, paths: list[str]) -> dict[str, list[int]]:
    """The status of each path for a person's own token and for tokens that nobody was given, in the header and as a cookie."""
    import base64
    import time

    from airflow.api_fastapi.app import create_app, get_auth_manager
    from airflow.api_fastapi.auth.tokens import jwt
    from fastapi.testclient import TestClient

    with TestClient(create_app(apps="core"), follow_redirects=False, client=("10.2.0.9", 1)) as client:
        own = client.post("/auth/token", json={"username": name, "password": password}).json()["access_token"]
        validator = get_auth_manager()._get_token_validator()
        key, claims, at = validator.secret_key, jwt.decode(own, options={"verify_signature": False}), int(time.time())
        head, body, signature = own.split(".")

        def signed(by: str = key, **changes: Any) -> str:
            told = {field: value for field, value in (claims | changes).items() if value is not None}
            return str(jwt.encode(told, by, algorithm="HS512"))

        def part(told: dict[str, Any]) -> str:
            return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")

        tokens = {
            "own": own,
            "signed anew": signed(),
            "of another key": signed("k" * 64),
            "expired": signed(exp=at - 3600),
            "of tomorrow": signed(nbf=at + 86400),
            "without an end": signed(exp=None),
            "of a task": signed(aud="urn:airflow.apache.org:task"),
            "unsigned": f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
            "another role": f"{head}.{part(claims | {'role': 'admin'})}.{signature}",
            "cut off": own[:-10],
            "twice": f"{own}.{body}",
            "no token": "x",
        }
        if not claims.get("aud"):
            del tokens["of a task"]
        found: dict[str, list[int]] = {}
        for kind, token in tokens.items():
            client.cookies.clear()
            headers = {"Authorization": f"Bearer {token}"}
            found[kind] = [client.get(path, headers=headers).status_code for path in paths]
            found[kind] += [client.get(path, headers={"Cookie": f"_token={token}"}).status_code for path in paths]
        client.cookies.clear()
        found["none"] = [client.get(path).status_code for path in paths]
        hostile = {
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "javascript",
            "X-Forwarded-Prefix": "//evil.example",
            "X-Real-IP": "1",
        }
        leads = client.get(paths[0], headers=hostile | {"Accept": "text/html"})
        found["led to evil"] = [int("evil" in leads.text + str(leads.headers)), leads.status_code]
        return found


def ask_as_browser(name: str, password: str, environment: dict[str, str]) -> dict[str, Any]:
    """What a browser is answered at the login, at requests of other pages, after it has logged out, and after wrong passwords."""
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    found: dict[str, Any] = {}
    own, host = "http://testserver", "testserver"
    with added(environment), TestClient(create_app(apps="core"), follow_redirects=False, client=("10.2.0.9", 1)) as client:

        def log_in(said: str = password, **headers: str) -> Any:
            client.cookies.clear()
            return client.post("/auth/token", json={"username": name, "password": said}, headers=headers)

        pages = {"own": own, "own by TLS": f"https://{host}", "a program": None, "foreign": "https://evil.example"}
        for page, origin in pages.items():
            answer = log_in(**({"Origin": origin} if origin else {}))
            token = answer.json().get("access_token", "no token")
            cookies = [cookie.replace(token, "TOKEN") for cookie in answer.headers.get_list("set-cookie")]
            found[f"login of {page}"] = [answer.status_code, cookies]
        wipes = client.post("/auth/token", json={"username": name, "password": password}, headers={"Origin": own, "Cookie": "_token=old"})
        found["login over a dead cookie"] = [cookie[:12] for cookie in wipes.headers.get_list("set-cookie")]
        held = {"Cookie": f"_token={token if token != 'no token' else log_in().json()['access_token']}"}
        asks = {
            "own": {"Origin": own},
            "foreign": {"Origin": "https://evil.example"},
            "sandboxed": {"Origin": "null"},
            "same site": {"Sec-Fetch-Site": "same-site"},
        }
        for page, headers in asks.items():  # a request that a form can send, to an act without a body
            client.cookies.clear()
            answer = client.post("/api/v2/connections/defaults", content="x=", headers=held | headers | {"Content-Type": "text/plain"})
            found[f"act of {page}"] = answer.status_code
        shown = client.get("/", headers=held)
        found["frames"] = shown.headers.get("x-frame-options")
        token = held["Cookie"].removeprefix("_token=")
        bearer = {"Authorization": f"Bearer {token}"}
        paths = ("/api/v2/dags", "/cchc/")
        found["before logout"] = [client.get(path, headers=way).status_code in (401, 403) for path in paths for way in (held, bearer)]
        links = {
            "foreign": {"Sec-Fetch-Site": "cross-site"},
            "same site": {"Sec-Fetch-Site": "same-site", "Referer": own},
            "foreign, an open line": {"Referer": "https://evil.example/"},
            "foreign, kept secret": {},
            "foreign, another spelling": {"Sec-Fetch-Site": "cross-site", "path": "/api/v2/auth/logout/"},
        }
        for page, headers in links.items():
            path = headers.pop("path", "/api/v2/auth/logout")
            answer = client.get(path, headers=held | headers | {"Accept": "text/html"})
            client.cookies.clear()
            found[f"logout by a link of {page}"] = [answer.status_code, client.get(paths[0], headers=held).status_code]
        found["the page that asks"] = ['<a href="logout">' in answer.text, answer.headers["content-type"], "set-cookie" in answer.headers]
        found["logout"] = [client.get("/api/v2/auth/logout", headers=held | {"Referer": f"{own}/dags"}).status_code]
        client.cookies.clear()
        found["after logout"] = [client.get(path, headers=way).status_code in (401, 403) for path in paths for way in (held, bearer)]
        client.cookies.clear()
        leads = client.get(
            "/cchc/units?period=2023-05", headers={"Accept": "text/html", "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        )
        found["leads to"] = leads.headers["location"]
        # each guess names another address: nobody is trusted to do that here
        found["wrong"] = [log_in(f"wrong {number}", **{"X-Forwarded-For": f"10.1.1.{number}"}).status_code for number in range(11)]
        late = log_in()
        found["right, too late"] = [late.status_code, 0 < int(late.headers.get("retry-after", 0)) <= 60, late.json()["detail"][:24]]
    return found


def pools(slots: dict[str, int]) -> dict[str, Any]:
    """Airflow's pools, name → slots, after docker-compose's job `init` has made these; and the exit code of its command."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    from cchc.airflow.prepare import import_pools

    code = import_pools(slots)
    with create_session() as session:
        return {"code": code, "pools": {pool.pool: pool.slots for pool in session.query(Pool)}}


def main() -> None:
    """Prepare Airflow's database, then answer until the requests end."""
    os.dup2(2, 1)
    from airflow import settings
    from airflow.utils import db
    from sqlalchemy import inspect

    if not inspect(settings.engine).has_table("dag_run"):
        db.initdb()
    answers: dict[str, Callable[..., Any]] = {"structure": structure, "run": run, "pools": pools, "log_in": log_in, "ask_api": ask_api}
    answers |= {"ask_with_tokens": ask_with_tokens, "ask_as_browser": ask_as_browser, "clear": clear}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"ok": answers[request.pop("do")](**request)}
        except Exception:
            reply = {"broken": traceback.format_exc()}
        print(json.dumps(reply, default=str), file=REPLIES, flush=True)


if __name__ == "__main__":
    main()
