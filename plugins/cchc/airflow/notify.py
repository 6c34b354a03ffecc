"""Send notices: a line of text to the webhook of the Airflow connection `cchc_notify`, if it exists.

Notices are sent about a task that finally failed (`tell_failure`, the failure callback of every task), a run that failed because the
process of a task was killed (`tell_failed_run`, the failure callback of every DAG), a run that is not done at its deadline
(`tell_deadline`), and a period that was published (`tell`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from cchc.errors import (
    CchcError,
    ContractViolation,
    LoadBlocked,
    NotConfigured,
    SourceUnavailable,
    WarehouseUnavailable,
    WrongClock,
    WrongUse,
)

log = logging.getLogger(__name__)

CONNECTION = "cchc_notify"
TIMEOUT_SECONDS = 10
MOST_CHARACTERS = 1000
TOLD = "failure_told"  # the XCom of a failed task whose own callback has sent the notice

# the first entry that matches the error is used; `{source}` is replaced by the source of the run
ADVICE: tuple[tuple[type[BaseException], str], ...] = (
    (
        SourceUnavailable,
        "Try the connection with `cchc doctor {source}`; the next run asks for all that was missed (docs/runbooks/source_away.md).",
    ),
    (LoadBlocked, "Follow docs/runbooks/load_blocked.md."),
    (ContractViolation, "Ask the vendor what has changed, or correct the profile of the source, then run `cchc ingest {source}`."),
    (WrongClock, "Set the clock that is named, then run `cchc ingest {source}` (docs/runbooks/missing.md)."),
    (NotConfigured, "Correct the setting, profile or connection that is named, then run the DAG again."),
    (WrongUse, "Correct the parameters of the run, then run the DAG again."),
    (WarehouseUnavailable, "See whether PostgreSQL runs (`cchc doctor`), then clear the task in Airflow."),
)
OTHERWISE = "Read the log of the task in Airflow, run `cchc doctor`, and when the cause is mended clear the task."


def tell(message: str, level: int = logging.INFO) -> bool:
    """Log a message and post {"text": message} to the host of the connection. Returns whether the notice was sent.

    It never raises, because an error here must not hide the result that it reports.
    """
    log.log(level, "%s", message)
    try:
        import requests
        from airflow.sdk.bases.hook import BaseHook

        host = BaseHook.get_connection(CONNECTION).host
    except Exception as error:  # there is no such connection, or Airflow cannot be asked; the log names the error
        log.info("Airflow gave no connection %s (%s): nobody was told", CONNECTION, type(error).__name__)
        return False
    try:
        requests.post(str(host), json={"text": message}, timeout=TIMEOUT_SECONDS).raise_for_status()
    except Exception as error:
        log.warning("nobody was told: %s", type(error).__name__)  # the address may hold a secret
        return False
    return True


def tell_failure(context: Mapping[str, Any]) -> None:
    """The failure callback of every task: send a notice with the DAG, task, run and source that failed, the reason, and what to do.

    It never raises, because an error here must not replace the task's own error in the log.
    """
    try:
        context["ti"].xcom_push(key=TOLD, value=True)
    except Exception:
        log.exception("it was not noted that the failure is told; it may be told twice")
    try:
        tell(failure_text(context), logging.ERROR)
    except Exception:
        log.exception("the failure of the task was not told")


def tell_failed_run(context: Mapping[str, Any]) -> None:
    """The failure callback of every DAG: send a notice about the failed tasks of the run whose own callback sent none.

    Airflow does not call the failure callback of a task whose process was killed, for example for lack of memory. A notice is also sent
    about a run that failed without a failed task (a timeout of the run). It never raises.
    """
    try:
        dag_id, run_id = str(context["dag"].dag_id), str(context["run_id"])
        untold = _untold_failures(context["dag"], dag_id, run_id)
        if untold is None:
            tell(run_text(context, "Airflow says: " + str(context.get("reason"))), logging.ERROR)
        elif untold:
            tell(run_text(context, f"the process of {', '.join(untold)} was killed, or ended without a word"), logging.ERROR)
    except Exception:
        log.exception("the failure of the run was not told")


def tell_deadline(context: Mapping[str, Any], hours: float, source: str | None = None) -> None:
    """The callback of a run's deadline: send a notice that the run is not done `hours` after it was queued, and what to do.

    No notice is sent about a run that has ended: it was successful, or the notice of its failed task was sent.
    """
    run, moment = context["dag_run"], context["deadline"]["deadline_time"]
    state = str(run["state"])
    if state in ("success", "failed"):
        log.info(
            "%s, run %s, has ended as %s before its deadline was looked at: nobody has to be told", run["dag_id"], run["dag_run_id"], state
        )
        return
    tell(deadline_text(str(run["dag_id"]), str(run["dag_run_id"]), state, hours, str(moment), source), logging.ERROR)


def failure_text(context: Mapping[str, Any]) -> str:
    """The text of a notice about a failed task: what happened, and what to do.

    `context`: the context of Airflow; a killed task has no exception in it. Only the messages of the package's own errors are repeated,
    because they contain no delivered data. Of any other error only the type is named.
    """
    ti = context["ti"]
    source = source_of(context)
    where = f"{ti.dag_id}: the task {ti.task_id}{_mapped(ti)} of the run {ti.run_id} ({_named(source)}) has failed"
    return f"{where}: {_reason(context.get('exception'))} What to do: {_advice(context.get('exception'), source)}"


def run_text(context: Mapping[str, Any], reason: str) -> str:
    """The text of a notice that a run failed, why, and what to do. `context`: the context of Airflow for a callback of a DAG."""
    dag_id = str(context["dag"].dag_id)
    source = _source(dag_id, context)
    return f"{dag_id}: the run {context['run_id']} ({_named(source)}) has failed: {reason}. What to do: {OTHERWISE}"


def deadline_text(dag_id: str, run_id: str, state: str, hours: float, moment: str, source: str | None) -> str:
    """The text of a notice that a run is not done at its deadline, and what to do."""
    what_to_do = (
        f"See in Airflow which task of it waits or runs; a source that does not answer is tried with `cchc doctor {source}`."
        if source
        else "See in Airflow which task waits: `coverage` waits for late sources and units, `approval` for the answer of a person."
    )
    return (
        f"{dag_id}: the run {run_id} ({_named(source)}) is {state} and not done at its deadline {moment}, {hours:g} hours after it was "
        f"queued. It goes on. What to do: {what_to_do}"
    )


def source_of(context: Mapping[str, Any]) -> str | None:
    """The source of a task: from the name of its DAG `ingest_<source>`, from a mapped check, or from the run's parameters; else None."""
    return _source(str(context["ti"].dag_id), context)


def _source(dag_id: str, context: Mapping[str, Any]) -> str | None:
    if dag_id.startswith("ingest_"):
        return dag_id.removeprefix("ingest_")
    found = context.get("source") or (context.get("params") or {}).get("source")
    return str(found) if found else None


def _untold_failures(dag: Any, dag_id: str, run_id: str) -> list[str] | None:
    """The failed tasks of a run (a mapped task as `task[index]`) whose own callback sent no notice; None if no task failed."""
    from airflow.sdk.bases.xcom import BaseXCom
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    states = RuntimeTaskInstance.get_task_states(dag_id=dag_id, run_ids=[run_id]).get(run_id, {})
    failed = sorted(name for name, state in states.items() if state == "failed")
    untold = []
    for name in failed:
        is_mapped = name not in dag.task_ids  # then its index is the last part of the name
        task_id, index = (name.rpartition("_")[0], int(name.rpartition("_")[2])) if is_mapped else (name, -1)
        if not BaseXCom.get_one(key=TOLD, dag_id=dag_id, task_id=task_id, run_id=run_id, map_index=index):
            untold.append(f"{task_id}[{index}]" if is_mapped else task_id)
    return untold if failed else None


def _named(source: str | None) -> str:
    return f"source {source}" if source else "no single source"


def _mapped(ti: Any) -> str:
    index = getattr(ti, "map_index", -1)
    return f"[{index}]" if isinstance(index, int) and index >= 0 else ""


def _reason(error: object) -> str:
    if isinstance(error, CchcError):
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        text = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} …"
        return text if text.endswith((".", "!", "?", "…")) else f"{text}."
    if isinstance(error, BaseException):
        return f"{type(error).__name__}; the log of the task has the details."
    return "it was killed, or its process ended without a word."


def _advice(error: object, source: str | None) -> str:
    for kind, advice in ADVICE:
        if isinstance(error, kind):
            return advice.format(source=source or "SOURCE")
    return OTHERWISE
