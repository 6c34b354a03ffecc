"""Files of an installation that somebody edits: each change is one that `cchc init` loads, and that numbers or words of a period feel."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cchc.settings import Settings

PLAN = "plan_53_KH-UBND_2023"


def _edit(path: Path, old: str, new: str) -> None:
    words = path.read_text(encoding="utf-8")
    assert old in words, f"{path.name} has no {old!r} any more"
    path.write_text(words.replace(old, new), encoding="utf-8")


def unit(edited: Settings) -> None:
    """A unit has another name, another is one of the communes, a third had ended."""
    _edit(edited.authority_dir / "units.csv", "Phòng Tư pháp,district", "Phòng Pháp chế,district")
    _edit(edited.authority_dir / "units.csv", "Phòng Nội vụ,district,office", "Phòng Nội vụ,commune,commune")
    office = "Văn phòng HĐND và UBND huyện,district,office,H19.16,2000-01-01,"
    _edit(edited.authority_dir / "units.csv", f"{office}2025-06-30", f"{office}2021-06-30")


def plan(edited: Settings) -> None:
    """Half of every target of all is enough."""
    _edit(edited.plans_dir / PLAN / "targets.csv", ",all,=,100,", ",all,>=,50,")


def plan_years(edited: Settings) -> None:
    """The plan holds a year earlier, too."""
    _edit(edited.plans_dir / PLAN / "plan.yaml", "years: [2023]", "years: [2022, 2023, 2024, 2025]")


def duty(edited: Settings) -> None:
    """Other units declare."""
    _edit(edited.authority_dir / "declarations.yaml", "declared_by: [H19.16.1]", "declared_by: [H19.16.2]")


def calendar(edited: Settings) -> None:
    """Nobody works in the first four weeks of any month."""
    days = (f"{year}-{number:02d}-{day:02d},false,made up" for year in range(2022, 2026) for number in range(1, 13) for day in range(1, 29))
    (edited.authority_dir / "working_day_overrides.csv").write_text("\n".join(["date,is_working,legal_basis", *days]) + "\n")


def catalogue(edited: Settings) -> None:
    """An indicator is described otherwise, another has a second version, a third counts otherwise under the same one."""
    _edit(edited.reference_dir / "indicators.yaml", "Hồ sơ giải quyết sớm hoặc đúng hạn", "Hồ sơ xong")
    _edit(edited.reference_dir / "indicators.yaml", "online_dossier_rate:\n  version: 1", "online_dossier_rate:\n  version: 2")
    _edit(edited.sql_dir / "queries" / "indicators" / "dossier_digitized_rate.sql", "d.is_digitized as", "d.is_digitized is null as")
    _edit(edited.authority_dir / "indicator_units.yaml", "[H19.16.3]", "[H19.16.2]")


def coverage(edited: Settings) -> None:
    """Every unit that is expected has sent."""
    _edit(edited.sql_dir / "queries" / "coverage" / "dossiers.sql", ") as has_sent", ") or true as has_sent")


def score(edited: Settings) -> None:
    """Half as much is enough for full points, and a part counts the others."""
    _edit(edited.reference_dir / "decision_766.yaml", "full_at: 0.8", "full_at: 0.4")
    _edit(edited.sql_dir / "queries" / "scores" / "services_with_online_dossier.sql", "is not null as", "is null as")


def finding(edited: Settings) -> None:
    """A finding is called otherwise, and finds every dossier that has ended."""
    _edit(edited.reference_dir / "findings.yaml", "Ngày kết thúc trùng khớp ngày hẹn trả", "Hồ sơ đã kết thúc")
    _edit(edited.sql_dir / "queries" / "findings" / "end_equals_due.sql", "= date_trunc('second', d.due_at)", "is not null")


CHANGES: tuple[Callable[[Settings], None], ...] = (unit, plan, plan_years, duty, calendar, catalogue, coverage, score, finding)
FOLDERS = ("authority_dir", "plans_dir", "reference_dir", "sql_dir")


def with_files(settings: Settings, files: Settings) -> Settings:
    """The warehouse of `settings` with the files of another installation."""
    return replace(
        settings, authority_dir=files.authority_dir, plans_dir=files.plans_dir, reference_dir=files.reference_dir, sql_dir=files.sql_dir
    )


def edited(settings: Settings, folder: Path, *changes: Callable[[Settings], None]) -> Settings:
    """The settings of an installation whose files somebody has edited."""
    paths = {name: folder / name for name in FOLDERS}
    made = replace(
        settings,
        authority_dir=paths["authority_dir"],
        plans_dir=paths["plans_dir"],
        reference_dir=paths["reference_dir"],
        sql_dir=paths["sql_dir"],
    )
    for name in FOLDERS:
        shutil.copytree(getattr(settings, name), getattr(made, name))
    for change in changes:
        change(made)
    return made
