"""The audit log: who approved, took data out, looked at dossiers, ran SQL, changed keys or rights. Rows are only added (ops.audit).

A change of the warehouse notes itself in its own transaction, so neither is there without the other. What only reads is noted before it is
shown: where the note fails, nothing is shown (docs/guides/audit.md).
"""

from __future__ import annotations

import getpass
import os
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, text

from cchc.settings import Settings
from cchc.warehouse import engine, require_migrated
from cchc.warehouse.queries import ask, run_statement

Category = Literal["approval", "export", "look", "sql", "key", "erasure", "withdrawal", "account", "login"]
CATEGORIES: tuple[Category, ...] = get_args(Category)


def machine_account() -> str:
    """The account of the machine that runs the command."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return f"user {os.getuid()}"


def note(connection: Connection, category: Category, action: str, subject: str, by: str | None = None) -> None:
    """Add a row in the transaction of the caller. `by`: who acts; default: the account of the machine."""
    connection.execute(
        text("select ops.audited(:category, :action, :subject, :by)"),
        {"category": category, "action": action, "subject": subject, "by": by or machine_account()},
    )


def noted(settings: Settings, category: Category, action: str, subject: str, by: str | None = None) -> None:
    """Add a row in a transaction of its own. Raises what the warehouse raises; then the caller must not show anything."""
    with engine(settings).begin() as connection:
        note(connection, category, action, subject, by)


def listed(settings: Settings, category: str | None, since: datetime | None, by: str | None, most: int | None) -> list[dict[str, Any]]:
    """The acts, the newest first: of a category, since a moment, by somebody; at most `most` (None: all)."""
    require_migrated(settings)
    with engine(settings).connect() as connection:
        return ask(connection, "audit/list", category=category, since=since, by_whom=by, most=most)


def forget_old(settings: Settings) -> int:
    """Remove the acts that are older than their category is kept (ops.audit_category). Returns how many."""
    with engine(settings).begin() as connection:
        return run_statement(connection, "audit/forget").rowcount
