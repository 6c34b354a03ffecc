"""Regular maintenance: remove old landing files, and update the statistics of the query planner."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import text

from cchc.period import now
from cchc.settings import Settings
from cchc.warehouse import engine, query

log = logging.getLogger(__name__)


def remove_old_landing(settings: Settings, keep_days: int) -> list[str]:
    """Remove the landing of the extracts that ended more than `keep_days` days ago. Returns the removed folders.

    The manifest stays in ops.load. A load without landing cannot be retried from quarantine; `cchc quarantine retry` skips it.
    """
    from cchc.sources.landing import Folder

    with engine(settings).connect() as connection:
        # A retry reads the landing of an earlier load, so a folder is removed only when the newest load that uses it is old enough.
        rows = query(
            connection,
            "select landing_path from ops.load where landing_path is not null group by landing_path "
            "having bool_or(status = 'loaded') and max(coalesce(ended_at, started_at)) < :before order by 1",
            {"before": now() - timedelta(days=keep_days)},
        )
    removed = []
    for row in rows:
        Folder(row["landing_path"]).remove()
        with engine(settings).begin() as connection:
            connection.execute(text("update ops.load set landing_path = null where landing_path = :p"), {"p": row["landing_path"]})
        log.info("retention: removed landing %s", row["landing_path"])
        removed.append(row["landing_path"])
    return removed


def analyze(settings: Settings) -> None:
    """Update the statistics of the query planner for core and mart."""
    with engine(settings).begin() as connection:
        for row in query(connection, "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('core', 'mart')"):
            connection.execute(text(f"analyze {row['name']}"))
