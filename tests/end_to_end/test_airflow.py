"""One walk through a real Airflow: from nothing to the scorecard, again without a change, one day later, down without a trace.

A small demo district in a folder of its own. The steps build on each other, so they are one test.
"""

from __future__ import annotations

import pytest

from cchc.embedded import stack
from cchc.warehouse.url import LOADER_LOGIN
from demo.state import StateFolder
from tests.end_to_end import dashboard, left_behind
from tests.end_to_end.installation import Installation
from tests.support.approval import approve

SCALE = 0.01
# T of the first load. A quarter of the plan's year is over: what it has to compute, and the files that it has to read, are half of those
# of the whole year, which the tests of the commands load.
CLOCK = "2023-04-12T00:00:00+07:00"
CLOSED, SHOWN = "2023-02", "2023-03"
SOURCES = ("one_stop", "documents", "payments")
RARE = ("feedback", "survey", "declared")  # nothing of theirs comes on the day that the test advances by
VALUES = """
    select plan_code, indicator_code, unit_code, period_kind, period_start, basis, numerator, denominator, value, target, status
    from mart.indicator_value order by 1, 2, 3, 4, 5, 6
"""


@pytest.mark.end_to_end
@pytest.mark.timeout(1500)
def test_from_nothing_to_the_scorecard_and_on(installation: Installation) -> None:
    StateFolder(installation.home / "demo").open(scale=SCALE, clock=CLOCK)

    # from nothing
    printed = installation.run("cchc.cli", "demo")
    assert "all green" in printed
    assert "Log in:" in printed
    first = installation.loads()
    assert set(first) == {*SOURCES, *RARE}
    assert all(load["landed"] > 100 and load["inserted"] > 100 for load in first.values())
    values = installation.query(VALUES)
    assert values
    scorecard = installation.query("select * from mart.scorecard")
    assert scorecard
    assert installation.run("cchc.cli", "scorecard", SHOWN).strip() in printed

    # all of it ran in Airflow, and nothing failed
    running = stack.running_stack(installation.settings)
    assert running is not None
    with running.api() as api:
        assert api.import_errors() == {}
        runs = api.runs()
        assert {run.dag_id for run in runs} == {"refresh_indicators", *(f"ingest_{source}" for source in first)}
        assert {run.state for run in runs} == {"success"}

    # a second run changes nothing
    installation.run("cchc.cli", "demo")
    assert all(load["inserted"] == load["updated"] == 0 for load in installation.loads().values())
    assert installation.query(VALUES) == values
    with running.api() as api:
        assert {run.state for run in api.runs()} == {"success"}
        assert sum(run.dag_id == "refresh_indicators" for run in api.runs()) == sum(run.dag_id == "refresh_indicators" for run in runs)

    # a month is closed: a person approves in Airflow, the values are frozen, and closing again has nothing to say
    with running.api() as api:
        api.set_paused("close_month", False)
        asked = api.trigger("close_month", {"period": CLOSED, "wait_hours": 0})
        approve(api, asked, 120)
        assert [run.state for run in api.wait([asked], 300)] == ["success"]
    (published,) = installation.query("select edition, approval, approved_by from mart.publication")
    assert published == (1, "person", "admin")
    frozen = installation.query("select * from mart.publication_value order by 1, 2, 3, 4")
    assert frozen

    # all that the tasks did, they did with the login that loads, and nothing was refused it
    assert installation.query("select distinct database_login from ops.audit where category = 'approval'") == [(LOADER_LOGIN,)]
    refused = [
        line for line in (installation.home / "postgres" / "data" / "server.log").read_text().splitlines() if "permission denied" in line
    ]
    assert refused == []
    assert "Đã công bố lần 1" in installation.run("cchc.cli", "scorecard", CLOSED)

    # people look at it
    dashboard.check(installation, running.url, SHOWN)

    # nothing of a person, and no secret, is left anywhere
    left_behind.check(installation, running.url, SHOWN)

    # a day later only what changed is pulled
    installation.run("demo", "advance", "--state", str(installation.home / "demo"), "--days", "1")
    installation.run("cchc.cli", "demo")
    day = installation.loads()
    for source in SOURCES:
        assert day[source]["landed"] < 0.2 * first[source]["landed"], source
    assert sum(load["inserted"] + load["updated"] for load in day.values()) > 0
    assert len(installation.query(VALUES)) >= len(values)
    assert installation.query("select * from mart.publication_value order by 1, 2, 3, 4") == frozen

    # a second `up` is no new start, and `down` leaves nothing behind
    assert running.url in installation.run("cchc.cli", "up")
    assert "running (healthy)" in installation.run("cchc.cli", "status")
    assert installation.processes()
    installation.run("cchc.cli", "down")
    assert installation.processes() == []
    installation.run("cchc.cli", "down")
    installation.run("cchc.cli", "status", code=1)
