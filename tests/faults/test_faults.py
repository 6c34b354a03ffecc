"""A minute of faults: `make faults` draws others, for an hour."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.faults import rounds
from tests.faults.__main__ import closed_period, facts
from tests.faults.place import Place
from tests.faults.rounds import ProcessRound, SourceRound, undisturbed_core
from tests.oracle.world import random_world

NEVER = float("inf")


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """One server for all faults, which they may kill."""
    with Place(random_world(43, 25)) as made:
        yield made


@pytest.mark.timeout(600)
def test_sources_that_fail_lie_and_vanish(place: Place) -> None:
    moments = place.world.ts[-1:]
    tally = SourceRound(place, random.Random(1), undisturbed_core(place, moments), moments).run(40, NEVER)
    assert tally.findings == []
    assert tally.faults.total() > 40 and len(tally.faults) > 10, tally.faults
    assert tally.outcomes["refused with a message"] > 20 and tally.outcomes["borne: the reader asked again"] > 20


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_processes_disks_and_clocks(place: Place) -> None:
    moments = place.world.ts[-1:]
    took: dict[str, float] = {}
    expected, plain = ProcessRound(place, random.Random(2), 0.0, took, closed_period(moments[-1])).run(moments)
    assert plain.findings == [] and plain.faults.total() == 0
    found, tally = ProcessRound(place, random.Random(3), 0.3, took, closed_period(moments[-1])).run(moments)
    tally.compare(expected, found, "processes")
    assert tally.findings == []
    assert tally.faults.total() > 0, tally.faults


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_two_tasks_at_once(place: Place) -> None:
    moments, took = place.world.ts[-2:], dict[str, float]()
    expected, _ = ProcessRound(place, random.Random(2), 0.0, took, closed_period(moments[-1])).run(moments)
    found, tally = ProcessRound(place, random.Random(4), 0.0, took, closed_period(moments[-1])).overlap(moments, 6)
    tally.compare(facts(expected), facts(found), rounds.OVERLAP)
    assert tally.findings == [] and tally.faults[rounds.OVERLAP] == 6
