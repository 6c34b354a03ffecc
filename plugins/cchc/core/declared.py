"""Declared workbooks: a later file of a unit and month replaces the earlier one as a whole, and both stay on record.

The file with the greatest (revision, known_at of its extract) is in force, whatever the order of arrival. A file with the same content
as the delivery before it is not stored again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core.doubts import note_withdrawn_figures
from cchc.core.merge import Counts
from cchc.period import now
from cchc.reference.plan import first_day
from cchc.settings import Settings
from cchc.warehouse import run_file
from cchc.warehouse.queries import ask

FIGURE = (
    "source_code, unit_code, month_start, indicator_code, numerator, denominator, proof_sign, proof_date, is_approved, approved_date, "
    "file_revision, _first_seen_at, _content_hash, _load_id"
)
_SAME_FILE = " and ".join(
    f"v.{column} = r.{column}" for column in ("source_code", "unit_code", "month_start", "file_revision", "_first_seen_at")
)


def merge_declared(connection: Connection, settings: Settings, source: str, staged: str, marked_until: datetime) -> dict[int, Counts]:
    """Store the files of one extract and their figures, and mark the months that they touch.

    Arguments: `staged`, the relation with the staged figures; `marked_until`, the latest moment whose month may be marked. Returns the
    counts of each load by its id.
    """
    run_file(connection, settings, "core/declared_file_delivered")
    # when the same file is staged again under the same known_at, its rows are replaced
    _delete_figures(connection, "declared_file_delivered")
    run_file(connection, settings, "core/declared_file")
    connection.execute(
        text(
            f"insert into core.declared_figure_version ({FIGURE}, file_name, file_line) "
            f"select {FIGURE}, _file, _line from {staged} where numerator is not null order by unit_code, month_start, indicator_code"
        )
    )
    drop_repeated_files(connection, settings, source)
    note_withdrawn_figures(connection)
    first = first_day(settings)
    run_file(connection, settings, "core/declared_dirty_month", source=source, marked_until=marked_until, now=now(), first_day=first)
    delivered = connection.execute(
        text(f"select _load_id, count(*) filter (where numerator is null) from {staged} group by _load_id")
    ).all()
    counts = {load: Counts(0, 0, 0, keyless=unreadable) for load, unreadable in delivered}
    for row in ask(connection, "declared/file_state"):
        load_id, new = row["_load_id"], row["figure_count"] if row["is_kept"] else 0
        counts[load_id] = replace(
            counts[load_id],
            inserted=0 if row["has_other"] else new,
            updated=new if row["has_other"] else 0,
            unchanged=row["figure_count"] - new,
        )
    return counts


def drop_repeated_files(connection: Connection, settings: Settings, source: str) -> None:
    """Delete each file whose content equals the delivery of the same revision before it, in whatever order the two arrived.

    Only the units and months in the temporary table `declared_file_delivered` are compared.
    """
    run_file(connection, settings, "core/declared_file_repeated", source=source)
    _delete_figures(connection, "declared_file_repeated")
    connection.execute(text(f"delete from core.declared_file as v using declared_file_repeated as r where {_SAME_FILE}"))


def _delete_figures(connection: Connection, files: str) -> None:
    """Delete the stored figures of the files in a temporary table."""
    connection.execute(text(f"delete from core.declared_figure_version as v using {files} as r where {_SAME_FILE}"))
