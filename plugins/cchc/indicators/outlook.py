"""Outlook: what a target will probably reach at the end of the year, how sure that is, and who will miss it (issue 3, item 6).

The method is simple on purpose, so that an office can follow it with a pocket calculator.

*Flows that add up over the months* (numerator / denominator of each month):
the year = what has been counted so far + what the remaining months will probably bring.

1. Cases of the remaining months = last year's cases of the same months × (this year's cases so far ÷ last year's of the same months).
   Without last year: this year's monthly average.
2. Their rate = this year's rate so far + the step that last year took from the same months to the remaining ones, as far as that
   step is more than chance: it is multiplied by 1 − (variance of such a step by chance ÷ square of the step), at least 0. A unit with
   few cases thus keeps its own pace, and the season of a big one counts. Without last year: this year's rate so far.
3. Interval: the remaining cases fall as a binomial with that rate, and the rate itself rests on as many cases as were counted (and the
   step on last year's). Real months vary more than a binomial: all is multiplied by the over-dispersion that this year's months so far
   show around their common rate (at least 1). 80 % of such intervals should hold the true value; the back-test of tests/forms
   counts how many do.

*States and counts of distinct units or persons* (catalogue stocks, leaders who sign, communes that certify), which do not add up:
the value at year end = the value now + what last year added in the same remaining months (without last year: the average step of this
year's months × the remaining months). Interval: the spread of the monthly steps × the square root of the remaining months.

At the end of December nothing remains and the expected value is the counted one. The probability of reaching the target is that of a
normal distribution with these two figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import erf, sqrt

from sqlalchemy import Connection

from cchc.errors import CchcError, WrongUse
from cchc.period import Period
from cchc.reference.catalogue import catalogue
from cchc.reference.plan import DISTRICT, Place, loaded_years, place
from cchc.reference.scopes import known_scope
from cchc.settings import Settings
from cchc.warehouse import engine, query

Z80 = 1.2815515594457  # 80 % of a normal distribution lie within ± this many standard deviations
EARLY = 0.3  # below this probability a target is named as one that will probably be missed
_EPSILON = 1e-9

Counts = Mapping[int, tuple[int, int]]  # month of the year → numerator, denominator


@dataclass(frozen=True)
class Forecast:
    """The expected value at year end as a fraction, its 80 % interval, and the standard deviation behind it."""

    expected: float
    low: float
    high: float
    deviation: float

    def probability(self, target: float) -> float:
        """How probable it is that the value reaches the target (≥)."""
        if self.deviation < _EPSILON:
            return 1.0 if self.expected >= target - _EPSILON else 0.0
        return 0.5 * (1 + erf((self.expected - target) / self.deviation / sqrt(2)))


@dataclass(frozen=True)
class Outlook:
    """One target at one scope: value now (year to date), value expected at year end, and what that means."""

    indicator_code: str
    name_vi: str
    target_no: str
    unit_code: str
    unit_name: str
    level: str
    lead_agency: str
    target: float
    value: float | None
    forecast: Forecast | None

    @property
    def probability(self) -> float | None:
        """How probable it is that the target is reached; None where nothing was counted."""
        return self.forecast.probability(self.target) if self.forecast else None

    @property
    def words_vi(self) -> str:
        """The probability in words."""
        return words_vi(self.probability)

    @property
    def is_early_warning(self) -> bool:
        """Whether the target will probably be missed."""
        return self.probability is not None and self.probability < EARLY

    @property
    def value_percent(self) -> float | None:
        """The value so far in percent."""
        return None if self.value is None else self.value * 100

    @property
    def expected_percent(self) -> float | None:
        """The expected value in percent."""
        return self.forecast.expected * 100 if self.forecast else None

    @property
    def low_percent(self) -> float | None:
        """Lower end of the interval in percent."""
        return self.forecast.low * 100 if self.forecast else None

    @property
    def high_percent(self) -> float | None:
        """Upper end of the interval in percent."""
        return self.forecast.high * 100 if self.forecast else None

    @property
    def target_percent(self) -> float:
        """The target in percent."""
        return self.target * 100


def words_vi(probability: float | None) -> str:
    """A probability as people say it."""
    if probability is None:
        return "Chưa có số liệu"
    for at_least, words in (
        (0.95, "Gần như chắc chắn đạt"),
        (0.7, "Nhiều khả năng đạt"),
        (EARLY, "Chưa rõ, ngang ngửa"),
        (0.05, "Nhiều khả năng không đạt"),
    ):
        if probability >= at_least:
            return words
    return "Gần như chắc chắn không đạt"


def forecast_flow(this_year: Counts, last_year: Counts, month: int) -> Forecast | None:
    """The year's value of a flow after `month` months; None where nothing was counted so far."""
    so_far = _sum(this_year, range(1, month + 1))
    if so_far[1] == 0:
        return None
    now, rest = so_far[0] / so_far[1], range(month + 1, 13)
    if not rest:
        return Forecast(now, now, now, 0.0)
    same, later = _sum(last_year, range(1, month + 1)), _sum(last_year, rest)
    cases, step, doubt = so_far[1] / month * len(rest), 0.0, 0.0
    if same[1] and later[1]:
        cases = later[1] * so_far[1] / same[1]
        seen = later[0] / later[1] - same[0] / same[1]
        chance = _binomial_variance(later[0] + same[0], later[1] + same[1]) * (1 / same[1] + 1 / later[1])
        weight = max(0.0, 1 - chance / seen**2) if seen else 0.0
        step, doubt = weight * seen, chance if weight else 0.0
    rate = min(1.0, max(0.0, now + step))
    spread = _over_dispersion(this_year, now, month)
    variance = spread * (_binomial_variance(rate * so_far[1], so_far[1]) * (cases + cases**2 / so_far[1]) + cases**2 * doubt)
    whole = so_far[1] + cases
    expected = (so_far[0] + cases * rate) / whole
    return _forecast(expected, sqrt(variance) / whole, so_far[0] / whole, (so_far[0] + cases) / whole)


def forecast_state(this_year: Mapping[int, float], last_year: Mapping[int, float], month: int) -> Forecast | None:
    """The value at year end of a state, or of a count of distinct units, after `month` months; None where there is no value."""
    if month not in this_year:
        return None
    left = 12 - month
    now = this_year[month]
    steps = [series[n + 1] - series[n] for series in (this_year, last_year) for n in range(1, 12) if n in series and n + 1 in series]
    own = [this_year[n + 1] - this_year[n] for n in range(1, month) if n in this_year and n + 1 in this_year]
    own_gain = sum(own) / len(own) * left if own else 0.0
    gain = last_year[12] - last_year[month] if 12 in last_year and month in last_year else own_gain
    mean = sum(steps) / len(steps) if steps else 0.0
    deviation = sqrt(sum((step - mean) ** 2 for step in steps) / max(1, len(steps) - 1)) if steps else 0.0
    return _forecast(min(1.0, max(0.0, now + gain)), deviation * sqrt(left), 0.0, 1.0)


def _forecast(expected: float, deviation: float, lowest: float, highest: float) -> Forecast:
    return Forecast(expected, max(lowest, expected - Z80 * deviation), min(highest, expected + Z80 * deviation), deviation)


def _sum(counts: Counts, months: Sequence[int]) -> tuple[int, int]:
    return sum(counts.get(n, (0, 0))[0] for n in months), sum(counts.get(n, (0, 0))[1] for n in months)


def _binomial_variance(numerator: float, denominator: float) -> float:
    """The variance p (1 − p) of a share, with half a case added on both sides: a share of all or nothing is not certain."""
    share = (numerator + 0.5) / (denominator + 1)
    return share * (1 - share)


def _over_dispersion(counts: Counts, rate: float, month: int) -> float:
    """How much more than a binomial the months so far vary around their common rate; at least 1."""
    months = [counts[n] for n in range(1, month + 1) if counts.get(n, (0, 0))[1]]
    if len(months) < 2:
        return 1.0
    whole = _binomial_variance(sum(m[0] for m in months), sum(m[1] for m in months))
    return max(1.0, sum((m[0] - m[1] * rate) ** 2 / (m[1] * whole) for m in months) / (len(months) - 1))


def outlook(settings: Settings, period: Period, unit: str | None = None) -> list[Outlook]:
    """Every flow and milestone target at every scope where it stands (or at one), from the months up to the period's last one.

    Uses the months of mart.indicator_value that are over at T. Raises CchcError where the period's last month is not computed, WrongUse
    where no plan holds in its year.
    """
    with engine(settings).connect() as connection:
        if unit is not None:
            known_scope(connection, unit)
        found = outlook_at(connection, settings, period.last_day, unit)
        if not _plan(connection, period.last_day).holds:
            raise WrongUse(
                f"no plan holds in {period.last_day.year}: there is no target to look ahead to; "
                "put the plan of that year into include/plans and run `cchc init`"
            )
        return found


def _plan(connection: Connection, day: date) -> Place:
    """The plan of the year of a day: targets are asked for at the end of it."""
    return place(loaded_years(connection), date(day.year, 12, 31))


def outlook_at(connection: Connection, settings: Settings, last_day: date, unit: str | None = None) -> list[Outlook]:
    """`outlook` of the year of a day, from the months up to the day's.

    Of a year in which no plan holds these are forecasts for the list of the plan that gives it its place, for the back-test: its targets
    say nothing.
    """
    year, month = last_day.year, last_day.month
    rows = query(
        connection,
        "select indicator_code, unit_code, extract(year from period_start) as year, extract(month from period_start) as month, "
        "basis, numerator, denominator from mart.indicator_value where period_kind = 'month' "
        "and period_start >= :first and period_start <= :last and denominator is not null "
        "and (cast(:unit as text) is null or unit_code = :unit)",
        {"first": date(year - 1, 1, 1), "last": last_day, "unit": unit},
    )
    months: dict[tuple[str, str, str, int], dict[int, tuple[int, int]]] = {}
    for row in rows:
        key = (row["indicator_code"], row["unit_code"], row["basis"], int(row["year"]))
        months.setdefault(key, {})[int(row["month"])] = (row["numerator"] or 0, row["denominator"] or 0)
    if not any(key[3] == year and month in found for key, found in months.items()):
        raise CchcError(f"{year}-{month:02d} is not computed: ingest its sources, then `cchc refresh {year}-{month:02d}`")
    targets = query(
        connection,
        "select t.target_no, t.indicator_code, t.target, t.lead_agency, s.unit_code, s.unit_name, s.level "
        "from core.plan_target as t inner join ("
        "select unit_code, name as unit_name, level from core.unit_at(:d) where root_code = :root and is_founded "
        "union all select distinct 'level:' || level, "
        "case level when 'district' then 'Cấp huyện' when 'commune' then 'Cấp xã' else level end, level "
        "from core.unit_at(:d) where root_code = :root and is_founded "
        "union all select 'all', 'Toàn huyện', 'all') as s on t.level in ('all', s.level) "
        "where t.plan_code = :plan and t.ended_at is null and t.kind in ('flow', 'milestone') and t.target is not null "
        "and (cast(:unit as text) is null or s.unit_code = :unit) order by t.target_order, s.unit_code",
        {"plan": _plan(connection, last_day).plan_code, "unit": unit, "root": DISTRICT, "d": last_day},
    )
    known = catalogue(settings)
    found = []
    for target in targets:
        code, scope = target["indicator_code"], target["unit_code"]
        item = known.get(code)
        adds_up = item is not None and item.kind == "flow" and item.item == "row"
        to_date = months.get((code, scope, "year_to_date", year), {})
        if (code, scope, "period", year) not in months and not to_date:
            continue  # declared cells and indicators without values: there is no pace to go by
        if adds_up:
            forecast = forecast_flow(
                months.get((code, scope, "period", year), {}), months.get((code, scope, "period", year - 1), {}), month
            )
        else:
            forecast = forecast_state(_values(to_date), _values(months.get((code, scope, "year_to_date", year - 1), {})), month)
        found.append(
            Outlook(
                code, item.name_vi if item else code, target["target_no"], scope, target["unit_name"], target["level"],
                target["lead_agency"], float(target["target"]), _values(to_date).get(month), forecast,
            )
        )  # fmt: skip
    return found


def _values(counts: Counts) -> dict[int, float]:
    return {month: numerator / denominator for month, (numerator, denominator) in counts.items() if denominator}


@dataclass(frozen=True)
class BackTest:
    """One forecast of a year that is over: made after `month` months, against what came out."""

    indicator_code: str
    unit_code: str
    month: int
    actual: float
    forecast: Forecast

    @property
    def error(self) -> float:
        """Expected less actual, as a fraction."""
        return self.forecast.expected - self.actual

    @property
    def is_covered(self) -> bool:
        """Whether the 80 % interval holds the actual value."""
        return self.forecast.low - _EPSILON <= self.actual <= self.forecast.high + _EPSILON


def back_test(connection: Connection, settings: Settings, year: int, after: Sequence[int] = (3, 6, 9, 11)) -> list[BackTest]:
    """Forecasts of a past year as they would have been made after some months, at every scope with a target, against December's value."""
    actual = {(item.indicator_code, item.unit_code): item.value for item in outlook_at(connection, settings, date(year, 12, 31))}
    tests = []
    for month in after:
        for item in outlook_at(connection, settings, date(year, month, 28)):
            value = actual.get((item.indicator_code, item.unit_code))
            if item.forecast is not None and value is not None:
                tests.append(BackTest(item.indicator_code, item.unit_code, month, value, item.forecast))
    return tests
