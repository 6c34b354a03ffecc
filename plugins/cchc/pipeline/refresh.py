"""Refresh the marked months: compute their indicators again, and bring the restatements of published periods up to date."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from cchc.errors import CchcError, WarehouseUnavailable, WrongUse, sentence_of
from cchc.findings.kept_orders import keep_orders
from cchc.indicators.refresh import months_of, recompute
from cchc.period import Period, months_between, parse_period
from cchc.publication.restatement import restate
from cchc.reference.catalogue import catalogue
from cchc.reference.roles import every_tree, marking_source
from cchc.settings import Settings
from cchc.warehouse import engine
from cchc.warehouse.queries import count_rows_after

log = logging.getLogger(__name__)

MONTHS_TOGETHER = 12  # a year: its periods fit into memory, and an interruption loses no more than this


@dataclass(frozen=True)
class Refreshed:
    """What a refresh of one month did. `sources`: those whose marks it took."""

    sources: tuple[str, ...]
    month: date
    periods: int
    changed: int


def refresh(settings: Settings, months: Iterable[date] | None = None, *, force: bool = False) -> list[Refreshed]:
    """Refresh the marked months: all of them, or only those among `months`. With `force`, all `months` are refreshed, marked or not.

    At most MONTHS_TOGETHER months are one transaction for all the sources that marked them, which also deletes their marks: what they have
    in common is computed once, and an interrupted refresh can be run again. If such a transaction fails, each of its months is refreshed by
    itself, so that a month that cannot be computed keeps no other month waiting. Raises CchcError at the end, which names the months that
    failed, each with its reason; the error itself, if a single month is asked for. The orders whose payments or dossiers have changed are
    compared at the end (`cchc.findings.kept_orders`).
    """
    wanted = sorted(set(months)) if months is not None else None
    with engine(settings).connect() as connection:
        waiting = connection.execute(text("select source_code, month_start from ops.dirty_month order by month_start, source_code")).all()
        sources = _one_source_of_each_role(connection, settings)
    if force and wanted is not None:
        tasks = {month: sources for month in wanted}
    else:
        tasks = {}
        for source, month in waiting:
            if wanted is None or month in wanted:
                tasks.setdefault(month, []).append(source)
    listed = list(tasks)
    done: list[Refreshed] = []
    failed: dict[date, Exception] = {}
    for first in range(0, len(listed), MONTHS_TOGETHER):
        done += _refresh_together(settings, {month: tasks[month] for month in listed[first : first + MONTHS_TOGETHER]}, failed)
    if failed and len(listed) == 1:
        raise failed[listed[0]]
    if failed:
        lines = [f"{month:%Y-%m} was not refreshed and still waits: {sentence_of(error) or error}" for month, error in failed.items()]
        lines.append(f"The other months, {len(done)} of {len(listed)}, were refreshed.")
        raise CchcError("\n".join(lines)) from next(iter(failed.values()))
    keep_orders(settings)
    return done


def _refresh_together(settings: Settings, tasks: Mapping[date, list[str]], failed: dict[date, Exception]) -> list[Refreshed]:
    """Refresh some months in one transaction, or, if it fails, each in its own. The errors of single months are added to `failed`."""
    try:
        return _refresh_months(settings, tasks)
    except WarehouseUnavailable:
        raise
    except Exception as error:
        if len(tasks) == 1:
            failed.update(dict.fromkeys(tasks, error))
            return []
        log.warning("%s months together failed, so each is refreshed by itself", len(tasks), exc_info=error)
    done = []
    for month, sources in tasks.items():
        done += _refresh_together(settings, {month: sources}, failed)
    return done


def refresh_periods(settings: Settings, periods: Iterable[Period]) -> list[Refreshed]:
    """Refresh every month in which one of these periods ends, marked or not. Raises WrongUse if nothing has been ingested yet."""
    asked = list(periods)
    with engine(settings).connect() as connection:
        clocks = connection.execute(text("select known_at from ops.source_clock")).scalars().all()
    if not clocks:
        raise WrongUse("nothing has been ingested yet")
    return refresh(settings, {month for known_at in clocks for month in months_of(asked, known_at)}, force=True)


def _one_source_of_each_role(connection: Connection, settings: Settings) -> list[str]:
    """A set of sources such that refreshing a month for each of them computes every indicator, in each tree of units."""
    found: set[str] = set()
    for clocks in every_tree(connection):
        named = (marking_source(clocks, role) for role in {item.role for item in catalogue(settings).values()})
        found |= {source[0] for source in named if source is not None}
    return sorted(found)


def _refresh_months(settings: Settings, tasks: Mapping[date, list[str]]) -> list[Refreshed]:
    with engine(settings).begin() as connection:
        computed = recompute(connection, settings, tasks)
        for item in computed:
            if item.clocks.is_own:
                restate(connection, settings, item.indicators, item.period, item.clocks)
    if changed := sum(item.changed for item in computed):
        with engine(settings).begin() as connection:
            count_rows_after(connection, "mart.indicator_value", changed)
    done = []
    for month, sources in tasks.items():
        inside = [item for item in computed if item.month == month]
        changed = sum(item.changed for item in inside)
        log.info("refreshed %s %s: %s periods, %s values changed", f"{month:%Y-%m}", ", ".join(sources), len(inside), changed)
        done.append(Refreshed(tuple(sources), month, len(inside), changed))
    return done


def _until_none_waits(settings: Settings, months: Iterable[date]) -> list[Refreshed]:
    """Refresh some months together, and then each of them until no source marks it any more.

    A load that marks a month while it is computed asks for no run of its own (`cchc.pipeline.ingest.months_to_ask_for`), so its mark is
    looked for again after each refresh. A month alone waits for a load that holds its mark; months together leave such a mark
    (`cchc.indicators.refresh.recompute`), and would be computed again and again until that load ends.
    """
    asked = list(months)
    done = refresh(settings, asked)
    for month in asked:
        while found := refresh(settings, [month]):
            done += found
    return done


def refresh_partition(settings: Settings, partition: str | None, periods: list[str]) -> list[str]:
    """Refresh what one run of the DAG names: the marked months of a year, or the periods that a person entered.

    Arguments: `partition`, a year (YYYY) or a month (YYYY-MM) whose marked months are refreshed, or None; `periods`, codes of periods.
    Without both, all marked months are refreshed. Returns sentences about what was done. Raises as `refresh`.
    """
    if partition:
        named = parse_period(partition)
        done = _until_none_waits(settings, months_between(named.start, named.last_day))
    elif periods:
        done = refresh_periods(settings, [parse_period(code) for code in periods])
    else:
        done = refresh(settings)
    return [f"{item.month:%Y-%m} ({', '.join(item.sources)}): {item.periods} periods, {item.changed} values changed" for item in done]
