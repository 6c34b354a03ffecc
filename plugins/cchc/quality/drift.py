"""How the fields of a source change from delivery to delivery, from the counts in ops.load_field."""

from __future__ import annotations

from cchc.settings import Settings
from cchc.sources.fields import Earlier, Share
from cchc.warehouse import engine, query

# a table has its columns in every record, so only its values show that a field comes
SHARES = r"""
    select
        l.entity, f.field, sum(f.record_count) as records, sum(f.present_count) as present,
        sum(
            case when l.file_name ~* '\.(csv|xlsx)(\.gz)?$' then coalesce(f.filled_count, f.present_count) else f.present_count end
        ) as shown
    from ops.load_field as f inner join ops.load as l on l.load_id = f.load_id
    where l.source_code = :s and l.status = 'loaded'
    group by l.entity, f.field
"""


def earlier_deliveries(settings: Settings, source: str) -> dict[str, Earlier]:
    """Entity → what its published deliveries were like, for the extract that comes."""
    with engine(settings).connect() as connection:
        loads = query(
            connection,
            "select entity, count(*) as loads, array_agg(distinct file_name) filter (where file_name is not null) as files from ops.load "
            "where source_code = :s and status = 'loaded' group by entity",
            {"s": source},
        )
        shares = query(connection, SHARES, {"s": source})
    fields: dict[str, dict[str, Share]] = {}
    for row in shares:
        fields.setdefault(row["entity"], {})[row["field"]] = Share(int(row["records"]), int(row["present"]), int(row["shown"]))
    return {row["entity"]: Earlier(row["loads"], fields.get(row["entity"], {}), frozenset(row["files"] or ())) for row in loads}
