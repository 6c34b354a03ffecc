"""`cchc audit`: who approved, exported, looked at dossiers, ran SQL, changed keys or rights."""

from __future__ import annotations

import argparse
import csv
import sys

from cchc.cli.arguments import Add, moment
from cchc.cli.printing import cell, print_table
from cchc.settings import Settings

# as cchc.warehouse.audit.CATEGORIES, which is not imported before it is needed; a test compares them
CATEGORIES = ("approval", "export", "look", "sql", "key", "erasure", "withdrawal", "account", "login")
COLUMNS = ("happened_at", "category", "action", "subject", "by_whom", "database_login")


def register(add: Add) -> None:
    """Add the command."""
    audit = add("audit", _audit, "who approved, exported, looked at dossiers, ran SQL, changed keys or rights (docs/guides/audit.md)")
    audit.add_argument("--category", choices=CATEGORIES)
    audit.add_argument("--since", type=moment, help="a day or moment")
    audit.add_argument("--by", help="the name of who did it")
    audit.add_argument("--rows", type=int, default=50, help="how many, the newest first; -1 = all")
    audit.add_argument("--format", choices=("table", "csv"), default="table")


def _audit(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse.audit import listed

    rows = listed(settings, options.category, options.since, options.by, None if options.rows < 0 else options.rows)
    cells = [[cell(row[column]) for column in COLUMNS] for row in rows]
    if options.format == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(COLUMNS)
        writer.writerows(cells)
    elif rows:
        print_table(list(COLUMNS), cells, ["database_login"])
    else:
        print("nothing of that kind was done")
    return 0
