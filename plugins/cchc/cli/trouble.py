"""Troubles of the place that we run in (a full disk, a closed folder, a database that refuses) in a sentence."""

from __future__ import annotations


def in_words(error: BaseException) -> str | None:
    """What to tell a user of an error that is no CchcError; None where it is a fault of ours."""
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
