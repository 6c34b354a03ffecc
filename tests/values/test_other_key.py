"""Keys that are another field than the code by which core knows a record, and entities under names of the vendor's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from cchc.settings import PROJECT
from cchc.staging.key_ids import key_id
from tests.support.cli import cchc
from tests.values.conftest import Values

DOSSIERS = """
    entities:
      ho_so:
        model: dossier
        file_pattern: "hs_*.csv"
        key: [KEY]
        changed_at: sua
        columns: {dossier_code: CODE, received_at: {from: nhan, critical: true}, processed_at: xong, unit_code: {const: H19.16.21}, status_code: tt}
"""
STEPS = """
      buoc:
        model: dossier_step
        file_pattern: "buoc_*.csv"
        key: [KEY]
        changed_at: sua
        columns: {step_code: CODE, dossier_code: ma, done_at: luc, status_code: tt}
"""
OTHERS = {
    "dossier": (DOSSIERS, "ho_so", "dossier_code"),
    "dossier_step": (DOSSIERS.replace("KEY", "ma").replace("CODE", "ma") + STEPS, "buoc", "step_code"),
}


@pytest.mark.parametrize("model", OTHERS)
def test_one_code_for_all_records_is_refused_by_name(desk: Values, model: str) -> None:
    text, entity, column = OTHERS[model]
    path = desk.write("khac", text.replace("KEY", "id").replace("CODE", "{const: X}"))
    try:
        for one in (cchc("profile", "check", str(path)), cchc("init"), desk.ingest("khac"), cchc("doctor", "khac")):
            assert one.code != 0, one
            told = one.out + one.err
            assert all(word in told for word in ("khac.yaml", entity, f"{column} is a constant: all records would become one")), told
    finally:
        path.unlink()


@pytest.mark.parametrize(("key", "code"), [("MaHoSo", "MaHoSoKhac"), ("MaHoSo, NgayTiepNhan", "MaHoSo")])
def test_another_key_than_the_code_is_refused_where_lists_of_keys_are_compared(key: str, code: str, tmp_path: Path) -> None:
    """Every dossier would be missing in the list, and count as deleted."""
    text = (PROJECT / "include/sources/one_stop.yaml").read_text(encoding="utf-8")
    for old, new in (("key: [MaHoSo]", f"key: [{key}]"), ("dossier_code: MaHoSo", f"dossier_code: {code}")):
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "one_stop.yaml"
    path.write_text(text, encoding="utf-8")
    said = cchc("profile", "check", str(path))
    assert said.code != 0
    assert f"compared with dossier_code, which is {code}; the key is {key}, so every record would be missing" in said.out + said.err


def test_codes_that_stand_in_records_with_different_keys_are_told(desk: Values) -> None:
    """Two records with one code are versions of one; records of one key each are stored as they are, by their codes."""
    desk.knows("so_rieng", DOSSIERS.replace("KEY", "id").replace("CODE", "ma"))
    head = "id;ma;nhan;xong;tt;sua"
    desk.deliver(
        "so_rieng", "hs_1.csv", head, "1;A;2023-05-02;;4;2023-05-03", "2;B;2023-05-02;;4;2023-05-03", "1;A;2023-05-02;;4;2023-05-04"
    )
    said = desk.ingest("so_rieng")
    assert said.code == 0, said.err
    assert "another key" not in said.err
    stored = "select dossier_code from core.dossier where source_code = 'so_rieng' order by 1"
    assert [row["dossier_code"] for row in desk.rows(stored)] == ["A", "B"]
    desk.deliver(
        "so_rieng", "hs_2.csv", head, "3;C;2023-05-02;;4;2023-05-05", "4;C;2023-05-03;;4;2023-05-06", "5;C;2023-05-04;;4;2023-05-07"
    )
    said = desk.ingest("so_rieng", "2023-07-02")
    assert said.code == 0, said.err
    told = "NOTE so_rieng ho_so, file hs_2.csv: records whose code another record has with another key: 2, such as C. "
    assert told in said.err


def test_a_code_that_a_later_run_brings_with_another_key_is_told(desk: Values) -> None:
    """The dossier of before has not ended, so nothing else says that it became an older version of another one."""
    desk.knows("so_sau", DOSSIERS.replace("KEY", "id").replace("CODE", "ma"))
    head = "id;ma;nhan;xong;tt;sua"
    desk.deliver(
        "so_sau", "hs_1.csv", head, "17;H-1;2023-05-02;;4;2023-05-03", "18;H-2;2023-05-02;;4;2023-05-03", ";H-9;2023-05-02;;4;2023-05-03"
    )
    first = desk.ingest("so_sau")
    assert first.code == 0 and "another key" not in first.err, first.err
    kept = "select dossier_code, _delivered_key from core.dossier_version where source_code = 'so_sau' and _is_current order by 1"
    assert [tuple(row.values()) for row in desk.rows(kept)] == [("H-1", key_id("so_sau", "17")), ("H-2", key_id("so_sau", "18"))]
    # 18 is changed and keeps its key; 99 and 98 are other dossiers, or the same ones under another number
    desk.deliver(
        "so_sau",
        "hs_2.csv",
        head,
        "99;H-1;2023-05-04;;4;2023-05-05",
        "18;H-2;2023-05-02;2023-05-05;9;2023-05-06",
        "50;H-3;2023-05-04;;4;2023-05-05",
    )
    said = desk.ingest("so_sau", "2023-07-02")
    assert said.code == 0, said.err
    told = "dossiers whose code is stored under another key: 1, such as H-1 (keys that came: 1; keys that are stored: 1). A record is known"
    assert f"NOTE so_sau ho_so, file hs_2.csv: {told}" in said.err
    assert said.err.count("another key") == 1


def test_a_doubt_is_told_to_those_who_look_later(desk: Values) -> None:
    """For 31 days, and while no newer run has brought records; not any more when its load is withdrawn."""
    desk.knows("so_lau", DOSSIERS.replace("KEY", "id").replace("CODE", "ma"))
    head, told = "id;ma;nhan;xong;tt;sua", "dossiers whose code is stored under another key"

    def doctor() -> str:
        return "".join(line for line in cchc("doctor", "so_lau").out.splitlines() if "so_lau ho_so" in line)

    def month_passes(back: str = "-") -> str:
        desk.execute(f"update ops.load set started_at = started_at {back} interval '32 days' where source_code = 'so_lau'")
        return doctor()

    desk.deliver("so_lau", "hs_1.csv", head, "17;H-1;2023-05-02;;4;2023-05-03", "18;H-2;2023-05-02;;4;2023-05-03")
    desk.ingest("so_lau")
    assert told not in doctor()
    desk.deliver("so_lau", "hs_2.csv", head, "99;H-1;2023-05-04;;4;2023-05-05")
    desk.ingest("so_lau", "2023-07-02")
    loads = [load["load_id"] for load in desk.loads("so_lau")]
    first = f"NOTE  so_lau ho_so, when load {loads[1]} (file hs_2.csv) was loaded: {told}: 1, such as H-1 (keys"
    assert first in doctor()
    assert first in month_passes(), "it is that of the newest run"
    month_passes("+")
    desk.deliver("so_lau", "hs_3.csv", head, "98;H-2;2023-05-04;;4;2023-05-05")
    desk.ingest("so_lau", "2023-07-03")
    loads = [load["load_id"] for load in desk.loads("so_lau")]
    both = f"when 2 loads were loaded, the newest of them load {loads[2]} (file hs_3.csv): {told}: 2, such as H-2 (keys that came: 2; keys that"
    assert f"NOTE  so_lau ho_so, {both}" in doctor()
    desk.deliver("so_lau", "hs_4.csv", head, "99;H-1;2023-05-04;2023-05-08;9;2023-05-08")
    assert told not in desk.ingest("so_lau", "2023-07-04").err
    assert both in doctor(), "a run of what changed says nothing of the rest"
    assert told not in month_passes()
    assert both in month_passes("+")
    for number in (3, 2, 1):
        assert cchc("withdraw", "--load", str(desk.loads("so_lau")[number]["load_id"]), "--reason", "thử").code == 0
    assert told not in doctor()
    # 17 is in force again; withdrawn too, it is compared with nothing
    kept = "select dossier_code, _delivered_key from core.dossier_version where source_code = 'so_lau' and _is_current order by 1"
    assert [tuple(row.values()) for row in desk.rows(kept)] == [("H-1", key_id("so_lau", "17")), ("H-2", key_id("so_lau", "18"))]
    assert cchc("withdraw", "--load", str(loads[0]), "--reason", "thử").code == 0
    desk.deliver("so_lau", "hs_5.csv", head, "97;H-1;2023-05-04;;4;2023-05-09")
    said = desk.ingest("so_lau", "2023-07-05")
    assert said.code == 0 and told not in said.err, said.err


def test_a_key_that_is_the_code_is_not_kept_beside_it(desk: Values) -> None:
    desk.knows("mot_khoa", DOSSIERS.replace("KEY", "ma").replace("CODE", "ma"))
    desk.deliver("mot_khoa", "hs_1.csv", "ma;nhan;xong;tt;sua", "K1;2023-05-02;;4;2023-05-03")
    assert desk.ingest("mot_khoa").code == 0
    assert desk.rows("select _delivered_key from core.dossier_version where source_code = 'mot_khoa'") == [{"_delivered_key": None}]


def test_a_dossier_is_judged_by_its_steps_whatever_the_profile_calls_its_entities(desk: Values) -> None:
    """The entry in quarantine stands under the vendor's name, is resolved by a later step, and is told in the dossier's story."""
    text, _, _ = OTHERS["dossier_step"]
    desk.knows("ten_khac", text.replace("KEY", "so").replace("CODE", "so"))
    desk.deliver("ten_khac", "hs_1.csv", "ma;nhan;xong;tt;sua", "N1;2023-05-02;;9;2023-05-09", "N2;2023-05-02;2023-05-08;9;2023-05-09")
    said = desk.ingest("ten_khac")
    assert said.code == 0, said.err
    kept = "select entity, key, rule, resolved_at is null as is_open from ops.quarantine where source_code = 'ten_khac' and rule = 'K7' order by 1"
    assert desk.rows(kept) == [{"entity": "ho_so", "key": "N1", "rule": "K7", "is_open": True}]
    told = cchc("explain", "dossier", "N1").out
    assert any("ho_so" in line and "K7" in line for line in told.splitlines()), told
    desk.deliver("ten_khac", "buoc_1.csv", "so;ma;luc;tt;sua", "S1;N1;2023-05-09 08:00;9;2023-05-10", "S2;N2;2023-05-08 08:00;9;2023-05-10")
    said = desk.ingest("ten_khac", "2023-07-02")
    assert said.code == 0, said.err
    assert desk.rows(kept) == [{"entity": "ho_so", "key": "N1", "rule": "K7", "is_open": False}]
    # the end by the steps is hidden again
    desk.deliver("ten_khac", "buoc_2.csv", "so;ma;luc;tt;sua", "S1;N1;2023-05-09 08:00;4;2023-05-11")
    said = desk.ingest("ten_khac", "2023-07-03")
    assert said.code == 0, said.err
    assert [row["is_open"] for row in desk.rows(kept)] == [False, True]
    assert {row["entity"] for row in desk.rows(kept)} == {"ho_so"}


def test_steps_that_name_no_stored_dossier_are_told(desk: Values) -> None:
    """The steps of this vendor name dossiers by an internal number: without a word no pause and no end by steps would be seen."""
    text, _, _ = OTHERS["dossier_step"]
    desk.knows("so_noi_bo", text.replace("KEY", "so").replace("CODE", "so"))
    desk.deliver("so_noi_bo", "hs_1.csv", "ma;nhan;xong;tt;sua", "P1;2023-05-02;;4;2023-05-09", "P2;2023-05-02;;4;2023-05-09")
    steps = [f"S{n};{n};2023-05-03;6;2023-05-04" for n in range(3)]
    desk.deliver("so_noi_bo", "buoc_1.csv", "so;ma;luc;tt;sua", *steps, "S9;P1;2023-05-03;6;2023-05-04")
    said = desk.ingest("so_noi_bo")
    assert said.code == 0, said.err
    told = "NOTE so_noi_bo buoc, file buoc_1.csv: 3 of 4 steps that were looked at name dossiers that are not stored, such as 0. "
    assert told in said.err
    desk.deliver("so_noi_bo", "buoc_2.csv", "so;ma;luc;tt;sua", "S10;P1;2023-05-05;4;2023-05-06", "S11;P2;2023-05-05;4;2023-05-06")
    assert "not stored" not in desk.ingest("so_noi_bo", "2023-07-02").err
    assert "file buoc_1.csv) was loaded: 3 of 4 steps that were looked at" in cchc("doctor", "so_noi_bo").out, "for those who look later"


def test_every_step_is_looked_at(desk: Values) -> None:
    """The first thousand are right, and those of another unit name dossiers by its own number."""
    text, _, _ = OTHERS["dossier_step"]
    desk.knows("moi_buoc", text.replace("KEY", "so").replace("CODE", "so"))
    desk.deliver("moi_buoc", "hs_1.csv", "ma;nhan;xong;tt;sua", "Q1;2023-05-02;;4;2023-05-09")
    desk.deliver("moi_buoc", "buoc_1.csv", "so;ma;luc;tt;sua", *(f"S{n};Q1;2023-05-03;6;2023-05-04" for n in range(1000)))
    wrong = [f"T{n};{n};2023-05-03;6;2023-05-04" for n in range(3)]
    desk.deliver("moi_buoc", "buoc_2.csv", "so;ma;luc;tt;sua", *wrong, *(f"U{n};Q1;2023-05-03;6;2023-05-04" for n in range(2)))
    said = desk.ingest("moi_buoc")
    assert said.code == 0, said.err
    assert (
        "NOTE moi_buoc buoc, file buoc_2.csv: 3 of 5 steps that were looked at name dossiers that are not stored, such as 0. " in said.err
    )
    assert "buoc_1.csv" not in said.err


def test_a_code_of_personal_shape_is_not_named(desk: Values) -> None:
    """A profile may have taken a wrong field."""
    desk.knows("so_nguoi", DOSSIERS.replace("KEY", "id").replace("CODE", "ma"))
    head = "id;ma;nhan;xong;tt;sua"
    desk.deliver("so_nguoi", "hs_1.csv", head, "1;012345678901;2023-05-02;;4;2023-05-03", "2;012345678901;2023-05-02;;4;2023-05-04")
    desk.ingest("so_nguoi")
    desk.deliver("so_nguoi", "hs_2.csv", head, "3;012345678901;2023-05-02;;4;2023-05-05")
    said, later = desk.ingest("so_nguoi", "2023-07-02"), cchc("doctor", "so_nguoi")
    assert "dossiers whose code is stored under another key: 1 (keys that came: 1; keys that are stored: 1). " in said.err
    assert "another record has with another key: 1. " in later.out and "is stored under another key: 1 (" in later.out
    assert "012345678901" not in said.err + later.out


def test_codes_that_are_used_again_are_told(desk: Values) -> None:
    """Numbers begin anew each year: the dossier of last year became an older version of this year's, and counts nowhere."""
    desk.knows("lai", DOSSIERS.replace("KEY", "ma").replace("CODE", "ma"))
    desk.deliver(
        "lai", "hs_1.csv", "ma;nhan;xong;tt;sua", "0001;2022-05-02;2022-05-09;9;2022-05-10", "0002;2022-05-02;2022-05-09;9;2022-05-10"
    )
    assert "uses codes again" not in desk.ingest("lai", "2023-01-01").err
    # 0002 is opened again, which is another thing
    desk.deliver("lai", "hs_2.csv", "ma;nhan;xong;tt;sua", "0001;2023-05-02;;4;2023-05-03", "0002;2022-05-02;;4;2023-05-03")
    said = desk.ingest("lai")
    assert said.code == 0, said.err
    told = "NOTE lai ho_so, file hs_2.csv: dossiers that were received after an earlier version of them had ended: 1, such as 0001. "
    assert told in said.err
