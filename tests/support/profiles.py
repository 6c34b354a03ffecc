"""Profiles of the project for tests in which a source may be away on purpose."""

from __future__ import annotations

from pathlib import Path

from cchc.settings import PROJECT


def profiles_that_try_once(folder: Path, *names: str) -> Path:
    """Makes `folder` with the project's profiles (`names`, else all of them), which do not try again six times.

    Raises AssertionError where no profile says any more how often it tries.
    """
    folder.mkdir()
    changed = 0
    for path in (PROJECT / "include" / "sources").glob("*.yaml"):
        if not names or path.stem in names:
            said = path.read_text(encoding="utf-8")
            changed += said.count("retries: 6")
            (folder / path.name).write_text(said.replace("retries: 6", "retries: 0"), encoding="utf-8")
    assert changed, "no profile says `retries: 6`"
    return folder
