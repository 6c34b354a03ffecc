"""Take back what withdrawn loads brought to core, and put it back for the warehouse as known before.

The rows move to ops.withdrawn_row, so nothing that counts the present has to leave them out. All rows of a key are kept as they stood,
because what a withdrawal changes is more than the rows of its loads: which row is in force, and what a later delivery had only repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core import declared, duplicates, payments
from cchc.core.merge import drop_repeats, mark_current
from cchc.models import MODELS, Model
from cchc.period import now
from cchc.reference.dirty_months import mark_dirty_months
from cchc.reference.plan import first_day
from cchc.settings import Settings
from cchc.warehouse import composed, query, run_file

WITHDRAWABLE = ("dated_files", "day_files", "declared")
"""The ways of merging of which a load can be taken back."""


def _tables(model: Model) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """The tables that a load of a model writes, each with the key whose rows are kept together, and the temporary table of those keys."""
    if model.merge == "declared":
        key = ("source_code", "unit_code", "month_start")
        return tuple((table, key, "declared_file_delivered") for table in ("core.declared_file", "core.declared_figure_version"))
    own = (model.versions, (*model.distribution, *model.identity), f"withdrawn_{model.name}")
    return (("core.payment_day", ("source_code", "file_date"), "withdrawn_day"), own) if model.merge == "day_files" else (own,)


def take_back(
    connection: Connection,
    settings: Settings,
    source: str,
    entity: str,
    model: Model,
    load_ids: Sequence[int],
    withdrawal_id: int,
    marked_until: datetime,
) -> int:
    """Remove the rows that loads of one entity brought, decide what is in force, and mark the months of all days that the keys have.

    Entries in quarantine that the removed rows had resolved are opened again. What later loads repeated must be loaded again afterwards, in
    the same transaction. Arguments: `marked_until`, the latest moment whose month may be marked. Returns how many rows were removed.
    """
    binds: dict[str, object] = {"s": source, "loads": list(load_ids)}
    _find_keys(connection, model, binds)
    for table, key, taken in _tables(model):
        connection.execute(text(composed.keep_keys(table, key, taken)), {"w": withdrawal_id})
        connection.execute(text(composed.keep_rows(table, key, taken)), {"w": withdrawal_id})
    _mark_months(connection, settings, source, model, marked_until)
    removed = 0
    for table, _, _ in _tables(model):
        removed = connection.execute(text(f"delete from {table} where source_code = :s and _load_id = any(:loads)"), binds).rowcount
    if model.merge == "declared":
        declared.drop_repeated_files(connection, settings, source)
        return removed
    taken = f"withdrawn_{model.name}"
    if model.merge == "day_files":
        payments.decide_in_force(connection, settings, taken)
    else:
        drop_repeats(connection, model, taken)
        mark_current(connection, model, taken)
        duplicates.decide_changed(connection, settings, model, source, taken, marked_until)
    connection.execute(text(composed.open_again(model, taken)), binds | {"e": entity})
    return removed


def keep_staged(connection: Connection, source: str, model: Model, staged: str, withdrawal_id: int) -> None:
    """Keep what stands of the keys that are loaded again and of which the withdrawal has kept nothing yet.

    Without it the past would show what only the second reading brought. Arguments: `staged`, the staging table of the second reading.
    """
    for table, key, _ in _tables(model):
        connection.execute(text("drop table if exists pg_temp.staged_key"))
        connection.execute(text(composed.staged_keys(table, key, staged)), {"s": source, "w": withdrawal_id})
        connection.execute(text(composed.keep_keys(table, key, "staged_key")), {"w": withdrawal_id})
        connection.execute(text(composed.keep_rows(table, key, "staged_key")), {"w": withdrawal_id})


def _find_keys(connection: Connection, model: Model, binds: dict[str, object]) -> None:
    """Create the temporary tables of the keys that the loads `:loads` of `:s` touch."""
    of_load = "source_code = :s and _load_id = any(:loads)"
    for table, key, taken in _tables(model):
        where = of_load
        if model.merge == "day_files" and table == model.versions:
            # a revision replaces a whole day, so without it another row of each key of the day may be in force
            where = "(source_code, file_date) in (select source_code, file_date from withdrawn_day)"
        statement = f"create temp table if not exists {taken} on commit drop as select distinct {', '.join(key)} from {table} where {where}"
        connection.execute(text(statement), binds)
        connection.execute(text(f"analyze {taken}"))


def _mark_months(connection: Connection, settings: Settings, source: str, model: Model, marked_until: datetime) -> None:
    """Mark the months of all days that any row of the touched keys has: those that count now are among them."""
    if model.merge == "declared":
        first = first_day(settings)
        run_file(connection, settings, "core/declared_dirty_month", source=source, marked_until=marked_until, now=now(), first_day=first)
        return
    days = [f"select distinct {day} as from_date, {day} as to_date" for day in model.days_of("v")]
    rows = f"from {model.versions} as v inner join withdrawn_{model.name} as c using ({', '.join(model.identity)})"
    if days:
        dated = " union ".join(f"{day} {rows}" for day in days)
        mark_dirty_months(connection, settings, source, dated, marked_until, f"{model.many} that were withdrawn")


def put_back(connection: Connection, moment: datetime) -> None:
    """Undo the withdrawals after `moment`, in a transaction that is rolled back: the rows of their keys stand as they stood before."""
    # the newest first: an older withdrawal may concern the same keys, and kept what stood before it
    newer = query(connection, "select withdrawal_id from ops.withdrawal where withdrawn_at > :k order by withdrawal_id desc", {"k": moment})
    for row in newer:
        for model in MODELS.values():
            if model.merge in WITHDRAWABLE:
                for table, key, _ in _tables(model):
                    connection.execute(text(composed.clear_withdrawn(table, key)), {"w": row["withdrawal_id"]})
                    connection.execute(text(composed.put_back_withdrawn(table)), {"w": row["withdrawal_id"]})
