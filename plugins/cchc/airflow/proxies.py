"""The proxies before Airflow whose word counts for the address of whoever asks (CCHC_TRUSTED_PROXIES).

Anybody who reaches the API server can send the header X-Forwarded-For, and so have an address of its own choice, with each guess of a
password another one. So it counts only where the connection comes from a proxy that the setting names: by address, network, or name.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Mapping
from functools import cache

from cchc.errors import NotConfigured

log = logging.getLogger(__name__)

VARIABLE = "CCHC_TRUSTED_PROXIES"
UNKNOWN = "an unknown address"
KNOWN_FOR = 60.0  # seconds for which the addresses of a name count; a container that is started anew has another one
MOST_TOLD = 100  # proxies that the log tells of, once each

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*")


class Proxies:
    """The proxies that are trusted. `setting`: addresses, networks and names, with commas between them; nobody where it is empty."""

    def __init__(self, setting: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        self._names: list[str] = []
        self._found: dict[str, tuple[float, frozenset[str]]] = {}
        self._told: set[str] = set()
        self._clock = clock
        for word in filter(None, (part.strip() for part in setting.split(","))):
            try:
                self._networks.append(ipaddress.ip_network(word))
            except ValueError:
                if not _NAME.fullmatch(word) or re.fullmatch(r"[\d.]+", word):
                    raise NotConfigured(
                        f"{VARIABLE}: '{word}' is no address, no network (10.0.0.0/24, without bits of a host) and no name of a machine"
                    ) from None
                self._names.append(word)

    def trusts(self, peer: Address) -> bool:
        """Whether a connection from this address is that of a proxy that is trusted. A name may have to be looked up."""
        if any(peer in network for network in self._networks):
            return True
        return any(str(peer) in self._addresses(name) for name in self._names)

    def address_of(self, client: tuple[str, int] | None, forwarded: str | None) -> str:
        """The address of whoever asks: that of the connection; of one from a trusted proxy, the last one that X-Forwarded-For names.

        The last one is what the proxy itself saw; the ones before it are what a stranger told the proxy.
        """
        peer = _address(client[0] if client else "")
        if peer is None:
            return UNKNOWN
        if forwarded is None:
            return str(peer)
        if self.trusts(peer):
            said = _address(forwarded.rpartition(",")[2].strip())
            return UNKNOWN if said is None else str(said)
        if str(peer) not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(str(peer))
            log.warning(
                "%s names the address of whoever asks (X-Forwarded-For), and %s does not name it: that does not count, so everybody behind "
                "it waits together after wrong passwords (docs/runbooks/server.md)",
                peer,
                VARIABLE,
            )
        return str(peer)

    def _addresses(self, name: str) -> frozenset[str]:
        until, known = self._found.get(name, (0.0, frozenset()))
        if self._clock() >= until:
            try:
                known = frozenset(str(found[4][0]) for found in socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP))
            except OSError:
                known = frozenset()  # no such machine, or the proxy is not there: nobody can be it
            self._found[name] = (self._clock() + KNOWN_FOR, known)
        return known


@cache
def _of(setting: str) -> Proxies:
    return Proxies(setting)


def proxies(variables: Mapping[str, str] = os.environ) -> Proxies:
    """The proxies that the setting names. Raises NotConfigured where a word of it is none of what it may be."""
    return _of(variables.get(VARIABLE, ""))


def _address(text: str) -> Address | None:
    """The address; an IPv4 address that is written as one of IPv6 in its own form. None: it is none."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found
