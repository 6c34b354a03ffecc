"""`cchc ingest`: extract, check and load one source; also the output about the runs of a source."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from cchc.cli.arguments import Add, moment
from cchc.cli.printing import print_table
from cchc.errors import WrongUse
from cchc.near import near
from cchc.settings import Settings
from cchc.states import LoadStatus

if TYPE_CHECKING:
    from cchc.pipeline.ingest import Outcome

MOST_LOADS = 40  # if there are more loads, only the first and the last ones are printed
# delivered = landed + merged + left out + late + secret rows; landed = inserted + updated + unchanged + replaced + keyless + not loaded
COUNTS = (
    "delivered", "merged", "left_out", "landed", "staged", "quarantined", "warned", "secret",
    "inserted", "updated", "unchanged", "replaced", "keyless", "not_loaded",
)  # fmt: skip
SPARE = ("staged", "warned")  # no part of either sum
RARE = ("merged", "left_out", "replaced", "keyless", "not_loaded")  # shown where a load has something in them
RETRY = (
    "to do: files whose rows were judged are not read again by the next ingest. Where the cause is in the profile, mend it and say "
    "`cchc quarantine retry` (docs/runbooks/load_blocked.md); a corrected file is read by its new content"
)
BLOCKED = 3  # the exit code if validation blocked something


def register(add: Add) -> None:
    """Add the command."""
    ingest = add("ingest", _ingest, "pull, check and load one source")
    ingest.add_argument("source")
    ingest.add_argument("--from", dest="start", type=moment, help="start of the window; default: the last complete T less an overlap")
    ingest.add_argument("--to", dest="end", type=moment, help="T: nothing that changed at or after it is asked for; default: now")
    ingest.add_argument("--full", action="store_true", help="from the beginning")


def _ingest(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.embedded.connections import source_connection
    from cchc.pipeline import ingest as pipeline
    from cchc.sources.profile import list_profiles
    from cchc.warehouse import require_migrated

    if options.full and options.start:
        raise WrongUse("--full asks for everything: it does not go with --from")
    known = list_profiles(settings.sources_dir)
    if options.source not in known:
        hint = near(options.source, known)
        profiles = f"{settings.sources_dir} has profiles of {', '.join(known) or 'none'}"
        raise WrongUse(f"there is no source '{options.source}'{hint or ':'} {profiles}")
    require_migrated(settings)
    connection = source_connection(settings, options.source)
    done = pipeline.ingest(settings, options.source, connection, options.start, options.end, full=options.full)
    return print_outcomes([done])


def print_outcomes(outcomes: list[Outcome]) -> int:
    """Print what each of these runs did. Returns the exit code."""
    for done in outcomes:
        _print_outcome(done)
    return BLOCKED if any(done.blocked for done in outcomes) else 0


def _print_outcome(done: Outcome) -> None:
    print(f"{done.source}: extract {done.extract_id} complete, T = {done.known_at.isoformat()}")
    for note in done.notes:
        print(f"NOTE {note}", file=sys.stderr)
    columns = [*_shown(done.loads), "status"]
    rows = [[load["file_name"] or load["entity"], *(str(load[column]) for column in columns)] for load in done.loads]
    if len(rows) > MOST_LOADS:
        total = [str(sum(load[column] for load in done.loads)) for column in columns[:-1]]
        rows = [*rows[:5], ["…", *[""] * len(columns)], *rows[-5:], [f"{len(done.loads)} files", *total, ""]]
    print_table(["load", *(column.replace("_", " ") for column in columns)], rows, spare=SPARE)
    for message in done.blocked:
        print(f"BLOCKED {message}", file=sys.stderr)
    if any(load["status"] == LoadStatus.BLOCKED and load["staged"] and load["file_name"] for load in done.loads):
        print(RETRY, file=sys.stderr)
    for load in done.loads:
        if load["status"] == LoadStatus.WAITING:
            print(f"waiting: {load['file_name'] or load['entity']}: {load['message']}", file=sys.stderr)
    for line in done.drift:
        print(f"drift: {line}")
    print(f"months to refresh: {', '.join(done.months) or 'none'}")


def _shown(loads: list[dict[str, Any]]) -> list[str]:
    """The counts that have a column: all in which a load has something that the sums need."""
    empty = {name for name in RARE if not any(load[name] for load in loads)}
    if all(load["delivered"] == load["landed"] for load in loads):
        empty.add("delivered")
    return [name for name in COUNTS if name not in empty]
