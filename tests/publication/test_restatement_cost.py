"""The items behind restatements are read once, not once for each restatement (docs/performance.md)."""

from __future__ import annotations

from sqlalchemy import text

from cchc.settings import Settings
from cchc.warehouse import engine
from tests.sql.runner import CASES, read, restated, run

ITEMS = 20_000
SCOPES = 30
READ = "select coalesce(sum(t.seq_tup_read), 0) from pg_stat_xact_all_tables as t where t.relname = :name and t.schemaname like 'pg_temp%'"


def test_each_item_is_read_a_few_times_however_many_scopes_are_restated(warehouse: Settings) -> None:
    case = CASES / "mart" / "restatement_item" / "dossier"
    with engine(warehouse).connect() as connection:
        run(connection, warehouse, case)
        kept = connection.execute(text("select count(*) from mart.restatement_item")).scalar_one()
        connection.execute(
            text(
                "insert into item_now (indicator_code, basis, unit_code, item, is_numerator) "
                "select r.indicator_code, r.basis, 'H19.16.22', 'unchanged ' || n, true "
                f"from mart.restatement as r cross join generate_series(1, {ITEMS}) as n where r.unit_code = 'all'"
            )
        )
        connection.execute(
            text(
                "insert into mart.publication_item (publication_id, unit_code, indicator_code, basis, numerator_items, other_items) "
                "select 1, n.unit_code, n.indicator_code, n.basis, array_agg(n.item), '{}' "
                "from item_now as n where n.item like 'unchanged %' group by n.unit_code, n.indicator_code, n.basis"
            )
        )
        more = connection.execute(
            text(
                "insert into mart.restatement (restatement_id, publication_id, unit_code, indicator_code, basis, level, state, source_clocks, "
                "found_at) overriding system value "
                "select 1000 + u.number, r.publication_id, 'scope ' || u.number, r.indicator_code, r.basis, 'commune', r.state, "
                "r.source_clocks, r.found_at "
                f"from mart.restatement as r cross join generate_series(1, {SCOPES}) as u (number) where r.unit_code = 'all'"
            )
        ).rowcount
        assert more >= SCOPES
        count = connection.execute(text("select count(*) from item_now")).scalar_one()
        before = connection.execute(text(READ), {"name": "item_now"}).scalar_one()
        restated(connection, warehouse, read(case / "binds.yaml"), "restatement_item")
        assert connection.execute(text(READ), {"name": "item_now"}).scalar_one() - before <= 4 * count
        assert connection.execute(text("select count(*) from mart.restatement_item")).scalar_one() == kept
        assert connection.execute(text("select count(*) from mart.restatement_item where item like 'unchanged %'")).scalar_one() == 0
