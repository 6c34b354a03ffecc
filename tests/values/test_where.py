"""Row filters: rows that do not keep them never land, are counted and told, and a field that is not there blocks by name."""

from __future__ import annotations

import json

import pytest

from cchc.errors import NotConfigured
from cchc.sources.landing import Folder, part_lines, place_of
from cchc.sources.profile import read_profile
from cchc.sources.where import Condition
from tests.values.conftest import HEAD, Values
from tests.values.tables import require_sums

PROFILE = """
    entities:
      dossiers:
        model: dossier
        file_pattern: "hs_*"
        key: [ma]
        where:
          - {field: loai, in: [hồ sơ, ""]}
          - {field: ma, not_matches: "^TỔNG"}
        columns: {dossier_code: ma, received_at: {from: nhan, critical: true}, unit_code: {const: H19.16.21}, status_code: {const: "4"}}
"""


def codes(desk: Values, source: str) -> list[str]:
    return [row["c"] for row in desk.rows("select dossier_code as c from core.dossier_version where source_code = :s order by 1", s=source)]


def test_rows_that_are_left_out_are_counted_and_told(desk: Values) -> None:
    desk.knows("loc", PROFILE)
    desk.deliver(
        "loc", "hs_1.csv", "ma;loai;nhan", "A;hồ sơ;2023-05-02", "B;nhap;2023-05-02", "C;;2023-05-02", "TỔNG CỘNG;;", "D;ghi chú;nie"
    )
    desk.deliver(
        "loc", "hs_2.ndjson", *(json.dumps({"ma": code, "loai": kind, "nhan": "2023-05-02"}) for code, kind in (("E", "x"), ("F", "y")))
    )
    said = desk.ingest("loc")
    assert said.code == 0, said.err
    assert codes(desk, "loc") == ["A", "C"]
    table = require_sums(said)
    assert (table["hs_1.csv"]["delivered"], table["hs_1.csv"]["left out"], table["hs_1.csv"]["landed"]) == (5, 3, 2)
    assert (
        "NOTE loc dossiers, file hs_1.csv: 3 of 5 delivered rows are left out, because they do not keep 'where' of the profile" in said.err
    )
    assert "(loai in [, hồ sơ]; ma not_matches ^TỔNG)" in said.err
    assert "file hs_2.ndjson: all delivered rows are left out" in said.err
    assert [load["manifest"]["left_out"] for load in desk.loads("loc")] == [3, 2]
    folder = Folder(place_of(desk.settings.landing_url, desk.loads("loc")[0]["landing_path"]))
    landed = b"".join(line for part in desk.loads("loc")[0]["manifest"]["parts"] for line in part_lines(folder.read(part["name"])))
    assert b"2023-05-02" in landed
    assert "hồ sơ".encode() not in landed, "the field fills no column"


def test_a_table_without_the_field_is_blocked_by_its_name(desk: Values) -> None:
    desk.knows("thieu", PROFILE)
    desk.deliver("thieu", "hs_1.csv", "ma;nhan", "A;2023-05-02")
    said = desk.ingest("thieu")
    assert said.code == 3
    assert "lacks 1 of the 3 columns that the profile uses: loai (row filter)" in said.err
    desk.write("thieu", PROFILE.replace('          - {field: loai, in: [hồ sơ, ""]}\n', ""))
    again = desk.ingest("thieu", "2023-07-02")
    assert again.code == 0, again.err
    assert codes(desk, "thieu") == ["A"], "without the condition the file is judged again"


def test_a_json_delivery_without_the_field_is_blocked_and_not_left_out(desk: Values) -> None:
    desk.knows("doi_ten", PROFILE.replace('[hồ sơ, ""]', "[hồ sơ]"))
    desk.deliver("doi_ten", "hs_1.ndjson", *(json.dumps({"ma": f"A{n}", "kind": "hồ sơ", "nhan": "2023-05-02"}) for n in range(30)))
    said = desk.ingest("doi_ten")
    assert said.code == 3
    assert "loai (row filter) is in none of the 30 records of this first delivery" in said.err


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        (Condition("f", among=frozenset({"1", "true"})), ["1", 1, 1.0, True]),
        (Condition("f", not_among=frozenset({""})), ["1", 1, 1.0, True, False, "x ", "e\u0301"]),
        (Condition("f", is_present=False), [None, "", "n/a"]),
        (Condition("f", matches="^é$"), ["e\u0301"]),
        (Condition("f", not_matches="[1-9]|e"), [None, "", "x ", "n/a", "e\u0301"]),
        (Condition("f", among=frozenset({"x", "1"}), not_matches="1"), ["x "]),
    ],
)
def test_conditions(condition: Condition, kept: list[object]) -> None:
    values = ["1", 1, 1.0, True, False, "x ", "e\u0301", None, "", "n/a"]
    keeps = condition.test(lambda value: value in ("", "n/a"))
    assert [value for value in values if keeps({"f": value})] == [value for value in values if any(value is one for one in kept)]
    assert keeps({}) == keeps({"f": None})


def test_a_condition_without_a_rule_is_refused(desk: Values) -> None:
    path = desk.write("trong", PROFILE.replace('not_matches: "^TỔNG"', "in: []"), HEAD)
    with pytest.raises(NotConfigured, match="where"):
        read_profile(path)
    path.write_text(path.read_text("utf-8").replace(", in: []}", "}"), "utf-8")
    with pytest.raises(NotConfigured, match="give at least one of 'in', 'not_in'"):
        read_profile(path)
    path.unlink()
