"""Clearing a run or task whose DAG has a deadline, which Airflow 3.3 cannot do by itself.

Airflow 3.3 keeps the time that a deadline allows as JSON, and at a clearing takes it for a number: the page and the API answer 500, the
command line (`tasks clear`, `dags clear`, `backfill create`) ends with a stack trace, and nothing is cleared (apache/airflow#70368).
Clearing is what an operator does after a failure, and all our ingests and the closing have a deadline. tests/dags/test_clearing.py is red
as soon as Airflow does it by itself; then this module goes.

Any process of Airflow may clear, so airflow_local_settings calls `mend_clearing` in each of them. That is while Airflow is being imported,
and most processes never import its models: so the function is put in place when, and where, somebody imports them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

MODULE, FUNCTION = "airflow.models.taskinstance", "_recalculate_dagrun_queued_at_deadlines"
OWN_WAY: dict[str, Callable[..., None]] = {}  # Airflow's own function, for the test that shows whether it is still needed


def mend_clearing() -> None:
    """Let Airflow move the deadlines of a run that is cleared, in this process."""
    loaded = sys.modules.get(MODULE)
    if loaded is not None:
        _mend(loaded)
    elif not any(isinstance(finder, _Mends) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Mends())


class _Mends(MetaPathFinder):
    """Finds the module of Airflow that clears, and has it mended as soon as it is imported."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """How that module is imported; None for any other, which Python then finds as always."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == MODULE else None
        if spec is None or spec.loader is None:
            return None
        own = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            own(module)
            _mend(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign] # of this one loader
        return spec


def _mend(module: ModuleType) -> None:
    own = getattr(module, FUNCTION)
    if own is not move_deadlines:
        OWN_WAY[FUNCTION] = own
        setattr(module, FUNCTION, move_deadlines)


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
