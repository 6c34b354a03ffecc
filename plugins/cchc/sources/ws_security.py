"""WS-Security UsernameToken 1.1 (OASIS): a header of SOAP that says who asks, made anew for each request, repeated ones too.

As a digest the password does not travel: Base64(SHA-1(nonce + created + password)). A server knows a request that somebody recorded and
sends again by its nonce, and by how long ago it was created.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from xml.parsers.expat import ParserCreate  # of a request that was written here; nothing of a server is read with it
from xml.sax.saxutils import escape, quoteattr  # they write, and read nothing

import requests
from requests.auth import AuthBase

from cchc import period

WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE, WSU = f"{WSS}-wssecurity-secext-1.0.xsd", f"{WSS}-wssecurity-utility-1.0.xsd"
TOKEN, MESSAGE = f"{WSS}-username-token-profile-1.0", f"{WSS}-soap-message-security-1.0"
TYPES = {"digest": f"{TOKEN}#PasswordDigest", "text": f"{TOKEN}#PasswordText"}
NONCE_BYTES = 16
ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
START = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
# the codes of the standard for a token that is not accepted
REFUSALS = (
    "FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken", "FailedCheck", "SecurityTokenUnavailable",
    "UnsupportedSecurityToken", "UnsupportedAlgorithm", "MessageExpired",
)  # fmt: skip


class UsernameToken(AuthBase):
    """Puts the header into the envelope of each request.

    Arguments: `login`, `password`; `form`, `digest` or `text`; `expires`, the seconds of a Timestamp beside the token, None for none;
    `must_understand`, whether a server that does not know the header must refuse the request.
    """

    def __init__(self, login: str, password: str, form: str, expires: int | None, must_understand: bool) -> None:
        self._login, self._password, self._form, self._expires, self._must = login, password, form, expires, must_understand

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with it. requests counts the bytes of its body anew."""
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        request.body = with_header(body, self.header)
        return request

    def header(self, prefix: str) -> str:
        """The element wsse:Security, with a nonce of its own. `prefix`: that of the envelope, such as `soap:`."""
        nonce, now = secrets.token_bytes(NONCE_BYTES), period.now().astimezone(UTC)
        created = _written(now)
        password = digest(nonce, created, self._password) if self._form == "digest" else self._password
        must = f' {prefix}mustUnderstand="1"' if self._must and prefix else ""
        stamp = ""
        if self._expires is not None:
            until = _written(now + timedelta(seconds=self._expires))
            stamp = f"<wsu:Timestamp><wsu:Created>{created}</wsu:Created><wsu:Expires>{until}</wsu:Expires></wsu:Timestamp>"
        return (
            f"<wsse:Security xmlns:wsse={quoteattr(WSSE)} xmlns:wsu={quoteattr(WSU)}{must}>{stamp}<wsse:UsernameToken>"
            f"<wsse:Username>{escape(self._login)}</wsse:Username>"
            f"<wsse:Password Type={quoteattr(TYPES[self._form])}>{escape(password)}</wsse:Password>"
            f"<wsse:Nonce EncodingType={quoteattr(f'{MESSAGE}#Base64Binary')}>{b64encode(nonce).decode()}</wsse:Nonce>"
            f"<wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"
        )


def digest(nonce: bytes, created: str, password: str) -> str:
    """The digest of a password as the standard says: Base64(SHA-1(nonce + created + password))."""
    return b64encode(sha1(nonce + created.encode() + password.encode()).digest()).decode()  # noqa: S324  # the standard knows no other


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_envelope(template: str) -> bool:
    """Whether an XML is an envelope of SOAP 1.1 or 1.2."""
    return _places(template.encode())[0] is not None


def with_header(body: bytes, header: Callable[[str], str]) -> bytes:
    """An envelope with a header first in its Header; where it has none, in a new one."""
    envelope, head = _places(body)
    if envelope is None:
        raise ValueError("the body is no envelope of SOAP")
    start = START.match(body, envelope if head is None else head)
    assert start is not None  # noqa: S101  # the parser found it
    name = body[start.start() + 1 :].split(None, 1)[0].split(b">")[0].rstrip(b"/").decode()
    prefix = name.rpartition(":")[0]
    prefix = f"{prefix}:" if prefix else ""
    made = header(prefix).encode()
    end = f"</{prefix}Header>".encode()
    if head is None:
        new = start.group() + f"<{prefix}Header>".encode() + made + end
    elif start.group().endswith(b"/>"):
        new = start.group()[:-2] + b">" + made + end
    else:
        new = start.group() + made
    return body[: start.start()] + new + body[start.end() :]


def _places(body: bytes) -> tuple[int | None, int | None]:
    """Where the envelope begins, and where its Header begins; None for what is not there."""
    found: dict[str, int] = {}
    path: list[str] = []
    parser = ParserCreate(namespace_separator=" ")

    def begin(name: str, attributes: object) -> None:
        path.append(name)
        space, _, local = name.rpartition(" ")
        if space in ENVELOPES and (local, len(path)) in (("Envelope", 1), ("Header", 2)):
            found.setdefault(local, parser.CurrentByteIndex)

    def end(name: str) -> None:
        path.pop()

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.Parse(body, True)
    return found.get("Envelope"), found.get("Header")
