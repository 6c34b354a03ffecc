"""Merge the staged rows of a load into the version tables of core, in the same way for every entity with a key.

A version table has one row for each different content of a key, by change time and by the known_at of the extract that brought it. The
stored rows do not depend on the order of the loads. Deliveries with the same key and change time are ordered by known_at, and only those
that differ from the delivery before are kept. `_is_current` marks the row with the newest change time, and among equal change times the
newest delivery. A repeated delivery leaves no row; if a late load makes it necessary again, `_repeated_later` restores it from the window
of the extract that repeated it.

A version that breaks a critical rule is also stored, with the names of the rules: while it is the newest, no earlier version may count.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, text

from cchc.models import Model
from cchc.warehouse import composed


def columns_of(connection: Connection, relation: str) -> list[str]:
    """The column names of a table or view, in its order. Raises ProgrammingError if there is none of that name.

    The catalogue itself is asked: a question to information_schema takes ten times as long, and each merge has some.
    """
    named = "select attname from pg_attribute where attrelid = cast(:t as regclass) and attnum > 0 and not attisdropped order by attnum"
    return [str(row[0]) for row in connection.execute(text(named), {"t": relation})]


@dataclass(frozen=True)
class Counts:
    """What a merge did with the rows of one load, in rows.

    `inserted`: rows with a new key. `updated`: new versions of a stored key. `unchanged`: rows that were stored already. `replaced`: rows
    that a later row with the same key and change time replaced. `keyless`: rows without a readable key. The sum is all rows of the load.
    """

    inserted: int
    updated: int
    unchanged: int
    replaced: int = 0
    keyless: int = 0

    @property
    def total(self) -> int:
        """The sum of all five counts."""
        return self.inserted + self.updated + self.unchanged + self.replaced + self.keyless


def staged_view(connection: Connection, model: str, source: str, staging_table: str) -> str:
    """Create a temporary view of the staged rows that may be merged, and return its name.

    These are the rows of validated loads that have a key, each with the names of the critical rules that it breaks.
    """
    name = f"staged_{model}"
    connection.execute(text(f"drop view if exists pg_temp.{name}"))
    connection.execute(text(composed.staged_view(name, source, staging_table)))
    return name


def merge_versions(connection: Connection, target: Model, staged: str, changed: str, *, without: Collection[str] = ()) -> dict[int, Counts]:
    """Merge the staged rows with a key into the version table of a model.

    Arguments: `staged`, a view made by `staged_view`; `changed`, the name of the temporary table to create, with one row for each key whose
    versions changed; `without`, columns that stay empty. If several rows have the same primary key, the one with the greatest load and
    line is stored. Returns the counts of each load by its id.
    """
    stored = [column for column in columns_of(connection, target.versions) if column not in without]
    connection.execute(text(composed.incoming(target, staged, stored)))
    identity = ", ".join(target.identity)
    if connection.execute(text(composed.ONLY_NEW)).scalar_one():
        # A first load: there is nothing to compare with, and every key has one newest row
        connection.execute(text(f"create temp table {changed} on commit drop as select {identity} from incoming where _is_newest"))
        connection.execute(text(f"analyze {changed}"))
        connection.execute(text(composed.store_new(target, stored)))
    else:
        _merge_with_stored(connection, target, stored, changed)
    counts = connection.execute(text(composed.count_merged(target, staged))).all()
    connection.execute(text("drop table incoming"))
    return {row[0]: Counts(*row[1:]) for row in counts}


def _merge_with_stored(connection: Connection, target: Model, stored: list[str], changed: str) -> None:
    """Store the versions in `incoming` among those that their keys have already, and create the table `changed`."""
    # PostgreSQL counts the columns by which the rows are joined, and not the lists and texts in them
    counted = dict.fromkeys((*target.primary_key, "_load_id", "_is_version", "_is_new"))
    connection.execute(text(f"analyze incoming ({', '.join(counted)})"))
    identity = ", ".join(target.identity)
    connection.execute(text(f"create temp table {changed} on commit drop as select distinct {identity} from incoming where _is_version"))
    connection.execute(text(f"analyze {changed}"))
    connection.execute(text(composed.store_incoming(target, stored)))
    _repeated_later(connection, target, stored)
    drop_repeats(connection, target, changed)
    mark_current(connection, target, changed)


def drop_repeats(connection: Connection, target: Model, changed: str) -> None:
    """Delete the versions of the keys in `changed` whose content equals the delivery before them, whatever the order of arrival."""
    connection.execute(text(composed.delete_repeats(target, changed)))


def mark_current(connection: Connection, target: Model, changed: str) -> None:
    """Set `_is_current` on the newest version of each key in the temporary table `changed`: by change time, then by delivery."""
    connection.execute(text(composed.mark_current(target, changed)))


def _repeated_later(connection: Connection, target: Model, stored: list[str]) -> None:
    """Restore a repeated delivery that was not stored, if a version that arrives late makes it necessary.

    Example: for one key and change time, the extracts with T = 1 and T = 3 both delivered the value 4, which was stored once, for T = 1.
    Then the extract with T = 2 is loaded late and brings 5. Since T = 3 the value is 4 again, so a version for T = 3 must be stored. An
    extract delivers every record of its window. Therefore the oldest later load repeated the earlier content, if its window includes the
    change time and no other content of the key is stored from it. Loads of files do not count here, because a file has no window.
    """
    connection.execute(text(composed.store_repeated_later(target, stored)))
