"""Each shape of a REST source, by profile alone, against a real server with faults: complete or failed, never less."""

from __future__ import annotations

import base64
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
import yaml

from cchc.errors import CchcError, ContractViolation, NotConfigured
from cchc.sources import landing as landing_room
from cchc.sources.check import check_connection
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Folder, Landed, Window
from cchc.sources.profile import read_profile
from cchc.sources.records import BATCH_RECORDS
from tests.sources.conftest import KEY, T, records, rows
from tests.support.http import Handler, listening

SECRET = "s3cret-value"
COUNT = 7
SIZE = 3
Answer = Callable[["_Vendor", str, dict[str, str], Any], Any]


class _State:
    """What the vendor answers with; a test sets it."""

    answer: Answer
    faults: list[Callable[[_Vendor], Any]]
    asked: list[tuple[str, str, dict[str, str], Any]]
    is_allowed: Callable[[_Vendor, dict[str, str]], bool]


STATE = _State()


class _Vendor(Handler):
    protocol_version = "HTTP/1.1"

    def reply(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send(body if isinstance(body, bytes) else orjson.dumps(body), status, headers)

    def cut(self) -> None:
        self.break_off(b'{"result": {"items": [')

    def _serve(self, body: Any) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if parts.path == "/login":
            self.reply({"data": {"jwt": "t-1"}} if body == {"user": "lan", "pass": SECRET} else {}, 200)
            return
        STATE.asked.append((self.command, parts.path, query, body))
        if not STATE.is_allowed(self, query):
            self.reply({}, 401)
        elif STATE.faults:
            STATE.faults.pop(0)(self)
        else:
            found = STATE.answer(self, parts.path, query, body)
            self.reply(*(found if isinstance(found, tuple) else (found,)))

    def do_GET(self) -> None:
        self._serve(None)

    def do_POST(self) -> None:
        self._serve(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))


@pytest.fixture(scope="module")
def vendor() -> Iterator[str]:
    with listening(_Vendor) as url:
        yield url


@pytest.fixture(autouse=True)
def _fresh() -> None:
    STATE.faults, STATE.asked = [], []
    STATE.is_allowed = lambda handler, query: True


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"hoSo": {"ma": f"B{number}", "cha": "H1", "ghiChu": "x"}, "moc": [{"luc": "2023-01-02T08:00:00"}], **more}


ITEMS = [item(n) for n in range(COUNT)]
FLAT = {"key": ["hoSo.ma"], "columns": {"step_code": "hoSo.ma", "dossier_code": "hoSo.cha", "done_at": "moc[0].luc"}}


@pytest.fixture
def pull(vendor: str, tmp_path: Path, sleeps: list[float]) -> Callable[..., Landed]:
    """Extracts the entity `steps` of a profile with the given part `http` and entity."""

    def run(part: dict[str, Any], entity: dict[str, Any] | None = None, window: Window | None = None) -> Landed:
        path = tmp_path / "vendor.yaml"
        said = {
            "source": "vendor", "name_vi": "Thử", "owner": "Thử", "zone": "Asia/Ho_Chi_Minh",
            "http": {"auth": {"kind": "none"}, "path": "/api/{entity}", "retries": 1} | part,
            "entities": {"steps": {"model": "dossier_step"} | FLAT | (entity or {})},
        }  # fmt: skip
        path.write_text(yaml.safe_dump(said), encoding="utf-8")
        profile = read_profile(path)
        connection = Connection("vendor", vendor, "lan", SECRET)
        loads = extract(profile, connection, window or Window(None, T), (tmp_path / "landing").as_uri(), extract_id=1, privacy_key=KEY)
        return loads[0]

    return run


def keys(load: Landed) -> list[str]:
    return sorted(record["hoSo.ma"] for record in records(load))


ALL = [f"B{n}" for n in range(COUNT)]


def by_offset(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
    start = int(query["skip"])
    return {"result": {"items": ITEMS[start : start + int(query["take"])], "count": COUNT}}


def by_page(first: int) -> Answer:
    def answer(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
        start = (int(query["trang"]) - first) * SIZE
        return ITEMS[start : start + SIZE]

    return answer


def by_cursor(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
    start = int(query.get("sau", "0"))
    return ITEMS[start : start + SIZE], 200, ({"X-Next": str(start + SIZE)} if start + SIZE < COUNT else {})


def by_link(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
    start = int(query.get("start", "0"))
    following = start + SIZE
    return (
        ITEMS[start:following],
        200,
        {"Link": f'<{path}?start={following}>; rel="next"' if following < COUNT else f'<{path}>; rel="first"'},
    )


def by_url(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
    start = int(query.get("start", "0"))
    following = start + SIZE
    return {"value": ITEMS[start:following], "links": {"next": f"?start={following}" if following < COUNT else None}}


def by_post(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
    start = body["paging"]["from"]
    return {"result": {"items": ITEMS[start : start + body["paging"]["n"]], "count": COUNT}}


NESTED = {"data": "result.items", "total": "$.result.count"}
OFFSET = {"paginator": {"kind": "offset", "limit": SIZE, "offset_parameter": "skip", "limit_parameter": "take"} | NESTED}
PAGE = {"kind": "page_number", "size": SIZE, "page_parameter": "trang", "size_parameter": "", "data": "", "total": "", "from": "", "to": ""}
POST = {
    "paginator": {"kind": "offset", "limit": SIZE} | NESTED,
    "body": {"paging": {"from": "{offset}", "n": "{limit}"}, "type": "{entity}"},
}
SHAPES: dict[str, tuple[dict[str, Any], Answer]] = {
    "offset, total in a nested envelope": (OFFSET, by_offset),
    "page number from 0, a list as answer, no total": ({"paginator": PAGE}, by_page(0)),
    "page number from 1, full pages": ({"paginator": PAGE | {"first": 1, "full_pages": True}}, by_page(1)),
    "cursor in a header": (
        {"paginator": {"kind": "cursor", "limit": SIZE, "data": "", "total": "", "next_header": "X-Next", "cursor_parameter": "sau"}},
        by_cursor,
    ),
    "header Link": ({"paginator": {"kind": "link_header", "size": SIZE}}, by_link),
    "next URL": ({"paginator": {"kind": "next_url", "next": "links.next", "data": "value"}}, by_url),
    "single": ({"paginator": {"kind": "single", "data": "ds", "total": "n"}}, lambda *_: {"ds": ITEMS, "n": COUNT}),
    "POST": (POST, by_post),
}  # fmt: skip
FAULTS: dict[str, Callable[[_Vendor], Any]] = {
    "cut off": lambda h: h.cut(),
    "half JSON": lambda h: h.reply(b'{"result": {"items": ['),
    "500": lambda h: h.reply({}, 500),
    "HTML": lambda h: h.reply(b"<html>busy</html>", 200, {"Content-Type": "text/html"}),
    "429": lambda h: h.reply({}, 429, {"Retry-After": "9"}),
    "another object": lambda h: h.reply({"error": "busy"}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_read_whole_by_its_profile_alone(pull: Callable[..., Landed], shape: str) -> None:
    part, STATE.answer = SHAPES[shape]
    load = pull(part)
    assert keys(load) == ALL
    assert {tuple(sorted(record)) for record in records(load)} == {("hoSo.cha", "hoSo.ma", "moc[0].luc")}
    assert load.manifest["fields"]["present"]["hoSo.ghiChu"] == COUNT  # told by its own name as unused


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_fault_that_passes_loses_nothing_and_one_that_stays_fails(
    pull: Callable[..., Landed], sleeps: list[float], shape: str, fault: str
) -> None:
    part, STATE.answer = SHAPES[shape]
    STATE.faults = [FAULTS[fault]]
    assert keys(pull(part)) == ALL
    assert ("429" not in fault) or 9 in sleeps
    STATE.asked = []
    STATE.faults = [FAULTS[fault]] * 50
    with pytest.raises(CchcError, match="vendor steps"):
        pull(part, window=Window(None, T.replace(year=2024)))


@pytest.mark.parametrize("total", [COUNT - 1, COUNT + 1, SIZE])
@pytest.mark.parametrize("shape", ["offset, total in a nested envelope", "POST", "single"])
def test_a_total_that_lies_fails(pull: Callable[..., Landed], shape: str, total: int) -> None:
    part, honest = SHAPES[shape]

    def lying(*given: Any) -> Any:
        body = honest(*given)
        return body | {"n": total} if "n" in body else {"result": body["result"] | {"count": total}}

    STATE.answer = lying
    with pytest.raises(ContractViolation, match="that the source counts|but the source counts"):
        pull(part)


def test_the_last_page_for_ever_fails_by_name(pull: Callable[..., Landed]) -> None:
    STATE.answer = lambda h, path, query, body: ITEMS[-SIZE:] if int(query["trang"]) > 1 else by_page(0)(h, path, query, body)
    with pytest.raises(ContractViolation, match=r"page 3: the page came before in the same form.*'trang'"):
        pull({"paginator": PAGE})


def test_links_in_a_circle_fail(pull: Callable[..., Landed]) -> None:
    STATE.answer = lambda h, path, query, body: {"value": [item(len(STATE.asked))], "links": {"next": "?start=0"}}
    with pytest.raises(ContractViolation, match="run in a circle"):
        pull(SHAPES["next URL"][0])


@pytest.mark.parametrize("address", ["http://[", "http://\u2100.example/"])
def test_a_next_page_that_is_no_address_is_told(pull: Callable[..., Landed], address: str) -> None:
    STATE.answer = lambda *_: {"value": ITEMS[:SIZE], "links": {"next": address}}
    with pytest.raises(ContractViolation, match="is no address"):
        pull(SHAPES["next URL"][0])


@pytest.mark.parametrize("address", ["http://other.example/api/steps?start=3", "//other.example/x", "file:///etc/passwd"])
def test_only_the_host_of_the_connection_is_followed(pull: Callable[..., Landed], address: str) -> None:
    STATE.answer = lambda *_: {"value": ITEMS[:SIZE], "links": {"next": address}}
    with pytest.raises(ContractViolation, match="on another host"):
        pull(SHAPES["next URL"][0])
    assert len(STATE.asked) == 1


def test_a_wrong_place_of_the_next_page_is_no_end(pull: Callable[..., Landed]) -> None:
    STATE.answer = by_url
    with pytest.raises(ContractViolation, match=r"no 'links\.after', so nobody knows.*http\.paginator\.next in the profile vendor\.yaml"):
        pull({"paginator": SHAPES["next URL"][0]["paginator"] | {"next": "links.after"}})


def test_one_answer_that_names_a_next_page_is_not_everything(pull: Callable[..., Landed]) -> None:
    STATE.answer = by_link
    with pytest.raises(ContractViolation, match="names a next page"):
        pull({"paginator": {"kind": "single"}})


def test_a_path_that_finds_nothing_names_itself_and_what_is_there(pull: Callable[..., Landed]) -> None:
    STATE.answer = by_offset
    with pytest.raises(ContractViolation) as caught:
        pull({"paginator": OFFSET["paginator"] | {"data": "result.rows"}})
    assert "'result.rows' of the answer is no list but NoneType" in str(caught.value)
    assert "The answer has the keys result, result.items, result.count." in str(caught.value)
    assert "correct http.paginator.data in the profile vendor.yaml" in str(caught.value)


def test_a_record_that_moves_is_found_by_another_reading(pull: Callable[..., Landed]) -> None:
    """B0 moves to the end after page 0 was read, so B3 slips onto page 0; without a total the second copy of B0 tells."""
    moved = [*ITEMS[1:], ITEMS[0]]

    def answer(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
        start = int(query["trang"]) * SIZE
        return (ITEMS if len(STATE.asked) == 1 else moved)[start : start + SIZE]

    STATE.answer = answer
    assert sorted(set(keys(pull({"paginator": PAGE})))) == ALL


AUTHS: list[tuple[dict[str, Any], Callable[[_Vendor, dict[str, str]], bool]]] = [
    ({"kind": "none"}, lambda h, query: "Authorization" not in h.headers),
    ({"kind": "basic"}, lambda h, query: h.headers["Authorization"] == "Basic " + base64.b64encode(f"lan:{SECRET}".encode()).decode()),
    ({"kind": "bearer"}, lambda h, query: h.headers["Authorization"] == f"Bearer {SECRET}"),
    ({"kind": "api_key", "header": "X-Key"}, lambda h, query: h.headers["X-Key"] == SECRET),
    ({"kind": "api_key", "parameter": "khoa"}, lambda h, query: query.get("khoa") == SECRET),
    (
        {"kind": "login", "path": "/login", "body": {"user": "{login}", "pass": "{password}"}, "token": "data.jwt", "scheme": ""},
        lambda h, query: h.headers["Authorization"] == "t-1",
    ),
]


@pytest.mark.parametrize(("auth", "is_allowed"), AUTHS)
@pytest.mark.parametrize("shape", ["header Link", "POST"])
def test_who_asks_is_said_as_the_profile_says(pull: Callable[..., Landed], auth: dict[str, Any], is_allowed: Any, shape: str) -> None:
    part, STATE.answer = SHAPES[shape]
    STATE.is_allowed = is_allowed
    assert keys(pull(part | {"auth": auth})) == ALL
    STATE.is_allowed = lambda handler, query: False
    with pytest.raises(CchcError, match="/api/steps answered 401") as caught:
        pull(part | {"auth": auth}, window=Window(None, T.replace(year=2024)))
    assert SECRET not in str(caught.value)


WRITTEN = [
    ("iso", "2023-06-30T12:30:15+07:00", "2023-07-01T00:00:00+07:00"),
    ("day", "2023-06-30", "2023-06-30"),
    ("epoch", "1688103015", "1688144400"),
    ("epoch_ms", "1688103015000", "1688144400000"),
    ("%d/%m/%Y", "30/06/2023", "30/06/2023"),
    ("%d/%m/%Y %H:%M", "30/06/2023 12:30", "01/07/2023 00:00"),
]


@pytest.mark.parametrize(("times", "start", "end"), WRITTEN)
def test_the_window_is_written_as_the_source_wants_it(pull: Callable[..., Landed], times: str, start: str, end: str) -> None:
    STATE.answer = by_offset
    part = OFFSET | {"paginator": OFFSET["paginator"] | {"from": "tu", "to": "den", "times": times}, "parameters": {"loai": "a"}}
    pull(part, window=Window(T.replace(month=6, day=30, hour=12, minute=30, second=15), T))
    _, _, query, _ = STATE.asked[0]
    assert query == {"tu": start, "den": end, "skip": "0", "take": "3", "loai": "a"}
    STATE.asked = []
    pull(part, window=Window(None, T.replace(year=2024)))
    assert "tu" not in STATE.asked[0][2]


def test_requests_keep_the_pace(pull: Callable[..., Landed], sleeps: list[float]) -> None:
    STATE.answer = by_offset
    pull(OFFSET | {"requests_per_second": 0.5})
    assert len(sleeps) == 3
    assert all(1 < pause <= 6 for pause in sleeps)


def test_each_element_of_a_nested_list_is_a_row_with_the_fields_of_its_record(pull: Callable[..., Landed]) -> None:
    dossiers = [{"ma": f"H{n}", "chiTiet": {"buoc": [{"so": {"ma": f"B{n}.{m}"}} for m in range(n)]}} for n in range(4)]
    STATE.answer = lambda h, path, query, body: {"ds": dossiers[int(query["offset"]) :][:2], "n": 4}
    part = {"paginator": {"kind": "offset", "limit": 2, "data": "ds", "total": "n"}}
    entity = {
        "key": ["so.ma"],
        "each": {"list": "chiTiet.buoc", "parent_key": ["ma"]},
        "columns": {"step_code": "so.ma", "dossier_code": "parent.ma"},
    }
    load = pull(part, entity)
    assert sorted((record["parent.ma"], record["so.ma"]) for record in records(load)) == [
        ("H1", "B1.0"), ("H2", "B2.0"), ("H2", "B2.1"), ("H3", "B3.0"), ("H3", "B3.1"), ("H3", "B3.2"),
    ]  # fmt: skip
    with pytest.raises(ContractViolation, match=r"no record has the list 'buoc'.*each\.list in the profile"):
        pull(part, entity | {"each": {"list": "buoc", "parent_key": ["ma"]}}, Window(None, T.replace(year=2024)))


def test_a_name_with_dots_that_is_a_key_is_never_taken_apart(pull: Callable[..., Landed]) -> None:
    STATE.answer = lambda *_: [{"hoSo.ma": "B1", "hoSo": {"ma": "other"}, "hoSo.cha": "H1"}]
    assert keys(pull({"paginator": {"kind": "single"}})) == ["B1"]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_connection_is_tried(vendor: str, tmp_path: Path, pull: Callable[..., Landed], shape: str) -> None:
    part, STATE.answer = SHAPES[shape]
    pull(part)
    told = check_connection(Connection("vendor", vendor, "lan", SECRET), read_profile(tmp_path / "vendor.yaml"))
    assert told.startswith("vendor: logged in at http://127.0.0.1")


def test_a_template_that_never_says_the_page_is_refused(pull: Callable[..., Landed]) -> None:
    with pytest.raises(NotConfigured, match=r"never says \{offset\}"):
        pull(POST | {"body": {"n": "{limit}"}})
    with pytest.raises(NotConfigured, match=r"\{offest\} stands for nothing"):
        pull(POST | {"body": {"n": "{offest}"}})
    with pytest.raises(NotConfigured, match="is not a JSONPath"):
        pull(OFFSET | {"paginator": OFFSET["paginator"] | {"data": "$.[["}})


def test_several_events_of_one_key_become_one_record(pull: Callable[..., Landed]) -> None:
    events = [{"ma": f"B{n % 3}", "cha": "H1", "luc": f"2023-01-0{n + 1}T08:00:00"} for n in range(COUNT)]
    STATE.answer = lambda h, path, query, body: {"ds": events[int(query["offset"]) :][:SIZE], "n": COUNT}
    part = {"paginator": {"kind": "offset", "limit": SIZE, "data": "ds", "total": "n"}}
    entity = {"key": ["ma"], "rows": "event", "columns": {"step_code": "ma", "dossier_code": "cha", "done_at": "luc"}}
    assert sorted((record["ma"], record["luc"]) for record in records(pull(part, entity))) == [
        ("B0", "2023-01-07T08:00:00"), ("B1", "2023-01-05T08:00:00"), ("B2", "2023-01-06T08:00:00"),
    ]  # fmt: skip


def test_a_source_that_removes_records_is_read_twice(pull: Callable[..., Landed]) -> None:
    """B0 is removed after page 0 was read, so B3 slips onto page 0 without any trace; only a second reading sees it."""

    def answer(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
        start = int(query["trang"]) * SIZE
        return (ITEMS if len(STATE.asked) == 1 else ITEMS[1:])[start : start + SIZE]

    STATE.answer = answer
    assert "B3" not in keys(pull({"paginator": PAGE}))
    STATE.asked = []
    assert sorted(set(keys(pull({"paginator": PAGE | {"read_twice": True}}, window=Window(None, T.replace(year=2024)))))) == ALL


def test_the_number_of_records_may_stand_in_a_header(pull: Callable[..., Landed]) -> None:
    total = str(COUNT)
    STATE.answer = lambda h, path, query, body: (by_page(0)(h, path, query, body), 200, {"X-Total": total})
    part = {"paginator": PAGE | {"total_header": "X-Total"}}
    assert keys(pull(part)) == ALL
    total = str(COUNT + 1)
    with pytest.raises(ContractViolation, match=f"the source counts {COUNT + 1}"):
        pull(part, window=Window(None, T.replace(year=2024)))


def test_a_window_of_days_whose_end_the_source_leaves_out(pull: Callable[..., Landed]) -> None:
    STATE.answer = by_offset
    part = OFFSET | {"paginator": OFFSET["paginator"] | {"from": "tu", "to": "den", "times": "day", "end": "excluded"}}
    pull(part, window=Window(T.replace(month=6, day=30), T))
    _, _, query, _ = STATE.asked[0]
    assert (query["tu"], query["den"]) == ("2023-06-30", "2023-07-01")


def test_a_page_of_many_records_is_taken_in_batches_and_lands_whole(pull: Callable[..., Landed], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each record with its own number, in parts of the same size however its lines come to the writer."""
    many = [item(n) for n in range(2 * BATCH_RECORDS + 5)]
    monkeypatch.setattr(landing_room, "PART_RECORDS", BATCH_RECORDS - 1)
    STATE.answer = lambda handler, path, query, body: {"result": {"items": many}}
    load = pull({"paginator": {"kind": "single", "data": "result.items"}})
    assert [line[0] for line in rows(load)] == list(range(1, len(many) + 1))
    assert [record["hoSo.ma"] for record in records(load)] == [f"B{n}" for n in range(len(many))]
    assert [part["records"] for part in load.manifest["parts"]] == [99, 99, 7]
    assert load.manifest["delivered"] == load.manifest["records"] == len(many)
    writer = landing_room.Writer(Folder("memory://parts_of_a_stream"))
    writer.add(b"%d" % n for n in range(len(many)))
    writer.close()
    assert [part["records"] for part in writer.parts] == [99, 99, 7]
    writer.folder.remove()


def linked(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
    place = int(query.get("sau", "0"))
    return [item(n, dau=n) for n in range(place, place + 50)], 200, ({"X-Next": str(place + 50)} if place < 150 else {})


def numbered(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
    place = int(query["trang"]) * 50
    return [item(n, dau=n) for n in range(place, place + 50)] if place < 200 else []


@pytest.mark.parametrize(
    ("paginator", "answer", "asked"),
    [
        ({"kind": "cursor", "limit": 50, "data": "", "total": "", "next_header": "X-Next", "cursor_parameter": "sau"}, linked, 4),
        (PAGE | {"first": 0, "size": 50}, numbered, 5),
    ],
)
def test_when_a_page_is_asked_for_nothing_is_held_of_the_one_before(
    paginator: dict[str, Any], answer: Answer, asked: int, pull: Callable[..., Landed]
) -> None:
    held: list[int] = []

    def counted(handler: _Vendor, path: str, query: dict[str, str], body: Any) -> Any:
        held.append(sum(type(found) is dict and "dau" in found for found in gc.get_objects()))
        return answer(handler, path, query, body)

    STATE.answer = counted
    load = pull({"paginator": paginator})
    assert load.manifest["records"] == 200
    assert held == [0] * asked
