"""Payments whose number the file of another day has too: told by the run, and kept with the checks of the load for those who look later."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from cchc.profiles.personal import is_personal
from cchc.sources.profile import Profile
from cchc.staging.tables import staged_entities
from cchc.warehouse.queries import ask, run_statement

RULE = "REPEATED"
MOST_SHOWN = 3
SHOWN = re.compile(r"(?=.*\d)[A-Za-z0-9._/|-]{1,60}")


def repeated_notes(profile: Profile, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence for each entity of `rows` (of the queries `runs/repeated_payment` and `doctor/repeated_payment`) with such payments."""
    notes = []
    for entity in staged_entities(profile).values():
        files = [row for row in rows if row["entity"] == entity.name and row["source_code"] == profile.source]
        if not files:
            continue
        most = max(files, key=lambda row: row["repeated"])
        others = f" (most of them: {most['repeated']} of {most['delivered']} in {most['file_name']})" if len(files) > 1 else ""
        where = f"{len(files)} files" if len(files) > 1 else f"file {most['file_name']}"
        notes.append(
            f"{most['source_code']} {entity.name}, {where}: {sum(row['repeated'] for row in files)} rows{others} have the key "
            f"({', '.join(entity.key)}) of a row in the file of another day{_examples(most['keys'])}, so only that of the latest day "
            "counts; if they are different payments, name further fields in key"
        )
    return notes


def keep_repeated(connection: Connection, profile: Profile, extract_id: int) -> None:
    """Write what `repeated_notes` tells of the files of a run to ops.check_result, in the open transaction that has loaded them."""
    for row in ask(connection, "runs/repeated_payment", extract_id=extract_id):
        run_statement(
            connection,
            "quality/check_result",
            load_id=row["load_id"],
            rule=RULE,
            action="warn",
            phase="load",
            is_success=False,
            unexpected_count=row["repeated"],
            message=repeated_notes(profile, [row])[0],
        )


def _examples(keys: Sequence[str]) -> str:
    """Some keys, in words: those that look like a number of a payment, and of which no part has the shape of personal data."""
    plain = [key for key in keys if SHOWN.fullmatch(key) and not any(is_personal(part) for part in key.split("|"))]
    return f", such as {', '.join(plain[:MOST_SHOWN])}" if plain else ""
