"""A drop folder for workbooks as units fill them in, and the pipeline over them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cchc.period import parse_moment
from cchc.settings import Settings
from tests.support import desk as desks
from tests.support.declared import declared_file_name, declared_workbook
from tests.support.warehouse import NewWarehouse


class Desk(desks.Desk):
    """A desk at which declared figures arrive."""

    def put(self, unit: str, month: str, rows: list[dict[str, Any]], revision: int = 1) -> Path:
        """A unit's workbook of a month."""
        path = self.inbox("declared") / declared_file_name(unit, month, revision)
        declared_workbook(rows).save(path)
        return path

    def add_document(self, sign: str, day: str, code: str = "VB1", unit: str = "H19.16.2") -> None:
        """A document as the document system's extract brings it."""
        self.execute(
            "insert into core.document_version (source_code, document_code, document_sign, issued_date, issuing_unit_code, secrecy_code, "
            "_changed_at, _first_seen_at, _is_current, _load_id) values ('documents', :c, :s, cast(:d as date), :u, 'thuong', :t, :t, true, 1)",
            c=code, s=sign, d=day, u=unit, t=parse_moment("2023-07-02"),
        )  # fmt: skip


@pytest.fixture
def desk(warehouse: Settings, tmp_path: Path) -> Desk:
    return Desk(warehouse, tmp_path / "drop")


@pytest.fixture(scope="module")
def shared(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One warehouse for the tests of a module that only read it."""
    with new_warehouse(tmp_path_factory.mktemp("shared")) as settings:
        yield settings


def connection_variable(inbox: Path) -> dict[str, str]:
    return {"AIRFLOW_CONN_SRC_DECLARED": json.dumps({"conn_type": "fs", "host": str(inbox)})}
