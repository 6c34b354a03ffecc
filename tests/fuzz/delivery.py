"""One delivered file through the product, as an extract reads it and staging types it, and what must hold whatever the file is."""

from __future__ import annotations

import atexit
import logging
import re
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.compute as pc

import cchc.sources.extract as extract_module
from cchc.period import ZONE
from cchc.sources.connection import Connection
from cchc.sources.extract import OTHERS, extract
from cchc.sources.landing import Landed, Window
from cchc.sources.limits import Limits
from cchc.sources.profile import Profile
from cchc.sources.workbooks import Workbooks
from cchc.staging.columns import Origin, RecordTyper
from cchc.staging.stage import read_blocks
from tests.fuzz.profiles import MODEL, SOURCE, profile_of

T = datetime(2023, 7, 1, tzinfo=ZONE)
SECONDS = 20.0  # of work; a machine that many share may let a process wait
SECONDS_IN_ALL = 120.0
PEAK_MIB = 400
MEMORY = Path("/dev/shm")
RULE = re.compile(r" is blocked: (?:B\d|FIELDS) \S")
DEFECT = "reading it failed ("  # the last resort of an extract: an error that no reader foresaw
_STDERR = logging.getLogger("cchc.sources.extract")


class Defect(AssertionError):
    """What the product must never do with any file or answer."""


def scratch(prefix: str = "cchc-fuzz-") -> Path:
    """A new folder, in memory where there is one."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if MEMORY.is_dir() else None))


@contextmanager
def within_budget() -> Iterator[None]:
    """Raise Defect if what is done meanwhile takes more time or memory than a file may."""
    begun, busy, peak = time.monotonic(), time.process_time(), _peak()
    yield
    taken, worked, grown = time.monotonic() - begun, time.process_time() - busy, _peak() - peak
    if worked > SECONDS or taken > SECONDS_IN_ALL:
        raise Defect(f"it took {worked:.0f} seconds of work, {taken:.0f} in all")
    if grown > PEAK_MIB:
        raise Defect(f"it took {grown} MB of memory")


def _peak() -> int:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024


class _Kept(Workbooks):
    """A reader of workbooks whose process serves the next files too: to start one takes a second. One that dies is started anew."""

    def __exit__(self, *_: object) -> None:
        """Keep the process."""


@cache
def _kept(limits: Limits) -> _Kept:
    reader = _Kept(limits)
    atexit.register(reader.close)
    return reader


class _Log(logging.Handler):
    """Keeps what the product logs of an error that no reader foresaw: the places in the code."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


def read(content: Mapping[str, Any], files: Mapping[str | bytes, bytes]) -> list[Landed]:
    """What an extract makes of a drop folder with these files, by the profile with this content. Raises Defect."""
    folder = scratch()
    log = _Log()
    _STDERR.addHandler(log)
    _STDERR.propagate = False
    try:
        profile = profile_of(content)
        inbox = folder / "inbox"
        inbox.mkdir()
        for name, data in files.items():
            (Path(f"{inbox}") / (name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name)).write_bytes(data)
        with within_budget(), patch.object(extract_module, "Workbooks", _kept):
            loads = extract(
                profile,
                Connection(profile.source, str(inbox)),
                Window(None, T, is_by_clock=True),
                (folder / "landing").as_uri(),
                extract_id=1,
                privacy_key="a key for tests",
            )
            for load in loads:
                judge(profile, load, log.told)
        return loads
    finally:
        _STDERR.propagate = True
        _STDERR.removeHandler(log)
        shutil.rmtree(folder, ignore_errors=True)


def judge(profile: Profile, load: Landed, logged: list[str]) -> None:
    """Raise Defect unless a load landed with all that was delivered, or its message names source, file and rule."""
    message = load.message or ""
    message.encode()  # half a letter in a message can be neither shown nor stored
    if DEFECT in message:
        raise Defect(f"{message} {logged}")
    if load.status == "landed":
        if profile.source == SOURCE:
            stage(profile, load)
        return
    if profile.source not in message or (load.file_name != OTHERS and (load.file_name or "") not in message):
        raise Defect(f"a message without source or file: {message!r}")
    if load.status == "blocked" and RULE.search(message) is None:
        raise Defect(f"a message without a rule: {message!r}")
    if load.status == "waiting" and "left" not in message:
        raise Defect(f"a message that does not say what becomes of the file: {message!r}")


def stage(profile: Profile, load: Landed) -> None:
    """Type what landed, as staging does. Raises Defect for what no table of the warehouse takes, and where records are lost."""
    typer = RecordTyper(profile, profile.entities[load.entity], MODEL)
    fields = load.manifest["fields"]
    day, revision = load.manifest.get("file_date"), load.manifest.get("revision")
    absent = frozenset(typer.entity.wire_fields) - fields["present"].keys() if fields["table"] else frozenset()
    rows = 0
    for file, lines in read_blocks(load):
        table = typer.table(lines, Origin(1, file, T, day, revision, absent), rows + 1)
        rows += table.num_rows
        for name, column in zip(table.column_names, table.columns, strict=True):
            if pa.types.is_string(column.type) and pc.any(pc.match_substring(column, "\0")).as_py():
                raise Defect(f"{name} has a NUL, which PostgreSQL stores in no text")
    if rows != load.manifest["records"]:
        raise Defect(f"{load.manifest['records']} records landed, and {rows} were typed")
