"""The files that an authority writes for this program: each is read, or refused by a message that names it, whatever stands in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cchc.authority import read_authority
from cchc.errors import NotConfigured
from cchc.reference import calendar
from cchc.reference.closing import closing, closing_cron, deadline_hours
from cchc.reference.duties import duties_of
from cchc.reference.plan import plans
from cchc.reference.unit_list import FILE as UNITS
from cchc.reference.unit_list import read_units
from cchc.reports.layout_file import FILES, OfficeFile
from cchc.settings import PROJECT, Settings
from cchc.typed import read
from tests.fuzz.delivery import Defect, scratch, within_budget

AUTHORITY = PROJECT / "include" / "authorities" / "vinh_cuu"
LAYOUT = PROJECT / "include" / "reports" / "v2023-01-01"
MODELS: dict[str, Any] = {**FILES, "letterhead": OfficeFile}
LONGEST = 2**16  # of a message that somebody can read


def _authority(folder: Path) -> None:
    read_authority(folder)


def _calendar(folder: Path) -> None:
    calendar.overrides(folder / calendar.FILE)


def _units(folder: Path) -> None:
    read_units(folder / UNITS)


def _duties(folder: Path) -> None:
    """With the units of the authority, and by each of its plans."""
    shutil.copy(AUTHORITY / UNITS, folder)
    settings = replace(Settings.load(), authority_dir=folder)
    for plan in plans(Settings.load()):
        duties_of(settings, plan.code)


def _closing(folder: Path) -> None:
    settings = replace(Settings.load(), authority_dir=folder)
    closing(settings)
    deadline_hours(settings)
    closing_cron(settings)


def _layouts(folder: Path) -> None:
    """As each file of a layout."""
    (given,) = folder.iterdir()
    told = []
    for name, model in MODELS.items():
        path = given.rename(folder / f"{name}.yaml")
        given = path
        try:
            read(path, model)
        except NotConfigured as error:
            told.append(_named(path.name, error))
    if len(told) == len(MODELS):
        given.rename(folder / "layout.yaml")
        raise NotConfigured(f"layout.yaml: {told[0]}")


def _named(file: str, error: NotConfigured) -> str:
    words = str(error)
    if file not in words or len(words) > LONGEST:
        raise Defect(f"a message without the file {file}, or too long to read: {words[:300]}") from error
    words.encode()
    return words


READERS: dict[str, tuple[str, Callable[[Path], None], tuple[Path, ...]]] = {
    "authority": ("authority.yaml", _authority, (AUTHORITY / "authority.yaml",)),
    "calendar": (calendar.FILE, _calendar, (AUTHORITY / calendar.FILE,)),
    "units": (UNITS, _units, (AUTHORITY / UNITS,)),
    "duties": ("declarations.yaml", _duties, (AUTHORITY / "declarations.yaml",)),
    "closing": ("closing.yaml", _closing, (AUTHORITY / "closing.yaml",)),
    "layouts": ("layout.yaml", _layouts, (*(LAYOUT / f"{name}.yaml" for name in FILES), AUTHORITY / "letterhead.yaml")),
}


def own_file(name: str, data: bytes) -> None:
    """A file of an authority: it is read, or refused by a message that names it. `name`: a key of READERS."""
    file, reader, _ = READERS[name]
    folder = scratch()
    try:
        (folder / file).write_bytes(data)
        with within_budget():
            try:
                reader(folder)
            except NotConfigured as error:
                _named(file, error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seeds(name: str) -> tuple[bytes, ...]:
    """Good files, from which the fuzzers start."""
    return tuple(path.read_bytes() for path in READERS[name][2])
