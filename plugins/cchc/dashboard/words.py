"""The words of the pages in Vietnamese and English (include/dashboard/words.yaml), and how each language writes numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from pydantic import Field

from cchc.authority import authority
from cchc.period import ZONE
from cchc.reports import vietnamese as vi
from cchc.settings import Settings
from cchc.typed import Typed, read

LANGUAGES = ("vi", "en")
NONE = "–"
_DECIMALS = {"count": 0, "score": 2}  # kinds of indicators that are no percentages


class Word(Typed):
    """One text of the pages in both languages. {name} stands for what a page puts in."""

    vi: str = Field(description="In Vietnamese.")
    en: str = Field(description="In English.")


class WordFile(Typed):
    """The words of the dashboard."""

    words: dict[str, Word] = Field(description="Each text by its name.")


@dataclass(frozen=True)
class Words:
    """The texts of one language, by name: `words["status_met"]`, `words("gap", count=19)`. An unknown name is a KeyError."""

    language: str
    texts: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def __call__(self, name: str, /, **parts: Any) -> str:
        """The text with its {parts} filled in."""
        return self.texts[name].format(**parts)

    def either(self, vietnamese: str | None, english: str | None) -> str:
        """Of a text that the data have in both languages the one of this language; Vietnamese where there is no English."""
        return (english if self.language == "en" and english else vietnamese) or ""

    def number(self, value: Decimal | float | None, decimals: int = 0) -> str:
        """1.234,5 in Vietnamese, 1,234.5 in English; – where there is none."""
        if value is None:
            return NONE
        if self.language == "vi":
            return vi.number(value, decimals)
        return f"{Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + 0:,f}"

    def value(self, value: Decimal | None, kind: str | None = "flow") -> str:
        """A value of the scorecard, in percent with one decimal (96,4 %); counts and scores as numbers."""
        if value is None:
            return NONE
        decimals = _DECIMALS.get(kind or "flow")
        return f"{self.number(value, 1)}\N{NO-BREAK SPACE}%" if decimals is None else self.number(value, decimals)

    def target(self, value: Decimal | None) -> str:
        """A target in percent, without decimals where it is whole."""
        if value is None:
            return ""
        return f"{self.number(value, 0 if value == value.to_integral_value() else 1)}\N{NO-BREAK SPACE}%"

    def fraction(self, numerator: Decimal | int | None, denominator: Decimal | int | None) -> str:
        """5.170 / 22.752; the numerator alone where there is no denominator."""
        parts = [self.number(part) for part in (numerator, denominator) if part is not None]
        return "\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}".join(parts) or NONE

    @staticmethod
    def day(value: date | None) -> str:
        """31/12/2023; – where there is none."""
        return vi.day(value)

    @staticmethod
    def moment(value: datetime | None) -> str:
        """31/12/2023 07:05 in the zone of the authority; – where there is none."""
        return NONE if value is None else f"{value.astimezone(ZONE):%d/%m/%Y %H:%M}"


@cache
def _texts(settings: Settings) -> Mapping[str, Word]:
    return read(settings.dashboard_dir / "words.yaml", WordFile).words


def words(settings: Settings, language: str) -> Words:
    """The words of a language. Raises NotConfigured if the file cannot be read."""
    own = {f"scope_{scope}": name for scope, name in authority().scope_names(language).items()}
    return Words(language, {name: getattr(word, language) for name, word in _texts(settings).items()} | own)
