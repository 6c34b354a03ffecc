"""What the reference data were at a past moment: units, calendar, plans, duties, definitions, and the files that say how is counted.

Each `cchc init` keeps the rows that it changed in ops.reference_version, with the moment. What a warehouse has before its first known_at
holds from ever: its data may be older than the warehouse. Inside a transaction that is rolled back, `show` puts all of it back to what was
known at a moment.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

from cchc.period import now
from cchc.reference import catalogue
from cchc.settings import Settings
from cchc.warehouse import query

BEHIND = timedelta(days=10)  # longer than offices are closed at Tết
FILES = "ops.reference_file"
KEPT = (
    "core.authority", "core.declaration", "core.finding_kind", "core.indicator", "core.plan", "core.plan_target", "core.scope_name",
    "core.source", "core.source_role", "core.unit", "core.unit_on_day", "core.unit_version", "core.waived_rule", "core.working_day", FILES,
)  # fmt: skip
_QUERIES = ("coverage", "findings", "indicators", "scores")  # folders of include/sql/queries whose files define a number


def keep(connection: Connection, settings: Settings, moment: datetime | None = None) -> None:
    """Keep the reference data as `cchc init` has loaded them, as the owner of the warehouse. Keeping the same again adds nothing.

    `moment`: from when on they are known; None: as `_learnt_at` says.
    """
    files = _written(settings)
    connection.execute(text("delete from ops.reference_file where path <> all(:paths)"), {"paths": list(files)})
    connection.execute(
        text(
            "insert into ops.reference_file as f (path, content) values (:path, :content) "
            "on conflict (path) do update set content = excluded.content where f.content <> excluded.content"
        ),
        [{"path": path, "content": content} for path, content in files.items()],
    )
    asked = {"names": list(KEPT), "moment": moment.isoformat() if moment else _learnt_at(connection)}
    connection.execute(text("select ops.keep_reference(:names, cast(:moment as timestamptz))"), asked)


def _learnt_at(connection: Connection) -> str:
    """From when on what `cchc init` loads now is known, as PostgreSQL reads a moment.

    From now on. But a warehouse whose newest known_at lies BEHIND or longer back is being filled with a past time (a demo, a year that is
    loaded afterwards), and lives at known_at of its sources: what it learns now it knows from the newest of them on, and what is said now
    is what was known at that moment. Before its first known_at nothing can be asked of it, so it knows it from ever.
    """
    newest = connection.execute(text("select max(known_at) from ops.source_clock")).scalar()
    if newest is None:
        return "-infinity"
    moment: datetime = now() if now() - newest < BEHIND else newest
    return moment.isoformat()


def show(connection: Connection, settings: Settings, moment: datetime) -> Settings:
    """Put the reference data back to what was known at `moment`, in the open transaction, which can then only be rolled back.

    Returns the settings by which was counted then: where a file that defines a number was another one, they name folders with that file.
    """
    connection.execute(text("select ops.show_reference(:moment)"), {"moment": moment})
    kept = {row["path"]: row["content"] for row in query(connection, "select path, content from ops.reference_file")}
    return settings if kept == _written(settings) else _with_files(settings, tuple(sorted(kept.items())))


def _folders(settings: Settings) -> Mapping[str, Path]:
    return {"reference": settings.reference_dir, "authority": settings.authority_dir, "sql": settings.sql_dir}


def _files(settings: Settings) -> dict[str, Path]:
    """The files that define a number, by their names in ops.reference_file."""
    folders = _folders(settings)
    found = [("reference", path) for path in folders["reference"].glob("*.yaml")]
    own = (folders["authority"] / name for name in (catalogue.FILE, catalogue.UNITS_FILE))
    found += [("authority", path) for path in (*own, *(folders["authority"] / "indicators").glob("*.sql")) if path.exists()]
    found += [("sql", path) for name in _QUERIES for path in (folders["sql"] / "queries" / name).glob("*.sql")]
    return {f"{name}/{path.relative_to(folders[name]).as_posix()}": path for name, path in found}


def _written(settings: Settings) -> dict[str, str]:
    """The text of each file that defines a number, as it is now."""
    return {name: path.read_text(encoding="utf-8") for name, path in _files(settings).items()}


@cache  # one for each state of the files that was ever in force
def _with_files(settings: Settings, kept: tuple[tuple[str, str], ...]) -> Settings:
    """Settings whose folders are those of `settings`, with these files in place of those that define numbers now."""
    folder = Path(tempfile.mkdtemp(dir=_temporary().name))
    made = {name: folder / name for name in _folders(settings)}
    for name, path in _folders(settings).items():
        shutil.copytree(path, made[name])
    then = replace(settings, reference_dir=made["reference"], authority_dir=made["authority"], sql_dir=made["sql"])
    for name, path in _files(then).items():
        if name not in dict(kept):
            path.unlink()
    for name, content in kept:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return then


@cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    """A folder of this process, gone with it."""
    return tempfile.TemporaryDirectory(prefix="cchc-then-")
