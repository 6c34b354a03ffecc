"""Every kind of record says why an item of it counts otherwise than when its period was published (docs/reference/indicators.md §6)."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.models import VERSIONED
from cchc.publication.restatement_reasons import counted_by, definition_of
from cchc.reference.catalogue import RECORDS, catalogue, without_comments
from cchc.reference.roles import Clocks
from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from tests.sql.runner import CASES, read

FORMULA = "dossier_digitized_rate"
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


def rewritten(settings: Settings, folder: Path, old: str, new: str) -> Settings:
    """The settings with a copy of the SQL files in `folder`, in which the formula FORMULA says `new` in place of `old`."""
    shutil.copytree(settings.sql_dir, folder / "sql")
    path = folder / "sql" / "queries" / "indicators" / f"{FORMULA}.sql"
    statement = path.read_text(encoding="utf-8")
    assert old in statement
    path.write_text(statement.replace(old, new), encoding="utf-8")
    return dataclasses.replace(settings, sql_dir=folder / "sql")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("-- grain:", "-- one row is", ""),
        ("    and d.is_counted", "  -- deleted dossiers count nowhere\n  and   d.is_counted", ""),
        ("    and d.is_counted", "    and not d.is_counted", "formula, "),
    ],
)
def test_a_formula_is_another_one_if_its_statement_changed_not_its_comments(
    warehouse: Settings, tmp_path: Path, old: str, new: str, named: str
) -> None:
    indicator = catalogue(warehouse)[FORMULA]
    published = {"definitions": {FORMULA: definition_of(warehouse, indicator)}, "source_clocks": {}}
    with engine(warehouse).connect() as connection:
        changed = rewritten(warehouse, tmp_path, old, new)
        assert counted_by(connection, changed, indicator, Clocks("H19.16"), published) == f"{named}units"


def test_an_edition_without_the_hash_of_the_statement_names_no_change_of_the_formula(warehouse: Settings, tmp_path: Path) -> None:
    indicator = catalogue(warehouse)[FORMULA]
    definition = definition_of(warehouse, indicator)
    del definition["statement_sha256"]  # so did an edition record it that was frozen before this hash existed
    published = {"definitions": {FORMULA: definition}, "source_clocks": {}}
    with engine(warehouse).connect() as connection:
        assert counted_by(connection, warehouse, indicator, Clocks("H19.16"), published) == "units"
        changed = rewritten(warehouse, tmp_path, "-- grain:", "-- one row is")
        assert counted_by(connection, changed, indicator, Clocks("H19.16"), published) == "formula_not_comparable, units"
        version = dataclasses.replace(indicator, version=2)
        assert counted_by(connection, changed, version, Clocks("H19.16"), published) == "formula, units"


def test_hyphens_and_blanks_in_a_quoted_text_belong_to_the_statement() -> None:
    assert without_comments("select 'it''s --  no /* comment'  -- it's one\n/* and\none */, \"a  b\"\n") == (
        "select 'it''s --  no /* comment' , \"a  b\""
    )
