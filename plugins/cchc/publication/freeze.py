"""Freeze a period as an edition: copy its values, items, definitions, known_at of every source, and reports.

All functions here run in the transaction of the caller.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, text

from cchc.errors import CchcError
from cchc.indicators.count import binds, count_items, counted_items
from cchc.period import BASES, Period, midnight, now
from cchc.publication import changed_dossiers
from cchc.publication.edition import OPEN, clocks_json
from cchc.publication.readiness import Readiness
from cchc.publication.restatement_reasons import definition_of
from cchc.reference.catalogue import Indicator
from cchc.reference.plan import plan_of
from cchc.reference.roles import Clocks
from cchc.settings import Settings
from cchc.warehouse import run_file, sql
from cchc.warehouse.queries import run_statement


@dataclass(frozen=True)
class Publication:
    """One edition of a period, as it was just published.

    `changed`: which values are not those that the approver was shown, as a sentence; None if there are none.
    """

    publication_id: int
    period: Period
    edition: int
    values: int
    restated: int
    reports: list[str] = field(default_factory=list)
    changed: str | None = None


def insert_edition(
    connection: Connection,
    settings: Settings,
    items: dict[str, Indicator],
    state: Readiness,
    approved_by: str,
    *,
    note: str | None,
    approval: str,
    layout: str | None,
) -> tuple[int, int]:
    """Insert the next edition of a period into mart.publication, with its readiness. Returns its id and its edition number.

    Arguments: `items`, the catalogue by code; `state`, the readiness of the period; `approved_by`, who approved it; `approval`, "person" or
    "rule"; `layout`, the folder of include/reports by which its papers are written (None: it gets no papers).
    """
    period = state.period
    plan = plan_of(connection, period).plan_code
    edition: int = connection.execute(
        text("select coalesce(max(edition), 0) + 1 from mart.publication where period_kind = :kind and period_start = :start"),
        {"kind": period.kind, "start": period.start},
    ).scalar_one()
    definitions = {code: definition_of(settings, item) for code, item in sorted(items.items())}
    publication_id: int = run_statement(
        connection,
        "publication/publication",
        plan_code=plan,
        period_kind=period.kind,
        period_start=period.start,
        period_end=period.end,
        edition=edition,
        clocks=clocks_json(state.clocks),
        definitions=json.dumps(definitions),
        missing=json.dumps(state.missing, ensure_ascii=False),
        findings=json.dumps(state.findings),
        approval=approval,
        by=approved_by,
        note=note,
        now=now(),
        layout=layout,
    ).scalar_one()
    return publication_id, edition


def freeze_values(
    connection: Connection,
    settings: Settings,
    items: dict[str, Indicator],
    period: Period,
    clocks: Clocks,
    publication_id: int,
) -> int:
    """Copy the current values of a period, and the items behind them, into the edition. Returns how many values were copied."""
    connection.execute(text("create temp table definition (indicator_code text, formula_version integer) on commit drop"))
    connection.execute(
        text("insert into definition values (:code, :version)"), [{"code": item.code, "version": item.version} for item in items.values()]
    )
    values = run_file(
        connection,
        settings,
        "queries/publication/value",
        publication_id=publication_id,
        period_kind=period.kind,
        period_start=period.start,
    ).rowcount
    if not values:
        raise CchcError(f"{period.code} is not computed: `cchc refresh {period.code}`")
    # The edition keeps the names that the units have on the last day of the period, even if they are renamed later.
    last_day = period.effective_last_day(max(known_at for role in clocks.by_role for known_at in clocks.of(role).values()))
    run_file(connection, settings, "queries/publication/unit", publication_id=publication_id, last_day=last_day)
    counted_items(connection, settings, list(items.values()), period, clocks, BASES)
    for source, known_at in clocks.of("dossiers").items():
        if midnight(period.start) >= known_at:
            continue
        bound = binds(source, period, "period", known_at)
        count_items(connection, settings, sql(settings, "queries/publication/open_dossier"), bound, OPEN, "period", clocks.root)
        run_file(connection, settings, "queries/publication/not_counted_dossier", source=source, end_at=midnight(period.end))
    run_statement(connection, "publication/item", publication_id=publication_id)
    changed_dossiers.note(connection, settings, items.values(), period, clocks, publication_id)
    return values


def freeze_reports(
    connection: Connection,
    settings: Settings,
    folder: Path,
    publication_id: int,
    reports: Callable[[Path], list[Path]],
) -> list[str]:
    """Write the reports of an edition into a folder, and store their names and hashes. Returns the names.

    `reports`: a function that writes the reports into the folder that it gets, and returns their paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for path in reports(folder):
        data = path.read_bytes()
        connection.execute(
            text("insert into mart.publication_report values (:p, :name, :path, :sha, :n)"),
            {
                "p": publication_id,
                "name": path.name,
                "path": str(path.relative_to(settings.home)),
                "sha": hashlib.sha256(data).hexdigest(),
                "n": len(data),
            },
        )
        names.append(path.name)
    return names
