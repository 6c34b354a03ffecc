"""The package's errors. Each says what happened, where (source, record, rule), and what to do about it."""

from __future__ import annotations


class CchcError(Exception):
    """Base of every error that a user should read instead of a stack trace. `exit_code` is the CLI's answer."""

    exit_code = 1


class SourceUnavailable(CchcError):
    """The source could not be reached, refused us, or cut an answer off. A later try may succeed."""


class WarehouseUnavailable(CchcError):
    """The warehouse cannot be reached, or does not let us in. A later try may succeed."""


class ContractViolation(CchcError):
    """The source answered, and the answer breaks its contract. Retrying does not help."""


class WrongClock(CchcError):
    """A clock is wrong: T would be later than what the source, the database or the newest file says the time is."""


class LoadBlocked(CchcError):
    """Validation stopped a load: nothing of it was published (indicators.md §5, *Blocking*)."""

    exit_code = 3


class NotConfigured(CchcError):
    """A connection, profile, plan or setting is missing or wrong."""


class WrongUse(CchcError):
    """The caller asked for something that does not exist: a period, an indicator, a source."""

    exit_code = 2


def sentence_of(error: BaseException) -> str | None:
    """What to tell a user of an error of the place that we run in (a full disk, a closed folder, a database that refuses).

    None where it is a fault of ours: whoever mends that needs the stack trace. Not for a CchcError, which says it itself.
    """
    if isinstance(error, OSError) and error.strerror:
        where = f" {error.filename}" if error.filename else ""
        return (
            f"{error.strerror}:{where}. Check that the folder is there and can be written: all state is under CCHC_HOME, "
            "its landing under CCHC_LANDING_URL."
        )
    from psycopg import Error as PostgresError
    from sqlalchemy.exc import DBAPIError

    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, PostgresError):
        return None
    lines = str(original).strip().splitlines() or [type(original).__name__]
    return f"PostgreSQL refused: {lines[0]} ({type(original).__name__}). Nothing was half-loaded: the transaction was rolled back."
