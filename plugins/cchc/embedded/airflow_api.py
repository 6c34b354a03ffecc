"""A small client of Airflow's REST API: trigger runs, wait for them and for the runs that they cause, read a failed task's log."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

import requests

from cchc.errors import CchcError, NotConfigured, SourceUnavailable
from cchc.waiting import wait_until

FINISHED = ("success", "failed")
TASK_FAILURES = ("failed", "upstream_failed")
TASK_ENDS = ("success", "failed", "upstream_failed", "skipped", "removed")
TIMEOUT = 30
POLL_SECONDS = 0.5
CONSUMED_SECONDS = 90
AT_WORK_SECONDS = 10
REASONS = "cchc.airflow.failures"  # the logger of the lines in which a task says why it fails
HEALTH = "/api/v2/monitor/health"
PAGE = 100


@dataclass(frozen=True)
class Run:
    """One DAG run as last seen."""

    dag_id: str
    run_id: str
    state: str
    partition_key: str | None = None

    def __str__(self) -> str:
        return f"{self.dag_id} {self.partition_key or self.run_id}"


@dataclass(frozen=True)
class Task:
    """One task instance as last seen. `map_index` is -1 for a task that is not mapped."""

    task_id: str
    state: str | None
    try_number: int
    map_index: int


class AirflowApi:
    """Airflow's REST API at `base_url`, logged in as `user` on the first call.

    Methods raise SourceUnavailable if the server does not answer, NotConfigured if it refuses the login, and CchcError with the server's
    answer if it refuses a request.
    """

    def __init__(self, base_url: str, user: str, password: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._user, self._password = user, password
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy: the server is on this machine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    # --- runs ---

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None, partition_key: str | None = None) -> Run:
        """Start a run of `dag_id`; `conf` overrides the DAG's params."""
        body: dict[str, Any] = {"logical_date": None, "conf": conf or {}}
        if partition_key is not None:
            body["partition_key"] = partition_key
        return _run(self._call("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", body))

    def run(self, dag_id: str, run_id: str) -> Run:
        """The present state of one run."""
        return _run(self._call("GET", f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}"))

    def runs(self, dag_id: str = "~") -> list[Run]:
        """All runs of a DAG, or of all DAGs, oldest first."""
        return [_run(entry) for entry in self._all(f"/api/v2/dags/{quote(dag_id, safe='~')}/dagRuns?order_by=id", "dag_runs")]

    def tasks(self, run: Run) -> list[Task]:
        """The task instances of a run."""
        path = f"/api/v2/dags/{quote(run.dag_id)}/dagRuns/{quote(run.run_id, safe='')}/taskInstances"
        found = self._all(path, "task_instances")
        return [Task(entry["task_id"], entry["state"], entry["try_number"], entry["map_index"]) for entry in found]

    def wait(
        self,
        runs: Iterable[Run],
        seconds: float,
        progress: Callable[[Run], None] | None = None,
        at_work: Callable[[str], None] | None = None,
    ) -> list[Run]:
        """Wait until all `runs` are finished, successful or not. Raises CchcError after `seconds`, saying where the others stand.

        `progress`: called with each run that has finished. `at_work`: called every ten seconds with what the others do.
        """
        waiting, finished = list(runs), list[Run]()
        told = time.monotonic()

        def all_finished() -> bool:
            nonlocal told
            for run in list(waiting):
                now = self.run(run.dag_id, run.run_id)
                if now.state in FINISHED:
                    waiting.remove(run)
                    finished.append(now)
                    if progress:
                        progress(now)
            if at_work and waiting and time.monotonic() - told > AT_WORK_SECONDS:
                told = time.monotonic()
                at_work(", ".join(self._at_work(run) for run in waiting))
            return not waiting

        if not wait_until(all_finished, seconds, POLL_SECONDS):
            names = "; ".join(self._where(run) for run in waiting[:5]) + (" …" if len(waiting) > 5 else "")
            raise CchcError(f"{len(waiting)} DAG runs are not finished after {seconds:.0f} s: {names}. See {self.base_url}.")
        return finished

    def wait_for_partitions(
        self,
        dag_id: str,
        known: Iterable[str],
        marked: Callable[[], Collection[str]],
        seconds: float,
        progress: Callable[[Run], None] | None = None,
    ) -> list[Run]:
        """Wait until `dag_id` has no partition left to do and all its runs are finished; the runs that are not `known`.

        To be called when the runs that cause them have finished: Airflow makes a caused run before it starts the next task of its cause.
        `marked`: asks which partitions are left to do. A run does those that begin with its own partition: a year does its months. Those
        of a failed run are left and not waited for. Raises CchcError after `seconds`, or if partitions are left and no run starts.
        """
        before, reported = set(known), set[str]()
        moved = time.monotonic()
        runs: list[Run] = []

        def is_done() -> bool:
            nonlocal moved, runs
            left = set(marked())  # asked first: the run of a partition that is no longer marked is then among the runs
            runs = [run for run in self.runs(dag_id) if run.run_id not in before]
            finished = [run for run in runs if run.state in FINISHED]
            for run in finished:
                if run.run_id not in reported:
                    moved = time.monotonic()
                    reported.add(run.run_id)
                    if progress:
                        progress(run)
            failed = tuple(run.partition_key or "" for run in runs if run.state == "failed")  # a run without a partition does all of them
            left = {partition for partition in left if not partition.startswith(failed)}
            if left and len(finished) == len(runs) and time.monotonic() - moved > CONSUMED_SECONDS:
                raise CchcError(
                    f"{', '.join(sorted(left))} wait for {dag_id}, but it does not start. Is it paused, or broken? See {self.base_url}."
                )
            return not left and len(finished) == len(runs)

        if not wait_until(is_done, seconds, 2 * POLL_SECONDS):
            late = sum(run.state not in FINISHED for run in runs)
            raise CchcError(f"{late} runs of {dag_id} are not finished after {seconds:.0f} s. See {self.base_url}.")
        return runs

    def _where(self, run: Run) -> str:
        """The run, its state, and the tasks of it that have begun and not ended."""
        open_tasks = [f"{task.task_id} {task.state}" for task in self.tasks(run) if task.state not in (None, *TASK_ENDS)]
        paused = f"; {run.dag_id} is paused" if self.is_paused(run.dag_id) else ""
        return f"{run} is {self.run(run.dag_id, run.run_id).state} ({', '.join(open_tasks) or 'no task has begun'}{paused})"

    def _at_work(self, run: Run) -> str:
        """The name of the DAG and the tasks that it is at, for a line about progress."""
        now = [task.task_id for task in self.tasks(run) if task.state not in (None, *TASK_ENDS)]
        return f"{run.dag_id.removeprefix('ingest_')} {' and '.join(now) or 'waits'}"

    # --- failures ---

    def failed_task(self, run: Run) -> Task | None:
        """The task of the run that failed first; None if none failed."""
        tasks = self.tasks(run)
        failed = [task for task in tasks if task.state == "failed"] or [task for task in tasks if task.state in TASK_FAILURES]
        return failed[0] if failed else None

    def explain_failure(self, run: Run) -> str:
        """Which task of the run failed first, why, and where its whole log is, for a person to read.

        The reason: what the task itself said before it failed (cchc.airflow.failures), else the error that its log has.
        """
        page = f"{self.base_url}/dags/{quote(run.dag_id)}/runs/{quote(run.run_id, safe='')}"
        task = self.failed_task(run)
        if task is None:
            return f"{run} ended as {run.state}, no task of it failed: look at it at {page}"
        entries = self._log(run, task)
        said = [str(entry["event"]) for entry in entries if isinstance(entry, dict) and entry.get("logger") == REASONS]
        reason = said or [line for entry in entries for line in _log_lines(entry) if _is_error(entry)] or ["its log has no error"]
        told = "\n".join(f"  {line}" for line in reason)
        return f"{run}: task {task.task_id} failed (try {task.try_number}):\n{told}\n  The whole log: {page}/tasks/{quote(task.task_id)}"

    def log(self, run: Run, task: Task) -> list[str]:
        """The log lines of the task's last try; an error's own words come with it, its stack trace does not."""
        return [line for entry in self._log(run, task) for line in _log_lines(entry)]

    def _log(self, run: Run, task: Task) -> list[Any]:
        path = (
            f"/api/v2/dags/{quote(run.dag_id)}/dagRuns/{quote(run.run_id, safe='')}/taskInstances/{quote(task.task_id)}"
            f"/logs/{max(task.try_number, 1)}?map_index={task.map_index}&full_content=true"
        )
        found: list[Any] = self._call("GET", path).get("content", [])
        return found

    def import_errors(self) -> dict[str, str]:
        """The DAG files that cannot be imported, with the stack trace of each."""
        return {entry["filename"]: entry["stack_trace"] for entry in self._all("/api/v2/importErrors", "import_errors")}

    # --- DAGs, pools, health ---

    def wait_for_dags(self, dag_ids: Iterable[str], seconds: float) -> None:
        """Wait until all these DAGs have been parsed. Raises CchcError with the import errors if some are not after `seconds`."""
        missing = set(dag_ids)

        def all_known() -> bool:
            missing.difference_update(dag["dag_id"] for dag in self._all("/api/v2/dags", "dags"))
            return not missing

        if not wait_until(all_known, seconds, POLL_SECONDS):
            errors = "\n".join(f"{file}:\n{trace}" for file, trace in self.import_errors().items())
            raise CchcError(f"Airflow does not know the DAGs {', '.join(sorted(missing))} after {seconds:.0f} s. {errors}".rstrip())

    def set_paused(self, dag_id: str, paused: bool) -> None:
        """Pause a DAG, or let its schedule run."""
        self._call("PATCH", f"/api/v2/dags/{quote(dag_id)}?update_mask=is_paused", {"is_paused": paused})

    def is_paused(self, dag_id: str) -> bool:
        """Whether no run of a DAG starts, not even one that a person asked for."""
        return bool(self._call("GET", f"/api/v2/dags/{quote(dag_id)}")["is_paused"])

    def dag_ids(self) -> list[str]:
        """The DAGs that Airflow knows."""
        return sorted(dag["dag_id"] for dag in self._all("/api/v2/dags", "dags"))

    def paused(self) -> list[str]:
        """The DAGs that are switched off."""
        return sorted(dag["dag_id"] for dag in self._all("/api/v2/dags?paused=true", "dags"))

    def held_up(self) -> list[Run]:
        """The runs that wait for nothing but that their DAG is switched on: they stay queued for ever."""
        paused = self.paused()
        queued = [_run(entry) for entry in self._all("/api/v2/dags/~/dagRuns?state=queued", "dag_runs")]
        return [run for run in queued if run.dag_id in paused]

    def pools(self) -> dict[str, int]:
        """The slots of each pool by its name."""
        return {pool["name"]: pool["slots"] for pool in self._all("/api/v2/pools", "pools")}

    def ensure_pool(self, name: str, slots: int) -> None:
        """Make the pool `name` or set its size."""
        pools = self.pools()
        if name not in pools:
            self._call("POST", "/api/v2/pools", {"name": name, "slots": slots})
        elif pools[name] != slots:
            body = {"pool": name, "slots": slots, "include_deferred": False}
            self._call("PATCH", f"/api/v2/pools/{quote(name)}?update_mask=slots", body)

    def health(self) -> dict[str, str | None]:
        """The state of each component (`healthy` or not) by name; empty while the server does not answer. Needs no login."""
        try:
            return self.ask_health()
        except (requests.RequestException, ValueError):
            return {}

    def ask_health(self) -> dict[str, str | None]:
        """The same, and the error of `requests` (or ValueError for what is no JSON) where the server does not answer."""
        answer = self._session.get(f"{self.base_url}{HEALTH}", timeout=5)
        answer.raise_for_status()
        return {name: entry["status"] for name, entry in answer.json().items()}

    def warm_up(self) -> None:
        """Let the server prepare its API for tasks now, so that the first task does not wait for it."""
        self._session.get(f"{self.base_url}/execution/health", timeout=120)

    # --- HTTP ---

    def _all(self, path: str, key: str) -> Iterator[dict[str, Any]]:
        offset, separator = 0, "&" if "?" in path else "?"
        while True:
            page = self._call("GET", f"{path}{separator}limit={PAGE}&offset={offset}")
            yield from page[key]
            offset += len(page[key])
            if not page[key] or offset >= page["total_entries"]:
                return

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        if "Authorization" not in self._session.headers:
            self._log_in()
        answer = self._request(method, path, body)
        if answer.status_code == 401:  # the token is out of date
            self._log_in()
            answer = self._request(method, path, body)
        if not answer.ok:
            raise CchcError(f"Airflow refused {method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else {}

    def _log_in(self) -> None:
        self._session.headers.pop("Authorization", None)
        answer = self._request("POST", "/auth/token", {"username": self._user, "password": self._password})
        if not answer.ok:
            raise NotConfigured(f"Airflow at {self.base_url} does not let user {self._user} in: {answer.status_code} {answer.text[:200]}")
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> requests.Response:
        try:
            return self._session.request(method, self.base_url + path, json=body, timeout=TIMEOUT, headers={"Accept": "application/json"})
        except requests.RequestException as error:
            raise SourceUnavailable(f"Airflow at {self.base_url} does not answer ({error}). Is it running? See `cchc status`.") from error


def _run(entry: dict[str, Any]) -> Run:
    return Run(entry["dag_id"], entry["dag_run_id"], entry["state"], entry.get("partition_key"))


def _is_error(entry: Any) -> bool:
    return isinstance(entry, dict) and (entry.get("level") in ("error", "critical") or bool(entry.get("error_detail")))


def _log_lines(entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return [str(entry)]
    event = str(entry.get("event", ""))
    if event.startswith("::"):
        return []
    lines = [" ".join(str(part) for part in (entry.get("level", ""), event) if part)]
    return lines + [f"  {detail.get('exc_type')}: {detail.get('exc_value')}" for detail in entry.get("error_detail") or []]
