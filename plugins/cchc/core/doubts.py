"""What a load notes of itself because it may be wrong, though no rule is broken: steps of no dossier, codes that are used again.

It stands in the manifest of the load in ops.load; cchc.pipeline.row_notes tells it, when the load is run and later.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from cchc.period import now
from cchc.warehouse.queries import ask, run_statement

# as they are called in the manifest, each with the name of its count
DOUBTS = {"strange_steps": "strange", "reused_codes": "dossiers", "shared_codes": "records", "other_keys": "dossiers"}
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


def standing(connection: Connection) -> list[dict[str, Any]]:
    """The loads whose doubts are still to be told, with each doubt by its name. A load that was withdrawn is not among them.

    They are those of the newest run that brought records of their entity, and those of the last 31 days: a run brings what changed, so a
    newer one without the doubt is no sign that its cause is gone.
    """
    return ask(connection, "doctor/doubt", since=now() - STANDS)
