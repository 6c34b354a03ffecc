"""The SQL files that a profile names beside itself."""

from __future__ import annotations

from pathlib import Path

from cchc.errors import NotConfigured


def read_query(folder: Path, name: str, where: str) -> str:
    """The text of an SQL file of a profile in `folder`. Raises NotConfigured if it is not there or below, cannot be read, or is empty."""
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise NotConfigured(f"{where}: there is no SQL file {name!r} in the folder of the profile or below it.")
    try:
        text = path.read_text(encoding="utf-8-sig").strip().rstrip(";").strip()
    except (OSError, UnicodeDecodeError):
        raise NotConfigured(f"{where}: the SQL file {name!r} cannot be read as UTF-8.") from None
    if not text:
        raise NotConfigured(f"{where}: the SQL file {name!r} is empty.")
    return text
