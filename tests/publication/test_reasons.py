"""Every kind of record says why an item of it counts otherwise than when its period was published (docs/reference/indicators.md §6)."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.models import VERSIONED
from cchc.reference.catalogue import RECORDS, catalogue
from cchc.settings import PROJECT, Settings
from tests.sql.runner import CASES, read

BRANCHES = PROJECT / "include" / "sql" / "queries" / "publication" / "learnt"


@pytest.mark.parametrize("record", RECORDS)
def test_every_record_is_asked_in_one_way(record: str) -> None:
    assert any(model.record == record and model.item for model in VERSIONED) != (BRANCHES / f"{record}.sql").exists()
    assert record in {item.record for item in catalogue(Settings.load()).values()}, "no indicator counts it: take it out"


def test_every_indicator_of_the_catalogue_names_its_record() -> None:
    assert [item.code for item in catalogue(Settings.load()).values() if item.record is None] == []


@pytest.mark.parametrize("record", RECORDS)
def test_every_record_has_a_case_of_what_can_happen_to_it(record: str) -> None:
    told = {row["reason"] for row in read(CASES / "mart" / "restatement_item" / record / "expect.yaml")}
    assert told >= {"late", "changed"}
    # what a file or a list may have no longer, and then again
    if record in ("dossier", "certification", "payment", "signature", "procedure", "declared"):
        assert told >= {"deleted", "restored"}
    # a declared figure is counted by nothing but itself
    assert ("reference" in told) == (record != "declared")


def test_a_record_that_is_not_known_is_refused(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "include" / "reference", tmp_path / "reference")
    path = tmp_path / "reference" / "indicators.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("record: payment", "record: receipt"), encoding="utf-8")
    with pytest.raises(
        NotConfigured, match=r"indicators.yaml line \d+, cashless_transaction_rate: 'record' is 'receipt'. Allowed: dossier, "
    ):
        catalogue(dataclasses.replace(Settings.load(), reference_dir=tmp_path / "reference"))
