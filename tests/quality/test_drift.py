"""Changes in the fields of a source are reported once for each entity; chance and small deliveries cause no report."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cchc.quality.drift import Finding, drift, drift_at, earlier_deliveries, report, run_lines
from cchc.settings import PROJECT, Settings
from cchc.sources.fields import FieldCounts, Share
from cchc.warehouse import engine
from tests.support.bench import Bench, T, profile
from tests.support.cli import cchc
from tests.support.deliveries import dossier, dossier_file
from tests.support.desk import Desk

DOSSIERS = profile("one_stop").entities["dossiers"]
ALL = 1.0


class History:
    """Published loads of one_stop's dossiers, by the counts of their fields alone."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.months = itertools.count(1)

    def load(
        self, records: int, filled: dict[str, float] | None = None, *, absent: tuple[str, ...] = (), status: str = "loaded", **more: float
    ) -> int:
        """A load in which every field is there and has a value, but for what is said; `more` are fields that no column uses."""
        month = next(self.months)
        with engine(self.settings).begin() as connection:
            extract_id: int = connection.execute(
                text(
                    "insert into ops.extract (source_code, window_to, status, started_at) values ('one_stop', make_date(2023, :m, 1), "
                    "'complete', now()) returning extract_id"
                ),
                {"m": month},
            ).scalar_one()
            load_id = connection.execute(
                text(
                    "insert into ops.load (extract_id, source_code, entity, window_to, landed, status, started_at) values (:x, 'one_stop', "
                    "'dossiers', make_date(2023, :m, 1), :n, :s, now()) returning load_id"
                ),
                {"x": extract_id, "m": month, "n": records, "s": status},
            ).scalar_one()
            rows: list[dict[str, Any]] = [
                {
                    "f": name,
                    "c": use,
                    "p": 0 if name in absent else records,
                    "v": 0 if name in absent else round(records * (filled or {}).get(name, ALL)),
                }
                for name, use in DOSSIERS.fields.items()
            ]
            rows += [{"f": name, "c": None, "p": round(records * share), "v": None} for name, share in more.items()]
            connection.execute(
                text("insert into ops.load_field values (:l, :f, :c, :n, :p, :v)"), [row | {"l": load_id, "n": records} for row in rows]
            )
        return extract_id

    def found(self) -> dict[str, Finding]:
        """Kind → finding; there is at most one of a kind for the entity."""
        findings = drift(self.settings, "one_stop")
        assert len({finding.kind for finding in findings}) == len(findings)
        return {finding.kind: finding for finding in findings}


@pytest.fixture
def history(warehouse: Settings) -> History:
    return History(warehouse)


def test_nothing_to_tell(history: History) -> None:
    assert history.found() == {}
    for _ in range(5):
        history.load(100)
    assert history.found() == {}
    assert earlier_deliveries(history.settings, "one_stop")["dossiers"].fields["NgayTra"] == Share(500, 500, 500)
    assert earlier_deliveries(history.settings, "documents") == {}


def test_a_field_that_vanished_without_stopping_the_load_and_one_that_is_new(history: History) -> None:
    history.load(8000)
    history.load(0)
    extract_id = history.load(12, absent=("NgayTra",), NgayTraKQ=1.0)
    found = history.found()
    assert set(found) == {"vanished", "new", "unused"}
    vanished = found["vanished"]
    assert (vanished.fields, vanished.extract_id, vanished.is_first) == (("NgayTra",), extract_id, False)
    assert vanished.sentence == (
        "one_stop dossiers: in the newest delivery (T 2023-03-01 00:00) NgayTra (returned_at) is in none of the 12 records; before it was in 100% "
        "of 8,000, last at T 2023-01-01 00:00. New here, and used by no column: NgayTraKQ. Nearest in name: NgayTra → NgayTraKQ. Ask the vendor, "
        "or mend the profile."
    )
    assert found["new"].sentence == (
        "one_stop dossiers: in the newest delivery (T 2023-03-01 00:00) fields are new, and no column uses them: NgayTraKQ (in 12 of 12)."
    )
    assert run_lines(history.settings, "one_stop", extract_id) == [found["vanished"].sentence, found["new"].sentence]
    assert run_lines(history.settings, "one_stop", extract_id - 1) == [], "the run before has nothing to tell of it"
    history.load(12, NgayTraKQ=1.0)
    assert set(history.found()) == {"unused"}, "the state of today: the field is back"


def test_a_delivery_that_was_not_published_says_nothing(history: History) -> None:
    history.load(8000)
    history.load(1000, absent=("NgayTra",), status="blocked", la=1.0)
    assert history.found() == {}
    assert earlier_deliveries(history.settings, "one_stop")["dossiers"].loads == 1


def test_a_rare_field_that_is_not_in_a_small_load_is_chance(history: History) -> None:
    history.load(1000)
    rare = History(history.settings)
    rare.months = history.months
    with engine(history.settings).begin() as connection:
        connection.execute(text("update ops.load_field set present_count = 100, filled_count = 100 where field = 'NgayTuChoi'"))
    history.load(30, absent=("NgayTuChoi",))
    assert history.found() == {}
    history.load(3, absent=("NgayTra",))
    assert set(history.found()) == {"vanished"}, "told, and not stopped"


@pytest.mark.parametrize(
    ("before", "now", "is_told"),
    [(0.99, 0.70, True), (0.99, 0.85, False), (0.90, 0.65, False), (0.90, 0.10, True), (0.50, 0.20, False), (0.70, 0.95, False)],
)
def test_a_share_of_missing_values_that_jumps(history: History, before: float, now: float, is_told: bool) -> None:
    """One earlier load tells nothing of how loads differ: only what is far off is told."""
    history.load(8000, {"NgayHenTra": before})
    history.load(400, {"NgayHenTra": now})
    found = history.found()
    assert ("missing" in found) == is_told
    if before == 0.99 and is_told:
        assert found["missing"].sentence == (
            "one_stop dossiers: in the newest delivery (T 2023-02-01 00:00) NgayHenTra (due_at) is empty in 30% of 400 records; before in 1% of "
            "8,000. Ask the vendor what has changed."
        )


def test_the_spread_of_the_earlier_loads_says_what_is_far_off(history: History) -> None:
    for share in (0.58, 0.60, 0.62, 0.59, 0.61):
        history.load(500, {"NgayTra": share})
    history.load(500, {"NgayTra": 0.25})
    assert history.found()["missing"].fields == ("NgayTra",), "loads were much alike, this one is not"


def test_loads_that_always_differed_may_differ(history: History) -> None:
    for share in (0.95, 0.20, 0.60, 0.35, 0.85):
        history.load(500, {"NgayTra": share})
    history.load(500, {"NgayTra": 0.25})
    assert history.found() == {}


def test_few_records_have_no_share(history: History) -> None:
    history.load(8000)
    history.load(19, {"NgayHenTra": 0.0})
    assert history.found() == {}
    history.load(20, {"NgayHenTra": 0.0})
    assert set(history.found()) == {"missing"}


def test_what_no_delivery_ever_had_and_what_no_column_uses(history: History) -> None:
    never = ("NgayTuChoi", "TaiLieuNop.MaKetQuaThayThe")
    first = history.load(50, absent=never, ChuHoSo=1.0, Email=0.5)
    found = history.found()
    assert (found["never"].fields, found["never"].is_first) == (never, True)
    assert "no delivery so far had NgayTuChoi (refused_at), TaiLieuNop.MaKetQuaThayThe (papers.replaced_by)" in found["never"].sentence
    assert found["unused"].sentence == "one_stop dossiers: fields that no column uses: ChuHoSo, Email."
    assert run_lines(history.settings, "one_stop", first) == [found["never"].sentence], "at a first delivery nobody has seen it yet"
    second = history.load(50, absent=never, ChuHoSo=1.0, Email=0.5)
    assert set(history.found()) == {"never", "unused"}
    assert run_lines(history.settings, "one_stop", second) == []
    history.load(50, ChuHoSo=1.0)
    assert set(history.found()) == {"unused"}


def test_values_of_another_kind_and_words_that_no_list_has(bench: Bench) -> None:
    """A number for a text, and a status that the contract does not know, can both be read; they are told once, and not at first."""
    source = profile("one_stop")

    def brought(*records: dict[str, Any]) -> list[str]:
        landed = bench.land(source, "dossiers", list(records), fields=counted(list(records)), known_at=T)
        bench.stage(source, [landed])
        bench.run("update ops.load set status = 'loaded' where load_id = :l", l=landed.load_id)
        extract_id = bench.rows("select extract_id from ops.load where load_id = :l", l=landed.load_id)[0]["extract_id"]
        with bench.engine.connect() as connection:
            found = drift_at(connection, Settings.load(), "one_stop", extract_id)
        return [finding.words.partition(") ")[2] for finding in found if finding.kind in ("kind", "code")]

    assert brought(dossier("A", KenhThucHien="6"), dossier("B")) == [], "a first delivery changes nothing"
    assert brought(dossier("C", KenhThucHien="6")) == [], "known from before"
    told = brought(dossier("D", KenhThucHien=2), dossier("E", KenhThucHien="7"), dossier("F", KenhThucHien="Nguyễn Văn Thử"))
    assert told == [
        "values came as another kind than before: KenhThucHien (channel_code): number in 1 of 3. Ask the vendor what has changed; where they "
        "are read rightly, nothing is to do.",
        "words came that the list of codes does not have: KenhThucHien (channel_code): 7 in 1 of 3; KenhThucHien (channel_code): a text of 14 "
        "characters in 1 of 3. Ask the vendor what they mean, and add them to `codes` in the profile.",
    ]
    assert brought(dossier("G", KenhThucHien=2)) == [], "told once"
    kept = bench.rows("select kinds, unknown_codes from ops.load_field where field = 'KenhThucHien' order by load_id")
    assert kept[2] == {"kinds": {"text": 2, "number": 1}, "unknown_codes": {"7": 1, "a text of 14 characters": 1}}
    assert [row["kinds"] for row in bench.rows("select kinds from ops.load_field where field = 'NgayTra' limit 1")] == [{}], (
        "no value, no kind"
    )


def brought_by(bench: Bench, records: list[dict[str, Any]]) -> dict[str, str]:
    """What a delivery of dossiers changes: kind → words."""
    source = profile("one_stop")
    landed = bench.land(source, "dossiers", records, fields=counted(records), known_at=T)
    bench.stage(source, [landed])
    bench.run("update ops.load set status = 'loaded' where load_id = :l", l=landed.load_id)
    (row,) = bench.rows("select extract_id from ops.load where load_id = :l", l=landed.load_id)
    with bench.engine.connect() as connection:
        return {found.kind: found.words for found in drift_at(connection, Settings.load(), "one_stop", row["extract_id"])}


def test_a_constant_where_there_were_several_values_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["cchc.staging.stage"], "BLOCK_RECORDS", 30)  # the first value is that of the load, not of a block

    def some(count: int, **fields: Any) -> list[dict[str, Any]]:
        return [
            dossier(
                f"{number}",
                KenhThucHien=str(1 + number % 3),
                ThoiGianThucHien=str(number),
                DanhSachGiayToKetQua=[{"DaKySo": str(number % 2), "DuongDanTepTinKetQua": f"/{number}"}],
                **fields,
            )
            for number in range(count)
        ]

    bench.run("delete from ops.load_field")  # what other tests of the module have brought
    constant = {"KenhThucHien": "1", "ThoiGianThucHien": "5", "DanhSachGiayToKetQua": [{"DaKySo": "0", "DuongDanTepTinKetQua": "/x"}]}
    brought_by(bench, some(3))
    assert "same" not in brought_by(bench, [record | constant for record in some(60)]), "three records are no history"
    bench.run("delete from ops.load_field")
    assert "same" not in brought_by(bench, [record | constant for record in some(20)]), "a first delivery is compared with nothing"
    assert "same" not in brought_by(bench, some(400)), "constants that came to an end"
    told = brought_by(bench, [record | constant for record in some(200)])["same"].partition(") ")[2]
    assert told == (
        "DanhSachGiayToKetQua.DaKySo (results.is_signed) has one value in all 200 records that have any; before, 48% of 420 had another one "
        "than the first of their load; DanhSachGiayToKetQua.DuongDanTepTinKetQua (results.path) has one value in all 200 records that have "
        "any; before, 95% of 420 had another one than the first of their load; KenhThucHien (channel_code) has one value in all 200 records "
        "that have any; before, 63% of 420 had another one than the first of their load. Ask the vendor whether a constant is filled in."
    ), "what a procedure takes is read by no indicator"
    assert "same" not in brought_by(bench, [record | constant for record in some(19)]), "of nineteen records that may be chance"
    halves = [record | constant | {"KenhThucHien": str(1 + number // 30)} for number, record in enumerate(some(60))]
    assert "KenhThucHien" not in brought_by(bench, halves).get("same", ""), "one value in each block, and two in the load"
    assert "same" not in brought_by(bench, some(200)), "the state of today: there are several again"


def test_times_that_begin_to_name_an_offset_are_told(bench: Bench) -> None:
    def times(*ends: str) -> list[dict[str, Any]]:
        rounds = [{"NgayBoSung": "20230606080000"}]
        return [dossier(f"{number}", NgayKetThucXuLy=end, DanhSachHoSoBoSung=rounds) for number, end in enumerate(ends)]

    local, zulu = ("20230609100000", "2023-06-09T10:00:00", "2023-06-09 10:00"), ("2023-06-09T10:00:00Z", "2023-06-09T10:00:00.5+07:00")
    assert "kind" not in brought_by(bench, times(*local))
    bench.run("update ops.load_field set kinds = kinds - array['time with an offset', 'time without an offset']")
    assert "kind" not in brought_by(bench, times(*local)), "of loads of before nobody knows it"
    assert (
        brought_by(bench, times(*local, *zulu))["kind"]
        .partition(") ")[2]
        .startswith(
            "values came as another kind than before: NgayKetThucXuLy (processed_at): time with an offset in 2 of 5. Ask the vendor"
        )
    )
    assert "kind" not in brought_by(bench, times(*zulu)), "told once"
    (kinds,) = bench.rows("select kinds from ops.load_field where field = 'DanhSachHoSoBoSung.NgayBoSung' order by load_id desc limit 1")
    assert kinds == {"kinds": {"text": 2, "time without an offset": 2}}


def counted(records: list[dict[str, Any]]) -> dict[str, Any]:
    """What landing counts of the fields of these records."""
    counts = FieldCounts(DOSSIERS)
    counts.see(records, records, lists_are_text=False)
    return counts.manifest()


def test_the_report_by_source_and_month(history: History) -> None:
    history.load(100)
    history.load(100, MucPhi=0.5)
    history.load(100, absent=("NgayTra",), MucPhi=0.5)
    first = [(f"{row['month']:%Y-%m}", row["change"], row["field"], row["changed_count"]) for row in report(history.settings)]
    assert first == [("2023-03", "gone", "NgayTra", 100), ("2023-02", "new", "MucPhi", 50)]
    assert [row["field"] for row in report(history.settings, "one_stop", date(2023, 3, 1))] == ["NgayTra"]
    assert report(history.settings, "documents") == []
    told = cchc("drift", "one_stop", "--month", "2023-02", "--format", "csv").out.splitlines()
    assert told[1:] == [
        "2023-03,one_stop,dossiers,gone,NgayTra,,returned_at,100,100,,",
        "2023-02,one_stop,dossiers,new,MucPhi,,,50,100,,",
    ]
    assert "nothing has changed" in cchc("drift", "documents").out
    assert cchc("drift", "one_stopp").code == 2


def test_the_contract_of_the_profile_says_what_is_new(warehouse: Settings, tmp_path: Path) -> None:
    """What the contract names is never told, and what it lacks is told at once; each load knows the contract by which it was read."""
    folder = tmp_path / "sources"
    folder.mkdir()
    text = (PROJECT / "include" / "sources" / "one_stop.yaml").read_text(encoding="utf-8")
    planted = replace_once(
        replace_once(text, "source: one_stop\n", 'source: one_stop\ncontract: "2.1"\n'), "    model: dossier\n", CONTRACT
    )
    (folder / "one_stop.yaml").write_text(planted, encoding="utf-8")
    desk = Desk(replace(warehouse, sources_dir=folder), tmp_path / "drop")
    dossier_file(desk.inbox("one_stop"), "20230601", [dossier("A", GhiChuRieng="x", MucPhi=1), dossier("B", GhiChuRieng="y")])
    done = desk.ingest("one_stop", "2023-07-01")
    assert [line for line in done.drift if "fields are new" in line] == [
        "one_stop dossiers: in the newest delivery (T 2023-07-01 00:00) fields are new, and no column uses them: MucPhi (in 1 of 2)."
    ]
    assert {finding.kind for finding in drift(desk.settings, "one_stop") if "GhiChuRieng" in finding.words} == set()
    told = [(row["field"], row["change"], row["contract_version"]) for row in report(desk.settings)]
    assert told == [("MucPhi", "new", "2.1")]


CONTRACT = "    model: dossier\n    known_fields: [GhiChuRieng]\n"


def replace_once(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)
