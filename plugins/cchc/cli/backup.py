"""`cchc backup [write | list | test | restore]` and `cchc restore`: backups of everything, the test of one, and the restore."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cchc.cli.arguments import Add
from cchc.cli.printing import print_table
from cchc.settings import Settings, secret_variable

AIRFLOW_DATABASE = "CCHC_AIRFLOW_DATABASE_URL"


def register(add: Add) -> None:
    """Add the commands."""
    backup = add("backup", _backup, "write a backup of databases, landing, papers and secrets; list and test backups")
    backup.add_argument("action", nargs="?", default="write", choices=("write", "list", "test", "restore"))
    backup.add_argument("--keep", type=int, help="how many of the newest to keep; default: all")
    restore = add("restore", _restore, "restore a backup into a new CCHC_HOME, or into the empty databases of a server")
    for command in (backup, restore):
        command.add_argument("--to" if command is backup else "--from", dest="folder", type=Path, metavar="FOLDER", help=_FOLDER)
        command.add_argument("--name", help="which one to test or restore; default: the newest")


_FOLDER = "the folder of the backups; default: CCHC_BACKUP_DIR"


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.embedded import backup, stack

    folder = options.folder or backup.folder_of_backups()
    if options.action == "restore":
        return _restore(options, settings)
    if options.action == "list":
        return _list(folder)
    if options.action == "test":
        print(backup.test(folder / options.name if options.name else backup.newest(folder)))
        return 0
    airflow = secret_variable(AIRFLOW_DATABASE) or stack.metadata_database(settings)
    made = backup.write(settings, folder, options.keep, airflow)
    print(f"written: {made}")
    if airflow is None:
        print(f"without a database of Airflow: {AIRFLOW_DATABASE} is not set, and `cchc up` was never run in {settings.home}")
    lacking = backup.lacking_in(made)
    _tell_lacking(lacking)
    return 1 if lacking else 0


def _list(folder: Path) -> int:
    """Print the backups, and name what looks like one and is none. The exit code is 1 where there is such a thing."""
    from cchc.embedded import backup
    from cchc.errors import CchcError

    damaged = [
        f"{path} is no backup: {backup.MANIFEST} is missing, it was copied by half or damaged" for path in backup.half_backups(folder)
    ]
    rows = []
    for path in backup.backups(folder):
        try:
            manifest = backup.manifest_of(path)
        except CchcError as error:
            damaged.append(str(error))
            continue
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 2**20
        rows.append([path.name, manifest["made_at"], manifest["version"], ", ".join(manifest["databases"]), f"{size:.1f} MB"])
    print_table(["name", "made at", "version", "databases", "size"], rows)
    for sentence in damaged:
        print(f"WRONG {sentence}", file=sys.stderr)
    return 1 if damaged else 0


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.cli.init import initialise
    from cchc.embedded import backup

    folder = options.folder or backup.folder_of_backups()
    chosen = folder / options.name if options.name else backup.newest(folder)
    done = backup.restore(settings, chosen, secret_variable(AIRFLOW_DATABASE))
    print(f"restored: {', '.join(done.databases)}, {done.landing_files} files of landing, secrets and papers, in {done.seconds:.0f} s")
    _tell_lacking(done.lacking)
    initialise(settings)
    print("What was done after the moment of this backup is undone:", file=sys.stderr)
    for sentence in done.undone:
        print(f"  {sentence}", file=sys.stderr)
    print("Now: `cchc doctor`; `cchc user list`, which names the logins that need a new password; `cchc ingest` of each source")
    return 0


def _tell_lacking(lacking: list[str]) -> None:
    """Say what the installation itself lacked when the backup was written; a backup cannot bring it back."""
    if lacking:
        print(f"the installation itself lacks {len(lacking)} things that its warehouse names; `cchc doctor` says more:", file=sys.stderr)
        for sentence in lacking[:10]:
            print(f"  {sentence}", file=sys.stderr)
