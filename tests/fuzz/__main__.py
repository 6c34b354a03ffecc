"""Fuzz by hand: `make fuzz SECONDS=3600`, or `python -m tests.fuzz --seconds 600 --targets csv,json`.

The time is divided among the targets; each has a process of its own, half of its time for what Hypothesis makes and half for atheris, which
follows the coverage of the package `cchc` by libFuzzer. Each different defect is kept as a file, to become a case in tests/fuzz/cases.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parents[2]


@dataclass
class Found:
    """What one target did so far: how many deliveries it took, and its different defects."""

    folder: Path
    runs: int = 0
    defects: dict[str, Path] = field(default_factory=dict)

    def give(self, target: str, data: bytes) -> None:
        """Give a delivery to the target, and keep it where it finds a defect that is new."""
        from tests.fuzz.delivery import Defect
        from tests.fuzz.targets import run

        self.runs += 1
        try:
            run(target, data)
        except Defect as defect:
            words = re.sub(r"\d+|'[^']*'", "…", str(defect))[:80]
            if words not in self.defects:
                self.defects[words] = self.folder / f"{target}-{len(self.defects) + 1:02d}"
                self.defects[words].write_bytes(data)
                print(f"  {target}: {str(defect)[:400]}\n    kept as {self.defects[words]}", flush=True)


def by_hypothesis(target: str, seconds: float, found: Found, seed: int) -> None:
    """Deliveries that Hypothesis makes, until the time is over."""
    import hypothesis

    from tests.fuzz import strategies

    quiet = list(hypothesis.HealthCheck)
    until, turn = time.monotonic() + seconds, seed

    def give(data: bytes) -> None:
        if time.monotonic() < until:
            found.give(target, data)

    while time.monotonic() < until:
        turn += 1
        made = hypothesis.given(strategies.of(target))(give)
        settings = hypothesis.settings(
            max_examples=200, database=None, deadline=None, phases=[hypothesis.Phase.generate], suppress_health_check=quiet
        )
        hypothesis.seed(turn)(settings(made))()


def by_coverage(target: str, seconds: int, found: Found, seed: int) -> None:
    """Deliveries that atheris makes of the good ones and the cases, by what of `cchc` they reach; it ends this process."""
    import atheris

    from tests.fuzz.corpus import cases
    from tests.fuzz.targets import TARGETS

    begin, made = Path(tempfile.mkdtemp(prefix="begin-", dir=found.folder)), Path(tempfile.mkdtemp(prefix="made-", dir=found.folder))
    for number, data in enumerate([*TARGETS[target].seeds, *(case.read_bytes() for case in cases(target))]):
        (begin / f"{number:03d}").write_bytes(data)
    options = (
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        "-timeout=120",
        "-rss_limit_mb=3000",
        "-max_len=32768",
        "-verbosity=0",
        "-print_final_stats=1",
    )
    atheris.Setup(
        [sys.argv[0], *options, f"-artifact_prefix={found.folder}/{target}-", str(made), str(begin)], lambda data: found.give(target, data)
    )
    atheris.Fuzz()


def one(target: str, seconds: int, seed: int, folder: Path) -> None:
    """Fuzz one target in this process."""
    try:
        import atheris
    except ImportError:
        atheris = None
        print("  atheris is not installed here (Linux on x86-64 alone has it), so Hypothesis has all of the time", flush=True)
    else:
        with atheris.instrument_imports(include=["cchc"]):
            import tests.fuzz.targets  # noqa: F401  # what it imports of cchc is followed from here on
    found = Found(folder)
    by_hypothesis(target, seconds if atheris is None else seconds / 2, found, seed)
    print(f"{target}: {found.runs:,} deliveries by Hypothesis, {len(found.defects)} different defects", flush=True)
    if atheris is not None:
        by_coverage(target, max(seconds // 2, 1), found, seed)


def main() -> int:
    """Fuzz the targets one after the other. Ends with 1 where a defect was found."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=int, default=3600)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--targets", help="their names, with commas between them; all without it")
    asked.add_argument("--keep", type=Path, default=None, help="the folder for what is found; a new one without it")
    asked.add_argument("--one", help=argparse.SUPPRESS)
    given = asked.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="cchc-fuzz-found-"))
    folder.mkdir(parents=True, exist_ok=True)
    if given.one:
        one(given.one, given.seconds, given.seed, folder)
        return 0
    from tests.fuzz.targets import TARGETS

    names = given.targets.split(",") if given.targets else list(TARGETS)
    # atheris follows what lies on the path as a folder, and not what is installed to be edited
    paths = [str(PROJECT / "plugins"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "PYTHONPATH": os.pathsep.join(paths)}
    share = max(given.seconds // len(names), 2)
    for name in names:
        command = [
            sys.executable,
            "-m",
            "tests.fuzz",
            "--one",
            name,
            "--seconds",
            str(share),
            "--seed",
            str(given.seed),
            "--keep",
            str(folder),
        ]
        done = subprocess.run(command, check=False, env=environment, cwd=PROJECT)
        if done.returncode:
            print(f"{name}: its process ended with {done.returncode}; what it was given last lies in {folder}", flush=True)
    kept = sorted(path for path in folder.iterdir() if path.is_file())
    print(
        f"{len(kept)} deliveries are kept in {folder}: make each a case in tests/fuzz/cases, and mend the reader." if kept else "No defect."
    )
    return 1 if kept else 0


if __name__ == "__main__":
    sys.exit(main())
