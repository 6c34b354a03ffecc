"""Settings that all DAGs share: retries, timeouts, errors that are not retried, notices of failures, deadlines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from cchc.airflow.notify import tell_deadline, tell_failure, tell_success
from cchc.authority import authority
from cchc.period import ZONE
from cchc.settings import is_unscheduled

START = datetime(2022, 1, 1, tzinfo=ZONE)

# An unreachable source may answer later, so it is tried again. A broken contract, a blocked load or a wrong setting needs a person.
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception="cchc.errors.ContractViolation", action=RetryAction.FAIL, reason="the source breaks its contract"),
        RetryRule(exception="cchc.errors.LoadBlocked", action=RetryAction.FAIL, reason="validation blocked the load"),
        RetryRule(exception="cchc.errors.WrongClock", action=RetryAction.FAIL, reason="a clock is wrong"),
        RetryRule(exception="cchc.errors.NotConfigured", action=RetryAction.FAIL, reason="a setting is missing or wrong"),
        RetryRule(exception="cchc.errors.WrongUse", action=RetryAction.FAIL, reason="the run was asked for something that does not exist"),
    ]
)

DEFAULT_ARGS: dict[str, Any] = {
    "owner": authority().owner,
    "retries": 3,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=15),
    "retry_policy": RETRY_POLICY,
    "execution_timeout": timedelta(hours=2),
    "on_failure_callback": [tell_failure],
    "on_success_callback": [tell_success],
}


def deadline(hours: float, source: str | None = None) -> DeadlineAlert:
    """A deadline `hours` after a run was queued: if the run is not done then, `tell_deadline` sends a notice; the run continues.

    The callback runs in the executor like the tasks, because the executor reaches the recipients and the triggerer does not.
    """
    facts = {"hours": hours} if source is None else {"hours": hours, "source": source}
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=hours),
        callback=SyncCallback(tell_deadline, facts),
        name=f"done after {hours:g} hours",
    )


def by_clock(cron: str | None) -> CronTriggerTimetable | None:
    """A schedule in the authority's time zone. None (only started by a person) without a cron text, or if CCHC_SCHEDULE is `off`.

    The demo switches schedules off: the time of its sources is the end of 2023, so a run at the current time would find no new file.
    """
    if not cron or is_unscheduled():
        return None
    return CronTriggerTimetable(cron, timezone=ZONE.key)
