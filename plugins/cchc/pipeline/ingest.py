"""The run of one source: extract >> stage >> validate >> load, step by step for Airflow, or in one call for the CLI.

An extract is a row of ops.extract, and every step gets its id. Each step can be run again; work that is done is not repeated. An extract
over HTTP is published as a whole or not at all. In an extract of files each file is a load of its own, so a blocked file does not stop the
other files.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text

from cchc.core import completeness
from cchc.core.load import load_extract
from cchc.errors import LoadBlocked
from cchc.memory import give_back
from cchc.models import MODELS, VERSIONED
from cchc.period import now
from cchc.pipeline.earlier_notes import earlier_notes
from cchc.pipeline.repeated_payments import keep_repeated, repeated_notes
from cchc.pipeline.row_notes import doubt_notes, left_notes, merged_notes, rounded_notes
from cchc.pipeline.still_blocked import still_blocked_notes
from cchc.reference.dirty_months import dirty_months
from cchc.reference.plan import first_day
from cchc.runs import extracts, journal, retry
from cchc.runs.extracts import open_extract as open_extract  # exported here because it is the first step of the DAGs
from cchc.runs.retry import resolve_retried
from cchc.settings import Settings
from cchc.sources.asked_days import ASKED
from cchc.sources.connection import Connection
from cchc.sources.landing import Landed, Window, place_below, place_of, require_writable
from cchc.sources.profile import Profile, load_profile, version_of
from cchc.staging.tables import table_of
from cchc.states import LoadStatus
from cchc.warehouse import engine, known_at_of, query, run_file
from cchc.warehouse.driver import psycopg_connection
from cchc.warehouse.locks import hold
from cchc.warehouse.queries import ask, run_statement, tell_changed_rows
from cchc.warehouse.queries import count_rows as count_table

log = logging.getLogger(__name__)

CHANGED_SHARE = 0.1  # of the rows of a table: as many as PostgreSQL's own autovacuum waits for
# PostgreSQL looks at 300 rows for each unit of this: enough for the plans of a refresh, and a third of the cost of its own 100
STATISTICS_TARGET = 25
ASKED_FOR = timedelta(minutes=10)  # how long a request for a refresh counts; a request too many costs a run that finds nothing to do


@dataclass
class Outcome:
    """What one run of a source did. `notes`: sentences about data of the source that are missing after the run."""

    extract_id: int
    source: str
    known_at: datetime
    loads: list[dict[str, Any]] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    months: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    drift: list[str] = field(default_factory=list)


def extract_step(settings: Settings, extract_id: int, connection: Connection) -> dict[str, Any]:
    """Extract the window into the landing and register the loads in ops.load. Returns a summary for the log."""
    from cchc.quality.drift import earlier_deliveries
    from cchc.sources.extract import covered, extract

    with _step(settings, extract_id, "extract") as (profile, row):
        journal.forget(settings, profile.source, extract_id)
        numbers = _numbers(settings, profile, row["window_from"])
        window = Window(row["window_from"], row["window_to"], row["is_from_named"], not row["is_to_named"], numbers)
        known = _known_files(settings, profile.source)
        landed = extract(
            profile,
            connection,
            window,
            settings.landing_url,
            extract_id=extract_id,
            privacy_key=settings.privacy_key(),
            known_files=known.hashes,
            known_stamps=known.stamps,
            earlier=earlier_deliveries(settings, profile.source),
            first_month=_first_month(settings, profile.source),
        )
        for load in landed:
            register(settings, extract_id, profile, row, load)
        _cover(settings, extract_id, profile.source, covered(profile, connection, window))
    return {load.file_name or load.entity: load.manifest.get("records", load.status) for load in landed}


def _numbers(settings: Settings, profile: Profile, start: datetime | None) -> dict[str, int]:
    """By entity whose changes are asked for by number: the number that the complete extracts up to T reached, in the field of today."""
    asked = {entity.name: entity.sequence.field for entity in profile.entities.values() if entity.sequence is not None}
    if not asked or start is None:
        return {}
    until = start + timedelta(hours=profile.overlap_hours)
    with engine(settings).connect() as connection:
        found = ask(connection, "runs/reached_number", source=profile.source, until=until)
    return {row["entity"]: row["reached"] for row in found if asked.get(row["entity"]) == row["field"]}


def stage_step(settings: Settings, extract_id: int) -> None:
    """Convert the landed records into typed rows in the staging tables of the extract."""
    from cchc.staging import stage

    with _step(settings, extract_id, "stage") as (profile, _):
        with engine(settings).begin() as connection:
            connection.execute(
                text("update ops.load set profile_version = :v, contract_version = :c where extract_id = :x"),
                {"v": version_of(settings.sources_dir, profile.source), "c": profile.contract, "x": extract_id},
            )
        stage(engine(settings), profile, _landed(settings, extract_id), extract_id)


def validate_step(settings: Settings, extract_id: int) -> list[str]:
    """Check the staged rows of an extract. Returns the messages of the blocked loads."""
    with _step(settings, extract_id, "validate") as (profile, _):
        _stage_again_if_emptied(settings, profile, extract_id)
        _validate(settings, profile, extract_id)
        return blocked(settings, extract_id)


def _validate(settings: Settings, profile: Profile, extract_id: int) -> None:
    from cchc.quality import validate

    loads = [load.load_id for load in _landed(settings, extract_id) if load.status == LoadStatus.LANDED and load.load_id is not None]
    validate(engine(settings), profile, loads, extract_id)


def _stage_again_if_emptied(settings: Settings, profile: Profile, extract_id: int) -> bool:
    """Stage the landed records of an extract again if PostgreSQL has emptied its staging tables. Returns whether it did."""
    from cchc.staging import stage
    from cchc.staging.emptied import emptied

    with psycopg_connection(engine(settings)) as connection:
        entities = emptied(connection, profile, extract_id)
    if not entities:
        return False
    log.warning(
        "%s: PostgreSQL has emptied the staging tables of extract %s (%s), as it does when it recovers from a crash. The records are "
        "staged again from landing",
        profile.source,
        extract_id,
        ", ".join(entities),
    )
    stage(engine(settings), profile, _landed(settings, extract_id), extract_id)
    return True


def load_step(settings: Settings, extract_id: int) -> list[str]:
    """Load the extract into core in one transaction. Returns the months (YYYY-MM) that wait for a refresh.

    The transaction locks the extract's row. So a run that was replaced by a newer run loads nothing, and a run that begins now waits for
    this one to end. Raises LoadBlocked if a load over HTTP was blocked; nothing of the extract is loaded then. Raises CchcError if the
    landing cannot be written (any more), because the journal of what is published lies there.
    """
    with _step(settings, extract_id, "load") as (profile, _):
        require_writable(settings.landing_url, profile.source)
        if _stage_again_if_emptied(settings, profile, extract_id):
            _validate(settings, profile, extract_id)
        loads = _landed(settings, extract_id)
        messages = blocked(settings, extract_id)
        if messages and any(load.file_name is None or ASKED in load.manifest for load in loads):
            with engine(settings).begin() as connection:
                extracts.locked(connection, extract_id, "load")
                connection.execute(
                    text("update ops.extract set status = 'blocked', ended_at = :now, message = :m where extract_id = :x"),
                    {"x": extract_id, "m": "\n".join(messages), "now": now()},
                )
            extracts.sweep_staging(settings, profile.source)
            raise LoadBlocked("\n".join([*messages, f"nothing of extract {extract_id} of {profile.source} was published"]))
        with engine(settings).begin() as connection:
            # ingests and retries of the same source are loaded one after the other
            hold(connection, f"load {profile.source}")
            publish(connection, settings, profile, extract_id, messages)
            tell_changed_rows(connection)
            months = dirty_months(connection, [profile.source]).get(profile.source, [])
        extracts.sweep_staging(settings, profile.source)
        count_rows(settings, profile)
        journal.write_after(settings, profile.source, extract_id)
    return months


def publish(connection: Any, settings: Settings, profile: Profile, extract_id: int, messages: list[str]) -> None:
    """Load the validated loads of an extract in the open transaction, which holds the lock of the source's loads.

    Arguments: `messages`, of its blocked files. Raises as `cchc.runs.extracts.locked` if the run was replaced by a newer one.
    """
    row = extracts.locked(connection, extract_id, "load")
    load_extract(connection, settings, profile, row)
    keep_repeated(connection, profile, extract_id)
    if row["kind"] == "retry":
        resolve_retried(connection, extract_id)
    connection.execute(
        text("update ops.extract set message = :m where extract_id = :x"), {"x": extract_id, "m": "\n".join(messages) or None}
    )


def count_rows(settings: Settings, profile: Profile) -> None:
    """Have PostgreSQL count the rows of the tables that a load of this source has filled, so that the refresh after it is planned well.

    Its own autovacuum looks at them a minute later, and a refresh that comes before takes a list of a thousand procedures for a single row.
    A table of which few rows changed is left as it is: counting it takes longer than loading them.
    """
    models = {entity.model for entity in profile.entities.values()}
    tables = [target.versions for target in VERSIONED if target.name in models]
    tables += [f"core.{model}_{part}" for model in models if MODELS[model].merge == "list" for part in ("list", "list_item")]
    if "dossier" in models:
        tables += ["core.dossier_due", "core.dossier_supplement", "core.dossier_key"]
    with engine(settings).connect() as connection:
        changed = ask(connection, "warehouse/uncounted", tables=[*tables, "mart.dossier"], share=CHANGED_SHARE)
    for row in changed:
        with engine(settings).begin() as connection:
            connection.execute(text("select set_config('default_statistics_target', :t, true)"), {"t": str(STATISTICS_TARGET)})
            count_table(connection, row["name"])


def months_to_ask_for(settings: Settings, source: str, extract_id: int) -> list[str]:
    """The months (YYYY-MM) for which the load of an extract asks Airflow for a refresh; to be called after `load_step`.

    Of the months that the source has marked those are left out whose refresh another load has asked for in the last ten minutes and that
    still wait. Without this rule, six first loads of 25 months make 150 runs, of which 125 find nothing to do. No mark is forgotten: a run
    takes every mark of the months of its year until there is none (`refresh_partition`), and a request that is lost counts for ten minutes.
    """
    with engine(settings).begin() as connection:
        return [
            str(row.month)
            for row in run_file(
                connection, settings, "ops/ask_refresh", source=source, extract=extract_id, now=now(), asked_since=now() - ASKED_FOR
            )
        ]


def blocked(settings: Settings, extract_id: int) -> list[str]:
    """The messages of the blocked loads of an extract."""
    with engine(settings).connect() as connection:
        rows = query(
            connection,
            "select source_code, entity, file_name, message from ops.load where extract_id = :x and status = 'blocked' order by load_id",
            {"x": extract_id},
        )
    return [f"{row['source_code']} {row['file_name'] or row['entity']}: {row['message']}" for row in rows]


def raise_blocked(settings: Settings, extract_id: int) -> None:
    """Raise LoadBlocked, with the reason of each, if loads of a loaded extract were blocked."""
    messages = blocked(settings, extract_id)
    if messages:
        raise LoadBlocked("\n".join([*messages, "the other files of the run were loaded"]))


def ingest(
    settings: Settings,
    source: str,
    connection: Connection,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    full: bool = False,
) -> Outcome:
    """Run all four steps for one source.

    Arguments: `start` and `end`, the window of change time (None: as the source's state and profile say); `full`, extract everything.
    Blocked files are named in the outcome. Raises LoadBlocked if an extract over HTTP is blocked.
    """
    extract_id = extracts.open_extract(settings, source, start, end, full=full)
    extract_step(settings, extract_id, connection)
    return _finish(settings, extract_id)


def _finish(settings: Settings, extract_id: int) -> Outcome:
    """Run the steps after the extract: stage, validate, load."""
    stage_step(settings, extract_id)
    validate_step(settings, extract_id)
    months = load_step(settings, extract_id)
    return outcome(settings, extract_id, months)


def outcome(settings: Settings, extract_id: int, months: list[str]) -> Outcome:
    """What an extract did, by the tables of ops, which data of its source are missing, and which fields changed."""
    from cchc.quality.drift import run_lines

    with engine(settings).connect() as connection:
        row = query(connection, "select source_code, window_to from ops.extract where extract_id = :x", {"x": extract_id})[0]
        loads = [dict(load) for load in ask(connection, "runs/load_counts", extract_id=extract_id)]
        source = row["source_code"]
        notes = [hole.text for hole in completeness.holes(connection) if hole.source == source]
        notes += [month.text for month in completeness.missing_months(connection) if month.source == source]
        notes += [days.text for days in completeness.missing_payment_days(connection) if days.source == source]
        notes += left_notes(ask(connection, "runs/left_out", extract_id=extract_id))
        profile = load_profile(settings.sources_dir, source)
        notes += merged_notes(profile, ask(connection, "runs/merged_rows", extract_id=extract_id))
        notes += doubt_notes(ask(connection, "runs/doubt", extract_id=extract_id))
        notes += repeated_notes(profile, ask(connection, "runs/repeated_payment", extract_id=extract_id))
        notes += rounded_notes(ask(connection, "runs/rounded_field", extract_id=extract_id))
        notes += still_blocked_notes(connection, source, {load["load_id"] for load in loads})
        notes += earlier_notes(connection, profile, extract_id, first_day(settings))
    drift = run_lines(settings, source, extract_id)
    return Outcome(extract_id, source, row["window_to"], loads, blocked(settings, extract_id), months, notes, drift)


def retry_quarantine(settings: Settings, load_ids: list[int] | None = None) -> list[Outcome]:
    """Stage, validate and load the landed records again for the loads with open quarantine entries, or for the given loads.

    Each retry is an extract of its own over the old landing, so the old extract never changes. Rows whose cause is corrected (for example,
    a unit was added or a profile was corrected) are loaded under their first known_at. The other rows stay in quarantine, under the load of
    the retry. Raises WrongUse if a given load has no landing any more.
    """
    return [_finish(settings, extract_id) for extract_id in retry.open_retries(settings, load_ids)]


@contextmanager
def _step(settings: Settings, extract_id: int, name: str) -> Iterator[tuple[Profile, dict[str, Any]]]:
    """Give the profile and the row of an extract to a step. An error inside the step is written to ops.extract and raised again.

    The memory that the step has freed is given back, because the next step may run in the same process.
    """
    row = extracts.resume(settings, extract_id, name)
    try:
        yield load_profile(settings.sources_dir, row["source_code"]), row
    except LoadBlocked:
        raise
    except Exception as error:
        extracts.fail(settings, extract_id, f"{name}: {error}")
        raise
    give_back()  # the step is done, and nothing that happens here makes it a failed one


def _cover(settings: Settings, extract_id: int, source: str, stretches: dict[str, tuple[datetime | None, datetime, bool]]) -> None:
    """Store the window that the extract covers once it is complete.

    `stretches`: for each entity (from, to, whether nothing before it is expected).
    """
    with engine(settings).begin() as connection:
        connection.execute(text("delete from ops.coverage where extract_id = :x"), {"x": extract_id})
        connection.execute(
            text("insert into ops.coverage (extract_id, source_code, entity, from_at, to_at, is_base) values (:x, :s, :e, :a, :b, :base)"),
            [
                {"x": extract_id, "s": source, "e": entity, "a": start, "b": end, "base": is_base}
                for entity, (start, end, is_base) in stretches.items()
            ],
        )


def register(settings: Settings, extract_id: int, profile: Profile, row: dict[str, Any], load: Landed) -> None:
    """Register one landed load: its row in ops.load, its checks and the counts of its secret records.

    The stored versions of records that became secret are deleted.
    """
    with engine(settings).begin() as connection:
        known = connection.execute(
            text("select load_id from ops.load where extract_id = :x and entity = :e and file_name is not distinct from cast(:f as text) "),
            {"x": extract_id, "e": load.entity, "f": load.file_name},
        ).scalar()
        if known is not None:
            connection.execute(text("delete from ops.load where load_id = :l"), {"l": known})
            connection.execute(text("delete from ops.check_result where load_id = :l"), {"l": known})
        load.load_id = run_statement(
            connection,
            "runs/landed_load",
            extract_id=extract_id,
            source=profile.source,
            entity=load.entity,
            file_name=load.file_name,
            window_from=row["window_from"],
            window_to=row["window_to"],
            landing_path=place_below(settings.landing_url, load.path),
            manifest=orjson.dumps(load.manifest).decode(),
            sha256=load.manifest.get("sha256"),
            landed=load.manifest.get("records", 0),
            secret=sum(load.secret_counts.values()),
            status=load.status,
            message=load.message,
            now=now(),
        ).scalar_one()
        for check in load.checks:
            connection.execute(
                text(
                    "insert into ops.check_result (load_id, rule, action, phase, is_success, unexpected_count, message) "
                    "values (:l, :r, 'block', 'check', :ok, :n, :m)"
                ),
                {"l": load.load_id, "r": check.rule, "ok": check.ok, "n": 0 if check.ok else 1, "m": check.message},
            )
        _count_secrets(connection, profile, load)
    if load.secret_keys:
        _purge_secret(settings, profile, load)


def _count_secrets(connection: Any, profile: Profile, load: Landed) -> None:
    if load.secret_days:
        connection.execute(
            text("delete from ops.secret_count where source_code = :s and entity = :e and changed_date = any(:d)"),
            {"s": profile.source, "e": load.entity, "d": load.secret_days},
        )
    for (day, secrecy, unit), keys in load.secret_counts.items():
        run_statement(
            connection,
            "runs/secret_count",
            source=profile.source,
            entity=load.entity,
            changed_date=day,
            secrecy_code=secrecy,
            unit_code=unit,
            key_count=keys,
        )


def _purge_secret(settings: Settings, profile: Profile, load: Landed) -> None:
    """Delete all versions of a stored record that became a state secret: in core, staging, quarantine and landing."""
    from cchc.reference.dirty_months import mark_dirty_months
    from cchc.sources.secrecy import purge_landing

    entity = profile.entities[load.entity]
    target = MODELS[entity.model]
    key = target.identity[-1]
    keys = sorted(load.secret_keys)
    with engine(settings).begin() as connection:
        hold(connection, f"load {profile.source}")  # a closing counts and freezes them meanwhile
        known_at = known_at_of(connection, profile.source)
        if known_at is not None and target.days:
            dated = " union ".join(
                f"select {day} as from_date, {day} as to_date from {target.versions} as v where v.source_code = :s and v.{key} = any(:keys)"
                for day in target.days_of("v")
            )
            connection.execute(text(f"create temp table purged on commit drop as {dated}"), {"s": profile.source, "keys": keys})
            mark_dirty_months(connection, settings, profile.source, "select * from purged", known_at, f"{target.many} that turned secret")
        purged = connection.execute(
            text(f"delete from {target.versions} where source_code = :s and {key} = any(:keys)"), {"s": profile.source, "keys": keys}
        ).rowcount
        connection.execute(
            text(
                f"delete from ops.withdrawn_row where table_name = :t and record ->> 'source_code' = :s and record ->> '{key}' = any(:keys)"
            ),
            {"t": target.versions, "s": profile.source, "keys": keys},
        )
        connection.execute(
            text("delete from ops.quarantine where source_code = :s and entity = :e and key = any(:keys)"),
            {"s": profile.source, "e": load.entity, "keys": keys},
        )
        runs = set(connection.execute(text("select extract_id from ops.extract where source_code = :s"), {"s": profile.source}).scalars())
        for table, run in extracts.staging_tables(connection).items():
            if run in runs and table == table_of(entity, run).name:
                connection.execute(text(f'delete from staging."{table}" where _key = any(:keys)'), {"keys": keys})
    lines = purge_landing(settings.landing_url, profile.source, load.entity, load.secret_keys)
    if purged or lines:
        log.warning("%s %s: records turned secret; %s stored versions were purged", profile.source, load.entity, purged)


def _landed(settings: Settings, extract_id: int) -> list[Landed]:
    """The loads of an extract, read from ops.load for the later steps."""
    with engine(settings).connect() as connection:
        rows = query(
            connection,
            "select load_id, entity, file_name, landing_path, manifest, status, message from ops.load "
            "where extract_id = :x order by load_id",
            {"x": extract_id},
        )
    landed = []
    for row in rows:
        manifest = row["manifest"] if isinstance(row["manifest"], dict) else json.loads(row["manifest"] or "{}")
        status = LoadStatus.LANDED if row["status"] in (LoadStatus.LANDED, LoadStatus.STAGED, LoadStatus.VALIDATED) else row["status"]
        landed.append(
            Landed(
                row["entity"],
                place_of(settings.landing_url, row["landing_path"]),
                row["file_name"],
                manifest,
                status,
                row["message"],
                load_id=row["load_id"],
            )
        )
    return landed


@dataclass(frozen=True)
class _Known:
    """The files of a source that were judged completely, by (entity, name): their sha256, and what a folder on a server listed of them."""

    hashes: dict[tuple[str, str], str]
    stamps: dict[tuple[str, str], str]


def _known_files(settings: Settings, source: str) -> _Known:
    with engine(settings).connect() as connection:
        rows = ask(connection, "runs/known_file", source=source)
    stamps = {(row["entity"], row["file_name"]): row["stamp"] for row in rows if row["stamp"] is not None}
    return _Known({(row["entity"], row["file_name"]): row["sha256"] for row in rows}, stamps)


def _first_month(settings: Settings, source: str) -> str | None:
    with engine(settings).connect() as connection:
        first = connection.execute(text("select min(received_date) from mart.dossier where source_code = :s"), {"s": source}).scalar()
    return f"{first:%Y-%m}" if first else None


def check_connection(settings: Settings, source: str, connection: Connection) -> str:
    """Test the connection of a source: the token and the first page, or the folder. Returns a sentence about what was found."""
    from cchc.sources.check import check_connection as check

    return check(connection, load_profile(settings.sources_dir, source))
