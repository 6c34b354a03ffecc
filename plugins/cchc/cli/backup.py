"""`cchc backup write | list | test | restore`: backups of databases and secrets, the test that one can be restored, and the restore."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from cchc.cli.arguments import Add
from cchc.cli.printing import print_table
from cchc.settings import Settings, secret_variable


def register(add: Add) -> None:
    """Add the command."""
    backup = add("backup", _backup, "backups of databases and secrets: write, list, test, restore into a new CCHC_HOME")
    backup.add_argument("action", choices=("write", "list", "test", "restore"))
    backup.add_argument("--to", type=Path, metavar="FOLDER", help="the folder of the backups; default: CCHC_BACKUP_DIR")
    backup.add_argument("--keep", type=int, help="how many of the newest to keep; default: all")
    backup.add_argument("--name", help="which one to test or restore; default: the newest")


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.embedded import backup, stack

    folder = options.to or backup.folder_of_backups()
    if options.action == "list":
        rows = []
        for path in backup.backups(folder):
            manifest = json.loads((path / backup.MANIFEST).read_text(encoding="utf-8"))
            size = sum(file.stat().st_size for file in path.iterdir()) / 2**20
            rows.append([path.name, manifest["made_at"], manifest["version"], ", ".join(manifest["databases"]), f"{size:.1f} MB"])
        print_table(["name", "made at", "version", "databases", "size"], rows)
        return 0
    if options.action in ("test", "restore"):
        chosen = folder / options.name if options.name else backup.newest(folder)
        if options.action == "test":
            print(backup.test(chosen))
        else:
            print(f"restored: {', '.join(backup.restore(settings, chosen))}. Now: `cchc init`, `cchc doctor`, `cchc ingest` of each source")
        return 0
    airflow = secret_variable("CCHC_AIRFLOW_DATABASE_URL") or stack.metadata_url(settings)
    print(f"written: {backup.write(settings, folder, options.keep, airflow)}")
    return 0
