"""`cchc doctor`: print the findings of cchc.cli.examine, one in each line. The exit code is 1 if something is wrong."""

from __future__ import annotations

import argparse

from cchc.cli.arguments import Add
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    doctor = add("doctor", _doctor, "check the installation, its connections, and what waits for somebody")
    doctor.add_argument("source", nargs="*", help="test these connections; default: all that are configured")


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.cli.examine import WRONG, examine

    findings = examine(settings, options.source)
    for level, message in findings:
        print(f"{level:<5} {message}")
    return 1 if any(level == WRONG for level, _ in findings) else 0
