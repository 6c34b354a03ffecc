"""The order of the rooms in plugins/cchc holds, and its check finds a planted defect ([tool.importlinter] in pyproject.toml)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cchc.settings import PROJECT

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
CIRCLES = """
import grimp
from graphlib import TopologicalSorter
graph = grimp.build_graph("cchc", cache_dir=None)
assert len(graph.modules) > 150, len(graph.modules)
TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}).prepare()
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the package and pyproject.toml, to plant defects in."""
    shutil.copytree(PROJECT / "plugins" / "cchc", tmp_path / "cchc", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(copy: Path, module: str, line: str) -> None:
    """Put an import at the end of a module of the copy."""
    path = copy / "cchc" / f"{module}.py"
    path.parent.mkdir(exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{text}\n{line}\n", encoding="utf-8")


def run(copy: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program on the copy: the folder in which it runs is the first place where Python looks for a package."""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    return subprocess.run([sys.executable, "-c", program], cwd=copy, env=environment, capture_output=True, text=True, check=False)


def test_the_order_of_the_rooms_is_kept(copy: Path) -> None:
    done = run(copy, LINT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "told"),
    [
        pytest.param("sources/times", "import cchc.core.merge", "cchc.sources.times -> cchc.core.merge", id="up"),
        pytest.param(
            "sources/times", "def late():\n    from cchc.core import merge", "cchc.sources.times -> cchc.core.merge", id="up in a function"
        ),
        pytest.param("forms/score", "import cchc.findings.counts", "cchc.forms.score -> cchc.findings.counts", id="beside"),
        pytest.param("news/__init__", "import cchc.errors", "news", id="a room without a place"),
        pytest.param("sources/times", "import cchc.sources.records", "times", id="circle in a room"),
    ],
)
def test_a_planted_import_is_told(copy: Path, module: str, line: str, told: str) -> None:
    plant(copy, module, line)
    done = run(copy, LINT)
    assert done.returncode == 1, done.stdout + done.stderr
    assert told in done.stdout


def test_no_module_is_in_a_circle(copy: Path) -> None:
    """Also not with the `__init__` of its own room, which the contract on siblings does not see."""
    done = run(copy, CIRCLES)
    assert done.returncode == 0, done.stderr
    plant(copy, "quality/gx", "import cchc.quality")
    assert "CycleError" in run(copy, CIRCLES).stderr
