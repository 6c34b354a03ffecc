"""Find the dossiers that have changed since an edition, so that its items are compared for these alone.

The items of many indicators depend on single dossiers: on their facts (mart.dossier), and on the open dossiers of a day, which follow from
them. Triggers note each dossier that changes, under the newest edition (ops.changed_dossier). Where everything else that such an indicator
was counted from is as it was at the freeze, no other dossier can count otherwise. What else it was counted from is noted with the edition
as one hash (ops.edition_count): the SQL of the indicator, its span, the units, the list of procedures, the rules of open dossiers. An
indicator without such a note, or with another hash, is compared by all of its items, and so is one whose changed items do not explain the
difference of every unit (`unexplained`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, text

from cchc.indicators.count import binds
from cchc.indicators.half_months import Contexts, Counted
from cchc.period import BASES, Period, midnight
from cchc.reference.catalogue import Indicator
from cchc.reference.roles import Clocks
from cchc.settings import Settings
from cchc.warehouse import composed, sql
from cchc.warehouse.queries import ask, run_statement

_Key = tuple[str, str, str]  # indicator, basis, source


def note(
    connection: Connection, settings: Settings, indicators: Iterable[Indicator], period: Period, clocks: Clocks, publication_id: int
) -> None:
    """Note with an edition what the indicators were counted from whose items depend on single dossiers."""
    rows = [
        {"indicator_code": code, "basis": basis, "source_code": source, "context": context}
        for (code, basis, source), context in _contexts(connection, settings, indicators, period, clocks).items()
    ]
    run_statement(connection, "publication/edition_count", publication_id=publication_id, counted=json.dumps(rows))


def followed(
    connection: Connection, settings: Settings, indicators: Iterable[Indicator], period: Period, clocks: Clocks, publication_id: int
) -> frozenset[str]:
    """The indicators (codes) of an edition of which only dossiers in the temporary table `changed_since` can count otherwise.

    Creates the table. It has the codes of the dossiers that have changed since the freeze and that may belong to the period.
    """
    connection.execute(text("drop table if exists pg_temp.changed_since"))
    run_statement(connection, "publication/changed_since_edition", publication_id=publication_id, last_day=period.last_day)
    connection.execute(text("analyze changed_since"))
    if connection.execute(text("select 1 from changed_since where dossier_code = '' limit 1")).scalar() is not None:
        return frozenset()  # every dossier was taken away at once
    noted: dict[str, dict[_Key, str]] = {}
    for row in ask(connection, "publication/counted_from", publication_id=publication_id):
        key = (row["indicator_code"], row["basis"], row["source_code"])
        noted.setdefault(row["indicator_code"], {})[key] = row["context"]
    asked = [item for item in indicators if item.code in noted]
    current: dict[str, dict[_Key, str]] = {}
    for key, context in _contexts(connection, settings, asked, period, clocks).items():
        current.setdefault(key[0], {})[key] = context
    return frozenset(code for code, contexts in current.items() if contexts == noted[code])


def unexplained(connection: Connection, indicators: Iterable[Indicator], period: Period, root: str) -> list[str]:
    """Which of the indicators have a unit whose difference is not the sum of its changed items, in words for the log.

    `root`: the root of the tree of units whose values are compared.

    It is asked when the temporary tables `difference` and `changed_item` are there. The answer is empty where the notes are right.
    """
    asked = [{"code": item.code, "has_denominator": item.kind != "count"} for item in indicators]
    rows = ask(
        connection,
        "publication/unexplained",
        listed=json.dumps(asked),
        period_kind=period.kind,
        period_start=period.start,
        last_day=period.last_day,
        root=root,
    )
    return [
        f"{row['indicator_code']} ({row['basis']}) of {row['unit_code']}: {row['numerator']}/{row['denominator']} differ, "
        f"{row['item_numerator']}/{row['item_denominator']} are explained"
        for row in rows
    ]


def _contexts(
    connection: Connection, settings: Settings, indicators: Iterable[Indicator], period: Period, clocks: Clocks
) -> dict[_Key, str]:
    """What the items of each indicator depend on beside the dossiers, as a hash; only of those that depend on single dossiers."""
    statements = {item: sql(settings, item.sql) for item in indicators if len(item.roles) == 1 and not item.is_distinct}
    chosen = {item: statement for item, statement in statements.items() if item.record == "dossier" and composed.reads_dossiers(statement)}
    found: dict[_Key, str] = {}
    others: dict[date, str] = {}
    for role in sorted({item.role for item in chosen}):
        for source, known_at in clocks.of(role).items():
            if midnight(period.start) >= known_at:
                continue
            spans = {basis: binds(source, period, basis, known_at) for basis in BASES}
            contexts = Contexts(connection, source, known_at, [span["end_at"] for span in spans.values()])
            for basis, span in spans.items():
                last_day = span["last_day"]
                if last_day not in others:
                    others[last_day] = ask(connection, "publication/units_of_items", last_day=last_day)[0]["units"]
                where = "|".join((clocks.root, others[last_day], *(span[name].isoformat() for name in ("start_at", "end_at", "last_day"))))
                for item, statement in chosen.items():
                    if item.role != role:
                        continue
                    counted, _ = contexts.of(Counted(item.code, statement, item.units, (), ()), span["end_at"])
                    whole = "|".join((str(item.version), counted, where))
                    found[item.code, basis, source] = hashlib.sha256(whole.encode()).hexdigest()[:32]
    return found
