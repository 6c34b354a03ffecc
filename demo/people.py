"""Made-up people. Every personal value can be recognised: names hold `Giả Định`, identity numbers begin with seven zeros.

The personal fields are delivered on purpose, as in the real system, because the pipeline must drop them. If a test finds one of
`MARKERS` in a file of the pipeline, personal data have leaked.
"""

from __future__ import annotations

_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
_GIVEN = (
    "An",
    "Bình",
    "Chi",
    "Dũng",
    "Em",
    "Giang",
    "Hạnh",
    "Khoa",
    "Lan",
    "Minh",
    "Nga",
    "Oanh",
    "Phúc",
    "Quý",
    "Sơn",
    "Tâm",
    "Uyên",
    "Vy",
)

MARKERS: tuple[str, ...] = ("Giả Định", "0000000", "@example.invalid", "TK-GIA-")
"""Texts that occur in personal values and nowhere else on the wire (identity and phone numbers: seven zeros in a row)."""

COUNT = 90_000
_NAMES: tuple[str, ...] = tuple(f"{family} Giả Định {given}" for family in _FAMILY for given in _GIVEN)
_OFFICERS: tuple[str, ...] = tuple(f"Cán bộ Giả Định {given}" for given in _GIVEN)


def name(person: int) -> str:
    """A name for person number `person`."""
    return _NAMES[person % len(_NAMES)]


def identity(person: int) -> str:
    """Twelve digits that no real person has: they begin with seven zeros."""
    return f"{person:012d}"


def phone(person: int) -> str:
    """Ten digits, the first five zero or more: no real number."""
    return f"0000000{person % 1000:03d}"


def email(person: int) -> str:
    """An address in the domain reserved for what does not exist."""
    return f"nguoi{person}@example.invalid"


def account(person: int) -> str:
    """A bank account number that is visibly not real."""
    return f"TK-GIA-{person:08d}"


def officer(number: int) -> str:
    """The name of an official."""
    return _OFFICERS[number % len(_OFFICERS)]
