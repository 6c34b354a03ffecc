"""Values, status, proof, scorecard and explanation of declared indicators, against figures added up by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from cchc.cli import main as cli
from cchc.cli.scorecard import render
from cchc.period import parse_period, periods_of_year
from cchc.reports.scorecard import scorecard
from cchc.settings import Settings
from cchc.warehouse import engine, query
from tests.declared.conftest import Desk, connection_variable
from tests.support.declared import figure

TRAINING = "staff_training_rate"  # milestone, >= 50 %, each unit
UNITS = {"H19.16.2": "district", "H19.16.12": "district", "H19.16.21": "commune", "H19.16.32": "commune"}


def declared(unit: str, month: int) -> tuple[int, int] | None:
    """What a unit declares in a month of 2023; one of them forgets October."""
    if (unit, month) == ("H19.16.12", 10):
        return None
    number = int(unit.rsplit(".", 1)[1])
    return number % 5 + month, 20 + number


def test_every_period_kind_and_scope_equals_the_hand_sum(desk: Desk) -> None:
    for unit in UNITS:
        for month in range(1, 13):
            found = declared(unit, month)
            if found:
                desk.put(unit, f"2023-{month:02d}", [figure(TRAINING, *found, approved=not (unit == "H19.16.21" and month == 3))])
    assert not desk.ingest("declared", "2024-01-02").blocked
    desk.refresh()
    seen = 0
    for period in periods_of_year(2023):
        month = period.last_day.month
        for scope in ("all", "level:district", "level:commune", *UNITS, "H19.16.3", "H19.16"):
            members = [unit for unit in UNITS if scope in ("all", f"level:{UNITS[unit]}", unit)]
            figures = [found for unit in members if (found := declared(unit, month))]
            for basis in ("period", "year_to_date"):
                row = desk.value(TRAINING, period.code, scope, basis)
                if not figures:
                    assert (row["numerator"], row["denominator"], row["value"], row["status"]) == (None, None, None, "no_data")
                    continue
                upper, lower = sum(f[0] for f in figures), sum(f[1] for f in figures)
                assert (row["numerator"], row["denominator"]) == (upper, lower)
                assert row["value"] == pytest.approx(Decimal(upper) / lower)
                share = Fraction(upper, lower)
                days = (parse_period(f"2023-{month:02d}").end - parse_period(f"2023-{month:02d}").start).days
                pace = Fraction(1, 2) * (Fraction(month - 1) + Fraction(period.last_day.day, days)) / 12
                short = "missed" if (month, period.last_day.day) == (12, 31) else "on_pace" if share >= pace else "behind"
                assert row["status"] == ("met" if share >= Fraction(1, 2) else short)
                assert row["gap_count"] == max(0, -(-(lower - 2 * upper) // 2))
                seen += 1
    assert seen > 400
    (june,) = desk.rows("select coverage from mart.indicator_value where unit_code = 'all' and period_kind = 'month' and basis = 'period' "
                        "and period_start = '2023-06-01' and indicator_code = :c", c=TRAINING)  # fmt: skip
    assert june["coverage"] == pytest.approx(Decimal(4) / 24)
    assert desk.value(TRAINING, "2023-06", "all")["is_provisional"]  # twenty units are silent
    assert not desk.value(TRAINING, "2023-06", "H19.16.21")["is_provisional"]
    assert desk.value(TRAINING, "2023-03", "H19.16.21")["is_provisional"]  # nobody approved it
    assert desk.value(TRAINING, "2023-10", "H19.16.12")["is_provisional"]  # forgotten: no carry-forward
    # a second refresh writes nothing
    before = desk.rows("select max(computed_at) as at from mart.indicator_value")
    desk.execute("insert into ops.dirty_month select 'declared', date '2023-06-01', 'again', now()")
    desk.refresh()
    assert desk.rows("select max(computed_at) as at from mart.indicator_value") == before


DIRECTIONS = [  # each in a month of its own: indicator, unit, MauSo, the year before, now, status
    ("par_index_score", "H19.16.2", 100, 8400, 8542, "met"),
    ("par_index_score", "H19.16.2", 100, 8542, 8542, "missed"),
    ("self_financing_unit_count", "H19.16.4", None, 3, 4, "met"),
    ("self_financing_unit_count", "H19.16.4", None, 4, 3, "missed"),
    ("direct_budget_spending_vnd", "H19.16.4", None, 9_000_000_000, 8_999_999_999, "met"),
    ("direct_budget_spending_vnd", "H19.16.4", None, 9_000_000_000, 9_000_000_000, "missed"),
    ("public_service_unit_count", "H19.16.2", None, 40, 39, "met"),
    ("state_paid_psu_headcount", "H19.16.2", None, 900, 901, "missed"),
    ("state_paid_psu_headcount", "H19.16.2", None, None, 901, "no_data"),
    ("public_service_unit_count", "H19.16.2", None, 40, None, "no_data"),
]


def test_directions_against_the_year_before(desk: Desk) -> None:
    for month, (code, unit, lower, before, now, _) in enumerate(DIRECTIONS, 1):
        for year, value in ((2022, before), (2023, now)):
            if value is not None:
                desk.put(unit, f"{year}-{month:02d}", [figure(code, value, lower)])
    assert not desk.ingest("declared", "2024-01-02").blocked
    desk.refresh()
    for month, (code, _, lower, before, now, status) in enumerate(DIRECTIONS, 1):
        name = f"2023-{month:02d}"
        assert desk.status(code, name) == desk.status(code, f"{name}R") == status, (code, name)
        if before is not None:  # no plan holds in 2022: the figure is shown, and not judged
            row = desk.value(code, f"2022-{month:02d}")
            assert (row["numerator"], row["status"], row["no_target_reason"]) == (before, None, "no plan holds")
        row = desk.value(code, name)
        assert row["numerator"] == now
        assert row["denominator"] == (lower if now is not None else None)
        assert row["value"] == (None if now is None else Decimal(now) / (lower or 1))
    assert desk.status("direct_budget_spending_vnd", "2023-H1") == "missed"  # that of June


def test_stocks_have_no_pace(desk: Desk) -> None:
    desk.put("H19.16.2", "2023-06", [figure("org_regulation_admin_rate", 9, 10), figure("org_regulation_psu_rate", 4, 4)])
    desk.ingest("declared", "2023-07-01")
    desk.refresh("2023-06")
    assert desk.status("org_regulation_admin_rate", "2023-06", "level:district") == "missed"
    assert desk.value("org_regulation_admin_rate", "2023-06", "level:district")["gap_count"] == 1
    assert desk.status("org_regulation_psu_rate", "2023-06", "level:district") == "met"
    assert desk.value("org_regulation_psu_rate", "2023-06")["status"] is None  # its target stands at the district level only


def test_a_running_month_has_no_file_yet_and_is_provisional(desk: Desk) -> None:
    desk.put("H19.16.2", "2023-06", [figure(TRAINING, 9, 10)])
    desk.ingest("declared", "2023-06-20")
    desk.refresh("2023-06")
    row = desk.value(TRAINING, "2023", "H19.16.2")
    assert (row["numerator"], row["is_provisional"]) == (9, True)


def test_the_proof_appears_when_the_document_arrives_later(desk: Desk) -> None:
    unproven = figure("staff_record_completeness_rate", 5, 20, CanCu="77/QĐ-UBND", NgayCanCu="05/06/2023")
    desk.put("H19.16.2", "2023-06", [figure(TRAINING, 12, 20, CanCu=" 12 /qđ-ubnd", NgayCanCu="05/06/2023"), unproven])
    desk.ingest("declared", "2023-07-01")
    state = "select indicator_code, is_proven, proof_document_code from mart.declared_figure order by indicator_code desc"
    assert [row["is_proven"] for row in desk.rows(state)] == [False, False]
    desk.add_document("12/QĐ-UBND", "2023-06-06", "OTHER-DAY")
    assert [row["is_proven"] for row in desk.rows(state)] == [False, False]
    desk.add_document("12/Q\u00d0-UBND", "2023-06-05", "VB9")  # Ð of Iceland, as some keyboards write Đ
    assert [tuple(row.values())[1:] for row in desk.rows(state)] == [(True, "VB9"), (False, None)]
    desk.add_document("12/QĐ-UBND", "2023-06-05", "VB8", unit="H19.16.3")  # the unit's own paper stays the proof
    assert desk.rows(state)[0]["proof_document_code"] == "VB9"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("12/QĐ-UBND", "12/qđ-ubnd", True),
        ("12/QĐ-UBND", "12 / QĐ - UBND", True),
        ("3/BC-UBND", "3/BC–UBND", True),
        ("5/HƯỚNG", "5/hu\u031bo\u031b\u0301ng", True),
        ("12/QĐ-UBND", "112/QĐ-UBND", False),
        ("12/QĐ-UBND", "12/QD-UBND", False),
    ],
)
def test_signs_are_compared_normalised(shared: Settings, one: str, other: str, same: bool) -> None:
    with engine(shared).connect() as connection:
        (row,) = query(connection, "select core.document_sign_key(:a) = core.document_sign_key(:b) as same", {"a": one, "b": other})
    assert row["same"] is same


def computed(desk: Desk, code: str, upper: int, lower: int) -> None:
    """A computed value of June 2023, as a refresh of another source leaves it."""
    desk.execute(
        "insert into ops.extract (source_code, window_to, status, started_at) values ('one_stop', '2023-07-01', 'complete', now())"
    )
    for basis in ("period", "year_to_date"):
        desk.execute(
            "insert into mart.indicator_value (plan_code, indicator_code, formula_version, unit_code, level, period_kind, period_start, "
            "period_end, basis, numerator, denominator, value, target, status, is_provisional, computed_at) values (:p, :c, 1, 'all', 'all', "
            "'month', '2023-06-01', '2023-07-01', :b, :n, :d, cast(:n as numeric) / :d, 0.96, 'missed', false, now())",
            p=desk.settings.plan, c=code, b=basis, n=upper, d=lower,
        )  # fmt: skip


def test_declared_beside_computed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    computed(desk, "dossier_on_time_rate", 180, 200)
    rows = [figure("dossier_on_time_rate", 97, 100, CanCu="9/BC-UBND", NgayCanCu="01/06/2023")]
    desk.put("H19.16.21", "2023-06", rows)
    desk.put("H19.16.22", "2023-06", [figure("dossier_on_time_rate", 95, 100)])
    desk.ingest("declared", "2023-07-01")
    desk.refresh("2023-06")
    (row,) = [r for r in scorecard(desk.settings, parse_period("2023-06"), "all") if r["indicator_code"] == "dossier_on_time_rate"]
    assert (row["declared_numerator"], row["declared_denominator"], row["declared_value"]) == (192, 200, Decimal("96.00"))
    assert (row["year_value"], row["declared_difference"], row["declared_is_proven"]) == (Decimal("90.00"), Decimal("6.00"), False)
    assert cli.main(["scorecard", "2023-06"]) == 0
    assert "2 đơn vị tự khai 96,00 % (192/200), tính từ hệ thống 90,00 % (180/200), chênh lệch +6,00" in capsys.readouterr().out
    # a declared figure does not touch the computed value
    assert desk.value("dossier_on_time_rate", "2023-06")["numerator"] == 180


def test_41_targets_and_6_directions_with_the_reason_where_nothing_is_known(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put(
        "H19.16.2",
        "2023-12",
        [figure(TRAINING, 12, 20), figure("state_paid_psu_headcount", 900), figure("job_position_scheme_admin_rate", 0, 0)],
    )
    desk.ingest("declared", "2024-01-02")
    desk.refresh("2023-12")
    period = parse_period("2023-12")
    rows = scorecard(desk.settings, period)
    assert len({row["target_no"] for row in rows if row["target_no"]}) == 47
    for row in rows:
        assert (row["no_data_reason_vi"] is not None) == (row["status"] == "no_data")
    stand = {(row["target_no"], row["unit_code"]): row for row in rows}
    reasons = {
        ("T20", "all"): "Chưa nạp nguồn Phần mềm Một cửa điện tử; hỏi Văn phòng HĐND-UBND",
        ("T01", "all"): "Chưa có số liệu tự khai tháng 12/2023 của Phòng Tư pháp; hỏi Phòng Tư pháp",
        ("T03b", "level:commune"): "Chưa có số liệu tự khai tháng 12/2023 của 12 đơn vị; hỏi Văn phòng HĐND-UBND",
        ("T01", "level:commune"): "Phạm vi này không phải khai chỉ tiêu này; hỏi Phòng Tư pháp",
        ("D06", "all"): "Chưa có số liệu cùng kỳ năm trước để so sánh; hỏi Phòng Nội vụ",
        ("T26", "all"): "Mẫu số bằng 0: Cơ quan hành chính; hỏi Phòng Nội vụ",
    }
    assert {key: stand[key]["no_data_reason_vi"] for key in reasons} == reasons
    assert stand["T29", "all"]["status"] == "met"
    text = render(rows, period)
    numbers = [line.split()[0] for line in text.splitlines() if line[:1] in "TD" and line[1:3].isdigit()]
    assert len(numbers) == len(set(numbers)) == 47
    for code in ("2023-12R", "2023-Q4", "2023-H2", "2023", "2023-Q4R"):
        assert len({row["target_no"] for row in scorecard(desk.settings, parse_period(code)) if row["target_no"]}) == 47
    # of one unit: the targets that stand there
    assert cli.main(["scorecard", "2023-12", "--unit", "H19.16.21"]) == 0
    out = capsys.readouterr().out
    assert "T12" in out and "T11 " not in out


def test_explain_names_file_row_sign_and_approval(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.add_document("12/QĐ-UBND", "2023-06-05", "VB9")
    desk.put(
        "H19.16.2",
        "2023-06",
        [figure("staff_record_completeness_rate", 1, 2), figure(TRAINING, 12, 20, CanCu="12/QĐ-UBND", NgayCanCu="05/06/2023")],
    )
    desk.put("H19.16.3", "2023-06", [figure(TRAINING, 3, 10, approved=False)])
    desk.ingest("declared", "2023-07-01")
    desk.refresh("2023-06")
    assert cli.main(["explain", TRAINING, "--unit", "all", "--period", "2023-06"]) == 0
    out = capsys.readouterr().out
    assert "declared now 15 / 30" in out
    assert "stored       15 / 30, status met, provisional" in out
    lines = {line.split()[0]: line for line in out.splitlines() if line.startswith("H19")}
    for word in ("12", "20", "tukhai_H19.16.2_2023-06.xlsx", "SoLieu!A3", "12/QĐ-UBND (05/06/2023)", "VB9", "30/06/2023"):
        assert word in lines["H19.16.2"]
    assert "no: provisional" in lines["H19.16.3"]
    assert "Duyệt" not in out
    assert cli.main(["explain", TRAINING, "--unit", "level:commune", "--period", "2023-06"]) == 0
    assert "no unit has declared it" in capsys.readouterr().out


def test_the_command_line_loads_the_good_files_and_says_which_cell_is_wrong(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.put("H19.16.2", "2023-06", [figure(TRAINING, -3, 20)])
    desk.put("H19.16.3", "2023-06", [figure(TRAINING, 3, 20)])
    for name, value in connection_variable(desk.inbox("declared")).items():
        monkeypatch.setenv(name, value)
    assert cli.main(["ingest", "declared", "--to", "2023-07-01"]) == 3
    said = capsys.readouterr().err
    assert "tukhai_H19.16.2_2023-06.xlsx, SoLieu!B2: TuSo is -3, must be a whole number ≥ 0" in said
    assert [row["unit_code"] for row in desk.rows("select unit_code from core.declared_figure")] == ["H19.16.3"]
