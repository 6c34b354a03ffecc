"""Faults while a real Airflow runs: `python -m tests.faults --kinds a` draws others, for an hour."""

from __future__ import annotations

import random

import pytest

from cchc.files import locked
from tests.faults.__main__ import report
from tests.faults.real_stack import RealStack
from tests.faults.stack_rounds import BACKEND, CLEARED, IDLE, TASK, StackRounds, moments_of
from tests.oracle.world import random_world

KINDS = (BACKEND, TASK, CLEARED, IDLE)  # three of them found defects; at which task of which source, the seed draws


@pytest.mark.nightly
@pytest.mark.timeout(2400)
def test_a_running_stack_bears_faults(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = random_world(43, 25)
    moments = moments_of(world, len(KINDS))
    # one stack at a time, as the tests of the whole stack: two that start at the same moment may choose the same port
    with locked(tmp_path_factory.getbasetemp().parent / "whole_stack.lock"), RealStack(world).running() as real:
        tally = StackRounds(real, random.Random(5)).run(moments, real.undisturbed(moments), KINDS)
    print(report(tally))
    assert tally.findings == []
    assert sum(tally.faults.values()) >= len(KINDS) - 1, (tally.faults, tally.outcomes)
