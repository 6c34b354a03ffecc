"""Freeze the bundle of an edition: write its files into the folder of the edition, in the transaction of the caller that publishes it.

First everything but the papers, which gives the hash that the papers print; then, after the papers, the manifest. The folder has the same
files as the audit bundle, and beside them the papers that list single cases, so that `cchc.bundle.archive` packs both bundles from it, now
and in ten years, to the same bytes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from cchc.authority import authority
from cchc.bundle import verify
from cchc.bundle.edition import described
from cchc.bundle.figures import FIGURES, INDICATORS, SDMX, TARGETS, as_csv, figures, indicators, sdmx
from cchc.bundle.rows import known_roles, rows, trees
from cchc.bundle.signature import signed, signing_key
from cchc.files import private_folder, write_atomic
from cchc.period import Period
from cchc.reference.catalogue import catalogue
from cchc.reference.roles import Clocks
from cchc.reports.papers import figures_alone
from cchc.reports.seal import Seal
from cchc.settings import PROJECT, Settings
from cchc.warehouse import query, sql
from cchc.warehouse.locks import hold
from cchc.warehouse.queries import ask

PAPERS = "papers"
CHAIN_LOCK = "publication chain"


@dataclass(frozen=True)
class Draft:
    """The bundle of an edition before its papers are written.

    `folder`: of the edition. `seal`: what the papers print. `figures_alone`: how the names of those papers begin that the bundle holds.
    """

    publication_id: int
    position: int
    folder: Path
    seal: Seal
    hashes: dict[str, str]
    figures_alone: tuple[str, ...]

    @property
    def papers(self) -> Path:
        """The folder of the papers."""
        return self.folder / PAPERS


def folder_of(settings: Settings, period: Period, edition: int) -> Path:
    """The folder of an edition: its address."""
    return settings.home / "publications" / period.code / str(edition)


def draft(connection: Connection, settings: Settings, period: Period, publication_id: int, clocks: Iterable[Clocks]) -> Draft:
    """Write everything but the papers. `clocks`: of every tree of units, as the items were counted by.

    Editions are frozen one after the other, because each one names the one before it.
    """
    hold(connection, CHAIN_LOCK)
    publication = query(connection, "select * from mart.publication where publication_id = :p", {"p": publication_id})[0]
    private_folder(settings.home / "publications")  # the lists of late dossiers among the papers are not for every account of the machine
    folder = _empty(folder_of(settings, period, publication["edition"]))
    items = [item for _, item in sorted(catalogue(settings, period.last_day).items())]
    known = trees(connection, items, period, clocks)
    edition = described(connection, items, period, known, publication)
    values = figures(period, ask(connection, "bundle/value", publication_id=publication_id, root=authority().code))
    roles = {role: at for tree in reversed(known) for role, at in known_roles(tree, period).items()}
    known_at = {item.code: roles.get(item.role, publication["published_at"]) for item in items}
    files = {
        verify.EDITION: verify.canonical(edition),
        "figures.csv": as_csv(FIGURES, values),
        "figures.sdmx.csv": as_csv(SDMX, sdmx(period, publication["edition"], values, known_at)),
        "indicators.csv": as_csv(INDICATORS, indicators(items, publication["definitions"])),
        "targets.csv": as_csv(TARGETS, _targets(connection, edition)),
        **{f"{item.part(role)}.sql": sql(settings, item.part(role)).encode() for item in items for role in item.roles},
        "verify.py": Path(verify.__file__).read_bytes(),
        **{name: (PROJECT / "include" / "bundle" / name).read_bytes() for name in ("verify.sql", "dictionary.csv", "README.md")},
    }
    hashes = {}
    for name, data in files.items():
        hashes[name] = _write(folder / name, data)
    for name, data in rows(connection, settings, items, period, known):
        hashes[f"{verify.ROWS}{name}.parquet"] = _write(folder / verify.ROWS / f"{name}.parquet", data)
    content = verify.canonical({"files": hashes})
    hashes[verify.CONTENT] = _write(folder / verify.CONTENT, content)
    seal = Seal(period.code, publication["edition"], verify.sha256(content))
    return Draft(publication_id, edition["position"], folder, seal, hashes, figures_alone(settings, publication["layout"]))


def finish(connection: Connection, settings: Settings, drafted: Draft) -> None:
    """Write the manifest over everything, the papers too, sign it where a key is configured, and store the hashes.

    A paper that lists single cases is no part of a bundle: its codes and days would tell whose rows the pseudonyms are.
    """
    hashes = dict(drafted.hashes)
    for path in sorted(drafted.papers.rglob("*")):
        if path.is_file() and path.name.startswith(drafted.figures_alone):
            hashes[path.relative_to(drafted.folder).as_posix()] = verify.sha256(path.read_bytes())
    manifest = verify.canonical({"format": 1, "files": hashes})
    last = {verify.MANIFEST: manifest, **signed(signing_key(settings), manifest)}
    for name, data in (last | {verify.SUMS: verify.sums(last)}).items():
        _write(drafted.folder / name, data)
    connection.execute(
        text("insert into mart.publication_bundle values (:p, :position, :content, :manifest, :path)"),
        {
            "p": drafted.publication_id,
            "position": drafted.position,
            "content": drafted.seal.sha256,
            "manifest": verify.sha256(manifest),
            "path": str(drafted.folder.relative_to(settings.home)),
        },
    )


def _empty(folder: Path) -> Path:
    """The folder of an edition, empty. What an attempt that failed has left is deleted.

    A complete edition in it is kept beside it as `<edition>_unpublished_<n>`: this warehouse does not know it, because its transaction
    failed at the very end, or because the warehouse was restored from an older backup.
    """
    if (folder / verify.MANIFEST).exists():
        number = next(n for n in count(1) if not folder.with_name(f"{folder.name}_unpublished_{n}").exists())
        folder.rename(folder.with_name(f"{folder.name}_unpublished_{number}"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _targets(connection: Connection, edition: dict[str, Any]) -> list[dict[str, Any]]:
    return ask(connection, "bundle/target", plan=edition["plan"]["code"]) if edition["plan"]["holds"] else []


def _write(path: Path, data: bytes) -> str:
    """Write a file of the bundle, and return its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, data)
    return verify.sha256(data)
