"""`cchc …`: the functions of the package without Airflow. Each subject has a module that adds its commands; this module runs them.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 blocked by validation, 4 the period that is to be closed is not over.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from functools import cache
from importlib import metadata

from cchc.authority import authority
from cchc.cli import (
    account,
    alerts,
    audit,
    authorities,
    backup,
    bundle,
    declare,
    doctor,
    drift,
    findings,
    forms,
    indicators,
    ingest,
    init,
    outlook,
    plan,
    privacy,
    profile,
    publication,
    quarantine,
    rebuild,
    score,
    source,
    sql,
    stack,
    user,
    withdraw,
)
from cchc.cli.arguments import Command
from cchc.cli.printing import set_wide
from cchc.errors import CchcError, NothingKnown, sentence_of
from cchc.near import or_known
from cchc.settings import Settings

# in the order of `cchc --help`
SUBJECTS = (
    init, ingest, indicators, publication, bundle, quarantine, source, profile, plan, authorities, withdraw, declare, doctor, drift, alerts,
    sql, forms, findings, score, outlook, account, user, audit, backup, rebuild, privacy, stack,
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    An error that a user can correct is printed as one message. A defect of the program is printed with its stack trace.
    """
    parser, names = _parser()
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = next((word for word in given if not word.startswith("-")), None)
    if command is not None and command not in names:
        parser.error(f"there is no command '{command}'{or_known(command, names)}")
    options = parser.parse_args(given)
    set_wide(options.wide)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger().handlers[0].addFilter(_is_told)
    try:
        return int(options.command(options, Settings.load()))
    except CchcError as error:
        if isinstance(error, NothingKnown) and getattr(options, "as_known_at", None) is not None:
            print(f"nothing known yet: {error}")
            return 0
        print(f"cchc: {type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise  # a defect of the program: the developer needs the stack trace
        print(f"cchc: {sentence}", file=sys.stderr)
        return 1


def _is_told(record: logging.LogRecord) -> bool:
    """Whether a message is shown. Great Expectations sets the levels of its own loggers, so its messages are filtered at the handler."""
    return record.levelno >= logging.WARNING or not record.name.startswith("great_exp")


@cache
def _parser() -> tuple[argparse.ArgumentParser, list[str]]:
    """The parser of the command line, and the names of the commands. Made once in a process: tests run a thousand commands in one."""
    parser = argparse.ArgumentParser(prog="cchc", description=f"The reform-indicator pipeline of {authority().name_vi}.")
    parser.add_argument("--version", action="version", version=f"cchc {metadata.version('cchc')}")
    parser.add_argument("--verbose", action="store_true", help="log what is done")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, help_text: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=help_text, description=help_text)
        subparser.add_argument("--wide", action="store_true", help="print tables with every column, however wide")
        subparser.set_defaults(command=command)
        return subparser

    for subject in SUBJECTS:
        subject.register(add)
    return parser, list(commands.choices)
