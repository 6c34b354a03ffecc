"""`cchc refresh | scorecard | explain | export`: compute the indicators, and read them."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cchc.cli.arguments import UNIT_HELP, Add, add_past, period
from cchc.cli.explain import DOSSIER, add_explain_options, check_explain_options, print_dossier, print_figure, print_items
from cchc.cli.printing import print_table, table
from cchc.errors import CchcError, NothingKnown, WrongUse
from cchc.near import or_known
from cchc.period import BASES, Period
from cchc.settings import Settings

if TYPE_CHECKING:
    from cchc.reports.scorecard import Explanation


def register(add: Add) -> None:
    """Add the commands."""
    refresh = add("refresh", _refresh, "recompute the months that loads have touched, or the given periods")
    refresh.add_argument("period", nargs="*", type=period)
    scorecard = add("scorecard", _scorecard, "print the plan's targets and what was reached")
    scorecard.add_argument("period", type=period)
    scorecard.add_argument("--unit", help=UNIT_HELP)
    scorecard.add_argument("--current", action="store_true", help="of a published period what is known now, not what was published")
    explain = add("explain", _explain, "show what stands behind one number, down to the dossiers; or the whole story of a dossier")
    explain.add_argument("indicator", help="the code of an indicator, or the word dossier")
    explain.add_argument("dossier", nargs="?", metavar="CODE", help="after the word dossier: the code of the dossier")
    explain.add_argument("--unit", default="all")
    explain.add_argument("--period", type=period, help="of a dossier only together with --indicator")
    explain.add_argument("--basis", choices=BASES, default="period")
    explain.add_argument("--query", action="store_true", help="show the SQL and its binds")
    explain.add_argument("--rows", type=int, default=20, help="how many rows to show; -1 = all")
    add_explain_options(explain)
    export = add("export", _export, "values of indicators for every scope, as a file; or all of mart as a data package")
    export.add_argument("indicators", nargs="*", help="codes, or all")
    export.add_argument("--period", type=period)
    export.add_argument("--format", choices=("csv", "json", "xlsx"), default="csv")
    export.add_argument("--output", help="file to write; default: standard output")
    export.add_argument("--dataset", type=Path, metavar="FOLDER", help="every table and view of mart as Parquet, with schema and checksums")
    for command in (scorecard, explain, export):
        add_past(command)


def _refresh(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.pipeline.refresh import refresh, refresh_periods
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    done = refresh_periods(settings, options.period) if options.period else refresh(settings)
    rows = [[f"{d.month:%Y-%m}", ", ".join(d.sources), str(d.periods), str(d.changed)] for d in done]
    print_table(["month", "sources", "periods", "values changed"], rows)
    return 0


# --- scorecard -------------------------------------------------------------------------------------------------------


def _scorecard(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    print_scorecard(settings, options.period, options.unit, as_known_at=options.as_known_at, current=options.current)
    return 0


def print_scorecard(
    settings: Settings, asked: Period, unit: str | None = None, *, as_known_at: datetime | None = None, current: bool = False
) -> None:
    """Print the scorecard of a period: the published values, or, if nothing was published or with `current`, the current values.

    `as_known_at`: the values as known at that moment. Raises CchcError if the period is not computed.
    """
    from cchc.cli.scorecard import render
    from cchc.core.completeness import notes_vi
    from cchc.publication.restatement import new_since
    from cchc.reports.scorecard import is_published, scorecard
    from cchc.warehouse import engine

    # the published values are shown until another edition is approved
    published = as_known_at is None and not current and is_published(settings, asked)
    rows = scorecard(settings, asked, unit, moment=as_known_at, published=published)
    if not rows and as_known_at is not None:
        raise NothingKnown(f"of {asked.code} nothing was known at {as_known_at.isoformat()}")
    if not rows:
        raise CchcError(f"{asked.code} is not computed: ingest its sources, then `cchc refresh {asked.code}`")
    print(render(rows, asked))
    new = new_since(settings, asked) if published else []
    if new:
        print("\nChỉ tiêu mới từ sau khi công bố, không có trong bản công bố: " + ", ".join(row["name_vi"] for row in new))
    if as_known_at is None:
        with engine(settings).connect() as connection:
            for note in notes_vi(connection, asked):
                print(f"Lưu ý: {note}")


# --- explain ---------------------------------------------------------------------------------------------------------


def _explain(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.reference.catalogue import DECLARED
    from cchc.reports.scorecard import explained, reading
    from cchc.warehouse import require_migrated
    from cchc.warehouse.audit import noted

    check_explain_options(options)
    require_migrated(settings)
    if options.indicator == DOSSIER:
        noted(settings, "look", "cchc explain dossier", options.dossier)
        return print_dossier(options, settings)
    if options.rows or options.part:
        noted(settings, "look", "cchc explain", f"{options.indicator} {options.period.code} {options.unit}, {options.part or 'items'}")
    with reading(settings, options.as_known_at, options.period) as (connection, then):
        explanation = explained(connection, then, options.indicator, options.unit, options.period, options.basis)
        _print_definition(explanation, options.period)
        print(f"  {options.unit}, {options.period.name_vi}, {options.basis}")
        if explanation.indicator.item == DECLARED:
            _print_declared(explanation, options.query)
        else:
            _print_counted(explanation, options.query, options.rows)
        print_figure(connection, then, options)
        if options.part:
            print_items(connection, then, options)
    return 0


def _print_definition(explanation: Explanation, asked: Period) -> None:
    """Print the indicator, its numerator and denominator, and the clauses of the plan that set a target for it."""
    from cchc.reports.vietnamese import percent

    item = explanation.indicator
    days = (f", from {item.valid_from} on" if item.valid_from else "") + (f", until {item.valid_to}" if item.valid_to else "")
    print(f"{item.code} (formula version {item.version}{days}, source {', '.join(explanation.sources)}) · {item.name_vi}")
    print(f"  numerator    {item.numerator_vi}\n  denominator  {item.denominator_vi}")
    if not explanation.plan.holds:
        print(f"  clause       no plan holds in {asked.code}: the number is measured, not judged")
    for clause in explanation.clauses:
        target = percent(clause["target"] * 100) if clause["target"] is not None else clause["operator_text"]
        print(
            f"  clause {clause['section']} {clause['target_no']} ({clause['level']}, {target}, {clause['lead_agency']}): "
            f"{clause['clause_vi']}"
        )


def _print_declared(explanation: Explanation, with_query: bool) -> None:
    """Print the figures of an indicator that the units declare."""
    upper, lower = (sum(row[side] or 0 for row in explanation.declared) for side in ("numerator", "denominator"))
    print(f"  declared now {upper} / {lower or '–'}")
    print(f"  stored       {_stored(explanation.value)}")
    if with_query:
        _print_query(explanation)
    print("\n" + _figures(explanation.declared) if explanation.declared else "\nno unit has declared it for that month")


def _print_counted(explanation: Explanation, with_query: bool, most_rows: int) -> None:
    """The items that an indicator counts: at most so many (-1: all), and what the units declare of the same, to be compared."""
    item, stored = explanation.indicator, explanation.value
    counted = sum(row["is_numerator"] for row in explanation.rows)
    denominator = "" if item.kind == "count" else f" / {len(explanation.rows)}"
    print(f"  counted now  {counted}{denominator}")
    if stored:
        print(
            f"  stored       {stored['numerator']} / {stored['denominator']}, status {stored['status']}, computed {stored['computed_at']}"
        )
        if stored["numerator"] != counted or (item.kind != "count" and stored["denominator"] != len(explanation.rows)):
            print("  the stored value is older than what is known now: `cchc refresh` it", file=sys.stderr)
    if with_query:
        _print_query(explanation)
    if most_rows != 0:
        _print_items(explanation, most_rows)
    for reason in explanation.elsewhere:
        print(f"\n{reason}")
    if explanation.declared:
        print("\ndeclared by the units, to be compared:\n" + _figures(explanation.declared))


def _print_items(explanation: Explanation, most_rows: int) -> None:
    """Print at most `limit` items (negative: all). If an item counts for another unit than the one in its record, both units are shown."""
    shown = explanation.rows if most_rows < 0 else explanation.rows[:most_rows]
    header = ["unit", "item", "numerator"]
    lines = [[row["unit_code"], row["item"], "1" if row["is_numerator"] else "0"] for row in shown]
    if explanation.elsewhere:
        header = [*header, "names"]
        named = [row["named_code"] if row["named_code"] != row["unit_code"] else "" for row in shown]
        lines = [[*cells, name] for cells, name in zip(lines, named, strict=True)]
    print()
    print_table(header, lines)
    if len(shown) < len(explanation.rows):
        print(f"… {len(explanation.rows) - len(shown)} more; --rows -1 shows all")


def _print_query(explanation: Explanation) -> None:
    print("\nbinds: " + json.dumps(explanation.binds, default=str) + "\n\n" + explanation.query)


def _stored(value: dict[str, Any] | None) -> str:
    if value is None:
        return "nothing: `cchc refresh` the period"
    provisional = ", provisional" if value["is_provisional"] else ""
    return f"{value['numerator']} / {value['denominator']}, status {value['status']}{provisional}, computed {value['computed_at']}"


def _figures(rows: list[dict[str, Any]]) -> str:
    """Print declared figures as a table: the numbers, their cell in the workbook, the document that proves them, and the approval."""
    lines = []
    for row in rows:
        dated = f" ({row['proof_date']:%d/%m/%Y})" if row["proof_date"] else ""
        sign = f"{row['proof_sign']}{dated}" if row["proof_sign"] else "–"
        approved = "no: provisional" if not row["is_approved"] else f"{row['approved_date']:%d/%m/%Y}" if row["approved_date"] else "yes"
        lines.append(
            [
                row["unit_code"],
                str(row["numerator"]),
                "" if row["denominator"] is None else str(row["denominator"]),
                row["file_name"],
                f"SoLieu!A{row['file_line']}",
                sign,
                row["proof_document_code"] or "no",
                approved,
            ]
        )
    return table(["unit", "TuSo", "MauSo", "file", "cell", "proof", "proven", "approved"], lines)


# --- export ----------------------------------------------------------------------------------------------------------


def _export(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.reference.catalogue import catalogue
    from cchc.reports.export import export
    from cchc.warehouse import require_migrated
    from cchc.warehouse.audit import noted

    require_migrated(settings)
    if options.dataset:
        return _export_dataset(options, settings)
    if not options.indicators or options.period is None:
        raise WrongUse("`cchc export` needs indicators and --period, or --dataset FOLDER")
    known = catalogue(settings)
    codes = sorted(known) if options.indicators == ["all"] else options.indicators
    for code in codes:
        if code not in known:
            raise WrongUse(f"'{code}' is no computed indicator{or_known(code, [*sorted(known), 'all'])}")
    noted(settings, "export", "cchc export", f"{', '.join(options.indicators)} {options.period.code} {options.format}")
    data = export(settings, codes, options.period, options.format, moment=options.as_known_at)
    if options.output:
        Path(options.output).write_bytes(data)
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    return 0


def _export_dataset(options: argparse.Namespace, settings: Settings) -> int:
    """Write the data package and print its files."""
    from cchc.reports.dataset import DESCRIPTOR, write_dataset
    from cchc.warehouse.audit import noted

    if options.indicators or options.period or options.output or options.as_known_at:
        raise WrongUse("--dataset writes all of mart as known now: name no indicator, period or output beside it")
    noted(settings, "export", "cchc export --dataset", "every table and view of mart")
    written = write_dataset(settings, options.dataset)
    print_table(["file", "rows", "bytes"], [[f"{file.name}.parquet", str(file.rows), str(file.bytes)] for file in written])
    print(f"\n{options.dataset / DESCRIPTOR} has schema, comments in two languages, and SHA-256 of each file.")
    return 0
