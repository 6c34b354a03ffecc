"""`cchc withdraw` and `cchc reload`: a person takes back what loads brought, with a reason.

It counts as never delivered in the current figures. A reload reads the same deliveries again at once, under today's profile, as if they had
always been read so: from landing where that has what the profile needs, else from the source or its drop folder. What later deliveries only
repeated is stored once, under the withdrawn load, so those are read again too. All of it is published in one transaction, or nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.core.withdrawn import derive_without, keep_staged, take_back
from cchc.errors import CchcError, WrongUse
from cchc.period import now
from cchc.pipeline import ingest
from cchc.pipeline.read_source import Connect, erased_since, read_from_source, require_given_again, source_of_readings
from cchc.reference.catalogue import followers
from cchc.reference.dirty_months import dirty_months
from cchc.reference.roles import role_clocks, roles_of, roots_of
from cchc.runs import extracts, journal
from cchc.runs.readings import Reading, readings
from cchc.runs.retry import open_rereads
from cchc.runs.set_back import drop_values_beyond
from cchc.runs.withdraw import NOTHING, Plan, plan, source_of
from cchc.settings import Settings
from cchc.sources.connection import Connection as Source
from cchc.sources.landing import require_writable
from cchc.sources.profile import Profile, load_profile
from cchc.staging.tables import staged_entities, table_of
from cchc.warehouse import engine, known_at_of, query
from cchc.warehouse.audit import note
from cchc.warehouse.locks import hold
from cchc.warehouse.queries import run_statement, tell_changed_rows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Withdrawn:
    """What was withdrawn: the rows of ops.load, how many rows of core they had brought, the marked months.

    `read`: the loads that were read again, each with why not from landing: the reloaded ones, and the later ones that had repeated some of
    what was withdrawn. `place`: the source or folder from which the latter were read, None if landing served for all. `kept`: lists of keys
    that stay as they were read. `erased`: how many erasures of citizens what was read from the source may have undone.
    """

    source: str
    loads: tuple[dict[str, Any], ...]
    rows: int
    read: tuple[Reading, ...]
    place: str | None
    kept: tuple[int, ...]
    months: tuple[str, ...]
    erased: int = 0

    @property
    def again(self) -> tuple[int, ...]:
        """The later loads that were read again because they had repeated some of what was withdrawn."""
        return tuple(sorted(reading.load_id for reading in self.read if reading.repeats))

    @property
    def renewed(self) -> tuple[int, ...]:
        """The loads that were reloaded."""
        return tuple(sorted(reading.load_id for reading in self.read if not reading.repeats))


def withdraw(
    settings: Settings, load_ids: Sequence[int], reason: str, who: str, *, reload: bool = False, connect: Connect | None = None
) -> Withdrawn:
    """Withdraw loads of one source, and with `reload` read them again under today's profile. Returns what was done.

    Arguments: `reason` and `who`, which are stored; `connect`, gives the connection of the source, which is asked only where landing does
    not have what is needed. Raises WrongUse without a reason, and, naming the load and what to do, if a load cannot be withdrawn (or read
    again) exactly; nothing is changed then.
    """
    if not reason.strip() or not who.strip():
        raise WrongUse(f'withdrawing needs a reason and a name: --reason "…" --by NAME. {NOTHING}')
    profile = load_profile(settings.sources_dir, source_of(settings, load_ids))
    require_writable(settings.landing_url, profile.source)  # a journal of before would bring back what is withdrawn
    with engine(settings).connect() as connection:
        planned = plan(connection, profile, load_ids, reload=reload)
        found = readings(connection, settings, profile, planned, reload=reload)
    source = source_of_readings(profile, found, connect)
    retries = _read_again(settings, profile, source, found, planned)
    try:
        with engine(settings).begin() as connection:
            hold(connection, f"load {profile.source}")
            if plan(connection, profile, load_ids, reload=reload) != planned:
                raise CchcError(f"a run of {profile.source} published meanwhile. {NOTHING}. Do it again")
            rows = _publish(
                connection, settings, profile, planned, retries, {"reason": reason.strip(), "who": who.strip(), "is_reload": reload}
            )
            tell_changed_rows(connection)
            months = tuple(dirty_months(connection, [profile.source]).get(profile.source, []))
    except BaseException:
        _give_up(settings, retries, "the withdrawal for which it was read again failed")
        raise
    extracts.sweep_staging(settings, profile.source)
    ingest.count_rows(settings, profile)
    journal.write(settings, profile.source, anew=True)
    place = None if source is None else source.host
    return Withdrawn(profile.source, planned.loads, rows, tuple(found), place, planned.kept, months, erased_since(settings, profile, found))


def _read_again(settings: Settings, profile: Profile, source: Source | None, found: Sequence[Reading], planned: Plan) -> list[int]:
    """Stage and check loads again, as retries that are not published yet. Returns their ids, the earliest T first.

    `source`: where those are read that landing does not serve for. Raises WrongUse if one of them is not there as it was loaded, or is
    blocked today.
    """
    elsewhere = [reading for reading in found if reading.why is not None]
    retries = open_rereads(
        settings, [reading.load_id for reading in found if reading.why is None], [reading.load_id for reading in elsewhere]
    )
    withdrawn = {name: load_ids for name, (_, load_ids) in planned.entities.items()}
    try:
        of_source = _by_retry(settings, retries, elsewhere)
        if source is not None:
            read_from_source(settings, profile, source, of_source)
        for extract_id in retries:
            ingest.stage_step(settings, extract_id)
            messages = ingest.validate_step(settings, extract_id)
            if messages:
                raise WrongUse(
                    f"a load that has to be read again is blocked under today's profile and rules: {'; '.join(messages)}. "
                    f"Mend the cause (docs/runbooks/load_blocked.md), or withdraw that load too. {NOTHING}"
                )
            if source is not None:
                require_given_again(settings, profile, source, extract_id, of_source.get(extract_id, ()), withdrawn)
    except BaseException:
        _give_up(settings, retries, "it was read again for a withdrawal that was refused")
        raise
    return retries


def _by_retry(settings: Settings, retries: Sequence[int], elsewhere: Sequence[Reading]) -> dict[int, list[Reading]]:
    """The loads that land anew, by the retry that reads them."""
    with engine(settings).connect() as connection:
        rows = query(connection, "select extract_id, retry_of from ops.extract where extract_id = any(:x)", {"x": list(retries)})
    retry_of = {row["retry_of"]: row["extract_id"] for row in rows}
    found: dict[int, list[Reading]] = {}
    for reading in elsewhere:
        found.setdefault(retry_of[reading.load["extract_id"]], []).append(reading)
    return found


def _give_up(settings: Settings, retries: Sequence[int], words: str) -> None:
    """End retries that are not published."""
    for extract_id in retries:
        extracts.fail(settings, extract_id, words)


def _publish(
    connection: Connection, settings: Settings, profile: Profile, planned: Plan, retries: Sequence[int], told: dict[str, Any]
) -> int:
    """Withdraw the planned loads and load the retries in the open transaction. Returns how many rows of core the loads had brought.

    Arguments: `told`, the reason, who withdraws, and whether the loads are read again.
    """
    source = profile.source
    # a retry that is staged and not published yet would bring back what is withdrawn now
    extracts.supersede(
        connection,
        extracts.WITHDRAWAL,
        "kind = 'retry' and not extract_id = any(:own) and extract_id in (select extract_id from ops.load where retry_of = any(:loads))",
        {"own": list(retries), "loads": planned.load_ids},
        or_failed=True,
    )
    withdrawal_id: int = run_statement(
        connection, "runs/withdrawal", source=source, now=now(), load_ids=planned.load_ids, **told
    ).scalar_one()
    word = "reload" if told["is_reload"] else "withdraw"
    note(connection, "withdrawal", word, f"{source}, loads {', '.join(map(str, planned.load_ids))}", told["who"])
    before = known_at_of(connection, source)
    if not told["is_reload"]:
        run_statement(connection, "runs/extract_withdrawn", load_ids=planned.load_ids)
    after = known_at_of(connection, source)
    if before is not None and after is None:
        raise WrongUse(
            f"these loads of {source} are the beginning of all that is known of it: without them nothing of it counts. Load it anew first "
            f"(`cchc ingest {source} --full`), then withdraw them. {NOTHING}"
        )
    until = _marked_until(connection, settings, source)
    rows = 0
    for name, (model, load_ids) in planned.entities.items():
        rows += take_back(connection, settings, source, name, model, load_ids, withdrawal_id, until)
    if any(model.makes_dossiers for model, _ in planned.entities.values()):
        derive_without(connection, settings, source, withdrawal_id, _newest_dossiers(connection, profile), after or until)
    if before is not None and after is not None and after < before:
        drop_values_beyond(connection, settings, source, after)
    tables = extracts.staging_tables(connection)
    for extract_id in retries:
        for name, (model, _) in planned.entities.items():
            table = table_of(staged_entities(profile)[name], extract_id).name
            if told["is_reload"] and table in tables and model.merge != "list":
                keep_staged(connection, profile.source, model, f"staging.{table}", withdrawal_id)
    for extract_id in retries:
        connection.execute(text("discard temp"))  # each load makes its temporary tables anew
        ingest.publish(connection, settings, profile, extract_id, [])
    return rows


def _newest_dossiers(connection: Connection, profile: Profile) -> int | None:
    """The newest loaded load of dossiers of a source, under which dossiers are set aside that break a rule without the withdrawn steps."""
    names = [name for name, entity in staged_entities(profile).items() if entity.model == "dossier"]
    newest: int | None = connection.execute(
        text("select max(load_id) from ops.load where source_code = :s and entity = any(:e) and status = 'loaded'"),
        {"s": profile.source, "e": names},
    ).scalar()
    return newest


def _marked_until(connection: Connection, settings: Settings, source: str) -> datetime:
    """The latest moment at which a period that counts records of the source can end."""
    others = followers(settings, roles_of(connection, source))
    latest = [role_clocks(connection, root).latest(others) for root in roots_of(connection, source)]
    own = known_at_of(connection, source)
    return max([moment for moment in (*latest, own) if moment is not None], default=now())
