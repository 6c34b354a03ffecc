"""`cchc rebuild`: an empty warehouse is filled from landing alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cchc.cli.arguments import Add
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    rebuild = add("rebuild", _rebuild, "fill an empty warehouse from landing alone; or write the journals that this needs")
    rebuild.add_argument("--landing", help="folder or URL of the landing of another installation, which is copied; default: our own")
    rebuild.add_argument("--without", type=int, action="append", default=[], metavar="NUMBER", help="a run to leave out on purpose")
    rebuild.add_argument("--journal", action="store_true", help="only write the journals of runs that have none, from the warehouse")


def _rebuild(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.pipeline.rebuild import rebuild
    from cchc.pipeline.refresh import refresh
    from cchc.runs import journal
    from cchc.warehouse import require_migrated

    if options.journal:
        require_migrated(settings)
        print(f"{journal.write(settings)} journals written")
        return 0
    landing = options.landing
    done = rebuild(settings, Path(landing).absolute().as_uri() if landing and "://" not in landing else landing, options.without)
    print(f"{done.runs} runs were published again, {len(refresh(settings))} months computed")
    for note in done.notes:
        print(note, file=sys.stderr)
    print("Not in landing: publications, restatements, withdrawals, accounts. They come from a backup (docs/runbooks/restore.md)")
    return 1 if done.notes else 0
