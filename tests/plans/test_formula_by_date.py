"""An indicator whose formula changes on a day: the periods before keep the formula that held, and each figure says which one made it."""

from __future__ import annotations

from datetime import date

import pytest

from cchc.errors import NotConfigured
from cchc.reference.catalogue import catalogue, versions
from cchc.reports.export import COLUMNS
from tests.plans.conftest import NEXT, Office

COPIES = "ecertified_copy_count"
OTHER_FORMULA_VI = "Cùng kỳ năm trước được tính theo công thức khác nên không so sánh"
NEW_CONDITION = "and d.unit_code = 'H19.16.21' and d.received_date <> date '2023-12-05'"
DATED = """ecertified_copy_count:
  version: 2
  valid_from: 2024-01-01
  earlier:
    - version: 1
      sql: ecertified_copy_count_of_2023
      numerator_vi: Bản sao theo công thức cũ
"""


def change_formula(office: Office, since: str = "2024-01-01") -> None:
    """From a day on the copies of one commune alone count, but for one day; the formula of before is kept as a file."""
    folder = office.sql / "queries" / "indicators"
    text = (folder / f"{COPIES}.sql").read_text(encoding="utf-8")
    (folder / f"{COPIES}_of_2023.sql").write_text(text, encoding="utf-8")
    (folder / f"{COPIES}.sql").write_text(text.rstrip("\n") + f"\n    {NEW_CONDITION}\n", encoding="utf-8")
    office.edit("indicators.yaml", f"{COPIES}:\n  version: 1\n", DATED.replace("2024-01-01", since), folder="reference")


@pytest.fixture
def office(computed: Office) -> Office:
    """An office with both plans, whose SQL of indicators may be edited, with December 2023 published."""
    computed.own_sql()
    computed.add_plan()
    computed.run("init")
    computed.run("refresh")
    computed.run("close", "2023-12", "--approved-by", "a tester", "--incomplete")
    return computed


def versions_of(office: Office, period_start: str) -> list[int]:
    rows = office.rows(
        "select distinct formula_version from mart.indicator_value where indicator_code = :c and period_kind = 'month' "
        "and period_start = cast(:s as date) order by 1",
        c=COPIES, s=period_start,
    )  # fmt: skip
    return [row["formula_version"] for row in rows]


def test_the_months_before_stay_and_the_months_after_are_counted_anew(office: Office) -> None:
    before = {month: office.value(COPIES, month) for month in ("2023-01", "2023-12")}
    published, shown = office.published(), office.run("scorecard", "2023-12").out
    assert (office.value(COPIES, "2024-01")["numerator"], office.value(COPIES, "2024-01")["status"]) == (20, "met")
    change_formula(office)
    told = office.run("init").out
    assert f"catalogue: {COPIES} has version 2 from 2024-01-01 on, after 1" in told
    assert f"every month of one_stop from 2024-01 on is marked for {COPIES}" in told
    assert office.marks() == {"one_stop": ["2024-01"]}, "no month of before is computed again"
    office.run("refresh")
    # each month by the formula that holds on its last day, and by that alone
    assert {month: versions_of(office, f"{month}-01") for month in ("2023-01", "2023-12", "2024-01")} == {
        "2023-01": [1], "2023-12": [1], "2024-01": [2],
    }  # fmt: skip
    after = {month: office.value(COPIES, month) for month in ("2023-01", "2023-12")}
    assert after == before, "not even the moment of computing"
    assert office.value(COPIES, "2024-01")["numerator"] == 10, "the half of the copies, which the commune made"
    # computed again by hand a month of before still is what it was
    office.run("refresh", "2023-12")
    assert office.value(COPIES, "2023-12") == before["2023-12"]
    assert office.published() == published and office.run("scorecard", "2023-12").out == shown
    assert office.rows("select * from mart.restatement") == []
    # the direction has no year before by the same formula, and says so
    row = office.value(COPIES, "2024-01")
    assert (row["plan_code"], row["status"], row["compared_numerator"]) == (NEXT, "no_data", None)
    assert OTHER_FORMULA_VI in " ".join(office.run("scorecard", "2024-01").out.split())
    # and each figure says which formula made it
    assert f"{COPIES} (formula version 1, until 2023-12-31" in office.run("explain", COPIES, "--period", "2023-12").out
    assert "Bản sao theo công thức cũ" in office.run("explain", COPIES, "--period", "2023-12").out
    assert f"{COPIES} (formula version 2, from 2024-01-01 on" in office.run("explain", COPIES, "--period", "2024-01").out
    lines = office.run("export", COPIES, "--period", "2024-01").out.splitlines()
    assert {line.split(",")[COLUMNS.index("formula_version")] for line in lines[1:]} == {"2"}
    # an edition of each month bears its own formula
    office.run("close", "2024-01", "--approved-by", "a tester", "--incomplete")
    rows = office.rows(
        "select distinct p.period_start, v.formula_version from mart.publication as p join mart.publication_value as v using (publication_id) "
        "where v.indicator_code = :c order by 1",
        c=COPIES,
    )  # fmt: skip
    assert [row["formula_version"] for row in rows] == [1, 2]
    assert office.run("init").out.splitlines()[1:] == [], "nothing new, nothing told"
    diff = " ".join(office.run("plan", "diff", "plan_53_KH-UBND_2023", NEXT).out.split())
    assert f"definition D01 {COPIES} version 1 of its formula at the end of 2023-12-31, version 2 at the end of 2024-12-31" in diff


def test_a_day_that_moves_marks_the_months_between(office: Office) -> None:
    change_formula(office)
    office.run("init")
    office.run("refresh")
    office.edit("indicators.yaml", "valid_from: 2024-01-01", "valid_from: 2023-12-01", folder="reference")
    told = office.run("init").out
    assert f"catalogue: {COPIES} has version 2 from 2023-12-01 on, not from 2024-01-01 on" in told
    assert office.marks() == {"one_stop": ["2023-12", "2024-01"]}
    office.run("refresh")
    assert [versions_of(office, f"{month}-01") for month in ("2023-11", "2023-12", "2024-01")] == [[1], [2], [2]]
    assert "definition" in {row["reason"] for row in office.rows("select distinct reason from mart.restatement_item")}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  valid_from: 2024-01-01\n", "", "the newest version and each of 'earlier' but the last need valid_from"),
        ("version: 1\n      sql", "version: 2\n      sql", "the versions are 2, 2; each needs a number of its own"),
        ("      sql: ecertified_copy_count_of_2023\n", "", "version 1 of 'earlier' needs 'sql', its file"),
        ("_of_2023\n", "_of_2022\n", "ecertified_copy_count_of_2022.sql does not exist; did you mean 'ecertified_copy_count_of_2023'"),
        ("      sql:", "      valid_from: 2023-01-01\n      sql:", "the last of 'earlier' is the first version"),
    ],
)  # fmt: skip
def test_versions_that_make_no_sense_are_refused(computed: Office, old: str, new: str, said: str) -> None:
    computed.own_sql()
    change_formula(computed)
    settings = type(computed.settings).load()
    assert [(item.version, item.valid_from, item.valid_to) for item in versions(settings)[COPIES]] == [
        (1, None, date(2023, 12, 31)), (2, date(2024, 1, 1), None),
    ]  # fmt: skip
    assert (catalogue(settings, date(2023, 12, 31))[COPIES].version, catalogue(settings)[COPIES].version) == (1, 2)
    computed.edit("indicators.yaml", old, new, folder="reference")
    with pytest.raises(NotConfigured, match=said):
        catalogue(settings)
