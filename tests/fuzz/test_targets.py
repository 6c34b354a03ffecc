"""Each parser reads wholly or tells, whatever it is given: what was found before, good deliveries, and some new damaged ones."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz import strategies
from tests.fuzz.corpus import CASES, cases
from tests.fuzz.targets import TARGETS, run

EXAMPLES = 8


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_before_stays_mended(name: str) -> None:
    for case in cases(name):
        run(name, case.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_good_and_damaged_deliveries(name: str) -> None:
    for good in TARGETS[name].seeds:
        run(name, good)
    find = given(st.shared(strategies.of(name), key=name))(lambda data: run(name, data))
    settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(find)()


def test_every_case_belongs_to_a_target() -> None:
    assert {path.parent.name for path in CASES.glob("*/*")} <= TARGETS.keys()
