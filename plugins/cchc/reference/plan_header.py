"""The header of a plan, plan.yaml in the folder of the plan: number, date, title, the days on which its targets hold, and its levels."""

from __future__ import annotations

import calendar
import datetime
from typing import Annotated, Literal, cast

from pydantic import Field, model_validator

from cchc.typed import Fault, Typed

Level = Literal["province", "district", "ward", "commune"]


class PlanHeader(Typed):
    """What a plan says of itself.

    The days on which its targets hold are whole years (`years`), or run from the first day of a month to the last day of a month
    (`valid_from`, `valid_to`): the pace of a milestone is counted in months.
    """

    number: str = Field(min_length=1, description="Its number as papers print it, for example 53/KH-UBND.")
    date: datetime.date = Field(description="The day on which it was signed.")
    title: str = Field(min_length=1, description="Its title in Vietnamese.")
    years: Annotated[list[Annotated[int, Field(ge=2000, le=2100)]], Field(min_length=1)] | None = Field(
        None, description="The years in which its targets hold, one after the other: [2024]. In place of valid_from and valid_to."
    )
    valid_from: datetime.date | None = Field(
        None, description="The first day on which its targets hold, in place of years: the first day of a month."
    )
    valid_to: datetime.date | None = Field(None, description="The last day on which its targets hold: the last day of a month.")
    levels: list[Level] = Field(min_length=1, description="The levels of units at which it may set targets; `all` is always allowed.")

    @model_validator(mode="after")
    def _check(self) -> PlanHeader:
        if self.years is not None:
            if self.valid_from or self.valid_to:
                raise Fault("it has years and valid_from or valid_to; keep one of the two ways to say when its targets hold")
            if self.years != list(range(self.years[0], self.years[0] + len(self.years))):
                raise Fault(f"years is {self.years}; the years must follow one another, such as [2024, 2025]")
        elif self.valid_from is None or self.valid_to is None:
            raise Fault("it does not say when its targets hold: write years: [2024], or valid_from and valid_to")
        else:
            _check_days(self.valid_from, self.valid_to)
        if len(set(self.levels)) < len(self.levels):
            raise Fault(f"levels is {', '.join(self.levels)}; a level stands there twice")
        return self

    @property
    def first_day(self) -> datetime.date:
        """The first day on which its targets hold."""
        return datetime.date(self.years[0], 1, 1) if self.years else cast("datetime.date", self.valid_from)

    @property
    def last_day(self) -> datetime.date:
        """The last day on which its targets hold."""
        return datetime.date(self.years[-1], 12, 31) if self.years else cast("datetime.date", self.valid_to)


def _check_days(first: datetime.date, last: datetime.date) -> None:
    if first.day != 1:
        raise Fault(f"valid_from is {first}; it must be the first day of a month")
    if last.day != calendar.monthrange(last.year, last.month)[1]:
        raise Fault(f"valid_to is {last}; it must be the last day of a month")
    if first > last:
        raise Fault(f"valid_to is {last}, before valid_from, {first}")
