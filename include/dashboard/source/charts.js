// Every chart is drawn by Observable Plot from the data in its place's attributes. Colours come from the style sheet, through classes.
import * as Plot from "@observablehq/plot";

const LOCALES = { vi: "vi-VN", en: "en-GB" };
const language = document.documentElement.lang;
const locale = LOCALES[language] ?? "vi-VN";
const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });

// Plot writes a style element into each drawing, which the page's security policy forbids; the same rules are in dashboard.css.
function placed(element, drawing) {
  for (const style of drawing.querySelectorAll("style")) style.remove();
  drawing.setAttribute("aria-hidden", "true");
  element.replaceChildren(drawing);
}

// As many decimals as tell the ticks of an axis apart: on a narrow range they are less than a tenth from each other.
function ticked(value, _index, ticks) {
  const gap = Math.min(...ticks.slice(1).map((tick, place) => Math.abs(tick - ticks[place])));
  const decimals = Number.isFinite(gap) && gap > 0 ? Math.min(6, Math.max(0, Math.ceil(-Math.log10(gap) - 1e-9))) : 1;
  return new Intl.NumberFormat(locale, { maximumFractionDigits: decimals }).format(value);
}

const dated = (points) => points.map((point) => ({ ...point, at: new Date(point.at) }));
const monthOf = (day) => `${String(day.getUTCMonth() + 1).padStart(2, "0")}/${String(day.getUTCFullYear()).slice(2)}`;

function spark(element, data) {
  const points = dated(data.points).filter((point) => point.value !== null);
  if (points.length === 0) return;
  const marks = [];
  if (data.target !== null) marks.push(Plot.ruleY([data.target], { className: "target", strokeDasharray: "2,2" }));
  marks.push(Plot.lineY(points, { x: "at", y: "value", className: "line", strokeWidth: 1.4 }));
  marks.push(Plot.dot(points.slice(-1), { x: "at", y: "value", r: 2.4, className: "dot", fill: "currentColor" }));
  placed(element, Plot.plot({ width: 110, height: 26, margin: 4, axis: null, x: { type: "utc" }, className: "plot", marks }));
}

function bar(element, data) {
  const marks = [
    Plot.barX([100], { y: () => 0, className: "track" }),
    Plot.barX([Math.min(data.value, 100)], { y: () => 0, className: `fill ${data.status ?? ""}` }),
  ];
  if (data.target !== null) marks.push(Plot.tickX([data.target], { y: () => 0, className: "tick", strokeWidth: 2, insetTop: -4, insetBottom: -4 }));
  placed(element, Plot.plot({ width: 130, height: 16, margin: 4, marginTop: 4, marginBottom: 4, axis: null, x: { domain: [0, 100] }, y: { type: "band", padding: 0 }, className: "plot", marks }));
}

function months(element, data) {
  const lines = data.lines.flatMap((line) => dated(line.points).filter((point) => point.value !== null).map((point) => ({ ...point, name: line.name, kind: line.kind })));
  if (lines.length === 0) return;
  const domain = [...new Set(lines.map((point) => +point.at))].sort((a, b) => a - b).map((moment) => new Date(moment));
  const marks = [Plot.gridY({ className: "grid" })];
  if (data.target !== null) {
    marks.push(Plot.ruleY([data.target], { className: "target", strokeDasharray: "4,3" }));
    marks.push(Plot.text([data.target], { x: domain[domain.length - 1], y: (value) => value, text: () => data.targetName, textAnchor: "end", dy: -7, className: "note" }));
  }
  for (const kind of ["before", "published", "now"]) {
    const points = lines.filter((point) => point.kind === kind);
    if (points.length === 0) continue;
    marks.push(Plot.lineY(points, { x: "at", y: "value", className: `line ${kind}`, strokeWidth: kind === "now" ? 2 : 1.2, strokeDasharray: kind === "before" ? "2,3" : undefined }));
    marks.push(Plot.dot(points, { x: "at", y: "value", r: kind === "now" ? 3 : 2, className: `dot ${kind}`, fill: "currentColor", title: (point) => `${point.name} ${monthOf(point.at)}: ${number.format(point.value)}`, tip: false }));
  }
  placed(element, Plot.plot({
    width: Math.max(320, element.clientWidth || 640), height: 260, marginLeft: 48, marginRight: 16, className: "plot",
    x: { type: "utc", ticks: domain, tickFormat: monthOf, label: null },
    y: { nice: true, label: null, tickFormat: ticked },
    marks,
  }));
}

function multiples(element, data) {
  const points = data.units.flatMap((unit) => dated(unit.points).filter((point) => point.value !== null).map((point) => ({ ...point, unit: unit.name })));
  if (points.length === 0) return;
  const columns = Math.max(1, Math.min(4, Math.floor((element.clientWidth || 640) / 210)));
  const place = new Map(data.units.map((unit, index) => [unit.name, index]));
  const fx = (point) => place.get(point.unit) % columns;
  const fy = (point) => Math.floor(place.get(point.unit) / columns);
  const marks = [];
  if (data.target !== null) marks.push(Plot.ruleY([data.target], { className: "target", strokeDasharray: "2,2" }));
  marks.push(Plot.lineY(points, { x: "at", y: "value", fx, fy, z: "unit", className: "line now", strokeWidth: 1.5 }));
  marks.push(Plot.text(data.units, { fx: (unit) => place.get(unit.name) % columns, fy: (unit) => Math.floor(place.get(unit.name) / columns), frameAnchor: "top-left", dy: -12, text: "name", className: "note" }));
  placed(element, Plot.plot({
    width: Math.max(300, element.clientWidth || 640), height: 90 * Math.ceil(data.units.length / columns) + 20, marginLeft: 34, marginTop: 18, className: "plot",
    fx: { axis: null, padding: 0.12 }, fy: { axis: null, padding: 0.35 },
    x: { type: "utc", axis: null }, y: { nice: true, ticks: 2, label: null, tickFormat: ticked },
    marks,
  }));
}

function heat(element, data) {
  placed(element, Plot.plot({
    width: Math.max(320, element.clientWidth || 640), height: 24 * data.units.length + 40, marginLeft: 190, className: "plot",
    x: { type: "band", label: null, axis: "top" }, y: { type: "band", domain: data.units, label: null },
    marks: [
      ...["met", "missed", "on_pace", "behind", "none"].map((status) =>
        Plot.cell(data.cells.filter((cell) => (cell.status ?? "none") === status), { x: "month", y: "unit", inset: 1, className: `cell ${status}` })),
      Plot.text(data.cells.filter((cell) => cell.value !== null), { x: "month", y: "unit", text: (cell) => number.format(cell.value), className: "note" }),
    ],
  }));
}

const KINDS = { spark, bar, months, multiples, heat };

// A chart is drawn when it comes into sight, and all of them before the page is printed.
export function drawCharts() {
  const waiting = new Set(document.querySelectorAll("[data-chart]"));
  const draw = (element) => {
    if (!waiting.delete(element)) return;
    KINDS[element.dataset.chart](element, JSON.parse(element.dataset.values));
  };
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { watch.unobserve(entry.target); draw(entry.target); }
  }, { rootMargin: "200px" });
  for (const element of waiting) watch.observe(element);
  window.addEventListener("beforeprint", () => { for (const element of [...waiting]) draw(element); });
}
