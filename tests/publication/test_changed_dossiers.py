"""An edition is compared by the dossiers that have changed since it: after any change they are all that counts otherwise."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from cchc.indicators import refresh
from cchc.period import Period, now, parse_period
from cchc.pipeline.close import close
from cchc.publication import changed_dossiers, restatement
from cchc.publication.edition import in_force
from cchc.reference.catalogue import catalogue
from cchc.settings import Settings
from cchc.warehouse.queries import run_statement
from tests.support.dossier_changes import SOURCE, change
from tests.support.month_site import connection, settings

__all__ = ["connection", "settings"]

PERIOD = "2023-12"
FOLLOWED = {
    "dossier_digitized_rate",
    "dossier_in_time_overall_rate",
    "dossier_on_time_first_due_rate",
    "dossier_on_time_rate",
    "ecertified_copy_count",
    "electronic_result_rate",
    "online_dossier_rate",
}
ITEMS = (
    "select r.unit_code as scope, r.indicator_code, r.basis, i.unit_code, i.item, i.change, i.reason, i.before, i.after, i.detail "
    "from mart.restatement_item as i inner join mart.restatement as r on i.restatement_id = r.restatement_id "
    "where r.state = 'open' order by 1, 2, 3, 4, 5, 6"
)
ONE = "(select dossier_id from mart.dossier where is_counted and received_date between '2023-12-04' and '2023-12-20' order by 1 limit 1)"


@pytest.fixture(scope="module", autouse=True)
def published(settings: Settings) -> Period:
    """The month as an edition."""
    period = parse_period(PERIOD)
    close(settings, period, "Bà Hai", incomplete=True)
    return period


def compute(connection: Connection, settings: Settings) -> list[refresh.Recomputed]:
    done = refresh.recompute(connection, settings, {date(2023, 12, 1): [SOURCE]})
    return [item for item in done if item.period == parse_period(PERIOD) and item.clocks.is_own]


def restated(connection: Connection, settings: Settings, computed: list[refresh.Recomputed]) -> list[tuple[object, ...]]:
    """The items behind the restatements, as a refresh writes them."""
    for item in computed:
        restatement.restate(connection, settings, item.indicators, item.period, item.clocks)
    return [tuple(row) for row in connection.execute(text(ITEMS))]


def by_all_items(connection: Connection, settings: Settings, computed: list[refresh.Recomputed]) -> list[tuple[object, ...]]:
    """The same, compared by all items: nothing is noted with the edition."""
    with connection.begin_nested() as savepoint:
        connection.execute(text("delete from ops.edition_count"))
        found = restated(connection, settings, computed)
        savepoint.rollback()
    return found


def followed(connection: Connection, settings: Settings, item: refresh.Recomputed) -> frozenset[str]:
    published = in_force(connection, settings, item.period)
    assert published is not None
    return changed_dossiers.followed(connection, settings, item.indicators, item.period, item.clocks, published["publication_id"])


def all_followed(connection: Connection, settings: Settings, computed: list[refresh.Recomputed]) -> set[str]:
    return {code for item in computed for code in followed(connection, settings, item)}


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails where the changed dossiers did not explain a difference."""
    yield
    assert not [record for record in caplog.get_records("call") if "do not explain" in record.getMessage()]


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(3, 60))])
def test_after_any_history_of_changes_the_items_are_those_of_a_whole_comparison(
    seed: int, connection: Connection, settings: Settings
) -> None:
    draw = random.Random(seed)
    for _ in range(3):
        for _ in range(draw.choice((2, 6))):
            change(connection, settings, draw)
        computed = compute(connection, settings)
        assert all_followed(connection, settings, computed) == FOLLOWED
        assert restated(connection, settings, computed) == by_all_items(connection, settings, computed)
    assert restated(connection, settings, computed)


OPEN = "(select dossier_id from mart.dossier_open where as_of_date = '2023-12-31' and due_date >= '2023-12-31' order by 1 limit 1)"


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    "statements",
    [
        (
            "insert into mart.dossier select (jsonb_populate_record(d, jsonb_build_object('dossier_id', 1e9, 'dossier_code', 'new'))).* "
            f"from mart.dossier as d where dossier_id = {ONE}",
        ),
        (f"update mart.dossier set is_counted = false where dossier_id = {ONE}",),
        (f"delete from mart.dossier where dossier_id = {ONE}",),
        # a due that held at the end of the month, of a dossier whose facts stay as they are
        (
            f"insert into ops.dirty_dossier select {OPEN} on conflict do nothing",
            f"update core.dossier_due set due_at = '2023-12-01 17:00+07' where dossier_id = {OPEN}",
            "delete from ops.dirty_dossier",
        ),
    ],
    ids=["new", "left_out", "gone", "another_due"],
)
def test_each_kind_of_change_is_noted(statements: tuple[str, ...], connection: Connection, settings: Settings) -> None:
    compute(connection, settings)
    for statement in statements:
        assert connection.execute(text(statement)).rowcount >= 1, statement
    computed = compute(connection, settings)
    found = restated(connection, settings, computed)
    assert found
    assert found == by_all_items(connection, settings, computed)


def test_the_followed_indicators_are_those_of_dossiers(settings: Settings, connection: Connection) -> None:
    noted = set(connection.execute(text("select indicator_code from ops.edition_count")).scalars())
    assert noted == FOLLOWED
    others = {code for code, item in catalogue(settings).items() if item.record == "dossier"} - FOLLOWED
    assert not others & noted


def test_only_changed_dossiers_are_counted(connection: Connection, settings: Settings) -> None:
    connection.execute(text(f"update mart.dossier set channel = 'post', is_digitized = not is_digitized where dossier_id = {ONE}"))
    found = restated(connection, settings, compute(connection, settings))
    assert found
    counted = set(connection.execute(text("select item from item_now where indicator_code = 'dossier_digitized_rate'")).scalars())
    assert counted == set(connection.execute(text(f"select dossier_code from mart.dossier where dossier_id = {ONE}")).scalars())
    changed = set(connection.execute(text("select dossier_code from changed_since")).scalars())
    assert counted == changed


def test_a_change_that_was_not_noted_is_told_and_found_all_the_same(
    connection: Connection, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    connection.execute(text("alter table mart.dossier disable trigger changed_dossier_update"))
    connection.execute(text(f"update mart.dossier set is_digitized = not is_digitized where dossier_id = {ONE}"))
    computed = compute(connection, settings)
    found = restated(connection, settings, computed)
    assert found
    assert found == by_all_items(connection, settings, computed)
    told = [record.getMessage() for record in caplog.records if "do not explain" in record.getMessage()]
    assert len(told) == 1
    assert "2023-12" in told[0]
    assert "dossier_digitized_rate" in told[0]


@pytest.mark.parametrize(
    ("other", "stays"),
    [
        ("update core.unit_on_day set to_date = '2023-12-15' where unit_code = 'H19.16.22'", set()),
        ("truncate mart.dossier cascade", set()),
        ("update ops.edition_count set context = 'other' where indicator_code = 'online_dossier_rate'", FOLLOWED - {"online_dossier_rate"}),
        ("delete from ops.edition_count where basis = 'period'", set()),
        (
            "update core.procedure_list_item set yields_document = not yields_document",
            FOLLOWED - {"electronic_result_rate", "ecertified_copy_count"},
        ),
    ],
)
def test_where_anything_else_has_changed_all_items_are_compared(
    other: str, stays: set[str], connection: Connection, settings: Settings
) -> None:
    computed = compute(connection, settings)
    connection.execute(text(other))
    assert all_followed(connection, settings, computed) == stays


def test_other_rules_of_open_dossiers_compare_all_items(connection: Connection, settings: Settings) -> None:
    computed = compute(connection, settings)
    connection.execute(text("update core.source set zone = 'UTC' where source_code = 'one_stop'"))
    assert all_followed(connection, settings, computed) == set()


def test_nothing_is_noted_without_an_edition(connection: Connection) -> None:
    connection.execute(text("delete from ops.changed_dossier"))
    connection.execute(text("create temp table kept_publication on commit drop as select * from mart.publication"))
    connection.execute(text("alter table mart.publication disable trigger user"))
    with connection.begin_nested() as savepoint:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("delete from mart.publication"))
        connection.execute(text("set local session_replication_role = origin"))
        connection.execute(text("update mart.dossier set is_digitized = not is_digitized"))
        assert connection.execute(text("select count(*) from ops.changed_dossier")).scalar() == 0
        savepoint.rollback()
    connection.execute(text("update mart.dossier set is_digitized = not is_digitized"))
    noted = "select count(distinct dossier_code) from ops.changed_dossier"
    counted = "select count(distinct dossier_code) from mart.dossier where is_counted"
    assert connection.execute(text(noted)).scalar() == connection.execute(text(counted)).scalar()


def test_a_dossier_is_noted_once_until_the_next_edition(connection: Connection) -> None:
    for _ in range(3):
        connection.execute(text(f"update mart.dossier set is_digitized = not is_digitized where dossier_id = {ONE}"))
    noted = connection.execute(text("select count(*) from ops.changed_dossier")).scalar()
    assert noted == 1


def test_a_dossier_that_lies_behind_the_period_is_left_out(connection: Connection, settings: Settings) -> None:
    connection.execute(
        text("update mart.dossier set received_at = '2024-01-01 09:00+07', finished_at = null, received_date = '2024-01-01'")
    )
    connection.execute(text("delete from ops.changed_dossier"))
    connection.execute(text("update mart.dossier set is_digitized = not is_digitized"))
    computed = compute(connection, settings)
    assert all_followed(connection, settings, computed) == FOLLOWED
    assert connection.execute(text("select count(*) from changed_since")).scalar() == 0


def test_what_no_edition_asks_for_goes(connection: Connection) -> None:
    def left() -> tuple[int, int]:
        asked = "select (select count(*) from ops.edition_count), (select count(*) from ops.changed_dossier)"
        return tuple(connection.execute(text(asked)).one())

    def forget(before: datetime) -> None:
        run_statement(connection, "runs/forget_edition_count", before=before)
        run_statement(connection, "runs/forget_changed_dossier")

    connection.execute(text("delete from ops.changed_dossier"))
    connection.execute(text(f"update mart.dossier set is_digitized = not is_digitized where dossier_id = {ONE}"))
    connection.execute(text("insert into ops.changed_dossier values (0, 'before the edition', '2023-12-01')"))
    forget(now() - timedelta(days=400))
    assert left() == (2 * len(FOLLOWED), 1)
    connection.execute(
        text(
            "insert into mart.publication overriding system value "
            """select (jsonb_populate_record(p, '{"publication_id": 99, "edition": 2}')).* from mart.publication as p"""
        )
    )
    connection.execute(text("insert into ops.edition_count values (99, 'online_dossier_rate', 'period', 'one_stop', 'as it was')"))
    forget(now() - timedelta(days=400))
    assert left() == (1, 0), "the first edition is superseded"
    connection.execute(text("insert into ops.changed_dossier values (99, 'after the edition', '2023-12-01')"))
    forget(now())
    assert left() == (0, 0)
