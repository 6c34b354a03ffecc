"""The environment of a test: nothing of the machine that runs it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """The environment without any CCHC_ variable and connection but these; papers get no PDF, which would take seconds in each test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("CCHC_", "AIRFLOW_CONN_"))]:
            patch.delenv(name)
        for name, value in ({"CCHC_PDF": "off"} | variables).items():
            patch.setenv(name, value)
        yield


@contextmanager
def added(variables: Mapping[str, str]) -> Iterator[None]:
    """The environment with these variables beside what is there; afterwards it is as it was, whatever was set meanwhile."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        put_back(before)


def put_back(before: Mapping[str, str]) -> dict[str, str]:
    """Make the environment what it was, and give the variables that were set since: a fixture of the session must not leave them to others."""
    since = {name: value for name, value in os.environ.items() if before.get(name) != value}
    os.environ.clear()
    os.environ.update(before)
    return since
