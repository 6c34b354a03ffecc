"""Known advisories are compared with the locked packages, without a network; and the list of what is in the image (SBOM) is whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cchc.settings import PROJECT
from tests.support import advisories
from tests.support.advisories import accepted, findings, is_affected, locked, read


def test_no_locked_package_is_concerned_by_a_known_advisory(capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.main([]) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    assert f"as of {read()['as_of']}" in said and "published later is not known here" in said
    assert len(read()["advisories"]) > 100
    assert set(accepted()) <= {one["id"] for one in read()["advisories"]}, "an accepted advisory that is not there any more"


def test_an_old_version_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("Requests==2.19.0 \\\n    --hash=sha256:00\nurllib3==1.24.1 ; python_version < '3.12' \\\n", encoding="utf-8")
    monkeypatch.setattr(advisories, "LOCKS", (lock,))
    assert advisories.main([]) == 1
    said = capsys.readouterr().out
    assert "requests 2.19.0: PYSEC-2018-28" in said and "urllib3 1.24.1: PYSEC-2019-132" in said
    known = tmp_path / "accepted.yaml"
    known.write_text("[{id: PYSEC-2018-28, why: a test}]", encoding="utf-8")
    monkeypatch.setattr(advisories, "ACCEPTED", known)
    assert advisories.main([]) == 1
    assert "PYSEC-2018-28 " not in capsys.readouterr().out


RANGE = {"type": "ECOSYSTEM", "events": [{"introduced": "1.2"}, {"fixed": "1.4"}, {"introduced": "2.0"}, {"last_affected": "2.1"}]}


@pytest.mark.parametrize(
    ("version", "is_concerned"),
    [
        ("1.1", False),
        ("1.2", True),
        ("1.3.9", True),
        ("1.4", False),
        ("2.0rc1", False),
        ("2.0", True),
        ("2.1", True),
        ("2.1.1", False),
        ("1.10", False),
    ],
)
def test_a_range_is_read_by_the_rules_of_osv(version: str, is_concerned: bool) -> None:
    affected = {
        "package": {"name": "Some_Package"},
        "ranges": [RANGE, {"type": "GIT", "events": [{"introduced": "0"}]}],
        "versions": ["0.7"],
    }
    assert is_affected(affected, version) is is_concerned
    assert is_affected(affected, "0.7"), "listed one by one"
    found = findings([{"id": "X-1", "affected": [affected]}], {"some-package": {version}})
    assert [str(one) for one in found] == ([f"some-package {version}: X-1"] if is_concerned else [])


def test_the_list_of_what_is_in_the_image_is_that_of_the_lock(tmp_path: Path) -> None:
    made = tmp_path / "sbom.json"
    recipe = next(line for line in (PROJECT / "Makefile").read_text(encoding="utf-8").splitlines() if "cyclonedx-py" in line)
    options = recipe.split("cyclonedx-py ", 1)[1].replace("$(SBOM)", str(made)).split()
    subprocess.run([str(Path(sys.executable).parent / "cyclonedx-py"), *options], cwd=PROJECT, check=True, capture_output=True)
    content = json.loads(made.read_text(encoding="utf-8"))
    assert content["bomFormat"] == "CycloneDX" and content["metadata"]["component"]["name"] == "cchc"
    listed = {(one["name"].lower().replace("_", "-").replace(".", "-"), one["version"]) for one in content["components"]}
    wanted = {
        (name, version) for name, versions in locked((PROJECT / "requirements.lock").read_text("utf-8")).items() for version in versions
    }
    assert listed == wanted and len(wanted) > 100
    assert all(any(reference.get("hashes") for reference in one.get("externalReferences", [])) for one in content["components"]), (
        "each with its hashes"
    )


def test_the_image_has_the_packages_of_the_server_alone() -> None:
    text = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes --no-deps -r /opt/cchc/requirements.lock" in text
    assert "requirements-dev" not in text and "tests" not in text.split("COPY --from=build")[1]
    server, whole = (locked((PROJECT / name).read_text("utf-8")) for name in ("requirements.lock", "requirements-dev.lock"))
    assert {"pytest", "ruff", "mypy", "playwright", "cyclonedx-bom"} & server.keys() == set()
    assert {name: versions for name, versions in server.items() if whole.get(name) != versions} == {}, "tests run with what the server has"
