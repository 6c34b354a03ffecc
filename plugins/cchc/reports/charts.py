"""Charts of the reports, as PNG for the document and SVG for the page. The same rows give the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cchc.reports import vietnamese as vi
from cchc.reports.content import Content, PlanRow, UnitRow

BLUE, LIGHT, RED, GREY = "#1F5A92", "#9DC3E6", "#C00000", "#595959"
# the font comes with matplotlib and carries Vietnamese; a $ in a name is no formula
_STYLE: Any = {"font.family": "DejaVu Sans", "text.parse_math": False, "svg.fonttype": "none"}


@dataclass(frozen=True)
class Chart:
    """A chart: what it shows in words (for those who cannot see it), and how to get it as a picture."""

    name: str
    caption: str
    description: str
    figure: Any

    def png(self) -> bytes:
        """For paper."""
        out = io.BytesIO()
        self._save(out, format="png", dpi=160, metadata={"Software": None})
        return out.getvalue()

    def svg(self) -> str:
        """For a page: to stand inside it, with names of its own."""
        out = io.StringIO()
        self._save(out, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
        return _inline(out.getvalue(), self.name)

    def _save(self, out: Any, **options: Any) -> None:
        from matplotlib import rc_context

        with rc_context(_STYLE | {"svg.hashsalt": self.name}):
            self.figure.savefig(out, **options)


def draw(content: Content, name: str) -> Chart | None:
    """One chart; None where there is nothing to draw."""
    from matplotlib import rc_context

    with rc_context(_STYLE):
        return _CHARTS[name](content)


def names() -> list[str]:
    """Names that `draw` knows."""
    return list(_CHARTS)


def _received(content: Content) -> Chart | None:
    """Dossiers received by month, online and otherwise."""
    months = [row for row in content.months if row.received]
    if not months:
        return None
    labels = [f"T{row.last_day.month}" for row in months]
    online = [row.received_online or 0 for row in months]
    other = [(row.received or 0) - (row.received_online or 0) for row in months]
    figure, axes = _figure(6.3, 2.9)
    axes.bar(labels, online, color=BLUE, label="Trực tuyến")
    axes.bar(labels, other, bottom=online, color=LIGHT, label="Trực tiếp, bưu chính")
    for index, row in enumerate(months):
        axes.text(index, row.received or 0, vi.number(row.received), ha="center", va="bottom", fontsize=8)
    axes.set_ylabel("Số hồ sơ tiếp nhận", fontsize=9)
    axes.set_ylim(0, max(row.received or 0 for row in months) * 1.25)
    _counts(axes.yaxis)
    axes.legend(loc="upper right", ncol=2, fontsize=8, frameon=False)
    year = content.period.last_day.year
    said = "; ".join(
        f"tháng {row.last_day.month}: {vi.number(row.received)}, trực tuyến {vi.number(row.received_online)}" for row in months
    )
    return _chart(figure, "received", f"Số hồ sơ tiếp nhận theo tháng, năm {year}", said)


def _on_time(content: Content) -> Chart | None:
    """On-time and online rates by month, with the target."""
    months = [row for row in content.months if row.on_time_value is not None]
    if not months:
        return None
    labels = [f"T{row.last_day.month}" for row in months]
    values = [float(row.on_time_value or 0) for row in months]
    figure, axes = _figure(6.3, 2.7)
    axes.plot(labels, values, color=BLUE, marker="o", markersize=4, label="Tỷ lệ đúng hạn")
    for index, row in enumerate(months):
        axes.annotate(
            vi.number(row.on_time_value, 1), (index, values[index]), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8
        )
    target = _target(content, "dossier_on_time_rate")
    if target is not None:
        axes.axhline(float(target), color=RED, linestyle="--", linewidth=1.2, label=f"Chỉ tiêu {vi.target(target)}")
    low = min([*values, float(target) if target is not None else 100.0])
    axes.set_ylim(max(0.0, low - max(1.0, (100 - low) * 0.35)), 100 + max(0.6, (100 - low) * 0.3))
    axes.set_ylabel("%", fontsize=9)
    _decimals(axes.yaxis)
    axes.legend(loc="lower right", ncol=2, fontsize=8, frameon=False)
    said = "; ".join(f"tháng {row.last_day.month}: {vi.percent(row.on_time_value)}" for row in months)
    return _chart(figure, "on_time", f"Tỷ lệ hồ sơ giải quyết đúng hạn theo tháng, năm {content.period.last_day.year}", said)


def _communes_online(content: Content) -> Chart | None:
    """Online rate of the communes in the period, against their target."""
    return _communes(content, "communes_online", "online_dossier_rate", "Tỷ lệ hồ sơ trực tuyến", lambda row: row.online_value)


def _communes_on_time(content: Content) -> Chart | None:
    """On-time rate of the communes in the period, against the target."""
    return _communes(content, "communes_on_time", "dossier_on_time_rate", "Tỷ lệ hồ sơ đúng hạn", lambda row: row.on_time_value)


def _communes(content: Content, name: str, indicator: str, words: str, value: Callable[[UnitRow], Decimal | None]) -> Chart | None:
    units = [(row.unit_name, found) for row in content.units if row.unit_kind == "commune" and (found := value(row)) is not None]
    if len(units) < 2:
        return None
    units.sort(key=lambda pair: (pair[1], pair[0]))
    target = _target(content, indicator)
    colors = [BLUE if target is None or found >= target else RED for _name, found in units]
    figure, axes = _figure(6.3, 0.9 + 0.24 * len(units))
    axes.barh([unit for unit, _found in units], [float(found) for _unit, found in units], color=colors)
    for index, (_unit, found) in enumerate(units):
        axes.text(float(found), index, f" {vi.percent(found)}", va="center", fontsize=8)
    axes.set_xlim(0, max(float(units[-1][1]), float(target or 0)) * 1.18 + 0.01)
    if target is not None:
        axes.axvline(float(target), color=GREY, linestyle="--", linewidth=1.2)
        axes.annotate(
            f"Chỉ tiêu {vi.target(target)}",
            (float(target), len(units) - 0.4),
            ha="center",
            va="bottom",
            fontsize=8,
            color=GREY,
            annotation_clip=False,
        )
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    said = "; ".join(f"{unit}: {vi.percent(found)}" for unit, found in reversed(units))
    return _chart(figure, name, f"{words} của UBND các xã, thị trấn, {vi.period_name(content.period)}", said)


def _target(content: Content, indicator: str) -> Decimal | None:
    rows: list[PlanRow] = [row for row in content.plan if row.indicator_code == indicator and row.level in ("commune", "all")]
    return rows[0].target_percent if rows else None


_CHARTS: dict[str, Callable[[Content], Chart | None]] = {
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


def _chart(figure: Any, name: str, caption: str, said: str) -> Chart:
    return Chart(name, caption, f"{caption}: {said}.", figure)


def _inline(svg: str, name: str) -> str:
    """SVG that stands inside a page: no prolog, names of its own, hidden from readers of the screen (the figure is described)."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r'xlink:href="#([^"]+)"', rf'xlink:href="#{name}-\1"', svg)
    svg = re.sub(r"<svg ([^>]*?)\bheight=\"[^\"]*\" ([^>]*?)\bwidth=\"[^\"]*\"", r"<svg \1\2", svg)
    svg = re.sub(r"<svg ([^>]*?)\bwidth=\"[^\"]*\" ([^>]*?)\bheight=\"[^\"]*\"", r"<svg \1\2", svg)
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1).strip()
