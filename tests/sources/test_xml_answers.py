"""Answers over HTTP in XML, SOAP among them, by profile alone, against a real server with faults: complete or failed, never less."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape, quoteattr

import orjson
import pytest
import yaml
from defusedxml import ElementTree

from cchc.errors import CchcError, ContractViolation, NotConfigured
from cchc.sources.check import check_connection
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.profile import read_profile
from tests.sources.conftest import KEY, T, records
from tests.support.http import Handler, listening

SECRET = "s3cret-value"
COUNT = 7
SIZE = 3
PERSON = "Nguyễn Thị Thử 079123456789"
ITEMS = [f"<buoc ma='B{n}'><hoSo><ma>H1</ma></hoSo><luc>2023-01-02T08:00:00</luc><ghiChu/></buoc>" for n in range(COUNT)]
ALL = [f"B{n}" for n in range(COUNT)]
Body = str | bytes
Answer = Callable[["_Vendor", dict[str, str], Any], Any]


def soap(inner: str, version: str = "http://schemas.xmlsoap.org/soap/envelope/") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{version}"><soap:Header/><soap:Body>{inner}</soap:Body>'
        "</soap:Envelope>"
    )


def page(start: int, size: int = SIZE, total: int | str | None = COUNT, items: list[str] = ITEMS) -> str:
    told = "" if total is None else f"<tong> {total} </tong>"
    return soap(f"<v:TraLoi xmlns:v='urn:v'><ketQua>{told}<ds>{''.join(items[start : start + size])}</ds></ketQua></v:TraLoi>")


def fault(code: str, text: str = PERSON) -> str:
    return soap(f"<soap:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring><detail><ma>{text}</ma></detail></soap:Fault>")


def fault_12(code: str) -> str:
    return soap(
        f"<soap:Fault><soap:Code><soap:Value>{code}</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang='vi'>{PERSON}</soap:Text>"
        "</soap:Reason></soap:Fault>",
        "http://www.w3.org/2003/05/soap-envelope",
    )


class _State:
    """What the vendor answers with; a test sets it."""

    answer: Answer
    faults: list[Callable[[_Vendor], Any]]
    asked: list[tuple[str, dict[str, str], str, Any]]


STATE = _State()


class _Vendor(Handler):
    protocol_version = "HTTP/1.1"

    def reply(self, body: Body, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else body.encode()
        self.send(data, status, {"Content-Type": "text/xml; charset=utf-8"} | (headers or {}))

    def cut(self) -> None:
        self.break_off(page(0).encode()[:200])

    def _serve(self, body: str) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if parts.path == "/login":
            self.reply(orjson.dumps({"token": "t-1"}))
            return
        STATE.asked.append((self.command, query, body, self.headers))
        if STATE.faults:
            STATE.faults.pop(0)(self)
            return
        found = STATE.answer(self, query, ElementTree.fromstring(body) if body else None)
        self.reply(*(found if isinstance(found, tuple) else (found,)))

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers["Content-Length"])).decode())


@pytest.fixture(scope="module")
def vendor() -> Iterator[str]:
    with listening(_Vendor) as url:
        yield url


@pytest.fixture(autouse=True)
def _fresh() -> None:
    STATE.faults, STATE.asked = [], []


@pytest.fixture
def pull(vendor: str, tmp_path: Path, sleeps: list[float]) -> Callable[..., Landed]:
    """Extracts the entity `steps` of a profile with the given part `http` and entity; each time anew."""
    runs = 0

    def run(part: dict[str, Any], entity: dict[str, Any] | None = None, window: Window | None = None) -> Landed:
        nonlocal runs
        runs += 1
        path = tmp_path / "vendor.yaml"
        columns = {"step_code": "@ma", "dossier_code": "hoSo.ma", "done_at": "luc"}
        said = {
            "source": "vendor", "name_vi": "Thử", "owner": "Thử", "zone": "Asia/Ho_Chi_Minh",
            "http": {"auth": {"kind": "none"}, "path": "/api/{entity}", "retries": 1, "answers": "xml"} | part,
            "entities": {"steps": {"model": "dossier_step", "key": ["@ma"], "columns": columns} | (entity or {})},
        }  # fmt: skip
        path.write_text(yaml.safe_dump(said), encoding="utf-8")
        profile = read_profile(path)
        folder = (tmp_path / f"landing{runs}").as_uri()
        connection = Connection("vendor", vendor, "lan", SECRET)
        return extract(profile, connection, window or Window(None, T), folder, extract_id=1, privacy_key=KEY)[0]

    return run


def keys(load: Landed) -> list[str]:
    return sorted(record["@ma"] for record in records(load))


def by_offset(handler: _Vendor, query: dict[str, str], body: Any) -> Body:
    return page(int(query["offset"]), int(query["limit"]))


def by_page(handler: _Vendor, query: dict[str, str], body: Any) -> Body:
    return page(int(query["page"]) * SIZE, total=None)


def by_cursor(handler: _Vendor, query: dict[str, str], body: Any) -> Body:
    start = int(query.get("cursor", "0"))
    following = str(start + SIZE) if start + SIZE < COUNT else ""
    return f"<kq tong='{COUNT}'><buocs>{''.join(ITEMS[start : start + SIZE])}</buocs><sau>{following}</sau></kq>"


def by_url(handler: _Vendor, query: dict[str, str], body: Any) -> Body:
    start = int(query.get("start", "0"))
    address = f"?start={start + SIZE}&a=b" if start + SIZE < COUNT else ""
    return f"<feed><link href={quoteattr(address)}/>{''.join(ITEMS[start : start + SIZE])}</feed>"


def by_soap(handler: _Vendor, query: dict[str, str], body: Any) -> Body:
    asked = body.find("{http://schemas.xmlsoap.org/soap/envelope/}Body/{urn:v}LayDanhSach")
    return page(int(asked.find("tu").text), int(asked.find("so").text))


DATA = "Envelope.Body.TraLoi.ketQua.ds.buoc"
WHERE = {"data": DATA, "total": "Envelope.Body.*.ketQua.tong"}
OFFSET = {"paginator": {"kind": "offset", "limit": SIZE} | WHERE}
PAGE = {"paginator": {"kind": "page_number", "size": SIZE, "data": DATA, "total": "", "from": "", "to": ""}}
TEXT = soap(
    "<v:LayDanhSach xmlns:v='urn:v'><loai>{entity}</loai><tuNgay>{from}</tuNgay><denNgay>{to}</denNgay><tu>{offset}</tu><so>{limit}</so>"
    "</v:LayDanhSach>"
)
PAGES = {"kind": "offset", "limit": SIZE, "data": "Envelope.Body.*.ketQua.ds.buoc", "total": WHERE["total"]}
SOAP = {
    "paginator": PAGES,
    "body": TEXT,
    "headers": {"SOAPAction": '"urn:v/{entity}"'},
}
SHAPES: dict[str, tuple[dict[str, Any], Answer]] = {
    "offset and total": (OFFSET, by_offset),
    "page number, no total": (PAGE, by_page),
    "cursor, total in an attribute": (
        {"paginator": {"kind": "cursor", "limit": SIZE, "data": "kq.buocs.buoc[*]", "total": "kq.@tong", "next": "kq.sau"}},
        by_cursor,
    ),
    "next URL": ({"paginator": {"kind": "next_url", "data": "feed.buoc", "next": "feed.link.@href"}}, by_url),
    "single": ({"paginator": {"kind": "single"} | WHERE}, lambda *_: page(0, COUNT)),
    "SOAP": (SOAP, by_soap),
}
BOMB = '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'
FAULTS: dict[str, tuple[Callable[[_Vendor], Any], str]] = {
    "cut off": (lambda h: h.cut(), "the answer was cut off"),
    "half an answer": (lambda h: h.reply(page(0)[:-30]), "was cut off .*its end is missing"),
    "nothing": (lambda h: h.reply(b""), "it is empty"),
    "HTML": (lambda h: h.reply("<html><body>busy</body></html>", 200, {"Content-Type": "text/html"}), "a page of HTML"),
    "HTML that is no XML": (lambda h: h.reply("<!doctype html><p>busy<br></html>"), "it is no XML"),
    "JSON": (lambda h: h.reply('{"a": []}'), "it is no XML"),
    "two documents": (lambda h: h.reply(page(0) + "<x/>"), "it is no XML"),
    "an entity bomb": (lambda h: h.reply(BOMB + "<x>&b;</x>"), "it declares entities"),
    "a file of the machine": (
        lambda h: h.reply('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
        "it declares entities",
    ),
    "too deep": (lambda h: h.reply("<a>" * 200 + "</a>" * 200), "more than 100 levels deep"),
    "another answer": (lambda h: h.reply("<error><code>busy</code></error>"), "The answer has the keys error, error.code"),
    "500": (lambda h: h.reply("<x/>", 500), "it answered 500"),
    "a fault, 500": (lambda h: h.reply(fault("soap:Server"), 500), r"it answered 500, a SOAP fault \(soap:Server\)"),
    "a fault, 400": (lambda h: h.reply(fault_12("env:Sender"), 400), r"answered 400 .*a SOAP fault \(env:Sender\)"),
    "a fault, 200": (lambda h: h.reply(fault_12("env:Receiver")), r"a SOAP fault \(env:Receiver\)"),
    "a fault with a person as code": (lambda h: h.reply(fault(PERSON)), "a SOAP fault without a code that can be shown"),
    "a fault with a number as code": (lambda h: h.reply(fault("soap:079123456789")), "a SOAP fault without a code that can be shown"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_read_whole_by_its_profile_alone(pull: Callable[..., Landed], shape: str) -> None:
    part, STATE.answer = SHAPES[shape]
    load = pull(part)
    assert keys(load) == ALL
    assert records(load)[0] == {"@ma": "B0", "hoSo.ma": "H1", "luc": "2023-01-02T08:00:00"}
    assert load.manifest["fields"]["present"]["ghiChu"] == COUNT  # told by its own name as unused


@pytest.mark.parametrize("fault_name", FAULTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_fault_that_passes_loses_nothing_and_one_that_stays_fails_by_name(
    pull: Callable[..., Landed], shape: str, fault_name: str
) -> None:
    part, STATE.answer = SHAPES[shape]
    answer, words = FAULTS[fault_name]
    if "400" not in fault_name:  # an error of the asker is not asked again
        STATE.faults = [answer]
        assert keys(pull(part)) == ALL
    STATE.faults = [answer] * 50
    with pytest.raises(CchcError, match="vendor steps.*" + words) as caught:
        pull(part)
    assert "Nguyễn" not in str(caught.value) and "0791" not in str(caught.value)


def test_every_beginning_of_an_answer_fails(pull: Callable[..., Landed]) -> None:
    whole = page(0, COUNT).encode()
    for end in range(0, len(whole), 97):
        STATE.answer = lambda *_, end=end: whole[:end]
        with pytest.raises(ContractViolation, match="vendor steps"):
            pull(SHAPES["single"][0])


@pytest.mark.parametrize("total", [COUNT - 1, COUNT + 1, 0])
@pytest.mark.parametrize("shape", ["offset and total", "single", "SOAP"])
def test_a_total_that_lies_fails(pull: Callable[..., Landed], shape: str, total: int) -> None:
    part, honest = SHAPES[shape]
    STATE.answer = lambda *given: honest(*given).replace(f"<tong> {COUNT} ", f"<tong>{total}")
    with pytest.raises(ContractViolation, match="that the source counts|but the source counts"):
        pull(part)


@pytest.mark.parametrize("total", ["", "7.0", "-7", "bảy", "٧", "7 7", "9" * 30])
def test_a_total_that_is_no_whole_number_fails(pull: Callable[..., Landed], total: str) -> None:
    STATE.answer = lambda *_: page(0, COUNT, total)
    with pytest.raises(ContractViolation, match=r"has no 'Envelope\.Body\.\*\.ketQua\.tong' \(a whole number from 0\)"):
        pull(SHAPES["single"][0])


def test_a_total_that_is_missing_or_there_twice_names_what_is_there(pull: Callable[..., Landed]) -> None:
    STATE.answer = lambda *_: page(0, COUNT, None)
    with pytest.raises(ContractViolation, match=r"The answer has the keys Envelope, .*Envelope\.Body\.TraLoi\.ketQua\.ds"):
        pull(SHAPES["single"][0])
    STATE.answer = lambda *_: page(0, COUNT).replace("<ds>", "<tong>7</tong><ds>")
    with pytest.raises(ContractViolation, match="nobody knows whether it is whole"):
        pull(SHAPES["single"][0])


@pytest.mark.parametrize(("total", "is_none"), [(1, False), (0, True)])
def test_a_single_element_is_a_list_and_an_empty_one_too(pull: Callable[..., Landed], total: int, is_none: bool) -> None:
    STATE.answer = lambda *_: page(0, total, total)
    assert keys(pull(SHAPES["single"][0])) == ALL[:total]
    STATE.answer = lambda *_: page(0, total, None)
    assert keys(pull({"paginator": {"kind": "single", "data": DATA}})) == ALL[:total]


@pytest.mark.parametrize(
    "inside",
    [
        "<ds><loi>busy</loi></ds>",
        "<ds>busy</ds>",
        "<loi/>",
        "<ds xmlns:i='u' i:nil='true'/>",
        "<ds xmlns:p='u' p:nil='true'/>",
        "<ds/><ds/>",
        "<DS/>",
        "",
    ],
)
def test_what_only_looks_like_an_empty_list_fails(pull: Callable[..., Landed], inside: str) -> None:
    STATE.answer = lambda *_: soap(f"<TraLoi><ketQua>{inside}</ketQua></TraLoi>")
    with pytest.raises(ContractViolation, match=r"It is not an empty list|whether it is an empty list"):
        pull({"paginator": {"kind": "single", "data": DATA}})


def test_two_elements_for_one_place_are_none(pull: Callable[..., Landed]) -> None:
    """`*` stands for one element: of two answers in one body the first is not everything."""
    STATE.answer = lambda *_: soap("".join(f"<L{n}><ketQua><tong>1</tong><ds>{ITEMS[n]}</ds></ketQua></L{n}>" for n in range(2)))
    with pytest.raises(ContractViolation, match="nobody knows whether it is whole"):
        pull({"paginator": PAGES})
    with pytest.raises(ContractViolation, match="is no list"):
        pull({"paginator": {"kind": "single", "data": PAGES["data"]}})


def test_records_that_stand_beside_their_total_may_be_none(pull: Callable[..., Landed]) -> None:
    STATE.answer = lambda *_: "<kq><tong>0</tong></kq>"
    assert keys(pull({"paginator": {"kind": "single", "data": "kq.buoc", "total": "kq.tong"}})) == []
    STATE.answer = lambda *_: "<kq><maLoi>7</maLoi></kq>"
    with pytest.raises(ContractViolation, match="nobody knows whether it is an empty list.*kq.maLoi"):
        pull({"paginator": {"kind": "single", "data": "kq.buoc"}})


def test_a_request_is_a_text_with_the_window_and_the_page(pull: Callable[..., Landed]) -> None:
    STATE.answer = by_soap
    part = SOAP | {"paginator": PAGES | {"times": "%d/%m/%Y %H:%M"}}
    pull(part, window=Window(T.replace(month=6, day=30, hour=12), T))
    command, query, body, headers = STATE.asked[0]
    assert (command, query) == ("POST", {})
    assert (headers["SOAPAction"], headers["Content-Type"]) == ('"urn:v/steps"', "text/xml; charset=utf-8")
    assert "xml" in headers["Accept"] and "json" not in headers["Accept"]
    assert body == TEXT.format(**{"entity": "steps", "from": "30/06/2023 12:00", "to": "01/07/2023 00:00", "offset": 0, "limit": SIZE})
    STATE.asked = []
    pull(part | {"headers": {"content-type": "application/soap+xml"}})
    assert STATE.asked[0][3]["Content-Type"] == "application/soap+xml"
    assert "<tuNgay></tuNgay>" in STATE.asked[0][2]


def test_what_stands_in_a_request_is_escaped(pull: Callable[..., Landed]) -> None:
    odd = "</c><x a='1' b=\"&\">"

    def answer(handler: _Vendor, query: dict[str, str], body: Any) -> Body:
        assert body.find("c").get("con") in ("", odd) and len(body) == 1
        is_last = body.find("c").text == odd
        return f"<kq><buoc ma='B{int(is_last)}'/><tong>2</tong><sau>{'' if is_last else escape(odd)}</sau></kq>"

    STATE.answer = answer
    pages = {"kind": "cursor", "limit": 1, "data": "kq.buoc", "total": "kq.tong", "next": "kq.sau"}
    assert keys(pull({"paginator": pages, "body": "<q><c con='{cursor}'>{cursor}</c></q>"})) == ["B0", "B1"]


def test_rows_of_a_nested_list_with_a_single_element(pull: Callable[..., Landed]) -> None:
    steps = ["".join(f"<b so='B{n}.{m}'/>" for m in range(n)) for n in range(3)]
    dossiers = [f"<hoSo ma='H{n}'><cacBuoc>{steps[n]}</cacBuoc></hoSo>" for n in range(3)]
    STATE.answer = lambda handler, query, body: f"<kq><n>3</n>{''.join(dossiers[int(query['offset']) :][:2])}</kq>"
    entity = {
        "key": ["@so"],
        "each": {"list": "cacBuoc.b", "parent_key": ["@ma"]},
        "columns": {"step_code": "@so", "dossier_code": "parent.@ma"},
    }
    load = pull({"paginator": {"kind": "offset", "limit": 2, "data": "kq.hoSo", "total": "kq.n"}}, entity)
    assert [(record["parent.@ma"], record["@so"]) for record in records(load)] == [("H1", "B1.0"), ("H2", "B2.0"), ("H2", "B2.1")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "windows-1258"])
def test_an_answer_says_its_encoding_itself_and_may_be_packed(pull: Callable[..., Landed], encoding: str) -> None:
    text = (
        page(0, COUNT)
        .replace('"utf-8"', f'"{encoding.removesuffix("-sig")}"')
        .replace("H1", "Hồ".encode("cp1258", "ignore").decode("cp1258"))
    )
    STATE.answer = lambda *_: (gzip.compress(text.encode(encoding)), 200, {"Content-Encoding": "gzip"})
    load = pull(SHAPES["single"][0])
    assert keys(load) == ALL and records(load)[0]["hoSo.ma"].startswith("H")


def test_an_answer_has_a_limit(pull: Callable[..., Landed], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_MAX_ANSWER_MB", "1")
    STATE.answer = lambda *_: gzip_of(page(0, COUNT).replace("<ghiChu/>", f"<ghiChu>{'x' * 2**20}</ghiChu>", 1))
    with pytest.raises(ContractViolation, match=r"more than 1 MB \(CCHC_MAX_ANSWER_MB\)"):
        pull(SHAPES["single"][0])


def gzip_of(text: str) -> tuple[bytes, int, dict[str, str]]:
    return gzip.compress(text.encode()), 200, {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"kind": "bearer"}, "Authorization", f"Bearer {SECRET}"),
        ({"kind": "api_key", "header": "X-Key"}, "X-Key", SECRET),
        ({"kind": "login", "path": "/login"}, "Authorization", "Bearer t-1"),
    ],
)
def test_who_asks_is_said_as_with_json(pull: Callable[..., Landed], auth: dict[str, Any], header: str, value: str) -> None:
    STATE.answer = by_soap
    assert keys(pull(SOAP | {"auth": auth})) == ALL
    assert {asked[3][header] for asked in STATE.asked} == {value}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_connection_is_tried(vendor: str, tmp_path: Path, pull: Callable[..., Landed], shape: str) -> None:
    part, STATE.answer = SHAPES[shape]
    pull(part)
    told = check_connection(Connection("vendor", vendor, "lan", SECRET), read_profile(tmp_path / "vendor.yaml"))
    assert told.startswith("vendor: logged in at http://127.0.0.1")


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (SOAP | {"body": "<a>{limit}</a>"}, r"never says \{offset\}"),
        (SOAP | {"body": "<a>{offest}</a>"}, r"\{offest\} stands for nothing"),
        (SOAP | {"body": "<a>{offset}"}, "'body' is a text and no XML"),
        (SOAP | {"body": '{{"a": "{offset}"}}'}, "'body' is a text and no XML"),
        (SOAP | {"body": BOMB + "<a>{offset}&b;</a>"}, "'body' is a text and no XML"),
        ({"paginator": {"kind": "single"}}, "must be the names of elements"),
        ({"paginator": {"kind": "single", "data": "a[0].b"}}, "must be the names of elements"),
        (OFFSET | {"answers": "yaml"}, "answers"),
    ],
)
def test_a_profile_that_cannot_be_asked_is_refused(pull: Callable[..., Landed], part: dict[str, Any], words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        pull(part)
    assert STATE.asked == []


def test_a_total_in_json_is_still_no_text(pull: Callable[..., Landed]) -> None:
    STATE.answer = lambda *_: b'{"ds": [], "n": "0"}'
    with pytest.raises(ContractViolation, match="a whole number from 0"):
        pull({"answers": "json", "paginator": {"kind": "single", "data": "ds", "total": "n"}})
