"""Event logs by profile alone: the first submission, attributes that stand on the first event only, running totals."""

from __future__ import annotations

import json

import pytest

from cchc.errors import NotConfigured
from cchc.sources.profile import read_profile
from tests.support.cli import cchc
from tests.values.conftest import Values
from tests.values.tables import require_sums

# the rows of a university's payments: a case is received when it is submitted for the first time, and ends with the last event of its kind
CASES = """
    entities:
      dossiers:
        model: dossier
        file_pattern: "ev_*"
        key: [case]
        rows: event
        where: [{field: activity, in: [submitted, paid]}]
        columns:
          dossier_code: case
          received_at: {from: time, critical: true, pick: first}
          processed_at: {from: time, pick: max}
          due_at: {from: due, pick: last_present}
          procedure_name: {from: article, pick: first_present}
          applicant_kind_code: {from: kind, pick: first, codes: {citizen: "1"}, otherwise: "null"}
          result_kind_code: {const: ket_qua}
          unit_code: {const: H19.16.21}
          status_code: {from: status, codes: {done: "9"}, otherwise: unreadable}
"""
ROWS = [
    {
        "case": "A",
        "activity": "submitted",
        "time": "2023-05-02T08:00:00",
        "due": "2023-06-01",
        "article": "157",
        "kind": "citizen",
        "status": "new",
    },
    {"case": "B", "activity": "note", "time": "2023-05-01T08:00:00", "article": "no", "kind": "citizen", "status": "new"},
    {"case": "A", "activity": "submitted", "time": "2023-05-09T08:00:00", "due": "2023-06-08", "status": "new"},
    {"case": "B", "activity": "submitted", "time": "2023-05-03T08:00:00", "kind": "other", "status": "new"},
    {"case": "A", "activity": "paid", "time": "2023-05-07T08:00:00", "status": "done"},
    {
        "case": "B",
        "activity": "paid",
        "time": "2023-05-04T08:00:00",
        "due": "2023-06-02",
        "article": "7",
        "kind": "citizen",
        "status": "done",
    },
]
STORED = """
    select dossier_code as code, cast(received_at at time zone 'Asia/Ho_Chi_Minh' as date)::text as received,
        cast(processed_at at time zone 'Asia/Ho_Chi_Minh' as date)::text as processed,
        cast(due_at at time zone 'Asia/Ho_Chi_Minh' as date)::text as due, procedure_name as article, applicant_kind_code as kind, status_code
    from core.dossier_version where source_code = :s order by 1
"""
WANTED = [
    ("A", "2023-05-02", "2023-05-09", "2023-06-08", "157", 1, 9),
    ("B", "2023-05-03", "2023-05-04", "2023-06-02", "7", None, 9),
]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_each_column_takes_the_value_of_its_row(desk: Values, form: str) -> None:
    source = f"events_{form}"
    desk.knows(source, CASES)
    if form == "csv":
        names = ("case", "activity", "time", "due", "article", "kind", "status")
        desk.deliver(source, "ev_1.csv", ";".join(names), *(";".join(row.get(name, "") for name in names) for row in ROWS))
    else:
        desk.deliver(source, "ev_1.ndjson", *(json.dumps(row) for row in ROWS))
    said = desk.ingest(source)
    assert said.code == 0, said.err
    assert [tuple(row.values()) for row in desk.rows(STORED, s=source)] == WANTED
    counts = require_sums(said)[f"ev_1.{form}"]
    assert (counts["delivered"], counts["left out"], counts["merged"], counts["landed"]) == (6, 1, 3, 2)
    filled = {row["field"]: row["filled_count"] for row in desk.rows(
        "select f.field, f.filled_count from ops.load_field as f inner join ops.load as l using (load_id) where l.source_code = :s", s=source
    )}  # fmt: skip
    assert (filled["time"], filled["due"], filled["article"], filled["kind"]) == (2, 2, 2, 2)


def test_a_field_on_the_first_event_alone_does_not_count_as_gone(desk: Values) -> None:
    desk.knows("fines", CASES.replace("from: time, critical: true", "from: begun, critical: true"))
    first = {**ROWS[0], "begun": "2023-05-02"}
    last = {"activity": "paid", "time": "2023-05-08", "status": "done"}
    rows = [{**row, "case": f"F{number}"} for number in range(30) for row in (first, last)]
    desk.deliver("fines", "ev_1.ndjson", *(json.dumps(row) for row in rows))
    said = desk.ingest("fines")
    assert said.code == 0, said.err
    found = desk.rows(STORED, s="fines")
    assert (len(found), {row["article"] for row in found}, {row["received"] for row in found}) == (30, {"157"}, {"2023-05-02"})


def test_a_landing_without_what_a_pick_needs_is_not_read_as_empty(desk: Values) -> None:
    desk.knows("sau", CASES.replace(", pick: first_present", ""))
    desk.deliver("sau", "ev_1.ndjson", *(json.dumps(row) for row in ROWS), json.dumps({**ROWS[0], "case": "C", "time": "nie"}))
    said = desk.ingest("sau")
    assert said.code == 0, said.err
    (load,) = desk.loads("sau")
    desk.write("sau", CASES)
    again = cchc("quarantine", "retry")
    assert "landed when the profile did not use pick of procedure_name yet" in again.err, (load, again)


PAYMENTS = """
    entities:
      procedures:
        model: procedure
        mode: list
        file_pattern: "p_*"
        key: [ma]
        rows: event
        columns:
          procedure_code: ma
          unit_code: {const: H19.16.21}
          processing_time: {from: so, pick: PICK, thousands: ".", decimal: ","}
          valid_from: {from: ngay, pick: min, formats: [dd/MM/yyyy]}
"""


@pytest.mark.parametrize(("pick", "wanted"), [("sum", [2, 7, None]), ("min", [0, 7, None]), ("max", [1, 7, None])])
def test_numbers_and_days_are_compared_as_such_and_summed_exactly(desk: Values, pick: str, wanted: list[int | None]) -> None:
    from cchc.sources.landing import Window
    from cchc.sources.records import Intake
    from tests.support.bench import T

    profile = read_profile(desk.write(f"tong_{pick}", PAYMENTS.replace("PICK", pick)))
    intake = Intake(profile, profile.entities["procedures"], Window(None, T), b"key")
    amounts = [
        ("A", "0,10", "10/05/2023"),
        ("A", "0,2", "09/06/2023"),
        ("A", "1,3", "01/12/2023"),
        ("B", "7", ""),
        ("B", "", "02/01/2023"),
        ("C", "ba", "x"),
        ("C", "3", "02/01/2023"),
        ("D", "3", "02/01/2023"),
        ("D", "ba", "x"),
    ]
    intake.take((line, {"ma": code, "so": amount, "ngay": day}) for line, (code, amount, day) in enumerate(amounts))
    landed = {row[1]["ma"]: row[1] for row in map(json.loads, intake.rest())}
    columns = {column.name: column.landed for column in profile.entities["procedures"].columns}
    exact = {"sum": ["1,6", "7", "ba", "ba"], "min": ["0,10", "7", "ba", "ba"], "max": ["1,3", "7", "ba", "ba"]}[pick]
    assert [landed[code][columns["processing_time"]] for code in "ABCD"] == exact, "what cannot be read stays, so that it is told"
    assert [landed[code][columns["valid_from"]] for code in "ABCD"] == ["10/05/2023", "02/01/2023", "x", "x"]
    assert wanted[0] == round(float(exact[0].replace(",", ".")))
    (desk.sources / f"tong_{pick}.yaml").unlink()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("        rows: event\n", ""), "'received_at' has pick: first, which goes with rows: event"),
        (("from: due, pick: last_present", "from: due, pick: max, extract: x"), "pick: max compares what is delivered"),
        (('from: kind, pick: first, codes: {citizen: "1"}, otherwise: "null"', "from: kind, pick: max"), "is for times and numbers"),
    ],
)
def test_a_pick_that_means_nothing_is_refused(desk: Values, change: tuple[str, str], words: str) -> None:
    assert change[0] in CASES
    path = desk.write("vo_nghia", CASES.replace(*change))
    with pytest.raises(NotConfigured, match=words):
        read_profile(path)
    path.unlink()
