"""What is remembered of alerts (ops.alert, ops.alert_delivery): open once, told once, reminded as the rules say, ended once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.notices.rules import Rules
from cchc.notices.trouble import Trouble
from cchc.settings import Settings
from cchc.warehouse import engine, query
from cchc.warehouse.locks import hold
from cchc.warehouse.queries import ask, run_statement

OPENED, REMINDER, ENDED = "opened", "reminder", "ended"


@dataclass(frozen=True)
class Waiting:
    """Something that a recipient is still to be told. `kind`: opened, reminder or ended."""

    delivery_id: int
    recipient: str
    kind: str
    event: str
    trouble: Trouble
    ended_at: datetime | None


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Inside, no other process finds or tells alerts of this warehouse: two would tell the same twice."""
    with engine(settings).begin() as connection:
        hold(connection, "alerts")
        yield


def remember(connection: Connection, troubles: Iterable[Trouble], moment: datetime, *, is_reported: bool = False) -> None:
    """Open an alert for each trouble that has none open; an open one gets the newest facts."""
    for trouble in troubles:
        run_statement(
            connection,
            "alerts/insert_alert",
            event=trouble.event,
            subject=trouble.subject,
            source_code=trouble.source,
            unit_code=trouble.unit,
            level=trouble.level,
            is_reported=is_reported,
            facts=json.dumps(trouble.facts, ensure_ascii=False),
            since_at=trouble.since,
            now=moment,
        )


def end_others(connection: Connection, events: Collection[str], troubles: Collection[Trouble], moment: datetime) -> None:
    """End the open alerts of these events that are not among the troubles: they are well again."""
    still = {(trouble.event, trouble.subject) for trouble in troubles}
    rows = query(
        connection,
        "select alert_id, event, subject from ops.alert where ended_at is null and not is_reported and event = any(:e)",
        {"e": list(events)},
    )
    end(connection, [row["alert_id"] for row in rows if (row["event"], row["subject"]) not in still], moment)


def end(connection: Connection, alert_ids: Collection[int], moment: datetime) -> None:
    """End alerts. What nobody was told yet of them is not told any more."""
    binds = {"ids": list(alert_ids), "now": moment}
    connection.execute(text("update ops.alert set ended_at = :now where alert_id = any(:ids) and ended_at is null"), binds)
    connection.execute(
        text("delete from ops.alert_delivery where alert_id = any(:ids) and sent_at is null and kind <> 'ended'"), {"ids": binds["ids"]}
    )


def end_reported(connection: Connection, event: str, subject: str, moment: datetime) -> bool:
    """End a reported alert. Returns whether there was one."""
    rows = query(
        connection, "select alert_id from ops.alert where event = :e and subject = :s and ended_at is null", {"e": event, "s": subject}
    )
    end(connection, [row["alert_id"] for row in rows], moment)
    return bool(rows)


def end_announcements(connection: Connection, moment: datetime) -> None:
    """End the alerts that only announce something, once everybody was told: nothing has to become well."""
    rows = query(
        connection,
        "select alert_id from ops.alert as a where ended_at is null and event in ('published', 'process_restarted') and not exists ("
        "select 1 from ops.alert_delivery as d where d.alert_id = a.alert_id and d.sent_at is null)",
    )
    end(connection, [row["alert_id"] for row in rows], moment)


def schedule(connection: Connection, rules: Rules, reachable: Collection[str], moment: datetime) -> None:
    """Note what is still to be told to whom: open alerts once and as reminders, and the end of what was told.

    `reachable`: the recipients that have an address to be told at. What waits for a recipient that the rules do not know any more is
    forgotten.
    """
    alerts: dict[int, dict[str, Any]] = {}
    told: dict[tuple[int, str], dict[str, Any]] = {}
    for row in ask(connection, "alerts/to_tell"):
        alerts[row["alert_id"]] = row
        if row["recipient"] is not None:
            told[row["alert_id"], row["recipient"]] = row
    for alert_id, alert in alerts.items():
        again = rules.reminders.get(alert["event"])
        for recipient in rules.told(alert["event"], alert["source_code"], alert["unit_code"], alert["level"]):
            before = told.get((alert_id, recipient.name))
            is_itself = alert["event"] == "undelivered" and alert["subject"] == recipient.name  # it cannot be told that it cannot be told
            if is_itself or recipient.name not in reachable or (before is not None and before["is_waiting"]):
                continue
            if before is None:
                _note(connection, alert_id, recipient.name, OPENED, moment)
            elif again is not None and moment - before["last_sent_at"] >= again:
                _note(connection, alert_id, recipient.name, REMINDER, moment)
    run_statement(connection, "alerts/tell_end", now=moment)
    connection.execute(
        text("delete from ops.alert_delivery where sent_at is null and not recipient = any(:known)"), {"known": list(rules.recipients)}
    )


def _note(connection: Connection, alert_id: int, recipient: str, kind: str, moment: datetime) -> None:
    connection.execute(
        text("insert into ops.alert_delivery (alert_id, recipient, kind, created_at) values (:a, :r, :k, :now)"),
        {"a": alert_id, "r": recipient, "k": kind, "now": moment},
    )


def waiting(connection: Connection) -> list[Waiting]:
    """Everything that is still to be told, the oldest alert first."""
    found = []
    for row in ask(connection, "alerts/waiting"):
        trouble = Trouble(
            row["event"], row["subject"], row["since_at"], row["facts"], row["source_code"], row["unit_code"], row["level"]
        )  # fmt: skip
        found.append(Waiting(row["delivery_id"], row["recipient"], row["kind"], row["event"], trouble, row["ended_at"]))
    return found


def open_alerts(connection: Connection) -> list[tuple[Trouble, list[str], list[str]]]:
    """Every open alert, with the recipients who were told and those who are still to be told."""
    found = []
    for row in ask(connection, "alerts/open_alert"):
        trouble = Trouble(row["event"], row["subject"], row["since_at"], row["facts"], row["source_code"], row["unit_code"])
        found.append((trouble, row["told"] or [], row["untold"] or []))
    return found


def sent(connection: Connection, delivery_ids: Collection[int], moment: datetime) -> None:
    """Note that these were told."""
    connection.execute(
        text("update ops.alert_delivery set sent_at = :now, problem = null where delivery_id = any(:ids)"),
        {"ids": list(delivery_ids), "now": moment},
    )


def not_sent(connection: Connection, delivery_ids: Collection[int], problem: str, moment: datetime) -> None:
    """Note that telling these has failed; the next sending tries again."""
    connection.execute(
        text("update ops.alert_delivery set tries = tries + 1, tried_at = :now, problem = :p where delivery_id = any(:ids)"),
        {"ids": list(delivery_ids), "p": problem[:1000], "now": moment},
    )


def undelivered(connection: Connection, rules: Rules) -> Iterator[Trouble]:
    """Recipients that could not be told of something."""
    for row in ask(connection, "alerts/undelivered"):
        recipient = rules.recipients.get(row["recipient"])
        if recipient is not None:
            facts = {"recipient": recipient.name, "channel": recipient.channel, "count": row["waiting_count"], "reason": row["problem"]}
            yield Trouble("undelivered", recipient.name, row["since_at"], facts)


def note_recipients(connection: Connection, problems: dict[str, str | None], moment: datetime) -> None:
    """Note which recipients can be told: name → what is missing, or None."""
    connection.execute(text("delete from ops.alert_recipient where not recipient = any(:known)"), {"known": list(problems)})
    for name, problem in problems.items():
        connection.execute(
            text(
                "insert into ops.alert_recipient (recipient, problem, checked_at) values (:r, :p, :now) "
                "on conflict (recipient) do update set problem = excluded.problem, checked_at = excluded.checked_at"
            ),
            {"r": name, "p": problem, "now": moment},
        )
