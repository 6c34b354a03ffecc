"""Which ingests `cchc demo` triggers: those of the sources that have a profile and that the demo's source systems serve."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.embedded import demo
from cchc.settings import PROJECT, Settings
from tests.support.district import served


def test_the_ingests_of_the_demo_are_those_of_the_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "home"))
    settings = Settings.load()
    profiles = sorted(path.stem for path in settings.sources_dir.glob("*.yaml"))
    assert {"one_stop", "documents", "payments"} <= set(profiles)
    with served(tmp_path / "home" / "demo"):
        assert demo._ingest_dags(settings) == [f"ingest_{name}" for name in profiles]
        sources = tmp_path / "sources"
        shutil.copytree(settings.sources_dir, sources)
        shutil.copy(PROJECT / "docs" / "examples" / "dutch_permits.yaml", sources)
        (sources / "survey.yaml").unlink()
        changed = replace(settings, sources_dir=sources)
        assert demo._ingest_dags(changed) == [f"ingest_{name}" for name in profiles if name != "survey"], "no Dutch permits are served"
