"""Keep the dossiers that were open at the end of each period (mart.dossier_open), and judge again only those that have changed.

A day that was judged as a whole stays: triggers note each dossier that changes afterwards (ops.open_dossier_change), and a refresh judges
these again, on every day that is kept. A day is judged as a whole where it never was, where its moment J is another one (a running period
ends at known_at), where the rules are others, and where more dossiers have changed than are open on a day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection, text

from cchc.period import last_day_before, last_days
from cchc.settings import Settings
from cchc.warehouse import run_file
from cchc.warehouse.queries import ask, run_statement

FIRST_YEAR = 2000  # no dossier is older: the one-stop software of every vendor began later
OpenDay = tuple[str, date]  # a source and the last day D of a period


def keep_open_dossiers(
    connection: Connection, settings: Settings, source: str, days: Mapping[date, datetime], known_at: datetime, *, is_past: bool = False
) -> None:
    """Bring the open dossiers of some days of one source up to date.

    Arguments: `days`, each last day D with its moment J; `known_at`, T of the source; `is_past`, whether the connection shows a past moment
    and is rolled back: then nothing is noted, and no other day is brought up to date.
    """
    asked = {(source, day): end_at for day, end_at in days.items()}
    if not is_past:
        ends = list(last_days(FIRST_YEAR, known_at.year))
        run_statement(connection, "open_dossiers/forget_ended", source=source, running=last_day_before(known_at), ends=ends)
    kept = judge_changed(connection, settings, asked, is_past=is_past)
    whole = {day: end_at for day, end_at in asked.items() if day not in kept}
    judge_days(connection, settings, whole, is_past=is_past)


def kept_days(connection: Connection) -> dict[OpenDay, datetime]:
    """The days whose open dossiers are kept and were judged by the rules that hold now, each with its moment J."""
    return {(row["source_code"], row["as_of_date"]): row["end_at"] for row in ask(connection, "open_dossiers/days")}


def judge_days(connection: Connection, settings: Settings, days: Mapping[OpenDay, datetime], *, is_past: bool = False) -> None:
    """Judge every dossier that was open on some days, each with its moment J. `is_past`: as in `keep_open_dossiers`."""
    if days:
        run_statement(connection, "open_dossiers/forget_days", days=_listed(days))
        run_file(connection, settings, "mart/dossier_open", days=_listed(days), dossiers=None)
        if not is_past:
            run_statement(connection, "open_dossiers/note_days", days=_listed(days))


def judge_changed(
    connection: Connection, settings: Settings, asked: Mapping[OpenDay, datetime], *, is_past: bool = False
) -> dict[OpenDay, datetime]:
    """Judge the dossiers that have changed again, on every day that is kept. Returns the days that are up to date then.

    Arguments: `asked`, the days that are asked for, which may have another moment J now; `is_past`, as in `keep_open_dossiers`.
    """
    kept = kept_days(connection)
    changed = _changed(connection, len(kept), is_past=is_past)
    if changed is None:
        return {}
    stays = {day: end_at for day, end_at in kept.items() if asked.get(day, end_at) == end_at and (day in asked or not is_past)}
    if changed and stays:
        run_statement(connection, "open_dossiers/forget_dossiers", days=_listed(stays), dossiers=changed)
        run_file(connection, settings, "mart/dossier_open", days=_listed(stays), dossiers=changed)
        if not is_past:
            run_statement(connection, "open_dossiers/note_days", days=_listed(stays))  # a trigger has taken those with deleted rows
    return stays


def _changed(connection: Connection, days: int, *, is_past: bool) -> list[int] | None:
    """The dossiers that have changed since the kept days were brought up to date; None where judging whole days costs less.

    Their notes are deleted, and where whole days are judged, so is what was known of the kept days. Arguments: `days`, how many are kept;
    `is_past`, as in `keep_open_dossiers`: nothing is deleted then.
    """
    # PostgreSQL's own count of the rows, which may be old: it decides about the cost alone
    counted = "select greatest(reltuples, 0) from pg_class where oid = cast('mart.dossier_open' as regclass)"
    most = int(connection.execute(text(counted)).scalar_one() / days) if days else 0
    rows = ask(connection, "open_dossiers/changed", most=most + 1)
    if len(rows) > most:
        if not is_past:
            connection.execute(text("delete from ops.open_dossier_change"))
            connection.execute(text("delete from ops.open_dossier_day"))
        return None
    if rows and not is_past:
        rows = ask(connection, "open_dossiers/take_changed")
    return [row["dossier_id"] for row in rows]


def _listed(days: Mapping[OpenDay, datetime]) -> str:
    """Days as the SQL reads them."""
    return json.dumps(
        [{"source_code": source, "as_of_date": day.isoformat(), "end_at": end_at.isoformat()} for (source, day), end_at in days.items()]
    )
