"""Whether the key of Airflow's connections fits what Airflow's database keeps: with another key every stored password is lost.

Airflow itself starts with any key, and only the tasks fail then, each for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg

from cchc.errors import CchcError
from cchc.warehouse.embedded import Server

# the name of each thing that Airflow may keep encrypted, and its encrypted texts
ENCRYPTED = {
    "connection": "select conn_id, case when is_encrypted then password end, case when is_extra_encrypted then extra end from connection",
    "variable": "select key, case when is_encrypted then val end from variable",
}


def encrypted(server: Server, database: str) -> set[str]:
    """The connections and variables of which Airflow keeps something encrypted; empty where its tables are not made yet."""
    return {name for name, _ in _texts(server, database)}


def unreadable(server: Server, database: str, key: str) -> set[str]:
    """Those of them that cannot be read with this key."""
    from cryptography.fernet import Fernet, InvalidToken

    fernet, found = Fernet(key), set()
    for name, text in _texts(server, database):
        try:
            fernet.decrypt(text.encode())
        except InvalidToken:
            found.add(name)
    return found


def lost(path: Path, names: list[str]) -> str:
    """What is said where the key is gone or does not fit."""
    why = "is another key than that with which Airflow's database was encrypted" if path.exists() else "is missing"
    return (
        f"The secret {path} {why}, so nobody can read {', '.join(names)}: restore the file from the backup (docs/runbooks/restore.md). "
        "If it is lost for good, see docs/runbooks/airflow.md, A lost key."
    )


def _texts(server: Server, database: str) -> Iterator[tuple[str, str]]:
    """Raises CchcError where the database does not answer."""
    try:
        with psycopg.connect(_address(server, "postgres")) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone() is None:
                return
        with psycopg.connect(_address(server, database)) as connection:
            for kind, statement in ENCRYPTED.items():
                if connection.execute("select to_regclass(%s)", [kind]).fetchone() == (None,):
                    continue
                for name, *texts in connection.execute(statement).fetchall():
                    yield from ((f"{kind} {name}", text) for text in texts if text)
    except psycopg.Error as error:
        why = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise CchcError(f"The database of Airflow could not be asked what it keeps encrypted: {why}") from error


def _address(server: Server, database: str) -> str:
    return server.url(database).replace("+psycopg", "", 1)
