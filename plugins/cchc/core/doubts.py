"""What a load notes of itself because it may be wrong, though no rule is broken: steps of no dossier, and codes that are used again.

It stands in the manifest of the load in ops.load; cchc.pipeline.row_notes tells it.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from cchc.warehouse.queries import run_statement

LOOKED_AT = 1000  # so many steps of an entity are looked at: a wrong number is wrong in all of them


def see_steps(connection: Connection) -> None:
    """Keep some of the staged steps until the dossiers of the run are stored."""
    create = "create temp table if not exists looked_at_step (_load_id bigint, dossier_id bigint, dossier_code text) on commit drop"
    connection.execute(text(create))
    connection.execute(
        text(
            "insert into looked_at_step select _load_id, dossier_id, dossier_code from staged_dossier_step "
            "where dossier_id is not null limit :n"
        ),
        {"n": LOOKED_AT},
    )


def note_steps(connection: Connection) -> None:
    """Note the loads of which more than half of the steps that `see_steps` kept name dossiers that are not stored."""
    if connection.execute(text("select to_regclass('pg_temp.looked_at_step')")).scalar() is not None:
        run_statement(connection, "runs/note_strange_steps")


def note_reused(connection: Connection) -> None:
    """Note the loads that brought versions of dossiers that were received after an earlier version had ended."""
    run_statement(connection, "runs/note_reused_code")
