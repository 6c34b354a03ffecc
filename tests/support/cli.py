"""The command line as an operator sees it: what it printed, where, and its exit code."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass

import pytest

from cchc.cli import main as cli


@dataclass(frozen=True)
class Said:
    """What one command said."""

    code: int
    out: str
    err: str
    data: bytes


def cchc(*arguments: str) -> Said:
    """Run `cchc …` in this process. Unexpected exceptions are not caught, so that the test fails with their stack trace."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            code = cli.main(list(arguments))
        except SystemExit as ended:  # argparse
            code = int(ended.code or 0)
    data, errors = (stream.buffer.getvalue() for stream in streams)
    return Said(code, data.decode("utf-8", "replace"), errors.decode("utf-8"), data)


def connect(monkeypatch: pytest.MonkeyPatch, source: str, **parts: str) -> None:
    """Set the connection of a source."""
    monkeypatch.setenv(f"AIRFLOW_CONN_SRC_{source.upper()}", json.dumps(parts))
