"""Wrong passwords: how many there were, of a name and from an address, and how long the next one has to wait.

The file lies beside the accounts, so that it holds for each process of the API server and after a restart. It has hashes of names and
addresses, because somebody may have typed a password where the name belongs.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc.files import locked, write_private

log = logging.getLogger(__name__)

PAIR, NAME, ADDRESS = "name and address", "name", "address"
LIMITS = {PAIR: 10, NAME: 50, ADDRESS: 50}
"""Wrong passwords after which the next one waits: of a name from one address, of a name from anywhere, from an address for all names."""

FIRST_WAIT, LONGEST_WAIT = 60.0, 900.0  # seconds; each further wrong password doubles the wait
FORGOTTEN_AFTER = 3600.0  # seconds without a wrong password
KNOWN_FOR = 90 * 86400.0  # seconds for which it is remembered that a name was let in from an address
MOST_ENTRIES = 5000  # of each kind; the oldest go first


@dataclass(frozen=True)
class Attempt:
    """A password that is given: `wait`, the seconds for which it is refused unseen; `reached`, the limits that it reaches if wrong."""

    wait: int
    reached: tuple[str, ...] = ()


class Guesses:
    """The wrong passwords that `folder` remembers, the folder of Airflow's state (CCHC_HOME/airflow)."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = folder / "guesses.json"
        self._clock = clock

    def begin(self, name: str, address: str) -> Attempt:
        """Count an attempt as wrong before it is looked at, so that many at once cannot pass together; `right` takes that back.

        Where the wait is not 0 the password must not be looked at, and nothing was counted. Whoever was let in from this address lately
        waits only for its own mistakes, so that a stranger who guesses elsewhere cannot keep a person out.
        """
        now, keys = self._clock(), _keys(name, address)

        def count(wrong: dict[str, Any], known: dict[str, float]) -> Attempt:
            binding = {kind: key for kind, key in keys.items() if kind == PAIR or keys[PAIR] not in known}
            until = max((wrong[key][2] for key in binding.values() if key in wrong), default=0.0)
            if until > now:
                return Attempt(wait=int(until - now) + 1)
            reached = []
            for kind, key in keys.items():
                times = wrong.get(key, [0])[0] + 1
                over = times - LIMITS[kind]
                wait = min(FIRST_WAIT * 2.0 ** min(over, 10), LONGEST_WAIT) if over >= 0 else 0.0
                wrong[key] = [times, now, now + wait if wait else 0.0]
                if times % LIMITS[kind] == 0:
                    reached.append(kind)
            return Attempt(0, tuple(reached))

        return self._changed(count)

    def right(self, name: str, address: str) -> None:
        """The attempt was right: the mistakes of this name from this address are forgotten, and the address is known."""
        now, keys = self._clock(), _keys(name, address)

        def forget(wrong: dict[str, Any], known: dict[str, float]) -> Attempt:
            wrong.pop(keys[PAIR], None)
            for kind in (NAME, ADDRESS):
                times = wrong.get(keys[kind], [0])[0] - 1
                if times > 0:
                    wrong[keys[kind]][0] = times  # a wait stays: a guesser could else end it with an account of its own
                else:
                    wrong.pop(keys[kind], None)
            known[keys[PAIR]] = now
            return Attempt(0)

        self._changed(forget)

    def _changed(self, change: Callable[[dict[str, Any], dict[str, float]], Attempt]) -> Attempt:
        """Read, change and write the file under its lock. A file that cannot be written or read keeps nobody out: the log tells it."""
        try:
            with locked(self.path.with_suffix(".lock")):
                wrong, known = self._read()
                attempt = change(wrong, known)
                if attempt.wait == 0:
                    write_private(self.path, json.dumps({"wrong": _newest(wrong, lambda entry: entry[1]), "known": _newest(known, float)}))
                return attempt
        except OSError as error:
            log.error("wrong passwords are not counted, and so not slowed down: %s cannot be written (%s)", self.path, error)
            return Attempt(0)

    def _read(self) -> tuple[dict[str, Any], dict[str, float]]:
        now = self._clock()
        try:
            saved = json.loads(self.path.read_text(encoding="utf-8"))
            wrong = {key: [int(times), float(last), float(until)] for key, (times, last, until) in saved["wrong"].items()}
            known = {key: float(at) for key, at in saved["known"].items()}
        except FileNotFoundError:
            return {}, {}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.error("the wrong passwords of before are forgotten: %s cannot be read (%s); it is written anew", self.path, error)
            return {}, {}
        # a moment that is still to come was written before the clock was set back: nobody waits for it
        return (
            {key: entry for key, entry in wrong.items() if now - FORGOTTEN_AFTER < entry[1] <= now + 1},
            {key: at for key, at in known.items() if now - KNOWN_FOR < at <= now + 1},
        )


def _keys(name: str, address: str) -> dict[str, str]:
    parts = {PAIR: [name, address], NAME: [name], ADDRESS: [address]}
    return {kind: hashlib.sha256(json.dumps([kind, *part]).encode()).hexdigest()[:32] for kind, part in parts.items()}


def _newest(entries: dict[str, Any], at: Callable[[Any], float]) -> dict[str, Any]:
    return dict(sorted(entries.items(), key=lambda entry: at(entry[1]))[-MOST_ENTRIES:])
