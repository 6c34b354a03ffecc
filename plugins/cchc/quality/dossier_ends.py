"""The ends of the staged dossiers by their steps: the table `staging.extract_<id>__known_end`, which the rules K4 and K7 read.

For each dossier that the run staged, it has the time of the first step that is not deleted with status 9, 10, 3 and 7. The stored steps and
the steps of this run are used. Rule K4: a dossier does not end before it is received. Rule K7: a finished dossier has an end.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from cchc.sources.profile import Entity, Profile
from cchc.staging.tables import SCHEMA, good_view, staged_entities, table_of
from cchc.warehouse import composed

STATUSES = (9, 10, 3, 7)
COLUMNS = "step_id, dossier_id, done_at, status_code, deleted_at, _changed_at"


def ends_table(extract_id: int) -> str:
    """The name, with its schema, of the table with the ends of the dossiers of one extract."""
    return f"{SCHEMA}.extract_{extract_id}__known_end"


def create_ends_table(connection: Connection[Any], extract_id: int) -> None:
    """Create the table of an extract if it does not exist."""
    table = sql.Identifier(*ends_table(extract_id).split(".", 1))
    columns = ", ".join(f"ended_{status}_at timestamptz" for status in STATUSES)
    connection.execute(sql.SQL(f"create unlogged table if not exists {{}} (dossier_id bigint not null, {columns})").format(table))
    for column, words in {"dossier_id": "Dossier", **{f"ended_{n}_at": f"First visible step with status {n}" for n in STATUSES}}.items():
        identifier = sql.SQL("{}.{}").format(table, sql.Identifier(column))
        connection.execute(sql.SQL("comment on column {} is {}").format(identifier, sql.Literal(words)))
    comment = "Made by validate for its own run: one row a dossier in work, with its first visible step of each ending status"
    connection.execute(sql.SQL("comment on table {} is {}").format(table, sql.Literal(comment)))


def fill_ends_table(connection: Connection[Any], profile: Profile, dossiers: Entity, extract_id: int) -> None:
    """Fill the table for the dossiers in the staging table of the entity `dossiers`.

    For each step the version with the newest change time counts; if change times are equal, the version of this run. Steps in quarantine do
    not count, so validate the steps before the dossiers.
    """
    table = sql.Identifier(*ends_table(extract_id).split(".", 1))
    seen: list[sql.Composable] = [
        sql.SQL(f"select {COLUMNS}, 1 as delivery, _row from {{}}").format(sql.Identifier(*good_view(entity, extract_id).split(".", 1)))
        for entity in staged_entities(profile).values()
        if entity.model == "dossier_step" and _exists(connection, good_view(entity, extract_id))
    ]
    if _exists(connection, "core.dossier_step"):
        seen.append(sql.SQL(f"select {COLUMNS}, 0 as delivery, cast(0 as bigint) as _row from core.dossier_step"))
    connection.execute(sql.SQL("truncate {}").format(table))
    if seen:
        dossier_table = table_of(dossiers, extract_id).identifier.as_string(None)
        steps = [query.as_string(None) for query in seen]
        connection.execute(composed.dossier_ends(table.as_string(None), dossier_table, steps, STATUSES).encode())
    connection.execute(sql.SQL("analyze {}").format(table))


def _exists(connection: Connection[Any], relation: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", [relation]).fetchone()
    return bool(row and row[0])
