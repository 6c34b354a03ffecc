"""The charts of the reports: PNG for the document, SVG for the page. The same rows give the same bytes."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cchc.reports import vietnamese as vi
from cchc.reports.content import Content, MonthRow, PlanRow, UnitRow
from cchc.reports.layout import Layout, filled

# the font comes with matplotlib and has all Vietnamese letters; a $ in a name does not start a formula
_STYLE: Any = {"font.family": "DejaVu Sans", "text.parse_math": False, "svg.fonttype": "none"}


@dataclass(frozen=True)
class Chart:
    """A chart as a picture, its caption, and what it shows in words for people who cannot see it."""

    name: str
    caption: str
    description: str
    figure: Any

    def png(self) -> bytes:
        """The picture for paper."""
        return self._saved(format="png", dpi=160, metadata={"Software": None})

    def svg(self) -> bytes:
        """The picture for a page."""
        return self._saved(format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})

    def address(self) -> str:
        """The SVG as the address of an <img>: the picture is in the page, and its names cannot meet those of the page."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg()).decode()

    def _saved(self, **options: Any) -> bytes:
        from matplotlib import rc_context

        out = io.BytesIO()
        with rc_context(_STYLE | {"svg.hashsalt": self.name}):
            self.figure.savefig(out, **options)
        return out.getvalue()


def draw(content: Content, layout: Layout, name: str) -> Chart | None:
    """The chart of a name; None where there is nothing to draw."""
    from matplotlib import rc_context

    with rc_context(_STYLE):
        return _CHARTS[name](content, layout)


def names() -> list[str]:
    """The names that `draw` knows."""
    return list(_CHARTS)


def _received(content: Content, layout: Layout) -> Chart | None:
    """Dossiers received by month, online and otherwise."""
    months = [row for row in content.months if row.received]
    if not months:
        return None
    words, theme = layout.labels.charts.received, layout.labels.theme
    labels = [filled(words.month, month=row.last_day.month) for row in months]
    online = [row.received_online or 0 for row in months]
    other = [(row.received or 0) - (row.received_online or 0) for row in months]
    figure, axes = _figure(6.3, 2.9)
    axes.bar(labels, online, color=f"#{theme.chart}", label=words.series[0])
    axes.bar(labels, other, bottom=online, color=f"#{theme.chart_light}", label=words.series[-1])
    for index, row in enumerate(months):
        axes.text(index, row.received or 0, vi.number(row.received), ha="center", va="bottom", fontsize=8)
    axes.set_ylabel(words.axis, fontsize=9)
    axes.set_ylim(0, max(row.received or 0 for row in months) * 1.25)
    _counts(axes.yaxis)
    axes.legend(loc="upper right", ncol=2, fontsize=8, frameon=False)

    def described(row: MonthRow) -> str:
        return filled(words.described, month=row.last_day.month, first=vi.number(row.received), second=vi.number(row.received_online))

    caption = filled(words.caption, year=content.period.last_day.year)
    return _chart(figure, "received", caption, map(described, months))


def _on_time(content: Content, layout: Layout) -> Chart | None:
    """The share on time by month, with the target."""
    months = [row for row in content.months if row.on_time_value is not None]
    if not months:
        return None
    words, theme = layout.labels.charts.on_time, layout.labels.theme
    labels = [filled(words.month, month=row.last_day.month) for row in months]
    values = [float(row.on_time_value or 0) for row in months]
    figure, axes = _figure(6.3, 2.7)
    axes.plot(labels, values, color=f"#{theme.chart}", marker="o", markersize=4, label=words.series[0])
    for index, row in enumerate(months):
        axes.annotate(
            vi.number(row.on_time_value, 1), (index, values[index]), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8
        )
    target = _target(content, "dossier_on_time_rate")
    if target is not None:
        axes.axhline(float(target), color=f"#{theme.alert}", linestyle="--", linewidth=1.2, label=_target_words(layout, target))
    low = min([*values, float(target) if target is not None else 100.0])
    axes.set_ylim(max(0.0, low - max(1.0, (100 - low) * 0.35)), 100 + max(0.6, (100 - low) * 0.3))
    axes.set_ylabel(words.axis, fontsize=9)
    _decimals(axes.yaxis)
    axes.legend(loc="lower right", ncol=2, fontsize=8, frameon=False)

    def described(row: MonthRow) -> str:
        return filled(words.described, month=row.last_day.month, first=vi.percent(row.on_time_value), second=vi.NONE)

    caption = filled(words.caption, year=content.period.last_day.year)
    return _chart(figure, "on_time", caption, map(described, months))


def _communes_online(content: Content, layout: Layout) -> Chart | None:
    """The online share of each commune in the period, with the target."""
    return _communes(content, layout, "communes_online", "online_dossier_rate", lambda row: row.online_value)


def _communes_on_time(content: Content, layout: Layout) -> Chart | None:
    """The share on time of each commune in the period, with the target."""
    return _communes(content, layout, "communes_on_time", "dossier_on_time_rate", lambda row: row.on_time_value)


def _communes(content: Content, layout: Layout, name: str, indicator: str, value: Callable[[UnitRow], Decimal | None]) -> Chart | None:
    communes = (row for row in content.units if row.unit_kind == "commune")
    units = sorted((shown, row.unit_name) for row in communes if (shown := value(row)) is not None)
    if len(units) < 2:
        return None
    theme = layout.labels.theme
    target = _target(content, indicator)
    colors = [f"#{theme.chart if target is None or shown >= target else theme.alert}" for shown, _unit in units]
    figure, axes = _figure(6.3, 0.9 + 0.24 * len(units))
    axes.barh([unit for _shown, unit in units], [float(shown) for shown, _unit in units], color=colors)
    for index, (shown, _unit) in enumerate(units):
        axes.text(float(shown), index, f" {vi.percent(shown)}", va="center", fontsize=8)
    axes.set_xlim(0, max(float(units[-1][0]), float(target or 0)) * 1.18 + 0.01)
    if target is not None:
        axes.axvline(float(target), color=f"#{theme.chart_line}", linestyle="--", linewidth=1.2)
        axes.annotate(
            _target_words(layout, target),
            (float(target), len(units) - 0.4),
            ha="center",
            va="bottom",
            fontsize=8,
            color=f"#{theme.chart_line}",
            annotation_clip=False,
        )
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    caption = filled(getattr(layout.labels.charts, name).caption, period=vi.period_name(content.period), communes=layout.office.communes)
    return _chart(figure, name, caption, (f"{unit}: {vi.percent(shown)}" for shown, unit in reversed(units)))


def _target(content: Content, indicator: str) -> Decimal | None:
    rows: list[PlanRow] = [row for row in content.plan if row.indicator_code == indicator and row.level in ("commune", "all")]
    return rows[0].target_percent if rows else None


def _target_words(layout: Layout, target: Decimal) -> str:
    return filled(layout.labels.charts.target, target=vi.target(target))


_CHARTS: dict[str, Callable[[Content, Layout], Chart | None]] = {
    "received": _received,
    "on_time": _on_time,
    "communes_online": _communes_online,
    "communes_on_time": _communes_on_time,
}


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.margins(x=0.02)
    return figure, axes


def _counts(axis: Any) -> None:
    axis.set_major_formatter(lambda value, _position: vi.number(Decimal(str(value))))


def _decimals(axis: Any) -> None:
    axis.set_major_formatter(lambda value, _position: vi.number(Decimal(str(round(value, 4))), 0 if float(value).is_integer() else 1))


def _chart(figure: Any, name: str, caption: str, parts: Any) -> Chart:
    return Chart(name, caption, f"{caption}: {'; '.join(parts)}.", figure)
