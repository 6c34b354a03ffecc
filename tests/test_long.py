"""The list of long tests (tests/support/long.py) is true, follows its rules, and does not grow unseen."""

from __future__ import annotations

import re
from functools import cache

import pytest

from cchc.settings import PROJECT
from tests.support.long import LONG, RULES, Long, is_long

TESTS = PROJECT / "tests"
SHARE = 0.065  # of the test functions that may be long. Above it, make a test cheaper rather than the list longer.


@cache
def functions(file: str) -> list[str]:
    """The names of the tests in a file, in order."""
    return re.findall(r"^(?:    )?(?:async )?def (test_\w+)\(", (PROJECT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)


@cache
def every_test() -> list[str]:
    """Each test function as `file::name`."""
    files = sorted(path.relative_to(PROJECT).as_posix() for path in TESTS.rglob("test_*.py"))
    return [f"{file}::{name}" for file in files for name in functions(file)]


def faults(entry: Long) -> list[str]:
    """What is wrong with an entry of the list."""
    found = [] if entry.rule in RULES else [f"{entry.rule} is no rule"]
    if not is_there(entry.test):
        found.append(f"there is no {entry.test}")
    if entry.rule == "measures":
        return found
    if not is_there(entry.instead):
        return [*found, f"nothing stands in place of {entry.test}"]
    file, _, name = entry.instead.partition("::")
    if all(is_long(f"{file}::{test}") for test in ([name] if name else functions(file))):
        found.append(f"{entry.instead}, which stands in place of {entry.test}, is long itself")
    return found


def is_there(name: str) -> bool:
    """Whether a file, or a test in it, exists."""
    file, _, test = name.partition("::")
    return bool(file) and (PROJECT / file).is_file() and (not test or test.partition("[")[0] in functions(file))


@pytest.mark.parametrize("entry", LONG, ids=lambda entry: entry.test)
def test_it_follows_a_rule_and_something_stands_in_its_place(entry: Long) -> None:
    assert faults(entry) == []


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (Long("tests/sql/test_sql.py", "slow", "tests/sql/test_order.py"), "slow is no rule"),
        (Long("tests/sql/gone", "again", "tests/sql/test_order.py"), "there is no tests/sql/gone"),
        (Long("tests/sql/test_sql.py::test_gone", "again", "tests/sql/test_order.py"), "there is no tests/sql/test_sql.py::test_gone"),
        (Long("tests/sql/test_sql.py", "again"), "nothing stands in place of tests/sql/test_sql.py"),
        (
            Long("tests/sql/test_sql.py", "again", "tests/bench/test_bench.py"),
            "tests/bench/test_bench.py, which stands in place of tests/sql/test_sql.py, is long itself",
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else part.test,
)
def test_an_entry_that_does_not_is_told(entry: Long, fault: str) -> None:
    assert faults(entry) == [fault]


def test_the_page_says_the_rules() -> None:
    section = (TESTS / "README.md").read_text(encoding="utf-8").split("## Long")[1].split("\n## ")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, flags=re.MULTILINE)) == RULES


def test_the_list_alone_gives_the_mark() -> None:
    marked = [path.name for path in TESTS.rglob("*.py") if re.search(r"mark\.long\b", path.read_text(encoding="utf-8"))]
    assert marked == []


def test_no_test_is_listed_twice() -> None:
    names = [entry.test for entry in LONG]
    assert [name for name in names if any(entry.covers(name) and entry.test != name for entry in LONG)] == []
    assert len(set(names)) == len(names)


def test_few_tests_are_long_and_every_folder_keeps_others() -> None:
    tests = every_test()
    long = {test for test in tests if is_long(test)}
    assert len(long) < SHARE * len(tests), f"{len(long)} of {len(tests)} test functions are long"
    measuring = {entry.test for entry in LONG if entry.rule == "measures"}
    tests = [test for test in tests if test.partition("::")[0] not in measuring]
    assert {test.rpartition("/")[0] for test in tests} == {test.rpartition("/")[0] for test in tests if test not in long}


def test_what_starts_the_whole_stack_is_long() -> None:
    """A test that asks for the fixture `installation` starts PostgreSQL, the sources and four processes of Airflow."""
    found = [
        f"{path.relative_to(PROJECT).as_posix()}::{name}"
        for path in (TESTS / "end_to_end").glob("test_*.py")
        for name in re.findall(
            r"^def (test_\w+)\([^)]*\binstallation: Installation\b", path.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    ]
    assert len(found) >= 2
    assert [name for name in found if not is_long(name)] == []


def test_a_case_a_test_and_a_file_are_covered() -> None:
    assert is_long("tests/end_to_end/test_airflow.py::test_from_nothing_to_the_scorecard_and_on")
    assert is_long("tests/oracle/test_product.py::test_every_number_equals_the_oracle[29]")
    assert not is_long("tests/oracle/test_product.py::test_every_number_equals_the_oracle[4]")
    entry = Long("file::test_c", "again")
    assert entry.covers("file::test_c[1]") and not entry.covers("file::test_cd")
