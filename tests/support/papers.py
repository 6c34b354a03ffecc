"""The words of official papers, whatever their format."""

from __future__ import annotations

import io
import re
import zipfile

CODE = re.compile(r"[\w.]+-\d{6}-\d+")  # what the code of a dossier of the demo district looks like


def text_of(data: bytes) -> str:
    """Every text of a paper: a page, or the XML parts of a workbook or document."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data.decode("utf-8")
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        return " ".join(parts.read(name).decode("utf-8") for name in parts.namelist() if name.endswith(".xml"))
