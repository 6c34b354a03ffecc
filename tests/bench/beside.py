"""What is measured beside the product: keyed COPY of the rows that it ends with, pandas, and dlt in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from cchc.settings import PROJECT
from tests.bench.meter import Cost, measured, part

Said = dict[str, Any]
BLOCK = 1 << 20
PANDAS_RECORDS = 100_000  # it takes half a second for a thousand records, so of larger deliveries the same share of each file is measured
DLT_SCRIPT = Path(__file__).with_name("dlt_script.py")
TABLES = """
select format('%I.%I', n.nspname, c.relname) as name,
    (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute as a
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
where n.nspname in ('core', 'mart') and c.relkind = 'r' order by 1
"""


def psycopg_url(url: str) -> str:
    """A URL of SQLAlchemy as psycopg reads it."""
    return url.replace("+psycopg", "")


def filled_tables(loaded: str, empty: str) -> list[tuple[str, str]]:
    """The tables of core and mart that a load has filled, each with its columns: those that are empty right after `cchc init`."""
    with psycopg.connect(psycopg_url(loaded)) as full, psycopg.connect(psycopg_url(empty)) as before:
        found = []
        for name, columns in full.execute(TABLES.encode()).fetchall():
            has_rows = f"select exists (select 1 from {name})".encode()
            if full.execute(has_rows).fetchone() == (True,) and before.execute(has_rows).fetchone() == (False,):
                found.append((name, columns))
    return found


def keyed_copy(postmaster: int, loaded: str, empty: str, folder: Path) -> Cost:
    """COPY of the very rows that core and mart then hold into the same tables with the same keys and indexes, as text as psql sends it.

    Triggers and foreign keys are off, so it is less than any loader could do.
    """
    folder.mkdir()
    tables = filled_tables(loaded, empty)
    with psycopg.connect(psycopg_url(loaded)) as connection:
        for name, columns in tables:
            with connection.cursor().copy(f"copy {name} ({columns}) to stdout".encode()) as out, (folder / name).open("wb") as file:
                for block in out:
                    file.write(block)
    parts: Said = {}
    rows = size = 0
    with psycopg.connect(psycopg_url(empty)) as connection:
        connection.execute("set session_replication_role = replica")
        connection.commit()
        with part(postmaster, parts, "copy"):
            for name, columns in tables:
                with connection.cursor() as cursor:
                    with (folder / name).open("rb") as file, cursor.copy(f"copy {name} ({columns}) from stdin".encode()) as into:
                        while block := file.read(BLOCK):
                            into.write(block)
                    rows += cursor.rowcount
                connection.commit()
                size += (folder / name).stat().st_size
    shutil.rmtree(folder)
    copied = parts["copy"]
    return Cost(copied["client"], copied["server"], copied["wall"], said={"rows": rows, "bytes": size, "tables": len(tables)})


def fresh_database(admin: str, name: str, template: str | None = None) -> None:
    """Make a database anew, as a copy of another one where one is named."""
    with psycopg.connect(psycopg_url(admin), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        copy = sql.SQL(" template {}").format(sql.Identifier(template)) if template else sql.SQL("")
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)) + copy)


def pandas_command(url: str, folder: Path) -> list[str]:
    """The program that writes the records of a folder with pandas."""
    return [sys.executable, "-W", "ignore", "-m", "tests.bench.beside", url, str(folder)]


def pandas_to_sql(url: str, folder: Path) -> Said:
    """Write the records of a folder with pandas, the way of its documentation; at most PANDAS_RECORDS, of each file the same share. Lists are written as JSON."""
    import pandas as pd
    from sqlalchemy import create_engine

    engine = create_engine(url)
    files = {path: [line for line in path.read_bytes().splitlines() if line.startswith(b"{")] for path in sorted(folder.glob("*.ndjson"))}
    share = min(1.0, PANDAS_RECORDS / sum(len(lines) for lines in files.values()))
    records = 0
    for path, every in files.items():
        lines = every[: round(len(every) * share)]
        for start in range(0, len(lines), 20_000):
            chunk = pd.DataFrame.from_records(_flat(line) for line in lines[start : start + 20_000])
            chunk.to_sql(path.stem.rsplit("_", 1)[0], engine, if_exists="append", index=False)
            records += len(chunk)
    return {"records": records}


def _flat(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return {
        name: json.dumps(value) if isinstance(value, list | dict) else None if value is None else str(value)
        for name, value in record.items()
    }


def dlt_python(home: Path, install: bool) -> Path | str:
    """The Python of an environment with the newest dlt; where there is none and none shall be installed, or none can be, the reason."""
    folder = home / "dlt"
    program = folder / "bin" / "python"
    if program.exists():
        return program
    if not install:
        return "dlt is not installed, and --quick installs nothing"
    uv = shutil.which("uv") or str(PROJECT / ".cchc-tools" / "uv")
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(program), "dlt[postgres]", "pyarrow", "adbc-driver-postgresql", "orjson"],
    ):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            done = subprocess.CompletedProcess(command, 1, "", str(error))
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            return f"dlt could not be installed: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
    return program


def dlt(postmaster: int, program: Path, url: str, folder: Path, way: str, home: Path) -> Cost:
    """One run of dlt over the records of a folder: `append`, `append_csv` or `merge`, into a dataset of that name."""
    environment = {
        "DLT_DATA_DIR": str(home / "dlt_state"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "DESTINATION__POSTGRES__CREDENTIALS": psycopg_url(url),
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": "",
    }
    return measured(postmaster, [str(program), str(DLT_SCRIPT), str(folder), way], environment)


if __name__ == "__main__":
    os.environ.pop("PGPASSWORD", None)
    print(json.dumps(pandas_to_sql(sys.argv[1], Path(sys.argv[2]))))
