"""Names of a field that hold for some years: in a file of another year such a name is told, and is no name of the field."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cchc.errors import NotConfigured
from cchc.pipeline.row_notes import left_notes
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.profile import read_profile
from tests.sources.conftest import KEY, T, records

PROFILE = """
source: planning
name_vi: Sổ cấp phép
owner: Thử
zone: Europe/London
files: {{name: "{name}"}}
entities:
  dossiers:
    model: dossier
    file_pattern: "register_*"
    key: [Ref]
    columns:
      dossier_code: Ref
      received_at:
        from: Received
        critical: true
        aliases: [{aliases}]
"""
YEARS = '{name: "Date Received", to: 2019}, {name: Opened, from: 2020, to: 2021}'
Read = Callable[[str, bytes], Landed]


def written(folder: Path, *, name: str = r"register_{yyyy}\\.[a-z]+", aliases: str = YEARS) -> Path:
    """The profile, with these names."""
    path = folder / "planning.yaml"
    path.write_text(PROFILE.format(name=name, aliases=aliases), encoding="utf-8")
    return path


@pytest.fixture
def read(tmp_path: Path, landing: str) -> Read:
    profile, numbers = read_profile(written(tmp_path)), itertools.count(1)
    inbox = tmp_path / "in"
    inbox.mkdir()

    def run(name: str, data: bytes) -> Landed:
        (inbox / name).write_bytes(data)
        connection = Connection("planning", str(inbox))
        (load,) = extract(profile, connection, Window(None, T), landing, extract_id=next(numbers), privacy_key=KEY)
        (inbox / name).unlink()
        return load

    return run


def table(*names: str) -> bytes:
    """A table with one row, and the same time in each column."""
    return f"Ref,{','.join(names)}\nA1,{','.join(['2019-05-02'] * len(names))}\n".encode()


@pytest.mark.parametrize(
    ("year", "name"), [(2018, "Date Received"), (2020, "Opened"), (2021, "Opened"), (2023, "Received"), (2019, "Received")]
)
def test_each_year_has_its_name(read: Read, year: int, name: str) -> None:
    load = read(f"register_{year}.csv", table(name))
    assert (load.status, [record["Received"] for record in records(load)]) == ("landed", ["2019-05-02"])
    assert load.manifest["left_alone"] == {}


def test_a_name_of_other_years_is_another_column_and_is_told(read: Read) -> None:
    """From 2022 on `Opened` means something else: it must neither be read as the reception, nor refused as a second name of it."""
    load = read("register_2022.csv", table("Received", "Opened"))
    assert list(records(load)) == [{"Ref": "A1", "Received": "2019-05-02"}]
    words = "Opened is a name of Received (received_at) from 2020 to 2021"
    assert load.manifest["left_alone"] == {"names": [words]}
    row: dict[str, Any] = {"source_code": "planning", "entity": "dossiers", "file_name": "register_2022.csv", "late": 0, "undated": 0}
    (told,) = left_notes([row | {"other_sheets": 0, "left_alone": load.manifest["left_alone"]}])
    assert told.startswith(f"planning dossiers, file register_2022.csv: {words}, so it is not read here.")
    two = read("register_2021.csv", table("Received", "Opened"))
    assert two.status == "blocked" and "the header has Received and Opened, which are names of one field" in (two.message or "")


def test_a_file_that_has_only_a_name_of_other_years_is_blocked_with_its_years(read: Read) -> None:
    load = read("register_2022.csv", table("Date Received"))
    assert load.status == "blocked"
    assert "Date Received is a name of Received (received_at) up to 2019, and not in the year of this file." in (load.message or "")


def test_documents_too(read: Read) -> None:
    lines = json.dumps({"Ref": "A1", "Received": "2019-05-02", "Opened": "x"}).encode() + b"\n"
    load = read("register_2022.ndjson", lines)
    assert records(load) == [{"Ref": "A1", "Received": "2019-05-02"}] and load.manifest["left_alone"]["names"]
    load = read("register_2020.ndjson", json.dumps({"Ref": "A1", "Opened": "2019-05-02"}).encode() + b"\n")
    assert records(load) == [{"Ref": "A1", "Received": "2019-05-02"}]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"aliases": "{name: Opened, from: 2021, to: 2020}"}, "the last year is before the first"),
        ({"aliases": "{name: Received, from: 2021}"}, "'Received' is the field itself"),
        ({"aliases": "{name: Ref, to: 2020}"}, "'Ref' is another name of 'Received', and a field of its own"),
        ({"aliases": "{name: Opened, until: 2020}"}, "until"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, keys: dict[str, str], words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        read_profile(written(tmp_path, **keys))


def test_without_a_year_in_the_name_there_is_none(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace('{name: "register_{yyyy}\\\\.[a-z]+"}', "{full: true}"), encoding="utf-8")
    with pytest.raises(NotConfigured, match="'aliases' have years, so the source needs 'files' with 'name'"):
        read_profile(path)
