"""How a column writes a number below zero, and which signs of a currency may stand beside it: `(8.00)`, `8.00-`, `$8.00`, `8.000 đ`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from unicodedata import normalize

from cchc.typed import Fault

Negative = Literal["brackets", "trailing_minus"]

_OF_NUMBERS = frozenset("0123456789.,-+() \u00a0\u202f'")


@dataclass(frozen=True)
class Signs:
    """What may stand around the digits. `negative`: how a number is below zero beside the minus before it; `currency`: signs and words."""

    negative: tuple[str, ...] = ()
    currency: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.negative or self.currency)

    @property
    def words(self) -> str:
        """All of it as one text, empty where nothing is named: it is part of what a file is known by."""
        return " ".join((*self.negative, *self.currency))

    def plain(self, text: str) -> str:
        """The number in a text with a minus before it where it is below zero, and without a currency.

        The sign and the currency may each stand once, in any order from the outside. What is left may still be no number, such as
        `-(8)`, `8 USD` where only `đ` is named, or the empty text where there is a currency alone.
        """
        rest = normalize("NFC", text).casefold().strip()
        is_negative = is_named = False
        while True:
            inner = None if is_negative else self._unsigned(rest)
            if inner is not None:
                is_negative, rest = True, inner.strip()
                continue
            inner = None if is_named else self._unnamed(rest)
            if inner is None:
                break
            is_named, rest = True, inner.strip()
        return f"-{rest}" if is_negative and rest.strip("0.,") else rest

    def _unsigned(self, text: str) -> str | None:
        """The text without the sign of a number below zero; None where it has none."""
        if text.startswith("-"):
            return text[1:]
        if "brackets" in self.negative and text.startswith("(") and text.endswith(")"):
            return text[1:-1]
        return text[:-1] if "trailing_minus" in self.negative and text.endswith("-") else None

    def _unnamed(self, text: str) -> str | None:
        """The text without its currency; None where it has none. Of two that fit the longer one is meant: `VNĐ`, not `Đ`."""
        for name in sorted((normalize("NFC", name).casefold() for name in self.currency), key=len, reverse=True):
            if text.startswith(name):
                return text[len(name) :]
            if text.endswith(name):
                return text[: -len(name)]
        return None


def check_signs(negative: Iterable[str], currency: Iterable[str]) -> None:
    """Raise Fault if a way or a currency stands twice, or if a currency could be taken for a part of the number."""
    for key, given in (("negative", negative), ("currency", currency)):
        known: set[str] = set()
        for name in (normalize("NFC", each).casefold() for each in given):
            if name in known:
                raise Fault(f"{key!r} has {name!r} twice.")
            known.add(name)
    for name in currency:
        if name != name.strip() or not set(name) - _OF_NUMBERS or any(sign.isdigit() for sign in name):
            raise Fault(f"'currency' has {name!r}; it is a sign or a word without digits, such as $ or VND, and without blanks around it.")
