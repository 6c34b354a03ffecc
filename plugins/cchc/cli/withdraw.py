"""`cchc withdraw | reload`: take back what files or loads brought, or read them again under the mended profile."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cchc.cli.arguments import Add, moment
from cchc.errors import WrongUse
from cchc.settings import Settings

if TYPE_CHECKING:
    from cchc.pipeline.withdraw import Withdrawn
    from cchc.runs.readings import Reading


def register(add: Add) -> None:
    """Add the commands."""
    for name, command, help_text in (
        ("withdraw", _withdraw, "take back what files or loads brought: it counts as never delivered; published figures stay"),
        ("reload", _reload, "read loaded files again under the mended profile, as if they had always been read so"),
    ):
        parser = add(name, command, help_text)
        parser.add_argument("--file", help="the name of a loaded file")
        parser.add_argument("--load", type=int, action="append", help="the number of a load; repeatable")
        parser.add_argument("--source", help="the source: of the file, or of all its loads that --since and --profile-version name")
        parser.add_argument("--since", type=moment, help="all loads of the source whose T is this day or later")
        parser.add_argument(
            "--profile-version", help="all loads of the source that were read under this version (ops.load.profile_version)"
        )
        parser.add_argument("--reason", required=True, help="why; it is kept, and a restatement of a published month names it")
        parser.add_argument("--by", default=getpass.getuser(), help="who does it; default: your account's name")


def _loads(options: argparse.Namespace, settings: Settings) -> Sequence[int]:
    """The loads that the options name. Raises WrongUse unless they name them in one way."""
    from cchc.runs.withdraw import loads_of_file, loads_of_source

    of_source = options.since is not None or options.profile_version is not None
    if (options.file is not None) + bool(options.load) + of_source != 1:
        raise WrongUse("name what is meant in one way: --file NAME, or --load NUMBER, or --source SOURCE with --since or --profile-version")
    if options.load:
        return list(options.load)
    if options.file is not None:
        return loads_of_file(settings, options.file, options.source)
    if options.source is None:
        raise WrongUse("--since and --profile-version need the source: --source SOURCE")
    return loads_of_source(settings, options.source, options.since, options.profile_version)


def _withdraw(options: argparse.Namespace, settings: Settings) -> int:
    return _take_back(options, settings, reload=False)


def _reload(options: argparse.Namespace, settings: Settings) -> int:
    return _take_back(options, settings, reload=True)


def _where(done: Withdrawn, reading: Reading, from_landing: str, elsewhere: str) -> str:
    """From where a load was read again, and why."""
    return from_landing if reading.why is None else f"{elsewhere} {done.place}, because {reading.why}"


def _take_back(options: argparse.Namespace, settings: Settings, *, reload: bool) -> int:
    from cchc.embedded.connections import source_connection
    from cchc.pipeline.withdraw import withdraw
    from cchc.runs.withdraw import source_of
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    loads = _loads(options, settings)
    source = source_of(settings, loads)
    done = withdraw(settings, loads, options.reason, options.by, reload=reload, connect=lambda: source_connection(settings, source))
    renewed = {reading.load_id: reading for reading in done.read if not reading.repeats}
    for row in done.loads:
        reading = renewed.get(row["load_id"])
        again = "" if reading is None else f", and {_where(done, reading, 'its landing was read again', 'it was read again from')}"
        print(f"{done.source} {row['file_name'] or row['entity']} (load {row['load_id']}) is withdrawn{again}")
    print(f"{done.rows} stored rows count as never delivered; by {options.by}, noted in ops.withdrawal")
    if done.again:
        print(f"read again, because they had repeated some of it: loads {', '.join(map(str, done.again))}")
    for reading in done.read:
        if reading.repeats and reading.why is not None:
            print(f"load {reading.load_id}: {_where(done, reading, '', 'it was read again from')}")
    for load_id in done.kept:
        print(f"the list of keys of load {load_id} stays as it was read: its landing was removed")
    if done.erased:
        print(
            f"since these loads landed, citizens were erased {done.erased} times: what was read from {done.place} may have their hashes "
            "again. Now: `cchc privacy erase` for each of them again (docs/runbooks/erasure.md)"
        )
    if done.months:
        print(f"months that wait for a refresh: {', '.join(done.months)}. Now: `cchc refresh`")
    return 0
