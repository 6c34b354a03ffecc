"""What the walk through the whole stack has left anywhere: no value of a person, and no secret but in the files that keep it."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import requests
import zstandard

from cchc.warehouse import embedded as postgres
from cchc.warehouse.url import LOADER_LOGIN, follows_from
from demo import people
from demo.state import StateFolder
from tests.end_to_end.dashboard import LEADER, PASSWORD, token
from tests.end_to_end.installation import Installation

# as people.MARKERS says, but seven zeros stand in other codes too (B0000000900): an identity number has twelve digits, a telephone number ten
PERSONAL = re.compile(r"(?<!\w)0{7}(?:\d{3}|\d{5})(?!\w)|" + "|".join(re.escape(each) for each in people.MARKERS if not each.isdigit()))
# what the demo's sources keep for themselves, the secrets of the installation, and the files of PostgreSQL, whose tables are read instead
APART = ("demo", "secrets", "postgres")
TABLES = (
    "select format('%I.%I', n.nspname, c.relname) from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace "
    "where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema') order by 1"
)
BYTES = re.compile(r"\\x([0-9a-f]{8,})")
PAGES = ("/", "/units", "/units/H19.16.22", "/health", "/publications", "/publications/1", "/indicators/dossier_on_time_rate")


def texts_of(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    """A file as text, and what is packed in it: each with its place."""
    if name.endswith(".zst"):
        data = zstandard.ZstdDecompressor().stream_reader(data).read()
    elif data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for inner in packed.namelist():
                yield from texts_of(f"{name}!{inner}", packed.read(inner))
    elif data[:5] == b"%PDF-":
        yield name, _words_of(data)
    elif data[:4] == b"PAR1":
        yield name, str(pq.read_table(io.BytesIO(data)).to_pydict())
    else:
        yield name, data.decode("utf-8", "replace")


def _words_of(paper: bytes) -> str:
    """The words of a PDF. Without pdftotext none: it is made of a paper beside it, which is read, and its own bytes are packed."""
    program = shutil.which("pdftotext")
    if program is None:
        return ""
    return subprocess.run([program, "-", "-"], input=paper, capture_output=True, check=True).stdout.decode("utf-8", "replace")


def files(home: Path) -> Iterator[tuple[str, str]]:
    """Everything below the folder of an installation that is not kept apart: landing, logs, papers, bundles, settings."""
    for path in sorted(home.rglob("*")):
        place = path.relative_to(home)
        is_log = path.suffix == ".log"
        if path.is_file() and not path.is_symlink() and (place.parts[0] not in APART or is_log):
            yield from texts_of(str(place), path.read_bytes())


def tables(server: postgres.Server) -> Iterator[tuple[str, str]]:
    """Every table of both databases, row by row as text: the warehouse; XCom, rendered fields, runs, events and the rest of Airflow's."""
    for database in ("warehouse", "airflow"):
        with psycopg.connect(server.url(database).replace("+psycopg", "")) as connection:
            for (table,) in connection.execute(TABLES).fetchall():
                with connection.cursor().copy(f"copy (select cast(t as text) from {table} as t) to stdout".encode()) as copied:
                    text = b"".join(bytes(part) for part in copied).decode("utf-8", "replace")
                hidden = " ".join(bytes.fromhex(found[: len(found) // 2 * 2]).decode("utf-8", "replace") for found in BYTES.findall(text))
                yield f"{database}: {table}", text + hidden


def pages(address: str, period: str) -> Iterator[tuple[str, str]]:
    """Pages of the dashboard for a period, as a leader of the whole district sees them."""
    headers = {"Authorization": f"Bearer {token(address, LEADER)}"}
    for path in PAGES:
        answer = requests.get(f"{address}/cchc{path}", params={"period": period}, headers=headers, timeout=60)
        assert answer.status_code == 200, (path, answer.status_code)
        yield f"page {path}", answer.text


def secrets_of(installation: Installation, server: postgres.Server) -> dict[str, str]:
    """The secrets of the installation and of its sources, by their names."""
    found = {path.name: path.read_text(encoding="utf-8").strip() for path in (installation.home / "secrets").iterdir() if path.is_file()}
    credentials = json.loads((StateFolder(installation.home / "demo").folder / "credentials.json").read_text(encoding="utf-8"))
    found |= {f"demo {name}": value for name, value in credentials.items() if name != "client_id"}
    tasks = follows_from(server.password, LOADER_LOGIN)
    return found | {"password of PostgreSQL": server.password, "password of the tasks": tasks, "password of an account": PASSWORD}


def check(installation: Installation, address: str, period: str) -> None:
    """Search everything once, the pages for `period`. A secret may stand in a file of the installation that its owner alone can read, and nowhere else."""
    server = postgres.running_server(installation.home)
    assert server is not None
    marks = secrets_of(installation, server)
    assert len(marks) >= 6 and all(len(value) > 10 for value in marks.values()), sorted(marks)
    wrong: list[str] = []
    searched: set[str] = set()
    for place, text in (*files(installation.home), *tables(server), *pages(str(address), period)):
        searched.add(place)
        if found := PERSONAL.search(text):
            wrong.append(f"{place}: personal value {found.group(0)[:4]}…")
        for name, value in marks.items():
            if value in text and not _is_private(installation.home / place.partition("!")[0]):
                wrong.append(f"{place}: secret {name}")
    assert not wrong, "\n".join(wrong)
    for known in ("landing/", "airflow/logs/", "publications/", "warehouse: core.dossier_version", "airflow: public.xcom", "page /"):
        assert any(place.startswith(known) for place in searched), f"{known} was not searched"
    assert any("rendered_task_instance_fields" in place for place in searched) and any("!" in place for place in searched)


def _is_private(path: Path) -> bool:
    return path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 and path.suffix != ".log"
