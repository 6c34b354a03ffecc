"""A load asks Airflow for a refresh of the months that it marked, unless a run that takes its marks is on its way already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from cchc.pipeline import refresh as refreshing
from cchc.pipeline.ingest import ASKED_FOR, months_to_ask_for
from cchc.settings import Settings
from tests.support.warehouse import execute, rows_of

MARK = "insert into ops.dirty_month (source_code, month_start, reason, marked_at) values (:source, :month, 'a test', now())"


@pytest.fixture
def marked(warehouse: Settings) -> Settings:
    """Two sources that have marked a month together, and one month each alone."""
    for source, month in (("one_stop", 5), ("one_stop", 6), ("payments", 6), ("payments", 7)):
        execute(warehouse, MARK, source=source, month=date(2023, month, 1))
    return warehouse


def test_the_second_source_asks_only_for_what_nobody_has_asked_for(marked: Settings) -> None:
    assert months_to_ask_for(marked, "one_stop", 1) == ["2023-05", "2023-06"]
    assert months_to_ask_for(marked, "payments", 2) == ["2023-07"]
    assert months_to_ask_for(marked, "payments", 3) == [], "the run for extract 2 takes what extract 3 has marked"
    assert months_to_ask_for(marked, "documents", 4) == []


def test_a_task_that_is_tried_again_asks_again(marked: Settings) -> None:
    assert months_to_ask_for(marked, "one_stop", 1) == months_to_ask_for(marked, "one_stop", 1) == ["2023-05", "2023-06"]


def test_a_mark_that_nobody_asked_for_is_asked_for(marked: Settings) -> None:
    """`cchc ingest` and `cchc init` mark months, and no run comes for these."""
    assert months_to_ask_for(marked, "payments", 2) == ["2023-06", "2023-07"]


def test_a_request_that_was_lost_counts_for_some_minutes_only(marked: Settings) -> None:
    months_to_ask_for(marked, "one_stop", 1)
    execute(marked, "update ops.dirty_month set asked_at = asked_at - cast(:ago as interval)", ago=ASKED_FOR)
    assert months_to_ask_for(marked, "payments", 2) == ["2023-06", "2023-07"]


def test_a_month_that_was_refreshed_and_marked_again_is_asked_for(marked: Settings) -> None:
    months_to_ask_for(marked, "one_stop", 1)
    refreshing.refresh_partition(marked, "2023-06", [])
    execute(marked, MARK, source="payments", month=date(2023, 6, 1))
    assert months_to_ask_for(marked, "payments", 2) == ["2023-06", "2023-07"]


def test_a_run_takes_every_mark_of_its_year(marked: Settings) -> None:
    said = refreshing.refresh_partition(marked, "2023", [])
    assert [sentence.partition(":")[0] for sentence in said] == ["2023-05 (one_stop)", "2023-06 (one_stop, payments)", "2023-07 (payments)"]
    assert rows_of(marked, "select * from ops.dirty_month") == []


def test_a_run_takes_the_marks_that_come_while_it_computes(marked: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real = refreshing._refresh_months
    taken: list[Any] = []

    def one(settings: Settings, tasks: Mapping[date, list[str]]) -> list[refreshing.Refreshed]:
        done = real(settings, tasks)
        if not taken:
            execute(settings, MARK, source="documents", month=next(iter(tasks)))
        taken.append(tuple(next(iter(tasks.values()))))
        return done

    monkeypatch.setattr(refreshing, "_refresh_months", one)
    said = refreshing.refresh_partition(marked, "2023-06", [])
    assert taken == [("one_stop", "payments"), ("documents",)]
    assert len(said) == 2
    assert [row["month_start"].month for row in rows_of(marked, "select month_start from ops.dirty_month order by 1")] == [5, 7]
