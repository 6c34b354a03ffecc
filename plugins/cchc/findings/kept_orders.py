"""Keep what the comparison of each order with its dossier gave, so that the reconciliation of a year is not made anew each time.

Triggers note the orders and dossiers that change (ops.reconciliation_change). Whoever reads the reconciliation compares these anew
(mart.payment_reconciliation_between), so a note that nobody has taken yet costs time and no row. A refresh takes the notes.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, text

from cchc.errors import CchcError
from cchc.period import now
from cchc.settings import Settings
from cchc.warehouse import engine
from cchc.warehouse.locks import hold
from cchc.warehouse.queries import ask, count_rows_after, run_statement

log = logging.getLogger(__name__)

TABLE = "ops.reconciled_order"
NAMED = 5  # differences that the message names


def keep_orders(settings: Settings) -> int:
    """Compare the orders that have changed since the last time; all of them where nothing is kept. Returns how many are new or changed."""
    with engine(settings).begin() as connection:
        if not ask(connection, "reconciliation/is_stale")[0]["is_stale"]:
            return 0
        kept = _keep(connection)
    log.info("reconciliation: %s orders compared", kept)
    return kept


def _keep(connection: Connection) -> int:
    hold(connection, "reconciliation")
    kept = run_statement(connection, "reconciliation/keep", now=now()).rowcount
    count_rows_after(connection, TABLE, kept)
    return kept


def _forget(connection: Connection) -> None:
    """Let nothing count as kept, so that every order is compared."""
    connection.execute(text("delete from ops.reconciliation_context"))


def compare_all_again(settings: Settings) -> str:
    """Compare every order anew with its dossier, and say whether what was kept differs.

    Raises CchcError where it does: what is kept is right then.
    """
    with engine(settings).begin() as connection:
        _keep(connection)
        with connection.begin_nested() as savepoint:
            _forget(connection)
            connection.execute(text("create temp table anew on commit drop as select * from ops.compared_orders()"))
            found = ask(connection, "reconciliation/differing")
            compared = connection.execute(text("select count(*) from anew")).scalar_one()
            savepoint.rollback()
        if found:
            _forget(connection)
            _keep(connection)
    said = f"{compared} orders of the payment log compared anew: {len(found) or 'no'} differences"
    log.info("%s", said)
    if found:
        named = "; ".join(f"{row['order_key']} of {row['source_code']}" for row in found[:NAMED])
        raise CchcError(
            f"{said}. What was kept was not up to date: {named}. It is right now. "
            "Report it: a change of payments or dossiers was not noted (ops.reconciliation_change)."
        )
    return said
