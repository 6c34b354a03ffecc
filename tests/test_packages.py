"""Packages: the server's lock has no tools of tests, the developer's lock adds them at the same versions, and imports are declared."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cchc.settings import PROJECT

DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SERVER = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
DEVELOPER = (PROJECT / "requirements-dev.lock").read_text(encoding="utf-8")
US = "cchc (pyproject.toml)"


def name_of(requirement: str) -> str:
    """The name of a package as locks write it: `types-PyYAML>=6` → types-pyyaml."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def locked(text: str) -> dict[str, str]:
    """Each package of a lock (`numpy==2.4.6 ; python_full_version < '3.12'`) with its hashes and who asks for it."""
    parts = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    return {part.split(" \\", 1)[0]: part for part in parts if "==" in part.split("\n", 1)[0]}


def asked_for_by_us(text: str) -> set[str]:
    """The names of those packages of a lock that pyproject.toml itself asks for."""
    return {name_of(line) for line, part in locked(text).items() if US in part}


def names(requirements: list[str]) -> set[str]:
    return {name_of(each) for each in requirements}


def test_each_lock_has_what_is_declared_and_the_servers_has_no_tool() -> None:
    server, developer = names(DECLARED["dependencies"]), names(DECLARED["optional-dependencies"]["dev"])
    assert {"pytest", "mypy", "hypothesis"} <= developer
    assert asked_for_by_us(SERVER) == server
    assert asked_for_by_us(DEVELOPER) == server | developer


def test_a_tool_in_the_servers_lock_is_found() -> None:
    planted = SERVER + f"pytest==9.2.0 \\\n    --hash=sha256:0\n    # via {US}\n"
    assert asked_for_by_us(planted) - asked_for_by_us(SERVER) == {"pytest"}


def test_developers_have_the_versions_of_the_server() -> None:
    strip = re.compile(r" ;.*$")
    server = {strip.sub("", line) for line in locked(SERVER)}
    assert len(server) > 100
    assert server <= {strip.sub("", line) for line in locked(DEVELOPER)}


def test_the_image_installs_the_servers_lock_alone() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"pip install .*-r (\S+)", dockerfile) == ["/opt/cchc/requirements.lock"]
    assert "requirements-dev" not in dockerfile + (PROJECT / ".dockerignore").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("import alembic", "DEP003 'alembic' imported but it is a transitive"),
        ("import nowhere_at_all", "DEP001 'nowhere_at_all'"),
        ("import pytest", "DEP004 'pytest' imported but declared as a dev"),
    ],
)
def test_a_planted_import_is_told(tmp_path: Path, line: str, told: str) -> None:
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    room = tmp_path / "plugins" / "cchc"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text(f"{line}\n", encoding="utf-8")
    command = [sys.executable, "-m", "deptry", "plugins", "--no-ansi", "--ignore", "DEP002"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert told in done.stderr, done.stderr
