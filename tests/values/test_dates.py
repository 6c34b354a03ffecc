"""Dates and times as other vendors write them, by profile alone: into the warehouse as they were meant, and named where they are not read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cchc.errors import NotConfigured
from cchc.sources.profile import read_profile
from tests.values.conftest import HEAD, Values

ENTITY = """
    entities:
      dossiers:
        model: dossier
        file_pattern: "hs_*"
        key: [ma]
        changed_at: {clock}
        columns:
          dossier_code: ma
          received_at: {{from: nhan, critical: true{more}}}
          unit_code: {{const: H19.16.21}}
          status_code: {{const: "4"}}
"""


def entity(more: str = "", clock: str = "sua") -> str:
    return ENTITY.format(more=more, clock=clock)


def stored(desk: Values, source: str) -> dict[str, tuple[str, str]]:
    """When each dossier was received and changed, in local time."""
    zone = "at time zone 'Asia/Ho_Chi_Minh'"
    rows: list[dict[str, Any]] = desk.rows(
        f"select dossier_code as c, cast(received_at {zone} as text) as r, cast(_changed_at {zone} as text) as s from core.dossier_version "
        "where source_code = :s",
        s=source,
    )
    return {row["c"]: (row["r"], row["s"]) for row in rows}


def test_month_names_and_two_digits_of_a_year(desk: Values) -> None:
    desk.knows("isle", entity(), HEAD + "    time_formats: [dd-MMM-yy]\n    two_digit_years_from: 1950\n")
    desk.deliver("isle", "hs_1.csv", "ma;nhan;sua", "A;05-Jan-23;07-JAN-23", "B;28-Feb-99;01-Mar-23", "C;05-Jan-23;01-Aug-23")
    said = desk.ingest("isle")
    assert said.code == 0, said.err
    assert stored(desk, "isle") == {
        "A": ("2023-01-05 00:00:00", "2023-01-07 00:00:00"),
        "B": ("1999-02-28 00:00:00", "2023-03-01 00:00:00"),
    }
    assert "1 records changed at or after T" in said.err, "the change time is compared with T in its own form"


def test_stamps_of_machines(desk: Values) -> None:
    desk.knows("machines", entity(", formats: [excel_serial]", "{from: sua, formats: [epoch_ms, json_date]}"))
    lines = [{"ma": "A", "nhan": 44931.5, "sua": 1672882200000}, {"ma": "B", "nhan": "44931", "sua": "/Date(1672882200000)/"}]
    desk.deliver("machines", "hs_1.ndjson", *(json.dumps(line) for line in lines))
    said = desk.ingest("machines")
    assert said.code == 0, said.err
    assert stored(desk, "machines") == {
        "A": ("2023-01-05 12:00:00", "2023-01-05 08:30:00"),
        "B": ("2023-01-05 00:00:00", "2023-01-05 08:30:00"),
    }


def test_stamps_that_say_z_and_mean_local_time(desk: Values) -> None:
    desk.knows("meant", entity(), HEAD + "    ignore_offset: true\n")
    desk.knows("single", entity(", ignore_offset: true"))
    for source in ("meant", "single"):
        desk.deliver(source, "hs_1.csv", "ma;nhan;sua", "A;2023-06-30T00:00:00Z;2023-06-30T20:00:00Z")
        said = desk.ingest(source)
        assert said.code == 0, said.err
    assert stored(desk, "meant") == {"A": ("2023-06-30 00:00:00", "2023-06-30 20:00:00")}
    assert stored(desk, "single") == {}, "its change time is meant: 1 July 03:00, after T"
    desk.ingest("single", "2023-07-02")
    assert stored(desk, "single") == {"A": ("2023-06-30 00:00:00", "2023-07-01 03:00:00")}


@pytest.mark.parametrize(
    ("profile", "head", "words"),
    [
        (
            entity(", formats: [dd-MMM-yy]"),
            HEAD,
            r"columns.received_at.formats.*the year of 'dd-MMM-yy' has two digits; say by two_digit_years",
        ),
        (entity(), HEAD + "    time_formats: [dd-MMM-yy]\n", r"time_formats.*two_digit_years_from"),
        (entity(clock="{from: sua, formats: ['%y%m%d']}"), HEAD, "stand side by side"),
        (entity(), HEAD + "    time_formats: [dd/MM/yyyy, epoc]\n", "time format 'epoc' is neither iso nor a pattern.*excel_serial"),
    ],
)
def test_a_profile_that_says_too_little_is_refused_by_its_key(desk: Values, profile: str, head: str, words: str) -> None:
    path = desk.write("thieu", profile, head)
    with pytest.raises(NotConfigured, match=words):
        read_profile(path)
    path.unlink()
