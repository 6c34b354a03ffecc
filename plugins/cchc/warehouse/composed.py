"""The statements that are composed from names, because the same statement serves several models or tables.

All other SQL is in include/sql, as text that a reader can run. The names come from `cchc.models` and from the catalogue of the database,
never from a source. Each function returns the text of one statement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from functools import lru_cache

from cchc.models import IDS, Model

# These rules depend on all steps of a dossier, so every derivation judges them again. The others are judged once, when a row is staged.
JUDGED_ALWAYS = ("K4", "K7")


def _equal(left: str, right: str, columns: Sequence[str]) -> str:
    """The condition that two rows have equal values in some columns."""
    return " and ".join(f"{left}.{column} = {right}.{column}" for column in columns)


def _overwritten(columns: Sequence[str], key: Sequence[str]) -> str:
    """The assignments of an upsert: every column but the key gets the new value."""
    return ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)


# --- merge: staged rows to versions ------------------------------------------------------------------------------------


def staged_view(name: str, source: str, staging_table: str) -> str:
    """Create the temporary view `name`: the staged rows of validated loads that have a key, with the critical rules that each breaks.

    The loads are found before the rows are read. Of a join with ops.load PostgreSQL expects a single row, because few loads are validated
    at a time, and would look through all of ops.quarantine for each staged row.
    """
    validated = "any(array(select l.load_id from ops.load as l where l.status = 'validated'))"
    return f"""create temp view {name} as
        with broken as (
            select load_id, line, array_agg(rule order by rule) as failed_rules
            from ops.quarantine
            where load_id = {validated} and action = 'quarantine' and resolved_at is null and rule not in {JUDGED_ALWAYS}
            group by load_id, line
        )
        select cast('{source}' as text) as source_code, t.*, b.failed_rules as _failed_rules
        from {staging_table} as t
        left join broken as b on b.load_id = t._load_id and b.line = t._line
        where t._key is not null and t._load_id = {validated}"""


def _is_placed(target: Model) -> str:
    """The condition that a staged row (alias s) has every part of its key."""
    return " and ".join(f"s.{column} is not null" for column in (*target.distribution, *target.identity))


def before(target: Model) -> str:
    """The condition that v is a stored version with the key and the change time of p."""
    return _equal("v", "p", (*target.identity, *target.version))


def incoming(target: Model, staged: str, stored: Sequence[str]) -> str:
    """Create the temporary table `incoming`: one row for each staged key and version, and whether it has to be stored.

    A row that is stored already with the same content is not a version, so that loading the same rows twice writes nothing. `_is_again`
    says that another row has the same key and version, from another delivery. Arguments: `staged`, the view of the staged rows; `stored`,
    the columns of the version table.
    """
    taken = ", ".join(f"s.{column}" for column in stored if column != "_is_current")
    key = ", ".join(target.primary_key)
    # sorted once: as the window below asks for the rows of a key, the newest first
    sorted_by = ", ".join([*target.identity, target.newest_first, *target.distribution])
    again = " and ".join(f"{column} = lag({column}) over newer" for column in target.version)
    alike = "b._content_hash is not distinct from p._content_hash and b._failed_rules is not distinct from p._failed_rules"
    return f"""create temp table incoming on commit drop as
        with picked as (
            select distinct on ({key}) {taken} from {staged} as s
            where {_is_placed(target)}
            order by {sorted_by}, s._load_id desc, s._line desc
        ),
        compared as (
            select
                p.*,
                row_number() over newer = 1 as _is_newest,
                coalesce({again}, false) as _is_again,
                not exists (select 1 from {target.versions} as v where {_equal("v", "p", target.identity)}) as _is_new
            from picked as p
            window newer as (partition by {", ".join(target.identity)} order by {target.newest_first})
        )
        select
            p.*,
            p._is_new or not exists (
                select 1 from (
                    select v._content_hash, v._failed_rules from {target.versions} as v
                    where {before(target)} and v._first_seen_at <= p._first_seen_at
                    order by v._first_seen_at desc limit 1
                ) as b where {alike}
            ) as _is_version
        from compared as p"""


# Whether no key in `incoming` is stored, and no key and version comes twice: then each row is a version, in force where it is the newest
ONLY_NEW = "select coalesce(bool_and(_is_new and not _is_again), true) from incoming"


def store_new(target: Model, stored: Sequence[str]) -> str:
    """Store the versions in `incoming` where ONLY_NEW holds. A row that is stored nevertheless ends the load."""
    values = ", ".join("_is_newest" if column == "_is_current" else column for column in stored)
    return f"""insert into {target.versions} ({", ".join(stored)})
        select {values} from incoming order by {", ".join(target.primary_key)}"""


def store_incoming(target: Model, stored: Sequence[str]) -> str:
    """Store the versions in `incoming`."""
    key = ", ".join(target.primary_key)
    values = ", ".join("_is_new and _is_newest" if column == "_is_current" else column for column in stored)
    return f"""insert into {target.versions} ({", ".join(stored)})
        select {values} from incoming where _is_version order by {key}
        on conflict ({key}) do update set {_overwritten(stored, target.primary_key)}"""


def store_repeated_later(target: Model, stored: Sequence[str]) -> str:
    """Store the repeated deliveries that a version in `incoming`, which arrived late, makes necessary."""
    made = {"_first_seen_at": "r.window_to", "_load_id": "r.load_id", "_is_current": "false"}
    return f"""insert into {target.versions} ({", ".join(stored)})
        select {", ".join(made.get(column, f"v.{column}") for column in stored)}
        from incoming as p
        inner join ops.load as own on own.load_id = p._load_id
        cross join lateral (
            select v.* from {target.versions} as v
            where {before(target)} and v._first_seen_at < p._first_seen_at
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
                where {_equal("w", "p", target.identity)} and w._first_seen_at <= r.window_to
                    and (w._changed_at, w._first_seen_at) > (p._changed_at, p._first_seen_at)
            )
        on conflict ({", ".join(target.primary_key)}) do nothing"""


def count_merged(target: Model, staged: str) -> str:
    """Count what became of the staged rows of each load: inserted, updated, unchanged, replaced, keyless."""
    placed = _is_placed(target)
    return f"""with delivered as (
            select _load_id, count(*) filter (where {placed}) as placed, count(*) filter (where not ({placed})) as keyless
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


def delete_repeats(target: Model, changed: str) -> str:
    """Delete the versions of the keys in the table `changed` whose content equals the delivery before them."""
    key, identity, version = (", ".join(columns) for columns in (target.primary_key, target.identity, target.version))
    return f"""delete from {target.versions} as v using (
            select
                {key}, _content_hash, _failed_rules,
                lag(_content_hash) over w as hash_before, lag(_failed_rules) over w as rules_before,
                row_number() over w as position
            from {target.versions} inner join {changed} using ({identity})
            window w as (partition by {identity}, {version} order by _first_seen_at)
        ) as i
        where {_equal("v", "i", target.primary_key)} and i.position > 1
            and i._content_hash is not distinct from i.hash_before
            and i._failed_rules is not distinct from i.rules_before"""


def mark_current(target: Model, changed: str) -> str:
    """Set `_is_current` on the newest version of each key in the table `changed`: by change time, then by delivery."""
    key, identity = (", ".join(columns) for columns in (target.primary_key, target.identity))
    return f"""update {target.versions} as v set _is_current = i.is_newest from (
            select {key}, row_number() over (partition by {identity} order by {target.newest_first}) = 1 as is_newest
            from {target.versions} inner join {changed} using ({identity})
        ) as i
        where {_equal("v", "i", target.primary_key)} and v._is_current is distinct from i.is_newest"""


# --- files and lists ---------------------------------------------------------------------------------------------------


def dated_file_change(target: Model, content: str, current: str) -> str:
    """Create the temporary table `dated_file_change`: the rows in force that are other than before, as they were and as they are.

    Arguments: `content`, the columns that are compared; `current`, the beginning of the query of the rows in force (see the caller).
    """
    identity = ", ".join(target.identity)
    return f"""create temp table dated_file_change on commit drop as
        select {content} from (
            select {content} from before_{target.name} where ({identity}) in (select {identity} from changed_{target.name}_key)
            union all
            {current} changed_{target.name}_key)
        ) as b
        group by {content} having count(*) = 1"""


def keep_keys(table: str, key: Sequence[str], taken: str) -> str:
    """Keep the keys in the table `taken` of which the withdrawal `:w` changes rows of a table."""
    return f"""insert into ops.withdrawn_key (withdrawal_id, table_name, key)
        select cast(:w as bigint), '{table}', to_jsonb(k) from (select distinct {", ".join(key)} from {taken}) as k"""


def keep_rows(table: str, key: Sequence[str], taken: str) -> str:
    """Keep the rows of a table that the keys in the table `taken` have before the withdrawal `:w`, as they stand."""
    return f"""insert into ops.withdrawn_row (withdrawal_id, table_name, record)
        select cast(:w as bigint), '{table}', to_jsonb(t) from {table} as t
        where ({", ".join(f"t.{column}" for column in key)}) in (select {", ".join(key)} from {taken})"""


def withdrawn_lists(model: str) -> tuple[str, str]:
    """Create the temporary tables of the lists of the loads `:loads` of `:s`, and of the items that no other list has."""
    lists, taken = f"core.{model}_list", f"withdrawn_{model}"
    return (
        f"""create temp table {taken}_list on commit drop as
            select distinct v.source_code, v.fetched_at, v.list_hash from {lists} as v
            where v.source_code = :s
                and v.fetched_at in (select l.window_to from ops.load as l where l.load_id = any(:loads))""",
        f"""create temp table {taken}_item on commit drop as
            select distinct t.list_hash from {taken}_list as t
            where not exists (
                select 1 from {lists} as v
                where v.list_hash = t.list_hash and (v.source_code, v.fetched_at) not in (select source_code, fetched_at from {taken}_list)
            )""",
    )


def staged_keys(table: str, key: Sequence[str], staged: str) -> str:
    """Create the temporary table `staged_key`: the staged keys of `:s` of which the withdrawal `:w` has kept nothing yet."""
    return f"""create temp table staged_key on commit drop as
        with delivered as (select distinct {", ".join(key)} from (select cast(:s as text) as source_code, t.* from {staged} as t) as s)
        select d.* from delivered as d
        where {" and ".join(f"d.{column} is not null" for column in key)}
            and to_jsonb(d) not in (select w.key from ops.withdrawn_key as w where w.withdrawal_id = :w and w.table_name = '{table}')"""


def not_given_again(target: Model, staged: str) -> str:
    """The keys of `:s` that stand in core because of the loads `:l` with the T `:t`, and that no staged row of a second reading has."""
    key = IDS.get(target.identity[-1], target.identity[-1])
    return f"""select distinct cast(v.{key} as text) as key from {target.versions} as v
        where v.source_code = :s and v._load_id = any(:l) and v._first_seen_at = :t
            and cast(v.{key} as text) not in (select t._key from {staged} as t where t._key is not null)
        order by 1"""


def open_again(target: Model) -> str:
    """Open the quarantine entries again that the withdrawn loads `:loads` had resolved, of the keys of the withdrawal `:w`.

    They are those of the entity `:e` of the source `:s`. An entry stays resolved where the version that is in force now is newer, breaks no
    critical rule, and would resolve it (include/sql/core/quarantine_resolved.sql), or where a retry has written the entry anew.
    """
    key = IDS.get(target.identity[-1], target.identity[-1])
    same = "n.source_code = q.source_code and n.entity = q.entity and n.key = q.key and n.rule = q.rule"
    return f"""update ops.quarantine as q set resolved_at = null
        where q.source_code = :s and q.entity = :e and q.rule not in {JUDGED_ALWAYS}
            and q.key in (
                select r.record ->> '{key}' from ops.withdrawn_row as r where r.withdrawal_id = :w and r.table_name = '{target.versions}'
            )
            and exists (
                select 1 from ops.load as w
                where w.load_id = any(:loads) and q.resolved_at between w.started_at and w.ended_at and q.load_id <> w.load_id
            )
            and exists (select 1 from ops.load as l where l.load_id = q.load_id and l.status = 'loaded')
            and not exists (
                select 1 from {target.versions} as v
                where v.source_code = q.source_code and cast(v.{key} as text) = q.key and v._is_current and v._failed_rules is null
                    and (v._first_seen_at, v._load_id) > (q.first_seen_at, q.load_id)
                    and not exists (
                        select 1 from ops.quarantine as n inner join ops.load as l on l.load_id = n.load_id and l.status = 'loaded'
                        where n.source_code = q.source_code and n.entity = q.entity and n.key = q.key and n.resolved_at is null
                            and (n.rule = q.rule or (n.action = 'quarantine' and n.rule not in {JUDGED_ALWAYS}))
                            and (n.first_seen_at, n.load_id) > (q.first_seen_at, q.load_id)
                            and (n.first_seen_at, n.load_id) >= (v._first_seen_at, v._load_id)
                    )
            )
            and not exists (
                select 1 from ops.quarantine as n inner join ops.load as l on l.load_id = n.load_id and l.status = 'loaded'
                where {same} and n.first_seen_at = q.first_seen_at and n.load_id > q.load_id
            )"""


def clear_withdrawn(table: str, key: Sequence[str]) -> str:
    """Delete the rows of a table that have one of the keys of the withdrawal `:w`."""
    return f"""delete from {table} as t
        using ops.withdrawn_key as w, jsonb_populate_record(cast(null as {table}), w.key) as k
        where w.withdrawal_id = :w and w.table_name = '{table}' and {_equal("t", "k", key)}"""


def put_back_withdrawn(table: str) -> str:
    """Put the rows of a table back as they stood before the withdrawal `:w`."""
    return f"""insert into {table}
        select r.* from ops.withdrawn_row as w cross join lateral jsonb_populate_record(cast(null as {table}), w.record) as r
        where w.withdrawal_id = :w and w.table_name = '{table}'"""


def store_payments(target: Model, staged: str, stored: Sequence[str]) -> str:
    """Store the staged rows of payment files; a row that is stored with the same content is not written."""
    key = ", ".join(target.primary_key)
    values = ", ".join("false" if column == "_is_current" else f"s.{column}" for column in stored)
    return f"""insert into {target.versions} ({", ".join(stored)})
        select distinct on ({key}) {values} from {staged} as s
        order by {key}, s._load_id desc, s._line desc
        on conflict ({key}) do update set {_overwritten(stored, target.primary_key)}
        where {target.versions}._content_hash is distinct from excluded._content_hash
            or {target.versions}._failed_rules is distinct from excluded._failed_rules"""


def absent_payments(target: Model, staged: str) -> str:
    """Find the stored rows of days that were asked for again at the same T (:x, the extract) and that are not among the staged ones."""
    key = ", ".join(f"v.{column}" for column in target.primary_key)
    return f"""create temp table absent_payment on commit drop as
        select {key} from {target.versions} as v
        inner join core.payment_day as d using (source_code, file_date, file_revision, _first_seen_at)
        inner join ops.load as l on l.load_id = d._load_id
        where l.extract_id = :x and l.status = 'validated' and l.manifest ->> 'asked_day' is not null
            and not exists (select from {staged} as s where {_equal("v", "s", target.primary_key)})"""


def count_payments(target: Model, staged: str) -> str:
    """Count what became of the staged rows of each payment file: inserted, unchanged, replaced."""
    key = ", ".join(target.primary_key)
    return f"""with delivered as (select _load_id, count(*) as placed from {staged} group by _load_id),
        kept as (select distinct {key}, _load_id from {staged})
        select
            d._load_id,
            count(*) filter (where v._load_id = k._load_id) as inserted,
            count(*) filter (where v._load_id is distinct from k._load_id) as unchanged,
            d.placed - count(*) as replaced
        from delivered as d
        inner join kept as k on k._load_id = d._load_id
        left join {target.versions} as v on {_equal("v", "k", target.primary_key)}
        group by d._load_id, d.placed"""


# The first day from which a period may differ when an item of the list appears, changes or disappears. A dossier that was received before
# the first version of its procedure uses the oldest version, so a procedure touches the periods back to the first such finished dossier.
_FROM_DATE = {"procedure": "least(i.valid_from, i.decision_date, o.first_finished)", "leader": "i.from_date"}
# What a period takes from the list in force at its end (J), by core.procedure_at (a test compares the two). All else of an item, its name
# and field too, is taken from the newest list.
_AS_OF_J = {
    "procedure": frozenset(
        {
            "service_level", "is_online_eligible", "has_fee", "has_online_payment", "yields_document", "is_certification",
            "has_sample_dossier", "is_synced_to_portal",
        }
    ),
    "leader": frozenset[str](),
}  # fmt: skip
_OLDER_DOSSIER = """left join (
            select c.unit_code, c.procedure_code, c.valid_from, min(d.finished_date) as first_finished
            from (select distinct unit_code, procedure_code, valid_from from changed where not is_as_of_j) as c
            inner join mart.dossier as d
                on d.unit_code = c.unit_code and d.procedure_code = c.procedure_code and d.received_date < c.valid_from
            where d.is_counted and d.source_code = :s
            group by c.unit_code, c.procedure_code, c.valid_from
        ) as o on o.unit_code = i.unit_code and o.procedure_code = i.procedure_code and o.valid_from = i.valid_from"""


def list_change(model: str, columns: Sequence[str]) -> str:
    """Create the temporary table `list_change`: the first day that each item touches that is in one of two lists only.

    The lists are the one with the hash `:before` and the one in the temporary table `listed_<model>`, which was fetched at `:t`. `columns`:
    their columns. An item of which only such columns differ as a period takes from the list in force at its end touches nothing that ended
    before `:t`; this holds where the list before was fetched earlier than `:t` (`:is_later`), because an older list also serves the time
    before it.
    """
    names = ", ".join(columns)
    lasting = [column for column in columns if column not in _AS_OF_J[model]]
    older = _OLDER_DOSSIER if model == "procedure" else ""
    return f"""create temp table list_change on commit drop as
        with changed as (
            select
                {names},
                count(*) over (partition by {", ".join(lasting)}) = 2 and cast(:is_later as boolean) as is_as_of_j
            from (
                select {names}, count(*) over (partition by cast(row({names}) as text)) as list_count
                from (
                    select {names} from core.{model}_list_item where list_hash = cast(:before as text)
                    union all
                    select {names} from listed_{model}
                ) as both_lists
            ) as compared
            where list_count = 1
        )
        select
            case
                when i.is_as_of_j
                    then cast((cast(:t as timestamptz) - interval '1 microsecond') at time zone :zone as date)
                else {_FROM_DATE[model]}
            end as from_date
        from changed as i
        {older}"""


def ended_entries(model: str) -> str:
    """Note in the load `:load_id` how many entries of the list `:before` the list in `listed_<model>`, fetched at `:t`, has no longer.

    Entries that had ended before are no loss. The example is a code that is no person's.
    """
    last, example = {"procedure": ("valid_to", "procedure_code"), "leader": ("to_date", "unit_code")}[model]
    return f"""update ops.load as l set manifest = coalesce(l.manifest, cast('{{}}' as jsonb)) || jsonb_build_object(
            'ended_entries', jsonb_build_object('gone', g.gone, 'before', g.before, 'example', g.example))
        from (
            select
                count(*) filter (where n._key is null) as gone, count(*) as before,
                min(b.{example}) filter (where n._key is null) as example
            from core.{model}_list_item as b
            left join listed_{model} as n on n._key = b._key
            where
                b.list_hash = :before and b._failed_rules is null
                and (b.{last} is null or b.{last} >= cast(cast(:t as timestamptz) at time zone :zone as date))
        ) as g
        where l.load_id = :load_id and g.gone > 0"""


def store_list(fetches: str) -> str:
    """Store that a source delivered the list with the hash `:h` at `:t`."""
    return f"""insert into {fetches} (source_code, fetched_at, list_hash, _load_id) values (:s, :t, :h, :l)
        on conflict (source_code, fetched_at) do update set list_hash = excluded.list_hash, _load_id = excluded._load_id
        where {fetches}.list_hash <> excluded.list_hash"""


def passed_of_list(model: str) -> str:
    """The keys of the newest list of the source `:s` that break no critical rule: key, first_seen_at, load_id."""
    return f"""select i._key as key, l.fetched_at as first_seen_at, l._load_id as load_id
        from core.{model}_list as l
        inner join core.{model}_list_item as i on i.list_hash = l.list_hash and i._failed_rules is null
        where l.source_code = :s
            and l.fetched_at = (select max(n.fetched_at) from core.{model}_list as n where n.source_code = l.source_code)"""


def passed_of_versions(staged: str, table: str, identity: Sequence[str], is_good: str) -> str:
    """The staged keys with an open entry whose version in force (a row of `table`, alias v) is good: key, first_seen_at, load_id.

    Only few keys have one, and PostgreSQL cannot know how many rows a load has that is not yet committed.
    """
    return f"""select distinct s._key as key, v._first_seen_at as first_seen_at, v._load_id as load_id
        from {staged} as s
        inner join {table} as v on {_equal("v", "s", identity)}
        where {is_good}
            and s._key in (
                select q.key from ops.quarantine as q where q.source_code = :s and q.entity = :e and q.resolved_at is null
            )"""


def store_duplicates(model: Model, changed: str | None) -> str:
    """Store the records of a model that do not count, because another source has a newer one with the same key.

    `changed`: the temporary table of the keys to decide; None means all keys.
    """
    key = model.identity[1]
    only = f"and v.{key} in (select c.{key} from {changed} as c)" if changed else ""
    return f"""insert into core.duplicate_record (model, source_code, key, counted_source_code)
        with placed as (
            select
                v.source_code, v.{key} as key,
                row_number() over w as place,
                first_value(v.source_code) over w as counted_source_code
            from {model.versions} as v
            inner join core.source_role as r on v.source_code = r.source_code and r.role = :role
            where v._is_current {only}
            window w as (partition by v.{key} order by v._changed_at desc, v.source_code)
        )
        select :m, p.source_code, p.key, p.counted_source_code from placed as p
        where p.place > 1 and p.source_code <> p.counted_source_code
        on conflict do nothing"""


# --- quality -----------------------------------------------------------------------------------------------------------


def good_rows(view: str, staged: str) -> str:
    """Create the view of the staged rows that may be loaded: rows of running or loaded loads that are not in quarantine.

    The loads of a row are found before the rows are read, as in `staged_view`.
    """
    return f"""create view {view} as
        select staged.* from {staged} as staged
        where staged._load_id = any(array(
            select l.load_id from ops.load as l where l.status in ('staged', 'validated', 'loaded')
        ))
        and not exists (
            select 1 from ops.quarantine as q
            where q.load_id = staged._load_id and q.line = staged._line and q.action = 'quarantine' and q.resolved_at is null
        )"""


def dossier_ends(table: str, dossiers: str, steps: Sequence[str], statuses: Sequence[int]) -> str:
    """Fill `table` with the first visible step of each status, for each dossier in the table `dossiers`.

    For each step the version with the newest change time counts; if change times are equal, the version of this run. Arguments: `steps`,
    the queries of the steps; `statuses`, the statuses that end a dossier.
    """
    ends = ", ".join(f"min(done_at) filter (where status_code = {status})" for status in statuses)
    return f"""insert into {table}
        with dossier as (select distinct dossier_id from {dossiers} where dossier_id is not null),
        seen as ({" union all ".join(steps)}),
        newest as (
            select distinct on (seen.step_id) seen.*
            from seen inner join dossier on dossier.dossier_id = seen.dossier_id
            order by seen.step_id, seen._changed_at desc nulls last, seen.delivery desc, seen._row desc
        )
        select dossier_id, {ends} from newest where deleted_at is null group by dossier_id"""


# --- indicators --------------------------------------------------------------------------------------------------------


# The days and moments in which the periods and bases that are counted together differ, by the name that the SQL of an indicator binds. All
# else that it may bind is the same for all of them.
SPAN = {
    "start_date": "date",
    "start_at": "timestamptz",
    "year_start_at": "timestamptz",
    "end_at": "timestamptz",
    "lists_at": "timestamptz",
    "last_day": "date",
}
_BIND_OF_A_SPAN = re.compile(rf"(?<![:\w\\]):({'|'.join(SPAN)})\b(?!:)")


def binds_of_span(statement: str) -> frozenset[str]:
    """Which of the names in SPAN an indicator's SQL binds: spans that are equal in these have the same rows."""
    return frozenset(_BIND_OF_A_SPAN.findall(statement))


# How the SQL of an indicator or of a coverage asks for procedures; `r` is core.source_role.
_PROCEDURES = re.compile(
    r"core\.(procedure_in_force|procedure_at|procedure_span)\(\s*(cast\(:source as text\)|r\.source_code), "
    r"(?:cast\(:last_day as date\), )?cast\(:end_at as timestamptz\), cast\(:known_at as timestamptz\)\s*\)"
)
OF_A_DAY = ("procedure_in_force",)  # those that ask for a day, too


def known_table(function: str) -> str:
    """The name of the temporary table with the rows of a function of procedures."""
    return f"known_{function}"


def procedures_read_once(statement: str) -> tuple[str, frozenset[tuple[str, bool]]]:
    """The SQL of an indicator with its functions of procedures replaced by temporary tables, and which they are.

    The functions are named each with whether it is asked for every source of the role. The temporary tables have the procedures as of
    `lists_at`, a moment that has the same lists as end_at.
    """

    def table_instead(found: re.Match[str]) -> str:
        function, source = found.groups()
        day = " and k.last_day = cast(:last_day as date)" if function in OF_A_DAY else ""
        return (
            f"(select k.* from {known_table(function)} as k where k.source_code = {source}{day} "
            "and k.lists_at = cast(:lists_at as timestamptz) and k.known_at = cast(:known_at as timestamptz))"
        )

    asked = frozenset((found[1], found[2] != "cast(:source as text)") for found in _PROCEDURES.finditer(statement))
    return _PROCEDURES.sub(table_instead, statement), asked


def read_procedures(function: str, *, is_first: bool) -> str:
    """Read the rows of a function of procedures for each row of `:asked` into its temporary table, which is made first.

    A row of `:asked` has `days` for a function that asks for a day, too: it is asked for all of them at once.
    """
    table = known_table(function)
    begin = f"create temp table {table} on commit drop as" if is_first else f"insert into {table}"
    rows = f"core.{function}_on(a.source_code, a.days," if function in OF_A_DAY else f"core.{function}(a.source_code,"
    return f"""{begin}
        select a.source_code, a.lists_at, a.known_at, p.*
        from jsonb_to_recordset(cast(:asked as jsonb)) as a (
            source_code text, days date[], lists_at timestamptz, known_at timestamptz
        )
        cross join lateral {rows} a.lists_at, a.known_at) as p"""


def index_procedures(function: str) -> str:
    """Make the index by which each span finds its procedures: without it, each of them looks at the procedures of all days."""
    days = "last_day, " if function in OF_A_DAY else ""
    return f"create index on {known_table(function)} ({days}lists_at)"


def analyze_procedures(function: str) -> str:
    """Let PostgreSQL count the columns by which procedures are found and joined."""
    days = "last_day, " if function in OF_A_DAY else ""
    return f"analyze {known_table(function)} ({days}lists_at, source_code, known_at, unit_code, procedure_code)"


# what an additive part of an indicator's SQL may read: triggers note each change of it (migrations 0069 and 0077)
ADDITIVE_RELATIONS = frozenset({"mart.dossier", "core.procedure_span", "core.assessment"})
_RELATION = re.compile(r"\b((?:core|mart|ops|staging)\.\w+)")
COMMENT = re.compile(r"--[^\n]*")
_UNION = "\nunion all\n"


def _reads_only(statement: str, relations: Set[str], binds: Set[str]) -> bool:
    """Whether an indicator's SQL reads no other relations and binds no other names of SPAN, and its procedures can be read once."""
    plain = COMMENT.sub("", statement)
    is_read_once = "core.procedure_span" not in procedures_read_once(plain)[0]
    return is_read_once and set(_RELATION.findall(plain)) <= relations and binds_of_span(statement) <= binds


def additive_and_other(statement: str) -> tuple[str, str]:
    """The parts of an indicator's SQL that can be counted by half months, and the others; a part is a query of its `union all`.

    A part is additive that binds no moment but start_at and end_at, and reads nothing but ADDITIVE_RELATIONS,
    procedures in the way that can be read once (`procedures_read_once`). Either text may be empty.
    """
    parts: tuple[list[str], list[str]] = ([], [])
    is_one = COMMENT.sub("", statement).lstrip().startswith("with ")
    for part in [statement] if is_one else statement.split(_UNION):
        parts[0 if _reads_only(part, ADDITIVE_RELATIONS, {"start_at", "end_at"}) else 1].append(part)
    return _UNION.join(parts[0]), _UNION.join(parts[1])


# what depends on single dossiers, of which migration 0096 notes each change, and the procedures, which are compared beside them
DOSSIER_RELATIONS = frozenset({"mart.dossier", "mart.dossier_open", "core.procedure_span"})


def reads_dossiers(statement: str) -> bool:
    """Whether each item of an indicator's SQL depends on one dossier, on the span and on the list of procedures alone."""
    return _reads_only(statement, DOSSIER_RELATIONS, {"start_at", "end_at", "last_day"})


def of_changed_dossiers(statement: str) -> str:
    """The rows of an indicator's SQL whose items are dossiers in the temporary table `changed_since`."""
    return f"select c_.* from (\n{statement}\n) as c_ where c_.item in (select s_.dossier_code from changed_since as s_)"


def reads_flags(statement: str) -> bool:
    """Whether an indicator's SQL reads the procedures of dossiers."""
    return bool(procedures_read_once(statement)[1])


def _beside_each_span(statement: str, columns: str, end: str, further: Sequence[str] = ()) -> str:
    """The rows of an indicator's SQL (alias x) for each row of `:spans` (alias span_), which are the different ones.

    Arguments: `columns`, what is taken of each row (alias counted_); `end`, the end of the subquery; `further`, further columns of
    `:spans`, each with its type. With a `group by`, or `offset 0`,
    PostgreSQL plans the subquery by itself, so the SQL of an indicator keeps the plan that it has alone.
    """
    used = binds_of_span(statement)
    names = ", ".join(["span_number integer", *(f"{name} {kind}" for name, kind in SPAN.items() if name in used), *further])
    asked = _BIND_OF_A_SPAN.sub(r"span_.\1", statement)
    return f"""from jsonb_to_recordset(cast(:spans as jsonb)) as span_ ({names})
        cross join lateral (select {columns} from (
{asked}
) as counted_ {end}) as x"""


# each basis of a period that is asked for takes the rows of its span
_FOR_EACH_BASIS = """inner join jsonb_to_recordset(cast(:asked as jsonb)) as asked_ (span_number integer, period_number integer, basis text)
            on asked_.span_number = c.span_number"""


@lru_cache(maxsize=256)
def count_rows(statement: str) -> str:
    """Count the rows that an indicator's SQL returns into `unit_count`, by period, basis and unit.

    Days are summed by the stretches of days in which a unit counts for the same unit. A stretch is known by its first day.
    """
    summed = "count(*) filter (where counted_.is_numerator) as numerator, count(*) as denominator"
    by_day = "counted_.unit_code, counted_.counted_on"
    return f"""insert into unit_count
        select asked_.period_number, asked_.basis, :code, c.unit_code, c.from_date, c.numerator, c.denominator
        from (
            select span_.span_number, x.unit_code, o.from_date, sum(x.numerator) as numerator, sum(x.denominator) as denominator
            {_beside_each_span(statement, f"{by_day}, {summed}", f"group by {by_day}")}
            left join core.unit_on_day as o
                on x.unit_code = o.unit_code and x.counted_on >= o.from_date and x.counted_on <= o.to_date
            group by span_.span_number, x.unit_code, o.from_date
        ) as c
        {_FOR_EACH_BASIS}"""


@lru_cache(maxsize=256)
def count_half_months(statement: str, *, of_units: bool) -> str:
    """Count the rows that an indicator's SQL returns into ops.half_month_count: those of half months, which are the spans.

    `of_units`: only the units of each span are counted, otherwise all of them.
    """
    summed = "count(*) filter (where counted_.is_numerator) as numerator, count(*) as denominator"
    by_day = "counted_.unit_code, counted_.counted_on"
    chosen = "where counted_.unit_code = any(span_.units) " if of_units else ""
    return f"""insert into ops.half_month_count (context, source_code, half_month, unit_code, from_date, numerator, denominator)
        select s.context, :source, s.half_month, coalesce(c.unit_code, ''), c.from_date, c.numerator, c.denominator
        from (
            select span_.span_number, x.unit_code, o.from_date, sum(x.numerator) as numerator, sum(x.denominator) as denominator
            {_beside_each_span(statement, f"{by_day}, {summed}", f"{chosen}group by {by_day}", ("units text[]",))}
            left join core.unit_on_day as o
                on x.unit_code = o.unit_code and x.counted_on >= o.from_date and x.counted_on <= o.to_date
            group by span_.span_number, x.unit_code, o.from_date
        ) as c
        inner join jsonb_to_recordset(cast(:spans as jsonb)) as s (span_number integer, context text, half_month date)
            on s.span_number = c.span_number"""


@lru_cache(maxsize=256)
def count_distinct(statement: str) -> str:
    """Write the items that an indicator's SQL returns into `person`: they count once in each scope."""
    return f"""insert into person
        select asked_.period_number, asked_.basis, :code, c.unit_code, c.item, c.is_numerator
        from (select span_.span_number, x.* {_beside_each_span(statement, "counted_.*", "offset 0")}) as c
        {_FOR_EACH_BASIS}"""


@lru_cache(maxsize=256)
def count_expected(statement: str) -> str:
    """Write the units that the SQL of a coverage returns into `expected`."""
    return f"""insert into expected
        select asked_.period_number, asked_.basis, :code, c.unit_code, c.has_sent
        from (select span_.span_number, x.* {_beside_each_span(statement, "counted_.*", "offset 0")}) as c
        {_FOR_EACH_BASIS}"""


# --- findings, publication, reports ------------------------------------------------------------------------------------


FINDING = "mart.finding"
FINDING_COMMENT = (
    "One row a finding: a dossier or payment that somebody should look at, as known now (docs/reference/rules.md#findings) | "
    "Phát hiện bất thường"
)


def findings(parts: Sequence[tuple[str, str]]) -> str:
    """The rows of mart.finding. `parts`: code and query of each kind.

    A login of a unit sees the findings of its unit alone (docs/guides/roles.md).
    """
    united = "\nunion all\n".join(f"select '{code}' as finding_code, x.* from (\n{query}\n) as x" for code, query in parts)
    return f"""select
            k.finding_code, k.finding_order, k.name_vi, f.source_code, f.unit_code,
            cast(date_trunc('month', cast(f.month_day as timestamp)) as date) as month_start, f.item, f.dossier_code, f.event_date, f.detail
        from ({united}) as f
        inner join core.finding_kind as k on k.finding_code = f.finding_code
        where case when (select core.own_unit()) is null then true else f.unit_code = (select core.own_unit()) end"""


def finding_view(parts: Sequence[tuple[str, str]], comments: dict[str, str]) -> str:
    """Create the view mart.finding. Arguments: `parts` as in `findings`; `comments`, the comment of each column."""
    told = "".join(f"comment on column mart.finding.{column} is '{comment}';\n" for column, comment in comments.items())
    return f"""create or replace view mart.finding with (security_barrier) as
        {findings(parts)};
        comment on view mart.finding is '{FINDING_COMMENT}';
        {told}"""


def _of_unit(relation: str, alias: str, condition: str) -> str:
    """The rows of a relation that a condition allows, each with its unit (alias u) as it is on the day `:d`."""
    return f"from {relation} as {alias} inner join core.unit_at(:d) as u on u.unit_code = {alias}.unit_code where {condition}"


def count_findings(condition: str, relation: str = FINDING) -> str:
    """Count the findings by kind and unit. `condition`: which of them (aliases f and u); `relation`: what has them."""
    return f"""select f.finding_code as code, f.name_vi, f.unit_code, u.name as unit_name, count(*) as count
        {_of_unit(relation, "f", condition)}
        group by f.finding_order, f.finding_code, f.name_vi, f.unit_code, u.name
        order by f.finding_order, count(*) desc, f.unit_code"""


def list_findings(condition: str, relation: str = FINDING) -> str:
    """List the findings with their dossiers. `condition` and `relation` as in `count_findings`; `:limit` null means all."""
    return f"""select f.finding_code, f.name_vi, f.unit_code, u.name as unit_name, f.item, f.dossier_code, f.event_date, f.detail
        {_of_unit(relation, "f", condition)}
        order by f.finding_order, f.unit_code, f.event_date, f.item
        limit cast(:limit as bigint)"""


# these work on the asked days alone, the view on all of them
PAYMENTS = "(select p.*, 1 as order_count from mart.payment_reconciliation_between(:first, :before) as p)"
SUMMED_PAYMENTS = "mart.payment_reconciliation_sums_between(:first, :before)"


def compare_payments(group: Sequence[str], condition: str, listed: str, *, relation: str = PAYMENTS) -> str:
    """The sums of the orders and amounts (VND) by state, and the orders and dossiers that are listed: the rows with `is_sum` and without.

    Arguments: `group`, the columns beside the state by which they are summed; `condition`, which orders are meant (aliases r and u);
    `listed`, which of them are listed (alias r); `relation`, what has them: SUMMED_PAYMENTS where none that matches is listed; `:limit`, at
    most so many, null: all. The payments are compared once for both.
    """
    names = ("unit_code", "unit_name", "day")
    columns = ", ".join((*group, "state"))
    own = ", ".join(f"s.{name}" if name in group else f"null as {name}" for name in names)
    sums = ("order_count", "fee_vnd", "paid_vnd", "refunded_vnd", "receipt_missing_count")
    return f"""with asked as materialized (
            select r.*, u.name as unit_name {_of_unit(relation, "r", condition)}
        ),
        summed as (
            select
                {columns}, cast(sum(order_count) as bigint) as order_count, coalesce(sum(fee_vnd), 0) as fee_vnd, sum(paid_vnd) as paid_vnd,
                sum(refunded_vnd) as refunded_vnd, count(*) filter (where is_receipt_missing) as receipt_missing_count,
                row_number() over (order by {columns}) as place
            from asked group by {columns}
        ),
        listed as (
            select r.*, row_number() over (order by r.day, r.unit_code, r.order_code, r.dossier_code) as place
            from asked as r where {listed}
            order by r.day, r.unit_code, r.order_code, r.dossier_code
            limit cast(:limit as bigint)
        )
        select
            true as is_sum, s.place, {own}, s.state, {", ".join(f"s.{name}" for name in sums)},
            null as source_code, null as order_code, null as dossier_code, null as success_count, null as receipt_numbers,
            null as is_receipt_missing
        from summed as s
        union all
        select
            false, l.place, {", ".join(f"l.{name}" for name in names)}, l.state, null, l.fee_vnd, l.paid_vnd, l.refunded_vnd, null,
            l.source_code, l.order_code, l.dossier_code, l.success_count, l.receipt_numbers, l.is_receipt_missing
        from listed as l
        order by is_sum desc, place"""


# the SQL on a row of these models for the item that an indicator returns for the record, where it is not `Model.item`
_ITEM = {
    "payment": "v._key",
    "declared_figure": ("concat_ws('', v.file_name, ', SoLieu!A', v.file_line, ': ' || concat_ws('/', v.numerator, v.denominator))"),
}


def has_item(model: Model) -> bool:
    """Whether an item of an indicator can be told from a row of the model's versions."""
    return model.item is not None or model.name in _ITEM


def withdrawn_items(model: Model) -> str:
    """Fill `withdrawn_item` with the changed items whose record was withdrawn after the publication `:publication_id`: by whom, and why.

    Where a withdrawn row was in force, its record counts otherwise because of the withdrawal. Of files that replace a whole day or month,
    every record of that day or month may.
    """
    table = "core.declared_figure_version" if model.merge == "declared" else model.versions
    item = str(model.item).format(row="v") if model.item else _ITEM[model.name]
    of_load = "exists (select 1 from ops.withdrawn_load as l where l.withdrawal_id = w.withdrawal_id and l.load_id = v._load_id)"
    return f"""insert into withdrawn_item (record, item, detail, withdrawal_id)
        select distinct on ({item}) '{model.record}', {item}, w.by_whom || ': ' || w.reason, w.withdrawal_id
        from ops.withdrawal as w
        inner join mart.publication as p on p.publication_id = :publication_id and w.withdrawn_at > p.published_at
        inner join ops.withdrawn_row as r on r.withdrawal_id = w.withdrawal_id and r.table_name = '{table}'
        cross join lateral jsonb_populate_record(cast(null as {table}), r.record) as v
        where {item} in (select c.item from changed_item as c)
            and {"true" if model.merge in ("declared", "day_files") else f"v._is_current and {of_load}"}
        order by {item}, w.withdrawal_id desc"""


def versions_learnt(model: Model) -> str:
    """Fill `learnt` for records that are one key of a version table.

    It compares the newest version now with the newest version known at the publication: does the one break a critical rule, and did the
    other break one?
    """
    newest = ", ".join(f"v.{column.strip()}" for column in model.newest_first.split(","))
    return f"""insert into learnt (record, item, is_deleted, is_restored, is_left_out, is_late, is_changed)
with asked as (
    select distinct c.item
    from changed_item as c
    inner join jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, record text) on c.indicator_code = l.code
    where l.record = '{model.record}'
),

delivered as (
    select
        a.item, coalesce(cast(cast(:published_clocks as jsonb) ->> v.source_code as timestamptz), '-infinity') as frozen_at, v.*
    from asked as a
    inner join {model.versions} as v on a.item = {str(model.item).format(row="v")}
),

version as (
    select
        v.item, v.frozen_at, v._first_seen_at, v._failed_rules, v._is_current,
        row_number() over (
            partition by v.source_code, v.item, v._first_seen_at <= v.frozen_at order by {newest}
        ) = 1 and v._first_seen_at <= v.frozen_at as was_current
    from delivered as v
)

select
    '{model.record}' as record, v.item, false as is_deleted, false as is_restored,
    min(v._first_seen_at) <= max(v.frozen_at)
    and bool_or(v._is_current and v._failed_rules is not null) <> bool_or(v.was_current and v._failed_rules is not null) as is_left_out,
    min(v._first_seen_at) > max(v.frozen_at) as is_late,
    max(v._first_seen_at) > max(v.frozen_at) as is_changed
from version as v
group by v.item"""


def counted_around(statement: str, scope: str) -> str:
    """The items that an indicator's own query counts in a scope, and those that name the scope but count for another unit.

    Arguments: `statement`, the query of the indicator; `scope`, the condition of the scope (aliases x, u, s).
    """
    return f"""select
            coalesce(s.scope_code, x.unit_code) as unit_code, coalesce(c.name, u.name) as unit_name,
            x.unit_code as named_code, u.name as named_name, x.counted_on, x.item, x.is_numerator
        from (
{statement}
) as x
        inner join core.unit_at(:d) as u on u.unit_code = x.unit_code and u.root_code = :root
        left join core.unit_scope(:d) as s on s.unit_code = x.unit_code and x.counted_on between s.from_date and s.to_date
        left join core.unit_at(:d) as c on c.unit_code = s.scope_code
        where {scope} or x.unit_code = :scope"""


# --- explain -----------------------------------------------------------------------------------------------------------

_BIND = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


def numbered(statement: str, number: int) -> str:
    """A statement whose bind values have a number behind their names, so that it can stand beside others: `:source` → `:source_0`."""
    return _BIND.sub(rf":\1_{number}", statement)


def _united(parts: Sequence[tuple[int, str]], columns: str) -> str:
    """The rows of some statements of items. Arguments: as in `_placed`."""
    return "\n        union all\n".join(
        f"""select {number} as clock, y.unit_code, y.counted_on, cast(y.item as text) as item, {columns}
        from (
{part}
        ) as y"""
        for number, part in parts
    )


def _placed(parts: Sequence[tuple[int, str]], columns: str, scope: str, join: str = "inner join", without: str | None = None) -> str:
    """The rows of some statements of items, each with the unit for which it counts, in a scope (aliases x, u, s).

    The same rules as in queries/values/measured.sql. Arguments: `parts`, the statements with their numbers (see `numbered`); `columns`,
    what is read of a row beside its item; `join`, how the unit is joined: with a left join, rows without a known unit stay in the whole;
    `without`, which of the rows (alias y) are placed.
    """
    united = _united(parts, columns)
    if without is not None:
        united = f"select y.* from ({united}) as y where {without}"
    return f"""select x.*, coalesce(s.scope_code, x.unit_code) as counted_code
        from ({united}) as x
        {join} place as u on u.unit_code = x.unit_code
        left join stretch as s on s.unit_code = x.unit_code and x.counted_on between s.from_date and s.to_date
        where case when coalesce(s.root_code, u.root_code, :root) = :root then true else false end and {scope}"""


def counted_at(scope: str, condition: str) -> str:
    """The condition of a scope for `_placed`, as PostgreSQL plans it best.

    It expects that a comparison is true of one row in two hundred, but that a `case` is true of each second one; the rows of two lists
    that it takes for short would be compared one by one. What counts at a unit names the unit, or one for which it stands: by these names
    records are found by an index.
    """
    if scope == "all":
        return condition
    likely = f"case when {condition} then true else false end"
    if scope.startswith("level:"):
        return likely
    named = "select cast(:scope as text) union select t.unit_code from stretch as t where t.scope_code = :scope"
    return f"{likely} and x.unit_code = any(array({named}))"


def _expected_hundred(function: str, columns: str) -> str:
    """Some columns of what a function returns, by way of JSON: of that PostgreSQL expects a hundred rows, of conditions on days a few.

    It would look at the dossiers of these few units by themselves, one after the other, where there are all units.
    """
    return f"select p.* from jsonb_to_recordset((select jsonb_agg(to_jsonb(x)) from {function} as x)) as p ({columns})"


def _clocks(parts: Sequence[tuple[int, str]]) -> str:
    """The source of each statement, with the moments up to which it is counted."""
    rows = ", ".join(
        f"({number}, cast(:source_{number} as text), cast(:last_day_{number} as date), cast(:end_at_{number} as timestamptz), "
        f"cast(:known_at_{number} as timestamptz))"
        for number, _ in parts
    )
    return f"(values {rows}) as k (clock, source_code, last_day, end_at, known_at)"


_OWN_NAMES = "clock, unit_code, named_code, counted_on, item, is_numerator, numerator, denominator, reason"
_OWN = "clock, counted_code as unit_code, unit_code as named_code, counted_on, item, is_numerator, numerator, denominator, reason"
_ASKED_NAMES = (
    "clock, source_code, unit_code, named_code, counted_on, item, is_numerator, numerator, denominator, reason, change, before, after, "
    "detail, last_day, end_at, known_at"
)
_ASKED = (
    "k.clock, k.source_code, c.unit_code, c.named_code, c.counted_on, c.item, c.is_numerator, c.numerator, c.denominator, c.reason, "
    "cast(null as text) as change, cast(null as text) as before, cast(null as text) as after, cast(null as text) as detail, "
    "k.last_day, k.end_at, k.known_at"
)


# the stretches of days of which the records of a unit count elsewhere: without one they count at their unit, and most units have no other
_ELSEWHERE = (
    "(select s.* from core.unit_scope(:d) as s inner join core.unit_at(:d) as n on s.unit_code = n.unit_code "
    "where (s.scope_code, s.level, s.root_code) is distinct from (s.unit_code, n.level, n.root_code))"
)


def counted_in_scope(
    parts: Sequence[tuple[int, str]], scope: str, *, is_distinct: bool, has_figures: bool, has_denominator: bool, is_compared: bool
) -> str:
    """The tables `placed` and `counted`: the items that an indicator counts in a scope.

    Arguments: `parts`, the indicator's own statement for each source, with its number; `scope`, its condition (aliases x, u, s);
    `is_distinct`, whether an item counts once; `has_figures`, whether a row has figures of its own (declared); `has_denominator`, whether
    the indicator has one; `is_compared`, whether `selected` compares other rows with these. PostgreSQL would count them again for each.
    """
    figures = (
        "y.numerator, y.denominator"
        if has_figures
        else f"cast(y.is_numerator as integer) as numerator, {'1' if has_denominator else 'cast(null as integer)'} as denominator"
    )
    once = "distinct on (p.item)" if is_distinct else ""
    order = "order by p.item, p.is_numerator desc, p.counted_code, p.clock" if is_distinct else ""
    return f"""place as materialized ({_expected_hundred("core.unit_at(:d)", "unit_code text, level text, root_code text")}),
    stretch as materialized ({
        _expected_hundred(_ELSEWHERE, "unit_code text, from_date date, to_date date, scope_code text, level text, root_code text")
    }),
    placed as (
        {_placed(parts, f"y.is_numerator, {figures}, cast(null as text) as reason", scope)}
    ),
    counted as {"materialized " if is_compared else ""}(select {once} p.* from placed as p {order})"""


def selected_counted(condition: str) -> str:
    """The table `selected`: the rows of `counted` that a condition allows."""
    return f"selected as (select {_OWN} from counted where {condition})"


def selected_not_counted(parts: Sequence[tuple[int, str]], scope: str, *, is_distinct: bool, is_of_unit: bool) -> str:
    """The table `selected`: the candidates of a scope that are not in `counted`.

    Arguments: `parts`, the statement of the candidates for each source, with its number; see `counted_in_scope`. The numbers go on after
    those of `counted`, in the same order of sources. `is_of_unit`, whether the scope is one unit.
    """
    count = len(parts)
    unit = "" if is_distinct else " and coalesce(t.unit_code, '') = coalesce(y.unit_code, '')"
    none = "cast(null as boolean) as is_numerator, cast(null as integer) as numerator, cast(null as integer) as denominator"
    once = "distinct on (clock, item)" if is_distinct else ""
    is_left = f"y.item is not null and not exists (select 1 from counted as t where t.clock = y.clock - {count} and t.item = y.item{unit})"
    # the few that are left are placed, and not all; of one unit the candidates are found by its code, which does not pass an offset
    fence = "" if is_of_unit else " offset 0"
    return f"""candidate as (
        {_placed(parts, f"y.reason, {none}", scope, "left join", is_left + fence)}
    ),
    selected as (select {once} {_OWN} from candidate {"order by clock, item, counted_code" if is_distinct else ""})"""


def asked_of(parts: Sequence[tuple[int, str]]) -> str:
    """The columns of the table `asked`, and what they are read from beside the rows of `{chosen}` (alias c)."""
    # as a case: of an equality with a single source PostgreSQL expects one row in two hundred, and would look for each record by itself
    return f"select {_ASKED} from {{chosen}} as c inner join {_clocks(parts)} on case when c.clock = k.clock then true else false end"


def page_of_items(
    tables: str,
    own: str,
    asked: str,
    record: str,
    order: Sequence[str],
    condition: str | None,
    reasons: Sequence[str],
    *,
    is_by_record: bool,
) -> str:
    """A page of items with the facts of their records, and the number and the sums of all of them.

    Arguments: `tables`, the tables up to `selected`; `own`, which of its rows are meant; `asked`, the statement that reads the rows of
    `{chosen}` with their sources; `record`, the statement that reads the facts of the rows of `asked`; `order`, the columns of the order,
    with their direction; `condition`, which rows are meant by the columns of the facts, None: all; `reasons`, the statements that say of
    the rows of `left_over` why they do not count, none: they say it themselves; `is_by_record`, whether the order has a column of the
    facts. `:limit` null means all. The first columns are the sums; without a row the others are null.

    All facts of a record cost more than finding it, so those of the page alone are read: a search reads the columns in which it looks, an
    order its column, and PostgreSQL leaves out of the inner `record` what nobody reads. So it is with reasons: unless the order goes by
    them, those of the page are looked for. What an order reads is not kept: the sums need none of it.
    """
    sums = "count(*) as total_count, sum(numerator) as total_numerator, sum(denominator) as total_denominator"
    page = f"order by {', '.join(order)} limit cast(:limit as bigint) offset cast(:offset as bigint)"
    column = order[0].split()[0]
    is_by_reason = bool(reasons) and column == "reason"
    chosen = f"chosen as {'materialized ' if condition is None else ''}(select * from selected where {own})"
    if is_by_reason:
        chosen += f",\n    {_reasoned('chosen', _OWN_NAMES, reasons)}"
    first = "reasoned" if is_by_reason else "chosen"
    if condition or (is_by_record and column not in _ASKED_NAMES.split(", ")):
        sorting = f", {column}" if is_by_record and column not in _ASKED_NAMES.split(", ") else ""
        found = (
            f"with asked as ({asked.format(chosen=first)}) select {_ASKED_NAMES}{sorting} from ({record}) as r where {condition or 'true'}"
        )
        paged = f"""meant as {"" if condition is None else "materialized "}({found}),
    tally as (select {sums} from {"chosen" if condition is None else "meant"}),
    paged as (select {_ASKED_NAMES} from meant {page})"""
        of_page, names = "select p.* from {chosen} as p", _ASKED_NAMES
    else:
        paged = f"""tally as (select {sums} from chosen),
    paged as (select * from {first} {page})"""
        of_page, names = asked, _OWN_NAMES
    if reasons and not is_by_reason:
        paged += f",\n    {_reasoned('paged', names, reasons)}"
        of_page = of_page.format(chosen="reasoned")
    return f"""with {tables},
    {chosen},
    {paged},
    asked as ({of_page.format(chosen="paged")}),
    shown as ({record})
    select tally.*, shown.*, u.name as unit_name
    from tally
    left join shown on true
    left join core.unit_at(:d) as u on shown.unit_code = u.unit_code
    order by {", ".join(f"shown.{column}" for column in order)}"""


def _reasoned(table: str, names: str, reasons: Sequence[str]) -> str:
    """The table `reasoned`: the rows of a table, which has columns of these names, with the reasons why they do not count."""
    own = ", ".join(name for name in names.split(", ") if name != "reason")
    given = "\n        union all\n".join(f"select y.* from (\n{reason}\n        ) as y" for reason in reasons)
    return f"""left_over as materialized (select {own} from {table}),
    reasoned as (
        {given}
    )"""


def one_page(statement: str, searched: Sequence[str], sort: str | None, is_descending: bool) -> str:
    """One page of the rows of a question, each with `total_count`, the number of all rows that were looked for.

    Arguments: `searched`, the columns in which `:pattern` (of ILIKE; null: every row) is looked for; `sort`, the column that sorts,
    otherwise the order of the question stays. The page begins after `:offset` rows and has `:limit` (null: all). Column names are those
    of the question and never come from a reader.
    """
    order = f"r.{sort} {'desc' if is_descending else 'asc'} nulls last, r.place" if sort else "r.place"
    text = ", ".join(f"cast(r.{column} as text)" for column in searched)
    return f"""select r.*, count(*) over () as total_count
        from (select q.*, row_number() over () as place from ({statement}) as q) as r
        where cast(:pattern as text) is null or concat_ws(' ', {text}) ilike cast(:pattern as text)
        order by {order}
        limit cast(:limit as bigint) offset cast(:offset as bigint)"""


# --- another privacy key -----------------------------------------------------------------------------------------------


# `collected_hash` (temporary) has each hash of the old key, `old_hash` the value beside it that takes its place (queries/runs/old_hash.sql)
def _has_hash_of(table: str) -> str:
    """The condition that a hash of a temporary table stands in a row (alias whole_row), in whatever column."""
    return f"""exists (
            select 1 from regexp_matches(cast(whole_row as text), '\\y[0-9a-f]{{32}}\\y', 'g') as found (word)
            inner join {table} as o on o.old = found.word[1]
        )"""


def _of_source(table: str) -> str:
    """The condition that a row of a table of core is of `:source`; equal lists are stored once, so they have no source of their own."""
    if not table.endswith("_list_item"):
        return "source_code = :source"
    return f"list_hash in (select l.list_hash from {table.removesuffix('_item')} as l where l.source_code = :source)"


def _collect(place: str, value: str, field: str | None, condition: str) -> str:
    """Add the hashes to `collected_hash` that a value has in the rows that a condition allows, or a field in the lists of that value."""
    if field is not None:
        array = f"case when jsonb_typeof({value}) = 'array' then {value} else '[]' end"
        place, value = f"{place} cross join lateral jsonb_array_elements({array}) as i (item)", f"(i.item ->> '{field}')"
    return f"""insert into collected_hash (old)
        select distinct {value} from {place} where {condition} and {value} ~ '^[0-9a-f]{{32}}$'
        on conflict do nothing"""


def collect_hashes(table: str, column: str, field: str | None) -> str:
    """Add to `collected_hash` what a column of a table of core has from `:source`: itself (`field` None), or a field in its lists."""
    return _collect(table, column, field, _of_source(table))


def collect_lists(table: str) -> str:
    """Add the hashes of a table's lists to `collected_hash` in which a collected hash stands: by them a guess of it could be tested."""
    value = "record ->> 'list_hash'" if table == "ops.withdrawn_row" else "list_hash"
    return f"""insert into collected_hash (old)
        select distinct {value} from {table} as whole_row where {value} is not null and {_has_hash_of("collected_hash")}
        on conflict do nothing"""


def collect_set_aside(column: str, field: str | None) -> tuple[str, str]:
    """Add to `collected_hash` what a column has in the quarantined and in the withdrawn records of `:source`; see `collect_hashes`."""
    value = f"(record ->> '{column}')" if field is None else f"(record -> '{column}')"
    withdrawn = "withdrawal_id in (select w.withdrawal_id from ops.withdrawal as w where w.source_code = :source)"
    return (
        _collect("ops.quarantine", value, field, "source_code = :source"),
        _collect("ops.withdrawn_row", value, field, withdrawn),
    )


def count_old_hashes(table: str) -> str:
    """Count the rows of a table in which a hash of `old_hash` stands, in whatever column."""
    return f"select count(*) from only {table} as whole_row where {_has_hash_of('old_hash')}"


def replace_old_hashes(table: str, columns: Sequence[Sequence[str]], *, has_content_hash: bool) -> str:
    """Replace each hash of `old_hash` in a table by the value beside it; see `replace_text`."""
    return _replace(table, columns, "pg_temp.with_new_hashes", "", _has_hash_of("old_hash"), has_content_hash=has_content_hash)


# --- erasure of a citizen ----------------------------------------------------------------------------------------------


def count_with_text(table: str) -> str:
    """Count the rows of a table in which `:old` stands, in whatever column."""
    return f"select count(*) from only {table} as whole_row where position(:old in cast(whole_row as text)) > 0"


def _other_content(hash_: str) -> str:
    """A hash of content, mixed with `:secret`, which nobody keeps: equal ones stay equal, and no guess of the content can be tested."""
    again = f"encode(sha256(convert_to(cast(:secret as text) || cast({hash_} as text), 'UTF8')), 'hex')"
    return f"cast(cast('x' || left({again}, 16) as bit(64)) as bigint)"


def _with_other_text(column: str, kind: str, replaced: str, binds: str) -> str:
    other = f"cast({replaced}(cast({column} as text){binds}) as {kind})"
    if kind != "jsonb":
        return other
    hash_ = f"{column} ->> '_content_hash'"
    mixed = _other_content(f"({hash_})")
    return f"case when {hash_} is null then {other} else jsonb_set({other}, '{{_content_hash}}', to_jsonb({mixed})) end"


def _replace(table: str, columns: Sequence[Sequence[str]], replaced: str, binds: str, condition: str, *, has_content_hash: bool) -> str:
    changes = [f"{column} = {_with_other_text(column, kind, replaced, binds)}" for column, kind in columns]
    if has_content_hash:
        changes.append(f"_content_hash = {_other_content('_content_hash')}")
    return f"""update only {table} as whole_row set {", ".join(changes)}
        where {condition}"""


def replace_text(table: str, columns: Sequence[Sequence[str]], *, has_content_hash: bool) -> str:
    """Replace `:old` by `:new` in the rows of a table in which it stands, and mix the hash of their content with `:secret`.

    Arguments: `columns`, the columns that can hold a text, each with its type; `has_content_hash`, whether the table has `_content_hash`,
    by which somebody with the key could test a guess of what was replaced, because every other column of the row stays.
    """
    return _replace(
        table, columns, "replace", ", :old, :new", "position(:old in cast(whole_row as text)) > 0", has_content_hash=has_content_hash
    )
