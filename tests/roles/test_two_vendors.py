"""One district, its dossiers once in one one-stop system and once split over two of different vendors: every number is the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cchc.explain.items import Part, items_behind
from cchc.findings import counts as findings
from cchc.forms.form_06a import form_06a
from cchc.indicators.compute import compute_known
from cchc.period import parse_moment, parse_period
from cchc.pipeline.close import close
from cchc.publication.known_at import as_known_at
from cchc.reports.scorecard import explain, scorecard
from cchc.warehouse import engine, query
from demo import server
from demo.district import District
from tests.roles.vendors import OF_BOTH, SecondVendor, Site, Split, profiles
from tests.support.district import CLOCK, district
from tests.support.warehouse import NewWarehouse

pytestmark = pytest.mark.timeout(1200)  # the district is loaded three times
EARLY, LATE = "2023-11-20T00:00:00+07:00", CLOCK
PUBLISHED = "2023-11"  # while it runs, so that much of it changes afterwards
# the months that end periods of every kind but the half-year; the other months are computed by the same statements
MONTHS = ["2023-09", PUBLISHED, "2023-12"]
# of the sources that come as files those of one month; the rest would only cost time
BESIDE = {"payments": "giaodich_202310*", "survey": "khaosat_202310*"}
VALUES = (
    "select v.indicator_code, v.unit_code, v.level, v.period_kind, v.period_start, v.period_end, v.basis, v.numerator, v.denominator, "
    "v.value, v.target, v.status, v.gap_count, v.coverage, v.is_provisional, v.plan_code from mart.indicator_value as v "
    "order by 1, 2, 4, 5, 7"
)


# what November has at the vendors' own J: of the first one the whole month, of the second one what it was asked for up to EARLY
NOVEMBER = """
    select count(*) filter (where d.channel = 'online') as numerator, count(*) as denominator, d.source_code
    from mart.dossier as d
    where d.is_counted and d.received_at >= '2023-11-01 00:00+07' and d.received_at < '2023-12-01 00:00+07'
    group by d.source_code order by d.source_code
"""


@dataclass
class Told:
    """A site that was told the story: an extract at EARLY, a publication, an extract at LATE, the months refreshed.

    `between`: what it had when the first vendor was asked at LATE and the second one not yet.
    """

    site: Site
    vendor: str | None = None
    split: Split | None = None
    between: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def half_way(site: Site) -> dict[str, list[dict[str, Any]]]:
    """What is known while the second vendor is still at EARLY: the values of November, and what they are counted from."""
    site.call("refresh", "2023-11")
    return {
        "values": site.rows(VALUES.replace("order by", "where v.period_start >= '2023-11-01' order by")),
        "counted": site.rows(NOVEMBER),
    }


def tell(
    site: Site, demo: server.Demo, home: Path, files: Callable[[str], None] | None, vendor: str | None
) -> dict[str, list[dict[str, Any]]]:
    """Ingest at EARLY, publish a month, ingest at LATE, refresh the year."""
    site.connections |= {"AIRFLOW_CONN_SRC_ONE_STOP": demo.connections()["AIRFLOW_CONN_SRC_ONE_STOP"]}
    for source, pattern in BESIDE.items():
        (home / source).mkdir()
        for path in getattr(demo.state, source).glob(pattern):
            shutil.copy(path, home / source)
        site.connect(source, home / source)
    site.call("init")
    between: dict[str, list[dict[str, Any]]] = {}
    for moment in (EARLY, LATE):
        demo.advance(moment)
        if files is not None:
            files(moment)
        site.call("ingest", "one_stop", "--to", moment)
        if vendor and moment == LATE:
            between = half_way(site)
        for source in (*([vendor] if vendor else []), *BESIDE):
            site.call("ingest", source, "--to", moment)
        if moment == EARLY:
            site.call("refresh", PUBLISHED)
            with site.active() as settings:
                close(settings, parse_period(PUBLISHED), "a tester", incomplete=True)
    site.call("refresh", *MONTHS)
    for month in (PUBLISHED, "2023-12"):
        site.call("score", month)
    return between


@pytest.fixture(scope="module")
def one(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The district with one system of one vendor."""
    home = tmp_path_factory.mktemp("one")
    with ExitStack() as stack:
        site = Site(stack.enter_context(new_warehouse(home / "home")), profiles(home / "sources", ("one_stop", *BESIDE)))
        demo = server.start(home / "demo", clock=EARLY, district=district())
        stack.callback(demo.stop)
        tell(site, demo, home, None, None)
        yield Told(site)


# a record with the same change time counts where its source comes first in the alphabet: once the new vendor's, once the old one's
@pytest.fixture(scope="module", params=[pytest.param("another_one_stop", marks=pytest.mark.nightly), "second_one_stop"])
def two(
    request: pytest.FixtureRequest,
    new_warehouse: NewWarehouse,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Told]:
    """The district with its dossiers in two systems of two vendors."""
    home = tmp_path_factory.mktemp("two")
    vendor, split = SecondVendor(request.param), Split(district(), EARLY)
    with ExitStack() as stack:
        sources = profiles(home / "sources", ("one_stop", *BESIDE), vendor.profile)
        site = Site(stack.enter_context(new_warehouse(home / "home")), sources)
        demo = server.start(home / "demo", clock=EARLY, district=split.first_part())
        stack.callback(demo.stop)
        second: District = split.second_part()
        drop = home / "drop"
        drop.mkdir()
        site.connect(vendor.name, drop)
        between = tell(
            site,
            demo,
            home,
            lambda moment: vendor.write(drop, second, moment, after=EARLY if moment == LATE else None),
            vendor.name,
        )
        yield Told(site, vendor.name, split, between)


def differing(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Some rows that only one side has; empty where both are the same, in whatever order."""
    first, second = ({repr(sorted(row.items())) for row in rows} for rows in (left, right))
    assert len(left) == len(first)
    return [
        *[{"only with one": row} for row in sorted(first - second)[:6]],
        *[{"only with two": row} for row in sorted(second - first)[:6]],
    ]


def test_the_district_is_split(two: Told) -> None:
    assert two.split is not None
    counted = two.site.rows("select source_code, count(*) as n from mart.dossier where is_counted group by 1")
    by_source = {row["source_code"]: row["n"] for row in counted}
    assert min(by_source["one_stop"], by_source[two.vendor]) > 300
    both = two.site.rows("select count(distinct unit_code) as n, source_code from mart.dossier where is_counted group by 2")
    assert min(row["n"] for row in both) >= 20
    left_out = two.site.rows("select source_code, dossier_code from mart.dossier where left_out_reason = 'duplicate_source'")
    assert len(left_out) == OF_BOTH
    assert {row["dossier_code"] for row in left_out if row["source_code"] == "one_stop"} == set(two.split.older_in_first)
    assert {row["dossier_code"] for row in left_out if row["source_code"] == two.vendor} == set(two.split.older_in_second)
    assert two.site.rows("select source_code from core.role_clock where role = 'dossiers' order by 1") == [
        {"source_code": name} for name in sorted(["one_stop", str(two.vendor)])
    ]


def test_every_value_is_the_same(one: Told, two: Told) -> None:
    left, right = one.site.rows(VALUES), two.site.rows(VALUES)
    assert len({(row["period_kind"], row["period_start"]) for row in left}) > 8
    assert len(left) > 7_000
    assert differing(left, right) == []


def test_the_scorecard_is_the_same(one: Told, two: Told) -> None:
    rows = []
    for told in (one, two):
        with told.site.active() as settings:
            rows.append([{k: v for k, v in row.items() if k != "computed_at"} for row in scorecard(settings, parse_period("2023-12"))])
    assert len(rows[0]) > 50
    assert differing(rows[0], rows[1]) == []


@pytest.mark.parametrize("code", ["2023-10", "2023-12", "2023-Q4R", "2023"])
@pytest.mark.parametrize("scope", ["all", "level:commune", "H19.16.21"])
def test_form_06a_is_the_same(one: Told, two: Told, code: str, scope: str) -> None:
    with one.site.active() as settings:
        left = form_06a(settings, parse_period(code), scope)
    with two.site.active() as settings:
        right = form_06a(settings, parse_period(code), scope)
    assert left.rows
    assert left == right


def test_the_score_is_the_same(one: Told, two: Told) -> None:
    statement = (
        "select unit_code, period_start, part_code, numerator, denominator, points, missing_reason, publication is null as is_open "
        "from mart.score_766 order by 1, 2, 3"
    )
    left = one.site.rows(statement)
    assert left
    assert differing(left, two.site.rows(statement)) == []


def test_findings_are_the_same_but_for_what_lies_between_two_sources(one: Told, two: Told) -> None:
    """Two dossiers of one unit, procedure and second look like one that was moved, where they are in two systems: the weakest sign of two_codes."""
    found, signs = [], []
    for told in (one, two):
        with told.site.active() as settings:
            months = [parse_period(f"2023-{month:02d}") for month in range(1, 13)]
            counted = [count for month in months for count in findings.counts(settings, month)]
            signs.append({row["detail"]["sign"] for month in months for row in findings.rows(settings, month, code="two_codes")})
        by_kind: dict[tuple[str, str], int] = {}
        for count in counted:
            by_kind[count.code, count.unit_code] = by_kind.get((count.code, count.unit_code), 0) + count.count
        found.append(by_kind)
    between = {key: number for key, number in found[1].items() if key[0] in ("duplicate_source", "two_codes")}
    assert sum(number for key, number in between.items() if key[0] == "duplicate_source") >= OF_BOTH
    assert signs == [set(), {"reception"}]
    assert {key[0] for key in found[0]} >= {"ended_in_bulk", "late_without_apology", "second_supplement_round"}
    assert {key: number for key, number in found[1].items() if key not in between} == found[0]


def test_reconciliation_is_the_same(one: Told, two: Told) -> None:
    statement = "select * from mart.payment_reconciliation order by order_code, dossier_code"
    left = one.site.rows(statement)
    assert len({row["state"] for row in left}) > 2
    assert differing(left, two.site.rows(statement)) == []


@pytest.mark.parametrize(
    "code", ["dossier_on_time_rate", "online_dossier_rate", "procedure_satisfaction_rate", "online_service_coverage_rate"]
)
@pytest.mark.parametrize("unit", ["all", "H19.16.27"])
def test_what_stands_behind_a_number_is_its_sum(one: Told, two: Told, code: str, unit: str) -> None:
    shown = []
    for told in (one, two):
        with told.site.active() as settings:
            explained = explain(settings, code, unit, parse_period(PUBLISHED))
        assert explained.value is not None
        items = [(row["item"], row["is_numerator"]) for row in explained.rows]
        assert len(items) == explained.value["denominator"]
        assert sum(is_numerator for _, is_numerator in items) == explained.value["numerator"]
        shown.append(sorted(items))
        with told.site.active() as settings, engine(settings).connect() as connection:
            page = items_behind(connection, settings, code, parse_period(PUBLISHED), "period", unit, part=Part.DENOMINATOR, limit=None)
        assert sorted((row.item, row.is_numerator) for row in page.items) == shown[-1], "the page has the items of all sources"
    assert shown[0] or unit != "all"
    assert shown[0] == shown[1]


def test_the_publication_and_its_restatements_are_the_same(one: Told, two: Told) -> None:
    items = (
        "select p.indicator_code, p.unit_code, p.basis, i.item, i.is_numerator from mart.publication_item as p cross join lateral ("
        "select unnest(p.numerator_items), true union all select unnest(p.other_items), false) as i (item, is_numerator)"
    )
    values = "select indicator_code, unit_code, basis, numerator, denominator, status, coverage, is_provisional from mart.publication_value"
    changed = (
        "select r.indicator_code, r.unit_code, r.basis, r.numerator, r.denominator, i.item, i.change, i.reason, i.unit_code as item_unit "
        "from mart.restatement as r left join mart.restatement_item as i using (restatement_id) where r.state = 'open'"
    )
    for statement in (values, items, changed):
        left = one.site.rows(statement)
        assert left
        assert differing(left, two.site.rows(statement)) == []
    reasons = {row["reason"] for row in one.site.rows("select distinct reason from mart.restatement_item")}
    assert reasons >= {"late", "changed"}


def test_as_known_at_an_earlier_moment_is_the_same(one: Told, two: Told) -> None:
    moment = parse_moment(EARLY)
    found = []
    for told in (one, two):
        with told.site.active() as settings, as_known_at(settings, moment) as (connection, _):
            for code in (PUBLISHED, "2023-Q4R"):
                compute_known(connection, settings, parse_period(code))
            where = "where v.period_start in ('2023-09-15', '2023-11-01') order by"
            found.append(query(connection, VALUES.replace("order by", where)))
    assert len(found[0]) > 1_000
    assert differing(found[0], found[1]) == []


def test_t_of_a_value_is_the_earliest_and_each_source_is_cut_at_its_own(two: Told) -> None:
    values, counted = two.between["values"], two.between["counted"]
    of_dossiers = [row for row in values if row["indicator_code"] == "online_dossier_rate"]
    assert {(row["period_kind"], str(row["period_start"])) for row in of_dossiers} == {
        ("month", "2023-11-01"),
        ("report_month", "2023-11-15"),
    }, "December begins after T"
    assert all(row["is_provisional"] for row in of_dossiers), "November runs at the T of the second vendor"
    assert {row["source_code"] for row in counted} == {"one_stop", two.vendor}
    whole = next(row for row in of_dossiers if (row["unit_code"], row["basis"], row["period_kind"]) == ("all", "period", "month"))
    assert whole["numerator"] == sum(row["numerator"] for row in counted)
    assert whole["denominator"] == sum(row["denominator"] for row in counted)
    first = next(row["denominator"] for row in counted if row["source_code"] == "one_stop")
    assert first > whole["denominator"] - first > 0, "the first vendor's November is whole"


def test_a_source_that_begins_with_an_earlier_t_takes_values_away(new_warehouse: NewWarehouse, tmp_path: Path) -> None:
    """The first vendor is known to EARLY; a second one comes, known to 20 October: November's values never were, and months are marked."""
    vendor, split = SecondVendor("second_one_stop"), Split(district(), EARLY)
    early = "2023-10-20T00:00:00+07:00"
    begun = (
        "select count(*) as n from mart.indicator_value as v inner join core.indicator as i using (indicator_code, formula_version) "
        "where i.role = 'dossiers' and v.period_start >= '2023-10-20'"
    )
    with ExitStack() as stack:
        site = Site(stack.enter_context(new_warehouse(tmp_path / "home")), profiles(tmp_path / "sources", ("one_stop",)))
        demo = server.start(tmp_path / "demo", clock=EARLY, district=split.first_part())
        stack.callback(demo.stop)
        site.connections["AIRFLOW_CONN_SRC_ONE_STOP"] = demo.connections()["AIRFLOW_CONN_SRC_ONE_STOP"]
        site.call("init")
        site.call("ingest", "one_stop", "--to", EARLY)
        site.call("refresh", "2023-11")
        site.execute("delete from ops.dirty_month")
        assert site.rows(begun)[0]["n"] > 0
        drop = tmp_path / "drop"
        drop.mkdir()
        vendor.write(drop, split.second_part(), early)
        site.connect(vendor.name, drop)
        profiles(tmp_path / "more", (), vendor.profile)
        shutil.copy(tmp_path / "more" / f"{vendor.name}.yaml", site.sources)
        site.call("init")
        assert site.rows(begun)[0]["n"] > 0, "a source without a T is none of those by which values are cut"
        site.call("ingest", vendor.name, "--to", early)
        assert site.rows(begun)[0]["n"] == 0
        assert site.waiting()[-2:] == ["2023-10", "2023-11"]
        site.execute("delete from ops.dirty_month where month_start < '2023-10-01'")
        site.call("refresh")
        assert site.rows(begun)[0]["n"] == 0
        running = site.rows(VALUES.replace("order by", "where v.period_kind = 'month' and v.period_start = '2023-10-01' order by"))
        assert running
        assert all(row["is_provisional"] for row in running)


def test_a_second_run_changes_nothing(two: Told) -> None:
    before = two.site.rows("select count(*) as n, max(computed_at) as last from mart.indicator_value")
    two.site.call("ingest", str(two.vendor), "--to", LATE)
    two.site.call("ingest", "one_stop", "--to", LATE)
    two.site.call("refresh", "2023-12")
    assert two.site.rows("select count(*) as n, max(computed_at) as last from mart.indicator_value") == before
