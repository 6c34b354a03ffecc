"""The pages of what was published: their numbers against SQL, the papers byte for byte, the dossiers behind each restatement, who sees what."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cchc.bundle.verify import check_all
from cchc.dashboard.person import Person
from cchc.dashboard.publications import may_read
from cchc.reports.papers import figures_alone
from cchc.settings import Settings
from tests.dashboard.conftest import BASE, COMMUNE, SCRIPT, Site, mounted
from tests.support.papers import CODE, text_of
from tests.support.warehouse import tamper

OPERATOR, LEADER, COMMUNES_OWN, STRANGER = "operator", "leader", "commune", "stranger"


def page(site: Site, path: str, who: str = OPERATOR) -> str:
    """The text of a page that is there."""
    answer = site.get(path, who)
    assert answer.status_code == 200, answer.text
    assert SCRIPT not in answer.text
    return str(answer.text)


def table(site: Site, path: str, name: str, who: str = OPERATOR) -> list[dict[str, str]]:
    """All rows of a table of a page, as its CSV has them, by title of the column."""
    answer = site.get(f"{path}{'&' if '?' in path else '?'}format=csv&table={name}", who)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def edition(site: Site) -> dict[str, Any]:
    """The edition of November 2023, as the warehouse has it."""
    (row,) = site.rows("select * from mart.publication where period_start = date '2023-11-01' and period_kind = 'month'")
    return row


@pytest.fixture(scope="module")
def path(edition: dict[str, Any]) -> str:
    """Its page."""
    return f"/publications/{edition['publication_id']}"


def test_every_edition_is_listed_with_what_waits(site: Site, edition: dict[str, Any]) -> None:
    text = page(site, "/publications")
    assert "Bà Lan &lt;script&gt;" in text
    (row,) = table(site, "/publications", "editions")
    assert (row["Kỳ"], row["Lần"], row["Hình thức"]) == ("2023-11", "1", "một người phê duyệt")
    (open_count,) = site.rows("select count(*) as n from mart.restatement where state = 'open'")
    assert int(row["Số đã đổi, chờ phê duyệt"]) == open_count["n"] > 0
    (values,) = site.rows("select count(*) as n from mart.publication_value where publication_id = :p", p=edition["publication_id"])
    assert int(row["Số liệu"]) == values["n"]
    waiting = table(site, "/publications", "waiting")
    assert [row["Kỳ"] for row in waiting] == ["2023-11", "2023-12"], "one has changed, one was never published"


def test_the_way_to_the_approval_leaves_the_frame_and_keeps_the_prefix(site: Site) -> None:
    text = page(site, "/publications")
    assert 'href="/dags/close_month/required_actions" target="_top"' in text
    assert 'href="/dags/close_month" target="_top"' in text
    assert "menu của Airflow" in text, "inside Airflow's frame no link leads out, so the way is told in words"


def test_an_edition_says_on_what_knowledge_it_was_approved(site: Site, edition: dict[str, Any], path: str) -> None:
    text = page(site, path)
    assert "tháng 11/2023, công bố lần 1" in text
    assert f"{BASE}/?period=2023-11&amp;edition=1" in text
    clocks = {row["Nguồn"]: row for row in table(site, path, "clocks")}
    (name,) = site.rows("select name_vi from core.source where source_code = 'one_stop'")
    assert clocks[name["name_vi"]]["Khi công bố"].startswith("2023-12-06T00:00")
    assert clocks[name["name_vi"]]["Hiện nay"].startswith("2024-01-02T00:00")
    missing = table(site, path, "missing")
    assert sorted(row["Đơn vị"] for row in missing) == sorted(unit for units in edition["missing"].values() for unit in units)
    assert sum(int(row["Số lượng"]) for row in table(site, path, "findings")) == sum(edition["findings"].values())


def test_every_restatement_has_published_and_current_numbers_and_its_dossiers(site: Site, edition: dict[str, Any], path: str) -> None:
    rows = table(site, path, "restatements", STRANGER)
    stored = site.rows("select * from mart.restatement where publication_id = :p", p=edition["publication_id"])
    assert len(rows) == len(stored) > 0
    assert sum(int(row["Hồ sơ đổi"]) for row in rows) == len(site.rows("select 1 as one from mart.restatement_item"))
    (one,) = site.rows(
        "select r.* from mart.restatement as r where r.publication_id = :p and r.denominator is not null and exists (select 1 "
        "from mart.restatement_item as i inner join mart.dossier as d on i.item = d.dossier_code where i.restatement_id = r.restatement_id) "
        "order by r.unit_code, r.indicator_code, r.basis limit 1",
        p=edition["publication_id"],
    )
    shown = (
        f"{one['numerator']:,}".replace(",", ".") + "\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}" + f"{one['denominator']:,}".replace(",", ".")
    )
    assert shown in page(site, path)
    chosen = table(site, f"{path}?restatement={one['restatement_id']}", "items")
    items = site.rows("select * from mart.restatement_item where restatement_id = :r", r=one["restatement_id"])
    assert sorted(row["Bản ghi"] for row in chosen) == sorted(item["item"] for item in items)
    assert all(row["Thay đổi"] and row["Vì sao"] for row in chosen)
    assert f"{BASE}/dossiers/-/{items[0]['item']}?period=2023-11" in page(site, f"{path}?restatement={one['restatement_id']}")


def test_the_words_of_every_change_and_reason_are_there() -> None:
    from cchc.dashboard.words import words
    from cchc.publication.restatement_reasons import COUNTED_BY

    texts = words(Settings.load(), "vi").texts
    for change in ("added", "removed", "changed", "numerator_gained", "numerator_lost"):
        assert texts[f"change_{change}"]
    for reason in ("deleted", "restored", "left_out", "late", "changed", "definition", "reference"):
        assert texts[f"reason_{reason}"]
    for detail in (*COUNTED_BY.values(), "units", "formula", "formula_not_comparable", "another_source", "record_not_named"):
        assert texts[f"detail_{detail}"]


def test_who_sees_which_dossiers_behind_a_restatement(site: Site, edition: dict[str, Any], path: str) -> None:
    every = site.rows("select i.unit_code from mart.restatement_item as i")
    own = [row for row in every if row["unit_code"] == COMMUNE]
    assert len(own) < len(every)
    for who, count in ((OPERATOR, len(every)), (LEADER, len(every)), (COMMUNES_OWN, len(own))):
        assert len(table(site, path, "items", who)) == count
    text = page(site, path, STRANGER)
    assert 'id="items"' not in text
    assert "không xem được từng bản ghi" in text
    assert site.get(f"{path}?format=csv&table=items", STRANGER).status_code == 400
    assert 'id="items"' not in page(site, f"{path}?scope=H19.16.21", COMMUNES_OWN)


def test_a_paper_comes_byte_for_byte(site: Site, edition: dict[str, Any], path: str) -> None:
    stored = site.rows("select * from mart.publication_report where publication_id = :p", p=edition["publication_id"])
    assert len(stored) > 5
    for row in stored:
        answer = site.get(f"{path}/files/{row['file_name']}")
        assert answer.status_code == 200
        assert hashlib.sha256(answer.content).hexdigest() == row["sha256"]
        assert answer.headers["content-disposition"] == f'attachment; filename="{row["file_name"]}"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert f"{BASE}{path}/files/{row['file_name']}" in page(site, path)


def test_lists_of_dossiers_are_for_those_who_see_every_unit(site: Site, edition: dict[str, Any], path: str) -> None:
    names = {row["file_name"] for row in site.rows("select file_name from mart.publication_report")}
    lists = {name for name in names if name.startswith(("ho_so_qua_han", "ho_so_sap_den_han"))}
    assert len(lists) == 4
    for who in (COMMUNES_OWN, STRANGER):
        text = page(site, path, who)
        for name in names:
            status = site.get(f"{path}/files/{name}", who).status_code
            assert status == (403 if name in lists else 200), name
            assert (f"/files/{name}" in text) == (name not in lists)
    assert {site.get(f"{path}/files/{name}", LEADER).status_code for name in names} == {200}


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        ("bieu_II.06a_2023-11.xlsx", True),
        ("ho_so_qua_han_2023-11.html", False),
        ("something_new_2023-11.pdf", False),
        ("bieu_II.06ax", False),
    ],
)
def test_a_paper_that_is_not_known_is_for_those_who_see_everything(name: str, is_read: bool) -> None:
    for_everybody = figures_alone(Settings.load(), "v2023-01-01")
    assert may_read(Person("x", unit_code=COMMUNE), name, for_everybody) is is_read
    assert may_read(Person("x"), name, for_everybody) is is_read
    assert may_read(Person("x", sees_everything=True), name, for_everybody)
    assert figures_alone(Settings.load(), "v1999-01-01") == (), "of a layout that is gone nothing is for everybody"
    assert figures_alone(Settings.load(), None) == figures_alone(Settings.load(), "v2022-01-01") == for_everybody


def test_no_paper_that_everybody_may_read_names_a_dossier(site: Site, edition: dict[str, Any]) -> None:
    codes = {row["dossier_code"] for row in site.rows("select dossier_code from mart.dossier")}
    for row in site.rows("select * from mart.publication_report where publication_id = :p", p=edition["publication_id"]):
        if row["file_name"].startswith(figures_alone(site.settings, edition["layout"])):
            text = text_of((site.settings.home / row["path"]).read_bytes())
            assert len(text) > 500
            assert not codes.intersection(CODE.findall(text)), row["file_name"]
        elif row["file_name"].startswith("ho_so_qua_han") and row["file_name"].endswith("xlsx"):
            assert codes.intersection(CODE.findall(text_of((site.settings.home / row["path"]).read_bytes())))


def test_the_bundles_are_there_and_prove_themselves(site: Site, edition: dict[str, Any], path: str, tmp_path: Path) -> None:
    (stored,) = site.rows("select * from mart.publication_bundle where publication_id = :p", p=edition["publication_id"])
    listed = table(site, path, "bundles")
    assert [row["Mã băm cả gói"] for row in listed] == [stored["manifest_sha256"]] * 2
    files: list[Path] = []
    for form in ("open", "audit"):
        answer = site.get(f"{path}/bundles/{form}")
        assert answer.status_code == 200
        files.append(tmp_path / listed[len(files)]["Tệp"])
        files[-1].write_bytes(answer.content)
    checked = check_all(files)
    assert [one.wrong for one in checked] == [[], []]
    assert [one.is_audit for one in checked] == [False, True]
    assert checked[1].figures > 500


def test_the_rows_are_for_those_who_see_every_unit(site: Site, path: str) -> None:
    for who, status in ((OPERATOR, 200), (LEADER, 200), (COMMUNES_OWN, 403), (STRANGER, 403)):
        assert site.get(f"{path}/bundles/audit", who).status_code == status
        assert site.get(f"{path}/bundles/open", who).status_code == 200
        assert (f"{path}/bundles/audit" in page(site, path, who)) == (status == 200)
    assert site.get(f"{path}/bundles/other").status_code == 404


def test_a_bundle_whose_folder_was_changed_is_told_and_not_sent(site: Site, edition: dict[str, Any], path: str) -> None:
    (stored,) = site.rows("select * from mart.publication_bundle where publication_id = :p", p=edition["publication_id"])
    file = site.settings.home / stored["path"] / "figures.csv"
    data = file.read_bytes()
    file.write_bytes(data.replace(b"1", b"2", 1))
    try:
        answer = site.get(f"{path}/bundles/open")
        assert answer.status_code == 500
        assert "một tệp của lần công bố đã mất hoặc đã khác" in answer.text
    finally:
        file.write_bytes(data)
    assert site.get(f"{path}/bundles/open").status_code == 200


@pytest.fixture
def changed(site: Site, edition: dict[str, Any]) -> Iterator[str]:
    """A paper of the edition of which one byte is another one."""
    (row,) = site.rows("select * from mart.publication_report where file_name like 'cong_khai%'")
    file = site.settings.home / row["path"]
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    yield row["file_name"]
    file.write_bytes(data)


def test_a_paper_that_was_changed_is_told_and_not_sent(site: Site, path: str, changed: str) -> None:
    answer = site.get(f"{path}/files/{changed}")
    assert answer.status_code == 500
    assert "Tệp đã bị thay đổi" in answer.text
    assert f"Tệp {changed} không còn như lúc công bố" in answer.text
    assert "content-disposition" not in answer.headers


def test_a_paper_that_is_gone_is_told(site: Site, edition: dict[str, Any], path: str) -> None:
    (row,) = site.rows("select * from mart.publication_report where file_name like 'cong_khai%'")
    file = site.settings.home / row["path"]
    file.rename(file.with_suffix(".away"))
    try:
        answer = site.get(f"{path}/files/{row['file_name']}")
        assert answer.status_code == 500
        assert "không còn trong thư mục" in answer.text
    finally:
        file.with_suffix(".away").rename(file)


@pytest.mark.parametrize("where", ["../outside.txt", "/etc/hostname"])
def test_no_file_outside_the_installation_is_sent(site: Site, edition: dict[str, Any], path: str, where: str) -> None:
    outside = site.settings.home.parent / "outside.txt"
    outside.write_text("secret", encoding="utf-8")
    tamper(
        site.settings,
        "insert into mart.publication_report values (:p, 'cong_khai_x.html', :path, :sha, 6)",
        p=edition["publication_id"], path=where, sha=hashlib.sha256(b"secret").hexdigest(),
    )  # fmt: skip
    try:
        answer = site.get(f"{path}/files/cong_khai_x.html")
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "nằm ngoài thư mục" in answer.text
    finally:
        tamper(site.settings, "delete from mart.publication_report where file_name = 'cong_khai_x.html'")


@pytest.mark.parametrize("name", ["nothing.xlsx", "..%2F..%2Fsecrets%2Fprivacy_key", "%2e%2e%2fx", SCRIPT.replace("/", "")])
def test_a_file_that_the_edition_does_not_have_is_not_there(site: Site, path: str, name: str) -> None:
    answer = site.get(f"{path}/files/{name}")
    assert answer.status_code == 404
    assert SCRIPT not in answer.text


@pytest.mark.parametrize("number", ["999999", "0", "x", "-1", "9" * 30])
def test_an_unknown_publication_is_not_there(site: Site, number: str) -> None:
    for where in (f"/publications/{number}", f"/publications/{number}/files/x", f"/publications/{number}/bundles/open"):
        answer = site.get(where)
        assert answer.status_code == 404
    assert f"Không có lần công bố {number}." in site.get(f"/publications/{number}").text


@pytest.mark.parametrize("query", ["restatement=x", "items.sort=nothing", "papers.page=0"])
def test_a_wrong_choice_is_told(site: Site, path: str, query: str) -> None:
    assert site.get(f"{path}?{query}").status_code == 400


@pytest.mark.parametrize("name", ["papers", "restatements", "items", "clocks", "missing", "findings"])
def test_every_table_leaves_as_csv_and_workbook(site: Site, path: str, name: str) -> None:
    rows = table(site, path, name)
    answer = site.get(f"{path}?format=xlsx&table={name}")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert sheet.max_row == 1 + len(rows) > 1


def test_both_languages(site: Site, path: str) -> None:
    text = page(site, f"{path}?lang=en")
    assert "Official papers" in text
    assert "its record came after the publication" in text
    assert "Editions" in page(site, "/publications?lang=en")


def test_without_any_data_the_page_says_so(warehouse: Settings) -> None:
    answer = Site(warehouse, mounted(warehouse)).get("/publications")
    assert answer.status_code == 503
    assert "Chưa có số liệu" in answer.text
