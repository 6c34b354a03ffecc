"""What a database says against a session, as an error for people: by the code of the error, because its words may hold values of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cchc.errors import CchcError, ContractViolation, SourceUnavailable

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

# SQLSTATE of PostgreSQL, numbers of MySQL and MariaDB
TIMEOUT = {"57014", "1969", "3024"}
LOGIN = {"28000", "28P01", "1045", "1698", "1044"}
NO_DATABASE = {"3D000", "1049"}
WRITES = {"25006", "1792", "1290"}
CHANGED_REPLICA = {"40001"}
# these errors are about the text of the statement, which is ours: their words hold names, and no values
ABOUT_THE_STATEMENT = {"1054", "1060", "1064", "1142", "1143", "1146", "1356"}
LOGIN_WORDS = ("password authentication failed", "no pg_hba.conf entry", "authentication failed", "role ")
CERTIFICATE_WORDS = ("certificate", "ssl error", "does not support ssl")
NOTHING = "Nothing of this extract is used."


def refusal(where: str, error: DBAPIError, seconds: float, source: str) -> CchcError:
    """The error for people. `where`: source, entity and table; `seconds`: the statement timeout of the profile."""
    code, words = _code(error), _first_line(error)
    check = f"the connection src_{source}"
    if code in TIMEOUT:
        return SourceUnavailable(
            f"{where}: it did not answer within {seconds:g} seconds (database.statement_timeout_seconds in the profile {source}.yaml). "
            f"{NOTHING} Run again; if it stays, have an index made on the change column, or raise the timeout."
        )
    if code in LOGIN or (code is None and any(word in words for word in LOGIN_WORDS)):
        return SourceUnavailable(f"{where}: the login was refused. {NOTHING} Check login, password and rights in {check}.")
    if code is None and any(word in words.casefold() for word in CERTIFICATE_WORDS):
        return SourceUnavailable(
            f"{where}: the server's certificate is not trusted, or it offers no encryption. {NOTHING} Check the host, and in the extras of "
            f"{check} how it is encrypted (PostgreSQL: sslmode and sslrootcert)."
        )
    if code in NO_DATABASE or (code is None and "does not exist" in words):
        return SourceUnavailable(f"{where}: there is no such database. {NOTHING} Check the schema in {check}: it is the database's name.")
    if code in WRITES:
        return ContractViolation(f"{where}: the session may only read, and the statement writes. {NOTHING} Correct the SQL file.")
    if code in CHANGED_REPLICA:
        return SourceUnavailable(f"{where}: the replica gave up the snapshot ({code}). {NOTHING} Run again, at another hour if it stays.")
    if code is not None and (code.startswith("42") or code in ABOUT_THE_STATEMENT):
        return ContractViolation(
            f"{where}: the database refuses the statement: {words} ({code}). {NOTHING} Correct 'table' or 'query' in the profile "
            f"{source}.yaml, or have the login given the right to read it."
        )
    if _is_lost(error, code):
        return SourceUnavailable(
            f"{where}: no connection to the database, or it was lost ({_named(error, code)}). {NOTHING} Check that the server is up and "
            f"reachable from here, and host and port in {check}; then run again."
        )
    return SourceUnavailable(f"{where}: the database ended the statement ({_named(error, code)}). {NOTHING} Its log says why; run again.")


def _code(error: DBAPIError) -> str | None:
    """The code of the error: the number of MySQL, or SQLSTATE; None if the driver gives none."""
    first = error.orig.args[0] if error.orig is not None and error.orig.args else None
    if isinstance(first, int):
        return str(first)
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else None


def _first_line(error: DBAPIError) -> str:
    arguments = error.orig.args if error.orig is not None else ()
    text = str(arguments[1] if len(arguments) > 1 else arguments[0] if arguments else "").strip()
    return text.splitlines()[0] if text else ""


def _is_lost(error: DBAPIError, code: str | None) -> bool:
    if error.connection_invalidated or code is None:
        return True
    return code.startswith(("08", "57P")) or code in {"2002", "2003", "2006", "2013", "2014", "2055"}


def _named(error: DBAPIError, code: str | None) -> str:
    return f"{type(error.orig).__name__} {code}" if code is not None else type(error.orig).__name__
