"""What the commands of `cchc` share where they read their arguments: how a command is added, periods, moments, the words on units."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from cchc.errors import NotConfigured, WrongUse
from cchc.period import parse_moment, parse_period
from cchc.settings import Settings

Command = Callable[[argparse.Namespace, Settings], int]  # runs the command and gives its exit code
Add = Callable[[str, Command, str], argparse.ArgumentParser]  # name, what runs it, its help
UNIT_HELP = "a unit code, level:district, level:commune, or all"


def _argument(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A converter whose WrongUse argparse prints as its own error (exit code 2)."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except (WrongUse, NotConfigured) as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


period = _argument(parse_period)
moment = _argument(parse_moment)
