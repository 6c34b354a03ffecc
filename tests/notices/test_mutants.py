"""Each check of the alerts can fail: with a defect planted there, a test turns red.

By hand, one of them: `pytest -m nightly tests/notices/test_mutants.py -k "late at the limit"`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cchc.notices.trouble import EVENTS
from cchc.settings import PROJECT
from tests.notices.mutants import MATTERS, MUTANTS, Mutant, with_defect

FOLDERS = ("dags", "demo", "docs", "expectations", "include", "plugins", "tests")
OF_THE_SESSION = ("CCHC_", "AIRFLOW", "PYTEST_", "COV_CORE_", "COVERAGE_")  # variables that would lead the tests of a copy elsewhere
NO_TEST = re.compile(r"^(?:[\w.]+\.)?(?:ImportError|ModuleNotFoundError|SyntaxError|NameError|UndefinedError|ProgrammingError)\b")
PROOF = Path("tests") / "notices" / "test_where_it_is.py"  # written into the copy alone
PROVES = """
from cchc import settings
from cchc.notices import tell
from tests.notices import conftest


def test_it() -> None:
    raise AssertionError(f"{settings.PROJECT} {tell.__file__} {conftest.__file__}")
"""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_text_still_says_what_the_defect_changes(mutant: Mutant) -> None:
    broken = with_defect(mutant)
    assert broken != (PROJECT / mutant.file).read_text(encoding="utf-8")
    if mutant.file.endswith(".py"):
        compile(broken, mutant.file, "exec")
    file, _, test = mutant.seen_by.partition("::")
    assert f"def {test}(" in (PROJECT / file).read_text(encoding="utf-8"), f"{mutant.seen_by} is gone: mend the list of defects"


def test_a_defect_without_a_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text("twice and twice", encoding="utf-8")
    for old, words in (
        ("never", "words.py no longer says 'never': mend the list"),
        ("twice", "words.py says 'twice' 2 times: make it one place"),
    ):
        with pytest.raises(AssertionError, match=words):
            with_defect(Mutant("x", "grouped", "words.py", old, "once", ""), tmp_path)


def test_every_event_and_matter_has_a_defect_and_every_defect_a_name_of_its_own() -> None:
    assert {mutant.about for mutant in MUTANTS} == {*EVENTS, *MATTERS}
    names = [mutant.name for mutant in MUTANTS]
    assert sorted(names) == sorted(set(names))


class Copy:
    """A copy of the project, in which defects are planted and tests are run."""

    def __init__(self, folder: Path, reports: Path) -> None:
        self.folder, self.reports = folder, reports
        for name in FOLDERS:
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        shutil.copy(PROJECT / "pyproject.toml", folder)

    @contextmanager
    def planted(self, mutant: Mutant) -> Iterator[None]:
        """The defect, until the end of the block."""
        path = self.folder / mutant.file
        sound = path.read_text(encoding="utf-8")
        path.write_text(with_defect(mutant, self.folder), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(sound, encoding="utf-8")

    def run(self, *tests: str) -> tuple[list[str], list[str], str]:
        """Run tests of the copy until one fails: what those that failed say, what could not be run, and all that was printed."""
        report = self.reports / "report.xml"
        report.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(OF_THE_SESSION)}
        environment |= {"PYTHONPATH": os.pathsep.join([str(self.folder / "plugins"), str(self.folder)]), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
            "--rootdir",
            str(self.folder),
        ]
        done = subprocess.run([*command, *tests], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=280)
        if not report.exists():
            return [], ["no report was written"], done.stdout + done.stderr
        told = ElementTree.parse(report).getroot()  # noqa: S314 # pytest wrote it
        said = {kind: [str(each.get("message")) for each in told.iter(kind)] for kind in ("failure", "error")}
        return said["failure"], said["error"], done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("reports"))


@pytest.mark.nightly
def test_what_is_run_is_the_copy(copy: Copy) -> None:
    (copy.folder / PROOF).write_text(PROVES, encoding="utf-8")
    failures, errors, printed = copy.run(str(PROOF))
    (copy.folder / PROOF).unlink()
    assert errors == [], printed
    (said,) = failures
    files = ("", "/plugins/cchc/notices/tell.py", "/tests/notices/conftest.py")
    assert said.splitlines()[0] == f"AssertionError: {' '.join(f'{copy.folder}{file}' for file in files)}"


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_the_sound_copy_is_green(copy: Copy) -> None:
    """Otherwise a defect would be seen that is not one."""
    failures, errors, printed = copy.run(*sorted({mutant.seen_by for mutant in MUTANTS}))
    assert (failures, errors) == ([], []), printed


@pytest.mark.nightly
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_test_sees_the_defect(mutant: Mutant, copy: Copy) -> None:
    with copy.planted(mutant):
        failures, errors, printed = copy.run(mutant.seen_by)
    assert errors == [], f"what must fail is a test, not what it needs\n{printed}"
    assert failures, f"{mutant.seen_by} does not see it\n{printed}"
    assert not NO_TEST.match(failures[0]), f"the defect cannot be run at all\n{printed}"
