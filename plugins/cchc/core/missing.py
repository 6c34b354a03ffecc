"""Dossiers that the source lists and that are not stored: what a month lacks, by the source's own count.

The answers of /keys name every dossier that was received in a month. One that is listed as existing and that no delivery has brought was
lost on the way (an extract with a wrong T, a window that was never asked for), or came in while the extract ran. Either way the month is
provisional until it is there.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.reference.dirty_months import mark_dirty_months
from cchc.settings import Settings
from cchc.warehouse import run_file


def note_missing_keys(connection: Connection, settings: Settings, source: str, known_at: datetime, reach: datetime) -> None:
    """Bring ops.missing_key up to date after a load, and mark the months that have become provisional by it, or no longer are.

    Uses the temporary table `listed_key` where the extract has asked for keys; without it only what has arrived meanwhile goes.
    """
    connection.execute(
        text("create temp table missing_before on commit drop as select distinct month_start from ops.missing_key where source_code = :s"),
        {"s": source},
    )
    run_file(connection, settings, "core/missing_key_arrived", source=source)
    if connection.execute(text("select to_regclass('pg_temp.listed_key')")).scalar() is not None:
        run_file(connection, settings, "core/missing_key", source=source, known_at=known_at)
    mark_dirty_months(
        connection,
        settings,
        source,
        "select month_start as from_date, cast(month_start + interval '1 month' as date) - 1 as to_date from ("
        "select month_start from missing_before union all "
        f"select distinct month_start from ops.missing_key where source_code = '{source}') as m group by month_start having count(*) = 1",
        reach,
        "dossiers that the source lists and that are not stored",
    )
