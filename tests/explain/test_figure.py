"""One figure, taken apart: equal to the scorecard, with its definition, what was published, and why it has no value."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from cchc.errors import WrongUse
from cchc.explain.definition import words_of
from cchc.explain.figure import Figure, figure
from cchc.period import parse_period
from cchc.reference.catalogue import DECLARED, catalogue
from cchc.settings import Settings
from cchc.warehouse import query
from tests.explain.conftest import PERIOD

MONTH = parse_period(PERIOD)
CATALOGUE = catalogue(Settings.load())
ON_TIME = "dossier_on_time_rate"


def of(
    connection: Connection, settings: Settings, code: str, scope: str = "all", basis: str = "year_to_date", period: str = PERIOD
) -> Figure:
    return figure(connection, settings, code, parse_period(period), basis, scope)


def test_every_figure_is_that_of_the_scorecard(published: Settings, connection: Connection) -> None:
    rows = query(
        connection,
        "select * from mart.scorecard where period_kind = 'month' and period_start = '2023-12-01' "
        "and unit_code in ('all', 'level:commune', 'H19.16.21')",
    )
    assert len(rows) > 100
    for row in rows:
        told = of(connection, published, row["indicator_code"], row["unit_code"])
        assert told.current is not None
        assert (told.current.numerator, told.current.denominator) == (row["year_numerator"], row["year_denominator"])
        if row["target_no"]:
            assert told.current.status == row["status"] and told.current.gap_count == row["gap_count"]
            assert row["target_no"] in {clause.target_no for clause in told.definition.clauses}
        assert (told.no_value is not None) == (row["year_value"] is None), row["indicator_code"]
        assert bool(told.provisional) == told.current.is_provisional


def test_the_definition_has_words_and_query(published: Settings, connection: Connection) -> None:
    for code, item in CATALOGUE.items():
        words = words_of(code)
        assert (words is None) == (item.item == DECLARED)
        assert words is None or ("**Numerator**" in words and "<!--" not in words and "## " not in words)
    told = of(connection, published, "procedure_satisfaction_rate")
    assert "core.assessment" in told.definition.query and "core.survey_answer" in told.definition.query
    assert [source.role for source in told.sources] == ["dossiers", "survey"]


def test_the_sources_and_their_loads(published: Settings, connection: Connection) -> None:
    source = of(connection, published, ON_TIME).sources[0]
    assert source.source_code == "one_stop" and source.known_at and source.known_at.isoformat() == "2024-01-22T00:00:00+07:00"
    assert source.end_at and source.end_at.isoformat() == "2024-01-01T00:00:00+07:00"
    loads = {load.entity: load for load in source.loads}
    assert {"dossiers", "dossier_steps", "procedures"} <= set(loads)
    assert loads["dossiers"].load_count == 2 and loads["dossiers"].known_at == source.known_at
    connection.execute(text("update ops.extract set status = 'failed' where window_to > '2024-01-10'"))
    earlier = of(connection, published, ON_TIME).sources[0]
    assert {load.load_count for load in earlier.loads} == {1}, "a load after T is not behind the figure"


def test_the_published_value_stands_beside_the_current_one(published: Settings, connection: Connection) -> None:
    told = of(connection, published, ON_TIME)
    assert told.current and told.published
    assert told.published.is_restated and told.published.changed_count > 0
    assert told.published.denominator != told.current.denominator
    same = of(connection, published, "leader_digital_signature_rate")
    assert same.published and not same.published.is_restated and same.published.changed_count == 0
    assert of(connection, published, ON_TIME, period="2023-11").published is None


@pytest.mark.parametrize(
    ("code", "scope", "period", "english", "vietnamese"),
    [
        (ON_TIME, "all", "2025-01", "the period begins after what is known: one_stop up to 22/01/2024", "chưa có số liệu của kỳ này"),
        (ON_TIME, "all", "2023-11", "the period is not computed: `cchc refresh 2023-11`", "kỳ này chưa được tính"),
        ("org_regulation_admin_rate", "H19.16.21", PERIOD, "no unit of this scope has to declare it", "không phải khai"),
        ("feedback_satisfaction_rate", "H19.16.27", PERIOD, "the denominator is 0", "mẫu số bằng 0: Phản ánh"),
    ],
)
def test_why_there_is_no_value(
    code: str, scope: str, period: str, english: str, vietnamese: str, published: Settings, connection: Connection
) -> None:
    if code.startswith("feedback"):
        connection.execute(
            text("update mart.indicator_value set value = null, denominator = 0, numerator = 0 where indicator_code = :c"), {"c": code}
        )
    told = of(connection, published, code, scope, "period", period)
    assert told.no_value is not None
    assert english in told.no_value.en and vietnamese in told.no_value.vi


def test_who_has_to_deliver_a_declared_figure(published: Settings, connection: Connection) -> None:
    code = "staff_training_rate"
    connection.execute(
        text("delete from core.declared_figure_version where indicator_code = :c and unit_code in ('H19.16.21', 'H19.16.22')"), {"c": code}
    )
    connection.execute(text("update mart.indicator_value set numerator = null, value = null where indicator_code = :c"), {"c": code})
    told = of(connection, published, code, "H19.16.21")
    assert told.no_value and "12/2023" in told.no_value.en and "Vĩnh An" in told.no_value.en


def test_why_a_value_is_provisional(published: Settings, connection: Connection) -> None:
    assert of(connection, published, ON_TIME, "H19.16.21").provisional == ()
    connection.execute(text("update mart.indicator_value set is_provisional = true, coverage = 0.5 where unit_code = 'H19.16.21'"))
    assert "only 50 % of the units" in of(connection, published, ON_TIME, "H19.16.21").provisional[0].en
    connection.execute(text("update mart.indicator_value set coverage = 1"))
    assert "it was provisional when it was computed" in of(connection, published, ON_TIME, "H19.16.21").provisional[0].en
    connection.execute(text("update core.declared_figure_version set is_approved = false where unit_code = 'H19.16.21'"))
    assert "without an approver" in of(connection, published, "staff_training_rate", "H19.16.21").provisional[0].en
    connection.execute(text("update ops.extract set window_to = '2023-12-20' where source_code = 'one_stop' and status = 'complete'"))
    connection.execute(text("update ops.coverage set to_at = '2023-12-20' where source_code = 'one_stop'"))
    assert "still running: it is known up to 20/12/2023" in of(connection, published, ON_TIME, "H19.16.21").provisional[0].en


def test_what_does_not_exist_is_told(published: Settings, connection: Connection) -> None:
    for code, scope, basis, message in (
        ("nothing", "all", "period", "'nothing' is no computed indicator"),
        (ON_TIME, "H20", "period", "'H20' is no unit"),
        (ON_TIME, "all", "year", "'year' is no basis"),
    ):
        with pytest.raises(WrongUse, match=message):
            figure(connection, published, code, MONTH, basis, scope)
