"""Databases as sources: a real PostgreSQL and a real MariaDB, in every case that must come out complete or failed."""

from __future__ import annotations

import contextlib
import gc
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cchc import period
from cchc.cli import main as cli
from cchc.errors import CchcError, ContractViolation, NotConfigured, SourceUnavailable, WrongClock
from cchc.pipeline.ingest import ingest
from cchc.settings import Settings
from cchc.sources import database
from cchc.sources.check import check_connection
from cchc.sources.connection import Connection, from_environment
from cchc.sources.database_values import ValueReader
from cchc.sources.extract import covered, extract
from cchc.sources.landing import Landed, Window
from cchc.sources.limits import Limits
from cchc.sources.profile import Column, Profile, read_profile
from cchc.warehouse import embedded as postgres
from tests.sources.conftest import KEY, PROJECT, T, records
from tests.support.mariadb import mariadb
from tests.support.warehouse import NewWarehouse, admin, rows_of

EXAMPLE = PROJECT / "docs" / "examples" / "vendor_database.yaml"
PERSON = "079301000123"
TABLES = (
    "create table hoso (ma varchar(40) primary key, don_vi varchar(20), ngay_nhan {time}, han_tra date, ngay_xong {time}, "
    "so_cccd varchar(20), ten varchar(50), ngay_sua {time}, ngay_xoa {time}, le_phi numeric(15, 2), tep {bytes})",
    "create table buoc (ma varchar(40), so integer, luc {moment}, viec varchar(50))",
    "create view hoso_xem as select ma, don_vi, ngay_nhan, han_tra, ngay_xong, so_cccd, ngay_sua, ngay_xoa, le_phi from hoso",
)
ROWS = (
    "insert into hoso values ('A', 'VD.1', '2023-05-02 08:00:00', '2023-05-10', '2023-05-09 09:00:00', '079301000123', 'Người Bịa', "
    "'2023-05-09 09:00:00', null, 1500000.00, null), ('B', 'VD.1', '2023-05-03 08:00:00', '2023-05-11', '2023-05-20 09:00:00', "
    "'079301000123', 'Người Bịa', '2023-05-20 09:00:00', null, 12.50, null), ('C', 'VD.1', '2023-06-01 08:00:00', '2023-06-09', null, null, "
    "null, '2023-06-01 00:00:00', '2023-06-02 10:00:00', null, null)",
    "insert into buoc values ('A', 1, '2023-05-02 01:00:00{zone}', 'nhận'), ('B', 1, '2023-05-03 01:00:00{zone}', 'nhận')",
)
WORDS = {
    "postgresql": {"time": "timestamp", "moment": "timestamptz", "bytes": "bytea", "zone": "+00"},
    "mariadb": {"time": "datetime", "moment": "timestamp null", "bytes": "blob", "zone": ""},
}


@dataclass
class Vendor:
    """A vendor's database with three dossiers."""

    kind: str
    connection: Connection
    engine: sa.Engine

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            if self.kind == "mariadb":
                connection.exec_driver_sql("set time_zone = '+00:00'")
            for statement in statements:
                connection.exec_driver_sql(statement)

    def renew(self) -> None:
        for kind, name in (("view", "hoso_xem"), ("table", "buoc"), ("table", "hoso")):
            self.run(f"drop {kind} if exists {name}")
        self.run(*(statement.format(**WORDS[self.kind]) for statement in (*TABLES, *ROWS)))


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest, postgres_server: postgres.Server) -> Iterator[Vendor]:
    if request.param == "postgresql":
        admin(postgres_server, "create database vendor")
        url = sa.make_url(postgres_server.url("vendor"))
        yield _vendor("postgresql", url)
        admin(postgres_server, "drop database vendor with (force)")
        return
    with mariadb() as port:
        yield _vendor("mariadb", sa.make_url(f"mariadb+pymysql://vendor:s3cret-value@127.0.0.1:{port}/onestop"))


def _vendor(kind: str, url: sa.URL) -> Vendor:
    text = url.set(drivername=kind).render_as_string(hide_password=False)
    connection = from_environment("vendor_database", {"AIRFLOW_CONN_SRC_VENDOR_DATABASE": text})
    assert connection.is_database
    assert str(url.password) not in repr(connection)
    return Vendor(kind, connection, sa.create_engine(url, poolclass=sa.NullPool))


@pytest.fixture
def vendor(server: Vendor) -> Vendor:
    server.renew()
    return server


@pytest.fixture
def profile() -> Profile:
    return read_profile(EXAMPLE)


def with_dossiers(profile: Profile, **changes: Any) -> Profile:
    return replace(profile, entities=profile.entities | {"dossiers": replace(profile.entities["dossiers"], **changes)})


@pytest.fixture
def pull(landing: str) -> Callable[..., dict[str, Landed]]:
    def run(vendor: Vendor, profile: Profile, start: datetime | None = None, extract_id: int = 1, **more: Any) -> dict[str, Landed]:
        window = more.pop("window", Window(start, T))
        connection = more.pop("connection", vendor.connection)
        loads = extract(profile, connection, window, landing, extract_id=extract_id, privacy_key=KEY, **more)
        return {load.entity: load for load in loads}

    return run


Pull = Callable[..., dict[str, Landed]]


def landed_files(landing: str) -> bytes:
    return b"".join(path.read_bytes() for path in Path(landing.removeprefix("file://")).rglob("*") if path.is_file())


def test_the_example_lands_with_types_of_the_database_and_without_personal_data(vendor: Vendor, profile: Profile, pull: Pull) -> None:
    loads = pull(vendor, profile)
    first, second, third = records(loads["dossiers"])
    assert (first["ma"], first["ngay_nhan"], first["han_tra"]) == ("A", "2023-05-02T08:00:00", "2023-05-10")
    assert len(first["so_cccd"]) == 32
    assert "ten" not in first
    assert third["ngay_xoa"] == "2023-06-02T10:00:00"
    assert [step["luc"] for step in records(loads["dossier_steps"])] == ["2023-05-02T01:00:00+00:00", "2023-05-03T01:00:00+00:00"]
    assert [key["month"] for key in records(loads["dossiers.keys"])] == ["2023-05", "2023-05", "2023-06"]
    assert loads["dossiers.keys"].manifest["months"] == ["2023-05", "2023-06", "2023-07"]
    assert "le_phi" in loads["dossiers"].manifest["fields"]["present"]
    assert second["ma"] == "B"


def test_the_window_is_half_open_and_the_table_without_a_change_time_comes_whole(vendor: Vendor, profile: Profile, pull: Pull) -> None:
    start = datetime(2023, 5, 20, 9, tzinfo=period.ZONE)
    loads = pull(vendor, profile, start, window=Window(start, datetime(2023, 6, 1, tzinfo=period.ZONE), explicit=True))
    assert [record["ma"] for record in records(loads["dossiers"])] == ["B"]
    assert loads["dossiers"].manifest["late"] == 0, "what changed at the end of the window is not asked for"
    assert loads["dossier_steps"].manifest["records"] == 2
    assert loads["dossiers.keys"].manifest["distinct_keys"] == 3, "the keys are those of now, whenever they changed"
    stretches = covered(profile, vendor.connection, Window(start, T))
    assert stretches["dossiers"][0] == start
    assert stretches["dossier_steps"][0] is None


def test_a_view_and_amounts(vendor: Vendor, profile: Profile, pull: Pull) -> None:
    columns = (*profile.entities["dossiers"].columns, Column("apology_count", "le_phi"))
    loads = pull(vendor, with_dossiers(profile, table="hoso_xem", columns=columns))
    assert [record.get("le_phi") for record in records(loads["dossiers"])] == ["1500000", "12.5", None]


STRANGE_TIMES = {
    "postgresql": {
        "D": ("infinity", "infinity"), "E": ("0044-03-15 12:00:00 BC", "0044-03-15 BC"), "F": ("12000-01-01 00:00:00", "12000-01-01"),
        "G": ("-infinity", "-infinity"),
    },
    "mariadb": {"D": ("0000-00-00 00:00:00", "0000-00-00"), "E": ("2023-05-00 10:00:00", "2023-00-00")},
}  # fmt: skip


def test_a_time_that_no_calendar_of_ours_has_is_a_text_of_its_record(vendor: Vendor, profile: Profile, pull: Pull) -> None:
    """It ended the extract on every run, as a connection that was lost, because the driver refuses it and with it the whole answer."""
    strange = STRANGE_TIMES[vendor.kind]
    with vendor.engine.begin() as connection:
        if vendor.kind == "mariadb":
            connection.exec_driver_sql("set sql_mode = ''")
        for code, (moment, day) in strange.items():
            row = f"'{code}', 'VD.1', '2023-05-02 08:00:00', '{day}', '{moment}', null, null, '2023-05-20 09:00:00', null, 'NaN', null"
            connection.exec_driver_sql(f"insert into hoso values ({row})".replace("'NaN'", "0" if vendor.kind == "mariadb" else "'NaN'"))
    columns = (*profile.entities["dossiers"].columns, Column("apology_count", "le_phi"))
    landed = {record["ma"]: record for record in records(pull(vendor, with_dossiers(profile, columns=columns))["dossiers"])}
    assert list(landed) == ["A", "B", "C", *strange]
    assert landed["A"]["ngay_nhan"] == "2023-05-02T08:00:00"
    assert {code: (landed[code]["ngay_xong"], landed[code]["han_tra"]) for code in strange} == strange


def test_a_change_time_without_an_end_says_nothing_of_the_kind_of_its_column(vendor: Vendor, profile: Profile, pull: Pull) -> None:
    never = {"postgresql": "infinity", "mariadb": "0000-00-00 00:00:00"}[vendor.kind]
    with vendor.engine.begin() as connection:
        if vendor.kind == "mariadb":
            connection.exec_driver_sql("set sql_mode = ''")
        connection.exec_driver_sql(f"update hoso set ngay_sua = '{never}' where ma = 'A'")
    start = datetime(2023, 5, 20, 9, tzinfo=period.ZONE)
    loads = pull(vendor, profile, start, window=Window(start, datetime(2023, 6, 1, tzinfo=period.ZONE), explicit=True))
    assert [record["ma"] for record in records(loads["dossiers"])] == ["B"]


def test_bytes_are_refused_by_name(vendor: Vendor, profile: Profile, pull: Pull) -> None:
    vendor.run("update hoso set tep = 'x'")
    columns = (*profile.entities["dossiers"].columns, Column("field_name", "tep"))
    with pytest.raises(ContractViolation, match="column tep holds bytes"):
        pull(vendor, with_dossiers(profile, columns=columns))


def test_an_absent_column_blocks_by_name_before_anything_lands(vendor: Vendor, profile: Profile, pull: Pull, landing: str) -> None:
    vendor.run("drop view hoso_xem", "alter table hoso rename column han_tra to han_tra_moi")
    loads = pull(vendor, profile)
    assert {name: load.status for name, load in loads.items()} == {"dossiers": "blocked"}
    message = str(loads["dossiers"].message)
    assert "no column han_tra (due_at)" in message
    assert "han_tra → han_tra_moi" in message
    assert landed_files(landing) == b""


@pytest.fixture
def many(vendor: Vendor) -> Vendor:
    """Twenty thousand more dossiers, so that an answer does not fit into the buffers of the network."""
    filler = "x" * 200
    for start in range(0, 20_000, 5_000):
        values = ", ".join(
            f"('N{number:06d}', 'VD.1', '2023-05-02', '2023-05-10', null, '{filler[:20]}', '{filler[:50]}', '2023-05-02', null, 1, null)"
            for number in range(start, start + 5_000)
        )
        vendor.run(f"insert into hoso values {values}")
    return vendor


def between(monkeypatch: pytest.MonkeyPatch, after: int, act: Callable[[], None]) -> None:
    """Has `act` done once, after so many records were read."""
    real, seen = ValueReader.record, [0]

    def record(self: Any, number: int, row: dict[str, Any]) -> dict[str, Any]:
        seen[0] += 1
        if seen[0] == after:
            act()
        return real(self, number, row)

    monkeypatch.setattr(ValueReader, "record", record)


def test_rows_that_change_and_go_while_they_are_read_are_of_one_snapshot(
    many: Vendor, profile: Profile, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change() -> None:
        many.run(
            "delete from hoso where ma >= 'N010000'",
            "update hoso set don_vi = 'X'",
            "delete from buoc",
            "insert into hoso (ma) values ('Z')",
        )

    between(monkeypatch, 100, change)
    loads = pull(many, profile)
    assert loads["dossiers"].manifest["distinct_keys"] == loads["dossiers.keys"].manifest["distinct_keys"] == 20_003
    assert {record["don_vi"] for record in records(loads["dossiers"])} == {"VD.1"}
    assert loads["dossier_steps"].manifest["records"] == 2, "the steps are of the same snapshot"


def test_a_lost_connection_is_a_failed_extract(
    many: Vendor, profile: Profile, pull: Pull, landing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Relay(many.connection) as (through, cut):
        between(monkeypatch, 100, cut)
        with pytest.raises(SourceUnavailable, match=r"vendor_database dossiers \(hoso\): no connection .* or it was lost") as told:
            pull(many, profile, connection=through)
    gc.collect()  # what the driver leaves behind may not speak to the lost connection: pytest makes that an error
    assert str(many.connection.password) not in str(told.value)
    for path in Path(landing.removeprefix("file://")).rglob("manifest.json"):
        assert b'"records": 20003' in path.read_bytes(), "an entity is whole or has no manifest"
    monkeypatch.undo()
    assert pull(many, profile)["dossiers"].manifest["records"] == 20_003, "the next try brings all"


class Relay:
    """A relay before a server, which can be cut."""

    def __init__(self, connection: Connection) -> None:
        port = connection.host.rpartition("/")[0].rpartition(":")[2]
        self.target = ("127.0.0.1", int(port))
        self.door = socket.create_server(("127.0.0.1", 0))
        self.open: list[socket.socket] = []
        host = connection.host.replace(f":{port}/", f":{self.door.getsockname()[1]}/")
        self.connection = replace(connection, host=host, extra=dict(connection.extra))

    def __enter__(self) -> tuple[Connection, Callable[[], None]]:
        threading.Thread(target=self._accept, daemon=True).start()
        return self.connection, self.cut

    def __exit__(self, *_: object) -> None:
        self.cut()

    def cut(self) -> None:
        for each in (self.door, *self.open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        try:
            while True:
                near, _ = self.door.accept()
                far = socket.create_connection(self.target)
                self.open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(one, other), daemon=True).start()
        except OSError:
            return


def _pump(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(4096):
            other.sendall(data)
    except OSError:
        return


def test_a_statement_that_takes_too_long_is_told(vendor: Vendor, profile: Profile, pull: Pull) -> None:
    sleep = {"postgresql": "pg_sleep(5)", "mariadb": "sleep(5)"}[vendor.kind]
    query = f"select h.* from hoso as h where cast({sleep} as char(1)) = 'x'"
    assert profile.database is not None
    patience = replace(profile.database, statement_timeout_seconds=0.3)
    slow = replace(with_dossiers(profile, table=None, query=query, query_file="slow.sql"), database=patience)
    with pytest.raises(SourceUnavailable, match=r"SQL file slow\.sql.*did not answer within 0\.3 seconds"):
        pull(vendor, slow)


def test_the_session_only_reads(vendor: Vendor, profile: Profile) -> None:
    with (
        database.Session(profile, vendor.connection, Limits()) as session,
        pytest.raises(CchcError, match="only read"),
        session._told("here"),
    ):
        session._session.exec_driver_sql("delete from hoso")


def test_a_wrong_password_is_told_and_not_printed(vendor: Vendor, profile: Profile, pull: Pull, caplog: pytest.LogCaptureFixture) -> None:
    wrong = replace(vendor.connection, password="wr0ng-s3cret")
    with pytest.raises(SourceUnavailable, match="login was refused.*src_vendor_database") as told:
        pull(vendor, profile, connection=wrong)
    assert "wr0ng" not in str(told.value) + caplog.text
    assert told.value.__suppress_context__


def test_a_table_that_is_not_there_and_a_server_that_is_away(vendor: Vendor, profile: Profile, pull: Pull) -> None:
    with pytest.raises(ContractViolation, match="refuses the statement"):
        pull(vendor, with_dossiers(profile, table="khong_co"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = replace(vendor.connection, host=f"{vendor.kind}://127.0.0.1:{free.getsockname()[1]}/x")
        with pytest.raises(SourceUnavailable, match="no connection"):
            pull(vendor, profile, connection=away)


def test_a_clock_and_the_check_of_doctor(vendor: Vendor, profile: Profile, pull: Pull) -> None:
    said = check_connection(vendor.connection, profile)
    assert "read only, one snapshot" in said
    assert "dossiers, dossier_steps have all columns" in said
    with pytest.raises(WrongClock, match="database's own clock"):
        pull(vendor, profile, window=Window(None, period.now() + timedelta(hours=3)))


def test_the_example_in_the_warehouse_with_both_kinds_of_deletions(
    vendor: Vendor, new_warehouse: NewWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(EXAMPLE.parent, sources, ignore=shutil.ignore_patterns("dutch*"))
    with new_warehouse(tmp_path / "home"):
        monkeypatch.setenv("CCHC_SOURCES_DIR", str(sources))
        settings = Settings.load()
        assert cli.main(["init"]) == 0
        ingest(settings, "vendor_database", vendor.connection, end=T)
        asked = "select dossier_code as code, is_counted, deleted_at is not null as is_deleted from mart.dossier order by 1"
        assert [tuple(row.values()) for row in rows_of(settings, asked)] == [("A", True, False), ("B", True, False), ("C", False, True)]
        vendor.run("delete from hoso where ma = 'B'", "insert into hoso (ma, ngay_sua) values ('Z', '2023-05-01 00:00:00')")
        done = ingest(settings, "vendor_database", vendor.connection, end=T + timedelta(days=1))
        assert [note for note in done.notes if "dossiers.keys: 1 keys have no time of reception" in note]
        vendor.run("delete from hoso where ma = 'Z'", "update hoso set ngay_sua = '2099-01-01 00:00:00' where ma = 'C'")
        done = ingest(settings, "vendor_database", vendor.connection)
        assert [
            note
            for note in done.notes
            if "dossiers: 1 records changed at or after T: they are left for a later T, which reads them" in note
        ]
        assert [tuple(row.values()) for row in rows_of(settings, asked)] == [("A", True, False), ("B", False, True), ("C", False, True)]


def test_keys_that_no_month_can_be_told_of_delete_nothing(vendor: Vendor, profile: Profile, pull: Pull) -> None:
    vendor.run("update hoso set ngay_nhan = null where ma <> 'A'")
    assert pull(vendor, profile)["dossiers.keys"].manifest["undated"] == 2
    vendor.run("update hoso set ngay_nhan = null")
    with pytest.raises(ContractViolation, match=r"dossiers\.keys: none of the 3 rows has a readable ma and ngay_nhan\. Nothing is deleted"):
        pull(vendor, profile, window=Window(None, T + timedelta(days=1)))


def test_a_profile_says_what_it_lacks(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    path = tmp_path / "vendor_database.yaml"
    for planted, words in (
        (text.replace("    table: hoso\n", ""), "needs 'table' or 'query'"),
        (text.replace("database: {statement_timeout_seconds: 600}\n", "files: {full: true}\n"), "file_pattern|go with 'database'"),
        (text, "no SQL file 'sql/vendor_steps.sql'"),
        (text.replace("sql/vendor_steps.sql", "../secret.sql"), "no SQL file"),
    ):
        path.write_text(planted, encoding="utf-8")
        with pytest.raises(NotConfigured, match=words):
            read_profile(path)


NUMBERED = """
source: vendor_database
name_vi: Thử
owner: Thử
zone: Asia/Ho_Chi_Minh
database: {}
entities:
  dossier_steps:
    model: dossier_step
    table: buoc
    key: [ma]
    sequence: {field: COLUMN, overlap: 1}
    columns: {step_code: ma, dossier_code: ma, done_at: luc}
"""


def test_a_window_by_a_growing_number(vendor: Vendor, tmp_path: Path, pull: Pull) -> None:
    """From the number on that was reached, less the overlap; rows without a number fail by name, a column of texts is refused."""
    path = tmp_path / "vendor_database.yaml"
    path.write_text(NUMBERED.replace("COLUMN", "so"), encoding="utf-8")
    numbered = read_profile(path)
    vendor.run("delete from buoc", *(f"insert into buoc (ma, so) values ('B{number}', {number})" for number in (1, 4, 7)))
    whole = pull(vendor, numbered)["dossier_steps"]
    assert (whole.manifest["records"], whole.manifest["sequence_to"]) == (3, 7)
    vendor.run("update buoc set so = 9 where ma = 'B1'")
    start = T - timedelta(days=1)
    for extract_id, (explicit, expected) in enumerate({False: ["B1", "B7"], True: ["B1", "B4", "B7"]}.items(), 2):
        window = Window(start, T, explicit, numbers={"dossier_steps": 7})
        load = pull(vendor, numbered, window=window, extract_id=extract_id)["dossier_steps"]
        assert (sorted(record["ma"] for record in records(load)), load.manifest["sequence_to"]) == (expected, 9)
    assert covered(numbered, vendor.connection, Window(start, T))["dossier_steps"] == (start, T, False)
    vendor.run("insert into buoc (ma) values ('B9')")
    with pytest.raises(ContractViolation, match="1 of 3 records have no whole number in so"):
        pull(vendor, numbered, window=Window(start, T, numbers={"dossier_steps": 7}), extract_id=4)
    path.write_text(NUMBERED.replace("COLUMN", "viec"), encoding="utf-8")
    vendor.run("update buoc set viec = '5'")
    with pytest.raises(NotConfigured, match="the column viec is a str in the database, and 'sequence' needs a whole number"):
        pull(vendor, read_profile(path), extract_id=5)


def test_a_profile_is_drafted_from_the_catalogue_of_a_schema(vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables that fit the models best, their keys, the table around a row, the change column, a column of deletions; no value."""
    kinds = WORDS[vendor.kind]
    vendor.run(
        "drop view hoso_xem",
        "drop table hoso",
        "create table ho_so (id varchar(40) primary key, don_vi varchar(20), ngay_nhan {time}, han_tra date, ngay_xong {time}, "
        "so_cccd varchar(20), ho_ten varchar(50), ngay_sua {time}, da_xoa smallint)".format(**kinds),
        "create table luong_xu_ly (ma_buoc integer primary key, cha varchar(40) references ho_so (id), thoi_gian {moment}, "
        "ghi_chu varchar(9))".format(**kinds),
        "alter table luong_xu_ly add constraint cha_fk foreign key (cha) references ho_so (id)",
    )
    profile = tmp_path / "vendor_catalogue.yaml"
    host = vendor.engine.url.set(drivername="postgres" if vendor.kind == "postgresql" else "mysql").render_as_string(hide_password=False)
    monkeypatch.setenv("AIRFLOW_CONN_SRC_VENDOR_CATALOGUE", host)
    schema = "public.*" if vendor.kind == "postgresql" else "*"
    try:
        drafted = ["profile", "draft", schema, "--table", "--model", "dossier", "--model", "dossier_step", "--output", str(profile)]
        assert cli.main(drafted) == 0
        text = profile.read_text(encoding="utf-8")
        above = "public." if vendor.kind == "postgresql" else ""
        for line in (
            f"table: {above}ho_so",
            "key: [id]  # the primary key of the table",
            "dossier_code: id  # guess: the names are near",
            "changed_at: ngay_sua  # guess",
            "deletions: {kind: keys}  # guess",
            "# da_xoa: rows may be marked as deleted there",
            "applicant_key: {from: so_cccd, personal: hmac}",
            "# left out: ho_ten looks like personal data (name of a person)",
            f"table: {above}luong_xu_ly",
            "step_code: ma_buoc",
            "dossier_code: cha  # guess",
            "done_at: thoi_gian  # guess",
            f"#   {above}buoc: ma, so, luc, viec",
        ):
            assert line in text, text
        assert "Bịa" not in text and PERSON not in text
        profile.write_text(text.replace(": TODO", ": Thử"), encoding="utf-8")
        assert cli.main(["profile", "try", str(profile)]) == 0
        assert cli.main(["profile", "draft", "nix.*", "--table", "--model", "dossier", "--output", str(tmp_path / "vendor_none.yaml")]) == 1
    finally:
        vendor.run("drop table luong_xu_ly", "drop table ho_so")
