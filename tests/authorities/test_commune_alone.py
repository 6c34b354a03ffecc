"""An authority that is one commune alone: begun by `cchc authority new --kind commune`, from its demo to its publication."""

from __future__ import annotations

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

from cchc.pipeline.authority_folder import begin
from cchc.settings import PROJECT
from cchc.warehouse import embedded as postgres
from tests.support.cli import cchc
from tests.support.vinh_cuu import foreign_to, found_in
from tests.support.warehouse import admin

NOT_RANKED = "Không xếp hạng, vì cần ít nhất hai đơn vị cấp xã."


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commune as it is begun."""
    folder = tmp_path_factory.mktemp("commune") / "xa"
    begin(folder, is_commune=True)
    return folder


@pytest.fixture(scope="module")
def out(authority: Path, postgres_server: postgres.Server) -> Iterator[Path]:
    """The folder with everything that the commune's commands, papers and pages said."""
    folder = authority.parent / "out"
    folder.mkdir()
    admin(postgres_server, "create database commune")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CCHC_", "AIRFLOW_CONN_"))} | {
        "CCHC_AUTHORITY": str(authority),
        "CCHC_HOME": str(folder / "home"),
        "CCHC_WAREHOUSE_URL": postgres_server.url("commune"),
        "CCHC_PRIVACY_KEY": "a key for tests",
        "CCHC_SCHEDULE": "off",
        "CCHC_PDF": "off",
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "tests.authorities.commune_alone", str(folder)]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    yield folder
    admin(postgres_server, "drop database commune with (force)")


@pytest.fixture(scope="module")
def said(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "said.json").read_text(encoding="utf-8"))
    return found


def text(out: Path, name: str) -> str:
    return (out / f"{name}.txt").read_text(encoding="utf-8")


def test_every_step_and_page_works_and_names_nobody_else(authority: Path, out: Path, said: dict[str, Any]) -> None:
    assert {name: text(out, name)[-600:] for name, code in said["said"].items() if code} == {}
    papers: dict[str, str] = json.loads((out / "papers.json").read_text(encoding="utf-8"))
    assert len(papers) >= 10
    assert found_in(foreign_to(authority), {path.name: text(out, path.stem) for path in out.glob("*.txt")} | papers) == {}


def test_its_figures_are_those_of_its_dossiers(out: Path, said: dict[str, Any]) -> None:
    count = f"{said['online']} / {said['received']}"
    assert said["received"] > 10 and count in text(out, "explain"), (count, text(out, "explain")[:500])
    (whole,) = (line for line in text(out, "scorecard").splitlines() if line.startswith("T02 "))
    (own,) = (line for line in text(out, "unit").splitlines() if line.startswith("T02 "))
    assert "Cấp xã" in whole and "Xã Một" in own
    assert re.findall(r"\d+,\d+ %|\(\d+/\d+\)", whole) == re.findall(r"\d+,\d+ %|\(\d+/\d+\)", own), (
        "the commune is its level, and the whole"
    )


def test_what_it_declares_itself_counts(out: Path) -> None:
    (line,) = (line for line in text(out, "scorecard").splitlines() if line.startswith("T03 "))
    assert re.search(r"\d+,\d\d % \(\d+/\d+\)", line), line
    assert "Xã Một" in text(out, "page_unit") and "Xã Một" in text(out, "page_units"), "the dashboard has it as a unit"


def test_one_commune_is_not_ranked(out: Path) -> None:
    assert NOT_RANKED in text(out, "score") and "Hạng" not in text(out, "score")
    papers: dict[str, str] = json.loads((out / "papers.json").read_text(encoding="utf-8"))
    ranking = {name: words for name, words in papers.items() if name.startswith("xep_hang")}
    assert ranking and all(NOT_RANKED in words for words in ranking.values())
    # not within a date, such as that of the edition
    assert not re.search(r"(?<!\d)1/1(?!\d)", re.sub(r"\s", "", text(out, "page_unit"))), "no place among one"


MISTAKES = [
    ("declarations.yaml", "declared_by: each_unit", "declared_by: [each_office]", "declared_by is each_office, and plan_1_KH-UBND_2026 asks it at a level where no such unit is"),
    ("plans/plan_1_KH-UBND_2026/plan.yaml", "levels: [commune]", "levels: [commune, district]", "levels names district, and units.csv has no unit of that level"),
    ("units.csv", "commune,commune", "commune,ward", "units.csv, unit T99.101: its kind is ward, of which nothing is counted"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "told"), MISTAKES)
def test_what_a_commune_alone_does_not_have_is_told(authority: Path, tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    folder = Path(shutil.copytree(authority, tmp_path / "xa"))
    path = folder / file
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")
    checked = cchc("authority", "check", str(folder))
    assert checked.code == 1 and told in checked.out, checked.out


def test_the_kind_is_said_when_a_folder_is_begun_and_not_when_it_is_checked(authority: Path, tmp_path: Path) -> None:
    begun = cchc("authority", "new", str(tmp_path / "xa"), "--kind", "commune")
    assert begun.code == 0 and (tmp_path / "xa" / "units.csv").read_text(encoding="utf-8").count("\n") == 2
    checked = cchc("authority", "check", str(tmp_path / "xa"))
    assert (checked.code, checked.out.strip()) == (0, f"Xã Một ({tmp_path / 'xa'}): nothing to correct")
    assert cchc("authority", "check", str(tmp_path / "xa"), "--kind", "commune").code == 2
