"""Keys that are another field than the code by which core knows a record, and entities under names of the vendor's own."""

from __future__ import annotations

import pytest

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
@pytest.mark.parametrize(("key", "code"), [("id", "ma"), ("ma, sua", "ma"), ("id", "{const: X}")])
def test_a_key_that_is_not_the_code_is_refused_by_name(desk: Values, model: str, key: str, code: str) -> None:
    """An internal id, several fields, or one code for all: two records would become one, or steps would find no dossier."""
    text, entity, column = OTHERS[model]
    path = desk.write("khac", text.replace("KEY", key).replace("CODE", code))
    try:
        said = [cchc("profile", "check", str(path)), cchc("init"), desk.ingest("khac"), cchc("doctor", "khac")]
        for one in said:
            assert one.code != 0, one
            told = one.out + one.err
            assert all(word in told for word in ("khac.yaml", entity, f"the key must be the field of {column}", f"the key is {key}")), told
    finally:
        path.unlink()


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
