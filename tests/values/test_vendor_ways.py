"""One kind of dossiers as vendors of several kinds write them: each number is that of a count which knows only the definitions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import cycle
from typing import Any

import pytest
from sqlalchemy import text

from cchc.explain.items import Part, items_behind
from cchc.forms.form_06a import form_06a
from cchc.period import parse_period
from cchc.pipeline.initialise import _judge_days_anew
from cchc.warehouse import engine
from tests.support.cli import Said, cchc
from tests.values.conftest import Values
from tests.values.ways import LOCAL, UNITS, Dossier, Known, Version, behind, counted, local_day, midnight, rows, world

pytestmark = pytest.mark.timeout(600)
FIRST, LAST = "2023-05-01", "2023-07-01"
MONTHS = tuple(f"2023-0{month}" for month in range(1, 7))
Write = Callable[[datetime], Any]


@dataclass(frozen=True)
class Vendor:
    """How a vendor writes. `clock`: change times; `say`: further fields of a record, which may take the place of the plain ones."""

    name: str
    zone: str
    formats: str
    write: Write
    columns: str = ""
    clock: Write | None = None
    clock_formats: str = ""
    say: Callable[[Version], dict[str, Any]] = lambda version: {}
    missing: str = '[""]'
    day_clock: bool = False
    flags: bool = False
    unit: str = "unit_code: dv"
    channel: str = "channel_code: kenh"

    @property
    def profile(self) -> str:
        clock = f", formats: {self.clock_formats}" if self.clock_formats else ""
        return f"""
    missing: {self.missing}
    time_formats: {self.formats}
    entities:
      ho_so:
        model: dossier
        file_pattern: "hs_*.ndjson"
        key: [ma]
        changed_at: {{from: sua, critical: true{clock}}}
        columns:
          dossier_code: ma
          received_at: {{from: nhan, critical: true}}
          due_at: {{from: hen, critical: true}}
          processed_at: {{from: xong, critical: true}}
          status_code: tt
          {self.unit}
          {self.channel}
          papers: {{from: giay, list: {{path: tep, is_digitized: {{from: so, type: flag}}}}}}
          supplements: {{from: bs, list: {{asked_at: {{from: yc, type: time}}, received_back_at: {{from: nl, type: time}},
            due_before_at: {{from: truoc, type: time}}, due_after_at: {{from: sau, type: time}}}}}}
          {self.columns}
      buoc:
        model: dossier_step
        file_pattern: "buoc_*.ndjson"
        key: [so]
        changed_at: {{from: sua{clock}}}
        columns: {{step_code: so, dossier_code: ma, done_at: luc, status_code: tt}}
"""

    def record(self, dossier: Dossier, version: Version) -> dict[str, Any]:
        """A version as the vendor writes it."""

        def at(moment: datetime | None) -> Any:
            return "" if moment is None else self.write(moment)

        return {
            "ma": dossier.code,
            "nhan": at(version.received),
            "hen": at(version.due),
            "xong": at(version.processed),
            "sua": (self.clock or self.write)(version.changed),
            "tt": version.status,
            "dv": version.unit,
            "kenh": version.channel,
            "giay": [{"tep": "/x/y.pdf", "so": "1"}] if version.is_digitized else [{"tep": "", "so": "1"}],
            "bs": [dict(zip(("yc", "nl", "truoc", "sau"), map(at, each), strict=True)) for each in version.rounds],
        } | self.say(version)

    def deliver(self, desk: Values, dossiers: list[Dossier], delivery: int) -> None:
        """Its files of one delivery."""
        lines = [json.dumps(self.record(*row), ensure_ascii=False) for row in rows(dossiers, delivery)]
        desk.deliver(self.name, f"hs_{delivery}.ndjson", *lines)
        if delivery:
            clock = self.clock or self.write
            steps = [
                {"so": step.code, "ma": dossier.code, "luc": self.write(step.done), "tt": step.status, "sua": clock(step.done)}
                for dossier in dossiers
                for step in dossier.steps
            ]
            desk.deliver(self.name, "buoc_1.ndjson", *(json.dumps(step) for step in steps))


def _mixed() -> Write:
    ways: Iterator[Write] = cycle(
        (
            lambda at: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            lambda at: at.astimezone(LOCAL).isoformat(),
            lambda at: at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S"),
            lambda at: at.astimezone(LOCAL).strftime("%Y%m%d%H%M%S"),
        )
    )
    return lambda at: next(ways)(at)


# the office that H19.16.21 and H19.16.22 were until the middle of March
SPLIT = date(2023, 3, 15)


def _old_unit(version: Version) -> dict[str, Any]:
    words = {"H19.16.3": "tp ", "H19.16.21": "MC-1", "H19.16.22": "mc-2"}
    said = words[version.unit]
    if version.unit == "H19.16.21" and local_day(version.changed) < SPLIT:
        said = "MC"
    return {"dv": said, "kenh": {"1": "Tại quầy", "2": "TRỰC TUYẾN", "3": "bưu  chính"}[version.channel]}


def _plain(at: datetime) -> str:
    return at.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S")


VENDORS = (
    Vendor("way_utc", "UTC", '["dd/MM/yyyy HH:mm:ss"]', lambda at: at.astimezone(UTC).strftime("%d/%m/%Y %H:%M:%S")),
    Vendor("way_mixed", "Asia/Ho_Chi_Minh", "[iso, yyyyMMddHHmmss]", _mixed()),
    Vendor("way_epoch", "UTC", "[epoch]", lambda at: int(at.timestamp()), clock=lambda at: int(at.timestamp() * 1000), clock_formats="[epoch_ms]"),
    Vendor(
        "way_days", "Asia/Ho_Chi_Minh", '["dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy"]', _plain,
        clock=lambda at: at.astimezone(LOCAL).strftime("%d/%m/%Y"), day_clock=True,
    ),
    Vendor(
        "way_words", "Asia/Ho_Chi_Minh", '["dd/MM/yyyy HH:mm:ss"]', _plain, say=_old_unit,
        unit="unit_code: {from: dv, loose_codes: true, codes: {TP: H19.16.3, MC: H19.16.21, MC-1: H19.16.21, MC-2: H19.16.22}}",
        channel='channel_code: {from: kenh, loose_codes: true, codes: {tại quầy: "1", trực tuyến: "2", bưu chính: "3"}, otherwise: unreadable}',
    ),
    Vendor(
        "way_flags", "Asia/Ho_Chi_Minh", '["dd/MM/yyyy HH:mm:ss", iso]', _plain, say=lambda version: {"xoa": str(int(version.deleted))}, flags=True,
        columns='deleted_at: {from: xoa, codes: {"1": "2000-01-01", "0": ""}, otherwise: unreadable}',
    ),
)  # fmt: skip
HEAD = """\
    source: {source}
    name_vi: Nguồn thử
    owner: Văn phòng thử
    zone: ZONE
    files: {{full: true}}
"""


@dataclass
class Told:
    """The warehouse in which all vendors are loaded, what they delivered, and what the last ingest of each said."""

    desk: Values
    worlds: dict[str, list[Dossier]]
    said: dict[str, Said]


@pytest.fixture(scope="module")
def told(desk: Values) -> Told:
    worlds = {
        vendor.name: world(vendor.name[4:].upper(), seed, 60, day_clock=vendor.day_clock, flags=vendor.flags)
        for seed, vendor in enumerate(VENDORS, 20)
    }
    said = {}
    for vendor in VENDORS:
        desk.knows(vendor.name, vendor.profile, HEAD.replace("ZONE", vendor.zone))
    for delivery, until in enumerate((FIRST, LAST)):
        for vendor in VENDORS:
            vendor.deliver(desk, worlds[vendor.name], delivery)
            said[vendor.name] = desk.ingest(vendor.name, until)
            assert said[vendor.name].code == 0, said[vendor.name].err
    refreshed = cchc("refresh", *MONTHS)
    assert refreshed.code == 0, refreshed.err
    return Told(desk, worlds, said)


@pytest.mark.parametrize("vendor", [vendor.name for vendor in VENDORS])
def test_the_facts_of_each_dossier_are_those_of_the_definitions(told: Told, vendor: str) -> None:
    stored = {row["dossier_code"]: row for row in told.desk.rows("select * from mart.dossier where source_code = :s", s=vendor)}
    assert sorted(stored) == [dossier.code for dossier in told.worlds[vendor]]
    wrong = []
    for dossier in told.worlds[vendor]:
        one, row = Known(dossier), stored[dossier.code]
        assert one.newest.received is not None
        day = None if one.end is None else local_day(one.end)
        expected = (one.counts, one.newest.unit, local_day(one.newest.received), one.end, day, one.first_due_day())
        found = (row["is_counted"], row["unit_code"], row["received_date"], row["finished_at"], row["finished_date"], row["first_due_date"])
        due = one.due_day(midnight(date(2023, 7, 1)))
        if found != expected or (one.end is not None and row["due_date"] != due):
            wrong.append((dossier.code, expected, due, found, row["due_date"]))
    assert wrong == []


@pytest.mark.parametrize("unit", [None, *UNITS])
def test_the_indicators_and_the_form_are_those_of_the_definitions(told: Told, unit: str | None) -> None:
    everybody = [dossier for dossiers in told.worlds.values() for dossier in dossiers]
    wrong = []
    for month in MONTHS:
        period = parse_period(month)
        expected = counted(everybody, period.start, period.end, unit)
        found = {
            row["indicator_code"]: (row["numerator"], row["denominator"])
            for row in told.desk.rows(
                "select * from mart.indicator_value where period_kind = 'month' and period_start = :s and basis = 'period' and unit_code = :u",
                s=period.start,
                u=unit or "all",
            )
        }
        total = form_06a(told.desk.settings, period, unit or "all").total()
        found |= {f"form {a}, {b}": (total.column(a), total.column(b)) for a, b in ((6, 8), (9, 10), (12, 13))}
        wrong += [(month, name, side, found.get(name)) for name, side in expected.items() if found.get(name) != side]
    assert wrong == []


@pytest.mark.parametrize("unit", [None, *UNITS])
def test_the_dossiers_behind_the_figures_are_those_of_the_definitions(told: Told, unit: str | None) -> None:
    """Equal figures may stand on other dossiers: what explain lists of each vendor is compared code by code."""
    vendor_of = {dossier.code: vendor for vendor, dossiers in told.worlds.items() for dossier in dossiers}
    everybody = [dossier for dossiers in told.worlds.values() for dossier in dossiers]
    wrong, compared = [], set()
    with engine(told.desk.settings).connect() as connection:
        for month in MONTHS:
            period = parse_period(month)
            for name, sides in behind(everybody, period.start, period.end, unit).items():
                if name.startswith("form "):
                    continue
                page = items_behind(
                    connection, told.desk.settings, name, period, "period", unit or "all", part=Part.DENOMINATOR, limit=None
                )
                for is_numerator, expected in zip((True, False), sides, strict=True):
                    listed = sorted((item.source_code, item.dossier_code) for item in page.items if item.is_numerator or not is_numerator)
                    if listed != sorted((vendor_of[code], code) for code in expected):
                        wrong.append((month, name, is_numerator, set(listed) ^ {(vendor_of[code], code) for code in expected}))
                    compared |= {vendor_of[code] for code in expected}
    assert wrong == []
    assert compared == {vendor.name for vendor in VENDORS}, "each vendor has dossiers in some figure"


def test_a_zone_that_was_judged_by_before_is_told_and_judged_anew(told: Told) -> None:
    """As it stands after an upgrade, or after another authority's folder: `cchc init` derives the dossiers again."""
    desk = told.desk
    with engine(desk.settings).begin() as connection:
        connection.execute(text("update core.source set zone = 'UTC' where source_code = 'way_utc'"))
        assert _judge_days_anew(desk.settings, connection, ["way_utc"])
    with pytest.raises(AssertionError):
        test_the_facts_of_each_dossier_are_those_of_the_definitions(told, "way_utc")
    said = cchc("init")
    assert said.code == 0, said.err
    assert "the days of way_utc are judged in another zone than before: " in said.out
    test_the_facts_of_each_dossier_are_those_of_the_definitions(told, "way_utc")
    assert "way_utc" not in cchc("init").out, "a second one changes nothing"
