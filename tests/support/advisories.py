"""Known advisories of packages, and which of them concern the locked versions. It needs no network.

    python -m tests.support.advisories                      compare include/security/advisories.json with requirements*.lock
    python -m tests.support.advisories renew CHECKOUT       write that file anew, from a checkout of github.com/pypa/advisory-database

docs/security/dependencies.md says how old the file may be, and what to do about a finding.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from cchc.settings import PROJECT

FILE = PROJECT / "include" / "security" / "advisories.json"
ACCEPTED = PROJECT / "include" / "security" / "accepted.yaml"
LOCKS = (PROJECT / "requirements.lock", PROJECT / "requirements-dev.lock", PROJECT / "include" / "executors" / "requirements.lock")
_LOCKED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """A locked version that an advisory concerns."""

    advisory: str
    package: str
    version: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {self.advisory}"


def locked(text: str) -> dict[str, set[str]]:
    """The versions of each package that a lock file names; several where they depend on the Python."""
    found: dict[str, set[str]] = {}
    for match in _LOCKED.finditer(text):
        found.setdefault(canonicalize_name(match["name"]), set()).add(match["version"])
    return found


def all_locked() -> dict[str, set[str]]:
    """The versions in all lock files."""
    found: dict[str, set[str]] = {}
    for path in LOCKS:
        for name, versions in locked(path.read_text(encoding="utf-8")).items():
            found.setdefault(name, set()).update(versions)
    return found


def findings(advisories: list[dict[str, Any]], packages: Mapping[str, set[str]]) -> list[Finding]:
    """The locked versions that an advisory concerns, one line each."""
    return sorted(
        {
            Finding(advisory["id"], name, version)
            for advisory in advisories
            for affected in advisory["affected"]
            for name in [canonicalize_name(affected["package"]["name"])]
            for version in packages.get(name, ())
            if is_affected(affected, version)
        },
        key=str,
    )


def is_affected(affected: Mapping[str, Any], version: str) -> bool:
    """Whether a version is among the listed ones or in one of the ranges, by the rules of OSV."""
    return version in affected.get("versions", ()) or any(
        is_in_range(one["events"], version) for one in affected.get("ranges", ()) if one["type"] == "ECOSYSTEM"
    )


def is_in_range(events: list[dict[str, str]], version: str) -> bool:
    """Whether a version lies in the range that these events describe; 0 is before every version."""
    asked, is_in = Version(version), False
    for event in sorted(events, key=_place):
        ((kind, limit),) = event.items()
        at = _version(limit)
        if kind == "introduced" and asked >= at:
            is_in = True
        elif (kind == "fixed" and asked >= at) or (kind == "last_affected" and asked > at):
            is_in = False
    return is_in


def _place(event: Mapping[str, str]) -> Version:
    return _version(next(iter(event.values())))


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:  # of a time before versions had a form; no locked one has it
        return Version("0")


def read(path: Path = FILE) -> dict[str, Any]:
    """The file of advisories."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def accepted() -> dict[str, str]:
    """The advisories that are known and do not concern our use, each with the reason."""
    return {entry["id"]: entry["why"] for entry in yaml.safe_load(ACCEPTED.read_text(encoding="utf-8")) or []}


def kept(advisory: Mapping[str, Any]) -> dict[str, Any]:
    """What we keep of an advisory: enough to compare and to look it up."""
    affected = []
    for one in advisory["affected"]:
        ranges = [part for part in one.get("ranges", ()) if part["type"] == "ECOSYSTEM"]
        affected.append({"package": one["package"], **({"ranges": ranges} if ranges else {"versions": one.get("versions", [])})})
    return {
        "id": advisory["id"],
        "aliases": advisory.get("aliases", []),
        "modified": str(advisory["modified"]),
        **({"withdrawn": str(advisory["withdrawn"])} if advisory.get("withdrawn") else {}),
        "affected": affected,
    }


def _stored(checkout: Path, names: set[str]) -> Iterator[dict[str, Any]]:
    """The advisories of these packages in a checkout, or in a bare git directory."""
    git = ["git", "-C", str(checkout)]
    listed = subprocess.run([*git, "ls-tree", "-r", "--name-only", "HEAD", "vulns"], capture_output=True, text=True, check=True).stdout
    for path in sorted(listed.splitlines()):
        if canonicalize_name(path.split("/")[1]) in names and path.endswith((".yaml", ".yml")):
            text = subprocess.run([*git, "show", f"HEAD:{path}"], capture_output=True, text=True, check=True).stdout
            yield yaml.safe_load(text)


def renew(checkout: Path) -> int:
    """Write the file anew from a checkout of the advisory database, for the packages of the lock files. Returns how many it has."""
    said = subprocess.run(["git", "-C", str(checkout), "log", "-1", "--format=%H %cs"], capture_output=True, text=True, check=True)
    commit, day = said.stdout.split()
    found = [kept(one) for one in _stored(checkout, set(all_locked()))]
    head = {
        "source": "github.com/pypa/advisory-database (CC BY 4.0), in the form of OSV; only packages of our lock files",
        "commit": commit,
        "as_of": day,
    }
    lines = ",\n".join(json.dumps(one, ensure_ascii=False, sort_keys=True) for one in found)
    FILE.write_text(json.dumps(head, indent=1)[:-2] + f',\n "advisories": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    return len(found)


def main(arguments: list[str]) -> int:
    """Compare, or renew. Returns the exit code."""
    if arguments[:1] == ["renew"]:
        print(f"{FILE.name}: {renew(Path(arguments[1]))} advisories")
    content, known = read(), accepted()
    live = [one for one in content["advisories"] if "withdrawn" not in one]
    found = findings(live, all_locked())
    new = [finding for finding in found if finding.advisory not in known]
    for finding in new:
        print(f"{finding} (https://osv.dev/vulnerability/{finding.advisory})")
    told = f"{len(live)} advisories as of {content['as_of']}, {len(found) - len(new)} accepted (include/security/accepted.yaml)"
    print(f"{len(new)} locked packages are concerned by an advisory; {told}. What was published later is not known here.")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
