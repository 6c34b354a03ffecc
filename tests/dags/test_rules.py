"""Rules of the code that no type checker knows (docs/decisions/0008_airflow_decides_when.md), each with a planted defect."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cchc.settings import PROJECT

PACKAGE = PROJECT / "plugins" / "cchc"
RUN_EACH = """
import runpy, sys
for path in sys.argv[1:]:
    runpy.run_path(path)
    print(path, [name for name in ("pandas", "great_expectations") if name in sys.modules], sep="|")
"""


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that a file imports, at its top or in a function, by statement or by `import_module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "importlib.import_module", "__import__"):
            yield from (argument.value for argument in node.args if isinstance(argument, ast.Constant) and isinstance(argument.value, str))


def imports_airflow(source: str) -> bool:
    """Whether a file imports Airflow anywhere."""
    return any(name.partition(".")[0] == "airflow" for name in imported(ast.parse(source)))


def asks_the_clock(source: str) -> bool:
    """Whether a file asks for this moment or this day."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "utcnow", "today")
        and ast.unparse(node.func.value).rpartition(".")[2] in ("datetime", "date")
        for node in ast.walk(ast.parse(source))
    )


def test_only_cchc_airflow_imports_airflow() -> None:
    assert imports_airflow("def f():\n    from airflow.sdk import dag\n")
    assert imports_airflow("import importlib\nimportlib.import_module('airflow.models')\n")
    assert not imports_airflow("from cchc.airflow.assets import MONTHS_TOUCHED\n")
    files = [path for path in PACKAGE.rglob("*.py") if PACKAGE / "airflow" not in path.parents]
    assert len(files) > 30
    assert [str(path) for path in files if imports_airflow(path.read_text(encoding="utf-8"))] == []


def test_one_module_owns_the_clock() -> None:
    assert asks_the_clock("import datetime\ndatetime.datetime.now()\n")
    assert asks_the_clock("from datetime import date\ndate.today()\n")
    assert not asks_the_clock("from cchc.period import now\nnow()\n")
    files = [*PACKAGE.rglob("*.py"), *(PROJECT / "dags").glob("*.py")]
    assert [path.name for path in files if asks_the_clock(path.read_text(encoding="utf-8"))] == ["period.py"]


def test_dag_files_import_nothing_heavy(tmp_path: Path) -> None:
    """Every parse of a DAG file pays for its imports, and every task parses its file."""
    planted = tmp_path / "planted.py"
    planted.write_text("from datetime import datetime\nimport pandas\n", encoding="utf-8")
    files = [*sorted((PROJECT / "dags").glob("*.py")), planted]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "CCHC_", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "-c", RUN_EACH, *map(str, files)],
        cwd=tmp_path,
        env=environment | {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(PROJECT / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = dict(line.split("|") for line in done.stdout.splitlines() if "|" in line)
    heavy = found.pop(str(planted))
    assert heavy != "[]", "the planted file imports pandas, and nobody saw it"
    assert len(found) == len(files) - 1 >= 4
    assert set(found.values()) == {"[]"}
