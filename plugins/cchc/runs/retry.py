"""Retries: a new run stages, checks and loads again what an earlier extract has landed.

The old extract and its loads are only read. So a retry that fails or is killed changes nothing that is known.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, text

from cchc.errors import WrongUse
from cchc.period import now
from cchc.runs.extracts import NEWER_RETRY, require_no_rebuild, supersede
from cchc.settings import Settings
from cchc.sources.landing import require_writable
from cchc.sources.privacy import mark_of
from cchc.states import ExtractStatus, LoadStatus
from cchc.warehouse import engine, query
from cchc.warehouse.locks import hold
from cchc.warehouse.queries import ask, run_statement

log = logging.getLogger(__name__)


def open_retries(settings: Settings, load_ids: list[int] | None = None) -> list[int]:
    """Open a retry for each extract that has loads to retry. Returns the ids of the retries, in the order of the extracts.

    Without `load_ids`, the loads with open quarantine entries are retried. An extract that was blocked as a whole is retried as a whole,
    because nothing of it was published. What landed under another privacy key is left out, because its hashes would come back, and told.
    Waits for a load, a withdrawal or the retention of such a source that goes on.
    Raises WrongUse if a given load does not exist, its landing was removed, or it landed under another key, and CchcError if the landing
    cannot be written.
    """
    mark = mark_of(settings.privacy_key())
    with engine(settings).begin() as connection:
        require_no_rebuild(connection)
        # a withdrawal that publishes, and the retention that removes, do not see a retry that opens beside them, nor it them
        for source in sorted({row["source_code"] for row in ask(connection, "runs/retryable", load_ids=load_ids or None)}):
            require_writable(settings.landing_url, source)
            hold(connection, f"load {source}")
        found = ask(connection, "runs/retryable", load_ids=load_ids or None)
        other = [load for row in found for load in row["loads"] if row["privacy_key"] not in (None, mark)]
        if other:
            told = (
                f"loads {', '.join(map(str, other))} landed under another privacy key than today's, and a retry would bring its hashes "
                "back: ingest their windows again (`cchc ingest SOURCE --from … --to …`, docs/runbooks/privacy_key.md)"
            )
            if load_ids:
                raise WrongUse(told)
            log.warning("left out of the retry: %s", told)
        rows = [row for row in found if row["privacy_key"] in (None, mark)]
        _require_all(connection, load_ids or [], [load for row in rows for load in row["loads"]])
        return [_open(connection, row) for row in rows]


def open_rereads(settings: Settings, from_landing: list[int], elsewhere: list[int]) -> list[int]:
    """Open a retry for each extract of which loads are read again. Returns the ids of the retries, the earliest T first.

    Arguments: `from_landing`, the loads whose landing is read; `elsewhere`, those that land anew in the retry, which has no load of them
    yet. Raises WrongUse as `open_retries`.
    """
    retries = open_retries(settings, from_landing) if from_landing else []
    with engine(settings).begin() as connection:
        for row in ask(connection, "runs/extract_to_reread", load_ids=elsewhere, opened=retries):
            retries.append(_open(connection, {**row, "loads": []}))
        ordered = text("select extract_id from ops.extract where extract_id = any(:x) order by window_to, extract_id")
        return list(connection.execute(ordered, {"x": retries}).scalars())


def _require_all(connection: Connection, asked: list[int], existing: list[int]) -> None:
    lacking = sorted(set(asked) - set(existing))
    if not lacking:
        return
    known = {row["load_id"]: row for row in query(connection, "select * from ops.load where load_id = any(:l)", {"l": lacking})}
    reasons = []
    for load_id in lacking:
        row = known.get(load_id)
        if row is None:
            reasons.append(f"there is no load {load_id}")
        elif row["status"] == LoadStatus.WITHDRAWN:
            reasons.append(f"load {load_id} was withdrawn: what it brought counts as never delivered")
        elif row["landing_path"] is None:
            reasons.append(f"load {load_id} has no landing (it was never landed, or retention removed it): ingest its window again")
        else:
            reasons.append(f"load {load_id} is {row['status']}, and its extract was not completed: the next ingest asks for it again")
    raise WrongUse("; ".join(reasons))


def _open(connection: Connection, of: dict[str, object]) -> int:
    """Insert the extract of a retry, with one load for each load that it retries. Returns its id."""
    supersede(connection, NEWER_RETRY, "kind = 'retry' and retry_of = :x", {"x": of["extract_id"]})
    extract_id: int = connection.execute(
        text(
            "insert into ops.extract (source_code, window_from, window_to, status, started_at, kind, retry_of) "
            "values (:s, :a, :b, 'running', :now, 'retry', :x) returning extract_id"
        ),
        {"s": of["source_code"], "a": of["window_from"], "b": of["window_to"], "x": of["extract_id"], "now": now()},
    ).scalar_one()
    whole = (
        of["status"] == ExtractStatus.BLOCKED
        and connection.execute(
            text("select bool_or(file_name is null or manifest ->> 'asked_day' is not null) from ops.load where extract_id = :x"),
            {"x": of["extract_id"]},
        ).scalar()
    )
    run_statement(
        connection,
        "runs/retried_load",
        new=extract_id,
        now=now(),
        extract_id=of["extract_id"],
        whole=bool(whole),
        load_ids=of["loads"],
    )
    if whole:  # the retry covers the same window as the blocked extract
        connection.execute(
            text(
                "insert into ops.coverage (extract_id, source_code, entity, from_at, to_at, is_base) "
                "select :new, source_code, entity, from_at, to_at, is_base from ops.coverage where extract_id = :x"
            ),
            {"new": extract_id, "x": of["extract_id"]},
        )
    return extract_id


def resolve_retried(connection: Connection, extract_id: int) -> None:
    """Resolve the quarantine entries of the loads that a retry replaced; rows that still fail have entries under the load of the retry."""
    connection.execute(
        text(
            "update ops.quarantine as q set resolved_at = :now from ops.load as l "
            "where l.extract_id = :x and l.status = 'loaded' and q.load_id = l.retry_of and q.resolved_at is null"
        ),
        {"x": extract_id, "now": now()},
    )
