"""Dossiers without a reception count nowhere: `cchc doctor` tells how many of which source, and of how many the reception was lost."""

from __future__ import annotations

from tests.support.cli import cchc
from tests.values.conftest import Values

CASES = """
    entities:
      dossiers:
        model: dossier
        file_pattern: "*.csv"
        key: [ma]
        columns:
          dossier_code: ma
          received_at: nhan
          submitted_at: nop
          due_at: han
          unit_code: {const: H19.16.21}
          status_code: tt
          channel_code: {const: "1"}
          result_kind_code: {const: ket_qua}
"""


def told() -> list[str]:
    return [line for line in cchc("doctor", "mot_cua").out.splitlines() if "no reception" in line or "wait for their reception" in line]


def test_doctor_tells_how_many_and_when_the_reception_was_lost(desk: Values) -> None:
    desk.knows("mot_cua", CASES)
    waiting = [f"{code};;2023-05-02;;1" for code in ("B", "C")]
    desk.deliver("mot_cua", "a.csv", "ma;nhan;nop;han;tt", "A;2023-05-02;2023-05-01;2023-06-01;4", *waiting, "D;;2023-05-01;;3")
    assert desk.ingest("mot_cua").code == 0
    assert told() == ["ok    mot_cua: 3 dossiers wait for their reception or were refused it; no figure counts them"]
    desk.deliver("mot_cua", "b.csv", "ma;nhan;nop;han;tt", "B;;2023-05-02;2023-06-01;4")
    assert desk.ingest("mot_cua", "2023-07-02").code == 0
    assert desk.rows("select left_out_reason as why from mart.left_out where dossier_code = 'B'") == [{"why": "not_received"}]
    (line,) = told()
    assert line.startswith("NOTE  mot_cua: 3 dossiers have no reception, so no figure counts them. Of 1 of them, since 2023-05-02,")
    assert "Ask the owner" in line
    desk.deliver("mot_cua", "c.csv", "ma;nhan;nop;han;tt", *(f"{code};2023-05-03;2023-05-02;2023-06-01;4" for code in "BCD"))
    assert desk.ingest("mot_cua", "2023-07-03").code == 0
    assert told() == []
