"""The items behind a figure are the figure: for every indicator, several scopes and both bases; and each says why it counts or does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from cchc import warehouse
from cchc.cli.explain import PARTS
from cchc.errors import WrongUse
from cchc.explain.items import ORDERS, REASONS, Item, ItemPage, Part, items_behind, parts_of
from cchc.explain.words import CHANGED, CHANGES, COUNTS, NOT_COUNTED
from cchc.period import midnight, parse_period
from cchc.reference.catalogue import DECLARED, catalogue
from cchc.settings import PROJECT, Settings
from cchc.warehouse import asked_binds, query
from cchc.warehouse.queries import statement
from tests.explain.conftest import PERIOD

MONTH = parse_period(PERIOD)
SCOPES = (("all", "year_to_date"), ("level:commune", "period"), ("H19.16.21", "period"))
CATALOGUE = catalogue(Settings.load())
ON_TIME = "dossier_on_time_rate"

Ask = Callable[..., ItemPage]


@pytest.fixture
def ask(published: Settings, connection: Connection) -> Ask:
    """The items of an indicator in the month; all of them, unless the arguments say otherwise."""

    def of(code: str, part: Part, basis: str = "period", scope: str = "all", **more: Any) -> ItemPage:
        return items_behind(connection, published, code, MONTH, basis, scope, part=part, **({"limit": None} | more))

    return of


def stored(connection: Connection, code: str, scope: str, basis: str) -> tuple[int, int]:
    """Numerator and denominator of a figure as the refresh stored them."""
    rows = query(
        connection,
        "select numerator, denominator from mart.indicator_value where indicator_code = :c and unit_code = :u and basis = :b "
        "and period_kind = 'month' and period_start = '2023-12-01'",
        {"c": code, "u": scope, "b": basis},
    )
    return (int(rows[0]["numerator"] or 0), int(rows[0]["denominator"] or 0)) if rows else (0, 0)


def faults(connection: Connection, ask: Ask, code: str, scope: str, basis: str) -> list[str]:
    """Where the items are not the stored figure; empty if they are."""
    numerator, denominator = stored(connection, code, scope, basis)
    pages = {part: ask(code, part, basis, scope) for part in parts_of(CATALOGUE[code]) if part is not Part.CHANGED}
    found = [f"{part}: {page.total} and {len(page.items)} rows" for part, page in pages.items() if page.total != len(page.items)]
    inside = pages[Part.NUMERATOR]
    if not sum(row.numerator or 0 for row in inside.items) == inside.numerator == numerator:
        found.append(f"numerator {inside.numerator}, stored {numerator}")
    if Part.DENOMINATOR in pages:
        everything, rest = pages[Part.DENOMINATOR], pages[Part.DENOMINATOR_NOT_NUMERATOR]
        if not len(everything.items) == everything.denominator == denominator:
            found.append(f"denominator {everything.denominator}, stored {denominator}")
        if _keys(everything) != _keys(inside) | _keys(rest) or _keys(inside) & _keys(rest):
            found.append("numerator and rest are not the denominator")
    elif CATALOGUE[code].kind != "count" and inside.denominator != denominator:
        found.append(f"denominator {inside.denominator}, stored {denominator}")
    if _keys(pages.get(Part.DENOMINATOR, inside)) & _keys(pages[Part.NOT_COUNTED]):
        found.append("an item is counted and not counted")
    return found


def _keys(page: ItemPage) -> set[tuple[str | None, str | None, str]]:
    return {(row.source_code, row.named_code, row.item) for row in page.items}


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_the_items_are_the_figure(code: str, connection: Connection, ask: Ask) -> None:
    for scope, basis in SCOPES:
        assert faults(connection, ask, code, scope, basis) == [], (scope, basis)


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        pytest.param(ON_TIME, "finished_at < cast(:end_at", "finished_at <= cast(:start_at", id="another bound"),
        pytest.param(ON_TIME, "in ('early', 'on_time')", "in ('early')", id="another numerator"),
        pytest.param("cashless_transaction_rate", "and p.amount_vnd > 0", "", id="a condition less"),
        pytest.param("staff_training_rate", "    f.numerator,", "    f.numerator + 1 as numerator,", id="another figure"),
    ],
)
def test_items_that_are_not_the_figure_are_told(
    code: str, right: str, wrong: str, connection: Connection, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = warehouse.sql

    def planted(settings: Settings, name: str) -> str:
        assert right in own(settings, name)
        return own(settings, name).replace(right, wrong)

    monkeypatch.setattr("cchc.explain.items.sql", planted)
    assert faults(connection, ask, code, "all", "year_to_date") != []


def test_the_items_of_a_unit_are_those_of_the_whole_that_count_at_it(connection: Connection, ask: Ask) -> None:
    """A scope of one unit is found by the units that records name: the unit itself, and those for which it stands from some day on."""
    connection.execute(text("delete from core.unit_on_day where unit_code in ('H19.16.22', 'H19.16.23')"))
    connection.execute(
        text(
            "insert into core.unit_on_day values ('H19.16.22', '0001-01-01', '2023-12-14', 'H19.16.22'), "
            "('H19.16.22', '2023-12-15', '9999-12-31', 'H19.16.21'), ('H19.16.23', '0001-01-01', '2023-11-30', 'H19.16.23'), "
            "('H19.16.23', '2023-12-01', '9999-12-31', null)"
        )
    )
    named = set()
    for code in (ON_TIME, "online_dossier_rate"):
        for part in (Part.DENOMINATOR, Part.DENOMINATOR_NOT_NUMERATOR, Part.NOT_COUNTED):
            everything = ask(code, part).items
            for scope in ("H19.16.21", "H19.16.22", "H19.16.23", "H19.16.3"):
                wanted = [row for row in everything if row.unit_code == scope]
                found = ask(code, part, scope=scope)
                assert sorted(map(repr, found.items)) == sorted(map(repr, wanted)), f"{code} {part} {scope}"
                named |= {(row.named_code, row.unit_code) for row in found.items}
    assert {("H19.16.21", "H19.16.21"), ("H19.16.22", "H19.16.21")} <= named


def test_a_person_counts_once_in_a_scope(connection: Connection, ask: Ask) -> None:
    """A leader of two units is one row of the whole and a row of each unit."""
    code = "leader_digital_signature_rate"
    person = ask(code, Part.DENOMINATOR, scope="level:commune").items[0]
    connection.execute(
        text(
            "insert into core.leader_list_item select list_hash, _key || '2', person_code, 'H19.16.3', post_name, leader_level_code, "
            "from_date, to_date, has_signature, _failed_rules from core.leader_list_item where person_code = :p"
        ),
        {"p": person.item},
    )
    assert [row.item for row in ask(code, Part.DENOMINATOR).items].count(person.item) == 1
    for scope in (person.unit_code, "H19.16.3"):
        assert [row.item for row in ask(code, Part.DENOMINATOR, scope=scope).items].count(person.item) == 1


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [*ORDERS, "-late"])
def test_pages_together_are_all_items(order: str, ask: Ask) -> None:
    part = Part.NOT_COUNTED if order == "reason" else Part.DENOMINATOR
    everything = ask(ON_TIME, part, "year_to_date", order=order).items
    size = len(everything) // 3 + 1
    pages = [ask(ON_TIME, part, "year_to_date", order=order, limit=size, offset=size * number) for number in range(4)]
    assert [row for page in pages for row in page.items] == list(everything)
    assert len({(page.total, page.numerator, page.denominator) for page in pages}) == 1
    assert pages[3].items == () and pages[3].total == len(everything)


def test_a_page_is_sorted(ask: Ask) -> None:
    rest = ask(ON_TIME, Part.DENOMINATOR_NOT_NUMERATOR, "year_to_date", order="-late").items
    late = [row.late_days for row in rest]
    assert len(late) > 10 and late == sorted(late, key=lambda days: -(days or 0))
    due = [row.due for row in ask(ON_TIME, Part.DENOMINATOR, order="due").items if row.due]
    assert due == sorted(due)


def test_a_page_is_filtered(ask: Ask) -> None:
    everything = ask(ON_TIME, Part.DENOMINATOR, "year_to_date").items
    one = everything[len(everything) // 2]
    same_unit = {row.item for row in everything if row.unit_code == one.unit_code}
    assert {row.item for row in ask(ON_TIME, Part.DENOMINATOR, "year_to_date", unit=one.unit_code).items} == same_unit
    same_procedure = {row.item for row in everything if row.procedure_code == one.procedure_code}
    assert {row.item for row in ask(ON_TIME, Part.DENOMINATOR, "year_to_date", procedure=one.procedure_code).items} == same_procedure
    assert one.procedure_name
    for searched in (one.procedure_name.upper(), one.item[-9:]):
        found = ask(ON_TIME, Part.DENOMINATOR, "year_to_date", search=searched)
        assert one in found.items and found.total == len(found.items) < len(everything)
    assert [row.item for row in ask(ON_TIME, Part.DENOMINATOR, "year_to_date", dossier=one.item).items] == [one.item]
    nothing = ask(ON_TIME, Part.DENOMINATOR, search="100%_'; drop")
    assert (nothing.total, nothing.numerator, nothing.denominator, nothing.items) == (0, 0, 0, ())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"order": "lat"}, "items cannot be sorted by 'lat': .*; did you mean 'late'"),
        ({"offset": -1}, "no negative limit or offset: limit None, offset -1"),
        ({"scope": "H19.17"}, "'H19.17' is no unit"),
        ({"basis": "month"}, "'month' is no basis; period or year_to_date"),
        ({"code": "online_dossier_rat"}, "'online_dossier_rat' is no computed indicator"),
        ({"code": "ecertified_copy_count"}, "ecertified_copy_count has no part 'denominator': it has numerator, not_counted"),
    ],
)
def test_what_does_not_exist_is_told(more: dict[str, Any], message: str, ask: Ask) -> None:
    with pytest.raises(WrongUse, match=message):
        ask(**({"code": ON_TIME, "part": Part.DENOMINATOR} | more))


def test_a_period_of_which_nothing_is_known(published: Settings, connection: Connection) -> None:
    with pytest.raises(WrongUse, match="nothing is known of 2025-01 yet: T of one_stop is 2024-01-22"):
        items_behind(connection, published, ON_TIME, parse_period("2025-01"), "period", "all", part=Part.NUMERATOR)
    with pytest.raises(WrongUse, match="2023-11 was never published: nothing can have changed since"):
        items_behind(connection, published, ON_TIME, parse_period("2023-11"), "period", "all", part=Part.CHANGED)


# --- reasons ---------------------------------------------------------------------------------------------------------


def test_late_days_are_working_days_after_the_due(connection: Connection, ask: Ask) -> None:
    working = {row["day"] for row in query(connection, "select day from core.working_day where is_working")}

    def days(row: Item) -> int:
        assert row.due and row.ended
        return sum(row.due + timedelta(days=number) in working for number in range(1, (row.ended - row.due).days + 1))

    rows = ask(ON_TIME, Part.DENOMINATOR, "year_to_date").items
    assert len(rows) > 500
    assert [row.item for row in rows if row.late_days != days(row)] == []
    late = [row for row in rows if not row.is_numerator]
    assert all(f"{row.late_days} working day" in row.why.en and f"trễ {row.late_days} ngày" in row.why.vi for row in late if row.late_days)
    assert any(row.late_days for row in late)


def test_every_dossier_of_the_period_is_counted_or_has_its_reason(connection: Connection, ask: Ask) -> None:
    """The candidates by another way: read from the facts, and judged here again."""
    facts = {
        row["dossier_code"]: row
        for row in query(
            connection,
            "select * from mart.dossier where coalesce(received_at, submitted_at, _changed_at) between '2023-01-01' and '2023-12-31 23:59:59' "
            "or (is_counted and finished_at between '2023-01-01' and '2023-12-31 23:59:59')",
        )
    }
    counted = {row.item for row in ask(ON_TIME, Part.DENOMINATOR, "year_to_date").items}
    left = {row.item: row.reason for row in ask(ON_TIME, Part.NOT_COUNTED, "year_to_date").items}
    assert counted | set(left) == set(facts) and not counted & set(left)
    expected = {code: _reason(facts[code]) for code in left}
    assert left == expected
    assert {"deleted", "not_ended", "returned", "no_due", "critical"} <= set(left.values())


def _reason(row: dict[str, Any]) -> str:
    if not row["is_counted"]:
        return str(row["left_out_reason"])
    if row["finished_at"] is None or row["finished_at"] >= midnight(MONTH.end):
        return "not_ended"
    return str(row["outcome"]) if row["outcome"] != "resolved" else "no_due"


@pytest.mark.parametrize("code", sorted(code for code, item in CATALOGUE.items() if item.item != DECLARED))
def test_no_item_is_left_out_without_a_reason(code: str, ask: Ask) -> None:
    reasons = {row.reason for row in ask(code, Part.NOT_COUNTED).items}
    assert "definition" not in reasons, "include/sql/queries/explain/not_counted does not say what these items lack"


def test_an_item_that_no_reason_fits_is_still_shown(connection: Connection, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new indicator whose conditions the candidates do not know yet: its items say that the definition leaves them out."""
    own = warehouse.sql
    monkeypatch.setattr(
        "cchc.explain.items.sql", lambda settings, name: own(settings, name).replace("d.due_date is not null", "d.field_code is null")
    )
    assert "definition" in {row.reason for row in ask(ON_TIME, Part.NOT_COUNTED, "year_to_date").items}


def test_the_candidates_are_read_from_indexes_alone(connection: Connection) -> None:
    """Those of a year are half of all dossiers; another column in the statement or out of the index would read their rows."""
    asked = statement("explain/not_counted/dossier")
    binds = {
        "source": "one_stop",
        "code": ON_TIME,
        "zone": "Asia/Ho_Chi_Minh",
        "start_at": midnight(MONTH.start),
        "end_at": midnight(MONTH.end),
    }
    for setting in ("enable_seqscan", "enable_bitmapscan"):
        connection.execute(text(f"set local {setting} = off"))
    plan = "\n".join(connection.execute(text(f"explain {asked}"), asked_binds(asked, binds)).scalars())
    for name in ("dossier_received_ix", "dossier_finished_ix"):
        assert re.search(rf"Index Only Scan using {name} .*\n\s+Index Cond:", plan), plan


def nodes(connection: Connection, ask: Ask, part: Part, **more: Any) -> list[dict[str, Any]]:
    """The nodes of the plan by which a page was read, each with its own `Plans`."""
    statements: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, sent: str, values: Any, _context: Any, _many: bool) -> None:
        statements.append((sent, values))

    event.listen(connection, "before_cursor_execute", keep)
    try:
        ask(ON_TIME, part, **more)
    finally:
        event.remove(connection, "before_cursor_execute", keep)
    sent, values = statements[-1]
    assert "total_count" in sent
    ((whole,),) = connection.exec_driver_sql(f"explain (analyze, timing off, format json) {sent}", values)
    return list(within(whole[0]["Plan"]))


def within(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from within(part)


def made(plan: list[dict[str, Any]], table: str) -> list[float]:
    """How many rows a table of the statement has, where the plan keeps it."""
    return [node["Actual Rows"] for node in plan if node.get("Subplan Name") == f"CTE {table}"]


def test_what_a_page_does_not_show_is_not_looked_up(connection: Connection, ask: Ask) -> None:
    """Reasons and facts cost more than finding the items: a list of a year has 120,000 of them at 250,000 dossiers, and a page shows 50."""
    plan = nodes(connection, ask, Part.NOT_COUNTED, limit=3)
    assert made(plan, "left_over") == [3]
    assert made(nodes(connection, ask, Part.NOT_COUNTED, order="received", limit=3), "left_over") == [3]
    every = made(nodes(connection, ask, Part.NOT_COUNTED, order="reason", limit=3), "left_over")
    assert every[0] > 3
    for order in ("procedure", "-late", "reason"):
        assert not made(nodes(connection, ask, Part.DENOMINATOR, order=order), "meant"), "all facts are kept to sort them"
    assert made(nodes(connection, ask, Part.DENOMINATOR, order="procedure", search="0"), "meant"), "the facts of a search are kept"


def test_only_what_does_not_count_is_placed(connection: Connection, ask: Ask) -> None:
    plan = nodes(connection, ask, Part.NOT_COUNTED)
    (difference,) = [
        node for node in plan if node.get("Join Type") == "Anti" and "counted" in {part.get("CTE Name") for part in within(node)}
    ]
    assert not {part.get("CTE Name") for part in within(difference)} & {"place", "stretch"}


def test_only_the_stretches_that_count_elsewhere_are_compared(connection: Connection, ask: Ask) -> None:
    elsewhere = "select count(*) filter (where s.scope_code <> s.unit_code), count(*) from core.unit_scope(cast(:d as date)) as s"
    few, every = connection.execute(text(elsewhere), {"d": MONTH.last_day}).one()
    assert made(nodes(connection, ask, Part.DENOMINATOR), "stretch") == [few]
    assert few < every


def test_every_reason_has_words() -> None:
    explain = PROJECT / "include" / "sql" / "queries" / "explain"
    folder, later = explain / "not_counted", explain / "reason"
    named = {
        reason
        for path in (*folder.glob("*.sql"), *later.glob("*.sql"))
        for line in path.read_text("utf-8").splitlines()
        if not line.startswith("--")
        for reason in re.findall(r"(?:then|else) '(\w+)'|^    '(\w+)' as reason", line)
        for reason in reason
        if reason
    }
    assert len(named) > 20
    assert named <= set(NOT_COUNTED)
    given = {"deleted", "not_received", "returned", "stopped"}  # mart.dossier gives these
    assert set(NOT_COUNTED) == named | given
    assert {path.stem for path in folder.glob("*.sql")} == {item.record for item in CATALOGUE.values()}
    assert {path.stem for path in later.glob("*.sql")} == set(REASONS)
    assert set(COUNTS) == {code for code, item in CATALOGUE.items() if item.item != DECLARED}


def test_the_command_offers_every_part() -> None:
    assert tuple(Part) == PARTS


# --- changed ---------------------------------------------------------------------------------------------------------


def test_what_changed_since_the_publication(connection: Connection, ask: Ask) -> None:
    rows = query(
        connection,
        "select r.unit_code as scope, r.basis, r.indicator_code, count(*) as n from mart.restatement as r "
        "inner join mart.restatement_item as i on i.restatement_id = r.restatement_id where r.state = 'open' group by 1, 2, 3",
    )
    assert len(rows) > 20
    for row in rows[:: len(rows) // 20]:
        page = ask(row["indicator_code"], Part.CHANGED, row["basis"], row["scope"])
        assert page.total == len(page.items) == row["n"]
        for item in page.items:
            assert item.change in CHANGES and item.reason in CHANGED
            assert item.before != item.after and item.why.vi and item.why.en
    of_dossiers = ask(ON_TIME, Part.CHANGED, "year_to_date").items
    assert of_dossiers and all(item.source_code == "one_stop" and item.received for item in of_dossiers)


def test_a_figure_that_holds_has_no_changed_item(ask: Ask) -> None:
    assert ask("leader_digital_signature_rate", Part.CHANGED).total == 0


def test_no_row_holds_a_personal_hash(connection: Connection, ask: Ask) -> None:
    hashes = {row["applicant_key"] for row in query(connection, "select distinct applicant_key from core.dossier_version")} - {None}
    assert len(hashes) > 100
    for code in (ON_TIME, "online_dossier_rate", "cashless_transaction_rate", "feedback_on_time_rate", "procedure_satisfaction_rate"):
        for part in (Part.NUMERATOR, Part.NOT_COUNTED):
            shown = repr(ask(code, part, "year_to_date").items)
            assert not any(value in shown for value in hashes)
