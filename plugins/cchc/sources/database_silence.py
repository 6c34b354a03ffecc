"""End a connection to PostgreSQL over which nothing comes: its driver waits for ever where a server, or something between, falls silent.

The server's own statement timeout does not help then, and keepalives are answered by the machine of a program that no longer works.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from typing import Any


class Watch:
    """Watches one connection from `begin` to `end`. `heard` says that something came; after `seconds` without it the line is shut down.

    The driver then raises the error of a lost connection where it waits. `fell_silent`: whether that was done.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.fell_silent = seconds, False
        self._last = 0.0
        self._line: socket.socket | None = None
        self._ended = threading.Event()

    def begin(self, driver: Any) -> None:
        """Watch a connection of psycopg; that of any other driver has a timeout of its own and is left alone."""
        pgconn = getattr(driver, "pgconn", None)
        if pgconn is None or self._line is not None:
            return
        self._line = socket.socket(fileno=os.dup(pgconn.socket))
        self.heard()
        threading.Thread(target=self._wait, name="cchc-silence", daemon=True).start()

    def heard(self) -> None:
        """Something came."""
        self._last = time.monotonic()

    def end(self) -> None:
        """Watch no longer."""
        self._ended.set()

    def _wait(self) -> None:
        line = self._line
        assert line is not None  # noqa: S101  # begin() has set it
        with line:
            while not self._ended.wait(max(0.05, self._last + self.seconds - time.monotonic())):
                if time.monotonic() - self._last >= self.seconds:
                    self.fell_silent = True
                    with suppress(OSError):
                        line.shutdown(socket.SHUT_RDWR)
                    return
