"""What is missing in the warehouse: time windows that were never extracted, and dossiers that a source lists but that are not stored.

`cchc doctor`, the scorecard, the closing of a period and the dashboard all read it here, so they all give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from cchc.period import ZONE, Period, add_months, midnight, to_minute
from cchc.warehouse import query
from cchc.warehouse.queries import ask

NAMED_DAYS = 10


@dataclass(frozen=True)
class Hole:
    """A window of change time, from `from_at` (included) to `to_at` (excluded), that was never extracted from a source.

    Without `from_at` the window is everything before `to_at`. `entities`: the entities of the source for which the window is missing;
    ("*",) means all of them. `known_at`: the moment up to which the source is known without a hole; it stays before this hole. None
    means that the source is not known up to any moment.
    """

    source: str
    entities: tuple[str, ...]
    from_at: datetime | None
    to_at: datetime
    known_at: datetime | None

    @property
    def text(self) -> str:
        """An English sentence that names the hole and the command that closes it."""
        span = f"from {to_minute(self.from_at)} to {to_minute(self.to_at)}" if self.from_at else f"before {to_minute(self.to_at)}"
        named = "" if self.entities == ("*",) else f" ({', '.join(self.entities)})"
        computed_until = f"T stays at {to_minute(self.known_at)}" if self.known_at else "there is no T, so nothing of it is computed"
        return (
            f"{self.source}{named}: what changed {span} was never asked for; {computed_until}, although later changes are loaded. "
            f"The next run asks for it: `cchc ingest {self.source}`"
        )

    @property
    def text_vi(self) -> str:
        """The same in Vietnamese, for people who read numbers."""
        if self.from_at is None:
            span = f"trước {self.to_at.astimezone(ZONE):%d/%m/%Y %H:%M}"
        else:
            span = f"từ {self.from_at.astimezone(ZONE):%d/%m/%Y %H:%M} đến {self.to_at.astimezone(ZONE):%d/%m/%Y %H:%M}"
        computed_until = (
            f"số liệu chỉ tính đến {self.known_at.astimezone(ZONE):%d/%m/%Y %H:%M}" if self.known_at else "chưa tính được số liệu nào"
        )
        return f"{self.source}: chưa trích xuất các thay đổi {span}; {computed_until}"


@dataclass(frozen=True)
class MissingMonth:
    """The dossiers of one month of reception that the source lists as existing but that are not stored.

    `listed`: how many dossiers the newest list of the source has for the month. `missing`: how many of them are not stored. `codes`: the
    first three of the missing dossiers. `since`: the known_at of the first extract that did not bring them. `is_new`: only the newest
    extract lacks them, so the source may have received them while the extract ran.
    """

    source: str
    month: date
    listed: int
    missing: int
    codes: tuple[str, ...]
    since: datetime
    is_new: bool

    @property
    def text(self) -> str:
        """An English sentence that names the month, the missing dossiers and what to do."""
        named = ", ".join(self.codes) + (" …" if self.missing > len(self.codes) else "")
        what = (
            f"{self.source} {self.month:%Y-%m}: the source lists {self.listed} dossiers, {self.missing} of them are not stored ({named}), "
            f"since T = {to_minute(self.since)}; the month is provisional. "
        )
        if self.is_new:
            return what + "They may have come in while the extract ran: the next ingest brings them"
        return what + (
            f"An extract with a wrong T, or a window that was never asked for, has missed them: `cchc source rewind {self.source} MOMENT "
            f"--why …` to a moment before they were entered, or `cchc ingest {self.source} --full`"
        )

    @property
    def text_vi(self) -> str:
        """The same in Vietnamese, for people who read numbers."""
        return (
            f"{self.source}: tháng {self.month:%m/%Y} nguồn có {self.listed} hồ sơ, kho thiếu {self.missing} hồ sơ; "
            "số liệu tháng này là tạm tính"
        )


@dataclass(frozen=True)
class NotReceived:
    """The dossiers of a source that have no time of reception: they count nowhere.

    `worked_on`: how many of them are accepted, in work or ended by their status, so that the reception was lost; `since`: the first day of
    submission, else of change, of those.
    """

    source: str
    dossiers: int
    worked_on: int
    since: date | None

    @property
    def text(self) -> str:
        """An English sentence that says how many, and what to do where a reception was lost."""
        if not self.worked_on:
            return f"{self.source}: {self.dossiers} dossiers wait for their reception or were refused it; no figure counts them"
        return (
            f"{self.source}: {self.dossiers} dossiers have no reception, so no figure counts them. Of {self.worked_on} of them, since "
            f"{self.since}, the status says that they are accepted, in work or ended, so their reception was lost: see "
            "`select * from mart.left_out where left_out_reason = 'not_received'`. Ask the owner of the source for the times, or correct "
            f"the column received_at in {self.source}.yaml"
        )


@dataclass(frozen=True)
class MissingDays:
    """Working days of a source of payments for which no file or answer is stored, though it delivers each day.

    `days`: those between `first` and `last`, its first and newest day of that year.
    """

    source: str
    days: tuple[date, ...]
    first: date
    last: date

    @property
    def text(self) -> str:
        """An English sentence that names the days and says what to do."""
        return (
            f"{self.source}: nothing is loaded for {len(self.days)} working days from {self.first} to {self.last} "
            f"({self._named(lambda day: day.isoformat())}), so no payment of these days counts. See whether their files are "
            "blocked or wait, or ask the sender for them; a day without payments has a file without rows"
        )

    @property
    def text_vi(self) -> str:
        """The same in Vietnamese, for people who read numbers."""
        return (
            f"{self.source}: thiếu dữ liệu thanh toán của {len(self.days)} ngày làm việc ({self._named(lambda day: f'{day:%d/%m/%Y}')}); "
            "giao dịch của các ngày này chưa được tính"
        )

    def _named(self, written: Callable[[date], str]) -> str:
        return ", ".join(map(written, self.days[:NAMED_DAYS])) + (" …" if len(self.days) > NAMED_DAYS else "")


def missing_payment_days(connection: Connection) -> list[MissingDays]:
    """The working days of which payments are missing, for each source that delivers each day."""
    rows = ask(connection, "completeness/missing_payment_day")
    return [MissingDays(r["source_code"], tuple(r["days"]), r["first_day"], r["last_day"]) for r in rows]


def not_received(connection: Connection) -> list[NotReceived]:
    """What has no reception, ordered by source."""
    found = []
    for row in ask(connection, "completeness/not_received"):
        since = row["since"].astimezone(ZONE).date() if row["since"] is not None else None
        found.append(NotReceived(row["source"], row["dossiers"], row["worked_on"], since))
    return found


def holes(connection: Connection) -> list[Hole]:
    """Every time window that was never extracted, ordered by source and time."""
    rows = ask(connection, "completeness/hole")
    return [Hole(r["source_code"], tuple(r["entities"]), r["from_at"], r["to_at"], r["known_at"]) for r in rows]


def missing_months(connection: Connection) -> list[MissingMonth]:
    """Every month that has missing dossiers, ordered by source and month."""
    rows = ask(connection, "completeness/missing_month")
    return [MissingMonth(r["source"], r["month"], r["listed"], r["missing"], tuple(r["codes"][:3]), r["since"], r["is_new"]) for r in rows]


def missing_from(connection: Connection, source: str) -> list[date]:
    """The months of reception (their first days) of which dossiers are missing in a source."""
    rows = query(connection, "select distinct month_start from ops.missing_key where source_code = :s", {"s": source})
    return [row["month_start"] for row in rows]


def counts_any_month(months: Iterable[date], period: Period, basis: str) -> bool:
    """Whether the days that a period counts on a basis ("period", "year_to_date") include a day of one of these months."""
    return any(_overlaps(month, period.first_day(basis), period.end) for month in months)


def gaps(connection: Connection, period: Period) -> list[Hole | MissingMonth]:
    """Everything that is missing in the numbers of a period; an empty list if nothing is."""
    known = [hole for hole in holes(connection) if hole.from_at is None or hole.from_at < midnight(period.end)]
    first = min(period.first_day(basis) for basis in ("period", "year_to_date"))
    return [*known, *(item for item in missing_months(connection) if _overlaps(item.month, first, period.end))]


def notes_vi(connection: Connection, period: Period) -> list[str]:
    """Vietnamese sentences about everything that is missing in the numbers of a period; an empty list if nothing is."""
    told = [gap.text_vi for gap in gaps(connection, period)]
    first = min(period.first_day(basis) for basis in ("period", "year_to_date"))
    for lack in missing_payment_days(connection):
        if days := tuple(day for day in lack.days if first <= day < period.end):
            told.append(replace(lack, days=days).text_vi)
    return told


def _overlaps(month: date, first: date, end: date) -> bool:
    return month < end and first < add_months(month, 1)
