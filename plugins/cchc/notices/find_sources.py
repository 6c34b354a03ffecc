"""Troubles of sources: blocked loads and files, columns that are gone, sources that are late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from cchc.errors import CchcError
from cchc.notices.trouble import Trouble
from cchc.period import ZONE
from cchc.quality.drift import VANISHED, drift
from cchc.runs.lateness import late_source
from cchc.settings import Settings
from cchc.sources.profile import Profile, list_profiles, load_profile
from cchc.states import ExtractStatus, LoadStatus
from cchc.warehouse import query
from cchc.warehouse.queries import ask


def profiles_by_source(settings: Settings) -> dict[str, Profile]:
    """The profiles that can be read, by source; the others fail their DAG, which is told by itself."""
    found = {}
    for name in list_profiles(settings.sources_dir):
        try:
            found[name] = load_profile(settings.sources_dir, name)
        except CchcError:
            continue
    return found


def blocked_loads(connection: Connection, profiles: dict[str, Profile]) -> Iterator[Trouble]:
    """Files and entities whose newest load is blocked or has failed, apart from those that lack a column."""
    for row in ask(connection, "doctor/open_load"):
        if row["status"] != LoadStatus.WAITING and not row["lacks"]:
            facts = _of_source(profiles, row["source_code"]) | {
                "what": row["what"], "reason": row["message"] or "", "load_id": row["load_id"],
            }  # fmt: skip
            yield Trouble("load_blocked", f"{row['source_code']} {row['what']}", row["started_at"], facts, source=row["source_code"])


def gone_columns(connection: Connection, settings: Settings, profiles: dict[str, Profile]) -> Iterator[Trouble]:
    """Columns that a blocked delivery lacks, and fields that the newest loaded delivery of an entity has no more."""
    for row in ask(connection, "doctor/open_load"):
        if row["status"] != LoadStatus.WAITING and row["lacks"]:
            facts = _of_source(profiles, row["source_code"]) | {
                "what": row["what"], "fields": ", ".join(row["lacks"]), "is_blocked": True, "load_id": row["load_id"],
            }  # fmt: skip
            yield Trouble("column_gone", f"{row['source_code']} {row['what']}", row["started_at"], facts, source=row["source_code"])
    for source in profiles:
        for finding in drift(settings, source):
            if finding.kind == VANISHED:
                facts = _of_source(profiles, source) | {
                    "what": finding.entity, "fields": ", ".join(finding.fields), "is_blocked": False, "load_id": None,
                }  # fmt: skip
                yield Trouble("column_gone", f"{source} {finding.entity} fields", finding.known_at, facts, source=source)


def late_sources(connection: Connection, profiles: dict[str, Profile], moment: datetime) -> Iterator[Trouble]:
    """Sources whose newest data are older than their schedule allows."""
    for source, profile in profiles.items():
        late = late_source(connection, profile, moment)
        if late is not None:
            facts = _of_source(profiles, source) | {
                "known_at": late.known_at.astimezone(ZONE).isoformat(), "reason": _why(connection, source),
            }  # fmt: skip
            yield Trouble("source_late", source, late.since, facts, source=source)


def _why(connection: Connection, source: str) -> str | None:
    """What the last run of a source said, where it did not end well."""
    rows = query(
        connection,
        "select status, message from ops.extract where source_code = :s and kind = 'ingest' order by extract_id desc limit 1",
        {"s": source},
    )
    failed = (ExtractStatus.FAILED, ExtractStatus.BLOCKED)
    return rows[0]["message"] if rows and rows[0]["status"] in failed else None


def _of_source(profiles: dict[str, Profile], source: str) -> dict[str, object]:
    profile = profiles.get(source)
    return {"source": source, "source_name": profile.name_vi if profile else source, "who": profile.owner if profile else None}
