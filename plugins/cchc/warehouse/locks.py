"""Locks by a name, between transactions of our own logins: who only reads the warehouse can neither take nor hold one.

PostgreSQL's advisory locks are open to everybody who may log in, so a person could keep every load and refresh waiting for ever.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

REBUILD = "rebuild"  # while a warehouse is built from landing, no run of a source begins

REFERENCE = "reference data"  # units, calendar, plans and definitions: whoever changes them, and who computes by them

_KNOWN = "insert into ops.named_lock (lock_name) values (:name) on conflict (lock_name) do nothing"
_TAKE = "select 1 from ops.named_lock where lock_name = :name for update"
_SHARE = "select 1 from ops.named_lock where lock_name = :name for share"


def hold(connection: Connection, name: str) -> None:
    """Wait until no other transaction holds the lock `name`, and keep it until the transaction of `connection` ends.

    A transaction that holds it already goes on.
    """
    connection.execute(text(_KNOWN), {"name": name})
    connection.execute(text(_TAKE), {"name": name})


def share(connection: Connection, name: str) -> None:
    """Wait until no other transaction holds the lock `name`, and let none get it until the transaction of `connection` ends.

    Others may share it meanwhile.
    """
    connection.execute(text(_KNOWN), {"name": name})
    connection.execute(text(_SHARE), {"name": name})


def make_known(connection: Connection, name: str) -> None:
    """Make the row of a lock that is held for long: commit this before, or whoever asks for it first waits for the whole time."""
    connection.execute(text(_KNOWN), {"name": name})


def is_held(connection: Connection, name: str) -> bool:
    """Whether another transaction holds a lock that was made known. Where none does, none gets it until that of `connection` ends."""
    known = "select count(*) from ops.named_lock where lock_name = :name"
    free = "select 1 from ops.named_lock where lock_name = :name for share skip locked"
    binds = {"name": name}
    return connection.execute(text(known), binds).scalar() == 1 and connection.execute(text(free), binds).scalar() is None
