"""Whom a transaction waits for: said after some seconds, and again, so that nobody looks at a command that says nothing.

A change of a table waits until every transaction that has read the table is over, and whoever comes after it waits with it: one reader who
never ends a transaction keeps a new version out, and every load behind it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError

from cchc.errors import CchcError
from cchc.period import to_minute
from cchc.warehouse.queries import ask
from cchc.warehouse.redacted import without_texts
from cchc.warehouse.url import LOADER_LOGIN

log = logging.getLogger(__name__)

FIRST, AGAIN = 5.0, 60.0  # seconds after which it is said, and said again
LONGEST = 1800.0  # seconds for one lock; then the wait ends with an error, because whoever comes after it waits with it
AS_A_TASK = 7200.0  # as long as a refresh may take, for whom nobody else has to wait
MOST_NAMED, LONGEST_STATEMENT = 5, 120


@contextmanager
def told(connection: Connection, what: str, longest: float | None = None) -> Iterator[None]:
    """Say in the log for whom the transaction of `connection` waits. Arguments: `what`, what waits, for a sentence; `longest`, in seconds.

    Raises CchcError, which names them, where it has waited too long for one lock; the transaction is then over.
    """
    driver: Any = connection.connection.driver_connection
    longest = longest or LONGEST
    connection.exec_driver_sql(f"set local lock_timeout = {round(longest * 1000)}")
    is_over = threading.Event()
    watch = _Watch(connection.engine, driver.info.backend_pid, what)
    thread = threading.Thread(target=watch.look, args=[is_over], daemon=True)
    thread.start()
    try:
        yield
    except (psycopg.Error, DBAPIError) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(original, psycopg.errors.LockNotAvailable):
            raise
        raise CchcError(
            f"{what} has waited for {longest / 60:g} minutes and is given up; nothing was changed. {watch.said} Run it again then"
        ) from error
    finally:
        is_over.set()
        thread.join(10)


class _Watch:
    """Looks from another session for whom the session `pid` waits. `said`: what it has said last."""

    def __init__(self, engine: Engine, pid: int, what: str) -> None:
        self._engine, self._pid, self._what = engine, pid, what
        self.said = ""

    def look(self, is_over: threading.Event) -> None:
        """Look again and again until it is over. What goes wrong here keeps nothing from being done: it is told, and that is all."""
        pause = FIRST
        while not is_over.wait(pause):
            try:
                with self._engine.connect() as connection:
                    rows = ask(connection, "warehouse/waited_for", pid=self._pid)
            except Exception as error:
                log.warning("%s: whether it waits for somebody cannot be told: %s", self._what, type(error).__name__)
                return
            pause = FIRST
            if rows and not is_over.is_set():
                self.said = in_words(rows, self._engine)
                log.warning("%s waits. %s", self._what, self.said)
                pause = AGAIN


def in_words(rows: list[dict[str, Any]], engine: Engine) -> str:
    """Whom it waits for, and how to end that, as sentences."""
    own = {LOADER_LOGIN, make_url(str(engine.url)).username}
    named = "; ".join(_session(row) for row in rows[:MOST_NAMED])
    more = f"; and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
    others = [row["pid"] for row in rows if row["login"] not in own and row["pid"]]
    advice = "What is ours ends by itself: a load, a refresh or a command."
    if others:
        ends = ", ".join(f"pg_terminate_backend({pid})" for pid in others[:MOST_NAMED])
        advice = (
            f"Have that transaction ended (commit, rollback, close the window), or end it as the owner: `select {ends}` "
            "(docs/runbooks/stopped.md)."
        )
    elif any(not row["pid"] for row in rows):
        advice = "A prepared transaction is ended by `rollback prepared`; pg_prepared_xacts names it."
    return f"It waits for {named}{more}. {advice}"


def _session(row: Mapping[str, Any]) -> str:
    """One session: number, login, from where, since when, in which state, and how its last statement begins, without values."""
    if not row["pid"]:
        return "a prepared transaction"
    where = f" from {row['address']}" if row["address"] else ""
    program = f" ({row['program']})" if row["program"] else ""
    since = f", in a transaction since {to_minute(row['since'])}" if row["since"] else ""
    state = f", {row['state']}" if row["state"] else ""
    statement = without_texts(row["statement"] or "")
    begins = statement[:LONGEST_STATEMENT] + ("…" if len(statement) > LONGEST_STATEMENT else "")
    asked = f", last statement: {begins}" if begins and row["since"] else ""
    return f"session {row['pid']} of {row['login']}{where}{program}{since}{state}{asked}"
