"""SQL Server and Oracle: what is sent to them, as their SQLAlchemy dialects and drivers write it. No server of theirs runs here.

Each statement was read by eye, without the vendor's manual. What the drivers make of values and zones, and what a server answers, is not known.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from cchc.errors import SourceUnavailable
from cchc.sources import database
from cchc.sources.connection import Connection
from cchc.sources.database import CLOCKS, Session
from cchc.sources.landing import Window
from cchc.sources.limits import Limits
from cchc.sources.profile import Profile, read_profile

START, END = datetime(2023, 5, 1, tzinfo=UTC), datetime(2023, 6, 1, tzinfo=UTC)
QUERY = "select ma, ngay_sua from hoso where loai like 'A%' and gio <> '08:00' -- a remark"
HOSTS = {"mssql": "mssql://db.example:1433/onestop", "oracle": "oracle://db.example:1521/onestop"}
DRIVERS = {"mssql": "pymssql", "oracle": "oracledb"}
FIELDS = {"key": ["ma"], "columns": {"dossier_code": "ma"}, "model": "dossier"}


class _Answers:
    """Stands where a connection would: it keeps what it is given, and answers one value."""

    def __init__(self, value: Any) -> None:
        self.value, self.given = value, list[Any]()

    def execute(self, statement: Any, **_: Any) -> _Answers:
        self.given.append(statement)
        return self

    def scalar(self) -> Any:
        return self.value

    def scalars(self) -> _Answers:
        return self

    def all(self) -> list[Any]:
        return [self.value]


class Written(Session):
    """A session that is never opened: what it would read is kept as a statement."""

    def __init__(self, profile: Profile, connection: Connection, value: Any) -> None:
        super().__init__(profile, connection, Limits.load())
        self._connection = self.asked = _Answers(value)  # type: ignore[assignment]

    def _read(self, entity: Any, names: list[str], statement: Any) -> Iterator[dict[str, Any]]:
        self.asked.given.append(statement)
        yield from ()

    def text(self, statement: Any) -> str:
        compiled = statement.compile(dialect=self._engine.dialect)
        values = {name: value for name, value in compiled.params.items() if "POSTCOMPILE" not in name}
        return " ".join(str(compiled).split()) + (f" | {', '.join(str(value) for value in values.values())}" if values else "")


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    (tmp_path / "hoso.sql").write_text(QUERY + "\n", encoding="utf-8")
    entities = {
        "by_time": FIELDS | {"table": "dbo.hoso", "changed_at": "ngay_sua"},
        "by_number": FIELDS | {"table": "hoso", "sequence": {"field": "so", "overlap": 5}},
        "by_file": FIELDS | {"query": "hoso.sql", "changed_at": "ngay_sua"},
        "odd_names": {
            "model": "dossier",
            "key": ["Mã hồ sơ"],
            "columns": {"dossier_code": "Mã hồ sơ", "unit_code": "group"},
            "table": "hoso",
        },
    }
    said = {
        "source": "vendor",
        "name_vi": "Thử",
        "owner": "Thử",
        "zone": "Asia/Ho_Chi_Minh",
        "database": {"statement_timeout_seconds": 90},
        "entities": entities,
    }
    (tmp_path / "vendor.yaml").write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    return read_profile(tmp_path / "vendor.yaml")


def session(profile: Profile, kind: str, value: Any = None) -> Written:
    """A session with the real dialect and the real driver of an engine; its one answer is `value`."""
    return Written(profile, Connection("vendor", HOSTS[kind], "lan", "s3cret-value"), value)


def sent(profile: Profile, kind: str, entity: str, value: Any, window: Window) -> list[str]:
    """The statements for the records of an entity."""
    made = session(profile, kind, value)
    chosen = profile.entities[entity]
    list(made.records(chosen, database.wanted(chosen), window))
    return [made.text(statement) for statement in made.asked.given]


WINDOW, SINCE_EVER = Window(START, END), Window(None, END)
A_TIME = datetime(2023, 5, 9)
BY_FILE = "(select ma, ngay_sua from hoso where loai like 'A%' and gio <> '08:00' -- a remark )"
COLUMNS, CHANGED = "dbo.hoso.ma, dbo.hoso.ngay_sua", "dbo.hoso.ngay_sua"
# by engine: entity, the value of its change column, window → the last statement that is sent, and its values
GOLDEN: dict[str, list[tuple[str, Any, Window, str]]] = {
    "mssql": [
        (
            "by_time", A_TIME, WINDOW,
            f"SELECT {COLUMNS} FROM dbo.hoso WHERE {CHANGED} IS NULL OR {CHANGED} >= %(ngay_sua_1)s AND {CHANGED} < %(ngay_sua_2)s "
            "ORDER BY dbo.hoso.ma | 2023-05-01 07:00:00, 2023-06-01 07:00:00",
        ),
        (
            "by_time", date(2023, 5, 9), SINCE_EVER,
            f"SELECT {COLUMNS} FROM dbo.hoso WHERE {CHANGED} IS NULL OR {CHANGED} <= %(ngay_sua_1)s ORDER BY dbo.hoso.ma | 2023-06-01",
        ),
        ("by_number", 7, WINDOW, "SELECT hoso.ma, hoso.so FROM hoso ORDER BY hoso.ma"),
        (
            "by_file", A_TIME, SINCE_EVER,
            f"SELECT records.ma, records.ngay_sua FROM {BY_FILE} AS records WHERE records.ngay_sua IS NULL OR "
            "records.ngay_sua < %(ngay_sua_1)s ORDER BY records.ma | 2023-06-01 07:00:00",
        ),
        ("odd_names", None, WINDOW, "SELECT hoso.[Mã hồ sơ], hoso.[group] FROM hoso ORDER BY hoso.[Mã hồ sơ]"),
    ],
    "oracle": [
        (
            "by_time", A_TIME, WINDOW,
            f"SELECT {COLUMNS} FROM dbo.hoso WHERE {CHANGED} IS NULL OR {CHANGED} >= :ngay_sua_1 AND {CHANGED} < :ngay_sua_2 "
            "ORDER BY dbo.hoso.ma | 2023-05-01 07:00:00, 2023-06-01 07:00:00",
        ),
        ("by_number", 7, WINDOW, "SELECT hoso.ma, hoso.so FROM hoso ORDER BY hoso.ma"),
        (
            "by_file", A_TIME, SINCE_EVER,
            f"SELECT records.ma, records.ngay_sua FROM {BY_FILE} records WHERE records.ngay_sua IS NULL OR records.ngay_sua < :ngay_sua_1 "
            "ORDER BY records.ma | 2023-06-01 07:00:00",
        ),
        ("odd_names", None, WINDOW, 'SELECT hoso."Mã hồ sơ", hoso."group" FROM hoso ORDER BY hoso."Mã hồ sơ"'),
    ],
}  # fmt: skip
# the statement before it, which asks for one value of the change column or for the greatest number
FIRST = {
    ("mssql", "time"): "SELECT TOP __[POSTCOMPILE_param_1] {0}.ngay_sua FROM {1} WHERE {0}.ngay_sua IS NOT NULL | 50",
    ("oracle", "time"): "SELECT {0}.ngay_sua FROM {1} WHERE {0}.ngay_sua IS NOT NULL FETCH FIRST __[POSTCOMPILE_param_1] ROWS ONLY | 50",
}


@pytest.mark.parametrize("kind", GOLDEN)
def test_the_statements_are_those_that_were_judged(profile: Profile, kind: str) -> None:
    for entity, value, window, expected in GOLDEN[kind]:
        first, *last = sent(profile, kind, entity, value, window)
        assert (last or [first])[-1] == expected
        if entity == "by_time":
            assert first == FIRST[kind, "time"].format("dbo.hoso", "dbo.hoso")
        elif entity == "by_number":
            assert first == "SELECT max(hoso.so) AS max_1 FROM hoso"


@pytest.mark.parametrize("kind", GOLDEN)
def test_the_columns_are_asked_for_with_a_condition_that_each_engine_has(profile: Profile, kind: str) -> None:
    made = session(profile, kind)
    assert made.text(database.no_rows(profile.entities["by_time"])) == "SELECT * FROM dbo.hoso WHERE 1 = 0"
    name = " AS records" if kind == "mssql" else " records"
    assert made.text(database.no_rows(profile.entities["by_file"])) == f"SELECT * FROM {BY_FILE}{name} WHERE 1 = 0"
    list(made.keys(profile.entities["by_time"], ["ma"]))
    assert made.text(made.asked.given[-1]) == "SELECT dbo.hoso.ma FROM dbo.hoso ORDER BY dbo.hoso.ma"


def test_the_drivers_are_installed_and_get_the_login_and_the_timeouts(profile: Profile) -> None:
    for kind, driver in DRIVERS.items():
        made = session(profile, kind)
        assert made._engine.dialect.driver == driver and made._engine.dialect.loaded_dbapi is import_module(driver)
        _, given = made._engine.dialect.create_connect_args(made._engine.url)
        assert (given["user"], given["password"]) == ("lan", "s3cret-value")
        assert "s3cret-value" not in made.place
    assert profile.database is not None
    assert database._connect_arguments("mssql", profile.database) == {"login_timeout": 10, "timeout": 90}
    assert database._connect_arguments("oracle", profile.database) == {"tcp_connect_timeout": 10}
    assert import_module("oracledb").is_thin_mode(), "no client of Oracle needs to be installed"
    assert (CLOCKS["mssql"], CLOCKS["oracle"]) == ("select sysutcdatetime()", "select sys_extract_utc(systimestamp) from dual")


@pytest.mark.parametrize("kind", GOLDEN)
def test_a_server_that_is_not_there_is_told_without_the_password(profile: Profile, kind: str) -> None:
    """The real driver against a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    connection = Connection("vendor", f"{kind}://127.0.0.1:{port}/onestop", "lan", "s3cret-value")
    with pytest.raises(SourceUnavailable, match="vendor: logging in at ") as told, Session(profile, connection, Limits.load()):
        pass
    assert "s3cret-value" not in str(told.value)
