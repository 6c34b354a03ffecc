"""Read a filled-in workbook strictly: one fault blocks the whole file, and the message names every faulty cell.

The file is checked against the catalogue and the data of the authority before any of it lands. A file that passes lands row by row like
any other file; the suite `declared_figure` checks the same rules again on the staged rows.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from unicodedata import normalize

from cchc.authority import authority
from cchc.reference.catalogue import catalogue, catalogue_files
from cchc.reference.duties import Duties, Duty, duties
from cchc.reference.plan import plan_files
from cchc.settings import Settings
from cchc.sources.amounts import whole_number
from cchc.sources.day_files import matched_name
from cchc.sources.described import described
from cchc.sources.files import Unfinished, Unreadable
from cchc.sources.profile import Files, Profile

SHEET, GUIDE = "SoLieu", "HuongDan"
COLUMNS = ("MaChiTieu", "TuSo", "MauSo", "CanCu", "NgayCanCu", "NguoiKhai", "NguoiDuyet", "NgayDuyet", "GhiChu")
UNIT, MONTH = "MaDonVi", "Thang"  # the cells in which a workbook names its unit and month; they are compared with the name of the file
NAME_WORDS = f"tukhai_<MaDonVi>_<YYYY-MM>.xlsx, for example tukhai_{authority().code}.2_2023-06.xlsx"
LARGEST = 10**15
LARGEST_FILE = 5 * 2**20
LOWEST_ROW = 2_000
PROBLEMS_SHOWN = 50
ERROR = re.compile(r"#(?:DIV/0!|REF!|NAME\?|VALUE!|NUM!|N/A|NULL!|SPILL!|CALC!|GETTING_DATA)|Err:\d+", re.IGNORECASE)
# what people write where nobody has approved a figure; it would make the figure an approved one
NO_NAME = re.compile(r"(?:chưa|không|chờ|đang)(?:\W|$)|(?:n/?a|none|null|tbd|x+)\W*$", re.IGNORECASE)
LETTER = re.compile(r"[^\W\d_]")
WHOLE = "must be a whole number ≥ 0"


def rules_stamp() -> bytes:
    """A stamp of the reference data by which a file is checked; when it changes, a blocked file is checked again."""
    settings = Settings.load()
    lists = [settings.authority_dir / "declarations.yaml", settings.authority_dir / "units.csv", *catalogue_files(settings)]
    return b"".join(path.read_bytes() for path in [*lists, *plan_files(settings)])


def read(data: bytes, name: str, profile: Profile, files: Files) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row, record) for each declared figure; blank rows are skipped.

    Raises Unfinished if the file is not a complete workbook, and Unreadable, which names every fault with its cell, if it has faults.
    """
    match = matched_name(name, files)
    if match is None:
        raise Unreadable(f"B1 name: expected a name like {NAME_WORDS}, found {name}")
    month = date.fromisoformat(match["date"] + "-01")
    workbook = _Workbook(name, match["unit"], month, profile, duties(Settings.load(), month))
    records = workbook.read(data)
    if workbook.problems:
        shown = workbook.problems[:PROBLEMS_SHOWN]
        more = len(workbook.problems) - len(shown)
        raise Unreadable("; ".join(shown) + (f"; and {more} more" if more else ""))
    yield from records


@dataclass
class _Workbook:
    name: str
    unit: str
    month: date
    profile: Profile
    duties: Duties
    problems: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)

    def fault(self, where: str, words: str) -> None:
        """Note a fault of a cell, a row or the file itself."""
        self.problems.append(f"{self.name}, {SHEET}!{where}: {words}" if where else f"{self.name}: {words}")

    def read(self, data: bytes) -> list[tuple[int, dict[str, Any]]]:
        """The records, also if there are faults; the faults are in `problems`."""
        if self.unit not in self.duties.units:
            known = ", ".join(sorted(self.duties.units, key=_by_number))
            self.fault("", f"the unit {self.unit} is no unit of the list, so its rows were not judged; known are: {known}")
            return []
        if len(data) > LARGEST_FILE:
            self.fault("", f"{len(data) / 2**20:.1f} MB are more than a workbook of figures can have ({LARGEST_FILE // 2**20} MB)")
            return []
        book = _load(data)
        if SHEET not in book.sheetnames:
            self.fault("", f"there is no sheet {SHEET}; there are {len(book.sheetnames)} of another name")
            return []
        sheet = book[SHEET]
        self._shape(sheet)
        self._own_words(book)
        if sheet.max_row > LOWEST_ROW:
            self.fault(f"A{LOWEST_ROW + 1}", f"the sheet reaches down to row {sheet.max_row}; delete the rows below the figures")
            return []
        if set(COLUMNS) - set(self.columns):
            return []
        stored = None
        if any(cell.data_type == "f" for row in sheet.iter_rows(min_row=2) for cell in row):
            stored = _load(data, values=True)[SHEET]
        records = list(self._rows(sheet, stored))
        if not records and not self.problems:
            self.fault("B2", "no row has a TuSo; an empty workbook would take the place of what was declared before")
        return records

    def _shape(self, sheet: Any) -> None:
        """Check the header, and whether something may hide a figure: a hidden sheet, row or column, or merged cells."""
        if sheet.sheet_state != "visible":
            self.fault("A1", "the sheet is hidden; unhide it")
        for area in sheet.merged_cells.ranges:
            self.fault(area.coord, "the cells are merged; each figure needs a cell of its own")
        for cell in sheet[1]:
            word = normalize("NFC", str(cell.value)).strip() if cell.value is not None else ""
            if word in self.columns:
                self.fault(cell.coordinate, f"the column {word} is there twice")
            elif word in (*COLUMNS, UNIT, MONTH):
                self.columns[word] = cell.column_letter
        for word in COLUMNS:
            if word not in self.columns:
                self.fault("1:1", f"the column {word} is missing; the header must be {', '.join(COLUMNS)}")
        hidden = {letter for dimension in sheet.column_dimensions.values() if dimension.hidden for letter in _letters(dimension)}
        for word, letter in self.columns.items():
            if letter in hidden:
                self.fault(f"{letter}:{letter}", f"the column {word} is hidden; unhide it")

    def _own_words(self, book: Any) -> None:
        """Compare unit and month in the guide sheet with the name of the file."""
        if GUIDE not in book.sheetnames:
            return
        for row in book[GUIDE].iter_rows(max_row=30, max_col=2):
            word = str(row[0].value or "").strip()
            if word in (UNIT, MONTH) and len(row) > 1 and row[1].value is not None:
                self._same(word, row[1].value, f"{self.name}, {GUIDE}!{row[1].coordinate}")

    def _same(self, word: str, value: Any, where: str) -> None:
        written = f"{value:%Y-%m}" if isinstance(value, date) else str(value).strip()
        named = self.unit if word == UNIT else f"{self.month:%Y-%m}"
        if written != named:
            shown = described(written, r"[A-Z]\d+(?:\.\d+)*", r"\d{4}-\d{2}")
            self.problems.append(f"{where}: {word} is {shown}, but the file's name says {named}")

    def _rows(self, sheet: Any, stored: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        mine = self.duties.of(self.unit)
        first: dict[str, int] = {}
        for number in range(2, sheet.max_row + 1):
            cells = {word: self._value(sheet[f"{letter}{number}"], stored) for word, letter in self.columns.items()}
            if all(value is None for value in cells.values()):
                continue
            if sheet.row_dimensions[number].hidden:
                self.fault(f"{number}:{number}", "the row is hidden and not empty; unhide or empty it")
            for word in (UNIT, MONTH):
                if cells.get(word) is not None:
                    self._same(word, cells[word], f"{self.name}, {SHEET}!{self.columns[word]}{number}")
            at = {word: f"{letter}{number}" for word, letter in self.columns.items()}
            filled = [word for word in COLUMNS if cells[word] is not None and word not in ("MaChiTieu", "NguoiKhai", "GhiChu")]
            code = str(cells["MaChiTieu"] or "")
            if code:
                self._judge_code(code, number, at["MaChiTieu"], first, mine)
            elif filled:
                self.fault(at["MaChiTieu"], "MaChiTieu is empty, but the row is filled in")
            if code and filled:
                yield from self._figure(number, code, mine.get(code), cells, at)

    def _judge_code(self, code: str, number: int, where: str, first: dict[str, int], mine: Mapping[str, Duty]) -> None:
        """Check that the code is a known indicator and occurs only once. `first`: the first row of each code."""
        if code in first:
            self.fault(where, f"{_shown_code(code)} stands in row {first[code]} already; one row an indicator")
        elif code not in mine:
            self.fault(where, self._unknown(code))
        first.setdefault(code, number)

    def _figure(
        self, number: int, code: str, duty: Duty | None, cells: dict[str, Any], at: dict[str, str]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """The record of one filled-in row."""
        upper, lower = self._number("TuSo", cells, at), self._number("MauSo", cells, at)
        if cells["TuSo"] is None:
            self.fault(at["TuSo"], f"TuSo is empty, {WHOLE}; to declare nothing, empty the row")
        if duty is not None:
            self._form(code, duty.form, upper, lower, cells, at)
        approver = cells["NguoiDuyet"]
        if (
            approver is not None
            and not isinstance(approver, _AtFault)
            and (NO_NAME.match(str(approver)) or not LETTER.search(str(approver)))
        ):
            self.fault(at["NguoiDuyet"], "NguoiDuyet is no name; leave it empty where nobody has approved the figure yet")
        if duty is not None and duty.form == "count":  # a count has only TuSo; a number in MauSo is ignored
            lower = None
        record = {UNIT: self.unit, MONTH: f"{self.month:%Y-%m}", "MaChiTieu": code, "TuSo": upper, "MauSo": lower}
        for word in ("NgayCanCu", "NgayDuyet"):
            record[word] = self._date(word, cells[word], at[word])
        record |= {word: None if cells[word] is None else str(cells[word]) for word in ("CanCu", "NguoiDuyet")}
        yield number, {word: value for word, value in record.items() if value is not None}

    def _form(self, code: str, form: str, upper: int | None, lower: int | None, cells: dict[str, Any], at: dict[str, str]) -> None:
        if form == "count":
            return
        if cells["MauSo"] is None:
            self.fault(at["MauSo"], f"MauSo is empty, {WHOLE}: {code} is a {form}, and a TuSo needs its MauSo")
        elif form == "rate" and upper is not None and lower is not None and upper > lower:
            self.fault(at["TuSo"], f"TuSo is {described(upper)}, must not be more than MauSo, which is {described(lower)}")

    def _value(self, cell: Any, stored: Any) -> Any:
        """The value of a cell (of a formula its stored value); None if the cell is empty or faulty."""
        value = cell.value
        if cell.data_type == "f":
            value = stored[cell.coordinate].value
            if value is None:
                self.fault(cell.coordinate, "is a formula without a stored value; type the value itself")
                return None
        if isinstance(value, str):
            value = normalize("NFC", value).strip()
            if ERROR.fullmatch(value):
                self.fault(cell.coordinate, f"is the error {value}; mend the formula, or type the value itself")
                return _AtFault(value)
        return None if value == "" else value

    def _number(self, word: str, cells: dict[str, Any], at: dict[str, str]) -> int | None:
        value = cells[word]
        if value is None or isinstance(value, _AtFault):
            return None
        number = int(value) if isinstance(value, float) and value.is_integer() else whole_number(value, None)
        if number is None or not 0 <= number < LARGEST:
            self.fault(at[word], f"{word} is {described(value)}, {WHOLE}" + (f" and below {LARGEST}" if number and number > 0 else ""))
            return None
        return number

    def _date(self, word: str, value: Any, where: str) -> str | None:
        if value is None or isinstance(value, _AtFault):
            return None
        at: date | None = value if isinstance(value, date) else None
        if isinstance(value, str):
            at = self.profile.reading().reader()(value)
        if at is None or not 2000 <= at.year < 2100:
            self.fault(where, f"{word} is {described(value)}, must be a date dd/mm/yyyy")
            return None
        return self.profile.reading().render(at.date() if isinstance(at, datetime) else at)

    def _unknown(self, code: str) -> str:
        if code in catalogue(Settings.load()):
            return f"MaChiTieu {code} is no indicator of the plan; it is computed from a source system alone"
        return f"MaChiTieu {_shown_code(code)} is no indicator code; the sheet DanhMuc of the template lists what {self.unit} is asked for"


class _AtFault(str):
    """An error value that was reported already: the cell is not empty, but has no usable value."""


def _load(data: bytes, *, values: bool = False) -> Any:
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about extensions that openpyxl does not keep
            return load_workbook(io.BytesIO(data), data_only=values)
    except Exception as error:  # zip, XML and openpyxl raise errors of many types, all about the content of the file
        raise Unfinished(f"it is no whole workbook ({type(error).__name__})") from error


def _letters(dimension: Any) -> list[str]:
    from openpyxl.utils import get_column_letter

    first, last = dimension.min or 0, dimension.max or 0
    return [get_column_letter(index) for index in range(first, min(last, first + 100) + 1)] if first else [dimension.index]


def _shown_code(code: str) -> str:
    """The text in the code column if it has the form of an indicator code."""
    return described(code, r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


def _by_number(code: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", code))
