"""The product as another authority: the made-up province of docs/examples, by the same commands, and nothing of Vĩnh Cửu shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cchc.settings import PROJECT
from cchc.warehouse import embedded as postgres
from tests.support.papers import text_of
from tests.support.vinh_cuu import foreign_to, found_in
from tests.support.warehouse import admin

PROVINCE = PROJECT / "docs" / "examples" / "tinh_song_mo"
FOREIGN = foreign_to(PROVINCE)


@pytest.fixture(scope="module")
def out(postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with everything that the province's commands, papers and pages said."""
    folder = tmp_path_factory.mktemp("province")
    admin(postgres_server, "create database province")
    (folder / "drop").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CCHC_", "AIRFLOW_CONN_"))} | {
        "CCHC_AUTHORITY": str(PROVINCE),
        "CCHC_HOME": str(folder / "home"),
        "CCHC_WAREHOUSE_URL": postgres_server.url("province"),
        "CCHC_PRIVACY_KEY": "a key for tests",
        "CCHC_SCHEDULE": "off",
        "CCHC_PDF": "off",
        "COLUMNS": "200",
        "AIRFLOW_CONN_SRC_ONE_STOP": json.dumps({"conn_type": "fs", "host": str(folder / "drop")}),
    }
    command = [sys.executable, "-m", "tests.authorities.another_authority", str(folder)]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    yield folder
    admin(postgres_server, "drop database province with (force)")


def text(out: Path, name: str) -> str:
    return (out / f"{name}.txt").read_text(encoding="utf-8")


def test_every_command_and_page_works(out: Path) -> None:
    said = json.loads((out / "said.json").read_text(encoding="utf-8"))
    wrong = {name: text(out, name)[-600:] for name, code in said.items() if code not in (0, 200) and name != "doctor"}
    assert wrong == {}


def test_it_speaks_of_the_province_and_of_nobody_else(out: Path) -> None:
    said = {path.name: path.read_text(encoding="utf-8") for path in out.glob("*.txt")}
    papers = {
        path.name: text_of(path.read_bytes()) for folder in ("papers", "papers_merged", "papers_ward") for path in (out / folder).iterdir()
    }
    assert found_in(FOREIGN, said | papers) == {}
    assert "Toàn tỉnh" in text(out, "scorecard") and "Cấp tỉnh" in text(out, "scorecard")
    assert "Whole province" in text(out, "page_english")
    assert "tỉnh Sông Mơ" in text(out, "help").replace("Tỉnh", "tỉnh")


def test_successors_carry_on_what_merged_communes_left(out: Path) -> None:
    # one of two dossiers of the two former communes was online in February of the year before
    (line,) = (line for line in text(out, "scorecard_merged").splitlines() if line.startswith("T03 "))
    assert "66,67 % (2/3)" in line and "50,00 %" in line, line
    # a dossier that a former commune left open still counts in the level and in the whole
    assert "(8 / 13)" in text(out, "open") and "12/19" in text(out, "scorecard")
    # whoever has taken its place is told of it: on its page, in the overview of units and in its papers; no figure of it moves
    left = "H98.201-250620-0009"
    assert left in text(out, "page_merged")
    assert "Đơn vị trước khi sắp xếp" in text(out, "page_merged") and "Xã Bến Lau" in text(out, "page_merged")
    assert "Đơn vị trước khi sắp xếp" not in text(out, "page_unit")
    (overview,) = re.findall(r"<tr[^>]*>(?:(?!</tr>).)*H98\.301(?:(?!</tr>).)*</tr>", text(out, "page_units"), re.S)
    assert "1" in re.findall(r">\s*(\d+)\s*<", overview), overview
    assert any(left in text_of(path.read_bytes()) for path in (out / "papers_merged").iterdir())
    # only the communes of today are ranked
    ranking = text(out, "score").partition("Hạng")[2]
    assert all(name in ranking for name in ("Xã Đồi Lau", "Xã Sông Thượng", "Phường Chợ Cũ", "Xã Núi Xanh"))
    assert "Xã Gốc Đa" not in ranking and "Thị trấn" not in ranking
