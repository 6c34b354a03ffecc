"""What a load notes of itself because it may be wrong, though no rule is broken: steps of no dossier, codes that are used again.

It stands in the manifest of the load in ops.load; cchc.pipeline.row_notes tells it.
"""

from __future__ import annotations

from sqlalchemy import Connection

from cchc.warehouse.queries import run_statement


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
