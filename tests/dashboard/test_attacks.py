"""The dashboard attacked: parameters that are no values, names that are ways up, stored texts that are formulas, slow and other people."""

from __future__ import annotations

import csv
import io
import re
import socket
from datetime import date
from urllib.parse import quote, urlsplit

import openpyxl
import pytest
import requests

from cchc.dashboard.table import Column, Table, as_csv, as_xlsx
from cchc.dashboard.words import words
from cchc.settings import Settings
from tests.dashboard.conftest import BASE, COMMUNE, SCRIPT, Site, running

PERIOD = "period=2023-12"
WAYS_UP = [
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "/etc/passwd",
    "file:///etc/passwd",
    "..\\..\\secrets\\privacy_key",
]
NO_VALUES = [
    "\x00",
    "1\x00",
    "' or 1=1--",
    f'"{SCRIPT}',
    "\r\nSet-Cookie: a=b",
    "²",
    "1e400",
    "A" * 5000,
    "{{7*7}}",
    "99999999999999999999",
    "\u202e",
]
LAST_ACTS = "select subject from ops.audit order by audit_id desc limit 3"


def audited(site: Site) -> int:
    """How many acts are in the audit log."""
    return int(site.rows("select count(*) as n from ops.audit")[0]["n"])


@pytest.mark.parametrize(
    "parameter", ["period", "scope", "basis", "edition", "known_at", "part", "late.q", "late.sort", "lights.page", "source"]
)
def test_no_parameter_becomes_anything_but_a_value(site: Site, parameter: str) -> None:
    paths = ("/", "/indicators/dossier_on_time_rate", f"/units/{COMMUNE}", "/health")
    for place, bad in enumerate(NO_VALUES):
        path = paths[place % len(paths)]
        answer = site.client("leader").get(f"{BASE}{path}", params={"period": "2023-12", parameter: bad})
        assert answer.status_code in (200, 400), (path, bad)
        assert SCRIPT not in answer.text and "set-cookie" not in answer.headers
        assert ("\x00" in bad) <= (answer.status_code == 400), "PostgreSQL takes no NUL, and the warehouse is not away"


@pytest.mark.parametrize(
    "route", ["/publications/1/files/{}", "/publications/1/bundles/{}", "/static/{}", "/units/{}", "/dossiers/one_stop/{}"]
)
def test_no_name_leads_out_of_its_folder(site: Site, route: str) -> None:
    for name in [*WAYS_UP, "a\x00b", SCRIPT]:
        answer = site.get(route.format(quote(name, safe="")))
        assert answer.status_code in (400, 404), (route, name)
        assert "root:" not in answer.text and SCRIPT not in answer.text


def test_what_is_refused_is_not_noted_as_taken_along(site: Site) -> None:
    """Else whoever may look writes what it likes into the audit log."""
    before = audited(site)
    for query in (f"table={'x' * 4000}&format=csv", f"table={quote(SCRIPT)}&format=xlsx", "table=late&format=exe", "format=csv"):
        assert site.get(f"/?{PERIOD}&{query}", "stranger").status_code == 400
    assert audited(site) == before, site.rows(LAST_ACTS)


def test_other_methods_are_refused_and_tell_nothing(site: Site) -> None:
    for path in ("/", f"/units/{COMMUNE}", "/static/dashboard.css"):
        for method in ("HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"):
            answer = site.client().request(method, f"{BASE}{path}", headers={"cookie": "who=operator; secret=1"})
            assert answer.status_code == 405, (method, path)
            assert "secret=1" not in answer.text


def test_what_one_person_saw_is_not_kept_for_another(site: Site) -> None:
    path = f"/indicators/dossier_on_time_rate?{PERIOD}&part=denominator"
    seen = {}
    for who in ("operator", "stranger", "commune", None):
        answer = site.get(path, who, **{"if-none-match": "*", "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"})
        assert answer.status_code == (401 if who is None else 200)
        assert answer.headers["cache-control"] == "no-store" and "etag" not in answer.headers
        seen[who] = len(set(re.findall(r"H19\.16\.\d+-\d+-\d+", answer.text)))
    assert seen["operator"] > 0 and seen["stranger"] == 0


def test_people_who_never_finish_asking_keep_nobody_waiting(site: Site) -> None:
    with running(site.app) as address:
        host, port = str(urlsplit(address).hostname), int(urlsplit(address).port or 0)
        slow = [socket.create_connection((host, port)) for _ in range(100)]
        try:
            for each in slow:
                each.sendall(b"GET /cchc/ HTTP/1.1\r\nHost: x\r\nX-Who: oper")
            assert requests.get(f"{address}/?{PERIOD}", headers={"x-who": "operator"}, timeout=30).status_code == 200
            long = requests.get(f"{address}/?{PERIOD}&x={'a' * 200_000}", headers={"x-who": "operator"}, timeout=30)
            assert long.status_code in (400, 414, 431)
        finally:
            for each in slow:
                each.close()


FORMULAS = [
    ("=1+1", "'=1+1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\uff1d1+1", "'\uff1d1+1"),
    ("Nguyễn;=HYPERLINK(A1)", "Nguyễn;'=HYPERLINK(A1)"),
    ("một\n=1+1", "một\n'=1+1"),
    ("\t=1", "'\t'=1"),
    ("a = b; c - d", "a = b; c - d"),
]


@pytest.mark.parametrize(("told", "written"), FORMULAS)
def test_a_text_of_a_source_is_no_formula_in_a_file(told: str, written: str) -> None:
    """Where the machine's list separator is a semicolon, as in Vietnam, an office program cuts cells at it, whatever the quotes say."""
    table = Table("items", "items", (Column("code", "Mã"), Column("n", "Số", "count")), ({"code": told, "n": -5},), 1)
    vietnamese = words(Settings.load(), "vi")
    rows = list(csv.reader(io.StringIO(as_csv(table, vietnamese).decode("utf-8-sig"), newline="")))
    assert rows[1] == [written, "-5"], "numbers stay numbers"
    cell = openpyxl.load_workbook(io.BytesIO(as_xlsx(table, vietnamese, date(2023, 12, 31))))["items"]["A2"]
    assert (cell.data_type, cell.value) == ("s", told)
