"""`cchc quarantine list | show | retry`: rows that break a rule."""

from __future__ import annotations

import argparse

from cchc.cli.arguments import Add
from cchc.cli.ingest import print_outcomes
from cchc.cli.printing import print_columns
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    quarantine = add("quarantine", _quarantine, "rows that failed a rule: list, show, retry")
    quarantine.add_argument("action", choices=("list", "show", "retry"))
    quarantine.add_argument("--load", type=int, action="append", help="only of this load")
    quarantine.add_argument("--key", help="only of this key")


def _quarantine(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    if options.action == "retry":
        return _retry(options, settings)
    return _show(options, settings)


def _retry(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.pipeline import ingest as pipeline

    outcomes = pipeline.retry_quarantine(settings, options.load or None)
    if not outcomes:
        print("nothing to retry")
    return print_outcomes(outcomes)


def _show(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse import engine, query
    from cchc.warehouse.audit import noted

    if options.action == "show":
        loads = "" if not options.load else f" of load {', '.join(map(str, options.load))}"
        noted(settings, "look", "cchc quarantine show", f"quarantined records{loads}")
    where = "resolved_at is null" + (" and load_id = any(:loads)" if options.load else "") + (" and key = :key" if options.key else "")
    binds = {"loads": options.load or [], "key": options.key}
    with engine(settings).connect() as connection:
        if options.action == "list":
            rows = query(
                connection,
                "select source_code, entity, load_id, rule, action, count(*) as rows, min(reason) as reason from ops.quarantine "
                f"where {where} group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4",
                binds,
            )
            columns = ["source_code", "entity", "load_id", "rule", "action", "rows", "reason"]
        else:
            rows = query(
                connection,
                f"select source_code, entity, load_id, file, line, key, rule, action, reason, record from ops.quarantine where {where} "
                "order by quarantine_id limit 200",
                binds,
            )
            columns = ["source_code", "entity", "load_id", "file", "line", "key", "rule", "action", "reason", "record"]
    print_columns(columns, rows, ["record", "source_code"] if options.action == "show" else [])
    return 0
