"""Whom messages reach: the events of which nobody is told, and why."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from cchc.notices.deliver import Lookup, problem_of
from cchc.notices.rules import FILE, Recipient, Rules, recipients_by_event
from cchc.period import to_minute
from cchc.warehouse import query

LONGEST_PAUSE = timedelta(hours=3)  # the DAG alerts runs each hour


def nobody_is_told(connection: Connection, rules: Rules, lookup: Lookup) -> list[str]:
    """Sentences about the events of which nobody is told now, one for each reason; an empty list if somebody is told of everything.

    A recipient is reached if `lookup` knows its connection here, or if the last sending, which Airflow does, found it.
    """
    seen = {row["recipient"]: row for row in query(connection, "select recipient, problem, checked_at from ops.alert_recipient")}
    problems: dict[str, str | None] = {}
    for recipient in rules.recipients.values():
        here, last = problem_of(recipient, lookup), seen.get(recipient.name)
        if here is None or (last is not None and last["problem"] is None):
            problems[recipient.name] = None
        else:
            when = f" (looked at {to_minute(last['checked_at'])})" if last is not None else ""
            problems[recipient.name] = f"{last['problem'] if last is not None else here}{when}"
    silent: dict[str, list[str]] = {}
    for event, recipients in recipients_by_event(rules).items():
        if not any(problems[recipient.name] is None for recipient in recipients):
            silent.setdefault(_why(recipients, problems), []).append(event)
    return [f"nobody is told of {', '.join(events)}: {why} (docs/runbooks/alerts.md)" for why, events in silent.items()]


def not_looked_for(connection: Connection, rules: Rules, moment: datetime) -> str | None:
    """A sentence where nothing was looked for during the last hours, although the DAG alerts does so each hour; None if all is well."""
    if not rules.recipients:
        return None  # nobody would be told, which `nobody_is_told` says
    last = query(connection, "select max(checked_at) as at from ops.alert_recipient")[0]["at"]
    if last is not None and moment - last <= LONGEST_PAUSE:
        return None
    when = f"since {to_minute(last)}" if last is not None else "yet"
    return f"nothing was looked for {when}: switch on the DAG alerts in Airflow, and see whether its runs are green"


def _why(recipients: list[Recipient], problems: dict[str, str | None]) -> str:
    if not recipients:
        return f"no rule of {FILE} names a recipient"
    return "; ".join(f"recipient {recipient.name}: {problems[recipient.name]}" for recipient in recipients)
