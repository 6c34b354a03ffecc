"""`cchc alerts`: what is open, who was told, who would be told nothing; with `--send`, find and tell now."""

from __future__ import annotations

import argparse
import os
from textwrap import shorten

from cchc.cli.arguments import Add
from cchc.cli.printing import print_table
from cchc.settings import Settings

MOST_CHARACTERS = 110  # of a trouble in the list; its message has all of it


def register(add: Add) -> None:
    """Add the command."""
    alerts = add("alerts", _alerts, "list what people are told of, and who is told; --send finds it and tells what is new")
    alerts.add_argument("--send", action="store_true", help="find what is wrong now and tell it, as the DAG alerts does each hour")


def _alerts(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    code = _send(settings) if options.send else 0
    _list(settings)
    return code


def _send(settings: Settings) -> int:
    from cchc.links import dashboard_links
    from cchc.notices.tell import tell
    from cchc.sources.connection import parts_from_environment

    links = dashboard_links(settings, airflow_url(settings))
    told = tell(settings, parts_from_environment, links=links, is_by_clock=not is_unscheduled(settings))
    for recipient, subject in told.sent:
        print(f"told {recipient}: {subject}")
    for sentence in [*told.problems, *told.undelivered]:
        print(sentence)
    if not told.sent and not told.problems and not told.undelivered:
        print("there is nothing new to tell")
    return 1 if told.problems or told.undelivered else 0


def airflow_url(settings: Settings) -> str | None:
    """The address of Airflow: from its own variable, or of the embedded one that runs here; None where neither is there."""
    from cchc.embedded import stack

    running = stack.running_stack(settings) if settings.warehouse_url is None else None
    return os.environ.get("AIRFLOW__API__BASE_URL") or (running.url if running is not None else None)


def is_unscheduled(settings: Settings) -> bool:
    """Whether no run goes by the clock here, as in the demo, whose sources have a time of their own."""
    from cchc.embedded import stack

    return os.environ.get("CCHC_SCHEDULE") == "off" or (settings.warehouse_url is None and not stack.runs_by_clock(settings))


def _list(settings: Settings) -> None:
    from cchc.notices.reach import nobody_is_told
    from cchc.notices.rules import read_rules
    from cchc.notices.state import open_alerts
    from cchc.notices.words import WORDS, since, what_and_where
    from cchc.sources.connection import parts_from_environment
    from cchc.warehouse import engine

    rules = read_rules(settings)
    with engine(settings).connect() as connection:
        rows = open_alerts(connection)
        silent = nobody_is_told(connection, rules, parts_from_environment)
    if rows:
        print_table(
            ["event", "since", "what", "told", "not told yet"],
            [
                [
                    WORDS[trouble.event]["en"].title,
                    since(trouble),
                    shorten(what_and_where(trouble, "en"), MOST_CHARACTERS, placeholder=" …"),
                    ", ".join(told),
                    ", ".join(untold),
                ]
                for trouble, told, untold in rows
            ],
        )
    else:
        print("no alert is open")
    for sentence in silent:
        print(sentence)
