"""What the log of a red task says: the reason first, one wrapped line a file, with the runbook; no stack trace but for a defect.

Airflow logs a stack trace for every exception but SystemExit. So an error that a person can correct is raised anew as one that is both: an
error of its own kind, by which Airflow decides about retries and notices, and a SystemExit.
"""

from __future__ import annotations

import functools
import logging
import textwrap
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from cchc.errors import (
    CchcError,
    ContractViolation,
    LoadBlocked,
    NotConfigured,
    SourceUnavailable,
    WarehouseUnavailable,
    WrongClock,
    WrongUse,
    sentence_of,
)

log = logging.getLogger(__name__)  # its name marks the lines of the reason in the log of a task

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

WIDTH = 110  # characters of a line: the page of a log cuts off longer ones
# the first entry that matches is used; tests/dags/test_failures.py holds that the pages are there
RUNBOOKS: tuple[tuple[type[CchcError], str], ...] = (
    (SourceUnavailable, "docs/runbooks/source_away.md"),
    (LoadBlocked, "docs/runbooks/load_blocked.md"),
    (ContractViolation, "docs/runbooks/add_source.md"),
    (WrongClock, "docs/runbooks/missing.md"),
    (WarehouseUnavailable, "docs/runbooks/stopped.md"),
    (NotConfigured, "docs/runbooks/airflow.md"),
    (WrongUse, "docs/runbooks/airflow.md"),
)
LOST = ("08", "57P")  # states of a connection that was lost, and of a server that stops or starts; without a state it was lost, too
OTHERWISE = "docs/runbooks/README.md"


def reason_first(task: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """A task that says why it fails, in wrapped lines, before anything else is logged about its failure.

    An error that a person can correct, and a database that went away, end it without a stack trace. Every other exception passes unchanged.
    """

    @functools.wraps(task)
    def told(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return task(*args, **kwargs)
        except CchcError as error:
            failure = error
        except Exception as error:
            gone = _gone(error)
            if gone is None:
                sentence = sentence_of(error)
                for line in textwrap.wrap(sentence or "", WIDTH, subsequent_indent="    "):
                    log.error("%s", line)
                raise
            failure = gone
        for line in reason(failure):
            log.error("%s", line)
        raise _planned(failure) from None

    return told


def reason(error: CchcError) -> list[str]:
    """The reason of a failure as wrapped lines: its kind and first sentence, then each further file; each with the runbook."""
    runbook = next((page for kind, page in RUNBOOKS if isinstance(error, kind)), OTHERWISE)
    first, *others = [" ".join(line.split()) for line in str(error).splitlines() if line.strip()] or ["it gave no reason"]
    said = [f"{type(error).__name__}: {first}", *others]
    return [line for text in said for line in textwrap.wrap(f"{text} [{runbook}]", WIDTH, subsequent_indent="    ")]


def _planned(error: CchcError) -> CchcError:
    """The same error as one that is a SystemExit, too."""
    kind = type(error)
    made = type(kind.__name__, (kind, SystemExit), {"__module__": kind.__module__, "__doc__": kind.__doc__})(*error.args)
    made.code = error.exit_code
    found: CchcError = made
    return found


def _gone(error: Exception) -> WarehouseUnavailable | None:
    """The error for a database that went away in the middle of the task; None for every other exception."""
    from psycopg import InterfaceError, OperationalError
    from sqlalchemy.exc import DBAPIError

    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, (OperationalError, InterfaceError)):
        return None
    if original.sqlstate and not original.sqlstate.startswith(LOST):
        return None
    why = next(iter(str(original).strip().splitlines()), type(original).__name__)
    return WarehouseUnavailable(f"PostgreSQL went away in the middle of the task: {why}. Nothing is half-loaded; a later try goes on")
