"""The product against the oracle on one world: drive the public CLI, read mart.indicator_value, list the differences.

python -m tests.oracle.compare 1 2 3          # seeds; from the root of the project, with its environment
python -m tests.oracle.compare 7 --dossiers 200 --keep .cchc/oracle
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    __package__ = "oracle"

from cchc.settings import VINH_CUU
from tests.support.environment import added

from .indicators import (
    DECLARED,
    DOSSIER_INDICATORS,
    INDICATORS,
    SECONDARY,
    SOURCE_OF,
    SOURCES,
    Knowledge,
    Run,
    dossier_facts,
    members,
    rows,
)
from .server import ContractServer, Faults, windows
from .words import BASES, ROOT, another_list, midnight, parse_period, period_names, scopes, span
from .world import World, random_world

Key = tuple[str, str, str, date, str]  # indicator, unit, kind, start, basis


class Value(NamedTuple):
    """What the product says."""

    numerator: int | None
    denominator: int | None
    target: Fraction | None
    status: str | None
    gap: int | None
    coverage: float | None
    reason: str | None = None


class Failed(RuntimeError):
    """The product's CLI ended with a code it should not."""


@contextmanager
def own_server(home: Path) -> Iterator[Any]:
    """An embedded PostgreSQL of the product's own kind in `home`, ended on leaving: a function from a name to the URL of a new database."""
    from cchc.warehouse import embedded as postgres

    server = postgres.start(home, durable=False)

    def new(name: str) -> str:
        server.ensure_databases(name)
        return str(server.url(name))

    try:
        yield new
    finally:
        postgres.stop(home)


def known_sources() -> tuple[str, ...]:
    """The sources of the oracle for which the product has a profile."""
    return tuple(source for source in (*SOURCES, *SECONDARY) if (ROOT / "include" / "sources" / f"{source}.yaml").exists())


def cli(args: Sequence[str], env: Mapping[str, str], *, in_process: bool = False) -> int:
    """`cchc …`: its exit code. In-process saves the start-up; a subprocess is the interface that operators have."""
    if in_process:
        from cchc.cli.main import main as product

        with added(env):
            try:
                return int(product(list(args)) or 0)
            except SystemExit as stop:
                return int(stop.code or 0) if not isinstance(stop.code, str) else 1
    return subprocess.run([sys.executable, "-m", "cchc.cli", *args], env={**os.environ, **env}, cwd=ROOT, check=False).returncode


def run_product(
    server: ContractServer, home: Path, ts: Sequence[datetime], env: Mapping[str, str], *, periods: Sequence[str] = (), in_process: bool = False,
    refresh_each: bool = True, lagging: Sequence[str] = (), sources: Sequence[str] = (), units: Path | None = None,
    begin: date | None = None,
) -> list[Run]:  # fmt: skip
    """Ingest the sources (default: all that the product knows) at each T (the `lagging` ones not at the last), refresh.

    `units`: another list of units than the project's. `begin`: months before it are not refreshed.

    Answers the runs as the product asked for them: the windows are read from the server's log.
    """
    env = {"CCHC_HOME": str(home), **server.connections(), **env}
    runs = []

    def call(*args: str, good: tuple[int, ...] = (0,)) -> None:
        code = cli(args, env, in_process=in_process)
        if code not in good:
            raise Failed(f"cchc {' '.join(args)}: exit code {code}")

    if units is not None:
        env |= _authority_with(units, home / "authority")
    call("init")
    for number, t in enumerate(sorted(ts)):
        server.clock = t
        for source in sources or known_sources():
            if source in lagging and len(ts) > 1 and number == len(ts) - 1:
                continue
            server.log.clear()
            call("ingest", source, "--to", t.isoformat(), good=(0, 3) if source in ("payments", *SECONDARY) else (0,))
            runs.append(Run(source, t, windows(server.log)))
        if refresh_each or number == len(ts) - 1:
            if begin is not None:
                with psycopg.connect(
                    (env.get("CCHC_WAREHOUSE_URL") or os.environ["CCHC_WAREHOUSE_URL"]).replace("+psycopg", "")
                ) as connection:
                    connection.execute("delete from ops.dirty_month where month_start < %s", [begin])
            call("refresh")
    if periods:
        call("refresh", *periods)
    return runs


def _authority_with(units: Path, folder: Path) -> dict[str, str]:
    """A folder of the authority with another list of units, and the variable that names it."""
    shutil.copytree(VINH_CUU, folder, dirs_exist_ok=True)
    shutil.copytree(ROOT / "include" / "plans", folder / "plans", dirs_exist_ok=True)
    shutil.copy(units, folder / "units.csv")
    return {"CCHC_AUTHORITY": str(folder)}


@lru_cache(maxsize=10_000)  # a district has some hundred different targets in a hundred thousand values
def _fraction(raw: Any) -> Fraction | None:
    if raw is None:
        return None
    exact = Fraction(raw) if isinstance(raw, (int, Decimal)) else Fraction(str(raw)).limit_denominator(10**6)
    return exact / 100 if exact > Fraction(3, 2) else exact


def product_values(warehouse_url: str) -> dict[Key, Value]:
    """mart.indicator_value, one row a key; a key that comes twice is an error."""
    import sqlalchemy

    query = """
        select indicator_code, unit_code, period_kind, period_start, basis, numerator, denominator, target, status, gap_count, coverage,
            no_target_reason
        from mart.indicator_value
    """
    engine = sqlalchemy.create_engine(warehouse_url)
    out: dict[Key, Value] = {}
    with engine.connect() as connection:
        for row in connection.execute(sqlalchemy.text(query)):
            code, unit, kind, start, basis, numerator, denominator, target, status, gap, coverage, reason = row
            key = (code, unit, kind, start.date() if isinstance(start, datetime) else start, basis)
            if key in out:
                raise Failed(f"mart.indicator_value has two rows for {key}")
            whole = [None if n is None else int(n) for n in (numerator, denominator, gap)]
            covered = None if coverage is None else float(coverage)
            out[key] = Value(whole[0], whole[1], _fraction(target), status, whole[2], covered, reason)
    engine.dispose()
    return out


def differences(
    kn: Knowledge, values: Mapping[Key, Value], *, periods: Sequence[str] = (), limit: int = 5000, numbers_only: bool = False
) -> list[str]:
    """Where the product and the oracle differ: first the numbers, then target, status, gap and coverage; then what is missing."""
    out: list[str] = []
    computed = {key[2:] for key in values}
    asked = {(kind, start) for _, _, kind, start, _ in values} | {parse_period(name) for name in periods}
    for kind, start in sorted(asked):
        for basis in BASES:
            ours, who = rows(kn, kind, start, basis), members(kn, kind, start, basis)
            label = f"{period_names(kind, start)} {basis}"
            if (kind, start, basis) not in computed:
                if ours:
                    out.append(f"{label}: no row at all in the product")
                continue
            for code in INDICATORS:
                judged = span(kind, start, basis, kn.t[SOURCE_OF[code]]) if SOURCE_OF[code] in kn.t else None
                for scope, inside in scopes(judged.d if judged else start).items():
                    mine, theirs = ours.get((code, scope)), values.get((code, scope, kind, start, basis))
                    at = f"{label} {code} {scope}"
                    if mine is None or theirs is None:
                        if mine is not None and (mine.numerator or mine.denominator):
                            out.append(f"{at}: oracle {mine.numerator}/{mine.denominator}, product has no row")
                        elif theirs is not None and (theirs.numerator or theirs.denominator):
                            out.append(f"{at}: product {theirs.numerator}/{theirs.denominator}, oracle has no value")
                        continue
                    if code in DECLARED and theirs.numerator is None and not mine.numerator and not mine.denominator:
                        # nobody declared: the product has no number, the sum over nobody is 0 of 0
                        theirs = theirs._replace(numerator=mine.numerator, denominator=mine.denominator, gap=mine.gap)
                    if (mine.numerator, mine.denominator) != (theirs.numerator, theirs.denominator):
                        line = f"{at}: oracle {mine.numerator}/{mine.denominator}, product {theirs.numerator}/{theirs.denominator}"
                        upper, lower = who.get(code, ([], []))
                        if scope in ("all", *inside) or code not in DOSSIER_INDICATORS:
                            line += f"; numerator {_names(upper, inside)}"
                            line += f"; denominator {_names(lower, inside)}" if lower is not None else ""
                        out.append(line)
                    elif not numbers_only:
                        other = []
                        if mine.target != theirs.target:
                            other.append(f"target {mine.target} / {theirs.target}")
                        if mine.status != theirs.status:
                            other.append(f"status {mine.status} / {theirs.status}")
                        if mine.gap != theirs.gap:
                            other.append(f"gap {mine.gap} / {theirs.gap}")
                        if mine.reason != theirs.reason:
                            other.append(f"reason {mine.reason} / {theirs.reason}")
                        covered = None if mine.coverage is None else float(mine.coverage)
                        given = theirs.coverage
                        if code in DECLARED:
                            covered = given = None  # the oracle does not say who is expected to declare
                        if (covered is None) != (given is None) or (
                            covered is not None and given is not None and abs(covered - given) > 1e-4
                        ):
                            other.append(f"coverage {mine.coverage} / {theirs.coverage}")
                        if other:
                            out.append(f"{at} (oracle / product): " + ", ".join(other))
                if len(out) >= limit:
                    return [*out, f"… stopped at {limit}"]
    return out


def summary(found: Sequence[str], each: int = 3) -> list[str]:
    """The differences by indicator and kind, with a few examples of each: those of single units first, they say most."""
    groups: dict[str, list[str]] = {}
    for line in found:
        words = line.split()
        name = words[2] if len(words) > 3 and words[2] in INDICATORS else "other"
        kind = (
            "no row"
            if "no row" in line or "no value" in line
            else "+".join(w for w in ("target", "status", "gap", "reason", "coverage") if f" {w} " in line)
        )
        groups.setdefault(f"{name}: {kind or 'numbers'}", []).append(line)
    out = []
    for name, lines in sorted(groups.items(), key=lambda pair: (not pair[0].endswith("numbers"), pair[0])):
        out.append(f"{name}: {len(lines)}")
        out += ["    " + line for line in sorted(lines, key=lambda line: " H19" not in line)[:each]]
    return out


def _names(who: Any, inside: set[str]) -> str:
    found = sorted(
        {str(identity if isinstance(identity, str) else "·".join(map(str, identity))) for unit, identity in who if unit in inside}
    )
    return f"{{{', '.join(found[:25])}{' …' if len(found) > 25 else ''}}}"


def faults_for(seed: int) -> Faults:
    """What the sources of a seed are like; every third is well-behaved."""
    if seed % 3 == 0:
        return Faults()
    return Faults(
        busy_every=(0, 7)[seed % 2], token_requests=(0, 3, 5)[seed % 3], gzip=seed % 2 == 0, duplicates=seed % 5 < 3,
        last_page_forever=seed % 4 == 1, page_cap=(0, 0, 7, 13)[seed % 4],
    )  # fmt: skip


def lagging_for(seed: int) -> tuple[str, ...]:
    """Which sources of a seed have no extract at the last T."""
    return ((), (), ("payments",), ("documents",), ("one_stop",))[seed % 5]


def told(
    world: World, home: Path, env: Mapping[str, str], *, faults: Faults, lagging: Sequence[str] = (), in_process: bool = False,
    sources: Sequence[str] = (), force: bool = False, numbers_only: bool = False, is_short: bool = False,
) -> tuple[Knowledge, list[str]]:  # fmt: skip
    """One world through the product: what the oracle knows, and where the product differs.

    CCHC_WAREHOUSE_URL (of `env` or of the process) must name an empty database. `is_short`: the months before the world begins, of which
    the oracle says nothing, are not computed either.
    """
    url = env.get("CCHC_WAREHOUSE_URL") or os.environ.get("CCHC_WAREHOUSE_URL")
    if not url:
        raise SystemExit("CCHC_WAREHOUSE_URL: the URL of an empty database is needed")
    periods = [name for name in world.periods if midnight(parse_period(name)[1]) < max(world.ts)]
    with ExitStack() as stack:
        units = None
        if world.units is not None:
            units = home / "units.csv"
            home.mkdir(parents=True, exist_ok=True)
            units.write_text(world.units, encoding="utf-8")
            stack.enter_context(another_list(units))
        with ContractServer(world, home / "drop", faults) as server:
            runs = run_product(
                server, home / "cchc", world.ts, env, periods=periods if force else (), in_process=in_process, lagging=lagging,
                sources=sources, units=units, begin=world.begin if is_short else None,
            )  # fmt: skip
        kn = Knowledge(world, runs=runs)
        return kn, differences(kn, product_values(url), periods=periods, numbers_only=numbers_only)


def main(
    seed: int, *, dossiers: int = 60, env: Mapping[str, str] | None = None, home: Path | None = None, faults: Faults | None = None,
    in_process: bool = False, world: World | None = None, echo: bool = True, numbers_only: bool = False, sources: Sequence[str] = (),
    extracts: int = 0, force: bool = False,
) -> list[str]:  # fmt: skip
    """One world through the product; the differences. CCHC_WAREHOUSE_URL (of `env` or of the process) must name an empty database."""
    env = dict(env or {})
    world = world or random_world(seed, dossiers)
    if extracts:
        world.ts = world.ts[-extracts:]
    made = home is None
    home = home or Path(tempfile.mkdtemp(prefix=f"oracle-{seed}-"))
    try:
        kn, found = told(
            world,
            home,
            env,
            faults=faults_for(seed) if faults is None else faults,
            lagging=lagging_for(seed),
            in_process=in_process,
            sources=sources,
            force=force,
            numbers_only=numbers_only,
        )
        if not made:
            (home / "differences.txt").write_text("\n".join(found), encoding="utf-8")
            (home / "facts.json").write_text(json.dumps(dossier_facts(kn), default=str, ensure_ascii=False, indent=1), encoding="utf-8")
    finally:
        if made:
            shutil.rmtree(home, ignore_errors=True)
    if echo:
        print(f"seed {seed}: T {', '.join(t.isoformat() for t in world.ts)}; {len(found)} differences", flush=True)
        for line in summary(found):
            print("  " + line, flush=True)
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="+", type=int)
    parser.add_argument("--dossiers", type=int, default=60)
    parser.add_argument("--keep", type=Path, help="a folder for the product's state and the oracle's facts; kept")
    parser.add_argument("--in-process", action="store_true")
    parser.add_argument("--numbers-only", action="store_true")
    parser.add_argument("--sources", nargs="+", default=[], choices=(*SOURCES, *SECONDARY), help="default: all that the product knows")
    parser.add_argument("--extracts", type=int, default=0, help="only the last so many T's")
    parser.add_argument("--exotic", action="store_true", help="cases on which the text is thin, too")
    parser.add_argument("--reorganised", action="store_true", help="units begin, end, are merged, divided and renamed")
    parser.add_argument("--force", action="store_true", help="at the end refresh the world's periods by name too")
    return parser.parse_args()


def _all(given: argparse.Namespace, base: Path) -> int:
    total = 0
    with own_server(base / "server") as new:
        for seed in given.seeds:
            env = {"CCHC_WAREHOUSE_URL": new(f"oracle_{seed}_{os.getpid()}")}
            try:
                found = main(
                    seed,
                    dossiers=given.dossiers,
                    home=base / str(seed),
                    in_process=given.in_process,
                    numbers_only=given.numbers_only,
                    env=env,
                    sources=given.sources,
                    extracts=given.extracts,
                    force=given.force,
                    world=random_world(seed, given.dossiers, exotic=given.exotic, reorganised=given.reorganised),
                )
            except Exception as failure:  # the product may end in any way: go on with the next seed
                traceback.print_exc()
                print(f"seed {seed}: {failure!r}"[:500], flush=True)
                found = [str(failure)]
            total += len(found)
    return total


if __name__ == "__main__":
    arguments = _arguments()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="oracle-"))
    try:
        differing = _all(arguments, folder)
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if differing else 0)
