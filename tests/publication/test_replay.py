"""As known at any second: figures, form, findings and score equal what the warehouse said when it had been loaded only up to that moment.

In the middle of the story somebody edits units, plan and catalogue, and later takes it back. `make replay DAYS=60` loads that many days, one
after the other, instead of the few of the suite; then the pairs are some hundred thousand.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cchc.errors import NothingKnown
from cchc.forms import score
from cchc.period import Period, month
from cchc.reference.load import load_reference
from cchc.reports.scorecard import reading
from cchc.settings import Settings
from cchc.warehouse import engine
from tests.oracle.world import World, random_world
from tests.publication.edits import catalogue, edited, plan, unit, with_files
from tests.publication.past import Answers, said_now, said_then, told
from tests.support.cli import cchc
from tests.support.environment import environment
from tests.support.warehouse import NewWarehouse
from tests.support.world_site import WorldSite, sites

SOURCES = ("one_stop", "payments", "documents")
DAYS = int(os.environ.get("CCHC_REPLAY_DAYS", "0"))
NOTED = 250  # loads after which it is noted what the warehouse says


@dataclass
class Replay:
    """A warehouse that was loaded step by step: at each T what it said of which period (`said`), where that was noted.

    `edited`: the files of the middle of the story, in force from `steps[changed]` to before `steps[restored]`.
    """

    site: WorldSite
    edited: Settings
    changed: int
    restored: int
    steps: list[datetime] = field(default_factory=list)
    said: dict[tuple[datetime, Period], Answers] = field(default_factory=dict)


@pytest.fixture(scope="module")
def replay(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """The loads of a small world, each source an hour after the other, and what was said after each."""
    world = random_world(47, 20)
    forget_what_turns_secret(world)
    last = world.ts[-1]
    ts = [last - timedelta(days=n) for n in range(DAYS, -1, -1)] if DAYS else [world.ts[0], last - timedelta(days=12), last]
    folder = tmp_path_factory.mktemp("replay")
    with sites(new_warehouse, folder) as new_site:
        site = new_site(world)
        files = edited(site.settings, folder / "edited", unit, plan, catalogue)
        count = len(SOURCES) * len(ts)
        done = Replay(site, files, changed=len(SOURCES) * (len(ts) // 3), restored=len(SOURCES) * (2 * len(ts) // 3))
        noted = set(random.Random(59).sample(range(count), min(NOTED, count)))
        for t in ts:
            for hour, source in enumerate(SOURCES):
                settings = load_step(done, site, len(done.steps), source, t + timedelta(hours=hour))
                done.steps.append(t + timedelta(hours=hour))
                for period in periods_at(last, t) if len(done.steps) - 1 in noted else ():
                    done.said[done.steps[-1], period] = said_now(settings, period)
        (period,) = periods_at(last)
        done.site.call("refresh", period.code)
        score.compute(done.site.settings, period)
        with engine(done.site.settings).begin() as connection:
            assert score.freeze(connection, period, "published after all of it")
        yield done


def forget_what_turns_secret(world: World) -> None:
    """End the history of each work file that turns secret before it does: no moment of the past shows it afterwards (docs/decisions/0006)."""
    for history in world.histories["work_files"].values():
        is_open = [isinstance(change.wire, dict) and change.wire.get("DoMat") == "thuong" for change in history]
        turns = next((place for place in range(1, len(history)) if is_open[place - 1] and not is_open[place]), len(history))
        del history[turns:]


def load_step(replay: Replay, site: WorldSite, number: int, source: str, moment: datetime) -> Settings:
    """One step of the story in a warehouse: the settings that hold after it. An edited file is learnt an hour before the load."""
    files = replay.edited if replay.changed <= number < replay.restored else site.settings
    settings = with_files(site.settings, files)
    if number in (replay.changed, replay.restored):
        load_reference(settings, learnt_at=moment - timedelta(hours=1))
    site.ingest(source, moment)
    return settings


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
        with reading(replay.site.settings, moment, period) as past:
            took.append(time.perf_counter() - began)
            found = told(past.connection, past.settings, period)
        assert {key: (found.get(key), value) for key, value in expected.items() if found.get(key) != value} == {}, (moment, period.code)
        assert found.keys() == expected.keys(), (moment, period.code)
        pairs += len(expected)
        kinds |= {key[0] for key in expected}
    assert {"value", "scorecard", "explain", "form", "finding", "score"} <= kinds
    assert pairs > 1000
    print(f"{pairs} pairs of figure and moment; every value of a period, p95: {sorted(took)[int(len(took) * 0.95)]:.2f} s")


def test_it_is_what_a_second_warehouse_says(replay: Replay, new_warehouse: NewWarehouse, tmp_path: Path) -> None:
    upto = replay.restored
    with sites(new_warehouse, tmp_path) as new_site:
        second = new_site(replay.site.world)
        for number, moment in enumerate(replay.steps[:upto]):
            settings = load_step(replay, second, number, SOURCES[number % len(SOURCES)], moment)
        answers = {period: said_now(settings, period) for period in periods_at(replay.steps[0], replay.steps[upto - 1])}
    assert any(key[0] == "explain" and value[0] == 2 for said in answers.values() for key, value in said.items()), "the edited files hold"
    for period, said in answers.items():
        found = said_then(replay.site.settings, replay.steps[upto] - timedelta(hours=1, seconds=1), period)
        assert {key: (found.get(key), said.get(key)) for key in said.keys() | found.keys() if found.get(key) != said.get(key)} == {}


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
