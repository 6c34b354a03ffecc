"""PDF beside the papers: the same paper gives the same PDF, and what is missing or fails is told."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.errors import CchcError
from cchc.reports import pdf
from cchc.reports.document import report_document
from cchc.reports.layout import Layout
from cchc.reports.workbook import form_workbook
from cchc.settings import Settings
from tests.reports.conftest import Make


@pytest.mark.skipif(not shutil.which("soffice"), reason="soffice is missing (libreoffice-calc, libreoffice-writer)")
def test_the_same_paper_gives_the_same_pdf(make: Make, layout: Layout) -> None:
    content = make()
    papers = {"a.docx": report_document(content, layout), "b.xlsx": form_workbook(content, layout), "c.html": b"<p>"}
    first, second = (pdf.as_pdf(papers, content.last_day) for _time in range(2))
    assert list(first) == ["a.pdf", "b.pdf"] and first == second
    assert all(data.startswith(b"%PDF") and b"/CreationDate(D:20231231000000Z')" in data for data in first.values())
    assert pdf.as_pdf({"c.html": b"<p>"}, content.last_day) == {}


def office(folder: Path, script: str) -> None:
    """A program that stands in LibreOffice's place."""
    (folder / "soffice").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "soffice").chmod(0o755)


def test_a_libreoffice_that_fails_is_told(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    office(tmp_path, "echo 'source file could not be loaded' >&2; exit 0")
    with pytest.raises(CchcError, match=r"made no PDF of a.docx: source file could not be loaded\. Mend it, or set CCHC_PDF=off"):
        pdf.as_pdf({"a.docx": b"x"}, make().last_day)
    office(tmp_path, "exec sleep 60")
    monkeypatch.setattr(pdf, "TIMEOUT_SECONDS", 1)
    with pytest.raises(CchcError, match="made no PDF of a.docx: it was not done after 1 seconds"):
        pdf.as_pdf({"a.docx": b"x"}, make().last_day)


def test_where_there_is_none_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CCHC_PDF", "off")
    assert pdf.why_none(Settings.load()) == "no PDF is written: CCHC_PDF is off"
    monkeypatch.setenv("PATH", str(tmp_path))
    told = pdf.why_none(replace(Settings.load(), pdf=True))
    assert told is not None and "LibreOffice is not installed here (soffice; Debian: libreoffice-writer, libreoffice-calc)" in told
    monkeypatch.delenv("CCHC_PDF")
    assert Settings.load().pdf
