"""An authority adds indicators by an entry and an SQL file in its own folder; what would count nothing is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.reference.catalogue import catalogue, statement_of
from cchc.settings import VINH_CUU, Settings

ADDED = """
night_dossier_rate:
  version: 1
  role: dossiers
  record: dossier
  kind: flow
  coverage: dossiers
  name_vi: Tỷ lệ hồ sơ nộp ngoài giờ
  name_en: Dossiers filed at night
  numerator_vi: Hồ sơ nộp ngoài giờ
  denominator_vi: Hồ sơ tiếp nhận trong kỳ
"""
STATEMENT = "-- grain: one row for each received dossier\nselect 1"


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """The settings of an authority whose folder may be edited, and that adds an indicator."""
    folder = Path(shutil.copytree(VINH_CUU, tmp_path / "authority"))
    (folder / "indicators.yaml").write_text(ADDED, encoding="utf-8")
    (folder / "indicators").mkdir()
    (folder / "indicators" / "night_dossier_rate.sql").write_text(STATEMENT, encoding="utf-8")
    return replace(Settings.load(), authority_dir=folder)


def test_an_added_indicator_counts_by_the_sql_of_the_authority(own: Settings) -> None:
    found = catalogue(own)
    assert list(found)[-1] == "night_dossier_rate" and len(found) == len(catalogue(Settings.load())) + 1
    assert statement_of(own, found["night_dossier_rate"]) == STATEMENT


def test_units_that_the_sql_of_an_indicator_names_are_the_authority_s(own: Settings) -> None:
    assert catalogue(own)["ecertification_coverage_rate"].units == ("H19.16.3",)
    path = own.authority_dir / "indicator_units.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("[H19.16.3]", "[H19.16.2, H19.16.3]"), encoding="utf-8")
    assert catalogue(own)["ecertification_coverage_rate"].units == ("H19.16.2", "H19.16.3")
    path.unlink()
    assert catalogue(own)["ecertification_coverage_rate"].units == ()


def _no_file(folder: Path) -> None:
    (folder / "indicators" / "night_dossier_rate.sql").rename(folder / "indicators" / "nightly_dossier_rate.sql")


def _file_alone(folder: Path) -> None:
    (folder / "indicators" / "left_over.sql").write_text(STATEMENT, encoding="utf-8")


def _change(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("defect", "told"),
    [
        (_no_file, "indicators/night_dossier_rate.sql does not exist; did you mean 'nightly_dossier_rate'?"),
        (_file_alone, "indicators/left_over.sql of the authority: no entry of its indicators.yaml has this code, so it would count nothing"),
        (
            _change("indicators.yaml", "night_dossier_rate", "online_dossier_rate"),
            "indicators.yaml of the authority, online_dossier_rate: every authority has an indicator of this code; give it another one",
        ),
        (
            _change("indicators.yaml", "role: dossiers", "role: dossier"),
            "indicators.yaml of the authority line 4, night_dossier_rate: 'role' is 'dossier'; did you mean 'dossiers'?",
        ),
        (_change("indicators.yaml", "coverage: dossiers", "coverage: dossier"), "include/sql/queries/coverage/dossier.sql does not exist"),
        (
            _change("indicator_units.yaml", "ecertification_coverage_rate", "ecertification_rate"),
            "indicator_units.yaml, ecertification_rate: there is no such indicator; did you mean 'ecertification_coverage_rate'?",
        ),
        (
            _change("indicator_units.yaml", "ecertification_coverage_rate", "online_dossier_rate"),
            "indicator_units.yaml, online_dossier_rate: its SQL asks for no units (:units), so they would count for nothing",
        ),
    ],
)  # fmt: skip
def test_a_fault_of_what_is_added_is_told(own: Settings, defect: Callable[[Path], None], told: str) -> None:
    defect(own.authority_dir)
    with pytest.raises(NotConfigured) as caught:
        catalogue(own)
    assert told in str(caught.value)
