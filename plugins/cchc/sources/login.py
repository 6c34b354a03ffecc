"""How a source is told who asks: what the connection must have, and what each request then carries. No secret is ever in a message."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
from requests.auth import AuthBase

from cchc.sources.connection import Connection
from cchc.sources.profile import Auth
from cchc.sources.profile_http import PLACEHOLDER
from cchc.sources.ws_security import UsernameToken

NEEDED = {
    "api_key": "password = API key",
    "bearer": "password = token",
    "oauth_client_credentials": "login and password = client id and secret",
    "basic": "login and password",
    "login": "login and password",
    "ws_security": "login and password",
}
TO_CHECK = {
    "api_key": "API key",
    "bearer": "token",
    "oauth_client_credentials": "client id or secret",
    "ws_security": "clock of this machine, by which a token is made, and login or password",
    "none": "profile: it says auth none; what the source needs may be",
}


class Header(AuthBase):
    """Sets one header. It is an auth object, so that a .netrc of the machine does not replace it."""

    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = name, value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with it."""
        request.headers[self.name] = self.value
        return request


class Query(AuthBase):
    """Sets one parameter of the query, in place of one that is there."""

    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = name, value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with it."""
        parts = urlsplit(request.url or "")
        pairs = [pair for pair in parse_qsl(str(parts.query), keep_blank_values=True) if pair[0] != self.name]
        request.url = urlunsplit(parts._replace(query=urlencode([*pairs, (self.name, self.value)])))
        return request


class Nothing(AuthBase):
    """Sets nothing; with it a .netrc of the machine is not used."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with it."""
        return request


def lacking(auth: Auth, connection: Connection) -> str | None:
    """What the connection has to have and lacks, in words; None where nothing is missing."""
    words = NEEDED.get(auth.kind)
    if words is None or (connection.password and (connection.login or "login" not in words)):
        return None
    return words


def basic(connection: Connection) -> Header:
    """Login and password of the connection as a header."""
    pair = b64encode(f"{connection.login}:{connection.password}".encode()).decode()
    return Header("Authorization", f"Basic {pair}")


def standing(auth: Auth, connection: Connection) -> AuthBase | None:
    """What each request carries, where no token has to be asked for first."""
    secret = connection.password or ""
    if auth.kind == "none":
        return Nothing()
    if auth.kind == "basic":
        return basic(connection)
    if auth.kind == "ws_security":
        return UsernameToken(connection.login or "", secret, auth.form, auth.timestamp_seconds, auth.must_understand)
    if auth.kind == "bearer":
        return Header("Authorization", f"Bearer {secret}")
    if auth.kind == "api_key":
        return Query(auth.parameter, secret) if auth.parameter else Header(auth.header, secret)
    return None


def filled(template: Any, values: dict[str, Any]) -> Any:
    """A template of JSON with its placeholders replaced.

    A text that is one placeholder alone takes the value with its type; where the value is None, the key is left out.
    """
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items() if not _is_empty(value, values)}
    if isinstance(template, list):
        return [filled(value, values) for value in template if not _is_empty(value, values)]
    if not isinstance(template, str):
        return template
    whole = PLACEHOLDER.fullmatch(template)
    if whole is not None:
        return values[whole[1]]
    return PLACEHOLDER.sub(lambda found: "" if values[found[1]] is None else str(values[found[1]]), template)


def _is_empty(value: Any, values: dict[str, Any]) -> bool:
    whole = PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
    return whole is not None and values[whole[1]] is None
