"""The records that are measured with: those of one_stop of the demo district, as files; and what changes on days after them.

`python -m tests.bench.data FOLDER SCALE [MONTH…]` writes `drop` (everything up to CLOCK), `day` (0.3 % of the dossiers changed, and the full list of
procedures) and `scattered` (100 corrected dossiers, from every month) below the folder. With months (202311) only what was received in them.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CLOCK = "2024-01-02T00:00:00+07:00"
DAY = "20240103"
SCATTERED = "20240104"
ENTITIES = ("dossiers", "dossier_steps", "procedures", "assessments")
SHARE = 0.003  # of the dossiers that change on a day
CORRECTED = 100
SEED = 53


def written(record: Any) -> bytes:
    """A record as a line of a file; what the demo plants as broken text stays as it is."""
    if isinstance(record, bytes):
        return record
    return record.encode() if isinstance(record, str) else json.dumps(record, ensure_ascii=False).encode()


def generate(folder: Path, scale: float, months: tuple[str, ...] = ()) -> dict[str, int]:
    """Write the files of all three deliveries; how many records, bytes and dossiers there are. `months`: only what was received in them."""
    from demo.clock import parse_iso
    from demo.district import District

    district = District(seed=SEED, scale=scale)
    for name in ("drop", "day", "scattered"):
        (folder / name).mkdir(parents=True)
    counts = {"records": 0, "bytes": 0, "dossiers": 0}
    kept: set[str] | None = set() if months else None
    for entity in ENTITIES:
        path = folder / "drop" / f"{entity}_20240102.ndjson"
        with path.open("wb") as file:
            for record in district.records(entity, parse_iso(CLOCK)):
                if kept is not None and not _is_kept(record, entity, months, kept):
                    continue
                file.write(written(record) + b"\n")
                counts["records"] += 1
                counts["dossiers"] += entity == "dossiers"
        counts["bytes"] += path.stat().st_size
    del district  # it holds every dossier
    dossiers = folder / "drop" / "dossiers_20240102.ndjson"
    good = sum(1 for _ in _good(dossiers))
    changed = max(1, round(SHARE * counts["dossiers"]))
    counts["day"] = _change(dossiers, good, folder / "day" / f"dossiers_{DAY}.ndjson", changed, DAY)
    shutil.copy(folder / "drop" / "procedures_20240102.ndjson", folder / "day" / f"procedures_{DAY}.ndjson")
    counts["scattered"] = _change(dossiers, good, folder / "scattered" / f"dossiers_{SCATTERED}.ndjson", CORRECTED, SCATTERED)
    return counts


def _is_kept(record: Any, entity: str, months: tuple[str, ...], kept: set[str]) -> bool:
    """Whether a record belongs to the months; the codes of dossiers that do are collected in `kept`."""
    if entity == "procedures":
        return True
    if not isinstance(record, dict):
        return False
    code = str(record.get("MaHoSo"))
    if entity == "dossiers" and str(record.get("NgayTiepNhan") or "").startswith(months):
        kept.add(code)
    return code in kept


def _good(path: Path) -> Iterator[dict[str, Any]]:
    """The dossiers of a file that no planted oddity has touched in their time of reception."""
    with path.open("rb") as file:
        for line in file:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and str(record.get("NgayTiepNhan") or "").startswith(("2022", "2023")) and record.get("MaHoSo"):
                yield record


def _change(dossiers: Path, good: int, path: Path, wanted: int, day: str) -> int:
    """Write other versions of some of the `good` dossiers, chosen by chance: another channel, another number of papers; how many."""
    places = random.Random(day).sample(range(good), min(wanted, good))
    among = set(places)
    chosen = {place: record for place, record in enumerate(_good(dossiers)) if place in among}
    with path.open("wb") as file:
        for place in places:
            record = chosen[place]
            channel = "2" if record.get("KenhThucHien") == "1" else "1"
            file.write(written(record | {"KenhThucHien": channel, "NgaySuaCuoi": f"{day}080000"}) + b"\n")
    return len(places)


if __name__ == "__main__":
    print(json.dumps(generate(Path(sys.argv[1]), float(sys.argv[2]), tuple(sys.argv[3:]))))
