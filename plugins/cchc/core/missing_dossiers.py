"""Dossiers that a source lists but that are not stored (ops.missing_key).

The source's lists of keys (the answers of /keys) name every dossier that was received in a month. If a dossier is listed as existing and
no extract has delivered it, either it was lost (an extract had a wrong known_at, or a window was never extracted), or the source received
it while the extract ran. In both cases the month is provisional until the dossier is stored.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.reference.dirty_months import mark_dirty_months
from cchc.settings import Settings
from cchc.warehouse import run_file


def update_missing_keys(connection: Connection, settings: Settings, source: str, marked_until: datetime) -> None:
    """Bring ops.missing_key up to date after a load, and mark the months that became provisional or are no longer provisional.

    Arguments: `marked_until`, the latest moment whose month may be marked. If the extract asked for keys, the temporary table `listed_key`
    exists and is compared with the stored dossiers. Otherwise only the dossiers that have arrived are removed from ops.missing_key.
    """
    connection.execute(
        text("create temp table missing_before on commit drop as select distinct month_start from ops.missing_key where source_code = :s"),
        {"s": source},
    )
    run_file(connection, settings, "core/missing_key_arrived", source=source)
    if connection.execute(text("select to_regclass('pg_temp.listed_key')")).scalar() is not None:
        run_file(connection, settings, "core/missing_key", source=source)
        run_file(connection, settings, "core/missing_key_since")
    mark_dirty_months(
        connection,
        settings,
        source,
        "select month_start as from_date, cast(month_start + interval '1 month' as date) - 1 as to_date from ("
        "select month_start from missing_before union all "
        f"select distinct month_start from ops.missing_key where source_code = '{source}') as m group by month_start having count(*) = 1",
        marked_until,
        "dossiers that the source lists and that are not stored",
    )
