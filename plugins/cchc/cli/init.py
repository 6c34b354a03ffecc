"""`cchc init`: bring the warehouse's tables and reference data up to date."""

from __future__ import annotations

import argparse

from cchc.cli.arguments import Add
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the command."""
    add("init", _init, "migrate the warehouse and load the reference data; safe to run again")


def initialise(settings: Settings) -> None:
    """Prepare the warehouse and print what was done. Raises as cchc.pipeline.initialise does."""
    from cchc.pipeline import initialise as preparing

    print(preparing.initialise(settings).text, flush=True)


def _init(options: argparse.Namespace, settings: Settings) -> int:
    initialise(settings)
    return 0
