"""Derive the facts of dossiers (mart.dossier) from what core knows, and say which months they touch.

Only the dossiers of ops.dirty_dossier are derived: cost follows the change, not the history (design.md §1).
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


def derive_dossiers(connection: Connection, settings: Settings, source: str, known_at: datetime, load_id: int | None) -> int:
    """Bring core.dossier_supplement, core.dossier_due and mart.dossier up to date for the dirty dossiers; how many rows changed.

    Needs the temporary table `changed_step(dossier_id, changed_at)` (empty is fine). Marks the touched months in ops.dirty_month,
    and lists dossiers that break a rule which depends on steps (K4, K7) in ops.quarantine, or resolves their entries.
    """
    duplicates.mark_twins(connection, settings)
    connection.execute(text("analyze ops.dirty_dossier"))
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
    connection.execute(text("analyze judged_version"))
    run_file(connection, settings, "core/dossier_supplement")
    run_file(connection, settings, "core/dossier_due")
    run_file(connection, settings, "mart/dossier")
    duplicates.leave_out_dossiers(connection, settings)
    connection.execute(text("analyze derived_dossier"))
    run_file(connection, settings, "mart/dossier_change")
    mark_dirty_months(
        connection,
        settings,
        source,
        # what was certified a year before is what D01 is judged by
        "select from_date, to_date from dossier_change union all "
        "select from_date + 365, to_date + 366 from dossier_change where is_signed_somewhere",
        known_at,
        "dossiers that changed",
    )
    columns = columns_of(connection, "mart.dossier")
    names = ", ".join(columns)
    assignments = ", ".join(f"{column} = excluded.{column}" for column in columns if column != "dossier_id")
    old = ", ".join(f"d.{column}" for column in columns)
    new = ", ".join(f"excluded.{column}" for column in columns)
    changed = connection.execute(
        text(
            f"insert into mart.dossier as d ({names}) select {names} from derived_dossier order by dossier_id "
            f"on conflict (dossier_id) do update set {assignments} where ({old}) is distinct from ({new})"
        )
    ).rowcount
    if load_id is not None:
        run_file(connection, settings, "mart/dossier_left_out", load_id=load_id, source=source, known_at=known_at, now=now())
    connection.execute(text("delete from ops.dirty_dossier"))
    return changed
