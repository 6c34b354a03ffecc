"""How a day, a month or a year stands in the names of files, as `files.name` of a profile says it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cchc.sources.inbox import subject
from cchc.sources.kinds import small_ending
from cchc.sources.name_patterns import with_placeholders

DAY = re.compile(r"20\d{6}")
YEAR, MONTH, DAY_OF_MONTH = r"(?<!\d)(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
# the longest first; a mark between the parts is the same one
SHORTER = (
    (re.compile(rf"{YEAR}([-_.]){MONTH}\1{DAY_OF_MONTH}(?!\d)"), "{{yyyy{0}MM{0}dd}}"),
    (re.compile(rf"{YEAR}([-_.]?){MONTH}(?!\d)"), "{{yyyy{0}MM}}"),
    (re.compile(rf"{YEAR}()(?!\d)"), "{{yyyy}}"),
)


def date_in(plain: str) -> str | None:
    """The day, month or year in a name, as it stands there."""
    found = (expression.search(plain) for expression in (DAY, *(each for each, _ in SHORTER)))
    return next((match.group() for match in found if match), None)


def name_pattern(plain: str) -> str | None:
    """The pattern for names like `plain`, a name without folders and .gz; None where no day, month or year stands in it."""
    if day := DAY.search(plain):
        before, after = re.escape(plain[: day.start()]), re.escape(plain[day.end() :])
        ending = rf"(?:_r(?P<revision>[1-9]\d*))?{after}" if after == re.escape(Path(plain).suffix) else after
        return rf"{before}(?P<date>\d{{8}}){ending}"
    for expression, placeholder in SHORTER:
        if found := expression.search(plain):
            around = (re.sub(r"\d+", r"\\d+", re.escape(part)) for part in (plain[: found.start()], plain[found.end() :]))
            return placeholder.format(found.group(1)).join(around)
    return None


def years_of(names: Iterable[str], pattern: str) -> dict[str, int] | None:
    """The year in the name of each file; None where a name does not match the pattern."""
    expression, found = with_placeholders(pattern), {}
    for name in names:
        match = re.fullmatch(expression, small_ending(subject(name, pattern)).removesuffix(".gz"))
        if match is None:
            return None
        found[name] = int(match["date"][:4])
    return found
