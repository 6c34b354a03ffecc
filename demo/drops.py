"""The drop folders of feedback and survey: the files with their time of arrival, form and planted faults.

Feedback comes each Monday at 02:30 as the file of the Sunday before (incremental: open items, and what changed lately); the survey on the
first of each month at 03:00 as the file of the month's last day. The bytes depend only on the seed.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from demo import clock
from demo.authority import read
from demo.clock import DAY, YEAR, compact_day, day_number, odd_day
from demo.declared import DeclaredFolder
from demo.deliveries import DropFolder
from demo.files import write_whole

if TYPE_CHECKING:
    from demo.district import District
    from demo.feedback import Item
    from demo.state import StateFolder
    from demo.survey import Form

_THIRD = day_number(YEAR - 1, 1, 3)
FIRST_SUNDAY = _THIRD + (3 - _THIRD) % 7
FEEDBACK_AT, SURVEY_AT = DAY + 9_000, DAY + 10_800

FEEDBACK_XLSX = (odd_day(2023, 9, 3),)
FEEDBACK_REVISED = (odd_day(2023, 4, 16), odd_day(2023, 10, 8))
FEEDBACK_LATE = (odd_day(2023, 7, 16),)
FEEDBACK_CUT = odd_day(2024, 1, 14)
FEEDBACK_BLOCKED = odd_day(2024, 1, 21)
SURVEY_XLSX = (odd_day(2023, 8, 31),)
SURVEY_REVISED = (odd_day(2023, 6, 30),)
SURVEY_LATE = (odd_day(2023, 3, 31),)
SURVEY_CUT = odd_day(2024, 1, 15)


def minute(at: int) -> int:
    """The whole minute of a time, because the files have no seconds."""
    return at - at % 60


def earlier(dossiers: list[tuple[int, str]], at: int, share: float) -> str:
    """The key of one of the dossiers (received, key; ordered by reception) that were received before `at`; "" if there is none."""
    there = bisect_left(dossiers, (at,))
    return dossiers[there - 1 - int(share * min(there, 50))][1] if there else ""


class Parcel(NamedTuple):
    """The content of a file of a drop folder from `at` on; a later parcel with the same name replaces it."""

    at: int
    name: str
    make: Callable[[], bytes]


def stamp(at: int) -> str:
    """`dd/MM/yyyy HH:mm`."""
    return clock.slashed(at)[:-3]


def csv_file(columns: tuple[str, ...], rows: Iterable[dict[str, Any]], delimiter: str, *, bom: bool) -> bytes:
    """A CSV file, lines ended by CRLF."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return (("\ufeff" if bom else "") + out.getvalue()).encode()


def xlsx_file(columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> bytes:
    """A workbook without a time of creation, so that equal rows give equal bytes."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(columns))
    for row in rows:
        sheet.append([row[name] if row[name] != "" else None for name in columns])
    made, out = io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as there, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as here:
        for name in there.namelist():
            data = there.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2023-01-01T00:00:00Z", data)
            here.writestr(zipfile.ZipInfo(name, (2023, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def as_text(row: dict[str, Any], times: frozenset[str], render: Callable[[int], str]) -> dict[str, Any]:
    """A row with its times as texts; "" for a missing time."""
    return {name: (render(value) if value else "") if name in times and isinstance(value, int) else value for name, value in row.items()}


def as_cells(row: dict[str, Any], times: frozenset[str]) -> dict[str, Any]:
    """A row with its times as values of a workbook."""

    def cell(value: int) -> datetime:
        return datetime.fromisoformat(clock.iso(value))

    return {name: (cell(value) if value else "") if name in times and isinstance(value, int) else value for name, value in row.items()}


class _FeedbackFiles:
    """The content of the weekly files of feedback, by their day."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items

    def rows(self, day: int) -> list[dict[str, Any]]:
        return [item.row(day) for item in self.items if item.is_listed(day)]

    def texts(self, day: int) -> list[dict[str, Any]]:
        from demo.feedback import TIMES

        return [as_text(row, TIMES, stamp) for row in self.rows(day)]

    def plain(self, day: int) -> bytes:
        from demo.feedback import COLUMNS

        return self._csv(day, COLUMNS)

    def narrow(self, day: int) -> bytes:
        """A file without its last column."""
        from demo.feedback import COLUMNS

        return self._csv(day, COLUMNS[:-1])

    def _csv(self, day: int, columns: tuple[str, ...]) -> bytes:
        # the first year came with semicolons; every other file has a BOM
        delimiter = ";" if day < day_number(YEAR, 1, 1) else ","
        return csv_file(columns, [{name: row[name] for name in columns} for row in self.texts(day)], delimiter, bom=day % 2 == 0)

    def unrated(self, day: int) -> bytes:
        """A file without ratings, which the sender forgot; its revision has them."""
        from demo.feedback import COLUMNS

        return csv_file(COLUMNS, [row | {"DanhGia": ""} for row in self.texts(day)], ",", bom=False)

    def cut(self, day: int) -> bytes:
        return self.plain(day)[:-40]

    def book(self, day: int) -> bytes:
        from demo.feedback import COLUMNS, TIMES

        return xlsx_file(COLUMNS, [as_cells(row, TIMES) for row in self.rows(day)])


def feedback_parcels(items: list[Item]) -> list[Parcel]:
    """The weekly files of feedback."""
    files = _FeedbackFiles(items)
    parcels: list[Parcel] = []
    for day in range(FIRST_SUNDAY, clock.END // DAY, 7):
        at, stem = day * DAY + FEEDBACK_AT, f"phananh_{compact_day(day)}"
        if day in FEEDBACK_XLSX:
            parcels.append(Parcel(at, f"{stem}.xlsx", partial(files.book, day)))
        elif day in FEEDBACK_REVISED:
            parcels.append(Parcel(at, f"{stem}.csv", partial(files.unrated, day)))
            parcels.append(Parcel(at + 2 * DAY, f"{stem}_r2.csv", partial(files.plain, day)))
        elif day == FEEDBACK_CUT:
            parcels.append(Parcel(at, f"{stem}.csv", partial(files.cut, day)))
            parcels.append(Parcel(at + 2 * DAY, f"{stem}.csv", partial(files.plain, day)))
        elif day == FEEDBACK_BLOCKED:
            parcels.append(Parcel(at, f"{stem}.csv", partial(files.narrow, day)))
            parcels.append(Parcel(at + 2 * DAY, f"{stem}_r2.csv", partial(files.plain, day)))
        else:
            late = 9 * DAY if day in FEEDBACK_LATE else 0
            parcels.append(Parcel(at + late, f"{stem}.csv", partial(files.plain, day)))
    return sorted(parcels, key=lambda parcel: (parcel.at, parcel.name))


def survey_parcels(forms: list[Form]) -> list[Parcel]:
    """The monthly files of the survey, and in Vĩnh Cửu one in the middle of January 2024."""
    from demo.survey import COLUMNS, DAYS

    def slashed(at: int) -> str:
        return clock.slashed_day(at // DAY)

    def rows(first: int, last: int, *, revised: bool = False) -> list[dict[str, Any]]:
        return [form.row(revised=revised) for form in forms if first <= form.day <= last]

    def plain(first: int, last: int, *, revised: bool = False) -> bytes:
        texts = [as_text(row, DAYS, slashed) for row in rows(first, last, revised=revised)]
        return csv_file(COLUMNS, texts, ";" if last % 2 else ",", bom=last % 3 == 0)

    def book(first: int, last: int) -> bytes:
        return xlsx_file(COLUMNS, [as_cells(row, DAYS) for row in rows(first, last)])

    def cut(first: int, last: int) -> bytes:
        return book(first, last)[:-300]

    parcels: list[Parcel] = []
    starts = [day_number(YEAR - 1 + month // 12, month % 12 + 1, 1) for month in range(26)]
    for first, after in pairwise(starts):
        last = after - 1
        at, stem = last * DAY + SURVEY_AT, f"khaosat_{compact_day(last)}"
        if last in SURVEY_XLSX:
            parcels.append(Parcel(at, f"{stem}.xlsx", partial(book, first, last)))
        else:
            late = 12 * DAY if last in SURVEY_LATE else 0
            parcels.append(Parcel(at + late, f"{stem}.csv", partial(plain, first, last)))
        if last in SURVEY_REVISED:
            parcels.append(Parcel(at + 5 * DAY, f"{stem}_r2.csv", partial(plain, first, last, revised=True)))
    if read().is_vinh_cuu:
        first = day_number(2024, 1, 1)
        at, name = SURVEY_CUT * DAY + SURVEY_AT, f"khaosat_{compact_day(SURVEY_CUT)}.xlsx"
        parcels.append(Parcel(at, name, partial(cut, first, SURVEY_CUT)))
        parcels.append(Parcel(at + 2 * DAY, name, partial(book, first, SURVEY_CUT)))
    return sorted(parcels, key=lambda parcel: (parcel.at, parcel.name))


class Shelf:
    """A drop folder that is kept up to date with the clock."""

    def __init__(self, folder: Path, parcels: list[Parcel]) -> None:
        self.folder = folder
        self.parcels = parcels

    @cached_property
    def _replaced(self) -> set[str]:
        names = [parcel.name for parcel in self.parcels]
        return {name for name in names if names.count(name) > 1}

    def update(self, at: int) -> list[str]:
        """Deliver everything that is due before `at` and missing or different in the folder. Returns the written names in order."""
        self.folder.mkdir(parents=True, exist_ok=True)
        present = {path.name for path in self.folder.iterdir()}
        newest = {parcel.name: parcel for parcel in self.parcels if parcel.at < at}
        written: list[str] = []
        for name, parcel in newest.items():
            if name in present and name not in self._replaced:
                continue
            data = parcel.make()
            path = self.folder / name
            if name in present and path.read_bytes() == data:
                continue
            write_whole(path, data)
            written.append(name)
        return written


def drop_folders(state: StateFolder, district: District) -> tuple[DropFolder | Shelf | DeclaredFolder, ...]:
    """The drop folders of a demo: payments, feedback, survey, declared figures."""
    return (
        DropFolder(state.payments, district.payments),
        Shelf(state.feedback, feedback_parcels(district.feedback)),
        Shelf(state.survey, survey_parcels(district.survey)),
        DeclaredFolder(state.declared, district.declared),
    )
