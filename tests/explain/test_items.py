"""The items behind a figure are the figure: for every indicator, several scopes and both bases."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from cchc.explain.items import Part, items_behind, parts_of
from cchc.explain.words import NOT_COUNTED
from cchc.period import parse_period
from cchc.reference.catalogue import catalogue
from cchc.settings import Settings
from cchc.warehouse import query
from tests.explain.conftest import PERIOD

PERIOD_ = parse_period(PERIOD)
SCOPES = (
    ("all", "year_to_date"),
    ("all", "period"),
    ("level:commune", "period"),
    ("level:district", "year_to_date"),
    ("H19.16.21", "period"),
)
CATALOGUE = catalogue(Settings.load())


def stored(connection: Connection, code: str, scope: str, basis: str) -> tuple[int, int]:
    """Numerator and denominator of a figure as the refresh stored them."""
    rows = query(
        connection,
        "select numerator, denominator from mart.indicator_value where indicator_code = :c and unit_code = :u and basis = :b "
        "and period_kind = 'month' and period_start = '2023-12-01'",
        {"c": code, "u": scope, "b": basis},
    )
    return (int(rows[0]["numerator"] or 0), int(rows[0]["denominator"] or 0)) if rows else (0, 0)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_the_items_are_the_figure(code: str, published: Settings, connection: Connection) -> None:
    item = CATALOGUE[code]
    for scope, basis in SCOPES:
        figure = stored(connection, code, scope, basis)
        pages = {part: items_behind(connection, published, code, PERIOD_, basis, scope, part=part, limit=None) for part in parts_of(item)}
        for page in pages.values():
            assert page.total == len(page.items)
        inside = pages[Part.NUMERATOR]
        assert sum(row.numerator or 0 for row in inside.items) == inside.numerator == figure[0], (scope, basis)
        if Part.DENOMINATOR in pages:
            all_of_them, rest = pages[Part.DENOMINATOR], pages[Part.DENOMINATOR_NOT_NUMERATOR]
            assert all_of_them.denominator == len(all_of_them.items) == figure[1], (scope, basis)
            assert {(row.unit_code, row.item) for row in all_of_them.items} == {
                (row.unit_code, row.item) for row in (*inside.items, *rest.items)
            }
            assert len(rest.items) == figure[1] - figure[0]
        elif item.kind != "count":
            assert inside.denominator == figure[1]
        counted = {(row.source_code, row.named_code, row.item) for row in pages.get(Part.DENOMINATOR, inside).items}
        left = pages[Part.NOT_COUNTED].items
        assert not counted & {(row.source_code, row.named_code, row.item) for row in left}
        assert {row.reason for row in left} <= set(NOT_COUNTED) - {"definition"}
        print(code, scope, basis, figure, len(left), {row.reason for row in left}, len(pages[Part.CHANGED].items))
