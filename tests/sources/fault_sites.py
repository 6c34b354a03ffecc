"""The transports of test_faults_by_transport.py: each reads two units (files, or entities) from a real server, and can be made to misbehave."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import sqlalchemy as sa

from cchc.errors import CchcError
from cchc.sources import database
from cchc.sources.connection import Connection, from_environment
from cchc.sources.database_values import ValueReader
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.profile import Profile, read_profile
from cchc.warehouse import embedded as postgres
from tests.sources.conftest import KEY, PROJECT, T, profile, records
from tests.support.bad_line import BadLine, bad_line
from tests.support.deliveries import payment, payment_file
from tests.support.file_servers import FileServer, s3_server, sftp_server, webdav_server
from tests.support.source_server import Source, serving
from tests.support.warehouse import admin

MANY = 60
DAYS = ("20230105", "20230106")
SILENCE = 0.4  # seconds without an answer after which an extract fails here


class Site:
    """One transport. `whole`: the keys of each unit as they were delivered; `gone`: those that are removed while they are read."""

    def __init__(self, landing: str) -> None:
        self.landing = landing
        self.number = 0
        self.whole: dict[str, Counter[str]] = {}
        self.gone: set[str] = set()
        self.line: BadLine | None = None

    def renew(self) -> None:
        """Everything as it is without a fault."""
        self.gone = set()
        if self.line is not None:
            self.line.reset()

    def profile(self) -> Profile:
        raise NotImplementedError

    def connection(self) -> Connection:
        raise NotImplementedError

    def key(self, record: dict[str, Any]) -> str:
        raise NotImplementedError

    def read(self) -> list[Landed]:
        self.number += 1
        window = Window(None, T)
        return extract(self.profile(), self.connection(), window, self.landing, extract_id=self.number, privacy_key=KEY)

    def outcome(self) -> str:
        """`complete`, `failed`, `blocked` or `waits`. An extract that has less than was delivered, and does not say so, is an AssertionError."""
        try:
            loads = self.read()
        except CchcError as error:
            assert str(error)
            return "failed"
        told = {str(load.file_name or load.entity): load for load in loads}
        words = set()
        for unit, keys in self.whole.items():
            load = told.get(unit)
            assert load is not None, f"{unit} is missing, and nothing says so"
            if load.status == "landed":
                found = Counter(self.key(record) for record in records(load))
                assert set(keys) - self.gone <= set(found) <= set(keys), f"{unit} has {len(found)} of {len(keys)} keys and says nothing"
            else:
                assert load.message
                words.add({"blocked": "blocked", "waiting": "waits"}[load.status])
        return "blocked" if "blocked" in words else "waits" if words else "complete"

    # a line to the server

    def cut(self) -> set[str]:
        """The line is cut after each of some numbers of bytes."""
        assert self.line is not None
        assert self.outcome() == "complete"
        most, found = self.line.passed, set()
        for step in range(self.steps):
            self.line.reset(after=most * step // self.steps)
            found.add(self.outcome())
        return found

    steps = 8

    def slow(self) -> set[str]:
        assert self.line is not None
        assert self.outcome() == "complete"
        self.line.reset(after=self.line.passed // 2, silent=True)
        return {self.outcome()}


class Files(Site):
    """Day files of payments, each with its manifest, in a drop folder."""

    def __init__(self, landing: str, folder: Path) -> None:
        super().__init__(landing)
        self.sender = folder / "sender"

    def put(self, name: str, data: bytes) -> None:
        raise NotImplementedError

    def take(self, name: str) -> None:
        raise NotImplementedError

    def profile(self) -> Profile:
        return profile("payments")

    def key(self, record: dict[str, Any]) -> str:
        return str(record["MaGiaoDich"])

    def deliver(self, day: str, *, claimed: int | None = None, note: str = "") -> None:
        rows = [payment(MaThamChieu=f"R{day}{n}", MaGiaoDich=f"G{day}{n}", MaLoi=note or "00") for n in range(MANY)]
        path = payment_file(self.sender, day, rows, claimed=claimed)
        self.whole[path.name] = Counter(row["MaGiaoDich"] for row in rows)
        for each in (path, path.with_suffix(".json")):
            self.put(each.name, each.read_bytes())

    def renew(self) -> None:
        super().renew()
        for day in DAYS:
            self.deliver(day)

    def total_lies(self) -> set[str]:
        self.deliver(DAYS[0], claimed=1)
        return {self.outcome()}

    def changes(self) -> set[str]:
        """The file is another one, of the same length, when it is read for its records."""
        return {self._at_open(f"giaodich_{DAYS[0]}.csv", 2, lambda: self.deliver(DAYS[0], note="01"))}

    def drifts(self) -> set[str]:
        """A file is taken away between the list and the reading."""
        return {self._at_open(f"giaodich_{DAYS[1]}.csv", 1, lambda: self.take(f"giaodich_{DAYS[1]}.csv"))}

    def encoding(self) -> set[str]:
        self.deliver(DAYS[0])
        name = f"giaodich_{DAYS[0]}.csv"
        data = (self.sender / name).read_bytes()
        self.put(name, data.decode("utf-8-sig").encode("windows-1258", "replace"))
        return {self.outcome()}

    def _at_open(self, name: str, which: int, act: Callable[[], None]) -> str:
        """What comes out if `act` is done just before the file is opened for the n-th time."""
        from cchc.sources.inbox import Inbox

        real, times = Inbox.open, [0]

        def opened(inbox: Inbox, asked: str) -> Any:
            times[0] += asked == name
            if asked == name and times[0] == which:
                act()
            return real(inbox, asked)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Inbox, "open", opened)
            return self.outcome()


class DropFolder(Files):
    """A folder of this machine."""

    slow = None  # type: ignore[assignment]

    def __init__(self, landing: str, folder: Path) -> None:
        super().__init__(landing, folder)
        self.folder = folder / "inbox"
        self.folder.mkdir(parents=True)

    def put(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)

    def take(self, name: str) -> None:
        (self.folder / name).unlink()

    def connection(self) -> Connection:
        return Connection("payments", str(self.folder))

    def cut(self) -> set[str]:
        """The sender's own copy ends after each of some numbers of bytes."""
        name = f"giaodich_{DAYS[0]}.csv"
        data, found = (self.sender / name).read_bytes(), set()
        for step in range(len(data) // 200):
            self.put(name, data[: step * 200])
            found.add(self.outcome())
        lines = data.splitlines(keepends=True)
        self.put(name, b"".join(lines[: MANY // 2]))
        return found | {self.outcome()}

    def refuses(self) -> set[str]:
        hidden = self.folder.with_name("elsewhere")
        self.folder.rename(hidden)
        try:
            return {self.outcome()}
        finally:
            hidden.rename(self.folder)


class Misbehaving:
    """A WSGI application around a server: `change` rewrites its XML, `refusing` makes it refuse everybody."""

    def __init__(self) -> None:
        self.change: Callable[[bytes], bytes] | None = None
        self.refusing = False

    def __call__(self, app: Any) -> Any:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            if self.refusing:
                start("403 Forbidden", [("Content-Length", "0")])
                return [b""]
            if self.change is None:
                return app(environ, start)
            kept: list[Any] = []
            body = b"".join(app(environ, lambda status, headers, *_: kept.extend([status, headers])))
            if b"<?xml" in body[:10]:
                body = self.change(body)
            headers = [(name, value) for name, value in kept[1] if name.lower() != "content-length" or environ["REQUEST_METHOD"] == "HEAD"]
            if environ["REQUEST_METHOD"] != "HEAD":
                headers.append(("Content-Length", str(len(body))))
            start(kept[0], headers)
            return [body]

        return answer


class OnServer(Files):
    """A drop folder on a server."""

    patience = SILENCE
    LENGTH = rb""
    ENTRY = rb""

    def __init__(self, landing: str, folder: Path, server: FileServer, line: BadLine, wrong: Misbehaving) -> None:
        super().__init__(landing, folder)
        self.server, self.line, self.wrong = server, line, wrong

    def put(self, name: str, data: bytes) -> None:
        self.server.put(name, data)

    def take(self, name: str) -> None:
        self.server.remove(name)

    def renew(self) -> None:
        self.wrong.change, self.wrong.refusing = None, False
        super().renew()

    def connection(self) -> Connection:
        assert self.line is not None
        return self.server.connection("payments", port=self.line.port, extra={**self.server.extra, "timeout": self.patience})

    def length_lies(self) -> set[str]:
        self.wrong.change = lambda body: re.sub(self.LENGTH, lambda found: found[1] + str(int(found[2]) + 7).encode() + found[3], body)
        return {self.outcome()}

    def repeats(self) -> set[str]:
        """The list of the folder names each file twice."""
        self.wrong.change = lambda body: re.sub(self.ENTRY, lambda found: found[0] * 2, body, flags=re.DOTALL)
        return {self.outcome()}

    def refuses(self) -> set[str]:
        self.wrong.refusing = True
        return {self.outcome()}


class S3(OnServer):
    LENGTH = rb"(<Size>)(\d+)(</Size>)"
    ENTRY = rb"<Contents>.*?</Contents>"
    steps = 3  # s3fs tries again, which takes time
    patience = 2.0


class WebDAV(OnServer):
    LENGTH = rb"(getcontentlength>)(\d+)(<)"
    ENTRY = rb"<ns0:response>(?:(?!</ns0:response>).)*\.csv.*?</ns0:response>"


class SFTP(OnServer):
    def length_lies(self) -> set[str]:
        LyingSFTP.more = 7
        return {self.outcome()}

    def repeats(self) -> set[str]:
        LyingSFTP.times = 2
        return {self.outcome()}

    def refuses(self) -> set[str]:
        real = self.connection

        def other() -> Connection:
            return replace(real(), password="another")

        self.connection = other  # type: ignore[method-assign]
        try:
            return {self.outcome()}
        finally:
            del self.connection

    def renew(self) -> None:
        LyingSFTP.more, LyingSFTP.times = 0, 1
        super().renew()


class LyingSFTP(asyncssh.SFTPServer):
    """A server whose lists of a folder say other lengths (`more` bytes), or each file several times (`times`)."""

    more = 0
    times = 1

    async def scandir(self, path: bytes) -> Any:
        async for name in super().scandir(path):
            if name.attrs.size is not None and name.filename not in (b".", b".."):
                name.attrs.size += self.more
            for _ in range(self.times):
                yield name


class Rest(Site):
    """A service over HTTP: one_stop (a cursor) or documents (numbered pages)."""

    ENTITIES: dict[str, tuple[str, str]] = {}
    name = ""
    secret = ("", "")

    def __init__(self, landing: str, source: Source, line: BadLine) -> None:
        super().__init__(landing)
        self.source, self.line = source, line

    def renew(self) -> None:
        super().renew()
        source = self.source
        source.page, source.total, source.answer, source.secret, source.api_key = 20, None, None, ("client", "s3cret-value"), "key-4711"
        source.faults = {}
        for entity, (path, key) in self.ENTITIES.items():
            source.records[path] = [self.record(key, n) for n in range(MANY)]
            self.whole[entity] = Counter(str(record[key]) for record in source.records[path])

    def record(self, key: str, number: int) -> dict[str, Any]:
        raise NotImplementedError

    def profile(self) -> Profile:
        asked = profile(self.name).with_entities(list(self.ENTITIES))
        assert asked.http is not None
        entities = {name: replace(entity, deletions=None) for name, entity in asked.entities.items()}
        return replace(asked, http=replace(asked.http, timeout_seconds=SILENCE, retries=0), entities=entities)

    def connection(self) -> Connection:
        assert self.line is not None
        return Connection(self.name, f"http://127.0.0.1:{self.line.port}", *self.secret)

    def key(self, record: dict[str, Any]) -> str:
        return str(record[next(key for _, key in self.ENTITIES.values() if key in record)])

    def total_lies(self) -> set[str]:
        found = set()
        for wrong in (MANY - 1, MANY + 1, 0):
            self.source.total = wrong
            found.add(self.outcome())
        return found

    def repeats(self) -> set[str]:
        """Each page begins with the last records of the page before it."""
        path = next(path for path, _ in self.ENTITIES.values())
        records = self.source.records[path]
        self.source.records[path] = [each for start in range(0, MANY, 19) for each in records[max(0, start - 1) : start + 19]]
        self.source.total = MANY
        return {self.outcome()}

    def drifts(self) -> set[str]:
        """A record of the first page is removed while the pages after it are asked for."""
        path, key = next(iter(self.ENTITIES.values()))
        self.gone = {str(self.source.records[path][0][key])}
        return {self._after_a_page(lambda records: records.pop(0))}

    def changes(self) -> set[str]:
        """A record of the first page changes, and so moves to the end."""
        return {self._after_a_page(lambda records: records.append(records.pop(0)))}

    def _after_a_page(self, act: Callable[[list[Any]], object]) -> str:
        path = next(path for path, _ in self.ENTITIES.values())
        where, records = self.path(path), self.source.records[path]

        def once(_: Any) -> bool:
            act(records)
            return False

        self.source.faults[where] = [lambda _: False, once]
        return self.outcome()

    def path(self, name: str) -> str:
        raise NotImplementedError

    def encoding(self) -> set[str]:
        path = next(path for path, _ in self.ENTITIES.values())
        self.source.faults[self.path(path)] = [
            lambda handler: handler.reply('{"total": 1, "data": [{"MaHoSo": "hồ sơ"}]}'.encode("cp1258", "replace") + b"\xff")
        ] * 9
        return {self.outcome()}

    def refuses(self) -> set[str]:
        self.source.secret, self.source.api_key = ("client", "another"), "another"
        return {self.outcome()}


class Cursor(Rest):
    name, secret = "one_stop", ("client", "s3cret-value")
    ENTITIES = {"dossiers": ("dossiers", "MaHoSo")}

    def record(self, key: str, number: int) -> dict[str, Any]:
        from tests.support.deliveries import dossier

        return dossier(f"HS{number}")

    def path(self, name: str) -> str:
        return f"/api/{name}"


class Pages(Rest):
    name, secret = "documents", ("client", "key-4711")
    ENTITIES = {"signatures": ("signatures", "IdKySo")}

    def record(self, key: str, number: int) -> dict[str, Any]:
        return {
            "IdKySo": f"K{number}", "IdVanBan": f"V{number}", "NguoiKyId": "N1", "ThoiDiemKy": "2023-01-05T08:00:00+07:00",
            "LoaiChungThu": "ca_nhan", "HopLe": True, "NgayCapNhat": "2023-01-05T08:00:00+07:00",
        }  # fmt: skip

    def path(self, name: str) -> str:
        return f"/api/v1/{name}"


class Database(Site):
    """A PostgreSQL with two tables, behind the same line."""

    DOCUMENT = PROJECT / "docs" / "examples" / "vendor_database.yaml"

    def __init__(self, landing: str, server: postgres.Server, line: BadLine, url: sa.URL) -> None:
        super().__init__(landing)
        self.line, self.url = line, url
        self.engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"client_encoding": "utf8"})
        self.run(
            "create table hoso (ma text, don_vi text, ngay_nhan timestamp, han_tra date, ngay_xong timestamp, so_cccd text, "
            "ngay_sua timestamp, ngay_xoa timestamp)"
        )

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def renew(self) -> None:
        super().renew()
        self.run(
            "truncate hoso",
            f"insert into hoso select 'A' || n, 'VD.1', '2023-05-02', '2023-05-10', null, repeat('x', 300), "
            f"'2023-05-02', null from generate_series(1, {MANY * 50}) as n",
        )
        self.whole = {"dossiers": Counter(f"A{n}" for n in range(1, MANY * 50 + 1))}

    def profile(self) -> Profile:
        example = read_profile(self.DOCUMENT)
        assert example.database is not None
        dossiers = replace(example.entities["dossiers"], deletions=None)
        return replace(
            example,
            entities={"dossiers": dossiers},
            database=replace(example.database, statement_timeout_seconds=SILENCE * 5, batch_rows=100),
        )

    def connection(self) -> Connection:
        assert self.line is not None
        text = self.url.set(drivername="postgresql", host="127.0.0.1", port=self.line.port).render_as_string(hide_password=False)
        return from_environment("vendor_database", {"AIRFLOW_CONN_SRC_VENDOR_DATABASE": text})

    def key(self, record: dict[str, Any]) -> str:
        return str(record["ma"])

    def slow(self) -> set[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(database, "CONNECT_SECONDS", 1)
            return super().slow()

    def drifts(self) -> set[str]:
        return {self._while_read("delete from hoso")}

    def changes(self) -> set[str]:
        return {self._while_read("update hoso set ma = 'B' || ma")}

    def _while_read(self, statement: str) -> str:
        real, seen = ValueReader.record, [0]

        def record(reader: Any, number: int, row: dict[str, Any]) -> dict[str, Any]:
            seen[0] += 1
            if seen[0] == 50:
                self.run(statement)
            return real(reader, number, row)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ValueReader, "record", record)
            return self.outcome()

    def refuses(self) -> set[str]:
        real = self.url
        self.url = real.set(password="another", username="nobody")
        try:
            return {self.outcome()}
        finally:
            self.url = real

    def encoding(self) -> set[str]:
        """A database that keeps bytes as they come (SQL_ASCII), with a text that is no UTF-8."""
        self.run("insert into hoso (ma, don_vi, ngay_nhan, ngay_sua) values (E'H\\xd4', 'VD.1', '2023-05-02', '2023-05-02')")
        return {self.outcome()}


@contextmanager
def sites(server: postgres.Server, folder: Path) -> Iterator[dict[str, Site]]:
    """Each transport by the name that the page has for it."""
    landing = (folder / "landing").as_uri()
    with ExitStack() as stack:
        found: dict[str, Site] = {"folder": DropFolder(landing + "/folder", folder / "folder")}
        wrong = {name: Misbehaving() for name in ("SFTP", "WebDAV", "S3")}
        servers = {
            "SFTP": (SFTP, sftp_server(LyingSFTP)),
            "WebDAV": (WebDAV, webdav_server(wrong["WebDAV"])),
            "S3": (S3, s3_server(wrong["S3"])),
        }
        for name, (kind, context) in servers.items():
            running = stack.enter_context(context)
            line = stack.enter_context(bad_line(running.port))
            found[name] = kind(f"{landing}/{name}", folder / name, running, line, wrong[name])
            (folder / name).mkdir()
        for name, kind_of_rest in (("REST by cursor", Cursor), ("REST by pages", Pages)):
            source = Source()
            port = int(stack.enter_context(serving(source)).rpartition(":")[2])
            found[name] = kind_of_rest(f"{landing}/{kind_of_rest.name}", source, stack.enter_context(bad_line(port)))
        admin(server, "create database faults encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0")
        url = sa.make_url(server.url("faults"))
        line = stack.enter_context(bad_line(int(url.port or 5432)))
        found["database"] = site = Database(f"{landing}/database", server, line, url)
        yield found
        site.engine.dispose()
        admin(server, "drop database faults with (force)")
