"""A real server with a wrong certificate is refused before it gets a login, over HTTP and as a database; a right one is read."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from cchc.errors import CchcError, SourceUnavailable
from cchc.sources.check import check_connection
from cchc.sources.connection import Connection
from cchc.sources.profile import read_profile
from cchc.warehouse import embedded as postgres
from tests.sources.conftest import PROJECT, profile
from tests.support.certificates import certificate
from tests.support.http import Handler

WRONG = [("nobody trusts it", "127.0.0.1", 1, False), ("another host", "one-stop.example", 1, True), ("it is over", "127.0.0.1", -1, True)]
CASES = pytest.mark.parametrize(("host", "days", "is_trusted"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[tuple[str, list[str]]]:
    """An HTTPS server that answers everything with a token, and what it was asked."""
    asked: list[str] = []

    class Answers(Handler):
        def do_POST(self) -> None:
            asked.append(f"POST {self.path}")
            self.send(b'{"access_token": "x", "expires_in": 3600}', headers={"Content-Type": "application/json"})

        def do_GET(self) -> None:
            asked.append(f"GET {self.path}")
            self.send(b'{"total": 0, "data": [], "items": [], "next_cursor": null}', headers={"Content-Type": "application/json"})

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is no error here."""

    server = Quiet(("127.0.0.1", 0), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@CASES
def test_a_server_with_a_wrong_certificate_gets_no_login(tmp_path: Path, host: str, days: int, is_trusted: bool) -> None:
    shown = certificate(tmp_path, host=host, days=days)
    extra = {"verify": str(shown.public)} if is_trusted else {}
    with serving(shown.context) as (url, asked):
        with pytest.raises(SourceUnavailable, match="the server's certificate is not trusted") as refused:
            check_connection(Connection("one_stop", url, "a client", "s3cret-value", extra=extra), profile("one_stop"))
        assert asked == [], "not even a token was asked for"
    assert "s3cret" not in str(refused.value)


def test_a_server_whose_certificate_is_named_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection says whom to trust, whatever the environment says."""
    shown = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate(tmp_path, "of the environment").public))
    with serving(shown.context) as (url, asked):
        try:
            check_connection(Connection("one_stop", url, "a", "b", extra={"verify": str(shown.public)}), profile("one_stop"))
        except CchcError as error:  # its answers are not those of a one-stop
            assert "certificate" not in str(error)
        assert asked[0].startswith("POST ")


# --- a database ------------------------------------------------------------------------------------------------------


SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # with which a client asks PostgreSQL whether it encrypts


@contextmanager
def encrypted(server: postgres.Server, context: ssl.SSLContext) -> Iterator[int]:
    """The port of a server that encrypts before the PostgreSQL of the tests, whose build cannot."""

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def talk(plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:  # a client that does not trust the certificate hangs up
            assert plain.recv(8) == SSL_REQUEST
            plain.sendall(b"S")
            with context.wrap_socket(plain, server_side=True) as client, socket.create_connection(("127.0.0.1", server.port)) as behind:
                back = Thread(target=pass_on, args=(behind, client), daemon=True)
                back.start()
                pass_on(client, behind)
                back.join(10)

    def accept() -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                plain, _ = listener.accept()
                Thread(target=talk, args=(plain,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def reach(server: postgres.Server, port: int, extra: dict[str, str]) -> str:
    """Log in as at the database of a source."""
    known = read_profile(PROJECT / "docs" / "examples" / "vendor_database.yaml")
    address = f"postgres://127.0.0.1:{port}/postgres"
    return check_connection(Connection("vendor_database", address, postgres.SUPERUSER, server.password, extra=extra), known)


@CASES
def test_a_database_with_a_wrong_certificate_is_refused(
    postgres_server: postgres.Server, tmp_path: Path, host: str, days: int, is_trusted: bool
) -> None:
    shown, other = certificate(tmp_path, host=host, days=days), certificate(tmp_path, "other")
    extra = {"sslmode": "verify-full", "sslrootcert": str((shown if is_trusted else other).public)}
    with (
        encrypted(postgres_server, shown.context) as port,
        pytest.raises(SourceUnavailable, match="the server's certificate is not trusted") as refused,
    ):
        reach(postgres_server, port, extra)
    assert postgres_server.password not in str(refused.value)


def test_a_database_whose_certificate_is_named_is_reached_and_one_without_encryption_is_not(
    postgres_server: postgres.Server, tmp_path: Path
) -> None:
    shown = certificate(tmp_path)
    extra = {"sslmode": "verify-full", "sslrootcert": str(shown.public)}
    with encrypted(postgres_server, shown.context) as port, pytest.raises(CchcError) as told:  # it has no table of the profile
        reach(postgres_server, port, extra)
    assert "certificate" not in str(told.value) and "hoso" in str(told.value)
    with pytest.raises(SourceUnavailable, match="not trusted, or it offers no encryption"):
        reach(postgres_server, postgres_server.port, extra)
