"""Who may see what, and how each error is told."""

from __future__ import annotations

import html
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

import psycopg
import pytest
from fastapi import Request
from fastapi.routing import APIRoute
from sqlalchemy import Connection, text
from starlette.testclient import TestClient

from cchc.dashboard.app import create_app, path_of
from cchc.dashboard.person import Login, Person
from cchc.dashboard.warehouse import dashboard_url, reading
from cchc.settings import Settings
from tests.dashboard.conftest import BASE, COMMUNE, Site, identify, mounted
from tests.support.papers import text_of
from tests.support.warehouse import NewWarehouse

PERIOD = "period=2023-12"


def addresses(site: Site) -> list[str]:
    """One address of each route, with values that exist."""
    publication = site.rows("select publication_id from mart.publication order by 1 limit 1")[0]["publication_id"]
    paper = site.rows("select file_name from mart.publication_report order by 1 limit 1")[0]["file_name"]
    load = site.rows("select min(load_id) as n from ops.load")[0]["n"]
    dossier = site.rows("select source_code, dossier_code from mart.dossier where unit_code = :u order by 2 limit 1", u=COMMUNE)[0]
    values = {
        "indicator": "dossier_on_time_rate",
        "unit": COMMUNE,
        "load": str(load),
        "publication": str(publication),
        "source": dossier["source_code"],
        "dossier": dossier["dossier_code"],
        "name": paper,
        "form": "open",
    }
    found = []
    for route in create_app(site.settings, identify, lambda request: "/").routes:
        assert isinstance(route, APIRoute), f"{route} is no route that asks who is there"
        path = route.path
        name = "dashboard.css" if path.startswith("/static") else values["name"]
        for part, value in (values | {"name": name}).items():
            path = re.sub(rf"{{{part}(:path)?}}", value, path)
        found.append(path)
    return found


def test_nobody_sees_anything_without_a_login(site: Site) -> None:
    for path in addresses(site):
        assert site.get(path, None).status_code == 401, path
        page = site.get(path, None, accept="text/html")
        assert page.status_code == 303
        assert page.headers["location"].startswith("/auth/login?next=")
        assert site.get(path, "unknown to airflow").status_code == 403
        assert site.get(path, "operator").status_code == 200, path


def test_every_answer_forbids_scripts_from_elsewhere_and_copies_in_caches(site: Site) -> None:
    for path in [*addresses(site), "/nowhere", "/?period=x"]:
        for who in ("operator", None):
            headers = site.get(path, who).headers
            assert "script-src 'self'" in headers["content-security-policy"]
            assert "frame-ancestors 'self'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["cache-control"] == ("private, max-age=86400" if path.startswith("/static") and who else "no-store")
            assert headers["x-content-type-options"] == "nosniff"


def test_nothing_can_be_changed(site: Site) -> None:
    client = site.client()
    for path in addresses(site):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert client.request(method, f"{BASE}{path}").status_code == 405, (method, path)
    with psycopg.connect(dashboard_url(site.settings).replace("+psycopg", "")) as connection:
        for statement in ("delete from mart.dossier", "create table mart.x (a int)", "update ops.account set unit_code = null"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select applicant_key from core.dossier_version")


def any_of(words: Iterable[str]) -> str:
    """A pattern that finds each of many words. What several begin with stands once: Python tries the parts of a list one after the other."""
    branches = []
    for first, group in itertools.groupby(sorted(words), key=lambda word: word[:1]):
        branches.append(re.escape(first) + any_of(word[1:] for word in group) if first else "")
    longest_first = [branch for branch in branches if branch] + branches[: branches.count("")]
    return longest_first[0] if len(longest_first) == 1 else f"(?:{'|'.join(longest_first)})" if longest_first else ""


def texts(answer: object) -> Iterator[str]:
    """Everything that an answer says: of a workbook the text of each part, of a bundle that of each file."""
    content, kind = answer.content, answer.headers["content-type"]  # type: ignore[attr-defined]
    if kind.endswith("wordprocessingml.document"):
        with zipfile.ZipFile(io.BytesIO(content)) as paper:
            yield re.sub(r"<[^>]+>", "", paper.read("word/document.xml").decode("utf-8"))
    elif kind == "application/zip":
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            for name in bundle.namelist():
                yield text_of(bundle.read(name)) if name.startswith("papers/") else bundle.read(name).decode("utf-8", "replace")
    elif content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as workbook:
            for name in workbook.namelist():
                yield html.unescape(re.sub(r"<[^>]+>", " ", workbook.read(name).decode("utf-8")))
    else:
        yield content.decode("utf-8", "replace")


def seen_by(site: Site, who: str, scopes: Sequence[str] = ("all", "level:commune", COMMUNE, "H19.16.23")) -> Iterator[str]:
    """The unit of each dossier that somebody finds on any page of some scopes, in any table, on any way."""
    codes = {row["dossier_code"]: row["unit_code"] for row in site.rows("select dossier_code, unit_code from mart.dossier")}
    pattern = re.compile(any_of(codes))
    paths = [path for path in addresses(site) if not path.startswith(("/static", "/dossiers"))]
    asked = []
    for path in paths:
        asked += [f"{path}?{PERIOD}&scope={scope}" for scope in scopes]
    asked += [f"/units/H19.16.23?{PERIOD}"]
    for path in asked:
        answer = site.get(path, who)
        for said in texts(answer):
            yield from (codes[code] for code in pattern.findall(said))
        for name in set(re.findall(r"table=(\w+)", answer.text if b"<html" in answer.content else "")):
            for form in ("csv", "xlsx"):
                for said in texts(site.get(f"{path}&format={form}&table={name}", who)):
                    yield from (codes[code] for code in pattern.findall(said))


def test_many_words_are_found_as_one_by_one() -> None:
    words = ["H19.16-1", "H19.16-10", "a/b (c)", "H19.17-1", "H19"]
    found = re.findall(any_of(words), "H19.16-10, H19.16-1; a/b (c), H19.17-1 H19.18 h19 H20")
    assert found == ["H19.16-10", "H19.16-1", "a/b (c)", "H19.17-1", "H19"]


def test_a_unit_sees_its_own_dossiers_alone(site: Site) -> None:
    assert set(seen_by(site, "commune")) == {COMMUNE}
    assert set(seen_by(site, "commune_operator", ("all",))) == {COMMUNE}
    assert set(seen_by(site, "stranger", ("all", COMMUNE))) == set()
    units: set[str] = set()
    for unit in seen_by(site, "leader"):
        units.add(unit)
        if len(units) > 3:
            break
    assert len(units) > 3, "the pages show dossiers, and a leader sees those of every unit"
    foreign = site.rows("select source_code, dossier_code from mart.dossier where unit_code = 'H19.16.23' limit 1")[0]
    answer = site.get(f"/dossiers/{foreign['source_code']}/{foreign['dossier_code']}", "commune")
    assert answer.status_code == 403
    assert "không được xem hồ sơ của đơn vị đó" in answer.text
    own = site.rows("select source_code, dossier_code from mart.dossier where unit_code = :u limit 1", u=COMMUNE)[0]
    assert site.get(f"/dossiers/{own['source_code']}/{own['dossier_code']}", "commune").status_code == 200


def test_the_scope_of_dossiers_by_person() -> None:
    boss, unit, stranger = Person("b", sees_everything=True), Person("u", unit_code=COMMUNE), Person("s")
    assert [boss.scope_of_dossiers(scope) for scope in ("all", "H19.16.3")] == ["all", "H19.16.3"]
    assert [unit.scope_of_dossiers(scope) for scope in ("all", "level:commune", COMMUNE, "H19.16.3")] == [COMMUNE, COMMUNE, COMMUNE, None]
    assert stranger.scope_of_dossiers("all") is None


def test_the_code_of_a_dossier_may_hold_a_slash(site: Site) -> None:
    odd = site.rows("select source_code, dossier_code from mart.dossier where dossier_code like '%/%' order by 2 limit 1")[0]
    for written in (odd["dossier_code"], quote(odd["dossier_code"], safe="")):
        answer = site.get(f"/dossiers/{odd['source_code']}/{written}")
        assert answer.status_code == 200
        assert f'action="{BASE}/dossiers/{odd["source_code"]}/{odd["dossier_code"]}"' in answer.text


def test_a_path_with_any_character_leads_back_to_itself() -> None:
    scope = {"type": "http", "path": f"{BASE}/dossiers/one_stop/7% ?#&đ", "root_path": BASE, "headers": []}
    path = path_of(Request(scope))
    assert unquote(path) == "/dossiers/one_stop/7% ?#&đ"
    assert not set(path) & set(" ?#&đ")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/?period=yesterday", 400, "is no period"),
        ("/?scope=H99", 400, "is no unit"),
        ("/?basis=both", 400, "is no basis"),
        ("/?edition=first", 400, "is no edition"),
        ("/?period=2031-01", 404, "Kỳ này chưa được tính"),
        ("/?period=9999-12", 400, "the years from 1900 to 2199"),  # the day after it is no day of Python
        ("/?period=0000-01", 400, "the years from 1900 to 2199"),
        ("/?known_at=9999-12-31T23:59:59-14:00", 400, "the years from 1900 to 2199"),
        ("/?format=pdf&table=scorecard", 400, "has no table"),
        ("/units?units.sort=password", 400, "no column"),
        ("/units?units.page=0", 400, "is no page"),
        ("/indicators/nothing", 404, "Không có chỉ tiêu"),
        ("/units/H19.16.999", 404, "Không có đơn vị"),
        ("/dossiers/one_stop/none", 404, "none"),
        ("/nowhere", 404, "Không có trang này"),
    ],
)
def test_what_does_not_exist_is_told(site: Site, path: str, status: int, words: str) -> None:
    answer = site.get(path)
    assert answer.status_code == status
    assert words in answer.text


def test_before_the_first_data_the_pages_say_what_to_do(new_warehouse: NewWarehouse, tmp_path: Path) -> None:
    with new_warehouse(tmp_path / "home") as settings:
        answer = TestClient(mounted(settings), headers={"x-who": "operator"}).get(f"{BASE}/")
        assert answer.status_code == 503
        assert "refresh_indicators" in answer.text


def test_a_warehouse_that_is_away_is_told_without_its_password(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_DASHBOARD_WAREHOUSE_URL", "postgresql://cchc_web:very-secret@127.0.0.1:1/warehouse")
    answer = site.get("/")
    assert answer.status_code == 503
    assert "Kho dữ liệu không trả lời" in answer.text
    assert "very-secret" not in answer.text


def test_a_question_that_takes_too_long_is_ended(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(connection: Connection, login: Login) -> Person:
        connection.execute(text("set local statement_timeout = '50ms'"))
        connection.execute(text("select pg_sleep(30)"))
        return Person(login.name)

    monkeypatch.setattr("cchc.dashboard.app.person_of", slow)
    answer = site.get("/")
    assert answer.status_code == 503
    assert "mất quá nhiều thời gian" in answer.text


def test_every_session_has_a_limit_and_only_reads(site: Site) -> None:
    with reading(site.settings) as connection:
        limits = [connection.execute(text(f"show {name}")).scalar() for name in ("statement_timeout", "default_transaction_read_only")]
    assert limits == ["15s", "on"]


def test_a_defect_is_told_without_its_details(site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("cchc.dashboard.app.person_of", broken)
    client = TestClient(site.app, headers={"x-who": "operator"}, raise_server_exceptions=False)
    answer = client.get(f"{BASE}/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Trang này bị lỗi" in answer.text
    assert "secret detail" in caplog.text


def test_the_settings_name_the_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", "postgresql://owner:a%20b@db:5432/warehouse")
    monkeypatch.setenv("CCHC_HOME", str(tmp_path))
    url = dashboard_url(Settings.load())
    assert url.startswith("postgresql+psycopg://cchc_web:")
    assert "a%20b" not in url


def test_who_sees_single_records_or_takes_something_along_is_noted_and_figures_are_not(site: Site) -> None:
    codes = {row["dossier_code"] for row in site.rows("select dossier_code from mart.dossier")}
    load = site.rows("select min(load_id) as n from ops.load")[0]["n"]
    dossier = site.rows("select source_code, dossier_code from mart.dossier where unit_code = :u order by 2 limit 1", u=COMMUNE)[0]
    own = f"/dossiers/{dossier['source_code']}/{dossier['dossier_code']}"
    paths = [path for path in addresses(site) if not path.startswith(("/static", "/dossiers"))]
    asked = [f"{path}?{PERIOD}" for path in paths] + [own, f"/loads/{load}"]
    asked += [f"/health?{PERIOD}&part={part}" for part in ("quarantine", "findings", "payments")]
    asked += [f"/indicators/dossier_on_time_rate?{PERIOD}&part=denominator", f"/units?{PERIOD}&format=csv&table=units"]
    acts = "select category, action, by_whom, database_login from ops.audit where audit_id > :after order by audit_id"
    seen = set()
    for path in asked:
        after = site.rows("select coalesce(max(audit_id), 0) as n from ops.audit")[0]["n"]
        answer = site.get(path, "leader")
        assert answer.status_code == 200, path
        noted = site.rows(acts, after=after)
        is_file = "attachment" in answer.headers.get("content-disposition", "")
        named = codes & set(re.findall(r"[\w./-]+", answer.text)) if not is_file else set()
        if is_file:
            assert [row["category"] for row in noted] == ["export"], path
        elif named:
            assert [row["category"] for row in noted] == ["look"], path
        elif noted:
            assert noted[0]["category"] == "look" and "record" in answer.text.casefold(), path
        for row in noted:
            assert row["by_whom"] == "leader" and row["database_login"] == "cchc_web"
            assert row["action"] == f"dashboard {unquote(path.partition('?')[0])}"
            seen.add(row["category"])
    assert seen == {"look", "export"}
    after = site.rows("select max(audit_id) as n from ops.audit")[0]["n"]
    assert site.get(f"/?{PERIOD}", "leader").status_code == 200
    assert site.rows(acts, after=after) == []


def test_where_nothing_can_be_noted_no_dossier_is_shown(site: Site) -> None:
    dossier = site.rows("select source_code, dossier_code from mart.dossier where unit_code = :u order by 2 limit 1", u=COMMUNE)[0]
    path = f"/dossiers/{dossier['source_code']}/{dossier['dossier_code']}"
    signature = "ops.audited(text, text, text, text)"
    site.execute(f"revoke execute on function {signature} from cchc_web")
    try:
        answer = site.get(path, "leader")
    finally:
        site.execute(f"grant execute on function {signature} to cchc_web")
    assert answer.status_code == 503
    assert "/steps" not in answer.text and "Các bước" not in answer.text
    assert site.get(path, "leader").status_code == 200
