"""Verify bundles of published figures: without a warehouse, without a network, with Python and DuckDB alone.

    python verify.py BUNDLE [BUNDLE …]       a bundle is a zip, or the folder into which it was unzipped

What is checked: every byte of the zip; the hash of every file; that the open and the audit bundle of an edition belong together; that no
edition is missing between the given ones, and none was replaced; where the rows are there, that every figure follows from them.
The exit code is 0 where everything is right, 1 where something is wrong (each thing is named), 2 for a wrong use.

This file is part of every bundle and imports nothing of the project that wrote it. What its answer proves, and what it does not, is
written in the README of the bundle.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import lzma
import re
import struct
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

MANIFEST, SUMS, CONTENT, EDITION = "manifest.json", "SHA256SUMS", "content.json", "edition.json"
SIGNATURE, PUBLIC_KEY = "manifest.sig", "office_key.pem"
ROWS = "rows/"  # what only the audit bundle has
UNLISTED = (MANIFEST, SUMS, SIGNATURE, PUBLIC_KEY)  # the manifest cannot list itself; SHA256SUMS lists these, but for itself
SHORT = 16  # digits of a hash that papers print
BASES = ("period", "year_to_date")
YEAR_BEFORE = "year_before"
MALFORMED = (KeyError, TypeError, ValueError, ArithmeticError)  # what reading a file raises that is not written as one of a bundle
DATABASE = "rows.duckdb"  # a file, so that rows that do not fit into memory lie on the disk
# one thread: each further one sorts and groups in memory of its own, and two took more than the limit for the rows of 2 million dossiers
LIMITS: dict[str, Any] = {"autoinstall_known_extensions": "false", "threads": 1}
# What DuckDB may take. It takes all of it, so it may take more only where the rows cannot be counted in less.
MEMORY = ("64MB", "96MB", "128MB", "256MB", "512MB")
_FIRST_TIME = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name


class BrokenBundle(Exception):
    """A bundle cannot be read, or is not what it says."""


@dataclass
class Checked:
    """A bundle, and what is wrong with it. `figures`, `rows`: how many were recomputed, from how many; 0 for an open bundle."""

    path: Path
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    edition: dict[str, Any] = field(default_factory=dict)
    manifest_sha256: str = ""
    content_sha256: str = ""
    is_audit: bool = False
    figures: int = 0
    rows: int = 0

    @property
    def name(self) -> str:
        """The edition in words."""
        return name_of(self.edition) if self.edition else self.path.name

    @property
    def line(self) -> str:
        """What was found, in one line."""
        kind = "audit" if self.is_audit else "open"
        done = f"{self.figures} figures recomputed from {self.rows} rows, all equal" if self.is_audit else "every file has its hash"
        return f"{self.name} ({kind}): {done}; hash of the figures {self.content_sha256[:SHORT]}, of the bundle {self.manifest_sha256}"


def name_of(edition: Mapping[str, Any]) -> str:
    """An edition as people name it: 2023-12 edition 1."""
    period = edition["period"]
    return f"{period['code'] if isinstance(period, dict) else period} edition {edition['edition']}"


def sha256(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: Any) -> bytes:
    """A value as JSON in the one form that is hashed."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def sums(files: Mapping[str, bytes]) -> bytes:
    """The file SHA256SUMS: the hashes of the manifest, and of the signature and the public key where there are such."""
    return "".join(f"{sha256(files[name])}  {name}\n" for name in sorted(set(UNLISTED) - {SUMS}) if name in files).encode()


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files as a zip. The same files give the same bytes: in the order of their names, not compressed, all of the same moment."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _FIRST_TIME)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def unpacked(path: Path) -> dict[str, bytes]:
    """The files of a bundle by name. Raises BrokenBundle where it cannot be read, or where a byte of the zip itself is another one."""
    if path.is_dir():
        return {file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
    try:
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except (
        OSError,
        ValueError,
        EOFError,
        NotImplementedError,  # what zipfile raises for a way of packing that it does not know
        RuntimeError,
        struct.error,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
    ) as error:
        raise BrokenBundle(f"it cannot be read: {error}") from error
    again = packed(files)
    if again != data:
        where = next((at for at, (left, right) in enumerate(zip(again, data, strict=False)) if left != right), min(len(again), len(data)))
        raise BrokenBundle(f"the zip is not as it was written: byte {where} is another one, or a file was renamed or repeated")
    return files


def check(path: Path, key: bytes | None = None) -> Checked:
    """Check one bundle by itself. `key`: the public key of the office (PEM), got by another way; it must have signed the bundle."""
    found = Checked(path)
    try:
        files = unpacked(path)
        _check_files(files, found)
    except BrokenBundle as error:
        found.wrong.append(str(error))
        return found
    except MALFORMED as error:
        found.wrong.append(f"{MANIFEST}, {CONTENT} or {EDITION} is not written as one of a bundle: {error!r}")
        return found
    _check_signature(files, found, key)
    if not found.wrong and found.is_audit:
        try:
            found.wrong += recompute(files, found)
        except BrokenBundle as error:
            found.wrong.append(str(error))
        except MALFORMED as error:
            found.wrong.append(f"the figures were not recomputed: a file is not written as one of a bundle: {error!r}")
    return found


def _check_files(files: Mapping[str, bytes], found: Checked) -> None:
    """Every file has the hash that the manifest says, the manifest that of SHA256SUMS; none is missing, none too many."""
    for name in (MANIFEST, SUMS):
        if name not in files:
            raise BrokenBundle(f"{name} is missing")
    found.manifest_sha256 = sha256(files[MANIFEST])
    if files[SUMS] != sums(files):
        raise BrokenBundle(f"{SUMS} does not fit {', '.join(name for name in UNLISTED if name != SUMS and name in files)}")
    listed: dict[str, str] = json.loads(files[MANIFEST])["files"]
    found.is_audit = any(name.startswith(ROWS) for name in files)
    for name, expected in listed.items():
        if name not in files:
            if found.is_audit or not name.startswith(ROWS):
                found.wrong.append(f"{name} is missing")
        elif sha256(files[name]) != expected:
            found.wrong.append(f"{name} was changed: its SHA-256 is not that of the manifest")
    found.wrong += [f"{name} is not in the manifest" for name in sorted(set(files) - set(listed) - set(UNLISTED))]
    if found.wrong:
        return
    found.edition = json.loads(files[EDITION])
    found.content_sha256 = sha256(files[CONTENT])
    content = json.loads(files[CONTENT])["files"]
    found.wrong += [f"{CONTENT} names another {name} than the manifest" for name in content if listed.get(name) != content[name]]


def _check_signature(files: Mapping[str, bytes], found: Checked, key: bytes | None) -> None:
    """The signature over the manifest, where there is one or one is asked for."""
    if SIGNATURE not in files:
        (found.wrong if key else found.notes).append("it bears no signature of the office")
        return
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        (found.wrong if key else found.notes).append("the signature was not checked: the package cryptography is not installed")
        return
    try:
        public = load_pem_public_key(key or files[PUBLIC_KEY])
        if not isinstance(public, Ed25519PublicKey):
            raise BrokenBundle("the key of the office is no Ed25519 public key")
        public.verify(files[SIGNATURE], files[MANIFEST])
    except (InvalidSignature, ValueError, KeyError, BrokenBundle) as error:
        found.wrong.append(f"the signature is not one of the manifest by this key{f': {error}' if str(error) else ''}")
        return
    found.notes.append(
        "signed by the given key" if key else "signed by the key that lies in it; whose that is, only a key got elsewhere says"
    )


def check_all(paths: Iterable[Path], key: bytes | None = None) -> list[Checked]:
    """Check bundles by themselves, then against each other: pairs of open and audit, and the chain of editions."""
    checked = [check(path, key) for path in paths]
    whole = sorted((one for one in checked if one.edition), key=lambda one: (one.edition["position"], str(one.path)))
    for before, after in itertools.pairwise(whole):
        left, right = before.edition["position"], after.edition["position"]
        if left == right:
            if before.manifest_sha256 != after.manifest_sha256:
                after.wrong.append(f"{before.path.name} is another bundle of the same place in the chain: one of them was replaced")
            continue
        previous = after.edition["previous"]
        if right > left + 1:
            many = f"{right - left - 1} editions" if right - left > 2 else "one edition"
            after.wrong.append(f"{many} between {before.name} and {after.name} is missing; the last one is {name_of(previous)}")
        elif previous["manifest_sha256"] != before.manifest_sha256:
            after.wrong.append(f"it follows another {name_of(previous)} than {before.path.name}: that one was replaced")
    if whole and whole[0].edition["position"] > 1:
        whole[0].notes.append(f"the chain before it was not given: {whole[0].edition['position'] - 1} earlier editions")
    return checked


# ---------------------------------------------------------------------------------------------------------------- the figures


def recompute(files: Mapping[str, bytes], found: Checked) -> list[str]:
    """Count every figure again from the rows, by the queries of the bundle. Returns what is not equal; none of it is left out."""
    figures = list(csv.DictReader(io.StringIO(files["figures.csv"].decode())))
    targets = list(csv.DictReader(io.StringIO(files["targets.csv"].decode())))
    counted = _counted(files, found.edition)
    found.rows, wrong = counted.rows, counted.wrong
    judge = _Judge(found.edition, targets, counted.counts, counted.covered, counted.scopes_before)
    known = set()
    for figure in figures:
        known.add((figure["tree"], figure["indicator_code"], figure["basis"], figure["unit_code"]))
        if figure["indicator_code"] not in counted.failed:
            wrong += judge.differences(figure)
            found.figures += 1
    for place in sorted(set(counted.counts) - known):
        if place[2] != YEAR_BEFORE:
            wrong.append(f"{place[1]} of {place[3]} ({place[2]}): the rows give a figure, and none is published")
    return wrong


@dataclass(frozen=True)
class Counted:
    """What the rows of a bundle say, by place. `wrong`: the indicators that could not be counted, in words; `failed`: their codes."""

    rows: int
    wrong: list[str]
    failed: set[str]
    counts: dict[tuple[str, str, str, str], tuple[int, int, bool]]
    covered: dict[tuple[str, str, str, str], Fraction]
    scopes_before: dict[tuple[str, str], set[str]]


def _counted(files: Mapping[str, bytes], edition: dict[str, Any]) -> Counted:
    """Count the rows of a bundle, in as little memory as they need. Raises BrokenBundle where they cannot be counted."""
    try:
        import duckdb
    except ImportError:
        raise BrokenBundle("the figures were not recomputed: the package duckdb is not installed (pip install duckdb)") from None

    for memory in MEMORY[:-1]:
        try:
            return _counted_in(memory, files, edition)
        except duckdb.OutOfMemoryException:
            continue
    try:
        return _counted_in(MEMORY[-1], files, edition)
    except duckdb.OutOfMemoryException as error:
        raise BrokenBundle(f"the rows cannot be counted in {MEMORY[-1]} of memory: {' '.join(str(error).split())}") from error


def _counted_in(memory: str, files: Mapping[str, bytes], edition: dict[str, Any]) -> Counted:
    """Count the rows of a bundle in some memory. Raises OutOfMemoryException of DuckDB where it is too little, as `_counted` otherwise."""
    import duckdb

    config = LIMITS | {"memory_limit": memory}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/{DATABASE}", config=config) as database:
        try:
            count = Count(database, files, edition)
            rows, wrong = count.load(Path(folder)), count.run()
            return Counted(rows, wrong, count.failed, count.counted(), count.covered(), count.scopes_before())
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            raise BrokenBundle(f"the rows cannot be counted: {' '.join(str(error).split())}") from error


class Count:
    """The rows of a bundle in DuckDB, counted by its own queries."""

    def __init__(self, database: Any, files: Mapping[str, bytes], edition: dict[str, Any]) -> None:
        self.database, self.files, self.edition = database, files, edition
        self.failed: set[str] = set()

    def load(self, folder: Path) -> int:
        """Load the rows, and make of them what the queries read. Returns how many rows there are."""
        ask = self.database.execute
        ask(f"set timezone = '{self.edition['zone']}'")
        ask("set variable zone = $1", [self.edition["zone"]])
        ask("set variable as_of = 'period'")
        ask("create schema frozen")
        total = 0
        for name in sorted(name for name in self.files if name.startswith(ROWS)):
            path = folder / Path(name).name
            path.write_bytes(self.files[name])
            ask(f"create table frozen.{path.stem} as select * from read_parquet('{path}')")
            total += ask(f"select count(*) from frozen.{path.stem}").fetchone()[0]
        ask(self.files["verify.sql"].decode())
        return total

    def run(self) -> list[str]:
        """Run the query of each indicator, for each source, on each basis. Returns which of them cannot be run."""
        wrong = []
        for tree in self.edition["trees"]:
            for indicator in self.edition["indicators"]:
                role = tree["roles"].get(indicator["role"])
                if role is None:
                    continue
                try:
                    for basis in [*BASES, *([YEAR_BEFORE] if indicator["code"] in tree["compared"] else [])]:
                        for part in indicator["parts"]:
                            for source, known_at in tree["roles"].get(part["role"], {"sources": {}})["sources"].items():
                                self._run(tree["root"], indicator, part["query"], basis, source, known_at)
                except Exception as error:
                    if type(error).__module__.partition(".")[0] not in ("duckdb", "_duckdb"):
                        raise
                    if type(error).__name__ == "OutOfMemoryException":
                        raise  # not the query: it is run again where there is more memory
                    self.failed.add(indicator["code"])
                    wrong.append(f"{indicator['code']} was not recomputed: {' '.join(str(error).split())}")
        return wrong

    def _run(self, tree: str, indicator: dict[str, Any], query: str, basis: str, source: str, known_at: str) -> None:
        as_of = YEAR_BEFORE if basis == YEAR_BEFORE else "period"
        self.database.execute(f"set variable as_of = '{as_of}'")
        statement = re.sub(r"--[^\n]*", "", self.files[query].decode())
        values = self._binds(indicator, basis, source, known_at)
        names = set(re.findall(r"(?<!:):([a-z_]+)", statement))
        counted = "x.numerator, x.denominator, x.is_approved" if indicator["item"] == "declared" else "x.is_numerator::bigint, 1, true"
        self.database.execute(
            "insert into run_item select $tree, $role, $as_of, $basis, $indicator, $is_distinct, "
            f"x.unit_code, x.counted_on, x.item, x.is_numerator, {counted} from ("
            + re.sub(r"(?<!:):([a-z_]+)", r"$\1", statement)
            + ") as x",
            {name: values[name] for name in names}
            | {"tree": tree, "role": indicator["role"], "as_of": as_of, "basis": basis, "indicator": indicator["code"]}
            | {"is_distinct": indicator["is_distinct"]},
        )

    def _binds(self, indicator: dict[str, Any], basis: str, source: str, known_at: str) -> dict[str, Any]:
        """What a query may ask for, from the period and from the moment up to which the source is known."""
        period = self.edition["year_before" if basis == YEAR_BEFORE else "period"]
        start = period["start"] if basis == "period" else period["year_start"]
        zone = self.edition["zone"]
        end_at, last_day, start_at, year_start_at = self.database.execute(
            "select end_at, last_day, start_at, year_start_at from moments($e, $k, $s, $y)",
            {"e": period["end"], "k": known_at, "s": start, "y": period["year_start"]},
        ).fetchone()
        if basis == YEAR_BEFORE and indicator["item"] == "declared":
            last_day = period["declared_day"]
        return {
            "source": source, "zone": zone, "units": indicator["units"], "code": indicator["code"], "known_at": known_at,
            "start_date": start, "start_at": start_at, "year_start_at": year_start_at, "end_at": end_at, "last_day": last_day,
        }  # fmt: skip

    def counted(self) -> dict[tuple[str, str, str, str], tuple[int, int, bool]]:
        """Numerator, denominator and approval by tree, indicator, basis and scope."""
        own = {tree["root"] for tree in self.edition["trees"] if tree["is_own"]}
        rows = self.database.execute("select tree, indicator_code, basis, unit_code, numerator, denominator, is_approved from scope_count")
        return {
            (tree, code, basis, unit): (numerator or 0, denominator or 0, approved)
            for tree, code, basis, unit, numerator, denominator, approved in rows.fetchall()
            if tree in own or not (unit == "all" or unit.startswith("level:"))
        }

    def scopes_before(self) -> dict[tuple[str, str], set[str]]:
        """The scopes that had begun by the last day of the year before, by tree and role."""
        statement = "select scope_code from scope_on($day, $tree, $role, 'year_before')"
        found = {}
        for tree in self.edition["trees"]:
            for name, role in tree["roles"].items():
                binds = {"day": role["last_day_year_before"], "tree": tree["root"], "role": name}
                found[tree["root"], name] = {scope for (scope,) in self.database.execute(statement, binds).fetchall()}
        return found

    def covered(self) -> dict[tuple[str, str, str, str], Fraction]:
        """Units that have sent ÷ units expected, by tree, coverage, basis and scope."""
        rows = self.database.execute("select tree, coverage_code, basis, unit_code, sent, expected from scope_coverage").fetchall()
        return {(tree, code, basis, unit): Fraction(sent, expected) for tree, code, basis, unit, sent, expected in rows}


class _Judge:
    """What a figure must be by the counts, and by the plan that the bundle names. Fractions are exact; nothing is rounded."""

    def __init__(
        self,
        edition: dict[str, Any],
        targets: list[dict[str, str]],
        counted: dict[Any, Any],
        covered: dict[Any, Any],
        before: dict[Any, Any],
    ) -> None:
        self.edition, self.counted, self.covered, self.scopes_before = edition, counted, covered, before
        self.indicators = {one["code"]: one for one in edition["indicators"]}
        self.trees = {one["root"]: one for one in edition["trees"]}
        self.targets: dict[tuple[str, str], dict[str, str]] = {(one["indicator_code"], one["level"]): one for one in targets}

    def differences(self, figure: dict[str, str]) -> list[str]:
        """What of a published figure does not follow from the rows; each in a sentence that names the figure."""
        tree, indicator = self.trees.get(figure["tree"]), self.indicators.get(figure["indicator_code"])
        if tree is None or indicator is None or indicator["role"] not in tree["roles"]:
            return [
                f"{figure['indicator_code']} of {figure['unit_code']} ({figure['basis']}): nothing says from which sources it was counted"
            ]
        expected = self._expected(tree, indicator, figure)
        where = f"{indicator['code']} of {figure['unit_code']} ({figure['basis']})"
        found = []
        for name, value in expected.items():
            if not _equal(figure[name], value):
                found.append(f"{where}: {name} is published as {figure[name] or 'nothing'}, the rows give {_shown(value)}")
        return found

    def _expected(self, tree: dict[str, Any], indicator: dict[str, Any], figure: dict[str, str]) -> dict[str, Any]:
        role = tree["roles"][indicator["role"]]
        numerator, denominator, approved = self._count(tree, indicator, figure, figure["basis"])
        decisive_basis = figure["basis"] if indicator["kind"] == "stock" else "year_to_date"
        decisive = self._fraction(indicator, self._count(tree, indicator, figure, decisive_basis))
        then = self._year_before(tree, role, indicator, figure)
        before = self._fraction(indicator, then) if then else None
        target = self._target(tree, figure)
        is_direction = target is not None and target["kind"] == "direction"
        aim = Fraction(target["target"]) if target and target["target"] else None
        lower = self._fraction(indicator, (numerator, denominator, approved))
        coverage = self.covered.get((tree["root"], self._coverage(indicator), figure["basis"], figure["unit_code"]))
        return {
            "numerator": numerator,
            "denominator": None if indicator["kind"] == "count" else denominator,
            "value": None if lower is None or lower[0] is None else Fraction(lower[0], lower[1]),
            "target": aim,
            "status": self._status(target, aim, decisive, before, date.fromisoformat(role["last_day"])) if target else None,
            "gap_count": self._gap(indicator, aim, numerator, denominator),
            "coverage": coverage,
            "is_provisional": self._is_provisional(role, indicator, figure, coverage, approved),
            "no_target_reason": None if self._holds(tree) else "no plan holds",
            "compared_numerator": then[0] if is_direction and then else None,
            "compared_denominator": before[1] if is_direction and before and indicator["kind"] != "count" else None,
        }

    def _year_before(self, tree: dict[str, Any], role: dict[str, Any], indicator: dict[str, Any], figure: dict[str, str]) -> Any:
        """The count with which a direction is compared; None where the year before is not known, or the scope had not begun then."""
        if not role["has_year_before"] or indicator["code"] not in tree["compared"]:
            return None
        is_counted = (tree["root"], indicator["code"], YEAR_BEFORE, figure["unit_code"]) in self.counted
        has_begun = figure["unit_code"] in self.scopes_before[tree["root"], indicator["role"]] | {"all"}
        return self._count(tree, indicator, figure, YEAR_BEFORE) if is_counted or has_begun else None

    def _count(self, tree: dict[str, Any], indicator: dict[str, Any], figure: dict[str, str], basis: str) -> Any:
        """Numerator, denominator and approval. Without any item they are 0; of a declared figure nothing is known then."""
        nothing = (None, None, True) if indicator["item"] == "declared" else (0, 0, True)
        return self.counted.get((tree["root"], indicator["code"], basis, figure["unit_code"]), nothing)

    @staticmethod
    def _fraction(indicator: dict[str, Any], count: Any) -> tuple[int | None, int] | None:
        """The fraction that is compared: a count has the denominator 1; None where there is no value."""
        numerator, denominator, _ = count
        if indicator["kind"] == "count":
            return (numerator, 1)
        return (numerator, denominator) if denominator else None

    def _holds(self, tree: dict[str, Any]) -> bool:
        return bool(tree["is_own"]) and self.edition["plan"]["holds"]

    def _target(self, tree: dict[str, Any], figure: dict[str, str]) -> dict[str, str] | None:
        if not self._holds(tree):
            return None
        return self.targets.get((figure["indicator_code"], figure["level"])) or self.targets.get((figure["indicator_code"], "all"))

    def _status(self, target: dict[str, str], aim: Fraction | None, decisive: Any, before: Any, last_day: date) -> str:
        """The judgement by the plan; fractions are compared by multiplying out."""
        if decisive is None or decisive[0] is None:
            return "no_data"
        if target["kind"] == "direction":
            if before is None or before[0] is None:
                return "no_data"
            now, then = decisive[0] * before[1], before[0] * decisive[1]
            return "met" if (now < then if target["operator"] == "down" else now > then) else "missed"
        if aim is None:
            raise BrokenBundle(f"targets.csv: {target['indicator_code']} has no target, and only a direction has none")
        if decisive[0] >= aim * decisive[1]:
            return "met"
        plan_from, plan_to = (date.fromisoformat(self.edition["plan"][name]) for name in ("valid_from", "valid_to"))
        if target["kind"] != "milestone" or last_day >= plan_to:
            return "missed"
        if last_day < plan_from:
            return "on_pace"
        after = date(last_day.year + last_day.month // 12, last_day.month % 12 + 1, 1)
        days = (after - last_day.replace(day=1)).days
        gone, months = (last_day.month - plan_from.month) * days + last_day.day, plan_to.month - plan_from.month + 1
        return "on_pace" if decisive[0] * months * days >= aim * decisive[1] * gone else "behind"

    @staticmethod
    def _gap(indicator: dict[str, Any], aim: Fraction | None, numerator: int | None, denominator: int | None) -> int | None:
        if aim is None or denominator is None or numerator is None or indicator["kind"] == "count":
            return None
        missing = aim * denominator - numerator
        return max(0, -(-missing.numerator // missing.denominator))

    @staticmethod
    def _coverage(indicator: dict[str, Any]) -> str | None:
        return str(indicator["code"]) if indicator["item"] == "declared" else indicator["coverage"]

    @staticmethod
    def _is_provisional(
        role: dict[str, Any], indicator: dict[str, Any], figure: dict[str, str], coverage: Fraction | None, approved: bool
    ) -> bool:
        if coverage is not None and coverage < 1:
            return True
        is_incomplete = indicator["coverage"] == "dossiers" and figure["basis"] in role["incomplete_bases"]
        return not approved or bool(role["is_running"]) or is_incomplete


def _equal(published: str, expected: Any) -> bool:
    """Whether a cell of the figures says what the rows give. A long fraction is published with as many digits as PostgreSQL gives."""
    if expected is None or published == "":
        return expected is None and published == ""
    if isinstance(expected, bool):
        return published == ("true" if expected else "false")
    if isinstance(expected, str):
        return published == expected
    number = Decimal(published)
    exponent = number.as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return bool(abs(Fraction(number) - expected) <= (Fraction(1, 2 * 10**digits) if isinstance(expected, Fraction) else 0))


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"{value} = {float(value):.6f}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def main(arguments: list[str]) -> int:
    """Check the bundles that are named, and say what was found."""
    here = Path(__file__).resolve().parent
    paths = [Path(argument) for argument in arguments if argument not in ("-h", "--help")]
    if len(paths) < len(arguments) or not (paths or (here / MANIFEST).exists()):
        print((__doc__ or "").strip())
        return 0 if len(paths) < len(arguments) else 2
    return told(check_all(paths or [here]))


def told(checked: list[Checked]) -> int:
    """Print what was found of each bundle. Returns the exit code."""
    for one in checked:
        for sentence in one.wrong:
            print(f"WRONG  {one.path.name}: {sentence}")
        if not one.wrong:
            print(f"equal  {one.line}")
        for note in one.notes:
            print(f"note   {one.path.name}: {note}")
    return 1 if any(one.wrong for one in checked) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
