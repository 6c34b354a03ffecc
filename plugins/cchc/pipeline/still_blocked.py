"""What a run tells of files that earlier runs blocked and that no run has read again."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from cchc.states import LoadStatus
from cchc.warehouse.queries import ask

NAMED = 3  # so many of them are named


def still_blocked_notes(connection: Connection, source: str, told: Collection[int]) -> list[str]:
    """A sentence for each entity of a source of which files are still blocked. `told`: the loads of the run itself, which tells its own."""
    blocked: dict[str, list[str]] = {}
    for row in ask(connection, "doctor/open_load"):
        if row["source_code"] == source and row["status"] == LoadStatus.BLOCKED and row["load_id"] not in told:
            blocked.setdefault(row["entity"], []).append(row["what"])
    return [_sentence(f"{source} {entity}", files) for entity, files in blocked.items()]


def _sentence(where: str, files: list[str]) -> str:
    names = ", ".join(files[:NAMED]) + (f" and {len(files) - NAMED} more" if len(files) > NAMED else "")
    many = "1 file of an earlier run is" if len(files) == 1 else f"{len(files)} files of earlier runs are"
    return (
        f"{where}: {many} still blocked, and not read again by this run: {names}. `cchc doctor` says why; after the cause is gone, "
        "`cchc quarantine retry` reads what landed (docs/runbooks/load_blocked.md)"
    )
