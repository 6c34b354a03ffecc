"""Clearing a run or task whose DAG has a deadline, which Airflow 3.3 cannot do by itself.

Airflow 3.3 keeps the time that a deadline allows as JSON, and at a clearing takes it for a number: the page and the API answer 500, and
nothing is cleared (apache/airflow#70368). Clearing is what an operator does after a failure, and all our ingests and the closing have a
deadline. tests/dags/test_clearing.py is red as soon as Airflow does it by itself; then this module goes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any


def mend_clearing() -> None:
    """Let Airflow move the deadlines of a run that is cleared. To be called in the processes that clear: those of the API server."""
    from airflow.models import taskinstance

    taskinstance._recalculate_dagrun_queued_at_deadlines = move_deadlines


def move_deadlines(dagrun: Any, new_queued_at: datetime, session: Any) -> None:
    """Count the open deadlines of a run from the moment at which it is queued again. The caller commits."""
    from airflow.models.deadline import Deadline, ReferenceModels
    from airflow.models.deadline_alert import DeadlineAlert
    from airflow.serialization.decoders import decode_deadline_alert
    from airflow.serialization.definitions.deadline import DeadlineAlertFields, SerializedVariableInterval
    from sqlalchemy import false, select

    found = session.execute(
        select(Deadline, DeadlineAlert)
        .join(DeadlineAlert, Deadline.deadline_alert_id == DeadlineAlert.id)
        .where(Deadline.dagrun_id == dagrun.id, Deadline.missed == false())
    )
    for deadline, alert in found.all():
        if alert.reference.get(ReferenceModels.REFERENCE_TYPE_FIELD) != ReferenceModels.DagRunQueuedAtDeadline.__name__:
            continue
        stored = {
            DeadlineAlertFields.REFERENCE: alert.reference,
            DeadlineAlertFields.INTERVAL: alert.interval,
            DeadlineAlertFields.CALLBACK: alert.callback_def,
        }
        interval = decode_deadline_alert(stored).interval
        if isinstance(interval, SerializedVariableInterval):
            interval = interval.resolve()
        deadline.deadline_time = new_queued_at + interval
