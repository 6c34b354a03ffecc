"""`cchc drift`: what changed in what the sources deliver, by source and month."""

from __future__ import annotations

import argparse
import csv
import sys

from cchc.cli.arguments import Add
from cchc.cli.printing import cell, print_table
from cchc.errors import WrongUse
from cchc.near import or_known
from cchc.settings import Settings

COLUMNS = (
    "month", "source_code", "entity", "change", "field", "word", "column_name", "changed_count", "record_count",
    "profile_version", "contract_version",
)  # fmt: skip


def register(add: Add) -> None:
    """Add the command."""
    drift = add("drift", _drift, "what changed in what the sources deliver, by source and month (docs/guides/drift.md)")
    drift.add_argument("source", nargs="?", help="one source; all without it")
    drift.add_argument("--month", help="the first month, YYYY-MM: what came in it and since; all months without it")
    drift.add_argument("--format", choices=("table", "csv"), default="table")


def _drift(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.period import parse_period
    from cchc.quality.drift import report
    from cchc.sources.profile import list_profiles
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    known = list_profiles(settings.sources_dir)
    if options.source is not None and options.source not in known:
        raise WrongUse(f"there is no source {options.source!r}{or_known(options.source, known)}")
    since = parse_period(options.month).start if options.month else None
    rows = report(settings, options.source, since)
    cells = [[f"{row[column]:%Y-%m}" if column == "month" else cell(row[column]) for column in COLUMNS] for row in rows]
    if options.format == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(COLUMNS)
        writer.writerows(cells)
    elif rows:
        print_table(list(COLUMNS), cells, ["profile_version", "contract_version", "column_name", "record_count"])
    else:
        print("nothing has changed in what was delivered")
    return 0
