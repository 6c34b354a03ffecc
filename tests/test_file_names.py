"""The names of files are plain: a slip of a shell once left whole copies of modules under the text of a line of code."""

from __future__ import annotations

import re
import subprocess

import pytest

from cchc.settings import PROJECT

PLAIN = re.compile(r"[A-Za-z0-9_./@+-]+")


def test_each_file_of_the_repository_has_a_plain_name() -> None:
    if not (PROJECT / ".git").exists():
        pytest.skip("no repository of git here")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split("\0")
    assert len(listed) > 1000
    assert [name for name in listed if name and not PLAIN.fullmatch(name)] == []
