"""`cchc authority`: judge the folder of an authority, and begin one."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from cchc.authority import authority
from cchc.cli.arguments import Add
from cchc.errors import WrongUse
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    parser = add("authority", _authority, "check: judge the data of an authority, file by file; new: begin a folder for another one")
    parser.add_argument("action", choices=("check", "new"))
    parser.add_argument(
        "--kind", choices=("province", "commune"), help="new: units of two levels (the default), or one commune or ward with no units below"
    )
    parser.add_argument("folder", nargs="?", type=Path, help="check: the folder, without it that of CCHC_AUTHORITY; new: where to write it")


def _authority(options: argparse.Namespace, settings: Settings) -> int:
    if options.action == "new":
        return _new(options.folder, options.kind == "commune")
    if options.kind:
        raise WrongUse("--kind belongs to `cchc authority new`; check reads from the folder what kind of authority it is")
    folder = settings.authority_dir if options.folder is None else options.folder.absolute()
    return _check(settings) if folder == settings.authority_dir else _check_another(folder)


def _new(folder: Path | None, is_commune: bool) -> int:
    from cchc.pipeline.authority_folder import begin

    if folder is None:
        raise WrongUse("name the folder to write: cchc authority new FOLDER")
    for name in begin(folder, is_commune=is_commune):
        print(folder / name)
    print(f"\nReplace what is marked TODO, then `cchc authority check {folder}`.")
    print(f"CCHC_AUTHORITY={folder.absolute()} makes the product its own.")
    return 0


def _check(settings: Settings) -> int:
    from cchc.pipeline.authority_folder import check

    faults = check(settings)
    for fault in faults:
        print(f"WRONG {fault}")
    words = f"{len(faults)} to correct" if faults else "nothing to correct"
    print(f"{authority().name_vi} ({settings.authority_dir}): {words}")
    return 1 if faults else 0


def _check_another(folder: Path) -> int:
    """Judge another folder in a process of its own, because a process belongs to one authority."""
    environment = {name: value for name, value in os.environ.items() if name != "CCHC_PLAN"} | {"CCHC_AUTHORITY": str(folder)}
    command = [sys.executable, "-m", "cchc.cli", "authority", "check"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    print(done.stdout, end="")
    print(done.stderr, end="", file=sys.stderr)
    return done.returncode
