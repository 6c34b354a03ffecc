"""`cchc rebuild`: a warehouse from landing alone. Every run that was published is staged, checked and loaded again, in the same order.

The numbers of runs and loads are those of before, so rows are the same to the last column but for the moments at which something was
computed. What people decided is not in landing: publications, restatements, withdrawals, accounts. They come from a backup.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, text

from cchc.errors import WrongUse
from cchc.pipeline import ingest
from cchc.pipeline.initialise import initialise
from cchc.runs import journal
from cchc.runs.journal import Run
from cchc.settings import Settings
from cchc.sources.landing import copy_folder
from cchc.sources.profile import version_of
from cchc.states import LoadStatus
from cchc.warehouse import engine, owning, query
from cchc.warehouse.locks import REBUILD, hold, make_known
from cchc.warehouse.queries import run_statement

MOST_NAMED = 20
ROW = "insert into {table} overriding system value select * from jsonb_populate_record(cast(null as {table}), cast(:row as jsonb))"


@dataclass
class Rebuilt:
    """What a rebuild did: the number of runs that were published again, and sentences about what is not as it was."""

    runs: int = 0
    notes: list[str] = field(default_factory=list)


def rebuild(settings: Settings, landing: str | None = None, left_out: Collection[int] = ()) -> Rebuilt:
    """Fill the core of an empty warehouse from landing; every month that has values waits for `cchc refresh` then.

    Arguments: `landing`, the URL of the landing of another installation, which is copied first and never changed; None: the landing of this
    one. `left_out`: numbers of runs that are passed over on purpose. No run of a source begins meanwhile.

    Raises WrongUse, before anything is changed, where landing no longer holds a run or load that was published, naming each; where the
    warehouse is not empty; and CchcError as ingest does.
    """
    runs, without_journal = journal.read(landing or settings.landing_url)
    found = journal.faults(settings, runs, without_journal, journal.newest_runs(landing or settings.landing_url), left_out)
    if not runs and not found:
        raise WrongUse(f"{landing or settings.landing_url} has no run: there is nothing to build from")
    if found:
        raise WrongUse(_refused(found))
    initialise(settings)
    with engine(settings).begin() as connection:
        make_known(connection, REBUILD)
    with engine(settings).begin() as alone:
        hold(alone, REBUILD)  # until the end: no run of a source may begin between
        if alone.execute(text("select count(*) from ops.extract")).scalar_one():
            raise WrongUse("this warehouse has runs, and nothing is overwritten: name an empty database, or a new CCHC_HOME")
        if landing is not None:
            copy_folder(landing, settings.landing_url)
        done = Rebuilt(notes=_notes(settings, runs, left_out))
        with owning(settings) as connection:
            _count_on(connection, runs, journal.erasures(settings.landing_url))
        for run in runs:
            if run.is_published and run.number not in left_out:
                _again(settings, run, done)
        with owning(settings) as connection:
            for run in runs:
                if not run.is_published and run.number not in left_out:
                    _tell(connection, run, run.extract["status"])
    return done


def _count_on(connection: Connection, runs: list[Run], erasures: list[dict[str, Any]]) -> None:
    """Let the next run and load get numbers of their own, also where the rebuild is cut off; and keep the erasures of citizens."""
    numbers = {
        "ops.extract.extract_id": [run.number for run in runs],
        "ops.load.load_id": [load["load_id"] for run in runs for load in run.loads],
    }
    for column, taken in numbers.items():
        table, _, name = column.rpartition(".")
        if taken:
            connection.execute(text(f"select setval(pg_get_serial_sequence('{table}', '{name}'), :last)"), {"last": max(taken)})
    for row in erasures:
        run_statement(
            connection,
            "runs/erasure",
            reason=row["reason"],
            by=row["by_whom"],
            now=row["erased_at"],
            rows=orjson.dumps(row["rows_by_table"]).decode(),
            files=row["landing_files"],
        )


def _refused(found: list[str]) -> str:
    more = [f"and {len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
    lines = "\n".join([*found[:MOST_NAMED], *more])
    return (
        f"landing no longer holds everything that was published, so the warehouse would have less than before:\n{lines}\n"
        "Nothing was changed. Restore a backup instead (docs/runbooks/restore.md); or leave runs out on purpose: --without NUMBER"
    )


def _notes(settings: Settings, runs: list[Run], left_out: Collection[int]) -> list[str]:
    """What the warehouse will not have, or may have in another form, although landing is whole."""
    notes = [f"extract {number} is left out, as asked" for number in sorted(left_out)]
    withdrawn = [load["load_id"] for run in runs for load in run.loads if load["status"] == LoadStatus.WITHDRAWN]
    if withdrawn:
        notes.append(
            f"loads {', '.join(map(str, withdrawn))} were withdrawn and are left out: the figures of today are the same, "
            "what was believed before the withdrawal is not told any more"
        )
    read = {(run.source, load["profile_version"]) for run in runs if run.is_published for load in run.loads if load["profile_version"]}
    today = {source: version_of(settings.sources_dir, source) for source, _ in read}
    notes += [
        f"{source}: some loads were read under version {version} of its profile, and are read under {today[source]} now"
        for source, version in sorted(read)
        if version != today[source]
    ]
    return notes


def _again(settings: Settings, run: Run, done: Rebuilt) -> None:
    """Stage, check and load a run; note each load that ends otherwise than it did."""
    with engine(settings).begin() as connection:
        _tell(connection, run, "running")
    ingest.stage_step(settings, run.number)
    ingest.validate_step(settings, run.number)
    ingest.load_step(settings, run.number)
    with engine(settings).connect() as connection:
        loads = query(connection, "select load_id, status from ops.load where extract_id = :x", {"x": run.number})
    now = {row["load_id"]: row["status"] for row in loads}
    done.runs += 1
    done.notes += [
        f"load {load['load_id']} of {run.source} ({load['file_name'] or load['entity']}) was {load['status']}, and is "
        f"{now[load['load_id']]} today: its profile, its rules or the units have changed"
        for load in run.loads
        if load["status"] == LoadStatus.LOADED and now[load["load_id"]] != LoadStatus.LOADED
    ]


def _tell(connection: Connection, run: Run, status: str) -> None:
    """Store the rows of ops of a run. One that is `running` is about to be published: its loads have landed and nothing more."""
    is_next = status == "running"
    extract = run.extract | {"status": status} | ({"ended_at": None} if is_next else {})
    connection.execute(text(ROW.format(table="ops.extract")), {"row": orjson.dumps(extract).decode()})
    for load in run.loads:
        changed = {"manifest": load["manifest"]}
        if is_next and load["status"] == LoadStatus.LOADED:
            changed |= {"status": LoadStatus.LANDED, "landed": load["manifest"]["records"], "ended_at": None}
        connection.execute(text(ROW.format(table="ops.load")), {"row": orjson.dumps(load | changed).decode()})
    for covered in run.coverage:
        connection.execute(text(ROW.format(table="ops.coverage")), {"row": orjson.dumps(covered).decode()})
