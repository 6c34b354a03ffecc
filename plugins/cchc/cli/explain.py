"""What `cchc explain` prints of the room `explain`: the figure taken apart, its items with their reasons, the story of a dossier."""

from __future__ import annotations

import argparse
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from cchc.cli.printing import print_table
from cchc.errors import WrongUse
from cchc.period import ZONE, to_minute
from cchc.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cchc.explain.figure import Figure, Value
    from cchc.explain.story import Story, Version
    from cchc.explain.verdict import Verdict

DOSSIER = "dossier"
# as cchc.explain.items.Part and ORDERS, which are not imported before they are needed; tests/explain compares them
PARTS = ("numerator", "denominator", "denominator_not_numerator", "not_counted", "changed_since_publication")


def add_explain_options(explain: argparse.ArgumentParser) -> None:
    """Add the options that the room `explain` reads."""
    explain.add_argument("--part", choices=PARTS, help="list these items with the reason of each; --rows says how many")
    explain.add_argument(
        "--order", default="unit", help="of --part: unit, item, procedure, received, due, ended, late …; - before it reverses"
    )
    explain.add_argument("--search", help="of --part: a text in the item, the procedure or its name")
    explain.add_argument("--source", help="of a dossier: the source, where several have the code")
    explain.add_argument("--indicator", dest="for_indicator", help="of a dossier: whether and why it counts for this indicator in --period")


def check_explain_options(options: argparse.Namespace) -> None:
    """Raise WrongUse where the arguments do not belong together."""
    if options.indicator == DOSSIER:
        if options.dossier is None:
            raise WrongUse("`cchc explain dossier` needs the code of a dossier")
        if (options.for_indicator is None) != (options.period is None):
            raise WrongUse("whether a dossier counts is asked with both --indicator and --period")
    else:
        if options.dossier is not None:
            raise WrongUse(f"'{options.dossier}' is one argument too many; `cchc explain dossier CODE` tells the story of a dossier")
        if options.period is None:
            raise WrongUse("--period is missing: which period of the indicator, for example 2023-12")


# --- a figure --------------------------------------------------------------------------------------------------------


def print_figure(connection: Connection, settings: Settings, options: argparse.Namespace) -> None:
    """Print the figure with its target, what was published, why it is provisional or missing, its sources, and its definition."""
    from cchc.explain.figure import figure

    told = figure(connection, settings, options.indicator, options.period, options.basis, options.unit)
    kind = told.indicator.kind
    print(f"\nfigure: {told.scope_name}, {told.period.name_vi}")
    if told.current is not None:
        gap = f", missing {told.current.gap_count}" if told.current.gap_count else ""
        print(f"  now          {_value(told.current, kind)}{gap}")
    if told.no_value is not None:
        print(f"  no value     {told.no_value.en}")
    for reason in told.provisional:
        print(f"  provisional  {reason.en}")
    _print_published(told)
    for source in told.sources:
        known = to_minute(source.known_at) if source.known_at else "never extracted"
        until = f", counted up to {to_minute(source.end_at)}" if source.end_at else ""
        print(f"  source       {source.source_code} ({source.role}): T {known}{until}")
        for load in source.loads:
            what = f" {load.file_name}" if load.file_name else ""
            print(
                f"    load {load.load_id}{what}: {load.entity}, T {to_minute(load.known_at)}, {load.landed} records, "
                f"{load.quarantined} in quarantine; {load.load_count} loads in all"
            )
    if told.definition.words:
        print("\ndefinition (docs/reference/indicators.md)\n" + "\n".join(f"  {line}" for line in told.definition.words.splitlines()))


def _print_published(told: Figure) -> None:
    if told.published is None:
        return
    edition = told.published
    made = f"edition {edition.edition}, {to_minute(edition.published_at)}, {edition.approved_by}"
    line = f"  published    {_value(edition, told.indicator.kind)}; {made}"
    if edition.is_restated:
        line += f"; another value is known now, {edition.changed_count} items changed: --part changed_since_publication"
    print(line)


def _value(value: Value, kind: str) -> str:
    from cchc.reports.vietnamese import NONE, percent

    scaled = value.value if value.value is None or kind in ("count", "score") else value.value * 100
    of = "" if value.denominator is None else f" / {value.denominator}"
    numbers = NONE if value.numerator is None else f"{value.numerator}{of}"
    target = f", target {percent(value.target * 100)}" if value.target is not None else ""
    status = f", {value.status}" if value.status else ""
    return f"{percent(scaled, kind)} ({numbers}){target}{status}"


def print_items(connection: Connection, settings: Settings, options: argparse.Namespace) -> None:
    """Print the items of one part of a figure, each with its reason."""
    from cchc.explain.items import Part, items_behind

    page = items_behind(
        connection,
        settings,
        options.indicator,
        options.period,
        options.basis,
        options.unit,
        part=Part(options.part),
        order=options.order,
        limit=None if options.rows < 0 else options.rows,
        search=options.search,
    )
    print(f"\n{options.part}: {page.total} items")
    if page.items:
        print_table(
            ["unit", "item", "procedure", "received", "due", "ended", "late", "why"],
            [
                [
                    row.unit_code or "–",
                    row.item,
                    row.procedure_code or "",
                    _day(row.received),
                    _day(row.due),
                    _day(row.ended),
                    "" if row.late_days is None else str(row.late_days),
                    row.why.en,
                ]
                for row in page.items
            ],
        )
    if page.total > len(page.items):
        print(f"… {page.total - len(page.items)} more; --rows -1 shows all")


# --- a dossier -------------------------------------------------------------------------------------------------------


def print_dossier(options: argparse.Namespace, settings: Settings) -> int:
    """Print the whole story of a dossier; with --indicator and --period whether and why it counts."""
    from cchc.explain.story import story, story_for
    from cchc.reports.scorecard import reading

    periods = [options.period] if options.period else []
    with reading(settings, options.as_known_at, *periods) as (connection, then):
        if options.for_indicator is None:
            told = story(connection, then, options.dossier, options.source)
        else:
            told = story_for(connection, then, options.dossier, options.source, options.for_indicator, options.period, options.basis)
    _print_facts(told)
    if told.verdict is not None:
        _print_verdict(told.verdict)
    _print_versions(told)
    _print_steps(told)
    _print_dues(told)
    _print_related(told)
    _print_remarks(told)
    _print_loads(told)
    return 0


def _print_facts(told: Story) -> None:
    facts = told.facts
    print(f"dossier {told.dossier_code} (source {told.source_code})")
    for source in told.other_sources:
        print(f"  also in      {source}: `cchc explain dossier {told.dossier_code} --source {source}`")
    if not facts:
        print("  not stored: every record of it is in quarantine")
        return
    lines = [
        ("unit", f"{facts['unit_code'] or '–'} {facts['unit_name'] or ''}".rstrip()),
        ("procedure", f"{facts['procedure_code'] or '–'} {facts['procedure_name'] or ''}".rstrip()),
        ("received", _moment(facts["received_at"])),
        ("due", f"{_moment(facts['due_at'])} (first {_moment(facts['first_due_at'])})"),
        ("ended", f"{_moment(facts['finished_at'])} {facts['outcome'] or ''} {facts['timeliness'] or ''}".rstrip()),
        ("counted", "yes" if told.left_out is None else f"no: {told.left_out.en}"),
    ]
    if facts["counted_code"] != facts["unit_code"]:
        lines.append(("counts for", f"{facts['counted_code']}: its unit did not exist on the day of reception"))
    for name, text in lines:
        print(f"  {name:<12} {text}")


def _print_verdict(told: Verdict) -> None:
    part = "counts nothing of dossiers" if told.part is None else told.part.value
    print(f"\n{told.indicator.code}, {told.period.name_vi}, {told.basis}: {part}\n  {told.why.en}")
    for item in told.items:
        if item.item != item.dossier_code:
            print(f"  {item.item}: {item.why.en}")


def _print_versions(told: Story) -> None:
    print(f"\nversions ({len(told.versions)})")
    for number, version in enumerate(told.versions, 1):
        state = " in force" if version.is_current else ""
        broken = f" breaks {', '.join(version.failed_rules)}" if version.failed_rules else ""
        print(
            f"  {number}. changed {_moment(version.changed_at)}, learnt {_moment(version.known_at)}, load {version.load_id}{state}{broken}"
        )
        _print_changes(version)


def _print_changes(version: Version) -> None:
    for change in version.changes:
        same = change.before == change.after
        print(f"       {change.name.en}: " + ("other content" if same else f"{_shown(change.before)} → {_shown(change.after)}"))


def _print_steps(told: Story) -> None:
    if not told.steps:
        return
    print(f"\nsteps ({len(told.steps)})")
    for step in told.steps:
        first = step.versions[0]
        hidden = " (hidden)" if step.is_hidden else ""
        print(
            f"  {_moment(step.done_at)} status {_shown(step.status_code)} {step.action_name or ''} at {step.unit_code or '–'}{hidden}: "
            f"{step.step_code}, learnt {_moment(first.known_at)}, load {first.load_id}"
        )
        for version in step.versions[1:]:
            print(f"     changed {_moment(version.changed_at)}, learnt {_moment(version.known_at)}, load {version.load_id}")
            _print_changes(version)


def _print_dues(told: Story) -> None:
    from cchc.explain.words import SET_BY

    print(f"\ndues ({len(told.dues)})")
    for due in told.dues:
        start = f"from {_moment(due.valid_after)}" if due.valid_after else "from the beginning"
        learnt = f", learnt {_moment(due.known_at)}, load {due.load_id}" if due.known_at else ""
        print(f"  {_moment(due.due_at)} {start}: {SET_BY[due.set_by].en}{learnt}{' · in force' if due.is_in_force else ''}")
    for trip in told.supplements:
        back = f", back {_moment(trip.received_back_at)}" if trip.received_back_at else ", not back yet"
        print(
            f"  supplement {trip.round_number}: asked {_moment(trip.asked_at)}{back}; due {_moment(trip.due_before_at)} → "
            f"{_moment(trip.due_after_at)}"
        )


def _print_related(told: Story) -> None:
    from cchc.explain.words import RELATED

    if told.related:
        print("\npayments and opinions")
    for record in told.related:
        facts = ", ".join(f"{name} {_shown(value)}" for name, value in record.facts.items() if value is not None)
        broken = f" breaks {', '.join(record.failed_rules)}" if record.failed_rules else ""
        print(
            f"  {RELATED[record.kind].en} {record.key} {_moment(record.happened_at)}: {facts}; {record.source_code}, learnt "
            f"{_moment(record.known_at)}, load {record.load_id}{broken}"
        )


def _print_remarks(told: Story) -> None:
    if told.findings:
        print("\nfindings")
        for finding in told.findings:
            print(f"  {finding.name_vi} ({finding.finding_code}) {_day(finding.event_date)} {finding.detail or ''}".rstrip())
    if told.quarantine:
        print("\nquarantine")
        for entry in told.quarantine:
            place = f" {entry.file} line {entry.line}" if entry.file else ""
            end = f"resolved {_moment(entry.resolved_at)}" if entry.resolved_at else "open"
            print(f"  {entry.rule} {entry.action} {entry.entity} {entry.key}{place}: {entry.reason}; load {entry.load_id}, {end}")
    if told.listed:
        print("\nlists of keys of the source")
        for state in told.listed:
            deleted = f", deleted {_moment(state.deleted_at)}" if state.deleted_at else ""
            end = f" to {_moment(state.ended_at)}" if state.ended_at else ""
            print(f"  {state.month_start:%Y-%m} from {_moment(state.known_at)}{end}{deleted}")


def _print_loads(told: Story) -> None:
    if told.loads:
        print("\nloads")
    for load in told.loads.values():
        print(f"  {load.load_id}: {load.source_code} {load.entity} {load.file_name or ''} T {_moment(load.known_at)}".replace("  T", " T"))


def _moment(value: datetime | None) -> str:
    return to_minute(value) if value else "–"


def _day(value: date | None) -> str:
    return f"{value:%Y-%m-%d}" if value else ""


def _shown(value: Any) -> str:
    """A value of a field; moments, which come as text with an offset, in the zone of the authority."""
    if value is None or value == "":
        return "–"
    text = str(value)
    if len(text) >= 19 and text[4:5] == "-" and text[10:11] == "T":
        return to_minute(datetime.fromisoformat(text).astimezone(ZONE))
    return text
