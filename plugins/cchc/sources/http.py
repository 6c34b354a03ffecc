"""Ask a source over HTTP: one session with login, retries, and checks of every answer.

After an error that may be temporary (no connection, status 5xx or 429, an incomplete answer) the request is repeated a limited number of
times, with growing pauses or after the time in Retry-After. Any other error is raised, and its message names the source, the path and the
place, but never a secret.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit, urlunsplit

import orjson
import requests
from requests.auth import AuthBase

from cchc import period
from cchc.errors import ContractViolation, NotConfigured, SourceUnavailable, WrongClock
from cchc.sources import login as login_with
from cchc.sources import xml_answers
from cchc.sources.connection import Connection, variable
from cchc.sources.exact_json import checked, exact
from cchc.sources.limits import MIB, Limits
from cchc.sources.nul import without_nul
from cchc.sources.paths import finder
from cchc.sources.profile import Entity, Http, Profile
from cchc.sources.records import Problem
from cchc.sources.ws_security import REFUSALS
from cchc.sources.xml_elements import list_place

MAX_PAUSE_SECONDS = 120.0
FIRST_PAUSE_SECONDS = 0.3
MALFORMED_RETRIES = 2
CONNECT_SECONDS = 10.0
PIECE_BYTES = 64 * 1024
MOST_COOKIE_CHARACTERS = 8192  # of all cookies together; most servers take no longer header
Kind = TypeVar("Kind")
CONTENT_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,40}")
OAUTH_ERRORS = ("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope")
# urllib3 logs the address of a request with its cursor, which may contain the key of a record
logging.getLogger("urllib3").setLevel(logging.ERROR)
_RETRY_STATUS = (408, 500, 502, 504)
_WAIT_STATUS = (429, 503)


@dataclass(frozen=True)
class Answer:
    """One answer of a source: its status, its headers and its unpacked body."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class _TooSlow(Exception):
    """The body of an answer comes, but not to its end in time."""


@dataclass(frozen=True)
class Asked:
    """One request for records: `path` below the connection's address, or `url`, the address of a next page on the same host.

    `body`: what a request by POST has: an object of JSON, or the text of an XML document. `lists`: the places in a record of an answer that
    is XML that are lists also where a single element is there.
    """

    path: str
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    url: str | None = None
    lists: tuple[tuple[Any, ...], ...] = ()


class Client:
    """A session with one source, with login. An extract only needs `get_json`."""

    def __init__(
        self,
        profile: Profile,
        connection: Connection,
        sleep: Callable[[float], None] = time.sleep,
        known_at: datetime | None = None,
        limits: Limits | None = None,
    ) -> None:
        if profile.http is None:
            raise NotConfigured(
                f"Source {profile.source} has no 'http' in its profile, but its connection's host is a URL. "
                f"Give the drop folder as host in {variable(profile.source)}."
            )
        self.http: Http = profile.http
        self.source = profile.source
        self.connection = connection
        self.base = connection.host.rstrip("/")
        self._sleep = sleep
        self._limits = limits or Limits.load()
        self._known_at = known_at
        self.clock: datetime | None = None
        self._session = requests.Session()
        accept = xml_answers.ACCEPT if self.http.answers == "xml" else "application/json"
        self._session.headers.update({"Accept": accept, "Accept-Encoding": "gzip", "User-Agent": "cchc"})
        self._session.verify = connection.extra.get("verify", True)
        self._auth: AuthBase | None = None
        self._next_at = 0.0
        wanted = login_with.lacking(self.http.auth, connection)
        if wanted is not None:
            raise NotConfigured(f"The connection src_{self.source} lacks its credentials: set {wanted} (or in {variable(self.source)}).")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def login(self) -> None:
        """Get a token, or prepare what each request carries. Raises SourceUnavailable if the source refuses the login."""
        auth = self.http.auth
        self._auth = login_with.standing(auth, self.connection)
        if self._auth is not None:
            return
        where = f"{self.source}: POST {auth.path}"
        if auth.kind == "login":
            secrets = {"login": self.connection.login, "password": self.connection.password}
            options: dict[str, Any] = {"auth": login_with.Nothing(), "json": login_with.filled(auth.body, secrets)}
        else:
            options = {"auth": login_with.basic(self.connection), "data": {"grant_type": "client_credentials"}}
        answer = self._send("POST", self.base + auth.path, where, **options)
        if answer.status_code in (400, 401, 403):
            raise self._refused(auth.path, answer.status_code)
        if answer.status_code == 201 and auth.kind == "login":
            answer = replace(answer, status_code=200)
        self._require_ok(answer, where)
        self._auth = self._token(parse_json(answer.content, where), where)

    def _token(self, body: Any, where: str) -> AuthBase:
        auth = self.http.auth
        token = finder(auth.token)(body) if auth.kind == "login" or isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            fix = f" Or correct http.auth.token in the profile {self.source}.yaml." if auth.kind == "login" else ""
            raise ContractViolation(f"{where}: the answer has no {auth.token}. Ask the owner of the source.{fix}")
        if auth.kind == "login":
            return login_with.Header(auth.header, f"{auth.scheme} {token}".strip())
        return login_with.Header("Authorization", f"Bearer {token}")

    def get_json(self, path: str, params: dict[str, str], where: str, check: Callable[[Any], None]) -> Any:
        """The parsed answer of a GET request that `check` accepted; errors are those of `ask`."""

        def read(body: Any, _: Answer) -> Any:
            check(body)
            return body

        return self.ask(Asked(path, params), where, read)

    def ask(self, asked: Asked, where: str, read: Callable[[Any, Answer], Kind]) -> Kind:
        """What `read` made of the answer to a request.

        If the answer is incomplete, is not JSON (or XML, as the profile says) or fails `read`, the request is repeated twice, because some
        gateways fail now and then; after that ContractViolation is raised. Raises SourceUnavailable if the source cannot be reached or
        refuses the request.
        """
        for attempt in range(MALFORMED_RETRIES + 1):
            answer = self._get(asked, where)
            try:
                return read(self._parsed(asked, answer, where), answer)
            except ContractViolation:
                if attempt == MALFORMED_RETRIES:
                    raise
                self._sleep(FIRST_PAUSE_SECONDS * 2**attempt)
        raise AssertionError("unreachable")

    def _parsed(self, asked: Asked, answer: Answer, where: str) -> Any:
        if self.http.answers == "json":
            return parse_json(answer.content, where)
        data = list_place(self.http.paginator.data)
        return xml_answers.parse_xml(answer.content, (data, *((*data, *each) for each in asked.lists)), self._limits, where)

    def same_host(self, address: str, where: str, last: str | None = None) -> str:
        """The address of a next page, made whole (`last`: the page that named it).

        Only the host of the connection is asked, and with its own scheme, because the request carries the secrets of the connection. Raises
        ContractViolation for another host.
        """
        base = urlsplit(self.base)
        try:
            parts = urlsplit(urljoin(last or self.base + "/", address))
        except ValueError:
            raise ContractViolation(
                f"{where}: what is said to be the next page is no address. Nothing of it is used; ask the owner of the source."
            ) from None
        if parts.netloc != base.netloc or parts.scheme not in ("http", "https"):
            raise ContractViolation(
                f"{where}: the next page is said to be on another host ({parts.hostname or 'none'}); only {base.netloc}, the host of the "
                f"connection src_{self.source}, is asked. Nothing of it is used; ask the owner, or give the connection that host."
            )
        return urlunsplit((base.scheme, base.netloc, parts.path, parts.query, ""))

    def _get(self, asked: Asked, where: str) -> Answer:
        if self._auth is None:
            self.login()
        answer = self._records(asked, where)
        if answer.status_code in (401, 403) and self.http.auth.expires:
            self.login()  # a token can expire during an extract, so get one new token and continue
            answer = self._records(asked, where)
        if answer.status_code in (401, 403):
            raise self._refused(asked.path, answer.status_code)
        self._require_ok(answer, where)
        return answer

    def _records(self, asked: Asked, where: str) -> Answer:
        options: dict[str, Any] = {"auth": self._auth, "params": asked.params}
        headers = asked.headers
        if isinstance(asked.body, str):
            options["data"] = asked.body.encode()
            if not any(name.lower() == "content-type" for name in headers):
                headers = {"Content-Type": xml_answers.CONTENT_TYPE, **headers}
        elif asked.body is not None:
            options["json"] = asked.body
        if headers:
            options["headers"] = headers
        return self._send("GET" if asked.body is None else "POST", asked.url or self.base + asked.path, where, **options)

    def _keep_pace(self) -> None:
        """Wait until the next request may be sent, where the profile limits them."""
        if self.http.requests_per_second is None:
            return
        now = time.monotonic()
        if now < self._next_at:
            self._sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + 1 / self.http.requests_per_second

    def _send(self, method: str, url: str, where: str, **options: Any) -> Answer:
        """Send a request, and repeat it at most `retries` times until an answer can be read."""
        reason = ""
        for attempt in range(self.http.retries + 1):
            pause = min(FIRST_PAUSE_SECONDS * 2**attempt, MAX_PAUSE_SECONDS)
            answer = self._ask_once(method, url, where, options)
            if isinstance(answer, Answer):
                self._stop_if_refused(answer, where)
                if answer.status_code not in (*_RETRY_STATUS, *_WAIT_STATUS):
                    return answer
                reason = f"it answered {answer.status_code}{self._fault(answer)}"
                if answer.status_code in _WAIT_STATUS:
                    pause = retry_after(answer.headers.get("Retry-After"), pause)
            else:
                reason = answer
            if attempt < self.http.retries:
                self._sleep(pause)
        raise SourceUnavailable(
            f"{where}: {reason}, {self.http.retries + 1} times. Host {urlsplit(self.base).netloc}. "
            "Check that the source is up and reachable from here, then run again."
        )

    def _ask_once(self, method: str, url: str, where: str, options: dict[str, Any]) -> Answer | str:
        """The answer to one request, or the reason why there is none if another try may bring one."""
        self._keep_pace()
        timeout = (min(CONNECT_SECONDS, self.http.timeout_seconds), self.http.timeout_seconds)
        try:
            # `verify` with each request: requests would let REQUESTS_CA_BUNDLE of the environment win over that of the session
            verify = self._session.verify
            with self._session.request(
                method, url, timeout=timeout, allow_redirects=False, stream=True, verify=verify, **options
            ) as coming:
                answer = Answer(coming.status_code, coming.headers, self._body(coming, where))
            self._see_clock(answer, where)
            self._forget_many_cookies()
            return answer
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            return "the answer was cut off"
        except _TooSlow:
            return f"its answer did not come to its end within {self._limits.seconds} seconds (CCHC_MAX_SECONDS)"
        except requests.exceptions.Timeout:
            return f"it did not answer within {self.http.timeout_seconds:g} seconds"
        except requests.exceptions.SSLError as error:
            raise SourceUnavailable(
                f"{where}: the server's certificate is not trusted ({_why(error)}). Check the host, or extra.verify of the connection."
            ) from None
        except requests.exceptions.ConnectionError as error:
            return f"no connection ({_why(error)})"
        except (requests.exceptions.RequestException, ValueError, UnicodeError) as error:
            raise NotConfigured(
                f"{where}: the host of the connection cannot be used ({type(error).__name__}). Check the base URL of src_{self.source}."
            ) from None

    def _body(self, coming: requests.Response, where: str) -> bytes:
        """The body of an answer, unpacked.

        Raises ContractViolation if it has more bytes than an answer may have, because a small packed answer can unpack to any size, and
        _TooSlow if it does not come to its end in time.
        """
        until = time.monotonic() + self._limits.seconds
        pieces, size = [], 0
        for piece in coming.iter_content(PIECE_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > self._limits.answer * MIB:
                raise ContractViolation(
                    f"{where}: the answer has more than {self._limits.answer} MB (CCHC_MAX_ANSWER_MB). Nothing of it is used. Ask for "
                    f"smaller pages (the page size in the profile {self.source}.yaml), or ask the owner of the source."
                )
            if time.monotonic() > until:
                raise _TooSlow
        return b"".join(pieces)

    def _forget_many_cookies(self) -> None:
        """Forget the cookies of the source where they are more than any session needs.

        A source could set others with each answer, which all stay in memory and are sent with each request.
        """
        cookies = self._session.cookies
        if sum(len(cookie.name) + len(cookie.value or "") for cookie in cookies) > MOST_COOKIE_CHARACTERS:
            cookies.clear()

    def _see_clock(self, answer: Answer, where: str) -> None:
        """Store the time of the source (the Date of its first answer). Raises WrongClock if known_at is more than CLOCK_TOLERANCE later."""
        if self.clock is not None or not answer.headers.get("Date"):
            return
        try:
            told = parsedate_to_datetime(answer.headers["Date"])
            self.clock = (told if told.tzinfo is not None else told.replace(tzinfo=UTC)).astimezone(UTC)  # "-0000" of RFC 5322: UTC
        except (ValueError, TypeError, OverflowError):  # the first or the last hours of time are no day in UTC
            return
        if self._known_at is not None and self._known_at > self.clock + period.CLOCK_TOLERANCE:
            raise WrongClock(
                f"{where}: T = {self._known_at.isoformat(timespec='seconds')} is later than the source's own clock "
                f"({self.clock.astimezone(self._known_at.tzinfo).isoformat(timespec='seconds')}, the Date of its answer). Nothing of it is "
                f"used, and T stays where it was. Set the clock of this machine (or of the source) by a time server; to ask up to a moment "
                f"that the source has reached, run `cchc ingest {self.source} --to {self.clock.astimezone(period.ZONE):%Y-%m-%dT%H:%M:%S}`."
            )

    def _refused(self, path: str, status: int) -> SourceUnavailable:
        what = login_with.TO_CHECK.get(self.http.auth.kind, "login or password")
        return SourceUnavailable(
            f"{self.source}: {path} answered {status}: the credentials are wrong or have no right to it. "
            f"Check the {what} in the connection src_{self.source} ({variable(self.source)})."
        )

    def _stop_if_refused(self, answer: Answer, where: str) -> None:
        """Raise SourceUnavailable if the answer is the fault of a token that is not accepted: asking again could lock the account."""
        if self.http.auth.kind != "ws_security" or answer.status_code == 200:
            return
        for code in sorted(xml_answers.fault_codes(answer.content, self._limits) & set(REFUSALS)):
            raise SourceUnavailable(
                f"{where}: the token of WS-Security was refused ({code}). Check the {login_with.TO_CHECK['ws_security']} in the connection "
                f"src_{self.source} ({variable(self.source)}); it is not asked again."
            )

    def _fault(self, answer: Answer) -> str:
        """What to say of the fault of SOAP that the answer of an error is; "" where it is none."""
        fault = xml_answers.fault_of(answer.content, self._limits) if self.http.answers == "xml" else None
        return "" if fault is None else f", {fault}"

    def _require_ok(self, answer: Answer, where: str) -> None:
        if answer.status_code == 200:
            return
        if 300 <= answer.status_code < 400:
            raise NotConfigured(
                f"{where}: answered {answer.status_code}, a redirect. Give the final base URL as host of the connection src_{self.source}."
            )
        raise ContractViolation(
            f"{where}: answered {answer.status_code}{_kind(answer)}{self._fault(answer)}. See the contract, Transport; ask the owner of "
            "the source."
        )


def entity_path(http: Http, entity: Entity) -> str:
    """The path of an entity's records."""
    return (entity.path or http.path).replace("{entity}", entity.name)


def parse_json(body: bytes, where: str) -> Any:
    """The parsed body, without what PostgreSQL cannot store: NULs, and half letters.

    Raises ContractViolation if it is not JSON, or if a field stands twice around the records. A record with such a field is a Problem.
    """
    body = without_nul(body)
    value, reason = _parsed_fast(body)
    try:
        value = checked(body, value) if reason is None else _mended(exact(body))
    except (ValueError, RecursionError):
        raise ContractViolation(
            f"{where}: the answer is not JSON or was cut off ({len(body)} bytes; {reason or 'it cannot be read number by number'}). "
            "It is not an empty list: ask the owner."
        ) from None
    if isinstance(value, Problem):
        raise ContractViolation(
            f"{where}: the answer cannot be read without doubt: {value}. Nothing of it is used; ask the owner of the source."
        )
    return value


def _parsed_fast(body: bytes) -> tuple[Any, str | None]:
    """The body as orjson reads it, or why it does not."""
    try:
        return orjson.loads(body), None
    except orjson.JSONDecodeError as error:
        return None, str(error).partition(":")[0]


def retry_after(value: str | None, default: float) -> float:
    """The seconds in a Retry-After header (a number or a date), up to a limit; `default` if the header cannot be read."""
    if not value:
        return default
    text = value.strip()
    if text.isascii() and text.isdigit():  # a digit such as ² is no number
        return min(float(text), MAX_PAUSE_SECONDS)
    try:
        seconds = (parsedate_to_datetime(text) - period.now()).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return default
    return min(max(seconds, 0.0), MAX_PAUSE_SECONDS)


def _mended(value: Any) -> Any:
    """A value without half letters."""
    if isinstance(value, Problem):
        return value
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def _kind(answer: Answer) -> str:
    """Describe the answer of an error by its size, type and OAuth code. Its text is not shown because it may contain a record."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    words = f"{len(answer.content)} bytes" + (f" of {kind}" if CONTENT_TYPE.fullmatch(kind) else "")
    try:
        code = orjson.loads(answer.content).get("error")
    except (orjson.JSONDecodeError, AttributeError):
        code = None
    return f" ({words}{f', {code}' if code in OAUTH_ERRORS else ''})"


def _why(error: BaseException) -> str:
    """The innermost reason of a connection error in a few words, because the outer texts repeat the URL with its parameters.

    If the answer is not HTTP, only the kind is named, because the error repeats the sent bytes.
    """
    inner: Any = error
    while isinstance(inner, BaseException):
        causes = (getattr(inner, "reason", None), *inner.args)
        error, inner = inner, next((cause for cause in causes if isinstance(cause, BaseException)), None)
        if isinstance(error, HTTPException):
            return type(error).__name__
    return (str(error).rpartition(">: ")[2] or type(error).__name__)[:120]
