"""The product as the province of docs/examples/tinh_song_mo, in a process of its own: every command, paper and page that people see.

Run by test_another_authority.py with CCHC_AUTHORITY set. Writes what each step said into files of the folder that is its argument.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cchc.settings import Settings
from tests.dashboard.conftest import BASE, Site, mounted
from tests.support.cli import cchc
from tests.support.deliveries import dossier, dossier_file

YEAR_BEFORE, MONTH = "2025-02", "2026-02"
STEPS = {
    "scorecard": ("scorecard", MONTH),
    "scorecard_communes": ("scorecard", MONTH, "--unit", "level:commune"),
    "scorecard_offices": ("scorecard", MONTH, "--unit", "level:province"),
    "scorecard_merged": ("scorecard", MONTH, "--unit", "H98.301"),
    "open": ("explain", "dossier_in_time_overall_rate", "--period", MONTH, "--unit", "level:commune", "--rows", "-1"),
    "scorecard_ward": ("scorecard", MONTH, "--unit", "H98.303"),
    "explain": ("explain", "dossier_early_rate", "--period", MONTH, "--rows", "-1", "--query"),
    "form": ("form", MONTH),
    "score": ("score", MONTH),
    "outlook": ("outlook", MONTH),
    "findings": ("findings", MONTH),
    "doctor": ("doctor",),
    "help": ("--help",),
}
PAGES = {
    "page_scorecard": f"/?period={MONTH}",
    "page_english": f"/?period={MONTH}&lang=en",
    "page_unit": f"/units/H98.303?period={MONTH}",
    "page_units": f"/units?period={MONTH}",
    "page_merged": f"/units/H98.301?period={MONTH}",
    "page_indicator": f"/indicators/full_online_rate?period={MONTH}",
    "page_health": f"/health?period={MONTH}",
}


def records() -> list[dict[str, Any]]:
    """Dossiers of February 2025 of communes that were merged, one of them open since, and of February 2026 of their successors."""
    found = []

    def add(unit: str, day: str, number: int, *, online: bool = True, days: int = 4, **fields: Any) -> None:
        code = f"{unit}-{day[2:]}-{number:04d}"
        received = int(day)
        times = {"NgayTiepNhan": f"{day}080000", "NgayHenTra": f"{received + 5}170000", "NgayKetThucXuLy": f"{received + days}100000"}
        changed = {"NgaySuaCuoi": f"{received + days}100000"}
        found.append(dossier(code, **({"MaDonVi": unit, "KenhThucHien": "2" if online else "1"} | times | changed | fields)))

    for number, unit in enumerate(("H98.201", "H98.202", "H98.203", "H98.205", "H98.206", "H98.207"), 1):
        add(unit, "20250210", number, online=number % 2 == 0)
    add("H98.201", "20250620", 9, NgayKetThucXuLy="", TrangThaiHoSo="4", NgaySuaCuoi="20250620090000")
    for unit in ("H98.1", "H98.3", "H98.301", "H98.302", "H98.303", "H98.304"):
        for number in range(1, 4):
            add(unit, "20260209", number, online=number > 1, days=3 if number < 3 else 7)
    return found


def main(folder: Path) -> None:
    """Load the records and write what people see."""
    said: dict[str, int] = {}

    def keep(name: str, code: int, text: str) -> None:
        said[name] = code
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")

    def run(name: str, *arguments: str) -> None:
        done = cchc(*arguments)
        keep(name, done.code, done.out + done.err)

    dossier_file(folder / "drop", "20260301", records())
    run("init", "init")
    run("ingest", "ingest", "one_stop", "--to", "2026-03-02T00:00:00+07:00")
    run("refresh", "refresh", YEAR_BEFORE, MONTH)
    for name, arguments in STEPS.items():
        run(name, *arguments)
    run("report", "report", MONTH, "--output", str(folder / "papers"))
    run("report_merged", "report", MONTH, "--unit", "H98.301", "--output", str(folder / "papers_merged"))
    run("report_ward", "report", MONTH, "--unit", "H98.303", "--output", str(folder / "papers_ward"))
    run("dataset", "export", "--dataset", str(folder / "dataset"))
    site = Site(Settings.load(), mounted(Settings.load()))
    for name, path in PAGES.items():
        answer = site.get(path)
        keep(name, answer.status_code, answer.text)
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    assert BASE
    main(Path(sys.argv[1]))
