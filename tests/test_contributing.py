"""What CONTRIBUTING and its companions promise works: commands, version, release notes, the checks before a commit."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import yaml

from cchc.settings import PROJECT

VERSION = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
MAKEFILE = (PROJECT / "Makefile").read_text("utf-8")


def output(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout


def test_the_version_is_told() -> None:
    assert output(sys.executable, "-m", "cchc.cli", "--version") == f"cchc {VERSION}\n"


def test_release_notes_are_those_of_the_version() -> None:
    notes = output("make", "--no-print-directory", "release-notes")
    assert len(notes.splitlines()) > 10
    assert not any(line.startswith("## ") for line in notes.splitlines())
    assert notes.strip() in (PROJECT / "CHANGELOG.md").read_text("utf-8")


def test_commands_of_the_guides_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    for name in (
        "CONTRIBUTING.md",
        "README.md",
        "tests/README.md",
        ".github/pull_request_template.md",
        ".ci/run",
        ".pre-commit-config.yaml",
    ):
        named = set(re.findall(r"(?:^|`| )make ([a-z-]+)", (PROJECT / name).read_text("utf-8"), re.MULTILINE))
        assert named <= targets, f"{name} names targets that the Makefile does not have"


def test_the_checks_before_a_commit_are_those_of_make_check() -> None:
    recipe = re.search(r"^check: (.*?)##.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert recipe is not None
    checked = {line.replace("$(BIN)/", "").split()[0] for line in recipe[2].splitlines()} | {
        word for word in recipe[1].split() if "check" in word
    }
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"][0]["hooks"]
    before = {hook["entry"].replace(".venv/bin/", "").removeprefix("make ").split()[0] for hook in hooks}
    assert before == checked


def test_the_build_runs_the_same_script() -> None:
    steps = yaml.safe_load((PROJECT / ".github" / "workflows" / "ci.yaml").read_text("utf-8"))["jobs"]["test"]["steps"]
    assert ".ci/run" in [step.get("run") for step in steps]
    assert all(command in (PROJECT / ".ci" / "run").read_text("utf-8") for command in ("make check\n", "make test-all\n"))
