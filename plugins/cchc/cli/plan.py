"""`cchc plan`: judge a plan before it is loaded, and say what it asks otherwise than another one."""

from __future__ import annotations

import argparse

from cchc.cli.arguments import Add
from cchc.cli.printing import print_table
from cchc.errors import NotConfigured, WrongUse
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    parser = add("plan", _plan, "check: judge the folder of a plan before it is loaded; diff: what a plan asks otherwise than another one")
    parser.add_argument("action", choices=("check", "diff"))
    parser.add_argument(
        "folders", nargs="*", metavar="FOLDER",
        help="a plan of include/plans by its name, or the path of a folder; check: all plans without it; diff: two, the older first",
    )  # fmt: skip
    parser.add_argument("--exit-code", action="store_true", help="diff: end with 1 where the plans differ, for scripts")


def _plan(options: argparse.Namespace, settings: Settings) -> int:
    return _check(options, settings) if options.action == "check" else _diff(options, settings)


def _check(options: argparse.Namespace, settings: Settings) -> int:
    """Print what is wrong with each plan, and what a person should look at. 1 where something is to be corrected."""
    from cchc.reference.plan import plan_folders
    from cchc.reference.plan_check import check_plan, folder_of

    folders = [folder_of(settings, name) for name in options.folders] or plan_folders(settings.plans_dir)
    wrong = 0
    for folder in folders:
        verdict = check_plan(settings, folder)
        for mistake in verdict.mistakes:
            print(f"WRONG {mistake}")
        for remark in verdict.remarks:
            print(f"LOOK  {remark}")
        wrong += len(verdict.mistakes)
        if verdict.plan is not None:
            print(f"{folder.name}: {verdict.plan.words}")
    if not options.folders and settings.plan not in {folder.name for folder in folders}:
        print(f"WRONG CCHC_PLAN names the plan {settings.plan}, and there are: {', '.join(folder.name for folder in folders)}")
        wrong += 1
    print(f"{wrong} to correct. Nothing was loaded." if wrong else "Nothing to correct. Nothing was loaded: `cchc init` does it.")
    return 1 if wrong else 0


def _diff(options: argparse.Namespace, settings: Settings) -> int:
    """Print what the second plan asks otherwise than the first."""
    from cchc.reference.plan_check import folder_of
    from cchc.reference.plan_diff import differences
    from cchc.reference.plan_folder import read_plan

    if len(options.folders) != 2:
        raise WrongUse("diff compares two plans: name the older one, then the newer one")
    found = []
    for name in options.folders:
        plan, faults = read_plan(folder_of(settings, name))
        if plan is None:
            raise NotConfigured("\n".join(map(str, faults)))
        found.append(plan)
    told = differences(settings, *found)
    if not told:
        print(f"{found[1].code} asks what {found[0].code} asks")
        return 0
    print_table(
        ["what", "no.", "indicator", f"{found[0].code} → {found[1].code}"], [[e.change, e.number, e.indicator or "", e.words] for e in told]
    )
    return 1 if options.exit_code else 0
