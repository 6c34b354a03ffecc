"""The DAGs as another authority sees them in Airflow: its own office answers for them, and nothing of Vĩnh Cửu shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cchc.settings import PROJECT
from tests.dags.conftest import Box
from tests.support.vinh_cuu import foreign_to, found_in

PROVINCE = PROJECT / "docs" / "examples" / "tinh_song_mo"


@pytest.fixture(scope="module")
def dags(start_box: Callable[..., Box]) -> dict[str, Any]:
    """What Airflow knows of each DAG."""
    found = start_box(CCHC_AUTHORITY=str(PROVINCE)).ask("structure", environment={})
    assert found["errors"] == {}
    dags: dict[str, Any] = found["dags"]
    return dags


def test_no_text_of_a_dag_names_vinh_cuu(dags: dict[str, Any]) -> None:
    assert found_in(foreign_to(PROVINCE), {name: json.dumps(dag, ensure_ascii=False) for name, dag in dags.items()}) == {}


def test_its_own_office_answers_for_the_sources_of_the_project(dags: dict[str, Any]) -> None:
    owners = {task["owner"] for name, dag in dags.items() if name.startswith("ingest_") for task in dag["tasks"].values()}
    assert owners == {"Văn phòng UBND tỉnh Sông Mơ"}
