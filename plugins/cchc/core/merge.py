"""Merge the staged rows of a load into core: one form of write for every keyed entity.

A version table keeps one row for each distinct content of a key by change time and extract. Its normal form does not depend on
the order of loads: of deliveries of the same (key, change time) in order of T, only those are kept that differ from the one
before; `_is_current` marks the newest by change time, then by delivery (indicators.md §1.2, §1.5). A repeat leaves no row behind; that
a later extract repeated what a late load now contradicts is told by its window (`_repeated_later`).
A version that breaks a critical rule is kept with the rules' names: it must stand in the way of an earlier good one (§2).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from cchc.models import Model

# rules judged on every derivation from all the steps known by then, not once when the row is staged
JUDGED_ALWAYS = ("K4", "K7")


def columns_of(connection: Connection, relation: str) -> list[str]:
    """Column names of a table in their order."""
    schema, name = relation.split(".")
    found = connection.execute(
        text("select column_name from information_schema.columns where table_schema = :s and table_name = :n order by ordinal_position"),
        {"s": schema, "n": name},
    )
    return [row[0] for row in found]


@dataclass(frozen=True)
class Counts:
    """What a merge did with the rows of one load.

    New keys, new versions of known keys, rows known already, rows that a later row of the same key and change time replaced, and rows
    without a readable key. Together they are all rows of the load.
    """

    inserted: int
    updated: int
    unchanged: int
    replaced: int = 0
    keyless: int = 0

    @property
    def total(self) -> int:
        """All rows that are accounted for."""
        return self.inserted + self.updated + self.unchanged + self.replaced + self.keyless


def staged_view(connection: Connection, model: str, source: str, staging_table: str) -> str:
    """A temporary view of the staged rows that may be merged: of validated loads, with a key, with the rules they break."""
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
    """Merge the staged rows with a key into a version table; counts for each load.

    `staged` is a relation as of `staged_view`; `changed` is the name of a temporary table to create with the identity of every
    key whose versions changed. Of rows with one primary key the one of the latest load and line wins.
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
    # what is stored already, to the letter, is left alone: a second load of the same rows writes nothing
    connection.execute(
        text(
            f"""create temp table incoming on commit drop as
            with picked as (
                select distinct on ({key}) {taken} from {staged} as s
                where {present}
                order by {key}, s._load_id desc, s._line desc
            ),
            met as (
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
            from met as p"""
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
    """Drop the deliveries of the keys of `changed` that repeat the one before them, in whatever order they came: they say nothing."""
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
    """Mark the newest version of each key of the temporary table `changed`, by change time, then by delivery."""
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
    """Put back the deliveries that said again what stood before a version that arrives late.

    4 at T1 and again at T3 was stored once. When 5 of T2 arrives after them, under the same change time, 4 holds again since T3: an
    extract delivers every record of its window, so the oldest later load whose window holds the change time, and of which no other
    content of the key is stored, repeated what was known. Loads of files prove nothing: a file holds what it holds.
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
