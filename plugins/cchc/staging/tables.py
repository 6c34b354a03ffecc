"""The staging tables: their names, their layout, and which entities of a profile have one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from cchc.errors import NotConfigured
from cchc.sources.profile import Entity, Profile

SCHEMA = "staging"


@dataclass(frozen=True)
class Table:
    """One staging table, `staging.<source>__<entity>`, made like `staging.model_<model>`."""

    name: str
    model: str

    @property
    def identifier(self) -> sql.Identifier:
        """The quoted name with its schema."""
        return sql.Identifier(SCHEMA, self.name)

    @property
    def model_identifier(self) -> sql.Identifier:
        """The model's quoted name with its schema."""
        return sql.Identifier(SCHEMA, f"model_{self.model}")


def staged_entities(profile: Profile) -> dict[str, Entity]:
    """The entities of `profile` that have a staging table: its own, and the key lists of those whose deletions are asked by month."""
    entities = dict(profile.entities)
    for entity in profile.entities.values():
        if entity.deletions is not None:
            entities[f"{entity.name}.keys"] = entity.key_list
    return entities


def table_of(profile: Profile, entity: Entity) -> Table:
    """The staging table of an entity."""
    return Table(f"{profile.source}__{entity.name.replace('.', '_')}", entity.model)


def good_view(profile: Profile, entity: Entity) -> str:
    """The view of the rows that may be loaded: not of a blocked load, not in quarantine. Made anew by each validation."""
    return f"{SCHEMA}.good_{table_of(profile, entity).name}"


def layout(connection: Connection[Any], schema: str, table: str) -> dict[str, str]:
    """Column → SQL type of a table, in order; empty if there is no such table."""
    rows = connection.execute(
        "select attname, format_type(atttypid, null) from pg_attribute"
        " where attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) and attnum > 0 and not attisdropped order by attnum",
        [schema, table],
    )
    return {str(name): str(kind) for name, kind in rows}


def prepare(connection: Connection[Any], table: Table) -> dict[str, str]:
    """Makes the table if it is missing (or of an older layout), empties it, and gives its layout.

    Raises NotConfigured if the model does not exist.
    """
    model = layout(connection, SCHEMA, f"model_{table.model}")
    if not model:
        raise NotConfigured(
            f"the profile of {table.name.replace('__', ', entity ')}: no model {table.model!r} (no table {SCHEMA}.model_{table.model}). "
            "Name one of include/sql/migrations."
        )
    present = layout(connection, SCHEMA, table.name)
    if present and list(present.items()) != list(model.items()):
        connection.execute(sql.SQL("drop table {} cascade").format(table.identifier))
        present = {}
    if not present:
        connection.execute(
            sql.SQL("create unlogged table {} (like {} including comments)").format(table.identifier, table.model_identifier)
        )
        comment = f"Rows of the loads in work, in the form of staging.model_{table.model}; emptied at each load"
        connection.execute(sql.SQL("comment on table {} is {}").format(table.identifier, sql.Literal(comment)))
    connection.execute(sql.SQL("truncate {}").format(table.identifier))
    return model
