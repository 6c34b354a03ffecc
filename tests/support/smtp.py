"""A mail server on the loopback address that keeps what it is sent, for tests that send e-mails."""

from __future__ import annotations

import email
import email.policy
import ssl
from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

REFUSED = "550 5.1.1 no such mailbox"


@dataclass
class Mailbox:
    """What the server was sent. `refuses`: addresses that it does not take; `is_away`: it takes nothing at the moment."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    is_away: bool = False

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]) -> str:
        """Take a recipient, or refuse it."""
        if self.is_away:
            return "451 4.3.0 the mailbox is away"
        if address in self.refuses:
            return REFUSED
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        """Keep an e-mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"

    @property
    def texts(self) -> list[str]:
        """The subject and the text of each e-mail."""
        return [f"{mail['Subject']}\n{mail.get_body(('plain',)).get_content()}" for mail in self.mails]  # type: ignore[union-attr]


class _AnyPort(Controller):
    """A controller whose port the system chooses: aiosmtpd asks its own server once, at the port that it was given."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(*, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None) -> Iterator[Mailbox]:
    """A running mail server. `tls`: it offers STARTTLS with this context, and asks for it; `login`: the name and password that it wants."""
    box = Mailbox()

    def is_known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        told = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
        return AuthResult(success=told == login, handled=False)

    more: dict[str, Any] = {"authenticator": is_known, "auth_required": True} if login else {}
    if tls:
        more |= {"tls_context": tls, "require_starttls": True}
    controller = _AnyPort(box, hostname="127.0.0.1", port=0, **more)
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
