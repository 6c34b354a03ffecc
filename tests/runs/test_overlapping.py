"""Two runs of one source at the same time: the result is that of one undisturbed run, or the missing part is reported."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from cchc.core.load import load_extract
from cchc.errors import CchcError
from cchc.pipeline import ingest as pipeline
from cchc.runs import extracts
from tests.oracle.world import World
from tests.runs.site import STEPS, Site, Stepwise
from tests.support.table_rows import differing

SOURCE = "one_stop"
NewSite = Callable[..., Site]


def orders() -> list[Any]:
    """Interleavings of the steps of A and B: B as a whole at each place within A, and some by chance, most of them at night."""
    whole = ["A" * n + "B" * len(STEPS) + "A" * (len(STEPS) - n) for n in range(1, len(STEPS))]
    chance = random.Random(53)
    letters = list("A" * len(STEPS) + "B" * len(STEPS))
    mixed = []
    for _ in range(6):
        chance.shuffle(letters)
        mixed.append("".join(letters))
    return [*whole, *mixed[:2], *(pytest.param(order, marks=pytest.mark.nightly) for order in mixed[2:])]


def play(order: str, first: Stepwise, second: Stepwise) -> None:
    """Take the steps of two runs in an order."""
    for letter in order:
        (first if letter == "A" else second).step()


def require_sums(site: Site) -> None:
    """Every published load accounts for every row that it landed."""
    rows = site.rows(
        "select load_id, landed, staged, inserted + updated + unchanged + replaced + keyless as told from ops.load where status = 'loaded'"
    )
    assert [row for row in rows if not row["landed"] == row["staged"] == row["told"]] == []


@pytest.mark.parametrize("order", orders())
def test_two_whole_ingests(new_site: NewSite, world: World, undisturbed: dict[str, list[str]], order: str) -> None:
    site, t = new_site(), world.ts[-1]
    site.server.clock = t
    runs = [Stepwise(site, SOURCE, t, full=True), Stepwise(site, SOURCE, t, full=True)]
    play(order, *runs)
    for run in runs:
        assert run.error is None or "gave way to a newer one" in str(run.error), run.error
    assert any(run.error is None for run in runs), "the one that began last goes on to its end"
    require_sums(site)
    assert site.known_at(SOURCE) == t
    assert differing(undisturbed, site.state("core")) == {}
    assert site.staging_tables() == []


@pytest.mark.parametrize("place", range(1, len(STEPS)))
def test_a_window_overtakes_the_first_whole_ingest(new_site: NewSite, world: World, undisturbed: dict[str, list[str]], place: int) -> None:
    """The whole ingest gives way, the window completes; T must not jump over what nobody asked for."""
    site, t = new_site(), world.ts[-1]
    site.server.clock = t
    first, window = Stepwise(site, SOURCE, t), Stepwise(site, SOURCE, t, start=t - timedelta(days=3))
    play("A" * place + "B" * len(STEPS) + "A", first, window)
    assert "gave way to a newer one" in str(first.error)
    assert window.error is None
    assert site.known_at(SOURCE) is None, "nothing reaches back to the beginning"
    (hole,) = {(hole.source, hole.from_at, hole.to_at) for hole in site.holes()}
    assert hole == (SOURCE, None, t - timedelta(days=3))
    said = site.call("doctor", "payments").out
    assert "was never asked for" in said and f"cchc ingest {SOURCE}" in said
    site.ingest(SOURCE, t)
    assert site.holes() == []
    assert site.known_at(SOURCE) == t
    assert differing(undisturbed, site.state("core")) == {}


def test_a_run_that_begins_while_another_publishes_waits_for_it(
    new_site: NewSite, world: World, undisturbed: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row of the extract is held by the load's transaction: the next run opens behind it, from its T."""
    site, t = new_site(), world.ts[-1]
    site.server.clock = t
    first, second = Stepwise(site, SOURCE, t, full=True), Stepwise(site, SOURCE, t)
    for _ in range(4):
        first.step()
    within, go_on = threading.Event(), threading.Event()

    def slow(*arguments: object) -> None:
        within.set()
        assert go_on.wait(60)
        load_extract(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "load_extract", slow)
    publishing = threading.Thread(target=lambda: pipeline.load_step(site.settings, first.extract_id))
    with site.active():
        publishing.start()
        assert within.wait(60)
        monkeypatch.setattr(pipeline, "load_extract", load_extract)
        opening = threading.Thread(target=second.step)
        opening.start()
        opening.join(1)
        assert opening.is_alive(), "it waits"
        go_on.set()
        publishing.join(60)
        opening.join(60)
        second.finish()
    assert second.error is None
    statuses = site.rows("select status from ops.extract order by extract_id")
    assert [row["status"] for row in statuses] == ["complete", "complete"]
    require_sums(site)
    assert differing(undisturbed, site.state("core")) == {}


def test_a_retry_beside_an_ingest(new_site: NewSite, world: World, undisturbed: dict[str, list[str]]) -> None:
    """A retry from quarantine has an extract of its own: the ingest in work goes on, whichever comes first."""
    t = world.ts[-1]
    for place in (1, 2, 3, 4):
        site = new_site()
        site.ingest(SOURCE, t)
        again = Stepwise(site, SOURCE, t, full=True)
        for _ in range(place):
            again.step()
        assert site.rows("select count(*) > 0 as is_some from ops.quarantine where action = 'quarantine'") == [{"is_some": True}]
        retried = site.call("quarantine", "retry")
        assert retried.code == 0, retried.err
        again.finish()
        assert again.error is None
        require_sums(site)
        assert site.known_at(SOURCE) == t
        assert differing(undisturbed, site.state("core")) == {}


def test_rows_that_vanish_from_staging_publish_nothing(new_site: NewSite, world: World) -> None:
    """The sums are held at the last moment: planted is what the shared table used to do."""
    site, t = new_site(), world.ts[-1]
    site.server.clock = t
    run = Stepwise(site, SOURCE, t)
    for _ in range(4):
        run.step()
    site.execute(f"delete from staging.extract_{run.extract_id}__dossiers where _row % 5 = 0")
    run.step()
    assert isinstance(run.error, CchcError)
    assert "Nothing was published" in str(run.error) and "one_stop dossiers" in str(run.error)
    assert site.rows("select count(*) as n from core.dossier_version") == [{"n": 0}]
    assert site.known_at(SOURCE) is None
    assert [row["status"] for row in site.rows("select status from ops.extract")] == ["failed"]


def test_windows_in_any_order_with_holes_between(new_site: NewSite, world: World) -> None:
    """Whatever the order: T is where the first hole begins, the hole is told, and the next run closes it."""
    first, end = world.ts[0], world.ts[-1]
    edges = [first + (end - first) * n / 4 for n in range(5)]
    spans = list(itertools.pairwise(edges))
    for seed in range(3):
        chance = random.Random(seed)
        site = new_site()
        site.ingest(SOURCE, first)
        taken = chance.sample(spans, 3)
        site.server.clock = end
        for start, stop in taken:
            said = site.call("ingest", SOURCE, "--from", start.isoformat(), "--to", stop.isoformat())
            assert said.code == 0, said.err
            covered = {edges.index(a) for a, _ in taken[: taken.index((start, stop)) + 1]}
            reach = next(n for n in range(5) if n not in covered)
            assert site.known_at(SOURCE) == edges[reach]
            is_broken = max(covered) > reach
            assert bool(site.holes()) == is_broken
            assert ("T stays at" in said.err) == is_broken
        site.ingest(SOURCE, end)
        assert (site.known_at(SOURCE), site.holes()) == (end, [])
        assert {row["status"] for row in site.rows("select distinct status from ops.load")} <= {"loaded"}


def test_what_a_run_left_is_given_up(new_site: NewSite, world: World) -> None:
    """Loads of a run that failed or gave way are no business of a later one; its tables are swept."""
    site, t = new_site(), world.ts[-1]
    site.server.clock = t
    left = Stepwise(site, SOURCE, t)
    for _ in range(4):
        left.step()
    assert len(site.staging_tables()) > 3
    site.ingest(SOURCE, t)
    rows = site.rows(
        "select e.status as run, l.status from ops.load as l inner join ops.extract as e using (extract_id) group by 1, 2 order by 1"
    )
    assert [tuple(row.values()) for row in rows] == [("complete", "loaded"), ("superseded", "given_up")]
    assert site.staging_tables() == []
    left.step()
    assert "gave way to a newer one" in str(left.error)


def test_a_failed_run_is_taken_up_again_only_where_no_newer_one_began(new_site: NewSite, world: World) -> None:
    site, t = new_site(), world.ts[-1]
    site.server.clock = t
    run = Stepwise(site, SOURCE, t)
    run.step()
    run.step()
    site.execute("update ops.load set landing_path = landing_path || '-away' where entity = 'dossiers'")
    run.step()
    assert "damaged" in str(run.error)
    assert [row["status"] for row in site.rows("select status from ops.extract")] == ["failed"]
    site.execute("update ops.load set landing_path = replace(landing_path, '-away', '') where entity = 'dossiers'")
    run.error, run.done = None, ["open", "extract"]
    run.finish()
    assert run.error is None
    assert site.known_at(SOURCE) == t

    later: datetime = t
    broken = Stepwise(site, SOURCE, later, full=True)
    broken.step()
    with site.active():
        extracts.fail(site.settings, broken.extract_id, "extract: planted")
    site.ingest(SOURCE, later)
    broken.step()
    assert "gave way to a newer one" in str(broken.error)
