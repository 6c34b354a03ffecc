"""The pages on security cite tests and pages that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cchc.settings import PROJECT

PAGES = [PROJECT / "SECURITY.md", PROJECT / "docs" / "guides" / "audit.md", *sorted((PROJECT / "docs" / "security").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_cites_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    tests = set(re.findall(r"`(tests/[\w/]+(?:\.py)?)`", text))
    links = {link for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) if not link.startswith("http")}
    assert page.name == "SECURITY.md" or page.name == "dependencies.md" or tests
    assert [cited for cited in sorted(tests) if not (PROJECT / cited).exists()] == []
    assert [link for link in sorted(links) if not (page.parent / link).exists()] == []
