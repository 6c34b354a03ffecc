"""The errors of the package. Each message says what happened, where (source, record, rule), and what to do about it."""

from __future__ import annotations


class CchcError(Exception):
    """Base class of every error that a user should read without a stack trace. `exit_code`: the exit code of the CLI."""

    exit_code = 1


class SourceUnavailable(CchcError):
    """The source could not be reached, refused the request, or sent an incomplete answer. A later try may succeed."""


class WarehouseUnavailable(CchcError):
    """The warehouse cannot be reached, or it refuses the login. A later try may succeed."""


class ContractViolation(CchcError):
    """The source answered, but the answer breaks its contract. Another try does not help."""


class WrongClock(CchcError):
    """A clock is wrong: known_at would be later than the time of the source or of the database, or much later than the newest file."""


class LoadBlocked(CchcError):
    """Validation blocked a load, so nothing of the load was published; or a period was not approved."""

    exit_code = 3


class NotConfigured(CchcError):
    """A connection, profile, plan or setting is missing or wrong."""


class WrongUse(CchcError):
    """The caller asked for something that does not exist: a period, an indicator, a source."""

    exit_code = 2


class NothingKnown(WrongUse):
    """Nothing was known yet of what is asked for. For a past moment this is an answer and no error: the CLI prints it and ends with 0."""


class PeriodNotOver(WrongUse):
    """The period that is to be closed has not ended yet."""

    exit_code = 4


def sentence_of(error: BaseException) -> str | None:
    """A sentence for the user about an error of the environment: a full disk, a folder without permission, a database that refuses.

    None for every other error: that is a defect of the program, and the developer needs the stack trace. A CchcError has its own message,
    so do not call this for one.
    """
    if isinstance(error, OSError) and error.strerror:
        where = f" {error.filename}" if error.filename else ""
        return (
            f"{error.strerror}:{where}. Check that the folder is there and can be written: all state is under CCHC_HOME, "
            "its landing under CCHC_LANDING_URL."
        )
    original = _of_database(error)
    if original is None:
        return None
    lines = str(original).strip().splitlines() or [type(original).__name__]
    return f"PostgreSQL refused: {lines[0]} ({type(original).__name__}). Nothing was half-loaded: the transaction was rolled back."


def _of_database(error: BaseException) -> BaseException | None:
    """The error of PostgreSQL behind an error: itself, or what a library was told before it raised its own; None if there is none."""
    import psycopg
    import psycopg2
    from sqlalchemy.exc import DBAPIError, PendingRollbackError

    seen: list[BaseException] = []
    behind: BaseException | None = error
    while behind is not None and behind not in seen:
        seen.append(behind)
        original = behind.orig if isinstance(behind, DBAPIError) and behind.orig is not None else behind
        if isinstance(original, (psycopg.Error, psycopg2.Error, PendingRollbackError)):
            return original
        behind = behind.__cause__ or behind.__context__
    return None
