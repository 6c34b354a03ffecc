"""Locks by a name, between transactions of our own logins: who only reads the warehouse can neither take nor hold one.

PostgreSQL's advisory locks are open to everybody who may log in, so a person could keep every load and refresh waiting for ever.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_KNOWN = "insert into ops.named_lock (lock_name) values (:name) on conflict (lock_name) do nothing"
_TAKE = "select 1 from ops.named_lock where lock_name = :name for update"


def hold(connection: Connection, name: str) -> None:
    """Wait until no other transaction holds the lock `name`, and keep it until the transaction of `connection` ends.

    A transaction that holds it already goes on.
    """
    connection.execute(text(_KNOWN), {"name": name})
    connection.execute(text(_TAKE), {"name": name})
