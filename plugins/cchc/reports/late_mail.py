"""The list of late dossiers of each unit, by e-mail to the unit. Off unless the authority's unit_mail.yaml switches it on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.mail import Attachment, MailServer, send_mail
from cchc.near import near
from cchc.period import Period
from cchc.reference.plan import DISTRICT
from cchc.reference.unit_mail import UNIT_MAIL, unit_mail
from cchc.reports import vietnamese as vi
from cchc.reports.build import registry
from cchc.reports.content import Content, LateDossier, Unit, read
from cchc.reports.layout import Layout, filled
from cchc.reports.tables import Tables
from cchc.reports.workbook import table_workbook
from cchc.settings import Settings
from cchc.warehouse import engine, query
from cchc.warehouse.audit import noted

LATE = "late"  # the report, and its table


@dataclass(frozen=True)
class LateMail:
    """The e-mail to one unit. `addresses` is empty where nobody is named for it."""

    unit_code: str
    unit_name: str
    count: int
    addresses: tuple[str, ...]
    subject: str
    text: str
    file: Attachment


def late_mails(settings: Settings, period: Period, unit: str | None = None) -> list[LateMail]:
    """The e-mails to the units that have late dossiers in a period, or to one unit, in the order of the units. Nothing is sent.

    Raises WrongUse for an unknown unit, NotConfigured where unit_mail.yaml or the layout is wrong, CchcError where the period is not
    computed.
    """
    addresses = unit_mail(settings).addresses
    _check_units(settings, addresses)
    layout = Layout.of(settings.reports_dir, period.last_day)
    content = read(settings, period)
    units = {row.unit_code: Unit(row.unit_code, row.unit_name, row.level, row.unit_kind) for row in content.units}
    if unit is not None and unit not in units:
        raise WrongUse(f"'{unit}' has no figures in {period.code}; a unit code such as {next(iter(units), '…')}")
    by_unit: dict[str, list[LateDossier]] = {}
    for row in content.late:
        by_unit.setdefault(row.unit_code, []).append(row)
    return [
        _mail(replace(content, unit=units[code], late=rows), units[code], layout, addresses.get(code, ()))
        for code, rows in by_unit.items()
        if code in units and unit in (None, code)
    ]


def _check_units(settings: Settings, codes: Iterable[str]) -> None:
    """Raises NotConfigured where a code is no unit of the authority: its list would be sent to nobody, and nobody would notice."""
    with engine(settings).connect() as connection:
        known = [
            row["unit_code"] for row in query(connection, "select unit_code from core.unit where root_code = :root", {"root": DISTRICT})
        ]
    unknown = [f"{code}{near(code, known)}" for code in codes if code not in known]
    if unknown:
        raise NotConfigured(f"{UNIT_MAIL} of the authority, addresses: no unit {', '.join(unknown)}")


def _mail(content: Content, unit: Unit, layout: Layout, addresses: tuple[str, ...]) -> LateMail:
    """The e-mail to a unit; `content` is its own, with its late dossiers alone."""
    period, late, words = content.period, content.late, layout.labels.late_mail
    told = {
        "unit": unit.name,
        "period": vi.period_name(period),
        "count": vi.number(len(late)),
        "open": vi.number(sum(row.state in ("open", "paused") for row in late)),
        "unapologised": vi.number(sum(not row.apology_count for row in late)),
        "source": Tables(content, layout).source_note(),
    }
    name = registry(layout)[LATE].name(period, unit.unit_code) + ".xlsx"
    return LateMail(
        unit_code=unit.unit_code,
        unit_name=unit.name,
        count=len(late),
        addresses=addresses,
        subject=filled(words.subject, **told),
        text=filled(words.text, **told),
        file=Attachment(name, table_workbook(content, layout, LATE)),
    )


def send_late_mails(settings: Settings, period: Period, server: MailServer, unit: str | None = None) -> list[str]:
    """Send the lists of late dossiers of a period to their units. Returns a line for each unit: sent, or why not.

    A unit whose e-mail is not taken keeps none of the others from theirs; at the end CchcError names all of them. Raises WrongUse where
    the lists are switched off.
    """
    if not unit_mail(settings).send:
        raise WrongUse(f"lists of late dossiers are not sent: {UNIT_MAIL} of the authority says send: false")
    lines: list[str] = []
    failed: list[str] = []
    for mail in late_mails(settings, period, unit):
        who = f"{mail.unit_code} {mail.unit_name}: {mail.count} late"
        if not mail.addresses:
            lines.append(f"{who}, not sent: {UNIT_MAIL} of the authority names no address for it")
            continue
        noted(
            settings,
            "export",
            "late list sent",
            f"{period.code} {mail.unit_code}: {mail.count} late dossiers to {', '.join(mail.addresses)}",
        )
        try:
            send_mail(server, mail.addresses, mail.subject, mail.text, [mail.file])
        except CchcError as error:
            failed.append(f"{who}: {error}")
        else:
            lines.append(f"{who}, sent to {', '.join(mail.addresses)}")
    if failed:
        raise CchcError("\n".join(["the lists of late dossiers were not taken everywhere", *failed, *lines]))
    return lines or [f"{period.code}: no unit has late dossiers"]
