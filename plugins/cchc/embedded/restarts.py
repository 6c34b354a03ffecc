"""What the keeper has started again, as `restarts.json` remembers it, and the process that tells it to people.

The keeper must look after processes and nothing else. So it starts this module as a process of its own, which may take its time with a
mail server, and ends it where it takes too long:

    python -m cchc.embedded.restarts          reads what is to be told from its input, tells it by the rules of alerts.yaml, and ends

What ends again and again is told at once, and then once an hour with how often: `Teller` counts that.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cchc.errors import CchcError, WarehouseUnavailable
from cchc.files import write_atomic
from cchc.period import now

if TYPE_CHECKING:
    from cchc.notices.deliver import Lookup
    from cchc.notices.tell import Told
    from cchc.notices.trouble import Trouble
    from cchc.sources.connection import Parts

log = logging.getLogger(__name__)

REMEMBERED = 100
TOLD_FOR = timedelta(days=7)  # what is older is history
GATHER_SECONDS = 30.0  # a crash of PostgreSQL ends others, too: one message about all of them
PAUSE_SECONDS = 3600.0  # between two messages about the same process
RETRY_SECONDS = 600.0  # where a message could not be sent at all
LONGEST_SECONDS = 180.0  # of telling it
EVENT = "process_restarted"
TOLD, NOT_TOLD, NOBODY = 0, 1, 3  # how the process that tells it ends
COMMAND = [sys.executable, "-m", "cchc.embedded.restarts"]


@dataclass(frozen=True)
class Restart:
    """One start. `at`, `told`: moments (ISO 8601), when it was started and when that was told; None: nobody was told yet."""

    name: str
    at: str
    told: str | None = None


@dataclass(frozen=True)
class News:
    """What is to be told of one process. `at`: when it was started since the last message; `failed`: why it cannot be started."""

    name: str
    at: list[str]
    in_a_week: int
    log: str
    failed: str | None = None


class RestartFile:
    """The starts that a keeper remembers, oldest first, in `restarts.json` of a folder. The keeper alone writes it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "restarts.json"
        self._unwritten: list[Restart] | None = None  # all of them, where the file could not be written

    def read(self) -> list[Restart]:
        """All that are remembered. Raises CchcError where they cannot be read."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            made = [Restart(str(entry["name"]), str(entry["at"]), entry.get("told")) for entry in found]
            for entry in made:
                datetime.fromisoformat(entry.at).astimezone()
            return made
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CchcError(
                f"{self.path} cannot be read ({type(error).__name__}), so nobody can tell which processes were started again; "
                "the next such start writes it anew"
            ) from error

    def known(self) -> list[Restart]:
        """As `read`, for the keeper: what it could not write, on a full disk for instance, is known to it all the same."""
        return self.read() if self._unwritten is None else self._unwritten

    def add(self, name: str) -> None:
        """Remember a start at this moment."""
        try:
            before = self.known()
        except CchcError as error:
            log.error("%s", error)
            before = []
        self._write([*before, Restart(name, now().isoformat())])

    def mark(self, told: list[News]) -> None:
        """Remember that these were told at this moment."""
        done, moment = {(news.name, at) for news in told for at in news.at}, now().isoformat()
        self._write([replace(entry, told=moment) if (entry.name, entry.at) in done else entry for entry in self.known()])

    def _write(self, entries: list[Restart]) -> None:
        kept = entries[-REMEMBERED:]
        try:
            write_atomic(self.path, json.dumps([asdict(entry) for entry in kept], indent=1))
        except OSError as error:
            log.error("%s cannot be written (%s): it is known until this keeper ends", self.path, error.strerror)
            self._unwritten = kept
        else:
            self._unwritten = None


class Teller:
    """Has people told what was started again. `step` is called at each look of the keeper; it waits for nothing and raises nothing."""

    def __init__(self, folder: Path, command: list[str] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder, self.command, self.clock = folder, command or COMMAND, clock
        self.file = RestartFile(folder)
        self.failed: dict[str, str] = {}
        self._seen: dict[str, float] = {}  # since when there is something untold of a process
        self._next: dict[str, float] = {}  # not before this is it told again
        self._running: tuple[subprocess.Popen[bytes], list[News], float] | None = None
        self._complained = False

    def step(self) -> None:
        """Look after the process that tells, or start one where there is something to tell."""
        try:
            if self._running is not None:
                self._look_after(*self._running)
                return
            due = self._due()
            if due:
                self._begin(due)
        except Exception as error:  # the keeper goes on
            if not self._complained:
                log.exception("what was started again could not be told: %s", error)
            self._complained = True

    def has_failed(self, name: str, reason: str) -> None:
        """Note that a process could not be started."""
        self.failed[name] = reason

    def _due(self) -> list[News]:
        """What is to be told now: all of it that may be told, as soon as one of it has waited for the others."""
        moment, news = self.clock(), self._news()
        self._seen = {each.name: self._seen.get(each.name, moment) for each in news}
        allowed = [each for each in news if moment >= self._next.get(each.name, moment)]
        return allowed if any(moment - self._seen[each.name] >= GATHER_SECONDS for each in allowed) else []

    def _news(self) -> list[News]:
        since = (now() - TOLD_FOR).timestamp()
        week: dict[str, list[Restart]] = {name: [] for name in self.failed}
        for entry in self.file.known():
            if _seconds(entry.at) >= since:
                week.setdefault(entry.name, []).append(entry)
        made = [
            News(name, [each.at for each in entries if each.told is None], len(entries), str(self._log_of(name)), self.failed.get(name))
            for name, entries in sorted(week.items())
            if not self._was_told_lately(entries)
        ]
        return [news for news in made if news.at or news.failed]

    def _log_of(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log" if name != "postgresql" else self.folder.parent / "postgres" / "data" / "server.log"

    def _was_told_lately(self, entries: list[Restart]) -> bool:
        """Whether the last message about a process is of this hour. A keeper that was itself started again knows it from the file."""
        moment = now().timestamp()
        return any(0 <= moment - _seconds(entry.told) < PAUSE_SECONDS for entry in entries if entry.told)

    def _begin(self, news: list[News]) -> None:
        log_file = self.folder / "logs" / "restarts.log"
        for each in news:
            self._next[each.name] = self.clock() + RETRY_SECONDS  # also where the process cannot be started
        with open(log_file, "a") as output, tempfile.TemporaryFile() as given:  # a pipe might have to be waited for
            given.write(json.dumps([asdict(each) for each in news]).encode())
            given.seek(0)
            process = subprocess.Popen(self.command, cwd=self.folder, stdin=given, stdout=output, stderr=subprocess.STDOUT)
        self._running = (process, news, self.clock())

    def _look_after(self, process: subprocess.Popen[bytes], news: list[News], since: float) -> None:
        code = process.poll()
        if code is None and self.clock() - since < LONGEST_SECONDS:
            return
        self._running = None
        if code is None:
            process.kill()
            process.wait()
        names = ", ".join(each.name for each in news)
        pause = PAUSE_SECONDS if code in (TOLD, NOBODY) else RETRY_SECONDS
        for each in news:
            self._next[each.name] = self.clock() + pause
        if code == TOLD:
            for each in news:
                if self.failed.get(each.name) == each.failed:
                    self.failed.pop(each.name, None)
            self.file.mark(news)
            self._complained = False
            return
        why = {None: f"it took more than {LONGEST_SECONDS:.0f} s", NOBODY: "no recipient of alerts.yaml can be reached"}.get(
            code, "it could not be sent"
        )
        log.warning(
            "nobody was told that %s had ended: %s; tried again in %.0f minutes (%s, docs/runbooks/alerts.md)",
            names, why, pause / 60, self.folder / "logs" / "restarts.log",
        )  # fmt: skip


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).astimezone().timestamp()


# --- the process that tells ------------------------------------------------------------------------------------------


def troubles(news: list[News]) -> list[Trouble]:
    """What is told of each process, as the alerts know it."""
    from cchc.notices.trouble import Trouble

    made = []
    for each in news:
        at = each.at or [now().isoformat()]
        facts: dict[str, Any] = {
            "process": each.name, "count": len(each.at), "first": at[0], "last": at[-1], "in_a_week": each.in_a_week, "log": each.log,
            "reason": each.failed,
        }  # fmt: skip
        made.append(Trouble(EVENT, each.name, datetime.fromisoformat(at[0]).astimezone(), facts))
    return made


def tell_news(news: list[News], lookup: Lookup) -> int:
    """Tell it to those whom alerts.yaml names; how it went: TOLD, NOT_TOLD, or NOBODY where no recipient has an address."""
    from sqlalchemy.exc import SQLAlchemyError

    from cchc.notices.deliver import problem_of
    from cchc.notices.rules import read_rules
    from cchc.notices.tell import report, tell_without_memory
    from cchc.settings import Settings

    settings = Settings.load()
    recipients = read_rules(settings).told(EVENT)
    problems = [f"recipient {each.name}: {problem}" for each in recipients if (problem := problem_of(each, lookup)) is not None]
    if len(problems) == len(recipients):
        log.error("nobody is told: %s", "; ".join(problems) or "no rule of alerts.yaml names a recipient of process_restarted")
        return NOBODY
    found = troubles(news)
    try:
        told = report(settings, found, lookup)
        is_kept = True
    except (WarehouseUnavailable, SQLAlchemyError) as error:
        log.warning("the warehouse remembers nothing (%s): what is told may be told again", type(error).__name__)
        told, is_kept = tell_without_memory(settings, found, lookup), False
    _log(told)
    # what the warehouse has kept is tried again each hour by the DAG alerts
    return TOLD if told.sent or (is_kept and told.undelivered) else NOT_TOLD


def _log(told: Told) -> None:
    for recipient, subject in told.sent:
        log.info("told %s: %s", recipient, subject)
    for sentence in told.undelivered:
        log.warning("%s", sentence)
    for name, problem in told.unreachable.items():
        log.warning("nobody is told through %s: %s", name, problem)


def _connection(connection_id: str) -> Parts | None:
    """A variable first: it is found also where Airflow's database is away, which a message may be about."""
    from cchc.sources.connection import parts_from_environment

    found = parts_from_environment(connection_id)
    if found is not None:
        return found
    from cchc.airflow.addresses import connection_of_server  # takes seconds to import

    return connection_of_server(connection_id)


def main() -> int:
    """Tell what the input names."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    news = [News(**each) for each in json.load(sys.stdin)]
    try:
        return tell_news(news, _connection)
    except CchcError as error:
        log.error("%s", error)
        return NOT_TOLD


if __name__ == "__main__":
    sys.exit(main())
