"""The pools: as large together as the executor, made and resized by docker-compose's job `init`."""

from __future__ import annotations

import pytest

from cchc.airflow.pools import DESCRIPTIONS, PARALLELISM, configured_pools, pools_for
from cchc.errors import NotConfigured
from tests.dags.conftest import Box


@pytest.mark.parametrize("parallelism", [3, 5, 6, 32])
def test_both_pools_are_the_executor(parallelism: int) -> None:
    slots = pools_for(parallelism)
    assert sum(slots.values()) == parallelism
    assert slots["default_pool"] == 2, "with one slot, a backfill that waits for its run would keep that run's last task from it"
    assert set(slots) == set(DESCRIPTIONS)


@pytest.mark.parametrize("text", ["", "many", "-1", "2", "0", "1.5"])
def test_what_is_too_small_or_no_number_is_refused(text: str) -> None:
    with pytest.raises(NotConfigured, match=PARALLELISM):
        configured_pools({PARALLELISM: text})


def test_pools_are_made_and_resized(box: Box) -> None:
    for parallelism in (6, 4):
        done = box.ask("pools", slots=pools_for(parallelism))
        assert done == {"code": 0, "pools": {"default_pool": 2, "warehouse": parallelism - 2}}
