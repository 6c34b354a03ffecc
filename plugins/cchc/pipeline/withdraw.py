"""`cchc withdraw`: a person takes back what loads brought, with a reason; it counts as never delivered in the current figures.

What later deliveries only repeated is stored once, under the withdrawn load, so those are read again from their landing. All of it is
published in one transaction, or nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.core.withdrawn import take_back
from cchc.errors import CchcError, WrongUse
from cchc.period import now
from cchc.pipeline import ingest
from cchc.reference.catalogue import followers
from cchc.reference.dirty_months import dirty_months
from cchc.reference.roles import role_clocks, roles_of, roots_of
from cchc.runs import extracts
from cchc.runs.retry import open_retries
from cchc.runs.withdraw import NOTHING, Plan, plan, source_of
from cchc.settings import Settings
from cchc.sources.profile import Profile, load_profile
from cchc.warehouse import engine, known_at_of
from cchc.warehouse.queries import run_statement

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Withdrawn:
    """What was withdrawn: the rows of ops.load, how many rows of core they had brought, the loads that were read again, marked months."""

    source: str
    loads: tuple[dict[str, Any], ...]
    rows: int
    again: tuple[int, ...]
    months: tuple[str, ...]


def withdraw(settings: Settings, load_ids: Sequence[int], reason: str, who: str) -> Withdrawn:
    """Withdraw loads of one source. Returns what was done.

    Arguments: `reason` and `who`, which are stored. Raises WrongUse without a reason, and, naming the load and what to do, if a load cannot
    be withdrawn exactly; nothing is changed then.
    """
    if not reason.strip() or not who.strip():
        raise WrongUse(f'withdrawing needs a reason and a name: --reason "…" --by NAME. {NOTHING}')
    profile = load_profile(settings.sources_dir, source_of(settings, load_ids))
    with engine(settings).connect() as connection:
        planned = plan(connection, profile, load_ids)
    retries = _read_again(settings, planned.again)
    try:
        with engine(settings).begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(hashtext(:k))"), {"k": f"load {profile.source}"})
            if plan(connection, profile, load_ids) != planned:
                raise CchcError(f"a run of {profile.source} published meanwhile. {NOTHING}. Withdraw again")
            rows = _publish(connection, settings, profile, planned, reason.strip(), who.strip())
            for extract_id in retries:
                connection.execute(text("discard temp"))  # each load makes its temporary tables anew
                ingest.publish(connection, settings, profile, extract_id, [])
            months = tuple(dirty_months(connection, [profile.source]).get(profile.source, []))
    except BaseException:
        _give_up(settings, retries, "the withdrawal for which it was read again failed")
        raise
    extracts.sweep_staging(settings, profile.source)
    ingest.count_rows(settings, profile)
    return Withdrawn(profile.source, planned.loads, rows, planned.again, months)


def _read_again(settings: Settings, load_ids: Sequence[int]) -> list[int]:
    """Stage and check the landing of loads again, as retries that are not published yet. Returns their ids, the earliest T first.

    Raises WrongUse if the landing of one of them is blocked today.
    """
    retries = open_retries(settings, list(load_ids)) if load_ids else []
    try:
        for extract_id in retries:
            ingest.stage_step(settings, extract_id)
            messages = ingest.validate_step(settings, extract_id)
            if messages:
                raise WrongUse(
                    f"what is to be withdrawn was repeated by a later load that is blocked when it is read again: {'; '.join(messages)}. "
                    f"Mend the cause (docs/runbooks/load_blocked.md), or withdraw that load too. {NOTHING}"
                )
    except BaseException:
        _give_up(settings, retries, "it was read again for a withdrawal that was refused")
        raise
    return retries


def _give_up(settings: Settings, retries: Sequence[int], words: str) -> None:
    """End retries that are not published."""
    for extract_id in retries:
        extracts.fail(settings, extract_id, words)


def _publish(connection: Connection, settings: Settings, profile: Profile, planned: Plan, reason: str, who: str) -> int:
    """Withdraw the planned loads in the open transaction. Returns how many rows of core they had brought."""
    withdrawal_id: int = run_statement(
        connection, "runs/withdrawal", source=profile.source, reason=reason, who=who, now=now(), load_ids=planned.load_ids
    ).scalar_one()
    until = _marked_until(connection, settings, profile.source)
    return sum(
        take_back(connection, settings, profile.source, entity, model, load_ids, withdrawal_id, until)
        for entity, (model, load_ids) in planned.entities.items()
    )


def _marked_until(connection: Connection, settings: Settings, source: str) -> datetime:
    """The latest moment at which a period that counts records of the source can end."""
    others = followers(settings, roles_of(connection, source))
    latest = [role_clocks(connection, root).latest(others) for root in roots_of(connection, source)]
    own = known_at_of(connection, source)
    return max([moment for moment in (*latest, own) if moment is not None], default=now())
