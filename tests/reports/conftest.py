"""A made-up content for the writers, and one warehouse with enough in it for a reading."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cchc.forms.form_06a import Row as FormRow
from cchc.period import midnight, parse_period
from cchc.reports.content import Content, DueDossier, LateDossier, MonthRow, PlanRow, Unit, UnitRow, rank
from cchc.reports.layout import Layout
from cchc.settings import PROJECT

DISTRICT = Unit("H19.16", "Huyện Vĩnh Cửu", "district", "district")
COMMUNE = Unit("H19.16.21", "Thị trấn Vĩnh An", "commune", "commune")
OFFICE = Unit("H19.16.3", "Phòng Tư pháp", "district", "office")

Make = Callable[..., Content]


def form_row(level: str, field: str, online: int, other: int, carried: int, early: int, on_time: int, late: int, past: int) -> FormRow:
    """A row whose identities hold: what is left over is open in time."""
    received, finished = online + other + carried, early + on_time + late
    return FormRow(
        level, field, f"Lĩnh vực {field}", received, online, other, carried, finished, early, on_time, late,
        received - finished, received - finished - past, past, 1, 2,
    )  # fmt: skip


def plan_row(number: str, section: str, code: str, status: str, **given: Any) -> PlanRow:
    """A target cell; without anything else 1.234 of 1.300."""
    has = status != "no_data"
    values: dict[str, Any] = {
        "target_no": number, "section": section, "clause_vi": f"lời của kế hoạch {number}", "indicator_code": code, "name_vi": f"Tỷ lệ {number}",
        "level": "all", "scope_code": "all", "operator": ">=", "target_kind": "flow", "how": "computed", "lead_agency": "Văn phòng HĐND-UBND",
        "target_percent": Decimal(96), "indicator_kind": "flow", "period_numerator": 100 if has else None, "period_denominator": 104 if has else None,
        "period_value": Decimal("96.15") if has else None, "year_numerator": 1234 if has else None, "year_denominator": 1300 if has else None,
        "year_value": Decimal("94.92") if has else None, "last_period_value": Decimal("93.84") if has else None,
        "year_before_value": Decimal("97.00") if has else None, "status": status, "gap_count": 14 if status in ("missed", "behind") else 0,
        "coverage_percent": Decimal(100), "is_provisional": False, "no_data_reason": None, "declared_value": None, "declared_difference": None, "status_before": None,
    }  # fmt: skip
    return PlanRow(**values | given)


def unit_row(unit: Unit, met: int, judged: int, failed: list[str] | None = None, **given: Any) -> UnitRow:
    """A unit's figures."""
    values: dict[str, Any] = {
        "unit_code": unit.unit_code, "unit_name": unit.name, "level": unit.level, "unit_kind": unit.kind, "received": 1234, "resolved": 1200,
        "on_time_value": Decimal("98.5"), "online_value": Decimal("31.25"), "digitized_value": None, "electronic_result_value": Decimal("20"),
        "met": met, "judged": judged, "failed": failed or [], "is_provisional": False,
    }  # fmt: skip
    return UnitRow(**values | given)


def late_row(unit: Unit, number: int, **given: Any) -> LateDossier:
    """A dossier that ended three days late."""
    values: dict[str, Any] = {
        "unit_code": unit.unit_code, "unit_name": unit.name, "dossier_code": f"{unit.unit_code}-231201-{number:04d}", "procedure_name": "Đăng ký khai sinh",
        "field_name": "Hộ tịch", "received_date": date(2023, 12, 1), "due_date": date(2023, 12, 8), "finished_date": date(2023, 12, 11),
        "state": "resolved", "days_late": 3, "working_days_late": 1, "apology_count": 0,
    }  # fmt: skip
    return LateDossier(**values | given)


@pytest.fixture(scope="session")
def layout() -> Layout:
    return Layout.of(PROJECT / "include" / "reports", date(2023, 12, 31))


@pytest.fixture(scope="session")
def make() -> Make:
    """A function: a content of a period, with what is given in place of the usual."""

    def content(code: str = "2023-12", **given: Any) -> Content:
        period = parse_period(code)
        communes = [COMMUNE, Unit("H19.16.22", "Xã Phú Lý", "commune", "commune"), Unit("H19.16.23", "Xã Trị An", "commune", "commune")]
        units = [
            unit_row(OFFICE, 5, 6),
            unit_row(communes[0], 9, 10, ["T20"]),
            unit_row(communes[1], 10, 10, online_value=Decimal("12.5")),
            unit_row(communes[2], 9, 10, is_provisional=True),
        ]
        values: dict[str, Any] = {
            "plan_number": "53/KH-UBND", "period": period, "last_day": period.last_day, "known_at": midnight(period.end), "unit": None,
            "district": DISTRICT,
            "plan": [
                plan_row("T01", "1.1", "legal_drafting_on_schedule_rate", "no_data", target_kind="milestone", lead_agency="Phòng Tư pháp"),
                plan_row("T04", "2.1", "procedure_publication_rate", "met", target_kind="stock", operator="=", target_percent=Decimal(100)),
                plan_row("T20", "2.1", "dossier_on_time_rate", "missed"),
                plan_row("D01", "2.1", "ecertified_copy_count", "met", target_percent=None, operator="above the same period of 2022", target_kind="direction",
                         indicator_kind="count", period_value=Decimal(1042), year_value=Decimal(2499), year_numerator=2499, year_denominator=None,
                         last_period_value=Decimal(30), year_before_value=Decimal(1042)),
                plan_row("T34", "6.1", "cashless_transaction_rate", "on_pace", is_provisional=True, target_percent=Decimal("12.5")),
                plan_row("T38", "7.1", "reform_inspection_coverage_rate", "no_data", no_data_reason="Phòng Nội vụ chưa gửi biểu tháng 12"),
            ],
            "form": [
                form_row("district", "Đất đai", 1200, 300, 50, 900, 500, 20, 15),
                form_row("district", "Xây dựng", 10, 20, 5, 20, 10, 0, 0),
                form_row("commune", "Hộ tịch", 400, 800, 30, 700, 450, 3, 7),
            ],
            "unit_forms": [],
            "months": [
                MonthRow(date(2023, m, 1), date(2023, m, 28), 700 + 10 * m, 200 + m, 650, Decimal("95.5") + m % 3, Decimal("28.5")) for m in range(1, 13)
            ],
            "units": units,
            "late": [late_row(OFFICE, 1), late_row(COMMUNE, 2, apology_count=1), late_row(COMMUNE, 3, state="open", finished_date=None)],
            "due": [
                DueDossier("H19.16.21", COMMUNE.name, "H19.16.21-231220-0009", "Đăng ký khai tử", "Hộ tịch", date(2023, 12, 20), date(2024, 1, 2), False, 1),
                DueDossier("H19.16.3", OFFICE.name, "H19.16.3-231220-0010", None, None, date(2023, 12, 20), date(2024, 1, 3), True, 2),
            ],
            "ranking": rank([row for row in units if row.unit_kind == "commune"], {}),
        }  # fmt: skip
        return Content(**values | given)

    return content
