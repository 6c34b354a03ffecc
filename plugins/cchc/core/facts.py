"""Derive the facts of dossiers (mart.dossier) from the versions in core, and mark the months that the changed dossiers touch.

Only the dossiers listed in ops.dirty_dossier are derived, so the cost depends on the size of the change and not on the length of the
history.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core import duplicates
from cchc.core.merge import columns_of
from cchc.period import now
from cchc.reference.dirty_months import mark_dirty_months
from cchc.settings import Settings
from cchc.warehouse import run_file
from cchc.warehouse.queries import count_rows


def no_changed_steps(connection: Connection) -> None:
    """Make sure of the temporary table `changed_step`, which deriving dossiers reads, where no step need have changed."""
    connection.execute(text("create temp table if not exists changed_step (dossier_id bigint, changed_at timestamptz) on commit drop"))


def with_year_after(rows: str, first: str, last: str, *, where: str = "true", copies: str = "true") -> str:
    """The query of the days that dossiers touch, as ranges (from_date, to_date).

    The indicator of certified copies (D01) is judged against the copies of the year before, so a change touches two years. Arguments:
    `rows`, the table of the dossiers, of which `where` holds; `first` and `last`, its columns; `copies`, which of them may be such copies.
    """
    return (
        f"select {first} as from_date, {last} as to_date from {rows} where {where} "
        f"union all select {first} + 365, {last} + 366 from {rows} where {where} and {copies}"
    )


def derive_dossiers(connection: Connection, settings: Settings, source: str, known_at: datetime, load_id: int | None) -> int:
    """Bring core.dossier_supplement, core.dossier_due and mart.dossier up to date for the dossiers listed in ops.dirty_dossier.

    Also marks the touched months in ops.dirty_month. The critical rules K4 (a dossier does not end before it is received) and K7 (a
    finished dossier has an end) depend on the steps of a dossier: dossiers that break one get an entry in ops.quarantine, and entries of
    dossiers that break none any more are resolved. The temporary table `changed_step(dossier_id, changed_at)` must exist; it may be empty.

    Arguments: `known_at`, the T of the source, also the latest moment whose month is marked; `load_id`, the load named in new quarantine
    entries (None: quarantine is not changed). Returns how many rows of mart.dossier changed.
    """
    duplicates.mark_twins(connection, settings)
    count_rows(connection, "ops.dirty_dossier")
    connection.execute(
        text(
            "create temp table due_before on commit drop as select u.dossier_id, u.valid_after, u.due_at "
            "from core.dossier_due as u inner join ops.dirty_dossier as d on d.dossier_id = u.dossier_id"
        )
    )
    connection.execute(
        text(
            "create temp table supplement_before on commit drop as select u.dossier_id, u.round_number, u.asked_at, u.received_back_at "
            "from core.dossier_supplement as u inner join ops.dirty_dossier as d on d.dossier_id = u.dossier_id"
        )
    )
    for table in ("core.dossier_due", "core.dossier_supplement"):
        connection.execute(text(f"delete from {table} where dossier_id in (select dossier_id from ops.dirty_dossier)"))
    run_file(connection, settings, "core/judged_version")
    # PostgreSQL counts the columns by which the rows are joined and chosen, here and below, and not every text in them
    compared = "dossier_id, source_code, _changed_at, _first_seen_at, _is_current, due_at, failed_rules"
    connection.execute(text(f"analyze judged_version ({compared})"))
    run_file(connection, settings, "core/dossier_supplement")
    run_file(connection, settings, "core/dossier_due")
    run_file(connection, settings, "mart/dossier")
    duplicates.leave_out_dossiers(connection, settings)
    connection.execute(text("analyze derived_dossier (dossier_id, dossier_code, is_counted, left_out_rules)"))
    run_file(connection, settings, "mart/dossier_change")
    mark_dirty_months(
        connection,
        settings,
        source,
        with_year_after("dossier_change", "from_date", "to_date", copies="is_signed_somewhere"),
        known_at,
        "dossiers that changed",
    )
    changed = _store(connection)
    if load_id is not None:
        run_file(connection, settings, "mart/dossier_left_out", load_id=load_id, source=source, known_at=known_at, now=now())
    connection.execute(text("delete from ops.dirty_dossier"))
    return changed


def _store(connection: Connection) -> int:
    """Write the temporary table `derived_dossier` to mart.dossier. Returns how many rows changed there.

    Where none of its dossiers is there yet, PostgreSQL need not look for each of them; the primary key ends a load that is wrong in that.
    """
    columns = columns_of(connection, "mart.dossier")
    names = ", ".join(columns)
    stored = "select exists (select 1 from derived_dossier as n inner join mart.dossier as d on n.dossier_id = d.dossier_id)"
    insert = f"insert into mart.dossier as d ({names}) select {names} from derived_dossier order by dossier_id"
    if connection.execute(text(stored)).scalar_one():
        assignments = ", ".join(f"{column} = excluded.{column}" for column in columns if column != "dossier_id")
        old = ", ".join(f"d.{column}" for column in columns)
        new = ", ".join(f"excluded.{column}" for column in columns)
        insert += f" on conflict (dossier_id) do update set {assignments} where ({old}) is distinct from ({new})"
    return connection.execute(text(insert)).rowcount
