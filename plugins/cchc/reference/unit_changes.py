"""Describe what changed in the list of units, and mark the months whose periods can have another value or name because of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, text

from cchc.models import MODELS, Model
from cchc.period import ZONE, add_months, last_day_before, month_start
from cchc.reference.catalogue import catalogue
from cchc.reference.dirty_months import mark_dirty_months, mark_months
from cchc.reference.plan import DISTRICT, first_day, plans
from cchc.reference.roles import marking_source, role_clocks
from cchc.reference.units import A_DAY, FIRST_DAY, LAST_DAY, State, Stretch, Units
from cchc.settings import Settings
from cchc.warehouse import query

Stretches = Mapping[str, list[Stretch]]
REASON = "the list of units changed"
COVERED = ("office", "public_service_unit", "commune")  # units of these kinds are always expected to send data


def keep_removed_units(stored: Units, listed: Units, yesterday: date, known: Collection[str]) -> tuple[Units, list[str]]:
    """Add to the list the units that are stored but no longer in it. Returns the completed list and a sentence for each such unit.

    Such a unit stays in the warehouse and ends on `yesterday`, unless its line already had an end. `known`: the units that were in the list
    at the last load; for the other units the sentence was returned at an earlier load.
    """
    states = [state for code in listed for state in listed.states[code]]
    messages = []
    for code in stored:
        if code in listed:
            continue
        kept = list(stored.states[code])
        if kept[-1].valid_to is None:
            kept = [state for state in kept if state.valid_from <= yesterday] or kept[:1]
            kept[-1] = replace(kept[-1], valid_to=yesterday if kept[-1].valid_from <= yesterday else kept[-1].valid_from - A_DAY)
        states += kept
        if code in known:
            place = f"{kept[-1].source_code}.yaml" if kept[-1].source_code else "units.csv"
            messages.append(f"{_who(kept[-1])} is not in {place} any more: {_its_end(stored, kept[-1])}. It is not forgotten: {_BACK}")
    return Units(states), messages


_BACK = "put its line back, with its last day in valid_to, where it exists still or ended on another day"


def _its_end(stored: Units, last: State) -> str:
    ended = stored.last_day(last.unit_code)
    return f"its last day stays {ended}" if ended is not None else f"it ends on {last.valid_to}, the day before this init"


# --- in words ----------------------------------------------------------------------------------------------------------


def describe_changes(old: Units, new: Units, listed: Collection[str]) -> list[str]:
    """One sentence for each change between the old and the new list; for a first list one sentence with the number of units.

    `listed`: the units that are in the lists; `keep_removed_units` describes the others.
    """
    if not list(old):
        return [f"{len(listed)} units, for the first time"]
    found: list[str] = []
    for code in new:
        if code not in listed:
            continue
        if code not in old:
            found.append(_added(new, code))
            continue
        for attribute, words in _ATTRIBUTES.items():
            found += _attribute(old, new, code, attribute, words)
        found += _validity(old, new, code)
    found += _successions(old, new)
    return found


def _who(state: State) -> str:
    return f"unit {state.unit_code} '{state.name}'"


def _added(units: Units, code: str) -> str:
    state = units.states[code][0]
    below = f", below {state.parent_code}" if state.parent_code else ""
    until = f" until {units.last_day(code)}" if units.last_day(code) else ""
    return f"{_who(state)} is new: level {state.level}, kind {state.kind}{below}, from {state.valid_from}{until}"


@dataclass(frozen=True)
class _Words:
    """The words for a change of an attribute: for a change from a day on, and for a correction."""

    changes: str
    corrected: str
    hint: str = ""


_HINT = "; where that is so only from a day on, give the unit a second line with valid_from instead"
_ATTRIBUTES = {
    "name": _Words("is called '{now}' from {day} (before: '{before}')", "is spelt '{now}' (before: '{before}')", _HINT),
    "level": _Words("is of level {now} from {day} (before: {before})", "is of level {now} (before: {before})", _HINT),
    "kind": _Words("is of kind {now} from {day} (before: {before})", "is of kind {now} (before: {before})", _HINT),
    "parent_code": _Words("is below {now} from {day} (before: {before})", "is below {now} (before: {before})", _HINT),
    "gso_code": _Words("has the GSO code {now} from {day} (before: {before})", "has the GSO code {now} (before: {before})"),
}


def _steps(units: Units, code: str, attribute: str) -> dict[date | None, Any]:
    """The days on which an attribute of a unit changes, with its new value; None is the beginning of the unit."""
    known = units.states[code]
    found: dict[date | None, Any] = {None: getattr(known[0], attribute)}
    for before, state in pairwise(known):
        if getattr(state, attribute) != getattr(before, attribute):
            found[state.valid_from] = getattr(state, attribute)
    return found


def _attribute(old: Units, new: Units, code: str, attribute: str, words: _Words) -> list[str]:
    then, now_ = _steps(old, code, attribute), _steps(new, code, attribute)
    found = []
    for day in sorted({*then, *now_}, key=lambda step: step or FIRST_DAY):
        who = f"unit {code} '{new.states[code][-1].name}'" if attribute != "name" else f"unit {code}"
        if day in then and day in now_:
            if then[day] != now_[day]:
                later = [step for step in now_ if step is not None and step > (day or FIRST_DAY)]
                span = (f" from {day}" if day else "") + (f" until {min(later) - A_DAY}" if later else "")
                what = words.corrected.format(now=_shown(now_[day]), before=_shown(then[day]))
                found.append(f"{who} {what}{span or ' in its whole time'}{words.hint}")
        elif day is not None and day in now_:
            before = now_[max((step for step in now_ if step is not None and step < day), default=None)]
            found.append(f"{who} {words.changes.format(now=_shown(now_[day]), day=day, before=_shown(before))}")
        else:
            found.append(f"{who}: what changed on {day} ({attribute} {_shown(then[day])}) does not stand in the list any more")
    return found


def _shown(value: Any) -> Any:
    return "nothing" if value is None else value


def _validity(old: Units, new: Units, code: str) -> list[str]:
    who, found = _who(new.states[code][-1]), []
    if old.first_day(code) != new.first_day(code):
        found.append(f"{who} begins on {new.first_day(code)} (before: {old.first_day(code)})")
    ends, ended = new.last_day(code), old.last_day(code)
    if ends != ended:
        found.append(f"{who} ends on {ends} (before: {ended or 'open'})" if ends else f"{who} is open again (before: it ended on {ended})")
    return found


def _successions(old: Units, new: Units) -> list[str]:
    found = []
    for code in new:
        ends, before, after = new.last_day(code), _taken_over(old, code), _taken_over(new, code)
        if before == after:
            continue
        who, heirs = _who(new.states[code][-1]), " and ".join(_who(new.states[heir][-1]) for heir in after)
        if not after:
            found.append(f"{who}: nobody takes its place any more (before: {' and '.join(before)})")
        elif len(after) == 1:
            found.append(f"{who} is merged into {heirs} from {ends + A_DAY if ends else 'its end'}")
        else:
            found.append(f"{who} is divided from {ends + A_DAY if ends else 'its end'}: its place is taken by {heirs}")
    return found


def _taken_over(units: Units, code: str) -> list[str]:
    """The units that replaced a unit when it ended. A successor may have been removed from the list since then."""
    ends = units.last_day(code) if code in units else None
    return sorted(heir for heir in units.successors.get(code, ()) if ends is None or units.exists(heir, ends + A_DAY))


# --- months ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Seen:
    """The attributes of a unit in the plan's tree that matter for a period with a given last day."""

    name: str
    level: str
    kind: str
    is_valid: bool
    compared: frozenset[str]


@dataclass(frozen=True)
class _Difference:
    """A unit that differs from before in a period with a given last day; None: the unit has no row in that period."""

    unit_code: str
    was: _Seen | None
    is_now: _Seen | None


def _seen(units: Units, stretches: Stretches, codes: Iterable[str], d: date) -> dict[str, _Seen]:
    """The attributes, on the last day `d` of a period, of each unit that is in the plan's tree and exists by then."""
    # The figures of a unit are compared with the figures, of the year before, of all units whose records count for it on the day `d`.
    compared: dict[str, set[str]] = {}
    for code, known in stretches.items():
        for part in known:
            if part.counted_code not in (None, code) and part.from_date <= d <= part.to_date:
                compared.setdefault(str(part.counted_code), set()).add(code)
    found = {}
    for code in codes:
        if code in units:
            state = units.at(code, d)
            if state.root_code == DISTRICT and state.valid_from <= d:
                found[code] = _Seen(state.name, state.level, state.kind, state.holds(d), frozenset(compared.get(code, ())))
    return found


def _last_days(first: date, known_at: datetime) -> list[date]:
    """The last days of all computed periods from `first` on: the 14th and the last day of each month, and the last day before known_at."""
    last = last_day_before(known_at)
    found, month = set(), month_start(first)
    while month <= last:
        end = add_months(month, 1) - A_DAY
        found |= {day for day in (month.replace(day=14), end) if day <= last}
        month = add_months(month, 1)
    return sorted(found | {last})


def mark_changed_months(connection: Connection, settings: Settings, old: Units, new: Units, then: Stretches) -> list[str]:
    """Mark the months whose periods can have another value, name or coverage. Returns sentences that name them.

    Arguments: `old` and `new`, the units before and after the change; `then`, for which unit the records counted before. The new units are
    stored already. A period is touched if the units differ on its last day, or if its records now count for another unit.
    """
    stretches = {code: new.stretches(code) for code in new}
    if old.states == new.states and {code: then.get(code) for code in new} == stretches:
        return []
    codes = [code for code in dict.fromkeys([*old, *new]) if _is_of_plan(old, code) or _is_of_plan(new, code)]
    before = _waiting(connection)
    differing: dict[date, list[_Difference]] = {}
    clocks = role_clocks(connection)
    for role in sorted({item.role for item in catalogue(settings).values()}):
        found = marking_source(clocks, role)
        if found is None:
            continue  # a role without a known_at has no values, so there is nothing to compute again
        source, known_at = found
        months = set()
        for d in _last_days(first_day(settings), known_at):
            if d not in differing:
                was, is_now = _seen(old, then, codes, d), _seen(new, stretches, codes, d)
                differing[d] = [_Difference(code, was.get(code), is_now.get(code)) for code in codes if was.get(code) != is_now.get(code)]
            if any(_concerns(connection, settings, role, difference) for difference in differing[d]):
                months.add(month_start(d))
        mark_months(connection, settings, source, months, REASON)
    words = _mark_moved_records(connection, settings, new, _moved(codes, old, then, stretches))
    return [*words, *_marked(before, _waiting(connection))]


def _is_of_plan(units: Units, code: str) -> bool:
    return code in units and any(state.root_code == DISTRICT for state in units.states[code])


def _concerns(connection: Connection, settings: Settings, role: str, difference: _Difference) -> bool:
    """Whether a difference can change the values of a role."""
    was, is_now = difference.was, difference.is_now
    if was is None or is_now is None or (was.name, was.level) != (is_now.name, is_now.level):
        return True
    if was.compared != is_now.compared and _has_direction(settings, role):
        return True
    if (was.kind, was.is_valid) == (is_now.kind, is_now.is_valid):
        return False
    if {was.kind, is_now.kind} & set(COVERED):
        return True
    # units of other kinds are expected to send data only if they have procedures, leaders or something to declare
    lists = {"dossiers": "core.procedure_list_item", "documents": "core.leader_list_item", "declared": "core.declaration"}
    if role not in lists:
        return False
    return bool(query(connection, f"select 1 from {lists[role]} where unit_code = :u limit 1", {"u": difference.unit_code}))


def _has_direction(settings: Settings, role: str) -> bool:
    """Whether a plan has a direction for an indicator of a role, which is judged against the year before."""
    compared = {row["indicator_code"] for plan in plans(settings) for row in plan.rows if row["kind"] == "direction"}
    return any(item.role == role and item.code in compared for item in catalogue(settings).values())


# --- records that count for another unit -------------------------------------------------------------------------------


def _moved(codes: Iterable[str], old: Units, then: Stretches, stretches: Stretches) -> list[Stretch]:
    """The ranges of days whose records count for another unit than before.

    A unit that is new has none: records that named it before are in quarantine.
    """
    found = []
    for code in codes:
        if code not in old:
            continue
        was = then.get(code) or [Stretch(code, FIRST_DAY, LAST_DAY, code)]
        for begins in sorted({part.from_date for part in [*was, *stretches[code]]}):
            one, other = (next(p for p in parts if p.from_date <= begins <= p.to_date) for parts in (was, stretches[code]))
            if one.counted_code != other.counted_code:
                found.append(Stretch(code, begins, min(one.to_date, other.to_date), other.counted_code))
    return found


_T_DAY = (
    f"(select cast((c.known_at - interval '1 microsecond') at time zone '{ZONE.key}' as date) "
    "from ops.source_clock as c where c.source_code = r.source_code)"
)
# A declared figure counts on every possible last day in its month, and on the same days one year later, when it is compared.
_DECLARED = (
    f"least(cast(r.month_start + interval '1 month' as date) - 1, {_T_DAY})",
    "r.month_start + 13",
    f"case when {_T_DAY} >= cast(r.month_start + interval '1 year' as date) "
    f"then cast(least(cast(r.month_start + interval '13 months' as date) - 1, {_T_DAY}) - interval '1 year' as date) end",
)


def _days(model: Model) -> tuple[str, ...]:
    """SQL expressions of the days that decide for which unit a record `r` of a model counts."""
    return _DECLARED if model.merge == "declared" else model.days_of("r")


def _mark_moved_records(connection: Connection, settings: Settings, units: Units, moved: list[Stretch]) -> list[str]:
    """Mark the months that the records of the moved ranges touch. Returns sentences that say how many records count for which unit now."""
    if not moved:
        return []
    connection.execute(
        text(
            "create temp table if not exists moved_stretch (unit_code text, from_date date, to_date date, counted_code text) on commit drop"
        )
    )
    connection.execute(text("truncate moved_stretch"))
    connection.execute(
        text("insert into moved_stretch values (:unit_code, :from_date, :to_date, :counted_code)"), [vars(stretch) for stretch in moved]
    )
    clocks = {row["source_code"]: row["known_at"] for row in query(connection, "select source_code, known_at from ops.source_clock")}
    counts: dict[tuple[str, str | None], list[str]] = {}
    # dossiers and their assessments are named first
    for model in sorted(MODELS.values(), key=lambda model: model.name not in ("dossier", "assessment")):
        days = _days(model)
        if not days or not model.names_unit:
            continue
        inside = " or ".join(f"{day} between m.from_date and m.to_date" for day in days)
        where = model.where.format(row="r")
        joined = f"from {model.relation} as r inner join moved_stretch as m on m.unit_code = r.unit_code and ({inside}) where {where}"
        for row in query(
            connection,
            f"select r.source_code, r.unit_code, m.counted_code, count(*) as n, min({days[0]}) as first, "
            f"max({days[0]}) as last {joined} group by 1, 2, 3 order by 1, 2, 3",
        ):
            if row["source_code"] not in clocks:
                continue
            dated = f" of {row['first']}" if row["first"] else ""
            dated += f" to {row['last']}" if row["last"] != row["first"] else ""
            found = f"{row['n']} {model.one if row['n'] == 1 else model.many}{dated}"
            counts.setdefault((row["unit_code"], row["counted_code"]), []).append(found)
            _mark_records(connection, settings, model, joined, row["source_code"], clocks[row["source_code"]])
    return [_counts_for(units, code, counted, found) for (code, counted), found in counts.items()]


def _counts_for(units: Units, code: str, counted: str | None, found: list[str]) -> str:
    """One sentence for the records of a unit that now count for another unit.

    Example: unit H19.16.31 'Xã Mã Đà': 2 dossiers of 2023-09-01 to 2023-10-05 now count for unit H19.16.22 'Xã Phú Lý'.
    """
    if counted is None:
        where = f"in level {units.states[code][-1].level} and the whole alone"
    else:
        where = "for itself" if counted == code else f"for {_who(units.states[counted][-1])}"
    verb = "counts" if len(found) == 1 and found[0].startswith("1 ") else "count"
    return f"{_who(units.states[code][-1])}: {', '.join(found)} now {verb} {where}"


def _mark_records(connection: Connection, settings: Settings, model: Model, joined: str, source: str, known_at: datetime) -> None:
    joined = f"{joined} and r.source_code = '{source}'"
    if model.merge == "declared":
        # A declared figure counts only in the periods of its month, and the same month of the next year is compared with it.
        months = {row["m"] for row in query(connection, f"select distinct r.month_start as m {joined}")}
        last = month_start(last_day_before(known_at))
        wanted = {later for month in months for later in (month, add_months(month, 12))}
        mark_months(connection, settings, source, {month for month in wanted if first_day(settings) <= month <= last}, REASON)
        return
    until = model.until.format(row="r") if model.until else None
    dated = " union ".join(f"select {day} as from_date, {until or day} as to_date {joined}" for day in _days(model))
    if model.name == "dossier":
        # The number of certified copies is compared with the year before, so a dossier touches two years.
        dated += f" union select r.finished_date + 365, r.finished_date + 366 {joined} and r.has_signed_result"
    mark_dirty_months(connection, settings, source, dated, known_at, REASON)


# --- which months, in words --------------------------------------------------------------------------------------------


def _waiting(connection: Connection) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}
    for row in query(connection, "select source_code, month_start from ops.dirty_month where reason = :r", {"r": REASON}):
        found.setdefault(row["source_code"], set()).add(row["month_start"])
    return found


def _marked(before: dict[str, set[date]], after: dict[str, set[date]]) -> list[str]:
    """One sentence for each source that names the months that wait because of this change."""
    return [
        f"{source}: {spans(months)} to be computed again" for source, months in sorted(after.items()) if months - before.get(source, set())
    ]


def spans(months: Iterable[date]) -> str:
    """Months as a short text, for example `2023-06 to 2023-12, 2024-03`."""
    runs: list[list[date]] = []
    for month in sorted(months):
        if runs and add_months(runs[-1][-1], 1) == month:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(f"{run[0]:%Y-%m}" + (f" to {run[-1]:%Y-%m}" if len(run) > 1 else "") for run in runs)
