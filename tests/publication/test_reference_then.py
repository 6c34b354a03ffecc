"""As known at: units, plan, calendar, duties and definitions are those that were known then, whatever `cchc init` has loaded since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cchc.period import Period, month, now
from cchc.publication.known_at import as_known_at
from cchc.reference.load import load_reference
from cchc.settings import Settings
from cchc.warehouse import engine, query
from tests.oracle.world import random_world
from tests.publication.edits import CHANGES, edited, unit
from tests.publication.past import Answers, said_now, said_then
from tests.support.warehouse import NewWarehouse, rows_of
from tests.support.world_site import sites


@dataclass(frozen=True)
class Site:
    """A warehouse loaded twice: its settings, its first T, the month that runs then, and what it said of that month before the second."""

    settings: Settings
    moment: datetime
    period: Period
    said: Answers


@pytest.fixture(scope="module")
def site(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small world, whose plan, units and definitions are those of this project."""
    world = random_world(47, 20)
    moment = world.ts[-2]
    day = (moment - timedelta(days=1)).date()
    with sites(new_warehouse, tmp_path_factory.mktemp("then")) as new_site:
        made = new_site(world)
        for source in ("one_stop", "payments", "documents"):
            made.ingest(source, moment)
        period = month(day.year, day.month)
        said = said_now(made.settings, period)
        made.ingest("one_stop", world.ts[-1])
        yield Site(made.settings, moment, period, said)


@pytest.fixture
def changed(site: Site, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """The same installation after somebody has edited its files and `cchc init` was run; afterwards it has the files of before."""
    asked = getattr(request, "param", None)
    after = edited(site.settings, tmp_path, *([asked] if asked else CHANGES))
    load_reference(after)
    yield after
    load_reference(site.settings)


def _differing(before: Answers, after: Answers) -> dict[str, list[tuple[object, ...]]]:
    found: dict[str, list[tuple[object, ...]]] = {}
    for key in before.keys() | after.keys():
        if before.get(key) != after.get(key):
            found.setdefault(str(key[0]), []).append(key)
    return found


def test_what_was_known_does_not_change_with_the_files(site: Site, changed: Settings) -> None:
    today = _differing(site.said, said_now(changed, site.period))
    assert {"value", "scorecard", "explain", "score", "finding"} <= today.keys(), "the changes must be felt now, else this proves nothing"
    assert _differing(site.said, said_then(changed, site.moment, site.period)) == {}


@pytest.mark.nightly
@pytest.mark.parametrize("changed", CHANGES, indirect=True)
def test_no_single_change_is_felt_by_a_past_moment(site: Site, changed: Settings) -> None:
    assert _differing(site.said, said_then(changed, site.moment, site.period)) == {}


def test_a_moment_after_a_change_knows_it(site: Site, tmp_path: Path) -> None:
    after, began = edited(site.settings, tmp_path, unit), now()
    try:
        # the clock of the machine has gone back a year: what is learnt later is later all the same
        load_reference(after, learnt_at=began - timedelta(days=365))
        found = {moment: _name_of(after, moment) for moment in (site.moment, began - timedelta(days=364), now())}
    finally:
        load_reference(site.settings)
    earlier = rows_of(site.settings, "select count(*) as n from ops.reference_version where ended_at < learnt_at")
    assert list(found.values()) in (
        ["Phòng Tư pháp", "Phòng Pháp chế", "Phòng Pháp chế"],
        ["Phòng Tư pháp", "Phòng Tư pháp", "Phòng Pháp chế"],
    )
    assert earlier == [{"n": 0}]


def _name_of(settings: Settings, moment: datetime) -> str:
    with as_known_at(settings, moment) as past:
        return str(query(past.connection, "select name from core.unit where unit_code = 'H19.16.3'")[0]["name"])


def test_the_same_files_again_are_no_other_state(site: Site) -> None:
    asked = "select count(*) as n, max(learnt_at) as learnt from ops.reference_version"
    before = rows_of(site.settings, asked)
    load_reference(site.settings)
    assert rows_of(site.settings, asked) == before


def test_the_past_cannot_be_made_the_present(site: Site, changed: Settings) -> None:
    names = "select unit_code, name, level from core.unit order by 1"
    today = rows_of(site.settings, names)
    with (
        pytest.raises(DBAPIError, match="rolled back, never committed"),
        engine(site.settings).begin() as connection,
    ):
        connection.execute(text("set local role cchc_loader"))
        connection.execute(text("select ops.show_reference(:moment)"), {"moment": site.moment})
        assert query(connection, names) != today
    assert rows_of(site.settings, names) == today
    with pytest.raises(DBAPIError, match="permission denied"), engine(site.settings).begin() as connection:
        connection.execute(text("set local role cchc_loader"))
        connection.execute(text("delete from core.unit"))
