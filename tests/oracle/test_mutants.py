"""Each clause of the oracle and each place of include/sql matters: with a defect planted there, some random world gives another number.

By hand, one of them: `pytest -m nightly tests/oracle/test_mutants.py -k "K4 forgotten"`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cchc.settings import Settings
from tests.support.defects import text_of
from tests.support.warehouse import NewWarehouse

from . import mutants, sql_mutants
from .compare import faults_for, lagging_for, summary, told
from .indicators import Knowledge
from .sql_mutants import busiest, felt
from .world import random_world

WORLDS = (*range(1000, 1012), 1022, 1106)  # of the oracle alone: cheap; 1022 and 1106 have what is rare
EXOTIC = (1106,)  # with cases on which the text is thin
NOT_FELT = {
    "due: X cut by J": "whatever a world knows at T lies before J",
    "payments: a file of today": "no file of a world arrives before its day is over",
}
BREAKS = ("K2", "K6", "payments: bad rows")  # what they let through cannot be counted at all
# of the product, too: each is loaded when those before it feel nothing; from 3004 on they have what is rare, by what the oracle says of them
SEEDS = (3001, 3002, 3003, 3004, 3009, 3019, 3020, 3048, 3251)


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_the_oracle_still_says_what_the_defect_changes(mutant: mutants.Clause) -> None:
    sound = mutants.ORACLE.read_text(encoding="utf-8")
    broken = mutants.changed(sound, mutant)
    assert broken != sound
    compile(broken, mutants.ORACLE.name, "exec")


@pytest.mark.parametrize("mutant", sql_mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_the_sql_still_says_what_the_defect_changes(mutant: sql_mutants.Mutant) -> None:
    assert sql_mutants.with_defect(mutant) != text_of(mutant.file)


def test_a_defect_without_a_place_is_told() -> None:
    with pytest.raises(AssertionError, match=r"indicators\.py no longer says 'no such clause': mend the list of defects"):
        mutants.changed("a clause", mutants.Clause("x", "no such clause", ""))
    with pytest.raises(AssertionError, match="x: mart/dossier no longer says 'no such clause': mend the list of defects"):
        sql_mutants.with_defect(sql_mutants.Mutant("x", "mart/dossier", "no such clause", ""))


def test_every_defect_has_a_name_of_its_own() -> None:
    names = [*(clause.name for clause in mutants.MUTANTS), *(mutant.name for mutant in sql_mutants.MUTANTS)]
    assert sorted(names) == sorted(set(names))


@pytest.fixture(scope="module")
def right() -> Callable[[int], tuple[Any, Any]]:
    """A function: the world of a seed, and every number of it by the sound oracle; made once."""
    sound, known = mutants.module(), {}

    def of(seed: int) -> tuple[Any, Any]:
        if seed not in known:
            world = random_world(seed, 120, exotic=seed in EXOTIC)
            known[seed] = world, mutants.numbers(sound, world)
        return known[seed]

    return of


def clauses() -> list[Any]:
    """Each clause; one that no world can feel is expected to fail, with the reason, and is red when a world feels it."""
    return [
        pytest.param(
            each, id=each.name, marks=[pytest.mark.xfail(reason=NOT_FELT[each.name], strict=True)] if each.name in NOT_FELT else []
        )
        for each in mutants.MUTANTS
    ]


@pytest.mark.nightly
@pytest.mark.parametrize("mutant", clauses())
def test_a_random_world_feels_the_clause(mutant: mutants.Clause, right: Callable[[int], tuple[Any, Any]]) -> None:
    broken = mutants.module(mutant)
    for seed in WORLDS:
        world, numbers = right(seed)
        try:
            if mutants.numbers(broken, world) != numbers:
                return
        except (AttributeError, KeyError):
            if mutant.name in BREAKS:
                return
            raise
    pytest.fail(f"{len(WORLDS)} worlds give the same numbers without the clause")


@pytest.mark.nightly
def test_the_sound_oracle_gives_the_same_numbers_again(right: Callable[[int], tuple[Any, Any]]) -> None:
    world, numbers = right(WORLDS[0])
    assert mutants.numbers(mutants.module(), world) == numbers


Loaded = tuple[Settings, Knowledge, list[date]]


@pytest.fixture(scope="module")
def loaded(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Loaded]]:
    """A function: the warehouse into which the world of a seed was loaded, what the oracle knows of it, and its busiest months."""
    known: dict[int, Loaded] = {}
    with ExitStack() as stack:

        def of(seed: int) -> Loaded:
            if seed not in known:
                home = tmp_path_factory.mktemp(f"world_{seed}")
                settings = stack.enter_context(new_warehouse(home))
                world = random_world(seed, 120)
                world.ts = world.ts[1:3]  # to the end of 2023: in 2024 no plan holds, and a status says nothing there
                kn, found = told(world, home, {}, faults=faults_for(seed), lagging=lagging_for(seed), in_process=True, is_short=True)
                assert not found, "\n".join([f"seed {seed}", *summary(found)])
                known[seed] = settings, kn, busiest(world, kn, 4)
            return known[seed]

        yield of


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mutant", sql_mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_a_random_world_feels_the_defect_in_the_sql(mutant: sql_mutants.Mutant, loaded: Callable[[int], Loaded], tmp_path: Path) -> None:
    for seed in SEEDS:
        settings, kn, months = loaded(seed)
        if felt(settings, kn, mutant, tmp_path / str(seed), months):
            return
    pytest.fail(f"{len(SEEDS)} worlds give the same numbers with the defect")
