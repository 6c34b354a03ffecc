"""The runs of a source, as rows of ops.extract: open a run, end it by a newer run, resume it, and drop its staging tables.

A source has at most one running ingest. If another one is opened, the older one is superseded, and its next step stops with an error. Each
run has staging tables of its own, so a run never changes the rows of another run.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from cchc.errors import CchcError, WrongClock, WrongUse
from cchc.period import CLOCK_TOLERANCE, now
from cchc.settings import Settings
from cchc.sources.asked_days import last_midnight
from cchc.sources.landing import require_writable
from cchc.sources.profile import Profile, load_profile
from cchc.staging.tables import extract_of
from cchc.states import ExtractStatus
from cchc.warehouse import engine, known_at_of, query
from cchc.warehouse.locks import REBUILD, is_held
from cchc.warehouse.queries import ask, run_statement

log = logging.getLogger(__name__)

# the values of ops.extract.superseded_by: what ended a run that was still running
NEWER_RUN, NEWER_RETRY, REWIND, WITHDRAWAL, NEW_KEY = "newer_run", "newer_retry", "rewind", "withdrawal", "new_key"
SUPERSEDED = {
    NEWER_RUN: "a newer run of the source was started",
    NEWER_RETRY: "a newer retry of the same extract was started",
    REWIND: "T of the source was set back",
    WITHDRAWAL: "what it reads again was withdrawn",
    NEW_KEY: "the privacy key was changed",
}


def open_extract(
    settings: Settings,
    source: str,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    full: bool = False,
    is_to_named: bool | None = None,
) -> int:
    """Open the ingest of a source for a window of change time. Returns the id of the new row in ops.extract.

    Arguments: `start` (included) and `end` (excluded), the window. `end` becomes known_at of the source; the default is now,
    and where days are asked for, it is the last midnight. The default of
    `start` is known_at of the source minus the overlap in the profile; with `full`, or if the source has no known_at yet, the window has no
    start. Because known_at stops at the first hole, the default window includes every hole. `is_to_named`: whether a person chose `end`;
    by default this is so if `end` is given (a schedule also gives it).

    A running ingest of the same source is superseded; if it is loading at this moment, this call waits for it. Raises WrongUse if the
    window is empty or in the future, WrongClock if the clock of this machine is ahead of the clock of the database, and CchcError if the
    landing cannot be written.
    """
    profile = load_profile(settings.sources_dir, source)
    require_writable(settings.landing_url, source)
    moment = now()
    to = end or moment
    if profile.is_by_day:  # a day is asked for when it is over
        to = last_midnight(profile, to)
    named = end is not None if is_to_named is None else is_to_named
    if to > moment + CLOCK_TOLERANCE:
        raise WrongUse(f"--to {to.isoformat()} lies in the future; T can be at most now ({moment.isoformat(timespec='seconds')})")
    with engine(settings).begin() as connection:
        require_no_rebuild(connection)
        _require_clock(connection, source, to)
        # This comes first because it waits for a run that is loading, and the known_at of that run decides where this window begins.
        supersede(connection, NEWER_RUN, "source_code = :s and kind = 'ingest'", {"s": source})
        last = known_at_of(connection, source)
        begin = start
        if begin is None and not full and last is not None and not _new_entities(connection, profile):
            begin = min(last, to) - timedelta(hours=profile.overlap_hours)
        if begin is not None and begin >= to:
            raise WrongUse(f"the window [{begin.isoformat()}, {to.isoformat()}) is empty")
        extract_id: int = connection.execute(
            text(
                "insert into ops.extract (source_code, window_from, window_to, status, started_at, is_from_named, is_to_named) "
                "values (:s, :a, :b, 'running', :now, :from_named, :to_named) returning extract_id"
            ),
            {"s": source, "a": begin, "b": to, "now": moment, "from_named": start is not None, "to_named": named},
        ).scalar_one()
        _give_up(connection, source, extract_id)
    sweep_staging(settings, source)
    return extract_id


def require_no_rebuild(connection: Connection) -> None:
    """Raise WrongUse while the warehouse is built from landing; where it is not, that waits for the transaction of `connection`."""
    if is_held(connection, REBUILD):
        raise WrongUse("the warehouse is being built from landing (`cchc rebuild`): no run begins before that is done. Nothing was changed")


def supersede(connection: Connection, by: str, which: str, binds: dict[str, Any], *, or_failed: bool = False) -> None:
    """End the running extracts that match an SQL condition; their next step stops with an error.

    Arguments: `by`, a key of SUPERSEDED; `which`, the SQL condition; `binds`, the bind values in `which`; `or_failed`, also the failed
    ones, which Airflow may try again.
    """
    connection.execute(
        text(
            "update ops.extract set status = 'superseded', superseded_by = :by, message = :words, ended_at = :now "
            f"where status = any(:statuses) and {which}"
        ),
        {
            **binds,
            "by": by,
            "words": SUPERSEDED[by],
            "now": now(),
            "statuses": [ExtractStatus.RUNNING, *([ExtractStatus.FAILED] if or_failed else [])],
        },
    )


def _new_entities(connection: Connection, profile: Profile) -> list[str]:
    """The entities of the profile that were never extracted completely, because they were added to the profile later."""
    rows = query(connection, "select entity from ops.covered_stretch where source_code = :s and is_base", {"s": profile.source})
    covered = {row["entity"] for row in rows}
    return [] if "*" in covered else [name for name in profile.entities if name not in covered]


def _require_clock(connection: Connection, source: str, to: datetime) -> None:
    """Raise WrongClock if `to` is later than the clock of the database: a wrong clock on this machine would make known_at wrong."""
    database: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    if to > database + CLOCK_TOLERANCE:
        raise WrongClock(
            f"{source}: T = {to.isoformat(timespec='seconds')} is later than the database's clock "
            f"({database.astimezone(to.tzinfo).isoformat(timespec='seconds')}) by {to - database}. Nothing was asked for. "
            "Set the clocks of both machines by a time server, or name T with --to."
        )


def _give_up(connection: Connection, source: str, before: int) -> None:
    """End the unpublished loads of the runs before this one; no later run continues them."""
    run_statement(connection, "runs/given_up", source=source, extract_id=before)


def resume(settings: Settings, extract_id: int, step: str) -> dict[str, Any]:
    """The row of an extract whose next step begins now.

    A failed run may be resumed (Airflow tries a task several times) until a newer run of the source is opened. Raises WrongUse if the
    extract does not exist or has ended, and CchcError if it was superseded.
    """
    with engine(settings).begin() as connection:
        rows = query(connection, "select * from ops.extract where extract_id = :x for update", {"x": extract_id})
        if not rows:
            raise WrongUse(f"there is no extract {extract_id}")
        row = rows[0]
        require_running(connection, row, step, or_failed=True)
        if row["status"] == ExtractStatus.FAILED:
            connection.execute(
                text("update ops.extract set status = 'running', message = null, ended_at = null where extract_id = :x"), {"x": extract_id}
            )
    return row


def locked(connection: Connection, extract_id: int, step: str) -> dict[str, Any]:
    """The row of a running extract, locked until the end of the open transaction. Raises as `resume` if it is no longer running."""
    row = query(connection, "select * from ops.extract where extract_id = :x for update", {"x": extract_id})[0]
    require_running(connection, row, step)
    return row


def require_running(connection: Connection, row: dict[str, Any], step: str, *, or_failed: bool = False) -> None:
    """Raise WrongUse or CchcError, as `resume` does, unless the run may begin `step`."""
    number, source = row["extract_id"], row["source_code"]
    newer = connection.execute(
        text(
            "select max(extract_id) from ops.extract where source_code = :s and kind = :k and extract_id > :x "
            "and status in ('running', 'complete', 'blocked')"
        ),
        {"s": source, "k": row["kind"], "x": number},
    ).scalar()
    if row["superseded_by"] in (REWIND, NEW_KEY, WITHDRAWAL):
        why = f"because {SUPERSEDED[row['superseded_by']]} while it was in work"
        told = f"extract {number} of {source} was given up, {why}; nothing of it is published. "
        if row["superseded_by"] == WITHDRAWAL:
            raise CchcError(told + "What was withdrawn counts as never delivered; `cchc reload` reads a load again")
        raise CchcError(f"{told}{_what_now(row)}")
    if row["status"] == ExtractStatus.SUPERSEDED or (row["status"] == ExtractStatus.FAILED and newer is not None):
        named = f" (extract {newer})" if newer is not None else ""
        raise CchcError(f"extract {number} of {source} gave way to a newer one{named}; nothing of it is published. {_what_now(row)}")
    if row["status"] != ExtractStatus.RUNNING and not (or_failed and row["status"] == ExtractStatus.FAILED):
        raise WrongUse(f"extract {number} of {source} is {row['status']}: there is nothing to {step}")


def _what_now(row: dict[str, Any]) -> str:
    """What brings what a run that gave way would have brought."""
    if row["kind"] == "retry":
        return (
            f"It read again what extract {row['retry_of']} had landed; a retry of the quarantine, a reload or a withdrawal may have come "
            "between. What that one did stands; do yours again where it is still to be done"
        )
    return f"What it would have brought is asked for by the next run: `cchc ingest {row['source_code']}`"


def fail(settings: Settings, extract_id: int, message: str) -> None:
    """Set a run to failed, with the message; a run that was superseded meanwhile stays superseded."""
    with engine(settings).begin() as connection:
        connection.execute(
            text("update ops.extract set status = 'failed', ended_at = :now, message = :m where extract_id = :x and status = 'running'"),
            {"x": extract_id, "m": message[:4000], "now": now()},
        )


def staging_tables(connection: Connection) -> dict[str, int]:
    """The staging tables of all runs: name (without its schema) → id of the extract."""
    names = connection.execute(text("select tablename from pg_tables where schemaname = 'staging' order by 1")).scalars()
    return {name: number for name in names if (number := extract_of(name)) is not None}


def sweep_staging(settings: Settings, source: str | None = None) -> list[str]:
    """Drop the staging tables of ended runs, of one source or of all sources. Returns the names of the dropped tables.

    The tables of a failed run stay as long as the run may be resumed. A table that another session still writes is not dropped now; the
    next call drops it.
    """
    dropped = []
    with engine(settings).connect() as connection:
        tables = staging_tables(connection)
        ended = {row["extract_id"] for row in ask(connection, "runs/ended", source=source)}
    for table, extract_id in tables.items():
        if extract_id in ended:
            try:
                with engine(settings).begin() as connection:
                    connection.execute(text("set local lock_timeout = '2s'"))
                    connection.execute(text(f'drop table if exists staging."{table}" cascade'))
            except OperationalError as error:
                log.warning("staging.%s is still in use and stays for the next run to drop: %s", table, error.orig)
                continue
            dropped.append(table)
    return dropped
