"""`cchc profile draft` of documents, Parquet, archives and described services: with its guesses confirmed the draft reads what it was made of."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pytest
import yaml
from pyarrow import parquet

from cchc.profiles.nested_fields import flattened
from cchc.settings import Settings
from tests.support.cli import Said, cchc, connect
from tests.support.http import Handler, listening
from tests.support.warehouse import rows_of


def dossier(number: int) -> dict[str, Any]:
    """A made-up record of a vendor with nested fields and a list of steps; the third one is not at its end."""
    return {
        "hoSo": {
            "ma": f"HS-{number}",
            "donVi": {"ma": "H19.16.21"},
            "ngayNhan": f"0{number}/05/2023 08:00",
            "henTra": f"1{number}/05/2023 17:00",
            "ngayXong": None if number == 3 else f"0{number + 3}/05/2023 09:00",
            "kenh": "web",
            "ngaySua": f"0{number + 3}/05/2023 09:30",
        },
        "nguoiNop": {"hoTen": "Người Bịa Đặt", "cccd": f"07930100012{number}"},
        "buoc": [
            {"id": f"{number}-{n}", "luc": f"0{number}/05/2023 1{n}:00", "hanhDong": "Tiếp nhận"} for n in range(1 if number == 1 else 2)
        ],
    }


DOSSIERS = [dossier(number) for number in range(1, 5)]
PERSON = "<nguoiNop><hoTen>Người Bịa Đặt</hoTen></nguoiNop>"


def as_xml(record: dict[str, Any]) -> str:
    """The same record as attributes and elements."""
    own = record["hoSo"]
    steps = "".join(f"<b:buoc id='{each['id']}'><b:luc>{each['luc']}</b:luc></b:buoc>" for each in record["buoc"])
    clocks = "".join(f"<b:{name}>{own[name] or ''}</b:{name}>" for name in ("ngayNhan", "henTra", "ngayXong", "ngaySua", "kenh"))
    unit = f"<b:donVi ma='{own['donVi']['ma']}'/>"
    return f"<b:hoSo maHoSo='{own['ma']}'>{unit}{clocks}{PERSON.replace('<', '<b:').replace('<b:/', '</b:')}<b:dsBuoc>{steps}</b:dsBuoc></b:hoSo>"


def write(folder: Path, shape: str) -> Path:
    """The same four records in one shape."""
    envelope = {"trangThai": "ok", "tong": len(DOSSIERS), "ketQua": {"danhSach": DOSSIERS}}
    xml = f"<?xml version='1.0'?><ketQua xmlns:b='urn:x'><danhSach>{''.join(map(as_xml, DOSSIERS))}</danhSach></ketQua>"
    texts = {
        "mc_202305.json": json.dumps(envelope, ensure_ascii=False),
        "list_202305.json": json.dumps(DOSSIERS, ensure_ascii=False),
        "lines_1.ndjson": "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in DOSSIERS),
        "mc_1.xml": xml,
    }
    path = folder / shape
    if shape.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            for number, each in enumerate(DOSSIERS):
                archive.writestr(f"2023/hs_{number}.json", json.dumps({"ketQua": each}, ensure_ascii=False))
    elif shape.endswith(".parquet"):
        parquet.write_table(pa.Table.from_pylist([{"hoSo": each["hoSo"], "nguoiNop": each["nguoiNop"]} for each in DOSSIERS]), path)
    else:
        path.write_text(texts[shape], encoding="utf-8")
    return path


def drafted(sample: Path, output: Path, *models: str) -> Said:
    """A draft, with each model named."""
    return cchc("profile", "draft", str(sample), *(word for model in models for word in ("--model", model)), "--output", str(output))


def filled(path: Path, **values: str) -> str:
    """Fill in what a person must, and return the text as it was drafted."""
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(name_vi|owner): TODO", r"\1: Thử", text).replace("web: TODO", 'web: "2"'), encoding="utf-8")
    return text


@pytest.mark.parametrize("shape", ["mc_202305.json", "list_202305.json", "lines_1.ndjson", "mc_1.xml", "mc_1.parquet", "mc_1.zip"])
def test_the_same_records_in_each_shape(tmp_path: Path, shape: str) -> None:
    sample, profile = write(tmp_path, shape), tmp_path / "vendor_s.yaml"
    models = ("dossier",) if shape.endswith(".parquet") else ("dossier", "dossier_step")
    said = drafted(sample, profile, *models)
    assert said.code == 0, said.err
    text = filled(profile)
    assert "Bịa" not in text and "079301" not in text
    assert "looks like personal data (name of a person)" in text and ("personal: hmac" in text or shape == "mc_1.xml")
    for column in ("dossier_code", "unit_code", "received_at", "due_at", "processed_at"):
        assert re.search(rf"^      {column}: .*# guess", text, re.MULTILINE), text
    tried = cchc("profile", "try", str(profile), "--delivery", str(sample))
    assert tried.code == 0, text + tried.out + tried.err
    assert "dossiers (model dossier): 4 records" in tried.out
    assert re.search(r"received_at +\S+ +4 of 4", tried.out) and re.search(r"processed_at +\S+ +3 of 4", tried.out), tried.out
    assert "2023-05-02 08:00:00" in tried.out
    assert "deleted_at" not in text, "the end is no deletion, though `ngày xong` is near `ngày xóa`"
    if "dossier_step" in models:
        assert "dossier_steps (model dossier_step): 7 records" in tried.out
        assert re.search(r"dossier_code +parent\.\S+ +7 of 7 +4 ", tried.out), tried.out
        assert re.search(r"done_at +\S+ +7 of 7 +7 ", tried.out), tried.out


def test_an_archive_of_documents_is_loaded(warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    sample, profile = write(folder, "mc_1.zip"), tmp_path / "vendor_s.yaml"
    assert drafted(sample, profile, "dossier", "dossier_step").code == 0
    filled(profile)
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(tmp_path))
    connect(monkeypatch, "vendor_s", conn_type="fs", host=str(folder))
    assert cchc("init").code == 0
    loaded = cchc("ingest", "vendor_s")
    assert loaded.code == 0, loaded.out + loaded.err
    found = rows_of(warehouse, "select dossier_code, unit_code, processed_at is null as is_open from core.dossier order by 1")
    assert [(row["dossier_code"], row["unit_code"], row["is_open"]) for row in found] == [
        (f"HS-{number}", "H19.16.21", number == 3) for number in range(1, 5)
    ]
    assert rows_of(warehouse, "select count(*) as n from core.dossier_step") == [{"n": 7}]
    assert rows_of(warehouse, "select 1 from ops.quarantine where action = 'quarantine'") == []


STEP = {"type": "object", "properties": {"id": {"type": "string"}, "luc": {"type": "string", "format": "date-time"}, "hanhDong": {}}}
CLOCKS = {name: {"type": ["string", "null"], "format": "date-time"} for name in ("ngayNhan", "henTra", "ngayXong", "ngaySua")}
RECORD = {
    "allOf": [
        {"$ref": "#/components/schemas/Base"},
        {
            "type": "object",
            "properties": {
                "donVi": {"type": "object", "properties": {"ma": {"type": "string"}}},
                **CLOCKS,
                "nguoiNop": {"properties": {"hoTen": {"type": "string"}, "cccd": {"type": "string"}}},
                "buoc": {"type": "array", "items": STEP},
            },
        },
    ]
}
HEADER = {"ApiKey": {"type": "apiKey", "in": "header", "name": "X-Khoa"}}


def described(parameters: list[dict[str, Any]], answer: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A description with one list."""
    schemas = {"Base": {"type": "object", "properties": {"maHoSo": {"type": "string"}}}, "HoSo": RECORD}
    answers = {"200": {"content": {"application/json": {"schema": answer}}, "headers": more.pop("headers", {})}}
    one = {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/HoSo"}}}}}}}
    return {
        "openapi": "3.1.0",
        "servers": [{"url": "https://one-stop.example/api"}],
        "components": {"schemas": schemas, "securitySchemes": more.pop("schemes", HEADER)},
        "security": more.pop("security", [{"ApiKey": []}]),
        "paths": {"/v1/ho-so": {"parameters": parameters, "get": {"responses": answers}}, "/v1/ho-so/{id}": one},
    }


def in_query(name: str, **schema: Any) -> dict[str, Any]:
    """A parameter of the query."""
    return {"name": name, "in": "query", "schema": schema}


LIST = {"type": "array", "items": {"$ref": "#/components/schemas/HoSo"}}
PAGES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]] = {
    "offset": (
        [in_query("offset", type="integer"), in_query("limit", type="integer", maximum=50)],
        {"properties": {"duLieu": LIST, "tong": {"type": "integer"}}},
        {"kind": "offset", "limit": 50, "data": "duLieu", "total": "tong", "from": ""},
    ),
    "page_number": (
        [in_query("page", type="integer", minimum=1), in_query("size", default=20), in_query("tuNgay", type="string", format="date")],
        {"properties": {"ketQua": {"properties": {"items": LIST, "totalElements": {"type": "integer"}}}}},
        {"kind": "page_number", "size": 20, "first": 1, "data": "ketQua.items", "total": "ketQua.totalElements", "times": "day"},
    ),
    "cursor": (
        [in_query("cursor"), in_query("limit", maximum=10), in_query("updatedSince", type="string", format="date-time")],
        {"properties": {"data": LIST, "nextCursor": {"type": ["string", "null"]}, "total": {"type": "integer"}}},
        {"kind": "cursor", "next": "nextCursor", "cursor_parameter": "cursor", "from": "updatedSince", "times": "iso", "to": ""},
    ),
    "next_url": (
        [],
        {"properties": {"results": LIST, "next": {"type": "string", "format": "uri"}, "count": {"type": "integer"}}},
        {"kind": "next_url", "next": "next", "data": "results", "total": "count"},
    ),
    "link_header": ([in_query("per_page")], LIST, {"kind": "link_header", "size_parameter": "per_page", "data": "", "total": ""}),
    "single": ([], LIST, {"kind": "single", "data": ""}),
}


@pytest.mark.parametrize("kind", PAGES)
def test_pages_are_known_by_their_parameters(tmp_path: Path, kind: str) -> None:
    parameters, answer, expected = PAGES[kind]
    path, profile = tmp_path / "api.json", tmp_path / "vendor_s.yaml"
    path.write_text(json.dumps(described(parameters, answer, headers={"Link": {}} if kind == "link_header" else {})), encoding="utf-8")
    said = drafted(path, profile, "dossier")
    assert said.code == 0, said.err
    filled(profile)
    http = yaml.safe_load(profile.read_text(encoding="utf-8"))["http"]
    assert {key: http["paginator"].get(key) for key in expected} == expected
    assert http["auth"] == {"kind": "api_key", "header": "X-Khoa"}
    checked = cchc("profile", "check", str(profile))
    assert checked.code == 0, profile.read_text(encoding="utf-8") + checked.out


SCHEMES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "basic": ({"type": "http", "scheme": "Basic"}, {"kind": "basic"}),
    "bearer": ({"type": "http", "scheme": "bearer"}, {"kind": "bearer"}),
    "query": ({"type": "apiKey", "in": "query", "name": "key"}, {"kind": "api_key", "parameter": "key"}),
    "oauth": (
        {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://one-stop.example/api/token", "scopes": {}}}},
        {"kind": "oauth_client_credentials", "path": "/token"},
    ),
    "cookie": ({"type": "apiKey", "in": "cookie", "name": "sid"}, {"kind": "TODO"}),
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_who_may_ask_is_known_by_the_scheme(tmp_path: Path, scheme: str) -> None:
    given, expected = SCHEMES[scheme]
    path, profile = tmp_path / "api.yaml", tmp_path / "vendor_s.yaml"
    path.write_text(yaml.safe_dump(described([], LIST, schemes={"x": given}, security=[{"x": []}])), encoding="utf-8")
    said = drafted(path, profile, "dossier")
    assert yaml.safe_load(profile.read_text(encoding="utf-8"))["http"]["auth"] == expected
    assert ("http.auth" in said.out) == (scheme == "cookie"), said.out


class _Vendor(Handler):
    """Answers the described list by offset and limit."""

    def do_GET(self) -> None:
        """Answer a page, where the key is right."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        first, most = int(query["offset"]), int(query["limit"])
        records = [
            {"maHoSo": each["hoSo"]["ma"], "donVi": each["hoSo"]["donVi"], "buoc": each["buoc"], "nguoiNop": each["nguoiNop"]}
            | {name: _iso(each["hoSo"][name]) for name in CLOCKS}
            for each in DOSSIERS
        ]
        body = {"duLieu": records[first : first + most], "tong": len(records)}
        is_known = self.headers["X-Khoa"] == "s3cret-value"
        self.send(json.dumps(body).encode() if is_known else b"{}", 200 if is_known else 401, {"Content-Type": "application/json"})


def _iso(text: str | None) -> str | None:
    return None if text is None else f"{text[6:10]}-{text[3:5]}-{text[:2]}T{text[11:]}:00+07:00"


def test_a_described_service_is_read_by_its_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters, answer, _ = PAGES["offset"]
    path, profile = tmp_path / "api.json", tmp_path / "vendor_s.yaml"
    path.write_text(json.dumps(described(parameters, answer)), encoding="utf-8")
    assert drafted(path, profile, "dossier", "dossier_step").code == 0
    text = filled(profile)
    assert "each: {list: buoc, parent_key: [maHoSo]}" in text and "the connection's host: https://one-stop.example/api" in text
    with listening(_Vendor) as base:
        connect(monkeypatch, "vendor_s", conn_type="http", host=f"{base}/api", password="s3cret-value")
        tried = cchc("profile", "try", str(profile))
    assert "dossiers (model dossier): 4 records" in tried.out, tried.out + tried.err
    assert "dossier_steps (model dossier_step): 7 records" in tried.out
    assert re.search(r"processed_at +\S+ +3 of 4", tried.out), tried.out


def test_a_description_of_swagger_2(tmp_path: Path) -> None:
    path, profile = tmp_path / "api.json", tmp_path / "vendor_s.yaml"
    given = described([], {})
    listed = {"type": "array", "items": {"$ref": "#/definitions/HoSo"}}
    record = json.loads(json.dumps(RECORD).replace("#/components/schemas/", "#/definitions/"))
    document = {
        "swagger": "2.0",
        "host": "one-stop.example",
        "basePath": "/api",
        "definitions": {"Base": given["components"]["schemas"]["Base"], "HoSo": record},
        "securityDefinitions": {"x": {"type": "oauth2", "flow": "application", "tokenUrl": "https://one-stop.example/api/token"}},
        "security": [{"x": []}],
        "parameters": {"Page": {"name": "page", "in": "query", "type": "integer", "minimum": 0}},
        "paths": {
            "/ho-so": {
                "get": {
                    "parameters": [{"$ref": "#/parameters/Page"}, {"name": "limit", "in": "query", "type": "integer", "maximum": 70}],
                    "responses": {"200": {"schema": {"properties": {"duLieu": listed, "tong": {"type": "integer"}}}}},
                }
            }
        },
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    assert drafted(path, profile, "dossier").code == 0
    text = filled(profile)
    http = yaml.safe_load(text)["http"]
    assert http["auth"] == {"kind": "oauth_client_credentials", "path": "/token"}
    asked = {"kind": "page_number", "size": 70, "first": 0, "data": "duLieu", "total": "tong", "size_parameter": "limit"}
    assert asked.items() <= http["paginator"].items()
    assert "the connection's host: https://one-stop.example/api" in text and "received_at: {from: ngayNhan, critical: true}" in text
    assert cchc("profile", "check", str(profile)).code == 0


def test_an_event_log_and_a_folder(tmp_path: Path) -> None:
    """Of a log the case is the record and its first event the reception; a folder is gone into, and its files are grouped by their names."""
    folder = tmp_path / "in"
    (folder / "2023").mkdir(parents=True)
    events = "".join(
        f'<event><string key="concept:name" value="{name}"/><date key="time:timestamp" value="2023-05-0{day}T08:00:00+07:00"/></event>'
        for name, day in (("nhận", 2), ("trả", 5))
    )
    case = f'<trace><string key="concept:name" value="HS-1"/><string key="unit" value="H19.16.21"/>{events}</trace>'
    (folder / "2023" / "log_5.xes").write_text(f"<log>{case}</log>", encoding="utf-8")
    (folder / "read_me.doc").write_text("x", encoding="utf-8")
    profile = tmp_path / "vendor_s.yaml"
    assert drafted(folder, profile, "dossier").code == 0
    text = filled(profile).replace("unit_code: {const: TODO}", "unit_code: TODO")
    for line in (
        "subfolders: true",
        'file_pattern: "log_*.xes"  # guess',
        "rows: event  # guess: a record has one row an event",
        'dossier_code: "case:concept:name"  # guess',
        'unit_code: "case:unit"  # guess',
        'received_at: {from: "time:timestamp", pick: first, critical: true}  # guess',
    ):
        assert line in text, text
    profile.write_text(profile.read_text(encoding="utf-8").replace("{const: TODO}", '{const: "4"}'), encoding="utf-8")
    tried = cchc("profile", "try", str(profile), "--delivery", str(folder))
    assert tried.code == 0 and "dossiers (model dossier): 2 records" in tried.out, tried.out + tried.err
    assert re.search(r"received_at +time:timestamp.* 1 of 1 .*2023-05-02 08:00:00", tried.out), tried.out


def test_what_is_no_description_is_told(tmp_path: Path) -> None:
    output = tmp_path / "vendor_s.yaml"
    for text, words in (
        ('{"swagger": "1.2"}', "it is no description of Swagger 2 or OpenAPI 3"),
        ('{"openapi": "3.0.0", "paths": {}}', "no GET of it answers a list of objects"),
        ('{"openapi": "3.0.0", "paths": ', "it is no JSON or YAML"),
    ):
        (tmp_path / "api.json").write_text(text, encoding="utf-8")
        said = drafted(tmp_path / "api.json", output, "dossier")
        assert (said.code, words in said.err, output.exists()) == (1, True, False), said.err


def test_a_list_of_one_in_xml_is_a_list_and_a_key_with_other_letters_is_quoted() -> None:
    found = flattened([{"a": {"x": 1}, "hồ sơ": {"mã số": 7}}, {"a": [{"x": 2}, {"x": 3}]}])
    assert found.lists == {"a": [{"x": 1, "parent.'hồ sơ'.'mã số'": 7}, {"x": 2}, {"x": 3}]}
    assert found.rows == [{"'hồ sơ'.'mã số'": 7}, {}] and found.lacking == set()
