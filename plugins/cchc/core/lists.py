"""Full lists (procedures, leaders): each answer is kept by its content, and a list that says the same is stored once.

indicators.md §1.6: which keys exist comes from the newest list; flags from the newest list fetched at or before J.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core.merge import Counts, columns_of
from cchc.reference.dirty_months import mark_dirty_months
from cchc.settings import Settings

# days from which a period may differ when an item of the list appears, changes or vanishes; dossiers received before any version
# of their procedure take the oldest one (indicators.md §3), so a procedure reaches back to the first of them that was finished
_FROM_DATE = {
    "procedure": "least(i.valid_from, i.decision_date, (select min(d.finished_date) from mart.dossier as d where d.is_counted "
    "and d.source_code = :s and d.unit_code = i.unit_code and d.procedure_code = i.procedure_code and d.received_date < i.valid_from))",
    "leader": "i.from_date",
}


def merge_list(
    connection: Connection, settings: Settings, model: str, source: str, load_id: int, staged: str, known_at: datetime, clock: datetime
) -> dict[int, Counts]:
    """Store one full list; counts: inserted = items that no list before had in this form, unchanged = the rest."""
    items, fetches = f"core.{model}_list_item", f"core.{model}_list"
    columns = columns_of(connection, items)
    content = [column for column in columns if column not in ("list_hash",)]
    names = ", ".join(content)
    connection.execute(
        text(
            f"create temp table listed_{model} on commit drop as select distinct on (_key) {names}, _load_id from {staged} "
            "order by _key, _load_id desc, _line desc"
        )
    )
    row = connection.execute(
        text(f"select md5(coalesce(string_agg(cast(row({names}) as text), '|' order by _key), '')) as hash from listed_{model}")
    ).one()
    # the list that was in force at T until now; the one of T itself where the extract is run again
    before = connection.execute(
        text(f"select list_hash from {fetches} where source_code = :s and fetched_at <= :t order by fetched_at desc limit 1"),
        {"s": source, "t": known_at},
    ).scalar()
    known = connection.execute(text(f"select 1 from {items} where list_hash = :h limit 1"), {"h": row.hash}).scalar()
    if known is None:
        connection.execute(
            text(f"insert into {items} (list_hash, {names}) select cast(:h as text), {names} from listed_{model} order by _key"),
            {"h": row.hash},
        )
    connection.execute(
        text(
            f"insert into {fetches} (source_code, fetched_at, list_hash, _load_id) values (:s, :t, :h, :l) "
            "on conflict (source_code, fetched_at) do update set list_hash = excluded.list_hash, _load_id = excluded._load_id "
            f"where {fetches}.list_hash <> excluded.list_hash"
        ),
        {"s": source, "t": known_at, "h": row.hash, "l": load_id},
    )
    connection.execute(
        text(
            f"""create temp table list_change on commit drop as
            select {_FROM_DATE[model]} as from_date
            from (
                select {names}, count(*) over (partition by cast(row({names}) as text)) as met
                from (
                    select {names} from {items} where list_hash = cast(:before as text)
                    union all
                    select {names} from listed_{model}
                ) as both_lists
            ) as i
            where i.met = 1"""
        ),
        {"before": before} | ({"s": source} if model == "procedure" else {}),
    )
    changed = connection.execute(text("select count(*) from list_change")).scalar_one()
    if changed:
        mark_dirty_months(
            connection,
            settings,
            source,
            "select from_date, cast(null as date) as to_date from list_change",
            clock,
            f"list of {model}s that changed",
        )
    total = connection.execute(text(f"select count(*) from listed_{model}")).scalar_one()
    connection.execute(text("drop table list_change"))
    new = min(int(changed), int(total)) if before is not None else int(total)
    # a list over HTTP is one load; as files it is several, which together are the list: what one repeats of another is replaced
    delivered, kept = (
        {row[0]: row[1] for row in connection.execute(text(f"select _load_id, count(*) from {relation} group by _load_id"))}
        for relation in (staged, f"listed_{model}")
    )
    counts = {load: Counts(0, 0, kept.get(load, 0), rows - kept.get(load, 0)) for load, rows in delivered.items()}
    own = counts.get(load_id, Counts(0, 0, 0))
    new = min(new, own.unchanged)
    counts[load_id] = Counts(new if before is None else 0, 0 if before is None else new, own.unchanged - new, own.replaced)
    return counts
