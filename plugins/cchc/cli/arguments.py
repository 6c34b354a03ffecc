"""What the commands of `cchc` share to read their arguments: adding a command, periods, moments, and the help text about units."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cchc.authority import authority
from cchc.errors import NotConfigured, WrongUse
from cchc.period import now, parse_moment, parse_period
from cchc.settings import Settings

Command = Callable[[argparse.Namespace, Settings], int]  # runs the command and gives its exit code
Add = Callable[[str, Command, str], argparse.ArgumentParser]  # name, the function that runs it, its help
UNIT_HELP = f"a unit code, {authority().scope_words}"


def _argument(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A converter of an argument. argparse prints its WrongUse as an error of its own (exit code 2)."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except (WrongUse, NotConfigured) as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def _past_moment(text: str) -> datetime:
    """A moment that has come. Raises WrongUse: nobody can say today what will be known then."""
    found = parse_moment(text)
    if found > now():
        raise WrongUse(f"{found.isoformat()} has not come yet; what is known now is told without --as-known-at")
    return found


period = _argument(parse_period)
moment = _argument(parse_moment)
past_moment = _argument(_past_moment)


def add_past(command: argparse.ArgumentParser) -> None:
    """Add the option that asks for what was known at a past moment."""
    command.add_argument("--as-known-at", type=past_moment, help="as it was known at a past moment: extracts with T up to it")
