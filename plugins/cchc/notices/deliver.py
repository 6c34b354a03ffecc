"""Deliver a message: a POST to a webhook, or an e-mail. Errors name no address of a webhook, because it may hold a secret."""

from __future__ import annotations

from collections.abc import Callable

import requests

from cchc.errors import CchcError, NotConfigured
from cchc.mail import MailServer, send_mail
from cchc.notices.rules import EMAIL, Recipient
from cchc.sources.connection import Parts

TIMEOUT_SECONDS = 10
Lookup = Callable[[str], Parts | None]  # the connection of that name; None where there is none


class NotDelivered(CchcError):
    """A message could not be delivered. A later try may succeed."""


def problem_of(recipient: Recipient, lookup: Lookup) -> str | None:
    """What a recipient lacks to be told; None if it can be told."""
    try:
        parts = lookup(recipient.connection)
        if parts is None:
            return f"there is no connection {recipient.connection}"
        if recipient.channel == EMAIL:
            _mail_server(parts)
        else:
            _webhook(recipient, parts)
    except NotConfigured as error:
        return str(error)
    return None


def deliver(recipient: Recipient, lookup: Lookup, subject: str, text: str) -> None:
    """Send one message to a recipient. Raises CchcError where it was not taken."""
    parts = lookup(recipient.connection)
    if parts is None:
        raise NotDelivered(f"there is no connection {recipient.connection}")
    if recipient.channel == EMAIL:
        send_mail(_mail_server(parts), recipient.addresses, subject, text)
        return
    try:
        answer = requests.post(_webhook(recipient, parts), json={"text": f"{subject}\n\n{text}"}, timeout=TIMEOUT_SECONDS)
    except requests.RequestException as error:
        raise NotDelivered(f"the webhook of {recipient.connection} does not answer: {type(error).__name__}") from None
    if not answer.ok:
        raise NotDelivered(f"the webhook of {recipient.connection} answered {answer.status_code}")


def _mail_server(parts: Parts) -> MailServer:
    return MailServer.from_parts(
        host=parts["host"], port=parts["port"], login=parts["login"], password=parts["password"], extra=parts["extra"]
    )


def _webhook(recipient: Recipient, parts: Parts) -> str:
    """The address of a webhook: the whole address as host, or a host with the type http or https."""
    host = parts["host"] or ""
    if host.lower().startswith(("http://", "https://")):
        return host
    protocol = parts["schema"] if parts["schema"] in ("http", "https") else (parts["conn_type"] or "").lower()
    if host and protocol in ("http", "https") and " " not in host:
        port = f":{parts['port']}" if parts["port"] else ""
        path = f"/{parts['schema']}" if parts["schema"] and parts["schema"] not in ("http", "https") else ""
        return f"{protocol}://{host}{port}{path}"
    raise NotConfigured(f"the connection {recipient.connection} has no address of a webhook: give the whole https address as host")
