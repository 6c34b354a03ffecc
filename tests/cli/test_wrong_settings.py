"""A setting with a value that means nothing is named, and is never taken for the usual one, nor for an installation that has nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.settings import Settings
from tests.support.cli import cchc


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("CCHC_LANDING_URL", value) for value in ("landing", "-1", "file://[x", "file://landing", "s3://", "file:/landing")),
        ("CCHC_SOURCES_DIR", "/no/such/folder"),
        ("CCHC_SOURCES_DIR", __file__),
        ("CCHC_SOURCES_DIR", "-1"),
        *(("CCHC_PDF", value) for value in ("no", "-1", "0")),
        *(("CCHC_SCHEDULE", value) for value in ("OFF", "none", "-1")),
    ],
)
def test_a_value_that_means_nothing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(NotConfigured, match=f"^{name} is "):
        Settings.load()
    said = cchc("status")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"cchc: NotConfigured: {name} is {value!r}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CCHC_LANDING_URL", "file:///srv/landing"), ("CCHC_LANDING_URL", "s3://bucket/landing"), ("CCHC_LANDING_URL", "sftp://a@b/c"),
        ("CCHC_LANDING_URL", "/srv/landing"), ("CCHC_LANDING_URL", ""), ("CCHC_SOURCES_DIR", ""), ("CCHC_PDF", "OFF"), ("CCHC_PDF", "on"), ("CCHC_SCHEDULE", "off"), ("CCHC_SCHEDULE", "on"),
        ("CCHC_SCHEDULE", "profiles:"), ("CCHC_SCHEDULE", "profiles:tls,demo"),
    ],
)  # fmt: skip
def test_the_others_are_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    loaded = Settings.load()
    if name == "CCHC_LANDING_URL" and value:
        assert loaded.landing_url == (f"file://{value}" if value.startswith("/") else value)
    assert loaded.pdf is (False if value == "OFF" else loaded.pdf)
