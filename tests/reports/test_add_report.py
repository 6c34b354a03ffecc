"""docs/runbooks/add_report.md, carried out: a new report is a query and a layout."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from cchc.errors import NotConfigured
from cchc.period import parse_period
from cchc.reports.build import build
from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from tests.reports.rows import KNOWN, dossier, insert_row, value

PAGE = (PROJECT / "docs" / "runbooks" / "add_report.md").read_text(encoding="utf-8")
DECEMBER = parse_period("2023-12")
QUERY = """
select
    u.name as unit_name,
    count(*) as received
from mart.dossier as d
inner join core.unit as u on d.unit_code = u.unit_code
where d.received_date >= cast(:start as date) and d.received_date <= cast(:last_day as date) and u.root_code = cast(:root as text)
group by u.unit_code, u.name
order by u.unit_code
"""


def examples() -> list[str]:
    """The pieces of YAML of the page, without their indentation."""
    found = re.findall(r"^   ```yaml\n(.*?)^   ```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    return [re.sub(r"^   ", "", text, flags=re.MULTILINE) for text in found]


@pytest.fixture(scope="module")
def settings(new_warehouse: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A warehouse with three dossiers, and a copy of include/ with the new report."""
    include = tmp_path_factory.mktemp("include")
    with new_warehouse(tmp_path_factory.mktemp("home")) as made:
        with engine(made).begin() as connection:
            insert_row(connection, "ops.extract", source_code="one_stop", window_to=KNOWN, status="complete", started_at=KNOWN)
            value(connection, made.plan, "dossier_on_time_rate", "all", "all", 2, 2)
            for number, unit in enumerate(["H19.16.21", "H19.16.21", "H19.16.6"], start=1):
                dossier(connection, number, unit, "2023-12-01", "2023-12-08", "2023-12-07")
        for name in ("sql", "reports"):
            shutil.copytree(PROJECT / "include" / name, include / name)
        table, report = examples()
        (include / "sql" / "queries" / "reports" / "received_by_unit.sql").write_text(QUERY, encoding="utf-8")
        for name, text in (("tables", table), ("reports", report)):
            with (include / "reports" / "v2023-01-01" / f"{name}.yaml").open("a", encoding="utf-8") as file:
                file.write(text)
        yield replace(made, sql_dir=include / "sql", reports_dir=include / "reports")


def test_the_new_report_is_a_workbook_and_a_page(settings: Settings, tmp_path: Path) -> None:
    made = build(settings, DECEMBER, tmp_path / "one", kinds=["received"])
    assert [path.name for path in made] == ["ho_so_tiep_nhan_2023-12.xlsx", "ho_so_tiep_nhan_2023-12.html"]
    sheet = load_workbook(made[0])["Tiep nhan"]
    assert sheet["A4"].value == "SỐ HỒ SƠ TIẾP NHẬN THEO ĐƠN VỊ"
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=7, max_row=9, max_col=2)]
    assert rows == [["Đơn vị", "Số hồ sơ"], ["Thị trấn Vĩnh An", 2], ["Phòng Tài nguyên và Môi trường", 1]]
    assert sheet["B8"].number_format == "[$-42A]#,##0"
    assert "Thị trấn Vĩnh An" in made[1].read_text(encoding="utf-8")
    again = build(settings, DECEMBER, tmp_path / "two", kinds=["received"])
    assert [path.read_bytes() for path in made] == [path.read_bytes() for path in again]


def test_a_key_that_the_query_does_not_give_is_told(settings: Settings, tmp_path: Path) -> None:
    folder = shutil.copytree(settings.reports_dir, tmp_path / "reports")
    path = folder / "v2023-01-01" / "tables.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("{key: received, header: Số hồ sơ", "{key: receivd, header: Số hồ sơ"), encoding="utf-8")
    with pytest.raises(
        NotConfigured, match=r"received_by_unit.sql gives no 'receivd'; did you mean 'received'\?. It gives unit_name, received"
    ):
        build(replace(settings, reports_dir=folder), DECEMBER, tmp_path, kinds=["received"])
    path.write_text(text.replace("  received_by_unit:", "  received_by_units:"), encoding="utf-8")
    (folder / "v2023-01-01" / "reports.yaml").write_text("received: {file: x, writer: table, table: received_by_units}\n", encoding="utf-8")
    with pytest.raises(NotConfigured, match=r"needs include/sql/queries/reports/received_by_units.sql, which is missing"):
        build(replace(settings, reports_dir=folder), DECEMBER, tmp_path, kinds=["received"])
