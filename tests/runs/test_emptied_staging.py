"""What PostgreSQL takes out of the staging tables when it recovers from a crash is staged again, and never judged as an empty delivery.

A real crash is in tests/faults; here the tables are emptied as it empties them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.oracle.world import World
from tests.runs.site import Site, Stepwise

LOST = "select file_name from ops.load where status = 'loaded' and landed > 0 order by 1 limit 1"


def empty(site: Site) -> None:
    """What a crash does to the tables of runs."""
    for table in site.rows("select c.relname as name from pg_class as c where c.relpersistence = 'u' and c.relkind = 'r'"):
        site.execute(f'truncate staging."{table["name"]}"')


@pytest.mark.parametrize("source", ["one_stop", "payments"])
def test_a_run_whose_staging_was_emptied_goes_on(new_site: Callable[..., Site], world: World, source: str) -> None:
    t = world.ts[-1]
    plain, emptied = new_site(), new_site()
    plain.ingest(source, t)
    with emptied.active():
        emptied.server.clock = t
        run = Stepwise(emptied, source, t)
        for name in ("open", "extract", "stage", "validate", "load"):
            run.step()
            assert run.error is None, (name, run.error)
            if name in ("stage", "validate"):
                empty(emptied)
    assert emptied.state("core") == plain.state("core")
    blocked = "select file_name, message from ops.load where status = 'blocked' order by 1"
    assert emptied.rows(blocked) == plain.rows(blocked)


def test_a_file_that_was_blocked_for_lost_rows_is_read_by_the_next_run(new_site: Callable[..., Site], world: World) -> None:
    """As an earlier version left it: blocked by the rule COUNTS, and known by its hash."""
    site = new_site()
    site.ingest("payments", world.ts[-1])
    before = site.state("core")
    name = site.rows(LOST)[0]["file_name"]
    load = site.rows("select load_id from ops.load where file_name = :f", f=name)[0]["load_id"]
    site.execute("delete from core.payment_version where _load_id = :l", l=load)
    site.execute("delete from core.payment_day where file_name = :f", f=name)
    site.execute("update ops.load set status = 'blocked', message = '0 in the staging table' where load_id = :l", l=load)
    site.execute("update ops.check_result set is_success = false where rule = 'COUNTS' and load_id = :l", l=load)
    assert site.state("core") != before
    site.ingest("payments", world.ts[-1])
    assert site.state("core") == before


def test_a_staging_table_that_lost_some_rows_is_no_fault_of_the_delivery(new_site: Callable[..., Site], world: World) -> None:
    t = world.ts[-1]
    site = new_site()
    with site.active():
        site.server.clock = t
        run = Stepwise(site, "one_stop", t)
        for _ in range(3):
            run.step()
        table = next(name for name in site.staging_tables() if name.endswith("__dossiers"))
        site.execute(f'delete from staging."{table}" where _row = 1')
        run.step()
    assert "PostgreSQL has lost rows of the staging table" in str(run.error)
    assert site.rows("select 1 from ops.load where status = 'blocked'") == []
