"""Regular maintenance: remove old landing files and old counts, and update the statistics of the query planner."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import text

from cchc.period import now
from cchc.settings import Settings
from cchc.warehouse import engine, query
from cchc.warehouse.locks import hold
from cchc.warehouse.queries import ask, count_rows, run_statement

log = logging.getLogger(__name__)

NEWEST_LOADS = 30  # loads of an entity whose counts of fields stay, however old they are


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
    removed = _forget_old_landing(settings, before)
    for path in removed:
        landing.child(*path.split("/")).remove()
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


def _forget_old_landing(settings: Settings, before: datetime) -> list[str]:
    """Let the loads whose landing is to be removed name none any more. Returns the folders, below the landing.

    First of all, and while no retry of the source can open: a folder that a load names is there, for a retry and for a backup alike. A
    folder that is named by none and was not removed, because the process was killed, goes with that of its run.
    """
    with engine(settings).connect() as connection:
        sources = sorted({row["landing_path"].partition("/")[0] for row in ask(connection, "runs/old_landing", before=before)})
    forgotten: list[str] = []
    for source in sources:
        with engine(settings).begin() as connection:
            hold(connection, f"load {source}")
            found = [row["landing_path"] for row in ask(connection, "runs/old_landing", before=before)]
            paths = [path for path in found if path.startswith(f"{source}/")]
            connection.execute(text("update ops.load set landing_path = null where landing_path = any(:paths)"), {"paths": paths})
        forgotten += paths
    return forgotten


def forget_counts(settings: Settings, keep_days: int) -> int:
    """Remove what checks and fields of loads older than `keep_days` days have counted, and repeated entries of their quarantine.

    Each load writes a row for every rule and every field, so these tables grow with the number of loads whatever is in them, and a new
    delivery is compared with the fields of all loads that are kept. A record that is delivered wrong each day has an entry of each day.
    Rules that failed stay, and so do the fields of the newest NEWEST_LOADS loads of an entity, with which a source that seldom delivers
    is compared; and of a record's entries the first, and those that no other repeats. What was noted to compare an edition quickly goes
    when it is superseded or so old: it is compared by all of its items then. Returns how many rows were removed.
    """
    before = now() - timedelta(days=keep_days)
    with engine(settings).begin() as connection:
        checks = run_statement(connection, "runs/forget_check", before=before).rowcount
        fields = run_statement(connection, "runs/forget_field", before=before, newest=NEWEST_LOADS).rowcount
        repeated = run_statement(connection, "runs/forget_repeated", before=before).rowcount
        editions = run_statement(connection, "runs/forget_edition_count", before=before).rowcount
        changed = run_statement(connection, "runs/forget_changed_dossier").rowcount
    said = f"{checks} results of passed checks, {fields} counts of fields and {repeated} repeated entries of quarantine"
    log.info("retention: removed %s, of loads older than %s days", said, keep_days)
    log.info("retention: removed %s notes of editions and %s of dossiers that have changed since", editions, changed)
    return checks + fields + repeated + editions + changed


def analyze(settings: Settings) -> None:
    """Update the statistics of the query planner for core and mart."""
    with engine(settings).begin() as connection:
        for row in query(connection, "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('core', 'mart')"):
            count_rows(connection, row["name"])
