"""Take back what withdrawn loads brought to core, and put it back for the warehouse as known before.

The rows move to ops.withdrawn_row, so nothing that counts the present has to leave them out. All rows of a key are kept as they stood,
because what a withdrawal changes is more than the rows of its loads: which row is in force, and what a later delivery had only repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core import declared, duplicates, facts, payments
from cchc.core.merge import drop_repeats, mark_current
from cchc.errors import WrongUse
from cchc.models import MODELS, Model
from cchc.period import now
from cchc.reference.dirty_months import mark_dirty_months, mark_months_from
from cchc.reference.plan import first_day
from cchc.settings import Settings
from cchc.warehouse import composed, query, run_file
from cchc.warehouse.queries import run_statement

Tables = tuple[tuple[str, tuple[str, ...], str], ...]


def _tables(model: Model) -> Tables:
    """The tables that a load of a model writes, each with the key whose rows are kept together, and the temporary table of those keys."""
    taken = f"withdrawn_{model.name}"
    if model.merge == "declared":
        key = ("source_code", "unit_code", "month_start")
        return tuple((table, key, "declared_file_delivered") for table in ("core.declared_file", "core.declared_figure_version"))
    if model.merge == "list":
        lists = (f"core.{model.name}_list", ("source_code", "fetched_at"), f"{taken}_list")
        return (lists, (f"core.{model.name}_list_item", ("list_hash",), f"{taken}_item"))
    if model.merge == "key_list":
        months = ("core.dossier_key_month", ("source_code", "month_start"), "withdrawn_list")
        return (months, ("core.dossier_key", ("dossier_id", "month_start"), taken))
    own = (model.versions, (*model.distribution, *model.identity), f"{taken}_key" if model.distribution else taken)
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
    if model.merge == "key_list":
        return _without_key_lists(connection)
    if model.merge == "list":
        return _without_lists(connection, model)
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
    connection.execute(text(composed.open_again(model)), binds | {"e": entity, "w": withdrawal_id})
    return removed


def _without_lists(connection: Connection, model: Model) -> int:
    """Remove the lists of `_find_keys`, and the items that no other list has. Returns how many items were removed."""
    lists, items = (table for table, _, _ in _tables(model))
    taken = f"withdrawn_{model.name}"
    same = f"(source_code, fetched_at) in (select source_code, fetched_at from {taken}_list)"
    connection.execute(text(f"delete from {lists} where {same}"))
    return connection.execute(text(f"delete from {items} where list_hash in (select list_hash from {taken}_item)")).rowcount


def _without_key_lists(connection: Connection) -> int:
    """Remove lists of keys: what the lists that still count said holds over their time. Returns how many dossiers had another entry."""
    for step in ("key_without_list", "key_month_withdrawn"):
        run_statement(connection, f"withdrawal/{step}")
    gone = "using withdrawn_list as w where w.newest_at is null and k.source_code = w.source_code and k.month_start = w.month_start"
    connection.execute(text(f"delete from core.dossier_key_month as k {gone}"))
    touched: int = connection.execute(text("select count(*) from withdrawn_dossier_key")).scalar_one()
    return touched


def derive_without(
    connection: Connection, settings: Settings, source: str, withdrawal_id: int, load_id: int | None, marked_until: datetime
) -> None:
    """Derive the dossiers again of which a withdrawal changed versions, steps or keys, after everything of it is taken back.

    Arguments: `load_id`, the load that is named in new entries of quarantine (None: none are written).
    """
    duplicates.mark_twins(connection, settings)
    run_file(connection, settings, "core/missing_key_arrived", source=source)
    run_statement(connection, "withdrawal/missing_key_withdrawn", source=source, withdrawal_id=withdrawal_id)
    run_statement(connection, "withdrawal/dossier_without_version")
    mark_dirty_months(
        connection,
        settings,
        source,
        facts.with_year_after("withdrawn_whole", "received_date", "finished_date", where="received_date is not null"),
        marked_until,
        "dossiers that were withdrawn",
    )
    facts.no_changed_steps(connection)
    facts.derive_dossiers(connection, settings, source, marked_until, load_id)
    connection.execute(text("delete from mart.dossier where dossier_id in (select dossier_id from withdrawn_whole)"))


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
    """Create the temporary tables of the keys that the loads `:loads` of `:s` touch. Raises WrongUse for a list that cannot go."""
    if model.merge == "key_list":
        run_statement(connection, "withdrawal/key_list_withdrawn", source=binds["s"], loads=binds["loads"])
        if connection.execute(text("select bool_or(is_overtaken) from withdrawn_list")).scalar():
            raise WrongUse(
                "an older list of keys was loaded after the one that is to be withdrawn, and counted for nothing because of it; withdraw "
                "that one too. Nothing was changed"
            )
        run_statement(connection, "withdrawal/key_withdrawn")
        return
    if model.merge == "list":
        for statement in composed.withdrawn_lists(model.name):
            connection.execute(text(statement), binds)
        return
    for table, key, taken in _tables(model):
        where = "source_code = :s and _load_id = any(:loads)"
        if model.merge == "day_files" and table == model.versions:
            # a revision replaces a whole day, so without it another row of each key of the day may be in force
            where = "(source_code, file_date) in (select source_code, file_date from withdrawn_day)"
        statement = f"create temp table if not exists {taken} on commit drop as select distinct {', '.join(key)} from {table} where {where}"
        connection.execute(text(statement), binds)
        connection.execute(text(f"analyze {taken}"))
    if model.distribution:
        taken = f"withdrawn_{model.name}"
        connection.execute(text(f"create temp table {taken} on commit drop as select {', '.join(model.identity)} from {taken}_key"))


def _mark_months(connection: Connection, settings: Settings, source: str, model: Model, marked_until: datetime) -> None:
    """Mark the months of all days that any row of the touched keys has: those that count now are among them."""
    first = first_day(settings)
    if model.merge == "list":  # an item touches all periods from its first day on, and a list has many items
        mark_months_from(connection, settings, source, first, marked_until, f"a list of {model.many} that was withdrawn")
        return
    if model.makes_dossiers:
        _derive_again(connection, settings, model)
        return
    if model.merge == "declared":
        run_file(connection, settings, "core/declared_dirty_month", source=source, marked_until=marked_until, now=now(), first_day=first)
        return
    days = [f"select distinct {day} as from_date, {day} as to_date" for day in model.days_of("v")]
    rows = f"from {model.versions} as v inner join withdrawn_{model.name} as c using ({', '.join(model.identity)})"
    if days:
        dated = " union ".join(f"{day} {rows}" for day in days)
        mark_dirty_months(connection, settings, source, dated, marked_until, f"{model.many} that were withdrawn")


def _derive_again(connection: Connection, settings: Settings, model: Model) -> None:
    """Add the dossiers of the touched keys to ops.dirty_dossier; deriving them marks their months."""
    taken = f"withdrawn_{model.name}_key" if model.distribution else f"withdrawn_{model.name}"
    if model.name == "dossier_step":
        facts.no_changed_steps(connection)
        connection.execute(text(f"create temp table changed_dossier_step_key on commit drop as select step_id from {taken}"))
        run_file(connection, settings, "core/changed_step")
    connection.execute(text(f"insert into ops.dirty_dossier select distinct dossier_id from {taken} on conflict do nothing"))
    if model.merge == "key_list":  # whether a dossier is deleted depends on whether its month was asked for
        run_statement(connection, "withdrawal/dossier_of_list")


def put_back(connection: Connection, moment: datetime) -> None:
    """Undo the withdrawals after `moment`, in a transaction that is rolled back: the rows of their keys stand as they stood before."""
    # the newest first: an older withdrawal may concern the same keys, and kept what stood before it
    newer = query(connection, "select withdrawal_id from ops.withdrawal where withdrawn_at > :k order by withdrawal_id desc", {"k": moment})
    for row in newer:
        binds = {"w": row["withdrawal_id"]}
        for model in MODELS.values():
            for table, key, _ in _tables(model):
                connection.execute(text(composed.clear_withdrawn(table, key)), binds)
                connection.execute(text(composed.put_back_withdrawn(table)), binds)
        for statement in ("load_counts_again", "extract_counts_again", "dossier_counts_again"):
            run_statement(connection, f"withdrawal/{statement}", withdrawal_id=row["withdrawal_id"])
