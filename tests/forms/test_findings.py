"""Every planted oddity is found, and nothing else; the command and the reconciliation on the same district."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from cchc.cli import main as cli
from cchc.errors import NotConfigured, WrongUse
from cchc.findings import counts as findings
from cchc.findings import reconciliation
from cchc.period import parse_period
from cchc.reference.finding_kinds import kinds
from cchc.warehouse import engine, query


def found(demo: Any, code: str) -> list[dict[str, Any]]:
    with engine(demo.settings).connect() as connection:
        return query(connection, "select * from mart.finding where finding_code = :c", {"c": code})


def items(demo: Any, code: str) -> set[str]:
    rows = found(demo, code)
    assert len(rows) == len({row["item"] for row in rows}), "one row a dossier or order"
    return {row["item"] for row in rows}


EXACT = {
    "end_equals_due": ("bulk-on-time",),
    "ended_in_bulk": ("bulk-close",),
    "due_moved_after_passing": ("due-moved",),
    "end_changed": ("end-changed", "re-opened"),  # what is finished a second time ends at another time
    "reopened": ("re-opened", "re-opened-open", "undo-handover"),
    "result_is_submitted_paper": ("result-is-paper",),
    "double_payment": ("double-payment",),
    "paid_without_transaction": ("paid-without",),
    "transaction_not_recorded": ("paid-unsaid",),
    "received_on_day_off": ("day-off",),
}


@pytest.mark.parametrize("code", list(EXACT))
def test_what_is_planted_is_found_and_nothing_else(demo_warehouse: Any, code: str) -> None:
    planted = {key for oddity in EXACT[code] for key in demo_warehouse.district.planted[oddity]}
    assert items(demo_warehouse, code) == planted


def test_transactions_without_a_dossier(demo_warehouse: Any) -> None:
    rows = found(demo_warehouse, "transaction_without_dossier")
    assert {row["detail"]["transaction_code"] for row in rows} == set(demo_warehouse.district.planted["no-dossier"])


def test_deletions_after_the_count(demo_warehouse: Any) -> None:
    planted = demo_warehouse.district.planted
    # the first of `deleted-sent` came with its deletion in the very extract that brought it: it was never counted
    wanted = {*planted["deleted-silently"], planted["deleted-sent"][1], *planted["vanished"]}
    assert items(demo_warehouse, "deleted_after_counted") == wanted


def test_second_rounds_are_those_of_the_wire(demo_warehouse: Any) -> None:
    from demo import clock

    records = [row for row in demo_warehouse.district.records("dossiers", clock.END) if isinstance(row, dict)]
    wanted = {row["MaHoSo"] for row in records if isinstance(row["DanhSachHoSoBoSung"], list) and len(row["DanhSachHoSoBoSung"]) > 1}
    assert set(demo_warehouse.district.planted["second-round"]) <= wanted
    assert items(demo_warehouse, "second_supplement_round") == wanted


def test_late_dossiers_without_an_apology(demo_warehouse: Any) -> None:
    rows = found(demo_warehouse, "late_without_apology")
    assert rows
    with engine(demo_warehouse.settings).connect() as connection:
        late = query(
            connection, "select dossier_code from mart.dossier where is_counted and timeliness = 'late' and coalesce(apology_count, 0) = 0"
        )
    assert {row["item"] for row in rows if not row["detail"]["is_open"]} == {row["dossier_code"] for row in late}
    assert all(row["detail"]["days_late"] > 0 for row in rows)


def test_a_mended_record_takes_its_finding_away(demo_warehouse: Any) -> None:
    with engine(demo_warehouse.settings).connect() as connection:
        before = query(connection, "select count(*) as n from mart.finding where finding_code = 'received_on_day_off'")[0]["n"]
        connection.exec_driver_sql("update core.working_day set is_working = true where day in (select received_date from mart.dossier)")
        after = query(connection, "select count(*) as n from mart.finding where finding_code = 'received_on_day_off'")[0]["n"]
        connection.rollback()
    assert (before, after) == (10, 0)


def test_the_command_counts_and_lists(demo_warehouse: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["findings", "2023-06", "--unit", "H19.16.9", "--finding", "end_equals_due", "--rows", "3"]) == 0
    printed = capsys.readouterr().out
    assert "Ngày kết thúc trùng khớp ngày hẹn trả" in printed
    assert "… còn 21 dòng" in printed
    assert cli.main(["findings", "2023-06", "--finding", "weather"]) == 2
    assert "known are: end_equals_due" in capsys.readouterr().err
    assert cli.main(["findings", "2023-06R"]) == 2
    counted = Counter()  # type: ignore[var-annotated]
    for n in range(1, 13):
        counted.update(
            {
                c.code: c.count
                for c in findings.counts(demo_warehouse.settings, parse_period(f"2023-{n:02d}"), "level:commune", "ended_in_bulk")
            }
        )
    assert counted == {"ended_in_bulk": 23}
    assert sum(c.count for c in findings.counts(demo_warehouse.settings, parse_period("2023"), code="ended_in_bulk")) == 23


def test_the_reconciliation_finds_the_planted_payments(demo_warehouse: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings, planted = demo_warehouse.settings, demo_warehouse.district.planted
    states: dict[str, int] = {}
    for year in ("2022", "2023"):
        for row in reconciliation.compared(settings, parse_period(year), by="state")[0]:
            states[row["state"]] = states.get(row["state"], 0) + row["order_count"]
    assert states["duplicate_success"] == len(planted["double-payment"])
    assert states["refunded"] == len(planted["refund"])
    assert states["pending_over_3_days"] == len(planted["pending-for-ever"])
    assert states["paid_without_transaction"] == len(planted["paid-without"])
    assert states["transaction_without_dossier"] == len(planted["no-dossier"])
    assert states["matched"] > 500
    reference = planted["double-payment"][0]
    assert [
        row["state"] for year in ("2022", "2023") for row in reconciliation.compared(settings, parse_period(year), key=reference)[1]
    ] == ["duplicate_success"]
    by_unit = reconciliation.compared(settings, parse_period("2023"), by="unit")[0]
    by_day = reconciliation.compared(settings, parse_period("2023"), by="day")[0]
    assert sum(row["paid_vnd"] for row in by_unit) == sum(row["paid_vnd"] for row in by_day)
    assert cli.main(["reconcile", "2023", "--state", "refunded"]) == 0
    assert "Đã hoàn tiền" in capsys.readouterr().out
    with pytest.raises(WrongUse, match="no payment log"):
        reconciliation.compared(settings, parse_period("2025"))
    with pytest.raises(WrongUse, match="no state"):
        reconciliation.compared(settings, parse_period("2023"), state="weather")


def test_the_form_of_the_command(demo_warehouse: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["form", "2023-12", "--unit", "level:commune"]) == 0
    printed = capsys.readouterr().out
    assert "Biểu số II.06a/VPCP/KSTT – Cấp xã – tháng 12/2023 – đến ngày 31/12/2023" in printed
    assert "Tổng số" in printed
    assert cli.main(["form", "2023-12", "--column", "13"]) == 0
    assert cli.main(["form", "2023-12", "--column", "2"]) == 2
    assert cli.main(["form", "2029-12"]) == 2


def test_a_finding_without_its_file_is_an_error(demo_warehouse: Any, tmp_path: Any) -> None:
    from dataclasses import replace

    (tmp_path / "findings.yaml").write_text("weather: {role: dossiers, name_vi: x, name_en: x, meaning_vi: x}\n", encoding="utf-8")
    with pytest.raises(NotConfigured, match="weather"):
        kinds(replace(demo_warehouse.settings, reference_dir=tmp_path))
