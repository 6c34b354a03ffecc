"""Set known_at of a source back to an earlier moment: everything that was extracted after it counts as extracted at that moment.

This corrects a wrong known_at: the clock of a machine was wrong, or an extract got a moment that the source had not reached. No delivered
record is lost. The next run extracts again from the moment on (minus the overlap in the profile). All changes are in one transaction, which
the caller owns.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core import duplicates, facts, payments
from cchc.core.merge import drop_repeats, mark_current
from cchc.models import VERSIONED
from cchc.period import ZONE
from cchc.settings import Settings
from cchc.warehouse.queries import run_statement

# tables of lists with the known_at of an extract: the table, the column with known_at, and the other key columns
_LISTS = (("core.procedure_list", "fetched_at", ("source_code",)), ("core.leader_list", "fetched_at", ("source_code",)))


def redate(connection: Connection, settings: Settings, source: str, moment: datetime) -> None:
    """Change every known_at of a source that is after `moment` to `moment`, in ops and core, and derive the touched dossiers again."""
    binds = {"s": source, "k": moment}
    _redate_runs(connection, binds)
    for target in VERSIONED:
        changed = f"redated_{target.name}"
        identity = ", ".join(target.identity)
        key = tuple(column for column in target.primary_key if column != "_first_seen_at")
        connection.execute(
            text(
                f"create temp table {changed} on commit drop as select distinct {identity} from {target.versions} "
                "where source_code = :s and _first_seen_at > :k"
            ),
            binds,
        )
        if "dossier_id" in target.primary_key:
            connection.execute(
                text(
                    f"insert into ops.dirty_dossier select distinct dossier_id from {target.versions} "
                    "where source_code = :s and _first_seen_at > :k on conflict do nothing"
                ),
                binds,
            )
        _redate_changes(connection, target.versions, tuple(column for column in key if column != "_changed_at"), binds)
        _keep_latest(connection, target.versions, "_first_seen_at", key, binds)
        if target.merge == "day_files":
            _keep_latest(connection, "core.payment_day", "_first_seen_at", ("source_code", "file_date", "file_revision"), binds)
            payments.decide_in_force(connection, settings, changed)
        else:
            if target.merge != "dated_files":  # for dated files every row stays as a version, even a repeated one
                drop_repeats(connection, target, changed)
            mark_current(connection, target, changed)
    duplicates.decide_all(connection)
    for table, column, key in _LISTS:
        _keep_latest(connection, table, column, key, binds)
    for table in ("core.declared_figure_version", "core.declared_file"):
        columns = ("source_code", "unit_code", "month_start", "file_revision")
        own = (*columns, "indicator_code") if table.endswith("version") else columns
        _keep_latest(connection, table, "_first_seen_at", own, binds)
    _redate_keys(connection, binds)
    facts.no_changed_steps(connection)
    facts.derive_dossiers(connection, settings, source, moment, None)


def _redate_runs(connection: Connection, binds: dict[str, object]) -> None:
    """End the coverage of the extracts at the moment, and make the moment known_at of the later extracts and loads."""
    run_statement(connection, "runs/coverage_of_complete", **binds)
    connection.execute(text("delete from ops.coverage where source_code = :s and to_at > :k and from_at >= :k"), binds)
    connection.execute(text("update ops.coverage set to_at = :k where source_code = :s and to_at > :k"), binds)
    for table in ("ops.extract", "ops.load"):
        connection.execute(
            text(f"update {table} set window_to = :k, window_from = least(window_from, :k) where source_code = :s and window_to > :k"),
            binds,
        )


def _keep_latest(connection: Connection, table: str, column: str, key: tuple[str, ...], binds: dict[str, object]) -> None:
    """Of the rows of each key whose known_at is the moment or later, keep only the latest, with the moment as its known_at."""
    same = " and ".join(f"o.{name} is not distinct from t.{name}" for name in key)
    connection.execute(
        text(
            f"delete from {table} as t using {table} as o where t.source_code = :s and o.source_code = :s and {same} "
            f"and t.{column} >= :k and o.{column} > t.{column}"
        ),
        binds,
    )
    connection.execute(text(f"update {table} set {column} = :k where source_code = :s and {column} > :k"), binds)


def _redate_changes(connection: Connection, table: str, key: tuple[str, ...], binds: dict[str, object]) -> None:
    """Set back the change times that were made from known_at: a record without a change time of its own got that of its extract."""
    own = "{row}._changed_at >= {row}._first_seen_at - interval '1 microsecond'"
    same = " and ".join(f"o.{name} is not distinct from t.{name}" for name in key)
    connection.execute(
        text(
            f"delete from {table} as t using {table} as o where t.source_code = :s and o.source_code = :s and {same} "
            f"and t._first_seen_at >= :k and o._first_seen_at > t._first_seen_at and {own.format(row='t')} and {own.format(row='o')}"
        ),
        binds,
    )
    connection.execute(
        text(
            f"update {table} as t set _changed_at = cast(:k as timestamptz) - (t._first_seen_at - t._changed_at) "
            f"where t.source_code = :s and t._first_seen_at > :k and {own.format(row='t')}"
        ),
        binds,
    )


def _redate_keys(connection: Connection, binds: dict[str, object]) -> None:
    """Set back the lists of keys: entries in force stay in force from the moment on; entries that began and ended after it are deleted."""
    connection.execute(
        text(
            "insert into ops.dirty_dossier select dossier_id from core.dossier_key where source_code = :s "
            "and (_first_seen_at > :k or _ended_at > :k) on conflict do nothing"
        ),
        binds,
    )
    connection.execute(
        text("delete from core.dossier_key where source_code = :s and _first_seen_at >= :k and _ended_at > _first_seen_at"), binds
    )
    connection.execute(
        text(
            "delete from core.dossier_key as t using core.dossier_key as o where t.source_code = :s and o.dossier_id = t.dossier_id "
            "and o.month_start = t.month_start and t._first_seen_at >= :k and o._first_seen_at > t._first_seen_at"
        ),
        binds,
    )
    connection.execute(text("update core.dossier_key set _first_seen_at = :k where source_code = :s and _first_seen_at > :k"), binds)
    connection.execute(text("update core.dossier_key set _ended_at = :k where source_code = :s and _ended_at > :k"), binds)
    # The lists of months that begin after the moment are deleted: at that moment such a list cannot have existed.
    connection.execute(
        text(
            f"delete from core.dossier_key_month where source_code = :s and cast(month_start as timestamp) at time zone '{ZONE.key}' >= :k"
        ),
        binds,
    )
    connection.execute(text("update core.dossier_key_month set asked_at = :k where source_code = :s and asked_at > :k"), binds)
    connection.execute(text("update ops.missing_key set first_seen_at = :k where source_code = :s and first_seen_at > :k"), binds)
