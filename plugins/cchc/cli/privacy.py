"""`cchc privacy rotate | erase`: another key of the hashes, or the hashes of one citizen; nothing of what was there is left."""

from __future__ import annotations

import argparse
import getpass
import sys

from cchc.cli.arguments import Add
from cchc.errors import WrongUse
from cchc.settings import Settings

ERASE_ALONE = "only of erase"


def register(add: Add) -> None:
    """Add the command."""
    privacy = add(
        "privacy",
        _privacy,
        "rotate the key of the hashes (docs/runbooks/privacy_key.md), or erase those of a citizen (docs/runbooks/erasure.md)",
    )
    privacy.add_argument("action", choices=("rotate", "erase"), help="erase asks for the identity number, or reads it from standard input")
    privacy.add_argument("--reason", help=f"{ERASE_ALONE}: why; it is kept, so without the number and the name")
    privacy.add_argument("--by", default=getpass.getuser(), help=f"{ERASE_ALONE}: who does it; default: your account's name")
    privacy.add_argument("--yes", action="store_true", help=f"{ERASE_ALONE}: do it; without it only what would be done is told")


def _privacy(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse import require_migrated

    if options.action == "erase":
        if options.reason is None:
            raise WrongUse("`cchc privacy erase` needs --reason")
        number = _number()
        require_migrated(settings)
        return _erase(options, settings, number)
    if options.reason is not None or options.yes:
        raise WrongUse("--reason and --yes are options of `cchc privacy erase`")
    require_migrated(settings)
    return _rotate(settings)


def _rotate(settings: Settings) -> int:
    from cchc.runs.rotate import rotate

    done = rotate(settings)
    for table, rows in sorted(done.rows.items()):
        print(f"{table}: {rows} rows have hashes that nobody can test guesses against")
    for source in done.landing:
        print(f"landing of {source}: removed")
    print("A new key is in CCHC_HOME/secrets." if done.is_new_key else "The key is the one of CCHC_PRIVACY_KEY.")
    if done.is_unproven:
        print("No load says under which key it landed: if CCHC_PRIVACY_KEY is still the old one, replace it and rotate again.")
    print("Backups that were written before have the old hashes: remove them, or keep them where nobody has the old key.")
    print("Audit bundles that were written before have pseudonyms that were made with the old key (docs/runbooks/privacy_key.md).")
    return 0


def _number() -> str:
    """The identity number: asked for without showing it, or the one line of standard input. Never an argument, which others could see."""
    if sys.stdin.isatty():
        return getpass.getpass("Identity number (it is not shown): ")
    lines = [line for line in sys.stdin.read().splitlines() if line.strip()]
    if len(lines) != 1:
        raise WrongUse(f"standard input has {len(lines)} lines: give one identity number")
    return lines[0]


def _erase(options: argparse.Namespace, settings: Settings, number: str) -> int:
    from cchc.runs.erase import erase

    done = erase(settings, number, options.reason, options.by, is_search=not options.yes)
    does = "have" if options.yes else "would get"
    for table, rows in sorted(done.rows.items()):
        print(f"{table}: {rows} rows {does} a random value in place of the hash")
    print(f"landing: {done.landing_files} files {'are' if options.yes else 'would be'} rewritten")
    if done.other_keys:
        print(
            "Some loads landed under another privacy key: hashes that were made with it are not found with today's. "
            "`cchc privacy rotate` has made them useless, or does (docs/runbooks/erasure.md)."
        )
    if not options.yes:
        print("Nothing was changed. Do it: the same command with --yes")
        return 0
    print(f"Noted in ops.erasure, without the number and its hash; by {options.by}.")
    print("A source that delivers a record of this person again brings the hash back: have it erased there first, or erase again here.")
    print("Backups, and audit bundles and papers that were handed out, are not changed (docs/runbooks/erasure.md).")
    return 0
