"""`cchc profile check`: judge a profile before anything is loaded by it."""

from __future__ import annotations

import argparse

from cchc.cli.arguments import Add
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    parser = add("profile", _profile, "check: judge the file of a profile; it writes nothing")
    parser.add_argument("action", choices=("check",))
    parser.add_argument("profile", help="the name of a source, or the path of a profile that ends in .yaml")


def _profile(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.profiles.check_file import check_file, path_of

    verdict = check_file(settings, path_of(settings, options.profile))
    for mistake in verdict.mistakes:
        print(f"WRONG {mistake}")
    if verdict.profile is None:
        print(f"{verdict.path.name}: {len(verdict.mistakes)} to correct")
        return 1
    print(f"{verdict.path.name}: nothing to correct ({', '.join(verdict.profile.entities)})")
    return 0
