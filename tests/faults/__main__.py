"""`python -m tests.faults`: inject faults for a time, and print what was done and what came of it. Ends with 1 if anything must not be."""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import signal
import sys
import time
from datetime import datetime, timedelta

from tests.faults.place import Place
from tests.faults.real_stack import RealStack
from tests.faults.rounds import ProcessRound, SourceRound, State, Tally, undisturbed_core
from tests.faults.stack_rounds import KINDS, StackRounds, moments_of
from tests.oracle.world import random_world

OF_FACTS = ("core.", "mart.dossier", "mart.indicator_value")
RATIO = 3  # source faults are cheap: so many parts of the time go to processes, one to the sources


def closed_period(moment: datetime) -> str:
    """The month before the one of T."""
    return f"{moment.replace(day=1) - timedelta(days=1):%Y-%m}"


def facts(state: State) -> State:
    """What two runs at once must not change; what a closing freezes depends on when it comes."""
    return {table: rows for table, rows in state.items() if table.startswith(OF_FACTS)}


class Run:
    """Rounds by turns, until the time is over."""

    def __init__(self, place: Place, seed: int, seconds: float, faults: int, kinds: str) -> None:
        self.place, self.chance, self.faults, self.kinds = place, random.Random(seed), faults, kinds
        self.moments = place.world.ts[-2:]
        self.period = closed_period(self.moments[-1])
        self.took: dict[str, float] = {}
        self.tally = Tally()
        self.said = 0  # how many of the findings were printed as they came
        self.until = time.monotonic() + seconds

    def go(self) -> Tally:
        """All rounds that the time allows, at least one of each kind."""
        if "s" in self.kinds:
            self._sources()
        if "p" in self.kinds:
            self._processes()
        return self.tally

    def _sources(self) -> None:
        expected = undisturbed_core(self.place, self.moments)
        seconds = self.until - time.monotonic()
        until = time.monotonic() + (seconds / RATIO if "p" in self.kinds else seconds)
        while True:
            self.tally += SourceRound(self.place, self._chance(), expected, self.moments).run(self.faults, until)
            self._say()
            if time.monotonic() > until:
                return

    def _processes(self) -> None:
        expected, plain = ProcessRound(self.place, self._chance(), 0.0, self.took, self.period).run(self.moments)
        self.tally += plain
        while True:
            found, tally = ProcessRound(self.place, self._chance(), 0.5, self.took, self.period).run(self.moments, self.until)
            tally.compare(expected, found, f"processes, {dict(tally.faults)}")
            self.tally += tally
            self._say()
            if time.monotonic() > self.until:
                return
            found, tally = ProcessRound(self.place, self._chance(), 0.0, self.took, self.period).overlap(self.moments, 6)
            tally.compare(facts(expected), facts(found), "two tasks at once")
            self.tally += tally
            self._say()

    def _chance(self) -> random.Random:
        return random.Random(self.chance.random())

    def _say(self) -> None:
        tally = self.tally
        print(
            f"{tally.faults.total()} faults, {tally.runs} runs, {tally.rows} rows, {len(tally.findings)} findings",
            *tally.findings[self.said :],
            sep="\n",
            file=sys.stderr,
            flush=True,
        )
        self.said = len(tally.findings)


def of_a_running_stack(seed: int, seconds: float) -> Tally:
    """Faults of every kind in a drawn order, while a real Airflow runs, until the time is over."""
    until, chance = time.monotonic() + seconds, random.Random(seed)
    world = random_world(43, 25)
    kinds = chance.sample(KINDS, len(KINDS))
    moments = moments_of(world, len(kinds))
    tally = Tally()
    while not tally.runs or time.monotonic() < until:
        with RealStack(world).running() as real:
            with contextlib.redirect_stdout(io.StringIO()):  # what each ingest prints
                expected = real.undisturbed(moments)
            rounds = StackRounds(real, chance, lambda line: print(line, file=sys.stderr, flush=True))
            try:
                rounds.run(moments, expected, kinds, until)
            finally:
                tally += rounds.tally
                print(report(tally), file=sys.stderr, flush=True)
    return tally


def report(tally: Tally) -> str:
    """The tally in lines."""
    lines = [f"  {count:7}  {kind}" for kind, count in sorted(tally.faults.items(), key=lambda item: (-item[1], item[0]))]
    lines += ["outcomes:", *(f"  {count:7}  {what}" for what, count in tally.outcomes.most_common())]
    kinds = {word: sum(finding.startswith(word) for finding in tally.findings) for word in ("difference", "hung")}
    head = f"{tally.faults.total()} faults in {tally.runs} runs of tasks; {tally.rows} rows compared: {kinds['difference']} differences, {kinds['hung']} hangs"
    return "\n".join([f"{head}, {len(tally.findings) - sum(kinds.values())} other findings", *lines, *tally.findings])


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600, help="how long (3600)")
    parser.add_argument("--seed", type=int, default=1, help="what goes wrong is drawn from it (1)")
    parser.add_argument("--faults", type=int, default=150, help="disturbed extracts for each source and moment of a round (150)")
    parser.add_argument(
        "--kinds", default="sp", help="s: of sources, p: of processes, disks and clocks (sp); a: of a running Airflow, alone"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the server is stopped and the disks are taken away all the same
    if options.kinds == "a":
        tally = of_a_running_stack(options.seed, options.seconds)
        print(report(tally))
        return 1 if tally.findings else 0
    with Place(random_world(43, 25)) as place:
        tally = Run(place, options.seed, options.seconds, options.faults, options.kinds).go()
    print(report(tally))
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
