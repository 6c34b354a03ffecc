"""Records with the same key in two sources of one role: only one of them counts.

The record with the newest change time counts; if the change times are equal, the record of the source that is first in the alphabet.
For dossiers, mart.dossier.left_out_reason names the ones that do not count; for all other models core.duplicate_record does. A finding
reports both.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.models import MODELS, VERSIONED, Model
from cchc.reference.dirty_months import mark_dirty_months
from cchc.settings import Settings
from cchc.warehouse import composed, run_file

# The models whose records are counted by their own key. A signature is not one of them: it counts once for its signer, so it does not
# matter which source delivers it.
COUNTED = tuple(model for model in VERSIONED if model.identity[0] == "source_code" and model.days and model.names_unit)


def _has_several(connection: Connection, role: str) -> bool:
    count: int = connection.execute(text("select count(*) from core.source_role where role = :r"), {"r": role}).scalar_one()
    return count > 1


def mark_twins(connection: Connection, settings: Settings) -> None:
    """Add to ops.dirty_dossier the dossiers of other sources that have the key of a dossier in it: whether they count may change too."""
    if _has_several(connection, MODELS["dossier"].role):
        run_file(connection, settings, "core/dirty_twin")


def leave_out_dossiers(connection: Connection, settings: Settings) -> None:
    """In the temporary table `derived_dossier`, leave out each dossier whose key another source has with a newer change time."""
    if _has_several(connection, MODELS["dossier"].role):
        run_file(connection, settings, "mart/dossier_duplicate")


def decide_changed(connection: Connection, settings: Settings, model: Model, source: str, changed: str, marked_until: datetime) -> None:
    """After a merge, decide which records of the changed keys count, and mark the months of the other sources' records with these keys.

    Arguments: `changed`, the temporary table with the changed keys; `marked_until`, the latest moment whose month may be marked.
    """
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
    mark_dirty_months(connection, settings, source, dated, marked_until, f"{model.many} that stand in two sources")


def decide(connection: Connection, model: Model, changed: str | None = None) -> None:
    """Decide again which records of a model count, for the keys in the temporary table `changed`; without it for all keys."""
    asked = f"and d.key in (select c.{model.identity[1]} from {changed} as c)" if changed else ""
    connection.execute(text(f"delete from core.duplicate_record as d where d.model = :m {asked}"), {"m": model.name})
    connection.execute(text(composed.store_duplicates(model, changed)), {"m": model.name, "role": model.role})


def decide_all(connection: Connection) -> None:
    """Decide again for every key of every model that more than one source delivers; needed after versions of many keys were removed."""
    for model in COUNTED:
        if _has_several(connection, model.role):
            decide(connection, model)
