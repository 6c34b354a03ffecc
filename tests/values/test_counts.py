"""Several rows of one key in one delivery: each becomes a version or is told, and ingest's table adds up to what was delivered."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.support.cli import cchc
from tests.values.conftest import HEAD, Values
from tests.values.tables import require_sums

COLUMNS = """
        columns: {dossier_code: ma, received_at: {from: nhan, critical: true}, due_at: hen, unit_code: {const: H19.16.21}, status_code: {const: "4"}}
"""
CLOCKED = (
    """
    entities:
      dossiers:
        model: dossier
        file_pattern: "hs_*.csv"
        key: [ma]
        changed_at: sua
"""
    + COLUMNS
)
HEADER = "ma;nhan;hen;sua"


def versions(desk: Values, source: str) -> list[tuple[str, str, bool]]:
    """The versions of the dossiers of a source by code and change time: the due day of each, and whether it is the current one."""
    rows = desk.rows(
        "select dossier_code as c, to_char(due_at at time zone 'Asia/Ho_Chi_Minh', 'MM-DD') as due, _is_current from core.dossier_version "
        "where source_code = :s order by dossier_code, _changed_at, _first_seen_at",
        s=source,
    )
    return [(row["c"], row["due"], row["_is_current"]) for row in rows]


def test_each_of_several_rows_of_one_key_is_a_version_in_the_order_of_its_change_time(desk: Values) -> None:
    desk.knows("clocked", CLOCKED)
    # the newest stands first, in the file that is read first
    desk.deliver(
        "clocked",
        "hs_1.csv",
        HEADER,
        "A;2023-05-02;2023-06-03;2023-05-05",
        "A;2023-05-02;2023-06-01;2023-05-03",
        "B;2023-05-02;2023-06-09;2023-05-03",
    )
    desk.deliver("clocked", "hs_2.csv", HEADER, "A;2023-05-02;2023-06-02;2023-05-04")
    said = desk.ingest("clocked")
    assert said.code == 0, said.err
    assert versions(desk, "clocked") == [("A", "06-01", False), ("A", "06-02", False), ("A", "06-03", True), ("B", "06-09", True)]
    table = require_sums(said)
    assert table["hs_1.csv"]["landed"] == 3
    assert "replaced" not in table["hs_1.csv"], "nothing was replaced"
    assert "change time" not in said.err


def test_rows_of_one_key_and_change_time_are_counted_and_told(desk: Values) -> None:
    desk.knows("twice", CLOCKED)
    desk.deliver(
        "twice",
        "hs_1.csv",
        HEADER,
        "A;2023-05-02;2023-06-01;2023-05-03",
        "A;2023-05-02;2023-06-02;2023-05-03",
        "B;2023-05-02;2023-06-09;2023-05-03",
    )
    desk.deliver("twice", "hs_2.csv", HEADER, "B;2023-05-02;2023-06-10;2023-05-03")
    said = desk.ingest("twice")
    assert said.code == 0, said.err
    assert versions(desk, "twice") == [("A", "06-02", True), ("B", "06-10", True)]
    table = require_sums(said)
    assert (table["hs_1.csv"]["replaced"], table["hs_2.csv"]["replaced"]) == (2, 0)
    assert "NOTE twice dossiers, file hs_1.csv: 2 rows have key and change time (sua) of a later row of this run" in said.err


def test_a_profile_without_a_change_time_is_told_by_name(desk: Values) -> None:
    desk.knows("clockless", CLOCKED.replace("        changed_at: sua\n", ""))
    desk.deliver("clockless", "hs_1.csv", HEADER, "A;2023-05-02;2023-06-01;x", "A;2023-05-02;2023-06-02;x")
    desk.deliver("clockless", "hs_2.csv", HEADER, "A;2023-05-02;2023-06-03;x")
    said = desk.ingest("clockless")
    assert said.code == 0, said.err
    assert versions(desk, "clockless") == [("A", "06-03", True)]
    assert require_sums(said)["hs_1.csv"]["replaced"] == 2
    assert "the profile clockless.yaml names no change time for dossiers" in said.err
    assert "name the field of its change time in changed_at" in said.err


def test_a_record_whose_code_is_made_of_another_field_than_its_key_is_set_aside_without_it(desk: Values) -> None:
    """Without the code nothing can be stored; the others of the file are loaded."""
    desk.knows(
        "coded",
        CLOCKED.replace("key: [ma]", "key: [ma, nhan]").replace("dossier_code: ma", r"dossier_code: {from: link, extract: '[^/]+$'}"),
    )
    desk.deliver(
        "coded", "hs_1.csv", f"{HEADER};link", "A;2023-05-02;;2023-05-03;x/A", "B;2023-05-02;;2023-05-03;x/", "C;2023-05-02;;2023-05-03;x/C"
    )
    said = desk.ingest("coded")
    assert said.code == 0, said.err
    assert require_sums(said)["hs_1.csv"]["keyless"] == 1
    assert [code for code, _, _ in versions(desk, "coded")] == ["A", "C"]
    held = desk.rows("select line, rule, reason from ops.quarantine where source_code = 'coded' and action = 'quarantine'")
    assert [(row["line"], row["rule"]) for row in held] == [(3, "KEY")]
    assert "ma, nhan; or link (dossier_code)" in held[0]["reason"]


def test_a_record_whose_key_has_no_code_in_it_is_set_aside(desk: Values) -> None:
    """Without the code nothing can be stored; the others of the file are loaded."""
    desk.knows(
        "coded_key",
        CLOCKED.replace("key: [ma]", "key: [link]").replace("dossier_code: ma", r"dossier_code: {from: link, extract: '[^/]+$'}"),
    )
    desk.deliver(
        "coded_key",
        "hs_1.csv",
        f"{HEADER};link",
        "A;2023-05-02;;2023-05-03;x/A",
        "B;2023-05-02;;2023-05-03;x/",
        "C;2023-05-02;;2023-05-03;x/C",
    )
    said = desk.ingest("coded_key")
    assert said.code == 0, said.err
    assert require_sums(said)["hs_1.csv"]["keyless"] == 1
    assert [code for code, _, _ in versions(desk, "coded_key")] == ["A", "C"]
    held = desk.rows("select line, rule, reason from ops.quarantine where source_code = 'coded_key' and action = 'quarantine'")
    assert [(row["line"], row["rule"]) for row in held] == [(3, "KEY")]
    assert "no readable key (link)" in held[0]["reason"]
    assert desk.rows("select key from ops.quarantine where source_code = 'coded_key' and action = 'warn' order by 1")[0]["key"] == "A", (
        "its code"
    )


def test_two_entities_may_have_records_of_one_kind(desk: Values) -> None:
    """Files of two shapes with dossiers in both: each shape is an entity of its own."""
    older = CLOCKED[CLOCKED.index("      dossiers:") :] if "      dossiers:" in CLOCKED else ""
    assert older
    second = (
        older.replace("      dossiers:", "      older:")
        .replace("hs_*.csv", "cu_*.csv")
        .replace("dossier_code: ma", "dossier_code: so")
        .replace("key: [ma]", "key: [so]")
    )
    desk.knows("shapes", CLOCKED + second)
    desk.deliver("shapes", "hs_1.csv", HEADER, "A;2023-05-02;;2023-05-03")
    desk.deliver("shapes", "cu_1.csv", "so;nhan;hen;sua", "B;2023-04-02;;2023-05-03", "C;2023-04-02;;2023-05-03")
    said = desk.ingest("shapes")
    assert said.code == 0, said.err
    assert [code for code, _, _ in versions(desk, "shapes")] == ["A", "B", "C"]
    assert desk.rows("select count(*) as n from mart.dossier where source_code = 'shapes'") == [{"n": 3}]


def test_what_to_do_with_a_blocked_file_whose_profile_is_mended_is_said_and_works(desk: Values) -> None:
    wrong = CLOCKED.replace("received_at: {from: nhan,", "received_at: {from: nhan, formats: [dd/MM/yyyy],")
    desk.knows("mended", wrong)
    desk.deliver("mended", "hs_1.csv", HEADER, *(f"A{n};2023-05-02;;2023-05-03" for n in range(30)))
    said = desk.ingest("mended")
    assert (said.code, "BLOCKED mended hs_1.csv" in said.err) == (3, True)
    assert "`cchc quarantine retry`" in said.err
    desk.knows("mended", CLOCKED)
    later = desk.ingest("mended", "2023-07-02")
    assert (later.code, "BLOCKED" in later.err) == (0, False), "nothing is read, so nothing is blocked anew"
    still = "NOTE mended dossiers: 1 file of an earlier run is still blocked, and not read again by this run: hs_1.csv. "
    assert still in later.err
    assert still not in said.err
    assert cchc("quarantine", "retry").code == 0
    assert "still blocked" not in desk.ingest("mended", "2023-07-03").err
    assert len(versions(desk, "mended")) == 30


def test_what_is_told_of_many_files_is_one_sentence(desk: Values) -> None:
    desk.knows("many", CLOCKED.replace("        changed_at: sua\n", ""))
    for n in range(7):
        desk.deliver("many", f"hs_{n}.csv", HEADER, f"A{n};2023-05-02;2023-06-01;x", f"A{n};2023-05-02;2023-06-02;x")
    said = desk.ingest("many")
    assert said.code == 0, said.err
    told = [line for line in said.err.splitlines() if "later row of this run" in line]
    assert len(told) == 1
    assert told[0].startswith("NOTE many dossiers, files hs_0.csv, hs_1.csv, hs_2.csv and 4 more: 7 rows have the key of a later row")


def test_records_of_months_that_are_computed_on_request_alone_are_told(desk: Values) -> None:
    desk.knows("early", CLOCKED.replace('{const: "4"}', '{const: "2"}'))  # open, so that they count
    desk.deliver("early", "hs_1.csv", HEADER, "E1;2014-04-02;;2014-05-03", "E2;2021-12-31;;2021-12-31", "E3;2022-01-01;;2022-01-01")
    said = desk.ingest("early")
    assert said.code == 0, said.err
    told = [line for line in said.err.splitlines() if "cchc refresh" in line]
    assert len(told) == 1
    assert told[0].startswith("NOTE early dossiers: 2 records are of 2014-04 to 2021-12. Months before 2022-01 ")
    again = desk.ingest("early", "2023-07-02")
    assert "cchc refresh" not in again.err, "it is told where they come, and not each day"


def test_rows_of_an_event_log_that_became_one_record_are_counted(desk: Values) -> None:
    desk.knows("events", CLOCKED.replace("key: [ma]", "key: [ma]\n        rows: event"))
    desk.deliver("events", "hs_1.csv", HEADER, *(f"{code};2023-05-02;2023-06-0{n};2023-05-0{n}" for n in (1, 2, 3) for code in "AB"))
    said = desk.ingest("events")
    assert said.code == 0, said.err
    counts = require_sums(said)["hs_1.csv"]
    assert (counts["delivered"], counts["merged"], counts["landed"]) == (6, 4, 2)
    assert "NOTE events dossiers, file hs_1.csv: 4 of 6 delivered rows went into the record of their key" in said.err
    (load,) = desk.loads("events")
    assert (load["manifest"]["delivered"], load["manifest"]["merged"]) == (6, 4)


def test_rows_without_a_key_and_of_a_blocked_file_have_a_column(desk: Values) -> None:
    desk.knows("blocked", CLOCKED, HEAD + "    settings: {{quarantine_rows: 1}}\n")
    desk.deliver("blocked", "hs_1.csv", HEADER, "A;2023-05-02;2023-06-01;2023-05-03", ";2023-05-02;2023-06-02;2023-05-03")
    desk.deliver("blocked", "hs_2.csv", HEADER, *(f"{code};nie;2023-06-01;2023-05-03" for code in "BCD"))
    said = desk.ingest("blocked")
    assert said.code == 3, said.err
    table = require_sums(said)
    assert table["hs_1.csv"]["keyless"] == 1
    assert (table["hs_2.csv"]["landed"], table["hs_2.csv"]["not loaded"]) == (3, 3)


def test_records_that_are_lost_stop_the_extract(desk: Values, monkeypatch: pytest.MonkeyPatch) -> None:
    from cchc.sources.records import Intake

    real = Intake.rest

    def forgetful(self: Intake) -> Iterator[bytes]:
        return itertools.islice(real(self), 1, None)

    desk.knows("lossy", CLOCKED.replace("key: [ma]", "key: [ma]\n        rows: event"))
    desk.deliver("lossy", "hs_1.csv", HEADER, "A;2023-05-02;2023-06-01;2023-05-03", "B;2023-05-02;2023-06-01;2023-05-03")
    with monkeypatch.context() as patch:
        patch.setattr(Intake, "rest", forgetful)
        said = desk.ingest("lossy")
    assert said.code == 1
    assert (
        "2 records were delivered, and 1 landed (0 merged, 0 left_out, 0 seen_before, 0 late, 0 secret): the counts do not add up"
        in said.err
    )
    assert desk.loads("lossy") == []
