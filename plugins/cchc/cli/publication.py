"""`cchc close | publications | restatements | report | late-lists`: publish a period, show what changed since, write its papers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from cchc.cli.alerts import airflow_url
from cchc.cli.arguments import Add, period
from cchc.cli.printing import cell, print_columns, print_table
from cchc.period import Period
from cchc.settings import Settings


def register(add: Add) -> None:
    """Add the commands."""
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
    report.add_argument("--kind", action="append", help="a report of the layout, such as 06a, or all; repeatable; default: all")
    report.add_argument("--each-unit", action="store_true", help="form II.06a with a sheet for each unit as well")
    report.add_argument("--output", help="folder; default: CCHC_HOME/reports/<period>")
    lists = add("late-lists", _late_lists, "the lists of late dossiers for each unit; --send e-mails them")
    lists.add_argument("period", type=period)
    lists.add_argument("--unit", help="of one unit alone")
    lists.add_argument("--send", action="store_true", help="send them, where the authority's unit_mail.yaml says send: true")


def _close(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.bundle.freeze import PAPERS, folder_of
    from cchc.pipeline.close import close_with_reports, published_vi, require_over, write_bundles
    from cchc.publication.shown import shown_to
    from cchc.reports.pdf import why_none
    from cchc.warehouse import engine, require_migrated
    from cchc.warehouse.audit import machine_account

    require_over(options.period)
    require_migrated(settings)
    if not options.approved_by:
        _show_approver(settings, options.period)
        return 0
    with engine(settings).connect() as connection:
        shown = shown_to(connection, options.period, machine_account())
    done = close_with_reports(settings, options.period, options.approved_by, note=options.note, incomplete=options.incomplete, shown=shown)
    print(f"{options.period.code}: edition {done.edition} published, {done.values} values, {done.restated} restatements approved")
    if done.changed:
        print(f"NOTE published is not what was shown: {done.changed}", file=sys.stderr)
    if shown is None:
        print(
            f"NOTE `cchc close {options.period.code}` has shown {machine_account()} nothing of this period since its last edition, so "
            "what a load has changed meanwhile is not told",
            file=sys.stderr,
        )
    for name in done.reports:
        print(f"  {folder_of(settings, options.period, done.edition) / PAPERS / name}")
    missing = why_none(settings)
    if missing:
        print(missing, file=sys.stderr)
    _tell_published(settings, options.period, published_vi(done, options.approved_by))
    print(write_bundles(settings, options.period, done.edition))
    return 0


def _show_approver(settings: Settings, asked: Period) -> None:
    """Print what the approver must know, and keep which values were shown: the closing tells which of them have changed since."""
    from cchc.publication.shown import keep
    from cchc.reports.approval import approval_text
    from cchc.warehouse import engine
    from cchc.warehouse.audit import machine_account

    text, shown = approval_text(settings, asked)
    with engine(settings).begin() as connection:
        keep(connection, asked, shown, machine_account())
    print(text)
    print(f"\nChưa công bố gì; `cchc close {asked.code} --approved-by TÊN` sẽ công bố")


def _tell_published(settings: Settings, closed: Period, text: str) -> None:
    """Tell those whom alerts.yaml names, as Airflow does. The period is published, so what cannot be told is only named."""
    from cchc.errors import CchcError
    from cchc.links import dashboard_links
    from cchc.notices.tell import report
    from cchc.notices.trouble import Trouble
    from cchc.period import now
    from cchc.sources.connection import parts_from_environment

    moment = now()
    facts = {"period": closed.code, "period_name": closed.name_vi, "text": text}
    try:
        told = report(
            settings,
            Trouble("published", f"{closed.code} {moment.isoformat()}", moment, facts),
            parts_from_environment,
            dashboard_links(settings, airflow_url(settings)),
        )
    except CchcError as error:
        print(f"NOTE nobody was told that it is published: {error}", file=sys.stderr)
        return
    for recipient, subject in told.sent:
        print(f"told {recipient}: {subject}")
    for sentence in [*told.problems, *told.undelivered]:
        print(f"NOTE {sentence}", file=sys.stderr)


def _publications(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.publication.edition import publications
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    columns = ["plan_code", "edition", "published_at", "approved_by", "approval", "open_restatements", "note"]
    print_table(
        ["period", "plan", "edition", "published", "approved by", "approval", "open restatements", "note"],
        [
            [Period(row["period_kind"], row["period_start"], row["period_end"]).code, *(cell(row[column]) for column in columns)]
            for row in publications(settings)
        ],
        ["plan", "approval", "note"],
    )
    return 0


def _restatements(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.publication.restatement import carry_over, judged_since, new_since, restatements
    from cchc.warehouse import require_migrated
    from cchc.warehouse.audit import noted

    require_migrated(settings)
    if options.carry_over or options.items:
        noted(settings, "look", "cchc restatements", f"{options.period.code} {options.unit or 'all'}")
    if options.carry_over:
        print_columns(["unit_code", "dossier_code", "change", "reason"], carry_over(settings, options.period))
        return 0
    restated = restatements(settings, options.period, options.unit)
    lines = []
    for row in restated:
        lines.append(_restatement(row))
        if options.items:
            lines += [_restated_item(item) for item in row["items"]]
    if restated:
        print_table([*RESTATED, "published", "now", "state", "items"], lines)
    else:
        print(f"{options.period.code}: what is known now is what was published")
    otherwise = judged_since(settings, options.period)
    if otherwise:
        print(f"NOTE {otherwise}")
    for row in new_since(settings, options.period):
        print(f"new since the publication, and so no restatement: {row['indicator_code']} ({row['name_vi']})")
    return 0


RESTATED = ["edition", "indicator_code", "unit_code", "basis"]  # the columns that identify a restated value


def _restatement(row: dict[str, Any]) -> list[str]:
    """Print a restated value: its name, the published and the current value, the approval, and the number of items that differ."""
    pairs = [(row["published_numerator"], row["published_denominator"]), (row["numerator"], row["denominator"])]
    shown = ["/".join(cell(number) for number in pair if number is not None) for pair in pairs]
    return [*(cell(row[column]) for column in RESTATED), *shown, row["state"], str(len(row["items"]))]


def _restated_item(item: dict[str, Any]) -> list[str]:
    """Print an item of a restatement: its unit, its name, how and why it counts differently, and what it counted as then and now."""
    why = item["reason"] + (f" ({item['detail']})" if item["detail"] else "")
    return ["", item["unit_code"], item["item"], f"{item['change']}: {why}", item["before"] or "", item["after"] or "", "", ""]


def _report(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.reports.build import build, default_folder
    from cchc.reports.pdf import why_none
    from cchc.warehouse import require_migrated
    from cchc.warehouse.audit import noted

    require_migrated(settings)
    noted(settings, "export", "cchc report", f"papers of {options.period.code}")
    kinds = None if not options.kind or "all" in options.kind else options.kind
    folder = Path(options.output) if options.output else default_folder(settings, options.period)
    for path in build(settings, options.period, folder, options.unit, kinds, each_unit=options.each_unit):
        print(path)
    missing = why_none(settings)
    if missing:
        print(missing, file=sys.stderr)
    return 0


def _late_lists(options: argparse.Namespace, settings: Settings) -> int:
    from cchc.errors import NotConfigured
    from cchc.mail import CONNECTION
    from cchc.notices.deliver import mail_server
    from cchc.reports.late_mail import late_mails, send_late_mails
    from cchc.sources.connection import parts_from_environment
    from cchc.warehouse import require_migrated

    require_migrated(settings)
    if not options.send:
        rows = [
            [mail.unit_code, mail.unit_name, str(mail.count), ", ".join(mail.addresses) or "nobody"]
            for mail in late_mails(settings, options.period, options.unit)
        ]
        print_table(["unit", "name", "late dossiers", "sent to"], rows)
        print("nothing was sent; --send does it")
        return 0
    parts = parts_from_environment(CONNECTION)
    if parts is None:
        raise NotConfigured(f"there is no mail server: set AIRFLOW_CONN_{CONNECTION.upper()} (docs/runbooks/alerts.md)")
    for line in send_late_mails(settings, options.period, mail_server(parts), options.unit):
        print(line)
    return 0
