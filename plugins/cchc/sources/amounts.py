"""Read delivered numbers and amounts exactly, cell by cell: those of manifests, trailers, and of the rows that are summed up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cchc.sources.number_signs import Signs

MOST_DIGITS = 100  # Python refuses to make a number of thousands of digits, and no amount has so many


def whole_number(value: Any, thousands: str | None) -> int | None:
    """A delivered whole number: an int, or digits with or without the thousands separator in the right places; None otherwise."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    digits = text.removeprefix("-")
    if thousands and thousands in digits:
        groups = digits.split(thousands)
        if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]):
            return None
        digits = "".join(groups)
    if not _is_digits(digits) or len(digits) > MOST_DIGITS:
        return None
    return -int(digits) if text.startswith("-") else int(digits)


def delivered_amount(value: Any, thousands: str | None, decimal: str | None, signs: Signs | None = None) -> int | Decimal | None:
    """A delivered amount, exact: a whole number, or where `decimal` names the mark before it, one with a fraction; None otherwise.

    `signs`: what may stand around the digits; without it a minus before them alone.
    """
    if signs and isinstance(value, str):
        value = signs.plain(value)
    if decimal is None or isinstance(value, bool):
        return whole_number(value, thousands)
    if isinstance(value, float):  # a number of a JSON manifest, with the digits that stand in it
        return Decimal(repr(value))
    if not isinstance(value, str) or decimal not in value:
        return whole_number(value, thousands)
    head, _, fraction = value.strip().partition(decimal)
    whole = whole_number(head, thousands)
    if whole is None or not _is_digits(fraction):
        return None
    part = Decimal(f"0.{fraction}")
    return whole - part if head.startswith("-") else whole + part


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def plain_amount(amount: int | Decimal | None) -> int | str | None:
    """An amount as JSON holds it without a loss: a whole number, or its digits as a text."""
    if amount is None:
        return None
    if isinstance(amount, int) or amount == amount.to_integral_value():
        return int(amount)
    return f"{amount.normalize():f}"
