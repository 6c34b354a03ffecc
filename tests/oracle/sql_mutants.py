"""Mutation test: each mutant changes one place of include/sql; test_mutants.py shows that the comparison with the oracle detects it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from cchc.core.facts import derive_dossiers
from cchc.period import periods_ending_in
from cchc.pipeline.refresh import refresh
from cchc.settings import Settings
from cchc.warehouse import engine, known_at_of
from tests.support.defects import planted, text_of

from .compare import differences, product_values
from .indicators import Knowledge
from .words import A_TICK, add_months, local
from .world import World


class Mutant(NamedTuple):
    """One defect: in which file (or function, `schema.name`), what stands there, and what stands there instead."""

    name: str
    file: str
    old: str
    new: str


MUTANTS = (
    Mutant("on time by the second", "mart/dossier", "t.finished_date = t.due_date then 'on_time'", "t.finished_at = t.due_at then 'on_time'"),
    Mutant("due of any later version", "mart/dossier", "or u.valid_after < cast(", "or true or u.valid_after < cast("),
    Mutant("returned counts as resolved", "mart/dossier", "when n.result_kind_code in ('tra_lai', 'xin_rut') or", "when"),
    Mutant("deleted papers count", "mart/dossier", "and not coalesce(cast(p.item ->> 'is_deleted' as boolean), false)", ""),
    Mutant("a submitted paper is a result", "mart/dossier", "where p.item ->> 'path' = r.item ->> 'path'", "where false"),
    Mutant("deletion by absence forgotten", "mart/dossier", "when m.asked_at is not null and not m.is_listed", "when false"),
    Mutant("first due without the rounds", "mart/dossier", "cast(least(p.due_at, b.due_at) at time zone n.zone as date)", "cast(p.due_at at time zone n.zone as date)"),
    Mutant("first due is read from bad versions", "mart/dossier", "where j.failed_rules is null and j.due_at is not null", "where j.due_at is not null"),
    Mutant("local dates are those of UTC", "mart/dossier", "cast(n.finished_at at time zone n.zone as date) as finished_date", "cast(n.finished_at at time zone 'UTC' as date) as finished_date"),
    Mutant("critical dossiers count", "mart/dossier", "and t.left_out_rules is null and", "and"),
    Mutant("a round does not move the due", "core/dossier_due", "else coalesce(m.due_after_at, b.due_at)", "else b.due_at"),
    Mutant("rounds before the version move it too", "core/dossier_due", "b._changed_at <= r.received_back_at and b.valid_after >= r.received_back_at", "b.valid_after >= r.received_back_at"),
    Mutant("bad versions promise too", "core/dossier_due", "where j.failed_rules is null", "where true"),
    Mutant("NgayHenTraTruoc is not read", "core/dossier_due", "then coalesce(p.due_before_at, o.due_at)", "then o.due_at"),
    Mutant("10 before 9", "core/judged_version", "when 9 then coalesce(e.ended_9_at, e.ended_10_at)", "when 9 then coalesce(e.ended_10_at, e.ended_9_at)"),
    Mutant("hidden steps end a dossier", "core/judged_version", "where s.deleted_at is null and", "where"),
    Mutant("K7 forgotten", "core/judged_version", "case when coalesce(r.is_k7, false) then", "case when false then"),
    Mutant("K4 forgotten", "core/judged_version", "case when coalesce(r.is_k4, false) then", "case when false then"),
    Mutant("NgayTra is no end", "core/judged_version", "                    d.returned_at,\n", ""),
    Mutant("due on D itself is past due", "core.dossier_open_of", "coalesce(g.due_date < case", "coalesce(g.due_date <= case"),
    Mutant("a pause does not stop the clock", "core.dossier_open_of", "when g.is_paused then g.paused_since_date else", "when false then g.paused_since_date else"),
    Mutant("repeats break a run", "core.dossier_open_of", "select distinct on (s.dossier_id, date_trunc('minute', s.done_at), s.action_name, s.status_code)\n", "select\n"),
    Mutant("rounds received back later do not cover", "core.dossier_open_of", "(r.received_back_at is null or r.received_back_at >= j)", "r.received_back_at is null"),
    Mutant("open ones are not judged", "queries/indicators/dossier_in_time_overall_rate", "not o.is_past_due as is_numerator", "true as is_numerator"),
    Mutant("the end of a period is inside", "queries/indicators/online_dossier_rate", "d.received_at < cast(:end_at as timestamptz)", "d.received_at <= cast(:end_at as timestamptz)"),
    Mutant("post is online", "queries/indicators/online_dossier_rate", "d.channel = 'online'", "d.channel <> 'in_person'"),
    Mutant("without a due is on time", "queries/indicators/dossier_on_time_rate", "    and d.due_date is not null\n", ""),
    Mutant("stopped is resolved", "queries/indicators/dossier_on_time_rate", "d.outcome = 'resolved'", "d.outcome <> 'returned'"),
    Mutant("every procedure yields a document", "queries/indicators/electronic_result_rate", "    and p.yields_document\n", ""),
    Mutant("e-certification in the period", "queries/indicators/ecertification_coverage_rate", "cast(:year_start_at as timestamptz)", "cast(:start_at as timestamptz)"),
    Mutant("cash is cashless", "queries/indicators/cashless_transaction_rate", "'chuyen-khoan')", "'chuyen-khoan', 'tien-mat')"),
    Mutant("0 VND counts", "queries/indicators/cashless_transaction_rate", "    and p.amount_vnd > 0\n", ""),
    Mutant("refunds count", "queries/indicators/cashless_transaction_rate", "p.kind_code = 'PAY'", "p.kind_code in ('PAY', 'REFUND')"),
    Mutant("special files count", "queries/indicators/electronic_work_file_rate", "    and w.is_special = false\n", ""),
    Mutant("invalid signatures count", "queries/indicators/leader_digital_signature_rate", "    and s.is_valid\n", ""),
    Mutant("empty assessments count", "queries/indicators/procedure_satisfaction_rate", "    and a.rating_code is not null\n", ""),
    Mutant("six working days", "queries/indicators/procedure_update_timely_rate", "limit 1 offset 4", "limit 1 offset 5"),
    Mutant("pending decisions count", "queries/indicators/procedure_update_timely_rate", "    l.published_date is not null\n    or", "    true or"),
    Mutant("published some day is published at D", "queries/indicators/procedure_publication_rate", "p.published_date <= cast(:last_day as date)", "p.published_date is not null"),
    Mutant("every procedure has a fee", "queries/indicators/online_payment_procedure_rate", "where p.has_fee", "where true"),
    Mutant("partly online is not online", "queries/indicators/online_service_coverage_rate", "p.service_level in (3, 4)", "p.service_level = 4"),
    Mutant("a person counts once a unit", "queries/values/measured", "count(distinct p.item) as denominator", "count(*) as denominator"),
    Mutant("status by the own period", "mart/indicator_value", "case when b.kind = 'stock' then b.numerator else b.numerator_to_date end", "b.numerator"),
    Mutant("gap is rounded down", "mart/indicator_value", "ceil(t.target", "floor(t.target"),
    Mutant("the pace is that of the year", "core.judged_status", "(extract(month from last_day) - extract(month from year_start))", "extract(month from last_day)"),
    Mutant("a target holds in every year", "mart/indicator_value", "a.period_end - 1 between p.valid_from and p.valid_to", "true"),
    Mutant("coverage of all units", "queries/coverage/dossiers", "    u.unit_code in (\n", "    u.unit_code is not null or u.unit_code in (\n"),
    Mutant("leaders without a signature cover", "queries/coverage/signatures", "s.person_code = l.person_code", "l.person_code is not null"),
)  # fmt: skip


def with_defect(mutant: Mutant) -> str:
    """The text of the file or function with the defect. Raises AssertionError where it no longer says what the defect changes."""
    return planted(text_of(mutant.file), f"{mutant.name}: {mutant.file}", mutant.old, mutant.new)


def copied(settings: Settings, mutant: Mutant | None, folder: Path) -> Settings:
    """The settings with a copy of include/sql in `folder`, which has the defect if it is one of a file."""
    shutil.copytree(settings.sql_dir, folder, dirs_exist_ok=True)
    if mutant is not None and "/" in mutant.file:
        (folder / f"{mutant.file}.sql").write_text(with_defect(mutant), encoding="utf-8")
    return replace(settings, sql_dir=folder)


@contextmanager
def in_the_warehouse(settings: Settings, mutant: Mutant | None) -> Iterator[None]:
    """The defect in a function of the warehouse, until the end of the block; nothing where the mutant is in a file."""
    if mutant is None or "/" in mutant.file:
        yield
        return
    with engine(settings).begin() as connection:
        connection.exec_driver_sql(with_defect(mutant).replace("%", "%%"))
    try:
        yield
    finally:
        with engine(settings).begin() as connection:
            connection.exec_driver_sql(text_of(mutant.file).replace("%", "%%"))


def derive_again(settings: Settings, months: Sequence[date]) -> None:
    """Every dossier's facts once more, and the numbers of some months, from what core has delivered."""
    with engine(settings).begin() as connection:
        clock = known_at_of(connection, "one_stop")
        assert clock is not None
        connection.execute(
            text("insert into ops.dirty_dossier select distinct dossier_id from core.dossier_version on conflict do nothing")
        )
        connection.execute(text("create temp table changed_step (dossier_id bigint, changed_at timestamptz) on commit drop"))
        derive_dossiers(connection, settings, "one_stop", clock, None)
    refresh(settings, months, force=True)


def felt(settings: Settings, kn: Knowledge, mutant: Mutant | None, folder: Path, months: Sequence[date]) -> list[str]:
    """The differences between the oracle and the product with a defect, in the periods that end in some months."""
    broken = copied(settings, mutant, folder)
    with in_the_warehouse(settings, mutant):
        derive_again(broken, months)
    periods = {(p.kind, p.start) for month in months for p in periods_ending_in(month, max(kn.t.values()))}
    values = {key: value for key, value in product_values(str(settings.warehouse_url)).items() if key[2:4] in periods}
    return differences(kn, values, limit=5)


def busiest(world: World, kn: Knowledge, count: int) -> list[date]:
    """The last months that have a value: that of T, and those before it."""
    last = local(min(kn.t.values()) - A_TICK).replace(day=1)
    return [add_months(last, -n) for n in reversed(range(count))]
