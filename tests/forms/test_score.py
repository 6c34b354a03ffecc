"""The score of Decision 766: points of a count, what is missing, the ranking, and that a published score stays."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cchc.cli import main as cli
from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.forms import score
from cchc.indicators.compute import compute
from cchc.period import parse_period
from cchc.reference.catalogue import catalogue
from cchc.reference.roles import role_clocks
from cchc.settings import Settings
from cchc.warehouse import engine, query

DECEMBER = parse_period("2023-12")


@pytest.fixture(scope="module")
def scored(demo_warehouse: Any) -> Settings:
    """The demo with the indicators of December and its score."""
    settings: Settings = demo_warehouse.settings
    with engine(settings).begin() as connection:
        items = [item for item in catalogue(settings).values() if item.role == "dossiers"]
        compute(connection, settings, items, "dossiers", [DECEMBER], role_clocks(connection))
    assert score.compute(settings, DECEMBER) > 0
    return settings


def part(**given: Any) -> score.Part:
    words: dict[str, Any] = {"code": "p", "name_vi": "p", "max_points": Decimal(6), "formula": "linear"}
    return score.Part(**(words | given))


@pytest.mark.parametrize(
    ("made", "count", "points"),
    [
        (part(), (1, 4), Decimal("1.5")),
        (part(), (4, 4), Decimal(6)),
        (part(formula="full_at", full_at=Decimal("0.5")), (1, 4), Decimal(3)),
        (part(formula="full_at", full_at=Decimal("0.5")), (3, 4), Decimal(6)),
        (part(), (0, 0), None),
        (part(at_zero="full"), (0, 0), Decimal(6)),
        (part(at_zero="zero"), (0, 0), Decimal(0)),
        (part(), (0, 4), Decimal(0)),
    ],
)
def test_the_points_of_a_count(made: score.Part, count: tuple[int, int], points: Decimal | None) -> None:
    assert made.points(*count) == points


def test_the_formula_adds_up_and_its_version_is_that_of_the_day(warehouse: Settings) -> None:
    version = score.version_of(warehouse, DECEMBER)
    groups: dict[str, Decimal] = {}
    for item in version.parts:
        groups[item.group_code] = groups.get(item.group_code, Decimal(0)) + item.max_points
    assert list(groups.values()) == [18, 20, 22, 22, 18]
    with pytest.raises(WrongUse, match="no formula yet"):
        score.version_of(warehouse, parse_period("2022-05"))
    with pytest.raises(WrongUse, match="nothing is known"):
        score.compute(warehouse, DECEMBER)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "max_points: 20, formula: linear, source: {indicator: dossier_in_time",
            "max_points: 19, formula: linear, source: {indicator: dossier_in_time",
            "progress do not add up",
        ),
        ("sql: dossiers_paid_online", "sql: weather", "weather.sql does not exist"),
        ("indicator: electronic_result_rate", "indicator: electronic_results_rate", "did you mean 'electronic_result_rate'"),
        ("formula: full_at, full_at: 0.9", "formula: full_at", "a share full_at"),
        ("formula: full_at, full_at: 0.9", "formulas: full_at", "unknown key 'formulas'; did you mean 'formula'"),
    ],
)
def test_a_wrong_formula_is_named(warehouse: Settings, tmp_path: Path, old: str, new: str, message: str) -> None:
    given = (warehouse.reference_dir / score.FILE).read_text(encoding="utf-8")
    assert old in given
    shutil.copytree(warehouse.reference_dir, tmp_path, dirs_exist_ok=True)
    (tmp_path / score.FILE).write_text(given.replace(old, new), encoding="utf-8")
    with pytest.raises(NotConfigured, match=message):
        score.versions(replace(warehouse, reference_dir=tmp_path))


def test_each_part_has_its_points_or_says_why_not(scored: Settings) -> None:
    parts = {row["part_code"]: row for row in score.score(scored, DECEMBER)}
    with engine(scored).connect() as connection:
        value = query(
            connection,
            "select numerator, denominator from mart.indicator_value where indicator_code = 'online_dossier_rate' and unit_code = 'all' "
            "and period_kind = 'month' and period_start = :s and basis = 'period'",
            {"s": DECEMBER.start},
        )[0]
        paid = query(
            connection,
            "select count(*) filter (where paid_online_code in (1, 2)) as n, count(*) as d from mart.dossier as d where is_counted "
            "and received_date >= :s and received_date < :e and exists (select 1 from core.dossier as c where c.dossier_id = d.dossier_id "
            "and jsonb_path_exists(c.fees, '$[*] ? (@.amount_vnd > 0)'))",
            {"s": DECEMBER.start, "e": DECEMBER.end},
        )[0]
    online = parts["online_dossiers"]
    assert (online["numerator"], online["denominator"]) == (value["numerator"], value["denominator"])
    assert float(online["points"]) == pytest.approx(min(6, 6 * value["numerator"] / value["denominator"] / 0.5))
    assert (parts["dossiers_paid_online"]["numerator"], parts["dossiers_paid_online"]["denominator"]) == (paid["n"], paid["d"])
    missing = {code: row["missing_reason"] for code, row in parts.items() if row["points"] is None}
    assert missing.keys() >= {"publish_on_time", "public_content_full", "dossier_sync", "feedback_on_time", "feedback_satisfaction"}
    assert missing["dossier_sync"] == "no_source"
    office = {row["part_code"]: row for row in score.score(scored, DECEMBER, "H19.16.2")}
    assert office["e_certification"]["missing_reason"] == "no_cases"


def test_the_communes_are_ranked_and_ties_share_a_rank(scored: Settings) -> None:
    ranked = score.ranking(scored, DECEMBER)
    assert len(ranked) == 12
    assert [row["points"] for row in ranked] == sorted((row["points"] for row in ranked), reverse=True)
    assert all("dossier_sync" in row["missing_parts"] and row["max_points"] < 100 for row in ranked)
    with engine(scored).connect() as connection:
        connection.execute(
            text("update mart.score_766 set points = 1 where unit_code in ('H19.16.21', 'H19.16.22', 'H19.16.23') and points is not null")
        )
        connection.execute(text("delete from mart.score_766 where unit_code = 'H19.16.23' and points is null"))
        connection.execute(text("update mart.score_766 set points = null where unit_code = 'H19.16.24'"))
        rows = query(
            connection,
            "select unit_code, commune_rank, sum(p.points) as own from mart.score_766_total as t join lateral (select points from mart.score_766 as s "
            "where s.unit_code = t.unit_code) as p on true where unit_code like 'H19.16.2_' group by 1, 2 order by 1",
        )
        connection.rollback()
    found = {row["unit_code"]: row for row in rows}
    assert found["H19.16.24"]["commune_rank"] is None
    same = [
        row["commune_rank"]
        for code, row in found.items()
        if code in ("H19.16.21", "H19.16.22", "H19.16.23") and row["own"] == found["H19.16.21"]["own"]
    ]
    assert len(same) > 1
    assert len(set(same)) == 1


def test_a_published_score_is_never_computed_again(scored: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def stored(unit: str) -> list[tuple[str, Any]]:
        return [(row["part_code"], row["points"]) for row in score.score(scored, DECEMBER, unit)]

    assert score.compute(scored, DECEMBER) == 0, "nothing new: nothing written"
    before = stored("H19.16.21")
    with engine(scored).begin() as connection:
        assert score.freeze(connection, DECEMBER, "2023-12/1", "H19.16.21") == len(before)
    # data change, and a new version of the formula comes into force before the period's end
    given = (scored.reference_dir / score.FILE).read_text(encoding="utf-8")
    newer = given.replace("- version: 1", "- version: 2").replace("2022-06-23", "2023-12-31").replace("full_at: 0.5", "full_at: 0.9")
    shutil.copytree(scored.reference_dir, tmp_path, dirs_exist_ok=True)
    (tmp_path / score.FILE).write_text(given + newer, encoding="utf-8")
    changed = replace(scored, reference_dir=tmp_path)
    with engine(scored).begin() as connection:
        connection.execute(
            text("update mart.indicator_value set numerator = 0 where indicator_code = 'online_dossier_rate' and period_start = :s"),
            {"s": DECEMBER.start},
        )
    assert score.compute(changed, DECEMBER) > 0
    assert stored("H19.16.21") == before
    assert {row["formula_version"] for row in score.score(scored, DECEMBER, "H19.16.21")} == {1}
    other = {row["part_code"]: row for row in score.score(scored, DECEMBER, "H19.16.22")}
    assert {row["formula_version"] for row in other.values()} == {2}
    assert other["online_dossiers"]["points"] == 0
    assert cli.main(["score", "2023-12", "--unit", "H19.16.21"]) == 0
    assert "Đã công bố: 2023-12/1" in capsys.readouterr().out


def test_the_command(scored: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["score", "2023-12"]) == 0
    printed = capsys.readouterr().out
    assert "Hạng" in printed
    assert "chưa có nguồn số liệu" in printed
    assert cli.main(["score", "2022-Q4"]) == 1
    assert "refresh 2022-Q4" in capsys.readouterr().err
    with pytest.raises(CchcError, match="cchc score"):
        score.score(scored, parse_period("2022-Q4"))


def test_versions_are_dated(warehouse: Settings) -> None:
    assert score.versions(warehouse)[0].valid_from == date(2022, 6, 23)
