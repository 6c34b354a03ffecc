"""The payment files: bytes, manifests, revisions, and their arrival."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

from demo import clock, people
from demo.payments import COLUMNS
from tests.support.deliveries import PAYMENT_HEADER


def read(path: Path) -> tuple[list[dict[str, str]], int, int]:
    """Rows, and the rows and amount that the trailer tells."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n")
    lines = text[:-2].split("\r\n")
    assert lines[0] == PAYMENT_HEADER
    assert lines[-1].startswith("#TONG;")
    _name, rows, amount = lines[-1].split(";")
    found = [dict(zip(COLUMNS, line.split(";"), strict=True)) for line in lines[1:-1]]
    return found, int(rows), int(amount.replace(".", ""))


def manifests(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("giaodich_*.json"))]


def agreements(folder: Path) -> tuple[int, list[str]]:
    """How many files agree with their manifest and trailer, and the names of those that do not."""
    good, bad = 0, []
    for manifest in manifests(folder):
        assert set(manifest) == {"file", "rows", "amount", "sha256", "revision"}
        path = folder / manifest["file"]
        rows, told_rows, told_amount = read(path)
        amount = sum(int(row["SoTien"].replace(".", "")) for row in rows if row["LoaiGiaoDich"] == "PAY" and row["TrangThaiGD"] == "1")
        agrees = (
            (manifest["rows"], manifest["amount"]) == (len(rows), amount) == (told_rows, told_amount)
            and manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        )  # fmt: skip
        if agrees:
            good += 1
        else:
            bad.append(manifest["file"])
    return good, bad


def test_every_day_has_a_file_and_only_the_planted_ones_disagree(client: Any) -> None:
    good, bad = agreements(client.payments)
    assert good == 730 + 2  # two good revisions more
    assert bad == []  # the wrong ones come in January 2024, so that the first load of the demo is green
    assert not [path.name for path in client.payments.iterdir() if path.name.startswith(".")]
    assert list(client.payments.glob("*.csv.gz"))
    assert list(client.payments.glob("*.csv"))


def test_rows_are_those_of_the_district_and_of_their_day(client: Any, district: Any) -> None:
    total = 0
    odd = {key for code in ("clock-12h-shiftable", "other-day") for key in district.planted[code]}
    for manifest in manifests(client.payments):
        if manifest["revision"] > 1:
            continue
        rows, _rows, _amount = read(client.payments / manifest["file"])
        total += len(rows)
        day = manifest["file"][9:17]
        for row in rows:
            written = row["ThoiGianGD"]
            assert written[6:10] + written[3:5] + written[0:2] == day or row["MaGiaoDich"] in odd
            assert int(row["Phi"].replace(".", "")) + int(row["LePhi"].replace(".", "")) == int(row["SoTien"].replace(".", ""))
            assert people.MARKERS[0] in row["NguoiNop"]
    assert total == len(district.payment_rows(clock.parse_iso("2024-01-02T00:00:00+07:00")))


def test_files_arrive_with_the_clock_late_ones_and_revisions_too(moving: Any) -> None:
    names = {path.name for path in moving.payments.iterdir()}
    assert not {name for name in names if name.startswith("giaodich_2024")}
    moving.demo.advance("2024-01-06T00:00:00+07:00")
    new = {path.name for path in moving.payments.iterdir()} - names
    assert {name[9:17] for name in new} == {"20240101", "20240102", "20240103", "20240104"}
    assert not (moving.payments / "giaodich_20240104.json").exists(), "a file without its manifest"
    moving.demo.advance("2024-01-12T00:00:00+07:00")
    assert (moving.payments / "giaodich_20240104.json").exists()
    assert not list(moving.payments.glob("giaodich_20240108*")), "late"
    assert agreements(moving.payments)[1] == ["giaodich_20240110.csv"]
    moving.demo.advance("2024-01-16T00:00:00+07:00")
    assert list(moving.payments.glob("giaodich_20240108*"))
    rows, told, _amount = read(moving.payments / "giaodich_20240110_r2.csv")
    assert len(rows) == told
    moving.demo.advance("2024-01-25T00:00:00+07:00")
    assert agreements(moving.payments)[1] == ["giaodich_20240110.csv", "giaodich_20240116.csv", "giaodich_20240118_r2.csv.gz"]
