"""What a load notes of itself because it may be wrong, though no rule is broken.

Steps of no dossier, codes that are used again, and what was in an earlier list, day or workbook and is not in this one. It
stands in the manifest of the load in ops.load; cchc.pipeline.row_notes tells it, when the load is run and later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from cchc.period import ZONE, now
from cchc.warehouse import composed
from cchc.warehouse.queries import ask, run_statement

# as they are called in the manifest, each with the name of its count
DOUBTS = {
    "strange_steps": "strange",
    "reused_codes": "dossiers",
    "shared_codes": "records",
    "other_keys": "dossiers",
    "ended_entries": "gone",
    "absent_keys": "gone",
    "lost_payments": "gone",
    "withdrawn_figures": "gone",
}
STANDS = timedelta(days=31)  # so long a doubt is told, if newer loads of its entity do not have it


def note_steps(connection: Connection) -> None:
    """Note the loads of which more than half of the steps in the view `staged_dossier_step` name dossiers that are not stored.

    To be called when the dossiers of the run are stored.
    """
    run_statement(connection, "runs/note_strange_steps")


def note_reused(connection: Connection) -> None:
    """Note the loads that brought versions of dossiers that were received after an earlier version had ended."""
    run_statement(connection, "runs/note_reused_code")


def note_other_keys(connection: Connection) -> None:
    """Note the loads with dossiers in the view `staged_dossier` whose code is stored under another key.

    To be called before the dossiers are merged, for an entity whose key is another field than its code: of the others no key is stored.
    Codes that come with several keys in one run are noted by staging (cchc.staging.shared_codes).
    """
    run_statement(connection, "runs/note_other_key")


def note_ended_entries(connection: Connection, model: str, load_id: int, before: str | None, known_at: datetime) -> None:
    """Note the load of a full list that lacks entries of the list before it (its hash) which had not ended.

    To be called when the new list stands in the temporary table `listed_<model>`. Each of these entries ends with the list before, and that
    moves every number of the days since. So does a list that was cut off, or whose answer is empty by mistake.
    """
    statement = text(composed.ended_entries(model))
    connection.execute(statement, {"before": before, "load_id": load_id, "t": known_at, "zone": ZONE.key})


def note_absent_keys(connection: Connection, extract_id: int, known_at: datetime) -> None:
    """Note the load of the lists of keys that lack more than a tenth of the dossiers of a month which the list before named.

    To be called when the table `changed_key` is there, before `core.dossier_key` takes the lists.
    """
    run_statement(connection, "runs/note_absent_key", extract_id=extract_id, known_at=known_at)


def note_lost_payments(connection: Connection, extract_id: int) -> None:
    """Note the loads of days of payments that lack payments which were in force before, in the table `payment_before`."""
    run_statement(connection, "runs/note_lost_payment", extract_id=extract_id)


def note_withdrawn_figures(connection: Connection) -> None:
    """Note the loads of declared workbooks that lack figures of the workbook before them, by the table `declared_file_delivered`."""
    run_statement(connection, "runs/note_withdrawn_figure")


def standing(connection: Connection) -> list[dict[str, Any]]:
    """The loads whose doubts are still to be told, with each doubt by its name. A load that was withdrawn is not among them.

    They are those of the newest run that brought records of their entity, and those of the last 31 days: a run brings what changed, so a
    newer one without the doubt is no sign that its cause is gone.
    """
    return ask(connection, "doctor/doubt", since=now() - STANDS)
