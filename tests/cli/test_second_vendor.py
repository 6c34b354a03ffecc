"""Payments of a vendor with other names for every field, loaded by `cchc ingest`: the rules hold for them as for the first vendor's."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from cchc.settings import PROJECT, Settings
from tests.support.cli import cchc, connect
from tests.support.deliveries import PAYMENT_COLUMNS, payment
from tests.support.district import CLOCK
from tests.support.renamed_profile import RenamedProfile
from tests.support.warehouse import rows_of

UNREADABLE = 500


def payment_file(folder: Path, columns: list[str], rows: list[list[str]], amount: int) -> None:
    folder.mkdir()
    lines = [";".join(columns), *(";".join(row) for row in rows), f"#TONG;{len(rows)};{amount}"]
    data = ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
    (folder / "giaodich_20230605.csv").write_bytes(data)
    manifest = {
        "file": "giaodich_20230605.csv",
        "rows": len(rows),
        "amount": amount,
        "sha256": hashlib.sha256(data).hexdigest(),
        "revision": 1,
    }
    (folder / "giaodich_20230605.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("vendor", ["first", "second"])
def test_amounts_that_cannot_be_read_are_set_aside(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vendor: str
) -> None:
    """500 of 600 payments hold an amount with a comma; the profile allows that many in quarantine, so that the file is not blocked."""
    sources = tmp_path / "sources"
    sources.mkdir()
    second = RenamedProfile("payments", sources)
    name = "payments" if vendor == "first" else second.profile.source
    path = sources / f"{name}.yaml"
    original = path if vendor == "second" else PROJECT / "include" / "sources" / "payments.yaml"
    data = yaml.safe_load(original.read_text(encoding="utf-8"))
    data["settings"]["quarantine_rows"] = UNREADABLE
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(sources))
    rows = [payment(MaThamChieu=f"R{n}", MaGiaoDich=f"G{n}", TrangThaiGD="3", SoTien="50,000") for n in range(UNREADABLE)]
    rows += [payment(MaThamChieu=f"S{n}", MaGiaoDich=f"H{n}") for n in range(100)]
    columns = [column if vendor == "first" else second.names.get(column, column) for column in PAYMENT_COLUMNS]
    payment_file(tmp_path / "drop", columns, [[row[column] for column in PAYMENT_COLUMNS] for row in rows], 100 * 50_000)
    connect(monkeypatch, name, conn_type="fs", host=str(tmp_path / "drop"))
    assert cchc("init").code == 0
    said = cchc("ingest", name, "--to", CLOCK)
    assert said.code == 0, said.err
    listed = rows_of(warehouse, "select source_code, rule, action, count(*) as n from ops.quarantine group by 1, 2, 3")
    assert listed == [{"source_code": name, "rule": "AMOUNT", "action": "quarantine", "n": UNREADABLE}]
    assert rows_of(warehouse, "select count(*) as n, sum(amount_vnd) as vnd from core.payment") == [{"n": 100, "vnd": 100 * 50_000}]
    field = "SoTien" if vendor == "first" else second.names["SoTien"]
    shown = cchc("quarantine", "show").out
    assert f"{field} (amount_vnd) is there and is no amount" in shown
    assert f'"_fields": {{"amount_vnd": "{field}"}}' in shown
    assert '"_unreadable": {"amount_vnd": "50,000"}' in shown
