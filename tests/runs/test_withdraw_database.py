"""`cchc withdraw` and `cchc reload` of extracts of a real PostgreSQL: the warehouse is the one that never had them, or had them right."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cchc.cli import main as cli
from cchc.errors import WrongUse
from cchc.period import ZONE
from cchc.pipeline.ingest import ingest
from cchc.pipeline.withdraw import Withdrawn, withdraw
from cchc.settings import PROJECT, Settings
from cchc.sources.connection import from_environment
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import NewWarehouse, admin, rows_of

SOURCE = "vendor_database"
EXAMPLE = PROJECT / "docs" / "examples" / f"{SOURCE}.yaml"
TS = [datetime(2023, month, 1, tzinfo=ZONE) for month in (5, 6, 7)]
MISSING = "select month_start, dossier_code, first_seen_at from ops.missing_key order by 1, 2"
# what the vendor does before each T: A is changed before the second one, B is new there and is never delivered again
CHANGES = (
    ("insert into hoso values ('A', 'VD.1', '2023-04-02 08:00', '2023-04-10', null, 'x', '2023-04-02 08:00', null)",
     "insert into buoc values ('A', 1, '2023-04-02 08:00+07', 'nhận')"),
    ("update hoso set ngay_xong = '2023-05-20 08:00', ngay_sua = '2023-05-20 08:00' where ma = 'A'",
     "insert into hoso values ('B', 'VD.1', '2023-05-03 08:00', '2023-05-12', null, 'y', '2023-05-21 08:00', null)",
     "insert into buoc values ('B', 1, '2023-05-03 08:00+07', 'nhận')"),
    ("insert into hoso values ('C', 'VD.1', '2023-06-05 08:00', '2023-06-12', null, 'z', '2023-06-15 08:00', null)",
     "delete from buoc where ma = 'B'"),
)  # fmt: skip
World = Callable[..., AbstractContextManager[Settings]]


@pytest.fixture
def world(postgres_server: postgres.Server, new_warehouse: NewWarehouse, tmp_path: Path) -> Iterator[World]:
    """A function: a warehouse that has the extracts at each T but `without`; `wrong`: texts of the profile that stand in it at the T of
    `wrong_at`, in place of others; `last`: what the vendor does before the last T beside CHANGES."""
    admin(postgres_server, "create database vendor_withdrawn")
    url = sa.make_url(postgres_server.url("vendor_withdrawn"))
    vendor = sa.create_engine(url, poolclass=sa.NullPool)

    def run(*statements: str) -> None:
        with vendor.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    @contextmanager
    def made(
        name: str, *, without: int | None = None, wrong: dict[str, str] | None = None, wrong_at: int = 1, last: tuple[str, ...] = ()
    ) -> Iterator[Settings]:
        run(
            "drop table if exists hoso, buoc",
            "create table hoso (ma text, don_vi text, ngay_nhan timestamp, han_tra date, ngay_xong timestamp, so_cccd text, "
            "ngay_sua timestamp, ngay_xoa timestamp)",
            "create table buoc (ma text, so integer, luc timestamptz, viec text)",
        )
        sources = tmp_path / name / "sources"
        shutil.copytree(EXAMPLE.parent, sources, ignore=shutil.ignore_patterns("dutch*"))
        right = (sources / EXAMPLE.name).read_text(encoding="utf-8")
        with new_warehouse(tmp_path / name / "home"), pytest.MonkeyPatch.context() as patch:
            patch.setenv("CCHC_SOURCES_DIR", str(sources))
            address = url.set(drivername="postgresql").render_as_string(hide_password=False)
            patch.setenv(f"AIRFLOW_CONN_SRC_{SOURCE.upper()}", address)
            settings = Settings.load()
            assert cli.main(["init"]) == 0
            for place, t in enumerate(TS):
                run(*CHANGES[place], *(last if place == len(TS) - 1 else ()))
                text = right
                for old, new in (wrong or {}).items() if place == wrong_at else ():
                    assert old in text
                    text = text.replace(old, new)
                (sources / EXAMPLE.name).write_text(text, encoding="utf-8")
                if place != without:
                    assert ingest(settings, SOURCE, from_environment(SOURCE), TS[place - 1] if place else None, t).blocked == []
            (sources / EXAMPLE.name).write_text(right, encoding="utf-8")
            yield settings

    yield made
    vendor.dispose()
    admin(postgres_server, "drop database vendor_withdrawn with (force)")


def state(settings: Settings) -> dict[str, list[str]]:
    """Every row of core and mart, without the numbers of loads and when something was computed."""
    return table_rows(settings, "_load_id", "computed_at")


def loads_at(settings: Settings, place: int) -> list[int]:
    """One load of the extract at a T: its whole extract is withdrawn."""
    rows = rows_of(settings, f"select min(load_id) as n from ops.load where window_to = '{TS[place].isoformat()}' and status = 'loaded'")
    return [int(rows[0]["n"])]


def dossiers(settings: Settings) -> list[tuple[Any, ...]]:
    asked = "select dossier_code, is_counted from mart.dossier order by 1"
    return [tuple(row.values()) for row in rows_of(settings, asked)]


def test_an_extract_of_a_database_that_is_withdrawn_was_never_there(world: World) -> None:
    with world("never", without=1) as settings:
        expected, missing, known = state(settings), rows_of(settings, MISSING), dossiers(settings)
    with world("withdrawn") as settings:
        assert dossiers(settings) == [("A", True), ("B", True), ("C", True)]
        assert rows_of(settings, MISSING) == []
        withdraw(settings, loads_at(settings, 1), "the test system answered", "Nguyễn Thị Thử")
        assert differing(expected, state(settings)) == {}
        assert dossiers(settings) == known
        assert [row["dossier_code"] for row in missing] == ["B"], "the list of keys of the third extract names it"
        assert rows_of(settings, MISSING) == missing


def test_an_extract_of_a_database_that_is_reloaded_was_always_read_right(world: World) -> None:
    with world("right") as settings:
        expected = state(settings)
    with world("wrong", wrong={'channel_code: {const: "1"}': 'channel_code: {const: "2"}'}) as settings:
        assert differing(expected, state(settings)) != {}
        withdraw(settings, loads_at(settings, 1), "read under a wrong profile", "Nguyễn Thị Thử", reload=True)
        assert differing(expected, state(settings)) == {}


def reload(settings: Settings, *loads: int) -> Withdrawn:
    """Read loads again, where landing does not serve from the vendor's database."""
    return withdraw(settings, loads, "another column", "Nguyễn Thị Thử", reload=True, connect=lambda: from_environment(SOURCE))


def test_a_column_that_did_not_land_is_asked_of_the_database_again(world: World) -> None:
    without_column = {"      applicant_key: {from: so_cccd, personal: hmac}\n": ""}
    with world("right") as settings:
        expected = state(settings)
    with world("wrong", wrong=without_column) as settings:
        assert differing(expected, state(settings)) != {}
        with engine(settings).begin() as connection:
            connection.exec_driver_sql(
                "insert into ops.erasure (reason, by_whom, erased_at, rows_by_table, landing_files) values ('letter 17', 'x', now(), '{}', 1)"
            )
        done = reload(settings, *loads_at(settings, 1))
        assert done.erased == 1, "the hash of a citizen who was erased may be back"
        why = {reading.load["entity"]: reading.why for reading in done.read}
        assert why.pop("dossiers") == "what no column named did not land, and the profile names now: so_cccd (applicant_key)"
        assert why == {"dossiers.keys": None, "dossier_steps": None}, "the step of B is gone from the database, and stands in landing"
        assert differing(expected, state(settings)) == {}
    with world("changed", wrong=without_column, wrong_at=0) as settings:
        before = state(settings)
        with pytest.raises(WrongUse, match="1 records that it had brought are not given any more for its window"):
            reload(settings, *loads_at(settings, 0))
        assert differing(before, state(settings)) == {}


def test_a_list_of_keys_is_reloaded_alone(world: World) -> None:
    deleted = ("update hoso set ngay_xoa = '2023-06-10 20:00' where ma = 'A'",)
    with world("right", last=deleted) as settings:
        expected = state(settings)
    with world("wrong", last=deleted, wrong={"zone: Asia/Ho_Chi_Minh": "zone: Asia/Tokyo"}, wrong_at=2) as settings:
        (keys,) = rows_of(settings, "select max(load_id) as n from ops.load where entity = 'dossiers.keys' and status = 'loaded'")
        wrong = state(settings)
        assert "core.dossier_key" in differing(expected, wrong)
        done = reload(settings, keys["n"])
        assert done.renewed == (keys["n"],), "the dossiers of the extract stay as they were read"
        after = differing(expected, state(settings))
        assert "core.dossier_key" not in after and "core.dossier_version" in after
        assert reload(settings, *loads_at(settings, 2)).erased == 0
        assert differing(expected, state(settings)) == {}
