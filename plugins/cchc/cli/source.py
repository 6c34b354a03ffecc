"""`cchc source rewind`: set known_at of a source back to an earlier moment."""

from __future__ import annotations

import argparse

from cchc.cli.arguments import Add, moment
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    source = add("source", _source, "rewind: set the T of a source back, so that the next ingest asks again for what came since")
    source.add_argument("action", choices=("rewind",))
    source.add_argument("source")
    source.add_argument("moment", type=moment, help="the T to set back to, for example 2023-12-31T10:00")
    source.add_argument("--why", required=True, help="the reason; it is kept with your account's name")
    source.add_argument("--yes", action="store_true", help="nothing is lost, so nothing is asked; for scripts that give it everywhere")


def _source(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.runs.set_back import plan_set_back, set_back
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    print(plan_set_back(settings, options.source, options.moment).text)
    set_back(settings, options.source, options.moment, options.why)
    print(f"done, and noted in ops.source_rewind. Now: `cchc ingest {options.source}`, then `cchc refresh`")
    return 0
