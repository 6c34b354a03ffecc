"""Hashes are counted as a set of Python counts them, in less memory."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from cchc.sources import distinct
from cchc.sources.distinct import Distinct

ENDS = (-(2**63), -1, 0, 1, 2**63 - 1)


@pytest.mark.parametrize("seed", range(5))
def test_it_counts_and_knows_what_a_set_does(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "MOST_PENDING", 7)
    monkeypatch.setattr(distinct, "MOST_FEW", 40)
    draw, found, expected = random.Random(seed), Distinct(), set[int]()
    assert len(found) == 0 and 0 not in found
    for _ in range(1500):
        digest = draw.choice((draw.randrange(-400, 400), draw.choice(ENDS)))
        if draw.random() < 0.1:
            assert (digest in found) == (digest in expected)
        found.add(digest)
        expected.add(digest)
        if draw.random() < 0.1:
            assert len(found) == len(expected)
    assert len(found) == len(expected) > 300
    assert all(digest in found for digest in expected) and not any(digest in found for digest in range(1000, 1100))


def test_a_million_hashes_take_eight_bytes_each() -> None:
    tracemalloc.start()
    found = Distinct()
    for number in range(0, 3_000_000, 3):
        found.add(hash(str(number)))
    assert len(found) == 1_000_000
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 9_000_000 and most < 40_000_000, "a set takes 69 million"
