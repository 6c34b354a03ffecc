"""Merge the staged rows of a load into the version tables of core, in the same way for every entity with a key.

A version table has one row for each different content of a key, by change time and by the known_at of the extract that brought it. The
stored rows do not depend on the order of the loads. Deliveries with the same key and change time are ordered by known_at, and only those
that differ from the delivery before are kept. `_is_current` marks the row with the newest change time, and among equal change times the
newest delivery. A repeated delivery leaves no row; if a late load makes it necessary again, `_repeated_later` restores it from the window
of the extract that repeated it.

A version that breaks a critical rule is also stored, with the names of the rules: while it is the newest, no earlier version may count.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from cchc.models import Model

# these rules depend on all steps of a dossier, so every derivation judges them again; the others are judged once, when a row is staged
JUDGED_ALWAYS = ("K4", "K7")


def columns_of(connection: Connection, relation: str) -> list[str]:
    """The column names of a table, in the order of the table."""
    schema, name = relation.split(".")
    names = connection.execute(
        text("select column_name from information_schema.columns where table_schema = :s and table_name = :n order by ordinal_position"),
        {"s": schema, "n": name},
    )
    return [row[0] for row in names]


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
    connection.execute(
        text(
            f"""create temp view {name} as
            with broken as (
                select load_id, line, array_agg(rule order by rule) as failed_rules
                from ops.quarantine
                where action = 'quarantine' and resolved_at is null and rule not in {JUDGED_ALWAYS}
                group by load_id, line
            )
            select cast('{source}' as text) as source_code, t.*, b.failed_rules as _failed_rules
            from {staging_table} as t
            inner join ops.load as l on l.load_id = t._load_id and l.status = 'validated'
            left join broken as b on b.load_id = t._load_id and b.line = t._line
            where t._key is not null"""
        )
    )
    return name


def merge_versions(connection: Connection, target: Model, staged: str, changed: str) -> dict[int, Counts]:
    """Merge the staged rows with a key into the version table of a model.

    Arguments: `staged`, a view made by `staged_view`; `changed`, the name of the temporary table to create, with one row for each key whose
    versions changed. If several rows have the same primary key, the one with the greatest load and line is stored. Returns the counts of
    each load by its id.
    """
    stored = columns_of(connection, target.versions)
    taken = ", ".join(f"s.{column}" for column in stored if column != "_is_current")
    identity = ", ".join(target.identity)
    key = ", ".join(target.primary_key)
    present = " and ".join(f"s.{column} is not null" for column in (*target.distribution, *target.identity))
    newest_first = target.newest_first
    same = " and ".join(f"v.{column} = p.{column}" for column in target.identity)
    before = " and ".join(f"v.{column} = p.{column}" for column in (*target.identity, *target.version))
    alike = "b._content_hash is not distinct from p._content_hash and b._failed_rules is not distinct from p._failed_rules"
    # a row that is stored already with the same content is not written, so loading the same rows twice writes nothing
    connection.execute(
        text(
            f"""create temp table incoming on commit drop as
            with picked as (
                select distinct on ({key}) {taken} from {staged} as s
                where {present}
                order by {key}, s._load_id desc, s._line desc
            ),
            compared as (
                select
                    p.*,
                    row_number() over (partition by {identity} order by {newest_first}) = 1 as _is_newest,
                    not exists (select 1 from {target.versions} as v where {same}) as _is_new
                from picked as p
            )
            select
                p.*,
                p._is_new or not exists (
                    select 1 from (
                        select v._content_hash, v._failed_rules from {target.versions} as v
                        where {before} and v._first_seen_at <= p._first_seen_at
                        order by v._first_seen_at desc limit 1
                    ) as b where {alike}
                ) as _is_version
            from compared as p"""
        )
    )
    connection.execute(text("analyze incoming"))
    connection.execute(text(f"create temp table {changed} on commit drop as select distinct {identity} from incoming where _is_version"))
    connection.execute(text(f"analyze {changed}"))
    values = ", ".join("_is_new and _is_newest" if column == "_is_current" else column for column in stored)
    assignments = ", ".join(f"{column} = excluded.{column}" for column in stored if column not in target.primary_key)
    connection.execute(
        text(
            f"insert into {target.versions} ({', '.join(stored)}) select {values} from incoming where _is_version "
            f"order by {key} on conflict ({key}) do update set {assignments}"
        )
    )
    _repeated_later(connection, target, stored, same.replace("v.", "w."), before)
    drop_repeats(connection, target, changed)
    mark_current(connection, target, changed)
    counts = connection.execute(
        text(
            f"""with delivered as (
                select _load_id, count(*) filter (where {present}) as placed, count(*) filter (where not ({present})) as keyless
                from {staged} as s group by _load_id
            ),
            kept as (
                select
                    _load_id,
                    count(*) filter (where _is_new) as inserted,
                    count(*) filter (where _is_version and not _is_new) as updated,
                    count(*) filter (where not _is_version) as unchanged
                from incoming group by _load_id
            )
            select
                d._load_id, coalesce(k.inserted, 0), coalesce(k.updated, 0), coalesce(k.unchanged, 0),
                d.placed - coalesce(k.inserted + k.updated + k.unchanged, 0) as replaced, d.keyless
            from delivered as d left join kept as k on k._load_id = d._load_id"""
        )
    ).all()
    connection.execute(text("drop table incoming"))
    return {row[0]: Counts(*row[1:]) for row in counts}


def drop_repeats(connection: Connection, target: Model, changed: str) -> None:
    """Delete the versions of the keys in `changed` whose content equals the delivery before them, whatever the order of arrival."""
    key = ", ".join(target.primary_key)
    identity = ", ".join(target.identity)
    version = ", ".join(target.version)
    this = " and ".join(f"v.{column} = i.{column}" for column in target.primary_key)
    connection.execute(
        text(
            f"""delete from {target.versions} as v using (
                select
                    {key}, _content_hash, _failed_rules,
                    lag(_content_hash) over w as hash_before, lag(_failed_rules) over w as rules_before,
                    row_number() over w as position
                from {target.versions} inner join {changed} using ({identity})
                window w as (partition by {identity}, {version} order by _first_seen_at)
            ) as i
            where {this} and i.position > 1
                and i._content_hash is not distinct from i.hash_before
                and i._failed_rules is not distinct from i.rules_before"""
        )
    )


def mark_current(connection: Connection, target: Model, changed: str) -> None:
    """Set `_is_current` on the newest version of each key in the temporary table `changed`: by change time, then by delivery."""
    key = ", ".join(target.primary_key)
    identity = ", ".join(target.identity)
    this = " and ".join(f"v.{column} = i.{column}" for column in target.primary_key)
    connection.execute(
        text(
            f"""update {target.versions} as v set _is_current = i.is_newest from (
                select {key}, row_number() over (partition by {identity} order by {target.newest_first}) = 1 as is_newest
                from {target.versions} inner join {changed} using ({identity})
            ) as i
            where {this} and v._is_current is distinct from i.is_newest"""
        )
    )


def _repeated_later(connection: Connection, target: Model, stored: list[str], same: str, before: str) -> None:
    """Restore a repeated delivery that was not stored, if a version that arrives late makes it necessary.

    Example: for one key and change time, the extracts with T = 1 and T = 3 both delivered the value 4, which was stored once, for T = 1.
    Then the extract with T = 2 is loaded late and brings 5. Since T = 3 the value is 4 again, so a version for T = 3 must be stored. An
    extract delivers every record of its window. Therefore the oldest later load repeated the earlier content, if its window includes the
    change time and no other content of the key is stored from it. Loads of files do not count here, because a file has no window.
    """
    values = ", ".join(
        {"_first_seen_at": "r.window_to", "_load_id": "r.load_id", "_is_current": "false"}.get(column, f"v.{column}") for column in stored
    )
    connection.execute(
        text(
            f"""insert into {target.versions} ({", ".join(stored)})
            select {values}
            from incoming as p
            inner join ops.load as own on own.load_id = p._load_id
            cross join lateral (
                select v.* from {target.versions} as v
                where {before} and v._first_seen_at < p._first_seen_at
                order by v._first_seen_at desc limit 1
            ) as v
            cross join lateral (
                select l.load_id, l.window_to from ops.load as l
                where l.source_code = own.source_code and l.entity = own.entity and l.status = 'loaded' and l.file_name is null
                    and l.window_to > p._first_seen_at and p._changed_at < l.window_to
                    and (l.window_from is null or l.window_from <= p._changed_at)
                order by l.window_to, l.load_id limit 1
            ) as r
            where p._is_version and not p._is_new
                and not exists (
                    select 1 from {target.versions} as w
                    where {same} and w._first_seen_at <= r.window_to
                        and (w._changed_at, w._first_seen_at) > (p._changed_at, p._first_seen_at)
                )
            on conflict ({", ".join(target.primary_key)}) do nothing"""
        )
    )
