"""Loads in any order end in the same rows (docs/decisions/0003_versions.md): one key, one change time, every order of its deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, permutations

import pytest
from sqlalchemy import text

from cchc.settings import Settings
from cchc.warehouse import engine
from tests.sql.runner import insert, merge
from tests.support.warehouse import NewWarehouse

STATUS = {"A": 4, "B": 5}


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One warehouse for all orders: each is rolled back."""
    with new_warehouse(tmp_path_factory.mktemp("order")) as made:
        yield made


def normal_form(contents: str) -> list[tuple[int, int, bool]]:
    """(load, status, is current): of deliveries in the order of T those that differ from the one before."""
    kept = [next(run) for _, run in groupby(enumerate(contents, 1), key=lambda item: item[1])]
    return [(load, STATUS[content], load == kept[-1][0]) for load, content in kept]


@pytest.mark.parametrize("contents", ["AAA", "AAB", "ABA", "ABB", "ABAA", "ABAB", "ABBA", "AABA"])
def test_loads_in_any_order(contents: str, settings: Settings) -> None:
    orders = list(permutations(range(1, len(contents) + 1)))
    for order in orders[:: max(1, len(orders) // 8)]:
        with engine(settings).connect() as connection:
            insert(
                connection,
                "staging.model_dossier",
                [
                    {
                        "dossier": "D",
                        "_load_id": load,
                        "_first_seen_at": f"2023-07-0{load}",
                        "_changed_at": "2023-01-05",
                        "status_code": STATUS[c],
                    }
                    for load, c in enumerate(contents, 1)
                ],
            )
            merge(connection, settings, {"order": order}, "dossier_version")
            found = connection.execute(
                text("select _load_id, status_code, _is_current from core.dossier_version order by _first_seen_at")
            ).all()
            connection.rollback()
        assert [tuple(row) for row in found] == normal_form(contents), f"{contents} loaded in the order {order}"
