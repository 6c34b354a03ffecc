"""Find out whether PostgreSQL has emptied the staging tables of a run.

Staging tables are unlogged, because their rows can be made from landing at any time. When a process of PostgreSQL is killed, or the machine
goes down, PostgreSQL recovers and empties every unlogged table. The rows are not lost then: they are staged again.
"""

from __future__ import annotations

from psycopg import Connection, sql

from cchc.sources.profile import Profile
from cchc.staging.tables import staged_entities, table_of
from cchc.states import LoadStatus

_STAGED = "select distinct entity from ops.load where extract_id = %s and status = any(%s) and staged > 0 order by entity"


def emptied(connection: Connection[tuple[object, ...]], profile: Profile, extract_id: int) -> list[str]:
    """The entities of an extract of which rows were staged, and whose staging table has none, or is not there."""
    statuses = [LoadStatus.STAGED, LoadStatus.VALIDATED]
    entities = staged_entities(profile)
    return [
        str(entity)
        for (entity,) in connection.execute(_STAGED, [extract_id, statuses]).fetchall()
        if str(entity) in entities and _is_empty(connection, table_of(entities[str(entity)], extract_id).identifier)
    ]


def _is_empty(connection: Connection[tuple[object, ...]], table: sql.Identifier) -> bool:
    is_there = connection.execute("select to_regclass(%s) is not null", [table.as_string(None)]).fetchone()
    if is_there != (True,):
        return True
    return connection.execute(sql.SQL("select 1 from {} limit 1").format(table)).fetchone() is None
