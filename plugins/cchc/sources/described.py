"""Describe delivered values in messages by their kind, because a cell in the wrong place may contain a person's name or number."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

NUMBER = re.compile(r"[+-]?\d{1,6}(?:[.,]\d{1,6})? ?%?", re.ASCII)
DAY = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}", re.ASCII)
LONGEST_NUMBER = 8


def described(value: Any, *allowed: str) -> str:
    """A delivered value in words. Short numbers, days, and texts that match a regular expression in `allowed` are shown as they are.

    Of everything else only the kind and the length are named.
    """
    if value is None:
        return "nothing"
    if isinstance(value, (bool, int, float)):
        return str(value) if len(str(value)) <= LONGEST_NUMBER else f"a number of {len(str(value))} characters"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if not isinstance(value, str):
        return f"a {type(value).__name__}"
    if NUMBER.fullmatch(value) or DAY.fullmatch(value) or any(re.fullmatch(pattern, value, re.ASCII) for pattern in allowed):
        return value
    return f"a text of {len(value)} characters"
