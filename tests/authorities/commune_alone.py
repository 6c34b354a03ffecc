"""The product as one commune alone, without units below it, in a process of its own: its demo, and what people see of it.

Run by test_commune_alone.py with CCHC_AUTHORITY set to a folder that `cchc authority new --kind commune` has written. Writes what each step
said into files of the folder that is its argument.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from cchc.settings import Settings
from demo import clock, server
from demo.district import District
from tests.dashboard.conftest import Site, mounted
from tests.support.cli import cchc
from tests.support.papers import text_of

AT, MONTH, COMMUNE = "2026-03-02T00:00:00+07:00", "2026-02", "T99.101"
STEPS = {
    "init": ("init",),
    "one_stop": ("ingest", "one_stop", "--to", AT),
    "declared": ("ingest", "declared", "--to", AT),
    "refresh": ("refresh", MONTH),
    "scorecard": ("scorecard", MONTH),
    "unit": ("scorecard", MONTH, "--unit", COMMUNE),
    "score": ("score", MONTH),
    "form": ("form", MONTH),
    "explain": ("explain", "online_dossier_rate", "--period", MONTH, "--unit", COMMUNE),
    "close": ("close", MONTH, "--approved-by", "a test"),
    "verify": ("verify", "publications"),
}
PAGES = {"page_whole": "/", "page_units": "/units", "page_unit": f"/units/{COMMUNE}", "page_indicator": "/indicators/online_dossier_rate"}


def main(folder: Path) -> None:
    """Make the demo, load it and write what people see."""
    district = District(seed=53, scale=0.005)
    demo = server.start(folder / "state", clock=AT, district=district)
    os.environ.update(demo.connections())
    (folder / "declared").mkdir()
    for path in demo.state.declared.glob(f"tukhai_*_{MONTH}*"):
        shutil.copy(path, folder / "declared")
    os.environ["AIRFLOW_CONN_SRC_DECLARED"] = json.dumps({"conn_type": "fs", "host": str(folder / "declared")})
    said: dict[str, int] = {}
    publications = Settings.load().home / "publications"
    for name, arguments in STEPS.items():
        done = cchc(*(str(publications) if word == "publications" else word for word in arguments))
        said[name] = done.code
        (folder / f"{name}.txt").write_text(done.out + done.err, encoding="utf-8")
    demo.stop()
    papers = {path.name: text_of(path.read_bytes()) for path in publications.rglob("papers/*")}
    (folder / "papers.json").write_text(json.dumps(papers, ensure_ascii=False), encoding="utf-8")
    site = Site(Settings.load(), mounted(Settings.load()))
    for name, address in PAGES.items():
        answer = site.get(f"{address}?period={MONTH}")
        said[name] = 0 if answer.status_code == 200 else answer.status_code
        (folder / f"{name}.txt").write_text(answer.text, encoding="utf-8")
    received = [
        record for record in district.records("dossiers", clock.parse_iso(AT)) if record["NgayTiepNhan"][:6] == MONTH.replace("-", "")
    ]
    online = sum(record.get("KenhThucHien") == "2" for record in received)
    (folder / "said.json").write_text(json.dumps({"said": said, "online": online, "received": len(received)}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
