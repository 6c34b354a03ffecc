"""Read loads again from their source or drop folder, where landing does not have what today's profile needs.

A file is read again if it lies there as it was loaded, by name and hash. Over HTTP and in a database the window of the load is asked for
again; that is the same delivery only where no record has changed since, and anything less is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from cchc.errors import CchcError, WrongUse
from cchc.models import MODELS
from cchc.pipeline.ingest import register
from cchc.quality.drift import earlier_deliveries
from cchc.runs.readings import Reading
from cchc.runs.withdraw import NOTHING
from cchc.settings import Settings
from cchc.sources.asked_days import ASKED
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Folder, Landed, Window
from cchc.sources.privacy import makes_hashes
from cchc.sources.profile import Profile
from cchc.staging.tables import table_of
from cchc.states import LoadStatus
from cchc.warehouse import composed, engine, query

MOST_NAMED = 20
Connect = Callable[[], Connection]


def source_of_readings(profile: Profile, found: Sequence[Reading], connect: Connect | None) -> Connection | None:
    """The connection by which some loads are read again; None if landing serves for all. Raises WrongUse if the source has none."""
    lacking = [reading for reading in found if reading.why is not None]
    if not lacking:
        return None
    try:
        if connect is None:
            raise WrongUse("no connection of the source was given")
        return connect()
    except CchcError as error:
        raise WrongUse(_refused([f"{reading.in_words}; nor from its source: {error}" for reading in lacking])) from error


def read_from_source(settings: Settings, profile: Profile, connection: Connection, retries: Mapping[int, Sequence[Reading]]) -> None:
    """Land some loads again, as loads of the open runs by which they are read again.

    Arguments: `retries`, for each run the loads that it reads. Raises WrongUse, naming each load, if one of them is not there as it was
    loaded; what landed of the runs is removed then.
    """
    try:
        faults = [fault for retry, found in retries.items() for fault in _land(settings, profile, connection, retry, found)]
        if faults:
            raise WrongUse(_refused(faults))
    except BaseException:
        for retry in retries:
            Folder(settings.landing_url).child(profile.source, f"{retry:08d}").remove()
        raise


def _land(settings: Settings, profile: Profile, connection: Connection, retry: int, found: Sequence[Reading]) -> list[str]:
    """Land the loads of one run. Returns what is not there as it was loaded, a sentence each; the run has no loads then."""
    with engine(settings).connect() as opened:
        row = query(opened, "select * from ops.extract where extract_id = :x", {"x": retry})[0]
    landed = extract(
        profile,
        connection,
        Window(row["window_from"], row["window_to"]),
        settings.landing_url,
        extract_id=retry,
        privacy_key=settings.privacy_key(),
        earlier=earlier_deliveries(settings, profile.source),
        again=[(reading.load["entity"], reading.load["file_name"]) for reading in found],
    )
    loads = {(load.entity, load.file_name): load for load in landed}
    pairs = [(reading, loads.get((reading.load["entity"], reading.load["file_name"]))) for reading in found]
    faults = [_told(reading, connection, why) for reading, load in pairs if (why := _fault(reading, load, connection)) is not None]
    for reading, load in pairs if not faults else ():
        assert load is not None  # noqa: S101  # _fault() refused it
        register(settings, retry, profile, row, load)
        with engine(settings).begin() as writing:
            writing.execute(text("update ops.load set retry_of = :o where load_id = :l"), {"o": reading.load_id, "l": load.load_id})
    return faults


def erased_since(settings: Settings, profile: Profile, found: Sequence[Reading]) -> int:
    """How many times a citizen was erased since loads landed that were read from their source again: that may have the hashes again."""
    loads = [reading.load_id for reading in found if reading.why is not None]
    if not loads or not makes_hashes(profile):
        return 0
    with engine(settings).connect() as connection:
        erased: int = connection.execute(
            text("select count(*) from ops.erasure where erased_at > (select min(started_at) from ops.load where load_id = any(:l))"),
            {"l": loads},
        ).scalar_one()
    return erased


def require_given_again(
    settings: Settings, profile: Profile, connection: Connection, retry: int, found: Sequence[Reading], withdrawn: dict[str, list[int]]
) -> None:
    """Raise WrongUse if the source, asked for a window again, did not give a record that stands in core because of these loads.

    Arguments: `retry`, the staged run; `withdrawn`, the withdrawn loads of each entity.
    """
    faults = []
    with engine(settings).connect() as opened:
        for reading in found:
            name = reading.load["entity"]
            model = MODELS[profile.entities[name].model]
            if reading.load["file_name"] is not None or model.merge != "versions":
                continue
            statement = composed.not_given_again(model, f"staging.{table_of(profile.entities[name], retry).name}")
            of_window = {"s": profile.source, "l": withdrawn.get(name, [reading.load_id]), "t": reading.load["window_to"]}
            keys = opened.execute(text(statement), of_window).scalars().all()
            if keys:
                shown = ", ".join([*keys[:MOST_NAMED], *(["…"] if len(keys) > MOST_NAMED else [])])
                faults.append(_told(reading, connection, f"{_changed(len(keys))}: {shown}"))
    if faults:
        raise WrongUse(_refused(faults))


def _fault(reading: Reading, load: Landed | None, connection: Connection) -> str | None:
    """Why what was read is not the delivery that was loaded; None if it is."""
    if load is None:
        return f"no file of this name lies in {connection.host}, or the profile does not read it any more"
    if load.status != LoadStatus.LANDED:
        return str(load.message)
    before: dict[str, Any] = reading.load["manifest"] or {}
    if load.file_name is not None and ASKED not in before:
        return None if load.manifest["sha256"] == before["sha256"] else "the file that lies there is another one than was loaded"
    lost = int(before.get("distinct_keys", 0)) - int(load.manifest["distinct_keys"])
    if lost > 0:
        return _changed(lost)
    if lost < 0 and load.manifest.get("list_fetched"):
        return "the list has other entries today than it had then"
    return None


def _changed(count: int) -> str:
    return f"{count} records that it had brought are not given any more for its window, because they changed or went since"


def _told(reading: Reading, connection: Connection, why: str) -> str:
    return f"{reading.in_words}; nor from {connection.host}: {why}"


def _refused(faults: Sequence[str]) -> str:
    more = [f"and {len(faults) - MOST_NAMED} more"] if len(faults) > MOST_NAMED else []
    lines = "\n".join([*faults[:MOST_NAMED], *more])
    return (
        f"{lines}\nWithdraw these loads (`cchc withdraw --load NUMBER`): a file may then be sent again as a higher revision or under "
        f"another name, and the window of another source is asked for by the next ingest, as the source is today. {NOTHING}"
    )
