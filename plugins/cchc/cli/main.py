"""`cchc …`: the functions of the package without Airflow (design.md §4).

Exit codes: 0 done, 1 failed, 2 wrong use, 3 blocked by validation.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from cchc.cli import forms as form_commands
from cchc.cli.trouble import in_words
from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.period import BASES, Period, parse_moment, parse_period
from cchc.settings import Settings

Command = Callable[[argparse.Namespace, Settings], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Troubles that a user can mend are printed as one message, faults of ours as a stack trace."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # Great Expectations sets levels of its own: what it tells of itself is kept out at the handler
    logging.getLogger().handlers[0].addFilter(lambda record: record.levelno >= logging.WARNING or not record.name.startswith("great_exp"))
    try:
        return int(options.command(options, Settings.load()))
    except CchcError as error:
        print(f"cchc: {type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except Exception as error:
        sentence = in_words(error)
        if sentence is None:
            raise  # a fault of ours: whoever mends it needs the stack trace
        print(f"cchc: {sentence}", file=sys.stderr)
        return 1


def _init(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.reference import finding_kinds, load_reference
    from cchc.reference.dirty_months import dirty_months
    from cchc.warehouse import engine, migrate
    from cchc.warehouse.roles import grant_roles

    applied = migrate(settings, [finding_kinds.view(settings)])
    told = load_reference(settings)
    grant_roles(settings)
    print(f"warehouse ready; migrations applied: {', '.join(applied.migrations) or 'none, it was up to date'}")
    if applied.made:
        few = ", ".join(applied.made) if len(applied.made) <= 5 else f"{len(applied.made)} of them"
        print(f"views and functions made from their files: {few}")
    for sentence in told:
        print(f"  {sentence}")
    with engine(settings).connect() as connection:
        waiting = sorted({month for months in dirty_months(connection).values() for month in months})
    if told and waiting:
        print(f"`cchc refresh` computes the months that wait: {', '.join(waiting)}")
    return 0


def _ingest(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.pipeline import ingest as pipeline
    from cchc.sources.connection import from_environment
    from cchc.sources.profile import list_profiles
    from cchc.warehouse import require_migrated

    if options.full and options.start:
        raise WrongUse("--full asks for everything: it does not go with --from")
    known = list_profiles(settings.sources_dir)
    if options.source not in known:
        raise WrongUse(f"there is no source '{options.source}': {settings.sources_dir} has profiles of {', '.join(known) or 'none'}")
    require_migrated(settings)
    done = pipeline.ingest(settings, options.source, from_environment(options.source), options.start, options.end, full=options.full)
    _print_outcome(done)
    return 3 if done.blocked else 0


def _print_outcome(done: Any) -> None:
    print(f"{done.source}: extract {done.extract_id} complete, T = {done.known_at.isoformat()}")
    for note in done.notes:
        print(f"NOTE {note}", file=sys.stderr)
    columns = ("landed", "staged", "quarantined", "warned", "secret", "inserted", "updated", "unchanged", "status")
    rows = [[load["file_name"] or load["entity"], *(str(load[column]) for column in columns)] for load in done.loads]
    if len(rows) > 40:
        total = [str(sum(load[column] for load in done.loads)) for column in columns[:-1]]
        rows = [*rows[:5], ["…", *[""] * len(columns)], *rows[-5:], [f"{len(done.loads)} files", *total, ""]]
    print(_table([["load", *columns], *rows]))
    for message in done.blocked:
        print(f"BLOCKED {message}", file=sys.stderr)
    for load in done.loads:
        if load["status"] == "waiting":
            print(f"waiting: {load['file_name'] or load['entity']}: {load['message']}", file=sys.stderr)
    for line in done.drift:
        print(f"drift: {line}")
    print(f"months to refresh: {', '.join(done.months) or 'none'}")


def _refresh(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.indicators.refresh import months_of
    from cchc.pipeline.refresh import refresh
    from cchc.warehouse import engine, query, require_migrated

    require_migrated(settings)
    months = None
    if options.period:
        with engine(settings).connect() as connection:
            clocks = [row["known_at"] for row in query(connection, "select known_at from ops.source_clock")]
        if not clocks:
            raise WrongUse("nothing has been ingested yet")
        months = sorted({month for clock in clocks for month in months_of(options.period, clock)})
    done = refresh(settings, months, force=bool(options.period))
    print(
        _table(
            [
                ["month", "source", "periods", "values changed"],
                *([f"{d.month:%Y-%m}", d.source, str(d.periods), str(d.changed)] for d in done),
            ]
        )
    )
    return 0


def _scorecard(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.core.completeness import notes_vi
    from cchc.publication.restatement import new_since
    from cchc.reports.scorecard import is_published, render, scorecard
    from cchc.warehouse import engine, require_migrated

    require_migrated(settings)
    moment = options.as_known_at
    # what was published is what people are told, until another edition is approved
    published = moment is None and not options.current and is_published(settings, options.period)
    rows = scorecard(settings, options.period, options.unit, moment=moment, published=published)
    if not rows:
        raise CchcError(f"{options.period.code} is not computed: ingest its sources, then `cchc refresh {options.period.code}`")
    print(render(rows, options.period))
    new = new_since(settings, options.period) if published else []
    if new:
        print("\nChỉ tiêu mới từ sau khi công bố, không có trong bản công bố: " + ", ".join(row["name_vi"] for row in new))
    if moment is None:
        with engine(settings).connect() as connection:
            for note in notes_vi(connection, options.period):
                print(f"Lưu ý: {note}")
    return 0


def _explain(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.cli.declare import figure_rows
    from cchc.reference.catalogue import DECLARED
    from cchc.reports.scorecard import explain
    from cchc.reports.vietnamese import percent
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    found = explain(settings, options.indicator, options.unit, options.period, options.basis, moment=options.as_known_at)
    item = found.indicator
    print(f"{item.code} (formula version {item.version}, source {item.source}) · {item.name_vi}")
    print(f"  numerator    {item.numerator_vi}\n  denominator  {item.denominator_vi}")
    if not found.plan.holds:
        print(f"  clause       no plan holds in {options.period.code}: the number is measured, not judged")
    for clause in found.clauses:
        target = percent(clause["target"] * 100) if clause["target"] is not None else clause["operator_text"]
        print(
            f"  clause {clause['section']} {clause['target_no']} ({clause['level']}, {target}, {clause['lead_agency']}): "
            f"{clause['clause_vi']}"
        )
    print(f"  {options.unit}, {options.period.name_vi}, {options.basis}")
    if item.item == DECLARED:
        upper, lower = (sum(row[side] or 0 for row in found.declared) for side in ("numerator", "denominator"))
        print(f"  declared now {upper} / {lower or '–'}")
        print(f"  stored       {_stored(found.value)}")
        if options.query:
            print("\nbinds: " + json.dumps(found.binds, default=str) + "\n\n" + found.query)
        print("\n" + _table(figure_rows(found.declared)) if found.declared else "\nno unit has declared it for that month")
        return 0
    counted = sum(row["is_numerator"] for row in found.rows)
    denominator = "" if item.kind == "count" else f" / {len(found.rows)}"
    print(f"  counted now  {counted}{denominator}")
    if found.value:
        stored = found.value
        print(
            f"  stored       {stored['numerator']} / {stored['denominator']}, status {stored['status']}, computed {stored['computed_at']}"
        )
        if stored["numerator"] != counted or (item.kind != "count" and stored["denominator"] != len(found.rows)):
            print("  the stored value is older than what is known now: `cchc refresh` it", file=sys.stderr)
    if options.query:
        print("\nbinds: " + json.dumps(found.binds, default=str) + "\n\n" + found.query)
    if options.rows != 0:
        shown = found.rows if options.rows < 0 else found.rows[: options.rows]
        table = [["unit", "item", "numerator"], *([row["unit_code"], row["item"], "1" if row["is_numerator"] else "0"] for row in shown)]
        if found.elsewhere:
            named = ["names", *(row["named_code"] if row["named_code"] != row["unit_code"] else "" for row in shown)]
            table = [[*cells, name] for cells, name in zip(table, named, strict=True)]
        print("\n" + _table(table))
        if len(shown) < len(found.rows):
            print(f"… {len(found.rows) - len(shown)} more; --rows -1 shows all")
    for reason in found.elsewhere:
        print(f"\n{reason}")
    if found.declared:
        print("\ndeclared by the units, to be compared:\n" + _table(figure_rows(found.declared)))
    return 0


def _stored(value: dict[str, Any] | None) -> str:
    if value is None:
        return "nothing: `cchc refresh` the period"
    provisional = ", provisional" if value["is_provisional"] else ""
    return f"{value['numerator']} / {value['denominator']}, status {value['status']}{provisional}, computed {value['computed_at']}"


def _declare(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.cli.declare import write_templates
    from cchc.warehouse import require_migrated

    if (options.unit is None) != options.all_units:
        raise WrongUse("give --unit CODE or --all-units, one of them")
    require_migrated(settings)
    for path in write_templates(settings, options.unit, options.month, Path(options.output)):
        print(path)
    return 0


def _close(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.pipeline.close import close_with_reports
    from cchc.publication.readiness import readiness
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    if not options.approved_by:
        print(readiness(settings, options.period).text_vi())
        print(f"\nnothing was published; `cchc close {options.period.code} --approved-by NAME` does it")
        return 0
    done = close_with_reports(settings, options.period, options.approved_by, note=options.note, incomplete=options.incomplete)
    print(f"{options.period.code}: edition {done.edition} published, {done.values} values, {done.restated} restatements approved")
    for name in done.reports:
        print(f"  {settings.home / 'publications' / f'{options.period.code}_{done.edition}' / name}")
    return 0


def _publications(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.period import Period
    from cchc.publication.edition import publications
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    rows = [["period", "plan", "edition", "published", "approved by", "approval", "open restatements", "note"]]
    for row in publications(settings):
        code = Period(row["period_kind"], row["period_start"], row["period_end"]).code
        rows.append(
            [
                code,
                *(_cell(row[c]) for c in ("plan_code", "edition", "published_at", "approved_by", "approval", "open_restatements", "note")),
            ]
        )
    print(_table(rows))
    return 0


def _restatements(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.publication.restatement import carry_over, new_since, restatements
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    if options.carry_over:
        broken = carry_over(settings, options.period)
        columns = ["unit_code", "dossier_code", "change", "reason"]
        print(_table([columns, *([_cell(row[c]) for c in columns] for row in broken)]))
        return 0
    found = restatements(settings, options.period, options.unit)
    columns = ["edition", "indicator_code", "unit_code", "basis", "published", "now", "state", "items"]
    table = [columns]
    for row in found:
        pairs = [(row["published_numerator"], row["published_denominator"]), (row["numerator"], row["denominator"])]
        shown = ["/".join(_cell(number) for number in pair if number is not None) for pair in pairs]
        table.append([*(_cell(row[c]) for c in columns[:4]), *shown, row["state"], str(len(row["items"]))])
        if options.items:
            table += [_restated_item(item) for item in row["items"]]
    print(_table(table) if found else f"{options.period.code}: what is known now is what was published")
    for row in new_since(settings, options.period):
        print(f"new since the publication, and so no restatement: {row['indicator_code']} ({row['name_vi']})")
    return 0


def _restated_item(item: dict[str, Any]) -> list[str]:
    """An item under its restatement: where, what, how it is counted otherwise and why, what it counted as then and now."""
    why = item["reason"] + (f" ({item['detail']})" if item["detail"] else "")
    return ["", item["unit_code"], item["item"], f"{item['change']}: {why}", item["before"] or "", item["after"] or "", "", ""]


def _export(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.reference.catalogue import catalogue
    from cchc.reports.export import export
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    known = catalogue(settings)
    codes = sorted(known) if options.indicators == ["all"] else options.indicators
    for code in codes:
        if code not in known:
            raise WrongUse(f"'{code}' is no computed indicator; known are: {', '.join(sorted(known))}, or all")
    data = export(settings, codes, options.period, options.format, moment=options.as_known_at)
    if options.output:
        Path(options.output).write_bytes(data)
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    return 0


def _report(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.reports.build import KINDS, build, default_folder
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    kinds = KINDS if not options.kind or "all" in options.kind else options.kind
    folder = Path(options.output) if options.output else default_folder(settings, options.period)
    for path in build(settings, options.period, folder, options.unit, kinds, each_unit=options.each_unit):
        print(path)
    return 0


def _source(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.runs.set_back import plan_set_back, set_back
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    print(plan_set_back(settings, options.source, options.moment).text)
    set_back(settings, options.source, options.moment, options.why)
    print(f"done, and noted in ops.source_rewind. Now: `cchc ingest {options.source}`, then `cchc refresh`")
    return 0


def _quarantine(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.pipeline import ingest as pipeline
    from cchc.warehouse import engine, query, require_migrated

    require_migrated(settings)
    if options.action == "retry":
        outcomes = pipeline.retry_quarantine(settings, options.load or None)
        if not outcomes:
            print("nothing to retry")
        for done in outcomes:
            _print_outcome(done)
        return 3 if any(done.blocked for done in outcomes) else 0
    where = "resolved_at is null" + (" and load_id = any(:loads)" if options.load else "") + (" and key = :key" if options.key else "")
    binds = {"loads": options.load or [], "key": options.key}
    with engine(settings).connect() as connection:
        if options.action == "list":
            rows = query(
                connection,
                "select source_code, entity, load_id, rule, action, count(*) as rows, min(reason) as reason from ops.quarantine "
                f"where {where} group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4",
                binds,
            )
            columns = ["source_code", "entity", "load_id", "rule", "action", "rows", "reason"]
        else:
            rows = query(
                connection,
                f"select source_code, entity, load_id, file, line, key, rule, action, reason, record from ops.quarantine where {where} "
                "order by quarantine_id limit 200",
                binds,
            )
            columns = ["source_code", "entity", "load_id", "file", "line", "key", "rule", "action", "reason", "record"]
    print(_table([columns, *([_cell(row[column]) for column in columns] for row in rows)]))
    return 0


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.cli.doctor import WRONG, examine

    findings = examine(settings, options.source)
    for level, message in findings:
        print(f"{level:<5} {message}")
    return 1 if any(level == WRONG for level, _ in findings) else 0


def _sql(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.warehouse.read_only import read

    names, rows = read(settings, options.statement)
    if options.format == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows(rows)
    else:
        print(_table([names, *([_cell(value) for value in row] for row in rows)]))
    return 0


def _up(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.cli import stack as commands

    return int(commands.up(settings) or 0)


def _down(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.cli import stack as commands

    return int(commands.down(settings) or 0)


def _status(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.cli import stack as commands

    return int(commands.status(settings) or 0)


def _demo(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.cli import stack as commands

    return int(commands.demo(settings, once=options.once) or 0)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    out = io.StringIO()
    for position, row in enumerate(rows):
        out.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
        if position == 0:
            out.write("  ".join("-" * width for width in widths) + "\n")
    return out.getvalue().rstrip("\n")


def _argument(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A converter whose WrongUse argparse prints as its own error (exit code 2)."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except (WrongUse, NotConfigured) as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def _period(text: str) -> Period:
    return parse_period(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cchc", description="The reform-indicator pipeline of Vĩnh Cửu district.")
    parser.add_argument("--verbose", action="store_true", help="log what is done")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    period, moment = _argument(_period), _argument(parse_moment)

    def add(name: str, command: Command, help_text: str) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=help_text, description=help_text)
        found.set_defaults(command=command)
        return found

    add("init", _init, "migrate the warehouse and load the reference data; safe to run again")
    ingest = add("ingest", _ingest, "pull, check and load one source")
    ingest.add_argument("source")
    ingest.add_argument("--from", dest="start", type=moment, help="start of the window; default: the last complete T less an overlap")
    ingest.add_argument("--to", dest="end", type=moment, help="T: nothing that changed at or after it is asked for; default: now")
    ingest.add_argument("--full", action="store_true", help="from the beginning")
    refresh = add("refresh", _refresh, "recompute the months that loads have touched, or the given periods")
    refresh.add_argument("period", nargs="*", type=period)
    scorecard = add("scorecard", _scorecard, "print the plan's targets and what was reached")
    scorecard.add_argument("period", type=period)
    scorecard.add_argument("--unit", help="a unit code, level:district, level:commune, or all")
    scorecard.add_argument("--current", action="store_true", help="of a published period what is known now, not what was published")
    explain = add("explain", _explain, "show what stands behind one number, down to the dossiers")
    explain.add_argument("indicator")
    explain.add_argument("--unit", default="all")
    explain.add_argument("--period", type=period, required=True)
    explain.add_argument("--basis", choices=BASES, default="period")
    explain.add_argument("--query", action="store_true", help="show the SQL and its binds")
    explain.add_argument("--rows", type=int, default=20, help="how many rows to show; -1 = all")
    export = add("export", _export, "values of indicators for every scope, as a file")
    export.add_argument("indicators", nargs="+", help="codes, or all")
    export.add_argument("--period", type=period, required=True)
    export.add_argument("--format", choices=("csv", "json", "xlsx"), default="csv")
    export.add_argument("--output", help="file to write; default: standard output")
    for command in (scorecard, explain, export):
        command.add_argument("--as-known-at", type=moment, help="as it was known at a past moment: extracts with T up to it")
    close = add("close", _close, "publish a period; without --approved-by: show what the approver must know")
    close.add_argument("period", type=period)
    close.add_argument("--approved-by", help="who approves: name or account")
    close.add_argument("--note", help="remark, or the reason of a restatement")
    close.add_argument("--incomplete", action="store_true", help="although a source is not known to the end of the period")
    add("publications", _publications, "list what was published, by whom, and what has changed since")
    restatements = add("restatements", _restatements, "what is known now against what was published, down to the dossiers")
    restatements.add_argument("period", type=period)
    restatements.add_argument("--unit", help="only this scope")
    restatements.add_argument("--items", action="store_true", help="name the dossiers behind each difference")
    restatements.add_argument("--carry-over", action="store_true", help="dossiers that break form 06a's column 6 = column 11 before")
    report = add("report", _report, "write the official papers of a period: form II.06a, annex, report, lists, ranking, public page")
    report.add_argument("period", type=period)
    report.add_argument("--unit", help="of one unit; default: the whole district")
    report.add_argument(
        "--kind",
        action="append",
        choices=("06a", "annex", "report", "late", "due", "ranking", "page", "all"),
        help="repeatable; default: all",
    )
    report.add_argument("--each-unit", action="store_true", help="form II.06a with a sheet for each unit as well")
    report.add_argument("--output", help="folder; default: CCHC_HOME/reports/<period>")
    quarantine = add("quarantine", _quarantine, "rows that failed a rule: list, show, retry")
    quarantine.add_argument("action", choices=("list", "show", "retry"))
    quarantine.add_argument("--load", type=int, action="append", help="only of this load")
    quarantine.add_argument("--key", help="only of this key")
    source = add("source", _source, "rewind: set the T of a source back, so that the next ingest asks again for what came since")
    source.add_argument("action", choices=("rewind",))
    source.add_argument("source")
    source.add_argument("moment", type=moment, help="the T to set back to, for example 2023-12-31T10:00")
    source.add_argument("--why", required=True, help="the reason; it is kept with your account's name")
    source.add_argument("--yes", action="store_true", help="nothing is lost, so nothing is asked; for scripts that give it everywhere")
    declare = add("declare", _declare, "blank workbooks for declared figures, pre-filled with what a unit has to declare")
    declare.add_argument("action", choices=("template",))
    declare.add_argument("--unit", help="a unit code, for example H19.16.2")
    declare.add_argument("--all-units", action="store_true", help="every unit that declares in that month")
    declare.add_argument("--month", type=period, required=True, help="for example 2023-06")
    declare.add_argument("--output", required=True, help="folder to write to")
    doctor = add("doctor", _doctor, "check the installation, its connections, and what waits for somebody")
    doctor.add_argument("source", nargs="*", help="test these connections; default: all that are configured")
    statement = add("sql", _sql, "run one read-only SQL statement on the warehouse")
    statement.add_argument("statement")
    statement.add_argument("--format", choices=("table", "csv"), default="table")
    form_commands.register(add, period)
    add("up", _up, "start the embedded PostgreSQL and Airflow")
    add("down", _down, "stop them; no process is left")
    add("status", _status, "what runs, and where")
    demo = add("demo", _demo, "the demo district from nothing to the scorecard")
    demo.add_argument("--once", action="store_true", help="stop everything when it is done")
    return parser
