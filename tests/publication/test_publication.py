"""Closing, restatement and «as known at» against the independent calculation of tests/oracle, on random small worlds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cchc.bundle.archive import pack
from cchc.bundle.verify import check_all
from cchc.cli import main as cli
from cchc.errors import CchcError, LoadBlocked, PeriodNotOver, WrongUse
from cchc.indicators.compute import compute_known
from cchc.period import BASES, Period, midnight, parse_period
from cchc.pipeline.close import approving_rule, close, period_to_close, publish
from cchc.publication import edition as publication
from cchc.publication import restatement
from cchc.publication.edition import in_force
from cchc.publication.known_at import as_known_at
from cchc.publication.readiness import Readiness, readiness
from cchc.reference.closing import Closing
from cchc.reports.scorecard import scorecard
from cchc.reports.seal import Seal
from cchc.settings import Settings
from cchc.warehouse import engine, query
from tests.oracle.compare import cli as call
from tests.oracle.indicators import SOURCES, Knowledge, Run, evaluate, members
from tests.oracle.server import ContractServer, windows
from tests.oracle.words import scopes
from tests.oracle.world import World, random_world
from tests.support.warehouse import NewWarehouse

VALUE = (
    "unit_code, indicator_code, basis, formula_version, level, numerator, denominator, value, target, status, gap_count, coverage, "
    "is_provisional"
)


@dataclass
class Story:
    """A world told to the product extract after extract; what the independent calculation knows, and what the product said, at each T."""

    settings: Settings
    world: World
    server: ContractServer
    period: Period
    first: datetime
    last: datetime
    runs: list[Run] = field(default_factory=list)
    known: dict[datetime, Knowledge] = field(default_factory=dict)
    said: dict[tuple[datetime, str], list[tuple[Any, ...]]] = field(default_factory=dict)
    published: list[tuple[Any, ...]] = field(default_factory=list)

    def tell(self, t: datetime) -> None:
        """One extract of every source at T, and the refresh of what it touched."""
        self.server.clock = t
        for source in SOURCES:
            self.server.log.clear()
            assert call(["ingest", source, "--to", t.isoformat()], self.server.connections(), in_process=True) in (0, 3)
            self.runs.append(Run(source, t, windows(self.server.log)))
        with engine(self.settings).begin() as connection:  # the years before that of the period are empty, and no test asks for them
            connection.execute(text("delete from ops.dirty_month where month_start < :m"), {"m": self.period.start.replace(month=1)})
        assert cli.main(["refresh"]) == 0
        self.known[t] = Knowledge(self.world, runs=list(self.runs))
        for period in self.periods:
            self.said[t, period.code] = values(self.settings, period)

    @property
    def periods(self) -> list[Period]:
        """The closed period, and one of every other kind."""
        year, number = self.period.last_day.year, self.period.last_day.month
        codes = [f"{year}-{number:02d}R", f"{year}-Q{(number + 2) // 3}", f"{year}-Q1R", f"{year}-H1", f"{year}-9M", f"{year}"]
        return [self.period, *map(parse_period, codes)]


def values(settings: Settings, period: Period) -> list[tuple[Any, ...]]:
    """What mart.indicator_value says of a period, in a fixed order."""
    with engine(settings).connect() as connection:
        return _values(connection, period)


def _values(connection: Any, period: Period) -> list[tuple[Any, ...]]:
    statement = text(f"select {VALUE} from mart.indicator_value where period_kind = :kind and period_start = :start order by {VALUE}")
    return [tuple(row) for row in connection.execute(statement, {"kind": period.kind, "start": period.start})]


def frozen(settings: Settings, where: str = "true") -> list[tuple[Any, ...]]:
    """The published values, in a fixed order."""
    with engine(settings).connect() as connection:
        return [
            tuple(row) for row in connection.execute(text(f"select {VALUE} from mart.publication_value where {where} order by {VALUE}"))
        ]


def closable(ts: list[datetime]) -> tuple[Period, datetime, datetime]:
    """A month that is over at an early T of a world, that T, and the last one."""
    for t in ts[:-1]:
        month = parse_period(f"{t.year - (t.month == 1)}-{(t.month - 2) % 12 + 1:02d}")
        if midnight(month.end) <= t:
            return month, t, ts[-1]
    raise AssertionError("the world has one T alone")


@pytest.fixture(scope="module", params=(3, pytest.param(20, marks=pytest.mark.nightly)))
def story(request: pytest.FixtureRequest, new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A month published at an early T; then late data of every kind. The last test of this file approves them."""
    world, folder = random_world(request.param, 60), tmp_path_factory.mktemp("story")
    with new_warehouse(folder / "home") as settings, ContractServer(world, folder / "drop", files_of=["payments"]) as server:
        made = Story(settings, world, server, *closable(sorted(world.ts)))
        made.tell(made.first)
        close(settings, made.period, "a tester")
        made.published = frozen(settings)
        made.tell(made.last)
        yield made


def test_the_publication_is_what_was_computed_and_stays(story: Story) -> None:
    assert story.published == story.said[story.first, story.period.code]
    assert frozen(story.settings) == story.published
    assert story.said[story.last, story.period.code] != story.published, "the world has no late data: the test says nothing"
    shown = {(r["indicator_code"], r["unit_code"]): r for r in scorecard(story.settings, story.period, published=True)}
    then = {(r["indicator_code"], r["unit_code"]): r for r in scorecard(story.settings, story.period, moment=story.first)}
    assert shown
    for key, row in shown.items():
        for column in ("period_numerator", "period_denominator", "period_value", "year_value", "status", "gap_count", "target_percent"):
            assert row[column] == then[key][column], (key, column)


def test_restatements_are_the_values_that_differ_with_the_dossiers_behind_them(story: Story) -> None:
    then, now, period = story.known[story.first], story.known[story.last], story.period
    expected: dict[Any, Any] = {}
    for basis in BASES:
        before, after = (evaluate(kn, period.kind, period.start, basis) for kn in (then, now))
        expected |= {(*key, basis): (before[key], after[key]) for key in before if before[key] != after[key]}
    found = restatement.restatements(story.settings, period)
    assert {(r["indicator_code"], r["unit_code"], r["basis"]) for r in found} == set(expected)
    for row in found:
        old, new = expected[row["indicator_code"], row["unit_code"], row["basis"]]
        assert (row["published_numerator"], row["published_denominator"]) == old
        assert (row["numerator"], row["denominator"]) == new
        _same_items(row, then, now, period)


def _same_items(row: dict[str, Any], then: Knowledge, now: Knowledge, period: Period) -> None:
    """The items of a restatement are those by which the independent calculations differ."""
    inside = scopes()[row["unit_code"]]
    sides = []
    for kn in (then, now):
        upper, lower = members(kn, period.kind, period.start, row["basis"])[row["indicator_code"]]
        sides.append([{(unit, str(who)) for unit, who in side if unit in inside} for side in (upper, upper if lower is None else lower)])
    (old_upper, old_lower), (new_upper, new_lower) = sides
    both = old_lower & new_lower
    expected = {
        "added": new_lower - old_lower,
        "removed": old_lower - new_lower,
        "numerator_gained": (new_upper - old_upper) & both,
        "numerator_lost": (old_upper - new_upper) & both,
    }
    for change, items in expected.items():
        met = {(item["unit_code"], item["item"]) for item in row["items"] if item["change"] == change}
        if row["indicator_code"].startswith(("dossier_", "online_dossier")):
            assert met == items, (row, change)
            assert all(item["reason"] in _reasons(item["item"], then, now) for item in row["items"]), row["items"]
        else:  # the oracle names payments and procedures in its own way
            assert len(met) == len(items), (row, change)


def _reasons(code: str, then: Knowledge, now: Knowledge) -> set[str]:
    """The first reason that holds for a dossier (docs/reference/indicators.md §6); whether a version tells it or a list alone, is another question."""
    before, after = then.dossiers().get(code), now.dossiers()[code]
    was, is_now = (dossier.left_out or "" if dossier else "" for dossier in (before, after))
    if is_now.startswith("deleted"):
        return {"deleted"}
    if was.startswith("deleted"):
        return {"restored"}
    if bool(was) != bool(is_now):
        return {"left_out"}
    return {"late"} if before is None else {"changed", "reference"}


def test_as_known_at_is_what_was_computed_then_for_every_period(story: Story) -> None:
    before = _everything(story.settings)
    for t in (story.first, story.last):
        with as_known_at(story.settings, t) as (connection, then):
            for period in story.periods:
                if midnight(period.start) < t:
                    compute_known(connection, then, period)
                    assert _values(connection, period) == story.said[t, period.code], (t, period.code)
    assert _everything(story.settings) == before, "a look at the past left traces"


def _everything(settings: Settings) -> dict[str, int]:
    with engine(settings).connect() as connection:
        tables = query(
            connection,
            "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('core', 'mart', 'ops') order by 1",
        )
        total = "coalesce(sum(cast(hashtextextended(cast(x as text), 0) as numeric)), 0)"
        return {row["name"]: connection.execute(text(f"select {total} from {row['name']} as x")).scalar_one() for row in tables}


def test_carry_over_names_the_dossiers(story: Story) -> None:
    after = parse_period(f"{story.period.end:%Y-%m}")

    def opened(kn: Knowledge) -> set[str]:
        start = midnight(after.start)
        return {
            code
            for code, dossier in kn.dossiers().items()
            if dossier.left_out is None
            and dossier.received is not None
            and dossier.received < start
            and (dossier.finished is None or dossier.finished >= start)
        }

    then, now = opened(story.known[story.first]), opened(story.known[story.last])
    broken = restatement.carry_over(story.settings, after)
    assert {row["dossier_code"] for row in broken if row["change"] == "added"} == now - then
    assert {row["dossier_code"] for row in broken if row["change"] == "removed"} == then - now
    with pytest.raises(WrongUse, match="never published"):
        restatement.carry_over(story.settings, story.period)


def test_the_command_line_tells_all_of_it(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    code = story.period.code
    assert cli.main(["scorecard", code]) == 0
    printed = capsys.readouterr().out
    assert "Đã công bố lần 1" in printed
    assert "†" in printed
    assert cli.main(["scorecard", code, "--current"]) == 0
    assert "Đã công bố" not in capsys.readouterr().out
    assert cli.main(["scorecard", code, "--as-known-at", story.first.isoformat()]) == 0
    assert cli.main(["explain", "dossier_on_time_rate", "--period", code, "--as-known-at", story.first.isoformat()]) == 0
    assert "older than what is known" not in capsys.readouterr().err
    assert cli.main(["restatements", code, "--items"]) == 0
    assert "online_dossier_rate" in capsys.readouterr().out
    assert cli.main(["publications"]) == 0
    assert "a tester" in capsys.readouterr().out
    assert cli.main(["scorecard", code, "--as-known-at", "2001-01-01"]) == 0, "that nothing was known is an answer"
    assert "nothing known yet: nothing was known" in capsys.readouterr().out


def test_an_approved_restatement_is_another_edition_and_the_first_stays(story: Story) -> None:
    settings, period = story.settings, story.period
    assert readiness(settings, period).restatements > 0
    done = close(settings, period, "another tester", note="late entries of the communes")
    assert (done.edition, done.restated > 0) == (2, True)
    with engine(settings).connect() as connection:
        latest = in_force(connection, settings, period)
        assert latest is not None
        assert (latest["edition"], latest["approved_by"]) == (2, "another tester")
        old = query(connection, "select * from mart.restatement")
    assert {(r["state"], r["approved_by"], r["republished_as"]) for r in old} == {("approved", "another tester", done.publication_id)}
    assert frozen(settings, f"publication_id <> {done.publication_id}") == story.published
    assert cli.main(["refresh", period.code]) == 0
    assert not [row for row in restatement.restatements(settings, period) if row["state"] == "open"]
    with pytest.raises(WrongUse, match="is published"):
        close(settings, period, "a tester")
    packed = [pack(settings, period, edition) for edition in (1, done.edition)]
    checked = check_all([path for bundles in packed for path in (bundles.open, bundles.audit)])
    assert [one.wrong for one in checked] == [[]] * 4, "every figure of both editions follows from its own rows"
    assert {one.figures for one in checked if one.is_audit} == {len(story.published)} and packed[0] != packed[1]


def test_what_cannot_be_closed_says_why_and_publishes_nothing(
    new_warehouse: NewWarehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(folder: Path, seal: Seal) -> list[Path]:
        raise CchcError("the report could not be made")

    def good(folder: Path, seal: Seal) -> list[Path]:
        (folder / "a.txt").write_text(seal.sha256[:7])
        return [folder / "a.txt"]

    world = random_world(11, 30)
    with new_warehouse(tmp_path / "home") as settings, ContractServer(world, tmp_path / "drop", files_of=["payments"]) as server:
        story = Story(settings, world, server, *closable(sorted(world.ts)))
        with pytest.raises(WrongUse, match="nothing is known"):
            close(settings, story.period, "a tester")
        story.tell(story.first)
        with pytest.raises(CchcError, match="known only until"):
            close(settings, parse_period(f"{story.first.year}"), "a tester")
        with pytest.raises(WrongUse, match="somebody who approves"):
            close(settings, story.period, " ")
        assert cli.main(["close", story.period.code]) == 0
        assert "Chưa công bố gì" in capsys.readouterr().out
        with pytest.raises(CchcError, match="could not be made"):
            close(settings, story.period, "a tester", reports=broken)
        with pytest.raises(LoadBlocked, match="nobody has approved"):
            publish(settings, story.period.code, None)
        assert publication.publications(settings) == []
        with engine(settings).connect() as connection:
            assert query(connection, "select * from mart.publication_value") == []
        assert close(settings, story.period, "a tester", reports=good, layout="v2022-01-01").reports == ["a.txt"]
        with engine(settings).connect() as connection:
            assert query(connection, "select layout from mart.publication") == [{"layout": "v2022-01-01"}]
            (row,) = query(connection, "select * from mart.publication_report")
        assert (row["file_name"], row["byte_count"]) == ("a.txt", 7)


def test_the_rule_approves_only_what_it_allows() -> None:
    month = parse_period("2023-06")
    over, early = midnight(month.end), midnight(month.start)
    strict, lax = Closing("rule", 0, 0, 1, 2), Closing("rule", 3, 1, 1, 2)
    complete = Readiness(month, {"one_stop": over}, {"dossiers": []})
    gaps = Readiness(month, {"one_stop": over, "survey": None}, {"dossiers": ["Xã A", "Xã B"]})
    late = Readiness(month, {"one_stop": early}, {})
    assert approving_rule(strict, complete)
    assert approving_rule(strict, gaps) is None
    assert approving_rule(lax, gaps)
    assert approving_rule(lax, late) is None, "a source that is late always needs a person"
    assert approving_rule(Closing("person", 9, 9, 1, 2), complete) is None
    assert (complete.is_complete, gaps.is_complete, late.is_complete) == (True, False, False)
    for word in ("Xã A", "survey: chưa trích xuất", "one_stop: đã trích xuất đến 01/07/2023"):
        assert word in gaps.text_vi()


def test_the_month_to_close() -> None:
    january = midnight(parse_period("2024-01").start)
    assert period_to_close(None, january).code == "2023-12"
    assert period_to_close("2023-Q2", january).code == "2023-Q2"
    with pytest.raises(PeriodNotOver, match=r"2090-01 is not over: its last day is 31/01/2090"):
        period_to_close("2090-01", january)
    with pytest.raises(WrongUse):
        period_to_close("June", january)
