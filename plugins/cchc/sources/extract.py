"""The step "extract": bring all records of one source in a window of change time to the landing. It does not use the database.

An extract is complete or failed. If the counts do not match the counts of the source, it ends with an error and writes no manifest. A load
that is already complete in the same extract is not fetched again. The rest of a failed try is removed and fetched again.
"""

from __future__ import annotations

import itertools
import logging
import traceback
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from cchc import period
from cchc.errors import CchcError, ContractViolation, NotConfigured, SourceUnavailable, WrongClock
from cchc.memory import rarely_collected
from cchc.sources import advice, day_files, files, http, kinds, paginate, privacy
from cchc.sources.absent import Absent, absent_fields, first_rows, in_words, together
from cchc.sources.amounts import plain_amount
from cchc.sources.asked_days import ASKED, REVISION, DayIntake, days_of, last_midnight, time_field, window_of
from cchc.sources.connection import Connection
from cchc.sources.distinct import Distinct
from cchc.sources.envelope import Envelope
from cchc.sources.fields import Earlier, FieldCounts
from cchc.sources.inbox import Inbox, matching
from cchc.sources.landing import (
    Check,
    Folder,
    Landed,
    Window,
    Writer,
    complete_manifest,
    folder_name,
    keep_private,
    load_folder,
    write_manifest,
)
from cchc.sources.left_in_folder import left_in_folder
from cchc.sources.limits import MIB, Limits
from cchc.sources.needs import check_dated
from cchc.sources.profile import Column, Entity, Files, Profile
from cchc.sources.read_as import read_as
from cchc.sources.records import BATCH_RECORDS, Intake, missing_test
from cchc.sources.secrecy import Secrets, purge_landing
from cchc.sources.sequence import first_number
from cchc.sources.unread import Gone, NotJudged
from cchc.sources.workbooks import Workbooks
from cchc.sources.xml_envelope import envelope_of
from cchc.states import LoadStatus

if TYPE_CHECKING:
    from cchc.sources import database

log = logging.getLogger(__name__)

OVERDUE = timedelta(days=1)
KEYS_SUFFIX = ".keys"
BATCH_BYTES = 4 * MIB
OTHERS = "(other files)"  # the name under which everything is told that lies in a drop folder and is not read


@dataclass(frozen=True)
class _Job:
    """What every step of one extract needs."""

    profile: Profile
    connection: Connection
    window: Window
    landing: str
    extract_id: int
    privacy_key: bytes
    known_files: dict[str, str] | dict[tuple[str, str], str]
    earlier: dict[str, Earlier]
    limits: Limits
    books: Workbooks
    stamps: dict[tuple[str, str], str] = field(default_factory=dict)
    again: frozenset[tuple[str, str | None]] | None = None
    new_files: dict[str, list[str]] = field(default_factory=dict)

    def before(self, entity: Entity) -> Earlier:
        """The earlier deliveries of an entity."""
        return self.earlier.get(entity.name, Earlier())

    def known(self, entity: Entity, name: str) -> str | None:
        """The sha256 under which a file is known; None if it is new."""
        known: dict[Any, str] = self.known_files
        return known.get((entity.name, name), known.get(name))

    def is_wanted(self, entity: Entity, name: str) -> bool:
        """Whether a file of an entity is asked for."""
        return self.again is None or (entity.name, name) in self.again

    def folder(self, entity: str, file_name: str | None = None) -> Folder:
        return load_folder(self.landing, self.profile.source, self.extract_id, entity, file_name)

    def manifest(self, entity: str, started: datetime, file_name: str | None = None) -> dict[str, Any]:
        """The part of a manifest that every load has."""
        return {
            "source": self.profile.source,
            "entity": entity,
            "extract_id": self.extract_id,
            "file_name": file_name,
            "window_from": self.window.start.isoformat() if self.window.start else None,
            "window_to": self.window.end.isoformat(),
            "started": started.isoformat(),
            "ended": period.now().isoformat(),
            "privacy_key": privacy.mark_of(self.privacy_key) if privacy.makes_hashes(self.profile) else None,
        }

    def complete(self, folder: Folder) -> dict[str, Any] | None:
        """The manifest of a load that is already complete; otherwise the folder of the load is emptied.

        A load that contained secret records is fetched again, because their keys are not stored anywhere.
        """
        manifest = complete_manifest(folder)
        if manifest is not None and not manifest.get("secret"):
            end = self.window.end.isoformat()
            start = self.window.start.isoformat() if self.window.start else None
            if (manifest["window_from"], manifest["window_to"]) == (start, end):
                return manifest
        folder.remove()
        return None

    def secrets(self, entity: Entity) -> Secrets | None:
        if entity.secret is None:
            return None
        profile = self.profile
        return Secrets(entity.secret, profile.zone_info, profile.clock(entity).reader(), missing_test(profile.missing), self.window.end)


def extract(
    profile: Profile,
    connection: Connection,
    window: Window,
    landing: str,
    *,
    extract_id: int,
    privacy_key: str | bytes,
    known_files: dict[str, str] | dict[tuple[str, str], str] | None = None,
    earlier: dict[str, Earlier] | None = None,
    first_month: str | None = None,
    entities: list[str] | None = None,
    known_stamps: dict[tuple[str, str], str] | None = None,
    again: Collection[tuple[str, str | None]] | None = None,
) -> list[Landed]:
    """Bring the records of a window to the landing. Returns one Landed for each load, in the order of the profile.

    Arguments: `known_files`, the sha256 of files that were loaded or blocked before, by name or by (entity, name); unchanged files are
    skipped; `known_stamps`, what a folder on a server listed of the loaded ones, which are then not read; `earlier`, the field counts of
    the loaded deliveries by entity, with which missing fields are found; `first_month`, the first month (YYYY-MM) with a stored dossier,
    None for the first extract; `again`, the loads (entity, file or None) that are read again: nothing else is read, and no list of keys is
    asked for, because a source tells the keys of today alone. Raises SourceUnavailable, ContractViolation, NotConfigured.
    """
    if window.end.tzinfo is None or (window.start is not None and window.start.tzinfo is None):
        raise NotConfigured("The window of an extract needs times with a zone.")
    if window.start is not None and window.start >= window.end:
        raise NotConfigured(f"The window {window} is empty: its start has to lie before its end.")
    keep_private(landing)
    limits = Limits.load()
    with Workbooks(limits) as books:
        job = _Job(
            profile.with_entities(entities) if again is None else _without_key_lists(profile, [entity for entity, _ in again]),
            connection,
            window,
            landing,
            extract_id,
            privacy.key_bytes(privacy_key),
            known_files or {},
            dict(earlier or {}),
            limits,
            books,
            known_stamps or {},
            None if again is None else frozenset(again),
        )
        if connection.is_http:
            with rarely_collected():
                return _from_http(job, first_month)
        if connection.is_database:
            return _from_database(job, first_month)
        return _from_folder(job, tells_others=entities is None)


def _without_key_lists(profile: Profile, names: list[str]) -> Profile:
    """A profile with only the entities `names`, whose keys are not asked for."""
    return replace(
        profile,
        entities={name: replace(entity, deletions=None) for name, entity in profile.entities.items() if name in names},
    )


def covered(profile: Profile, connection: Connection, window: Window) -> dict[str, tuple[datetime | None, datetime, bool]]:
    """The time that an extract of `window` covers, for each entity: (from, to, whether nothing before `from` is expected).

    `from` None means everything. A full list covers everything. A drop folder also covers everything, because all of its files are read or
    known, except if the caller gave a start that leaves dated files out.
    So does a table of a database without a change column. Where days are asked for, the last one is the one before `window.end`.
    If the window begins no later than the profile's `first_day`, nothing before it is expected.
    """
    leaves_out = window.start is not None and (
        connection.is_http or connection.is_database or (window.explicit and profile.files is not None and profile.files.name is not None)
    )
    first_day = profile.first_day
    is_base = (
        not leaves_out
        or window.start is None
        or (first_day is not None and window.start <= datetime.combine(first_day, datetime.min.time(), profile.zone_info))
    )
    whole = (None, window.end, True)

    def stretch(entity: Entity) -> tuple[datetime | None, datetime, bool]:
        if entity.mode == "days":
            return window.start if leaves_out else None, last_midnight(profile, window.end), is_base
        if entity.mode == "list" or (connection.is_database and not entity.has_window):
            return whole
        return window.start if leaves_out else None, window.end, is_base

    return {entity.name: stretch(entity) for entity in profile.entities.values()}


# HTTP


def _from_http(job: _Job, first_month: str | None) -> list[Landed]:
    landed: list[Landed] = []
    with http.Client(job.profile, job.connection, known_at=job.window.end, limits=job.limits) as client:
        for entity in job.profile.entities.values():
            check_dated(entity, f"{job.profile.source}.yaml")
        for entity in job.profile.entities.values():
            if entity.mode == "days":
                landed += _http_days(job, client, entity)
                continue
            load = _http_load(job, client, entity)
            landed.append(load)
            if entity.deletions is not None and load.status == LoadStatus.LANDED:
                landed.append(_month_keys(job, client, entity, _first_month(first_month, load)))
    return landed


def _http_load(job: _Job, client: http.Client, entity: Entity) -> Landed:
    folder = job.folder(entity.name)
    manifest = job.complete(folder)
    if manifest is not None:
        return _landed(entity.name, folder, manifest)
    started = period.now()
    secrets = job.secrets(entity)
    intake = Intake(job.profile, entity, job.window, job.privacy_key, secrets)
    writer = Writer(folder)
    total = paginate.fetch(client, job.profile, entity, job.window, intake, writer)
    writer.add(intake.rest())
    if (blocked := _without_fields(job, entity, intake.fields.manifest(), folder)) is not None:
        return blocked
    facts = {"total_reported": total, "source_clock": client.clock.isoformat() if client.clock is not None else None}
    return _pulled(job, entity, folder, intake, writer, job.manifest(entity.name, started) | facts)


def _http_days(job: _Job, client: http.Client, entity: Entity) -> list[Landed]:
    """One load for each day that is asked for. What is complete already is not asked for again."""
    loads = []
    for day in _days(job, entity):
        folder = job.folder(entity.name, day.isoformat())
        if (manifest := job.complete(folder)) is None:
            started = period.now()
            intake = DayIntake(job.profile, entity, day, job.privacy_key, lists_are_text=False)
            writer = Writer(folder)
            total = paginate.fetch(client, job.profile, entity, window_of(job.profile, day), intake, writer)
            facts = {"total_reported": total, "source_clock": client.clock.isoformat() if client.clock is not None else None}
            manifest = _day_manifest(job, entity, folder, intake, writer, day, started, facts)
        loads.append(_landed(entity.name, folder, manifest))
    return _days_together(job, entity, loads)


def _days(job: _Job, entity: Entity) -> list[date]:
    return [day for day in days_of(job.profile, job.window) if job.is_wanted(entity, day.isoformat())]


def _day_manifest(
    job: _Job, entity: Entity, folder: Folder, intake: Intake, writer: Writer, day: date, started: datetime, facts: dict[str, Any]
) -> dict[str, Any]:
    """Close the load of one day, and return its manifest. It says of the day what the name of a file says."""
    writer.add(intake.rest())
    asked = {ASKED: day.isoformat(), "file_date": day.isoformat(), "revision": REVISION, "rows_delivered": intake.delivered}
    return _pulled(job, entity, folder, intake, writer, job.manifest(entity.name, started, day.isoformat()) | asked | facts).manifest


def _days_together(job: _Job, entity: Entity, loads: list[Landed]) -> list[Landed]:
    """The loads of the days of a run, or one blocked load where a field is in none of all of their records."""
    if not loads:
        return []
    counted = together([load.manifest["fields"] for load in loads])
    blocked = _without_fields(job, entity, counted, job.folder(entity.name))
    return loads if blocked is None else [blocked]


def _without_fields(job: _Job, entity: Entity, counted: dict[str, Any], folder: Folder) -> Landed | None:
    """The blocked load if fields are missing in all records of an answer; its landed records are removed. None if nothing is missing."""
    before = job.before(entity)
    absent = absent_fields(entity, counted, before, first_rows(job.profile))
    if not absent:
        return None
    folder.remove()
    words = in_words(entity, absent, counted, before)
    facts = {"fields": counted, "lacks": [each.field for each in absent]}
    return _lacking(job, entity, words, advice.for_absent(job.profile, entity, before, absent), facts)


def _month_keys(job: _Job, client: http.Client, entity: Entity, first_month: str | None) -> Landed:
    """Fetch the key lists (/keys) of all months from the first stored one to the month of known_at, as one more load.

    A deletion can only be seen in these lists. With an incomplete list existing dossiers would count as deleted, so an answer that is not a
    list of objects is an error.
    """
    name = entity.name + KEYS_SUFFIX
    folder = job.folder(name)
    assert entity.deletions is not None  # noqa: S101  # the caller asked
    if entity.deletions.kind != "month_keys":
        raise NotConfigured(f"{job.profile.source}.yaml entity {entity.name}: over HTTP deletions are of kind month_keys.")
    months = months_between(first_month, job.window.end.astimezone(job.profile.zone_of_days).date(), entity.deletions.months)
    manifest = job.complete(folder)
    if manifest is not None:
        return _landed(name, folder, manifest)
    started = period.now()
    key = entity.key[0]
    deleted = next((column.source for column in entity.columns if column.name == "deleted_at"), None)
    writer = Writer(folder)
    counts = FieldCounts(entity.key_list)
    key_hashes = Distinct()
    line = keyless = 0
    envelope = envelope_of(client.http, job.profile.source)
    for month in months:
        where = f"{job.profile.source} {name}, month {month}"
        asked = http.Asked(entity.deletions.path, {"month": month})
        items = _items(client, envelope, asked, where)
        landed: list[tuple[int, dict[str, Any]]] = []
        given: list[dict[str, Any]] = []
        for item in items:
            line += 1
            if not isinstance(item, dict):
                raise ContractViolation(f"{where}: item {line} is no object but {type(item).__name__}. Nothing is deleted; ask the owner.")
            given.append({"month": month} | item)
            record = {"month": month, key: privacy.clean(item.get(key))}
            if deleted is not None:
                record[deleted] = privacy.clean(item.get(deleted))
            if record[key] in (None, "", privacy.MALFORMED):
                keyless += 1
            else:
                key_hashes.add(hash(str(record[key])))
            landed.append((line, record))
        writer.add(orjson.dumps([line, record, None], option=orjson.OPT_SORT_KEYS) for line, record in landed)
        counts.see(given, given, lists_are_text=False)
    if (blocked := _without_fields(job, entity.key_list, counts.manifest(), folder)) is not None:
        return blocked
    if line and keyless == line:
        raise _without_keys(job, entity, f"{line} items", key, "key")
    facts = {"distinct_keys": len(key_hashes), "keyless": keyless, "key": [key], "months": months}
    return _listed(folder, writer, counts, job.manifest(name, started) | facts)


def _items(client: http.Client, envelope: Envelope, asked: http.Asked, where: str) -> list[Any]:
    """The items of one answer."""
    return client.ask(asked, where, lambda body, _: envelope.records(body, where))


def months_between(first: str | None, end: date, limit: int | None) -> list[str]:
    """The months (YYYY-MM) from `first` to the month of `end`, at most the last `limit` of them; an empty list without `first`."""
    if first is None:
        return []
    months = []
    year, month = int(first[:4]), int(first[5:7])
    while (year, month) <= (end.year, end.month):
        months.append(f"{year:04d}-{month:02d}")
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return months if limit is None else months[-limit:]


# Files


def _from_folder(job: _Job, *, tells_others: bool) -> list[Landed]:
    with files.open_inbox(job.profile, job.connection, job.limits) as inbox:
        return _from_inbox(job, inbox, tells_others=tells_others)


def _from_inbox(job: _Job, inbox: Inbox, *, tells_others: bool) -> list[Landed]:
    names = inbox.names
    _require_recent(job, names)
    landed: list[Landed] = []
    for entity in job.profile.entities.values():
        secrets = job.secrets(entity)
        due = [name for name in _due_files(job, entity, names) if job.is_wanted(entity, name)]
        job.new_files[entity.name] = [name for name in due if job.known(entity, name) is None]
        before = job.before(entity)
        loads = [load for name in due if (load := _file_load(job, inbox, entity, name, secrets)) is not None]
        here = {folder_name(name) for name in names}
        removed = [name for name in job.folder(entity.name).names("directory") if name not in here]
        for name in removed:  # landed in an earlier try of this extract and removed by the sender since then
            folder = job.folder(entity.name).child(name)
            manifest = complete_manifest(folder)
            if manifest is not None and manifest["window_to"] == job.window.end.isoformat():
                loads.append(_landed(entity.name, folder, manifest))
        loads = _judged_together(job, entity, before, loads)
        _close_secrets(job, entity, secrets, [load for load in loads if load.status == LoadStatus.LANDED])
        landed += loads
        if job.again is not None:
            continue
        landed += _future_files(job, inbox, entity, names)
        landed += _lonely_manifests(job, inbox, entity, names)
    if not inbox.is_there():
        raise SourceUnavailable(
            f"{job.profile.source}: the drop folder {job.connection.host} vanished while it was read. Nothing of this extract is used. "
            "Mount it again, and run again."
        )
    if job.again is not None:
        return landed
    return landed + _broken_archives(job, inbox) + (_others(job, inbox) if tells_others else [])


def _future_files(job: _Job, inbox: Inbox, entity: Entity, names: list[str]) -> list[Landed]:
    """The files whose day has not come, where T is the moment of the run: as a rule the day is mistyped, and nobody would ever read them.

    In a window of the past they are left out without a word, because a later window has them.
    """
    config = _files_of(job.profile)
    if config.name is None or config.workbook is not None or not job.window.is_by_clock:
        return []
    zone = job.profile.zone_info
    days = {name: parsed.day for name in matching(entity, names) if (parsed := day_files.parse_name(name, config)) is not None}
    words = "has not come; where it is mistyped, ask the sender for the right name"
    return [
        _waiting(entity, name, inbox, {}, f"{job.profile.source} {entity.name}, file {name}: its day, {day}, {words}")
        for name, day in sorted(days.items())
        if datetime.combine(day, datetime.min.time(), zone) >= job.window.end
    ]


def _judged_together(job: _Job, entity: Entity, before: Earlier, loads: list[Landed]) -> list[Landed]:
    """The loads of a run, with its documents blocked where none of all of them has a field that they must have.

    A document of one record alone never shows that a field was renamed. `before`: the deliveries before this run.
    """
    documents = [load for load in loads if load.status == LoadStatus.LANDED and kinds.is_document(load.file_name or "")]
    if len(documents) < 2:
        return loads
    counted = together([load.manifest["fields"] for load in documents])
    absent = absent_fields(entity, counted, before, first_rows(job.profile))
    if not absent:
        return loads
    words = f"in all {len(documents)} documents of this run: {in_words(entity, absent, counted, before)}"
    what_to_do = advice.for_absent(job.profile, entity, before, absent)
    job.earlier[entity.name] = before
    them = {id(load) for load in documents}
    return [_blocked_with_others(job, entity, load, absent, words, what_to_do) if id(load) in them else load for load in loads]


def _blocked_with_others(job: _Job, entity: Entity, load: Landed, absent: list[Absent], words: str, what_to_do: str) -> Landed:
    Folder(load.path).remove()
    manifest, name = load.manifest, load.file_name or ""
    facts: dict[str, Any] = {key: manifest[key] for key in ("file_date", "revision", "fields") if key in manifest}
    facts |= {"sha256": _judged_by_profile(job, entity, manifest["sha256"]), "lacks": [each.field for each in absent]}
    return _blocked(job, entity, name, facts, [Check("FIELDS", False, words)], what_to_do)


def newest_day(profile: Profile, names: list[str]) -> date | None:
    """The newest day in the names of the files; None if no name has a day."""
    config = _files_of(profile)
    if config.name is None:
        return None
    named = [name for entity in profile.entities.values() for name in matching(entity, names)]
    days = [parsed.last_day for name in named if (parsed := day_files.parse_name(name, config)) is not None]
    return max(days, default=None)


def _require_recent(job: _Job, names: list[str]) -> None:
    """Raise WrongClock if the newest file is too old: then the clock of this machine is wrong, or the sender has stopped.

    This is checked only if known_at is the moment of the run (nobody chose it) and the profile has `files.newest_within_days`, the greatest
    allowed age in days. A drop folder has no clock of its own, so the day of the newest file is used instead.
    """
    most = _files_of(job.profile).newest_within_days
    newest = newest_day(job.profile, names)
    if most is None or newest is None or not job.window.is_by_clock:
        return
    lag = (job.window.end.astimezone(job.profile.zone_info).date() - newest).days
    if lag > most:
        raise WrongClock(
            f"{job.profile.source}: the newest file in {job.connection.host} is of {newest:%d/%m/%Y}, {lag} days before T = "
            f"{job.window.end.isoformat(timespec='seconds')}; the profile expects one within {most} days (files.newest_within_days). "
            "Nothing was read, and T stays where it was. Either the sender has stopped: ask it; or this machine's clock is wrong: set it; "
            f"or it is right so: name T with `cchc ingest {job.profile.source} --to …`."
        )


def _due_files(job: _Job, entity: Entity, names: list[str]) -> list[str]:
    """The files of an entity that belong to the window, ordered by day and revision (or by name, if the names have no day)."""
    config = _files_of(job.profile)
    names_found = matching(entity, names)
    if config.name is None:
        return names_found
    wanted: list[tuple[date, int, str]] = []
    for name in names_found:
        parsed = day_files.parse_name(name, config)
        if parsed is None:
            wanted.append((date.min, 0, name))
            continue
        midnight = datetime.combine(parsed.day, datetime.min.time(), job.profile.zone_info)
        last = datetime.combine(parsed.last_day, datetime.min.time(), job.profile.zone_info)
        early = job.window.explicit and job.window.start is not None and last < job.window.start
        # Nobody can declare a month that has not begun, so such a workbook is refused, except in a window of the past.
        is_asked = midnight < job.window.end or (config.workbook is not None and not job.window.explicit)
        if is_asked and not early:
            wanted.append((parsed.day, parsed.revision, name))
    return [name for _, _, name in sorted(wanted)]


@dataclass
class _File:
    """One file of a drop folder while it is read. `sha`: the hash under which it is known; `facts`: its part of the manifest in landing."""

    entity: Entity
    name: str
    own_sha: str
    sha: str
    facts: dict[str, Any]
    parsed: day_files.FileName | None = None
    declared: dict[str, Any] | None = None

    def is_known_by(self, sha: str) -> None:
        """Set another sha256 under which the file is known from now on."""
        self.facts["sha256"] = self.sha = sha


def _file_load(job: _Job, inbox: Inbox, entity: Entity, name: str, secrets: Secrets | None) -> Landed | None:
    """Read one file into the landing. None if the file is already known.

    Whatever is wrong with a file concerns this file alone: it is blocked or left for the next run, and the others are read.
    """
    where = f"{job.profile.source} {entity.name}, file {name}"
    stamp = _stamp(job, inbox, name)
    if stamp is not None and job.stamps.get((entity.name, name)) == stamp:
        return None
    try:
        sha = files.digest(inbox, name)
    except (files.Unfinished, files.Unreadable) as problem:
        if inbox.packed_in(name) == name:
            return _waiting(entity, name, inbox, {}, f"{where}: {problem}")
        return _of_archive(job, inbox, entity, name, problem)
    except OSError as error:
        raise SourceUnavailable(f"{where}: it cannot be read: {error.strerror or type(error).__name__}") from error
    file = _File(entity, name, sha, sha, {"sha256": sha} | ({"stamp": stamp} if stamp is not None else {}))
    try:
        return _known_or_read(job, inbox, file, secrets)
    except (CchcError, OSError):  # something around the file, such as the landing
        raise
    except Exception as error:  # a file can bring about an error of any type, in a library too
        # without the words of the error, which may repeat a record
        places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        log.error("%s: reading it failed: %s at %s", where, type(error).__name__, " < ".join(reversed(places)))
        job.folder(entity.name, name).remove()
        return _unreadable(job, file, NotJudged(f"reading it failed ({type(error).__name__}; the log of this run says where)"))


def _stamp(job: _Job, inbox: Inbox, name: str) -> str | None:
    """What the folder lists of a file, and of the manifest beside it, so that a file that is known need not come over the line again."""
    manifest = _files_of(job.profile).manifest
    beside = day_files.manifest_name(name, manifest) if manifest is not None else None
    return inbox.stamp(name, *([beside] if beside in inbox.names else []))


def _of_archive(job: _Job, inbox: Inbox, entity: Entity, name: str, problem: files.Unfinished | files.Unreadable) -> Landed | None:
    """An archive, or a file in one, that cannot be unpacked: it is known by the bytes of the archive. None if it was blocked before."""
    packed = inbox.packed_in(name)
    try:
        own = files.digest(inbox, packed)
    except files.Unfinished as cut:  # the archive itself is not there as a whole
        return _waiting(entity, name, inbox, {}, f"{job.profile.source} {entity.name}, file {name}: {cut}")
    sha = day_files.identity(own, name.encode())
    file = _File(entity, name, sha, sha, {"sha256": sha})
    return _unfinished(job, inbox, file, problem) if isinstance(problem, files.Unfinished) else _unreadable(job, file, problem)


def _broken_archives(job: _Job, inbox: Inbox) -> list[Landed]:
    """The archives that cannot be opened. Nobody knows whose files are in them, so they stand under the first entity."""
    entity = next(iter(job.profile.entities.values()))
    loads = [_of_archive(job, inbox, entity, name, problem) for name, problem in inbox.broken.items()]
    return [load for load in loads if load is not None]


def _known_or_read(job: _Job, inbox: Inbox, file: _File, secrets: Secrets | None) -> Landed | None:
    config, entity, name = _files_of(job.profile), file.entity, file.name
    folder = job.folder(entity.name, name)
    started = period.now()
    try:
        _identify(inbox, file, config)
        if job.known(entity, name) in (file.sha, _judged_by_profile(job, entity, file.sha)):
            return None
        if config.workbook is not None and file.parsed is not None and _starts_late(job, file.parsed.day):
            del file.facts["sha256"]  # at a later known_at it is checked again
            raise files.Unreadable(f"{name}: the month {file.parsed.day:%Y-%m} has not begun at T = {job.window.end.isoformat()}")
        if file.parsed is not None:
            file.facts |= {"file_date": file.parsed.day.isoformat(), "revision": file.parsed.revision}
        if config.manifest is not None:
            file.declared, _ = day_files.read_manifest(inbox, name, config.manifest)
            file.facts["manifest"] = day_files.kept(file.declared, config)
        manifest = job.complete(folder)
        if manifest is not None and manifest["sha256"] == file.sha and entity.secret is None:
            return _landed(entity.name, folder, manifest)
        folder.remove()
        return _read_file(job, inbox, file, secrets, started)
    except files.Unfinished as problem:
        folder.remove()
        return _unfinished(job, inbox, file, problem)
    except files.Unreadable as problem:
        folder.remove()
        return _unreadable(job, file, problem)


def _identify(inbox: Inbox, file: _File, config: Files) -> None:
    """Read the name of a file, and calculate its identity (together with the manifest beside it, if the source sends manifests)."""
    if config.name is not None:
        file.parsed = day_files.parse_name(file.name, config)
        if file.parsed is None:
            if config.workbook:
                config = replace(config, name_words=files.strict_workbook(config.workbook).NAME_WORDS)
            where = () if config.workbook else ("files.name",)
            raise files.Unreadable(f"B1 name: {day_files.name_words(config)}, found {file.name}", *where)
    if config.no_manifest is not None and file.entity.model == "payment":
        _alone_in_its_time(inbox, file, config)
    if config.manifest is not None:
        file.facts |= {"delivered_sha256": file.own_sha}
        other = day_files.manifest_name(file.name, config.manifest)
        if inbox.exists(other):
            file.is_known_by(day_files.identity(file.own_sha, day_files.manifest_bytes(inbox, other)))


def _alone_in_its_time(inbox: Inbox, file: _File, config: Files) -> None:
    """Raise Unreadable if another file has the same day and revision: one of them would replace the other without a word."""
    same = [name for name in matching(file.entity, inbox.names) if name != file.name and day_files.parse_name(name, config) == file.parsed]
    if same:
        raise files.Unreadable(
            f"B1 name: {file.name} and {', '.join(sorted(same)[:3])} have the same day and revision, and a file of payments replaces all "
            "of its time: have one file for it, or tell them apart by a revision",
            "files.name",
        )


def _unfinished(job: _Job, inbox: Inbox, file: _File, problem: files.Unfinished) -> Landed:
    """Handle an incomplete file: it is blocked if its manifest says that it is complete; otherwise the next run tries it again."""
    config, entity, name = _files_of(job.profile), file.entity, file.name
    is_whole = not isinstance(problem, Gone) and "changed while" not in str(problem)
    if file.declared is not None and is_whole:  # a manifest means that the sender considers the file complete
        results = [Check("B0", False, f"readable to its end: {problem}"), day_files.sha256_check(file.declared, file.own_sha, config)]
        return _blocked(job, entity, name, file.facts, results, advice.SENDER)
    return _waiting(entity, name, inbox, file.facts, f"{job.profile.source} {entity.name}, file {name}: {problem}")


def _unreadable(job: _Job, file: _File, problem: files.Unreadable) -> Landed | None:
    """Block a complete file that cannot be understood. None if it was blocked for the same reason before."""
    config, entity, name = _files_of(job.profile), file.entity, file.name
    if isinstance(problem, NotJudged):
        file.facts.pop("sha256", None)
    if config.workbook is not None and "sha256" in file.facts:  # checked again when the reference data by which it was checked change
        rules = files.strict_workbook(config.workbook).rules_stamp() + repr(job.limits).encode()
        file.is_known_by(day_files.identity(file.own_sha, rules))
    elif "sha256" in file.facts:
        file.is_known_by(_judged_by_profile(job, entity, file.sha))
    if job.known(entity, name) == file.sha:
        return None
    if isinstance(problem, files.LacksColumns):
        file.facts |= {"lacks": problem.fields}
    rule = "B1" if str(problem).startswith("B1") else "B0"
    results = [Check(rule, False, str(problem).removeprefix("B1 "))]
    return _blocked(job, entity, name, file.facts, results, advice.for_file(job.profile, entity, job.before(entity), problem))


def _judged_by_profile(job: _Job, entity: Entity, sha: str) -> str:
    """The identity of a blocked file. It changes when the profile or a limit changes, so that the file is then judged again."""
    profile = job.profile
    rules = repr((*entity.judged_by, profile.files, profile.missing, profile.time_formats, profile.zone, profile.settings, job.limits))
    if profile.files is not None and profile.files.decimal is not None:
        rules += profile.files.decimal
    if profile.files is not None and profile.files.signs:
        rules += profile.files.signs.words
    if profile.ignore_offset or profile.two_digit_years_from is not None:
        rules += f"{profile.ignore_offset} {profile.two_digit_years_from}"
    return day_files.identity(sha, rules.encode())


def _starts_late(job: _Job, day: date) -> bool:
    return datetime.combine(day, datetime.min.time(), job.profile.zone_info) >= job.window.end


def _read_file(job: _Job, inbox: Inbox, file: _File, secrets: Secrets | None, started: datetime) -> Landed:
    config = _files_of(job.profile)
    entity, name, facts = file.entity, file.name, file.facts
    folder = job.folder(entity.name, name)
    is_table = kinds.is_table(name)
    intake = Intake(job.profile, entity, job.window, job.privacy_key, secrets, lists_are_text=is_table)
    tally = files.Tally(thousands=config.thousands, decimal=config.decimal, signs=config.signs)
    if config.manifest is not None:
        tally.amount_field, tally.where = config.manifest.amount_field, config.manifest.amount_where
    writer = Writer(folder)
    records = files.read_records(inbox, name, file.own_sha, entity, job.profile, config, tally, job.limits, job.books)
    writer.add(_streamed(intake, records, tally))
    writer.add(intake.rest())
    if is_table:  # a workbook that is read cell by cell always has all columns
        intake.fields.table(tally.header or list(entity.wire_fields))
    counted = intake.fields.manifest()
    if absent := absent_fields(entity, counted, job.before(entity), first_rows(job.profile)):
        folder.remove()
        facts |= {"sha256": _judged_by_profile(job, entity, facts["sha256"]), "fields": counted}
        facts |= {"lacks": [each.field for each in absent]}
        words, before = in_words(entity, absent, counted, job.before(entity)), job.before(entity)
        return _blocked(job, entity, name, facts, [Check("FIELDS", False, words)], advice.for_absent(job.profile, entity, before, absent))
    results: list[Check] = []
    if file.declared is not None and file.parsed is not None:
        facts |= {"rows_delivered": tally.rows, "amount_delivered": plain_amount(tally.amount), "trailer": _trailer(tally, config)}
        results = day_files.checks(name, file.own_sha, file.parsed, file.declared, tally, config)
        if not all(check.ok for check in results):
            folder.remove()
            facts["sha256"] = _judged_by_profile(job, entity, facts["sha256"])  # the profile says what is counted and how
            return _blocked(job, entity, name, facts, results, advice.for_manifest(job.profile, job.before(entity)))
    if config.no_manifest is not None:  # nobody says how many rows there are, so it is what was read
        facts |= {"rows_delivered": tally.rows}
    writer.close()
    manifest = job.manifest(entity.name, started, name) | _counts(job, entity, intake, writer) | facts
    manifest |= {"total_reported": None, "complete": intake.late == 0}
    others = files.of_its_year(entity, name, config).out_of_years
    tally.left.names = [words for other, words in others.items() if other in counted["present"]]
    manifest |= {"other_sheets": len(tally.other_sheets), "left_alone": tally.left.facts()}
    if tally.encoding is not None:
        manifest["encoding"] = tally.encoding
    if entity.mode == "list":
        manifest["list_fetched"] = job.window.end.isoformat()
    write_manifest(folder, manifest)
    if not is_table:
        job.earlier[entity.name] = job.before(entity).with_delivery(counted)
    load = _landed(entity.name, folder, manifest)
    load.checks = results
    return load


def _streamed(intake: Intake, records: Iterator[tuple[int, Any]], tally: files.Tally) -> Iterator[bytes]:
    """Yield the landing lines of the records, a batch at a time, so that memory grows neither with the file nor with a record's size."""
    batch: list[tuple[int, Any]] = []
    begun = tally.read
    for pair in records:
        batch.append(pair)
        if len(batch) == BATCH_RECORDS or tally.read - begun > BATCH_BYTES:
            yield from intake.take(batch)
            batch, begun = [], tally.read
    yield from intake.take(batch)


def _trailer(tally: files.Tally, config: Files) -> dict[str, Any] | None:
    if tally.trailer is None:
        return None
    numbers = [*day_files.read_trailer(tally.trailer, config), None, None]
    return {"rows": numbers[0], "amount": numbers[1]}


def _lonely_manifests(job: _Job, inbox: Inbox, entity: Entity, names: list[str]) -> list[Landed]:
    """Return the manifests whose data file was not delivered."""
    config = _files_of(job.profile)
    if config.manifest is None:
        return []
    loads = []
    expected = {day_files.manifest_name(name, config.manifest) for name in matching(entity, names)}
    for name in names:
        data_name = name.removesuffix(config.manifest.suffix) + ".csv"
        if not name.endswith(config.manifest.suffix) or name in expected:
            continue
        parsed = day_files.parse_name(data_name, config)
        if parsed is None or datetime.combine(parsed.day, datetime.min.time(), job.profile.zone_info) >= job.window.end:
            continue
        where = f"{job.profile.source} {entity.name}, manifest {name}: its data file is not there"
        loads.append(_waiting(entity, name, inbox, {}, where))
    return loads


def _others(job: _Job, inbox: Inbox) -> list[Landed]:
    """What lies in the drop folder and is not read, in one entry that waits for somebody."""
    message = left_in_folder(job.profile, inbox)
    return [] if message is None else [Landed(next(iter(job.profile.entities)), "", OTHERS, {}, LoadStatus.WAITING, message)]


def _files_of(profile: Profile) -> Files:
    assert profile.files is not None  # noqa: S101  # drop_folder() refused a profile without
    return profile.files


# Databases


def _from_database(job: _Job, first_month: str | None) -> list[Landed]:
    """All entities of a database, from one snapshot where the engine has snapshots: after a failed try all of them are read again."""
    from cchc.sources.database import Session, absent_words

    entities = list(job.profile.entities.values())
    for entity in entities:
        check_dated(entity, f"{job.profile.source}.yaml")
    done = [_landed(name, job.folder(name), manifest) for name in _names(entities) if (manifest := job.complete(job.folder(name)))]
    if len(done) == len(_names(entities)):
        return done
    for name in _names(entities):
        job.folder(name).remove()
    with Session(job.profile, job.connection, job.limits) as session:
        clock = session.clock(job.window.end)
        headers = {entity.name: session.header(entity) for entity in entities}
        blocked = []
        for entity in entities:
            if lacking := session.lacking(entity, headers[entity.name]):
                words = absent_words(entity, headers[entity.name], lacking)
                what_to_do = advice.for_fields(job.profile, entity, job.before(entity), lacking)
                blocked.append(_lacking(job, entity, words, what_to_do, {"lacks": lacking}))
        if blocked:
            return blocked
        landed: list[Landed] = []
        for entity in entities:
            if entity.mode == "days":
                landed += _table_days(job, session, entity, headers[entity.name], clock)
                continue
            load = _table_load(job, session, entity, headers[entity.name], clock)
            landed.append(load)
            if entity.deletions is not None:
                landed.append(_table_keys(job, session, entity, _first_month(first_month, load)))
    return landed


def _names(entities: list[Entity]) -> list[str]:
    """The names of the loads that an extract of a database has: those of the entities, and of the lists of keys."""
    return [name for entity in entities for name in (entity.name, *((entity.name + KEYS_SUFFIX,) if entity.deletions is not None else ()))]


def _table_load(job: _Job, session: database.Session, entity: Entity, header: list[str], clock: datetime) -> Landed:
    folder, started, secrets = job.folder(entity.name), period.now(), job.secrets(entity)
    intake = Intake(job.profile, entity, job.window, job.privacy_key, secrets, lists_are_text=True)
    writer = Writer(folder)
    for batch in _batches(session.records(entity, header, job.window)):
        writer.add(intake.take(batch))
    writer.add(intake.rest())
    intake.fields.table(header)
    facts = {"total_reported": None, "source_clock": clock.isoformat(), "database": session.describe()}
    return _pulled(job, entity, folder, intake, writer, job.manifest(entity.name, started) | facts)


def _table_days(job: _Job, session: database.Session, entity: Entity, header: list[str], clock: datetime) -> list[Landed]:
    """One load for each day that is asked for. A row without a time is of no day: it comes with the newest one, where a rule tells it."""
    days, field_of_time = _days(job, entity), time_field(entity).source or ""
    loads = []
    for day in days:
        folder, started = job.folder(entity.name, day.isoformat()), period.now()
        intake = DayIntake(job.profile, entity, day, job.privacy_key, lists_are_text=True)
        writer = Writer(folder)
        window = window_of(job.profile, day)
        records = session.records_of_day(entity, header, field_of_time, window, with_undated=day == days[-1])
        for batch in _batches(records):
            writer.add(intake.take(batch))
        intake.fields.table(header)
        facts = {"total_reported": None, "source_clock": clock.isoformat(), "database": session.describe()}
        loads.append(_landed(entity.name, folder, _day_manifest(job, entity, folder, intake, writer, day, started, facts)))
    return loads


def _batches(records: Iterator[dict[str, Any]]) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    """The records with their numbers from 1, some at a time; how many rows the database sends at once is another matter."""
    numbered = enumerate(records, 1)
    while batch := list(itertools.islice(numbered, BATCH_RECORDS)):
        yield batch


def _table_keys(job: _Job, session: database.Session, entity: Entity, first_month: str | None) -> Landed:
    """Land the keys that the table holds now, each with the month of its reception, as one more load: what is missing was deleted.

    A key without a time of reception belongs to no month. One whose time cannot be read is an error, because the dossier would count as
    deleted.
    """
    name = entity.name + KEYS_SUFFIX
    folder, started = job.folder(name), period.now()
    assert entity.deletions is not None  # noqa: S101  # the caller asked
    months = months_between(first_month, job.window.end.astimezone(job.profile.zone_of_days).date(), entity.deletions.months)
    given = {column.name: column for column in entity.columns if column.source is not None}
    key, received, deleted = entity.key[0], given.get("received_at"), given.get("deleted_at")
    if received is None or received.source is None:
        raise NotConfigured(f"{job.profile.source}.yaml entity {entity.name}: deletions need the column received_at, from a field.")
    fields = [key, received.source, *((deleted.source,) if deleted is not None and deleted.source is not None else ())]
    month_of = _month_reader(job.profile, received, f"{job.profile.source} {name}")
    asked, key_hashes, counts = set(months), Distinct(), FieldCounts(entity.key_list)
    line = undated = keyless = 0
    writer = Writer(folder)
    for batch in _batches(session.keys(entity, list(dict.fromkeys(fields)))):
        records = []
        for line, row in batch:
            month = month_of(row[received.source], line)
            code = privacy.clean(row[key])
            if code in (None, ""):
                keyless += 1
                continue
            undated += month is None
            if month in asked:
                key_hashes.add(hash(str(code)))
                records.append((line, {"month": month, key: code} | {field: privacy.clean(row[field]) for field in fields[2:]}))
        counts.see([record for _, record in records], [record for _, record in records], lists_are_text=False)
        writer.add([orjson.dumps([line, record, None], option=orjson.OPT_SORT_KEYS) for line, record in records])
    if line and undated + keyless == line:
        raise _without_keys(job, entity, f"{line} rows", f"{key} and {received.source}", "key and received_at")
    counts.table(["month", key, entity.key_list.columns[-1].source or "", *fields[2:]])
    facts = {"distinct_keys": len(key_hashes), "keyless": keyless, "undated": undated, "key": [key], "months": months}
    return _listed(folder, writer, counts, job.manifest(name, started) | facts)


def _month_reader(profile: Profile, received: Column, where: str) -> Callable[[Any, int], str | None]:
    """A function that gives the local month (YYYY-MM) of a delivered time of reception; None if there is none."""
    read_time, zone = profile.reading(received).reader(), profile.zone_of_days
    is_missing = missing_test(profile.missing)

    def month_of(value: Any, line: int) -> str | None:
        value = privacy.clean(value)
        if is_missing(value) or value == "":
            return None
        at = read_time(value)
        if at is None:
            raise ContractViolation(
                f"{where}, row {line}: {received.source} is no time in the formats of the profile, so nobody knows its month. "
                "Nothing is deleted; correct the formats of received_at in the profile, or ask the owner of the source."
            )
        return f"{at.astimezone(zone):%Y-%m}"

    return month_of


# All


def _first_month(stored: str | None, load: Landed) -> str | None:
    """The first month (YYYY-MM) whose keys are compared: that of the stored dossiers, or of those that this load brings.

    If no window before this one was extracted, this extract may bring dossiers of months before the stored ones.
    """
    return min((month for month in (stored, *load.manifest["received_months"]) if month is not None), default=None)


def _lacking(job: _Job, entity: Entity, words: str, what_to_do: str, facts: dict[str, Any]) -> Landed:
    """The blocked load of an entity that lacks fields. `words`: which ones; `facts`: what its manifest says of them."""
    message = f"{job.profile.source} {entity.name} is blocked: FIELDS {words} {what_to_do}"
    return Landed(entity.name, "", None, facts, LoadStatus.BLOCKED, message, [Check("FIELDS", False, words)])


def _pulled(job: _Job, entity: Entity, folder: Folder, intake: Intake, writer: Writer, manifest: dict[str, Any]) -> Landed:
    """Close the load of an entity that was asked for its window, over HTTP or in a database. `manifest`: what is known of it so far."""
    writer.close()
    if intake.numbers is not None:
        before = None if first_number(entity, job.window) is None else job.window.numbers.get(entity.name)
        manifest |= intake.numbers.facts(before, f"{job.profile.source} {entity.name}")
    manifest |= _counts(job, entity, intake, writer)
    if entity.mode == "list":
        manifest["list_fetched"] = job.window.end.isoformat()
    if entity.deletions is not None:
        manifest["received_months"] = dict(sorted(intake.received_months.items()))
    if intake.secrets is not None:
        manifest["secret_days"] = [day.isoformat() for day in intake.secrets.days_read(job.window.start, whole_window=True)]
    write_manifest(folder, manifest)
    load = _landed(entity.name, folder, manifest)
    _close_secrets(job, entity, intake.secrets, [load])
    return load


def _listed(folder: Folder, writer: Writer, counts: FieldCounts, manifest: dict[str, Any]) -> Landed:
    """Close a load of keys. `manifest`: what is known of it so far."""
    writer.close()
    manifest |= {"records": writer.records, "total_reported": None, "parts": writer.parts, "fields": counts.manifest()}
    write_manifest(folder, manifest)
    return _landed(manifest["entity"], folder, manifest)


def _without_keys(job: _Job, entity: Entity, rows: str, fields: str, what: str) -> ContractViolation:
    """The error of a list of keys in which nothing can be compared: by it, every stored dossier would count as deleted."""
    return ContractViolation(
        f"{job.profile.source} {entity.name + KEYS_SUFFIX}: none of the {rows} has a readable {fields}. Nothing is deleted; ask the owner "
        f"of the source, or where the field has another name now, correct the {what} of {entity.name} in the profile "
        f"{job.profile.source}.yaml."
    )


def _counts(job: _Job, entity: Entity, intake: Intake, writer: Writer) -> dict[str, Any]:
    """The counts of a load for its manifest.

    `distinct_keys` and `keyless` count all delivered records, and `fields` the landed records. The others say what became of each.
    """
    return {
        "records": writer.records,
        "distinct_keys": intake.distinct_keys,
        "keyless": intake.keyless,
        **intake.counts(writer.records, f"{job.profile.source} {entity.name}"),
        "parts": writer.parts,
        "key": list(entity.key),
        "key_else": list(entity.key_else) if entity.key_else else None,
        "fields": intake.fields.manifest(),
        "read_as": read_as(job.profile, entity),
    }


def _landed(entity: str, folder: Folder, manifest: dict[str, Any]) -> Landed:
    load = Landed(entity=entity, path=folder.url, file_name=manifest["file_name"], manifest=manifest)
    load.secret_days = [date.fromisoformat(day) for day in manifest.get("secret_days", [])]
    return load


def _close_secrets(job: _Job, entity: Entity, secrets: Secrets | None, loads: list[Landed]) -> None:
    """Add the counts of secret records to the last load of the entity, and remove records that became secret within this extract."""
    if secrets is None or not loads:
        return
    last = loads[-1]
    last.secret_counts, last.secret_keys = secrets.counts, secrets.keys
    if last.file_name is not None:
        last.secret_days = secrets.days_read(None, whole_window=False)
    if purge_landing(job.landing, job.profile.source, entity.name, last.secret_keys, job.extract_id):
        for load in loads:
            load.manifest = complete_manifest(Folder(load.path)) or load.manifest


def _waiting(entity: Entity, name: str, inbox: Inbox, facts: dict[str, Any], reason: str) -> Landed:
    at = inbox.modified_at(name)
    overdue = at is not None and period.now() - at > OVERDUE
    since = f" It has been so for more than a day (since {at:%Y-%m-%d %H:%M}): ask the sender." if overdue else ""
    message = f"{reason}; it is left for the next run.{since}"
    return Landed(entity.name, "", name, facts, LoadStatus.WAITING, message, overdue=overdue)


def _blocked(job: _Job, entity: Entity, name: str, facts: dict[str, Any], checks: list[Check], what_to_do: str) -> Landed:
    broken = "; ".join(f"{check.rule} {check.message.rstrip('.')}" for check in checks if not check.ok)
    stays = advice.in_force(_files_of(job.profile), job.before(entity), name, job.new_files.get(entity.name, ()))
    message = f"{job.profile.source} {entity.name}, file {name} is blocked: {broken}. {what_to_do} {stays}".rstrip()
    return Landed(entity.name, "", name, facts, LoadStatus.BLOCKED, message, checks)
