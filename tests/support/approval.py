"""The approval of a run of close_month, answered as the UI does."""

from __future__ import annotations

import time
from urllib.parse import quote

from cchc.embedded.airflow_api import AirflowApi, Run
from cchc.waiting import wait_until


def approve(api: AirflowApi, run: Run, seconds: float) -> None:
    """Approve, once the run waits for somebody, which it must within `seconds`.

    Not in the same moment: Airflow 3.3.2 takes an answer that comes before its scheduler has seen the task's worker end for a task
    that was killed, and asks again after the retry's delay. No person is that fast.
    """
    path = f"/api/v2/dags/close_month/dagRuns/{quote(run.run_id, safe='')}/taskInstances/approval/-1/hitlDetails"

    def waits() -> bool:
        assert api.run(run.dag_id, run.run_id).state not in ("failed", "success"), api.explain_failure(run)
        return {task.task_id: task.state for task in api.tasks(run)}.get("approval") in ("awaiting_input", "deferred")

    assert wait_until(waits, seconds, 0.5), [(task.task_id, task.state) for task in api.tasks(run)]
    time.sleep(10)
    api._call("PATCH", path, {"chosen_options": ["Approve"], "params_input": {"note": None}})
