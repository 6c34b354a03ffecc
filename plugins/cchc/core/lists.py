"""Full lists (procedures, leaders): each list is stored under the hash of its content, so equal lists are stored once.

The newest list says which keys exist. Attributes of a key come from the newest list that was fetched at or before the end of the period
(end_at).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core.doubts import note_ended_entries
from cchc.core.merge import Counts, columns_of
from cchc.period import ZONE
from cchc.reference.dirty_months import mark_dirty_months
from cchc.settings import Settings
from cchc.warehouse import asked_binds, composed


def merge_list(
    connection: Connection,
    settings: Settings,
    model: str,
    source: str,
    load_id: int,
    staged: str,
    known_at: datetime,
    marked_until: datetime,
) -> dict[int, Counts]:
    """Store one full list, and mark the months that a change of the list touches.

    Arguments: `staged`, the relation with the staged items; `known_at`, the T of the extract; `marked_until`, the latest moment whose month
    may be marked. Returns the counts of each load by its id: `inserted` are the items of a first list, `updated` the items that are not in
    the list before in the same form, `unchanged` the rest.
    """
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
    # the list that was in force at known_at so far; if the extract is run again, this is the list of its first run
    found = connection.execute(
        text(f"select list_hash, fetched_at from {fetches} where source_code = :s and fetched_at <= :t order by fetched_at desc limit 1"),
        {"s": source, "t": known_at},
    ).one_or_none()
    before, before_at = (found.list_hash, found.fetched_at) if found else (None, None)
    note_ended_entries(connection, model, load_id, before, known_at)
    known = connection.execute(text(f"select 1 from {items} where list_hash = :h limit 1"), {"h": row.hash}).scalar()
    if known is None:
        connection.execute(
            text(f"insert into {items} (list_hash, {names}) select cast(:h as text), {names} from listed_{model} order by _key"),
            {"h": row.hash},
        )
    connection.execute(text(composed.store_list(fetches)), {"s": source, "t": known_at, "h": row.hash, "l": load_id})
    compare = composed.list_change(model, content)
    values = {"before": before, "s": source, "t": known_at, "is_later": before_at is not None and before_at < known_at, "zone": ZONE.key}
    connection.execute(text(compare), asked_binds(compare, values))
    changed = connection.execute(text("select count(*) from list_change")).scalar_one()
    if changed:
        mark_dirty_months(
            connection,
            settings,
            source,
            "select from_date, cast(null as date) as to_date from list_change",
            marked_until,
            f"list of {model}s that changed",
        )
    total = connection.execute(text(f"select count(*) from listed_{model}")).scalar_one()
    connection.execute(text("drop table list_change"))
    new = min(int(changed), int(total)) if before is not None else int(total)
    # A list over HTTP is one load. A list in files is several loads, which together are the list: an item that stands in two files
    # counts as replaced in one of them.
    delivered, kept = (
        {row[0]: row[1] for row in connection.execute(text(f"select _load_id, count(*) from {relation} group by _load_id"))}
        for relation in (staged, f"listed_{model}")
    )
    counts = {load: Counts(0, 0, kept.get(load, 0), rows - kept.get(load, 0)) for load, rows in delivered.items()}
    own = counts.get(load_id, Counts(0, 0, 0))
    new = min(new, own.unchanged)
    counts[load_id] = Counts(new if before is None else 0, 0 if before is None else new, own.unchanged - new, own.replaced)
    return counts
