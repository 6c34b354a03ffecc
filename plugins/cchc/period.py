"""Periods and the time zone: all calculations with months, periods and the current time are in this module.

All days are days of the authority's time zone. A period has a first day, which is included, and an end day, which is not. The report
periods follow Decree 09/2019/NĐ-CP: they run from the 15th of a month to the 14th of the next month.

Three moments and days have the same name everywhere: `known_at` (T in formulas) is the moment up to which a source is known; `end_at` (J)
is the moment at which counting ends, which is the end of the period or known_at if that is earlier; `last_day` (D) is the last day that is
counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cchc.authority import authority
from cchc.errors import WrongUse

ZONE = ZoneInfo(authority().zone)
KINDS = ("month", "quarter", "half_year", "nine_months", "year", "report_month", "report_quarter")
BASES = ("period", "year_to_date")
CLOCK_TOLERANCE = timedelta(minutes=5)  # the clocks of two machines that use a time server differ by much less
FIRST_YEAR, LAST_YEAR = 1900, 2199  # of the periods and moments that can be asked for: each of them has a year before and after it
_TICK = timedelta(microseconds=1)


def now() -> datetime:
    """The current moment in the zone of the authority. The package reads the time only here."""
    return datetime.now(ZONE)


def midnight(day: date, zone: ZoneInfo = ZONE) -> datetime:
    """The moment 00:00:00 of a local day."""
    return datetime.combine(day, time(), zone)


def to_minute(moment: datetime) -> str:
    """A moment in the form of the messages: local time, without seconds."""
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"


def parse_moment(text: str) -> datetime:
    """A moment with time zone from an ISO 8601 date or date-time; without an offset it is local time. Raises WrongUse."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUse(f"'{text}' is no ISO 8601 date or time, for example 2023-07-01 or 2023-07-01T00:00:00+07:00") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise WrongUse(f"'{text}' is no moment that can be asked for; the years from {FIRST_YEAR} to {LAST_YEAR} are known")
    return moment.astimezone(ZONE) if moment.tzinfo else moment.replace(tzinfo=ZONE)


def add_months(day: date, months: int) -> date:
    """The same day of another month; use it only with days up to 28."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, day.day)


def month_start(day: date) -> date:
    """The first day of the month of a day."""
    return day.replace(day=1)


def last_day_before(moment: datetime) -> date:
    """The local date of the last instant before a moment: the last day that is counted if counting ends at this moment."""
    return (moment.astimezone(UTC) - _TICK).astimezone(ZONE).date()


@dataclass(frozen=True, order=True)
class Period:
    """A period: its `kind` (one of KINDS), its first day `start`, and `end`, the day after its last day."""

    kind: str
    start: date
    end: date

    @property
    def last_day(self) -> date:
        """The last day of the period."""
        return self.end - timedelta(days=1)

    @property
    def is_report(self) -> bool:
        """Whether the period follows the report calendar, from the 15th of a month to the 14th of the next."""
        return self.kind.startswith("report_")

    @property
    def year_start(self) -> date:
        """The first day of its year to date: 1 January, or 15 December of the year before for the report periods."""
        return date(self.last_day.year - 1, 12, 15) if self.is_report else date(self.last_day.year, 1, 1)

    def first_day(self, basis: str) -> date:
        """The first day that is counted on a basis ("period" or "year_to_date")."""
        return self.start if basis == "period" else self.year_start

    def end_at(self, known_at: datetime) -> datetime:
        """The moment at which counting ends: the end of the period, or `known_at` if that is earlier. J = min(00:00:00 of D + 1, T)."""
        return min(midnight(self.end), known_at)

    def effective_last_day(self, known_at: datetime) -> date:
        """The last day that is counted: the last day of the period, or the last day before `known_at` if the period is still running."""
        return last_day_before(self.end_at(known_at))

    def year_before(self) -> Period:
        """The same period one year before."""
        return Period(self.kind, add_months(self.start, -12), add_months(self.end, -12))

    def before(self) -> Period:
        """The period of the same kind before this one; for nine months and years, the same one of the year before."""
        step = {"month": 1, "report_month": 1, "quarter": 3, "report_quarter": 3, "half_year": 6}.get(self.kind, 12)
        return Period(self.kind, add_months(self.start, -step), add_months(self.end, -step))

    @property
    def code(self) -> str:
        """The code of the period as people enter it: 2023-06, 2023-Q2, 2023-H1, 2023-9M, 2023, 2023-06R, 2023-Q1R."""
        last = self.last_day
        return {
            "month": f"{last:%Y-%m}",
            "quarter": f"{last.year}-Q{(last.month + 2) // 3}",
            "half_year": f"{last.year}-H{(last.month + 5) // 6}",
            "nine_months": f"{last.year}-9M",
            "year": f"{last.year}",
            "report_month": f"{last:%Y-%m}R",
            "report_quarter": f"{last.year}-Q{(last.month + 2) // 3}R",
        }[self.kind]

    @property
    def name_vi(self) -> str:
        """The Vietnamese name of the period in reports."""
        last = self.last_day
        span = f"({self.start:%d/%m/%Y}–{last:%d/%m/%Y})"
        quarter = (last.month + 2) // 3
        return {
            "month": f"tháng {last:%m/%Y}",
            "quarter": f"quý {quarter}/{last.year}",
            "half_year": f"6 tháng {'đầu' if last.month == 6 else 'cuối'} năm {last.year}",
            "nine_months": f"9 tháng năm {last.year}",
            "year": f"năm {last.year}",
            "report_month": f"tháng báo cáo {last:%m/%Y} {span}",
            "report_quarter": f"quý báo cáo {quarter}/{last.year} {span}",
        }[self.kind]


def month(year: int, number: int) -> Period:
    """A calendar month."""
    start = date(year, number, 1)
    return Period("month", start, add_months(start, 1))


_CODE = re.compile(r"([0-9]{4})(?:-(?:(0[1-9]|1[0-2])(R?)|Q([1-4])(R?)|H([12])|(9M)))?")


def parse_period(code: str) -> Period:
    """The period of a code that a person entered. Raises WrongUse, which lists the allowed forms."""
    match = _CODE.fullmatch(code)
    if match and not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        raise WrongUse(f"'{code}' is no period that can be computed; the years from {FIRST_YEAR} to {LAST_YEAR} are known")
    if not match:
        raise WrongUse(
            f"'{code}' is no period; use 2023-06, 2023-Q2, 2023-H1, 2023-9M, 2023, or with R for 15→14: 2023-06R, 2023-Q1R{_meant(code)}"
        )
    year, number, month_report, quarter, quarter_report, half, nine = match.groups()
    january = date(int(year), 1, 1)
    if number:
        kind, start, months = "month", january.replace(month=int(number)), 1
    elif quarter:
        kind, start, months = "quarter", add_months(january, 3 * (int(quarter) - 1)), 3
    elif half:
        kind, start, months = "half_year", add_months(january, 6 * (int(half) - 1)), 6
    elif nine:
        kind, start, months = "nine_months", january, 9
    else:
        kind, start, months = "year", january, 12
    if month_report or quarter_report:
        start = add_months(start.replace(day=15), -1)
        return Period(f"report_{kind}", start, add_months(start, months))
    return Period(kind, start, add_months(start, months))


def _meant(text: str) -> str:
    """The hint for a period that was written in another way: 12/2023, 2023-6, 2023q4; empty where no period can be read in it."""
    parts = re.findall(r"\d{4}(?!\d)|\d+[A-Z]?|[A-Z]\d?", text.upper())
    years = [part for part in parts if len(part) == 4 and part.isdecimal()]
    rest = "".join(part for part in parts if part not in years)
    rest = f"0{rest}" if re.fullmatch(r"\d(?!M)R?", rest) else rest
    meant = f"{years[0]}-{rest}" if len(years) == 1 and rest else ""
    return f"; did you mean '{meant}'?" if _CODE.fullmatch(meant) else ""


def periods_of_year(year: int) -> Iterator[Period]:
    """Every period whose last day is in a year, including the report periods."""
    codes = [f"{year}-{n:02d}" for n in range(1, 13)]
    codes += [f"{code}R" for code in codes]
    codes += [f"{year}-Q{n}{r}" for n in range(1, 5) for r in ("", "R")]
    codes += [f"{year}-H1", f"{year}-H2", f"{year}-9M", f"{year}"]
    return (parse_period(code) for code in codes)


def periods_ending_in(month_first: date, known_at: datetime) -> list[Period]:
    """The periods whose last counted day is in a month: a refresh of the month computes them.

    A running quarter or year counts as ending in the month of known_at. A period that starts at or after known_at has no value.
    Arguments: `month_first`, the first day of the month.
    """
    found = [
        period
        for year in (month_first.year, month_first.year + 1)
        for period in periods_of_year(year)
        if midnight(period.start) < known_at and month_start(period.effective_last_day(known_at)) == month_first
    ]
    return sorted(found, key=lambda period: (KINDS.index(period.kind), period.start))


@lru_cache(maxsize=8)
def last_days(first_year: int, last_year: int) -> Sequence[date]:
    """The days from `first_year` to `last_year` on which a period of any kind ends."""
    ends = {period.last_day for year in range(first_year, last_year + 2) for period in periods_of_year(year)}
    return tuple(sorted(day for day in ends if first_year <= day.year <= last_year))


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months from the month of `first` to the month of `last`, both included."""
    months, current = [], month_start(first)
    while current <= last:
        months.append(current)
        current = add_months(current, 1)
    return months


def month_windows(first: str, last: str) -> list[dict[str, str]]:
    """The windows of change time {"from", "to"} (ISO 8601) of the months from `first` to `last` (YYYY-MM); none ends after now.

    Raises WrongUse if `last` is before `first`.
    """
    start, end = parse_period(first).start, parse_period(last).end
    if start >= end:
        raise WrongUse(f"{last} lies before {first}")
    moment = now()
    windows = []
    for day in months_between(start, end - timedelta(days=1)):
        opens, closes = midnight(day), min(midnight(add_months(day, 1)), moment)
        if opens < closes:
            windows.append({"from": opens.isoformat(), "to": closes.isoformat()})
    return windows
