"""Payments day by day: the same ones as files, over HTTP and from two databases give the same rows and the same figures."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
import sqlalchemy as sa

from cchc.errors import CchcError, ContractViolation, LoadBlocked, NotConfigured, SourceUnavailable
from cchc.period import ZONE
from cchc.pipeline.ingest import Outcome, ingest
from cchc.pipeline.refresh import refresh
from cchc.settings import Settings
from cchc.sources.connection import Connection, from_environment
from cchc.sources.profile import read_profile
from tests.sources.conftest import PROJECT
from tests.support.cli import cchc
from tests.support.environment import added
from tests.support.http import Handler, listening
from tests.support.mariadb import mariadb
from tests.support.warehouse import HasWarehouse, NewWarehouse, admin

EXAMPLE = PROJECT / "docs" / "examples" / "payments_by_day.yaml"
SOURCE = "payments_by_day"
FIELDS = ("so_giao_dich", "ma_ho_so", "don_vi", "loai", "cach", "tinh_trang", "so_tien", "luc")
Row = dict[str, str]

PAID = """
    select transaction_code as code, file_date::text as day, amount_vnd as amount, status_code as status, method_code as method,
        (paid_at at time zone 'Asia/Ho_Chi_Minh')::text as at
    from core.payment order by 1, 2
"""
DAYS = """
    select distinct on (file_date) file_date::text as day, row_count as n from core.payment_day
    order by file_date, file_revision desc, _first_seen_at desc
"""
RATES = """
    select period_kind, period_start::text, unit_code, basis, numerator, denominator from mart.indicator_value
    where indicator_code = 'cashless_transaction_rate' and period_start between '2023-06-01' and '2023-06-30' and denominator is not null
    order by 1, 2, 3, 4
"""
HELD = "select rule, line from ops.quarantine where action = 'quarantine' and resolved_at is null order by 1, 2"


def paid(number: str, day: int, hour: int = 8, **more: str) -> Row:
    row = dict(zip(FIELDS, (number, "", "H19.16.21", "thu", "QR", "xong", "8000.00", f"2023-06-{day:02d}T{hour:02d}:00:00"), strict=True))
    return row | more


def moment(day: int, hour: int = 0) -> datetime:
    return datetime(2023, 6, day, hour, tzinfo=ZONE)


@dataclass
class Service:
    """What the vendor has now. `answer`: an answer in place of the right one, for the day that is asked."""

    rows: list[Row] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answer: Callable[[Any, str], bool] | None = None

    def of(self, first: str, last: str) -> list[Row]:
        return [row for row in self.rows if first <= row["luc"][:10] <= last]


SERVICE = Service()


class _Vendor(Handler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        SERVICE.asked.append(query["tuNgay"])
        if SERVICE.answer is not None and SERVICE.answer(self, query["tuNgay"]):
            return
        self.answer_with(SERVICE.of(query["tuNgay"], query["denNgay"]))

    def answer_with(self, rows: list[Row], total: int | None = None) -> bool:
        self.send(orjson.dumps({"duLieu": rows, "tongSo": len(rows) if total is None else total}))
        return True


class Vendor(HasWarehouse):
    """A warehouse, and a vendor that delivers to it in one way."""

    def __init__(self, settings: Settings, connection: Connection, set_rows: Callable[[list[Row], dict[int, int]], None]) -> None:
        self.settings, self.connection, self._set_rows = settings, connection, set_rows

    def has(self, rows: list[Row], **revisions: int) -> None:
        """The vendor has these payments. `revisions`: of files, which days are written, and as which revision (d3=2)."""
        self._set_rows(rows, {int(day[1:]): revision for day, revision in revisions.items()})

    def ingest(self, end: datetime, start: datetime | None = None) -> Outcome:
        return ingest(self.settings, SOURCE, self.connection, start, end)

    def paid(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.rows(PAID)]

    def known_at(self) -> datetime | None:
        found = self.rows("select known_at from ops.source_clock where source_code = :s", s=SOURCE)
        return found[0]["known_at"] if found else None

    def days(self) -> dict[str, int]:
        return {row["day"]: row["n"] for row in self.rows(DAYS)}


def _files(folder: Path) -> Callable[[list[Row], dict[int, int]], None]:
    def write(rows: list[Row], revisions: dict[int, int]) -> None:
        for day, revision in revisions.items():
            lines = [";".join(row[name] for name in FIELDS) for row in rows if row["luc"].startswith(f"2023-06-{day:02d}")]
            name = f"gd_202306{day:02d}{'' if revision == 1 else f'_r{revision}'}.csv"
            (folder / name).write_text("\n".join([";".join(FIELDS), *lines]) + "\n", "utf-8")

    return write


def _table(url: sa.URL) -> Callable[[list[Row], dict[int, int]], None]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    columns = ", ".join(f"{name} {'timestamp null' if name == 'luc' else 'varchar(40)'}" for name in FIELDS)

    def write(rows: list[Row], _: dict[int, int]) -> None:
        with engine.begin() as connection:
            if url.drivername.startswith("mariadb"):
                connection.exec_driver_sql("set time_zone = '+07:00'")
            connection.exec_driver_sql("drop table if exists giao_dich")
            connection.exec_driver_sql(f"create table giao_dich ({columns})")
            for row in rows:
                marks = ", ".join(f":{name}" for name in FIELDS)
                connection.execute(sa.text(f"insert into giao_dich values ({marks})"), {name: row[name] or None for name in FIELDS})

    return write


def _serve(rows: list[Row], _: dict[int, int]) -> None:
    SERVICE.rows = rows


def _of_database(url: sa.URL, kind: str) -> Connection:
    text = url.set(drivername=kind).render_as_string(hide_password=False)
    return from_environment(SOURCE, {f"AIRFLOW_CONN_SRC_{SOURCE.upper()}": text})


Way = Callable[[str], contextlib.AbstractContextManager[Vendor]]


@pytest.fixture(scope="module")
def ways(new_warehouse: NewWarehouse, postgres_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Way:
    """Gives a vendor by the name of its way, with a warehouse of its own that knows the source."""

    @contextlib.contextmanager
    def vendor(way: str) -> Iterator[Vendor]:
        folder = tmp_path_factory.mktemp(way)
        sources = folder / "sources"
        sources.mkdir()
        shutil.copy(EXAMPLE, sources)
        with contextlib.ExitStack() as stack:
            stack.enter_context(new_warehouse(folder / "home"))
            stack.enter_context(added({"CCHC_SOURCES_DIR": str(sources)}))
            assert cchc("init").code == 0
            settings = Settings.load()
            if way == "files":
                (folder / "drop").mkdir()
                yield Vendor(settings, Connection(SOURCE, str(folder / "drop")), _files(folder / "drop"))
            elif way == "http":
                SERVICE.asked, SERVICE.answer = [], None
                base = stack.enter_context(listening(_Vendor))
                yield Vendor(settings, Connection(SOURCE, base, password="k"), _serve)
            elif way == "postgresql":
                admin(postgres_server, "create database by_day")
                stack.callback(admin, postgres_server, "drop database by_day with (force)")
                url = sa.make_url(postgres_server.url("by_day"))
                yield Vendor(settings, _of_database(url, "postgresql"), _table(url))
            else:
                port = stack.enter_context(mariadb())
                url = sa.make_url(f"mariadb+pymysql://vendor:s3cret-value@127.0.0.1:{port}/onestop")
                yield Vendor(settings, _of_database(url, "mariadb"), _table(url))

    return vendor


FIRST = [
    paid("1-1", 1, cach="TM"), paid("1-2", 1, 23), paid("2-1", 2, 0), paid("2-2", 2, tinh_trang="cho"), paid("3-1", 3),
    paid("3-2", 3, so_tien="12000.00 đ", cach="CK"), paid("3-3", 3, tinh_trang="hong"),
]  # fmt: skip
# 3-1 is gone and 3-3 went well after all; 1-1 is gone too, which nobody asks for; of the 4th there is nothing; 2-2 is paid on the 5th
LATER = [paid("1-2", 1, 23), paid("2-1", 2, 0), paid("3-2", 3, cach="CK"), paid("3-3", 3), paid("2-2", 5), paid("5-1", 5, cach="TM")]
WANTED = [
    ("1-1", "2023-06-01", 8000, 1, "tien-mat", "2023-06-01 08:00:00"),
    ("1-2", "2023-06-01", 8000, 1, "qr", "2023-06-01 23:00:00"),
    ("2-1", "2023-06-02", 8000, 1, "qr", "2023-06-02 00:00:00"),
    ("2-2", "2023-06-05", 8000, 1, "qr", "2023-06-05 08:00:00"),
    ("3-2", "2023-06-03", 8000, 1, "chuyen-khoan", "2023-06-03 08:00:00"),
    ("3-3", "2023-06-03", 8000, 1, "qr", "2023-06-03 08:00:00"),
    ("5-1", "2023-06-05", 8000, 1, "tien-mat", "2023-06-05 08:00:00"),
]


@pytest.fixture(scope="module")
def told(ways: Way) -> dict[str, dict[str, Any]]:
    """What each way has led to, after two deliveries with a correction between them."""
    found: dict[str, dict[str, Any]] = {}
    for way in ("files", "http", "postgresql", "mariadb"):
        try:
            with ways(way) as vendor:
                vendor.has(FIRST, d1=1, d2=1, d3=1)
                vendor.ingest(moment(4))
                first = vendor.paid()
                vendor.has(LATER, d3=2, d4=1, d5=1)
                outcome = vendor.ingest(moment(6), None if way == "files" else moment(3))
                refresh(vendor.settings, [datetime(2023, 6, 1).date()])
                rates = [tuple(row.values()) for row in vendor.rows(RATES)]
                found[way] = {
                    "first": first, "paid": vendor.paid(), "days": vendor.days(), "rates": rates, "asked": list(SERVICE.asked),
                    "loads": [load["file_name"] for load in outcome.loads], "known_at": outcome.known_at,
                }  # fmt: skip
        except pytest.skip.Exception:
            continue
    return found


def test_the_same_payments_give_the_same_rows_and_figures(told: dict[str, dict[str, Any]]) -> None:
    files = told["files"]
    assert files["paid"] == WANTED
    assert len(files["first"]) == 7
    assert files["days"] == {"2023-06-01": 2, "2023-06-02": 2, "2023-06-03": 2, "2023-06-04": 0, "2023-06-05": 2}
    assert ("month", "2023-06-01", "all", "period", 5, 7) in files["rates"]
    for way in ("http", "postgresql", *(["mariadb"] if "mariadb" in told else [])):
        for what in ("first", "paid", "days", "rates"):
            assert told[way][what] == files[what], (way, what)


def test_each_day_that_is_over_is_asked_for_and_no_other(told: dict[str, dict[str, Any]]) -> None:
    days = [f"2023-06-{day:02d}" for day in range(1, 6)]
    assert told["http"]["asked"] == [*days[:3], *days[2:]]
    assert told["http"]["loads"] == told["postgresql"]["loads"] == days[2:]


@pytest.fixture(scope="module")
def http(ways: Way) -> Iterator[Vendor]:
    with ways("http") as vendor:
        yield vendor


@pytest.fixture
def service(http: Vendor) -> Iterator[Vendor]:
    """The service in order, before and after a test."""
    SERVICE.answer, SERVICE.asked = None, []
    yield http
    SERVICE.answer = None


def test_t_is_the_last_midnight_and_the_running_day_is_not_asked_for(service: Vendor) -> None:
    service.has([paid("1-1", 1), paid("2-1", 2), paid("3-1", 3)])
    outcome = service.ingest(moment(3, 14))
    assert outcome.known_at == moment(3)
    assert SERVICE.asked == ["2023-06-01", "2023-06-02"]
    assert service.known_at() == moment(3)
    service.has([paid("2-1", 2), paid("2-9", 2)])
    service.ingest(moment(3, 15), moment(2))  # the same T again: the answer for a day takes the place of the one before
    assert [row[0] for row in service.paid()] == ["1-1", "2-1", "2-9"]
    service.has([])
    service.execute("delete from ops.dirty_month")
    service.ingest(moment(3, 16), moment(2))
    assert [row[0] for row in service.paid()] == ["1-1"]
    assert service.rows("select month_start::text as m from ops.dirty_month where source_code = :s", s=SOURCE) == [{"m": "2023-06-01"}]


def cut(handler: _Vendor, day: str) -> bool:
    if day.endswith("02"):
        handler.break_off(b'{"duLieu": [')
    return day.endswith("02")


def lies(handler: _Vendor, day: str) -> bool:
    return handler.answer_with(SERVICE.of(day, day), total=9)


def ignores_the_window(handler: _Vendor, day: str) -> bool:
    return handler.answer_with(SERVICE.rows)


FAULTS: dict[str, tuple[Callable[[_Vendor, str], bool], type[CchcError], str]] = {
    "cut off on the second day": (cut, SourceUnavailable, "payments_by_day payments"),
    "a total that lies": (lies, ContractViolation, "the source counts 9"),
    "a window that is not kept": (ignores_the_window, ContractViolation, r"day 2023-06-01: record \d has a time \(luc\) of another day"),
}


@pytest.mark.usefixtures("sleeps")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_day_that_goes_wrong_fails_all_of_the_extract(service: Vendor, fault: str) -> None:
    SERVICE.answer, error, words = FAULTS[fault]
    before = (service.paid(), service.known_at())
    service.has([paid("1-1", 1), paid("2-1", 2), paid("3-1", 3)])
    with pytest.raises(error, match=words):
        service.ingest(moment(4), moment(1))
    assert (service.paid(), service.known_at()) == before


def renamed(handler: _Vendor, day: str) -> bool:
    rows = [{("tien" if name == "so_tien" else name): value for name, value in row.items()} for row in SERVICE.of(day, day)]
    return handler.answer_with(rows)


def test_a_field_that_none_of_the_days_has_is_told_although_each_day_is_small(ways: Way) -> None:
    with ways("http") as vendor:
        vendor.has([*(paid(f"h-{n}", 1) for n in range(400)), *(paid(f"{day}-{n}", day) for day in range(2, 6) for n in range(12))])
        vendor.ingest(moment(2))
        SERVICE.answer = renamed
        with pytest.raises(LoadBlocked, match="so_tien"):
            vendor.ingest(moment(6), moment(2))
        assert len(vendor.paid()) == 400


def test_a_day_that_is_blocked_blocks_all_of_the_extract(service: Vendor) -> None:
    before = service.paid()
    service.has([paid("1-8", 1), *(paid(f"2-{n}", 2, don_vi="không có") for n in range(30))])
    with pytest.raises(LoadBlocked, match="nothing of extract"):
        service.ingest(moment(3), moment(1))
    assert service.paid() == before


def test_a_withdrawn_day_is_asked_for_again(service: Vendor) -> None:
    """The days of an extract are published together, so they are withdrawn together, and the hole is told."""
    service.has([paid("9-1", 9)])
    service.ingest(moment(3))
    service.ingest(moment(10), moment(3))
    (load,) = service.rows("select load_id from ops.load where file_name = '2023-06-09' and status = 'loaded'")
    said = cchc("withdraw", "--load", str(load["load_id"]), "--reason", "sai")
    assert said.code != 0 or "9-1" not in [row[0] for row in service.paid()], said.err
    others = service.rows(
        "select load_id from ops.load where extract_id = (select extract_id from ops.load where load_id = :l)", l=load["load_id"]
    )
    if said.code != 0:
        named = [part for row in others for part in ("--load", str(row["load_id"]))]
        said = cchc("withdraw", *named, "--reason", "sai")
    assert said.code == 0, said.err
    assert "9-1" not in [row[0] for row in service.paid()]
    assert service.known_at() == moment(3)
    service.ingest(moment(10))
    assert "9-1" in [row[0] for row in service.paid()]


def test_a_row_without_a_time_comes_once_and_is_told(ways: Way) -> None:
    with ways("postgresql") as vendor:
        vendor.has([paid("1-1", 1), paid("2-1", 2), paid("x", 2) | {"luc": ""}])
        vendor.ingest(moment(4))
        assert [row[0] for row in vendor.paid()] == ["1-1", "2-1"]
        held = vendor.rows("select count(distinct line) as n, min(rule) as rule from ops.quarantine where action = 'quarantine'")
        assert (held[0]["n"], vendor.days()) == (1, {"2023-06-01": 1, "2023-06-02": 1, "2023-06-03": 1})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    mode: days\n", "    mode: days\n    changed_at: luc\n", "'changed_at' does not go with it"),
        ("{file: date} #", "{const: '2023-06-01'} #", r"file_date: \{file: date\}"),
        ("      paid_at: {from: luc, critical: true}\n", "", "mode: days needs the column paid_at"),
        ("first_day: 2023-06-01\n", "", "the profile needs 'first_day'"),
        ("    from: tuNgay\n", "    from: ''\n", "http.paginator needs 'from' and 'to'"),
        ("    model: payment\n", "    model: feedback\n", "mode: days is for the model payment"),
    ],
)
def test_what_a_profile_by_day_needs(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = EXAMPLE.read_text("utf-8")
    assert old in text
    path = tmp_path / EXAMPLE.name
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(NotConfigured, match=words):
        read_profile(path)


def test_payments_that_are_not_asked_for_by_day_are_refused_and_never_passed_over(tmp_path: Path, landing: str) -> None:
    from cchc.sources.extract import extract
    from cchc.sources.landing import Window

    path = tmp_path / EXAMPLE.name
    path.write_text(EXAMPLE.read_text("utf-8").replace("    mode: days\n", ""), "utf-8")
    for host in ("http://127.0.0.1:9", "postgresql://127.0.0.1:9/x"):
        window = Window(None, moment(4) + timedelta(0))
        with pytest.raises(NotConfigured, match=r"over HTTP and from a database it is asked for day by day: add mode: days"):
            extract(read_profile(path), Connection(SOURCE, host, "a", "b"), window, landing, extract_id=1, privacy_key="k")
