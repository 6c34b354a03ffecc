"""Landing to the staging tables, in a real PostgreSQL."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from urllib.parse import urlparse

import pyarrow as pa
import pytest
from sqlalchemy import create_engine

from cchc.errors import CchcError, NotConfigured
from cchc.settings import PROJECT
from cchc.sources import landing as landing_room
from cchc.sources.fields import FieldCounts
from cchc.sources.landing import Folder
from cchc.staging import good_view, stage, staged_entities, table_of
from cchc.staging.tables import extract_of
from tests.support.bench import Bench, profile

ONE_STOP = profile("one_stop")
PAYMENTS = profile("payments")


def test_names() -> None:
    entities = staged_entities(ONE_STOP)
    assert list(entities) == ["dossiers", "dossier_steps", "procedures", "assessments", "dossiers.keys"]
    keys = entities["dossiers.keys"]
    assert (table_of(keys, 12).name, keys.suite, keys.model) == ("extract_12__dossiers_keys", "dossier_key", "dossier_key")
    assert good_view(keys, 12) == "staging.good_extract_12__dossiers_keys"
    assert [extract_of(name) for name in ("extract_12__dossiers_keys", "model_dossier", "extract_x__dossiers")] == [12, None, None]


def test_rows_are_typed_in_the_table(bench: Bench) -> None:
    record = {
        "MaHoSo": "H19.16.3-230105-0001", "TenTTHC": 'Cấp "bản sao";\ntrích lục, \\N', "MucDo": "4", "NgayTiepNhan": "20230105080000", "MaLinhVuc": "a\x00b",
        "TaiLieuNop": [{"MaThanhPhanHoSo": 'TP"1\x00', "DuocSoHoa": "1"}], "SoLanXinLoi": "0", "HoSoCoThanhPhanSoHoa": "1", "NgaySuaCuoi": "20230105090000",
        "LoaiDuLieuKetNoi": "\\u0000",
    }  # fmt: skip
    landed = bench.land(ONE_STOP, "dossiers", [record, "not an object (int)"])
    bench.stage(ONE_STOP, [landed])
    first, second = bench.rows(f"select *, received_at::text as received from {bench.table('dossiers')} order by _row")
    assert first["procedure_name"] == record["TenTTHC"]
    assert (first["field_code"], first["papers"][0]["paper_code"], first["origin_tag"]) == ("ab", 'TP"1', "\\u0000")
    assert (first["service_level"], first["apology_count"], first["has_digitized_part"]) == (4, 0, True)
    assert first["received"] == "2023-01-05 08:00:00+07"
    assert (first["other_dossier_code"], first["papers"][0]["is_digitized"]) == (None, True)
    assert (first["_load_id"], first["_file"], first["_line"]) == (landed.load_id, "part-00001.ndjson.zst", 1)
    assert (second["_key"], second["_shape_error"], second["_line"]) == (None, "not an object (int)", 2)
    (load,) = bench.rows("select staged, status from ops.load where load_id = :id", id=landed.load_id)
    assert load == {"staged": 2, "status": "staged"}


def test_the_table_is_like_its_model_with_comments(bench: Bench) -> None:
    bench.stage(ONE_STOP, [bench.land(ONE_STOP, "dossiers", [{"MaHoSo": "A"}])])
    (table,) = bench.rows(
        f"select relpersistence::text as kind, col_description(c.oid, 1) as comment from pg_class c where oid = '{bench.table('dossiers')}'::regclass"
    )
    assert table["kind"] == "u"
    assert "primary key" in table["comment"]


def test_several_files_share_the_table(bench: Bench) -> None:
    rows = [{"MaThamChieu": "R", "MaGiaoDich": f"G{n}", "LoaiGiaoDich": "PAY", "ThoiGianGD": "05/01/2023 08:00:00"} for n in range(3)]
    first = bench.land(PAYMENTS, "payments", rows[:2], file_name="giaodich_20230105.csv", first_line=2, file_date="2023-01-05", revision=1)
    second = bench.land(PAYMENTS, "payments", rows, file_name="giaodich_20230106_r2.csv", first_line=2, file_date="2023-01-06", revision=2)
    blocked = bench.land(PAYMENTS, "payments", rows, file_name="giaodich_20230107.csv", file_date="2023-01-07", revision=1)
    blocked.status = "blocked"
    bench.stage(PAYMENTS, [first, second, blocked])
    staged = bench.rows(f"select _row, _load_id, _file, _line, file_date::text, file_revision from {bench.table('payments')} order by _row")
    assert [row["_row"] for row in staged] == [1, 2, 3, 4, 5]
    assert [row["_line"] for row in staged] == [2, 3, 2, 3, 4]
    assert {(row["_load_id"], row["_file"], row["file_date"], row["file_revision"]) for row in staged} == {
        (first.load_id, "giaodich_20230105.csv", "2023-01-05", 1),
        (second.load_id, "giaodich_20230106_r2.csv", "2023-01-06", 2),
    }


def test_runs_stage_side_by_side(bench: Bench) -> None:
    """Each run has tables of its own: what one stages or drops is nothing to the other."""
    bench.stage(ONE_STOP, [bench.land(ONE_STOP, "assessments", [{"MaDanhGia": "D1"}])])
    first = bench.table("assessments")
    bench.stage(ONE_STOP, [bench.land(ONE_STOP, "assessments", [{"MaDanhGia": "D2"}, {"MaDanhGia": "D3"}])])
    second = bench.table("assessments")
    assert [bench.rows(f"select count(*) as n from {table}") for table in (first, second)] == [[{"n": 1}], [{"n": 2}]]
    bench.run(f"drop table {second} cascade")
    assert bench.rows("select to_regclass(:a) is not null as a, to_regclass(:b) is not null as b", a=first, b=second) == [
        {"a": True, "b": False}
    ]


def test_the_tables_that_runs_shared_before_are_dropped(bench: Bench) -> None:
    """An upgrade leaves nothing behind that nobody empties: what turns secret is purged from the tables of runs alone."""
    bench.stage(ONE_STOP, [bench.land(ONE_STOP, "assessments", [{"MaDanhGia": "D1"}])])
    bench.run("create table staging.one_stop__assessments (like staging.model_assessment)")
    bench.run("create view staging.good_one_stop__assessments as select * from staging.one_stop__assessments")
    bench.run("create table staging.known_end (dossier_id bigint)")
    models = "select count(*) as n from pg_tables where schemaname = 'staging' and tablename like 'model%'"
    before = bench.rows(models)
    bench.run((PROJECT / "include" / "sql" / "migrations" / "0019_former_staging.sql").read_text(encoding="utf-8"))
    former = "select tablename from pg_tables where schemaname = 'staging' and tablename in ('one_stop__assessments', 'known_end')"
    assert bench.rows(former) == []
    assert bench.rows(models) == before
    assert bench.rows(f"select count(*) as n from {bench.table('assessments')}") == [{"n": 1}]


def test_more_than_a_block_and_more_than_a_part(bench: Bench) -> None:
    landed = bench.land(ONE_STOP, "dossier_steps", [{"MaBuoc": f"B{n}", "MaHoSo": "A"} for n in range(1, 25_002)])
    assert len(landed.manifest["parts"]) == 2
    bench.stage(ONE_STOP, [landed])
    (found,) = bench.rows(
        "select count(*) as n, count(distinct _row) as rows, max(_row) as last, min(_line) as first_line, max(_line) as last_line,"
        f" count(distinct step_id) as ids, count(distinct _file) as files from {bench.table('dossier_steps')} where step_code = 'B' || _line"
    )
    assert found == {"n": 25_001, "rows": 25_001, "last": 25_001, "first_line": 1, "last_line": 25_001, "ids": 25_001, "files": 2}


def test_the_key_lists_are_staged_too(bench: Bench) -> None:
    landed = bench.land(
        ONE_STOP, "dossiers.keys", [{"month": "2023-01", "MaHoSo": "A", "DeletedOn": "20230203000000"}, {"month": "2023-02", "MaHoSo": ""}]
    )
    bench.stage(ONE_STOP, [landed])
    first, second = bench.rows(
        f"select _key, dossier_code, dossier_id, month_start::text, deleted_at::text from {bench.table('dossiers_keys')} order by _row"
    )
    assert (first["_key"], first["month_start"], first["deleted_at"]) == ("A", "2023-01-01", "2023-02-03 00:00:00+07")
    assert first["dossier_id"] is not None
    assert second == {"_key": None, "dossier_code": None, "dossier_id": None, "month_start": "2023-02-01", "deleted_at": None}


def test_damaged_landing_is_an_error_and_leaves_no_rows(bench: Bench) -> None:
    landed = bench.land(ONE_STOP, "assessments", [{"MaDanhGia": f"D{n}"} for n in range(100)])
    part = Path(urlparse(landed.path).path) / "part-00001.ndjson.zst"
    whole = part.read_bytes()
    for damage in (whole[:-20], b"not zstandard", None):
        if damage is None:
            part.unlink()
        else:
            part.write_bytes(damage)
        with pytest.raises(CchcError, match=r"part-00001\.ndjson\.zst"):
            bench.stage(ONE_STOP, [landed])
        assert bench.rows("select to_regclass(:t) is null as is_gone", t=bench.table("assessments")) == [{"is_gone": True}]
    assert bench.rows("select staged, status from ops.load where load_id = :id", id=landed.load_id) == [{"staged": 0, "status": "landed"}]


def test_a_second_try_of_the_step_begins_anew(bench: Bench) -> None:
    landed = bench.land(ONE_STOP, "assessments", [{"MaDanhGia": "D1", "DanhGia": "hai_long"}])
    bench.stage(ONE_STOP, [landed])
    bench.run(f"alter table {bench.table('assessments')} drop column rating_code cascade")
    stage(bench.engine, ONE_STOP, [landed], bench.extract_id)
    assert bench.rows(f"select rating_code from {bench.table('assessments')}") == [{"rating_code": "hai_long"}]


def test_a_load_that_nobody_opened_is_refused(bench: Bench) -> None:
    landed = bench.land(ONE_STOP, "assessments", [{"MaDanhGia": "D1"}])
    landed.load_id = None
    with pytest.raises(CchcError, match=r"ops\.load"):
        bench.stage(ONE_STOP, [landed])


def test_another_driver_is_refused(bench: Bench) -> None:
    engine = create_engine(bench.engine.url.set(drivername="postgresql+psycopg2"))
    with pytest.raises(NotConfigured, match="psycopg"):
        stage(engine, ONE_STOP, [bench.land(ONE_STOP, "assessments", [{"MaDanhGia": "D1"}])], 1)
    engine.dispose()


def test_the_fields_of_a_load_are_written_with_their_values(bench: Bench) -> None:
    """What landed is counted by name, what was staged by value; of a field that no column uses there is the name alone."""
    records = [
        {"MaHoSo": "F1", "NgayHenTra": "20230110170000", "KenhThucHien": "", "TaiLieuNop": [{"DuocSoHoa": "1"}, {"DuocSoHoa": ""}]},
        {"MaHoSo": "F2", "NgayHenTra": "0001-01-01T00:00:00", "TaiLieuNop": []},
        "not an object (str)",
    ]
    counts = FieldCounts(ONE_STOP.entities["dossiers"])
    whole = [record | {"Email": "a@b.vn"} for record in records if isinstance(record, dict)]
    counts.see(whole, whole, lists_are_text=False)
    landed = bench.land(ONE_STOP, "dossiers", records, fields=counts.manifest())
    for _ in range(2):
        bench.stage(ONE_STOP, [landed])
        rows = bench.rows("select * from ops.load_field where load_id = :l and (present_count > 0 or filled_count > 0)", l=landed.load_id)
        found = {row["field"]: (row["column_name"], row["record_count"], row["present_count"], row["filled_count"]) for row in rows}
        assert found == {
            "MaHoSo": ("dossier_code", 2, 2, 2),
            "NgayHenTra": ("due_at", 2, 2, 1),
            "KenhThucHien": ("channel_code", 2, 1, 0),
            "TaiLieuNop": ("papers", 2, 2, 1),
            "TaiLieuNop.DuocSoHoa": ("papers.is_digitized", 2, 2, 1),
            "Email": (None, 2, 2, None),
        }
    absent = bench.rows("select field, column_name from ops.load_field where load_id = :l and present_count = 0", l=landed.load_id)
    assert {"field": "MaTTHC", "column_name": "procedure_code_full, procedure_code"} in absent
    assert len(absent) + len(found) == len(ONE_STOP.entities["dossiers"].fields) + 1


def test_when_a_part_is_read_nothing_is_held_of_the_one_before(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its lines nor its table: with those of a part of 16 MB the most memory of the step would be 50 MB higher."""
    monkeypatch.setattr(landing_room, "PART_RECORDS", 500)
    load = bench.land(ONE_STOP, "dossiers", [{"MaHoSo": f"H19.16.3-230105-{n:04d}", "TenTTHC": "x" * 2_000} for n in range(2_000)])
    held: list[tuple[int, int]] = []

    def note() -> None:
        held.append((tracemalloc.get_traced_memory()[0], pa.total_allocated_bytes()))

    read = Folder.read

    def noted(folder: Folder, name: str) -> bytes:
        note()
        return read(folder, name)

    monkeypatch.setattr(Folder, "read", noted)
    tracemalloc.start()
    try:
        bench.stage(ONE_STOP, [load])
        note()
    finally:
        tracemalloc.stop()
    (*_, last), (python, arrow) = held[:-1], held[-1]
    assert len(held) == 4 + 1
    assert (last[0] - python) / 1_000_000 < 0.5
    assert (last[1] - arrow) / 1_000_000 < 0.5
