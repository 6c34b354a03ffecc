"""Remove the values of periods that begin at or after known_at: nothing is known of such periods, so they have no value.

Such values exist only after known_at of a role has moved back.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from cchc.authority import authority
from cchc.period import ZONE, last_day_before
from cchc.reference.catalogue import catalogue
from cchc.reference.dirty_months import mark_months_from
from cchc.reference.roles import Clocks, role_clocks, roles_of, roots_of
from cchc.settings import Settings


def tree_clocks(connection: Connection, source: str) -> list[Clocks]:
    """The clocks of every tree of units that a source concerns, and of the authority's own tree, which a first extract may concern."""
    return [role_clocks(connection, root) for root in sorted({*roots_of(connection, source), authority().code})]


def drop_values_after_known_at(connection: Connection, settings: Settings, source: str, earlier: list[Clocks]) -> None:
    """Remove the values that lie beyond known_at of a role, if known_at of the role has moved back, and mark the months.

    It moves back when another source begins to fill the role and is not known as far. `earlier`: the result of `tree_clocks` before the
    change.
    """
    for before in earlier:
        now = role_clocks(connection, before.root)
        for role in sorted(roles_of(connection, source)):
            then, moment = before.known_at(role), now.known_at(role)
            if then is None or moment is None or moment >= then:
                continue
            drop_values(connection, settings, role, before.root, moment)
            first = last_day_before(moment).replace(day=1)
            mark_months_from(connection, settings, source, first, then, f"T of the {role} went back")


def drop_values(connection: Connection, settings: Settings, role: str, root: str, moment: datetime) -> None:
    """Remove the values of all indicators of a role in one tree of units, for the periods that begin at or after `moment`."""
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
