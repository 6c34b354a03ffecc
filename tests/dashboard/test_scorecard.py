"""The scorecard page: every figure is that of mart.scorecard, in each choice of the reader."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from cchc.waiting import wait_until
from tests.dashboard.conftest import COMMUNE, SCRIPT, Site


def table(site: Site, query: str) -> list[dict[str, str]]:
    """The scorecard that is taken along as CSV."""
    answer = site.get(f"/?{query}&format=csv&table=scorecard")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def stored(site: Site, scopes: list[str], month: str) -> dict[tuple[str, str], dict[str, Any]]:
    rows = site.rows(
        "select * from mart.scorecard where period_kind = 'month' and period_start = cast(:m as date) and unit_code = any(:s)",
        m=f"{month}-01",
        s=scopes,
    )
    return {(row["indicator_code"], row["unit_name"]): row for row in rows}


@pytest.mark.parametrize(("basis", "part"), [("year_to_date", "year"), ("period", "period")])
def test_every_figure_is_the_stored_one(site: Site, basis: str, part: str) -> None:
    rows = table(site, f"period=2023-12&basis={basis}")
    expected = stored(site, ["all", "level:district", "level:commune"], "2023-12")
    assert len(rows) > 60
    with_value = 0
    for row in rows:
        found = expected[row["Mã"], row["Phạm vi"]]
        assert row["Kết quả"] == ("" if found[f"{part}_value"] is None else f"{found[f'{part}_value']:f}")
        assert row["Tử số"] == ("" if found[f"{part}_numerator"] is None else str(found[f"{part}_numerator"]))
        with_value += found[f"{part}_value"] is not None
    assert with_value > 20
    # each target stands once for each level where the plan puts it
    assert len({(row["Số"], row["Mã"], row["Phạm vi"]) for row in rows}) == len(rows)
    assert {row["Số"] for row in rows if row["Số"]} == {row["target_no"] for row in site.rows("select target_no from core.plan_target")}


def test_the_page_writes_the_figures_for_people(site: Site) -> None:
    page = site.get("/?period=2023-12").text
    row = stored(site, ["all"], "2023-12")["dossier_on_time_rate", "Toàn huyện"]
    shown = f"{row['year_value'].quantize(Decimal('0.1')):f}".replace(".", ",")
    assert f"{shown}\N{NO-BREAK SPACE}%" in page
    assert "✓" in page
    assert "2. Cải cách thủ tục hành chính" in page
    english = site.get("/?period=2023-12&lang=en").text
    assert "Dossiers resolved on time" in english
    assert "Cách tính" not in english


def test_one_unit_and_other_kinds_of_periods(site: Site) -> None:
    rows = table(site, f"period=2023-Q4&scope={COMMUNE}")
    expected = site.rows(
        "select * from mart.scorecard where period_kind = 'quarter' and period_start = '2023-10-01' and unit_code = :u", u=COMMUNE
    )
    assert [row["Mã"] for row in rows] == [
        row["indicator_code"]
        for row in sorted(expected, key=lambda row: (row["target_order"] is None, row["target_order"], row["indicator_code"]))
    ]
    assert site.get("/?period=2023-12R").status_code == 200


def test_an_edition_shows_what_was_published(site: Site) -> None:
    page = site.get("/?period=2023-11&edition=1").text
    assert "Số liệu công bố lần 1" in page
    published = site.rows(
        "select numerator, denominator from mart.publication_value where indicator_code = 'dossier_on_time_rate' and unit_code = 'all' "
        "and basis = 'year_to_date'"
    )[0]
    (row,) = [row for row in table(site, "period=2023-11&edition=1") if row["Mã"] == "dossier_on_time_rate"]
    assert (row["Tử số"], row["Mẫu số"]) == (str(published["numerator"]), str(published["denominator"]))
    answer = site.get("/?period=2023-11&edition=7")
    assert answer.status_code == 404
    assert "không có lần công bố 7" in answer.text


def test_a_past_moment_is_computed_and_then_shown(site: Site) -> None:
    path = "/?period=2023-11&known_at=2023-12-10T00:00:00%2B07:00"
    first = site.get(path)
    assert 'http-equiv="refresh"' in first.text
    assert wait_until(lambda: 'http-equiv="refresh"' not in site.get(path).text, 120, 0.1)
    answer = site.get(path)
    assert answer.status_code == 200
    assert "như đã biết lúc 10/12/2023 00:00" in answer.text
    # it is what was published then, and not what is known now
    past, published, current = (
        {(row["Mã"], row["Phạm vi"]): row["Mẫu số"] for row in table(site, query)}
        for query in (path[2:], "period=2023-11&edition=1", "period=2023-11")
    )
    assert {key: past[key] for key in published} == published
    assert past != current
    # nothing of it stays in the warehouse
    assert site.rows("select count(*) as n from ops.extract where status = 'failed'")[0]["n"] == 0
    assert site.get("/?period=2023-11&known_at=2099-01-01").status_code == 400


def test_the_workbook_has_the_same_cells_as_numbers(site: Site) -> None:
    answer = site.get("/?period=2023-12&format=xlsx&table=scorecard")
    assert answer.headers["content-disposition"] == 'attachment; filename="scorecard_2023-12_all.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    cells = list(sheet.iter_rows(values_only=True))
    rows = table(site, "period=2023-12")
    assert len(cells) == len(rows) + 1
    place = cells[0].index("Tử số")
    assert [cell[place] for cell in cells[1:]] == [int(row["Tử số"]) if row["Tử số"] else None for row in rows]


def test_words_of_the_warehouse_never_become_markup(site: Site) -> None:
    page = site.get("/?period=2023-11&edition=1").text
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"<script(?! src=)", page)
    assert " style=" not in page
    assert not re.search(r"\son\w+=", page)


@pytest.mark.parametrize(("period", "moment"), [("2023-11", "2020-01-01"), ("2024-01", "2023-12-10")])
def test_a_moment_before_a_period_was_known_is_an_answer(site: Site, period: str, moment: str) -> None:
    path = f"/?period={period}&known_at={moment}T00:00:00%2B07:00"
    assert wait_until(lambda: 'http-equiv="refresh"' not in site.get(path).text, 120, 0.1)
    answer = site.get(path)
    assert answer.status_code == 200
    assert "Chưa biết gì" in answer.text
    assert "chưa được tính" not in answer.text
    assert "Nothing known yet" in site.get(f"{path}&lang=en").text


@pytest.mark.parametrize("path", ["/units/H19.16.21", "/units", "/indicators/dossier_on_time_rate"])
def test_a_page_of_now_does_not_say_that_it_is_of_a_past_moment(site: Site, path: str) -> None:
    page = site.get(f"{path}?period=2023-11&known_at=2023-12-10T00:00:00%2B07:00").text
    assert "Trang này theo số liệu hiện nay" in page
    assert "như đã biết lúc" not in page
