"""Landed records to typed rows, as the profile says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from cchc.errors import NotConfigured
from cchc.sources.profile import Column, Entity
from cchc.staging import columns as typing_columns
from cchc.staging.columns import Origin, RecordTyper
from cchc.staging.key_ids import key_id, key_ids
from cchc.staging.tables import layout
from cchc.warehouse.driver import psycopg_connection
from tests.support.bench import Bench, T, profile

ONE_STOP = profile("one_stop")
PAYMENTS = profile("payments")


@pytest.fixture(scope="module")
def models(bench: Bench) -> dict[str, dict[str, str]]:
    with psycopg_connection(bench.engine) as connection:
        return {
            name: layout(connection, "staging", f"model_{name}")
            for name in ("dossier", "dossier_key", "payment", "procedure", "dossier_step", "document")
        }


@pytest.fixture
def typed(models: dict[str, dict[str, str]]) -> Any:
    def rows(*records: dict[str, Any] | None, entity: Entity | None = None, source: Any = ONE_STOP, **origin: Any) -> list[dict[str, Any]]:
        entity = entity or source.entities["dossiers"]
        lines = [(line, record, None if record is not None else "not an object (str)") for line, record in enumerate(records, 1)]
        table = RecordTyper(source, entity, models[entity.model]).table(lines, Origin(7, "part-00001.ndjson.zst", T, **origin), 100)
        found: list[dict[str, Any]] = table.to_pylist()
        return found

    return rows


def columns(*changed: Column) -> Entity:
    """The dossiers of one_stop with some columns filled in another way."""
    dossiers = ONE_STOP.entities["dossiers"]
    names = {column.name for column in changed}
    return replace(dossiers, columns=(*(column for column in dossiers.columns if column.name not in names), *changed))


def test_pipeline_columns(typed: Any) -> None:
    first, second = typed({"MaHoSo": "A", "NgaySuaCuoi": "20230101000000"}, {"MaHoSo": "B"})
    assert [first["_row"], second["_row"]] == [100, 101]
    assert (first["_load_id"], first["_file"], first["_line"], first["_key"]) == (7, "part-00001.ndjson.zst", 1, "A")
    assert str(first["_changed_at"]) == "2022-12-31 17:00:00"
    assert str(first["_first_seen_at"]) == "2023-12-31 17:00:00"
    assert str(second["_changed_at"]) == "2023-12-31 16:59:59.999999", "no change time: just before T"
    assert first["dossier_id"] == key_id("one_stop", "A")
    assert first["_unreadable"] is first["_unreadable_critical"] is first["_shape_error"] is None


def test_missing_values_and_defaults(typed: Any) -> None:
    (row,) = typed({"MaHoSo": "A", "KenhThucHien": "", "LoaiKetQua": None, "NgayHenTra": "0001-01-01T00:00:00", "TenTTHC": "  "})
    assert (row["channel_code"], row["result_kind_code"], row["due_at"], row["procedure_name"]) == (1, "ket_qua", None, None)
    assert row["_unreadable"] is None


def test_unreadable_values_become_null_and_are_listed(typed: Any) -> None:
    (row,) = typed(
        {
            "MaHoSo": "A",
            "NgayTiepNhan": "20230231000000",
            "NgayTra": "x" * 200,
            "NgaySuaCuoi": "?",
            "NgayNopHoSo": "?",
            "MucDo": "ba",
            "TenTTHC": "(malformed)",
        }
    )
    assert orjson.loads(row["_unreadable"]) == {
        "received_at": "20230231000000", "returned_at": "x" * 100, "_changed_at": "?", "submitted_at": "?", "service_level": "ba",
        "procedure_name": "(malformed)",
    }  # fmt: skip
    assert row["_unreadable_critical"].split(",") == ["received_at", "returned_at", "_changed_at"]
    assert row["received_at"] is row["returned_at"] is row["submitted_at"] is row["service_level"] is row["procedure_name"] is None
    assert str(row["_changed_at"]) == "2023-12-31 16:59:59.999999"


def test_a_text_that_is_too_long_is_unreadable(typed: Any) -> None:
    fields = {column.name: column.source for column in ONE_STOP.entities["dossiers"].columns}
    long = {"MaHoSo": "A", fields["unit_code"]: "H" * 501, fields["procedure_name"]: "ă" * 20_001}
    whole = {"MaHoSo": "B", fields["unit_code"]: "H" * 500, fields["procedure_name"]: "ă" * 20_000}
    bad, good = typed(long, whole)
    assert bad["unit_code"] is bad["procedure_name"] is None
    assert orjson.loads(bad["_unreadable"]) == {"unit_code": "H" * 100, "procedure_name": "ă" * 100}
    assert (len(good["unit_code"]), len(good["procedure_name"]), good["_unreadable"]) == (500, 20_000, None)


def test_an_unreadable_value_is_not_replaced_by_the_default(typed: Any) -> None:
    (row,) = typed({"MaHoSo": "A", "KenhThucHien": "web"})
    assert row["channel_code"] is None
    assert orjson.loads(row["_unreadable"]) == {"channel_code": "web"}


def test_one_field_may_feed_two_columns(typed: Any) -> None:
    first, second = typed({"MaHoSo": "A", "MaTTHC": "1.004002.000.00.00.H19"}, {"MaHoSo": "B", "MaTTHC": "khac"})
    assert (first["procedure_code_full"], first["procedure_code"]) == ("1.004002.000.00.00.H19", "1.004002")
    assert (second["procedure_code_full"], second["procedure_code"], second["_unreadable"]) == ("khac", None, None)


def test_codes(typed: Any) -> None:
    coded = {"General": "NL.1"}
    records = [{"MaHoSo": "A", "x": "General"}, {"MaHoSo": "B", "x": "Other"}, {"MaHoSo": "C"}]
    for otherwise, wanted in (("keep", ["NL.1", "Other", None]), ("null", ["NL.1", None, None]), ("unreadable", ["NL.1", None, None])):
        rows = typed(*records, entity=columns(Column("unit_code", "x", codes=coded, otherwise=otherwise)))
        assert [row["unit_code"] for row in rows] == wanted
        assert (rows[1]["_unreadable"] is not None) == (otherwise == "unreadable")
    rows = typed(*records, entity=columns(Column("channel_code", "x", codes={"General": "2"}, otherwise="null", default="1")))
    assert [row["channel_code"] for row in rows] == [2, 1, 1]


def test_codes_are_found_loosely_where_the_profile_says_so(typed: Any) -> None:
    said = {"Kho\u0302ng  chie\u0302N": "NL.2", "Trực tuyến": "NL.1"}
    delivered = ["tr\u01b0\u0323c  TUYẾN", "KHÔNG CHIÊN", "Truc tuyen", "Trực tuyến"]
    records = [{"MaHoSo": str(number), "x": word} for number, word in enumerate(delivered)]
    loose = typed(*records, entity=columns(Column("unit_code", "x", codes=said, loose_codes=True, otherwise="unreadable")))
    assert [row["unit_code"] for row in loose] == ["NL.1", "NL.2", None, "NL.1"]
    exact = typed(*records, entity=columns(Column("unit_code", "x", codes=said, otherwise="null")))
    assert [row["unit_code"] for row in exact] == [None, None, None, "NL.1"], "without the key as before"


def test_truth_values_in_words_of_the_source(typed: Any) -> None:
    documents = profile("documents")
    entity = documents.entities["documents"]
    flag = Column("is_digitally_signed", "KySo", true_words=("Có", "x", "T"), false_words=("không", "F", "-"))
    entity = replace(entity, columns=(*(column for column in entity.columns if column.name != flag.name), flag))
    words = ["có", "CÓ", "X", "t", "Kho\u0302ng", "-", "1", "false", "", "vâng", "yes"]
    rows = typed(*({"IdVanBan": str(number), "KySo": word} for number, word in enumerate(words)), entity=entity, source=documents)
    assert [row["is_digitally_signed"] for row in rows] == [True, True, True, True, False, False, True, False, None, None, None]
    assert [number for number, row in enumerate(rows) if row["_unreadable"]] == [9, 10]


def test_values_made_of_groups(typed: Any) -> None:
    records = [{"MaHoSo": "A", "x": "HS số 17/2023 (Phòng Nội vụ)"}, {"MaHoSo": "B", "x": "HS 17"}, {"MaHoSo": "C", "x": "?"}]
    cases: list[tuple[str, str | None, list[str | None]]] = [
        (r"\((?P<value>[^)]+)\)", None, ["Phòng Nội vụ", None, None]),
        (r"(?P<n>\d+)(?:/(?P<y>\d{4}))?", "{y}-{n}", ["2023-17", "-17", None]),
        (r"(\d+)", "{1}.", ["17.", "17.", None]),
        (r"HS (số )?\d+", None, ["HS số 17", "HS 17", None]),
    ]
    for expression, made, wanted in cases:
        rows = typed(*records, entity=columns(Column("procedure_name", "x", extract=expression, extract_as=made)))
        assert [row["procedure_name"] for row in rows] == wanted, expression


def test_const_and_present(typed: Any) -> None:
    entity = columns(Column("status_code", "end", present=("9", "4")), Column("result_kind_code", const="ket_qua"))
    rows = typed({"MaHoSo": "A", "end": "2023"}, {"MaHoSo": "B", "end": ""}, {"MaHoSo": "C", "end": "(malformed)"}, entity=entity)
    assert [row["status_code"] for row in rows] == [9, 4, None]
    assert {row["result_kind_code"] for row in rows} == {"ket_qua"}
    assert orjson.loads(rows[2]["_unreadable"]) == {"status_code": "(malformed)"}


def test_lists_are_normalised(typed: Any) -> None:
    papers = [
        {"MaThanhPhanHoSo": "TP1", "DuongDanTaiTepTin": "ab", "IsDeleted": "0", "DuocSoHoa": True, "DuocTaiSuDung": "2", "khac": "?"},
        {},
    ]
    rounds = [{"HoSoBoSungId": 5, "NgayBoSung": "20230102030405", "NgayTiepNhanBoSung": "", "NgayHenTraTruoc": "2023-01-02T03:04:05.5Z"}]
    first, second = typed({"MaHoSo": "A", "TaiLieuNop": papers, "DanhSachHoSoBoSung": rounds}, {"MaHoSo": "B", "TaiLieuNop": papers[1:]})
    assert orjson.loads(first["papers"]) == [
        {
            "paper_code": "TP1",
            "path": "ab",
            "is_deleted": False,
            "is_digitized": True,
            "reuse_code": 2,
            "is_from_store": None,
            "replaced_by": None,
        },
        dict.fromkeys(("paper_code", "path", "is_deleted", "is_digitized", "reuse_code", "is_from_store", "replaced_by")),
    ]
    assert orjson.loads(second["papers"]) == orjson.loads(first["papers"])[1:]
    (one,) = orjson.loads(first["supplements"])
    assert one["round_code"] == "5"
    assert (one["asked_at"], one["received_back_at"]) == ("2023-01-01T20:04:05Z", None)
    assert one["due_before_at"] == "2023-01-02T03:04:05.500000Z"
    (whole,) = typed({"MaHoSo": "A", "DanhSachHoSoBoSung": [{"NgayBoSung": "20230102030405"}]})
    assert orjson.loads(whole["supplements"])[0]["asked_at"] == "2023-01-01T20:04:05Z"


def test_missing_lists_are_empty_and_text_in_a_cell_is_read(typed: Any) -> None:
    values = [None, "", "  ", [], "[]", '[{"MaCSDL": "DC"}]', [{"MaCSDL": "DC"}]]
    rows = typed(*({"MaHoSo": "A", "DSKetNoiCSDL": value} for value in values), {"MaHoSo": "A"})
    assert [orjson.loads(row["databases"]) for row in rows] == [[]] * 5 + [[{"database_code": "DC"}]] * 2 + [[]]
    assert len({row["_content_hash"] for row in rows}) == 2


@pytest.mark.parametrize("value", ["(malformed)", "khong phai danh sach", {"a": "b"}, ["x"], [None], [[]], "[1", '{"a": 1}', 0, False])
def test_what_is_no_list_of_objects_is_a_shape_error(typed: Any, value: Any) -> None:
    bad, good = typed({"MaHoSo": "A", "TaiLieuNop": value, "DSKetNoiCSDL": "(malformed)"}, {"MaHoSo": "B", "TaiLieuNop": [{}]})
    assert bad["_shape_error"] == "papers,databases"
    assert bad["papers"] is None
    assert good["_shape_error"] is None
    assert len(orjson.loads(good["papers"])) == 1


def test_an_unreadable_value_in_a_list_is_named_by_its_place(typed: Any) -> None:
    rounds = [{}, {"NgayBoSung": "hôm qua"}]
    rows = typed(
        {"MaHoSo": "A", "DanhSachHoSoBoSung": [{}]},
        {"MaHoSo": "B"},
        {"MaHoSo": "C", "DanhSachHoSoBoSung": rounds, "DanhSachLePhi": [{"Gia": {}}]},
    )
    assert [row["_unreadable"] for row in rows[:2]] == [None, None]
    assert orjson.loads(rows[2]["_unreadable"]) == {"supplements[1].asked_at": "hôm qua", "fees[0].amount_vnd": "(malformed)"}
    assert rows[2]["_unreadable_critical"] is None


def test_a_record_that_is_no_object(typed: Any) -> None:
    bad, good = typed(None, {"MaHoSo": "A"})
    assert (bad["_key"], bad["_shape_error"], good["_shape_error"]) == (None, "not an object (str)", None)


def test_keys(typed: Any, models: dict[str, dict[str, str]]) -> None:
    procedures = ONE_STOP.entities["procedures"]
    whole = {"MaTTHC": "1.004002", "MaDonVi": " H19.16 ", "HieuLucTu": "2023-01-01"}
    rows = typed(whole, whole | {"HieuLucTu": "hôm qua"}, whole | {"MaDonVi": ""}, whole | {"MaDonVi": "(malformed)"}, entity=procedures)
    assert [row["_key"] for row in rows] == ["1.004002|H19.16|2023-01-01", None, None, None]
    assert str(rows[0]["valid_from"]) == "2023-01-01"
    assert str(rows[0]["_changed_at"]) == "2023-12-31 17:00:00", "no clock of its own: T"


def test_payments(typed: Any) -> None:
    entity = PAYMENTS.entities["payments"]
    row = {"MaThamChieu": "R1", "MaGiaoDich": "G1", "LoaiGiaoDich": "PAY", "SoTien": "50.000", "ThoiGianGD": "04/01/2023 20:00:00"}
    rows = typed(
        row, row | {"MaGiaoDich": ""}, row | {"MaGiaoDich": "", "ThoiGianGD": "31/02/2023 00:00:00"}, row | {"ThoiGianGD": "01/01/2023 20:00:00"},
        entity=entity, source=PAYMENTS, file_date="2023-01-05", file_revision=2,
    )  # fmt: skip
    assert [each["_key"] for each in rows] == ["G1|PAY", "R1|04/01/2023 20:00:00|PAY", None, "G1|PAY"]
    assert (rows[0]["amount_vnd"], str(rows[0]["file_date"]), rows[0]["file_revision"]) == (50000, "2023-01-05", 2)
    assert (str(rows[0]["paid_at"]), rows[0]["is_time_shifted"]) == ("2023-01-05 01:00:00", True), "08:00 local on the file's day"
    assert (str(rows[3]["paid_at"]), rows[3]["is_time_shifted"]) == ("2023-01-01 13:00:00", False)
    assert (rows[2]["paid_at"], rows[2]["is_time_shifted"]) == (None, False)


def test_the_hash_follows_the_content(typed: Any) -> None:
    base = {"MaHoSo": "A", "NgaySuaCuoi": "20230101000000", "TaiLieuNop": [{"IsDeleted": "0"}]}
    same = [base, base | {"NgaySuaCuoi": "2023-01-01T00:00:00"}, base | {"TaiLieuNop": [{"IsDeleted": "false"}]}, base | {"TenTTHC": ""}]
    other = [
        base | {"NgaySuaCuoi": "20230101000001"},
        base | {"TenTTHC": "x"},
        base | {"LinhVuc": "x", "MaLinhVuc": "x"},
        base | {"NgayTra": "?"},
        base | {"TaiLieuNop": "(malformed)"},
    ]
    assert len({row["_content_hash"] for row in typed(*same)}) == 1
    assert len({row["_content_hash"] for row in typed(base, *other)}) == 1 + len(other)
    (alone,) = typed(base)
    assert alone["_content_hash"] == typed({"MaHoSo": "B"}, base)[1]["_content_hash"], "whatever stands in the block with it"
    assert alone["_content_hash"] == -6820320169471581108, "a change here makes a new version of every stored record"


def test_the_hash_of_what_cannot_be_read_is_the_one_that_is_stored(typed: Any) -> None:
    """The hashes of records as they were stored when what could not be read was noted by the vendor's field."""
    unreadable = {
        "MaHoSo": "A", "NgayTiepNhan": "20230231000000", "NgaySuaCuoi": "?", "MucDo": "ba", "MaTTHC": "(malformed)", "TaiLieuNop": "(malformed)",
        "DanhSachHoSoBoSung": [{}, {"NgayBoSung": "hôm qua"}], "DanhSachLePhi": [{"Gia": {}}],
    }  # fmt: skip
    rows = typed(unreadable, {"MaHoSo": "A", "TaiLieuNop": "x", "DSKetNoiCSDL": "(malformed)"}, None)
    assert [row["_content_hash"] for row in rows] == [524439993639574072, 4963385487988964917, 3042587174742212628]
    assert {"procedure_code_full", "procedure_code", "supplements[1].asked_at"} <= orjson.loads(rows[0]["_unreadable"]).keys()
    paid = {"MaThamChieu": "R1", "MaGiaoDich": "G1", "LoaiGiaoDich": "PAY", "SoTien": "50.00", "ThoiGianGD": "31/02/2023 08:00:00"}
    (row,) = typed(paid, entity=PAYMENTS.entities["payments"], source=PAYMENTS, file_date="2023-01-05", file_revision=2)
    assert row["_content_hash"] == -8055650687315720330
    assert orjson.loads(row["_unreadable"]).keys() == {"amount_vnd", "paid_at"}


def test_keys_of_a_list_are_read_as_those_of_the_records(typed: Any) -> None:
    """Otherwise every dossier would be missing in the list, and count as deleted."""
    dossiers = columns(Column("dossier_code", "MaHoSo", extract=r"[^/]+$"), Column("deleted_at", "DeletedOn", formats=("dd/MM/yyyy",)))
    record = {"MaHoSo": "x/A ", "DeletedOn": "05/03/2023"}
    (row,) = typed(record, entity=dossiers)
    (listed,) = typed(record | {"month": "2023-01"}, entity=dossiers.key_list)
    assert listed["dossier_id"] == row["dossier_id"] == key_id("one_stop", "A")
    assert listed["deleted_at"] == row["deleted_at"] is not None
    assert row["_key"] == "A", "as core names it"


def test_days_are_those_of_the_authority_whatever_zone_the_source_writes(typed: Any) -> None:
    utc = replace(ONE_STOP, zone="UTC", time_formats=("iso", "epoch", "yyyyMMddHHmmss"))
    procedures = utc.entities["procedures"]
    given = {  # as delivered → the day in Viet Nam, or the day itself where no time is written
        "2023-05-09T17:00:00Z": "2023-05-10", "2023-05-09T16:59:59Z": "2023-05-09", "2023-05-10": "2023-05-10",
        "2023-05-10T00:00:00Z": "2023-05-10", "1683651600": "2023-05-10", "20230509200000": "2023-05-10",
    }  # fmt: skip
    rows = typed(*({"MaTTHC": "1.000001", "NgayCongKhai": value} for value in given), entity=procedures, source=utc)
    assert [str(row["published_date"]) for row in rows] == list(given.values())
    east = replace(utc, zone="Asia/Tokyo")
    rows = typed({"MaTTHC": "1", "NgayCongKhai": "2023-05-10", "HieuLucTu": "2023-05-10 01:00:00"}, entity=procedures, source=east)
    assert (str(rows[0]["published_date"]), str(rows[0]["valid_from"])) == ("2023-05-10", "2023-05-09")


def test_a_missing_change_time_does_not_bring_T_into_the_hash(models: dict[str, dict[str, str]]) -> None:
    typer = RecordTyper(ONE_STOP, ONE_STOP.entities["dossiers"], models["dossier"])
    hashes = [
        typer.table([(1, {"MaHoSo": "A"}, None)], Origin(1, "f", known_at), 1)["_content_hash"].to_pylist()
        for known_at in (T, T.replace(year=2022))
    ]
    assert hashes[0] == hashes[1]


def test_a_profile_that_does_not_fit_the_model_is_refused(models: dict[str, dict[str, str]]) -> None:
    for column, words in (
        (Column("colour", "x"), "not in the model"),
        (Column("papers", "x"), "'list' goes with jsonb"),
        (Column("unit_code", "x", items=(Column("a", "b"),)), "'list' goes with jsonb"),
        (Column("_key", "x"), "not in the model"),
        (Column("due_at", "x", shift_12h_onto="file_day"), "file_day"),
    ):
        with pytest.raises(NotConfigured, match=words):
            RecordTyper(ONE_STOP, columns(column), models["dossier"])


def test_what_a_table_has_no_column_for_is_null_whatever_the_default(typed: Any) -> None:
    """`default`, and the word for a missing field, stand in for an empty value, not for a column that is not there."""
    entity = columns(Column("status_code", "end", present=("9", "4")))
    fields = frozenset({"KenhThucHien", "end", "TaiLieuNop"})
    (there,) = typed({"MaHoSo": "A", "KenhThucHien": "", "end": "", "TaiLieuNop": ""}, entity=entity)
    (absent,) = typed({"MaHoSo": "A"}, entity=entity, absent=fields)
    assert (there["channel_code"], there["status_code"], there["papers"]) == (1, 4, "[]")
    assert (absent["channel_code"], absent["status_code"], absent["papers"]) == (None, None, None)
    assert absent["result_kind_code"] == "ket_qua", "empty, not absent"


def test_the_ids_of_many_keys_are_those_of_each() -> None:
    codes = ["A", "", "000.28.16.H19-211206-0002", "Hồ sơ|1"]
    assert key_ids("one_stop", codes).tolist() == [key_id("one_stop", code) for code in codes]


def test_a_block_is_the_same_in_however_many_pieces_it_is_taken(models: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each value as a text, and each kind that a field has, whichever piece it came with; problems and lists in their rows."""
    papers = [{"MaThanhPhanHoSo": "TP1", "IsDeleted": "0", "DuocTaiSuDung": 2}, {"MaThanhPhanHoSo": 7, "DuocTaiSuDung": "hai"}]
    records: list[dict[str, Any] | None] = [
        {"MaHoSo": "A", "MucDo": "3", "TaiLieuNop": papers, "DanhSachLePhi": []},
        {"MaHoSo": "B", "MucDo": 4, "TaiLieuNop": "[]", "TenTTHC": "Đăng ký  "},
        None,
        {"MaHoSo": 12, "MucDo": "?", "TaiLieuNop": [1], "TenTTHC": 5.0},
        {"MaHoSo": "E", "MucDo": None, "TaiLieuNop": papers[:1], "NgaySuaCuoi": "20230101000000", "TenTTHC": ["x"]},
        {},
    ]
    lines = [(line, record, None if record is not None else "not an object (str)") for line, record in enumerate(records, 1)]
    dossiers = ONE_STOP.entities["dossiers"]
    found = []
    for size in (1, 2, 4, 1000):
        monkeypatch.setattr(typing_columns, "TAKEN_AT_ONCE", size)
        typer = RecordTyper(ONE_STOP, dossiers, models[dossiers.model])
        rows = typer.table(iter(lines), Origin(7, "part-00001.ndjson.zst", T), 1).to_pylist()
        found.append((rows, typer.counts.filled, typer.counts.unreadable, typer.counts.kinds, typer.counts.codes))
    assert found[0] == found[1] == found[2] == found[3]
    rows, filled, unreadable, kinds, _ = found[0]
    assert [row["_line"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert orjson.loads(rows[0]["papers"]) == [
        {"paper_code": "TP1", "path": None, "is_deleted": False, "is_digitized": None, "reuse_code": 2, "is_from_store": None, "replaced_by": None},
        {"paper_code": "7", "path": None, "is_deleted": None, "is_digitized": None, "reuse_code": None, "is_from_store": None, "replaced_by": None},
    ]  # fmt: skip
    assert [row["_shape_error"] for row in rows] == [None, None, "not an object (str)", "papers", None, None]
    assert (filled["TaiLieuNop"], filled["MucDo"], unreadable["MucDo"], unreadable["TaiLieuNop.DuocTaiSuDung"]) == (2, 3, 1, 1)
    assert kinds["MucDo"] == {"text": 2, "number": 1} and kinds["TaiLieuNop.MaThanhPhanHoSo"] == {"text": 2, "number": 1}


def test_two_columns_of_one_list_have_each_their_own_items(typed: Any) -> None:
    fees = Column("fees", "DanhSachLePhi", items=(Column("fee_code", "MaPhiLePhi"),))
    other = Column("results", "DanhSachLePhi", items=(Column("paper_code", "Gia"),))
    (row,) = typed({"MaHoSo": "A", "DanhSachLePhi": [{"MaPhiLePhi": "P", "Gia": "10"}]}, entity=columns(fees, other))
    assert (orjson.loads(row["fees"]), orjson.loads(row["results"])) == ([{"fee_code": "P"}], [{"paper_code": "10"}])
