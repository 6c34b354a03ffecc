"""Form II.06a counts and places groups of dossiers: the same as if each dossier were placed and named by itself, after changes by chance."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, text

from cchc.forms import form_06a as forms
from cchc.period import Period, midnight, parse_period
from cchc.reference.roles import role_clocks
from cchc.sources.limits import TEXT_CHARACTERS
from cchc.warehouse import engine, query
from tests.support.defects import planted, statement_of

PERIODS = ("2023-11R", "2023-Q4", "2023", "2024-01")
ROOT = "H19.16"
SCOPES = ("all", "level:district", "level:commune")
# what some dossiers become by chance; moments are few, so that names are often as new as each other
CHANGES = (
    "received_at = d.received_at - interval '1 day' * trunc(random() * 900), received_date = d.received_date - 400",
    "received_date = d.received_date - cast(trunc(random() * 900) as integer)",
    "unit_code = o.unit_code",
    "field_code = o.field_code, field_name = d.field_name",
    "field_name = 'Tên ' || trunc(random() * 5)",
    "field_name = null",
    "field_code = null",
    "channel = o.channel",
    "outcome = case when d.finished_at is not null then 'returned' end",
    "due_date = null, timeliness = null",
    "is_counted = false",
    "_changed_at = timestamptz '2024-01-20 08:00:00+07'",
    "_changed_at = timestamptz '2024-01-20 08:00:00+07'",
)
CHANGE = "update mart.dossier as d set {change} from mart.dossier as o where d.dossier_id = any(:some) and o.dossier_id = :other"
DOSSIERS = (
    "select d.*, o.is_past_due, o.dossier_id is not null as is_open from mart.dossier as d "
    "left join core.dossier_open_at('one_stop', :end, :day) as o on o.dossier_id = d.dossier_id where d.is_counted"
)
COUNTED = "core.form_06a_counted"
GROUP = "core.form_06a_group"


@pytest.fixture
def connection(demo_warehouse: Any) -> Iterator[Connection]:
    """A transaction on the two years of the demo, which is rolled back."""
    with engine(demo_warehouse.settings).connect() as opened:
        transaction = opened.begin()
        yield opened
        transaction.rollback()


def changed(connection: Connection, draw: random.Random) -> None:
    """Dossiers become others, and some units end, are followed by another one, or by none."""
    connection.execute(text("select setseed(:s)"), {"s": draw.random()})
    ids = connection.execute(text("select dossier_id from mart.dossier where is_counted order by 1")).scalars().all()
    for change in CHANGES:
        for _ in range(3):
            connection.execute(text(CHANGE.format(change=change)), {"some": draw.sample(ids, 60), "other": draw.choice(ids)})
    units = connection.execute(text("select unit_code from core.unit order by 1")).scalars().all()
    received: dict[str, list[date]] = {}
    for row in query(connection, "select distinct unit_code, received_date from mart.dossier where is_counted order by 1, 2", {}):
        received.setdefault(row["unit_code"], []).append(row["received_date"])
    for unit in draw.sample([unit for unit, days in received.items() if len(days) > 3], 14):
        days = sorted(draw.sample(received[unit], 2))
        connection.execute(text("delete from core.unit_on_day where unit_code = :u"), {"u": unit})
        # between the two days nobody is told to stand for it, so it counts as it is named
        connection.execute(
            text("insert into core.unit_on_day values (:u, '0001-01-01', :first, :a), (:u, :last, '9999-12-31', :b)"),
            {"u": unit, "first": days[0], "last": days[1], "a": draw.choice([*units, None]), "b": draw.choice([unit, None])},
        )


def one_by_one(connection: Connection, period: Period, known_at: Any) -> list[dict[str, Any]]:
    """Every dossier of the form, placed and named by itself."""
    start, end, day = midnight(period.start), period.end_at(known_at), period.effective_last_day(known_at)
    units = {row["unit_code"]: row for row in query(connection, "select unit_code, level, root_code from core.unit_at(:d)", {"d": day})}
    stretches: dict[str, list[Any]] = {}
    for row in query(connection, "select * from core.unit_on_day", {}):
        stretches.setdefault(row["unit_code"], []).append(row)
    found = []
    for d in query(connection, DOSSIERS, {"end": end, "day": day}):
        finished = d["finished_at"] is not None and start <= d["finished_at"] < end
        if not finished and not d["is_open"]:
            continue
        unit = d["unit_code"]
        for stretch in stretches[unit]:
            if stretch["from_date"] <= d["received_date"] <= stretch["to_date"]:
                unit = stretch["counted_code"] or f"level:{units[d['unit_code']]['level']}"
        returned = finished and d["outcome"] == "returned"
        state = (
            ("on_time" if returned else d["timeliness"] or "on_time")
            if finished
            else ("open_past_due" if d["is_past_due"] else "open_in_time")
        )
        found.append(
            {
                "level": units[unit]["level"] if unit in units else unit.removeprefix("level:"), "unit_code": unit, "field_code": d["field_code"],
                "dossier_code": d["dossier_code"], "channel": d["channel"], "is_carried_over": d["received_at"] < start, "state": state,
                "is_returned": returned, "is_without_due": finished and not returned and d["due_date"] is None,
                "newest": (-d["_changed_at"].timestamp(), d["dossier_code"]), "own_name": d["field_name"],
                "root": units[unit if unit in units else d["unit_code"]]["root_code"],
            }
        )  # fmt: skip
    names: dict[tuple[str, str | None], str] = {}
    for d in sorted(found, key=lambda one: one["newest"]):
        if d["own_name"] is not None:
            names.setdefault((d["level"], d["field_code"]), d["own_name"])
    for d in found:
        d["field_name"] = names.get((d["level"], d["field_code"]))
        del d["newest"], d["own_name"]
    return found


def in_scope(dossiers: list[dict[str, Any]], scope: str, roots: dict[str, str]) -> list[dict[str, Any]]:
    """The dossiers of a scope: levels and the whole are the authority's own, and no source belongs to another tree."""
    wanted = []
    for d in dossiers:
        shown = {name: value for name, value in d.items() if name != "root"}
        own = d["root"] == ROOT and scope in ("all", f"level:{d['level']}")
        if own or (d["unit_code"] == scope and roots[scope] == ROOT):
            wanted.append(shown)
    return wanted


def cells(dossiers: list[dict[str, Any]]) -> dict[tuple[Any, ...], Counter[str]]:
    """The numbers of each row of the form, counted from its dossiers."""
    rows: dict[tuple[Any, ...], Counter[str]] = {}
    for d in dossiers:
        row = rows.setdefault((d["level"], d["field_code"], d["field_name"]), Counter())
        ended = d["state"] in forms.FINISHED
        row.update(["received_count", "finished_count" if ended else "open_count", f"{d['state']}_count"])
        row["carried_over_count"] += d["is_carried_over"]
        row["received_online_count"] += not d["is_carried_over"] and d["channel"] == "online"
        row["received_otherwise_count"] += not d["is_carried_over"] and d["channel"] != "online"
        row["returned_count"] += d["is_returned"]
        row["without_due_count"] += d["is_without_due"]
    return rows


def wrong(connection: Connection, seed: int) -> list[str]:
    """Where the form, or the list of its dossiers, says something else than dossiers that are placed one by one."""
    draw = random.Random(seed)
    changed(connection, draw)
    roots = {row["unit_code"]: row["root_code"] for row in query(connection, "select unit_code, root_code from core.unit", {})}
    known_at = role_clocks(connection).known_at(forms.ROLE)
    found = []
    for name in PERIODS:
        period = parse_period(name)
        everything = one_by_one(connection, period, known_at)
        assert len(everything) > 30 and any(d["unit_code"].startswith("level:") for d in everything), name
        for scope in (*SCOPES, *draw.sample(sorted(roots), 3)):
            wanted = in_scope(everything, scope, roots)
            listed = forms.dossiers(connection, period, scope)
            if Counter(frozenset(d.items()) for d in listed) != Counter(frozenset(d.items()) for d in wanted):
                found.append(f"dossiers of {name} {scope}")
            rows = {
                (row.level, row.field_code, row.field_name): Counter({n: v for n, v in vars(row).items() if n.endswith("_count")})
                for row in forms.rows(connection, period, scope)
            }
            if rows != cells(listed):
                found.append(f"cells and dossiers of {name} {scope}")
            if rows != cells(wanted):
                found.append(f"cells of {name} {scope}")
    return found


@pytest.mark.parametrize("seed", [5, 6])
def test_groups_say_what_each_dossier_says(connection: Connection, seed: int) -> None:
    assert wrong(connection, seed) == []


@pytest.mark.parametrize(
    ("function", "old", "new", "told"),
    [
        # days of changes that are left out: dossiers before and after them become one group
        (COUNTED, "select o.from_date as day from core.unit_on_day as o\n        union\n", "", "dossiers of"),
        (COUNTED, "o.to_date + 1 as day", "o.to_date as day", "dossiers of"),
        # names: of the oldest, of any of those that are as new, of the scope alone
        (GROUP, "max(c._changed_at) as changed_at", "min(c._changed_at) as changed_at", "cells of"),
        (GROUP, 'l.dossier_code collate "C" asc', 'l.dossier_code collate "C" desc', "cells of"),
        (GROUP, "from placed as p\n    group by", "from placed as p where p.counted_code = form_06a_group.scope\n    group by", "cells of"),
        (GROUP, "where d.is_counted and d.field_name is not null", "where d.is_counted", "cells of"),
        # one of both stops following the rules that they share
        ("mart.form_06a", "filter (where g.is_returned)", "filter (where g.is_without_due)", "cells and dossiers of"),
        ("mart.form_06a_dossier", "and d.stretch_no = p.stretch_no", "and d.stretch_no <= p.stretch_no", "cells and dossiers of"),
        ("mart.form_06a_dossier", "    d.is_carried_over,\n", "    not d.is_carried_over as is_carried_over,\n", "cells and dossiers of"),
    ],
)
def test_a_group_that_mixes_dossiers_is_told(connection: Connection, function: str, old: str, new: str, told: str) -> None:
    defect = planted(statement_of(function), function, old, new)
    connection.exec_driver_sql(defect.replace("%", "%%"))
    assert any(line.startswith(told) for line in wrong(connection, 5))


def plan_of_a_year(connection: Connection, explain: str) -> str:
    body = statement_of(GROUP).split("$$")[1]
    arguments = {"period_kind": "'year'", "period_start": "date '2023-01-01'", "scope": "'all'", "source": "cast(null as text)"}
    for name, value in arguments.items():
        body = body.replace(f"form_06a_group.{name}", value)
    return "\n".join(connection.exec_driver_sql(f"{explain} {body}".replace("%", "%%")).scalars())


def test_open_dossiers_are_found_once(connection: Connection) -> None:
    """They are few, and finding them takes a seventh of the form of a year: they are kept for the groups and for the names."""
    connection.execute(text("update mart.dossier set field_name = 'name' where field_name is null"))  # else all are looked at for a name
    plan = plan_of_a_year(connection, "explain (analyze, timing off)")
    assert re.findall(r"Function Scan on dossier_open_at .*(never executed|loops=\d+)", plan) == ["loops=1", "never executed"], plan


def test_a_year_is_counted_from_an_index_alone(connection: Connection) -> None:
    """A small warehouse is read as a whole unless that is forbidden: whether the index has all that groups need is what is asked here."""
    for setting in ("enable_seqscan = off", "enable_bitmapscan = off"):
        connection.execute(text(f"set local {setting}"))
    connection.execute(text("drop index mart.dossier_unit_finished_ix"))  # smaller, so it would be read in so few dossiers, row by row
    plan = plan_of_a_year(connection, "explain")
    assert re.search(r"Index Only Scan using dossier_finished_ix on dossier d.*\n\s+Index Cond: \(\(source_code", plan), plan


def test_a_name_of_a_field_may_be_as_long_as_any_text(connection: Connection) -> None:
    """PostgreSQL refuses a row of an index of more than 2,704 bytes: no index has the names."""
    name = "".join(random.Random(5).choices("ạảấầẩẫậđềểễệ", k=TEXT_CHARACTERS))
    some = "(select max(d.dossier_id) from mart.dossier as d where d.is_counted and d.finished_date between '2023-12-01' and '2023-12-31')"
    connection.execute(text(f"update mart.dossier set field_name = :n, _changed_at = now() where dossier_id = {some}"), {"n": name})
    assert name in {row.field_name for row in forms.rows(connection, parse_period("2023-12"), "all")}
