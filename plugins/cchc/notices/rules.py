"""Who is told of what: the authority's alerts.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cchc.errors import NotConfigured
from cchc.mail import CONNECTION as MAIL_CONNECTION
from cchc.near import near
from cchc.notices.trouble import EVENTS
from cchc.reference.entries import AlertRuleEntry, AlertsFile
from cchc.reference.unit_list import listed_units
from cchc.settings import Settings
from cchc.sources.profile import list_profiles, load_profile
from cchc.typed import read_once

FILE = "alerts.yaml"
WEBHOOK, EMAIL = "webhook", "email"
CONNECTIONS = {WEBHOOK: "cchc_notify", EMAIL: MAIL_CONNECTION}


@dataclass(frozen=True)
class Recipient:
    """Somebody who is told. `connection`: the connection of Airflow with the address of the webhook or of the mail server."""

    name: str
    channel: str
    connection: str
    addresses: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Rules:
    """Who is told of what, and how often. `days_before_closing`: when missing data of a month are told."""

    recipients: dict[str, Recipient]
    entries: tuple[AlertRuleEntry, ...]
    reminders: dict[str, timedelta]
    days_before_closing: int

    def told(self, event: str, source: str | None = None, unit: str | None = None, level: str | None = None) -> list[Recipient]:
        """The recipients of an event that concerns a source, unit and level, in the order of the file; each once."""
        names = {name for rule in self.entries if _holds(rule, event, source, unit, level) for name in rule.to}
        return [recipient for name, recipient in self.recipients.items() if name in names]

    def of(self, event: str) -> list[Recipient]:
        """The recipients who may be told of an event, whatever it concerns."""
        names = {name for rule in self.entries if rule.events is None or event in rule.events for name in rule.to}
        return [recipient for name, recipient in self.recipients.items() if name in names]


def _holds(rule: AlertRuleEntry, event: str, source: str | None, unit: str | None, level: str | None) -> bool:
    asked: list[tuple[Any, str | None]] = [(rule.events, event), (rule.sources, source), (rule.units, unit), (rule.levels, level)]
    return all(allowed is None or value in allowed for allowed, value in asked)


def read_rules(settings: Settings) -> Rules:
    """The rules. Raises NotConfigured where the file is wrong, or names a source or unit that does not exist."""
    file = read_once(settings.authority_dir / FILE, AlertsFile)
    _require_known(settings, file)
    recipients = {
        name: Recipient(name, entry.channel, entry.connection or CONNECTIONS[entry.channel], tuple(entry.addresses), entry.language)
        for name, entry in file.recipients.items()
    }
    reminders = {str(event): timedelta(hours=float(hours)) for event, hours in file.remind_after_hours.items()}
    return Rules(recipients, tuple(file.rules), reminders, file.days_before_closing)


def _require_known(settings: Settings, file: AlertsFile) -> None:
    sources = list_profiles(settings.sources_dir)
    for number, rule in enumerate(file.rules, 1):
        for source in rule.sources or []:
            if source not in sources:
                meant = near(source, sources) or "."
                raise NotConfigured(f"{FILE}, rules.entry {number}: there is no source {source!r}{meant} There are: {', '.join(sources)}.")
    named = {unit for rule in file.rules for unit in rule.units or []} - {"all"}
    if not named:
        return
    profiles = []
    for source in sources:
        try:
            profiles.append(load_profile(settings.sources_dir, source))
        except NotConfigured:
            continue  # told by `cchc doctor`; it must not silence the others
    known = set(listed_units(settings, profiles))
    for unit in sorted(named - known):
        raise NotConfigured(f"{FILE}, rules: there is no unit {unit!r}{near(unit, known) or '.'} A rule that names it would tell nobody.")


def recipients_by_event(rules: Rules) -> dict[str, list[Recipient]]:
    """For each event the recipients who may be told of it."""
    return {event: rules.of(event) for event in EVENTS}
