"""Payments as public bodies publish them: a file a month without a manifest, headers that change, amounts as a spreadsheet prints them."""

from __future__ import annotations

import pytest

from cchc.errors import NotConfigured
from cchc.sources.profile import read_profile
from tests.support.cli import cchc
from tests.values.conftest import Values

HEAD = """\
    source: {source}
    name_vi: Nguồn thử
    owner: Văn phòng thử
    zone: Asia/Ho_Chi_Minh
    time_formats: [dd/MM/yyyy, d-MMM-yy]
    two_digit_years_from: 1950
    files:
      name: '{{yyyy-MM}}(?:_r(?P<revision>\\d))?\\.csv'
      no_manifest: the council publishes none
"""
PAYMENTS = """
    entities:
      payments:
        model: payment
        file_pattern: "*.csv"
        key: [Transaction number]
        columns:
          transaction_code: {from: [Transaction number, TransactionNumber]}
          kind_code: {const: PAY}
          status_code: {const: "1"}
          unit_code: {const: H19.16.21}
          method_code: {const: chuyen-khoan}
          channel_code: {const: "3"}
          paid_at: {from: [Date paid, DatePaid], critical: true}
          amount_vnd: {from: [Net amount, NetAmount], thousands: ",", decimal: ".", critical: true}
          file_date: {file: date}
          file_revision: {file: revision}
"""
PAID = "select transaction_code, paid_date, amount_vnd from mart.payment where source_code = :s order by 1"  # in force
FILES = "select file_date, file_revision, file_name, row_count, amount_vnd from core.payment_day where source_code = :s order by 1, 2"


REPEATED = "of a row in the file of another day"


def noted(words: str) -> list[str]:
    """The beginnings of doctor's notes that have these words."""
    lines = [line.removeprefix("NOTE").strip() for line in cchc("doctor", "again").out.splitlines() if words in line]
    return [line.partition(" have the key")[0] for line in lines]


def paid(desk: Values, source: str) -> list[tuple[str, str, int]]:
    return [(row["transaction_code"], str(row["paid_date"]), row["amount_vnd"]) for row in desk.rows(PAID, s=source)]


def test_a_file_a_month_without_a_manifest(desk: Values) -> None:
    desk.knows("council", PAYMENTS, HEAD)
    desk.deliver(
        "council", "2023-01.csv", "Date paid,Transaction number,Net amount", '24/01/2023,01-1," 1,616.00 "', "31/01/2023,01-2,-20.00", ",,"
    )
    desk.deliver(
        "council",
        "2023-02.csv",
        "DatePaid,TransactionNumber,NetAmount",
        "5-Feb-23,02-1,7",
        "6-Feb-23,02-2,(8.00)",
        ",02-3,9",
        "1-Mar-23,02-4,9",
    )
    said = desk.ingest("council")
    assert said.code == 0, said.err
    assert paid(desk, "council") == [("01-1", "2023-01-24", 1616), ("01-2", "2023-01-31", -20), ("02-1", "2023-02-05", 7)]
    files = [tuple(str(value) for value in row.values()) for row in desk.rows(FILES, s="council")]
    assert files == [("2023-01-01", "1", "2023-01.csv", "2", "None"), ("2023-02-01", "1", "2023-02.csv", "4", "None")]
    held = desk.rows("select line, rule from ops.quarantine where source_code = 'council' and action = 'quarantine' order by 1, 2")
    assert [(row["line"], row["rule"]) for row in held] == [(3, "AMOUNT"), (3, "UNREADABLE"), (4, "TIME"), (5, "DAY")]

    desk.deliver("council", "2023-01_r2.csv", "Date paid,Transaction number,Net amount", "24/01/2023,01-1,16.00")
    assert desk.ingest("council").code == 0
    assert [row[0] for row in paid(desk, "council")] == ["01-1", "02-1"], "a revision replaces all of its month"


def test_a_number_that_another_file_has_too_is_told(desk: Values) -> None:
    """A council began to count at 1 again: nine thousand payments were not counted, without a word."""
    desk.knows("again", PAYMENTS, HEAD)
    desk.deliver("again", "2023-01.csv", "Date paid,Transaction number,Net amount", "24/01/2023,1,10", "24/01/2023,2,20")
    assert "another day" not in desk.ingest("again", "2023-02-01").out
    desk.deliver("again", "2023-02.csv", "Date paid,Transaction number,Net amount", "24/02/2023,1,30")
    said = desk.ingest("again", "2023-03-01")
    assert "file 2023-02.csv: 1 rows have the key (Transaction number) of a row in the file of another day" in said.out + said.err
    assert paid(desk, "again") == [("1", "2023-02-24", 30), ("2", "2023-01-24", 20)], "the contract counts the row of the latest day"
    (kept,) = desk.rows(
        "select l.file_name, c.* from ops.check_result as c inner join ops.load as l using (load_id) where rule = 'REPEATED'"
    )
    assert (kept["file_name"], kept["unexpected_count"], kept["is_success"]) == ("2023-02.csv", 1, False)
    assert "of a row in the file of another day, such as 1, so only that of the latest day counts" in kept["message"]
    assert noted(REPEATED) == ["again payments, file 2023-02.csv: 1 rows"]
    assert desk.ingest("again", "2023-03-02").code == 0
    assert noted(REPEATED) == ["again payments, file 2023-02.csv: 1 rows"], "also when the run that told it is long past"
    said = cchc("withdraw", "--file", "2023-01.csv", "--source", "again", "--reason", "tệp sai")
    assert said.code == 0, said.err
    assert noted(REPEATED) == [], "nothing is repeated any more"


def test_keys_that_may_be_a_persons_are_not_shown(desk: Values) -> None:
    desk.knows("person", PAYMENTS, HEAD)
    rows = [f"24/01/2023,{number},10" for number in ("079301000123", "0903123456", "Nguyễn Thị Bịa", "Mary Bia 7", "1" * 70)]
    desk.deliver("person", "2023-01.csv", "Date paid,Transaction number,Net amount", *rows)
    desk.deliver("person", "2023-02.csv", "Date paid,Transaction number,Net amount", *(row.replace("/01/", "/02/") for row in rows))
    said = desk.ingest("person", "2023-03-01")
    assert "10 rows" in said.err
    (kept,) = desk.rows(
        "select max(c.message) as m from ops.check_result as c inner join ops.load using (load_id) where source_code = 'person' and rule = 'REPEATED'"
    )
    assert "such as" not in kept["m"] + said.err
    assert "0793" not in cchc("doctor", "again").out


def test_two_files_of_one_time_are_blocked_both(desk: Values) -> None:
    desk.knows("twice", PAYMENTS, HEAD.replace("'{{yyyy-MM}}", "'{{yyyy-MM}}[a-z]?"))
    for part in "ab":
        desk.deliver("twice", f"2023-01{part}.csv", "Date paid,Transaction number,Net amount", f"24/01/2023,{part},1.00")
    said = desk.ingest("twice")
    assert (said.code, said.err.count("have the same day and revision")) == (3, 2), said.err
    assert paid(desk, "twice") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("no_manifest: the council publishes none", "need 'files.name'"),
        ("{name: '{yyyy}.csv', no_manifest: r, manifest: {amount_field: x}}", "'no_manifest' is the reason"),
        ("{name: '{yyyy}.csv', no_manifest: ' '}", "'no_manifest' is the reason"),
        ("{name: '{yyyy}.csv'}", "Where the sender makes no manifest, say why"),
    ],
)
def test_what_the_reason_needs(desk: Values, line: str, words: str) -> None:
    given = line if line.startswith("{") else f"{{{line}}}"
    head = HEAD.partition("files:")[0] + f"files: {given.replace('{', '{{').replace('}', '}}')}\n"
    columns = PAYMENTS.replace("{file: date}", '{const: "2023-01-01"}').replace("{file: revision}", '{const: "1"}')
    path = desk.write("reason", columns, head)
    try:
        with pytest.raises(NotConfigured, match=words):
            read_profile(path)
    finally:
        path.unlink()
