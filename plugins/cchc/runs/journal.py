"""The journal of runs, kept in the landing: what was published, in which order, and under which T, so that landing alone tells it.

`{landing_url}/{source}/{extract_id:08d}/run.json` has the run, its loads and what it covers, as rows of ops, without messages. `follows`
names the run that the source published before, so a run that is gone is missed by the next one: nothing gets less in silence.

`{landing_url}/{source}.newest.json` has the number of the newest published run, which no later one misses; it stays where retention or
another privacy key removes everything else of the source. `{landing_url}/erasures.json` has the rows of ops.erasure, which neither the
number of a citizen nor a hash of it is in: what is built from landing, or set back, must know that citizens were erased.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection

from cchc.errors import CchcError
from cchc.settings import Settings
from cchc.sources.landing import Folder, complete_manifest
from cchc.sources.privacy import mark_of
from cchc.sources.profile import list_profiles
from cchc.states import ExtractStatus, LoadStatus
from cchc.warehouse import engine, query
from cchc.warehouse.queries import ask

log = logging.getLogger(__name__)

NAME = "run.json"
NEWEST = ".newest.json"
ERASURES = "erasures.json"


@dataclass(frozen=True)
class Run:
    """One run as its journal tells it: rows of ops.extract, ops.load and ops.coverage, each load with the manifest of its landing."""

    extract: dict[str, Any]
    loads: tuple[dict[str, Any], ...]
    coverage: tuple[dict[str, Any], ...]
    follows: int | None

    @property
    def number(self) -> int:
        """The number of the run."""
        return int(self.extract["extract_id"])

    @property
    def source(self) -> str:
        """The source."""
        return str(self.extract["source_code"])

    @property
    def is_published(self) -> bool:
        """Whether what it brought counts."""
        return bool(self.extract["status"] == ExtractStatus.COMPLETE)


def write(settings: Settings, source: str | None = None, *, since: int = 0, anew: bool = False, fresh: int | None = None) -> int:
    """Write the journals that are missing, of one source or of all; returns their number.

    `since`: only of runs with this number or a later one. `anew`: also those that are there, because a withdrawal or a T that was set back
    changed what they tell; `fresh`: also that of this run, which was published just now: it may have failed before, and one with its number
    may be left from before the warehouse was set back. A run of which something was loaded and whose landing is gone gets none.
    """
    landing = Folder(settings.landing_url)
    with engine(settings).connect() as connection:
        rows = ask(connection, "runs/journal", source=source, since=since)
    written = 0
    for row in rows:
        place = f"{row['source_code']}/{row['extract_id']:08d}"
        folder = landing.child(*place.split("/"))
        # the folder of a run whose loads name it is there, or is lost: a journal alone would hide that it is lost
        names_itself = any((load["landing_path"] or "").startswith(f"{place}/") for load in row["journal"]["loads"])
        is_wanted = (row["landed_count"] and not names_itself) or (row["is_published"] and not row["loaded_count"])
        is_wanted = is_wanted or folder.fs.exists(folder.path)
        is_old = anew or row["extract_id"] == fresh
        if is_wanted and (is_old or not folder.fs.exists(f"{folder.path}/{NAME}")):
            folder.write(NAME, orjson.dumps(row["journal"], option=orjson.OPT_INDENT_2))
            written += 1
    _write_newest(landing, rows)
    return written


def _write_newest(landing: Folder, rows: Collection[Mapping[str, Any]]) -> None:
    """Note the newest published run of each source in the rows of `runs/journal`, which no run follows."""
    followed = {row["journal"]["follows"] for row in rows}
    newest = {row["source_code"]: row["extract_id"] for row in rows if row["is_published"] and row["extract_id"] not in followed}
    noted = newest_runs(landing.url)
    for source, number in newest.items():
        if noted.get(source) != number:
            landing.write(source + NEWEST, orjson.dumps({"newest": number}))


def newest_runs(landing_url: str) -> dict[str, int]:
    """The number of the newest published run of each source, as the landing notes it."""
    landing = Folder(landing_url)
    names = [name for name in landing.names("file") if name.endswith(NEWEST) and not name.startswith(".")]
    return {name.removesuffix(NEWEST): _told(landing, name, dict, "newest")["newest"] for name in names}


def write_erasures(connection: Connection, settings: Settings) -> None:
    """Note every erasure of citizens in the landing, as ops.erasure has them."""
    rows = query(connection, "select reason, by_whom, erased_at, rows_by_table, landing_files from ops.erasure order by erasure_id")
    Folder(settings.landing_url).write(ERASURES, orjson.dumps([dict(row) for row in rows], option=orjson.OPT_INDENT_2))


def erasures(landing_url: str) -> list[dict[str, Any]]:
    """The erasures of citizens that the landing notes, as rows of ops.erasure without their numbers."""
    landing = Folder(landing_url)
    if not landing.exists(ERASURES):
        return []
    told: list[dict[str, Any]] = _told(landing, ERASURES, list)
    return told


def _told(folder: Folder, name: str, kind: type, *keys: str) -> Any:
    """What a file of the journal says: a `kind` with these keys. Raises CchcError, which names it, where it was damaged or is another."""
    try:
        said: Any = orjson.loads(folder.read(name))
    except orjson.JSONDecodeError:
        raise _damaged(folder, name, "it is no JSON, or was cut off") from None
    is_kind = isinstance(said, kind)
    if not is_kind or any(key not in said for key in keys):
        lacks = f"it lacks one of {', '.join(keys)}" if keys else "it is no list"
        raise _damaged(folder, name, f"it is JSON, and no journal: {lacks}")
    return said


def _damaged(folder: Folder, name: str, why: str) -> CchcError:
    return CchcError(
        f"{folder.url.rstrip('/')}/{name} cannot be read: {why}. Put the file of a backup in its place (docs/runbooks/restore.md)"
    )


def write_after(settings: Settings, source: str, extract_id: int) -> None:
    """Write the journals of a run that was just published and of the runs since the one before. Raises nothing: the run is published.

    What could not be written is written by the next run or by the maintenance; until then a rebuild names it.
    """
    try:
        with engine(settings).connect() as connection:
            (row,) = [row for row in ask(connection, "runs/journal", source=source, since=extract_id) if row["extract_id"] == extract_id]
        write(settings, source, since=min(extract_id, row["journal"]["follows"] or extract_id), fresh=extract_id)
    except Exception as error:
        log.warning("%s: the journal of extract %s could not be written into landing: %s", source, extract_id, error)


def forget(settings: Settings, source: str, extract_id: int) -> None:
    """Remove the journal of a run that goes on: it failed before, or is left from before the warehouse was set back."""
    folder = Folder(settings.landing_url).child(source, f"{extract_id:08d}")
    folder.remove(NAME)


def read(landing_url: str) -> tuple[list[Run], list[str]]:
    """The runs of a landing, in the order in which they ended, and the folders (`source/number`) that have no journal."""
    landing, runs, without = Folder(landing_url), [], []
    for source in landing.names("directory"):
        for number in landing.child(source).names("directory"):
            folder = landing.child(source, number)
            if NAME not in folder.names("file"):
                without.append(f"{source}/{number}")
                continue
            told = _told(folder, NAME, dict, "extract", "loads", "coverage", "follows")
            try:
                runs.append(_run(landing, told))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise _damaged(folder, NAME, f"its run or one of its loads is not what a journal says ({error!r})") from None
    return sorted(runs, key=lambda run: (run.extract["ended_at"], run.number)), without


def is_readable(folder: Folder) -> bool:
    """Whether the folder of a run has a journal; raises CchcError or OSError, which name it, where it cannot be read."""
    if NAME not in folder.names("file"):
        return False
    _told(folder, NAME, dict, "extract", "loads", "coverage", "follows")
    return True


def _run(landing: Folder, told: dict[str, Any]) -> Run:
    """The run that a journal tells. Raises the errors of Python where it is not what `write` writes, as far as a rebuild needs it."""
    extract, loads = told["extract"], told["loads"]
    if not {"extract_id", "source_code", "status", "ended_at"} <= extract.keys():
        raise KeyError("the run has no number, source, status or end")
    if not all({"load_id", "file_name", "entity", "status", "landing_path"} <= load.keys() for load in loads):
        raise KeyError("a load has no number, file, entity, status or landing")
    loads = tuple(load | {"manifest": _manifest(landing, load)} for load in loads)
    return Run(extract, loads, tuple(told["coverage"]), told["follows"])


def _manifest(landing: Folder, load: dict[str, Any]) -> dict[str, Any] | None:
    return complete_manifest(landing.child(*load["landing_path"].split("/"))) if load["landing_path"] else None


def faults(
    settings: Settings, runs: Collection[Run], without_journal: Collection[str], newest: Mapping[str, int], left_out: Collection[int]
) -> list[str]:
    """Why a warehouse that is built from these runs would have less than the one that published them, a sentence each.

    `newest`: the newest published run of each source; `left_out`: numbers of runs that a person leaves out on purpose.
    """
    found = [
        f"{folder} has landed and has no journal ({NAME}), so nobody knows whether it was published"
        for folder in without_journal
        if folder.rpartition("/")[2] not in {f"{number:08d}" for number in left_out}
    ]
    known = {run.number for run in runs} | set(left_out)
    profiles = list_profiles(settings.sources_dir)
    found += [
        f"extract {number} of {source}, the newest that was published, is gone from landing, and with it whatever came before that is not "
        "there either: retention or another privacy key removed it"
        for source, number in sorted(newest.items())
        if number not in known
    ]
    for run in runs:
        if run.number in left_out:
            continue
        if run.source not in profiles:
            found.append(f"extract {run.number}: there is no profile of {run.source}")
        elif run.follows is not None and run.follows not in known:
            found.append(f"extract {run.follows} of {run.source} is gone from landing: extract {run.number} was published after it")
        if run.is_published:
            found += _lost(run, settings)
    return found


def _lost(run: Run, settings: Settings) -> Iterator[str]:
    """The loads of a published run that landing no longer holds, or that landed under another key than today's."""
    mark = mark_of(settings.privacy_key())
    for load in run.loads:
        what = f"load {load['load_id']} of {run.source} ({load['file_name'] or load['entity']}, extract {run.number})"
        manifest = load["manifest"]
        if load["status"] != LoadStatus.LOADED:
            continue
        if manifest is None:
            yield f"{what}: its landing is gone or is not what landed"
        elif manifest.get("privacy_key") not in (None, mark):
            yield f"{what}: it landed under another privacy key than this installation has"
