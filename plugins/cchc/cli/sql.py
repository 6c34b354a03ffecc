"""`cchc sql`: one read-only statement on the warehouse."""

from __future__ import annotations

import argparse
import csv
import sys

from cchc.cli.arguments import Add
from cchc.cli.printing import cell, print_table
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    statement = add("sql", _sql, "run one read-only SQL statement on the warehouse")
    statement.add_argument("statement")
    statement.add_argument("--format", choices=("table", "csv"), default="table")


def _sql(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse import require_migrated
    from cchc.warehouse.audit import noted
    from cchc.warehouse.read_only import read
    from cchc.warehouse.redacted import without_texts

    require_migrated(settings)
    noted(settings, "sql", "cchc sql", without_texts(options.statement))
    names, rows = read(settings, options.statement)
    if options.format == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows(rows)
    else:
        print_table(names, [[cell(value) for value in row] for row in rows])
    return 0
