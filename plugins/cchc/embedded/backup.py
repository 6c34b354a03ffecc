"""Backups with a test of the restore: the databases as of one moment, landing, and what of CCHC_HOME cannot be made again.

A backup is a folder `<time>` in the folder of the backups:

    warehouse.dump, airflow.dump   pg_dump in its custom format, by the programs of the embedded PostgreSQL, which also dump a server's
    home.tar.gz                    of CCHC_HOME: the secrets, the accounts, the papers of publications
    landing/…                      everything that has landed; a file that the backup before has, too, is linked to it
    backup.json                    when, of which version, the SHA-256 of each file, the rows of each table at that moment, what is lacking

It holds the privacy key and the passwords: keep it as safe as the server itself.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from cchc.embedded import backup_database as databases
from cchc.embedded import backup_files as files
from cchc.embedded.backup_files import PRIVATE_FOLDER
from cchc.embedded.backup_remains import in_work, remove_remains
from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.files import PRIVATE, locked, write_atomic
from cchc.period import now
from cchc.settings import Settings
from cchc.sources.landing import copy_folder
from cchc.warehouse import embedded as postgres
from cchc.warehouse.url import DATABASE, owner_url

log = logging.getLogger(__name__)

VARIABLE = "CCHC_BACKUP_DIR"
MANIFEST = "backup.json"
_NAME = re.compile(r"\d{8}T\d{6}(-\d+)?")
TRIES = 3
# what people decide, which no source delivers again: category of ops.audit → what to do where a restore undoes it
ACTS = {
    "erasure": "The hashes of this citizen are back: `cchc privacy erase` once more",
    "key": "The key of before and its hashes are back: `cchc privacy rotate` once more",
    "withdrawal": "What was withdrawn counts again: withdraw it once more",
    "approval": "This edition is not known any more, and may have been handed out: look at it before another one is published in its place",
}


@dataclass(frozen=True)
class Restored:
    """What a restore brought back: databases by name, the number of files of the landing, what the backup itself lacks, the seconds.

    `undone`: what people did after the moment of the backup, as far as a later backup in the same folder knows it, and from when on nobody
    knows it.
    """

    databases: list[str]
    landing_files: int
    lacking: list[str]
    seconds: float
    undone: list[str]


def folder_of_backups(variables: Mapping[str, str] = os.environ) -> Path:
    """The folder of the backups. Raises NotConfigured where CCHC_BACKUP_DIR is not set."""
    if not variables.get(VARIABLE):
        raise NotConfigured(f"{VARIABLE} is not set: name a folder for the backups, on another disk than the databases")
    return Path(variables[VARIABLE])


def write(settings: Settings, folder: Path, keep: int | None = None, airflow_url: str | None = None) -> Path:
    """Write a backup into `folder`, whole or not at all, and remove all but the newest `keep`. The folder of the backup.

    `airflow_url`: the database of Airflow; None leaves it out. Runs may go on: the databases are held at one moment while files are copied,
    and what they name is compared with what was copied. Where retention, an erasure or another key changed files meanwhile, all is written
    again. What is lacking twice in the same way lacks in the installation itself: it is noted in the backup (`lacking_in`), and no older
    backup is removed, because it may have what is lacking.
    The owner of the warehouse reads it where its address is known, else the login of the tasks, which may read every table.

    Raises CchcError with what pg_dump said if a database cannot be dumped, if its server is too new, or if files do not come to rest.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    remove_remains(folder)
    urls = {"warehouse": owner_url(settings), **({"airflow": airflow_url} if airflow_url else {})}
    previous = _previous(folder)
    name = f"{now():%Y%m%dT%H%M%S}"
    before: list[str] | None = None
    for _ in range(TRIES):
        making = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder))
        try:
            with in_work(making):
                found = _fill(settings, making, urls, previous)
            if not found or found == before:
                others = len(list(folder.glob(f"{name}*")))  # of the same second
                made = making.rename(folder / (f"{name}-{others}" if others else name))
                break
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
        shutil.rmtree(making)
        before = found
    else:
        raise CchcError(
            f"files change while they are copied ({(before or [''])[0]}), so no backup was written: wait until maintenance, an erasure or "
            "a change of the privacy key is over, and try again"
        )
    for old in backups(folder)[: -keep if keep and not found else 0]:
        shutil.rmtree(old)
        log.info("the backup %s is removed; the newest %s are kept", old.name, keep)
    return made


def _previous(folder: Path) -> Path | None:
    """The newest backup whose files the next one may link to; None where there is none, or where it cannot be read any more."""
    for backup in reversed(backups(folder)):
        try:
            _known_landing(backup)
        except CchcError as error:
            log.warning("%s; the next backup shares no file with it", error)
        else:
            return backup
    return None


def _fill(settings: Settings, making: Path, urls: Mapping[str, str], previous: Path | None) -> list[str]:
    """Write everything into the folder of a backup; what the warehouse names and the files lack."""
    started, key = time.monotonic(), files.key_file(settings)
    with ExitStack() as held:
        # all moments first, one right after the other: what follows takes minutes
        moments = {database: held.enter_context(databases.snapshot(url)) for database, url in urls.items()}
        described = {database: databases.dump(moment, making / f"{database}.dump") for database, moment in moments.items()}
        acts = databases.acts(moments["warehouse"].connection)
        home, home_lacks = files.copy_home(settings.home, making / files.HOME)
        known = _known_landing(previous)
        landed = files.copy_landing(settings.landing_url, making / files.LANDING, previous and previous / files.LANDING, known)
        found = files.lacking(moments["warehouse"].connection, making / files.LANDING, landed, home)
        found += home_lacks
    if files.key_file(settings) != key:
        found.append("the privacy key was changed meanwhile")
    try:
        settings.privacy_key()
    except NotConfigured as error:  # a backup without it brings back hashes that nobody can go on with
        found.append(f"the privacy key: {error}")
    whole = [path for path in sorted(making.iterdir()) if path.is_file()]
    manifest = {
        "made_at": now().isoformat(),
        "seconds": round(time.monotonic() - started, 1),
        "version": metadata.version("cchc"),
        "sha256": {path.name: files.sha256_of(path) for path in whole}
        | {f"{files.LANDING}/{name}": sha256 for name, sha256 in landed.items()},
        "databases": described,
        "as_of": moments["warehouse"].at.isoformat(),
        "acts": acts,
        "lacking": found,
    }
    write_atomic(making / MANIFEST, json.dumps(manifest, indent=1), PRIVATE)
    for path in whole:
        path.chmod(PRIVATE)
    return found


def backups(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first."""
    return sorted(path.parent for path in folder.glob(f"[0-9]*/{MANIFEST}"))


def lacking_in(backup: Path) -> list[str]:
    """What lacked in the installation itself when a backup was written, as sentences: landing or papers that its warehouse names."""
    return list(manifest_of(backup).get("lacking", ()))


def require_nothing_lacking(backup: Path) -> None:
    """Raise CchcError where the installation itself lacked something when a backup was written; the backup itself is whole."""
    if lacking := lacking_in(backup):
        raise CchcError(
            f"backup {backup.name} is written, and the installation lacks {len(lacking)} things that its warehouse names: "
            f"{lacking[0]}. No older backup was removed: put what it has in its place (docs/runbooks/restore.md); `cchc doctor` says "
            "more"
        )


def test(backup: Path) -> str:
    """Restore the dumps of a backup into a PostgreSQL of its own beside it, and compare; a sentence about what was found.

    Raises CchcError that names the file that differs from its SHA-256, the dump that cannot be restored, or each table that has other rows
    than were counted when the backup was written.
    """
    started, manifest = time.monotonic(), manifest_of(backup)
    files.require_whole(backup, manifest["sha256"])
    scratch = Path(tempfile.mkdtemp(prefix=".test.", dir=backup.parent))
    differences, tables = [], 0
    try:
        with in_work(scratch):
            server = postgres.start(scratch, durable=False)
            for database, described in manifest["databases"].items():
                server.ensure_databases(database)
                databases.restore_dump(server.url(database), described, backup / f"{database}.dump")
                found = _counted(server.url(database))
                rows = described["rows"]
                tables += len(rows)
                differences += [
                    f"{database}.{table}: {found.get(table)} rows instead of {count}"
                    for table, count in rows.items()
                    if found.get(table) != count
                ]
    finally:
        postgres.stop(scratch)
        shutil.rmtree(scratch, ignore_errors=True)
    if differences:
        raise CchcError(f"backup {backup.name} does not restore what was there:\n" + "\n".join(differences))
    total = sum(sum(described["rows"].values()) for described in manifest["databases"].values())
    return (
        f"backup {backup.name}: {tables} tables with {total} rows were restored, and are what was counted when it was written; "
        f"{len(_known_landing(backup))} files of landing are what was written. It took {time.monotonic() - started:.0f} s"
    )


def restore(settings: Settings, backup: Path, airflow_url: str | None = None) -> Restored:
    """Restore databases, landing, papers and secrets. `cchc init` then brings the warehouse to this version and grants its rights.

    A database goes to the server whose address is given (CCHC_WAREHOUSE_URL; `airflow_url`), where it must be empty, and otherwise into an
    embedded PostgreSQL of its own. Nothing is overwritten: raises WrongUse, before anything is changed, where a database, the landing or,
    without a server, CCHC_HOME is not empty, while another restore into CCHC_HOME goes on, and where the server is older than that of the
    backup; CchcError if the backup is damaged.
    """
    with _alone(settings):
        return _restore(settings, backup, airflow_url)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Let no other restore write into CCHC_HOME: the one that fails would remove what the other one restored. Raises WrongUse."""
    number = hashlib.sha256(str(settings.home.absolute()).encode()).hexdigest()[:16]
    lock = Path(tempfile.gettempdir(), f"cchc-restore-{number}.lock")  # CCHC_HOME must be empty, and nobody may write beside it
    with ExitStack() as held:
        try:
            held.enter_context(locked(lock, wait=False))
        except BlockingIOError:
            raise WrongUse(f"another restore into {settings.home} goes on. Nothing was changed") from None
        yield


def _restore(settings: Settings, backup: Path, airflow_url: str | None) -> Restored:
    started, manifest = time.monotonic(), manifest_of(backup)
    addresses = {DATABASE: owner_url(settings) if settings.warehouse_url else None, "airflow": airflow_url}
    own = [database for database in manifest["databases"] if not addresses.get(database)]
    if own and settings.home.exists() and any(settings.home.iterdir()):
        raise WrongUse(f"{settings.home} is not empty, and nothing is overwritten: set CCHC_HOME to a new folder")
    files.require_no_landing(settings.landing_url)
    for database, described in manifest["databases"].items():
        if url := addresses.get(database):
            with databases.connect(url) as connection:
                databases.require_empty(connection, described)
    files.require_whole(backup, manifest["sha256"])
    settings.home.mkdir(parents=True, exist_ok=True)
    done: list[str] = []
    try:
        files.restore_home(settings.home, backup / files.HOME)
        if own:
            server = postgres.start(settings.home)
            server.ensure_databases(*own)
            addresses |= {database: server.url(database) for database in own}
        for database, described in manifest["databases"].items():
            databases.restore_dump(str(addresses[database]), described, backup / f"{database}.dump")
            done.append(database)
        landed = copy_folder((backup / files.LANDING).as_uri(), settings.landing_url)
    except BaseException:
        _undo(settings, own, done)
        raise
    return Restored(done, landed, list(manifest.get("lacking", ())), time.monotonic() - started, undone_by(backup))


def undone_by(backup: Path) -> list[str]:
    """What people did after the moment of a backup, so that a restore of it undoes it: a sentence each, by the newest backup beside it.

    The last sentence says from when on nobody knows what was done.
    """
    manifest, newest_one = manifest_of(backup), manifest_of(newest(backup.parent))
    acts = [act for act in newest_one.get("acts", ()) if act not in manifest.get("acts", ())]
    told = [f"{act['at']} {act['action']}: {act['subject']}; by {act['by']}. {ACTS[act['category']]}" for act in acts]
    until = newest_one.get("as_of", newest_one["made_at"])
    return [*told, f"What was done after {until} is in no backup here: citizens erased, keys changed, loads withdrawn, editions published"]


def _undo(settings: Settings, own: list[str], done: list[str]) -> None:
    """Take back a restore that failed where CCHC_HOME was new, and name what stays on a server."""
    if own:
        postgres.stop(settings.home)
        shutil.rmtree(settings.home)
    on_server = [database for database in done if database not in own]
    if on_server:
        log.error("the restore failed after %s was restored: make that database empty before the next try", ", ".join(on_server))


def half_backups(folder: Path) -> list[Path]:
    """Folders and files with the name of a backup that are none, oldest first: copied by half, or damaged. Raises WrongUse as `newest`."""
    if not folder.is_dir():
        why = "is no folder" if folder.exists() else "is not there: is its disk mounted?"
        raise WrongUse(f"the folder of the backups, {folder}, {why}")
    whole = backups(folder)
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path not in whole)


def newest(folder: Path) -> Path:
    """The newest backup of a folder; one that is newer and not whole is told. Raises WrongUse if there is none, or no such folder."""
    halves, found = half_backups(folder), backups(folder)
    if not found:
        named = f": {MANIFEST} is missing in {', '.join(path.name for path in halves)}, copied by half or damaged" if halves else ""
        raise WrongUse(f"{folder} has no {'whole ' if halves else ''}backup{named}; `cchc backup` makes one")
    for path in halves:
        if path.name > found[-1].name:
            log.warning("%s is newer than %s, which is taken, and is no whole backup: %s is missing in it", path, found[-1].name, MANIFEST)
    return found[-1]


def _counted(url: str) -> dict[str, int]:
    with databases.connect(url) as connection:
        return databases.rows_of(connection)


def _known_landing(backup: Path | None) -> dict[str, str]:
    """The SHA-256 of each file of the landing in a backup, by its name below landing."""
    listed = manifest_of(backup)["sha256"] if backup is not None else {}
    head = f"{files.LANDING}/"
    return {name.removeprefix(head): sha256 for name, sha256 in listed.items() if name.startswith(head)}


def manifest_of(backup: Path) -> dict[str, Any]:
    """What a backup says of itself. Raises CchcError, which names it, where that is not there, was damaged, or is another file."""
    try:
        found: dict[str, Any] = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
        kinds = {"sha256": dict, "databases": dict, "made_at": str, "version": str}
        if not (isinstance(found, dict) and all(isinstance(found.get(key), kind) for key, kind in kinds.items())):
            raise ValueError("it lacks what every backup has")
        return found
    except (OSError, ValueError) as error:
        raise CchcError(f"{backup} is no backup of this product: {MANIFEST} cannot be read ({error})") from error
