"""One dossier: what is counted of it, why it counts or does not, and its story: versions, dues, steps, payments, quarantine, loads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from cchc.dashboard.page import Answer, Asking, NotThere
from cchc.dashboard.person import Forbidden
from cchc.dashboard.table import Column, Row, Table, table_of
from cchc.dashboard.view import ANY_SOURCE
from cchc.errors import WrongUse
from cchc.explain.story import Story, Version, story
from cchc.explain.verdict import Verdict, verdict
from cchc.explain.words import FIELDS, Words
from cchc.period import ZONE


def page(asking: Asking) -> Answer:
    """The page `/dossiers/{source}/{dossier}`; with `indicator` whether and why the dossier counts for it in the period."""
    words, code = asking.words, asking.parts["dossier"]
    if not asking.person.sees_dossiers:
        raise Forbidden(code)
    source = None if asking.parts["source"] == ANY_SOURCE else asking.parts["source"]
    try:
        told = story(asking.connection, asking.settings, code, source, with_findings=False)
    except WrongUse as error:
        # the message names codes that are near, which may be those of other units
        raise NotThere(str(error) if asking.person.sees_everything else words("no_such_dossier", code=code)) from None
    units = {told.facts.get("unit_code"), told.facts.get("counted_code")}
    if not asking.person.sees_everything and asking.person.unit_code not in units:
        raise Forbidden(code)
    return Answer(
        "dossier.html",
        code,
        {
            "story": told,
            "facts": told.facts,
            "left_out": either(asking, told.left_out),
            "verdict": judged(asking, told),
            "timeliness": words[f"timeliness_{told.facts['timeliness']}"] if told.facts.get("timeliness") else None,
        },
        tuple(tables(asking, told)),
    )


def either(asking: Asking, sentence: Words | None) -> str | None:
    """A sentence of the story in the language of the page."""
    return None if sentence is None else asking.words.either(sentence.vi, sentence.en)


def judged(asking: Asking, told: Story) -> dict[str, Any] | None:
    """Whether and why the dossier counts for the indicator that the address names; None where it names none."""
    code = asking.query.get("indicator")
    if not code:
        return None
    view, words = asking.view, asking.words
    found: Verdict = verdict(
        asking.connection, asking.settings, told.source_code, told.dossier_code, told.facts, code, view.period, view.basis
    )
    return {
        "name": words.either(found.indicator.name_vi, found.indicator.name_en),
        "part": words[f"part_{found.part}"] if found.part else words["part_nothing"],
        "why": either(asking, found.why),
        "link": view.link(f"/indicators/{code}"),
    }


def tables(asking: Asking, told: Story) -> Iterable[Table]:
    """The tables of the story; those that would be empty are left out."""
    words, view = asking.words, asking.view

    def load(row: Row) -> str | None:
        return view.link(f"/loads/{row['load_id']}") if row.get("load_id") else None

    known = (Column("known_at", words["known"], "moment"), Column("load_id", words["load"], "code", load))

    def table(name: str, columns: Sequence[Column], rows: Sequence[Row]) -> Iterable[Table]:
        if rows:
            yield table_of(name, words[f"story_{name}"], columns, rows, asking.query, words)

    yield from table(
        "versions",
        (
            Column("changed_at", words["changed_at"], "moment"),
            Column("changes", words["what_changed"]),
            Column("failed", words["broken_rules"]),
            Column("is_current", words["in_force"], "yes"),
            *known,
        ),
        [version_row(asking, version, number) for number, version in enumerate(told.versions)],
    )
    yield from table(
        "dues",
        (
            Column("valid_after", words["holds_from"], "moment"),
            Column("due_at", words["due"], "moment"),
            Column("set_by", words["set_by"]),
            Column("is_in_force", words["in_force"], "yes"),
            *known,
        ),
        [vars(due) | {"set_by": words[f"due_{due.set_by}"]} for due in told.dues],
    )
    yield from table(
        "steps",
        (
            Column("done_at", words["done_at"], "moment"),
            Column("action_name", words["action"]),
            Column("unit_code", words["unit"], "code"),
            Column("step_code", words["step"], "code"),
            *known,
        ),
        [
            vars(step) | {"known_at": step.versions[-1].known_at, "load_id": step.versions[-1].load_id}
            for step in told.steps
            if step.versions
        ],
    )
    yield from table(
        "supplements",
        (
            Column("round_number", words["round"], "count"),
            Column("asked_at", words["asked_at"], "moment"),
            Column("received_back_at", words["received_back"], "moment"),
            Column("due_before_at", words["due_before"], "moment"),
            Column("due_after_at", words["due_after"], "moment"),
        ),
        [vars(supplement) for supplement in told.supplements],
    )
    yield from table(
        "related",
        (
            Column("kind_name", words["kind"]),
            Column("key", words["record"], "code"),
            Column("happened_at", words["happened_at"], "moment"),
            Column("said", words["content"]),
            *known,
        ),
        [vars(record) | {"kind_name": words[f"record_{record.kind}"], "said": said(record.facts)} for record in told.related],
    )
    yield from table(
        "quarantine",
        (
            Column("entity", words["kind"], "code"),
            Column("rule", words["rule"], "code"),
            Column("reason", words["why"]),
            Column("file", words["file"], "code"),
            Column("line", words["row_of_file"], "count"),
            Column("resolved_at", words["resolved_at"], "moment"),
            *known,
        ),
        [vars(entry) for entry in told.quarantine],
    )
    yield from table(
        "listed",
        (
            Column("month_start", words["month"], "day"),
            Column("deleted_at", words["deleted_at"], "moment"),
            Column("known_at", words["known"], "moment"),
            Column("ended_at", words["ended"], "moment"),
        ),
        [vars(listed) for listed in told.listed],
    )
    yield from table(
        "loads",
        (
            Column("load_id", words["load"], "code", load),
            Column("source_code", words["source"], "code"),
            Column("entity", words["kind"], "code"),
            Column("file_name", words["file"], "code"),
            Column("known_at", words["known"], "moment"),
            Column("ended_at", words["loaded_at"], "moment"),
        ),
        [vars(found) for found in told.loads.values()],
    )


def version_row(asking: Asking, version: Version, number: int) -> dict[str, Any]:
    """A version as a row: what changed against the one before, in words."""
    words = asking.words
    changes = [f"{either(asking, change.name)}: {shown(change.before)} → {shown(change.after)}" for change in version.changes]
    return vars(version) | {
        "changes": "; ".join(changes) or words["first_version" if number == 0 else "nothing_changed"],
        "failed": ", ".join(version.failed_rules),
    }


def shown(value: Any) -> str:
    """A value of a field as text."""
    if value is None:
        return "–"
    return f"{value.astimezone(ZONE):%d/%m/%Y %H:%M}" if isinstance(value, datetime) else str(value)


def said(facts: dict[str, Any]) -> str:
    """The facts of a record as one line."""
    named = {name: FIELDS[name].vi if name in FIELDS else name for name in facts}
    return "; ".join(f"{named[name]}: {shown(value)}" for name, value in facts.items() if value is not None)
