"""What Airflow's own pages leave open for browsers: a middleware of the API server that closes it.

- Airflow's login page keeps the token in a cookie that scripts can read, and that says nothing of other sites. The answer to the login
  sets the same cookie so that no script reads it (HttpOnly), no other site sends it (SameSite) and no open line carries it (Secure where
  the page came by TLS). A browser does not let a script replace such a cookie.
- A page of another address can send a form with the login of whoever looks at it. What would change something is refused to it.
- Airflow logs out by a link, and a page of another address can have such a link, or an image at that address. Whoever comes from there
  is asked by a page of ours, and so is whoever typed the address.
- A page of another address can show Airflow's pages in a frame, and have somebody click there. Browsers are told not to.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from cchc.airflow.proxies import UNKNOWN, Proxies

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Callable[[], Awaitable[Message]], Send], Awaitable[None]]

COOKIE = "_token"
READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
FRAMES = (b"x-frame-options", b"SAMEORIGIN")
LOGOUT = "/auth/logout"  # the end of its path: below another prefix it is the same
REFUSED = (
    "a page of another address asked for this, so it is refused. If it was a page of Airflow itself, the proxy before Airflow changes the "
    "host that the browser named: have it pass the header Host on, or set AIRFLOW__API__BASE_URL to the address that people use"
)

LOG_OUT = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Đăng xuất</title></head><body>
<p>Một trang khác dẫn đến đây để đăng xuất; chưa có gì thay đổi. Bấm để đăng xuất: <a href="logout">Đăng xuất</a></p>
<p lang="en">Another page has led here to log you out; nothing has changed yet. To log out: <a href="logout">Log out</a></p>
</body></html>
"""


@dataclass
class Asked:
    """The request in work: from where it came (`client`, and what X-Forwarded-For says), and the token that a login was given."""

    client: tuple[str, int] | None = None
    forwarded: str | None = None
    proxies: Proxies | None = None
    token: str | None = None

    @cached_property
    def address(self) -> str:
        """The address of whoever asks. Found where a login reads it, because the name of a proxy may have to be looked up."""
        return UNKNOWN if self.proxies is None else self.proxies.address_of(self.client, self.forwarded)


asked: ContextVar[Asked | None] = ContextVar("asked", default=None)
"""Read by the login, which is not told of the request."""


class Browsers:
    """The middleware.

    `own_urls`: addresses that are ours whatever host a request names; `cookie_path`: the path of the login's cookie; `proxies`: whose word
    counts for the address of whoever asks.
    """

    def __init__(self, app: Application, own_urls: Iterable[str], cookie_path: Callable[[], str], proxies: Proxies) -> None:
        self.app = app
        self.proxies = proxies
        self.own = frozenset(urlsplit(url).netloc.lower() for url in own_urls if url)
        self.cookie_path = cookie_path

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        """Refuse what another site asks for; else let the request through, and complete the headers of its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["method"] not in READING and "authorization" not in headers and self.is_foreign(headers):
            await _refuse(send)
            return
        if scope["path"].rstrip("/").endswith(LOGOUT) and "authorization" not in headers and not self.is_own_link(headers):
            await _refuse(send, LOG_OUT)
            return
        request = Asked(scope.get("client"), headers.get("x-forwarded-for"), self.proxies)
        asked.set(request)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = list(message.get("headers", []))
                if FRAMES[0] not in {name.lower() for name, _ in found}:
                    found.append(FRAMES)
                if request.token and headers.get("origin"):  # a program that asks for a token has no use for a cookie
                    found.append((b"set-cookie", self._cookie(request.token, headers["origin"]).encode("latin-1")))
                message["headers"] = found
            await send(message)

        await self.app(scope, receive, answer)

    def is_foreign(self, headers: dict[str, str]) -> bool:
        """Whether the page that asks is not one of ours. A request without a word of its page comes from a program, which has no cookie."""
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        return not self._is_own(origin, headers)

    def is_own_link(self, headers: dict[str, str]) -> bool:
        """Whether a page of ours leads here.

        Browsers tell that over TLS and on the same machine; `none`, the word for an address that was typed, stands for a link in an e-mail,
        too. Over an open line only the page tells it that leads here, if it is ours: a page of another address can keep itself secret.
        """
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        return self._is_own(headers.get("referer", ""), headers)

    def _is_own(self, page: str, headers: dict[str, str]) -> bool:
        # another site cannot set the host that was forwarded: only a proxy, or a program, can
        hosts = {headers.get("host", "").lower(), headers.get("x-forwarded-host", "").lower()} - {""}
        return urlsplit(page).netloc.lower() in self.own | hosts

    def _cookie(self, token: str, origin: str) -> str:
        secure = "; Secure" if origin.lower().startswith("https:") else ""
        return f"{COOKIE}={token}; Path={self.cookie_path()}; HttpOnly; SameSite=Lax{secure}"


async def _refuse(send: Send, page: str | None = None) -> None:
    """Answer that this is refused: with a page, or as Airflow's API does."""
    kind = b"application/json" if page is None else b"text/html; charset=utf-8"
    headers = [(b"content-type", kind), (b"cache-control", b"no-store"), (b"referrer-policy", b"same-origin"), FRAMES]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": (json.dumps({"detail": REFUSED}) if page is None else page).encode()})
