"""The results of `make bench` as a table of ratios in Markdown and as a chart: `python -m tests.bench.report FOLDER` makes them anew."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Letters = dict[str, Any]
LETTERS = {
    "a": "first load",
    "b": "pull over HTTP",
    "c": "an increment",
    "d": "refresh",
    "e": "Airflow's own overhead",
    "f": "memory",
    "g": "questions",
    "h": "publish, restate, verify",
}


def per_record(work: dict[str, Any]) -> float:
    """CPU seconds of a record."""
    return float(work["cpu"]) / max(1, int(work["records"]))


def ratio(number: float, floor: float) -> str:
    """A ratio as the table has it; a floor that cannot be measured gives none."""
    return f"{number / floor:.1f} ×" if floor >= 0.05 else "too small to tell"


def _beside(letters: Letters, name: str) -> dict[str, Any] | None:
    """What a peer took, or None where it was not measured."""
    found = letters["beside"].get(name)
    return None if found is None or "skipped" in found else found


def _against(letters: Letters, cpu: float, name: str, records: int) -> str:
    """How a load compares with a peer's of the same records."""
    found = _beside(letters, name)
    if found is None:
        return "not measured"
    theirs = per_record(found) * records
    measured = "" if found["records"] >= records * 0.99 else f" (by {found['records']:,} of the records)"
    return f"{theirs:.1f} s, {theirs / cpu:.1f} × ours{measured}"


def rows(size: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The rows of the table for one size: what, seconds, what it is compared with."""
    letters = size["letters"]
    found: list[tuple[str, str, str]] = []
    for letter in (_first_load, _http, _increment, _refresh, _airflow, _memory, _questions, _publication):
        found += letter(letters)
    return found


def cost(work: dict[str, Any]) -> str:
    """CPU seconds of client and server, and seconds on the clock."""
    return f"{work['client']:.1f} + {work['server']:.1f} = {work['cpu']:.1f} ({work['wall']:.1f})"


def alone(work: dict[str, Any]) -> str:
    """CPU seconds of a work that asks nothing of the server, whose background processes then do not belong to it."""
    return f"{work['client']:.1f} ({work['wall']:.1f})"


def as_a_task(work: dict[str, Any]) -> str:
    """CPU seconds of client and server without those in which the client imports libraries and takes them down when it ends.

    A task of Airflow has them from the process that it is forked from, and ends by os._exit, which takes nothing down.
    """
    client = max(work.get("until_end", work["client"]) - work["imports"], 0)
    return f"{client:.1f} + {work['server']:.1f} = {client + work['server']:.1f}"


def _parts(work: dict[str, Any]) -> str:
    return ", ".join(f"{name} {one['cpu']:.1f}" for name, one in work["parts"].items())


def _first_load(letters: Letters) -> list[tuple[str, str, str]]:
    load, copied, read = (letters["a"][name] for name in ("load", "keyed copy", "decode"))
    peers = "; ".join(
        f"{name}: {_against(letters, load['cpu'], name, load['landed'])}"
        for name in ("dlt append", "dlt append, COPY", "dlt merge", "pandas to_sql")
    )
    return [
        (
            "a first load, whole process",
            cost(load),
            f"{ratio(load['cpu'], copied['cpu'])} keyed COPY; {ratio(load['cpu'], read['client'])} decoding",
        ),
        ("a its steps", _parts(load), peers),
        (f"a keyed COPY of its {copied['rows']:,} rows", cost(copied), "floor"),
        ("a reading and decoding the input", alone(read), "floor"),
    ]


def _http(letters: Letters) -> list[tuple[str, str, str]]:
    ours, loaded, thrown, decoded = (letters["b"][name] for name in ("pull and stage", "validate and load", "inflate", "decode"))
    files = sum(letters["a"]["load"]["parts"][step]["cpu"] for step in ("validate", "load"))
    return [
        ("b pull and stage, whole process", cost(ours), f"{ratio(ours['cpu'], decoded['client'])} the bare client that decodes"),
        ("b its steps", _parts(ours), ""),
        (
            "b validate and load of it, with the lists of keys",
            cost(loaded),
            f"{ratio(loaded['cpu'], files)} the same steps of a first load from files",
        ),
        ("b its steps", _parts(loaded), ""),
        ("b bare client that inflates and throws away", alone(thrown), "floor"),
        (f"b bare client that decodes {decoded['bytes'] / 1e6:.0f} MB", alone(decoded), "floor"),
    ]


def _increment(letters: Letters) -> list[tuple[str, str, str]]:
    found = []
    for name, peer in (("a day", "dlt merge of the day"), ("100 scattered", "dlt merge of 100 scattered")):
        ours = letters["c"][name]
        theirs = _against(letters, ours["cpu"], peer, ours["landed"])
        other = _beside(letters, peer)
        found += [
            (f"c ingest of {name}: {ours['landed']:,} records", cost(ours), f"{peer}: {theirs}"),
            ("c the same, forked from a process that has its libraries, as a task of Airflow is", as_a_task(ours),
             f"{peer}: {as_a_task(other)}" if other else ""),
            ("c its steps", _parts(ours), ""),
        ]  # fmt: skip
    return found


def _refresh(letters: Letters) -> list[tuple[str, str, str]]:
    everything = letters["d"]["everything, first"]["parts"]["refresh"]["cpu"]
    found = []
    for name, work in letters["d"].items():
        cpu = work["parts"]["refresh"]["cpu"]
        written, changed = work["cells_written"], work["cells_changed"]
        share = f"{changed:,} of {written:,} cells written changed" if written else "no cell written"
        less = "" if name == "everything, first" else f"; {everything / max(cpu, 0.01):.1f} × less than everything"
        found.append((f"d refresh: {name} ({work['months']} months)", cost(work["parts"]["refresh"]), share + less))
    return found


def _airflow(letters: Letters) -> list[tuple[str, str, str]]:
    return [("e Airflow's own overhead", "not measured", letters["e"]["skipped"])]


def _memory(letters: Letters) -> list[tuple[str, str, str]]:
    ours = {name: one for name, one in letters["f"].items() if not name.startswith("beside")}
    most = max(ours, key=lambda name: ours[name]["client_mb"])
    server = max(ours, key=lambda name: ours[name]["server_mb"])
    peers = ", ".join(f"{name.removeprefix('beside: ')} {one['client_mb']} MB" for name, one in letters["f"].items() if name not in ours)
    return [
        (f"f most memory of a client: {most}", f"{ours[most]['client_mb']} MB", peers),
        ("f of the client, first load", f"{ours['a: load']['client_mb']} MB", ""),
        (f"f most memory of the server: {server}", f"{ours[server]['server_mb']} MB", "all its processes at once, shared memory once"),
    ]


def _questions(letters: Letters) -> list[tuple[str, str, str]]:
    return [
        (f"g {name}", f"{asked['median_ms']} ms (first {asked['first_ms']} ms)", "") for name, asked in letters["g"]["questions"].items()
    ]


def _publication(letters: Letters) -> list[tuple[str, str, str]]:
    work = letters["h"]
    return [
        ("h publish a month: papers and bundles", cost(work["parts"]["publish"]), ""),
        ("h verify its bundles", cost(work["parts"]["verify"]), ""),
        ("h restate: after 100 scattered dossiers", f"({work['restating_wall']:.2f})", "seconds on the clock, within that refresh"),
    ]


def page(result: dict[str, Any]) -> str:
    """All sizes as Markdown."""
    lines = [f"Machine: {result['machine']}. CPU seconds of client + server = both (seconds on the clock)."]
    for size in result["sizes"]:
        data = size["data"]
        lines += [
            "",
            f"### {data['dossiers']:,} dossiers: {data['records']:,} records, {data['bytes'] / 1e6:.0f} MB of NDJSON (scale {size['scale']:g})",
            "",
            "| work | seconds | beside it |",
            "|---|---:|---|",
            *(f"| {what} | {seconds} | {other} |" for what, seconds, other in rows(size)),
        ]
    return "\n".join(lines) + "\n"


def chart(result: dict[str, Any], path: Path) -> None:
    """Bars of CPU seconds by work and size, as SVG; the same results give the same file."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    groups: list[tuple[str, list[tuple[str, Callable[[Letters], float | None]]]]] = [
        ("first load: CPU s", [("product", lambda of: of["a"]["load"]["cpu"]), ("keyed COPY", lambda of: of["a"]["keyed copy"]["cpu"]),
                               *((name, _peer_cpu(name)) for name in ("dlt append", "dlt append, COPY", "dlt merge", "pandas to_sql"))]),
        ("a day's increment: CPU s", [("product", lambda of: of["c"]["a day"]["cpu"]), ("dlt merge", _peer_cpu("dlt merge of the day"))]),
        ("refresh: CPU s", [(name, _refresh_cpu(name)) for name in ("everything, first", "everything again", "one month", "what the day touches",
                                                                     "100 scattered dossiers")]),
    ]  # fmt: skip
    sizes = result["sizes"]
    with matplotlib.rc_context({"svg.hashsalt": "bench", "font.size": 8}):
        figure, axes = pyplot.subplots(1, len(groups), figsize=(12, 3.6), layout="constrained")
        for axis, (title, bars) in zip(axes, groups, strict=True):
            height = 0.8 / len(sizes)
            for number, size in enumerate(sizes):
                seconds = [read(size["letters"]) or 0.0 for _, read in bars]
                places = [place + number * height for place in range(len(bars))]
                drawn = axis.barh(places, seconds, height, label=f"{size['data']['dossiers']:,} dossiers")
                axis.bar_label(drawn, labels=[f"{one:.1f}" if one else "not measured" for one in seconds], padding=2)
            axis.set_yticks([place + height * (len(sizes) - 1) / 2 for place in range(len(bars))], [name for name, _ in bars])
            axis.invert_yaxis()
            axis.margins(x=0.2)
            axis.set_title(title)
            axis.spines[["top", "right"]].set_visible(False)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(sizes), frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None})
        pyplot.close(figure)


def _peer_cpu(name: str) -> Callable[[Letters], float | None]:
    """Seconds of a peer for as many records as the product read."""

    def read(letters: Letters) -> float | None:
        found = _beside(letters, name)
        if found is None:
            return None
        records: int = letters["c"]["a day"]["landed"] if "day" in name else letters["a"]["load"]["landed"]
        return per_record(found) * records

    return read


def _refresh_cpu(name: str) -> Callable[[Letters], float]:
    return lambda letters: float(letters["d"][name]["parts"]["refresh"]["cpu"])


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    known = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    (folder / "bench").with_suffix(".md").write_text(page(known), encoding="utf-8")
    chart(known, folder / "bench.svg")
