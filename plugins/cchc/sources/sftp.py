"""SFTP: a drop folder on a server of SSH whose host key is known. A server that nobody vouches for gets neither login nor password."""

from __future__ import annotations

import base64
import io
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from cchc.errors import ContractViolation, NotConfigured, SourceUnavailable
from cchc.sources.connection import Connection
from cchc.sources.remote import TIMEOUT

REQUEST = 2**18  # bytes asked for at once; a server may answer fewer
KNOWN_HOSTS = "~/.ssh/known_hosts"
OURS = {"host_key", "known_hosts", "key_file", "private_key", "private_key_passphrase", "timeout", "no_host_key_check", "storage_options"}


def opened(connection: Connection) -> tuple[SFTPFileSystem, str]:
    """The file system and the path of a connection `sftp://host:port/folder`; `/~/folder` lies below the folder of the login.

    The extra of the connection: `host_key`, a line of known_hosts without the name (`ssh-ed25519 AAAA…`) or a fingerprint (`SHA256:…`);
    without it the server must be in `known_hosts`, a file. `key_file`, `private_key` (its text), `private_key_passphrase`: the login by
    key. `timeout`: seconds without an answer. `storage_options`: further arguments of paramiko's `SSHClient.connect`.

    Raises NotConfigured for a host key that is not known, and ContractViolation for one that is another than the known one.
    """
    parts = urlsplit(connection.host)
    host = parts.hostname
    if not host:
        raise NotConfigured(f"The connection of {connection.source} names no server: write sftp://host/folder as host.")
    if str(connection.extra.get("no_host_key_check", "")).lower() == "true":
        raise NotConfigured(
            f"src_{connection.source} has no_host_key_check: a server that nobody vouches for is not logged in to. Take it out, and give "
            "host_key (the server's public key, or its fingerprint SHA256:…) or known_hosts."
        )
    arguments = {**_login(connection), **connection.extra.get("storage_options", {})}
    try:
        file_system = KnownSFTP(host, port=parts.port or 22, expected=_expected(connection), skip_instance_cache=True, **arguments)
    except paramiko.AuthenticationException as error:
        raise SourceUnavailable(
            f"{connection.source}: {connection.host} refused the login. Check login and password, or the key, in src_{connection.source}."
        ) from error
    path = parts.path
    if path == "/~" or path.startswith("/~/"):
        path = (file_system.ftp.normalize(".") or "") + path[2:]
    return file_system, path


def _login(connection: Connection) -> dict[str, Any]:
    extra = connection.extra
    seconds = float(extra.get("timeout", TIMEOUT))
    arguments: dict[str, Any] = {"timeout": seconds, "banner_timeout": seconds, "auth_timeout": seconds}
    if connection.login:
        arguments["username"] = connection.login
    if connection.password:
        arguments["password"] = connection.password
    if extra.get("private_key_passphrase"):
        arguments["passphrase"] = extra["private_key_passphrase"]
    if extra.get("key_file"):
        arguments["key_filename"] = str(Path(extra["key_file"]).expanduser())
    if extra.get("private_key"):
        arguments["pkey"] = _private_key(connection)
    if connection.password or extra.get("key_file") or extra.get("private_key"):
        arguments |= {"look_for_keys": False, "allow_agent": False}
    return arguments


def _private_key(connection: Connection) -> paramiko.PKey:
    """The key whose text the connection has. Raises NotConfigured if it is none."""
    text, passphrase = str(connection.extra["private_key"]), connection.extra.get("private_key_passphrase")
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            key: paramiko.PKey = kind.from_private_key(io.StringIO(text), passphrase)
            return key
        except (paramiko.SSHException, ValueError):
            continue
    raise NotConfigured(f"private_key of src_{connection.source} is no private key that can be read, or private_key_passphrase is wrong.")


class Expected:
    """The host key that a connection expects of its server: a fingerprint, a key, or what a file of known hosts says."""

    def __init__(self, source: str, fingerprint: str | None, key: paramiko.PKey | None, known_hosts: Path | None) -> None:
        self.source, self.fingerprint, self.key, self.known_hosts = source, fingerprint, key, known_hosts

    def judge(self, server: str, key: paramiko.PKey, known: list[str]) -> None:
        """Raise NotConfigured if nothing is known of this server, and ContractViolation if its key is another one."""
        shown = f"{key.get_name()} {key.fingerprint}"
        wanted = [self.fingerprint] if self.fingerprint else [self.key.fingerprint] if self.key else known
        if key.fingerprint in wanted:
            return
        if not wanted:
            raise NotConfigured(
                f"{self.source}: the host key of {server} is not known: it shows {shown}. Neither login nor password was sent. Ask the "
                f"owner of the server for its fingerprint; if it is this one, write host_key: {key.fingerprint} into the extra of "
                f"src_{self.source}, or add the server to {self.known_hosts}."
            )
        where = f"src_{self.source}, host_key" if self.fingerprint or self.key else str(self.known_hosts)
        raise ContractViolation(
            f"{self.source}: {server} shows the host key {shown}, and {' or '.join(wanted)} is expected ({where}). Neither login nor "
            "password was sent. Either the server was set up anew, or somebody stands between: ask its owner for the fingerprint, by "
            "another way than this server, before you change it."
        )


def _expected(connection: Connection) -> Expected:
    given = str(connection.extra.get("host_key") or "").strip()
    source = connection.source
    if given.startswith("SHA256:"):
        return Expected(source, given.rstrip("="), None, None)
    if given:
        try:
            return Expected(source, None, _public_key(given), None)
        except (ValueError, IndexError, paramiko.SSHException, paramiko.pkey.UnknownKeyType):
            raise NotConfigured(
                f"host_key of src_{source} is neither a public key (ssh-ed25519 AAAA…) nor a fingerprint (SHA256:…)."
            ) from None
    path = Path(str(connection.extra.get("known_hosts") or KNOWN_HOSTS)).expanduser()
    if connection.extra.get("known_hosts") and not path.is_file():
        raise NotConfigured(f"known_hosts of src_{source} names {path}, which is no file.")
    return Expected(source, None, None, path)


def _public_key(text: str) -> paramiko.PKey:
    """The public key of `ssh-ed25519 AAAA… [comment]`, or of `AAAA…` alone."""
    words = text.split()
    data = base64.b64decode(words[1] if len(words) > 1 else words[0], validate=True)
    length = int.from_bytes(data[:4], "big")
    return paramiko.PKey.from_type_string(data[4 : 4 + length].decode("ascii"), data)


class _NobodyKnows(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # it has no types
    """The answer to a server that is not among the known hosts."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Judge the key by what the connection says of it."""
        self.expected.judge(hostname, key, [])


class KnownSFTP(SFTPFileSystem):  # type: ignore[misc]  # fsspec has no types
    """fsspec's SFTP, which would trust any server, with a host key that is expected, and without links and devices as files."""

    protocol = "sftp-known"

    def __init__(self, host: str, *, expected: Expected, **ssh_kwargs: Any) -> None:
        self.expected = expected
        super().__init__(host, **ssh_kwargs)

    def _connect(self) -> None:
        client = paramiko.SSHClient()
        expected = self.expected
        if expected.known_hosts is not None and expected.known_hosts.is_file():
            client.load_host_keys(str(expected.known_hosts))
        client.set_missing_host_key_policy(_NobodyKnows(expected))
        try:
            client.connect(self.host, **self.ssh_kwargs)
        except paramiko.BadHostKeyException as error:
            client.close()
            expected.judge(error.hostname, error.key, [error.expected_key.fingerprint])
            raise  # judge() has raised
        except BaseException:
            client.close()
            raise
        self.client, self.ftp = client, client.open_sftp()
        channel = self.ftp.get_channel()
        if channel is not None:
            channel.settimeout(self.ssh_kwargs.get("timeout"))

    def close(self) -> None:
        """Leave the server."""
        self.client.close()

    @staticmethod
    def _decode_stat(stat_: Any, parent_path: str | None = None) -> dict[str, Any]:
        found: dict[str, Any] = SFTPFileSystem._decode_stat(stat_, parent_path)
        if found["type"] == "file" and not stat.S_ISREG(stat_.st_mode):
            found["type"] = "other"
        return found

    def _open(self, path: str, mode: str = "rb", block_size: int | None = None, **kwargs: Any) -> Any:
        file = self.ftp.open(path, "rb", bufsize=0)
        file.MAX_REQUEST_SIZE = REQUEST
        return file
