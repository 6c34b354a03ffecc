"""The demo of another authority: made from its folder alone, across the merger of its communes, and loaded by the same commands."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cchc.settings import PROJECT
from cchc.warehouse import embedded as postgres
from demo.state import StateFolder, WrongState
from tests.support.vinh_cuu import foreign_to, found_in
from tests.support.warehouse import admin

PROVINCE = PROJECT / "docs" / "examples" / "tinh_song_mo"
FOREIGN = foreign_to(PROVINCE)
FORMER = {f"H98.{number}" for number in range(201, 208)}
SUCCESSORS = {f"H98.{number}" for number in range(301, 305)}


def run(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CCHC_", "AIRFLOW_CONN_"))}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=PROJECT, env=kept | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def out(postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with everything that was made up, and what the commands said of it."""
    folder = tmp_path_factory.mktemp("province")
    admin(postgres_server, "create database demo_province")
    environment = {
        "CCHC_AUTHORITY": str(PROVINCE.relative_to(PROJECT)),
        "CCHC_HOME": str(folder / "home"),
        "CCHC_WAREHOUSE_URL": postgres_server.url("demo_province"),
        "CCHC_PRIVACY_KEY": "a key for tests",
        "CCHC_SCHEDULE": "off",
        "CCHC_PDF": "off",
        "COLUMNS": "200",
    }
    done = run(environment, "tests.demo.another_authority", str(folder))
    assert done.returncode == 0, done.stderr
    yield folder
    admin(postgres_server, "drop database demo_province with (force)")


@pytest.fixture(scope="module")
def made(out: Path) -> dict[str, Any]:
    """What was made up."""
    found: dict[str, Any] = json.loads((out / "made.json").read_text(encoding="utf-8"))
    return found


def text(out: Path, name: str) -> str:
    return (out / f"{name}.txt").read_text(encoding="utf-8")


def row(said: str, target: str) -> str:
    (line,) = (line for line in said.splitlines() if line.startswith(f"{target} "))
    return line


def test_units_are_there_only_on_their_days(made: dict[str, Any]) -> None:
    before = {code for code, when in made["units"] if when == "before"}
    after = {code for code, when in made["units"] if when == "after"}
    offices = {f"H98.{number}" for number in range(1, 6)}
    assert before == offices | FORMER
    assert after == offices | SUCCESSORS


def test_open_dossiers_of_merged_communes_are_handed_on_or_left(made: dict[str, Any]) -> None:
    heirs = {"H98.201": "H98.301", "H98.202": "H98.301", "H98.203": "H98.302", "H98.204": "H98.302",
             "H98.205": "H98.303", "H98.206": "H98.303", "H98.207": "H98.304"}  # fmt: skip
    assert made["handed_on"]
    assert all(heirs[unit] == heir for unit, heir in made["handed_on"])
    assert made["left_open"] > 0


def test_it_is_made_from_the_folder_alone(made: dict[str, Any]) -> None:
    assert FOREIGN.findall(made["words"]) == []
    assert made["planted"] == 0
    assert all(made["counts"].values()), made["counts"]
    units = {f"H98.{number}" for number in range(1, 7)} | FORMER | SUCCESSORS
    assert set(made["declared"]) == units, "each_unit of declarations.yaml: offices, public service units, communes"


def test_the_way_from_nothing_to_the_scorecard(out: Path, made: dict[str, Any]) -> None:
    said = json.loads((out / "said.json").read_text(encoding="utf-8"))
    assert {name: text(out, name)[-800:] for name, code in said.items() if code} == {}
    whole = text(out, "scorecard")
    assert "Toàn tỉnh" in whole
    for number in range(1, 13):
        line = row(whole, f"T{number:02d}")
        assert "chưa có dữ liệu" not in line.lower() and re.search(r"\d+,\d\d %", line), line
    assert found_in(FOREIGN, {path.name: path.read_text(encoding="utf-8") for path in out.glob("*.txt")}) == {}


def test_no_file_page_or_paper_names_vinh_cuu(out: Path) -> None:
    texts: dict[str, str] = json.loads((out / "texts.json").read_text(encoding="utf-8"))
    kinds = {"state/payments/", "state/feedback/", "state/survey/", "state/declared/", "papers/", "/units/H98.301", "/health"}
    assert {kind for kind in kinds if any(name.startswith(kind) and text for name, text in texts.items())} == kinds
    assert found_in(FOREIGN, texts) == {}


def test_the_procedures_are_those_of_its_own_list(made: dict[str, Any]) -> None:
    with (PROVINCE / "demo_procedures.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    names = sorted([row["procedure_code"], row["procedure_name"], row["field_code"], row["field_name"]] for row in listed)
    assert made["procedures"] == names
    fees = {row["procedure_code"]: int(row["fee"]) for row in listed}
    assert all(fees[code] == fee for code, fee in made["fees"])
    terms = {
        row["procedure_code"]: [row["days"], "1" if row["fee"] != "0" else "0", "1" if row["is_certification"] == "true" else "0"]
        for row in listed
    }
    assert all(terms[code] == rest for code, _unit, *rest in made["terms"])
    having = {unit for code, unit, *_rest in made["terms"] if code == "9.000101"}
    assert having == FORMER | SUCCESSORS | {"H98.3"}, "each_commune and one office"
    assert {unit for code, unit, *_rest in made["terms"] if code == "9.001301"} == {"H98.3"}


def test_as_many_come_online_as_its_list_says(made: dict[str, Any]) -> None:
    online, whole = made["online"]["9.000201"]
    assert whole > 50 and 0.78 < online / whole < 0.92, "85 percent of the list"
    assert made["online"]["9.000402"][0] == 0 and made["online"]["9.000402"][1] > 0, "0 percent: it is never filed online"
    assert made["online"]["9.001502"][0] > 0, "without a share as the plan asks"


def test_a_merged_commune_is_compared_with_those_before_it(out: Path, made: dict[str, Any]) -> None:
    # dossiers online (T03): of the commune in the year to date, and of the two before it in the same month of the year before
    online, received = made["to_date"]["H98.301"]
    before = [made["year_before"][unit] for unit in ("H98.201", "H98.202")]
    share = 100 * sum(part for part, _whole in before) / sum(whole for _part, whole in before)
    line = row(text(out, "scorecard_merged"), "T03")
    assert f"({online}/{received})" in line and f"{share:.2f} %".replace(".", ",") in line, (line, online, received, share)
    ranking = text(out, "score").partition("Hạng")[2]
    assert all(name in ranking for name in ("Xã Đồi Lau", "Xã Sông Thượng", "Phường Chợ Cũ", "Xã Núi Xanh"))
    assert "Xã Gốc Đa" not in ranking and "Thị trấn" not in ranking


def test_a_folder_keeps_its_authority(out: Path) -> None:
    with pytest.raises(WrongState, match=r"holds the demo of H98, not that of H19.16"):
        StateFolder(out / "state").open()


DEFECTS = [
    ("authority.yaml", "Asia/Ho_Chi_Minh", "Europe/Amsterdam", "the zone Europe/Amsterdam of authority.yaml is not at +07:00"),
    ("units.csv", "2025-06-30", "30/06/2025", "cchc authority check"),
    ("demo_procedures.csv", "each_commune,1,0,85", "each_commune,one,0,85", "cchc authority check"),
    ("plans", "", "", "has no plan, and the demo takes its year from the newest one"),
]


@pytest.mark.parametrize(("file", "old", "new", "told"), DEFECTS)
def test_a_folder_of_which_no_demo_can_be_made_is_told(tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    folder = Path(shutil.copytree(PROVINCE, tmp_path / "authority"))
    if (folder / file).is_dir():
        shutil.rmtree(folder / file)
    else:
        content = (folder / file).read_text(encoding="utf-8")
        assert old in content
        (folder / file).write_text(content.replace(old, new), encoding="utf-8")
    done = run({"CCHC_AUTHORITY": str(folder)}, "demo", "serve", "--state", str(tmp_path / "state"), "--scale", "0.01")
    assert done.returncode == 2 and done.stderr.startswith("demo: ") and told in done.stderr, done.stderr
