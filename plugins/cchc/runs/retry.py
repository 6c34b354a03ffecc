"""Retries: a new run stages, checks and loads again what an earlier extract has landed.

The old extract and its loads are only read. So a retry that fails or is killed changes nothing that is known.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from cchc.errors import WrongUse
from cchc.period import now
from cchc.runs.extracts import NEWER_RETRY, supersede
from cchc.settings import Settings
from cchc.warehouse import engine, query

_COPIED = "source_code, entity, file_name, window_from, window_to, landing_path, manifest, sha256, landed, secret"


def open_retries(settings: Settings, load_ids: list[int] | None = None) -> list[int]:
    """Open a retry for each extract that has loads to retry. Returns the ids of the retries, in the order of the extracts.

    Without `load_ids`, the loads with open quarantine entries are retried. An extract that was blocked as a whole is retried as a whole,
    because nothing of it was published. Raises WrongUse if a given load does not exist or its landing was removed.
    """
    with engine(settings).begin() as connection:
        rows = query(
            connection,
            "select e.extract_id, e.source_code, e.window_from, e.window_to, e.status, array_agg(l.load_id order by l.load_id) as loads "
            "from ops.load as l inner join ops.extract as e on e.extract_id = l.extract_id "
            "where e.status in ('complete', 'blocked') and l.status in ('loaded', 'blocked', 'validated') and l.landing_path is not null "
            + (
                "and l.load_id = any(:loads) "
                if load_ids
                else "and exists (select 1 from ops.quarantine as q where q.load_id = l.load_id and q.action = 'quarantine' "
                "and q.resolved_at is null) "
            )
            + "group by e.extract_id order by e.extract_id",
            {"loads": load_ids or []},
        )
        _require_all(connection, load_ids or [], [load for row in rows for load in row["loads"]])
        return [_open(connection, row) for row in rows]


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
        of["status"] == "blocked"
        and connection.execute(
            text("select bool_or(file_name is null) from ops.load where extract_id = :x"), {"x": of["extract_id"]}
        ).scalar()
    )
    connection.execute(
        text(
            f"insert into ops.load (extract_id, retry_of, status, started_at, {_COPIED}) "
            f"select :new, load_id, 'landed', :now, {_COPIED} from ops.load where extract_id = :x and landing_path is not null "
            "and (:whole or load_id = any(:l)) order by load_id"
        ),
        {"new": extract_id, "now": now(), "x": of["extract_id"], "whole": bool(whole), "l": of["loads"]},
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
