"""Regular maintenance: remove old landing files, and update the statistics of the query planner."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import text

from cchc.period import now
from cchc.settings import Settings
from cchc.warehouse import engine, query
from cchc.warehouse.queries import ask

log = logging.getLogger(__name__)


def remove_old_landing(settings: Settings, keep_days: int) -> list[str]:
    """Remove what landed more than `keep_days` days ago, whatever became of it. Returns the removed folders, below the landing.

    A retry reads the landing of an earlier load, so a folder is removed when the newest load that uses it is old enough. Then the folders
    of runs are removed that ended so long ago and of which no load is left: a run that failed or was killed leaves such. What belongs to no
    run of this warehouse stays, and is told. The manifest of a load stays in ops.load. A load without landing cannot be retried from
    quarantine; `cchc quarantine retry` says so.
    """
    from cchc.sources.landing import Folder

    before = now() - timedelta(days=keep_days)
    landing = Folder(settings.landing_url)
    with engine(settings).connect() as connection:
        old = [row["landing_path"] for row in ask(connection, "runs/old_landing", before=before)]
    removed = []
    for path in old:
        landing.child(*path.split("/")).remove()
        with engine(settings).begin() as connection:
            connection.execute(text("update ops.load set landing_path = null where landing_path = :p"), {"p": path})
        removed.append(path)
    with engine(settings).connect() as connection:
        runs = ask(connection, "runs/run_of_landing", before=before)
    is_over = {f"{row['source_code']}/{row['extract_id']:08d}": row["is_over"] for row in runs}
    folders = [f"{source}/{run}" for source in landing.names("directory") for run in landing.child(source).names("directory")]
    told = {"/".join(path.split("/")[:2]) for path in removed}
    for folder in folders:
        if is_over.get(folder):
            landing.child(*folder.split("/")).remove()
            removed += [] if folder in told else [folder]
    if strange := sorted(set(folders) - is_over.keys()):
        log.warning(
            "retention: %s folders of the landing belong to no run of this warehouse and stay: %s", len(strange), ", ".join(strange[:10])
        )
    for path in removed:
        log.info("retention: removed landing %s", path)
    return removed


def analyze(settings: Settings) -> None:
    """Update the statistics of the query planner for core and mart."""
    with engine(settings).begin() as connection:
        for row in query(connection, "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('core', 'mart')"):
            connection.execute(text(f"analyze {row['name']}"))
