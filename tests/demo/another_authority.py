"""The demo of the province of docs/examples/tinh_song_mo, in a process of its own: what is made up, and the way to the scorecard.

Run by test_demo_another_authority.py with CCHC_AUTHORITY set. Writes what was made, counted in plain Python, and what the product's commands
said of it into the folder that is its argument.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from cchc.settings import Settings
from demo import clock, server
from demo.district import District
from demo.dossiers import HAND_ON, Dossier
from tests.dashboard.conftest import Site, mounted
from tests.support.cli import cchc
from tests.support.papers import text_of
from tests.support.profiles import profiles_that_try_once

AT = "2026-03-02T00:00:00+07:00"
MONTH, YEAR_BEFORE = "2026-02", "2025-02"
MERGER = clock.moment(2025, 7, 1)
# of the sources that come as files those of the month; the others would only cost time
OF_THE_MONTH = {"payments": "giaodich_202602*", "feedback": "phananh_202602*", "survey": "khaosat_202602*", "declared": "tukhai_*_2026-02*"}
STEPS = {
    "scorecard": ("scorecard", MONTH),
    "scorecard_communes": ("scorecard", MONTH, "--unit", "level:commune"),
    "scorecard_merged": ("scorecard", MONTH, "--unit", "H98.301"),
    "score": ("score", MONTH),
    "findings": ("findings", MONTH),
    "form": ("form", MONTH),
}
PAGES = ("/", "/?lang=en", "/units", "/units/H98.301", "/units/H98.3", "/indicators/full_online_rate", "/health", "/publications")


def _moved(dossier: Dossier) -> list[Any]:
    """Who went on with a dossier after its unit had ended; empty where nobody was named."""
    return [event[3] for event in dossier.events if event[1] == HAND_ON]


def _received(district: District, *months: str) -> dict[str, tuple[int, int]]:
    """By unit: dossiers received online in months (yyyyMM), and all received then, by what the newest version says."""
    online: Counter[str] = Counter()
    received: Counter[str] = Counter()
    for record in district.records("dossiers", clock.parse_iso(AT)):
        if record["NgayTiepNhan"][:6] in months:
            received[record["MaDonVi"]] += 1
            online[record["MaDonVi"]] += record.get("KenhThucHien") == "2"
    return {unit: (online[unit], count) for unit, count in received.items()}


def _came_online(district: District, procedure: str) -> tuple[int, int]:
    """Dossiers of a procedure that came online, and all of it."""
    channels = [dossier.channel for dossier in district.dossiers if dossier.procedure.code == procedure]
    return channels.count(2), len(channels)


def made_up(district: District) -> dict[str, Any]:
    """Facts about what was generated."""
    at = clock.parse_iso(AT)
    records = {entity: district.records(entity, clock.END) for entity in district.timelines}
    open_at_merger = [d for d in district.dossiers if d.submitted < MERGER and d.unit.last * clock.DAY < MERGER and d.unit.is_local]
    return {
        "planted": sum(map(len, district.planted.values())),
        "counts": {entity: len(rows) for entity, rows in records.items()},
        "units": sorted({(d.unit.code, "before" if d.submitted < MERGER else "after") for d in district.dossiers}),
        "handed_on": sorted({(d.unit.code, *_moved(d)) for d in open_at_merger if _moved(d)}),
        "left_open": sum(1 for d in open_at_merger if (s := district.state(d, at)) and s.received and not s.ended and not s.unit),
        "procedures": sorted({(row["MaTTHC"], row["TenTTHC"], row["MaLinhVuc"], row["TenLinhVuc"]) for row in records["procedures"]}),
        "terms": sorted(
            {(r["MaTTHC"], r["MaDonVi"], r["ThoiGianGiaiQuyet"], r["CoPhiLePhi"], r["LaChungThuc"]) for r in records["procedures"]}
        ),
        "online": {code: _came_online(district, code) for code in ("9.000201", "9.000402", "9.001502")},
        "fees": sorted({(dossier.procedure.code, dossier.fee) for dossier in district.dossiers}),
        "words": json.dumps(records, ensure_ascii=False),
        "to_date": _received(district, "202601", "202602"),
        "year_before": _received(district, "202502"),
        "declared": sorted({delivery.unit for delivery in district.declared.deliveries}),
    }


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _files(folder: Path) -> list[Path]:
    """The files that the demo has delivered, and the papers."""
    return [path for name in ("state", "papers") for path in sorted((folder / name).rglob("*")) if path.is_file()]


def main(folder: Path) -> None:
    """Make the demo, load it and write what people see."""
    district = District(seed=53, scale=0.02)
    (folder / "made.json").write_text(json.dumps(made_up(district)), encoding="utf-8")
    demo = server.start(folder / "state", clock=AT, district=district)
    os.environ["CCHC_SOURCES_DIR"] = str(profiles_that_try_once(folder / "sources"))
    os.environ.update(demo.connections())
    for source, pattern in OF_THE_MONTH.items():
        (folder / source).mkdir()
        for path in getattr(demo.state, source).glob(pattern):
            shutil.copy(path, folder / source)
        os.environ[f"AIRFLOW_CONN_SRC_{source.upper()}"] = json.dumps({"conn_type": "fs", "host": str(folder / source)})
    steps: dict[str, tuple[str, ...]] = {"init": ("init",)}
    steps |= {source: ("ingest", source, "--to", AT) for source in ("one_stop", "documents", *OF_THE_MONTH)}
    steps |= {"refresh": ("refresh", YEAR_BEFORE, MONTH)} | STEPS
    said: dict[str, int] = {}
    for name, arguments in steps.items():
        done = cchc(*arguments)
        said[name] = done.code
        (folder / f"{name}.txt").write_text(done.out + done.err, encoding="utf-8")
    said["report"] = cchc("report", MONTH, "--output", str(folder / "papers")).code
    demo.stop()
    site = Site(Settings.load(), mounted(Settings.load()))
    texts: dict[str, str] = {path.relative_to(folder).as_posix(): text_of(_unpacked(path)) for path in _files(folder)}
    for path in PAGES:
        answer = site.get(f"{path}{'&' if '?' in path else '?'}period={MONTH}")
        said[path] = 0 if answer.status_code == 200 else answer.status_code
        texts[path] = answer.text
    (folder / "texts.json").write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
