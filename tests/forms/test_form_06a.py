"""Form II.06a of the product against the plain-Python oracle on random worlds, and the proof of the carry-over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from cchc.errors import WrongUse
from cchc.forms import form_06a as forms
from cchc.indicators.count import binds
from cchc.period import parse_period
from cchc.pipeline import ingest as pipeline
from cchc.reports import vietnamese as vi
from cchc.settings import Settings
from cchc.sources.connection import from_environment
from cchc.warehouse import engine, run_file
from tests.oracle.indicators import Knowledge, Run, form_06a_names
from tests.oracle.indicators import form_06a as oracle_06a
from tests.oracle.server import ContractServer, windows
from tests.oracle.words import midnight, scopes, units
from tests.oracle.words import parse_period as words_period
from tests.oracle.world import random_world
from tests.support.warehouse import NewWarehouse


@pytest.mark.parametrize("seed", [11, pytest.param(24, marks=pytest.mark.nightly)])
def test_the_form_equals_an_independent_count(seed: int, new_warehouse: NewWarehouse, tmp_path: Path) -> None:
    world = random_world(seed, 60)
    with new_warehouse(tmp_path / "cchc") as settings:
        runs = []
        with ContractServer(world, tmp_path / "drop", files_of=()) as server, pytest.MonkeyPatch.context() as patch:
            for name, value in server.connections().items():
                patch.setenv(name, value)
            for t in sorted(world.ts)[-2:]:
                server.clock = t
                server.log.clear()
                pipeline.ingest(settings, "one_stop", from_environment("one_stop"), end=t)
                runs.append(Run("one_stop", t, windows(server.log)))
        kn = Knowledge(world, runs=runs)
        asked = {name for name in world.periods if midnight(words_period(name)[1]) < kn.t["one_stop"]}
        last = max(asked, key=lambda name: words_period(name)[1])
        compared = 0
        with engine(settings).connect() as connection:
            for name in sorted(asked):
                period = parse_period(name)
                before = forms.open_codes(connection, forms.preceding(period))
                assert forms.carry_over(before, forms.carried_codes(connection, period)).holds
                sets = oracle_06a(kn, *words_period(name))
                _names(connection, kn, period)
                for scope, inside in scopes().items():
                    compared += _compare(connection, kn, sets, period, scope, inside)
            _same_as_the_table(connection, settings, last)
        assert compared > 100


def _compare(connection: Connection, kn: Knowledge, sets: dict[str, set[str]], period: Any, scope: str, inside: set[str]) -> int:
    everything = kn.dossiers()
    mine = {name: {ma for ma in found if everything[ma].unit in inside} for name, found in sets.items()}
    column = {
        3: mine["received"] | mine["open_at_start"], 4: mine["online"], 5: mine["otherwise"], 6: mine["open_at_start"], 7: mine["finished"],
        8: mine["early"], 9: mine["on_time"] | mine["no_due"], 10: mine["late"], 11: mine["open"], 12: mine["open"] - mine["past_due"],
        13: mine["past_due"],
    }  # fmt: skip
    form = forms.form_06a_at(connection, period, scope)
    label = f"{period.code} {scope}"
    for number, wanted in column.items():
        assert form.total().column(number) == len(wanted), f"{label} column {number}"
        if scope in ("all", "level:commune"):
            found = {row["dossier_code"] for row in forms.dossiers(connection, period, scope, number)}
            assert found == wanted, f"{label} column {number}"
    assert form.total().returned_count == sum(everything[ma].outcome == "returned" for ma in mine["finished"]), label
    assert form.total().without_due_count == len(mine["no_due"]), label
    by_row: dict[tuple[str, str | None], int] = {}
    for ma in column[3]:
        key = (units()[everything[ma].unit].level, everything[ma].newest.get("MaLinhVuc"))
        by_row[key] = by_row.get(key, 0) + 1
    assert {(row.level, row.field_code): row.received_count for row in form.rows} == by_row, label
    assert not [rule for row in (*form.rows, form.total()) for rule in row.broken_identities()]
    return len(column[3])


def _names(connection: Connection, kn: Knowledge, period: Any) -> None:
    """A field has a name of its own in each level, and the rows of a level stand in the order of the Vietnamese alphabet."""
    rows = forms.form_06a_at(connection, period, "all").rows
    wanted = form_06a_names(kn, *words_period(period.code))
    assert {(row.level, row.field_code or ""): row.field_name for row in rows if row.field_name} == wanted, period.code
    for level in ("district", "commune"):
        names = [row.field_name for row in rows if row.level == level and row.field_name]
        assert names == sorted(names, key=vi.order), period.code


def _same_as_the_table(connection: Connection, settings: Settings, name: str) -> None:
    """core.dossier_open_at and include/sql/mart/dossier_open.sql say the same."""
    period = parse_period(name)
    at = connection.execute(text("select known_at from ops.source_clock where source_code = 'one_stop'")).scalar_one()
    values = binds("one_stop", period, "period", at)
    days = [{"source_code": "one_stop", "as_of_date": values["last_day"].isoformat(), "end_at": values["end_at"].isoformat()}]
    run_file(connection, settings, "mart/dossier_open", days=json.dumps(days), dossiers=None)
    columns = "dossier_id, dossier_code, unit_code, field_code, received_date, due_date, is_paused, paused_since_date, is_past_due"
    found = {"j": values["end_at"], "d": values["last_day"]}
    function = connection.execute(text(f"select {columns} from core.dossier_open_at('one_stop', :j, :d) order by 1"), found).all()
    table = connection.execute(
        text(f"select {columns} from mart.dossier_open where source_code = 'one_stop' and as_of_date = :d order by 1"), found
    ).all()
    assert function == table
    assert function


def test_an_unknown_period_or_scope_is_an_error(warehouse: Settings) -> None:
    with pytest.raises(WrongUse, match="nothing is known"):
        forms.form_06a(warehouse, parse_period("2023-06"))
    with engine(warehouse).begin() as connection:
        _extract(connection, "2023-04-01")
    with pytest.raises(WrongUse, match=r"H19\.99"):
        forms.form_06a(warehouse, parse_period("2023-03"), "H19.99")
    empty = forms.form_06a(warehouse, parse_period("2023-03"), "H19.16.3")
    assert empty.rows == ()
    assert empty.total().column(3) == 0
    for kind, start, message in (
        ("week", "2023-03-01", "no kind of period"),
        ("quarter", "2023-02-01", "begins on"),
        ("report_month", "2023-02-01", "begins on"),
    ):
        with engine(warehouse).connect() as connection, pytest.raises(Exception, match=message):
            connection.execute(text("select * from mart.form_06a(:k, cast(:s as date))"), {"k": kind, "s": start})


@pytest.mark.parametrize("code", ["2023-06", "2023-Q2", "2023-Q4", "2023-H2", "2023-9M", "2023", "2023-06R", "2023-Q1R", "2023-Q4R"])
def test_the_end_of_a_period_is_the_packages(code: str, warehouse: Settings) -> None:
    period = parse_period(code)
    with engine(warehouse).connect() as connection:
        end = connection.execute(text("select core.period_end(:k, :s)"), {"k": period.kind, "s": period.start}).scalar_one()
    assert end == period.end
    assert forms.preceding(period).end == period.start


def _extract(connection: Connection, known_at: str) -> None:
    connection.execute(
        text(
            "insert into ops.extract (source_code, window_to, status, started_at) values ('one_stop', cast(:t as timestamptz), 'complete', now())"
        ),
        {"t": known_at},
    )


def test_the_dossiers_that_break_the_carry_over_are_named_with_their_reason(warehouse: Settings) -> None:
    march = parse_period("2023-03")
    facts = [
        # code, received, finished, left out, first seen
        ("STAYS", "2023-02-10", None, None, "2023-03-02"),
        ("BACKDATED", "2023-02-10", "2023-02-20", None, "2023-03-02"),
        ("DELETED", "2023-02-10", None, "deleted", "2023-03-02"),
        ("REOPENED", "2023-02-11", "2023-03-20", None, "2023-03-02"),
        ("LATE", "2023-02-12", None, None, "2023-03-20"),
        ("MOVED-ON", "2023-03-01", None, None, "2023-03-02"),
    ]
    with engine(warehouse).begin() as connection:
        connection.execute(text("insert into core.source values ('one_stop', 'Một cửa', 'Asia/Ho_Chi_Minh') on conflict do nothing"))
        _extract(connection, "2023-04-01")
        for number, (code, received, finished, left_out, seen) in enumerate(facts):
            connection.execute(
                text(
                    "insert into mart.dossier (dossier_id, source_code, dossier_code, unit_code, channel, received_at, received_date, finished_at,"
                    " finished_date, outcome, is_digitized, has_signed_result, supplement_count, is_counted, left_out_reason, _changed_at,"
                    " _first_seen_at, _load_id) values (:n, 'one_stop', :c, 'H19.16.3', 'in_person', cast(:r as date), cast(:r as date),"
                    " cast(:f as date), cast(:f as date), case when cast(:f as date) is not null then 'resolved' end, false, false, 0, cast(:x as text) is null, cast(:x as text), '2023-03-01', cast(:s as timestamptz), 1)"
                ),
                {"n": number, "c": code, "r": received, "f": finished, "x": left_out, "s": seen},
            )
            connection.execute(
                text(
                    "insert into core.dossier_version (source_code, dossier_id, dossier_code, _changed_at, _first_seen_at, _is_current, _load_id)"
                    " values ('one_stop', :n, :c, '2023-03-01', cast(:s as timestamptz), true, 1)"
                ),
                {"n": number, "c": code, "s": seen},
            )
    frozen = ["STAYS", "BACKDATED", "DELETED", "MOVED-ON", "NEVER-HEARD-OF"]
    with engine(warehouse).connect() as connection:
        assert forms.carry_over(forms.open_codes(connection, parse_period("2023-02")), forms.carried_codes(connection, march)).holds
        found = forms.carry_over(frozen, forms.carried_codes(connection, march))
        assert (found.before, found.now, found.holds) == (5, 3, False)
        reasons = {
            b.dossier_code: (b.side, b.reason)
            for b in forms.explain_carry_over(connection, march, found, frozen_at={"one_stop": march_clock()})
        }
    assert reasons == {
        "BACKDATED": ("gone", "finished_before"),
        "DELETED": ("gone", "deleted"),
        "MOVED-ON": ("gone", "received_later"),
        "NEVER-HEARD-OF": ("gone", "unknown"),
        "REOPENED": ("come", "reopened_or_changed"),
        "LATE": ("come", "late_delivery"),
    }


def march_clock() -> Any:
    """The T at which February was published."""
    from cchc.period import parse_moment

    return parse_moment("2023-03-05")
