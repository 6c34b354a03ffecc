"""Profiles, connections and times: strict reading, clear refusals."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from cchc.errors import NotConfigured
from cchc.sources import connection
from cchc.sources.profile import list_profiles, load_profile
from cchc.sources.times import reader, render
from tests.sources.conftest import PROJECT, profile

SOURCES = PROJECT / "include" / "sources"


def test_the_three_systems() -> None:
    assert {"documents", "one_stop", "payments"} <= set(list_profiles(SOURCES))
    one_stop = profile("one_stop")
    assert list(one_stop.entities) == ["dossiers", "dossier_steps", "procedures", "assessments"]
    dossiers = one_stop.entities["dossiers"]
    assert (dossiers.suite, dossiers.changed_at, dossiers.changed_at_critical) == ("dossier", "NgaySuaCuoi", True)
    assert {column.source for column in dossiers.columns if column.critical} == {"NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra"}
    personal = {"ChuHoSo", "MaDoiTuong", "Email", "Fax", "SoDienThoai", "TrichYeuHoSo", "ThongTinKhac"}
    assert not personal & set(dossiers.wire_fields)
    payments = profile("payments").entities["payments"]
    assert not {"NguoiNop", "SoTaiKhoan"} & set(payments.wire_fields)
    assert (payments.key, payments.key_else) == (("MaGiaoDich", "LoaiGiaoDich"), ("MaThamChieu", "ThoiGianGD", "LoaiGiaoDich"))


@pytest.mark.parametrize("name", ["one_stop", "documents", "payments"])
def test_the_columns_are_those_of_the_staging_models(name: str) -> None:
    sql = (PROJECT / "include" / "sql" / "migrations" / "0002_staging.sql").read_text()
    for entity in profile(name).entities.values():
        table = sql.partition(f"create unlogged table staging.model_{entity.model} (")[2].partition(");")[0]
        columns = {line.split()[0] for line in table.strip().splitlines() if not line.strip().startswith("_")}
        filled = {column.name for column in entity.columns} | {column.flag for column in entity.columns if column.flag}
        assert filled == columns - {"dossier_id", "step_id"}, entity.name


def test_a_dossier_field_that_the_contract_names_is_mapped_or_personal() -> None:
    """Counted by hand from docs/reference/contracts/one_stop.md: what is not mapped is personal, or the name of a file."""
    mapped = set(profile("one_stop").entities["dossiers"].wire_fields)
    assert len(mapped) == 40
    assert {"MaHoSo", "NgaySuaCuoi", "DinhDanhCHS", "SoGiayToChuHoSo", "DSKetNoiCSDL", "SoLanXinLoi"} <= mapped


def change(*path: Any, to: Any = None) -> Callable[[dict[str, Any]], None]:
    def apply(data: dict[str, Any]) -> None:
        *way, last = path
        for step in way:
            data = data[step]
        if to is None:
            del data[last]
        else:
            data[last] = to

    return apply


D = ("entities", "dossiers")


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (change("sorce", to="x"), r"one_stop.yaml line \d+: unknown key 'sorce'. Allowed: .*source"),
        (change("source", to="two_stop"), "'source' is 'two_stop'; it must be 'one_stop'"),
        (change("zone", to="Asia/Saigon City"), "zone 'Asia/Saigon City' is not a time zone"),
        (change("schedule", to="daily"), "schedule 'daily' is not a cron expression"),
        (change("schedule", to="99 99 * * *"), "schedule '99 99 \\* \\* \\*' is not a cron expression"),
        (change("overlap_hours", to=-5), "'overlap_hours' must be at least 0, found -5"),
        (change("overlap_hours", to=99999), "'overlap_hours' must be at most 8784, found 99999"),
        (change("settings", "quarantine_share", to=float("nan")), "'quarantine_share' must be a number, found nan"),
        (change("settings", "quarantine_share", to=7.0), "'quarantine_share' must be at most 1, found 7.0"),
        (change("settings", "quarantine_rows", to=-1), "'quarantine_rows' must be at least 0, found -1"),
        (change("files", "name", to="(a+)+(?P<date>[0-9]{8})"), "repeats a part that repeats without a limit, so a search may never end"),
        (change("files", "name", to="(?:(x*|y)z)*(?P<date>[0-9]{8})"), "repeats a part that repeats without a limit"),
        (change("overlap_hours", to="24"), "'overlap_hours' must be a whole number, found '24'"),
        (change("deadline_hours", to=0), "'deadline_hours' is 0; it must be more than 0"),
        (change("deadline_hours", to="6"), "'deadline_hours' must be a number, found '6'"),
        (change("missing", to=[""] + [0]), "'missing' must be a list of texts, found 0"),
        (change("time_formats", to=["DD/MM/YYYY"]), "time format 'DD/MM/YYYY' is neither iso nor a pattern"),
        (change("settings", "quarantine_shares", to=0.1), "settings: unknown key 'quarantine_shares'. Allowed: batch_factor"),
        (change("settings", "quarantine_share", to="5%"), "'quarantine_share' must be a number"),
        (change("http", "auth", "kind", to="digest"), "auth: 'kind' is 'digest'. Allowed: oauth_client_credentials, api_key"),
        (change("http", "paginator"), "http: the key 'paginator' is missing"),
        (change("http", "paginator", "limit", to=0), "http.paginator: 'limit' must be at least 1, found 0"),
        (change("http", "path", to="/api"), r"'path' must contain \{entity\}"),
        (change("files", "formats", to={"delimiter": ";;"}), "a delimiter is one character"),
        (change("files", "formats", to={"encoding": "utf-88"}), "encoding 'utf-88' is not known"),
        (change("files", "manifest", to={"amount_field": "X"}), "files with a manifest need 'name'"),
        (change("files", "name", to="x_(.*)"), "needs the group"),
        (change("files", "whole_header", to=True), "take the key 'whole_header' out. Every table is read so now"),
        (change(*D, "columns", "due_at", to={"from": "X", "optional": True}), "'optional: true' and 'reason' go together"),
        (change(*D, "columns", "due_at", to={"from": "X", "optional": True, "reason": "  "}), "'optional: true' and 'reason' go together"),
        (change(*D, "columns", "due_at", to={"from": "X", "reason": "why"}), "'optional: true' and 'reason' go together"),
        (change(*D, "columns", "due_at", to={"const": "1", "optional": True, "reason": "why"}), "'optional' goes with 'from'"),
        (change(*D, "columns", "dossier_code", to={"from": "MaHoSo", "optional": True, "reason": "why"}), "'MaHoSo' is part of the key"),
        (
            change(*D, "columns", "deleted_at", to={"from": "NgaySuaCuoi", "optional": True, "reason": "why"}),
            "the change time, so it cannot",
        ),
        (change(*D, "changed_at", to={"file": "date"}), "changed_at: 'file' needs 'files' with 'name'"),
        (change(*D, "changed_at", to={"file": "revision"}), "'file' is 'revision'. Allowed: date"),
        (change(*D, "changed_at", to={"file": "date", "critical": True}), "unknown key 'critical'. Allowed: file"),
        (change("entities", to={}), "'entities' is empty"),
        (change("entities", "Dossiers", to={}), "entities.Dossiers: the name of an entity is lower-case"),
        (change(*D, "key"), "entities.dossiers: the key 'key' is missing"),
        (change(*D, "key", to=[]), "entities.dossiers: 'key' is empty"),
        (change(*D, "file_pattern"), "entities.dossiers: the source has 'files'"),
        (change(*D, "mode", to="windows"), "'mode' is 'windows'; did you mean 'window'. Allowed: window, list"),
        (change(*D, "deletions", "months", to="12"), "deletions: 'months' must be all or a whole number"),
        (
            change(*D, "columns", "due_at", to={"form": "NgayHenTra"}),
            r"one_stop.yaml line \d+, entities.dossiers.columns.due_at: unknown key 'form'; did you mean 'from'\? Allowed: .*from",
        ),
        (change(*D, "columns", "due_at", to={"critical": True}), "columns.due_at: give exactly one of 'from', 'const', 'file'"),
        (change(*D, "columns", "due_at", to=7), "columns.due_at: expected a mapping, found int"),
        (change(*D, "columns", "due_at", to={"from": "X", "extract": "("}), "is not a regular expression"),
        (change(*D, "columns", "due_at", to={"from": "X", "present": ["1"]}), "'present' is two texts"),
        (change(*D, "columns", "due_at", to={"from": "X", "codes": {1: "a"}}), "'codes' must map texts to texts, found 1"),
        (change(*D, "columns", "due_at", to={"from": "X", "codes": {}, "otherwise": "drop"}), "'otherwise' is 'drop'"),
        (change(*D, "columns", "due_at", to={"from": "X", "personal": "sha256"}), "'personal' is 'sha256'"),
        (change(*D, "columns", "due_at", to={"from": "MaHoSo", "personal": "hmac"}), "'MaHoSo' is personal in one place and in clear"),
        (change(*D, "columns", "due_at", to={"from": "X", "flag": "f"}), "'flag' tells whether"),
        (change(*D, "columns", "papers", "list", "path", to={"from": "X", "type": "money"}), "'type' is 'money'. Allowed: text, flag"),
        (change(*D, "columns", "due_at", to={"from": "X", "type": "time"}), "unknown key 'type'"),
    ],
)
def test_a_mistake_in_a_profile_is_named(tmp_path: Path, mistake: Callable[[dict[str, Any]], None], words: str) -> None:
    data = copy.deepcopy(yaml.safe_load((SOURCES / "one_stop.yaml").read_text()))
    mistake(data)
    (tmp_path / "one_stop.yaml").write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
    with pytest.raises(NotConfigured, match=words):
        load_profile(tmp_path, "one_stop")


def test_other_mistakes(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="There is no profile nothing.yaml"):
        load_profile(tmp_path, "nothing")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(NotConfigured, match="bad.yaml is not YAML"):
        load_profile(tmp_path, "bad")
    with pytest.raises(NotConfigured, match="Source one_stop has no entity 'dosiers'. It has: dossiers"):
        profile("one_stop").with_entities(["dosiers"])
    codes = profile("dutch_permits", "docs/examples").entities["dossiers"].columns
    assert next(column.otherwise for column in codes if column.name == "channel_code") == "null"


# connections


@pytest.mark.parametrize(
    ("text", "host", "login", "password"),
    [
        ('{"host": "http://127.0.0.1:8080/lgsp/", "login": "id", "password": "p@ss"}', "http://127.0.0.1:8080/lgsp", "id", "p@ss"),
        ('{"conn_type": "http", "host": "https://x.vn", "port": 444, "password": "k"}', "https://x.vn:444", None, "k"),
        ('{"conn_type": "http", "host": "x.vn", "schema": "https", "port": "444", "extra": "{}"}', "https://x.vn:444", None, None),
        ('{"host": "http://id:pw@x.vn"}', "http://x.vn", "id", "pw"),
        ("http://id:p%40ss@x.vn:8080/lgsp/v1", "http://x.vn:8080/lgsp/v1", "id", "p@ss"),
        ("https://:key@x.vn", "https://x.vn", None, "key"),
        ("http://https%3A%2F%2Fx.vn", "https://x.vn", None, None),
        ("my-http://https://id:pw@x.vn:444/a", "https://x.vn:444/a", "id", "pw"),
        ('{"host": "/data/inbox"}', "/data/inbox", None, None),
        ('{"conn_type": "fs", "host": "inbox"}', "inbox", None, None),
        ("/data/inbox", "/data/inbox", None, None),
        ("file:///data/in%20box", "/data/in box", None, None),
        ("generic:///data/inbox", "/data/inbox", None, None),
        ("s3://bucket/in/box", "s3://bucket/in/box", None, None),
        ('{"host": "file:///data/inbox"}', "file:///data/inbox", None, None),
    ],
)
def test_connections_as_airflow_reads_them(
    monkeypatch: pytest.MonkeyPatch, text: str, host: str, login: str | None, password: str | None
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", text)
    found = connection.from_environment("one_stop")
    assert (found.host, found.login, found.password) == (host, login, password)
    assert found.is_http == host.startswith("http")


def test_secrets_stay_out_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '{"host": "http://x.vn", "login": "id", "password": "hidden-1", "extra": {"token": "hidden-2"}}'
    monkeypatch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", text)
    found = connection.from_environment("one_stop")
    assert "hidden" not in f"{found!r} {found}"
    monkeypatch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", '{"host": "x", "password": "hidden-3"')
    with pytest.raises(NotConfigured, match="AIRFLOW_CONN_SRC_ONE_STOP") as caught:
        connection.from_environment("one_stop")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "Source one_stop has no connection. Set the environment variable AIRFLOW_CONN_SRC_ONE_STOP .*src_one_stop"),
        ("{}", "has no host"),
        ('{"host": 7}', "host must be a text"),
        ('{"host": "http://x", "extra": [1]}', "extra must be a JSON object"),
        ("http://", "has no host"),
        ("http://x:port/", "is not a connection URI"),
    ],
)
def test_connections_that_say_nothing(monkeypatch: pytest.MonkeyPatch, text: str | None, words: str) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SRC_ONE_STOP", raising=False)
    if text is not None:
        monkeypatch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", text)
    with pytest.raises(NotConfigured, match=words):
        connection.from_environment("one_stop")


# times


def test_times() -> None:
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    read = reader(("yyyyMMddHHmmss", "iso"), zone)
    noon = datetime(2023, 1, 5, 12, tzinfo=zone)
    same = ["20230105120000", "2023-01-05T12:00:00", "2023-01-05 12:00", "2023-01-05T05:00:00Z", "2023-01-05T12:00:00.000+07:00"]
    assert [read(text) for text in [*same, "2023-01-05T05:00:00+0000", 20230105120000]] == [noon] * 7
    assert read("2023-01-05") == datetime(2023, 1, 5, tzinfo=zone)
    assert read("2023-01-05T12:00:00.123456789").microsecond == 123456  # type: ignore[union-attr]
    bad = [
        "",
        "2023-1-5",
        "20230105",
        "20231305120000",
        "2023-01-05T24:00:00",
        "05/01/2023",
        "2023-01-05T12",
        " 20230105120000",
        "x",
        "٢٠٢٣٠١٠٥١٢٠٠٠٠",
    ]
    assert [read(text) for text in bad] == [None] * len(bad)
    assert reader(("dd/MM/yyyy HH:mm:ss",), zone)("05/01/2023 12:00:00") == noon
    assert reader(("dd/MM/yyyy",), zone)("05/01/2023 12:00:00") is None
    summer = reader(("iso",), ZoneInfo("Europe/Amsterdam"))
    assert summer("2023-07-01T12:00:00") == datetime(2023, 7, 1, 10, tzinfo=UTC)
    assert render(noon, ("yyyyMMddHHmmss", "iso")) == "20230105120000"
