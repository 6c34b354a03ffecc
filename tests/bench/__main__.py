"""How fast is it? `make bench` (ARGS="--scale 0.2 1.0"; --quick: tiny, in seconds): CPU seconds, as ratios to floors measured beside them.

The records of one_stop of the demo district are loaded, pulled, changed, refreshed, asked and published. Beside each work stands what
nobody can go below (COPY of the same final rows, a bare HTTP client), and what others take for less (dlt, pandas). CPU seconds are those of
client and server together, with the start of each process. docs/performance.md has the goals. Writes results as JSON, a
table in Markdown and a chart into the folder that --out names. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cchc.settings import PROJECT
from tests.bench import report
from tests.bench.measure import measure

QUICK_SCALE = 0.002


def machine() -> str:
    """What it ran on, in a line."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, Python {platform.python_version()}, load {load}"


def tell(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def bench(scales: list[float], out: Path, *, quick: bool, without_dlt: bool, tools: Path) -> dict[str, Any]:
    """Measure each size, and write the results; what is measured is written after each size."""
    begun = time.perf_counter()
    before = dict(os.environ)
    result: dict[str, Any] = {"machine": machine(), "quick": quick, "sizes": []}
    print(f"machine  {result['machine']}", flush=True)
    for scale in scales:
        with tempfile.TemporaryDirectory(prefix="cchc-bench-") as temporary:
            try:
                size = measure(Path(temporary), scale, quick=quick, without_dlt=without_dlt, tools=tools, tell=tell)
                result["sizes"].append(size)
            finally:
                os.environ.clear()
                os.environ.update(before)
        result["seconds"] = round(time.perf_counter() - begun)
        out.mkdir(parents=True, exist_ok=True)
        (out / "bench.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        (out / "bench").with_suffix(".md").write_text(report.page(result), encoding="utf-8")
        report.chart(result, out / "bench.svg")
    print(f"\n{report.page(result)}\nwritten  {out}: bench.json, the table and the chart beside it")
    return result


def main(arguments: list[str]) -> int:
    """Run it; 0."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--scale", type=float, nargs="+", default=[0.2], help="shares of the full demo district; default 0.2 (25,000 dossiers)"
    )
    parser.add_argument("--out", type=Path, default=PROJECT / ".cchc" / "bench", help="folder of the results; default .cchc/bench")
    parser.add_argument("--tools", type=Path, default=PROJECT / ".cchc" / "bench-tools", help="folder in which dlt is installed, once")
    parser.add_argument(
        "--quick", action="store_true", help="a tiny district, and dlt only where it is installed already: proves that it runs"
    )
    parser.add_argument("--without-dlt", action="store_true", help="leave dlt out, which takes more time than all the rest")
    options = parser.parse_args(arguments)
    scales = [QUICK_SCALE] if options.quick else options.scale
    bench(scales, options.out, quick=options.quick, without_dlt=options.without_dlt, tools=options.tools)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
