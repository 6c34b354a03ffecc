"""A list, a day or a workbook that lacks what the one before had is taken at its word, and says so."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Said, cchc
from tests.support.declared import declared_file_name, declared_workbook, figure
from tests.support.deliveries import PAYMENT_COLUMNS, PAYMENT_HEADER, dossier, payment
from tests.support.desk import Desk
from tests.support.environment import added
from tests.support.source_server import Source, serving
from tests.support.warehouse import NewWarehouse

LEADER = {
    "MaDonVi": "H19.16.3",
    "ChucVu": "a post",
    "CapLanhDao": "cap_phong",
    "TuNgay": "2022-01-01",
    "DenNgay": None,
    "DaCapChuKySo": True,
}
PROCEDURE = {"MaDonVi": "H19.16.3", "HieuLucTu": "20220101000000", "HieuLucDen": "", "TrangThai": "cong_khai", "CoMauSo": "1"}


class Gone(Desk):
    """A desk whose runs say what they lack."""

    def said(self, source: str, known_at: str, code: int = 0) -> list[str]:
        """What a run tells of rows that are gone."""
        folder = json.dumps({"conn_type": "fs", "host": str(self.inbox(source))})
        with added({} if source == "one_stop" else {f"AIRFLOW_CONN_SRC_{source.upper()}": folder}):
            said = cchc("ingest", source, "--to", known_at)
        assert said.code == code, said.err
        return gone(said)

    def leaders(self, day: int, *people: dict[str, Any]) -> None:
        """The newest list of leaders, and no other."""
        for old in self.inbox("documents").iterdir():
            old.unlink()
        lines = "".join(json.dumps(LEADER | person) + "\n" for person in people)
        self.drop("documents", f"leaders_{day}.ndjson", lines.encode())

    def payments(self, day: str, revision: int, *codes: str) -> None:
        """A revision of a day."""
        at = f"{day[6:]}/{day[4:6]}/{day[:4]} 10:00:00"
        rows = [payment(MaGiaoDich=code, MaThamChieu=f"R-{code}", ThoiGianGD=at) for code in codes]
        amount = 50_000 * len(rows)
        lines = [PAYMENT_HEADER, *(";".join(row[name] for name in PAYMENT_COLUMNS) for row in rows), f"#TONG;{len(rows)};{amount}"]
        data = ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
        path = self.drop("payments", f"giaodich_{day}{f'_r{revision}' if revision > 1 else ''}.csv", data)
        manifest = {
            "file": path.name,
            "rows": len(rows),
            "amount": amount,
            "revision": revision,
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        path.with_suffix(".json").write_text(json.dumps(manifest), encoding="utf-8")


def gone(said: Said) -> list[str]:
    """The lines about what is gone, without the advice that each ends with."""
    return [line.partition(". If the delivery")[0] for line in (said.out + said.err).splitlines() if "If the delivery was cut off" in line]


@pytest.fixture(scope="module")
def desk(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gone]:
    folder = tmp_path_factory.mktemp("gone")
    with new_warehouse(folder / "home") as settings:
        yield Gone(settings, folder / "drop")


def test_a_list_that_lacks_entries_says_which_end(desk: Gone) -> None:
    people = [{"NguoiId": f"N{number}"} for number in range(5)]
    desk.leaders(1, *people, {"NguoiId": "LEFT", "DenNgay": "2023-01-31"})
    assert desk.said("documents", "2023-06-15") == [], "a first list lacks nothing"
    desk.leaders(2, *people)
    assert desk.said("documents", "2023-06-16") == [], "who had left before is no loss"
    desk.leaders(3, people[0])
    assert desk.said("documents", "2023-06-17") == [
        "NOTE documents leaders, file leaders_3.ndjson: 4 of 5 entries of the list before are not in this one, so they end with the list "
        "before, such as H19.16.3"
    ]
    desk.leaders(4, *people)
    assert desk.said("documents", "2023-06-18") == [], "who comes back has never ended"
    assert "documents leaders, when load" in cchc("doctor").out, "those who look later are told too"


def test_lists_that_are_empty_over_http_say_so(desk: Gone) -> None:
    source = Source()
    source.page = 500
    codes = [f"H19.16.21-230605-{number:04d}" for number in range(20)]
    source.records = {"dossiers": [dossier(code) for code in codes], "procedures": [PROCEDURE | {"MaTTHC": "1.000001"}]}
    source.keys = {"2023-06": [{"MaHoSo": code, "DeletedOn": ""} for code in codes]}
    with serving(source) as url:
        connection = json.dumps({"conn_type": "http", "host": url, "login": source.secret[0], "password": source.secret[1]})
        with added(os.environ | {"AIRFLOW_CONN_SRC_ONE_STOP": connection}):
            assert desk.said("one_stop", "2023-07-05") == []
            source.records["dossiers"] = []
            source.keys["2023-06"] = source.keys["2023-06"][2:]
            assert desk.said("one_stop", "2023-07-06") == [], "two of twenty deleted are no tenth more: lists are there to say so"
            source.keys["2023-06"] = source.keys["2023-06"][2:]
            assert desk.said("one_stop", "2023-07-07") == [
                "NOTE one_stop dossiers.keys: 2 of 18 dossiers that the source's own lists of months named before are not in them now, so "
                "they count as deleted, such as H19.16.21-230605-0002"
            ]
            source.keys["2023-06"], source.records["procedures"] = [], []
            assert desk.said("one_stop", "2023-07-08") == [
                "NOTE one_stop dossiers.keys: 16 of 16 dossiers that the source's own lists of months named before are not in them now, so "
                "they count as deleted, such as H19.16.21-230605-0004",
                "NOTE one_stop procedures: 1 of 1 entries of the list before are not in this one, so they end with the list before, such "
                "as 1.000001",
            ]


def test_a_revision_that_lacks_payments_says_so(desk: Gone) -> None:
    desk.payments("20230608", 1, "A", "B", "C", "D")
    assert desk.said("payments", "2023-06-10") == []
    desk.payments("20230608", 2, "A", "B", "C", "E")
    desk.payments("20230609", 1, "D")
    assert desk.said("payments", "2023-06-11") == [], "D is on another day now"
    desk.payments("20230608", 3, "E")
    assert desk.said("payments", "2023-06-12") == [
        "NOTE payments payments, file giaodich_20230608_r3.csv: 3 of 4 payments that were in force are not in the new delivery of their day, "
        "so they count no more, such as A|PAY"
    ]
    desk.payments("20230608", 2, "A")
    assert desk.said("payments", "2023-06-13") == [], "an older revision changes nothing"


def test_a_working_day_between_others_that_nothing_came_for_is_told(desk: Gone) -> None:
    def lacking() -> list[str]:
        told = [line for line in cchc("doctor").out.splitlines() if "nothing is loaded for" in line]
        return [line.partition(", so no")[0].partition("payments: ")[2] for line in told]

    for day in ("20230606", "20230608", "20230609"):
        desk.payments(day, 5, f"F-{day}")
    desk.said("payments", "2023-06-14")
    assert lacking() == [], "three of four working days are too few to say how often it sends"
    for day in ("20230601", "20230612", "20230613"):
        desk.payments(day, 5, f"F-{day}")
    assert "2023-06-02" in cchc_ingest(desk, "2023-06-15")
    assert lacking() == ["nothing is loaded for 3 working days from 2023-06-01 to 2023-06-13 (2023-06-02, 2023-06-05, 2023-06-07)"]
    for day in ("20230602", "20230605"):
        desk.payments(day, 5, f"F-{day}")
    desk.payments("20230607", 5)
    desk.said("payments", "2023-06-16")
    assert lacking() == [], "a file without rows is a day without payments"
    desk.payments("20230510", 5, "F-10")
    desk.said("payments", "2023-06-17")
    assert lacking() == [], "of 25 working days fifteen lack: it sends in another rhythm"


def cchc_ingest(desk: Gone, known_at: str) -> str:
    """What a run of the payments prints."""
    with added({"AIRFLOW_CONN_SRC_PAYMENTS": json.dumps({"conn_type": "fs", "host": str(desk.inbox("payments"))})}):
        said = cchc("ingest", "payments", "--to", known_at)
    return said.out + said.err


def test_a_workbook_that_lacks_figures_says_so(desk: Gone, tmp_path: Path) -> None:
    unit = "H19.16.2"
    (first, second) = (
        row["indicator_code"]
        for row in desk.rows("select indicator_code from core.declaration where unit_code = :u order by 1 limit 2", u=unit)
    )

    def put(revision: int, *codes: str) -> None:
        rows = [figure(code, 5, 10) for code in codes]
        declared_workbook(rows).save(desk.inbox("declared") / declared_file_name(unit, "2023-06", revision))

    put(1, first, second)
    assert desk.said("declared", "2023-07-10") == []
    put(2, first, second)
    assert desk.said("declared", "2023-07-11") == []
    put(3, second)
    assert desk.said("declared", "2023-07-12") == [
        f"NOTE declared figures, file tukhai_{unit}_2023-06_r3.xlsx: 1 of 2 figures of the workbook before are not in this one, so they "
        f"count as not declared, such as {first}"
    ]
