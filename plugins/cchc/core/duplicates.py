"""Keys that stand in two sources of one role: a record counts once (the newest change time, then the source first in the alphabet).

Dossiers are told by mart.dossier.left_out_reason, records of the other models by core.duplicate_record, both by a finding.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.models import MODELS, VERSIONED, Model
from cchc.reference.dirty_months import mark_dirty_months
from cchc.settings import Settings
from cchc.warehouse import run_file

# models whose records an indicator or a coverage counts by their own key; a signature counts at its signer, once whoever delivers it
COUNTED = tuple(model for model in VERSIONED if model.identity[0] == "source_code" and model.days and model.names_unit)


def _has_several(connection: Connection, role: str) -> bool:
    count: int = connection.execute(text("select count(*) from core.source_role where role = :r"), {"r": role}).scalar_one()
    return count > 1


def mark_twins(connection: Connection, settings: Settings) -> None:
    """List the dossiers of other sources that have the key of a dossier which is derived again: whether they count may change with it."""
    if _has_several(connection, MODELS["dossier"].role):
        run_file(connection, settings, "core/dirty_twin")


def leave_out_dossiers(connection: Connection, settings: Settings) -> None:
    """Of the dossiers of `derived_dossier`, leave out those whose key another source has with a newer change."""
    if _has_several(connection, MODELS["dossier"].role):
        run_file(connection, settings, "mart/dossier_duplicate")


def decide_changed(connection: Connection, settings: Settings, model: Model, source: str, changed: str, known_at: datetime) -> None:
    """After a merge: which of the keys of `changed` count, and the months of the other sources' records of these keys."""
    if model not in COUNTED or not _has_several(connection, model.role):
        return
    decide(connection, model, changed)
    days = [f"select distinct {day} as from_date, {day} as to_date" for day in model.days_of("v")]
    key = model.identity[1]
    twins = (
        f"from {model.versions} as v inner join core.source_role as r on v.source_code = r.source_code and r.role = '{model.role}' "
        f"where v._is_current and v.source_code <> '{source}' and v.{key} in (select c.{key} from {changed} as c)"
    )
    dated = " union ".join(f"{day} {twins}" for day in days)
    mark_dirty_months(connection, settings, source, dated, known_at, f"{model.many} that stand in two sources")


def decide(connection: Connection, model: Model, changed: str | None = None) -> None:
    """Decide anew which records of a model count, for the keys of the temporary table `changed` (None: all keys)."""
    key = model.identity[1]
    only = f"and v.{key} in (select c.{key} from {changed} as c)" if changed else ""
    asked = f"and d.key in (select c.{key} from {changed} as c)" if changed else ""
    connection.execute(text(f"delete from core.duplicate_record as d where d.model = :m {asked}"), {"m": model.name})
    connection.execute(
        text(
            f"""insert into core.duplicate_record (model, source_code, key, counted_source_code)
            with placed as (
                select
                    v.source_code, v.{key} as key,
                    row_number() over w as place,
                    first_value(v.source_code) over w as counted_source_code
                from {model.versions} as v
                inner join core.source_role as r on v.source_code = r.source_code and r.role = :role
                where v._is_current {only}
                window w as (partition by v.{key} order by v._changed_at desc, v.source_code)
            )
            select :m, p.source_code, p.key, p.counted_source_code from placed as p
            where p.place > 1 and p.source_code <> p.counted_source_code
            on conflict do nothing"""
        ),
        {"m": model.name, "role": model.role},
    )


def decide_all(connection: Connection) -> None:
    """Decide anew for every key of every model that more than one source delivers: where much was taken back at once."""
    for model in COUNTED:
        if _has_several(connection, model.role):
            decide(connection, model)
