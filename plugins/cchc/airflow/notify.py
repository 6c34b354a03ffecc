"""Airflow's part of the alerts: what only Airflow knows is reported to cchc.notices, which remembers it and tells it once.

Reported are a task that finally failed (`tell_failure`, the failure callback of every task) and its later success (`tell_success`), a run
that failed because the process of a task was killed (`tell_failed_run`, the failure callback of every DAG), a run that is not done at its
deadline (`tell_deadline`), a publication that waits for approval (`ApprovalNotice`), and a period that was published (`tell_published`).
Each of them logs what it tells, and none of them raises: an error here must not hide the result that it reports.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from cchc.airflow.addresses import dashboard, other_connection, run_url
from cchc.errors import (
    CchcError,
    ContractViolation,
    LoadBlocked,
    NotConfigured,
    NothingKnown,
    PeriodNotOver,
    SourceUnavailable,
    WarehouseUnavailable,
    WrongClock,
    WrongUse,
)
from cchc.period import Period, now, parse_moment, parse_period
from cchc.settings import Settings

if TYPE_CHECKING:
    from cchc.notices.tell import Told
    from cchc.notices.trouble import Trouble

log = logging.getLogger(__name__)

MOST_CHARACTERS = 1000
TOLD = "failure_told"  # the XCom of a failed task whose own callback has reported it
CLOSING = "close_month"

# the first entry that matches the error is used; `{source}` is replaced by the source of the run
ADVICE: tuple[tuple[type[BaseException], str, str], ...] = (
    (
        SourceUnavailable,
        "Try the connection with `cchc doctor {source}`; the next run asks for all that was missed (docs/runbooks/source_away.md).",
        "Thử kết nối bằng `cchc doctor {source}`; lần chạy sau sẽ lấy lại phần còn thiếu (docs/runbooks/source_away.md).",
    ),
    (
        PeriodNotOver,
        "Wait until the last day of the period is over, then run close_month again; or name another period (docs/guides/publication.md).",
        "Đợi hết ngày cuối của kỳ rồi chạy lại close_month, hoặc chọn kỳ khác (docs/guides/publication.md).",
    ),
    (LoadBlocked, "Follow docs/runbooks/load_blocked.md.", "Làm theo docs/runbooks/load_blocked.md."),
    (
        ContractViolation,
        "Ask the vendor what has changed, or correct the profile of the source, then run `cchc ingest {source}`.",
        "Hỏi nhà cung cấp điều gì đã thay đổi, hoặc sửa hồ sơ nguồn, rồi chạy `cchc ingest {source}`.",
    ),
    (
        WrongClock,
        "Set the clock that is named, then run `cchc ingest {source}` (docs/runbooks/missing.md).",
        "Chỉnh lại đồng hồ đã nêu, rồi chạy `cchc ingest {source}` (docs/runbooks/missing.md).",
    ),
    (
        NotConfigured,
        "Correct the setting, profile or connection that is named, then run the DAG again.",
        "Sửa thiết lập, hồ sơ nguồn hoặc kết nối đã nêu, rồi chạy lại.",
    ),
    (
        NothingKnown,
        "Name a later moment, or run `cchc ingest` of the sources first, then run the DAG again.",
        "Chọn thời điểm muộn hơn, hoặc chạy `cchc ingest` cho các nguồn trước, rồi chạy lại.",
    ),
    (WrongUse, "Correct the parameters of the run, then run the DAG again.", "Sửa tham số của lượt chạy, rồi chạy lại."),
    (
        WarehouseUnavailable,
        "See whether PostgreSQL runs (`cchc doctor`), then clear the task in Airflow.",
        "Kiểm tra PostgreSQL có chạy không (`cchc doctor`), rồi chạy lại bước đó trong Airflow.",
    ),
)
OTHERWISE = (
    "Read the log of the task in Airflow, run `cchc doctor`, and when the cause is mended clear the task.",
    "Đọc nhật ký của bước trong Airflow, chạy `cchc doctor`; khi đã khắc phục thì chạy lại bước đó.",
)


def tell_failure(context: Mapping[str, Any]) -> None:
    """The failure callback of every task: report the DAG, task, run and source that failed, the reason, and what to do.

    What validation blocked is told as such (load_blocked, column_gone), once for each file. It never raises.
    """
    _never_raises("the failure of the task was not told", lambda: _tell_failure(context))


def _tell_failure(context: Mapping[str, Any]) -> None:
    error = context.get("exception")
    try:
        context["ti"].xcom_push(key=TOLD, value=True)
    except Exception:
        log.exception("it was not noted that the failure is told; it may be told twice")
    trouble = failure(context)
    log.error("%s", failure_text(context))
    _end_approval(context)
    if _was_told_elsewhere(error):
        return
    if isinstance(error, LoadBlocked) and trouble.source and _told_as_blocked(trouble.source):
        return  # the file or load is told, and not beside it that a task has failed because of it
    _report(trouble)


def tell_success(context: Mapping[str, Any]) -> None:
    """The success callback of every task: what was reported of its earlier failures is well again. It never raises."""

    def end() -> None:
        from cchc.notices.open_alerts import open_subjects

        _end_approval(context)
        task = _task(context["ti"])
        # of a task that was killed it is not known for which source it was
        subjects = {_subject(context, task), _subject(context, WHOLE_RUN), _subject_of(str(context["ti"].dag_id), None, task)}
        for subject in open_subjects(Settings.load(), "run_failed", subjects):
            _end("run_failed", subject)

    _never_raises("it was not noted that the task is well again", end)


def tell_failed_run(context: Mapping[str, Any]) -> None:
    """The failure callback of every DAG: report the failed tasks of the run whose own callback reported nothing.

    Airflow does not call the failure callback of a task whose process was killed, for example for lack of memory. A run that failed
    without a failed task (a timeout of the run) is reported, too. It never raises.
    """

    def report() -> None:
        dag_id, run_id = str(context["dag"].dag_id), str(context["run_id"])
        untold = _untold_failures(context["dag"], dag_id, run_id)
        if untold is None:
            _report(_of_run(context, WHOLE_RUN, f"Airflow says: {context.get('reason')}"))
        for task in untold or []:
            _report(_of_run(context, task, "the process of the task was killed, or ended without a word"))

    _never_raises("the failure of the run was not told", report)


def tell_deadline(context: Mapping[str, Any], hours: float, source: str | None = None) -> None:
    """The callback of a run's deadline: report that the run is not done `hours` after it was queued, and what to do.

    Nothing is reported of a run that has ended: it was successful, or its failed task was reported. The DAG `alerts` tells when a late run
    has ended.
    """
    run, moment = context["dag_run"], context["deadline"]["deadline_time"]
    dag_id, run_id, state = str(run["dag_id"]), str(run["dag_run_id"]), str(run["state"])
    if state in ("success", "failed"):
        log.info("%s, run %s, has ended as %s before its deadline was looked at: nobody has to be told", dag_id, run_id, state)
        return

    def report() -> None:
        from cchc.notices.trouble import Trouble

        at = parse_moment(str(moment))
        facts = {
            "dag_id": dag_id,
            "run_id": run_id,
            "state": state,
            "hours": hours,
            "deadline": at.isoformat(),
            "url": run_url(dag_id, run_id),
        }
        log.error("%s: the run %s is %s and not done at its deadline %s", dag_id, run_id, state, moment)
        _report(Trouble("deadline_passed", f"{dag_id} {run_id}", at, facts, source=source))

    _never_raises("the passed deadline was not told", report)


class ApprovalNotice(BaseNotifier):  # type: ignore[misc] # Airflow is not followed by the type checker
    """Airflow's notifier of the task `approval`: reports that a publication waits for a person."""

    def notify(self, context: Any) -> None:
        """Report it; it never raises."""

        def report() -> None:
            from cchc.notices.trouble import Trouble

            ti, period = context["ti"], _period(context)
            facts = {
                "period": period.code, "period_name": period.name_vi, "dag_id": ti.dag_id, "run_id": ti.run_id,
                "url": run_url(ti.dag_id, ti.run_id),
            }  # fmt: skip
            _report(Trouble("approval_waiting", period.code, now(), facts))

        _never_raises("that a publication waits for approval was not told", report)


def tell_published(code: str, text: str) -> None:
    """Tell that a period was published. It never raises."""

    def report() -> None:
        from cchc.notices.trouble import Trouble

        log.info("%s", text)
        period = parse_period(code)
        moment = now()
        facts = {"period": period.code, "period_name": period.name_vi, "text": text}
        _report(Trouble("published", f"{period.code} {moment.isoformat()}", moment, facts))

    _never_raises("that a period was published was not told", report)


def failure(context: Mapping[str, Any]) -> Trouble:
    """What is reported of a failed task. `context`: the context of Airflow; a killed task has no exception in it.

    Only the messages of the package's own errors are repeated, because they contain no delivered data. Of any other error only the type is
    named.
    """
    error, source = context.get("exception"), source_of(context)
    return _of_run(context, _task(context["ti"]), _reason(error), _advice(error, source))


def failure_text(context: Mapping[str, Any]) -> str:
    """One sentence about a failed task for its log: what happened, and what to do."""
    ti, source = context["ti"], source_of(context)
    where = f"{ti.dag_id}: the task {_task(ti)} of the run {ti.run_id} ({_named(source)}) has failed"
    return f"{where}: {_reason(context.get('exception'))} What to do: {_advice(context.get('exception'), source)[0]}"


WHOLE_RUN = "-"


def _of_run(context: Mapping[str, Any], task: str, reason: str, advice: tuple[str, str] = OTHERWISE) -> Trouble:
    from cchc.notices.trouble import Trouble

    ti, dag = context.get("ti"), context.get("dag")
    dag_id = str(ti.dag_id if ti is not None else dag.dag_id)  # type: ignore[union-attr] # one of the two is there
    run_id = str(ti.run_id if ti is not None else context["run_id"])
    facts = {
        "dag_id": dag_id, "run_id": run_id, "task": task, "reason": reason, "url": run_url(dag_id, run_id),
        "do_en": advice[0], "do_vi": advice[1], "who": getattr(context.get("task"), "owner", None),
    }  # fmt: skip
    return Trouble("run_failed", _subject(context, task), now(), facts, source=_source(dag_id, context))


def _subject(context: Mapping[str, Any], task: str) -> str:
    """What a failure concerns: the task of the DAG, for the source, period or month that the run is about; not the single run."""
    ti, dag = context.get("ti"), context.get("dag")
    dag_id = str(ti.dag_id if ti is not None else dag.dag_id)  # type: ignore[union-attr] # one of the two is there
    run = context.get("dag_run")
    about = getattr(run, "partition_key", None) or context.get("source") or (context.get("params") or {}).get("source")
    if dag_id == CLOSING:
        about = _period(context).code
    return _subject_of(dag_id, about, task)


def _subject_of(dag_id: str, about: str | None, task: str) -> str:
    return f"{dag_id} {about or ''} {task}"


def _period(context: Mapping[str, Any]) -> Period:
    """The period that a run of close_month is about."""
    from cchc.pipeline.close import period_to_close

    return period_to_close((context.get("params") or {}).get("period"), context.get("logical_date") or now())


def _end_approval(context: Mapping[str, Any]) -> None:
    """The approval of a period does not wait any more, however the task has ended."""
    ti = context["ti"]
    if ti.dag_id == CLOSING and ti.task_id == "approval":
        _end("approval_waiting", _period(context).code)


def _end(event: str, subject: str) -> None:
    from cchc.notices.tell import well_again

    _log(well_again(Settings.load(), event, subject, other_connection, dashboard()))


def _was_told_elsewhere(error: object) -> bool:
    """Whether the failure is that a message could not be delivered: telling that is the task that has failed."""
    from cchc.notices.deliver import NotDelivered

    return isinstance(error, NotDelivered)


def _told_as_blocked(source: str) -> bool:
    """Tell the blocked loads of the warehouse. Returns whether one of the source is open: then its failed task is no other trouble."""
    from cchc.notices.open_alerts import is_open
    from cchc.notices.tell import tell

    events = ("load_blocked", "column_gone")
    _log(tell(Settings.load(), other_connection, links=dashboard(), events=events))
    return is_open(Settings.load(), events, source)


def _report(trouble: Trouble) -> None:
    """Report a trouble; where the warehouse cannot be reached or is not made yet, tell it without remembering it."""
    from sqlalchemy.exc import SQLAlchemyError

    from cchc.notices.tell import report, tell_without_memory

    try:
        _log(report(Settings.load(), trouble, other_connection, dashboard()))
    except (WarehouseUnavailable, SQLAlchemyError) as error:
        log.warning("the warehouse remembers nothing (%s): what is told may be told again", type(error).__name__)
        _log(tell_without_memory(Settings.load(), trouble, other_connection, dashboard()))


def _log(told: Told) -> None:
    for recipient, subject in told.sent:
        log.info("told %s: %s", recipient, subject)
    for sentence in [*told.problems, *told.undelivered]:
        log.warning("%s", sentence)
    for name, problem in told.unreachable.items():
        log.warning("nobody is told through %s: %s", name, problem)


def _never_raises(what: str, act: Callable[[], None]) -> None:
    try:
        act()
    except Exception:
        log.exception("%s", what)


def tell_all() -> list[str]:
    """Find everything that is wrong and tell what is new, as the DAG `alerts` does. Returns who was told of what.

    Raises CchcError where something could not be looked for, and NotDelivered where something could not be delivered.
    """
    import os

    from cchc.notices.deliver import NotDelivered
    from cchc.notices.tell import tell

    settings = Settings.load()
    _end_deadlines(settings)
    told = tell(settings, other_connection, links=dashboard(), is_by_clock=os.environ.get("CCHC_SCHEDULE") != "off")
    _log(told)
    if told.problems:
        raise CchcError("\n".join([*told.problems, *told.undelivered]))
    if told.undelivered:
        raise NotDelivered("\n".join(told.undelivered))
    return [f"{recipient}: {subject}" for recipient, subject in told.sent]


def _end_deadlines(settings: Settings) -> None:
    """What was late and has ended is not late any more. Airflow calls nothing of ours at the end of a run that was rejected or cleared."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    from cchc.notices.open_alerts import open_facts

    for subject, facts in open_facts(settings, "deadline_passed"):
        if RuntimeTaskInstance.get_dagrun_state(dag_id=facts["dag_id"], run_id=facts["run_id"]) in ("success", "failed"):
            _end("deadline_passed", subject)


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


def _task(ti: Any) -> str:
    index = getattr(ti, "map_index", -1)
    return f"{ti.task_id}[{index}]" if isinstance(index, int) and index >= 0 else str(ti.task_id)


def _reason(error: object) -> str:
    if isinstance(error, CchcError):
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        text = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} …"
        return text if text.endswith((".", "!", "?", "…")) else f"{text}."
    if isinstance(error, BaseException):
        return f"{type(error).__name__}; the log of the task has the details."
    return "it was killed, or its process ended without a word."


def _advice(error: object, source: str | None) -> tuple[str, str]:
    """What to do, in English and Vietnamese."""
    for kind, english, vietnamese in ADVICE:
        if isinstance(error, kind):
            return english.format(source=source or "SOURCE"), vietnamese.format(source=source or "SOURCE")
    return OTHERWISE
