"""The files of the dashboard for Superset, without Superset: everything they name is there, and nothing secret is in them."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from cchc.settings import PROJECT, Settings
from tests.superset.dashboard_files import FOLDER, Export, broken_references, filters, read, statements
from tests.support.cli import cchc
from tests.support.vinh_cuu import foreign_to, found_in
from tests.support.warehouse import NewWarehouse

QUOTED = "'Toàn ''tỉnh'''"  # the name of the whole as a text of SQL
CONFIG = FOLDER / "superset_config.py"


@pytest.fixture(scope="module")
def analyst(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection[Any]]:
    """A session of an analyst, as Superset has it."""
    with new_warehouse(tmp_path_factory.mktemp("superset")) as settings:
        assert settings == Settings.load()
        said = cchc("user", "add", "superset_files", "--role", "dashboard").out
        url = re.findall(r"postgresql://\S+", said)[0]
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection
        assert cchc("user", "remove", "superset_files").code == 0  # logins are those of the whole server


def refused(connection: psycopg.Connection[Any], export: Export) -> list[str]:
    """What of the files the warehouse does not know, in its words."""
    asked = {name: statement for dataset in export.datasets.values() for name, statement in statements(dataset).items()}
    for chart in export.charts.values():
        for statement in filters(chart["params"], export.datasets[chart["dataset_uuid"]]):
            asked[f"the filter of «{chart['slice_name']}»"] = statement
    for each in export.dashboard["metadata"]["native_filter_configuration"]:
        for statement in filters(each, export.datasets[each["targets"][0]["datasetUuid"]]):
            asked[f"the filter «{each['name']}»"] = statement
    found = []
    for name, statement in asked.items():
        try:
            connection.execute(statement.encode())
        except psycopg.Error as error:
            found.append(f"{name}: {str(error).splitlines()[0]}")
    return found


def test_every_table_column_metric_and_filter_is_known_to_mart(analyst: psycopg.Connection[Any]) -> None:
    export = read()
    assert {dataset["schema"] for dataset in export.datasets.values()} == {"mart"}
    assert refused(analyst, export) == []


def test_a_misspelt_column_metric_or_filter_is_told(analyst: psycopg.Connection[Any]) -> None:
    export = read()
    export.dataset("scorecard")["columns"][-1]["column_name"] = "targt_percent"
    export.dataset("finding")["metrics"][0]["expression"] = "count(findings)"
    export.chart("Hồ sơ kết thúc trễ hạn trong tháng, theo đơn vị")["params"]["adhoc_filters"][0]["sqlExpression"] = "timelines = 'late'"
    told = refused(analyst, export)
    assert [line.partition(": ")[2] for line in told] == [
        f'column "{name}" does not exist' for name in ("findings", "targt_percent", "timelines")
    ]


def test_what_the_files_name_is_in_the_files() -> None:
    export = read()
    assert broken_references(export) == []
    assert 6 <= len(export.charts) == len(export.placed)


def test_a_chart_that_is_not_placed_or_gone_and_a_wrong_name_are_told() -> None:
    export = read()
    export.placed.pop(export.chart("Bảng điểm chỉ tiêu")["uuid"])
    assert broken_references(export) == ["the chart «Bảng điểm chỉ tiêu» is not on the dashboard"]
    export = read()
    export.charts.pop(export.chart("Chỉ tiêu đạt")["uuid"])
    assert "the dashboard has the chart «Chỉ tiêu đạt»" in broken_references(export)
    export = read()
    params = export.chart("Bảng điểm chỉ tiêu")["params"]
    params["all_columns"].append("nowhere")
    assert broken_references(export) == ["the chart «Bảng điểm chỉ tiêu» names the column nowhere"]
    export = read()
    export.chart("Chỉ tiêu đạt")["params"]["metric"] = "nowhere"
    assert broken_references(export) == ["the chart «Chỉ tiêu đạt» names the metric nowhere"]
    export = read()
    export.dataset("finding")["columns"].pop(0)
    assert broken_references(export) == ["the filter «Tháng» does not reach the chart «Hồ sơ và thanh toán cần xem lại trong tháng»"]


def test_titles_of_charts_are_those_of_the_dashboard_and_each_column_has_words() -> None:
    export = read()
    assert {uuid: meta["sliceName"] for uuid, meta in export.placed.items()} == {
        uuid: chart["slice_name"] for uuid, chart in export.charts.items()
    }
    for dataset in export.datasets.values():
        for column in [*dataset["columns"], *dataset["metrics"]]:
            assert column["verbose_name"], column


def test_no_password_and_no_way_to_change_the_warehouse() -> None:
    database = read().database
    assert re.fullmatch(r"postgresql\+psycopg2://\w+:XXXXXXXXXX@127\.0\.0\.1:\d+/\w+", database["sqlalchemy_uri"])
    assert not any(database[name] for name in ("allow_dml", "allow_ctas", "allow_cvas", "allow_csv_upload", "allow_run_async"))


def prepared(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What prepare.py says, in an environment without Superset."""
    environment = {"PATH": os.environ["PATH"]}
    command = [sys.executable, str(FOLDER / "prepare.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_file_for_an_import_by_hand_has_the_address_and_no_password(tmp_path: Path) -> None:
    target = tmp_path / "cchc.zip"
    assert prepared("--zip", str(target), "--url", "postgresql://lan:hunter2@warehouse.example:5433/warehouse").stderr == ""
    with zipfile.ZipFile(target) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert len(texts) == len(list((FOLDER / "dashboard").rglob("*.yaml")))
    assert {name.partition("/")[0] for name in texts} == {"cchc"}
    assert yaml.safe_load(texts["cchc/metadata.yaml"])["type"] == "Dashboard"
    uri = yaml.safe_load(texts["cchc/databases/cchc.yaml"])["sqlalchemy_uri"]
    assert uri == "postgresql+psycopg2://lan:XXXXXXXXXX@warehouse.example:5433/warehouse"
    assert "hunter2" not in "".join(texts.values())


def test_the_names_of_another_authority_stand_in_the_file(tmp_path: Path) -> None:
    target, name, whole = tmp_path / "cchc.zip", "tỉnh Sông Mơ: “mới” #1", "Toàn 'tỉnh'"
    url = "postgresql://lan@warehouse.example/warehouse"
    assert prepared("--zip", str(target), "--url", url, "--name", name, "--whole", whole).stderr == ""
    with zipfile.ZipFile(target) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert found_in(foreign_to(PROJECT / "docs" / "examples" / "tinh_song_mo"), texts) == {}
    dashboard = yaml.safe_load(texts["cchc/dashboards/cai_cach_hanh_chinh.yaml"])
    assert dashboard["dashboard_title"] == dashboard["position"]["HEADER_ID"]["meta"]["text"] == f"Cải cách hành chính {name}"
    assert "«Toàn 'tỉnh'» là mỗi chỉ tiêu" in dashboard["position"]["MARKDOWN-ghi_chu"]["meta"]["code"]
    for table in ("scorecard", "indicator_detail"):
        columns = yaml.safe_load(texts[f"cchc/datasets/mart/{table}.yaml"])["columns"]
        (words,) = [column["expression"] for column in columns if column["column_name"] == "pham_vi"]
        assert f"then {QUOTED} " in words, words
    (chosen,) = [each for each in dashboard["metadata"]["native_filter_configuration"] if each["id"] == "NATIVE_FILTER-don_vi"]
    assert chosen["defaultDataMask"]["filterState"] == {"label": whole, "value": [whole]}
    assert chosen["defaultDataMask"]["extraFormData"]["filters"][0]["val"] == [whole]


def test_the_warehouse_knows_the_names(analyst: psycopg.Connection[Any]) -> None:
    script = runpy.run_path(str(FOLDER / "prepare.py"))
    with analyst.cursor() as cursor:
        assert script["names"](cursor) == script["IN_FILES"] == ("huyện Vĩnh Cửu", "Toàn huyện")


@pytest.mark.parametrize("url", ["", "mysql://lan@place/warehouse", "postgresql://place/warehouse"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    done = prepared("--zip", str(tmp_path / "cchc.zip"), "--url", url)
    assert (done.returncode, done.stderr.strip()) == (1, "the address of the warehouse is written postgresql://LOGIN@HOST:PORT/DATABASE")


def test_the_settings_let_nothing_in_from_elsewhere_and_demand_their_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SUPERSET_HOME", str(tmp_path))
    monkeypatch.delenv("SUPERSET_SECRET_KEY", raising=False)
    with pytest.raises(SystemExit, match="SUPERSET_SECRET_KEY is missing in .env"):
        runpy.run_path(str(CONFIG))
    monkeypatch.setenv("SUPERSET_SECRET_KEY", "made up")
    settings = runpy.run_path(str(CONFIG))
    assert settings["SECRET_KEY"] == "made up"
    policy = settings["TALISMAN_CONFIG"]["content_security_policy"]
    assert re.findall(r"https?:|\*|[\w-]+\.[\w-]+", json.dumps(policy)) == []
    assert settings["BABEL_DEFAULT_LOCALE"] == "vi"
    assert all(settings["WORDS"].values())
