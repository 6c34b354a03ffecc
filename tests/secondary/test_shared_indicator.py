"""procedure_satisfaction_rate counts two sources, each up to its own end_at (J). If either changes, the touched periods are recomputed."""

from __future__ import annotations

import pytest

from cchc.cli import main as cli
from cchc.errors import NotConfigured
from cchc.pipeline.refresh import refresh
from cchc.reference.catalogue import catalogue, followers
from tests.secondary.conftest import Desk, answer, answered, item

CODE = "procedure_satisfaction_rate"


def test_assessments_alone_then_with_the_survey_then_with_late_answers(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.assessments("assessments_1.csv", ("D1", "20230510080000", "hai_long"), ("D2", "20230512080000", "binh_thuong"))
    desk.ingest("one_stop", "2023-12-20")
    desk.settle("2023-04", "2023-05", "2023-06", "2023-11", "2023-12")
    assert desk.counts(CODE, "month", "2023-05-01") == (1, 2), "without any survey extract, assessments alone"
    assert desk.counts(CODE, "month", "2023-05-01", unit="level:commune") == (0, 0)
    before = desk.rows("select distinct computed_at from mart.indicator_value where indicator_code = 'online_dossier_rate' order by 1")

    # the survey's T is the middle of June; the running year of the one-stop goes on to December
    desk.survey("khaosat_20230531.csv", answer("P1"), answer("P2", MucDoHaiLong="3", MaDonVi="H19.16.21"), answer("P3", MucDoHaiLong=""))
    desk.survey("khaosat_20230614.csv", answer("P4", NgayKhaoSat="14/06/2023"))
    done = desk.ingest("survey", "2023-06-15")
    assert done.months[-1] == "2023-12"
    desk.settle("2023-04", "2023-05", "2023-06", "2023-11", "2023-12")
    assert desk.counts(CODE, "month", "2023-05-01") == (2, 4)
    assert desk.counts(CODE, "month", "2023-05-01", unit="level:commune") == (0, 1)
    assert desk.counts(CODE, "month", "2023-06-01") == (1, 1)
    assert desk.counts(CODE, "month", "2023-12-01", "year_to_date") == (3, 5)
    assert desk.counts(CODE, "year", "2023-01-01") == (3, 5)
    again = desk.rows("select distinct computed_at from mart.indicator_value where indicator_code = 'online_dossier_rate' order by 1")
    assert again == before, "the indicators that do not count the survey are left alone"

    # a late answer for May: the year to date of every later month of the one-stop's running year follows
    desk.survey("khaosat_20230601.csv", answer("P5", NgayKhaoSat="31/05/2023"))
    done = desk.ingest("survey", "2023-06-16")
    assert (done.months[0], done.months[-1]) == ("2023-05", "2023-12")
    desk.settle("2023-04", "2023-05", "2023-06", "2023-11", "2023-12")
    assert desk.counts(CODE, "month", "2023-05-01") == (3, 5)
    assert desk.counts(CODE, "month", "2023-11-01", "year_to_date") == (4, 6)
    assert desk.counts(CODE, "month", "2023-04-01", "year_to_date") == (0, 0)

    # what people see of it
    assert cli.main(["explain", CODE, "--period", "2023-05", "--query"]) == 0
    told = capsys.readouterr()
    assert "counted now  3 / 5" in told.out
    assert "survey P5" in told.out
    assert '"source": "survey"' in told.out
    assert "older than what is known now" not in told.err
    coverage = desk.rows("select numerator, coverage from mart.indicator_value where indicator_code = :c and period_kind = 'month' "
                         "and period_start = date '2023-05-01' and basis = 'period' and unit_code = 'H19.16.21'", c=CODE)  # fmt: skip
    assert coverage == [{"numerator": 0, "coverage": 1}], "a survey answer alone is coverage"


def test_a_survey_that_is_ahead_stands_in_the_running_periods(desk: Desk) -> None:
    desk.assessments("assessments_1.csv", ("D1", "20230510080000", "hai_long"))
    desk.ingest("one_stop", "2023-05-20")
    desk.settle("2023-05")
    desk.survey("khaosat_20230710.csv", answer("P1", NgayKhaoSat="19/05/2023"), answer("P2", NgayKhaoSat="25/05/2023", MucDoHaiLong="1"))
    desk.ingest("survey", "2023-08-01")
    desk.settle("2023-05")
    assert desk.counts(CODE, "month", "2023-05-01") == (2, 3), "each part at its own J: the survey knows the whole of May"
    desk.survey("khaosat_20230720.csv", answer("P3", NgayKhaoSat="05/07/2023"))
    done = desk.ingest("survey", "2023-08-02")
    assert done.months[0] == "2023-07", "after the month of the one-stop's T"
    refresh(desk.settings)
    assert desk.counts(CODE, "year", "2023-01-01") == (3, 4), "in the running year all the same"
    assert desk.counts(CODE, "month", "2023-07-01") is None, "a period that starts after T has no value"
    assert desk.rows("select * from ops.dirty_month") == []
    desk.ingest("one_stop", "2023-08-03")
    desk.settle("2023-07")
    assert desk.counts(CODE, "month", "2023-07-01") == (1, 1)


def test_a_survey_before_anything_else_waits(desk: Desk) -> None:
    desk.survey("khaosat_20230531.csv", answer("P1"))
    desk.ingest("survey", "2023-06-15")
    desk.settle("2023-05")
    assert desk.rows("select 1 from mart.indicator_value") == []
    desk.assessments("assessments_1.csv", ("D1", "20230510080000", "hai_long"))
    desk.ingest("one_stop", "2023-06-15")
    desk.settle("2023-05")
    assert desk.counts(CODE, "month", "2023-05-01") == (2, 2)


def test_feedback_on_the_scorecard_and_explained(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.feedback(
        "phananh_20230601.csv",
        answered("A", "15/05/2023 23:50", "hai_long"),
        answered("B", "16/05/2023 00:10", "khong_hai_long"),
        answered("C", "16/05/2023 00:10", "hai_long", MaTrung="B"),
        item("D", HanXuLy="31/05/2023 17:00"),
        item("E", HanXuLy="31/05/2023 17:00", TrangThai="chuyen_don_vi"),
        item("F", HanXuLy="01/06/2023 07:00", MaDonViXuLy="H19.16.21"),
    )
    desk.ingest("feedback", "2023-12-20")
    desk.settle("2023-05", "2023-06")
    assert desk.counts("feedback_on_time_rate", "month", "2023-05-01") == (1, 3)
    assert desk.counts("feedback_satisfaction_rate", "month", "2023-05-01") == (1, 2)
    assert desk.counts("feedback_on_time_rate", "month", "2023-06-01") == (0, 1)
    assert desk.counts("feedback_on_time_rate", "report_month", "2023-05-15") == (1, 4)  # 15/5–14/6: A on its first day, B, D, F
    assert cli.main(["explain", "feedback_on_time_rate", "--period", "2023-05"]) == 0
    assert "counted now  1 / 3" in capsys.readouterr().out
    assert cli.main(["scorecard", "2023-05"]) == 0
    told = capsys.readouterr().out
    assert "T22" in told
    assert "T23" in told


def test_the_catalogue_knows_who_counts_whom(desk: Desk) -> None:
    assert followers(desk.settings, {"survey"}) == {"survey", "dossiers"}
    assert followers(desk.settings, {"dossiers"}) == {"dossiers"}
    assert catalogue(desk.settings)[CODE].also == ("survey",)
    assert {item.role for item in catalogue(desk.settings).values() if item.also} == {"dossiers"}


@pytest.mark.parametrize(
    ("also", "told"), [("[dossiers]", "is no list of other roles"), ("survey", "'also' must be a list, found 'survey'")]
)
def test_a_source_cannot_be_beside_itself(desk: Desk, also: str, told: str) -> None:
    from dataclasses import replace

    reference = desk.folder / "reference"
    reference.mkdir(parents=True)
    whole = (desk.settings.reference_dir / "indicators.yaml").read_text(encoding="utf-8")
    (reference / "indicators.yaml").write_text(whole.replace("also: [survey]", f"also: {also}"), encoding="utf-8")
    with pytest.raises(NotConfigured, match=told):
        catalogue(replace(desk.settings, reference_dir=reference))
