"""A plan that is changed after a publication judges its values otherwise: no restatement says so, and so a sentence does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cchc.errors import WrongUse
from cchc.period import parse_moment, parse_period
from cchc.pipeline.close import close
from cchc.reference.load import load_reference
from cchc.settings import Settings
from tests.publication.edits import edited, plan, with_files
from tests.support.cli import cchc
from tests.support.deliveries import dossier
from tests.support.desk import Desk

MAY = parse_period("2023-05")
ON_TIME, LATE = "20230510100000", "20230515100000"


def test_another_target_of_a_published_month_is_told(warehouse: Settings, tmp_path: Path) -> None:
    desk = Desk(warehouse, tmp_path / "drop")
    days = {"NgayTiepNhan": "20230502080000", "NgayHenTra": "20230511170000"}
    records = [dossier(f"D{n}", **days, NgayKetThucXuLy=end, NgaySuaCuoi=end) for n, end in enumerate([ON_TIME, ON_TIME, ON_TIME, LATE])]
    desk.drop("one_stop", "dossiers_1.ndjson", "".join(json.dumps(record) + "\n" for record in records).encode())
    desk.drop("one_stop", "procedures_1.ndjson", procedures("20220101000000", ""))
    for entity in ("dossier_steps", "assessments"):
        desk.drop("one_stop", f"{entity}_1.ndjson", b"\n")
    desk.ingest("one_stop", "2023-06-01")
    desk.settle("2023-04", "2023-05")
    close(warehouse, MAY, "a tester", incomplete=True)
    said = cchc("restatements", "2023-05")
    assert said.out == "2023-05: what is known now is what was published\n", "the plan is that of the publication"
    changed = with_files(warehouse, edited(warehouse, tmp_path / "edited", plan))
    desk.settings = changed
    load_reference(changed, learnt_at=parse_moment("2023-06-02"))
    desk.settle("2023-04", "2023-05")
    told = judged_otherwise(desk)
    assert told > 10
    (note,) = notes()
    assert note.startswith(f"NOTE {told} of its values have the same numbers and another target or status now, ")
    assert "such as procedure_publication_rate of all (period): published missed at 100 %, now met at 50 %. That is no restatement" in note
    with pytest.raises(WrongUse, match=f"nothing that is known now differs from it; but {told} of its values have the same numbers"):
        close(changed, MAY, "a tester", incomplete=True)
    desk.drop("one_stop", "procedures_2.ndjson", procedures("20220101000000", "20220101000000"))
    desk.ingest("one_stop", "2023-06-03")
    desk.settle("2023-04", "2023-05")
    fewer = judged_otherwise(desk)
    assert 0 < fewer < told, "a value with other numbers has its restatement, and is no longer among them"
    assert [line.partition(" of its")[0] for line in notes()] == [f"NOTE {fewer}"]


def procedures(*published: str) -> bytes:
    """A list of procedures, each with the day of its publication."""
    entries = [
        {"MaTTHC": f"1.00000{n}", "MaDonVi": "H19.16.21", "HieuLucTu": "20220101000000", "TrangThai": "cong_khai", "NgayCongKhai": day}
        for n, day in enumerate(published)
    ]
    return "".join(json.dumps(entry) + "\n" for entry in entries).encode()


def judged_otherwise(desk: Desk) -> int:
    """How many values have the same numbers as published and another target or status."""
    rows = desk.rows(
        "select count(*) as n from mart.publication_value as p inner join mart.indicator_value as v using (indicator_code, unit_code, basis) "
        "where v.period_kind = 'month' and v.period_start = date '2023-05-01' "
        "and (coalesce(p.numerator, -1), coalesce(p.denominator, -1)) = (coalesce(v.numerator, -1), coalesce(v.denominator, -1)) "
        "and (p.target, coalesce(p.status, '')) is distinct from (v.target, coalesce(v.status, ''))"
    )
    return int(rows[0]["n"])


def notes() -> list[str]:
    """What the command about restatements says beside them."""
    return [line for line in cchc("restatements", "2023-05").out.splitlines() if line.startswith("NOTE")]
