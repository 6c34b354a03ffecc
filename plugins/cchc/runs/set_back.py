"""`cchc source rewind`: a person sets known_at of a source back, with a reason; the next run extracts from there again.

All loaded data stay and count as known since the new known_at (cchc.runs.redate). Values of periods that begin at or after the new known_at
are removed, and the months from there on are marked for the next refresh.
"""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from cchc.core.values_after_known_at import drop_values
from cchc.errors import CchcError, WrongUse
from cchc.period import last_day_before, midnight, now
from cchc.reference.catalogue import followers
from cchc.reference.dirty_months import mark_months_from
from cchc.reference.roles import role_clocks, roles_of, roots_of
from cchc.runs import journal
from cchc.runs.extracts import REWIND, supersede
from cchc.runs.redate import redate
from cchc.settings import Settings
from cchc.sources.landing import require_writable
from cchc.sources.profile import load_profile
from cchc.warehouse import engine, known_at_of, query
from cchc.warehouse.locks import hold


@dataclass(frozen=True)
class SetBack:
    """The effect of setting known_at of a source back: the old and the new moment, and from when on the next run extracts again."""

    source: str
    before: datetime | None
    after: datetime
    asked_from: datetime
    extracts: int
    published: tuple[str, ...]

    @property
    def text(self) -> str:
        """English sentences about what will happen."""
        lines = [
            f"T of {self.source} is set back from {self.before.isoformat() if self.before else 'none'} to {self.after.isoformat()}.",
            f"{self.extracts} extracts with a later T count as made at {self.after.isoformat()}; no record that they brought is lost.",
            f"Values of periods that begin after it are removed, and the next `cchc ingest {self.source}` asks for all changes since "
            f"{self.asked_from.isoformat()}.",
        ]
        if self.published:
            lines.append(
                f"Published periods stay as they are; where a value differs now, a restatement tells: {', '.join(self.published)}."
            )
        return "\n".join(lines)


def plan_set_back(settings: Settings, source: str, moment: datetime) -> SetBack:
    """What `set_back` would do. Raises WrongUse if known_at of the source is not later than `moment`, or if it was never extracted."""
    profile = load_profile(settings.sources_dir, source)
    with engine(settings).connect() as connection:
        last = connection.execute(
            text("select max(window_to) from ops.extract where source_code = :s and status = 'complete'"), {"s": source}
        ).scalar()
        if last is None:
            raise WrongUse(f"{source} was never extracted: there is no T to set back")
        if last <= moment:
            raise WrongUse(f"the newest extract of {source} has T = {last.isoformat()}, which is not later than {moment.isoformat()}")
        if moment > now():
            raise WrongUse(f"{moment.isoformat()} lies in the future; T can be at most now")
        count = connection.execute(
            text("select count(*) from ops.extract where source_code = :s and status = 'complete' and window_to > :k"),
            {"s": source, "k": moment},
        ).scalar_one()
        published = query(
            connection,
            "select distinct period_kind, period_start from mart.publication where period_end > cast(:d as date) order by 1, 2",
            {"d": last_day_before(moment)},
        )
        before = known_at_of(connection, source)
    names = tuple(f"{row['period_kind']} {row['period_start']}" for row in published)
    return SetBack(source, before, moment, moment - timedelta(hours=profile.overlap_hours), count, names)


def set_back(settings: Settings, source: str, moment: datetime, why: str) -> SetBack:
    """Set known_at of a source back to `moment`, in one transaction. Returns what was done.

    `why`: the reason, which is stored. A running extract of the source is superseded; if it is loading at this moment, this call waits for
    it. Raises WrongUse without a reason, and as `plan_set_back`.
    """
    if not why.strip():
        raise WrongUse('setting T back needs a reason: --why "…"')
    planned = plan_set_back(settings, source, moment)
    require_writable(settings.landing_url, source)  # its journals are written anew
    with engine(settings).begin() as connection:
        hold(connection, f"load {source}")
        supersede(connection, REWIND, "source_code = :s", {"s": source})
        redate(connection, settings, source, moment)
        after = known_at_of(connection, source)
        if after is not None and after > moment:
            raise CchcError(f"T of {source} is still {after.isoformat()} after it was set back to {moment.isoformat()}; report it")
        connection.execute(
            text(
                "insert into ops.source_rewind (source_code, known_at_before, known_at_after, why, by_whom, rewound_at) "
                "values (:s, :a, :b, :why, :who, :now)"
            ),
            {"s": source, "a": planned.before, "b": moment, "why": why.strip(), "who": getpass.getuser(), "now": now()},
        )
        drop_values_beyond(connection, settings, source, moment)
    journal.write(settings, source, anew=True)
    return planned


def drop_values_beyond(connection: Connection, settings: Settings, source: str, moment: datetime) -> None:
    """Remove the values of periods that begin at or after the new known_at, and mark the months of the periods that run at it."""
    own = roles_of(connection, source)
    trees = [role_clocks(connection, root) for root in roots_of(connection, source)]
    for clocks in trees:
        for role in sorted(own):
            drop_values(connection, settings, role, clocks.root, clocks.known_at(role) or moment)
    for table in ("mart.dossier_open", "ops.open_dossier_day"):
        connection.execute(
            text(f"delete from {table} where source_code = :s and as_of_date > cast(:d as date)"),
            {"s": source, "d": last_day_before(moment)},
        )
    reached = [known_at for clocks in trees if (known_at := clocks.latest(followers(settings, own))) is not None]
    first = last_day_before(moment).replace(day=1)
    mark_months_from(connection, settings, source, first, max([moment, *reached, midnight(first)]), "the source's T was set back")
