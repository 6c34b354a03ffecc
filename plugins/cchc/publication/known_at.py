"""Show the warehouse as it was known at a past moment: without everything that was extracted after it.

Inside a transaction that is always rolled back, every version, list and answer whose known_at is after the moment is removed, and what was
withdrawn after the moment is put back. Units, plans, calendar, duties and definitions are those that were known then. The facts that depend
on them are derived again by the same code that loads and refreshes. So a past number is computed and not looked up: for a closed period it
must be equal to the published one. The cost depends on the changes since the moment, not on the length of the history.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from cchc.core import duplicates, facts, payments, withdrawn
from cchc.core.merge import mark_current
from cchc.errors import NothingKnown
from cchc.models import VERSIONED
from cchc.period import to_minute
from cchc.reference import history
from cchc.settings import Settings
from cchc.warehouse import engine, query, run_file
from cchc.warehouse.queries import ask

log = logging.getLogger(__name__)


class Past(NamedTuple):
    """A past moment: a connection that sees the warehouse as known then, and the settings with the definitions that held then."""

    connection: Connection
    settings: Settings


@contextmanager
def as_known_at(settings: Settings, moment: datetime) -> Iterator[Past]:
    """The warehouse as known at `moment`: only the extracts with known_at ≤ moment, and the reference data and definitions of then.

    Everything that is done on the connection is rolled back at the end. Meanwhile, loads that write the same rows wait. Rows that have come
    back from quarantine since the moment are in it, because they are loaded under their first T; a warning says how many. Raises
    NothingKnown if nothing was extracted up to the moment.
    """
    with engine(settings).connect() as connection:
        transaction = connection.begin()
        try:
            connection.execute(text("set local lock_timeout = '60s'"))
            for row in ask(connection, "publication/retried_since", moment=moment):
                log.warning(
                    "as known at %s: %s rows of %s were in quarantine then, and came back afterwards under their first T. They count here, "
                    "so an edition of before may say otherwise (docs/runbooks/quarantine.md)",
                    to_minute(moment),
                    row["row_count"],
                    row["source_code"],
                )
            yield Past(connection, rewind(connection, settings, moment))
        finally:
            transaction.rollback()


def rewind(connection: Connection, settings: Settings, moment: datetime) -> Settings:
    """Remove everything that was extracted after `moment`, in the open transaction of the connection. The caller must roll it back.

    Returns the settings with the definitions that held then.
    """
    binds = {"k": moment}
    then = history.show(connection, settings, moment)
    withdrawn.put_back(connection, moment)
    # known_at of each source follows from its complete extracts
    connection.execute(text("update ops.extract set status = 'failed' where status = 'complete' and window_to > :k"), binds)
    sources = query(connection, "select source_code from ops.source_clock")
    if not sources:
        first = connection.execute(text("select min(window_to) from ops.extract")).scalar()
        known = f"; the first extract's T is {first.isoformat()}" if first else ""
        raise NothingKnown(f"nothing was known at {moment.isoformat()}{known}")
    _take_back_keys(connection, settings, moment)
    for target in VERSIONED:
        changed = f"rewound_{target.name}"
        identity = ", ".join(target.identity)
        # A revision replaces a whole day, so when a later revision is removed, it is decided again for every row of the day.
        later = "(source_code, file_date) in (select source_code, file_date from core.payment_day where _first_seen_at > :k)"
        touched = later if target.merge == "day_files" else "_first_seen_at > :k"
        connection.execute(
            text(f"create temp table {changed} on commit drop as select distinct {identity} from {target.versions} where {touched}"), binds
        )
        if "dossier_id" in target.primary_key:
            connection.execute(
                text(
                    "insert into ops.dirty_dossier "
                    f"select distinct dossier_id from {target.versions} where {touched} on conflict do nothing"
                ),
                binds,
            )
        connection.execute(text(f"delete from {target.versions} where _first_seen_at > :k"), binds)
        if target.merge == "day_files":
            connection.execute(text("delete from core.payment_day where _first_seen_at > :k"), binds)
            payments.decide_in_force(connection, settings, changed)
        else:
            mark_current(connection, target, changed)
    duplicates.decide_all(connection)
    duplicates.mark_twins(connection, settings)
    connection.execute(
        text(
            "delete from mart.dossier as d using ops.dirty_dossier as x where x.dossier_id = d.dossier_id "
            "and not exists (select 1 from core.dossier_version as v where v.dossier_id = d.dossier_id)"
        )
    )
    facts.no_changed_steps(connection)
    facts.derive_dossiers(connection, settings, sources[0]["source_code"], moment, None)
    return then


def _take_back_keys(connection: Connection, settings: Settings, moment: datetime) -> None:
    """Restore the lists of keys as they were at `moment`.

    A key that was ended by a later list is valid again, and each month gets the newest moment at which it had been asked for by then.
    """
    binds = {"k": moment}
    connection.execute(
        text(
            "insert into ops.dirty_dossier select dossier_id from core.dossier_key where _first_seen_at > :k or _ended_at > :k "
            "union select dossier_id from mart.dossier where deleted_at is not null on conflict do nothing"
        ),
        binds,
    )
    connection.execute(text("delete from core.dossier_key where _first_seen_at > :k"), binds)
    connection.execute(text("update core.dossier_key set _ended_at = null where _ended_at > :k"), binds)
    connection.execute(text("delete from core.dossier_key_month where asked_at > :k"), binds)
    run_file(connection, settings, "core/key_month_taken_back", moment=moment)
