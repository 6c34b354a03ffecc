"""Payments by day: the highest valid revision of a day's file, or the newest answer for a day, replaces the whole day.

If one key stands in the files of two days, the row of the later day is in force. `core.payment_version` keeps the rows of every valid
file; `_is_current` marks the rows in force.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.core.doubts import note_lost_payments
from cchc.core.merge import Counts, columns_of
from cchc.models import MODELS
from cchc.reference.dirty_months import mark_dirty_months
from cchc.settings import Settings
from cchc.warehouse import composed, run_file


def merge_payments(
    connection: Connection, settings: Settings, source: str, staged: str, changed: str, marked_until: datetime, extract_id: int
) -> dict[int, Counts]:
    """Store the rows of the validated files of an extract, decide which rows are in force, and mark the months of their days.

    Arguments: `staged`, the relation with the staged rows; `changed`, the name of the temporary table to create with the touched days;
    `marked_until`, the latest moment whose month may be marked. Returns the counts of each load by its id.
    """
    target = MODELS["payment"]
    stored = columns_of(connection, target.versions)
    same_row = " and ".join(f"v.{column} = a.{column}" for column in target.primary_key)
    run_file(connection, settings, "core/payment_day", extract_id=extract_id)
    connection.execute(
        text(
            f"create temp table {changed} on commit drop as select distinct d.source_code, d.file_date from core.payment_day as d "
            "inner join ops.load as l on l.load_id = d._load_id and l.status = 'validated' and l.extract_id = :x"
        ),
        {"x": extract_id},
    )
    connection.execute(
        text(
            f"create temp table payment_before on commit drop as select v.source_code, v.file_date, v._key from {target.versions} as v "
            f"inner join {changed} as c using (source_code, file_date) where v._is_current"
        )
    )
    # Two answers for a day may have one T; what the newer one does not have is gone. Files of one day and T are never two.
    connection.execute(text(composed.absent_payments(target, staged)), {"x": extract_id})
    connection.execute(text(f"delete from {target.versions} as v using absent_payment as a where {same_row}"))
    connection.execute(text(composed.store_payments(target, staged, stored)))
    # A key of a touched day may also stand in other days, so for all its rows it is decided again which one is in force.
    connection.execute(
        text(
            f"create temp table {changed}_key on commit drop as select distinct v.source_code, v._key from core.payment_version as v "
            f"inner join {changed} as c using (source_code, file_date) union select source_code, _key from absent_payment"
        )
    )
    decide_in_force(connection, settings, f"{changed}_key")
    note_lost_payments(connection, extract_id)
    mark_dirty_months(
        connection,
        settings,
        source,
        f"select distinct v.file_date as from_date, v.file_date as to_date from core.payment_version as v "
        f"inner join {changed}_key as c using (source_code, _key) union select file_date, file_date from absent_payment",
        marked_until,
        "payment days that changed",
    )
    counts = connection.execute(text(composed.count_payments(target, staged))).all()
    connection.execute(text("drop table absent_payment, payment_before"))
    return {row[0]: Counts(row[1], 0, row[2], row[3]) for row in counts}


def decide_in_force(connection: Connection, settings: Settings, changed: str) -> None:
    """Set `_is_current` on the row in force of each key in the temporary table `changed`.

    That is the row of the latest day, in the highest valid revision of that day.
    """
    connection.execute(text(f"analyze {changed}"))
    connection.execute(text(f"create temp view payment_key_changed as select source_code, _key from {changed}"))
    run_file(connection, settings, "core/payment_in_force")
    connection.execute(text("drop view payment_key_changed"))
