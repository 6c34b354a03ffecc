"""An operator clears a run that has a deadline, over Airflow's real API and by its command: it is queued again, and its deadline counts from then."""

from __future__ import annotations

from cchc.airflow.accounts import ROLES, Accounts
from tests.dags.conftest import Box

PASSWORD = "a long password of a person"


def test_a_run_with_a_deadline_is_cleared(box: Box) -> None:
    folder = box.log.parent / "airflow"  # of the Airflow of these tests
    folder.mkdir(exist_ok=True)
    Accounts(folder).put("an.operator", ROLES["operator"], PASSWORD)
    done = box.ask("clear", name="an.operator", password=PASSWORD, dag_id="ingest_payments", file="ingest.py")
    # Airflow alone cannot do it; when it can, cchc.airflow.clearing and this test go
    assert done == {"airflow alone": 500, "status": 200, "command": 0, "hours": [6.0, 6.0, 6.0], "is_queued_again": True}
