"""Pack the two bundles of an edition from its folder: the open one without the rows, and the one for auditors with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc.authority import authority
from cchc.bundle import verify
from cchc.bundle.freeze import PAPERS
from cchc.errors import CchcError, WrongUse
from cchc.files import PRIVATE, write_atomic
from cchc.period import Period
from cchc.settings import Settings
from cchc.warehouse import engine
from cchc.warehouse.queries import ask

OPEN, AUDIT = "open", "audit"  # the two forms: without and with the rows


@dataclass(frozen=True)
class Bundles:
    """The bundles of an edition. `content_sha256`: the hash that its papers print; `manifest_sha256`: that the next edition names.

    `left_out`: the names of papers that the bundles do not hold, because their layout does not say that they have figures alone.
    """

    edition: int
    open: Path
    audit: Path
    content_sha256: str
    manifest_sha256: str
    left_out: tuple[str, ...]


def pack(settings: Settings, period: Period, edition: int | None = None) -> Bundles:
    """Write the bundles of an edition from its folder; without a number those of the newest edition. They always have the same bytes.

    Raises WrongUse if the period was never published with a bundle, or has no such edition, and CchcError where a file of the folder is
    missing or is not the one that was published.
    """
    row = _edition(settings, period, edition)
    folder = settings.home / row["path"]
    files = _files(folder, row)
    number = row["edition"]
    found = Bundles(
        number,
        folder / name_of(period, number, OPEN),
        folder / name_of(period, number, AUDIT),
        row["content_sha256"],
        row["manifest_sha256"],
        tuple(sorted(path.name for path in (folder / PAPERS).glob("*") if f"{PAPERS}/{path.name}" not in files)),
    )
    try:
        write_atomic(found.open, _packed(files, OPEN))
        write_atomic(found.audit, _packed(files, AUDIT), PRIVATE)
    except OSError as error:
        raise CchcError(f"the bundles cannot be written into {folder}: {error.strerror or error}") from error
    return found


def bundle(settings: Settings, period: Period, edition: int, form: str) -> bytes:
    """The bytes of one bundle of an edition, packed anew from its folder. `form`: OPEN or AUDIT. Errors as in `pack`."""
    row = _edition(settings, period, edition)
    return _packed(_files(settings.home / row["path"], row), form)


def name_of(period: Period, edition: int, form: str) -> str:
    """The name of the file. `form`: OPEN or AUDIT."""
    return f"{authority().code}_{period.code}_{edition}_{form}.zip"


def _packed(files: dict[str, bytes], form: str) -> bytes:
    return verify.packed({name: data for name, data in files.items() if form == AUDIT or not name.startswith(verify.ROWS)})


def _edition(settings: Settings, period: Period, edition: int | None) -> dict[str, Any]:
    """The row of mart.publication_bundle."""
    with engine(settings).connect() as connection:
        rows = ask(connection, "bundle/edition", kind=period.kind, start=period.start)
    known = [row for row in rows if edition in (None, row["edition"])]
    if not known:
        which = f"edition {edition} of {period.code}" if edition else period.code
        raise WrongUse(
            f"{which} has no bundle: it was not published, or before bundles were made. `cchc publications` lists what was published"
        )
    return known[-1]


def damages(folder: Path, manifest_sha256: str) -> Iterator[str]:
    """What of an edition's folder is gone or is not what was published, and which bundle is not there any more; sentences."""
    try:
        _files(folder, {"manifest_sha256": manifest_sha256})
    except CchcError as error:
        yield str(error)
    for form in (OPEN, AUDIT):
        if not list(folder.glob(f"*_{form}.zip")):
            again = f"`cchc bundle {folder.parent.name} --edition {folder.name}` writes it again"
            yield f"{folder} has no bundle *_{form}.zip any more: {again}"


def _files(folder: Path, row: dict[str, Any]) -> dict[str, bytes]:
    """The files of an edition, each with the hash that was published."""
    manifest = _read(folder, verify.MANIFEST)
    if verify.sha256(manifest) != row["manifest_sha256"]:
        raise CchcError(f"{folder / verify.MANIFEST} is not the one that was published: restore the folder from the backup")
    files = {verify.MANIFEST: manifest, verify.SUMS: _read(folder, verify.SUMS)}
    for name, expected in json.loads(manifest)["files"].items():
        files[name] = _read(folder, name)
        if verify.sha256(files[name]) != expected:
            raise CchcError(f"{folder / name} is not the one that was published: restore the folder from the backup")
    for name in (verify.SIGNATURE, verify.PUBLIC_KEY):
        if (folder / name).exists():
            files[name] = _read(folder, name)
    if files[verify.SUMS] != verify.sums(files):
        raise CchcError(f"{folder / verify.SUMS} or the signature is not the one that was published: restore the folder from the backup")
    return files


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise CchcError(f"{folder / name} cannot be read ({error.strerror or error}): restore the folder from the backup") from error
