"""Names of files with a day, a month or a year in them, by placeholders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from cchc.errors import NotConfigured
from cchc.period import ZONE
from cchc.sources import day_files
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.name_patterns import with_placeholders
from cchc.sources.profile import Files, Profile, read_profile
from tests.sources.conftest import KEY, PROJECT, T
from tests.support.table_reports import EXAMPLE

HEADER = "Mã hồ sơ,Đơn vị,Thời gian / Tiếp nhận,Thời gian / Hẹn trả,Thời gian / Trả kết quả,Hình thức"
LINES = f"{HEADER}\nBB-1,Phòng Mẫu,03/01/2023,10/01/2023,,\n"


@pytest.mark.parametrize(
    ("pattern", "name", "first", "last"),
    [
        (r"bc_{yyyy}\.csv", "bc_2023.csv", date(2023, 1, 1), date(2023, 12, 31)),
        (r"bc_{yyyy}\.csv", "bc_1986.csv", date(1986, 1, 1), date(1986, 12, 31)),
        (r"bc_{yyyy-MM}\.csv", "bc_2023-12.csv", date(2023, 12, 1), date(2023, 12, 31)),
        (r"bc_{MM.yyyy}\.csv", "bc_02.2024.csv", date(2024, 2, 1), date(2024, 2, 29)),
        (r"bc_{yyyyMM}\.csv", "bc_202302.CSV", date(2023, 2, 1), date(2023, 2, 28)),
        (r"bc_{dd-MM-yyyy}(?:_r(?P<revision>\d+))?\.csv", "bc_31-01-2023_r2.csv", date(2023, 1, 31), date(2023, 1, 31)),
        (r"bc_(?P<date>\d{4})\.csv", "bc_2023.csv", date(2023, 1, 1), date(2023, 12, 31)),
        (r"bc_(?P<date>\d{6})\.csv", "bc_202302.csv", date(2023, 2, 1), date(2023, 2, 1)),
        (r"bc_{yyyy}\.csv", "bc_1899.csv", None, None),
        (r"bc_{yyyyMMdd}\.csv", "bc_19860101.csv", None, None),
        (r"bc_{yyyy-MM}\.csv", "bc_2023-13.csv", None, None),
        (r"bc_{yyyy-MM}\.csv", "bc_2023x12.csv", None, None),
    ],
)
def test_what_a_name_says(pattern: str, name: str, first: date | None, last: date | None) -> None:
    parsed = day_files.parse_name(name, Files(name=with_placeholders(pattern), name_words=pattern))
    assert (parsed and parsed.day, parsed and parsed.last_day) == (first, last)


def by_name(folder: Path, name: str, source: Path = EXAMPLE, **files: Any) -> Profile:
    """A profile with this pattern for names, written to a file and read."""
    data = yaml.safe_load(source.read_text(encoding="utf-8"))
    data["files"] |= {"name": name} | files
    if source == EXAMPLE:
        data["entities"]["dossiers"].pop("layout")
    path = folder / source.name
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return read_profile(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a_{MM}", r"'name': \{MM\} is no year, month or day"),
        ("a_{dd-yyyy}", "is no year, month or day"),
        ("a_{yyyy-yyyy}", "is no year, month or day"),
        ("a_{yyyy}_{yyyy}", "a name has one placeholder"),
        ("a_b", r"'name' needs the group \(\?P<date>…\) or a placeholder such as {yyyy-MM}"),
    ],
)
def test_a_placeholder_that_says_no_day_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        by_name(tmp_path, name)


def test_payments_need_a_day(tmp_path: Path) -> None:
    payments = PROJECT / "include" / "sources" / "payments.yaml"
    by_name(tmp_path, r"giaodich_{yyyyMMdd}\.csv", payments)
    with pytest.raises(NotConfigured, match="a day of payments is replaced as a whole, so 'files.name' needs a day"):
        by_name(tmp_path, r"giaodich_{yyyy-MM}\.csv", payments)


@pytest.fixture
def read(tmp_path: Path, landing: str) -> Callable[..., dict[str, Landed]]:
    """A function: read files of these names by a profile; name → load."""

    def run(profile: Profile, *names: str, window: Window | None = None) -> dict[str, Landed]:
        inbox = tmp_path / "inbox"
        inbox.mkdir(exist_ok=True)
        for name in names:
            (inbox / name).write_text(LINES, "utf-8")
        connection = Connection(profile.source, str(inbox))
        loads = extract(profile, connection, window or Window(None, T), landing, extract_id=1, privacy_key=KEY, entities=["dossiers"])
        return {load.file_name or "": load for load in loads}

    return run


def test_yearly_files_are_read_and_a_wrong_name_is_told_with_what_is_right(tmp_path: Path, read: Callable[..., dict[str, Landed]]) -> None:
    profile = by_name(tmp_path, r"bao_cao_{yyyy}\.csv")
    loads = read(profile, "bao_cao_1986.csv", "bao_cao_2023.CSV", "bao_cao_2024.csv", "bao_cao_nam.csv")
    assert {name: load.status for name, load in loads.items()} == {
        "bao_cao_1986.csv": "landed",
        "bao_cao_2023.CSV": "landed",
        "bao_cao_nam.csv": "blocked",
    }, "the year 2024 has not begun at T"
    told = loads["bao_cao_nam.csv"].message or ""
    assert r"B1 name: expected a name like bao_cao_{yyyy}\.csv, with a year from 1900 to 2100 and a revision of at most 9999" in told
    assert loads["bao_cao_2023.CSV"].manifest["file_date"] == "2023-01-01"
    window = Window(datetime(2023, 5, 1, tzinfo=ZONE), T, explicit=True)
    assert set(read(profile, window=window)) == {"bao_cao_2023.CSV", "bao_cao_nam.csv"}, "its last day is not before the window"


def test_the_newest_day_of_yearly_files_is_their_last(tmp_path: Path, read: Callable[..., dict[str, Landed]]) -> None:
    profile = by_name(tmp_path, r"bao_cao_{yyyy}\.csv", newest_within_days=10)
    window = replace(Window(None, T), is_by_clock=True)
    assert set(read(profile, "bao_cao_2023.csv", window=window)) == {"bao_cao_2023.csv"}
