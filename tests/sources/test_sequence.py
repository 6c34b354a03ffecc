"""Windows by a growing number: over HTTP, and in a real PostgreSQL through the whole pipeline. test_database.py has PostgreSQL and MariaDB."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pytest
import yaml
from sqlalchemy import make_url

from cchc.errors import ContractViolation, NotConfigured
from cchc.pipeline.ingest import _numbers, ingest
from cchc.settings import Settings
from cchc.sources.connection import Connection, from_environment
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.profile import load_profile, read_profile
from cchc.sources.sequence import whole
from cchc.warehouse import embedded as postgres
from tests.sources.conftest import KEY, T, records
from tests.support.cli import cchc
from tests.support.http import Handler, listening
from tests.support.warehouse import NewWarehouse, admin, rows_of

YESTERDAY = T - timedelta(days=1)
PAGES = {"kind": "offset", "limit": 2, "data": "items", "total": "total", "from": "after", "times": "sequence"}


def written(folder: Path, **keys: Any) -> Path:
    """A profile of one list whose changes have numbers."""
    entity = {
        "model": "dossier_step",
        "key": ["id"],
        "changed_at": "changed",
        "columns": {"step_code": "id", "dossier_code": "cha", "done_at": "changed"},
        "sequence": {"field": "soThayDoi", "overlap": 1},
    }
    pages = PAGES | keys.pop("pages", {})
    pages.pop(keys.pop("without", ""), None)
    said = {
        "source": "vendor", "name_vi": "Thử", "owner": "Thử", "zone": "Asia/Ho_Chi_Minh",
        "http": {"auth": {"kind": "none"}, "path": "/{entity}", "paginator": pages, "retries": 0},
        "entities": {"steps": entity | keys},
    }  # fmt: skip
    path = folder / "vendor.yaml"
    path.write_text(yaml.safe_dump(said), encoding="utf-8")
    return path


class _Vendor(Handler):
    """Answers the changes from a number on."""

    changes: ClassVar[list[dict[str, Any]]] = []
    asked: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        """Answer a page."""
        query = dict(parse_qsl(urlsplit(self.path).query))
        type(self).asked.append(query)
        found = [each for each in self.changes if (whole(each.get("soThayDoi")) or 0) >= int(query.get("after", 0))]
        first = int(query["offset"])
        body = {"items": found[first : first + int(query["limit"])], "total": len(found)}
        self.send(json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def change(number: int | None, day: str = "2023-05-02") -> dict[str, Any]:
    """A record, with the number of its last change."""
    numbered = {} if number is None else {"soThayDoi": number}
    return {"id": f"B{number}", "cha": "H1", "changed": f"{day}T08:00:00", **numbered}


@pytest.fixture(scope="module")
def vendor() -> Iterator[str]:
    with listening(_Vendor) as url:
        yield url


@pytest.fixture
def pull(vendor: str, tmp_path: Path) -> Callable[..., Landed]:
    def run(window: Window, **keys: Any) -> Landed:
        _Vendor.asked = []
        profile = read_profile(written(tmp_path, **keys))
        landing = (tmp_path / "landing").as_uri()
        (load,) = extract(profile, Connection("vendor", vendor), window, landing, extract_id=len(list(tmp_path.iterdir())), privacy_key=KEY)
        (tmp_path / f"of {len(list(tmp_path.iterdir()))}").touch()
        return load

    return run


def numbers(load: Landed) -> list[str]:
    """The keys that landed."""
    return sorted(record["id"] for record in records(load))


def test_each_extract_goes_on_behind_the_number_that_was_reached(pull: Callable[..., Landed]) -> None:
    _Vendor.changes = [change(number) for number in (3, 5, 8)]
    first = pull(Window(None, T))
    assert (numbers(first), first.manifest["sequence_to"]) == (["B3", "B5", "B8"], 8)
    assert all("after" not in query for query in _Vendor.asked) and "soThayDoi" not in next(iter(records(first)))
    _Vendor.changes += [change(9), change(12)]
    second = pull(Window(YESTERDAY, T, numbers={"steps": 8}))
    assert (numbers(second), second.manifest["sequence_to"]) == (["B12", "B8", "B9"], 12)
    assert {query["after"] for query in _Vendor.asked} == {"7"}, "some numbers earlier, by the overlap"
    _Vendor.changes = []
    assert pull(Window(YESTERDAY, T, numbers={"steps": 12})).manifest["sequence_to"] == 12, "where nothing came the number stays"


def test_a_named_beginning_asks_for_everything(pull: Callable[..., Landed]) -> None:
    _Vendor.changes = [change(number) for number in (3, 8)]
    assert numbers(pull(Window(YESTERDAY, T, explicit=True, numbers={"steps": 8}))) == ["B3", "B8"]


def test_what_changed_at_or_after_t_is_asked_for_again(pull: Callable[..., Landed]) -> None:
    _Vendor.changes = [change(3), change(4, "2099-01-01"), change(5)]
    load = pull(Window(YESTERDAY, T, numbers={"steps": 2}))
    assert (numbers(load), load.manifest["late"], load.manifest["sequence_to"]) == (["B3", "B5"], 1, 3)


def test_a_full_extract_begins_with_the_new_numbers(pull: Callable[..., Landed]) -> None:
    _Vendor.changes = [change(2)]
    assert pull(Window(None, T, numbers={"steps": 900})).manifest["sequence_to"] == 2


@pytest.mark.parametrize("bad", [None, -1, 1.5, "x", True])
def test_a_record_without_a_number_fails_by_name(pull: Callable[..., Landed], bad: Any) -> None:
    _Vendor.changes = [change(1), change(None) | ({} if bad is None else {"soThayDoi": bad})]
    with pytest.raises(ContractViolation, match="1 of 2 records have no whole number in soThayDoi"):
        pull(Window(None, T))


def test_pages_by_number_with_windows_by_number(pull: Callable[..., Landed]) -> None:
    pages = {"kind": "page_number", "size": 9, "size_parameter": "limit", "page_parameter": "offset", "to": ""}
    _Vendor.changes = [change(1)]
    pull(Window(None, T), pages=pages, without="limit")
    assert _Vendor.asked[0]["after"] == "0"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"sequence": None}, "needs 'sequence' with the field of the number"),
        ({"pages": {"times": "iso"}}, "'sequence' goes with 'database', or with 'http' whose paginator has times: sequence"),
        ({"pages": {"to": "before"}}, "'times: sequence' has no end"),
        ({"mode": "list"}, "without mode: list"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, keys: dict[str, Any], words: str) -> None:
    path = written(tmp_path, **{key: value for key, value in keys.items() if value is not None})
    if "sequence" in keys:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        del said["entities"]["steps"]["sequence"]
        path.write_text(yaml.safe_dump(said), encoding="utf-8")
    with pytest.raises(NotConfigured, match=words):
        read_profile(path)


DATABASE = """
source: vendor_numbers
name_vi: Thử
owner: Thử
zone: Asia/Ho_Chi_Minh
overlap_hours: 1
database: {}
entities:
  dossier_steps:
    model: dossier_step
    table: thay_doi
    key: [ma]
    sequence: {field: so, overlap: 2}
    columns: {step_code: ma, dossier_code: cha}
"""


def test_the_state_is_kept_from_the_last_complete_extract(
    postgres_server: postgres.Server, new_warehouse: NewWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two extracts, one that fails between them, and T set back: each goes on where the complete ones before it ended."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "vendor_numbers.yaml").write_text(DATABASE, encoding="utf-8")
    admin(postgres_server, "create database vendor_numbers")
    url = make_url(postgres_server.url("vendor_numbers")).set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("AIRFLOW_CONN_SRC_VENDOR_NUMBERS", url.replace("postgresql:", "postgres:", 1))
    connection = from_environment("vendor_numbers", {"AIRFLOW_CONN_SRC_VENDOR_NUMBERS": url.replace("postgresql:", "postgres:", 1)})

    def run(day: int, *statements: str) -> list[int]:
        """An extract after these changes; how many records it landed, and the number that it reached."""
        with psycopg.connect(url) as vendor:
            for statement in statements:
                vendor.execute(statement)
        ingest(settings, "vendor_numbers", connection, end=T + timedelta(days=day))
        newest = "select landed, cast(manifest ->> 'sequence_to' as integer) as reached from ops.load order by load_id desc limit 1"
        return list(rows_of(settings, newest)[0].values())

    try:
        with new_warehouse(tmp_path / "home"):
            monkeypatch.setenv("CCHC_SOURCES_DIR", str(sources))
            settings = Settings.load()
            assert cchc("init").code == 0
            table = "create table thay_doi (ma text primary key, cha text, so bigint)"
            rows = "insert into thay_doi select 'B' || n, 'H1', n from generate_series(1, 9) as n"
            assert run(0, table, rows) == [9, 9]
            assert run(1) == [3, 9], "7, 8 and 9 again, by the overlap"
            assert run(2, "update thay_doi set so = 10 where ma = 'B1'", "insert into thay_doi values ('B10', 'H1', 11)") == [5, 11]
            with pytest.raises(ContractViolation, match="1 of 4 records have no whole number in so"):
                run(3, "insert into thay_doi values ('B11', 'H1', null)")
            assert run(3, "update thay_doi set so = 12 where ma = 'B11'") == [4, 12]
            assert rows_of(settings, "select count(*) as n from core.dossier_step") == [{"n": 11}]
            back = (T + timedelta(days=1)).isoformat()
            assert cchc("source", "rewind", "vendor_numbers", back, "--why", "Thử").code == 0
            profile = load_profile(sources, "vendor_numbers")
            starts = (T, T + timedelta(days=1), T + timedelta(days=3))
            assert [_numbers(settings, profile, start - timedelta(hours=1)) for start in starts] == [
                {"dossier_steps": number} for number in (9, 9, 12)
            ], "T set back takes the number back: the extracts after it keep their own moment"
            landed, reached = run(4)
            assert landed >= 6 and reached == 12, "at least from the number that was reached at that T"
    finally:
        admin(postgres_server, "drop database vendor_numbers with (force)")
