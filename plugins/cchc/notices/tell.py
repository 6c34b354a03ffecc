"""Find what is wrong, remember it, and tell it: `tell` does all of it, `report` and `well_again` are for what Airflow alone knows.

A second call tells nothing twice. What could not be delivered waits for the next call, is told to the other recipients, and is listed by
`cchc alerts` and `cchc doctor`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from cchc.errors import CchcError, sentence_of
from cchc.links import Links
from cchc.mail import MailPartlySent
from cchc.notices import find_numbers, find_sources, state
from cchc.notices.deliver import Lookup, deliver, problem_of
from cchc.notices.rules import Rules, read_rules
from cchc.notices.state import Waiting
from cchc.notices.trouble import Trouble
from cchc.notices.words import render
from cchc.period import now
from cchc.settings import Settings
from cchc.warehouse import engine

log = logging.getLogger(__name__)

UNDELIVERED = "undelivered"
BY_CLOCK_ALONE = ("source_late", "coverage_missing")  # where no run goes by the clock, the sources have a time of their own


@dataclass
class Told:
    """What one call did. `sent`: (recipient, subject) of each message.

    Sentences: `problems`, what could not be looked for; `undelivered`, who could not be told. `unreachable`: what a recipient lacks, by
    its name.
    """

    sent: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    unreachable: dict[str, str] = field(default_factory=dict)


def tell(
    settings: Settings,
    lookup: Lookup,
    *,
    links: Links | None = None,
    events: Collection[str] | None = None,
    is_by_clock: bool = True,
    moment: datetime | None = None,
) -> Told:
    """Find the troubles of the warehouse, and tell what is new, what must be reminded of, and what is well again.

    Arguments: `lookup`, the connections; `links`, the addresses of the dashboard; `events`, these alone (None: all); `is_by_clock`, whether
    the DAGs run by the clock; `moment`, in place of now. One event that cannot be looked for stops no other: it is among the problems, and
    its alerts stay as they are. Raises NotConfigured where alerts.yaml is wrong.
    """
    moment = moment or now()
    rules = read_rules(settings)
    told = Told()
    with state.alone(settings):
        for event, find in _finders(settings, rules, moment).items():
            if (events is None or event in events) and (is_by_clock or event not in BY_CLOCK_ALONE):
                _look(settings, event, find, moment, told)
        _deliver(settings, rules, lookup, links, moment, told)
    return told


def report(settings: Settings, trouble: Trouble | Sequence[Trouble], lookup: Lookup, links: Links | None = None) -> Told:
    """Remember a trouble that was reported, or several of one event, and tell what was not told already, in one message."""
    troubles = [trouble] if isinstance(trouble, Trouble) else trouble
    moment, rules, told = now(), read_rules(settings), Told()
    with state.alone(settings):
        with engine(settings).begin() as connection:
            state.remember(connection, troubles, moment, is_reported=True)
        _deliver(settings, rules, lookup, links, moment, told)
    return told


def well_again(settings: Settings, event: str, subject: str, lookup: Lookup, links: Links | None = None) -> Told:
    """End a reported trouble, if there is one, and say so to those who were told."""
    moment, told = now(), Told()
    with engine(settings).begin() as connection:
        is_ended = state.end_reported(connection, event, subject, moment)
    if is_ended:
        with state.alone(settings):
            _deliver(settings, read_rules(settings), lookup, links, moment, told)
    return told


def tell_without_memory(settings: Settings, trouble: Trouble | Sequence[Trouble], lookup: Lookup, links: Links | None = None) -> Told:
    """Tell a trouble, or several of one event, at once to all whom the rules name, without the warehouse.

    It cannot be reached, and that must not silence it.
    """
    rules, told = read_rules(settings), Told()
    groups: dict[str, list[Waiting]] = {}
    for each in [trouble] if isinstance(trouble, Trouble) else trouble:
        for recipient in rules.told(each.event, each.source, each.unit, each.level):
            groups.setdefault(recipient.name, []).append(Waiting(0, recipient.name, state.OPENED, each.event, each, None))
    for name, group in groups.items():
        recipient = rules.recipients[name]
        problem = problem_of(recipient, lookup)
        if problem is not None:
            told.unreachable[name] = problem
            continue
        try:
            message = render(group, recipient.language, links)
            deliver(recipient, lookup, message.subject, message.text)
        except CchcError as error:
            told.undelivered.append(f"{name} was not told of {group[0].event}: {error}")
        else:
            told.sent.append((name, message.subject))
    return told


def _finders(settings: Settings, rules: Rules, moment: datetime) -> dict[str, Callable[[Connection], Iterable[Trouble]]]:
    profiles = find_sources.profiles_by_source(settings)
    return {
        "load_blocked": lambda c: find_sources.blocked_loads(c, profiles),
        "column_gone": lambda c: find_sources.gone_columns(c, settings, profiles),
        "source_late": lambda c: find_sources.late_sources(c, profiles, moment),
        "coverage_missing": lambda c: find_numbers.missing_data(c, settings, profiles, moment, rules.days_before_closing),
        "target_missed": find_numbers.turned_targets,
        "outlook_miss": lambda c: find_numbers.outlook_misses(c, settings),
        "restatement": find_numbers.restatements,
    }


def _look(settings: Settings, event: str, find: Callable[[Connection], Iterable[Trouble]], moment: datetime, told: Told) -> None:
    """Bring the alerts of one event up to date with what is found now."""
    try:
        with engine(settings).begin() as connection:
            troubles = list(find(connection))
            state.remember(connection, troubles, moment)
            state.end_others(connection, [event], troubles, moment)
    except Exception as error:
        sentence = str(error) if isinstance(error, CchcError) else sentence_of(error)
        if sentence is None:
            log.exception("%s could not be looked for", event)
            sentence = f"{type(error).__name__}; the log has the details"
        told.problems.append(f"{event} could not be looked for: {sentence}")


def _deliver(settings: Settings, rules: Rules, lookup: Lookup, links: Links | None, moment: datetime, told: Told) -> None:
    """Send what waits; then, where something could not be sent, tell that to the others."""
    problems = {name: problem_of(recipient, lookup) for name, recipient in rules.recipients.items()}
    told.unreachable = {name: problem for name, problem in problems.items() if problem is not None}
    reachable = [name for name, problem in problems.items() if problem is None]
    with engine(settings).begin() as connection:
        state.note_recipients(connection, problems, moment)
        state.schedule(connection, rules, reachable, moment)
        items = [item for item in state.waiting(connection) if item.event != UNDELIVERED]
    _send(settings, rules, items, lookup, links, moment, told)
    with engine(settings).begin() as connection:
        lost = list(state.undelivered(connection, rules))
        state.remember(connection, lost, moment)
        state.end_others(connection, [UNDELIVERED], lost, moment)
        state.schedule(connection, rules, reachable, moment)
        items = [item for item in state.waiting(connection) if item.event == UNDELIVERED]
    _send(settings, rules, items, lookup, links, moment, told)
    with engine(settings).begin() as connection:
        state.end_announcements(connection, moment)


def _send(
    settings: Settings, rules: Rules, items: list[Waiting], lookup: Lookup, links: Links | None, moment: datetime, told: Told
) -> None:
    """One message for each recipient, event and kind. One that cannot be sent stops no other."""
    groups: dict[tuple[str, str, str], list[Waiting]] = {}
    for item in items:
        groups.setdefault((item.recipient, item.event, item.kind), []).append(item)
    for (name, event, _), group in groups.items():
        ids, subject, problem, is_sent = [item.delivery_id for item in group], "", None, True
        try:
            message = render(group, rules.recipients[name].language, links)
            subject = message.subject
            deliver(rules.recipients[name], lookup, subject, message.text)
        except MailPartlySent as error:  # sending it again would tell the others twice
            problem = str(error)
        except CchcError as error:
            problem, is_sent = str(error), False
        except Exception as error:
            log.exception("%s was not told of %s", name, event)
            problem, is_sent = f"{type(error).__name__}; the log has the details", False
        with engine(settings).begin() as connection:
            if is_sent:
                state.sent(connection, ids, moment)
                told.sent.append((name, subject))
            else:
                state.not_sent(connection, ids, str(problem), moment)
        if problem is not None:
            told.undelivered.append(f"{name} was not told of {event}: {problem}")
