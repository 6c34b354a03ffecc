"""What every DAG shares: retries, timeouts, what is not worth a retry, who is told of a failure, deadlines."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from cchc.airflow.notify import tell_deadline, tell_failure
from cchc.period import ZONE

START = datetime(2022, 1, 1, tzinfo=ZONE)

# a source that is away may come back; a broken contract, a blocked load or a wrong setting will not mend itself
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
    "owner": "Văn phòng HĐND và UBND huyện",
    "retries": 3,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=15),
    "retry_policy": RETRY_POLICY,
    "execution_timeout": timedelta(hours=2),
    "on_failure_callback": [tell_failure],
}


def deadline(hours: float, source: str | None = None) -> DeadlineAlert:
    """A deadline `hours` after a run was queued: people are told of a run that is not done then (`tell_deadline`); the run goes on.

    The callback runs in the executor, beside the tasks, because that one reaches the webhook; the triggerer does not.
    """
    facts = {"hours": hours} if source is None else {"hours": hours, "source": source}
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=hours),
        callback=SyncCallback(tell_deadline, facts),
        name=f"done after {hours:g} hours",
    )


def by_clock(cron: str | None) -> CronTriggerTimetable | None:
    """A schedule in the plan's zone; None (by hand alone) without one, and everywhere where CCHC_SCHEDULE is `off`.

    The demo switches it off: its sources stand at the end of 2023, and a run at today's time would find no payment file since.
    """
    if not cron or os.environ.get("CCHC_SCHEDULE") == "off":
        return None
    return CronTriggerTimetable(cron, timezone=ZONE.key)
