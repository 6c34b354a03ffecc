"""PDF beside the Word papers and workbooks, made by LibreOffice where it is installed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from cchc.errors import CchcError
from cchc.settings import Settings

PRINTED = (".docx", ".xlsx")
PROGRAMS = ("soffice", "libreoffice")
TIMEOUT_SECONDS = 300
# what LibreOffice writes anew each time: when it was made, and two numbers made from that
_MADE = re.compile(rb"(/CreationDate\(D:)\d{14}[^)]*(\))")
_NUMBERS = re.compile(rb"(/DocChecksum /|/ID \[ <|>\s<)([0-9A-F]{32})(?=[\s>])")


def why_none(settings: Settings) -> str | None:
    """Why no PDF is written here, with what to do; None where PDFs are written."""
    if not settings.pdf:
        return "no PDF is written: CCHC_PDF is off"
    if _program() is None:
        return f"no PDF is written: LibreOffice is not installed here ({PROGRAMS[0]}; Debian: libreoffice-writer, libreoffice-calc)"
    return None


def as_pdf(papers: Mapping[str, bytes], day: date) -> dict[str, bytes]:
    """The Word papers and workbooks among some files as PDF, by the names of the PDFs.

    `day`: stands in a PDF in place of the time of writing, so that the same paper, LibreOffice and fonts give the same bytes. Raises
    CchcError where LibreOffice does not convert a paper; the message has its words.
    """
    chosen = {name: data for name, data in papers.items() if name.endswith(PRINTED)}
    program = _program()
    if program is None or not chosen:
        return {}
    with TemporaryDirectory(prefix="cchc-pdf-") as folder:
        place = Path(folder)
        for name, data in chosen.items():
            (place / name).write_bytes(data)
        # a profile of its own: two LibreOffices cannot share one
        profile = f"-env:UserInstallation={(place / 'profile').as_uri()}"
        into = ["--headless", "--convert-to", "pdf", "--outdir", str(place / "pdf")]
        said = _run([program, profile, *into, *(str(place / name) for name in chosen)])
        found = {name: place / "pdf" / Path(name).with_suffix(".pdf").name for name in chosen}
        missing = [name for name, path in found.items() if not path.is_file()]
        if missing:
            raise CchcError(
                f"LibreOffice ({program}) made no PDF of {', '.join(missing)}: {said or 'it said nothing'}. "
                "Mend it, or set CCHC_PDF=off to write the papers without PDF"
            )
        return {path.name: _settled(path.read_bytes(), day) for path in found.values()}


def _run(command: list[str]) -> str:
    """Run LibreOffice to its end, or end it with all that it has started; what it said."""
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True
        )
    except OSError as error:
        return error.strerror or str(error)
    with process:
        try:
            out, err = process.communicate(timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return f"it was not done after {TIMEOUT_SECONDS} seconds"
    return " ".join((err or out).split())


def _program() -> str | None:
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def _settled(data: bytes, day: date) -> bytes:
    """The PDF without the time at which it was written; nothing in it moves."""
    made = f"{day:%Y%m%d}000000Z'".encode()
    plain = _NUMBERS.sub(rb"\g<1>" + b"0" * 32, _MADE.sub(rb"\g<1>" + made + rb"\g<2>", data))
    digest = hashlib.sha256(plain).hexdigest()[:32].upper().encode()
    return _NUMBERS.sub(rb"\g<1>" + digest, plain)
