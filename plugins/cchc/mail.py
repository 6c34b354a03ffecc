"""Send an e-mail, with attachments, through the SMTP server of the connection `cchc_smtp`.

The connection is Airflow's (Admin, Connections) or the variable AIRFLOW_CONN_CCHC_SMTP: host, port, login, password, and in `extra`
`from_email` (the sender) and `security`: `starttls` (the default), `tls` (the default on port 465) or `none`. A server's certificate is
checked in both encrypted ways; a server that does not offer STARTTLS is refused, because a password would go in clear text.
"""

from __future__ import annotations

import mimetypes
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.encoders import encode_base64
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate, make_msgid, parseaddr
from typing import Any

from cchc.errors import CchcError, NotConfigured

CONNECTION = "cchc_smtp"
TIMEOUT_SECONDS = 20.0
SECURITY = ("starttls", "tls", "none")
PORTS = {"starttls": 587, "tls": 465, "none": 25}


class MailNotSent(CchcError):
    """The mail server could not be reached or refused the e-mail. A later try may succeed."""


@dataclass(frozen=True)
class MailServer:
    """An SMTP server and the login for it. `sender`: the address that e-mails come from. `repr` shows no password."""

    host: str
    port: int
    sender: str
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    security: str = "starttls"

    @classmethod
    def from_parts(
        cls,
        *,
        host: str | None,
        port: int | None = None,
        login: str | None = None,
        password: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> MailServer:
        """The server from the parts of the connection. Raises NotConfigured where a part is missing or wrong."""
        known = extra or {}
        if not host:
            raise NotConfigured(f"The connection {CONNECTION} has no host: give the name of the mail server.")
        security = str(known.get("security") or ("tls" if port == PORTS["tls"] else "starttls"))
        if security not in SECURITY:
            raise NotConfigured(f"The connection {CONNECTION}: security in extra is '{security}'. Allowed: {', '.join(SECURITY)}.")
        sender = str(known.get("from_email") or login or "")
        if not is_address(sender):
            raise NotConfigured(f"The connection {CONNECTION} has no sender: give from_email in extra, such as so.lieu@example.vn.")
        return cls(host, port or PORTS[security], sender, login or None, password or None, security)


@dataclass(frozen=True)
class Attachment:
    """A file in an e-mail. `name`: its name with the ending, which decides its type."""

    name: str
    content: bytes


class MailPartlySent(MailNotSent):
    """The server took the e-mail for some of the addresses and refused others. Sending it again would send it twice to the first."""


def is_address(text: str) -> bool:
    """Whether a text is one e-mail address, alone or with a name before it: `Văn phòng <vp@example.vn>`."""
    address = parseaddr(text)[1]
    local, at, domain = address.rpartition("@")
    return bool(local and at and "." in domain.strip(".") and not any(letter.isspace() or ord(letter) < 32 for letter in address))


def send_mail(server: MailServer, to: Sequence[str], subject: str, text: str, attachments: Sequence[Attachment] = ()) -> None:
    """Send one e-mail as plain text to some addresses.

    Raises NotConfigured where an address is none, and MailNotSent where the server cannot be reached, refuses the
    e-mail, and MailPartlySent where it refuses some of the addresses (the message names which; the others have got it).
    """
    message = _message(server, to, subject, text, attachments)
    try:
        with _connected(server) as client:
            refused = client.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        raise MailNotSent(f"the mail server {server.host} refused every address: {', '.join(sorted(error.recipients))}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise MailNotSent(f"the mail server {server.host}:{server.port} took no e-mail: {_reason(error)}") from None
    if refused:
        raise MailPartlySent(f"the mail server {server.host} refused {', '.join(sorted(refused))}; the other addresses have got the e-mail")


def _message(server: MailServer, to: Sequence[str], subject: str, text: str, attachments: Sequence[Attachment]) -> MIMEMultipart:
    wrong = [address for address in to if not is_address(address)]
    if wrong or not to:
        raise NotConfigured(f"no e-mail address: {', '.join(wrong) or 'nobody is named'}")
    # the older classes of the email package: EmailMessage of Python 3.11 loses blanks of a long subject with Vietnamese letters
    message = MIMEMultipart()
    name, address = parseaddr(server.sender)
    message["From"] = formataddr((name, address))
    message["To"] = ", ".join(formataddr(parseaddr(one)) for one in to)
    message["Subject"] = Header(" ".join(subject.split()), "utf-8", header_name="Subject").encode()
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # out-of-office answers are not sent to it
    message.attach(MIMEText(text, "plain", "utf-8"))
    for file in attachments:
        main, _, sub = (mimetypes.guess_type(file.name)[0] or "application/octet-stream").partition("/")
        part = MIMEBase(main, sub)
        part.set_payload(file.content)
        encode_base64(part)
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", file.name))
        message.attach(part)
    return message


def _connected(server: MailServer) -> smtplib.SMTP:
    """A client that is logged in; encrypted unless the connection says otherwise."""
    if server.security == "tls":
        client: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        if server.security == "starttls":
            client.starttls(context=ssl.create_default_context())
        if server.login and server.password:
            client.login(server.login, server.password)
    except BaseException:
        client.close()
        raise
    return client


def _reason(error: Exception) -> str:
    """The server's own words in one line; they hold no password."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
        return f"{error.smtp_code} {' '.join(words.split())}"
    return " ".join(str(error).split()) or type(error).__name__
