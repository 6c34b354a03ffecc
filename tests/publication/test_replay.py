"""As known at any second: figures, form, findings and score equal what the warehouse said when it had been loaded only up to that moment.

CCHC_REPLAY_DAYS=60 loads that many days, one after the other, instead of the few of the suite; then the pairs are some hundred thousand.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from cchc.errors import NothingKnown
from cchc.forms import score
from cchc.period import Period, month
from cchc.reports.scorecard import reading
from cchc.warehouse import engine
from tests.oracle.world import random_world
from tests.publication.past import Answers, said_now, said_then
from tests.support.cli import cchc
from tests.support.environment import environment
from tests.support.warehouse import NewWarehouse
from tests.support.world_site import WorldSite, sites

DAYS = int(os.environ.get("CCHC_REPLAY_DAYS", "0"))


@dataclass
class Replay:
    """A warehouse that was loaded step by step: at each T what it said of which period. `seconds`: how long each past answer took."""

    site: WorldSite
    steps: list[datetime] = field(default_factory=list)
    said: dict[tuple[datetime, Period], Answers] = field(default_factory=dict)


@pytest.fixture(scope="module")
def replay(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """The loads of a small world, each source an hour after the other, and what was said after each."""
    world = random_world(47, 20)
    last = world.ts[-1]
    ts = [last - timedelta(days=n) for n in range(DAYS, -1, -1)] if DAYS else [world.ts[0], last - timedelta(days=12), last]
    with sites(new_warehouse, tmp_path_factory.mktemp("replay")) as new_site:
        done = Replay(new_site(world))
        for t in ts:
            for hour, source in enumerate(("one_stop", "payments", "documents")):
                moment = t + timedelta(hours=hour)
                done.site.ingest(source, moment)
                done.steps.append(moment)
                for period in periods_at(last, t):
                    done.said[moment, period] = said_now(done.site.settings, period)
        (period,) = periods_at(last)
        done.site.call("refresh", period.code)
        score.compute(done.site.settings, period)
        with engine(done.site.settings).begin() as connection:
            assert score.freeze(connection, period, "published after all of it")
        yield done


def periods_at(*moments: datetime) -> list[Period]:
    """The months that run at these moments."""
    days = {(moment - timedelta(days=1)).date().replace(day=1) for moment in moments}
    return [month(day.year, day.month) for day in sorted(days)]


def test_any_moment_says_what_was_said_then(replay: Replay) -> None:
    chance, pairs, took, kinds = random.Random(53), 0, [], set()
    for (step, period), expected in replay.said.items():
        later = [other for other in replay.steps if other > step]
        seconds = (later[0] - step).total_seconds() if later else 3600
        moment = step + timedelta(seconds=chance.choice((0, chance.random() * (seconds - 1), seconds - 1)))
        began = time.perf_counter()
        found = said_then(replay.site.settings, moment, period)
        took.append(time.perf_counter() - began)
        assert {key: (found.get(key), value) for key, value in expected.items() if found.get(key) != value} == {}, (moment, period.code)
        assert found.keys() == expected.keys(), (moment, period.code)
        pairs += len(expected)
        kinds |= {key[0] for key in expected}
    assert {"value", "scorecard", "explain", "form", "finding", "score"} <= kinds
    assert pairs > 1000
    print(f"{pairs} pairs of figure and moment; a whole period, p95: {sorted(took)[int(len(took) * 0.95)]:.2f} s")


def test_a_moment_before_anything_was_known_is_an_answer(replay: Replay) -> None:
    settings, before = replay.site.settings, replay.steps[0] - timedelta(seconds=1)
    later = periods_at(replay.steps[-1])[-1]
    first = replay.steps[0] + timedelta(seconds=1)
    with pytest.raises(NothingKnown), reading(settings, before, later):
        pass
    with environment(CCHC_HOME=str(settings.home), CCHC_WAREHOUSE_URL=str(settings.warehouse_url)):
        for command in (
            ("scorecard", later.code),
            ("explain", "dossier_on_time_rate", "--period", later.code),
            ("export", "all", "--period", later.code),
            ("form", later.code),
            ("findings", later.code),
            ("score", later.code),
            ("reconcile", later.code),
        ):
            for moment in (before, first):
                said = cchc(*command, "--as-known-at", moment.isoformat())
                assert (said.code, said.err) == (0, ""), (command, said.err)
                assert said.out.startswith("nothing known yet: "), (command, moment, said.out[:200])
        now = cchc("score", later.code, "--as-known-at", replay.steps[-1].isoformat())
        assert (now.code, "Điểm" in now.out) == (0, True), now.err
