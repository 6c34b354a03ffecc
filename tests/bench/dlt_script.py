"""Load the files of a folder into PostgreSQL with dlt: `python dlt_script.py FOLDER append|append_csv|merge`. Runs in dlt's own environment.

`append` and `merge` are dlt's default (dictionaries, insert statements); `append_csv` writes the same with COPY, its fastest path for such
records. Records are those of the source as they come, lists in tables of their own.
"""
# mypy: ignore-errors

import json
import sys
import time
from pathlib import Path

begun = time.process_time()  # what the imports take is told, so they come after it
import dlt  # noqa: E402 # measured
import orjson  # noqa: E402 # measured

IMPORTS = round(time.process_time() - begun, 3)

KEYS = {"dossiers": ["MaHoSo"], "dossier_steps": ["MaBuoc"], "procedures": ["MaTTHC", "MaDonVi", "HieuLucTu"], "assessments": ["MaDanhGia"]}


read = 0


def records(path):
    global read
    page = []
    with path.open("rb") as file:
        for line in file:
            try:
                record = orjson.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                page.append(record)
                read += 1
            if len(page) == 5_000:
                yield page
                page = []
    if page:
        yield page


def main(folder, way):
    disposition = "merge" if way.startswith("merge") else "append"
    found = []
    for path in sorted(Path(folder).glob("*.ndjson")):
        entity = path.stem.rsplit("_", 1)[0]
        key = {"primary_key": KEYS[entity]} if disposition == "merge" else {}
        found.append(dlt.resource(records(path), name=entity, write_disposition=disposition, **key))
    pipeline = dlt.pipeline(f"bench_{way}", destination="postgres", dataset_name=f"dlt_{way}")
    options = {"loader_file_format": "csv"} if way.endswith("csv") else {}
    done = pipeline.run(found, **options)
    done.raise_on_failed_jobs()
    with pipeline.sql_client() as client:
        stored = sum(client.execute_sql(f"select count(*) from {found_one.name}")[0][0] for found_one in found)
    until_end = round(time.process_time(), 3)
    print(json.dumps({"version": dlt.__version__, "records": read, "stored": stored, "imports": IMPORTS, "until_end": until_end}))


if __name__ == "__main__":
    main(*sys.argv[1:])
