"""The commands of the demo: serve, advance, connections, oddities."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import signal
import sys
import threading
import urllib.request
from pathlib import Path

from demo import oddities
from demo.authority import PROCEDURES
from demo.clock import DAY, first_clock, iso_offset, parse_iso
from demo.state import DEFAULT_PORT, DEFAULT_SCALE, DEFAULT_SEED, StateFolder, WrongState
from demo.units import ONE_STOP_UNITS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description="A made-up district that speaks the source contracts.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer on the loopback address and keep the drop folders up to date")
    serve.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"default {DEFAULT_PORT}; 0 takes a free one")
    serve.add_argument(
        "--clock", help=f"ISO 8601 with offset; of a new state {first_clock()}; an existing state keeps its clock unless this is later"
    )
    serve.add_argument("--scale", type=float, help=f"share of the full size, default {DEFAULT_SCALE}")
    serve.add_argument("--seed", type=int, help=f"default {DEFAULT_SEED}")
    serve.add_argument("--faults", action="store_true", help="429, 503, expiring tokens, repeated records")
    advance = commands.add_parser("advance", help="move the clock; a running server follows at once")
    group = advance.add_mutually_exclusive_group(required=True)
    group.add_argument("--days", type=int, help="so many days")
    group.add_argument("--to", help="to this time, ISO 8601 with offset")
    connections = commands.add_parser("connections", help="print the Airflow connections as JSON")
    connections.add_argument("--port", type=int, help="default: the port of the running server")
    commands.add_parser("oddities", help="print ODDITIES.md")
    for command in (serve, advance, connections):
        command.add_argument("--state", type=Path, required=True, help="folder of this demo's clock, credentials and delivered files")
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    from demo import server

    demo = server.start(
        arguments.state, clock=arguments.clock, scale=arguments.scale, seed=arguments.seed, port=arguments.port, faults=arguments.faults
    )
    gc.freeze()  # these millions of objects stay until the end, so garbage collections can skip them
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_ignored: stopped.set())
    idle = [unit.name for unit in ONE_STOP_UNITS if unit.code not in demo.district.offers]
    if idle:
        print(f"without procedures in {PROCEDURES}, so without dossiers: {', '.join(idle)}", flush=True)
    print(f"demo district on {demo.url}, clock {demo.state.now()}, state {demo.state.folder}", flush=True)
    stopped.wait()
    demo.stop()
    return 0


def _follows(port: int, wanted: str) -> bool:
    """Ask the running server for its clock, which makes it deliver the files that are due. Returns whether its clock is `wanted`."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as answer:
            return bool(json.load(answer)["clock"] == wanted)
    except (OSError, ValueError, KeyError):
        return False


def _advance(arguments: argparse.Namespace) -> int:
    state = StateFolder(arguments.state)
    settings = state.settings()
    now = state.clock.read()
    to = now + arguments.days * DAY if arguments.to is None else parse_iso(arguments.to)
    if to < now:
        raise WrongState(f"the clock stands at {iso_offset(now)}; it does not run backwards (start again with another --state folder)")
    state.clock.write(to)
    port = state.server_port()
    if port is None or not _follows(port, iso_offset(to)):
        from demo.district import District
        from demo.drops import drop_folders

        for folder in drop_folders(state, District(settings["seed"], settings["scale"])):
            folder.update(to)
    print(json.dumps({"clock": iso_offset(to)}))
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 done, 1 failed, 2 wrong use."""
    parsed = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    try:
        if parsed.command == "serve":
            return _serve(parsed)
        if parsed.command == "advance":
            return _advance(parsed)
        if parsed.command == "connections":
            state = StateFolder(parsed.state)
            state.settings()
            print(json.dumps(state.connections(parsed.port), indent=2))
            return 0
        print(oddities.markdown(), end="")
        return 0
    except (WrongState, ValueError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
