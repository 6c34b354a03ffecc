"""Amounts as accountants write them: brackets and a minus behind below zero, a currency beside the number; only where the profile says so."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from cchc.errors import NotConfigured
from cchc.sources.amounts import delivered_amount, plain_amount
from cchc.sources.number_signs import Signs
from cchc.sources.profile import read_profile
from tests.support.cli import Said, cchc
from tests.values.conftest import Values

SIGNS = "negative: [brackets, trailing_minus], currency: [$, đ, VND]"
FORMATS = f'delimiter: ";", thousands: ",", decimal: ".", trailer: "#TONG", {SIGNS}'
HEAD = f"""\
    source: {{source}}
    name_vi: Nguồn thử
    owner: Văn phòng thử
    zone: Asia/Ho_Chi_Minh
    files:
      formats: {{{{{FORMATS}}}}}
      name: 'gd_{{{{yyyyMMdd}}}}\\.csv'
      manifest: {{{{amount_field: tien}}}}
"""
PAYMENTS = f"""
    entities:
      payments:
        model: payment
        file_pattern: "gd_*.csv"
        key: [ma]
        columns:
          transaction_code: ma
          kind_code: {{const: PAY}}
          status_code: {{const: "1"}}
          unit_code: {{const: H19.16.21}}
          method_code: cach
          channel_code: {{const: "2"}}
          paid_at: {{from: luc, critical: true}}
          amount_vnd: {{from: tien, thousands: ",", decimal: ".", critical: true, {SIGNS}}}
          fee_vnd: {{from: phi, thousands: ",", decimal: ".", {SIGNS}}}
          file_date: {{file: date}}
          file_revision: {{const: "1"}}
"""
CASES = """
    entities:
      dossiers:
        model: dossier
        file_pattern: "*.csv"
        key: [ma]
        columns:
          dossier_code: ma
          procedure_name: {from: ten, negative: [brackets]}
"""
STORED = "select _key as key, amount_vnd as amount, fee_vnd as fee from core.payment_version where source_code = :s order by 1"
HELD = "select line, rule from ops.quarantine where source_code = :s and action = 'quarantine' order by 1, 2"
UNREAD = """
    select f.field, f.unreadable_count as n from ops.load_field as f inner join ops.load as l using (load_id)
    where l.source_code = :s and f.unreadable_count > 0
"""
RATE = """
    select numerator, denominator from mart.indicator_value
    where indicator_code = 'cashless_transaction_rate' and period_kind = 'month' and period_start = '2023-06-01' and unit_code = 'all'
        and basis = 'period'
"""


def deliver(desk: Values, source: str, rows: list[tuple[str, str, str]], told: str | int, trailer: str) -> Said:
    """A day file with an amount, a fee and a method in each row; manifest and trailer say what the amounts sum up to."""
    lines = [f"{number};2023-06-05T08:00:00;{amount};{fee};{method}" for number, (amount, fee, method) in enumerate(rows)]
    data = ("\n".join(["ma;luc;tien;phi;cach", *lines, f"#TONG;{len(rows)};{trailer}"]) + "\n").encode()
    (desk.folder / source / "gd_20230605.csv").write_bytes(data)
    manifest = {"file": "gd_20230605.csv", "rows": len(rows), "amount": told, "sha256": sha256(data).hexdigest(), "revision": 1}
    (desk.folder / source / "gd_20230605.json").write_text(json.dumps(manifest))
    return desk.ingest(source)


def test_from_the_file_to_the_figure(desk: Values) -> None:
    rows = [
        ("$8,000.00", "(1,234.50)", "qr"),
        ("10,000 đ", "8.00-", "the"),
        ("vnd 2,000", "VND (0.00)", "tien-mat"),
        ("(1,000.00)", "-$5", "qr"),
    ]
    desk.knows("ke_toan", PAYMENTS, HEAD)
    said = deliver(desk, "ke_toan", rows, "$19,000.00", "19,000.00 đ")
    assert said.code == 0, said.err
    stored = [(row["amount"], row["fee"]) for row in desk.rows(STORED, s="ke_toan")]
    assert stored == [(8000, -1235), (10000, -8), (2000, 0), (-1000, -5)]
    assert desk.rows("select amount_vnd as a from core.payment_day where source_code = 'ke_toan'") == [{"a": 19_000}]
    assert "1 of 4 values of phi have a fraction" in said.err, "(1,234.50) is rounded, 0.00 is not"
    assert cchc("refresh", "2023-06").code == 0
    assert desk.rows(RATE) == [{"numerator": 2, "denominator": 3}], "what is paid back is no payment"


def test_a_sum_with_a_sign_that_is_off_blocks(desk: Values) -> None:
    desk.knows("lech", PAYMENTS, HEAD)
    said = deliver(desk, "lech", [("(8.00)", "0", "qr")], "8.00", "(8.00)")
    assert said.code == 3
    assert "B4 amount: expected 8.00, found -8.00" in said.err


def test_without_the_keys_they_stay_unreadable_and_are_told(desk: Values) -> None:
    desk.knows("nhu_cu", PAYMENTS.replace(f", {SIGNS}", ""), HEAD.replace(f", {SIGNS}", ""))
    rows = [("7.00", "(8.00)", "qr"), ("(8.00)", "0", "qr"), ("8.00-", "0", "qr"), ("$8.00", "0", "qr"), ("-9.00", "0", "qr")]
    said = deliver(desk, "nhu_cu", rows, -2, "-2.00")
    assert said.code == 0, said.err
    assert {row["field"]: row["n"] for row in desk.rows(UNREAD, s="nhu_cu")} == {"tien": 3, "phi": 1}, "each of them is told"
    assert [(row["amount"], row["fee"]) for row in desk.rows(STORED, s="nhu_cu")] == [(7, None), *[(None, 0)] * 3, (-9, 0)]
    assert {row["line"] for row in desk.rows(HELD, s="nhu_cu")} == {3, 4, 5}


def test_another_currency_and_two_signs_are_no_amount(desk: Values) -> None:
    desk.knows("ngoai_te", PAYMENTS, HEAD)
    wrong = ["8.00 USD", "-(8.00)", "(8.00)-", "$8.00 đ", "$", "()", "(8.00", "--8", "8 000 đ"]
    rows = [("1.00", "0", "qr"), *((amount, "0", "qr") for amount in wrong)]
    said = deliver(desk, "ngoai_te", rows, 1, "1")
    assert said.code == 0, said.err
    assert {row["line"] for row in desk.rows(HELD, s="ngoai_te")} == set(range(3, 3 + len(wrong)))


def test_the_sum_of_an_event_log_reads_them_too(desk: Values) -> None:
    events = PAYMENTS.replace("key: [ma]", "key: [cach]\n        rows: event").replace("critical: true, neg", "pick: sum, neg")
    desk.knows("nhat_ky", events, HEAD)
    said = deliver(desk, "nhat_ky", [("$8.50", "0", "qr"), ("(3.25)", "0", "qr"), ("5 đ", "0", "the")], "10.25", "10.25")
    assert said.code == 0, said.err
    assert [(row["key"], row["amount"]) for row in desk.rows(STORED, s="nhat_ky")] == [("qr", 5), ("the", 5)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("currency: ['8']", "'currency' has '8'; it is a sign or a word without digits"),
        ("currency: ['-']", "'currency' has '-'"),
        ("currency: [' đ']", "without blanks around it"),
        ("currency: [VND, vnd]", "'currency' has 'vnd' twice"),
        ("negative: [brackets, brackets]", "'negative' has 'brackets' twice"),
        ("negative: [red]", "negative"),
    ],
)
@pytest.mark.parametrize("where", ["column", "files"])
def test_what_could_be_taken_for_a_number_is_refused(desk: Values, given: str, words: str, where: str) -> None:
    profile, head = (PAYMENTS.replace(SIGNS, given), HEAD) if where == "column" else (PAYMENTS, HEAD.replace(SIGNS, given))
    path = desk.write("sai", profile, head)
    try:
        with pytest.raises(NotConfigured, match="sai.yaml") as caught:
            read_profile(path)
        assert words in str(caught.value)
    finally:
        path.unlink()


def test_a_column_that_is_no_number_cannot_have_them(desk: Values) -> None:
    path = desk.write("ten", CASES)
    try:
        said = cchc("profile", "check", str(path))
        assert said.code != 0
        assert "'negative' and 'currency' are for numbers; procedure_name is text" in said.out + said.err
    finally:
        path.unlink()


def test_the_number_in_a_text() -> None:
    signs = Signs(("brackets", "trailing_minus"), ("đ", "VNĐ", "Rs."))
    texts = ("(1.234,50)", "8,00-", "8 vnđ", "8.000đ", "(8) VNĐ", "(VNĐ 8)", "Rs.8", "-8", "(0)", "0-", "-0,00", "8", "8\u00a0Đ")
    found = [plain_amount(delivered_amount(text, ".", ",", signs)) for text in texts]
    assert found == ["-1234.50".rstrip("0"), -8, 8, 8000, -8, -8, 8, -8, 0, 0, 0, 8, 8]
    assert delivered_amount("(8)", ".", ",") is None
    assert [delivered_amount(text, ".", ",", Signs((), ("đ",))) for text in ("(8)", "8-", "-8 đ")] == [None, None, -8]
    assert delivered_amount(-0.5, None, ".", signs) is not None
