"""The staging tables: their names, their layout, and which entities of a profile have one.

Each run of a source has its own tables `staging.extract_<id>__<entity>`, so two runs at the same time never share a row. The last step
drops them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from cchc.errors import NotConfigured
from cchc.sources.profile import Entity, Profile

SCHEMA = "staging"
_NAME = re.compile(r"extract_(\d+)__.+")


@dataclass(frozen=True)
class Table:
    """One staging table `staging.extract_<id>__<entity>`; it has the columns of `staging.model_<model>`."""

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
    """The entities of `profile` that have a staging table: its own entities, and the lists of keys that are asked for by month."""
    entities = dict(profile.entities)
    for entity in profile.entities.values():
        if entity.deletions is not None:
            entities[f"{entity.name}.keys"] = entity.key_list
    return entities


def table_of(entity: Entity, extract_id: int) -> Table:
    """The staging table of an entity in the run of an extract."""
    return Table(f"extract_{extract_id}__{entity.name.replace('.', '_')}", entity.model)


def good_view(entity: Entity, extract_id: int) -> str:
    """The name of the view of the rows that may be loaded: not in a blocked load, not in quarantine. Each validation creates it again."""
    return f"{SCHEMA}.good_{table_of(entity, extract_id).name}"


def extract_of(table: str) -> int | None:
    """The number of the extract that a staging table belongs to; None for a table of another kind."""
    match = _NAME.fullmatch(table)
    return int(match.group(1)) if match else None


def layout(connection: Connection[Any], schema: str, table: str) -> dict[str, str]:
    """Column → SQL type of a table, in order; empty if there is no such table."""
    rows = connection.execute(
        "select attname, format_type(atttypid, null) from pg_attribute"
        " where attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) and attnum > 0 and not attisdropped order by attnum",
        [schema, table],
    )
    return {str(name): str(kind) for name, kind in rows}


def prepare(connection: Connection[Any], table: Table, source: str = "") -> dict[str, str]:
    """Create the empty table, and return its layout. A table that an earlier try of the same step left is dropped.

    Raises NotConfigured, which names the profile of `source`, if the model does not exist.
    """
    model = layout(connection, SCHEMA, f"model_{table.model}")
    if not model:
        raise NotConfigured(
            f"the profile of {source}, entity {table.name.partition('__')[2]}: no model {table.model!r} (no table "
            f"{SCHEMA}.model_{table.model}). Name one of include/sql/migrations."
        )
    connection.execute(sql.SQL("drop table if exists {} cascade").format(table.identifier))
    connection.execute(sql.SQL("create unlogged table {} (like {} including comments)").format(table.identifier, table.model_identifier))
    comment = f"Rows of one run in work, in the form of staging.model_{table.model}; dropped when the run ends"
    connection.execute(sql.SQL("comment on table {} is {}").format(table.identifier, sql.Literal(comment)))
    return model
