"""`cchc up | down | status | demo | airflow | url`: the embedded PostgreSQL and Airflow."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cchc.cli.arguments import Add
from cchc.cli.indicators import print_scorecard
from cchc.cli.init import initialise
from cchc.links import View, dashboard_links
from cchc.period import parse_period
from cchc.settings import Settings

if TYPE_CHECKING:
    from cchc.embedded.stack import Stack


def register(add: Add) -> None:
    """Add the commands."""
    add("up", _up, "start the embedded PostgreSQL and Airflow")
    add("down", _down, "stop them; no process is left")
    add("status", _status, "what runs, and where")
    demo = add("demo", _demo, "the demo district from nothing to the scorecard")
    demo.add_argument("--once", action="store_true", help="stop everything when it is done")
    demo.add_argument("--scale", type=float, help="size of a new district, as a share of the real one: 0.05 loads within a minute")
    airflow = add("airflow", _airflow, "Airflow's own command, on the embedded installation: cchc airflow dags list")
    airflow.add_argument("arguments", nargs=argparse.REMAINDER, metavar="…", help="as of `airflow`; `version`, `dags list`, `tasks test` …")
    url = add("url", _url, "the address of the warehouse for psql, DBeaver and other clients")
    url.add_argument("--with-password", action="store_true", help="print the password, too")


def _up(options: argparse.Namespace, settings: Settings) -> int:
    """Start PostgreSQL and Airflow for the real sources and print where to log in. A second call only prints."""
    from cchc.embedded import demo, stack

    say = _speaker()

    def prepare() -> Mapping[str, str]:
        initialise(settings)
        return {}

    running = stack.up(settings, prepare=prepare, say=say)
    say("is running" if running.started_now else "was running already")
    _print_login(settings, running)
    if not demo.serves(settings) and not any(name.startswith("AIRFLOW_CONN_SRC_") for name in os.environ):
        print("Next: give Airflow the connections src_<source> (Admin, Connections), then switch the ingest DAGs on.")
    if demo.is_demo(settings):
        print(f"Note: {settings.home} holds the made-up district of `make demo`. For real sources set CCHC_HOME to another folder.")
    return 0


def _down(options: argparse.Namespace, settings: Settings) -> int:
    """Stop everything that `up` or `demo` started under this CCHC_HOME."""
    from cchc.embedded import stack

    stack.down(settings)
    print("Stopped. The data stay in " + str(settings.home))
    return 0


def _status(options: argparse.Namespace, settings: Settings) -> int:
    """Print what runs. The exit code is 0 if the whole stack is up, else 1."""
    from cchc.embedded import elsewhere, stack

    if elsewhere.runs_elsewhere(settings):
        states = elsewhere.status(settings)
        for name, state in states.items():
            print(f"{name:<15} {state}")
        return 0 if set(states.values()) == {elsewhere.HEALTHY} else 1
    for name, state in stack.status(settings).items():
        print(f"{name:<15} {state}")
    running = stack.running_stack(settings)
    if running:
        _print_login(settings, running)
    # the same questions as `cchc doctor` asks, so that the two agree
    wrong = [text for level, text in stack.health(settings) if level == stack.WRONG]
    for text in wrong:
        print(f"{stack.WRONG} {text}")
    return 0 if running and not wrong else 1


def _demo(options: argparse.Namespace, settings: Settings) -> int:
    """Load the demo district through real DAG runs and print its scorecard. With --once stop everything then, whatever happened."""
    from cchc.embedded import demo, stack

    say = _speaker()
    try:
        running = demo.load(
            settings,
            prepare=lambda: initialise(settings),
            say=say,
            ready=lambda started: None if options.once else _print_login(settings, started),
            scale=options.scale,
        )
        print(flush=True)
        period = demo.period(settings)
        print_scorecard(settings, parse_period(period))
        if not options.once:
            _print_login(settings, running)
            print("`make down` stops it.")
            links = dashboard_links(settings, running.url)
            print(f"\nDashboard: {links.scorecard(View(period=period))}" if links else "")
        return 0
    finally:
        if options.once:
            say("stopping")
            stack.down(settings)


def _airflow(options: argparse.Namespace, settings: Settings) -> int:
    """Run Airflow's own command with the environment of the embedded installation. The exit code is that of the command."""
    from cchc.embedded import demo, stack

    environment = {**stack.command_environment(settings), **demo.variables(settings)}
    return subprocess.run([sys.executable, "-m", "airflow", *options.arguments], env=environment, check=False).returncode


def _url(options: argparse.Namespace, settings: Settings) -> int:
    """Print the address, and beside it (on stderr) how to get the password. The exit code is 1 where the embedded server does not run."""
    from cchc.warehouse import embedded as postgres
    from cchc.warehouse.url import address

    print(address(settings, with_password=options.with_password))
    if not options.with_password:
        print('The password is not shown; `psql "$(cchc url --with-password)"` hands it on.', file=sys.stderr)
    if settings.warehouse_url is None and not postgres.is_running(settings.home):
        print("PostgreSQL is stopped; `cchc init` starts it, `cchc up` starts it and Airflow.", file=sys.stderr)
        return 1
    return 0


def _speaker() -> Callable[[str], None]:
    """A function that prints a line with the seconds since now."""
    started = time.monotonic()
    return lambda what: print(f"[{time.monotonic() - started:5.0f} s] {what}", flush=True)


def _print_login(settings: Settings, running: Stack) -> None:
    print(f"\nAirflow:  {running.url}\nLog in:   user {running.user}, password {running.password}\nState:    {settings.home}", flush=True)
