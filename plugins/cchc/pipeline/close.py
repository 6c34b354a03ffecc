"""Close a period: refresh its marked months, then freeze its values with their items and reports as an edition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from cchc.bundle import freeze as bundle
from cchc.errors import CchcError, LoadBlocked, PeriodNotOver, WrongUse
from cchc.forms import score
from cchc.indicators.refresh import months_of, wait_for_others
from cchc.late_imports import arrow_without_pandas
from cchc.memory import arrow_gives_back, give_back
from cchc.period import ZONE, Period, add_months, midnight, month_start, now, parse_period
from cchc.pipeline.refresh import refresh
from cchc.publication.edition import in_force, judged_otherwise, open_restatements
from cchc.publication.freeze import Publication, freeze_reports, freeze_values, insert_edition
from cchc.publication.readiness import Readiness, readiness, readiness_at
from cchc.publication.shown import Shown, changed_since, from_json
from cchc.reference.catalogue import catalogue
from cchc.reference.closing import Closing, closing
from cchc.reference.roles import every_tree, role_clocks
from cchc.reports.seal import Seal
from cchc.settings import Settings
from cchc.sources.profile import list_profiles
from cchc.warehouse import engine, run_file
from cchc.warehouse.audit import note as note_act
from cchc.warehouse.locks import REFERENCE, hold


def require_over(period: Period) -> None:
    """Raise PeriodNotOver if the last day of a period has not ended: what is not over can be measured, but not be published."""
    if midnight(period.end) > now():
        raise PeriodNotOver(
            f"{period.code} is not over: its last day is {period.last_day:%d/%m/%Y}, and today is {now():%d/%m/%Y}. It can be closed from "
            f"{period.end:%d/%m/%Y} on; until then `cchc scorecard {period.code}` shows what is known"
        )


def period_to_close(code: str | None, moment: datetime) -> Period:
    """The period with the given code; without a code, the last calendar month that has ended at `moment`.

    Raises PeriodNotOver if the period with this code has not ended.
    """
    if code:
        period = parse_period(code)
        require_over(period)
        return period
    last = add_months(month_start(moment.astimezone(ZONE).date()), -1)
    return parse_period(f"{last:%Y-%m}")


def approving_rule(rule: Closing, state: Readiness) -> str | None:
    """The rule that approves a period with this readiness, in words; None if a person must approve it.

    If a source is late or has gaps, a person must always approve.
    """
    missing = sum(len(units) for units in state.missing.values())
    if rule.approval != "rule" or state.late_sources or state.gaps:
        return None
    if missing > rule.missing_units or len(state.absent_sources) > rule.absent_sources:
        return None
    return f"rule: at most {rule.missing_units} missing units and {rule.absent_sources} absent sources"


def close(
    settings: Settings,
    period: Period,
    approved_by: str,
    *,
    note: str | None = None,
    approval: str = "person",
    incomplete: bool = False,
    reports: Callable[[Path, Seal], list[Path]] | None = None,
    layout: str | None = None,
    is_approved: Callable[[Readiness], bool] = lambda state: True,
    shown: Shown | None = None,
) -> Publication:
    """Publish a period: freeze its values, items, known_at of every source, reports, and the files of its bundle, all or nothing.

    If the period was published before, this publishes its approved restatement as the next edition. Arguments: `approved_by`, the name of
    the approver; `approval`, "person" or "rule"; `incomplete`, publish even if a source is not known up to the end of the period;
    `reports`, a function that writes the reports into the folder that it gets, and prints on them the seal that it gets; `layout`, the name
    of their layout; `is_approved`, whether the approval is also valid for the readiness at the moment of the freeze, which is published
    with the values; `shown`, what the approver was shown: which values are not those is told and noted in the audit log. Raises
    PeriodNotOver if the period has not ended, CchcError if a source is not known up to the end of the period (unless `incomplete`),
    LoadBlocked if the approval is no longer valid, and WrongUse if the period is published and nothing has changed since.
    """
    arrow_without_pandas()
    require_over(period)
    if not approved_by.strip():
        raise WrongUse("a publication needs somebody who approves it")
    items = catalogue(settings, period.last_day)
    with engine(settings).connect() as connection:
        clocks = role_clocks(connection).sources(role for item in items.values() for role in item.roles)
    known = [known_at for known_at in clocks.values() if known_at is not None]
    if not known or all(known_at <= midnight(period.start) for known_at in known):
        raise WrongUse(f"nothing is known of {period.code} yet: it cannot be closed")
    if not incomplete:
        _require_known(readiness(settings, period))
    months = sorted({month for known_at in known for month in months_of([period], known_at)})
    refresh(settings, months)  # the marked months only
    if score.has_formula(settings, period):
        score.compute(settings, period)
    with engine(settings).begin() as connection:
        _hold_loads(connection, settings)
        _hold_still(connection, period, sorted({item.role for item in items.values()}), months)
        # read once: a load may move them, and what is frozen as known must be what the items were counted by
        trees = every_tree(connection)
        frozen_clocks = next((clocks for clocks in trees if clocks.is_own), None) or role_clocks(connection)
        state = readiness_at(connection, settings, period, frozen_clocks)
        if not incomplete:
            _require_known(state)
        if not is_approved(state):
            raise LoadBlocked(f"{period.code}: it has changed since it was approved, and is not approved as it is now:\n{state.text_vi()}")
        before = in_force(connection, settings, period)
        if before and not open_restatements(connection, before["publication_id"]):
            otherwise = judged_otherwise(connection, before, period)
            raise WrongUse(
                f"{period.code} is published (edition {before['edition']}, {before['published_at']:%d/%m/%Y}), "
                "and nothing that is known now differs from it" + (f"; but {otherwise}" if otherwise else "")
            )
        publication_id, edition = insert_edition(
            connection, settings, items, state, approved_by.strip(), note=note, approval=approval, layout=layout if reports else None
        )
        values = freeze_values(connection, settings, items, period, frozen_clocks, publication_id)
        restated = 0
        if before:
            restated = run_file(
                connection,
                settings,
                "queries/publication/approved",
                publication_id=before["publication_id"],
                republished_as=publication_id,
                approved_by=approved_by.strip(),
                note=note,
                now=now(),
            ).rowcount
        changed = _note_changed(connection, period, publication_id, edition, shown, approved_by.strip())
        score.freeze(connection, period, str(publication_id))
        with arrow_gives_back():
            drafted = bundle.draft(connection, settings, period, publication_id, trees)
        give_back()  # the rows of a year were in memory, and the papers need some of it
        names = []
        if reports:
            write, seal = reports, drafted.seal
            names = freeze_reports(connection, settings, drafted.papers, publication_id, lambda folder: write(folder, seal))
        bundle.finish(connection, settings, drafted)
    return Publication(publication_id, period, edition, values, restated, names, changed)


def _note_changed(
    connection: Connection, period: Period, publication_id: int, edition: int, shown: Shown | None, approved_by: str
) -> str | None:
    """Which values of an edition are not those that were shown, as a sentence, which is noted in the audit log."""
    changed = changed_since(connection, period, publication_id, shown) if shown else None
    if changed:
        note_act(connection, "approval", "publish what has changed", f"{period.code} edition {edition}: {changed}", approved_by)
    return changed


def _hold_loads(connection: Connection, settings: Settings) -> None:
    """Let no load, withdrawal or change of units, calendar and plan come between the values and their items, the papers and the bundle.

    Before the locks of refreshes: a load waits for the marks of a refresh, and a refresh for the locks of a closing.
    """
    hold(connection, REFERENCE)
    known = connection.execute(text("select distinct source_code from ops.extract")).scalars()
    for source in sorted({*known, *list_profiles(settings.sources_dir)}):
        hold(connection, f"load {source}")


def _hold_still(connection: Connection, period: Period, roles: list[str], months: list[date]) -> None:
    """Lets no refresh come between the values and their items. Raises CchcError where a load has touched one of the months."""
    for role in roles:
        wait_for_others(connection, role)
    # a load may have marked the months again before we held the locks
    waiting = connection.execute(text("select 1 from ops.dirty_month where month_start = any(:m)"), {"m": months}).scalar()
    if waiting:
        raise CchcError(f"{period.code}: a load has just touched it; run `cchc close {period.code}` again")


def _require_known(state: Readiness) -> None:
    if state.late_sources:
        raise CchcError(
            f"{state.period.code} cannot be closed: "
            + "; ".join(f"{source} is known only until {state.clocks[source]}" for source in state.late_sources)
            + ". Ingest first, or close it all the same with --incomplete"
        )


def publish(settings: Settings, code: str, answer: dict[str, Any] | None, shown: dict[str, Any] | None = None) -> str:
    """Close a period with the answer of the approver, or by the rule. Returns a sentence about what was done.

    `answer`: the result of Airflow's approval task; None if no person was asked. `shown`: what the person was shown (`Shown.as_json`); None
    if the text was written before that was kept. Raises LoadBlocked if neither a person nor the rule
    approves.
    """
    period = parse_period(code)
    state = readiness(settings, period)
    configured = closing(settings)
    rule = approving_rule(configured, state)
    if answer:
        user = answer.get("responded_by_user") or {}
        by, note, approval = user.get("name") or user.get("id") or "?", (answer.get("params_input") or {}).get("note"), "person"
    elif rule:
        by, note, approval = rule, None, "rule"
    else:
        raise LoadBlocked(f"{code}: nobody has approved it, and the configured rule does not hold:\n{state.text_vi()}")
    # A person approves what that person saw, so it is not checked again. The rule must also approve the readiness at the freeze.
    is_approved = (lambda frozen: True) if answer else (lambda frozen: approving_rule(configured, frozen) is not None)
    done = close_with_reports(
        settings,
        period,
        str(by),
        note=note,
        approval=approval,
        incomplete=answer is not None,
        is_approved=is_approved,
        shown=from_json(shown) if answer and shown else None,
    )
    return published_vi(done, str(by))


def published_vi(done: Publication, by: str) -> str:
    """A sentence in Vietnamese about what was published, as people are told."""
    changed = f". Chú ý: {done.changed}" if done.changed else ""
    return (
        f"Đã công bố {done.period.name_vi}, lần {done.edition}: {done.values} số liệu, {done.restated} điều chỉnh, "
        f"{len(done.reports)} báo cáo; phê duyệt: {by}{changed}"
    )


def close_with_reports(
    settings: Settings,
    period: Period,
    by: str,
    *,
    note: str | None = None,
    approval: str = "person",
    incomplete: bool = False,
    is_approved: Callable[[Readiness], bool] = lambda state: True,
    shown: Shown | None = None,
) -> Publication:
    """Close a period and freeze its official reports with it. Arguments and errors as in `close`; `by` is the approver."""
    from cchc.reports.build import build, layout_of

    return close(
        settings,
        period,
        by,
        note=note,
        approval=approval,
        incomplete=incomplete,
        is_approved=is_approved,
        shown=shown,
        reports=lambda folder, seal: build(settings, period, folder, is_edition=True, seal=seal),
        layout=layout_of(settings, period).folder.name,
    )


def write_bundles(settings: Settings, period: Period, edition: int | None = None) -> str:
    """Write the two bundles of a published edition, and check them. Returns lines that name them, and the papers that they do not hold.

    The edition is published whatever happens here, and the bundles can be written again at any time, to the same bytes. Without a number
    they are those of the newest edition. Raises CchcError if they cannot be written, or if the check finds something wrong.
    """
    from cchc.bundle.archive import pack
    from cchc.bundle.verify import SHORT, check_all

    packed = pack(settings, period, edition)
    give_back()  # counting the rows takes memory of its own
    wrong = [sentence for one in check_all([packed.open, packed.audit]) for sentence in one.wrong]
    if wrong:
        raise CchcError(
            f"{period.code} edition {packed.edition} is published, but its bundle does not prove it ({len(wrong)} differences): "
            + "; ".join(dict.fromkeys(wrong[:10]))
        )
    lines = [
        f"{period.code} edition {packed.edition}: every figure follows from its rows; hash of the figures {packed.content_sha256[:SHORT]}",
        f"  {packed.open}",
        f"  {packed.audit}",
    ]
    if packed.left_out:
        lines.append(f"  not in them, because they may list single cases (figures_alone in reports.yaml): {', '.join(packed.left_out)}")
    return "\n".join(lines)
