"""The script of the pages is built from its sources, and from nothing else."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cchc.settings import PROJECT

FOLDER = PROJECT / "include" / "dashboard"
SCRIPT = FOLDER / "static" / "dashboard.js"


def sources_hash() -> str:
    """What build.mjs writes into the first line."""
    digest = hashlib.sha256()
    for name in ["package-lock.json", "build.mjs", *sorted(f"source/{path.name}" for path in (FOLDER / "source").iterdir())]:
        digest.update(f"{name}\n".encode())
        digest.update((FOLDER / name).read_bytes())
    return digest.hexdigest()


def test_the_script_is_that_of_its_sources() -> None:
    first = SCRIPT.read_text("utf-8").splitlines()[0]
    assert first == f"/* built by include/dashboard/build.mjs from {sources_hash()} */", "`make dashboard-script` builds it anew"


def test_nothing_is_fetched_from_elsewhere() -> None:
    for path in sorted((FOLDER / "static").iterdir()):
        text = path.read_text("utf-8")
        elsewhere = [
            found
            for found in re.findall(r"https?://[^\s\"'`)]+", text)
            if not found.startswith(("http://www.w3.org/", "https://github.com/"))
        ]
        assert not elsewhere, (path.name, elsewhere[:5])
        assert "@import" not in text
        assert "sourceMappingURL" not in text


@pytest.mark.nightly
def test_building_it_again_gives_the_same_bytes(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, so the script cannot be built again")
    copy = tmp_path / "dashboard"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=copy, check=True, capture_output=True, timeout=300)
    subprocess.run(["node", "build.mjs", "built.js"], cwd=copy, check=True, capture_output=True, timeout=120)
    assert (copy / "built.js").read_bytes() == SCRIPT.read_bytes()
