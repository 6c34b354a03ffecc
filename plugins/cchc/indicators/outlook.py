"""Outlook: the value that an indicator will probably have at the end of the year, how certain that is, and which targets it will miss.

The method is simple on purpose: an office can check it with a pocket calculator.

*Flows that add up over the months* (numerator / denominator of each month):
the year = the cases counted so far + the cases that are expected in the remaining months.

1. Cases of the remaining months = last year's cases of the same months × (this year's cases so far ÷ last year's of the same months).
   Without last year: this year's monthly average.
2. Rate of the remaining months = this year's rate so far + last year's step (its rate in the remaining months − its rate in the same
   months so far) × a weight. The weight is 1 − (variance of such a step by chance ÷ square of the step), at least 0, so a step that may
   be chance counts little. A unit with few cases therefore keeps its own rate, and a unit with many cases follows the season. Without
   last year: this year's rate so far.
3. Interval: the remaining cases follow a binomial distribution with that rate. The rate itself is uncertain too, because it comes from
   a limited number of cases (this year's, and last year's for the step). Real months vary more than a binomial distribution, so the
   variance is multiplied by the over-dispersion of this year's months around their common rate (at least 1). The interval is made to
   contain the true value in 80 % of the cases; the back-test in tests/forms counts how many do.

*States and counts of distinct units or persons* (stocks of the catalogue, leaders who sign, communes that certify), which cannot be added:
the value at year end = the value now + the increase of last year in the same remaining months (without last year: the average monthly
step of this year × the number of remaining months). Interval: the standard deviation of the monthly steps × the square root of the
number of remaining months.

At the end of December no month remains, and the expected value is the counted one. The probability of reaching the target comes from a
normal distribution with the expected value and its standard deviation.
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
from cchc.settings import Settings, plans_name
from cchc.warehouse import engine
from cchc.warehouse.queries import ask

Z80 = 1.2815515594457  # 80 % of a normal distribution are within ± this number of standard deviations
EARLY = 0.3  # a target with a lower probability gets an early warning: it will probably be missed
_EPSILON = 1e-9

Counts = Mapping[int, tuple[int, int]]  # month of the year → numerator, denominator


@dataclass(frozen=True)
class Forecast:
    """The expected value at year end, its 80 % interval and its standard deviation, all as fractions (0.95 is 95 %)."""

    expected: float
    low: float
    high: float
    deviation: float

    def probability(self, target: float) -> float:
        """The probability (0 to 1) that the value is at least `target`, a fraction."""
        if self.deviation < _EPSILON:
            return 1.0 if self.expected >= target - _EPSILON else 0.0
        return 0.5 * (1 + erf((self.expected - target) / self.deviation / sqrt(2)))


@dataclass(frozen=True)
class Outlook:
    """One target at one scope: its value now (year to date), its expected value at year end, and the judgement of both."""

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
        """The probability (0 to 1) that the target is reached; None if nothing was counted."""
        return self.forecast.probability(self.target) if self.forecast else None

    @property
    def words_vi(self) -> str:
        """The probability in Vietnamese words."""
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
    """A probability (0 to 1, or None) in Vietnamese words."""
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
    """Forecast the year's value of a flow from the first `month` months; None if nothing was counted so far.

    Arguments: `this_year` and `last_year`, (numerator, denominator) by month of the year (1 to 12).
    """
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
    """Forecast the value of a state, or of a count of distinct units, at year end, from the first `month` months.

    Arguments: `this_year` and `last_year`, the value as a fraction by month of the year (1 to 12). None if there is no value.
    """
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
    """The variance p (1 − p) of one case of a share, with half a case added to each side, so that 0 % and 100 % are not certain."""
    share = (numerator + 0.5) / (denominator + 1)
    return share * (1 - share)


def _over_dispersion(counts: Counts, rate: float, month: int) -> float:
    """The variance of the months so far around their common rate, divided by that of a binomial distribution; at least 1."""
    months = [counts[n] for n in range(1, month + 1) if counts.get(n, (0, 0))[1]]
    if len(months) < 2:
        return 1.0
    whole = _binomial_variance(sum(m[0] for m in months), sum(m[1] for m in months))
    return max(1.0, sum((m[0] - m[1] * rate) ** 2 / (m[1] * whole) for m in months) / (len(months) - 1))


def outlook(settings: Settings, period: Period, unit: str | None = None) -> list[Outlook]:
    """The outlook of every flow and milestone target at every scope that has it, or at the scope `unit` only.

    It uses the months of mart.indicator_value up to the last month of the period that are complete at known_at. Raises CchcError if the
    last month of the period is not computed, and WrongUse if no plan holds in the year of the period.
    """
    with engine(settings).connect() as connection:
        if unit is not None:
            known_scope(connection, unit)
        found = outlook_at(connection, settings, period.last_day, unit)
        if not _plan(connection, period.last_day).holds:
            raise WrongUse(
                f"no plan holds in {period.last_day.year}: there is no target to look ahead to; "
                f"put the plan of that year into {plans_name()} and run `cchc init`"
            )
        return found


def _plan(connection: Connection, day: date) -> Place:
    """The plan of the year of a day, because the targets must be reached at the end of that year."""
    return place(loaded_years(connection), date(day.year, 12, 31))


def outlook_at(connection: Connection, settings: Settings, last_day: date, unit: str | None = None) -> list[Outlook]:
    """The outlook of the year of `last_day`, from the months up to that day's month (see `outlook`).

    If no plan holds in that year, the nearest plan gives the list of indicators. The back-test needs these forecasts; the targets of that
    plan mean nothing for the year.
    """
    year, month = last_day.year, last_day.month
    rows = ask(connection, "outlook/month", first=date(year - 1, 1, 1), last=last_day, unit=unit)
    months: dict[tuple[str, str, str, int], dict[int, tuple[int, int]]] = {}
    for row in rows:
        key = (row["indicator_code"], row["unit_code"], row["basis"], int(row["year"]))
        months.setdefault(key, {})[int(row["month"])] = (row["numerator"] or 0, row["denominator"] or 0)
    if not any(key[3] == year and month in found for key, found in months.items()):
        raise CchcError(f"{year}-{month:02d} is not computed: ingest its sources, then `cchc refresh {year}-{month:02d}`")
    plan = _plan(connection, last_day).plan_code
    targets = ask(connection, "outlook/target", plan=plan, unit=unit, root=DISTRICT, d=last_day)
    known = catalogue(settings)
    found = []
    for target in targets:
        code, scope = target["indicator_code"], target["unit_code"]
        item = known.get(code)
        adds_up = item is not None and item.kind == "flow" and item.item == "row"
        to_date = months.get((code, scope, "year_to_date", year), {})
        if (code, scope, "period", year) not in months and not to_date:
            continue  # declared targets and indicators without values have no monthly values to forecast from
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
    """One forecast of a past year, made from its first `month` months, together with the actual value of the year."""

    indicator_code: str
    unit_code: str
    month: int
    actual: float
    forecast: Forecast

    @property
    def error(self) -> float:
        """The expected value minus the actual value, as a fraction."""
        return self.forecast.expected - self.actual

    @property
    def is_covered(self) -> bool:
        """Whether the 80 % interval contains the actual value."""
        return self.forecast.low - _EPSILON <= self.actual <= self.forecast.high + _EPSILON


def back_test(connection: Connection, settings: Settings, year: int, after: Sequence[int] = (3, 6, 9, 11)) -> list[BackTest]:
    """Forecast a past year from its first months, and compare the forecasts with the value of December, at every scope with a target.

    `after`: the numbers of months from which a forecast is made.
    """
    actual = {(item.indicator_code, item.unit_code): item.value for item in outlook_at(connection, settings, date(year, 12, 31))}
    tests = []
    for month in after:
        for item in outlook_at(connection, settings, date(year, month, 28)):
            value = actual.get((item.indicator_code, item.unit_code))
            if item.forecast is not None and value is not None:
                tests.append(BackTest(item.indicator_code, item.unit_code, month, value, item.forecast))
    return tests
