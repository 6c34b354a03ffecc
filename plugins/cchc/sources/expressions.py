"""Whether a regular expression of a profile may search a text for ever."""

from __future__ import annotations

from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]  # the only way to the steps of an expression
from typing import Any

REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)


def repeats_a_repeat(pattern: str) -> bool:
    """Whether a part repeats without a limit within another one that does, as in `(a+)+`.

    Such an expression needs twice the time for each letter more of a text that does not match. Raises re.error if it is no expression.
    """
    return _is_endless(_parser.parse(pattern), within=False)


def _is_endless(steps: Any, *, within: bool) -> bool:
    for kind, details in steps:
        repeats = kind in REPEATS and details[1] is _constants.MAXREPEAT
        if repeats and within:
            return True
        if any(_is_endless(part, within=within or repeats) for part in _inner(details)):
            return True
    return False


def _inner(details: Any) -> Iterator[Any]:
    """The parts that stand within one step, which holds them in tuples and lists."""
    if isinstance(details, _parser.SubPattern):
        yield details
    elif isinstance(details, (tuple, list)):
        for each in details:
            yield from _inner(each)
