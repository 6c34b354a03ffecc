"""Connectors against a misbehaving server: real sockets on loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from cchc.errors import ContractViolation, NotConfigured, SourceUnavailable
from cchc.period import ZONE, now
from cchc.sources import http
from cchc.sources.check import check_connection
from cchc.sources.connection import Connection
from cchc.sources.extract import months_between
from cchc.sources.landing import Landed, Window
from tests.sources.conftest import T, profile, records, rows
from tests.support.source_server import Source

Pull = Callable[..., dict[str, Landed]]
STEPS = "/api/dossier_steps"


def step(number: int, **fields: Any) -> dict[str, Any]:
    return {"MaBuoc": f"B{number}", "MaHoSo": "H1", "NgaySuaCuoi": f"202301{number % 28 + 1:02d}080000", **fields}


def keys(landed: Landed) -> list[str]:
    return sorted(record["MaBuoc"] for record in records(landed))


def test_pages_window_and_manifest(source: Source, pull: Pull) -> None:
    source.records["dossier_steps"] = [step(n) for n in range(5)]
    start = datetime(2023, 1, 1, tzinfo=ZONE)
    load = pull(entities=["dossier_steps"], start=start)["dossier_steps"]
    assert keys(load) == ["B0", "B1", "B2", "B3", "B4"]
    assert [line[0] for line in rows(load)] == [1, 2, 3, 4, 5]
    first = next(query for path, query in source.requests if path == STEPS)
    assert first == {"changed_from": "2023-01-01T00:00:00+07:00", "changed_to": "2023-07-01T00:00:00+07:00", "limit": "5000"}
    manifest = load.manifest
    assert (manifest["records"], manifest["distinct_keys"], manifest["keyless"], manifest["total_reported"]) == (5, 5, 0, 5)
    assert load.path.endswith("/one_stop/00000001/dossier_steps")


def test_everything_is_asked_for_without_a_window_and_later_changes_do_not_land(source: Source, pull: Pull) -> None:
    source.records["dossier_steps"] = [step(1), step(2, NgaySuaCuoi="20230701000000"), step(3, NgaySuaCuoi="2023-06-30T23:59:59")]
    load = pull(entities=["dossier_steps"])["dossier_steps"]
    assert keys(load) == ["B1", "B3"]
    assert load.manifest["late"] == 1
    assert "changed_from" not in next(query for path, query in source.requests if path == STEPS)


@pytest.mark.parametrize(
    ("value", "lands"),
    [
        ("20230630235959", True),
        ("20230701000000", False),
        ("2023-06-30T17:00:00Z", False),
        ("2023-06-30T16:59:59Z", True),
        ("2023-07-01", False),
        ("2023-06-30 23:59:59.999999", True),
        ("20239901000000", True),  # unreadable: lands, and is judged later
        ("soon", True),
        ("", True),
        (None, True),
    ],
)
def test_the_end_of_the_window_is_exact(source: Source, pull: Pull, value: Any, lands: bool) -> None:
    source.records["dossier_steps"] = [step(1, NgaySuaCuoi=value)]
    assert pull(entities=["dossier_steps"])["dossier_steps"].manifest["records"] == int(lands)


def test_wrong_credentials(url: str, pull: Pull) -> None:
    with pytest.raises(SourceUnavailable, match=r"one_stop: /token answered 401: the credentials are wrong") as caught:
        pull(connection=Connection("one_stop", url, "client", "not-the-secret"))
    assert "not-the-secret" not in str(caught.value)
    with pytest.raises(SourceUnavailable, match=r"documents: /api/v1/documents answered 403: the credentials are wrong.*API key"):
        pull("documents", connection=Connection("documents", url, None, "wrong-key"))


def test_an_error_answer_is_told_by_its_kind_alone(source: Source, pull: Pull) -> None:
    """It may repeat our secrets, or the record at which the source stumbled."""
    body = {"error": "invalid_request", "you sent": "s3cret-value", "record": {"ChuHoSo": "Nguyễn Văn Thử"}}
    source.faults[STEPS] = [lambda h: h.reply(body | {"token": h.headers["Authorization"]}, 400, {"Content-Type": "application/json; a=b"})]
    with pytest.raises(
        ContractViolation, match=r"answered 400 \(\d+ bytes of application/json, invalid_request\)\. See the contract"
    ) as caught:
        pull(entities=["dossier_steps"])
    assert not any(word in str(caught.value) for word in ("token-1", "s3cret-value", "Thử"))
    source.faults[STEPS] = [lambda h: h.reply(b"<h1>Nguy\xe1\xbb\x85n</h1>", 404, {"Content-Type": "Nguy"})]
    with pytest.raises(ContractViolation, match=r"answered 404 \(17 bytes\)\. See"):
        pull(entities=["dossier_steps"])


def test_missing_credentials_are_named(url: str, pull: Pull) -> None:
    with pytest.raises(NotConfigured, match=r"src_one_stop lacks its credentials.*AIRFLOW_CONN_SRC_ONE_STOP"):
        pull(connection=Connection("one_stop", url))


def test_a_token_that_expires_midway_is_renewed_once(source: Source, pull: Pull) -> None:
    source.records["dossier_steps"] = [step(n) for n in range(6)]

    def expire(handler: Any) -> bool:
        source.token = "another"
        return False

    source.faults[STEPS] = [lambda h: False, expire]
    assert len(records(pull(entities=["dossier_steps"])["dossier_steps"])) == 6
    assert source.tokens == 2


def test_refused_again_after_a_new_token(source: Source, pull: Pull) -> None:
    source.faults[STEPS] = [lambda h: h.reply({}, 401), lambda h: h.reply({}, 403)]
    with pytest.raises(SourceUnavailable, match="/api/dossier_steps answered 403: the credentials are wrong"):
        pull(entities=["dossier_steps"])


def test_429_and_503_wait_as_long_as_they_are_told(source: Source, pull: Pull, sleeps: list[float]) -> None:
    source.records["dossier_steps"] = [step(1)]
    later = format_datetime(now() + timedelta(seconds=40))
    source.faults[STEPS] = [
        lambda h: h.reply({}, 429, {"Retry-After": "7"}),
        lambda h: h.reply({}, 503, {"Retry-After": later}),
        lambda h: h.reply({}, 503, {"Retry-After": "99999"}),
        lambda h: h.reply({}, 503, {"Retry-After": "soon"}),
        lambda h: h.reply({}, 500),
    ]
    assert keys(pull(entities=["dossier_steps"])["dossier_steps"]) == ["B1"]
    assert sleeps[0] == 7
    assert 30 < sleeps[1] <= 40
    assert sleeps[2] == http.MAX_PAUSE_SECONDS
    assert 0 < sleeps[3] < sleeps[4] < 10


def test_a_source_that_sets_ever_more_cookies_fills_no_memory(source: Source, pull: Pull) -> None:
    sent: list[int] = []

    def page(number: int) -> Callable[[Any], bool]:
        def answer(handler: Any) -> bool:
            sent.append(len(handler.headers.get("Cookie") or ""))
            body = {"total": 6, "data": [step(number)], "next_cursor": str(number + 1) if number < 5 else None}
            return bool(handler.reply(body, headers={"Set-Cookie": f"c{number}={'x' * 3000}"}))

        return answer

    source.faults[STEPS] = [page(number) for number in range(6)]
    assert pull(entities=["dossier_steps"])["dossier_steps"].manifest["records"] == 6
    assert sent[1] > 3000, "the cookie of a session is sent back"
    assert max(sent) <= http.MOST_COOKIE_CHARACTERS


def test_retries_are_bounded(source: Source, pull: Pull, sleeps: list[float]) -> None:
    source.faults[STEPS] = [lambda h: h.reply({}, 500)] * 100
    with pytest.raises(SourceUnavailable, match=r"one_stop dossier_steps, window .*page 1: it answered 500, 7 times"):
        pull(entities=["dossier_steps"])
    assert len(sleeps) == 6


def test_unreachable_host(pull: Pull) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with pytest.raises(SourceUnavailable, match=rf"one_stop: POST /token: no connection .*127.0.0.1:{port}"):
            pull(connection=Connection("one_stop", f"http://127.0.0.1:{port}", "client", "s3cret-value"))


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (lambda h: h.cut(), SourceUnavailable, "page 1: the answer was cut off"),
        (lambda h: h.reply(b'{"total": 1, "data": ['), ContractViolation, "page 1: the answer is not JSON or was cut off"),
        (lambda h: h.reply(b"<html>busy</html>"), ContractViolation, "page 1: the answer is not JSON"),
        (lambda h: h.reply([]), ContractViolation, "page 1: the answer is no object but list"),
        (lambda h: h.reply({"data": []}), ContractViolation, "page 1: the answer has no 'total'"),
        (lambda h: h.reply({"total": "1", "data": []}), ContractViolation, "page 1: the answer has no 'total'"),
        (lambda h: h.reply({"total": 0}), ContractViolation, "page 1: 'data' of the answer is no list but NoneType"),
        (lambda h: h.reply({"total": 0, "data": {}}), ContractViolation, "page 1: 'data' of the answer is no list but dict"),
        (lambda h: h.reply({"total": 9, "data": [], "next_cursor": 7}), ContractViolation, "neither text nor null"),
        (lambda h: h.reply({"error": "limit"}, 400), ContractViolation, r"answered 400 \(17 bytes"),
        (lambda h: h.reply({}, 302, {"Location": "http://127.0.0.1:1/"}), NotConfigured, "answered 302, a redirect"),
    ],
)
def test_a_broken_answer_is_an_error_never_an_empty_list(
    source: Source, pull: Pull, fault: Any, error: type[Exception], words: str, tmp_path: Path
) -> None:
    source.faults[STEPS] = [fault] * 20
    with pytest.raises(error, match=f"one_stop dossier_steps.*{words}"):
        pull(entities=["dossier_steps"])
    assert not list(tmp_path.rglob("manifest.json"))


def test_an_answer_that_is_broken_once_is_asked_for_again(source: Source, pull: Pull) -> None:
    source.records["dossier_steps"] = [step(1)]
    source.faults[STEPS] = [lambda h: h.cut(), lambda h: h.reply(b"{"), lambda h: h.reply({"data": []})]
    assert keys(pull(entities=["dossier_steps"])["dossier_steps"]) == ["B1"]


def scripted(source: Source, *answers: dict[str, Any]) -> None:
    """Cursor c0 → the second answer, c1 → the third …; `next_cursor` is added where an answer does not set it."""

    def answer(path: str, query: dict[str, str]) -> Any:
        number = int(query["cursor"][1:]) + 1 if "cursor" in query else 0
        following = f"c{number}" if number + 1 < len(answers) else None
        return {"next_cursor": following, **answers[number]}

    source.answer = answer


def test_pages_that_end_early(source: Source, pull: Pull) -> None:
    scripted(source, {"total": 4, "data": [step(1), step(2)]}, {"total": 4, "data": [step(3)]})
    with pytest.raises(ContractViolation, match=r"one_stop dossier_steps, window .*3 distinct keys and 0 rows.*the source counts 4"):
        pull(entities=["dossier_steps"])


def test_more_than_the_source_counts(source: Source, pull: Pull) -> None:
    scripted(source, {"total": 2, "data": [step(1), step(2)]}, {"total": 2, "data": [step(3)]})
    with pytest.raises(ContractViolation, match="3 distinct keys.*more than the 2"):
        pull(entities=["dossier_steps"])


def test_records_that_left_the_window_while_it_was_paged(source: Source, pull: Pull) -> None:
    scripted(source, {"total": 4, "data": [step(1), step(2)]}, {"total": 3, "data": [step(3), step(4)]})
    assert keys(pull(entities=["dossier_steps"])["dossier_steps"]) == ["B1", "B2", "B3", "B4"]


def test_duplicates_across_pages_count_once_and_all_land(source: Source, pull: Pull) -> None:
    moved = step(1, NgaySuaCuoi="20230601080000")
    scripted(source, {"total": 3, "data": [step(1), step(2)]}, {"total": 3, "data": [step(2), step(3), moved]})
    load = pull(entities=["dossier_steps"])["dossier_steps"]
    assert keys(load) == ["B1", "B1", "B2", "B2", "B3"]
    assert (load.manifest["records"], load.manifest["distinct_keys"]) == (5, 3)


def test_a_cursor_that_comes_back(source: Source, pull: Pull) -> None:
    source.answer = lambda path, query: {"total": 9, "data": [step(1)], "next_cursor": "again"}
    with pytest.raises(ContractViolation, match=r"page 2, cursor (#[0-9a-f]{8}): the next cursor, \1, came before"):
        pull(entities=["dossier_steps"])


def test_new_cursors_for_ever_without_anything_new(source: Source, pull: Pull) -> None:
    source.answer = lambda path, query: {"total": 9, "data": [step(1)], "next_cursor": str(int(query.get("cursor", 0)) + 1)}
    with pytest.raises(ContractViolation, match=r"pages in a row brought nothing new, and 1 of 9"):
        pull(entities=["dossier_steps"])
    source.answer = lambda path, query: {"total": 1, "data": [step(1)], "next_cursor": str(int(query.get("cursor", 0)) + 1)}
    assert pull(entities=["dossier_steps"], extract_id=2)["dossier_steps"].manifest["distinct_keys"] == 1


def test_keyless_and_non_object_records_count_and_land_with_their_problem(source: Source, pull: Pull) -> None:
    source.records["dossier_steps"] = [step(1), {"MaHoSo": "H1"}, "text", 7, None, [1], step(2, MaBuoc=["x"]), step(3, MaBuoc=" ")]
    load = pull(entities=["dossier_steps"])["dossier_steps"]
    assert (load.manifest["distinct_keys"], load.manifest["keyless"], load.manifest["total_reported"]) == (1, 7, 8)
    assert [(line[1], line[2]) for line in rows(load) if line[2]] == [
        (None, "not an object (str)"),
        (None, "not an object (int)"),
        (None, "not an object (null)"),
        (None, "not an object (list)"),
    ]
    assert [record["MaBuoc"] for record in records(load) if record and "MaBuoc" in record] == ["B1", "(malformed)", ""]


def test_gzip_text_and_half_surrogates(source: Source, pull: Pull) -> None:
    source.use_gzip = True
    source.answer = None
    decomposed = "Tiê\u0301p nhận hồ sơ"
    source.records["dossier_steps"] = [step(1, ThaoTac=f"  {decomposed} ")]
    assert records(pull(entities=["dossier_steps"])["dossier_steps"])[0]["ThaoTac"] == "Tiếp nhận hồ sơ"
    source.use_gzip = False
    body = b'{"total": 1, "data": [{"MaBuoc": "B1", "ThaoTac": "x\\ud800y", "DeletedOn": 99999999999999999999999}], "next_cursor": null}'
    source.faults[STEPS] = [lambda h: h.reply(body)]
    landed = records(pull(entities=["dossier_steps"], extract_id=2)["dossier_steps"])[0]
    assert landed["ThaoTac"] == "x\ufffdy"


def test_month_keys_from_the_first_month_to_that_of_t(source: Source, pull: Pull) -> None:
    source.keys["2023-05"] = [{"MaHoSo": "H1", "DeletedOn": "", "ChuHoSo": "Nguyễn Văn A"}, {"MaHoSo": "", "DeletedOn": ""}]
    load = pull(entities=["dossiers"], first_month="2023-04")["dossiers.keys"]
    assert load.manifest["months"] == ["2023-04", "2023-05", "2023-06", "2023-07"]
    assert records(load) == [{"DeletedOn": "", "MaHoSo": "H1", "month": "2023-05"}, {"DeletedOn": "", "MaHoSo": "", "month": "2023-05"}]
    assert (load.manifest["distinct_keys"], load.manifest["keyless"]) == (1, 1)


def test_the_first_extract_takes_its_months_from_the_receptions(source: Source, pull: Pull) -> None:
    source.records["dossiers"] = [
        {"MaHoSo": "H1", "NgayTiepNhan": "20230515080000", "NgaySuaCuoi": "20230515080000"},
        {"MaHoSo": "H2", "NgayTiepNhan": "2023-04-30T17:00:00Z", "NgaySuaCuoi": "20230515080000"},
        {"MaHoSo": "H3", "NgayTiepNhan": "00010101000000", "NgaySuaCuoi": "20230515080000"},
        {"MaHoSo": "H4", "NgayTiepNhan": "junk", "NgaySuaCuoi": "20230515080000"},
    ]
    loads = pull(entities=["dossiers"])
    assert loads["dossiers"].manifest["received_months"] == {"2023-05": 2}
    assert loads["dossiers.keys"].manifest["months"] == ["2023-05", "2023-06", "2023-07"]


@pytest.mark.parametrize("answer", [{"data": None}, {"data": ["H1"]}, {}, []])
def test_a_broken_key_list_deletes_nothing(source: Source, pull: Pull, answer: Any) -> None:
    source.faults["/api/dossiers/keys"] = [lambda h: h.reply(answer)] * 9
    with pytest.raises(ContractViolation, match=r"one_stop dossiers.keys, month 2023-06"):
        pull(entities=["dossiers"], first_month="2023-06")


def test_months_can_be_narrowed() -> None:
    assert months_between("2022-11", T.date(), 2) == ["2023-06", "2023-07"]
    assert months_between("2022-12", datetime(2023, 1, 1, tzinfo=ZONE).date(), None) == ["2022-12", "2023-01"]
    assert months_between(None, T.date(), None) == []


# page numbers


def signature(number: int, day: str = "2023-01-05") -> dict[str, Any]:
    return {"IdKySo": number, "IdVanBan": "V1", "NguoiKyId": "N1", "NgayCapNhat": f"{day}T08:00:00", "HopLe": True}


def test_numbered_pages_ask_for_inclusive_days(source: Source, pull: Pull) -> None:
    source.records["signatures"] = [signature(n) for n in range(2500)] + [signature(9999, "2023-07-01"), signature(9998, "2023-06-30")]
    load = pull("documents", ["signatures"], start=datetime(2023, 1, 5, 15, tzinfo=ZONE))["signatures"]
    first = source.requests[0][1]
    assert first == {"tuNgay": "2023-01-05", "denNgay": "2023-06-30", "page": "0", "size": "1000"}
    assert (load.manifest["records"], load.manifest["late"], load.manifest["total_reported"]) == (2501, 1, 2502)
    assert [query["page"] for _, query in source.requests] == ["0", "1", "2"]


def test_a_t_in_the_middle_of_a_day_includes_that_day(source: Source, pull: Pull) -> None:
    source.records["signatures"] = [signature(1, "2023-06-30")]
    pull("documents", ["signatures"], window=Window(None, datetime(2023, 6, 30, 12, tzinfo=ZONE)))
    assert source.requests[0][1]["denNgay"] == "2023-06-30"


def test_an_installation_that_repeats_the_last_page_for_ever(source: Source, pull: Pull) -> None:
    page = {"content": [signature(1), signature(2)], "totalElements": 2, "totalPages": 99, "number": 0, "last": False}
    source.answer = lambda path, query: page
    assert pull("documents", ["signatures"])["signatures"].manifest["distinct_keys"] == 2
    source.answer = lambda path, query: {**page, "totalElements": 5}
    with pytest.raises(ContractViolation, match="documents signatures.*2 distinct keys.*the source counts 5"):
        pull("documents", ["signatures"], extract_id=2)
    assert len(source.requests) < 40


def test_a_wrong_last_flag_or_page_count_loses_nothing(source: Source, pull: Pull) -> None:
    pages = [[signature(1), signature(2)], [signature(3)]]
    source.answer = lambda path, query: {
        "content": pages[int(query["page"])],
        "totalElements": 3,
        "totalPages": 1,
        "number": 0,
        "last": True,
    }
    assert pull("documents", ["signatures"])["signatures"].manifest["distinct_keys"] == 3


def test_a_record_that_moves_pushes_another_over_the_edge(source: Source, pull: Pull) -> None:
    """1 moves to the end while page 0 was read: 3 slips onto page 0, and only a second reading finds it."""
    after = [[signature(2), signature(3)], [signature(4), signature(1, "2023-06-01")], []]
    before = [[signature(1), signature(2)], [signature(3), signature(4)], []]
    calls: list[str] = []

    def answer(path: str, query: dict[str, str]) -> Any:
        pages = before if not calls else after
        calls.append(query["page"])
        return {"content": pages[int(query["page"])], "totalElements": 4}

    source.answer = answer
    load = pull("documents", ["signatures"])["signatures"]
    assert sorted({record["IdKySo"] for record in records(load)}) == [1, 2, 3, 4]
    assert load.manifest["distinct_keys"] == 4


def test_a_full_list_ignores_the_window(source: Source, pull: Pull) -> None:
    source.records["leaders"] = [{"NguoiId": "N1", "MaDonVi": "H19.16", "TuNgay": "2021-01-01", "DenNgay": None}]
    load = pull("documents", ["leaders"])["leaders"]
    assert load.manifest["list_fetched"] == T.isoformat()
    source.records["procedures"] = [{"MaTTHC": "1.000001", "MaDonVi": "H19.16", "HieuLucTu": "20200101000000"}]
    pull(entities=["procedures"], start=datetime(2023, 6, 1, tzinfo=ZONE))
    assert "changed_from" not in source.requests[-1][1]


# the rest


def test_a_complete_load_is_not_fetched_again_and_a_broken_one_is(source: Source, pull: Pull, tmp_path: Path) -> None:
    source.records["dossier_steps"] = [step(1)]
    first = pull(entities=["dossier_steps"])["dossier_steps"]
    asked = len(source.requests)
    assert pull(entities=["dossier_steps"])["dossier_steps"].manifest == first.manifest
    assert STEPS not in [path for path, _ in source.requests[asked:]]
    part = next(tmp_path.rglob("part-*.zst"))
    part.write_bytes(b"half")
    again = pull(entities=["dossier_steps"])["dossier_steps"]
    assert keys(again) == ["B1"]
    next(tmp_path.rglob("manifest.json")).unlink()
    (part.parent / "part-00009.ndjson.zst").write_bytes(b"rubbish")
    assert keys(pull(entities=["dossier_steps"])["dossier_steps"]) == ["B1"]
    assert not (part.parent / "part-00009.ndjson.zst").exists()


def test_landing_is_deterministic(source: Source, pull: Pull) -> None:
    source.records["dossier_steps"] = [step(n) for n in range(7)]
    one = pull(entities=["dossier_steps"], extract_id=1)["dossier_steps"]
    source.records["dossier_steps"] = [dict(reversed(record.items())) for record in source.records["dossier_steps"]]
    two = pull(entities=["dossier_steps"], extract_id=2)["dossier_steps"]
    assert one.manifest["parts"] == two.manifest["parts"]


def test_connection_test(source: Source, url: str, sleeps: list[float], tmp_path: Path) -> None:
    source.records["dossiers"] = [{"MaHoSo": "H1"}]
    connection = Connection("one_stop", url, "client", "s3cret-value")
    assert "dossiers: 1 in all" in check_connection(connection, profile("one_stop"))
    with pytest.raises(SourceUnavailable, match="credentials are wrong"):
        check_connection(Connection("one_stop", url, "client", "no"), profile("one_stop"))
    (tmp_path / "giaodich_20230101.csv").write_bytes(b"")
    assert "payments: 1" in check_connection(Connection("payments", str(tmp_path)), profile("payments"))
    with pytest.raises(SourceUnavailable, match=r"drop folder .*nowhere is not there"):
        check_connection(Connection("payments", str(tmp_path / "nowhere")), profile("payments"))


def test_http_or_folder_must_be_in_the_profile(url: str, pull: Pull) -> None:
    with pytest.raises(NotConfigured, match="payments has no 'http'"):
        pull("payments", connection=Connection("payments", url, None, "x"))
