"""`cchc withdraw`: take back what a file or a load brought."""

from __future__ import annotations

import argparse
import getpass

from cchc.cli.arguments import Add
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    withdraw = add("withdraw", _withdraw, "take back what a file or a load brought: it counts as never delivered; published figures stay")
    which = withdraw.add_mutually_exclusive_group(required=True)
    which.add_argument("--file", help="the name of a loaded file")
    which.add_argument("--load", type=int, action="append", help="the number of a load; repeatable")
    withdraw.add_argument("--source", help="the source of the file")
    withdraw.add_argument("--reason", required=True, help="why; it is kept, and a restatement of a published month names it")
    withdraw.add_argument("--by", default=getpass.getuser(), help="who withdraws; default: your account's name")


def _withdraw(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.pipeline.withdraw import withdraw
    from cchc.runs.withdraw import loads_of_file
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    loads = options.load or loads_of_file(settings, options.file, options.source)
    done = withdraw(settings, loads, options.reason, options.by)
    for row in done.loads:
        print(f"{done.source} {row['file_name'] or row['entity']} (load {row['load_id']}) is withdrawn")
    print(f"{done.rows} stored rows count as never delivered; by {options.by}, noted in ops.withdrawal")
    if done.again:
        print(f"read again from landing, because they had repeated some of it: loads {', '.join(map(str, done.again))}")
    if done.months:
        print(f"months that wait for a refresh: {', '.join(done.months)}. Now: `cchc refresh`")
    return 0
