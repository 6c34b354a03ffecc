"""Amounts with a fraction: exact in the sums of a delivery, rounded once where the model takes whole numbers, and told."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from cchc.errors import NotConfigured
from cchc.sources.amounts import delivered_amount, plain_amount
from cchc.sources.profile import read_profile
from tests.support.cli import Said
from tests.values.conftest import Values

HEAD = """\
    source: {source}
    name_vi: Nguồn thử
    owner: Văn phòng thử
    zone: Asia/Ho_Chi_Minh
    files:
      formats: {{delimiter: ";", thousands: ".", decimal: ",", trailer: "#TONG"}}
      name: 'gd_(?P<date>\\d{{8}})\\.csv'
      manifest: {{amount_field: tien}}
"""
PAYMENTS = """
    entities:
      payments:
        model: payment
        file_pattern: "gd_*.csv"
        key: [ma]
        columns:
          transaction_code: ma
          kind_code: {const: PAY}
          status_code: {const: "1"}
          unit_code: {const: H19.16.21}
          method_code: {const: qr}
          channel_code: {const: "2"}
          paid_at: {from: luc, critical: true}
          amount_vnd: {from: tien, thousands: ".", decimal: ","}
          fee_vnd: {from: phi, thousands: ".", decimal: ","}
          file_date: {file: date}
          file_revision: {const: "1"}
"""


def deliver(desk: Values, source: str, amounts: list[str], told: float, trailer: str) -> Said:
    """A day file with these amounts; the manifest says that they sum up to `told`."""
    rows = [f"{number};2023-06-05T08:00:00;{amount};0,00" for number, amount in enumerate(amounts)]
    data = ("\n".join(["ma;luc;tien;phi", *rows, f"#TONG;{len(rows)};{trailer}"]) + "\n").encode()
    (desk.folder / source / "gd_20230605.csv").write_bytes(data)
    manifest = {"file": "gd_20230605.csv", "rows": len(rows), "amount": told, "sha256": sha256(data).hexdigest(), "revision": 1}
    (desk.folder / source / "gd_20230605.json").write_text(json.dumps(manifest))
    return desk.ingest(source)


def test_fractions_are_summed_exactly_rounded_once_and_told(desk: Values) -> None:
    desk.knows("dong", PAYMENTS, HEAD)
    said = deliver(desk, "dong", ["1.500.000,00", "0,10", "0,20", "99,50"], 1500099.8, "1.500.099,80")
    assert said.code == 0, said.err
    stored = desk.rows("select amount_vnd as a from core.payment_version where source_code = 'dong' order by _key")
    assert [row["a"] for row in stored] == [1_500_000, 0, 0, 100]
    assert desk.rows("select amount_vnd as a from core.payment_day where source_code = 'dong'") == [{"a": 1_500_100}]
    assert (
        "NOTE dong payments, file gd_20230605.csv: 3 of 4 values of tien have a fraction; amount_vnd takes whole numbers, "
        "so they were rounded half up"
    ) in said.err
    assert "values of phi" not in said.err, "a fraction of zero is no fraction"
    (load,) = desk.loads("dong")
    assert load["manifest"]["amount_delivered"] == "1500099.8"
    assert load["manifest"]["trailer"] == {"rows": 4, "amount": "1500099.8"}
    (counted,) = desk.rows("select * from ops.load_field where load_id = :l and field = 'tien'", l=load["load_id"])
    assert (counted["filled_count"], counted["unreadable_count"], counted["rounded_count"]) == (4, 0, 3)


def test_a_sum_that_is_off_by_a_hundredth_blocks(desk: Values) -> None:
    desk.knows("hao", PAYMENTS, HEAD)
    said = deliver(desk, "hao", ["0,10", "0,20"], 0.31, "0,30")
    assert said.code == 3
    assert "B4 amount: expected 0.31, found 0.30" in said.err


def test_without_the_mark_a_fraction_stays_unreadable_and_is_counted(desk: Values) -> None:
    plain = PAYMENTS.replace(', decimal: ","', "").replace("phi, ", "phi, default: '0', ")
    desk.knows("nguyen", plain, HEAD)
    said = deliver(desk, "nguyen", ["1.500.000", "7,00"], 1500007, "1.500.007")
    assert said.code == 0, said.err
    (load,) = desk.loads("nguyen")
    counts = {
        row["field"]: row["unreadable_count"] for row in desk.rows("select * from ops.load_field where load_id = :l", l=load["load_id"])
    }
    assert (counts["tien"], counts["phi"], counts["luc"]) == (1, 2, 0)


def test_one_mark_cannot_be_both(desk: Values) -> None:
    path = desk.write("ca_hai", PAYMENTS.replace('thousands: ".", decimal: ","', 'thousands: ",", decimal: ","'), HEAD)
    with pytest.raises(NotConfigured, match=r"ca_hai.yaml.*amount_vnd.*'thousands' and 'decimal' are both ','"):
        read_profile(path)
    path.unlink()


def test_amounts_of_manifests() -> None:
    texts = ("1.500,25", "-1.500,25", "7", "1.50,2", "1,x", "1,2,3", "")
    found = [plain_amount(delivered_amount(text, ".", ",")) for text in texts]
    assert found == ["1500.25", "-1500.25", 7, None, None, None, None]
    assert plain_amount(delivered_amount(0.1, None, ".")) == "0.1"
    assert delivered_amount(0.1, None, None) is None
