"""`cchc privacy erase`, as a person gives it."""

from __future__ import annotations

import io
import sys

import pytest

from tests.support.cli import Said, cchc

REASON = "letter 17 of 2 July"


def erase(*options: str, number: str, reason: str = REASON) -> Said:
    """`cchc privacy erase` with the number on standard input."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(number + "\n"))
        return cchc("privacy", "erase", "--reason", reason, *options)
