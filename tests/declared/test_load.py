"""From the drop folder into core: what is kept, what supersedes what, what is never stored."""

from __future__ import annotations

import pytest

from tests.declared.conftest import Desk
from tests.support.declared import figure

UNIT, CODE, OTHER = "H19.16.21", "staff_training_rate", "staff_record_completeness_rate"
CURRENT = "select indicator_code, numerator, denominator, is_approved, file_revision from core.declared_figure order by 1"


def test_a_workbook_goes_the_way_of_every_source(desk: Desk) -> None:
    desk.put(
        UNIT,
        "2023-06",
        [figure(CODE, 12, 20, CanCu="12/QĐ-UBND", NgayCanCu="05/06/2023"), {"MaChiTieu": OTHER, "NguoiKhai": "Trần Thị Khai"}],
    )
    done = desk.ingest("declared", "2023-07-01")
    assert not done.blocked
    assert [(load["status"], load["landed"], load["staged"], load["inserted"]) for load in done.loads] == [("loaded", 1, 1, 1)]
    assert "2023-06" in done.months
    (row,) = desk.rows("select * from core.declared_figure")
    assert (row["unit_code"], row["month_start"].isoformat(), row["indicator_code"]) == (UNIT, "2023-06-01", CODE)
    assert (row["numerator"], row["denominator"], row["proof_sign"], row["proof_date"].isoformat()) == (12, 20, "12/QĐ-UBND", "2023-06-05")
    assert (row["is_approved"], row["approved_date"].isoformat(), row["file_line"]) == (True, "2023-06-30", 2)
    again = desk.ingest("declared", "2023-07-02")
    assert again.loads == []


def test_a_persons_name_never_lands(desk: Desk) -> None:
    desk.put(UNIT, "2023-06", [figure(CODE, 12, 20, GhiChu="gọi bà Trần Thị Khai")])
    desk.ingest("declared", "2023-07-01")
    import zstandard

    parts = list((desk.settings.home / "landing").rglob("part-*.zst"))
    assert parts
    landed = b"".join(zstandard.ZstdDecompressor().decompress(part.read_bytes()) for part in parts).decode()
    assert CODE in landed
    for word in ("Khai", "Duyệt", "gọi"):
        assert word not in landed
    stored = str(desk.rows("select * from core.declared_figure_version")) + str(desk.rows("select * from ops.load"))
    assert "Duyệt" not in stored


FIRST = ("2023-07-01", 1, [figure(CODE, 10, 20), figure(OTHER, 5, 20)])
SECOND = ("2023-07-03", 1, [figure(CODE, 11, 20)])
THIRD = ("2023-07-02", 2, [figure(CODE, 12, 20), figure(OTHER, 6, 20, approved=False)])


@pytest.mark.parametrize("order", [(FIRST, SECOND, THIRD), (THIRD, SECOND, FIRST), (SECOND, THIRD, FIRST)], ids=["123", "321", "231"])
def test_a_later_file_supersedes_as_a_whole_in_any_order(desk: Desk, order: tuple[tuple[str, int, list[dict[str, object]]], ...]) -> None:
    for known, revision, rows in order:
        path = desk.put(UNIT, "2023-06", rows, revision)
        assert not desk.ingest("declared", known).blocked
        path.unlink()
    assert [tuple(row.values()) for row in desk.rows(CURRENT)] == [(OTHER, 6, 20, False, 2), (CODE, 12, 20, True, 2)]
    assert len(desk.rows("select 1 from core.declared_file")) == 3
    assert len(desk.rows("select 1 from core.declared_figure_version")) == 5


def test_without_a_revision_the_later_delivery_wins(desk: Desk) -> None:
    for known, revision, rows in (SECOND, FIRST):
        desk.put(UNIT, "2023-06", rows, revision)
        desk.ingest("declared", known)
    # the row that the later file lacks is not in force any more
    assert [tuple(row.values()) for row in desk.rows(CURRENT)] == [(CODE, 11, 20, True, 1)]
    then = desk.rows(
        "select indicator_code, numerator from core.declared_figure_at('declared', date '2023-06-01', '2023-07-02') order by 1"
    )
    assert [tuple(row.values()) for row in then] == [(OTHER, 5), (CODE, 10)]


@pytest.mark.parametrize("days", [("2023-07-01", "2023-07-02"), ("2023-07-02", "2023-07-01")])
def test_the_same_content_again_is_no_news(desk: Desk, days: tuple[str, str]) -> None:
    for number, known in enumerate(days):
        rows = [figure(CODE, 10, 20, GhiChu=f"gửi lần {number}")]  # other bytes, the same figures
        desk.put(UNIT, "2023-06", rows)
        desk.ingest("declared", known)
    (stored,) = desk.rows("select _first_seen_at from core.declared_file")
    assert stored["_first_seen_at"].isoformat().startswith("2023-06-30T17") or stored["_first_seen_at"].day == 1
    assert len(desk.rows("select 1 from core.declared_figure_version")) == 1


def test_a_late_file_marks_its_month_and_the_one_compared_with_it(desk: Desk) -> None:
    desk.put(UNIT, "2022-11", [figure(CODE, 1, 20)])
    desk.ingest("declared", "2023-12-01")
    desk.execute("delete from ops.dirty_month")  # as if refreshed
    desk.put(UNIT, "2022-11", [figure(CODE, 2, 20)])
    assert desk.ingest("declared", "2023-12-02").months == ["2022-11", "2023-11", "2023-12"]


def test_a_file_of_before_the_years_that_are_computed_marks_only_what_is_compared_with_it(desk: Desk) -> None:
    desk.put(UNIT, "2021-11", [figure(CODE, 1, 20)])
    desk.ingest("declared", "2022-12-30")
    desk.execute("delete from ops.dirty_month")  # as if refreshed
    desk.put(UNIT, "2021-11", [figure(CODE, 2, 20)])
    desk.put(UNIT, "2020-12", [figure(CODE, 1, 20)])
    assert desk.ingest("declared", "2022-12-31").months == ["2022-11", "2022-12"]  # December runs: another T
