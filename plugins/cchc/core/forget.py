"""Values of periods that begin at or after T: they never were, and go when T goes back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.authority import authority
from cchc.period import ZONE, last_day_before
from cchc.reference.catalogue import catalogue
from cchc.reference.dirty_months import mark_dirty_months
from cchc.reference.roles import Clocks, role_clocks, roles_of, roots_of
from cchc.settings import Settings


def tree_clocks(connection: Connection, source: str) -> list[Clocks]:
    """The clocks of every tree of units that a source concerns, and of the authority's own, which a first extract may concern."""
    return [role_clocks(connection, root) for root in sorted({*roots_of(connection, source), authority().code})]


def forget_values_ahead(connection: Connection, settings: Settings, source: str, earlier: list[Clocks]) -> None:
    """Where the T of a role has gone back (another source fills it now, and is not known as far): its values beyond go, months are marked.

    `earlier`: `tree_clocks` as they were.
    """
    for before in earlier:
        now = role_clocks(connection, before.root)
        for role in sorted(roles_of(connection, source)):
            then, moment = before.known_at(role), now.known_at(role)
            if then is None or moment is None or moment >= then:
                continue
            forget_values(connection, settings, role, before.root, moment)
            first = last_day_before(moment).replace(day=1)
            dated = f"select cast('{first}' as date) as from_date, cast(null as date) as to_date"
            mark_dirty_months(connection, settings, source, dated, then, f"T of the {role} went back")


def forget_values(connection: Connection, settings: Settings, role: str, root: str, moment: datetime) -> None:
    """Remove the values of the indicators of a role, in one tree of units, of periods that begin at or after `moment`."""
    connection.execute(
        text(
            "delete from mart.indicator_value as v where v.indicator_code = any(:codes) "
            f"and cast(v.period_start as timestamp) at time zone '{ZONE.key}' >= :k "
            "and coalesce((select u.root_code from core.unit as u where u.unit_code = v.unit_code), :own) = :root"
        ),
        {
            "codes": [item.code for item in catalogue(settings).values() if item.role == role],
            "k": moment,
            "own": authority().code,
            "root": root,
        },
    )
