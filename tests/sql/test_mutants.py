"""Each planted defect turns a case red: comparisons that take one instant or day more or less, and rules that are left out.

The defects are planted in a copy of include/sql; the cases of the mutated file's own table must notice.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from tests.sql.runner import CASES, run

SQL = PROJECT / "include" / "sql"


@dataclass(frozen=True)
class Mutant:
    """A defect: at `position` of a file, `old` becomes `new`."""

    file: str
    position: int
    old: str
    new: str

    @property
    def name(self) -> str:
        """Where it is and what it does, for the list of tests."""
        line = (SQL / f"{self.file}.sql").read_text(encoding="utf-8").count("\n", 0, self.position) + 1
        return f"{self.file}:{line}: {self.old} → {self.new or 'nothing'}"


# one bound more or less: whatever is compared with a bind (start, end, D, J, T)
BOUND = re.compile(r"[\w.]+ (<=|>=|<|>) cast\(:\w+ as \w+\)")
OTHER = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}

# rules, in the words of the SQL: file, what stands there, what stands there in its place
RULES = (
    ("mart/dossier", "when t.finished_date < t.due_date then 'early'", "when t.finished_date <= t.due_date then 'early'"),
    ("mart/dossier", "when t.finished_date = t.due_date then 'on_time'", "when t.finished_at <= t.due_at then 'on_time'"),
    ("mart/dossier", "u.valid_after < cast(cast(", "u.valid_after <= cast(cast("),
    ("mart/dossier", "or n.status_code in (3, 7) then 'returned'", "or n.status_code = 3 then 'returned'"),
    ("mart/dossier", "in ('tra_lai', 'xin_rut')", "in ('tra_lai')"),
    ("mart/dossier", "when n.result_kind_code in ('tra_lai', 'xin_rut') or n.status_code in (3, 7)", "when n.status_code in (3, 7)"),
    ("mart/dossier", "n.deleted_at is null and n._changed_at > l.deleted_at", "n.deleted_at is null"),
    ("mart/dossier", "l.asked_at >= n._first_seen_at then null", "false then null"),
    ("mart/dossier", "l.asked_at >= n._first_seen_at then null", "l.asked_at is not null then null"),
    ("mart/dossier", "m.asked_at is not null and not m.is_listed", "false"),
    ("mart/dossier", "or n._first_seen_at > m.asked_at) then null", ") then null"),
    ("mart/dossier", "where j.failed_rules is null and j.due_at is not null", "where j.due_at is not null"),
    ("mart/dossier", "order by j.dossier_id asc, j._changed_at asc", "order by j.dossier_id asc, j.due_at asc"),
    ("mart/dossier", "cast(least(p.due_at, b.due_at) at", "cast(p.due_at at"),
    ("mart/dossier", "and not coalesce(cast(p.item ->> 'is_deleted' as boolean), false)", ""),
    ("mart/dossier", "and coalesce(p.item ->> 'path', '') <> ''", ""),
    ("mart/dossier", "where p.item ->> 'path' = r.item ->> 'path'", "where p.item ->> 'path' = r.item ->> 'path' and p.item ->> 'is_deleted' is null"),
    ("mart/dossier", "t.deleted_at is null and t.left_out_rules is null", "t.deleted_at is null"),
    ("mart/dossier", "where v._is_current", "where v._is_current and v._failed_rules is null"),
    ("mart/dossier_open", "p.due_date < case", "p.due_date <= case"),
    ("mart/dossier_open", "case when p.is_paused then p.paused_since_date else cast(:last_day as date) end", "cast(:last_day as date)"),
    ("mart/dossier_open", "select\n        e.dossier_id,\n        min(e.done_at) as since_at", "select\n        e.dossier_id,\n        max(e.done_at) as since_at"),
    ("mart/dossier_open", "least(r.since_at, t.since_at)", "greatest(r.since_at, t.since_at)"),
    ("mart/dossier_open", "min(r.asked_at) as since_at", "max(r.asked_at) as since_at"),
    ("mart/dossier_open", "where s.deleted_at is null and s.done_at is not null", "where s.done_at is not null"),
    ("mart/dossier_open", "where e.position_from_last = 1 and e.status_code in (6, 8)", "where e.position_from_last = 1 and e.status_code = 6"),
    ("mart/dossier_open", " and e.position - e.position_of_status = l.run", ""),
    ("mart/dossier_change", "when u.changed_at is not null\n", "when true\n"),
    ("mart/dossier_change", "c.is_attribute_changed then c.received_date", "c.is_attribute_changed then null"),
    ("mart/dossier_change", "case when c.is_end_changed then c.finished_from end", "cast(null as date)"),
    ("mart/dossier_change", "case when not d.is_open_somewhere then d.finished_to end", "d.finished_to"),
    ("mart/dossier_left_out", "where r.rule in ('K4', 'K7')", "where r.rule in ('K7')"),
    ("mart/measured", "count(distinct p.item) as denominator", "count(*) as denominator"),
    ("mart/measured", "case when l.kind <> 'count' then coalesce(c.denominator, 0) end", "coalesce(c.denominator, 0)"),
    ("mart/measured", "where u.root_code = cast(:root as text)", "where true"),
    ("mart/indicator_value", "case when m.kind = 'stock' then m.basis else 'year_to_date' end", "m.basis"),
    ("mart/indicator_value", "t.level in ('all', d.level)", "t.level = d.level"),
    ("mart/indicator_value", "c.decisive_numerator >= c.target * c.decisive_denominator then 'met'", "c.decisive_numerator > c.target * c.decisive_denominator then 'met'"),
    ("mart/indicator_value", "c.decisive_numerator > coalesce(c.year_before, 0) then 'met'", "c.decisive_numerator >= coalesce(c.year_before, 0) then 'met'"),
    ("mart/indicator_value", ">= c.target * c.decisive_denominator * cast", "> c.target * c.decisive_denominator * cast"),
    ("mart/indicator_value", "or cast(:is_year_over as boolean) then 'missed'", "then 'missed'"),
    ("mart/indicator_value", "greatest(0, ceil(", "abs(ceil("),
    ("mart/indicator_value", "ceil(c.target * c.denominator - c.numerator)", "round(c.target * c.denominator - c.numerator)"),
    ("mart/indicator_value", "/ nullif(d.denominator, 0)", "/ greatest(d.denominator, 1)"),
    ("indicators/dossier_on_time_rate", "and d.outcome = 'resolved'", ""),
    ("indicators/dossier_on_time_rate", "and d.due_date is not null", ""),
    ("indicators/dossier_on_time_rate", "and d.is_counted", ""),
    ("indicators/dossier_on_time_first_due_rate", "d.first_timeliness in", "d.timeliness in"),
    ("indicators/dossier_in_time_overall_rate", "not o.is_past_due as is_numerator", "true as is_numerator"),
    ("indicators/electronic_result_rate", "and d.received_date >= p.from_date", ""),
    ("indicators/electronic_result_rate", "and d.unit_code = p.unit_code", ""),
    ("indicators/electronic_result_rate", "cast(:end_at as timestamptz), cast(:known_at", "cast(:known_at as timestamptz), cast(:known_at"),
    ("indicators/ecertification_coverage_rate", "(u.kind = 'commune' or u.unit_code = 'H19.16.3')", "u.kind in ('commune', 'office')"),
    ("indicators/cashless_transaction_rate", "and p.amount_vnd > 0", ""),
    ("indicators/cashless_transaction_rate", "and p.kind_code = 'PAY'", ""),
    ("indicators/electronic_work_file_rate", "and w.is_special = false", "and w.is_special is not true"),
    ("indicators/leader_digital_signature_rate", "and s.is_valid", ""),
    ("indicators/procedure_update_timely_rate", "and w.is_working", ""),
    ("indicators/procedure_update_timely_rate", "offset 4", "offset 5"),
    ("indicators/procedure_update_timely_rate", "l.published_date <= l.limit_date", "l.published_date < l.limit_date"),
    ("indicators/procedure_update_timely_rate", "min(p.published_date)", "max(p.published_date)"),
    ("indicators/procedure_update_timely_rate", "l.published_date is not null\n    or", "l.published_date is null\n    or"),
    ("coverage/dossiers", "and d.is_counted", ""),
    ("core/dossier_due", "b.valid_after >= g._changed_at", "b.valid_after > g._changed_at"),
    ("core/dossier_due", "b._changed_at <= r.received_back_at and", "b._changed_at < r.received_back_at and"),
    ("core/dossier_due", "max(r.due_after_at) as due_after_at", "min(r.due_after_at) as due_after_at"),
    ("core/dossier_due", "b.valid_after < r.received_back_at", "true"),
    ("core/dossier_due", "where j.failed_rules is null", "where true"),
    ("core/judged_version", "v._changed_at asc, v._first_seen_at desc", "v._changed_at asc, v._first_seen_at asc"),
    ("core/judged_version", "d.status_code = 3 and d.received_at is not null", "d.status_code = 3"),
    ("core/judged_version", "date_trunc('second', e.finished_at) < date_trunc('second', e.received_at)", "e.finished_at < e.received_at"),
    ("core/judged_version", "where s.deleted_at is null and s.status_code in (3, 7, 9, 10)", "where s.status_code in (3, 7, 9, 10)"),
    ("core/dossier_key_dirty", "(d.deleted_at is null) <> exists", "true or exists"),
    ("core/dossier_key_ended", "and k.month_start in (select a.month_start from asked_month as a)", ""),
)  # fmt: skip

# the same in the functions of core: name, what stands in its body, what stands there in its place
FUNCTIONS = (
    ("core.procedure_at", "l.fetched_at <= j", "l.fetched_at < j"),
    ("core.procedure_at", "item.last_at_j desc nulls last, item.first_at asc", "item.last_at desc"),
    ("core.procedure_at", "order by item._key asc, item.last_at desc", "order by item._key asc, item.first_at asc"),
    ("core.procedure_at", "l.list_hash,\n        max(l.fetched_at) as last_at", "l.list_hash,\n        min(l.fetched_at) as last_at"),
    ("core.procedure_at", "as date) - 1", "as date)"),
    ("core.procedure_at", "where l.source_code = source and l.fetched_at <= known\n", "where l.source_code = source\n"),
    ("core.procedure_in_force", "p.valid_from <= d", "p.valid_from < d"),
    ("core.procedure_in_force", "p.valid_to >= d", "p.valid_to > d"),
    ("core.procedure_in_force", "p.valid_from desc", "p.valid_from asc"),
    ("core.procedure_in_force", "and p.listed_valid_to is null", "and p.valid_to is null"),
    ("core.procedure_in_force", "and (u.valid_to is null or u.valid_to >= d)", ""),
    ("core.procedure_span", "when p.position = 1 then cast('-infinity' as date)", "when false then null"),
    ("core.leader_in_post", "e.from_date <= d", "e.from_date < d"),
    ("core.leader_in_post", "e.to_date >= d", "e.to_date > d"),
    ("core.leader_in_post", "as date) - 1", "as date)"),
    ("core.leader_in_post", "and (u.valid_to is null or u.valid_to >= d)", ""),
)  # fmt: skip


def mutants() -> list[Mutant]:
    """Every bound of the indicators, the coverage and the open dossiers, and every rule of `RULES`."""
    found = []
    for path in sorted([*SQL.glob("indicators/*.sql"), *SQL.glob("coverage/*.sql"), SQL / "mart" / "dossier_open.sql"]):
        file, content = f"{path.parent.name}/{path.stem}", path.read_text(encoding="utf-8")
        for match in BOUND.finditer(content):
            sign, start = match.group(1), match.start(1)
            found.append(
                Mutant(
                    file,
                    match.start(),
                    match.group(0),
                    content[match.start() : start] + OTHER[sign] + content[start + len(sign) : match.end()],
                )
            )
    for file, old, new in RULES:
        content = (SQL / f"{file}.sql").read_text(encoding="utf-8")
        assert old in content, f"{file}.sql no longer says {old!r}: mend the list of rules"
        found.append(Mutant(file, content.index(old), old, new))
    return found


@pytest.fixture(scope="module")
def settings(new_warehouse: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One warehouse for all mutants, and a copy of include/sql to plant them in."""
    with new_warehouse(tmp_path_factory.mktemp("mutants")) as made:
        copy = tmp_path_factory.mktemp("sql") / "sql"
        shutil.copytree(SQL, copy)
        yield replace(made, sql_dir=copy)


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_the_cases_notice(mutant: Mutant, settings: Settings) -> None:
    path = settings.sql_dir / f"{mutant.file}.sql"
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound[: mutant.position] + mutant.new + sound[mutant.position + len(mutant.old) :], encoding="utf-8")
    try:
        assert _is_noticed(settings, mutant.file), f"no case of tests/sql/{mutant.file} turns red"
    finally:
        path.write_text(sound, encoding="utf-8")


@pytest.mark.parametrize(("function", "old", "new"), FUNCTIONS, ids=lambda part: " ".join(part.split()))
def test_the_cases_notice_in_a_function(function: str, old: str, new: str, settings: Settings) -> None:
    with engine(settings).connect() as connection:
        sound = connection.execute(text("select pg_get_functiondef(cast(:f as regproc))"), {"f": function}).scalar_one()
    assert old in sound, f"{function} no longer says {old!r}: mend the list of functions"
    assert _is_noticed(settings, function.replace(".", "/"), sound.replace(old, new, 1)), f"no case of {function} turns red"


def test_sound_sql_is_not_noticed(settings: Settings) -> None:
    assert not _is_noticed(settings, "indicators/dossier_on_time_rate")


def _is_noticed(settings: Settings, table: str, defect: str | None = None) -> bool:
    """Whether a case of a table turns red; `defect` is SQL that plants one in the warehouse, for the length of a case."""
    for case in sorted(path.parent for path in (CASES / table).glob("*/expect.yaml")):
        with engine(settings).connect() as connection:
            try:
                if defect:
                    connection.exec_driver_sql(defect.replace("%", "%%"))
                if any(found != expected for _, expected, found in run(connection, settings, case)):
                    return True
            except SQLAlchemyError as error:
                raise AssertionError("the mutant is no SQL: plant another") from error
            finally:
                connection.rollback()
    return False
