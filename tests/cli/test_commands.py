"""How the command line is put together: which commands there are, and that asking for help loads nothing heavy."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cchc import cli
from cchc.cli import main
from tests.cli.support import cchc

COMMANDS = [
    "init", "ingest", "refresh", "scorecard", "explain", "export", "close", "publications", "restatements", "report", "quarantine", "source",
    "declare", "doctor", "sql", "form", "findings", "reconcile", "score", "outlook", "up", "down", "status", "demo",
]  # fmt: skip
HEAVY = {"airflow", "great_expectations", "numpy", "openpyxl", "pandas", "psycopg", "pyarrow", "python_calamine", "requests", "sqlalchemy"}
FOLDER = Path(cli.__path__[0])


def test_the_commands_stand_in_their_order() -> None:
    listed = [line.split()[0] for line in cchc("--help").out.splitlines() if line.startswith("    ") and line[4] != " "]
    assert listed == COMMANDS
    for command in COMMANDS:
        said = cchc(command, "--help")
        assert (said.code, said.out.startswith(f"usage: cchc {command} ")) == (0, True)


def test_help_loads_nothing_heavy() -> None:
    program = "import json, sys\nimport cchc.cli.main\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY & set(json.loads(done.stdout)) == set()


def test_every_subject_is_run_and_none_runs_the_others_by_their_command_lines() -> None:
    for path in FOLDER.glob("*.py"):
        imported = {
            name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for name in (
                [f"{node.module}.{alias.name}" for alias in node.names] + [str(node.module)]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else []
            )
        }
        assert path.stem == "__main__" or "cchc.cli.main" not in imported, path.name
    registering = {path.stem for path in FOLDER.glob("*.py") if "\ndef register(" in path.read_text(encoding="utf-8")}
    assert {subject.__name__.rpartition(".")[2] for subject in main.SUBJECTS} == registering


def test_what_argparse_refuses_is_said_in_our_words(capsys: pytest.CaptureFixture[str]) -> None:
    said = cchc("scorecard", "2023-13")
    assert said.code == 2
    assert "argument period: " in said.err and "2023-13" in said.err
