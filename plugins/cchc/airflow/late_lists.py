"""The lists of late dossiers after a closing: by e-mail to each unit, through the mail server that Airflow knows."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowSkipException

from cchc.airflow.addresses import other_connection
from cchc.errors import NotConfigured
from cchc.mail import CONNECTION
from cchc.notices.deliver import mail_server
from cchc.period import Period
from cchc.reference.unit_mail import UNIT_MAIL, unit_mail
from cchc.reports.late_mail import send_late_mails
from cchc.settings import Settings


def send_after_closing(settings: Settings, period: Period) -> list[str]:
    """Send each unit its list, where the authority's unit_mail.yaml switches it on. Returns a line for each unit.

    Raises AirflowSkipException where it is switched off, NotConfigured where Airflow has no mail server, CchcError where one was not taken.
    """
    if not unit_mail(settings).send:
        raise AirflowSkipException(f"lists of late dossiers are switched off: {UNIT_MAIL} of the authority says send: false")
    parts = other_connection(CONNECTION)
    if parts is None:
        raise NotConfigured(f"there is no mail server: Airflow has no connection {CONNECTION} (docs/runbooks/alerts.md)")
    return send_late_mails(settings, period, mail_server(parts))
