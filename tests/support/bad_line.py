"""A line to a server that is cut off or falls silent: a proxy of bytes on the loopback address, before any server."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class BadLine:
    """A proxy before the server at `target`. `after`: so many bytes from the server come through, over all connections; None: all.

    Then the line is cut, or with `silent` nothing more comes through. `passed`: the bytes that came through so far.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.after: int | None = None
        self.silent = False
        self.passed = 0
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._closed = False

    def reset(self, after: int | None = None, *, silent: bool = False) -> None:
        """A new line, with another end."""
        self._hang_up()
        self.after, self.silent, self.passed = after, silent, 0

    def serve(self) -> None:
        """Take connections until the proxy is closed."""
        while not self._closed:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets += [client, server]
            for start, end, is_answer in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pass_on, args=(start, end, is_answer), daemon=True).start()

    def _pass_on(self, start: socket.socket, end: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := start.recv(65536):
                if is_answer:
                    data = self._let_through(data)
                if data:
                    end.sendall(data)
                if is_answer and self._is_over():
                    if not self.silent:
                        self._hang_up()
                    return
            end.shutdown(socket.SHUT_WR)

    def _let_through(self, data: bytes) -> bytes:
        with self._lock:
            if self.after is not None:
                data = data[: max(0, self.after - self.passed)]
            self.passed += len(data)
        return data

    def _is_over(self) -> bool:
        return self.after is not None and self.passed >= self.after

    def _hang_up(self) -> None:
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for each in sockets:
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))  # as a line that breaks: no farewell
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        """End the proxy and all of its connections."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._hang_up()


@contextmanager
def bad_line(target: int) -> Iterator[BadLine]:
    """A running proxy before the server at a port."""
    line = BadLine(target)
    thread = threading.Thread(target=line.serve, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.close()
        thread.join()
