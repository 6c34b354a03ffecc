"""Every row of a delivery is on the page of its load: read, left alone, repeated or merged, and the kinds add up to what was delivered."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cchc.waiting import wait_until
from tests.dashboard.conftest import Site, close, mounted
from tests.support.cli import cchc, connect
from tests.support.files import bytes_of
from tests.support.table_reports import CASES, EXAMPLE, case, report
from tests.support.warehouse import NewWarehouse

WHERE = "    key: [Mã hồ sơ]\n    where: [{field: Hình thức, not_in: [Bưu chính]}]\n"


@pytest.fixture(scope="module")
def loaded(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A report with rows of every kind, a second one with some of them again, and one that is blocked."""
    folder: Path = tmp_path_factory.mktemp("rows")
    sources, drop = folder / "sources", folder / "drop"
    shutil.copytree(EXAMPLE.parent, sources)
    profile = (sources / EXAMPLE.name).read_text(encoding="utf-8")
    for old, new in (("    key: [Mã hồ sơ]\n", WHERE), ("dụ: BB.1", "dụ: H19.16.21"), ("Mẫu: BB.2", "Mẫu: H19.16.22")):
        profile = profile.replace(old, new)
    (sources / EXAMPLE.name).write_text(profile, encoding="utf-8")
    drop.mkdir()
    with new_warehouse(folder / "home") as settings, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCHC_SOURCES_DIR", str(sources))
        connect(patch, "table_files", conn_type="fs", host=str(drop))
        assert cchc("init").code == 0
        rows = [
            *CASES,
            [],
            case(4, "BB-1"),
            case(5, "BB-5", how="Bưu chính"),
            ["Cộng", None, None, None, None, "=SUM(F1:F9)"],  # no row of its own on the page
            [6, None, *case(6, "")[2:]],
        ]
        book = report(*rows, second=lambda sheet: sheet.append(["Nguyễn Văn Mẫu"]))
        (drop / "bao_cao_2023_01.xlsx").write_bytes(bytes_of(book))
        assert cchc("ingest", "table_files", "--to", "2024-01-02").code == 0
        (drop / "bao_cao_2023_02.xlsx").write_bytes(bytes_of(report(CASES[0], case(2, "BB-2", done="13/01/2023"), case(3, "BB-6"))))
        (drop / "bao_cao_2023_03.xlsx").write_bytes(bytes_of(report(CASES[0], total=False)))
        assert cchc("ingest", "table_files", "--to", "2024-01-03").code == 3
        assert cchc("refresh", "2023-01").code == 0  # a page needs a period
        yield Site(settings, mounted(settings))
        close(settings)


def csv_of(site: Site, path: str) -> list[dict[str, str]]:
    """The rows of a table of a page, by title of the column."""
    assert wait_until(lambda: 'http-equiv="refresh"' not in site.get(path.partition("&format")[0]).text, 60, 0.1), (
        "counts of the background"
    )
    answer = site.get(path)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def kinds(site: Site, file: str) -> dict[str, int]:
    """The table of the rows of the newest load of a file."""
    (row,) = site.rows("select max(load_id) as n from ops.load where file_name = :f", f=file)
    return {row["Loại dòng"]: int(row["Số lượng"]) for row in csv_of(site, f"/loads/{row['n']}?period=2023-01&format=csv&table=rows")}


def test_every_row_of_a_report_is_told_by_what_became_of_it(loaded: Site) -> None:
    found = kinds(loaded, "bao_cao_2023_01.xlsx")
    total = found.pop("Cộng: mọi dòng gửi đến")
    assert found == {
        "Phía trên tiêu đề cột": 2,
        "Ngay dưới tiêu đề cột": 1,
        "Dòng trống": 3,
        "Dòng cộng, không phải bản ghi": 1,
        "Sau khi bảng kết thúc": 3,
        "Ngoài phạm vi": 1,
        "Bản ghi mới": 3,
        "Trùng khóa với dòng sau": 1,
        "Không có khóa đọc được": 1,
    }
    assert sum(found.values()) == total == 16
    second = kinds(loaded, "bao_cao_2023_02.xlsx")
    assert second.pop("Cộng: mọi dòng gửi đến") == sum(second.values())
    assert (second["Bản ghi mới"], second["Bản ghi thay đổi"]) == (1, 2)
    page = loaded.get("/loads/1").text
    assert "1 trang tính có dữ liệu mà không đọc" in page
    assert "Mẫu" not in page, "words of the report may be names"
    assert kinds(loaded, "bao_cao_2023_03.xlsx") == {}
    (blocked,) = loaded.rows("select max(load_id) as n from ops.load where status = 'blocked'")
    page = loaded.get(f"/loads/{blocked['n']}").text
    assert "Lần nạp này không đọc được dòng nào." in page and "the end of the table is not found" in page


def test_the_loads_add_up_on_the_page_of_the_health(loaded: Site) -> None:
    rows = csv_of(loaded, "/health?part=loads&format=csv&table=loads")
    assert len(rows) == 3
    for row in rows:
        of = {name: int(text) for name, text in row.items() if text.isdigit()}
        assert of["Dòng gửi đến"] == of["Để ngoài"] + of["Gộp"] + of["Đã nhận"]
        stored = ("Mới", "Thay đổi", "Không đổi", "Trùng khóa", "Không có khóa", "Chưa vào kho")
        assert of["Đã nhận"] == sum(of[name] for name in stored)
    assert [row["Dòng gửi đến"] for row in rows if "2023_01" in row["Tệp hoặc bảng"]] == ["16"]


def test_a_count_that_does_not_add_up_is_told(loaded: Site) -> None:
    loaded.execute("update ops.load set manifest = jsonb_set(manifest, '{left_alone,unknown_kind}', '2') where load_id = 1")
    assert kinds(loaded, "bao_cao_2023_01.xlsx")["Không rõ"] == 2
