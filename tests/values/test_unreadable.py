"""A field that cannot be read in most rows blocks the load by its name, critical or not, instead of loading thousands of records without it."""

from __future__ import annotations

from tests.values.conftest import HEAD, Values

HEADER = "ma;nhan;hen;sua"
UNDUE = """
    entities:
      dossiers:
        model: dossier
        file_pattern: "hs_*.csv"
        key: [ma]
        changed_at: sua
        columns: {dossier_code: ma, received_at: nhan, due_at: hen, unit_code: {const: H19.16.21}, status_code: {const: "4"}}
"""


def rows(bad: int, good: int) -> list[str]:
    days = ["05-Jan-23"] * bad + ["2023-06-01"] * good
    return [f"H{number};2023-05-02;{day};2023-05-03" for number, day in enumerate(days)]


def test_a_field_that_cannot_be_read_blocks_by_its_name(desk: Values) -> None:
    desk.knows("isle_2", UNDUE)
    desk.deliver("isle_2", "hs_1.csv", HEADER, *rows(30, 20))
    said = desk.ingest("isle_2")
    assert said.code == 3
    assert "isle_2 dossiers hs_1.csv: cannot be read as the profile says: hen (due_at): 30 of 50 values. That is more than 50%" in said.err
    assert desk.rows("select 1 from core.dossier_version where source_code = 'isle_2'") == []


def test_single_values_and_small_loads_are_warnings_as_before(desk: Values) -> None:
    desk.knows("isle_3", UNDUE)
    desk.deliver("isle_3", "hs_1.csv", HEADER, *rows(25, 25))
    desk.deliver("isle_3", "hs_2.csv", HEADER, *rows(20, 0))
    said = desk.ingest("isle_3")
    assert said.code == 0, said.err
    assert all(load["warned"] >= bad for load, bad in zip(desk.loads("isle_3"), (25, 20), strict=True))
    counts = (
        "select f.unreadable_count as n from ops.load_field as f inner join ops.load as l using (load_id) where l.source_code = 'isle_3'"
    )
    assert [row["n"] for row in desk.rows(f"{counts} and f.field = 'hen' order by load_id")] == [25, 20]
    assert len(desk.rows("select 1 from core.dossier_version where source_code = 'isle_3' and _is_current")) == 50


def test_the_share_is_the_profile_s(desk: Values) -> None:
    desk.knows("isle_4", UNDUE, HEAD + "    settings: {{unreadable_share: 0.4}}\n")
    desk.deliver("isle_4", "hs_1.csv", HEADER, *rows(25, 25))
    said = desk.ingest("isle_4")
    assert said.code == 3
    assert "25 of 50 values. That is more than 40% and more than 20 rows" in said.err
