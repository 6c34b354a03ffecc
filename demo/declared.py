"""Declared figures: the workbook of every unit and month of the two years, and when it reaches the drop folder.

A unit sends its workbook on the 28th of the month that it reports, except for the planted oddities. The bytes depend only on the seed: the
XML of the workbooks is written here, because a spreadsheet library would put the current time into them.
"""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from demo import people
from demo.authority import GROUPS, read
from demo.clock import DAY, YEAR, moment, slashed_day
from demo.documents import Registry
from demo.files import write_whole
from demo.units import BY_CODE, DISTRICT, UNITS, Unit

HEADER = ("MaChiTieu", "TuSo", "MauSo", "CanCu", "NgayCanCu", "NguoiKhai", "NguoiDuyet", "NgayDuyet", "GhiChu")
MONTHS = tuple((year, month) for year in (YEAR - 1, YEAR) for month in range(1, 13))

# who declares what in Vĩnh Cửu (a copy, because a source system does not read reference data):
# indicator → (share at start, share at end, total)
EACH_UNIT = {
    "staff_standard_placement_rate": (0.94, 0.99, 0),
    "staff_training_rate": (0.03, 0.56, 0),
    "staff_record_completeness_rate": (0.90, 0.98, 0),
}
WITH_PROCEDURES = {
    "internal_workflow_update_timely_rate": (0.90, 0.99, 45),
    "eworkflow_update_timely_rate": (0.86, 0.97, 50),
    "onestop_staff_training_rate": (0.10, 0.95, 4),
}
LEAD = {
    "H19.16.1": {
        "internal_procedure_published_rate": (0.10, 1.0, 62),
        "internal_procedure_simplification_rate": (0.02, 0.47, 62),
        "procedure_simplification_rate": (0.0, 0.11, 318),
        "declared_information_reduction_rate": (0.0, 0.21, 940),
    },
    "H19.16.2": {
        "org_regulation_admin_rate": (0.8, 1.0, 12),
        "org_regulation_psu_rate": (0.7, 0.95, 40),
        "job_position_scheme_admin_rate": (0.75, 1.0, 24),
        "job_position_scheme_psu_rate": (0.6, 0.93, 40),
        "reform_inspection_coverage_rate": (0.0, 0.6, 25),
        "inspection_finding_resolution_rate": (0.3, 0.9, 30),
    },
    "H19.16.3": {"legal_drafting_on_schedule_rate": (0.5, 1.0, 6), "legal_document_review_rate": (0.2, 1.0, 28)},
}
COUNTS = {
    "H19.16.2": {"public_service_unit_count": (44, 42), "state_paid_psu_headcount": (1_312, 1_286)},
    "H19.16.4": {"self_financing_unit_count": (5, 6), "direct_budget_spending_vnd": (486_500_000_000, 491_200_000_000)},
}
INDEX = {"H19.16.2": (8_437, 8_542)}  # par_index_score of 2022 and 2023, in hundredths

PROVEN = ((2023, 3), (2023, 6), (2023, 9), (2023, 12))
PROVEN_CODE = "reform_inspection_coverage_rate"
CONTRADICTING = ("H19.16.22", "dossier_on_time_rate")
NEVER = (("H19.16.31", 2023, 9), ("H19.16.10", 2022, 11))
LATE = (("H19.16.32", 2023, 12),)
UNAPPROVED = (("H19.16.9", 2023, 8), ("H19.16.7", 2023, 12), ("H19.16.25", 2023, 12))
CORRECTED = {("H19.16.21", 2023, 5): moment(2023, 7, 12, 10), ("H19.16.5", 2023, 11): moment(2024, 1, 10, 10)}
REJECTED = {
    "declared-negative": ("H19.16.24", 2023, 12, moment(2024, 1, 15, 9)),
    "declared-error": ("H19.16.26", 2023, 12, moment(2024, 1, 16, 9)),
    "declared-wrong-unit": ("H19.16.88", 2023, 12, moment(2024, 1, 17, 9)),
}

Row = tuple[str | int | None, ...]


class Delivery(NamedTuple):
    """One delivery of a workbook to the folder; a later one with the same name replaces it."""

    at: int
    unit: str
    year: int
    month: int
    fault: str = ""

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"tukhai_{self.unit}_{self.year}-{self.month:02d}.xlsx"


class Declared:
    """What every unit declares, and when."""

    def __init__(self, seed: int, proofs: dict[tuple[int, int], tuple[str, int]]) -> None:
        self.seed, self.proofs = seed, proofs
        self.planted: dict[str, list[str]] = {}
        self.deliveries = sorted(_deliveries() + _odd_deliveries())
        if read().is_vinh_cuu:
            self._tell_planted()

    def _tell_planted(self) -> None:
        self.planted = {
            "declared-proven": [f"{PROVEN_CODE}/{year}-{month:02d}" for year, month in PROVEN],
            "declared-contradicts": [f"{CONTRADICTING[1]}/2023-{month:02d}" for month in range(1, 13)],
            "declared-missing": [f"{unit}/{year}-{month:02d}" for unit, year, month in NEVER],
            "declared-late": [f"{unit}/{year}-{month:02d}" for unit, year, month in LATE],
            "declared-unapproved": [f"{unit}/{year}-{month:02d}" for unit, year, month in UNAPPROVED],
            "declared-corrected": [f"{unit}/{year}-{month:02d}" for unit, year, month in CORRECTED],
        } | {code: [f"{unit}/{year}-{month:02d}"] for code, (unit, year, month, _) in REJECTED.items()}

    def rows(self, delivery: Delivery) -> list[Row]:
        """The rows of a workbook, as a person at the unit filled them in."""
        unit, year, month = BY_CODE.get(delivery.unit, BY_CODE[DISTRICT]), delivery.year, delivery.month
        day = moment(year, month, 28) // DAY
        number = unit.number + 24 * year + month
        approved = (delivery.unit, year, month) not in UNAPPROVED
        signed = (people.name(number), people.name(number + 1) if approved else "", slashed_day(day) if approved else "", "")
        rows: list[Row] = []
        for code, upper, lower in self._figures(unit, year, month):
            if delivery.fault == "declared-corrected" and code == "staff_training_rate":
                upper = min(upper + 2, lower or upper + 2)
            sign, issued = self.proofs[year, month] if code == PROVEN_CODE and (year, month) in self.proofs else ("", 0)
            rows.append((code, upper, lower, sign, slashed_day(issued) if issued else "", *signed))
        if delivery.fault == "declared-negative":
            rows[0] = (rows[0][0], -3, *rows[0][2:])
        elif delivery.fault == "declared-error":
            rows[1] = (rows[1][0], rows[1][1], "#REF!", *rows[1][3:])
        return rows

    def _figures(self, unit: Unit, year: int, month: int) -> list[tuple[str, int, int | None]]:
        """Indicator, TuSo, MauSo. The shares grow during the year and are better in the plan's year than in the one before."""
        asked = _asked(unit)
        staff = 8 + unit.number % 9
        figures: list[tuple[str, int, int | None]] = []
        for code, (start, end, of) in asked.items():
            rnd = random.Random(f"{self.seed}/declared/{unit.code}/{code}")
            lower = of or staff
            skill = rnd.uniform(-0.04, 0.04) - (0.08 if year < YEAR else 0.0)
            share = min(1.0, max(0.0, start + (end - start) * month / 12 + skill))
            figures.append((code, round(share * lower), lower))
        if read().is_vinh_cuu and unit.code == CONTRADICTING[0] and year == YEAR:
            figures.append((CONTRADICTING[1], 40 * month, 40 * month))  # this commune declares that everything was on time
        late = year == YEAR
        figures += [(code, values[late], None) for code, values in _counts(unit).items()]
        figures += [(code, values[late], 100) for code, values in _scores(unit).items()]
        return figures

    def contents(self, delivery: Delivery) -> bytes:
        """The bytes of a workbook."""
        return workbook([HEADER, *self.rows(delivery)])


def _asked(unit: Unit) -> dict[str, tuple[float, float, int]]:
    """What a unit declares as TuSo of MauSo: (share at start, share at end, MauSo; 0 = its staff)."""
    if not read().is_vinh_cuu:
        return {code: _course(unit, code) for code in _duties(unit, "rate")}
    asked = dict(EACH_UNIT)
    if unit.kind != "public_service_unit":
        asked |= WITH_PROCEDURES
    return asked | LEAD.get(unit.code, {})


def _counts(unit: Unit) -> dict[str, tuple[int, int]]:
    """What a unit declares as TuSo alone: in the first year and in the second."""
    if read().is_vinh_cuu:
        return COUNTS.get(unit.code, {})
    return {code: (120, 116) for code in _duties(unit, "count")}


def _scores(unit: Unit) -> dict[str, tuple[int, int]]:
    """What a unit declares in hundredths of a point: in the first year and in the second."""
    if read().is_vinh_cuu:
        return {"par_index_score": INDEX[unit.code]} if unit.code in INDEX else {}
    return {code: (8_437, 8_542) for code in _duties(unit, "score")}


def _duties(unit: Unit, form: str) -> list[str]:
    """The indicators that another authority than Vĩnh Cửu asks of a unit, in a form."""
    words = {unit.code, *_groups(unit)}
    return [code for code, duty in read().duties.items() if duty.form == form and words.intersection(duty.by)]


def _groups(unit: Unit) -> tuple[str, ...]:
    """The words of declarations.yaml that mean a unit, among others; none for councils above the communes."""
    group = "each_commune" if unit.is_local else f"each_{unit.kind}"
    return ("each_unit", group) if group in GROUPS else ()


def _course(unit: Unit, code: str) -> tuple[float, float, int]:
    """How a share goes during a year: to somewhere near the target of the plan."""
    target = read().target(code, unit.level, 0.9)
    return target * 0.3, min(1.0, target * random.Random(f"declared/{unit.code}/{code}").uniform(0.92, 1.1)), 0 if _groups(unit) else 40


def _deliveries() -> list[Delivery]:
    """The workbook of each unit and month; those of offices and communes, and of whoever else is asked."""
    deliveries: list[Delivery] = []
    for unit in UNITS:
        for year, month in MONTHS if unit.code != DISTRICT or unit.is_local else ():
            key = (unit.code, year, month)
            if unit.is_there(moment(year, month, 28) // DAY) and key not in NEVER and (_asked(unit) or _counts(unit) or _scores(unit)):
                at = moment(year, month, 28, 15, unit.number) if key not in LATE else moment(2024, 1, 12, 9)
                deliveries.append(Delivery(at, *key))
    return deliveries


def _odd_deliveries() -> list[Delivery]:
    """The workbooks that are corrected or rejected; planted in Vĩnh Cửu alone."""
    deliveries: list[Delivery] = []
    if not read().is_vinh_cuu:
        return deliveries
    deliveries += [Delivery(at, *key, "declared-corrected") for key, at in CORRECTED.items()]
    deliveries += [Delivery(at, unit, year, month, code) for code, (unit, year, month, at) in REJECTED.items()]
    return deliveries


def build(register: Registry, seed: int) -> Declared:
    """All declared figures. The decisions that prove some of them are added to the document system."""
    proofs: dict[tuple[int, int], tuple[str, int]] = {}
    for year, month in PROVEN if read().is_vinh_cuu else ():
        document = register.new(BY_CODE["H19.16.2"], moment(year, month, 20, 9), False, "QĐ")
        document.done = document.arrived
        proofs[year, month] = (document.sign, document.issued)
    return Declared(seed, proofs)


def workbook(rows: list[Row]) -> bytes:
    """The bytes of a workbook with the sheet SoLieu: texts, whole numbers, and errors where a text begins with #."""

    def cell(address: str, value: str | int | None) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, int):
            return f'<c r="{address}"><v>{value}</v></c>'
        if value.startswith("#"):
            return f'<c r="{address}" t="e"><v>{value}</v></c>'
        return f'<c r="{address}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'

    lines = [
        f'<row r="{number}">{"".join(cell(f"{letter}{number}", value) for letter, value in zip("ABCDEFGHI", row, strict=True))}</row>'
        for number, row in enumerate(rows, 1)
    ]
    head, main = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{sheet_type}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet_type}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="SoLieu" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2022, 1, 1, 0, 0, 0)), head + body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


class DeclaredFolder:
    """The folder of the workbooks, kept up to date with the clock."""

    def __init__(self, folder: Path, declared: Declared) -> None:
        self.folder, self.declared = folder, declared
        self._there: dict[str, Delivery] = {}

    def update(self, at: int) -> list[str]:
        """Deliver the newest workbook of each name that is due before `at`. Returns the names of the written ones."""
        self.folder.mkdir(parents=True, exist_ok=True)
        due = {delivery.name: delivery for delivery in self.declared.deliveries if delivery.at < at}
        written: list[str] = []
        for name, delivery in due.items():
            if self._there.get(name) == delivery:
                continue
            data, path = self.declared.contents(delivery), self.folder / name
            if not path.exists() or path.read_bytes() != data:
                write_whole(path, data)
                written.append(name)
            self._there[name] = delivery
        return written
